# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What stands on a machine's disk and what systemd and the kernel say of it: evidence for the comparison with intent.

Nothing is changed. Of a file that is secret nothing is told but whether it is as rendered.
"""

from __future__ import annotations

import contextlib
import grp
import hashlib
import json
import os
import pathlib
import pwd
import re
import stat
import time
import typing as t
from concurrent import futures

from . import host, readers, running
from .seal import Seal

FORMAT = 1
"""Version of the shape of this evidence."""

LARGEST = 65536
"""Bytes of a public file that are told where it is not as rendered."""

SYSCTL_DIRECTORIES = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d")
"""Where sysctl.d(5) looks; a name in an earlier one hides the same name in a later one."""

STATE = "/var/lib/imrs-bundle"
"""Where bundles are remembered; the same as ``_bundle.STATE``."""

NO_MANIFEST = "last-rollback.json"
"""What bundles keep beside their manifests."""

UCF = "/var/lib/ucf/registry"

_PROPERTIES = (
    *("Id", "LoadState", "ActiveState", "UnitFileState", "NeedDaemonReload", "FragmentPath", "DropInPaths", "MainPID"),
    *("ExecMainStartTimestampMonotonic", "StateChangeTimestampMonotonic"),
)
_VERIFIED = re.compile(r"^(missing|[.?5SMDLUGTP]{9})\s+(?:([a-z]) )?(/.*?)(?: \(.*\))?$")

Json = dict[str, t.Any]


def _name(lookup: t.Callable[[int], t.Any], number: int) -> str:
    try:
        return str(lookup(number)[0])
    except KeyError:
        return str(number)


def _entry(path: str) -> Json:
    """Kind, mode, owner and time of what stands at a path."""
    try:
        info = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return {"kind": "absent"}
    kinds = ((stat.S_ISREG, "file"), (stat.S_ISLNK, "link"), (stat.S_ISDIR, "directory"))
    return {
        "kind": next((name for test, name in kinds if test(info.st_mode)), "special file"),
        "mode": f"{stat.S_IMODE(info.st_mode):04o}",
        "owner": _name(pwd.getpwuid, info.st_uid),
        "group": _name(grp.getgrgid, info.st_gid),
        # Not st_ctime, although it tells of a file that was put back with its old time: so would every mode put right.
        "changed_at": info.st_mtime,
    }


def files(wanted: t.Iterable[t.Mapping[str, t.Any]], seal: Seal) -> Json:
    """By path each file that should be there. The content of a public one is told when it is another."""
    found = {}
    for file in wanted:
        entry = _entry(file["path"])
        if entry["kind"] == "file":
            content = pathlib.Path(file["path"]).read_bytes()
            if file["secret"]:
                entry["same"] = content == seal.open(file["content"]).encode()
            else:
                entry["same"] = hashlib.sha256(content).hexdigest() == file["sha256"]
                if not entry["same"] and len(content) <= LARGEST:
                    entry["content"] = content.decode("utf-8", "replace")
        found[file["path"]] = entry
    return found


def _manifests(state: str) -> dict[str, Json]:
    """By bundle the files that it has written, by its manifest in the directory ``state``; none for a damaged one."""
    found = {}
    for manifest in sorted(pathlib.Path(state).glob("*.json")):
        if manifest.name == NO_MANIFEST:
            continue
        try:
            found[manifest.stem] = dict(json.loads(manifest.read_text(encoding="utf-8")).get("files", {}))
        except (ValueError, TypeError, AttributeError):
            found[manifest.stem] = {}
    return found


def manifests(state: str) -> Json:
    """By bundle how many files it has written, and which of them are not as it wrote them, in words.

    What is secret is compared here, and its digests stay here: nobody else can try secrets against them.
    """
    return {
        bundle: {
            "files": len(files),
            "other": {path: said for path, entry in sorted(files.items()) if (said := _other(path, entry))},
        }
        for bundle, files in _manifests(state).items()
    }


def _other(path: str, wanted: Json) -> str:
    """What is not as a manifest says of a path; empty when all is."""
    entry = _entry(path)
    if entry["kind"] != "file":
        return "missing" if entry["kind"] == "absent" else f"a {entry['kind']}"
    try:
        if hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest() != wanted["sha256"]:
            return "other content"
        if any(entry[key] != wanted[key] for key in ("mode", "owner", "group")):
            return f"{entry['mode']} {entry['owner']}:{entry['group']}"
    except (OSError, KeyError, TypeError) as error:
        return f"cannot be compared: {error}"
    return ""


def left(state: str, wanted: t.Container[str]) -> list[Json]:
    """What bundles have written (their manifests in the directory ``state``), is not wanted any more, and is there."""
    return [
        {"path": path, "bundle": bundle, "kind": entry["kind"]}
        for bundle, files in _manifests(state).items()
        for path in sorted(files)
        if path not in wanted and (entry := _entry(path))["kind"] in ("file", "link")
    ]


def unfinished(state: str) -> list[str]:
    """Journals of changes that were begun and neither ended nor undone."""
    return [str(path) for path in sorted(pathlib.Path(state).glob("*.journal"))]


def _owners(runner: host.Runner, paths: t.Sequence[str]) -> dict[str, str]:
    """Which packages these paths come from."""
    if not paths:
        return {}
    listed = runner(["dpkg-query", "-S", "--", *paths])["stdout"]
    found = {}
    for line in listed.splitlines():
        names, colon, path = line.partition(": ")
        if colon and not line.startswith("diversion "):
            found[path] = names.split(",")[0].partition(":")[0]
    return found


def _registered(registry: str = UCF) -> dict[str, str]:
    """Configuration files that packages keep with ucf(1), of which dpkg does not know."""
    try:
        rows = [line.split() for line in pathlib.Path(registry).read_text(encoding="utf-8").splitlines()]
    except OSError:
        return {}
    return {row[1]: row[0] for row in rows if len(row) == 2}


def strangers(directories: t.Iterable[str], wanted: t.Container[str], runner: host.Runner) -> list[Json]:
    """What is in these directories, at any depth, and not wanted; with the package that it comes from, or none."""
    paths = []
    for directory in directories:
        for where, below, names in os.walk(directory):
            links = [name for name in below if os.path.islink(os.path.join(where, name))]
            paths += [os.path.join(where, name) for name in (*names, *links)]
    unknown = sorted(path for path in paths if path not in wanted)
    owners = {**_registered(), **_owners(runner, unknown)}
    found = [{"path": path, **_entry(path), "package": owners.get(path, "")} for path in unknown]
    return [entry for entry in found if entry["kind"] != "absent"]


def parse_packages(text: str) -> dict[str, dict[str, str]]:
    """``dpkg-query -W -f '${Package} ${db:Status-Status} ${Version}\\n'``: by name status and version."""
    rows = (line.split() for line in text.splitlines())
    return {row[0]: {"status": row[1], "version": (row[2:] or [""])[0]} for row in rows if len(row) >= 2}


def parse_verified(text: str, package: str) -> list[Json]:
    """``dpkg --verify PACKAGE``: files that are not as in the package. Owner and mode are not compared by dpkg."""
    matches = (_VERIFIED.match(line) for line in text.splitlines())
    return [
        {"path": match[3], "package": package, "missing": match[1] == "missing", "conffile": match[2] == "c"}
        for match in matches
        if match
    ]


def parse_units(text: str, now: float, monotonic: float) -> dict[str, Json]:
    """``systemctl show`` of several units; times become Unix times."""

    def moment(microseconds: str) -> float | None:
        return now - monotonic + int(microseconds) / 1e6 if microseconds.isdigit() and int(microseconds) else None

    found = {}
    for block in text.split("\n\n"):
        value = dict(line.partition("=")[::2] for line in block.splitlines())
        if value.get("Id"):
            found[value["Id"]] = {
                "load": value.get("LoadState", ""),
                "active": value.get("ActiveState", ""),
                "enabled": value.get("UnitFileState", ""),
                "need_reload": value.get("NeedDaemonReload") == "yes",
                "fragment": value.get("FragmentPath", ""),
                "dropins": value.get("DropInPaths", "").split(),
                "process": int(value.get("MainPID") or 0),
                "started_at": moment(value.get("ExecMainStartTimestampMonotonic", "")),
                "changed_at": moment(value.get("StateChangeTimestampMonotonic", "")),
            }
    return found


def _units(names: t.Sequence[str], runner: host.Runner) -> dict[str, Json]:
    shown = runner(["systemctl", "show", f"--property={','.join(_PROPERTIES)}", "--", *names])["stdout"]
    found = parse_units(shown, time.time(), time.monotonic())
    for unit in found.values():
        unit["replaced"] = _replaced(unit["process"])
    return found


def _replaced(process: int) -> bool:
    """Whether the program that runs is not on disk any more, as after an upgrade."""
    try:
        return bool(process) and os.readlink(f"/proc/{process}/exe").endswith(" (deleted)")
    except OSError:
        return False


def parse_sysctl(path: str, text: str) -> list[dict[str, str]]:
    """The settings of one file, in order; patterns are left out, as any plain setting goes before them."""
    found = []
    for line in text.splitlines():
        key, equals, value = line.strip().partition("=")
        key = key.strip().removeprefix("-").replace("/", ".")
        if equals and not key.startswith(("#", ";")) and not set(key) & set("*?["):
            found.append({"path": path, "key": key, "value": value.strip()})
    return found


def sysctl_files(
    directories: t.Iterable[str] = SYSCTL_DIRECTORIES, wanted: t.Container[str] = ()
) -> list[dict[str, str]]:
    """All settings of ``wanted`` keys, in the order in which the next boot applies them."""
    named: dict[str, pathlib.Path] = {}
    for directory in directories:
        for path in sorted(pathlib.Path(directory).glob("*.conf")):
            named.setdefault(path.name, path)
    found = []
    for path in (named[name] for name in sorted(named)):
        try:
            found += parse_sysctl(str(path), path.read_text(encoding="utf-8", errors="replace"))
        except OSError:  # a link to nowhere
            continue
    return [entry for entry in found if entry["key"] in wanted]


def _sysctl(key: str, root: pathlib.Path = pathlib.Path("/proc/sys"), named: t.Iterable[str] = ()) -> str | None:
    """The value of a setting, or null; of a pattern all values that there are, sorted, but for those of settings that
    are ``named``, which a pattern leaves alone (sysctl.d(5)).
    """
    own = {root / name.replace(".", "/") for name in named if name != key}
    found = set()
    for path in sorted(set(root.glob(key.replace(".", "/"))) - own):
        with contextlib.suppress(OSError):  # it went meanwhile, as an interface may
            found.add(path.read_text(encoding="ascii").strip())
    return ", ".join(sorted(found)) if found else None


def read(
    node: str, request: t.Mapping[str, t.Any], secrets: t.Mapping[str, str], runner: host.Runner = host.run
) -> Json:
    """Everything that is compared; ``request`` says what is asked for. ValueError when a secret was not handed over."""
    seal = Seal(request["placeholders"], secrets)
    contents = {file["path"]: file["content"] for file in request["files"] if file["content"] is not None}
    wanted = {file["path"] for file in request["files"]}
    names = request["packages"]
    status = "${Package} ${db:Status-Status} ${Version}\\n"
    with futures.ThreadPoolExecutor(max_workers=4) as pool:
        verified = {name: pool.submit(runner, ["dpkg", "--verify", name]) for name in names}
        filters = pool.submit(running.nftables, contents, runner)
        routing = pool.submit(readers.routing(request["routing"]).running, contents, seal, runner)
        chosen = request["nameserver"]  # a router has none
        nameserver = pool.submit(readers.nameserver(chosen).running, contents, seal, runner) if chosen else None
        evidence = {
            "format": FORMAT,
            "scope": "node",
            "node": node,
            "collected_at": round(time.time(), 3),
            "files": files(request["files"], seal),
            "left": left(request["state"], wanted),
            "unfinished": unfinished(request["state"]),
            "strangers": strangers(request["directories"], wanted, runner),
            "packages": parse_packages(runner(["dpkg-query", "-W", "-f", status, *names])["stdout"]),
            "held": host.held(runner),
            "altered": [
                entry for name, done in verified.items() for entry in parse_verified(done.result()["stdout"], name)
            ],
            "unverified": [name for name, done in verified.items() if done.result()["rc"] in host.NO_ANSWER],
            "units": _units(request["units"], runner),
            "sysctls": {key: _sysctl(key, named=request["sysctls"]) for key in request["sysctls"]},
            "sysctl_files": sysctl_files(wanted=request["sysctls"]),
            "sockets": host.parse_sockets(runner(["ss", "-lntuHp"])["stdout"]),
            "nft": filters.result(),
            "routing": routing.result(),
            "nameserver": nameserver.result() if nameserver else None,
        }
    return t.cast(Json, seal.guard(evidence))

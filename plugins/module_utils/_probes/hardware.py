# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a machine is made of, and how its parts are: serial number, processors, memory, arrays, disks, uplink's ports;
and what its BMC says (``bmc``).

From the kernel's own files wherever it has them, from ``smartctl`` where that is installed. Nothing is written, no disk
is woken or tested, and serial numbers of disks are not kept. Each part stands for itself: one that could not be read is
``{"error": why}``, and the others are there all the same.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import pathlib
import re
import time
import typing as t
from concurrent import futures

from . import bmc, cards, host

ROOT = pathlib.Path("/")
PATIENCE, ONE = 20.0, 10.0
"""Seconds for the questions to all disks together, and for one: one that hangs is not to hold up the rest."""
WORKERS = 8
DEPTH = 4
"""How far down from an interface its ports are looked for: a VLAN, a bond, its members."""

DISTRIBUTING, DEFAULTED, EXPIRED = 0x20, 0x40, 0x80
"""Bits of a port's state in LACP (IEEE 802.1AX): frames leave by it; nobody has answered; nobody answers any more."""

NO_DISKS = re.compile(r"(loop|ram|zram|md|dm-|sr|fd|nbd|drbd|rbd|zd)\d|nvme\d+c\d+n\d+$")
"""Block devices that are no disks, or another way to one that has a name of its own."""

_ARRAY = re.compile(r"(md\S*) : (active|inactive)(.*)$")
_MEMBER = re.compile(r"(\S+?)\[\d+\]((?:\(\w\))*)$")
_WORKING = re.compile(r"\[(\d+)/(\d+)\] \[[U_]+\]")
_DOING = re.compile(r"\b(recovery|resync|reshape|check|repair)\s*=\s*([\d.]+%|[A-Z]+)")
_CONTAINER = re.compile(r"super external:[^/\s]")
_UNABLE = re.compile(r"Unable to detect device type|Unknown USB bridge")
_ASLEEP = re.compile(r"Device is in (.+) mode, exit\(")
_FAILING = 0x08
"""Bit of smartctl's exit status: the disk says of itself that it is failing (smartctl(8), EXIT STATUS)."""

Json = dict[str, t.Any]
Runner = t.Callable[[t.Sequence[str], float], Json]
"""``host.run`` with its time limit; tests hand in their own."""


def _text(path: pathlib.Path) -> str:
    """What a file says; OSError where it cannot be read."""
    return path.read_text(encoding="utf-8", errors="replace").strip()


def _said(path: pathlib.Path) -> str:
    """What a file says, and nothing where it cannot be read."""
    with contextlib.suppress(OSError):
        return _text(path)
    return ""


def _number(path: pathlib.Path) -> int | None:
    """A number that is not negative; None where there is none, as of the speed of a port without a link."""
    said = _said(path)
    return int(said) if said.isdigit() else None


def _part(read: t.Callable[[pathlib.Path], t.Any], root: pathlib.Path) -> t.Any:
    """One part of the evidence, or why it could not be read."""
    try:
        return read(root)
    except OSError as error:
        return {"error": f"{error.filename}: {error.strerror}"}
    except Exception as error:  # noqa: BLE001 - whatever is odd about one part must not lose the others
        return {"error": f"not understood: {type(error).__name__} {error}"[:200]}


def virtual(runner: Runner = host.run) -> Json:
    """What systemd calls the ``container`` and the virtual ``machine`` that this is; both empty for one of its own."""
    found = {}
    for key, option in (("container", "--container"), ("machine", "--vm")):
        done = runner(["systemd-detect-virt", option], ONE)
        said = done["stdout"].strip()
        if not said:
            return {"error": (done["stderr"].strip() or f"systemd-detect-virt ended with {done['rc']}")[:200]}
        found[key] = "" if said == "none" else said
    return found


def product(root: pathlib.Path = ROOT) -> Json | None:
    """What the firmware says of the machine (DMI, SMBIOS types 0, 1 and 3); None where the kernel has no such table.

    Empty where a field is not there. The serial numbers are for root alone: OSError for anybody else.
    """
    folder = root / "sys/class/dmi/id"
    if not folder.is_dir():
        return None
    names = {"vendor": "sys_vendor", "model": "product_name", "serial": "product_serial"}
    names |= {key: key for key in ("chassis_serial", "bios_version", "bios_date")}
    return {key: _text(folder / name) if (folder / name).exists() else "" for key, name in names.items()}


def processors(root: pathlib.Path = ROOT) -> Json:
    """Cores, and threads of them, that are switched on."""
    siblings = [_text(path) for path in root.glob("sys/devices/system/cpu/cpu[0-9]*/topology/thread_siblings_list")]
    threads = len(siblings) or os.cpu_count()
    return {"cores": len(set(siblings)) or threads, "threads": threads}


def memory(root: pathlib.Path = ROOT) -> Json:
    """``mib``: what the kernel has to give away, without what it and the firmware took at boot. ``controllers``: errors
    of each memory controller (EDAC) since boot, by whether ECC has corrected them.
    """
    lines = dict(line.split(":", 1) for line in _text(root / "proc/meminfo").splitlines() if ":" in line)
    if "MemTotal" not in lines:
        raise ValueError("/proc/meminfo has no MemTotal")
    folders = sorted(root.glob("sys/devices/system/edac/mc/mc[0-9]*"))
    return {
        "mib": int(lines["MemTotal"].split()[0]) // 1024,
        "controllers": [
            {"name": each.name, "uncorrected": _number(each / "ue_count"), "corrected": _number(each / "ce_count")}
            for each in folders
        ],
    }


def parse_mdstat(text: str) -> list[Json]:
    """``/proc/mdstat`` (md(4)): each array, with the members that have failed, and what is done to it at the moment.

    ``disks`` and ``working`` are None of a level without redundancy. ``container``: it holds arrays and is none, as
    those of a firmware's RAID (imsm, DDF), which are never active.
    """
    found: list[Json] = []
    for line in text.splitlines():
        if match := _ARRAY.match(line):
            words = [word for word in match[3].split() if not word.startswith("(")]
            members = [part for word in words if (part := _MEMBER.match(word))]
            level = next((word for word in words if not _MEMBER.match(word)), "")
            found.append(
                {
                    "name": match[1],
                    "active": match[2] == "active",
                    "level": level,
                    "container": False,
                    "disks": None,
                    "working": None,
                    "faulty": [member[1] for member in members if "(F)" in member[2]],
                    "doing": "",
                    "done": "",
                }
            )
        elif found and line.startswith((" ", "\t")):
            if match := _WORKING.search(line):
                found[-1].update(disks=int(match[1]), working=int(match[2]))
            if match := _DOING.search(line):
                found[-1].update(doing=match[1], done=match[2])
            found[-1]["container"] |= bool(_CONTAINER.search(line))
    return found


def arrays(root: pathlib.Path = ROOT) -> list[Json]:
    """Each array of the kernel's (md). A check that waits for another array's is called a resync in ``mdstat``, so that
    is taken from the array's own file.
    """
    found = parse_mdstat(_said(root / "proc/mdstat"))
    for array in found:
        action = _said(root / "sys/block" / array["name"] / "md/sync_action")
        if array["doing"] and action in {"check", "repair"}:
            array["doing"] = action
    return found


def pools(root: pathlib.Path = ROOT) -> list[Json]:
    """Each pool of ZFS with its state, such as ``ONLINE`` or ``DEGRADED``."""
    return [
        {"name": path.parent.name, "state": _text(path)} for path in sorted(root.glob("proc/spl/kstat/zfs/*/state"))
    ]


def blocks(root: pathlib.Path = ROOT) -> list[Json]:
    """The disks that the kernel has, and volumes that look to it like disks. What can be taken out, as a medium of the
    BMC's, is none.
    """
    found = []
    for path in sorted((root / "sys/block").iterdir()):
        there = not NO_DISKS.match(path.name) and (path / "device").exists() and _number(path / "size")
        if there and _said(path / "removable") != "1":
            row = {key: _said(path / "device" / key) for key in ("vendor", "model")}
            found.append({"name": path.name, **row})
    return found


def parse_scan(done: Json) -> list[Json]:
    """``smartctl --json --scan``: the disks behind a controller, which the kernel has no names for, as ``device`` and
    ``kind`` of smartctl's. ValueError where the answer is none.
    """
    rows = _answer(done).get("devices") or []
    return [
        {"device": str(row["name"]), "kind": str(row["type"])}
        for row in rows
        if "," in str(row.get("type")) and row["name"]
    ]


def _answer(done: Json) -> Json:
    """The object that smartctl printed; ValueError with why there is none.

    Its exit status has bits, and may be any of those that mean that there was no answer.
    """
    if done["rc"] in host.NO_ANSWER and not done["stdout"]:
        raise ValueError(done["stderr"].strip()[:200])
    try:
        found = json.loads(done["stdout"])
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    raise ValueError(f"smartctl ended with {done['rc']} and said nothing that can be read")


def _unheard(error: str) -> Json:
    """The health of a disk that does not say how it is."""
    return {"passed": None, "asleep": False, "able": None, "model": "", "error": error}


def parse_health(done: Json) -> Json:
    """``smartctl --json -n standby -H -i``: ``passed`` is the disk's own word, or None with an ``error``.

    ``asleep``: the disk rests and was not woken. ``able``: whether it has such a word at all, None where that is not
    told. ``model`` may be empty.
    """
    found = _unheard("")
    try:
        answer = _answer(done)
        said = answer.get("smartctl", {})
        messages = [str(message["string"]) for message in said.get("messages", ())]
        passed = answer.get("smart_status", {}).get("passed")
        unable = any(_UNABLE.search(message) for message in messages)
        found["able"] = False if unable else answer.get("smart_support", {}).get("available")
        found["model"] = str(answer.get("model_name") or answer.get("scsi_model_name") or "")
        found["asleep"] = any(_ASLEEP.match(message) for message in messages)
        failing = bool(int(said.get("exit_status", done["rc"])) & _FAILING)
    except ValueError as error:
        return {**found, "error": str(error)}
    except (AttributeError, KeyError, TypeError) as error:
        return {**found, "error": f"smartctl's answer is not understood: {type(error).__name__} {error}"[:200]}
    if failing or isinstance(passed, bool):
        return {**found, "passed": not failing and passed}
    return {**found, "error": (messages or ["smartctl does not say how it is"])[0][:200]}


def disks(root: pathlib.Path = ROOT, runner: Runner = host.run) -> Json:
    """``found``: every disk with its own word on its health. ``installed``: whether there is a smartctl to ask it.

    ``scan``: why those behind a controller could not be listed, or empty.
    """
    rows: list[Json] = [{**row, "kind": "", "device": f"/dev/{row['name'].replace('!', '/')}"} for row in blocks(root)]
    until = time.monotonic() + PATIENCE
    scanned, scan = runner(["smartctl", "--json", "--scan"], ONE), ""
    if scanned["rc"] == host.MISSING:
        return {"installed": False, "scan": "", "found": [{**row, "health": None} for row in rows]}
    try:
        behind = parse_scan(scanned)
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        behind, scan = [], str(error)
    rows += [{"name": f"{row['device']} {row['kind']}", "vendor": "", "model": "", **row} for row in behind]

    def ask(row: Json) -> Json:
        left = min(ONE, until - time.monotonic())
        if left <= 0:
            return _unheard(f"not asked, as the others took {PATIENCE:g} s")
        kind = ["-d", row["kind"]] if row["kind"] else []
        return parse_health(runner(["smartctl", "--json", "-n", "standby", "-H", "-i", *kind, row["device"]], left))

    with futures.ThreadPoolExecutor(max_workers=WORKERS) as pool:
        asked = list(pool.map(ask, rows))
    return {"installed": True, "scan": scan, "found": [{**r, "health": h} for r, h in zip(rows, asked, strict=True)]}


def below(interface: str, root: pathlib.Path = ROOT, depth: int = DEPTH) -> list[str]:
    """The interfaces that an interface rests on in the end: itself, the parent of a VLAN, the members of a bond."""
    path = root / "sys/class/net" / interface
    if not interface or not path.exists():
        return []
    lower = sorted(each.name.removeprefix("lower_") for each in path.glob("lower_*"))
    if not lower or not depth:
        return [interface]
    return list(dict.fromkeys(leaf for name in lower for leaf in below(name, root, depth - 1)))


def _ports(given: t.Mapping[str, t.Any], root: pathlib.Path) -> list[str]:
    """The ports that the sheet names, and those that the kernel has for the uplink."""
    return list(dict.fromkeys([*given.get("ports", ()), *below(str(given.get("uplink", "")), root)]))


def _counted(name: str, root: pathlib.Path) -> Json:
    """What has come in at a port since it was there, and what of it was damaged on the wire."""
    folder = root / "sys/class/net" / name / "statistics"
    return {"packets": _number(folder / "rx_packets"), "crc_errors": _number(folder / "rx_crc_errors")}


def _lacp(path: pathlib.Path) -> str:
    """Of a member of a bond with LACP: ``agreed`` (it is in the link that carries the bond, and the switch says so),
    ``alone`` or ``unknown``; empty of any other port.
    """
    bond, own = path / "master/bonding", path / "bonding_slave"
    if not _said(bond / "mode").startswith("802.3ad"):
        return ""
    state, link, active = (
        _said(each) for each in (own / "ad_actor_oper_port_state", own / "ad_aggregator_id", bond / "ad_aggregator")
    )
    if not state.isdigit() or not link or not active:
        return "unknown"
    answered = int(state) & (DISTRIBUTING | DEFAULTED | EXPIRED) == DISTRIBUTING
    return "agreed" if answered and link == active else "alone"


def look(given: t.Mapping[str, t.Any], root: pathlib.Path = ROOT) -> Json:
    """The first of two looks at the counters of the uplink's ports; ``links`` takes the second.

    ``given``: ``uplink`` and ``management`` (interfaces) and ``ports`` (names, of the uplink) of the sheet's.
    """
    return {"at": time.monotonic(), "counted": {name: _counted(name, root) for name in _ports(given, root)}}


def links(given: t.Mapping[str, t.Any], first: Json, root: pathlib.Path = ROOT) -> Json:
    """The uplink's ports as they are now, by name (None: there is no such interface), and their counters at both looks;
    ``cards``, what these and the management's are and how they are set (``cards.read``).

    ``seconds`` between the looks. ``speed`` in Mbit/s, None where it is not known. ``lacp``: see ``_lacp``.
    """
    found: Json = _part(functools.partial(_links, given, first), root)
    return found


def _links(given: t.Mapping[str, t.Any], first: Json, root: pathlib.Path) -> Json:
    ports: dict[str, Json | None] = {}
    for name in _ports(given, root):
        path = root / "sys/class/net" / name
        ports[name] = None
        if path.exists():
            ports[name] = {
                "state": _said(path / "operstate"),
                "carrier": _said(path / "carrier") == "1",
                "speed": _number(path / "speed"),
                "duplex": _said(path / "duplex"),
                "lacp": _lacp(path),
                "first": first["counted"].get(name) or {"packets": None, "crc_errors": None},
                "last": _counted(name, root),
            }
    seconds = round(time.monotonic() - first["at"], 1)
    there = [name for name, port in ports.items() if port] + below(str(given.get("management", "")), root)
    return {
        "seconds": seconds,
        "below": below(str(given.get("uplink", "")), root),
        "ports": ports,
        "cards": {name: cards.read(name, root=root) for name in dict.fromkeys(there)},
    }


def read(root: pathlib.Path = ROOT, runner: Runner = host.run) -> Json:
    """Everything but ``links``. In a container the kernel tells of the machine around it, so nothing more is read."""
    found: Json = {"virtual": virtual(runner)}
    if found["virtual"].get("container"):
        return found
    with futures.ThreadPoolExecutor(max_workers=1) as pool:  # both take their time
        controller = pool.submit(bmc.read, root, runner)
        found |= _local(root, runner)
        return {**found, "bmc": controller.result()}


def _local(root: pathlib.Path, runner: Runner) -> Json:
    """What kernel and disks tell."""
    parts = {"product": product, "processors": processors, "memory": memory, "arrays": arrays, "pools": pools}
    found = {name: _part(part, root) for name, part in parts.items()}
    return {**found, "disks": _part(functools.partial(disks, runner=runner), root)}

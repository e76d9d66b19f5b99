# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a machine says of itself: sockets, addresses, routes, packages, sshd, clock, packet filter.

Commands are argument lists, never a shell, always with a time limit. Nothing here reads a file that holds
a secret, and ``ss`` is never asked for TCP details (``-i``): it would print the MD5 keys of BGP sessions.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import pathlib
import subprocess
import time
import typing as t

from .. import _products as products
from . import installed, logins

TIMEOUT = 30.0
"""Seconds for a command. On a machine that boots, or that is slow, apt and nft take more than ten."""
LIMIT = 2_000_000
"""Characters of output that are kept."""

SETTLES, ASK_CLOCK_AFTER = 180.0, 2.0
"""Seconds after its start in which chrony may not know the time yet, and between two questions meanwhile. It asks each
source four times at once, and again after a minute; one of these rounds may fall into a boot.
"""
UNSURE = 1.0
"""Seconds that it may be off by its own word, from which on it is as good as unknown."""

LOOKS, LOOK_AFTER = 3, 0.5
"""How often listening sockets are looked for until each has a process, and the seconds between."""

STA_NANO = 0x2000
"""The kernel counts the offset in nanoseconds, not in microseconds (``adjtimex(2)``)."""

PROXIES = ("net/ipv4/conf/*/proxy_arp*", "net/ipv6/conf/*/proxy_ndp")
"""Settings with which a machine answers for addresses that are not its own, below ``/proc/sys``."""

FORWARDING = ("net/ipv4/conf/*/forwarding", "net/ipv6/conf/*/forwarding")
"""Settings with which a machine passes on what comes in by an interface, below ``/proc/sys``."""

REDIRECTS = ("net/ipv4/conf/*/accept_redirects", "net/ipv6/conf/*/accept_redirects")
"""Settings with which a machine believes who tells it another way, below ``/proc/sys``."""

LATE, MISSING = 124, 127
"""Statuses of a command that came to no end, and of one that does not exist."""
NO_ANSWER = (LATE, MISSING)

GRACE = 1.0
"""Seconds in which a process that was killed has to be gone. One that waits for a disk that never answers cannot be."""

SYSCTLS = (
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ip_forward",
    "net.ipv4.conf.all.arp_ignore",
    "net.ipv4.conf.all.arp_announce",
    "net.ipv6.conf.all.forwarding",
    "net.ipv4.fib_multipath_hash_policy",
    "net.ipv6.fib_multipath_hash_policy",
)
SSHD = (
    *("passwordauthentication", "kbdinteractiveauthentication", "permitrootlogin", "permitemptypasswords"),
    *("kexalgorithms", "ciphers", "macs", "hostkeyalgorithms", "pubkeyacceptedalgorithms", "requiredrsasize"),
)

PACKAGES = (*(name for product in products.PRODUCTS for name in product.versions), "chrony", "nftables")
"""Packages whose versions go into the report."""

UNITS = (*(product.unit for product in products.PRODUCTS), "chrony.service", "ssh.service")

WRONG = "x"
"""The state of a source that disagrees with most of the others (``chronyc(1)``, sources)."""

Runner = t.Callable[[t.Sequence[str]], "dict[str, t.Any]"]
"""How commands are run; tests hand in their own."""


def run(command: t.Sequence[str], timeout: float = TIMEOUT, limit: int = LIMIT) -> dict[str, t.Any]:
    """Run one command: ``{"rc", "stdout", "stderr"}``. 127: there is no such command, 124: it took too long.

    It is over after ``timeout`` and ``GRACE``, whatever the command does: ``subprocess.run`` would wait for one that it
    cannot kill.
    """
    try:
        process = subprocess.Popen(
            list(command),
            encoding="utf-8",
            env={**os.environ, "LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            errors="replace",
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
    except (FileNotFoundError, PermissionError) as error:
        return {"rc": MISSING, "stdout": "", "stderr": f"{command[0]}: {error.strerror}"}
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        _abandon(process)
        return {"rc": LATE, "stdout": "", "stderr": f"{command[0]}: no end after {timeout:g} s"}
    return {"rc": process.returncode, "stdout": stdout[:limit], "stderr": stderr[:4000]}


def _abandon(process: subprocess.Popen[str]) -> None:
    """Kill a process, and hear no more of it."""
    process.kill()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE)


def _json(result: dict[str, t.Any]) -> t.Any:
    """The output of a command that prints JSON, or null."""
    if result["rc"] != 0:
        return None
    try:
        return json.loads(result["stdout"] or "null")
    except ValueError:
        return None


def parse_sockets(text: str) -> list[dict[str, t.Any]]:
    """``ss -lntuHp``: one entry per listening socket, ``{"protocol", "address", "port", "process"}``."""
    sockets = []
    for line in text.splitlines():
        fields = line.split(None, 6)
        if len(fields) < 6:
            continue
        address, _colon, port = fields[4].rpartition(":")
        process = fields[6].partition('(("')[2].partition('"')[0] if len(fields) > 6 else ""
        address = address.partition("%")[0].strip("[]")
        entry = {"protocol": fields[0], "address": address or "*", "port": int(port), "process": process}
        if entry not in sockets:  # one socket per worker thread
            sockets.append(entry)
    return sockets


def parse_sshd(text: str) -> dict[str, str]:
    """``sshd -T``: the few settings that are judged."""
    settings = dict(line.split(None, 1) for line in text.splitlines() if " " in line)
    return {name: settings[name].strip() for name in SSHD if name in settings}


def parse_versions(text: str) -> dict[str, str]:
    """``dpkg-query -W -f '${Package} ${db:Status-Status} ${Version}\\n'``: what is installed."""
    rows = (line.split() for line in text.splitlines())
    return {row[0]: row[2] for row in rows if len(row) == 3 and row[1] == "installed"}


def parse_tracking(text: str) -> dict[str, t.Any] | None:
    """``chronyc -c tracking``: stratum, offset and leap status, or null.

    ``error``: seconds that the clock may be off beyond its offset: half of the way to the primary source, and what is
    not known for sure. It grows while no source answers, where all else stays as it was.
    """
    fields = text.strip().split(",")
    if len(fields) < 14:
        return None
    try:
        error = float(fields[10]) / 2 + float(fields[11])
        return {"stratum": int(fields[2]), "offset": float(fields[4]), "error": error, "leap": fields[13]}
    except ValueError:
        return None


def parse_sources(text: str) -> list[dict[str, t.Any]]:
    """``chronyc -c -N sources -a``: each source of time, by the name that chrony was given for it.

    ``reached``: one of its last eight questions was answered; ``wrong``: chrony takes it for a falseticker.
    """
    rows = (line.split(",") for line in text.splitlines())
    # The register of answers is printed in octal.
    return [
        {"name": row[2], "reached": row[5].strip("0") != "", "wrong": row[1] == WRONG} for row in rows if len(row) >= 10
    ]


def parse_routes(routes: t.Any) -> list[dict[str, t.Any]]:
    """``ip -j route``: destination, type, device and gateway; local, multicast and link-local ones left out.

    A route of several ways is one entry for each way.
    """
    kept = []
    for route in routes or []:
        kind, destination = route.get("type", "unicast"), route.get("dst", "")
        if kind in {"local", "broadcast", "multicast", "anycast"} or destination.startswith(("fe80:", "ff00:")):
            continue
        kept += [
            {"to": destination, "type": kind, "device": way.get("dev", ""), "via": _gateway(way)}
            for way in route.get("nexthops") or [route]
        ]
    return kept


def _gateway(way: t.Mapping[str, t.Any]) -> str:
    """Of a way of a route; one of IPv4 may go by an IPv6 address."""
    return str(way.get("gateway") or way.get("via", {}).get("host", ""))


def parse_addresses(links: t.Any) -> list[dict[str, t.Any]]:
    """``ip -j -d addr``: one entry per address, with the kind of its link."""
    kept = []
    for link in links or []:
        kind = link.get("linkinfo", {}).get("info_kind", link.get("link_type", ""))
        for info in link.get("addr_info", []):
            flags = [flag for flag in ("tentative", "dadfailed", "deprecated") if info.get(flag)]
            kept.append(
                {
                    "device": link.get("ifname", ""),
                    "kind": kind,
                    "address": info.get("local", ""),
                    "length": info.get("prefixlen", 0),
                    "scope": info.get("scope", ""),
                    "flags": flags,
                }
            )
    return kept


def _routes(runner: Runner, prefixes: t.Mapping[str, t.Sequence[str]]) -> list[dict[str, t.Any]] | None:
    """The kernel's routes inside these prefixes, or null where they could not be listed.

    Not the whole table: a node may learn all of the Internet's.
    """
    found: list[dict[str, t.Any]] = []
    for flag, family in (("-4", "ipv4"), ("-6", "ipv6")):
        for prefix in prefixes.get(family, ()):
            listed = runner(["ip", "-j", flag, "route", "show", "table", "all", "root", prefix])
            if listed["rc"] != 0:
                return None
            found += [route for route in parse_routes(_json(listed)) if route not in found]
    return found


def _clock() -> dict[str, t.Any]:
    """The kernel's view of the clock: ``adjtimex(2)`` without setting anything. ``offset`` in seconds, what is left to
    correct.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = (ctypes.c_long * 64)()  # struct timex: modes, offset, freq, maxerror, esterror, status, ...
    state = libc.adjtimex(ctypes.byref(buffer))
    status = buffer[5] & 0xFFFF
    return {"state": state, "status": status, "offset": buffer[1] / (1e9 if status & STA_NANO else 1e6)}


def _sysctl(name: str) -> str | None:
    """The value of one sysctl, or null."""
    try:
        return pathlib.Path("/proc/sys", *name.split(".")).read_text(encoding="ascii").strip()
    except OSError:
        return None


def _switched_on(patterns: t.Iterable[str]) -> list[str]:
    """Kernel settings that are not 0, as paths below ``/proc/sys``: names of interfaces may have dots."""
    root = pathlib.Path("/proc/sys")
    paths = (path for pattern in patterns for path in sorted(root.glob(pattern)))
    return [str(path.relative_to(root)) for path in paths if _text(path) not in {"", "0"}]


def _text(path: pathlib.Path) -> str:
    """What a file says; empty where it has gone meanwhile, as an interface may."""
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _proxied(runner: Runner) -> dict[str, t.Any] | None:
    """For whom this machine answers ARP and neighbour discovery: settings that are on, and single addresses.

    Null where the addresses could not be listed.
    """
    addresses = []
    for flag in ("-4", "-6"):
        listed = runner(["ip", "-j", flag, "neigh", "show", "proxy"])
        if listed["rc"] != 0:
            return None
        addresses += [{"address": row.get("dst", ""), "device": row.get("dev", "")} for row in _json(listed) or ()]
    return {"on": _switched_on(PROXIES), "addresses": addresses}


def held(runner: Runner = run) -> list[str] | None:
    """The packages that are on hold; null where apt did not say."""
    said = runner(["apt-mark", "showhold"])
    return said["stdout"].split() if said["rc"] == 0 else None


def sockets(runner: Runner = run) -> list[dict[str, t.Any]]:
    """Every listening socket, with its process.

    ``ss`` first looks who holds which socket, and then for the sockets: one that is opened in between has nobody, as
    when the routing daemon has just got another configuration. So it is asked again; what stays without one has none.
    """
    for _again in range(LOOKS - 1):
        found = parse_sockets(runner(["ss", "-lntuHp"])["stdout"])
        if all(entry["process"] for entry in found):
            return found
        time.sleep(LOOK_AFTER)
    return parse_sockets(runner(["ss", "-lntuHp"])["stdout"])


def _age(runner: Runner, unit: str) -> float:
    """Seconds since a unit was started; many when that is not known."""
    said = runner(["systemctl", "show", "--property=ActiveEnterTimestampMonotonic", "--value", unit])["stdout"].strip()
    return time.clock_gettime(time.CLOCK_MONOTONIC) - int(said) / 1e6 if said.isdigit() else SETTLES


def tracking(runner: Runner = run) -> dict[str, t.Any] | None:
    """What chrony says of the clock. One that was started less than ``SETTLES`` ago is asked again until it knows: a
    node is not refused for having just booted. After ``SETTLES`` it is not, even if chrony is started again and again.
    """
    until = time.clock_gettime(time.CLOCK_MONOTONIC) + SETTLES
    while True:
        found = parse_tracking(runner(["chronyc", "-c", "tracking"])["stdout"])
        known = found is None or (found["leap"] == "Normal" and abs(found["offset"]) + found["error"] < UNSURE)
        if known or _age(runner, "chrony.service") >= SETTLES or time.clock_gettime(time.CLOCK_MONOTONIC) >= until:
            return found
        time.sleep(ASK_CLOCK_AFTER)  # between two looks at one condition: chrony tells nobody when it knows


def read(runner: Runner = run, prefixes: t.Mapping[str, t.Sequence[str]] | None = None) -> dict[str, t.Any]:
    """Everything about this machine that checks judge; of its routes those inside ``prefixes``, given by family."""
    addresses = _json(runner(["ip", "-j", "-d", "addr"]))
    container = runner(["systemd-detect-virt", "--container"])
    sshd = runner(["sshd", "-T"])
    nft = runner(["nft", "-j", "list", "ruleset"])
    units = runner(["systemctl", "is-active", *UNITS])
    contained = container["stdout"].strip() if container["rc"] == 0 else ""
    # Whatever it is told in a container, the clock is that of the host.
    clock = parse_tracking(runner(["chronyc", "-c", "tracking"])["stdout"]) if contained else tracking(runner)
    sources = runner(["chronyc", "-c", "-N", "sources", "-a"])
    return {
        "sockets": sockets(runner),
        "addresses": parse_addresses(addresses),
        "routes": _routes(runner, prefixes or {}),
        "sysctls": {name: _sysctl(name) for name in SYSCTLS},
        "held": held(runner),
        "packages": parse_versions(
            runner(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status} ${Version}\\n", *PACKAGES])["stdout"]
        ),
        "installed": installed.read(runner),
        "candidate": installed.candidate(),
        "units": dict(zip(UNITS, units["stdout"].split(), strict=False)),
        "container": contained,
        "clock": _clock(),
        "tracking": clock,
        "sources": parse_sources(sources["stdout"]) if sources["rc"] == 0 else None,
        "proxied": _proxied(runner),
        "forwarding": _switched_on(FORWARDING),
        "redirects": _switched_on(REDIRECTS),
        "sshd": parse_sshd(sshd["stdout"]) if sshd["rc"] == 0 else None,
        "logins": logins.read(sshd["stdout"]) if sshd["rc"] == 0 else None,
        "sshd_error": "" if sshd["rc"] == 0 else sshd["stderr"].strip()[:200],
        "nft": _json(nft),
        "nft_error": "" if nft["rc"] == 0 else nft["stderr"].strip()[:200],
    }

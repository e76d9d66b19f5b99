# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an appliance has open: ports, files with more rights than others, units, SSH, and what Lynis says of it.

Each part is a set of short lines, in which nothing depends on the day, so that it compares with a list (tests/audit/).
"""

from __future__ import annotations

import ipaddress
import json
import re
import subprocess
import sys
import typing as t

from . import shell

if t.TYPE_CHECKING:
    from .drill import Drill

EPHEMERAL = 49152
"""From here on a port is the source of questions, or of BFD (RFC 5881 section 4); its number differs each time."""
OURS = 2.5
"""What ``systemd-analyze security`` may give a unit without being listed (docs/confinement.md)."""
LYNIS = "/run/imrs-audit"
"""Where Lynis is unpacked on the appliance: it is no package of it, and gone after a boot."""

_PROCESS = re.compile(r'users:\(\("([^"]+)"')
_UNIT = re.compile(r"(\S+\.service)\s+([0-9.]+) ")
_SAID = re.compile(r"^(warning|suggestion)\[\]=([A-Z]+-[0-9]+)\|([^|]*)\|-?([^|]*)", re.MULTILINE)


def _scope(address: str) -> str:
    bare = address.partition("%")[0].strip("[]")
    if bare in {"*", "0.0.0.0", "::"}:
        return "any address"
    if ipaddress.ip_address(bare).is_loopback:
        return "loopback"
    return bare


def ports(drill: Drill) -> set[str]:
    """``tcp any address 22 sshd``: where something listens, for TCP and UDP."""
    found = set()
    for line in drill.node("ss", "-Hlntup").splitlines():
        protocol, _state, _received, _sent, local, *_rest = line.split()
        address, _, port = local.rpartition(":")
        process = _PROCESS.search(line)
        number = port if int(port) < EPHEMERAL else "a port of its own"
        found.add(f"{protocol} {_scope(address)} {number} {process[1] if process else 'the kernel'}")
    return found


def files(drill: Drill) -> set[str]:
    """Files that run with their owner's or group's rights or with capabilities, that everybody may write, or that are
    nobody's: ``4755 root:root /usr/bin/su``. Folders with a sticky bit, and what is in the private ``/tmp`` of a unit,
    are left out.
    """
    where = "find / -xdev ( -path /proc -o -path /sys -o -path */systemd-private-* ) -prune -o"
    what = (
        "( ( -type f -perm /6000 ) -o ( ! -type l -perm -0002 ! ( -type d -perm -1000 ) ) -o -nouser -o -nogroup )"
        r" -printf %m\040%u:%g\040%p\n"
    )
    listed = set(drill.node(*where.split(), *what.split()).splitlines())
    # It ends with an error when a process in /proc goes meanwhile; that it is there at all is asked first.
    ask = "command -v getcap >/dev/null && { getcap -r / 2>/dev/null || true; }"
    capable = drill.node("sh", "-c", ask).splitlines()
    return listed | set(capable)


def units(drill: Drill) -> set[str]:
    """``ssh.service 9.6``: services that run and that systemd calls more open than ``OURS``."""
    running = drill.node("systemctl", "list-units", "--type=service", "--state=running", "--plain", "--no-legend")
    names = {line.split()[0] for line in running.splitlines()}
    said = _UNIT.findall(drill.node("systemd-analyze", "security", "--no-pager"))
    return {f"{unit} {exposure}" for unit, exposure in said if unit in names and float(exposure) > OURS}


def ssh(drill: Drill) -> set[str]:
    """``kex curve25519-sha256: does not provide …``: what ssh-audit warns of, of algorithms that the sshd offers."""
    address = drill.lab.plan.machine(drill.appliance.name).management
    command = [sys.executable, "-m", "ssh_audit.ssh_audit", "--json", "--skip-rate-test", address]
    within = ["ip", "netns", "exec", drill.lab.outer]
    # Its status counts what it found.
    done = subprocess.run([*within, *command], check=False, capture_output=True, text=True, timeout=300)
    try:
        said = json.loads(done.stdout)
    except json.JSONDecodeError:
        raise shell.LabError(f"ssh-audit: {done.stdout[-500:]}{done.stderr[-500:]}") from None
    return {
        f"{kind} {each['algorithm']}: {note}"
        for kind in ("kex", "key", "enc", "mac")
        for each in said[kind]
        for level in ("fail", "warn")
        for note in each["notes"].get(level, ())
    } | {f"cve {each['name']}" for each in said.get("cves", ())}


def lynis(drill: Drill) -> tuple[int, set[str]]:
    """Its hardening index, from 0 to 100, and what it warns of or suggests: ``suggestion ACCT-9628 Enable …``."""
    unpack = f"mkdir -p {LYNIS} && cd {LYNIS} && apt-get -qq download lynis && dpkg-deb -x lynis_*.deb ."
    run = (
        f"cd {LYNIS}/usr/share/lynis && sh ../../sbin/lynis audit system --quick --quiet --no-colors"
        f" --profile {LYNIS}/etc/lynis/default.prf --plugindir {LYNIS}/etc/lynis/plugins"
        f" --report-file {LYNIS}/report --log-file {LYNIS}/log"
    )
    try:
        drill.node("sh", "-c", unpack)
        drill.node("sh", "-c", run)
        report = drill.node("cat", f"{LYNIS}/report")
    finally:
        drill.node("rm", "-rf", LYNIS)
    (index,) = re.findall(r"^hardening_index=([0-9]+)$", report, re.MULTILINE)
    return int(index), {" ".join(filter(None, each)).strip() for each in _SAID.findall(report)}

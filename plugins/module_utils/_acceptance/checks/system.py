# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The operating system (requirements sections 3.1 and 3.3): release, units, room on the disks, accounts and secrets."""

# ruff: noqa: ARG001 - every judge has the one signature (evidence, expected)

from __future__ import annotations

import typing as t

from ... import _products as products
from ..check import FUNCTIONS, Verdict, check, skipped, verdict
from ..evidence import Missing

if t.TYPE_CHECKING:
    from ..evidence import Evidence
    from ..expected import Expected

RELEASE = f"{products.DISTRIBUTION} {products.VERSION}"
"""What every node runs."""

GATE = "imrs-gate"
"""Process and account of the gate."""

ESSENTIAL = (
    "imrs-gate.service",
    "imrs-fingerprint.path",
    "imrs-fingerprint-absent.path",
    "imrs-fingerprint-due.path",
    "imrs-reinstate.path",
    "imrs-routing-hung.path",
    "nftables.service",
    "ssh.service",
    "systemd-networkd.service",
)
"""Units that a node has besides its daemons, and without which it does not do what it is there for. Those that end when
their work is done, such as ``imrs-reinstate.service``, are not among them: what failed once may be put right since.
"""

LEAST = 20.0
"""Per cent of a file system that have to be free (requirements OS-02)."""

OPEN = 0o137
"""What nobody may do with a file that holds secrets: others nothing, the group no more than read, nobody run it."""


def _daemons(expected: Expected) -> list[products.Product]:
    return [daemon for daemon in (expected.nameserver, expected.routing) if daemon]


def _essential(expected: Expected) -> set[str]:
    """The units that this appliance cannot do without."""
    return {*ESSENTIAL, *(daemon.unit for daemon in _daemons(expected))}


def _failed(evidence: Evidence) -> list[str]:
    """The units that have failed, and were not started again since."""
    failed = evidence.section("node", "system")["failed"]
    if failed is None:
        raise Missing("systemd does not say which units have failed")
    return list(failed)


@check(
    "OS-01",
    "The release is known, no essential unit has failed",
    source="requirements OS-01; systemctl(1)",
    functions=FUNCTIONS,
)
def sound(evidence: Evidence, expected: Expected) -> Verdict:
    """Debian 13; the daemons, the gate and its watches, the packet filter, the network and SSH are no failed units now
    (others: OS-06).
    """
    system = evidence.section("node", "system")
    release = system["release"]
    problems = []
    if other := products.other_release(release["id"], release["version"]):
        problems.append(f"this is {other}, not {RELEASE}")
    essential = _essential(expected)
    problems += [f"{unit} has failed" for unit in _failed(evidence) if unit in essential]
    return verdict(problems, f"{RELEASE}, kernel {release['kernel']}")


@check("OS-02", "There is room on the disks", source="requirements OS-02", functions=FUNCTIONS)
def room(evidence: Evidence, expected: Expected) -> Verdict:
    """Of / and of /var more than 20 % of the space and of the inodes are free. A container has its host's disks."""
    container = evidence.section("node", "host")["container"]
    if container:
        return skipped(f"a container ({container}) has the disks of the machine that runs it")
    found = evidence.section("node", "system")["room"]
    if not found:
        raise Missing("no file system was looked at")
    problems = [
        f"{row['path']} has {row[what]:g} % of its {what} free"
        for row in found
        for what in ("space", "inodes")
        if row[what] is not None and row[what] <= LEAST
    ]
    return verdict(problems, ", ".join(f"{row['path']} has {row['space']:g} % free" for row in found))


@check(
    "OS-06",
    "No reboot is due, no other unit has failed",
    severity="W",
    source="requirements OS-01",
    functions=FUNCTIONS,
)
def others(evidence: Evidence, expected: Expected) -> Verdict:
    """No package waits for a reboot, the newest kernel runs, and no unit is failed now but those that OS-01 judges.

    A warning: an update of the distribution asks a whole fleet for a reboot on one day, and then no node whose
    configuration is changed could go up again. ``systemctl reset-failed`` forgets what was looked at.
    """
    essential, due = _essential(expected), evidence.section("node", "system")["reboot"]
    named = f" ({', '.join(due['packages'])})" if due["packages"] else ""
    problems = [f"a reboot is due{named}: reboot it while it is dark"] if due["pending"] else []
    problems += [f"{unit} has failed" for unit in _failed(evidence) if unit not in essential]
    return verdict(problems, "no failed unit")


@check("HD-03", "Daemons are not root; secrets are theirs alone", source="requirements HD-03", functions=FUNCTIONS)
def confined(evidence: Evidence, expected: Expected) -> Verdict:
    """No process of the daemons and of the gate runs as root; files with keys or passwords belong to root or to the
    daemon, at most its group may read them, and others may nothing.
    """
    system, daemons = evidence.section("node", "system"), _daemons(expected)
    running = {row["name"] for row in system["processes"]}
    problems = [f"no process {daemon.process} runs" for daemon in daemons if daemon.process not in running]
    problems += [f"{row['name']} runs as root" for row in system["processes"] if row["user"] == "root"]
    if not system["secrets"]:
        raise Missing("no file with secrets was found")
    trusted = {"root", GATE, *(daemon.account for daemon in daemons)}
    for row in system["secrets"]:
        mode = int(row["mode"], 8)
        if mode & OPEN:
            problems.append(f"{row['path']} has mode {row['mode']}")
        if row["owner"] not in trusted:
            problems.append(f"{row['path']} belongs to {row['owner']}")
        if mode & 0o040 and row["group"] not in trusted:
            problems.append(f"{row['path']} may be read by group {row['group']}")
    told = ", ".join(f"{row['name']} as {row['user']}" for row in system["processes"])
    return verdict(problems, f"{told}; {len(system['secrets'])} files with secrets")


@check(
    "HD-09",
    "Daemons are confined by systemd",
    severity="W",
    source="requirements HD-03; systemd-analyze(1), security",
    functions=FUNCTIONS,
)
def exposed(evidence: Evidence, expected: Expected) -> Verdict:
    """systemd-analyze security gives no unit of the daemons, of the gate and of its helpers more than the roles' own
    files come to: 2.5 of 10 at most.

    A warning: that the roles' files are there is OS-05 (F), and that no daemon runs as root is HD-03 (F). This one is
    the sum of all files, of others' too, in a measure that another release of systemd may change on all nodes at once.
    """
    found = evidence.section("node", "system")["exposure"]
    bounds = products.exposures(_daemons(expected))
    problems = [
        f"{unit} has an exposure of {found[unit]:g}, above {most:g}"
        for unit, most in bounds.items()
        if unit in found and found[unit] > most
    ]
    unknown = [unit for unit in bounds if unit not in found]
    if unknown and not problems:
        raise Missing(f"systemd-analyze does not say how exposed {', '.join(unknown)} is")
    problems += [f"systemd-analyze does not say how exposed {unit} is" for unit in unknown]
    return verdict(
        problems, ", ".join(f"{unit.removesuffix('.service')} {found[unit]:g}" for unit in bounds if not problems)
    )


@check(
    "HD-14",
    "Daemons are under their AppArmor profiles",
    severity="W",
    source="requirements HD-03; apparmor(7)",
    functions=FUNCTIONS,
)
def profiled(evidence: Evidence, expected: Expected) -> Verdict:
    """The kernel enforces a profile of ours for each process of the daemons and of the gate. A container has the kernel
    of its host, which is not ours.

    A warning: what a daemon may open is a second line behind its account and its unit. A node whose kernel was booted
    without AppArmor answers and announces as any other.
    """
    container = evidence.section("node", "host")["container"]
    if container:
        return skipped(f"a container ({container}) has the kernel of the machine that runs it")
    wanted = {daemon.process: daemon.profile for daemon in _daemons(expected)} | {GATE: GATE}
    found = evidence.section("node", "system")["profiles"]
    rows = [row for row in found if row["name"] in wanted]
    unseen = sorted(wanted.keys() - {row["name"] for row in rows})
    if unseen:
        raise Missing(f"no process {', '.join(unseen)} runs")
    if not any(row["profile"] for row in rows):
        return verdict(["the kernel has no AppArmor: look at its command line (apparmor=0, lsm=)"], "")
    problems = [
        f"{row['name']} is {row['profile'] or 'under nothing'}, not {wanted[row['name']]} (enforce)"
        for row in rows
        if row["profile"] != f"{wanted[row['name']]} (enforce)"
    ]
    return verdict(problems, f"{', '.join(sorted(set(wanted.values())))}, all enforced")


CHECKS = (sound, room, others, confined, exposed, profiled)

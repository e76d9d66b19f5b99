# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What keeps a machine in somebody else's rack sound for years: how SSH is spoken, and what the link may tell it.

They warn. A node that is in service does not leave for them, and what a release of OpenSSH or of the kernel has changed
keeps no node from going up again: the answers and the announcements are right all the same.
"""

# ruff: noqa: ARG001 - every judge has the one signature (evidence, expected)

from __future__ import annotations

import fnmatch
import typing as t

from ..check import FUNCTIONS, Verdict, check, skipped, verdict
from ..evidence import Missing

if t.TYPE_CHECKING:
    from ..evidence import Evidence
    from ..expected import Expected

WEAK: dict[str, tuple[str, ...]] = {
    "kexalgorithms": ("*-sha1", "diffie-hellman-*", "rsa*", "gss-*"),
    "ciphers": ("*-cbc", "*-cbc@*", "3des*", "arcfour*", "blowfish*", "cast128*", "none"),
    "macs": ("hmac-md5*", "hmac-sha1*", "hmac-ripemd*", "umac-64*", "none"),
    "hostkeyalgorithms": ("ssh-rsa*", "ssh-dss*"),
    "pubkeyacceptedalgorithms": ("ssh-rsa*", "ssh-dss*"),
}
"""By setting of ``sshd -T`` the names, as shell patterns, that nobody should be able to choose: broken digests and
ciphers (RFC 9142 section 4, RFC 8758, NIST SP 800-131A), and Diffie-Hellman over integers, whose groups are files of
the machine (moduli(5)). Names that are new count as sound, as the next OpenSSH brings some.
"""

HYBRID = ("mlkem*", "sntrup*")
"""Key exchanges that a quantum computer does not undo later: what is recorded today stays secret."""

RSA_BITS = 3072
"""Of a key of an account or of the machine, at least (NIST SP 800-57 part 1, 128 bits of security)."""

CONSOLE = "imrs-console"
"""The account that may have a password, for the console alone (role hardening)."""

LATE = 300.0
"""Seconds that a line of the log may wait: the server may start anew, and its unit here tries each minute."""

AUDIT = (
    ("enabled", ("1", "2"), "nothing is recorded"),
    ("failure", ("0", "1"), "the kernel panics for a record that is lost"),
    ("backlog_wait_time", ("0",), "programs wait when auditd is slow"),
)
"""Of the kernel's audit: setting, what it may be, and what else comes of it (auditctl(8))."""

ARP = {"arp_ignore": 1, "arp_announce": 2}
"""Least values for all interfaces (ip-sysctl of the Linux kernel): the higher of ``all`` and the interface's own
counts."""


def _any(name: str, patterns: t.Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _no_server(machine: t.Mapping[str, t.Any]) -> bool:
    listening = any(row["process"] == "sshd" for row in machine["sockets"])
    return not listening and "sshd: No such" in machine["sshd_error"]


@check(
    "HD-10",
    "SSH has no weak algorithm",
    severity="W",
    source="requirements HD-04; RFC 9142; RFC 8758; sshd_config(5)",
    functions=FUNCTIONS,
)
def algorithms(evidence: Evidence, expected: Expected) -> Verdict:
    """sshd -T: no broken key exchange, cipher, MAC or signature is taken, one exchange is hybrid with a post-quantum
    one, and RSA keys have 3072 bits.
    """
    machine = evidence.section("node", "host")
    settings = machine["sshd"]
    if settings is None:
        if _no_server(machine):
            return skipped("there is no SSH server on this machine")
        raise Missing(f"sshd -T: {machine['sshd_error'] or 'no output'}")
    unknown = [name for name in (*WEAK, "requiredrsasize") if name not in settings]
    if unknown:
        raise Missing(f"sshd -T says nothing of {', '.join(unknown)}")
    offered = {name: settings[name].split(",") for name in WEAK}
    problems = [
        f"{name} has {', '.join(weak)}"
        for name, patterns in WEAK.items()
        if (weak := [each for each in offered[name] if _any(each, patterns)])
    ]
    if not any(_any(name, HYBRID) for name in offered["kexalgorithms"]):
        problems.append("kexalgorithms has none that a quantum computer does not undo (mlkem768x25519-sha256)")
    if not settings["requiredrsasize"].isdigit() or int(settings["requiredrsasize"]) < RSA_BITS:
        problems.append(f"requiredrsasize is {settings['requiredrsasize']}")
    return verdict(problems, f"{offered['kexalgorithms'][0]} first")


@check(
    "HD-11",
    "No redirect is believed",
    severity="W",
    source="RFC 1812 section 5.2.7.2; RFC 4861 section 8; ip-sysctl of the Linux kernel",
    functions=FUNCTIONS,
)
def redirects(evidence: Evidence, expected: Expected) -> Verdict:
    """No interface takes ICMP redirects, of either family. By them somebody on the link could lead answers elsewhere.

    Each interface counts: IPv4 takes them when ``all`` or the interface's own is on, IPv6 by the interface's own alone.
    """
    found = evidence.section("node", "host")["redirects"]
    return verdict([f"/proc/sys/{setting} is on" for setting in found], "redirects are taken on no interface")


@check(
    "HD-12",
    "ARP speaks of the link's own addresses",
    severity="W",
    source="RFC 826; ip-sysctl of the Linux kernel (arp_ignore, arp_announce)",
    functions=FUNCTIONS,
)
def arp(evidence: Evidence, expected: Expected) -> Verdict:
    """Who asks the link for a service address gets no answer; questions for the gateway come from the link's address.

    Otherwise a host could reach the node past BGP, and a router that keeps to its prefix would not answer the question
    for its own address while it comes from an anycast one.
    """
    settings = evidence.section("node", "host")["sysctls"]
    problems = []
    for name, least in ARP.items():
        value = settings.get(f"net.ipv4.conf.all.{name}") or "unknown"
        if not value.isdigit() or int(value) < least:
            problems.append(f"{name} is {value}")
    return verdict(problems, "the link's own addresses only")


@check(
    "HD-13",
    "Nobody has a way in of his own",
    severity="W",
    source="requirements HD-04, OB-04; ICANN FAQ q15; sshd_config(5)",
    functions=FUNCTIONS,
)
def ways_in(evidence: Evidence, expected: Expected) -> Verdict:
    """sshd lets in named accounts or groups only, root alone may write their files of keys, no account but the
    console's has a password, and none but root has its number.
    """
    machine = evidence.section("node", "host")
    found = machine["logins"]
    if found is None:
        if _no_server(machine):
            return skipped("there is no SSH server on this machine")
        raise Missing(f"sshd -T: {machine['sshd_error'] or 'no output'}")
    if found["passwords"] is None:
        raise Missing("which accounts have a password could not be read")
    problems = [] if any(found["allowed"].values()) else ["sshd lets in every account that has a key"]
    problems += [f"{path} can be written by others than root" for path in found["own_keys"]]
    problems += [f"{name} has a password" for name in found["passwords"] if name != CONSOLE]
    problems += [f"{name} is root by its number" for name in found["superusers"]]
    users, groups = found["allowed"]["users"], [f"group {name}" for name in found["allowed"]["groups"]]
    return verdict(problems, f"{', '.join((*users, *groups))} only, without a password")


@check(
    "HD-15",
    "The log is sent to the log server",
    severity="W",
    source="requirements section 2 (logs); systemd-journal-upload.service(8)",
    functions=FUNCTIONS,
)
def forwarded(evidence: Evidence, expected: Expected) -> Verdict:
    """imrs-log.service runs, and no line of the log has waited for the log server for 5 minutes, so that of a node that
    is gone it is known what happened.

    A warning, ever: who is on the way to that server, or stops it, changes nothing of what the node answers.
    """
    if not expected.log_server:
        return skipped("the fleet names no log server (log_server)")
    found = evidence.section("node", "log")
    problems = [] if found["active"] == "active" else [f"imrs-log.service is {found['active'] or 'unknown'}"]
    if found["waits"] is None:
        problems.append(f"{expected.log_server} has taken nothing yet")
    elif found["waits"] >= LATE:
        problems.append(f"a line has waited for {expected.log_server} for {found['waits']:.0f} s")
    return verdict(problems, f"{expected.log_server} has all but the last {found['waits'] or 0:.1f} s")


@check(
    "HD-18",
    "What people do on the node is on record",
    severity="W",
    source="requirements section 2 (logs); audit.rules(7), auditctl(8)",
    functions=FUNCTIONS,
)
def recorded(evidence: Evidence, expected: Expected) -> Verdict:
    """The kernel has the audit rules of role hardening, all of them and no others; auditd takes what they find; no
    program waits for it, and the kernel does not panic. A container has the kernel of its host.

    A warning: a record says what was done, and neither answers nor announces.
    """
    container = evidence.section("node", "host")["container"]
    if container:
        return skipped(f"a container ({container}) has the kernel of the machine that runs it")
    found = evidence.section("node", "audit")
    status = found["status"]
    if found["wanted"] is None:
        raise Missing("the rules of role hardening are not there (/etc/imrs-audit/imrs.rules)")
    problems = [
        f"{name} is {status.get(name, 'unknown')}: {why}" for name, right, why in AUDIT if status.get(name) not in right
    ]
    if not status.get("pid", "0").strip("0"):
        problems.append("nobody takes the records: systemctl status auditd")
    problems += [f"not loaded: {rule}" for rule in found["wanted"] if rule not in found["loaded"]]
    problems += [f"not ours: {rule}" for rule in found["loaded"] if rule not in found["wanted"]]
    return verdict(
        problems, f"{len(found['loaded'])} rules, {status.get('lost', 'unknown')} records lost since the boot"
    )


CHECKS = (algorithms, redirects, arp, ways_in, forwarded, recorded)

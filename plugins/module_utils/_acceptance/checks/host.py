# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The machine (requirements sections 3.1 and 3.3): who listens, who may log in, what filters, what is pinned."""

# ruff: noqa: ARG001 - every judge has the one signature (evidence, expected)

from __future__ import annotations

import ipaddress
import typing as t

from ..check import FUNCTIONS, ROUTER, Verdict, check, passed, skipped, verdict
from ..evidence import Missing

if t.TYPE_CHECKING:
    from ..evidence import Evidence
    from ..expected import Expected

_BUNDLES = ("gate", "hardening", "network", "routing")

EPHEMERAL = 32768
"""The lowest port that Linux gives to a socket by itself."""

SSHD = {
    "passwordauthentication": "no",
    "kbdinteractiveauthentication": "no",
    "permitrootlogin": "no",
    "permitemptypasswords": "no",
}


def bundles(expected: Expected) -> tuple[str, ...]:
    """The roles that write files on this appliance, each as the bundle of its name."""
    nameserver = ("nameserver",) if expected.nameserver else ()
    return tuple(sorted((*_BUNDLES, *nameserver, *(("time",) if expected.time_sources else ()))))


def _local(address: str) -> bool:
    """Can nobody outside reach this socket?"""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _bfd(expected: Expected, protocol: str, address: str, port: int, process: str) -> bool:
    """A socket of BFD where a session has it: one that listens, or that speaks from the session's address.

    One session is enough for all listening sockets; the packet filter says who reaches them.
    """
    watched, bfd = {peer.local_address for peer in expected.peers if peer.bfd}, expected.routing.bfd
    watched |= {member.local_address for member in expected.members if member.bfd}
    if bfd is None or not watched or (protocol, process) != ("udp", bfd.process):
        return False
    return port in bfd.ports or (address in watched and port >= EPHEMERAL)


@check("HD-01", "Only the expected sockets listen", source="requirements HD-01", functions=FUNCTIONS)
def listeners(evidence: Evidence, expected: Expected) -> Verdict:
    """DNS on the service addresses, where NOTIFY arrives and for the identity zone, BGP, BFD where agreed, SSH, and no
    more; loopback aside. A router has no DNS.
    """
    rows = evidence.section("node", "host")["sockets"]
    if not rows:
        raise Missing("the listening sockets could not be read")
    problems = []
    heard = set()
    bgp, dns = expected.routing.process, expected.nameserver.process if expected.nameserver else None
    identity = expected.identity_zone.addresses if expected.identity_zone else ()
    more = {(entry.protocol, entry.port): entry.process for entry in expected.listeners}
    for row in rows:
        protocol, address, port, process = (
            row["protocol"],
            row["address"],
            row["port"],
            row["process"].partition(":")[0],
        )
        if _local(address):
            continue
        if port == 53 and address in expected.addresses and process == dns:
            heard.add((protocol, address))
        elif (
            (port == 53 and address in {*expected.notify_addresses, *identity} and process == dns)
            or (protocol, port, process) == ("tcp", 22, "sshd")
            or (protocol == "tcp" and port == 179 and process == bgp)
            or _bfd(expected, protocol, address, port, process)
        ):
            continue
        elif (protocol, port) not in more or more[protocol, port] not in {"", process}:
            problems.append(f"{process or 'something'} on {protocol} {address} port {port}")
    for address in expected.addresses if dns else ():
        problems += [f"nothing on {how} {address} port 53" for how in ("udp", "tcp") if (how, address) not in heard]
    return verdict(problems, f"{len(rows)} sockets, all expected")


@check(
    "HD-04", "SSH takes keys only, and not for root", source="requirements HD-04; ICANN FAQ q15", functions=FUNCTIONS
)
def ssh(evidence: Evidence, expected: Expected) -> Verdict:
    """sshd -T: no password, no keyboard-interactive, no empty password, no root login."""
    machine = evidence.section("node", "host")
    settings = machine["sshd"]
    if settings is None:
        if not any(row["process"] == "sshd" for row in machine["sockets"]) and "sshd: No such" in machine["sshd_error"]:
            return skipped("there is no SSH server on this machine")
        raise Missing(f"sshd -T: {machine['sshd_error'] or 'no output'}")
    problems = [
        f"{name} {settings.get(name, 'unknown')}" for name, wanted in SSHD.items() if settings.get(name) != wanted
    ]
    return verdict(problems, "keys only, no root")


def _untracked(ruleset: t.Sequence[t.Mapping[str, t.Any]], *, whole: bool) -> set[tuple[str, str, str]]:
    """What is taken out of connection tracking: ``(hook, protocol, "dport" or "sport")`` for port 53.

    ``whole``: a rule without a port takes all of them out, those of questions when it is about a destination, of
    answers when it is about a source.
    """
    hooks = {
        (chain["family"], chain["table"], chain["name"]): chain["hook"]
        for entry in ruleset
        if (chain := entry.get("chain")) and chain.get("hook")
    }
    found = set()
    for rule in (entry["rule"] for entry in ruleset if "rule" in entry):
        expressions = rule.get("expr", [])
        hook = hooks.get((rule["family"], rule["table"], rule["chain"]))
        if hook is None or not any("notrack" in expression for expression in expressions):
            continue
        matches = [expression["match"] for expression in expressions if "match" in expression]
        payloads = [_payload(match) for match in matches]
        ports = not whole or any(payload.get("field") in {"dport", "sport"} for payload in payloads)
        for match, payload in zip(matches, payloads, strict=True):
            if not ports and match.get("op") == "==" and (field := _WHOLE.get(str(payload.get("field")))):
                found |= {(hook, protocol, field) for protocol in ("udp", "tcp")}
            if payload.get("field") in {"dport", "sport"} and match.get("op") == "==" and 53 in _ports(match["right"]):
                for protocol in _protocols(payload["protocol"], matches):
                    found.add((hook, protocol, payload["field"]))
    return found


_WHOLE = {"daddr": "dport", "saddr": "sport"}


def _payload(match: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any]:
    """What of a packet is compared."""
    left = match.get("left")
    return left.get("payload", {}) if isinstance(left, dict) else {}


def _ports(right: t.Any) -> list[t.Any]:
    """The ports of a match: one, or a set."""
    if isinstance(right, dict):
        return list(right.get("set", []))
    return [right]


def _protocols(named: str, matches: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """``th dport`` speaks of any transport; the match on ``meta l4proto`` beside it says which."""
    if named != "th":
        return [named]
    for match in matches:
        left = match.get("left")
        if isinstance(left, dict) and left.get("meta", {}).get("key") == "l4proto":
            return [str(protocol) for protocol in _ports(match["right"])]
    return ["udp", "tcp"]


def _tracks(ruleset: t.Sequence[t.Mapping[str, t.Any]]) -> bool:
    """Does any rule or chain make the kernel track connections?"""
    chains = [entry["chain"] for entry in ruleset if "chain" in entry]
    rules = [entry["rule"] for entry in ruleset if "rule" in entry]
    return any(chain.get("type") == "nat" for chain in chains) or "'ct'" in repr(rules)


@check(
    "HD-02",
    "The packet filter drops what is not named",
    source="requirements HD-02; ICANN FAQ q16",
    functions=FUNCTIONS,
)
def filtered(evidence: Evidence, expected: Expected) -> Verdict:
    """There is an input chain for both families whose policy is drop."""
    machine = evidence.section("node", "host")
    if machine["nft"] is None:
        raise Missing(f"the packet filter could not be read: {machine['nft_error'] or 'no output'}")
    chains = [entry["chain"] for entry in machine["nft"].get("nftables", []) if "chain" in entry]
    dropping = [c for c in chains if (c.get("hook"), c.get("policy"), c["family"]) == ("input", "drop", "inet")]
    return verdict([] if dropping else ["no input chain drops by default"], "dropped unless named")


@check(
    "HD-06",
    "Port 53 is not tracked, SYN cookies are on",
    source="requirements HD-06; RFC 7720 section 3",
    functions=FUNCTIONS,
)
def untracked(evidence: Evidence, expected: Expected) -> Verdict:
    """notrack for UDP and TCP port 53, in and out, or no connection tracking at all; tcp_syncookies = 1.

    Through a router, questions and answers both come in.
    """
    machine = evidence.section("node", "host")
    if machine["nft"] is None:
        raise Missing(f"the packet filter could not be read: {machine['nft_error'] or 'no output'}")
    ruleset = machine["nft"].get("nftables", [])
    problems = []
    if _tracks(ruleset):
        have = _untracked(ruleset, whole=expected.function == ROUTER)
        out = "output" if expected.nameserver else "prerouting"
        for hook, field in (("prerouting", "dport"), (out, "sport")):
            problems += [
                f"{protocol} {field} 53 is tracked ({hook})"
                for protocol in ("udp", "tcp")
                if (hook, protocol, field) not in have
            ]
    cookies = machine["sysctls"].get("net.ipv4.tcp_syncookies")
    if cookies != "1":
        problems.append(f"tcp_syncookies is {cookies}")
    return verdict(problems, "port 53 untracked, SYN cookies on")


@check("OS-03", "Daemons are pinned", source="RIPE NCC 2024 post-mortem; requirements OS-03", functions=FUNCTIONS)
def held(evidence: Evidence, expected: Expected) -> Verdict:
    """The packages of the name server, if there has to be one, and of the routing daemon are installed and on hold."""
    machine = evidence.section("node", "host")
    if machine["held"] is None:
        raise Missing("apt-mark did not say what is on hold")
    problems = []
    told = []
    for product in filter(None, (expected.nameserver, expected.routing)):
        names = [name for name in product.versions if name in machine["packages"]]
        if not names:
            problems.append(f"no package of {product.name} is installed")
        problems += [f"{name} is not on hold" for name in names if name not in machine["held"]]
        told += [f"{name} {machine['packages'][name]}" for name in names]
    return passed(", ".join(told)) if not problems else verdict(problems, "")


@check("OS-05", "Files are as the roles rendered them", source="requirements OS-05", functions=FUNCTIONS)
def as_rendered(evidence: Evidence, expected: Expected) -> Verdict:
    """Every bundle of the roles has a manifest on the node, and every file is as its manifest says, byte for byte."""
    found = evidence.section("node", "bundles")
    problems = [
        f"role {name} has written nothing" for name in bundles(expected) if not found.get(name, {}).get("files")
    ]
    problems += [f"{path}: {said}" for bundle in found.values() for path, said in bundle["other"].items()]
    return verdict(problems, f"{sum(bundle['files'] for bundle in found.values())} files as rendered")


CHECKS = (listeners, filtered, ssh, untracked, held, as_rendered)

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What has to pass between an appliance and the world, in both directions: for whoever keeps filters on the way.

The appliances filter for themselves (role `network`); in front of them there is no firewall (FAQ q16). Sources:
requirements section 2 (firewall), RFC 7720 section 3 (answer everybody), RFC 9210 (TCP), RFC 4890 (ICMPv6),
RFC 5881 and 5883 (BFD).
"""

from __future__ import annotations

import typing as t

from .. import _addressing as addressing
from .language import ENGLISH, Translator, msg

if t.TYPE_CHECKING:
    from .._site.contract import SiteRecord

Row = dict[str, t.Any]

ANYWHERE = msg("anywhere")
EVERY = msg("every address of the appliance")
BMC_PORTS = "22, 443"
NTS_PORT = "4460"
"""Of key establishment (RFC 8915 section 7.2)."""

SERVICE = msg("service addresses")
UPLINK = msg("appliance's uplink")
MANAGEMENT = msg("appliance's management")
CONSOLE = msg("appliance's console (BMC)")
YOURS = msg("your routers")
OURS = msg("our BGP speakers")
MASTERS = msg("zone masters")
OPERATORS = msg("ICANN's operators")


def groups(record: SiteRecord) -> dict[str, list[str]]:
    """Addresses and networks by the name that the table uses for them, as one would write them into an access list."""
    nodes, sessions = record["nodes"], record["sessions"]
    found = {
        SERVICE: _flat(record["anycast_addresses"]),
        UPLINK: [
            address
            for node in nodes
            for address in _bare(node["uplink"]["addresses"])
            if not addressing.is_link_local(address)  # of the sessions alone
        ],
        MANAGEMENT: [address for node in nodes for address in _bare(node["management"]["addresses"])],
        CONSOLE: [node["bmc"] for node in nodes if node["bmc"]],
        YOURS: [session.address for session in sessions],
        OURS: [session.local_address for session in sessions],
        MASTERS: [address for master in record["masters"] for address in master["addresses"]],
        OPERATORS: _flat(record["operator_networks"]),
    }
    return {name: list(dict.fromkeys(addresses)) for name, addresses in found.items() if addresses}


def table(record: SiteRecord, tr: Translator = ENGLISH) -> list[Row]:
    """Rows ``{direction, title, protocol, port, from, to, why}``; direction ``in`` (to us), ``out``, ``both``.

    ``from`` and ``to`` hold names of groups, or addresses where only some of a group are meant.
    """
    known = groups(record)
    names = {ANYWHERE, EVERY, *known}
    rows = [
        _row("in", "UDP, TCP", "53", (ANYWHERE, SERVICE), tr("DNS queries, from any source port")),
        _row(
            "out",
            "UDP, TCP",
            tr("any (from 53)"),
            (SERVICE, ANYWHERE),
            tr("The answers. Large ones come in fragments or over TCP; nothing on the way may keep state for them"),
        ),
        *_routing(record, known, tr),
        _row(
            "both",
            "ICMP, ICMPv6",
            "",
            (ANYWHERE, EVERY),
            tr(
                "Fragmentation needed, packet too big, time exceeded, parameter problem, echo: without them large "
                "answers get lost. On the link, neighbour discovery"
            ),
        ),
        *_zones(record, tr),
        *_upkeep(record, known, tr),
    ]
    titles = {"in": tr("In"), "out": tr("Out"), "both": tr("Both")}
    return [
        {
            **row,
            "title": titles[row["direction"]],
            **{end: [tr(text) if text in names else text for text in row[end]] for end in ("from", "to")},
        }
        for row in rows
    ]


def _row(direction: str, protocol: str, port: str, ends: tuple[str | list[str], str | list[str]], why: str) -> Row:
    source, target = ([end] if isinstance(end, str) else list(dict.fromkeys(end)) for end in ends)
    return {"direction": direction, "protocol": protocol, "port": port, "from": source, "to": target, "why": why}


def _bare(interfaces: t.Iterable[str]) -> list[str]:
    return [text.partition("/")[0] for text in interfaces]


def _flat(by_family: t.Mapping[str, t.Sequence[str]]) -> list[str]:
    return [text for family in addressing.FAMILIES for text in by_family[family]]


def _routing(record: SiteRecord, known: t.Mapping[str, list[str]], tr: Translator) -> t.Iterator[Row]:
    sessions = record["sessions"]
    if sessions:
        yield _row("both", "TCP", "179", (YOURS, OURS), tr("BGP; either side may open the session"))
    for hops, port, why in (
        (False, "3784, 3785", tr("BFD with a direct neighbour (RFC 5881): control with TTL 255, echo with 254 or 255")),
        (True, "4784", tr("BFD over several hops (RFC 5883)")),
    ):
        found = [each for each in sessions if each.bfd and (each.multihop is not None) is hops]
        if found:
            yours, ours = [each.address for each in found], [each.local_address for each in found]
            ends = YOURS if set(yours) == set(known[YOURS]) else yours, OURS if set(ours) == set(known[OURS]) else ours
            yield _row("both", "UDP", port, ends, why)


def _zones(record: SiteRecord, tr: Translator) -> t.Iterator[Row]:
    masters = record["masters"]
    clear = [(master["port"], master) for master in masters if not master["tls"]]
    asked = [(master["port"], master) for master in masters if master["tls"]]
    over_tls = [(master["tls"]["port"], master) for master in masters if master["tls"]]
    for some, protocol, what in (
        (clear, "TCP, UDP", msg("Zone transfers from %(masters)s, signed with keys of the appliance")),
        (asked, "TCP, UDP", msg("Questions for new zones to %(masters)s, signed with keys of the appliance")),
        (over_tls, "TCP", msg("Zone transfers over TLS from %(masters)s, signed with keys of the appliance")),
    ):
        for port in sorted({port for port, _ in some}):
            there = [master for its, master in some if its == port]
            every = len(there) == len(masters)
            target = MASTERS if every else [text for master in there for text in master["addresses"]]
            why = tr(what, masters=tr.listed(master["name"] for master in there))
            yield _row("out", protocol, str(port), (UPLINK, target), why)
    yield _row("in", "UDP, TCP", "53", (MASTERS, UPLINK), tr("NOTIFY: the word that a new root zone is there"))


def _upkeep(record: SiteRecord, known: t.Mapping[str, list[str]], tr: Translator) -> t.Iterator[Row]:
    if OPERATORS in known:
        yield _row("in", "TCP", "22", (OPERATORS, MANAGEMENT), tr("SSH, for ICANN's engineers only, with keys only"))
    if OPERATORS in known and CONSOLE in known:
        yield _row(
            "in", "TCP", BMC_PORTS, (OPERATORS, CONSOLE), tr("Console and power control while the system is down")
        )
    for protocol, port in (("UDP", "123"), *([("TCP", NTS_PORT)] if record["time_signed"] else [])):
        yield _row("out", protocol, port, (UPLINK, ANYWHERE), tr("NTP: the clock, which signatures depend on"))
    if log := record["log_server"]:
        yield _row("out", "TCP", str(log["port"]), (UPLINK, log["addresses"]), tr("The appliance's log, over TLS"))
    yield _row("out", "TCP", "443, 80", (UPLINK, ANYWHERE), tr("Packages of the operating system"))
    yield _row(
        "out", "UDP, TCP", "53", (UPLINK, ANYWHERE), tr("The appliance's own look-ups, of time and package servers")
    )

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Evidence of one scope: everything that verdicts need from the node, the vantage or the host's router."""

from __future__ import annotations

import time
import types
import typing as t
from concurrent import futures

from .. import _addressing as addressing
from .. import _products as products
from . import (
    checksums,
    datagrams,
    forwarded,
    hardware,
    host,
    host_router,
    query,
    readers,
    signed,
    state,
    streams,
    system,
    trail,
    whole,
    zone,
)

FORMAT = 3
"""Version of the shape of evidence; a judge refuses any other."""

VANTAGE_RATE = 120.0
"""Questions a second from outside: the lowest rate limit, 200 answers a second for a /24, must never be met."""

PATIENCE = 60.0
"""Seconds that a zone may take from the masters to the node, and a session to come up (requirements ZI-01)."""

SPREAD = 64
"""How often a question is asked until the node gets it. Of eight nodes, one gets none of so many 2 times in 10,000."""

Commands = t.Mapping[str, t.Sequence[str]]
"""Other ways to ask the daemons, for tests: ``nameserver``, ``routing``, ``host_router``; ``configuration`` (of the
routing daemon), ``bundles`` and ``keys`` are paths."""


def _base(scope: str, stage: str, expected: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What all evidence says of itself. Time is evidence: verdicts have no clock."""
    return {
        "format": FORMAT,
        "scope": scope,
        "stage": stage,
        "node": expected["node_name"],
        "collected_at": round(time.time(), 3),
    }


def node(  # noqa: PLR0913 - all but four are options
    stage: str,
    expected: t.Mapping[str, t.Any],
    questions: t.Sequence[query.Question],
    transfers: t.Sequence[signed.Question] = (),
    *,
    commands: Commands | None = None,
    patience: float = PATIENCE,
    certified: t.Collection[str] = (),
    examples: t.Mapping[str, t.Sequence[str]] | None = None,
) -> dict[str, t.Any]:
    """Evidence of the node itself; probes of different subjects run side by side.

    ``transfers`` are asked of the masters, signed with the nameserver's own keys. ``certified``: marks of the sessions
    that are waited for; where there is none, all are. ``examples``, by family: prefixes of which the routing daemon is
    asked whether it would take them from its peers.

    What is on its way (a zone transfer, a session) is waited for, ``patience`` seconds at most: evidence of the
    moment in between would say nothing of the node.
    """
    commands = commands or {}
    evidence, started = _base("node", stage, expected), time.monotonic()
    deadline = started + patience
    physical = expected.get("hardware") or {}
    looked = hardware.look(physical)  # the longer all else takes, the more has come in at the second look
    with futures.ThreadPoolExecutor(max_workers=6) as pool:
        machine = pool.submit(host.read, host.run, _prefixes(expected))
        parts = pool.submit(hardware.read)
        routing = pool.submit(_routing, expected, commands, deadline, certified, examples or {})
        if expected["nameserver_provider"]:  # else it is a router
            evidence |= _nameserver(expected, questions, transfers, commands, deadline, pool)
        evidence["bundles"] = state.manifests(commands.get("bundles", (state.STATE,))[0])
        evidence["system"] = system.read(_daemons(expected))
        evidence["audit"] = trail.read()
        evidence["log"] = forwarded.read() if expected.get("log_server") else None
        evidence["host"] = machine.result()
        evidence["routing"] = routing.result()
        evidence["hardware"] = {**parts.result(), "links": hardware.links(physical, looked)}
    evidence["seconds"] = round(time.monotonic() - started, 3)
    return evidence


def _daemons(expected: t.Mapping[str, t.Any]) -> list[products.Product]:
    """What the node runs; a router has no nameserver."""
    kinds = (products.NAMESERVER, products.ROUTING)
    chosen = ((kind, expected[f"{kind}_provider"]) for kind in kinds)
    return [products.named(kind, name) for kind, name in chosen if name]


def _nameserver(
    expected: t.Mapping[str, t.Any],
    questions: t.Sequence[query.Question],
    transfers: t.Sequence[signed.Question],
    commands: Commands,
    deadline: float,
    pool: futures.Executor,
) -> dict[str, t.Any]:
    """What it answers, what its masters answer, and the zones that it has."""
    nameserver = products.named(products.NAMESERVER, expected["nameserver_provider"])
    control, keys = commands.get("nameserver", nameserver.control), commands.get("keys", (nameserver.keys,))[0]
    addresses = [address for family in addressing.FAMILIES for address in expected["service_addresses"].get(family, ())]
    first = [address for family in addressing.FAMILIES for address in expected["service_addresses"].get(family, ())[:1]]
    with streams.Idle(first) as idle:  # the longer all else takes, the more is seen of them
        talks = pool.submit(streams.ask, first, int(expected.get("tcp_clients") or 0))
        exchanges = _asked(questions, deadline)
        asked = pool.submit(signed.ask_all, transfers, keys, _serials(exchanges), deadline)
        odd = pool.submit(datagrams.ask, addresses)
        sums = pool.submit(checksums.sent, addresses)
        zones = zone.read(nameserver.name, expected["zones"], expected["trust_anchors"], control, addresses)
        found = {"exchanges": exchanges, "zones": zones, "transfers": asked.result(), "datagrams": odd.result()}
        found["checksums"] = sums.result()
        configured = readers.nameserver(nameserver.name).idle_timeout(control)
        return {**found, "streams": [*talks.result(), *({**row, "configured": configured} for row in idle.read())]}


def _asked(questions: t.Sequence[query.Question], deadline: float) -> list[dict[str, t.Any]]:
    """All exchanges; asked again while a zone is on its way from the masters, for evidence of one moment."""
    while True:
        exchanges = query.ask_all(questions, workers=40)
        if _settled(exchanges) or time.monotonic() > deadline:
            return exchanges
        time.sleep(1)


def _settled(exchanges: t.Iterable[t.Mapping[str, t.Any]]) -> bool:
    """Whether the node and its masters answer for every zone, all with one serial."""
    serials: dict[str, set[int | None]] = {}
    for exchange in exchanges:
        if exchange["probe"] in ("soa", "zone_soa", "master_soa"):
            serials.setdefault(exchange["query"]["name"], set()).add(query.serial(exchange))
    return all(len(found) == 1 and None not in found for found in serials.values())


def _serials(exchanges: t.Iterable[t.Mapping[str, t.Any]]) -> dict[str, int]:
    """The serial of every zone that the node has."""
    found = {}
    for exchange in exchanges:
        if exchange["probe"] in ("soa", "zone_soa") and (serial := query.serial(exchange)) is not None:
            found[exchange["query"]["name"]] = serial
    return found


def _routing(
    expected: t.Mapping[str, t.Any],
    commands: Commands,
    deadline: float,
    certified: t.Collection[str] = (),
    examples: t.Mapping[str, t.Sequence[str]] = types.MappingProxyType({}),
) -> dict[str, t.Any]:
    """The node's routing daemon."""
    product = products.named(products.ROUTING, expected["routing_provider"])
    reader, command = readers.sessions(product.name), commands.get("routing", product.control)
    path = commands.get("configuration", ("",))[0]
    peers = [peer for peer in expected["peers"] if not certified or peer["mark"] in certified]
    while True:
        seen = reader.read(host.run, command, path, _prefixes(expected))
        if "error" in seen or (_watched(seen, peers) and _sent(seen, peers)) or time.monotonic() > deadline:
            break
        time.sleep(0.25)
    if "error" in seen or not examples:
        return seen
    addresses = {peer["address"] for peer in expected["peers"]}
    hosts = [session for session in seen["sessions"] if session.get("neighbor") in addresses]
    return {**seen, "takes": reader.takes(hosts, examples, host.run, command)}


def _watched(seen: t.Mapping[str, t.Any], peers: t.Iterable[t.Mapping[str, t.Any]]) -> bool:
    """Whether every session is up, and watched by BFD as fast as agreed where it should be.

    BFD is slow until both sides have seen each other (RFC 5880 section 6.8.3), and BGP does not wait for it.
    """
    up = {session.get("neighbor") for session in seen["sessions"] if session.get("bgp_state") == "Established"}
    times = {session["address"]: session["timeout_ms"] for session in seen["bfd"] if session["state"] == "Up"}
    for peer in peers:
        agreed = peer.get("bfd")
        late = agreed and not 0 < times.get(peer["address"], 0) <= agreed["interval_ms"] * agreed["multiplier"]
        if peer["address"] not in up or late:
            return False
    return True


def _sent(seen: t.Mapping[str, t.Any], peers: t.Iterable[t.Mapping[str, t.Any]]) -> bool:
    """Whether what is meant for the peers has been sent: one may count it then, and wait for more to go with it."""
    addresses = {peer["address"] for peer in peers}
    return all(
        sum(channel.get("routes", {}).get("exported", 0) for channel in session.get("channels", ()))
        == len(seen.get("exports", {}).get(session.get("name")) or ())
        for session in seen["sessions"]
        if session.get("neighbor") in addresses
    )


def _prefixes(expected: t.Mapping[str, t.Any]) -> dict[str, list[str]]:
    """Our prefixes by family, covering ones first."""
    return {
        family: [*given.get("covering", ()), *given.get("specific", ())]
        for family, given in expected["prefixes"].items()
    }


def vantage(
    stage: str,
    expected: t.Mapping[str, t.Any],
    questions: t.Sequence[query.Question],
    patience: float = PATIENCE,
    together: t.Sequence[query.Question] = (),
) -> dict[str, t.Any]:
    """Evidence of a machine outside the node: the same questions, at a pace no rate limit notices; then those that go
    ``together`` over one TCP connection for each address, and one more each over UDP, for the answer's checksum.

    Routes take their time from router to router, and a packet may be lost on the way: until every question is answered,
    and by this node, all are asked again, for ``patience`` seconds at most. ``tries`` says how often they were.

    The routers of a cluster send a question to any of its nodes. Those that ask who answers are asked from ever new
    ports until it is this node; for one of the routers, any node will do.
    """
    evidence, started = _base("vantage", stage, expected), time.monotonic()
    tries, answerers = 0, [expected["node_name"]]
    if expected.get("function") == "router":  # who answers is the routers' choice
        answerers = list(expected["siblings"])
    while True:
        tries += 1
        exchanges = query.ask_all(questions, workers=8, per_second=VANTAGE_RATE)
        _past(exchanges, questions, set(expected.get("siblings") or ()) - set(answerers))
        if _reached(exchanges, answerers) or time.monotonic() > started + patience:
            break
        time.sleep(1)
    evidence["exchanges"], evidence["tries"] = exchanges, tries
    others = set(expected.get("siblings") or ()) - set(answerers)
    evidence["whole"] = whole.ask(together, others, SPREAD)
    evidence["checksums"] = checksums.arrived(list(dict.fromkeys(question["server"] for question in together)))
    evidence["seconds"] = round(time.monotonic() - started, 3)
    return evidence


def _past(
    exchanges: list[dict[str, t.Any]], questions: t.Sequence[query.Question], siblings: t.Collection[str]
) -> None:
    """Ask those ``questions`` again whose exchange, at the same place, is with a sibling; in place."""
    for _more in range(SPREAD if siblings else 0):
        again = [at for at, exchange in enumerate(exchanges) if query.answered_by(exchange) in siblings]
        if not again:
            break
        answers = query.ask_all([questions[at] for at in again], workers=8, per_second=VANTAGE_RATE)
        for at, answer in zip(again, answers, strict=True):
            exchanges[at] = answer


def _reached(exchanges: t.Iterable[t.Mapping[str, t.Any]], answerers: t.Collection[str]) -> bool:
    """Whether every question that is waited for has an answer, and one of ``answerers`` gave those that say who did."""
    return all(
        exchange["answer"] and (not exchange["query"].get("nsid") or query.answered_by(exchange) in answerers)
        for exchange in exchanges
        if not exchange["query"].get("optional")
    )


def router(
    stage: str,
    expected: t.Mapping[str, t.Any],
    announced: t.Mapping[str, t.Collection[str]],
    commands: Commands | None = None,
    patience: float = PATIENCE,
    certified: t.Collection[str] = (),
) -> dict[str, t.Any]:
    """Evidence of the host's router: what it has from the node.

    ``announced``, by family, is waited for in the sessions whose marks are ``certified``, ``patience`` seconds at most:
    routes are on their way for a while. Where none is, all sessions are waited for.
    """
    evidence, started = _base("router", stage, expected), time.monotonic()
    locals_ = addressing.by_family(peer["local_address"] for peer in expected["peers"])
    while True:
        seen = host_router.received(locals_, host.run, (commands or {}).get("host_router", ()))
        if (
            "error" in seen
            or _received(seen, expected["peers"], announced, certified)
            or time.monotonic() > started + patience
        ):
            break
        time.sleep(0.25)
    evidence["collected_at"] = round(time.time(), 3)
    evidence["host_router"] = seen
    evidence["seconds"] = round(time.monotonic() - started, 3)
    return evidence


def _received(
    seen: t.Mapping[str, t.Any],
    peers: t.Iterable[t.Mapping[str, t.Any]],
    announced: t.Mapping[str, t.Collection[str]],
    certified: t.Collection[str],
) -> bool:
    """Whether every session of this router is up, and has exactly what is announced over it."""
    for peer in peers:
        session, routes = seen["sessions"][peer["local_address"]], seen["routes"][peer["local_address"]]
        if session["address"] not in ("", peer["address"]):
            continue  # of another router
        waited = not certified or peer["mark"] in certified
        due = announced.get(peer["family"], ()) if waited else ()
        if (waited and session["state"] != "Established") or {route["to"] for route in routes} != set(due):
            return False
    return True

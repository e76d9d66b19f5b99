# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What peers tell the node: what came in, how much may, and what would be believed (requirements section 3.6)."""

from __future__ import annotations

import typing as t

from .. import examples
from ..check import FUNCTIONS, Verdict, check
from ..evidence import Missing
from ..peering import Session, inside
from .bgp import each_session, named, options_of

if t.TYPE_CHECKING:
    from ..._site.session import Peer
    from ..evidence import Evidence
    from ..expected import Expected


def _family(prefix: str) -> str:
    """The family of a destination."""
    return "ipv6" if ":" in prefix else "ipv4"


def _channel(session: Session, family: str) -> Session:
    """The channel of one family, or an empty one."""
    return next((channel for channel in session["channels"] if channel["family"] == family), {})


@check("BG-07", "Only what was agreed comes in", source="requirements BG-07; RFC 7454 section 6", functions=FUNCTIONS)
def received(evidence: Evidence, expected: Expected) -> Verdict:
    """Nothing; or at most a default route; or at most as many routes as agreed, none of them ours and no default.

    A default route that was agreed need not be there: the node has one of its own beneath it. Paths begin with the
    peer's AS, unless it is a route server.
    """
    imports = evidence.section("node", "routing")["imports"]

    def rule(peer: Peer, session: Session) -> list[str]:
        count = sum(channel.get("routes", {}).get("imported", 0) for channel in session["channels"])
        routes = imports.get(session["name"])
        if routes is None:
            return ["what it imports could not be listed"] if count or session.get("bgp_state") == "Established" else []
        have = {route["to"] for route in routes}
        ours = {prefix for prefix in have if inside(prefix, expected.ours(_family(prefix)))}
        problems = [f"{named(ours)} came in, which is ours"] if ours else []
        if peer.inbound == "all":
            foreign = have & set(examples.DEFAULT.values())
        else:
            foreign = have - ours - ({examples.DEFAULT[peer.family]} if peer.inbound == "default" else set())
        if foreign:
            problems.append(f"{named(sorted(foreign)[:2])} came in, against inbound {peer.inbound}")
        most = peer.max_prefix or 0
        if max(count, len(have)) > most:
            problems.append(f"{max(count, len(have))} routes, at most {most} with inbound {peer.inbound}")
        if peer.inbound != "none" and not peer.internal:
            first = (options_of(evidence, session) or {}).get("first_as", False)
            if first == peer.route_server:
                problems.append(
                    f"paths {'have to' if first else 'need not'} begin with the peer's AS, against route_server"
                )
        return problems

    return each_session(evidence, expected, rule, "nothing foreign accepted")


@check(
    "BG-08",
    "A peer that tells too much is limited",
    source="requirements BG-08; RFC 7454 section 8",
    functions=FUNCTIONS,
)
def limited(evidence: Evidence, expected: Expected) -> Verdict:
    """Where anything may come in, the daemon that runs has the sheet's limit, and beyond it does what it is configured
    to: it leaves out what is too much, or one that cannot ends the session, and tries again later. A warning limits
    nothing. Read from the daemon: no peer was made to tell too much.
    """

    def rule(peer: Peer, session: Session) -> list[str]:
        if not peer.max_prefix:
            return []
        channel = _channel(session, peer.family)
        limit = channel.get("limits", {}).get("import", "none").split()[0]
        if limit != str(peer.max_prefix):
            return [f"import limit {limit}, {peer.max_prefix} in the sheet"]
        does = channel.get("beyond", {}).get("import")
        if does is None:
            raise Missing(f"{peer.name}: the routing daemon does not tell what it does beyond its limit")
        return [] if does == expected.routing.excess else [f"beyond its limit: {does}, not {expected.routing.excess}"]

    return each_session(evidence, expected, rule, "limited where anything may come in")


@check(
    "BG-09",
    "What no peer may tell would not be believed",
    source="requirements BG-09; RFC 7454 section 6",
    functions=FUNCTIONS,
)
def believed(evidence: Evidence, expected: Expected) -> Verdict:
    """Asked for each session, the daemon that runs would refuse our prefixes, bogons, the link itself, parts of all of
    these, what is longer than everybody takes, and a default route, unless one was agreed; and it would take what was:
    the default route, or with ``inbound: all`` prefixes of other root servers.

    It says so of examples; nobody announced them. Asked is the function, or the prefix list, that decides for the
    filter of the session; that the rest of the filter is as rendered is OS-05's.
    """
    told = evidence.section("node", "routing").get("takes")
    asked = examples.of(expected)

    def rule(peer: Peer, session: Session) -> list[str]:
        found = (told or {}).get(session["name"], {})
        if unknown := [each for each in asked[peer.family] if found.get(each) is None]:
            raise Missing(f"{peer.name}: whether it would take {unknown[0]} could not be asked")
        wanted = examples.wanted(expected, peer)
        taken = [each for each in asked[peer.family] if found[each] and each not in wanted]
        missed = [each for each in asked[peer.family] if not found[each] and each in wanted]
        problems = [f"{named(taken[:2])} would be taken, against inbound {peer.inbound}"] if taken else []
        return [*problems, *([f"{named(missed[:2])} would be refused, against inbound {peer.inbound}"] * bool(missed))]

    return each_session(evidence, expected, rule, f"asked for {sum(map(len, asked.values()))} prefixes")


CHECKS = (received, limited, believed)

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The node's BGP sessions as FRR has them: JSON of ``vtysh`` in the shape that verdicts read. Read for FRR 10.3.

Which password and which TTL a session was given is read from the running configuration, of which only yes, no and
numbers leave this room: never the text, never a key.
"""

from __future__ import annotations

import json
import re
import typing as t

from .._products import FRR
from . import apart, host
from .frr import FAMILIES, load

GATE = "gate"
"""The peer group of the gate's session, which gives the session its name. FRR's other sessions are named by address."""

FEW = 100
"""So many accepted routes of a family are listed in full; of more, only those that a verdict has to see."""

DEFAULTS = {"ipv4": "0.0.0.0/0", "ipv6": "::/0"}

WELL_KNOWN = {
    "graceful-shutdown": "65535:0",
    "blackhole": "65535:666",
    "no-export": "65535:65281",
    "no-advertise": "65535:65282",
    "local-AS": "65535:65283",
    "no-peer": "65535:65284",
}
"""Communities (RFC 1997, 3765, 7999, 8326) that FRR calls by name."""

_NEIGHBOR = re.compile(r"^ neighbor (\S+) (.+)$")
_LIST = re.compile(r"^ip(?:v6)? address prefix-list (\S+)$")
_YIELDS = re.compile(r"^IPv[46] prefix list (\S+) yields (PERMIT|DENY) for (\S+?),?(?: |$)", re.MULTILINE)
_ANY_FIRST_AS = re.compile(r"^ no neighbor (\S+) enforce-first-as$", re.MULTILINE)

Json = t.Mapping[str, t.Any]


def parse_neighbors(neighbors: Json) -> list[dict[str, t.Any]]:
    """``show bgp neighbors json``: every session with its channels, one for each family that it has been given."""
    found = []
    for address, said in neighbors.items():
        if not isinstance(said, dict) or "bgpState" not in said:
            continue
        up = said["bgpState"] == "Established"
        session: dict[str, t.Any] = {
            "name": GATE if said.get("peerGroup") == GATE else address,
            "neighbor": address,
            "bgp_state": said["bgpState"],
            "local_as": said.get("localAs"),
            "neighbor_as": said.get("remoteAs"),
            "source": said.get("hostLocal", ""),
            "channels": [_channel(said, family, up) for family in FAMILIES if _given(said, family) is not None],
            "restarts": _restarts(said),
        }
        if up:  # otherwise FRR tells what it would offer
            session["hold_time"] = said.get("bgpTimerHoldTimeMsecs", 0) // 1000
            session["keepalive_time"] = said.get("bgpTimerKeepAliveIntervalMsecs", 0) // 1000
        elif said.get("lastResetDueTo"):
            session["last_error"] = said["lastResetDueTo"]
        found.append(session)
    return found


def _given(said: Json, family: str) -> Json | None:
    """What a session has been told of a family, or nothing."""
    given: Json | None = said.get("addressFamilyInfo", {}).get(f"{family}Unicast")
    return given


def _channel(said: Json, family: str, up: bool) -> dict[str, t.Any]:
    """One family of a session. A peer that tells of no family speaks IPv4 (RFC 4760 section 8)."""
    given = _given(said, family) or {}
    told = said.get("neighborCapabilities", {}).get("multiprotocolExtensions", {})
    both = bool(told.get(f"{family}Unicast", {}).get("advertisedAndReceived"))
    silent = not any(each.get("received") or each.get("advertisedAndReceived") for each in told.values())
    more = any(key.startswith("incomingUpdate") for key in given)  # lists beside the route-map
    filters = {
        "input": "several" if more else given.get("routeMapForIncomingAdvertisements"),
        "output": given.get("routeMapForOutgoingAdvertisements"),
    }
    most = given.get("prefixAllowedMax")
    return {
        "family": family,
        "state": "UP" if up and (both or (silent and family == "ipv4")) else "DOWN",
        "filters": {way: name for way, name in filters.items() if name},
        "limits": {"import": str(most)} if most else {},
        "beyond": {"import": _beyond(given)} if most else {},
        "routes": {"imported": given.get("acceptedPrefixCounter", 0), "exported": given.get("sentPrefixCounter", 0)},
    }


def _beyond(given: Json) -> str:
    """What becomes of prefixes beyond the limit, in the words of evidence (``bird.LIMITS``)."""
    if given.get("prefixAllowedMaxWarning"):
        return "warned of"
    return "ends the session for a while" if given.get("prefixAllowedRestartIntervalMsecs") else "ends the session"


def _restarts(said: Json) -> list[str]:
    """The kinds of graceful restart that the node offers; that it helps others to restart is none."""
    long_lived = str(said.get("neighborCapabilities", {}).get("longLivedGracefulRestart", ""))
    restart = str(said.get("gracefulRestartInfo", {}).get("localGrMode", ""))
    return [
        *(["Graceful restart"] if restart.startswith("Restart") else []),
        *(["Long-lived graceful restart"] if long_lived.startswith("advertised") else []),
    ]


def parse_bfd(peers: t.Any) -> list[dict[str, t.Any]]:
    """``show bfd peers json``: neighbour, state, negotiated detection time in milliseconds, and how often packets come
    and go, and how many may be lost.

    Each side sends no faster than the other one takes, and waits for so many of the other's packets as that one says
    (RFC 5880 sections 6.8.2 and 6.8.4).
    """
    return [
        {
            "address": str(peer.get("peer", "")).partition("%")[0],
            "state": str(peer.get("status", "")).capitalize(),
            "timeout_ms": receive["interval_ms"] * receive["multiplier"],
            "receive": receive,
            "send": _way(peer, "transmit-interval", "remote-receive-interval", "detect-multiplier"),
        }
        for peer in peers
        if isinstance(peer, dict)
        for receive in [_way(peer, "receive-interval", "remote-transmit-interval", "remote-detect-multiplier")]
    ]


def _way(peer: Json, near: str, far: str, multiplier: str) -> dict[str, int]:
    """What is negotiated one way, in milliseconds."""
    return {"interval_ms": max(peer.get(near, 0), peer.get(far, 0)), "multiplier": peer.get(multiplier, 0)}


def session_options(text: str) -> dict[str, dict[str, t.Any]]:
    """Yes, no and numbers of every neighbour in a running configuration, by address; nothing else of it is kept."""
    groups: dict[str, str] = {}
    found: dict[str, dict[str, t.Any]] = {}
    everywhere: dict[str, t.Any] = {"graceful_restart": True} if "\n bgp graceful-restart\n" in text else {}
    everywhere["first_as"] = "\n no bgp enforce-first-as\n" not in text
    for line in text.splitlines():
        if not (match := _NEIGHBOR.match(line)):
            continue
        target, words = match[1], match[2].split()
        options = found.setdefault(target, {})
        if words[0] == "peer-group" and len(words) > 1:
            groups[target] = words[1]
        elif words[0] == "ttl-security":
            options["ttl_security"] = words[-1] == "1"
        elif words[0] == "ebgp-multihop":
            options["multihop"] = int(words[1]) if len(words) > 1 else 255
        elif words[0] == "password":
            options["authentication"] = True
        elif words[0].startswith("graceful-restart"):
            options["graceful_restart"] = words[0] == "graceful-restart"
    for target in _ANY_FIRST_AS.findall(text):
        found.setdefault(target, {})["first_as"] = False
    return {name: {**everywhere, **found.get(groups.get(name, ""), {}), **own} for name, own in found.items()}


def _pairs(said: str) -> str:
    """Communities as BIRD and the evidence spell them: ``(64500,1) (64500,1,2)``."""
    return " ".join(f"({WELL_KNOWN.get(word, word).replace(':', ',')})" for word in said.split())


def parse_advertised(table: Json, neighbor: str) -> list[dict[str, t.Any]]:
    """``show bgp FAMILY unicast neighbors ADDRESS advertised-routes detail json``: what leaves, as it leaves.

    Of whom it came is the session's name: the gate's alone is right. The AS path is without our own AS, which is put
    in front when it is sent. Of a prefix that this neighbour is told of, FRR lists all paths that it has, and says of
    each to whom it goes.
    """
    routes = []
    for prefix, route in table.get("advertisedRoutes", {}).items():
        paths = route.get("paths", ())
        for path in [each for each in paths if neighbor in each.get("advertisedTo", ())] or paths:
            words = path.get("aspath", {}).get("string", "")
            kinds = {
                "community": path.get("community"),
                "large_community": path.get("largeCommunity"),
                "ext_community": path.get("extendedCommunity"),
            }
            attributes = {kind: _pairs(said.get("string", "")) for kind, said in kinds.items() if said}
            attributes |= {"origin": path.get("origin", ""), "as_path": "" if words == "Local" else words}
            routes.append(
                {"to": prefix, "protocol": path.get("peer", {}).get("peerId", "itself"), "attributes": attributes}
            )
    return routes


def _imports(
    runner: host.Runner, command: t.Sequence[str], sessions: t.Sequence[Json], prefixes: t.Mapping[str, t.Sequence[str]]
) -> dict[str, list[dict[str, t.Any]] | None]:
    """What each session imported, by name; null where it could not be listed.

    All of it when it is little. Of a whole table only a default route and what is inside ``prefixes``: the counters
    tell the rest, and a million of routes would not end in time.
    """
    found: dict[str, list[dict[str, t.Any]] | None] = {session["name"]: [] for session in sessions}
    names = {session["neighbor"]: session["name"] for session in sessions}
    for family in FAMILIES:
        channels = [each for session in sessions for each in session["channels"] if each["family"] == family]
        question = f"show bgp {family} unicast"
        questions = [f"{question} json"]
        if sum(each["routes"]["imported"] for each in channels) > FEW:
            questions = [f"{question} {DEFAULTS[family]} json"]
            questions += [f"{question} {prefix} longer-prefixes json" for prefix in prefixes.get(family, ())]
        for asked in questions:
            listed = runner([*command, "-c", asked])
            if listed["rc"] != 0:
                return dict.fromkeys(found)
            for prefix, peer in _paths(load(listed)):
                if (routes := found.get(names.get(peer, ""))) is not None:
                    routes.append({"to": prefix})
    return found


def router_id(neighbors: Json) -> str:
    """``show bgp neighbors json``: what bgpd calls itself, as each session has it; all of them where they differ."""
    told = (said.get("localRouterId", "") for said in neighbors.values() if isinstance(said, dict))
    return ", ".join(sorted({each for each in told if each}))


def _paths(table: Json) -> t.Iterator[tuple[str, str]]:
    """Prefix and peer of every path, in a table or of one prefix."""
    for prefix, paths in table.get("routes", {}).items():
        yield from ((prefix, path.get("peerId", "")) for path in paths)
    for path in table.get("paths", ()):
        yield table["prefix"], path.get("peer", {}).get("peerId", "")


def _listed(result: dict[str, t.Any]) -> list[t.Any]:
    """The list that a command printed, or an empty one."""
    try:
        found = json.loads(result["stdout"] or "[]") if result["rc"] == 0 else []
    except ValueError:
        return []
    return found if isinstance(found, list) else []


def read(
    runner: host.Runner = host.run,
    command: t.Sequence[str] = FRR.control,
    _path: str = "",
    prefixes: t.Mapping[str, t.Sequence[str]] | None = None,
) -> dict[str, t.Any]:
    """The sessions and their BFD, what each exports and imports, and the judged options of the configuration.

    ``prefixes``: ours, by family; they are looked for in what is imported, however much that is.
    """
    neighbors = runner([*command, "-c", "show bgp neighbors json"])
    running = runner([*command, "-c", "show running-config"])
    for done in (neighbors, running):
        if done["rc"] != 0:
            return {"error": apart.said(done, "vtysh")}
    told = load(neighbors)
    if not told and neighbors["stdout"].strip() != "{}":
        return {"error": f"no JSON, but: {neighbors['stdout'].strip()[:100]}"}
    sessions = parse_neighbors(told)
    names = {session["neighbor"]: session["name"] for session in sessions}
    exports: dict[str, list[dict[str, t.Any]] | None] = {}
    for session in sessions:
        name, address = session["name"], session["neighbor"]
        exports[name] = []
        for channel in session["channels"]:
            asked = f"show bgp {channel['family']} unicast neighbors {address} advertised-routes detail json"
            listed = runner([*command, "-c", asked])
            table, routes = load(listed), exports[name]
            if "advertisedRoutes" not in table or routes is None:
                exports[name] = None  # what cannot be read is not nothing
                continue
            routes += [
                {**route, "protocol": names.get(route["protocol"], route["protocol"])}
                for route in parse_advertised(table, address)
            ]
    options = session_options(running["stdout"])
    return {
        "router_id": router_id(told),
        "sessions": sessions,
        "bfd": parse_bfd(_listed(runner([*command, "-c", "show bfd peers json"]))),
        "exports": exports,
        "imports": _imports(runner, command, sessions, prefixes or {}),
        "options": {session["name"]: options.get(session["neighbor"], {}) for session in sessions},
    }


def takes(
    sessions: t.Iterable[Json],
    prefixes: t.Mapping[str, t.Sequence[str]],
    runner: host.Runner = host.run,
    command: t.Sequence[str] = FRR.control,
) -> dict[str, dict[str, bool | None]]:
    """Whether each of ``sessions`` would take each of ``prefixes`` (by family); null where FRR cannot say.

    bgpd says which prefix lists the route-map of the session asks, and what they say. ``debug prefix-list ... match``
    is its word for a trial: nothing changes. What a route-map would say that asks more than prefix lists is not known.
    """
    found: dict[str, dict[str, bool | None]] = {}
    for session in sessions:
        answers = found.setdefault(session["name"], {})
        for channel in session["channels"]:
            asked = prefixes.get(channel["family"], ())
            rules = _rules(runner, command, channel["filters"].get("input", ""))
            said = _lists(runner, command, {name for _kind, lists in rules or () for name in lists}, asked)
            answers |= {prefix: _taken(rules, said, prefix) for prefix in asked}
    return found


def _rules(runner: host.Runner, command: t.Sequence[str], name: str) -> list[tuple[str, list[str]]] | None:
    """The rules of bgpd's route-map: ``permit`` or ``deny``, and the prefix lists that have to match; null where it is
    not known, or has something else.
    """
    shown = load(runner([*command, "-d", "bgpd", "-c", f"show route-map {name} json"])) if name else {}
    rules = shown.get("bgpd", {}).get(name, {}).get("rules", ())
    found = []
    for rule in rules:
        lists = [_LIST.match(clause) for clause in rule.get("matchClauses", ())]
        if rule.get("action") != "Exit routemap" or "callRoute" in rule or not all(lists):
            return None
        found.append((str(rule.get("type")), [each[1] for each in lists if each]))
    return found or None


def _lists(
    runner: host.Runner, command: t.Sequence[str], names: t.Collection[str], prefixes: t.Sequence[str]
) -> dict[tuple[str, str], bool]:
    """What prefix lists say, by list and prefix."""
    words = [word for name in names for each in prefixes for word in ("-c", f"debug prefix-list {name} match {each}")]
    said = runner([*command, "-d", "bgpd", *words])["stdout"] if words else ""
    return {(name, prefix): verdict == "PERMIT" for name, verdict, prefix in _YIELDS.findall(said)}


def _taken(
    rules: t.Sequence[tuple[str, t.Sequence[str]]] | None, said: t.Mapping[tuple[str, str], bool], prefix: str
) -> bool | None:
    """Whether a prefix is let in: by the first rule whose lists all match, and by none if there is no such one."""
    for kind, lists in rules or ():
        answers = [said.get((name, prefix)) for name in lists]
        if None in answers:
            return None
        if all(answers):
            return kind == "permit"
    return None if rules is None else False

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What BIRD says: text of ``birdc`` to structure. Read for BIRD 2.0.12 (Debian 12) and 2.17 (Debian 13).

Some facts of a session (TTL security, authentication) show up in no ``show`` command. They are read from
the configuration file, of which only yes, no and numbers leave this room: never the text, never a key.
"""

from __future__ import annotations

import glob
import pathlib
import re
import typing as t

from . import bird_bfd, host

CONFIGURATION = "/etc/bird/bird.conf"

_ROUTE = re.compile(r"^(?P<to>\S+/\d+)?\s+\w+ \[(?P<protocol>\S+) [^\]]*\]")
_COUNTS = re.compile(r"(\d+) (\w+)")
_TOKEN = re.compile(r'"[^"]*"|[{};]|[^\s{};"]+')
_COMMENTS = re.compile(r'("[^"\n]*")|#[^\n]*|/\*.*?\*/', re.DOTALL)
FEW = 100
"""So many imported routes of a session are listed in full; of more, only those that a verdict has to see."""

LIMITS = {
    "block": "left out",
    "warn": "warned of",
    "restart": "ends the session for a while",
    "disable": "ends the session",
}
"""What becomes of routes beyond a limit: BIRD's word, and that of evidence, whatever the daemon."""

EVERYTHING = {"ACCEPT": True, "REJECT": False}
"""Filters that BIRD has without being told: what they take."""

DEFAULTS = {"ipv4": "0.0.0.0/0", "ipv6": "::/0"}


def parse_protocols(text: str) -> list[dict[str, t.Any]]:
    """``show protocols all``: the BGP sessions, with their channels."""
    sessions: list[dict[str, t.Any]] = []
    session: dict[str, t.Any] = {}
    channel: dict[str, t.Any] = {}
    side = capability = limit = ""
    for line in text.splitlines():
        if line and not line[0].isspace():
            words = line.split()
            session, channel, side = {}, {}, ""
            if len(words) >= 4 and words[1] == "BGP":
                session = {"name": words[0], "state": words[3], "channels": [], "restarts": []}
                sessions.append(session)
            continue
        if not session or not line.strip():
            continue
        key, colon, value = (part.strip() for part in line.strip().partition(":"))
        if key.startswith("Channel "):
            channel, side, limit = {"family": key.split()[1], "filters": {}, "routes": {}}, "", ""
            session["channels"].append(channel)
        elif key.endswith(" capabilities") and not colon:
            side, capability = key.split()[0].lower(), ""
        elif channel:
            limit = _channel_line(channel, limit, key, value)
        elif side and line.startswith("      "):
            capability = _capability_line(session, side, capability, key if not colon else line.strip())
        else:
            side = ""
            _session_line(session, key, value)
    return sessions


def _session_line(session: dict[str, t.Any], key: str, value: str) -> None:
    """One line of the block of a session."""
    names = {
        "BGP state": "bgp_state",
        "Neighbor address": "neighbor",
        "Source address": "source",
        "Last error": "last_error",
    }
    if key in names:
        session[names[key]] = value.partition("%")[0]
    elif key in {"Neighbor AS", "Local AS"}:
        session[key.lower().replace(" ", "_")] = int(value)
    elif key == "Hold timer" and "/" in value:
        session["hold_time"] = int(value.rpartition("/")[2])
    elif key == "Keepalive timer" and "/" in value:
        session["keepalive_time"] = int(value.rpartition("/")[2])


def _capability_line(session: dict[str, t.Any], side: str, capability: str, line: str) -> str:
    """One line of a list of capabilities; the name of the capability that following details belong to."""
    if ":" not in line:
        return line
    if side == "local" and "graceful restart" in capability.lower() and line.startswith(("Restart time", "LL stale")):
        session["restarts"].append(capability)
    return capability


def _channel_line(channel: dict[str, t.Any], limit: str, key: str, value: str) -> str:
    """One line of the block of a channel; the limit that a following action belongs to."""
    if key == "State":
        channel["state"] = value
    elif key in {"Input filter", "Output filter"}:
        channel["filters"][key.split(maxsplit=1)[0].lower()] = value
    elif key in {"Import limit", "Receive limit", "Export limit"}:
        limit = key.split(maxsplit=1)[0].lower()
        channel.setdefault("limits", {})[limit] = value
        return limit
    elif key == "Routes":
        channel["routes"] = {name: int(count) for count, name in _COUNTS.findall(value)}
    elif key == "Action" and limit:
        channel.setdefault("beyond", {})[limit] = LIMITS.get(value, value)
    return limit


def parse_routes(text: str) -> list[dict[str, t.Any]]:
    """``show route ... all``: one entry per route, with its BGP attributes."""
    routes: list[dict[str, t.Any]] = []
    destination = ""
    for line in text.splitlines():
        match = _ROUTE.match(line)
        if match:
            destination = match["to"] or destination
            routes.append({"to": destination, "protocol": match["protocol"], "attributes": {}})
        elif routes and line[:1].isspace():
            key, colon, value = line.strip().partition(":")
            name = key.lower().removeprefix("bgp.")
            if colon and (key.startswith("BGP.") or name in {"origin", "as_path"}):
                routes[-1]["attributes"][name.replace("bgp_", "")] = value.strip()
    return routes


def _blocks(text: str) -> list[tuple[list[str], list[str]]]:
    """``head { body }`` blocks of the top level of a configuration file, as lists of tokens."""
    found: list[tuple[list[str], list[str]]] = []
    head: list[str] = []
    body: list[str] = []
    depth = 0
    for word in _TOKEN.findall(_COMMENTS.sub(lambda match: match[1] or " ", text)):
        if word == "{":
            depth += 1
        if depth:
            body.append(word)
        elif word == ";":
            head = []
        else:
            head.append(word)
        if word == "}":
            depth -= 1
            if depth == 0:
                found.append((head, body[1:-1]))
                head, body = [], []
    return found


def session_options(text: str) -> dict[str, dict[str, t.Any]]:
    """Yes, no and numbers of every BGP session in a configuration; nothing else of it is kept."""
    options: dict[str, dict[str, t.Any]] = {}
    protocols: dict[str, dict[str, t.Any]] = {}
    for head, body in _blocks(text):
        if len(head) < 2 or head[0] not in {"protocol", "template"} or head[1] != "bgp":
            continue
        name = head[2] if len(head) > 2 and head[2] != "from" else ""
        inherited = options.get(head[head.index("from") + 1], {}) if "from" in head else {}
        options[name] = {**inherited, **_options_of(body)}
        if head[0] == "protocol":
            protocols[name] = options[name]
    return protocols


def _options_of(body: list[str]) -> dict[str, t.Any]:
    """The judged options among the statements of one block."""
    found: dict[str, t.Any] = {}
    statement: list[str] = []
    depth = 0
    for word in [*body, ";"]:
        depth += {"{": 1, "}": -1}.get(word, 0)
        if word not in {";", "}"} or depth:
            statement.append(word)
            continue
        line = " ".join(word for word in statement if not word.startswith('"'))
        if line.startswith("ttl security"):
            found["ttl_security"] = not line.endswith((" off", " no"))
        elif statement[:1] == ["password"] or line.startswith(("authentication md5", "authentication ao", "keys {")):
            found["authentication"] = True
        elif line.startswith("multihop"):
            found["multihop"] = int(statement[1]) if len(statement) > 1 and statement[1].isdigit() else 64
        elif line.startswith("hold time") and statement[2].isdigit():
            found["hold_time"] = int(statement[2])
        elif line.startswith("enforce first as"):
            found["first_as"] = not line.endswith((" off", " no"))
        elif line.startswith("graceful restart") and statement[2:3] != ["time"]:
            found["graceful_restart"] = "aware" if line.endswith("aware") else not line.endswith((" off", " no"))
        statement = []
    return found


def configuration_text(path: str) -> str:
    """A configuration with the files it includes; the text stays in this room."""
    root = pathlib.Path(path)
    text = root.read_text(encoding="utf-8", errors="replace")

    def included(match: re.Match[str]) -> str:
        pattern = match[1] if match[1].startswith("/") else str(root.parent / match[1])
        return "\n".join(
            pathlib.Path(name).read_text(encoding="utf-8", errors="replace") for name in sorted(glob.glob(pattern))
        )

    return re.sub(r'^\s*include\s+"([^"]+)"\s*;', included, text, flags=re.MULTILINE)


def _imports(
    runner: host.Runner,
    command: t.Sequence[str],
    session: t.Mapping[str, t.Any],
    prefixes: t.Mapping[str, t.Sequence[str]],
) -> list[dict[str, t.Any]] | None:
    """What a session imported, or null where that could not be listed.

    All of it when it is little. Of a whole table only a default route and what is inside ``prefixes``: the counters
    tell the rest, and a million of lines would not end in time.
    """
    counts = {channel["family"]: channel["routes"].get("imported", 0) for channel in session["channels"]}
    filters: list[list[str]] = [[]]
    if sum(counts.values()) > FEW:
        sets = (
            [everywhere, *(f"{each}+" for each in prefixes.get(family, ()))] for family, everywhere in DEFAULTS.items()
        )
        filters = [["where", "net", "~", "[", ", ".join(wanted), "]"] for wanted in sets]
    found = []
    for chosen in filters:
        listed = runner([*command, "show", "route", "protocol", session["name"], *chosen])
        if listed["rc"] != 0:
            return None
        found += parse_routes(listed["stdout"])
    return found


def read(
    runner: host.Runner = host.run,
    command: t.Sequence[str] = ("birdc", "-r"),
    path: str = "",
    prefixes: t.Mapping[str, t.Sequence[str]] | None = None,
) -> dict[str, t.Any]:
    """The sessions and their BFD, what each exports and imports, and the judged options of the configuration.

    ``prefixes``: ours, by family; they are looked for in what is imported, however much that is.
    """
    status = runner([*command, "show", "status"])
    if status["rc"] != 0:
        return {"error": (status["stderr"] or status["stdout"]).strip()[:200] or "birdc failed"}
    version = re.search(r"^(?:BIRD v?|Version: )(\d[\d.]*)", status["stdout"], re.MULTILINE)
    sessions = parse_protocols(runner([*command, "show", "protocols", "all"])["stdout"])
    exports, imports = {}, {}
    for session in sessions:
        listed = runner([*command, "show", "route", "export", session["name"], "all"])
        exports[session["name"]] = parse_routes(listed["stdout"]) if listed["rc"] == 0 else None
        imports[session["name"]] = _imports(runner, command, session, prefixes or {})
    try:
        options: dict[str, t.Any] | None = session_options(configuration_text(path or CONFIGURATION))
    except OSError:
        options = None
    return {
        "version": version[1] if version else "",
        "router_id": _after(status["stdout"], "Router ID is"),
        "sessions": sessions,
        "bfd": bird_bfd.read(runner, command),
        "exports": exports,
        "imports": imports,
        "options": options,
    }


def takes(
    sessions: t.Iterable[t.Mapping[str, t.Any]],
    prefixes: t.Mapping[str, t.Sequence[str]],
    runner: host.Runner = host.run,
    command: t.Sequence[str] = ("birdc", "-r"),
) -> dict[str, dict[str, bool | None]]:
    """Whether each of ``sessions`` would take each of ``prefixes`` (by family); null where BIRD cannot say.

    Of a filter ``NAME_in`` its function ``NAME_takes`` is evaluated by the BIRD that runs. That changes nothing there.
    """
    found: dict[str, dict[str, bool | None]] = {}
    answering = True  # one that stalls is not asked a hundred times
    for session in sessions:
        answers = found.setdefault(session["name"], {})
        for channel in session["channels"]:
            name = channel["filters"].get("input", "")
            for prefix in prefixes.get(channel["family"], ()):
                answers[prefix] = EVERYTHING.get(name)
                if name.endswith("_in") and answering:
                    asked = runner([*command, "eval", f"{name.removesuffix('_in')}_takes({prefix})"])
                    word = (asked["stdout"].split() or [""])[-1] if asked["rc"] == 0 else ""
                    answers[prefix] = {"TRUE": True, "FALSE": False}.get(word)
                    answering = asked["rc"] not in host.NO_ANSWER
    return found


def received(
    addresses: t.Mapping[str, t.Sequence[str]],
    runner: host.Runner = host.run,
    command: t.Sequence[str] = ("birdc", "-r"),
) -> dict[str, t.Any]:
    """What a host's router with BIRD knows of the node (``host_router.received``)."""
    told = runner([*command, "show", "protocols", "all"])
    if told["rc"] != 0:
        return {"error": (told["stderr"] or told["stdout"]).strip()[:200] or "birdc failed"}
    by_neighbor = {session.get("neighbor"): session for session in parse_protocols(told["stdout"])}
    found: dict[str, t.Any] = {"sessions": {}, "routes": {}}
    for address in (address for family in DEFAULTS for address in addresses.get(family, ())):
        session = by_neighbor.get(address, {})
        found["sessions"][address] = {
            "state": session.get("bgp_state", ""),
            "local_as": session.get("local_as"),
            "address": session.get("source", ""),
        }
        listed = runner([*command, "show", "route", "protocol", session["name"], "all"]) if session else {}
        found["routes"][address] = _received(listed.get("stdout", ""))
    return found


def _received(text: str) -> list[dict[str, t.Any]]:
    """``show route protocol NAME all``, as ``host_router.received`` has routes."""
    usable = set(re.findall(r"^(\S+/\d+)\s+unicast \[", text, re.MULTILINE))
    routes = [
        {
            "to": route["to"],
            "as_path": route["attributes"].get("as_path", ""),
            "origin": route["attributes"].get("origin", ""),
            "next_hops": route["attributes"].get("next_hop", "").split(),
            "valid": route["to"] in usable,
        }
        for route in parse_routes(text)
    ]
    return sorted(routes, key=lambda route: str(route["to"]))


def _after(text: str, words: str) -> str:
    """What stands behind ``words`` on their line."""
    return text.partition(words)[2].partition("\n")[0].strip()

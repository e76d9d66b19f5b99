# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One change of each row of docs/changes.md, and what it takes, as the bundle itself would say before it is made."""

from __future__ import annotations

import difflib
import json
import typing as t

from ansible_collections.icann.imrs.plugins.module_utils._bundle import disruption, parse
from ansible_collections.icann.imrs.plugins.module_utils._bundle.plan import changed_lines
from ansible_collections.icann.imrs.plugins.module_utils._site import bogons, sessions
from imrs_role_cases import CASES, IDENTITY_ZONE, MASTERS, NODE, TLS, UPLINK, ZONES, members
from imrs_role_render import ROLES, ROOT, bundle, files

CHANGES = ROOT / "tests/daemons/changes"
"""Where tests/daemons finds them, one file a provider: it has no Jinja."""
CASE = "changes"
"""The case of imrs_role_cases.py that is changed."""
ROUTER = "router"
"""That of the rows about a router's sessions with its nodes."""
PEERS: list[dict[str, t.Any]] = CASES[CASE][1]["imrs_peers"]
ROLLED = {
    "name": "xlb01-dist1-2027.example.",
    "algorithm": "hmac-sha256",
    "secret_variable": "vault_tsig_dist1_2027",
    "previous": MASTERS[0]["tsig"],
}
"""The key of the first master, while it is rolled."""
BOGONS = bogons.BOGONS["ipv4"]


def peers(**options: t.Any) -> dict[str, t.Any]:
    """The sessions of the case with other options."""
    found = [{**peer, **options} for peer in PEERS]
    return {"routing_peers": [{**peer, **sessions.over(peer, UPLINK)} for peer in found]}


def nearly(name: str, **changed: t.Any) -> dict[str, t.Any]:
    """A variable of the node that is a mapping, with other entries."""
    return {f"routing_{name}": {**NODE[f"imrs_{name}"], **changed}}


ROWS: dict[str, dict[str, dict[str, t.Any]]] = {
    "nameserver": {
        "nameserver_identity": {"nameserver_identity": "xlb02.l.root-servers.org"},
        "nameserver_edns_size": {"nameserver_edns_size": 1400},
        "nameserver_tcp_clients": {"nameserver_tcp_clients": 300},
        "nameserver_tcp_idle_timeout": {"nameserver_tcp_idle_timeout": 1},
        "nameserver_rate_limit": {"nameserver_rate_limit": 50},
        "nameserver_rate_limit_slip": {"nameserver_rate_limit_slip": 2},
        "nameserver_rate_limit_exempt": {"nameserver_rate_limit_exempt": ["192.0.2.0/24"]},
        "nameserver_tcp_time_limit": {"nameserver_tcp_time_limit": 5_000_000},
        "nameserver_masters": {"nameserver_masters": [{**MASTERS[0], "port": 5353}, MASTERS[1]]},
        "nameserver_masters: tsig": {"nameserver_masters": [{**MASTERS[0], "tsig": ROLLED}, MASTERS[1]]},
        "nameserver_masters: tls": {"nameserver_masters": [{**MASTERS[0], "tls": TLS[0]}, MASTERS[1]]},
        "nameserver_zones": {"nameserver_zones": ZONES[:1]},
        "nameserver_trust_anchors": {"nameserver_trust_anchors": NODE["imrs_trust_anchors"][:1]},
        "nameserver_workers": {"nameserver_workers": 2},
        "nameserver_tcp_workers": {"nameserver_tcp_workers": 33},
        "nameserver_private_addresses": {"nameserver_private_addresses": ["127.0.0.3"]},
        "nameserver_service_addresses": {
            "nameserver_service_addresses": {"ipv4": ["199.7.83.42"], "ipv6": ["2001:500:9f::42"]}
        },
        "nameserver_identity_zone": {"nameserver_identity_zone": {**IDENTITY_ZONE, "address": "192.0.2.3"}},
        "nameserver_notify_addresses": {"nameserver_notify_addresses": ["192.0.2.2"]},
    },
    "routing": {
        "routing_peers: description": peers(description="Another name"),
        "routing_peers: communities": peers(communities=["64500:300"]),
        "routing_peers: large_communities": peers(large_communities=["64500:1:2"]),
        "routing_peers: no_export": peers(no_export=True),
        "routing_peers: prepend": peers(prepend=2),
        "routing_peers: max_prefix": peers(max_prefix=2000),
        "routing_learnable": {
            "routing_learnable": {
                "ipv4": {"within": "0.0.0.0/0", "shortest": 8, "longest": 22},
                "ipv6": {"within": "2000::/3", "shortest": 16, "longest": 44},
            }
        },
        "routing_refused": {
            "routing_refused": {
                "ipv4": ["10.0.0.0/8", "199.7.82.0/23", "199.7.83.0/24"],
                "ipv6": ["2001:db8::/32", "2001:500:9e::/47", "2001:500:9f::/48", "2001:500:3::/48"],
            }
        },
        "routing_link": {"routing_link": sessions.link(["192.0.2.2/28", "2001:db8::2/60"])},
        "routing_prefixes": {
            **nearly("prefixes", ipv4={"specific": ["199.7.83.0/24"], "covering": ["199.7.82.0/23", "199.7.80.0/22"]}),
            **nearly("refused", ipv4=[*BOGONS, "199.7.82.0/23", "199.7.80.0/22", "199.7.83.0/24"]),
        },
        "routing_peers: inbound": peers(inbound="default", max_prefix=1000),
        "routing_peers: inbound, from or to none": peers(inbound="none"),
        "routing_peers: hold_time": peers(hold_time=30),
        "routing_peers: keepalive_time": peers(keepalive_time=2),
        "routing_peers: password_variable": peers(password_variable=None),
        "routing_peers: bfd": peers(bfd={"interval_ms": 300, "multiplier": 3}),
        "routing_peers: bgp_role": peers(bgp_role="customer"),
        "routing_peers: route_server": peers(route_server=True),
        "routing_peers: multihop": peers(multihop=2),
        "routing_peers: asn": peers(asn=64501),
        "routing_peers: address, local_address, interface": {
            "routing_peers": [PEERS[0], {**PEERS[1], "address": "2001:db8::3"}]
        },
        "routing_peers: one more, one less": {"routing_peers": PEERS[:1]},
        "routing_members: hold_time": {"routing_members": members(hold_time=30)},
        "routing_members: keepalive_time": {"routing_members": members(keepalive_time=2)},
        "routing_members: bfd": {"routing_members": members(bfd={"interval_ms": 300, "multiplier": 3})},
        "routing_members: password_variable": {"routing_members": members(password_variable=None)},
        "routing_members: address, local_address": {
            "routing_members": [*members()[:-1], {**members()[-1], "address": "2001:db8:0:21::7"}]
        },
        "routing_members: one more, one less": {"routing_members": members()[:2]},
        "routing_asn": {"routing_asn": 64512},
        "routing_router_id": {"routing_router_id": "192.0.2.3"},
        "routing_gate_hold_time": {"routing_gate_hold_time": 6},
        "routing_gate_address": {"routing_gate_address": "127.0.0.3"},
        "routing_discard": {"routing_discard": {"ipv4": "192.0.0.9", "ipv6": "100::2"}},
    },
}
"""By role and row: the variables of that role that change, and to what."""


def case(row: str) -> str:
    """The case that a row changes."""
    return ROUTER if row.startswith("routing_members") else CASE


class Changed(t.NamedTuple):
    """What a row's change does."""

    files: dict[str, list[tuple[int, int, list[str]]]]
    """By path: which lines are replaced, counted from 0, from the last to the first, and by which."""
    disruption: str
    commands: list[list[str]]


def changed(provider: str, row: str) -> Changed:
    """What this row's change does, as the bundle says before it is made."""
    role = ROLES[provider]
    before = files(role, provider, CASES[case(row)][1])
    after = files(role, provider, {**CASES[case(row)][1], **ROWS[role][row]})
    written = {path: edits(before[path], text) for path, text in after.items() if text != before[path]}
    arguments = bundle(role, provider, {**CASES[case(row)][1], **ROWS[role][row]})
    arguments["files"] = [{**item, "content": "", "src": None} for item in arguments["files"]]
    arguments.pop("confirm", None)  # not known here, and no matter: it says how, not what
    made = parse(arguments)
    paths = {f"/{path}": changed_lines(before[path], after[path]) for path in written}
    found = disruption.worst(disruption.disruptions(made, paths, ()).values())
    return Changed(written, found, [list(activation.command.argv) for activation in made.activations(paths)])


def edits(before: str, after: str) -> list[tuple[int, int, list[str]]]:
    """How one text becomes another."""
    old, new = before.splitlines(), after.splitlines()
    steps = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [(first, last, new[start:end]) for kind, first, last, start, end in reversed(steps) if kind != "equal"]


def wanted() -> dict[str, str]:
    """The stored files: name and text."""
    return {
        f"{provider}.json": json.dumps({row: changed(provider, row)._asdict() for row in ROWS[role]}, indent=1) + "\n"
        for provider, role in ROLES.items()
    }


def store() -> None:
    """Write them."""
    CHANGES.mkdir(exist_ok=True)
    for name, text in wanted().items():
        (CHANGES / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    store()

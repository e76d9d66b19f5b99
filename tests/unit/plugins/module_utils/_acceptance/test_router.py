# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster's own router: its own checks pass and fail, and those of a nameserver are not for it."""

from __future__ import annotations

import typing as t

import dns.edns
import pytest
from recordings import CHECKS, Scene, Spoil, message

NODES = {"xlc01": ("192.0.2.35", "2001:db8:0:21::5"), "xlc02": ("192.0.2.36", "2001:db8:0:21::6")}
FAMILIES = ("ipv4", "ipv6")
SPECIFIC = {"ipv4": ["199.7.83.0/24"], "ipv6": ["2001:500:9f::/48", "2001:500:3::/48"]}
COVERING = {"ipv4": ["199.7.82.0/23"], "ipv6": ["2001:500:9e::/47"]}
DEFAULT = {"ipv4": "0.0.0.0/0", "ipv6": "::/0"}


def _member(node: str, family: str) -> dict[str, t.Any]:
    return {
        "name": f"{node}_{family}",
        "node": node,
        "family": family,
        "address": NODES[node][FAMILIES.index(family)],
        "local_address": {"ipv4": "192.0.2.33", "ipv6": "2001:db8:0:21::1"}[family],
        "hold_time": 9,
        "keepalive_time": 3,
        "bfd": {"interval_ms": 300, "multiplier": 5} if node == "xlc02" else None,
        "password_variable": "vault_bgp_xlc_routers",
    }


def _routes(prefixes: t.Iterable[str], protocol: str = "gate") -> list[dict[str, t.Any]]:
    return [{"to": prefix, "protocol": protocol, "attributes": {}} for prefix in prefixes]


def router() -> Scene:
    """A live router, made of the recording of a live node: its sessions with the host are alike."""
    scene = Scene("knot", "live")
    machine, routing = scene.machine, scene.routing
    members = [_member(node, family) for node in NODES for family in FAMILIES]
    names = [f"{node}.l.root-servers.org" for node in NODES]
    scene.expected |= {
        "node_name": "xlc-r1.l.root-servers.org",
        "function": "router",
        "nameserver_provider": "",
        "masters": [],
        "members": members,
        "minimum_live": 1,
        "siblings": names,
    }
    for member in members:
        family, every = member["family"], COVERING[member["family"]] + SPECIFIC[member["family"]]
        routing["sessions"].append(
            {
                "name": member["name"],
                "neighbor": member["address"],
                "bgp_state": "Established",
                "hold_time": 9,
                "channels": [{"family": family, "filters": {"input": "nodes_in", "output": "nodes_out"}}],
            }
        )
        routing["imports"][member["name"]] = _routes(every)
        routing["exports"][member["name"]] = _routes([DEFAULT[family]])
        routing["options"][member["name"]] = {"ttl_security": True, "authentication": True}
        if member["bfd"]:
            routing["bfd"].append({"address": member["address"], "state": "Up", "timeout_ms": 1500})
        machine["routes"] += [
            {"to": prefix, "type": "unicast", "device": "nodes", "via": member["address"]} for prefix in every
        ]
    routing["exports"]["gate"] = _routes(prefix for family in FAMILIES for prefix in SPECIFIC[family])
    machine["sysctls"] |= {f"net.{family}.fib_multipath_hash_policy": "1" for family in FAMILIES}
    machine["sysctls"] |= {"net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1"}
    machine["sockets"] = [row for row in machine["sockets"] if row["port"] != 53]
    for chain in (entry["chain"] for entry in machine["nft"]["nftables"] if "chain" in entry):
        if chain.get("hook") == "output":  # what passes through comes in both ways
            chain["hook"] = "prerouting"
    del scene.scope("node")["bundles"]["nameserver"]
    for key, name in (("processes", "name"), ("secrets", "path")):
        scene.system[key] = [row for row in scene.system[key] if "knot" not in row[name]]
    for document in scene.documents:
        document["node"] = scene.expected["node_name"]
    node = scene.scope("node")
    for key in ("exchanges", "zones", "transfers"):
        node.pop(key, None)
    _answered_by(names[1])(scene)
    return scene


def _answered_by(name: str) -> Spoil:
    """What is asked from outside."""
    option = dns.edns.NSIDOption(name.encode())

    def spoil(scene: Scene) -> None:
        for exchange in scene.scope("vantage")["exchanges"]:
            if exchange["probe"] == "soa":
                where = {key: exchange[key] for key in ("server", "transport")}
                change = message(
                    "soa", lambda parsed: parsed.use_edns(0, 0, 1232, options=[option]), scope="vantage", **where
                )
                change(scene)

    return spoil


def _down(node: str) -> Spoil:
    def spoil(scene: Scene) -> None:
        for family in FAMILIES:
            session = next(each for each in scene.routing["sessions"] if each["name"] == f"{node}_{family}")
            session["bgp_state"] = "Active"
            scene.routing["imports"][f"{node}_{family}"] = []

    return spoil


def _both_down(scene: Scene) -> None:
    for node in NODES:
        _down(node)(scene)


def _filter(scene: Scene) -> None:
    scene.routing["sessions"][-1]["channels"][0]["filters"]["input"] = "ACCEPT"


def test_bfd_with_a_node_speaks_from_a_port_of_its_own() -> None:
    scene = router()
    row = {"protocol": "udp", "address": "192.0.2.33", "port": 53966, "process": "bird"}
    scene.machine["sockets"].append(row)
    assert scene.judge("HD-01").status == "pass"
    for member in scene.expected["members"]:
        member["bfd"] = None
    assert "bird on udp 192.0.2.33 port 53966" in scene.judge("HD-01").message


def _untracked(*fields: str) -> Spoil:
    """Whatever goes to or comes from the service addresses is not tracked, and nothing else is said of that."""

    def spoil(scene: Scene) -> None:
        ruleset = [each for each in scene.machine["nft"]["nftables"] if "notrack" not in str(each)]
        chain = next(each["chain"] for each in ruleset if each.get("chain", {}).get("hook") == "prerouting")
        for field in fields:
            left = {"payload": {"protocol": "ip", "field": field}}
            expressions = [{"match": {"op": "==", "left": left, "right": "@service_ipv4"}}, {"notrack": None}]
            where = {"family": chain["family"], "table": chain["table"], "chain": chain["name"]}
            ruleset.append({"rule": {**where, "expr": expressions}})
        scene.machine["nft"]["nftables"] = ruleset

    return spoil


def test_a_router_need_not_look_at_ports() -> None:
    scene = router()
    _untracked("daddr", "saddr")(scene)
    assert scene.judge("HD-06").status == "pass"


def test_a_live_router_is_accepted() -> None:
    report = router().report(attestable=())
    assert report.certifiable, report.reasons
    assert {result.id for result in report.results if result.status != "pass"} <= {
        *("HD-05", "HD-14", "HD-17", "HD-18", "HW-01", "HW-02", "HW-03", "HW-04", "HW-05", "HW-07", "HW-09", "OS-02"),
        *("TM-01", "TM-02", "TM-03", "TM-05"),
    }


def test_what_is_of_a_nameserver_is_not_asked_of_a_router() -> None:
    judged = {result.id[:2] for result in router().report(attestable=()).results}
    assert judged == {"HW", "OS", "TM", "HD", "BG", "CL", "AR", "PR"}
    assert not any(result.id.startswith("CL") for result in Scene().report().results)


CASES: dict[str, list[tuple[Spoil, str]]] = {
    "CL-01": [
        (_both_down, "0 nodes by ipv4, 1 have to be there"),
        (lambda scene: scene.routing["imports"].update(xlc01_ipv6=[], xlc02_ipv6=[]), "0 nodes by ipv6"),
        (lambda scene: scene.expected.update(minimum_live=3), "2 nodes by ipv4, 3 have to be there"),
    ],
    "CL-02": [
        (_down("xlc01"), "xlc01_ipv4: Active"),
        (lambda scene: scene.routing.update(bfd=[]), "xlc02_ipv4: BFD is not running"),
        (lambda scene: scene.routing["sessions"][-1].update(hold_time=90), "hold time 90 s, 9 s in the sheet"),
        (lambda scene: scene.routing["sessions"].pop(), "xlc02_ipv6: there is no such session"),
    ],
    "CL-03": [
        (lambda scene: scene.routing["imports"].update(xlc01_ipv4=_routes(["8.8.8.0/24"])), "tells 8.8.8.0/24"),
        (lambda scene: scene.routing["exports"].update(xlc01_ipv4=_routes(SPECIFIC["ipv4"])), "is told 199.7.83.0/24"),
        (lambda scene: scene.routing["exports"].update(gate=_routes(["10.0.0.0/8"])), "the gate is told 10.0.0.0/8"),
        (lambda scene: scene.routing["options"].update(xlc01_ipv4={"ttl_security": True}), "no password"),
        (lambda scene: scene.routing["options"].update(xlc01_ipv4={"authentication": True}), "no TTL security"),
        (_filter, "a filter is ACCEPT"),
        (lambda scene: scene.routing["sessions"].pop(0), "the gate has no session with the routing daemon"),
    ],
    "CL-04": [
        (lambda scene: scene.machine.update(routes=[]), "199.7.82.0/23 leads nowhere"),
        (_down("xlc01"), "199.7.82.0/23 goes to 192.0.2.35, which does not announce it"),
    ],
    "CL-05": [
        (
            lambda scene: scene.machine["sysctls"].update({"net.ipv6.fib_multipath_hash_policy": "0"}),
            "net.ipv6.fib_multipath_hash_policy is 0",
        ),
        (
            lambda scene: scene.machine.update(
                routes=[route for route in scene.machine["routes"] if route["via"] != "192.0.2.36"]
            ),
            "199.7.83.0/24 does not go to 192.0.2.36",
        ),
    ],
    "HD-01": [
        (
            lambda scene: scene.machine["sockets"].append(
                {"protocol": "udp", "address": "199.7.83.42", "port": 53, "process": "knotd"}
            ),
            "knotd on udp 199.7.83.42 port 53",
        )
    ],
    "HD-06": [
        (_untracked("daddr"), "udp sport 53 is tracked (prerouting)"),
        (_untracked("saddr"), "tcp dport 53 is tracked (prerouting)"),
    ],
    "PR-01": [(_answered_by("xnf01.l.root-servers.org"), "no node of the cluster")],
    "AR-03": [
        (
            lambda scene: scene.machine["routes"].append(
                {"to": "199.7.83.0/24", "type": "unicast", "device": "uplink", "via": "192.0.2.1"}
            ),
            "199.7.83.0/24 leads to uplink",
        )
    ],
    "BG-05": [
        (
            lambda scene: scene.routing["exports"].update(as64500_ipv4_1=_routes(["199.7.83.0/24"], "xlc01_ipv4")),
            "199.7.83.0/24 comes from xlc01_ipv4, not from the gate",
        )
    ],
}


@pytest.mark.parametrize(
    ("ident", "spoil", "said"), [(ident, *case) for ident, cases in CASES.items() for case in cases]
)
def test_a_fault_is_found(ident: str, spoil: Spoil, said: str) -> None:
    scene = router()
    assert scene.judge(ident).status == "pass", scene.judge(ident)
    spoil(scene)
    verdict = scene.judge(ident)
    assert verdict.status == "fail"
    assert said in verdict.message


def test_every_check_of_routers_alone_has_a_case_in_which_it_fails() -> None:
    assert {ident for ident, each in CHECKS.items() if each.functions == ("router",)} <= set(CASES)


def test_a_drained_router_needs_one_node_with_the_covering_prefixes() -> None:
    scene = router()
    scene.stage = scene.stage.DRAINED
    for document in scene.documents:
        document["stage"] = "drained"
    covering = [prefix for family in FAMILIES for prefix in COVERING[family]]
    for name, routes in scene.routing["imports"].items():
        scene.routing["imports"][name] = [route for route in routes if route["to"] in covering]
    assert scene.judge("CL-01").status == "pass"
    _both_down(scene)
    assert "0 nodes by ipv4, 1 have to be there" in scene.judge("CL-01").message


def test_a_router_that_announces_and_leads_nowhere_does_harm() -> None:
    scene = router()
    scene.machine["routes"] = []
    assert "CL-04" in scene.report().harmful


def test_a_missing_node_is_a_warning() -> None:
    scene = router()
    _down("xlc01")(scene)
    scene.machine["routes"] = [route for route in scene.machine["routes"] if route["via"] not in NODES["xlc01"]]
    report = scene.report()
    assert report.certifiable, report.reasons
    assert "CL-02" in {result.id for result in report.results if result.status == "fail"}


@pytest.mark.parametrize("section", ["routes", "options"])
def test_what_could_not_be_read_is_no_pass(section: str) -> None:
    scene = router()
    (scene.machine if section == "routes" else scene.routing)[section] = None
    assert scene.judge({"routes": "CL-04", "options": "CL-03"}[section]).status == "error"

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node as intended has no drift; each kind of drift, planted alone, is found alone."""

from __future__ import annotations

import copy
import json
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._drift import bird

if t.TYPE_CHECKING:
    from conftest import Scene  # type: ignore[import-not-found]

GATE = "/etc/imrs/gate.json"
SYSCTL = "/etc/sysctl.d/60-imrs.conf"
BIRD = "/etc/bird/bird.conf"
Spoil = t.Callable[[dict[str, t.Any]], object]


def _session(evidence: dict[str, t.Any]) -> dict[str, t.Any]:
    return next(one for one in evidence["routing"]["running"]["sessions"] if one["name"] == "as64500_ipv4_1")


def _bird(evidence: dict[str, t.Any], old: str, new: str, count: int = -1) -> None:
    said = evidence["routing"]["running"]
    assert old in said["filters"]
    said["filters"] = said["filters"].replace(old, new, count)


def _rules(evidence: dict[str, t.Any]) -> list[t.Any]:
    return t.cast(list[t.Any], evidence["nft"]["loaded"]["nftables"])


def _drop(rows: list[t.Any], test: t.Callable[[t.Any], bool]) -> None:
    rows[:] = [row for row in rows if not test(row)]


COMMON: dict[str, tuple[Spoil, list[tuple[str, str]]]] = {
    "content": (lambda e: e["files"][GATE].update(same=False, content="{x}\n"), [("file", GATE)]),
    "mode": (lambda e: e["files"][GATE].update(mode="0666"), [("file", GATE)]),
    "owner": (lambda e: e["files"][GATE].update(owner="nobody"), [("file", GATE)]),
    "missing": (lambda e: e["files"].update({GATE: {"kind": "absent"}}), [("file", GATE)]),
    "link": (lambda e: e["files"][GATE].update(kind="link"), [("file", GATE)]),
    "untold": (lambda e: e["files"].pop(GATE), [("unread", GATE)]),
    "left over": (
        lambda e: e["left"].append({"path": "/etc/nsd/nsd.conf.d/old.conf", "bundle": "nameserver", "kind": "file"}),
        [("file", "/etc/nsd/nsd.conf.d/old.conf")],
    ),
    "half-way": (lambda e: e["unfinished"].append("/s/gate.changing.journal"), [("file", "/s/gate.changing.journal")]),
    "foreign": (
        lambda e: e["strangers"].append(
            {
                "path": "/etc/systemd/network/05-x.network",
                "kind": "file",
                "mode": "0644",
                "owner": "root",
                "group": "root",
                "package": "",
            }
        ),
        [("foreign", "/etc/systemd/network/05-x.network")],
    ),
    "package missing": (lambda e: e["packages"].pop("nftables"), [("package", "nftables")]),
    "half installed": (lambda e: e["packages"]["dbus"].update(status="half-configured"), [("package", "dbus")]),
    "strange hold": (lambda e: e["held"].append("openssh-server"), [("package", "openssh-server")]),
    "altered program": (
        lambda e: e["altered"].append(
            {"path": "/usr/sbin/nft", "package": "nftables", "missing": False, "conffile": False}
        ),
        [("package", "/usr/sbin/nft")],
    ),
    "not verified": (lambda e: e["unverified"].append("nftables"), [("unread", "files of package nftables")]),
    "no dpkg": (lambda e: e["packages"].clear(), [("unread", "packages")]),
    "no apt-mark": (lambda e: e.update(held=None), [("unread", "packages on hold")]),
    "stopped": (
        lambda e: e["units"]["imrs-gate.service"].update(active="inactive"),
        [("service", "imrs-gate.service")],
    ),
    "disabled": (
        lambda e: e["units"]["nftables.service"].update(enabled="disabled"),
        [("service", "nftables.service")],
    ),
    "no unit": (lambda e: e["units"].pop("imrs-gate.service"), [("service", "imrs-gate.service")]),
    "drop-in": (
        lambda e: e["units"]["imrs-gate.service"]["dropins"].append("/run/systemd/system/imrs-gate.service.d/x.conf"),
        [("service", "imrs-gate.service")],
    ),
    "unknown to systemd": (
        lambda e: e["units"]["imrs-gate.service"].update(need_reload=True),
        [("service", "imrs-gate.service")],
    ),
    "old program": (
        lambda e: e["units"]["imrs-gate.service"].update(replaced=True),
        [("service", "imrs-gate.service")],
    ),
    "stale gate": (
        lambda e: e["files"][GATE].update(changed_at=1_800_000_000.0 - 50),
        [("service", "imrs-gate.service")],
    ),
    "stale sshd": (
        lambda e: e["files"]["/etc/ssh/sshd_config.d/00-imrs.conf"].update(changed_at=1_800_000_000.0 - 50),
        [("service", "ssh.service")],
    ),
    "no systemd": (lambda e: e["units"].clear(), [("unread", "services")]),
    "sysctl": (lambda e: e["sysctls"].update({"net.ipv4.ip_forward": "1"}), [("sysctl", "net.ipv4.ip_forward")]),
    "no sysctl": (lambda e: e["sysctls"].update({"net.ipv4.ip_forward": None}), [("sysctl", "net.ipv4.ip_forward")]),
    "sysctl overridden": (
        lambda e: e["sysctl_files"].append(
            {"path": "/etc/sysctl.d/99-x.conf", "key": "net.ipv4.ip_forward", "value": "1"}
        ),
        [("sysctl", "net.ipv4.ip_forward")],
    ),
    "rule": (
        lambda e: _drop(
            _rules(e), lambda one: "'dport'" in repr(one) and "179" in repr(one) and "'input'" in repr(one)
        ),
        [("nftables", "chain inet imrs input")],
    ),
    "element": (
        lambda e: next(one["set"] for one in _rules(e) if one.get("set", {}).get("name") == "peers_ipv4")[
            "elem"
        ].append("203.0.113.9"),
        [("nftables", "set inet imrs peers_ipv4")],
    ),
    "policy": (
        lambda e: next(one["chain"] for one in _rules(e) if one.get("chain", {}).get("name") == "forward").update(
            policy="accept"
        ),
        [("nftables", "chain inet imrs forward")],
    ),
    "strange table": (
        lambda e: _rules(e).append({"table": {"family": "ip", "name": "nat", "handle": 9}}),
        [("nftables", "table ip nat")],
    ),
    "flushed": (
        lambda e: _drop(_rules(e), lambda one: one.get("chain", {}).get("name") == "forward"),
        [("nftables", "chain inet imrs forward")],
    ),
    "no nft": (lambda e: e["nft"].update(error="nft: Permission denied"), [("unread", "nftables")]),
    "socket": (
        lambda e: e["sockets"].append({"protocol": "tcp", "address": "*", "port": 8080, "process": "python3"}),
        [("socket", "tcp * port 8080")],
    ),
    "silent": (
        lambda e: _drop(e["sockets"], lambda row: row["address"] == "199.7.83.42"),
        [("socket", "service addresses")],
    ),
    "no ss": (lambda e: e["sockets"].clear(), [("unread", "listening sockets")]),
    "nonsense": (lambda e: e.update(sysctls=None), [("unread", "sysctls")]),
}

KNOT_BIRD: dict[str, tuple[Spoil, list[tuple[str, str]]]] = {
    "secret content": (lambda e: e["files"][BIRD].update(same=False), [("file", BIRD)]),
    "not held": (lambda e: e["held"].remove("knot"), [("package", "knot")]),
    "other provider": (
        lambda e: e["units"]["nsd.service"].update(load="loaded", active="active", enabled="enabled"),
        [("service", "nsd.service")],
    ),
    "drop-in that systemd takes in": (
        lambda e: e["files"]["/etc/systemd/system/knot.service.d/10-imrs.conf"].update(changed_at=1_800_000_000.0 - 50),
        [],
    ),
    "stale knot": (
        lambda e: e["files"]["/etc/knot/knot.conf"].update(changed_at=1_800_000_000.0 - 50),
        [("service", "knot.service")],
    ),
    "no bird": (lambda e: e.update(routing={"error": "Unable to connect"}), [("unread", "BIRD")]),
    "neighbour": (lambda e: _session(e).update(neighbor="192.0.2.9"), [("bgp", "as64500_ipv4_1 neighbor")]),
    "neighbour's AS": (lambda e: _session(e).update(neighbor_as=64511), [("bgp", "as64500_ipv4_1 neighbor AS")]),
    "import": (
        lambda e: _session(e)["channels"][0]["filters"].update(input="ACCEPT"),
        [("bgp", "as64500_ipv4_1 ipv4 import")],
    ),
    "export": (
        lambda e: _session(e)["channels"][0]["filters"].update(output="ACCEPT"),
        [("bgp", "as64500_ipv4_1 ipv4 export")],
    ),
    "limit": (lambda e: _session(e)["channels"][0].pop("limits"), [("bgp", "as64500_ipv4_1 ipv4 export limit")]),
    "disabled peer": (
        lambda e: next(one for one in e["routing"]["running"]["protocols"] if one["name"] == "as64500_ipv4_1").update(
            state="down"
        ),
        [("bgp", "as64500_ipv4_1")],
    ),
    "strange protocol": (
        lambda e: e["routing"]["running"]["protocols"].append({"name": "leak", "kind": "Static", "state": "up"}),
        [("bgp", "leak")],
    ),
    "no such protocol": (
        lambda e: _drop(e["routing"]["running"]["protocols"], lambda one: one["name"] == "as64500_ipv6_1"),
        [("bgp", "as64500_ipv6_1")],
    ),
    "leak": (
        lambda e: e["routing"]["exported"].update({"as64500_ipv4_1": ["0.0.0.0/0", "199.7.82.0/23"]}),
        [("bgp", "as64500_ipv4_1 exports")],
    ),
    "stale bird": (lambda e: e["files"][BIRD].update(changed_at=1_800_000_000.0 - 50), [("bgp", BIRD)]),
    "function": (
        lambda e: _bird(e, "value [199.7.82.0/23{0.0.2.0}, ", "value [0.0.0.0/0, 199.7.82.0/23{0.0.2.0}, "),
        [("bgp", "function is_imrs_ipv4")],
    ),
    "import filter": (
        lambda e: _bird(e, "   F_ACCEPT\n  Filter", "   F_REJECT\n  Filter", 1),
        [("bgp", "import filters of gate")],
    ),
    "named filter": (
        lambda e: e["routing"]["running"].update(
            filters=e["routing"]["running"]["filters"] + "Named filter x:\n F_ACCEPT\n"
        ),
        [("bgp", "filter x")],
    ),
    "untold filters": (lambda e: e["routing"]["running"].update(filters=""), [("unread", "BIRD's filters")]),
    "untold age": (lambda e: e["routing"].update(configured_at=None), [("unread", "BIRD")]),
    "knot option": (
        lambda e: e["nameserver"].update(
            running=e["nameserver"]["running"].replace("tcp-max-clients = 250", "tcp-max-clients = 9")
        ),
        [("nameserver", "server.tcp-max-clients")],
    ),
    "knot key": (
        lambda e: e["nameserver"].update(
            running=e["nameserver"]["running"].replace("<vault_0 keyed:0123456789ab>", "<another secret>")
        ),
        [("nameserver", "key[xlb01-dist1.example.].secret")],
    ),
    "knot zone": (
        lambda e: e["nameserver"].update(running=e["nameserver"]["running"] + "zone.domain = example.\n"),
        [("nameserver", "zone[example.]")],
    ),
    "no knot": (lambda e: e.update(nameserver={"error": "failed to connect"}), [("unread", "Knot DNS")]),
}

NSD_FRR: dict[str, tuple[Spoil, list[tuple[str, str]]]] = {
    "frr password": (
        lambda e: e["routing"].update(
            running=e["routing"]["running"].replace("<vault_0 keyed:0123456789ab>", "<another secret>", 1)
        ),
        [("bgp", "router bgp 20144")] * 2,
    ),
    "frr shutdown": (
        lambda e: e["routing"].update(
            running=e["routing"]["running"].replace(
                " bgp listen limit 1\n", " neighbor 192.0.2.1 shutdown\n bgp listen limit 1\n"
            )
        ),
        [("bgp", "router bgp 20144")],
    ),
    "frr route-map": (
        lambda e: e["routing"].update(
            running=e["routing"]["running"].replace("route-map nothing deny", "route-map nothing permit")
        ),
        [("bgp", "frr.conf")] * 2,
    ),
    "frr prefix": (
        lambda e: e["routing"].update(
            running=e["routing"]["running"].replace("permit 199.7.83.0/24", "permit 199.7.0.0/16", 1)
        ),
        [("bgp", "frr.conf")] * 2,
    ),
    "no frr": (lambda e: e.update(routing={"error": "vtysh failed"}), [("unread", "FRR")]),
    "nsd key": (
        lambda e: e["nameserver"]["keys"]["xlb01-dist1.example."].update(secret="<another secret>"),
        [("nameserver", "key xlb01-dist1.example. secret")],
    ),
    "nsd algorithm": (
        lambda e: e["nameserver"]["keys"]["xlb01-dist1.example."].update(algorithm="hmac-md5"),
        [("nameserver", "key xlb01-dist1.example. algorithm")],
    ),
    "nsd no key": (
        lambda e: e["nameserver"]["keys"].pop("xlb01-dist2.example."),
        [("nameserver", "key xlb01-dist2.example.")],
    ),
    "nsd zone": (lambda e: e["nameserver"]["zones"].append("example."), [("nameserver", "zone example.")]),
    "nsd rate": (lambda e: e["nameserver"]["status"].update(ratelimit="0"), [("nameserver", "ratelimit")]),
    "stale nsd": (
        lambda e: e["files"]["/etc/nsd/nsd.conf"].update(changed_at=1_800_000_000.0 - 50),
        [("service", "nsd.service")],
    ),
    "no nsd": (lambda e: e.update(nameserver={"error": "connect refused"}), [("unread", "NSD")]),
}


def test_no_drift(knot_bird: Scene, nsd_frr: Scene) -> None:
    assert knot_bird.found() == []
    assert nsd_frr.found() == []


@pytest.mark.parametrize("name", COMMON)
@pytest.mark.parametrize("providers", ["knot_bird", "nsd_frr"])
def test_planted_on_any_node(request: pytest.FixtureRequest, providers: str, name: str) -> None:
    spoil, found = COMMON[name]
    scene = request.getfixturevalue(providers)
    spoil(scene.evidence)
    assert scene.found() == found


@pytest.mark.parametrize("name", KNOT_BIRD)
def test_planted_with_knot_and_bird(knot_bird: Scene, name: str) -> None:
    spoil, found = KNOT_BIRD[name]
    spoil(knot_bird.evidence)
    assert knot_bird.found() == found


@pytest.mark.parametrize("name", NSD_FRR)
def test_planted_with_nsd_and_frr(nsd_frr: Scene, name: str) -> None:
    spoil, found = NSD_FRR[name]
    spoil(nsd_frr.evidence)
    assert nsd_frr.found() == found


def test_a_router_tells_its_nodes_the_default_route_and_no_more(knot_bird: Scene) -> None:
    inwards = {"as64500_ipv4_1": "0.0.0.0/0"}
    told = knot_bird.evidence["routing"]["exported"] = {"as64500_ipv4_1": ["0.0.0.0/0"]}
    assert bird.compare(knot_bird.intent, knot_bird.evidence, (), inwards) == []
    told["as64500_ipv4_1"].append("199.7.83.0/24")
    (leak,) = bird.compare(knot_bird.intent, knot_bird.evidence, ("199.7.83.0/24",), inwards)
    assert leak.subject == "as64500_ipv4_1 exports"
    assert (leak.expected, leak.found) == ("a default route only", "199.7.83.0/24")


def test_every_finding_says_what_to_do(knot_bird: Scene, nsd_frr: Scene) -> None:
    for scene, spoils in ((knot_bird, KNOT_BIRD), (nsd_frr, NSD_FRR)):
        for spoil, _found in {**COMMON, **spoils}.values():
            spoilt = copy.deepcopy(scene)
            spoil(spoilt.evidence)
            for finding in spoilt.compare().findings:
                assert finding.expected
                assert finding.found
                assert finding.expected != finding.found
                assert finding.remedy
                json.dumps(finding.as_dict())

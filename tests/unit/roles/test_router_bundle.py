# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles hand over to a cluster's own router: no nameserver's files, and what takes their place."""

from __future__ import annotations

import json
import re
import typing as t

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.icann.imrs.plugins.module_utils._bundle import disruption
from imrs_role_cases import INSIDE_LINK, members
from imrs_role_machine import AS_NODE, ROUTER, Role
from imrs_role_render import ROOT


def written(role: Role) -> set[str]:
    return {item["dest"] for item in role.arguments()["files"]}


def test_the_gate_of_a_router_counts_nodes_and_knows_no_nameserver() -> None:
    router, node = Role("gate", ROUTER), Role("gate", AS_NODE)
    told = json.loads(router.file("etc/imrs/gate.json"))
    assert told["members"] == {
        "nodes": [
            {"node": "xlc01", "ipv4": "192.0.2.37", "ipv6": "2001:db8:0:21::5"},
            {"node": "xlc02", "ipv4": "192.0.2.38", "ipv6": "2001:db8:0:21::6"},
        ],
        "minimum": 1,
        "below": "drained",
        "rise": 5,
    }
    judged = {"probe", "zones", "masters", "service", "overload"}
    assert not judged & set(told)
    assert set(json.loads(node.file("etc/imrs/gate.json"))) == set(told) - {"members"} | judged
    assert written(node) - written(router) == {
        "/etc/imrs/upstream.json",
        "/etc/systemd/system/knot.service.d/20-imrs-gate.conf",
    }
    assert written(router) <= written(node)
    assert [each for each in router.arguments()["check"] if "upstream" in each] == []
    assert [item["path"] for item in router.arguments()["directories"] if "systemd" in item["path"]] == []


def test_the_cards_of_a_router_are_those_of_both_sides() -> None:
    settings = {"queues": 16, "hash_ports": True}
    router, node = (Role("network", each, network_cards=settings) for each in (ROUTER, AS_NODE))
    assert json.loads(node.file("etc/imrs/cards.json")) == {"ports": ["uplink"], "settings": settings}
    assert json.loads(router.file("etc/imrs/cards.json"))["ports"] == ["uplink", "nodes"]
    assert json.loads(Role("network", AS_NODE).file("etc/imrs/cards.json"))["settings"] == {}


def test_nothing_of_a_routers_gate_speaks_of_a_nameserver() -> None:
    router, node = Role("gate", ROUTER), Role("gate", AS_NODE)
    unit = router.file("etc/systemd/system/imrs-gate.service")
    assert "\nAfter=network.target frr.service\n" in unit
    assert "upstream.json" not in unit
    assert "\nAfter=network.target frr.service knot.service\n" in node.file("etc/systemd/system/imrs-gate.service")
    for name in ("gate_fingerprint_paths", "gate_watched_paths", "__gate_absent"):
        paths = router[name]
        assert [path for path in paths if re.search("knot|nsd", path) or not path.startswith("/")] == [], name
        assert set(paths) < set(node[name]), name
    assert "/etc/frr" in router["gate_fingerprint_paths"]
    for kind in ("imrs-fingerprint.path", "imrs-fingerprint-absent.path"):
        assert "knot" not in router.file(f"etc/systemd/system/{kind}")


def test_a_router_has_the_interface_towards_its_nodes_instead_of_the_service_addresses() -> None:
    router = Role("network", ROUTER)
    assert "/etc/systemd/network/20-imrs-inside.network" in written(router)
    assert "/etc/systemd/network/20-imrs-service.network" not in written(router)
    text = router.file("etc/systemd/network/20-imrs-inside.network")
    assert "\nName=nodes\n" in text
    assert "\nMTUBytes=1500\n" in text
    assert re.findall("(?m)^Address=(.*)$", text) == INSIDE_LINK["addresses"]
    asked = [each for each in router.arguments()["probe"] if "fibmatch" in each]
    assert asked[:2] == ["ip route get fibmatch 192.0.2.33", "ip route get fibmatch 2001:db8:0:21::1"]
    assert asked[2] == "ip route get fibmatch 100::2"
    assert router.file("etc/systemd/network/20-imrs-loopback.network").endswith("[Network]\nAddress=100::2/128\n")
    assert len(asked) == 5, "and the gateways"
    for path in (f"/etc/systemd/network/20-imrs-{name}.network" for name in ("inside", "service", "loopback")):
        worst = disruption.worst(disruption.disruptions(router.bundle(), {path: None}, ()).values())
        assert worst == ("session reset" if "inside" in path else "reload"), path
    assert "199.7.83.42" not in "".join(map(str, router.arguments()["probe"]))


def test_a_router_with_nodes_of_one_family_has_a_filter_that_is_sound() -> None:
    only = [member for member in members() if member["family"] == "ipv6"]
    text = Role("network", {**ROUTER, "imrs_members": only}).file("etc/nftables.conf")
    assert "@members_ipv4" not in text
    assert "set members_ipv6" in text
    assert "{  }" not in text, "an empty set is an error"


@pytest.mark.parametrize(("machine", "forwards"), [(ROUTER, "1"), (AS_NODE, "0")], ids=["router", "node"])
def test_a_router_forwards_by_addresses_and_ports_and_a_node_does_not(machine: dict[str, t.Any], forwards: str) -> None:
    text = Role("hardening", machine).file("etc/sysctl.d/60-imrs.conf")
    settings = dict(re.findall(r"(?m)^([\w.]+) = (.*)$", text))
    assert settings["net.ipv4.ip_forward"] == settings["net.ipv6.conf.all.forwarding"] == forwards
    policies = {settings.get(f"net.{family}.fib_multipath_hash_policy") for family in ("ipv4", "ipv6")}
    assert policies == ({"1"} if forwards == "1" else {None})
    assert settings["net.ipv4.conf.all.rp_filter"] == "2", "what comes by one router may go by another"
    assert settings["net.ipv6.conf.all.accept_ra"] == settings["net.ipv4.conf.all.send_redirects"] == "0"


def test_a_router_gets_no_nameservers_packages_and_holds_the_same() -> None:
    loader = DataLoader()
    found = {}
    for name, machine in (("router", ROUTER), ("node", AS_NODE)):
        defaults = loader.load_from_file(str(ROOT / "roles/packages/defaults/main.yml"), trusted_as_template=True)
        engine = Templar(loader, {**machine, **defaults})
        found[name] = {key: engine.template(defaults[key]) for key in ("packages_installed", "packages_held")}
    assert set(found["node"]["packages_installed"]) - set(found["router"]["packages_installed"]) == {
        "knot",
        "knot-dnsutils",
        "ldnsutils",
    }
    assert found["router"]["packages_held"] == found["node"]["packages_held"]
    assert "smartmontools" in found["router"]["packages_installed"]


def test_a_container_gets_nothing_to_ask_disks_with() -> None:
    loader = DataLoader()
    defaults = loader.load_from_file(str(ROOT / "roles/packages/defaults/main.yml"), trusted_as_template=True)
    of_the_lab = loader.load_from_file(str(ROOT / "inventories/lab/group_vars/all/packages.yml"))
    found = Templar(loader, {**AS_NODE, **defaults, **of_the_lab}).template(defaults["packages_installed"])
    assert "knot" in found
    assert "smartmontools" not in found


@pytest.mark.parametrize("there", [True, False])
def test_what_asks_a_bmc_comes_where_there_is_one(there: bool) -> None:
    loader = DataLoader()
    defaults = loader.load_from_file(str(ROOT / "roles/packages/defaults/main.yml"), trusted_as_template=True)
    found = Templar(loader, {**AS_NODE, "imrs_bmc": there, **defaults}).template(defaults["packages_installed"])
    assert ("ipmitool" in found) == there


def test_role_nameserver_has_nothing_for_a_router() -> None:
    loader = DataLoader()
    for task in loader.load_from_file(str(ROOT / "roles/nameserver/tasks/files.yml")):
        assert re.fullmatch(r"nameserver_provider == '(knot|nsd)'", task["when"]), "or it would run for a router, too"

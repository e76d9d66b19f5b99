# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What role `network` has the bundle do with bonds and VLANs. networkd's own word on it: tests/drills, tests/vm."""

from __future__ import annotations

import re
import typing as t

import jinja2
import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.icann.imrs.plugins.module_utils._bundle import disruption, parse
from imrs_role_cases import CASES, NODE
from imrs_role_render import OPTIONS, ROOT, configured

if t.TYPE_CHECKING:
    from ansible_collections.icann.imrs.plugins.module_utils._bundle.model import Bundle

ROLE = ROOT / "roles/network"
VLAN = {"interface": "vlan120", "vlan": {"id": 120, "parent": "eno2"}}
BOND = {"interface": "bond0", "bond": {"name": "bond0", "members": ["eno2", "eno3"], "mode": "active-backup"}}
BOTH = {**BOND, "interface": "vlan120", "vlan": {"id": 120, "parent": "bond0"}}
UPLINKS: dict[str, dict[str, t.Any]] = {"plain": {}, "vlan": VLAN, "bond": BOND, "both": BOTH}
DELETE = ["sh", "-c", "ip link delete group 20144 || :"]
RESTART = ["systemctl", "restart", "systemd-networkd.service"]
RELOAD = ["networkctl", "reload"]
FOLDER = "/etc/systemd/network"


def templar(uplink: str) -> tuple[Templar, dict[str, t.Any]]:
    """Ansible's own, with the role's variables and those of its task; and the task's arguments."""
    loader = DataLoader()
    (task,) = loader.load_from_file(str(ROLE / "tasks/files.yml"), trusted_as_template=True)
    defaults = loader.load_from_file(str(ROLE / "defaults/main.yml"), trusted_as_template=True)
    node = {**NODE, **CASES["plain"][1], "imrs_operator_networks": {"ipv4": [], "ipv6": []}}
    given = {"network_uplink": {**NODE["imrs_uplink"], **UPLINKS[uplink]}, "ansible_managed": "Ansible managed"}
    return Templar(loader, {**node, **defaults, **given, **task["vars"]}), task["icann.imrs.bundle"]


def arguments(uplink: str) -> Bundle:
    """The bundle, as the node gets it."""
    engine, raw = templar(uplink)
    return parse({key: value for key, value in engine.template(raw).items() if value is not None})


def does(uplink: str, *names: str) -> tuple[str, list[list[str]]]:
    """How much a change of these files disturbs, and the commands that make networkd see them."""
    bundle, paths = arguments(uplink), [f"{FOLDER}/{name}" for name in names]
    worst = disruption.worst(disruption.disruptions(bundle, dict.fromkeys(paths), ()).values())
    return worst, [list(each.command.argv) for each in bundle.activations(paths)]


@pytest.mark.parametrize("uplink", UPLINKS)
@pytest.mark.parametrize("kind", ["vlan", "bond"])
def test_what_a_netdev_makes_is_deleted_and_made_anew(uplink: str, kind: str) -> None:
    """Also when the file goes: a plain uplink comes after a VLAN, and the way back repeats the commands."""
    found = does(uplink, f"20-imrs-uplink-{kind}.netdev", "20-imrs-uplink.network")
    assert found == ("session reset", [DELETE, RESTART, RELOAD])


@pytest.mark.parametrize("kind", ["member", "parent"])
def test_another_member_or_parent_is_seen_by_what_is_made_anew_alone(kind: str) -> None:
    """networkd takes no card out of a bond, and no VLAN off an interface, whose file has changed or is gone."""
    assert does("both", f"20-imrs-uplink-{kind}.network") == ("session reset", [DELETE, RESTART, RELOAD])


def test_another_address_deletes_nothing() -> None:
    assert does("both", "20-imrs-uplink.network") == ("session reset", [RELOAD])
    assert does("both", "20-imrs-service.network") == ("reload", [RELOAD])


@pytest.mark.parametrize(
    ("uplink", "grouped"), [("plain", []), ("vlan", ["vlan120"]), ("bond", ["bond0"]), ("both", ["vlan120", "bond0"])]
)
def test_only_what_the_role_makes_is_in_the_group_that_is_deleted(uplink: str, grouped: list[str]) -> None:
    """The kernel deletes nothing of a group that a network card is in."""
    engine, raw = templar(uplink)
    given = ("uplink", "link", "peers", "service_addresses")
    names = (*(f"network_{name}" for name in given), "__network_group", "ansible_managed")
    values = {name: engine.template(engine.available_variables[name]) for name in names}
    templates = configured(jinja2.Environment(**OPTIONS), "network")  # noqa: S701 - configuration, not HTML
    sources = [item["src"] for item in engine.template(raw["files"]) if item["src"].endswith(".network.j2")]
    texts = [templates.get_template(source).render(values) for source in sources]
    marked = [text for text in texts if "\nGroup=20144\n" in text.partition("[Link]")[2].partition("[Network]")[0]]
    assert [re.findall("(?m)^Name=(.*)$", text) for text in marked] == [[name] for name in grouped]
    assert "".join(texts).count("Group=") == len(grouped)


def links(uplink: str) -> list[str]:
    """The probes of interfaces, as a person would type them."""
    return [str(command) for command in arguments(uplink).probe if "/" in str(command) and "route" not in str(command)]


def test_the_probe_looks_at_what_runs() -> None:
    mode = "grep -wF active-backup /sys/class/net/bond0/bonding/mode"
    number = "grep -w 'VID: 120' /proc/net/vlan/vlan120"
    parent = "grep -xF 'Device: {}' /proc/net/vlan/vlan120"
    entrance = "test -e /sys/class/net/mgmt"
    assert links("plain") == [entrance]
    assert links("vlan") == [entrance, number, parent.format("eno2")]
    assert links("bond") == [entrance, mode]
    assert links("both") == [entrance, mode, number, parent.format("bond0")]


def test_the_gateways_are_reached_over_the_uplink() -> None:
    """A route to them is not enough: there may be one over the management interface."""
    probes = [list(command.argv) for command in arguments("vlan").probe]
    for gateway in NODE["imrs_uplink"]["gateways"]:
        command = f'ip route get fibmatch {gateway} | grep -F " dev vlan120 "'
        assert ["sh", "-c", command] in probes


CARDS = "/etc/imrs/cards.json"
PORTS = {"plain": ["uplink"], "vlan": ["eno2"], "bond": ["eno2", "eno3"], "both": ["eno2", "eno3"]}


@pytest.mark.parametrize("uplink", UPLINKS)
def test_cards_are_those_that_cables_are_plugged_into(uplink: str) -> None:
    engine, _raw = templar(uplink)
    assert engine.template(engine.available_variables["__network_ports"]) == PORTS[uplink]


def test_another_setting_of_cards_waits_for_a_window_and_has_to_be_confirmed() -> None:
    """Also on the way back: the program is another bundle's, so it is there when this one's file is gone again."""
    bundle = arguments("plain")
    assert disruption.worst(disruption.disruptions(bundle, {CARDS: None}, ()).values()) == "session reset"
    found = [list(each.command.argv) for each in bundle.activations([CARDS])]
    assert found == [["systemctl", "restart", "imrs-cards.service"]]
    assert bundle.confirm
    assert CARDS in bundle.confirm.when_changed
    assert [found for name in UPLINKS for found in does(name, "20-imrs-uplink.network")[1] if found[2:] == CARDS] == []

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An uplink that is a VLAN on a bond, on a kernel that knows both: live by it, with a cable out, and changed."""

from __future__ import annotations

import json
import re
import typing as t

import pytest
from imrslab import shell, switch, virtual
from imrslab.drill import ALL, SLOW, Drill

MEMBERS = ("enp0s3", "enp0s4")
NETWORK = "/etc/systemd/network"
FIRST_RUN = 2400.0
"""Seconds for all that a bare node takes, without KVM and beside other work."""
SHUT = ("-e", "imrs_disrupt=true", "-e", "imrs_leave_dark=true")


@pytest.fixture(scope="session")
def drill() -> Drill:
    """The lab, in which an appliance that was bare has been taken live."""
    lab = Drill(site="xbd")
    lab.up()
    if lab.received() != ALL:
        done = lab.begin("site").end(FIRST_RUN)
        assert done.status == 0, done.output[-5000:]
    return lab


def bonded(drill: Drill) -> dict[str, dict[str, str]]:
    """What the kernel says of the bond, and of each of its members by name (Documentation/networking/bonding.rst)."""
    said = drill.node("cat", "/proc/net/bonding/bond0")
    parts = re.split(r"(?m)^Slave Interface: (\S+)$", said)
    texts = {"bond0": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}
    return {
        name: {key.strip(): value.strip() for key, _, value in (line.partition(": ") for line in text.splitlines())}
        for name, text in texts.items()
    }


def agreed(drill: Drill) -> bool:
    """Whether both members are in the one link that the switch has agreed on."""
    found = bonded(drill)
    active = drill.node("cat", "/sys/class/net/bond0/bonding/ad_aggregator").strip()
    links = {found.get(name, {}).get("Aggregator ID") for name in MEMBERS}
    partner = drill.node("cat", "/sys/class/net/bond0/bonding/ad_partner_mac").strip()
    return links == {active} and partner == switch.OWN.hex(":")


def addressed(drill: Drill) -> dict[str, set[str]]:
    """The addresses that a sheet gives, by interface; those that the kernel makes itself are left out."""
    found = json.loads(drill.node("ip", "-json", "address", "show", "scope", "global"))
    interfaces = {link["ifname"]: {each["local"] for each in link["addr_info"] if each} for link in found if link}
    return {name: texts for name, texts in interfaces.items() if texts and name not in ("lo", "enp0s2")}


def whole(drill: Drill) -> None:
    """The uplink is as the sheet has it."""
    assert bonded(drill)["bond0"]["Bonding Mode"] == "IEEE 802.3ad Dynamic link aggregation"
    shell.wait_for("both members in one link", lambda: agreed(drill), SLOW)
    assert re.search(r"VID: 120\b", drill.node("cat", "/proc/net/vlan/vlan120"))
    assert addressed(drill) == {"vlan120": set(drill.appliance.uplink)}


def changed(drill: Drill, **values: t.Any) -> tuple[int, str]:
    """Another uplink than the sheet's, by role network alone: how the run ended, and what it said."""
    told: list[str] = []
    if values:
        told = ["-e", json.dumps({"network_uplink": {**drill.host_variables()["imrs_uplink"], **values}})]
    done = drill.play("site", "--tags", "network", *SHUT, *told)
    return done.status, done.output


def test_it_is_live_by_both_cables(drill: Drill) -> None:
    """site.yml has made bond and VLAN; acceptance has looked at both ports."""
    whole(drill)
    path = drill.lab.state.parent / f"{drill.lab.name}-reports" / drill.appliance.name / "acceptance.json"
    (fast,) = (each for each in json.loads(path.read_text(encoding="utf-8"))["results"] if each["id"] == "HW-04")
    assert fast["status"] == "pass"
    for name in MEMBERS:
        assert re.search(rf"{name} 1000 Mbit/s, \d+ packets", fast["message"]), fast["message"]


def test_a_cable_is_out(drill: Drill) -> None:
    """It passes nothing, and the card still has light: nothing is withdrawn, and acceptance names the port."""
    held: list[frozenset[str]] = []
    with drill.watching(held.append):
        virtual.pull(drill.lab, drill.appliance.name, "enp0s4")
        shell.wait_for("the loss", lambda: not agreed(drill), SLOW)
        done = drill.play("accept")
    assert set(held) == {frozenset(ALL)}
    assert done.status != 0
    assert "HW-04 failed: enp0s4 is in no link that the bond and the host's switch have agreed on" in done.output
    assert set(drill.status()["mode"].values()) == {"live"}
    virtual.pull(drill.lab, drill.appliance.name, "enp0s4", out=False)
    whole(drill)
    assert drill.received() == ALL


def test_both_cables_are_out(drill: Drill) -> None:
    """Now there is no way to it, and the host's router knows; it comes back by itself."""
    for name in MEMBERS:
        virtual.pull(drill.lab, drill.appliance.name, name)
    shell.wait_for("the end of its routes", lambda: not drill.received(), SLOW)
    assert drill.lets_in(), "operators have a way of their own"
    for name in MEMBERS:
        virtual.pull(drill.lab, drill.appliance.name, name, out=False)
    drill.wait(ALL)
    whole(drill)


def test_a_bond_without_a_link_goes_back(drill: Drill) -> None:
    """Its members are misspelt: no address comes up, so the probe fails. The bond from before is made again."""
    files = drill.node("sh", "-c", f"sha256sum {NETWORK}/*")
    bond = {**drill.host_variables()["imrs_uplink"]["bond"], "members": ["enp0s8", "enp0s9"]}
    status, said = changed(drill, bond=bond)
    assert status != 0
    assert "bundle network: probe failed: " in said, said[-3000:]
    assert "Rolled back: the previous files are in place." in said, said[-3000:]
    assert drill.node("sh", "-c", f"sha256sum {NETWORK}/*") == files
    whole(drill)
    drill.wait(ALL)  # nobody has judged it: it is what was certified


def test_another_vlan_another_mode_and_neither(drill: Drill) -> None:
    """What is there is made anew, what is no longer listed goes, and the way back is the same.

    A wrong VLAN is not seen by the change itself: operators get in by another way, and so they confirm it. The host's
    router does not hear of the node, which stays dark until its uplink is right.
    """
    bond = {**drill.host_variables()["imrs_uplink"]["bond"], "mode": "active-backup"}
    other = {"interface": "vlan121", "vlan": {"id": 121, "parent": "bond0"}, "bond": bond}
    status, said = changed(drill, **other)
    assert status == 0, said[-3000:]
    assert bonded(drill)["bond0"]["Bonding Mode"] == "fault-tolerance (active-backup)"
    assert {bonded(drill)[name]["MII Status"] for name in MEMBERS} == {"up"}
    assert re.search(r"VID: 121\b", drill.node("cat", "/proc/net/vlan/vlan121"))
    assert addressed(drill) == {"vlan121": set(drill.appliance.uplink)}
    drill.wait(set())

    status, said = changed(drill, interface="enp0s3", vlan=None, bond=None)
    assert status == 0, said[-3000:]
    assert drill.node("sh", "-c", "ls /proc/net/bonding").split() == []
    assert set(drill.node("sh", "-c", "ls /proc/net/vlan").split()) == {"config"}
    assert addressed(drill) == {"enp0s3": set(drill.appliance.uplink)}

    status, said = changed(drill)
    assert status == 0, said[-3000:]
    whole(drill)
    drill.wait(ALL)

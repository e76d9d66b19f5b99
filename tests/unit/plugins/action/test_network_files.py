# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What role network puts on nodes with VLANs, bonds and BFD, read as text and by systemd-networkd's own parser."""

from __future__ import annotations

import configparser
import copy
import pathlib
import subprocess
import typing as t

import pytest

BOND = {"name": "bond0", "members": ["eno2", "eno3"], "mode": "802.3ad"}
BACKUP = {**BOND, "mode": "active-backup"}
PLACE = "etc/systemd/network"
MakeNode = t.Callable[..., dict[str, t.Any]]

NETWORKD = r"""set -eu
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /etc/systemd/network
mount -t tmpfs tmpfs /etc/systemd/network
cp "$1"/* /etc/systemd/network # networkd gives up root, and could not look into a test's directory
/usr/lib/systemd/systemd-networkd
exit # no exec: who gives up root, as networkd does, is not told when unshare ends; this shell is, and takes it along
"""


def uplink(make_node: MakeNode, **more: t.Any) -> dict[str, t.Any]:
    return {**make_node("xaa01")["imrs_uplink"], **more}


def sessions(make_node: MakeNode, **more: t.Any) -> list[dict[str, t.Any]]:
    return [{**peer, **copy.deepcopy(more)} for peer in make_node("xaa01")["imrs_peers"]]


@pytest.fixture(scope="module")
def files(shared_fleet: t.Any, make_node: MakeNode) -> pathlib.Path:
    """The rendered nodes."""
    tagged, bundled = {"id": 120, "parent": "eno2"}, {"id": 120, "parent": "bond0"}
    bfd = {"bfd": {"interval_ms": 300, "multiplier": 3}}
    shared_fleet.write(
        {
            "plain01": make_node("xaa01"),
            "vlan01": make_node("xaa01", imrs_uplink=uplink(make_node, interface="vlan120", vlan=tagged)),
            "bond01": make_node("xaa01", imrs_uplink=uplink(make_node, interface="bond0", bond=BOND)),
            "backup01": make_node("xaa01", imrs_uplink=uplink(make_node, interface="bond0", bond=BACKUP)),
            "both01": make_node(
                "xaa01", imrs_uplink=uplink(make_node, interface="vlan120", vlan=bundled, bond=BOND, mtu=9000)
            ),
            "near01": make_node("xaa01", imrs_peers=sessions(make_node, **bfd)),
            "far01": make_node("xaa01", imrs_peers=sessions(make_node, **bfd, multihop=2)),
        }
    )
    done = shared_fleet.render()
    assert done.returncode == 0, done.stdout + done.stderr
    return shared_fleet.base / "rendered"


def settings(path: pathlib.Path) -> dict[str, dict[str, str]]:
    """A file of networkd with each key at most once in a section."""
    parser = configparser.ConfigParser(strict=True, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(path.read_text())
    return {section: dict(parser[section]) for section in parser.sections()}


def names(node: pathlib.Path) -> list[str]:
    return sorted(path.name for path in (node / PLACE).iterdir())


def test_a_plain_uplink_has_no_more_files_than_before(files: pathlib.Path) -> None:
    assert names(files / "plain01") == ["20-imrs-service.network", "20-imrs-uplink.network"]
    text = (files / "plain01" / PLACE / "20-imrs-uplink.network").read_text()
    assert "\nName=eno2\n" in text
    assert "\nAddress=192.0.2.2/29\nAddress=2001:db8:0:1::2/64\nGateway=192.0.2.1\nGateway=2001:db8:0:1::1\n" in text


@pytest.mark.parametrize(("name", "parent", "mtu"), [("vlan01", "eno2", "1500"), ("both01", "bond0", "9000")])
def test_a_vlan_carries_the_addresses_and_its_parent_none(
    files: pathlib.Path, name: str, parent: str, mtu: str
) -> None:
    place = files / name / PLACE
    assert "\nName=vlan120\n" in (place / "20-imrs-uplink.network").read_text()
    assert settings(place / "20-imrs-uplink-vlan.netdev") == {
        "NetDev": {"Name": "vlan120", "Kind": "vlan", "MTUBytes": mtu},
        "VLAN": {"Id": "120"},
    }
    below = settings(place / "20-imrs-uplink-parent.network")
    assert below["Match"] == {"Name": parent}
    assert below["Link"]["MTUBytes"] == mtu
    assert below["Network"] == {"VLAN": "vlan120", "IPv6AcceptRA": "no", "LinkLocalAddressing": "no"}


@pytest.mark.parametrize(("name", "mtu"), [("bond01", "1500"), ("both01", "9000")])
def test_a_bond_speaks_lacp_and_has_one_mtu(files: pathlib.Path, name: str, mtu: str) -> None:
    place = files / name / PLACE
    netdev = settings(place / "20-imrs-uplink-bond.netdev")
    assert netdev["NetDev"] == {"Name": "bond0", "Kind": "bond", "MTUBytes": mtu}
    assert netdev["Bond"] == {
        "Mode": "802.3ad",
        "MIIMonitorSec": "100ms",
        "UpDelaySec": "200ms",
        "LACPTransmitRate": "fast",
        "TransmitHashPolicy": "layer3+4",
        "MinLinks": "1",
    }
    member = settings(place / "20-imrs-uplink-member.network")
    assert member["Match"] == {"Name": "eno2 eno3"}
    assert member["Link"]["MTUBytes"] == mtu
    assert member["Network"] == {"Bond": "bond0"}


def test_a_bond_that_only_falls_back_speaks_no_lacp(files: pathlib.Path) -> None:
    assert settings(files / "backup01" / PLACE / "20-imrs-uplink-bond.netdev")["Bond"] == {
        "Mode": "active-backup",
        "MIIMonitorSec": "100ms",
        "UpDelaySec": "200ms",
    }
    assert "\nName=bond0\n" in (files / "backup01" / PLACE / "20-imrs-uplink.network").read_text()


def complaints(directory: pathlib.Path) -> list[str]:
    """What systemd-networkd says of the files; it has read them all when it says `Enumeration completed`."""
    command = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "sh", "-c", NETWORKD, "sh", directory]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={"SYSTEMD_LOG_TARGET": "console"}) as process:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if "Enumeration completed" in line:
                break
        process.kill()
        process.communicate(timeout=60)  # networkd has it open, too, as long as it runs
    assert "Enumeration completed" in "".join(said), said
    return [line for line in said if "/etc/systemd/network/" in line and "Configuring with" not in line]


@pytest.mark.parametrize("name", ["plain01", "vlan01", "bond01", "backup01", "both01"])
def test_systemd_networkd_understands_every_line(files: pathlib.Path, name: str) -> None:
    assert complaints(files / name / PLACE) == []


def test_systemd_networkd_would_complain(files: pathlib.Path, tmp_path: pathlib.Path) -> None:
    text = (files / "bond01" / PLACE / "20-imrs-uplink-bond.netdev").read_text()
    (tmp_path / "20.netdev").write_text(text.replace("LACPTransmitRate", "LacpRate").replace("100ms", "soon"))
    assert len(complaints(tmp_path)) == 2


def bfd_rules(node: pathlib.Path) -> list[str]:
    lines = (node / "etc/nftables.conf").read_text().splitlines()
    return [line.strip().partition(" comment ")[0] for line in lines if "bfd" in line.lower() and "accept" in line]


def test_bfd_is_closed_unless_a_peer_has_it(files: pathlib.Path) -> None:
    text = (files / "plain01/etc/nftables.conf").read_text()
    assert "bfd" not in text.lower()
    assert "784" not in text
    assert "785" not in text


def test_bfd_on_the_link_is_for_peers_that_are_on_it(files: pathlib.Path) -> None:
    assert bfd_rules(files / "near01") == [
        f'iifname "eno2" {rule} accept'
        for rule in (
            "ip saddr @bfd_near_ipv4 ip daddr @uplink_ipv4 udp dport 3784 ip ttl 255",
            "ip saddr @bfd_near_ipv4 ip daddr @uplink_ipv4 udp dport 3785 ip ttl { 254, 255 }",
            "ip6 saddr @bfd_near_ipv6 ip6 daddr @uplink_ipv6 udp dport 3784 ip6 hoplimit 255",
            "ip6 saddr @bfd_near_ipv6 ip6 daddr @uplink_ipv6 udp dport 3785 ip6 hoplimit { 254, 255 }",
        )
    ]
    text = (files / "near01/etc/nftables.conf").read_text()
    assert "set bfd_near_ipv4 { type ipv4_addr; elements = { 192.0.2.1 }; }" in text
    assert "set bfd_near_ipv6 { type ipv6_addr; elements = { 2001:db8:0:1::1 }; }" in text


def test_bfd_over_several_hops_has_a_port_of_its_own(files: pathlib.Path) -> None:
    assert bfd_rules(files / "far01") == [
        "ip saddr @bfd_far_ipv4 ip daddr @uplink_ipv4 udp dport 4784 accept",
        "ip6 saddr @bfd_far_ipv6 ip6 daddr @uplink_ipv6 udp dport 4784 accept",
    ]
    assert "378" not in (files / "far01/etc/nftables.conf").read_text()

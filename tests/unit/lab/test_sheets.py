# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab follows from its sheets; what it cannot be is told with file, line, field and remedy."""

from __future__ import annotations

import pathlib
import re
import shutil
import subprocess
import sys
import typing as t

import pytest
import yaml
from ansible_collections.icann.imrs.plugins.module_utils._site import fleet
from ansible_collections.icann.imrs.plugins.plugin_utils import fleet_files
from imrs_role_cases import TLS
from imrslab import guests, host, inventory, keys, network, sheets, shell, topology

ROOT = pathlib.Path(__file__).resolve().parents[3]
FLEET = yaml.safe_load((ROOT / "inventories/lab/fleet.yml").read_text(encoding="utf-8"))


def names(plan: topology.Plan) -> list[str]:
    return [machine.name for machine in plan.machines]


def addresses(plan: topology.Plan, name: str) -> dict[str, tuple[str, ...]]:
    return {link.interface: link.addresses for link in plan.machine(name).links}


def test_the_usual_lab() -> None:
    plan = sheets.plan(topology.USUAL)
    assert names(plan) == ["dist1", "dist2", "host-router", "vantage", "xlb01"]
    assert addresses(plan, "host-router") == {
        "mgmt": ("198.51.100.31/24",),
        "uplink": ("192.0.2.1/29", "2001:db8:0:1::1/64"),
        "client": ("203.0.113.65/29", "2001:db8:0:2::1/64"),
        "dist": ("203.0.113.6/29", "2001:db8:0:3::6/64"),
    }
    assert addresses(plan, "dist2")["dist"] == ("203.0.113.2/29", "2001:db8:0:3::2/64")
    # The appliance is bare.
    assert addresses(plan, "xlb01") == {"mgmt": ("198.51.100.11/24",), "uplink": ()}
    (appliance,) = plan.appliances
    assert [session.address for session in appliance.sessions] == list(appliance.uplink)
    assert {session.secret for session in appliance.sessions} == {"bgp_xlb"}
    assert host.watchers(plan) == host.WATCHERS


def test_appliances_alone_are_of_another_release() -> None:
    plan = sheets.plan(["xlb", "xnf"], release="bookworm")
    assert {each.name for each in plan.machines if each.image == "bookworm"} == {"xlb01", "xnf01"}
    assert {each.image for each in plan.machines} == {"lab", "bookworm"}
    with pytest.raises(
        shell.LabError, match="RELEASE=buster: no such appliance in the lab, which has trixie, bookworm"
    ):
        sheets.plan(["xlb"], release="buster")
    with pytest.raises(shell.LabError, match="RELEASE=bookworm: xvm01 is a virtual machine, and those are trixie"):
        sheets.plan(["xvm"], release="bookworm")


def test_two_sites_are_behind_two_hosts() -> None:
    plan = sheets.plan(["xlb", "xnf", "xlb"])
    assert plan.sites == ("xlb", "xnf")
    assert host.watchers(plan) == host.OF_TWO_SITES
    assert names(plan)[2:] == ["host-router", "vantage", "host-router2", "vantage2", "xlb01", "xnf01"]
    assert plan.asns == {"host-router": 64500, "host-router2": 64501}
    ends = {link.interface: link.bridge for link in plan.machine("host-router2").links}
    assert ends["uplink"] == plan.machine("xnf01").link("uplink").bridge != plan.machine("xlb01").link("uplink").bridge
    assert plan.machine("vantage2").link("client").gateways == ("203.0.113.73", "2001:db8:0:4::1")


def test_a_cluster_has_routers_of_its_own() -> None:
    plan = sheets.plan(["xlc"])
    assert names(plan)[2:] == ["host-router", "vantage", "xlc-r1", "xlc-r2", "xlc01", "xlc02"]
    assert plan.asns == {"host-router": 64500}
    assert addresses(plan, "host-router")["uplink2"] == ("192.0.2.50/31", "2001:db8:0:23::a/127")
    # They are ours, so they arrive bare.
    assert addresses(plan, "xlc-r2") == {"mgmt": ("198.51.100.52/24",), "uplink": (), "nodes": ()}
    assert plan.machine("xlc-r2").image == "base"
    assert [each.inside for each in plan.routers] == [
        ("192.0.2.33/28", "2001:db8:0:21::1/64"),
        ("192.0.2.34/28", "2001:db8:0:21::2/64"),
    ]
    assert plan.machine("xlc-r2").link("uplink").bridge == plan.machine("host-router").link("uplink2").bridge
    bridges = {plan.machine(name).link(to).bridge for name, to in (("xlc-r1", "nodes"), ("xlc02", "uplink"))}
    assert bridges == {"br-nodes"}
    assert [each.name for each, _ in plan.sessions("host-router")] == ["xlc-r1", "xlc-r1", "xlc-r2", "xlc-r2"]
    assert {each.name for each, _ in plan.sessions("xlc-r1")} == {"xlc01", "xlc02"}
    ends = {each.name: (len(each.sessions), each.router, len(each.keys)) for each in plan.appliances}
    assert ends == {
        **dict.fromkeys(("xlc-r1", "xlc-r2"), (2, "host-router", 0)),
        **dict.fromkeys(("xlc01", "xlc02"), (4, "xlc-r1", 2)),
    }
    assert host.watchers(plan) == host.OF_A_CLUSTER
    assert topology.Plan.read(plan.text()) == plan


def test_every_site_of_the_lab_at_once() -> None:
    plan = sheets.plan(["xlb", "xnf", "xlc"])
    assert addresses(plan, "host-router")["uplink3"] == ("192.0.2.50/31", "2001:db8:0:23::a/127")
    found = [yaml.safe_load(path.read_text()) for path in (topology.SOURCE / "sites").glob("*.yml")]
    pairs = {(node["nameserver"], node["routing"]) for sheet in found for node in sheet["nodes"]}
    assert len(pairs) == 4, "every pair of daemons has a site"


def test_a_plan_is_kept_as_it_was(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topology, "ROOT", tmp_path)
    lab, plan = topology.Lab("x"), sheets.plan(["xlb", "xnf"])
    with pytest.raises(shell.LabError, match="no lab named x is up: make live"):
        _ = lab.plan
    shell.write(lab.plan_file, plan.text())
    assert lab.plan == plan
    assert plan.of_site("xnf").name == "xnf01"
    with pytest.raises(shell.LabError, match="site zzz is not in this lab; it has xlb, xnf"):
        plan.of_site("zzz")
    with pytest.raises(shell.LabError, match="xlb02 is no machine of this lab; it has dist1, dist2, "):
        plan.machine("xlb02")


class Source:
    """A copy of the lab's fleet to write sheets in."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        shutil.copytree(topology.SOURCE, folder)

    def write(self, site: str, *edits: tuple[str, str], of: str = "xnf") -> None:
        """The sheet of a site: that of another one, edited."""
        text = (self.folder / f"sites/{of}.yml").read_text(encoding="utf-8")
        for old, new in edits:
            assert old in text, old
            text = text.replace(old, new)
        (self.folder / f"sites/{site}.yml").write_text(text, encoding="utf-8")

    def refused(self, *sites: str) -> str:
        """What is wrong with these."""
        with pytest.raises(shell.LabError) as refusal:
            sheets.plan(sites, self.folder)
        return str(refusal.value)


@pytest.fixture
def source(tmp_path: pathlib.Path) -> Source:
    return Source(tmp_path / "lab")


def test_a_sheet_of_ones_own(source: Source) -> None:
    """Behind the same host as another one, in a network of its own."""
    edits = (
        ("xnf", "xst"),
        ("LAB-0002", "LAB-0003"),
        (".12/24", ".13/24"),
        ("0:5::", "0:6::"),
        ("192.0.2.9", "192.0.2.17"),
    )
    source.write("xst", *edits, ("192.0.2.10", "192.0.2.18"))
    plan = sheets.plan(["xnf", "xst"], source.folder)
    assert names(plan)[2:] == ["host-router2", "vantage2", "xnf01", "xst01"]
    assert addresses(plan, "host-router2")["uplink2"] == ("192.0.2.17/29", "2001:db8:0:6::1/64")
    assert [each.name for each, _ in plan.sessions("host-router2")] == ["xnf01", "xnf01", "xst01", "xst01"]
    assert plan.machine("xst01").link("uplink").bridge == plan.machine("host-router2").link("uplink2").bridge


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (("vantage2 ", "probe7 "), "vantage: probe7 is no machine of the lab, which has vantage (behind host-router)"),
        (("host-router2 ", "host-router "), "looking_glass: host-router is not the router before vantage2: that is"),
        (("100.12/24", "100.31/24"), "nodes[0].management.addresses[0]: 198.51.100.31 is that of host-router already"),
        (("100.12/24", "100.12/25"), "nodes[0].management.addresses[0]: 198.51.100.12/25 is not in the lab's manage"),
        (("interface: uplink", "interface: uplink\n      vlan: 7"), "nodes[0].uplink.vlan: a container's cable carri"),
        (("0:5::", "0:2::"), "nodes[0].uplink.addresses[1]: overlaps with 2001:db8:0:2::/64, which is that of vantage"),
        (("asn: 64501", "asn: 6450000000"), "peers[0].asn: 6450000000 is not an AS number"),
    ],
)  # fmt: skip
def test_a_sheet_that_no_lab_can_be_made_of(source: Source, edit: tuple[str, str], said: str) -> None:
    source.write("xnf", edit)
    assert re.search(rf"^sites/xnf.yml:\d+: {re.escape(said)}", source.refused("xnf"), re.MULTILINE)


def test_what_two_sheets_cannot_both_have(source: Source) -> None:
    source.write("xnf", ("100.12/24", "100.11/24"))
    assert "nodes[0].management.addresses[0]: 198.51.100.11 is used twice; it alr" in source.refused("xlb", "xnf")
    source.write("xnf", ("100.11/24", "100.12/24"), ("vantage2 ", "vantage "), ("host-router2 ", "host-router "))
    wrong = "peers[0].asn: 64501: host-router is AS 64500 already; another host's vantage is vantage2"
    assert wrong in source.refused("xlb", "xnf")
    assert names(sheets.plan(["xnf"], source.folder))[2:] == ["host-router", "vantage", "xnf01"]


def test_a_peer_that_is_not_on_the_uplink(source: Source) -> None:
    far = '[192.0.2.9, "2001:db8:0:5::1"]\n    md5'
    source.write("xnf", (far, '[203.0.113.129, "2001:db8:0:7::1"]\n    multihop: 3\n    md5'))
    assert "peers[0].addresses[0]: 203.0.113.129 is not on the uplink" in source.refused("xnf")


def test_a_master_that_the_lab_has_not(source: Source) -> None:
    for path in (source.folder / "fleet.yml", source.folder / "sites/xnf.yml"):
        path.write_text(path.read_text(encoding="utf-8").replace("dist2\n", "dist9\n"), encoding="utf-8")
    assert "masters[1].name: dist9 is no machine of the lab, which has dist1, dist2" in source.refused("xnf")


def test_a_master_that_hands_out_zones_over_tls(source: Source) -> None:
    path, tls = source.folder / "fleet.yml", TLS[0]
    pem = "".join(f"          {line}\n" for line in tls["certificates"][0].splitlines())
    text = path.read_text(encoding="utf-8")
    first = '    addresses: [203.0.113.1, "2001:db8:0:3::1"]\n'
    assert first in text
    more = f"    tls:\n      name: {tls['name']}.\n      certificates:\n        - |\n{pem}"
    path.write_text(text.replace(first, first + more), encoding="utf-8")
    assert "masters[0].tls: the lab's masters hand out no zones over TLS" in source.refused("xnf")


def test_a_sheet_that_is_not_there(source: Source) -> None:
    assert source.refused("xyz").endswith(
        "/lab/sites/xyz.yml does not exist; there are sheets of xbd, xbm, xlb, xlc, xnf, xvm"
    )


def test_the_inventory_has_the_chosen_sheets_and_every_secret(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topology, "ROOT", tmp_path)
    lab, plan = topology.Lab("x"), sheets.plan(["xnf"])
    inventory.write(lab, plan)
    shell.write(lab.state / "trust-anchor.ds", f". IN DS 20326 8 2 {'E0' * 32}\n")
    copy = tmp_path / "elsewhere"
    shutil.copytree(lab.inventory, copy)
    for folder in (lab.inventory, copy):
        read = fleet_files.read(folder / "imrs.yml")
        assert list(read.hosts) == ["xnf01"]
        variables = yaml.safe_load((folder / "group_vars/all/lab.yml").read_text(encoding="utf-8"))
        assert variables["lab_state"] == str(tmp_path / ".lab/x")
        node = read.hosts["xnf01"]
        named = {master["tsig"]["secret_variable"] for master in node["imrs_masters"]}
        named |= {peer["password_variable"] for peer in node["imrs_peers"]}
        assert named == {name for name in variables if name.startswith("vault_")}
    keys.make(lab, plan)
    assert all((lab.secrets / sheets.secret_file(name)).read_text().strip() for name in named)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (("host-router #", "host-router2 #"), "looking_glass: host-router2 is not the router before vantage: that is"),
        (("100.51/24", "100.41/24"), "cluster.routers[0].machine.management.addresses[0]: 198.51.100.41 is that of va"),
        (
            (
                'addresses: [192.0.2.50, "2001:db8:0:23::a"]',
                'addresses: [203.0.113.129, "2001:db8:0:7::1"]\n    multihop: 3',
            ),
            "peers[1].addresses[0]: 203.0.113.129 is not on the uplink, and the lab's routers all are",
        ),
        (("0:22::", "0:2::"), "cluster.routers[0].uplink[1]: overlaps with 2001:db8:0:2::/64, which is that of vant"),
        (("100.14/24", "100.41/24"), "nodes[1].management.addresses[0]: 198.51.100.41 is that of vantage already"),
    ],
)  # fmt: skip
def test_a_cluster_that_no_lab_can_be_made_of(source: Source, edit: tuple[str, str], said: str) -> None:
    source.write("xlc", edit, of="xlc")
    assert re.search(rf"^sites/xlc.yml:\d+: {re.escape(said)}", source.refused("xlc"), re.MULTILINE)


@pytest.fixture
def both(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> topology.Lab:
    """A lab of two sites, with its keys."""
    monkeypatch.setattr(topology, "ROOT", tmp_path)
    lab, plan = topology.Lab("x"), sheets.plan(["xlb", "xnf"])
    shell.write(lab.plan_file, plan.text())
    keys.make(lab, plan)
    return lab


def test_masters_know_every_appliance(both: topology.Lab) -> None:
    for name, unit, path in (
        ("dist1", "knot.service", "etc/knot/knot.conf"),
        ("dist2", "nsd.service", "etc/nsd/nsd.conf"),
    ):
        text = guests.SETTINGS[unit](both, both.plan.machine(name))[path]
        for appliance in both.plan.appliances:
            for word in (*appliance.uplink, f"{appliance.name}-{name}.lab.example."):
                assert word in text
            assert keys.read(both, f"tsig_{appliance.name}_{name}") in text


def test_masters_tell_the_time_and_set_none(both: topology.Lab) -> None:
    named = {address for source in FLEET["time_sources"] for address in source["addresses"]}
    served = set()
    for name in ("dist1", "dist2"):
        machine = both.plan.machine(name)
        assert topology.CLOCK in machine.services
        files = guests.SETTINGS[topology.CLOCK](both, machine)
        assert files["etc/chrony/chrony.conf"] == "local stratum 2\nallow\n"
        assert "chronyd -F 1 -x\n" in files["etc/systemd/system/chrony.service.d/lab.conf"]
        served |= {address.partition("/")[0] for address in machine.link("dist").addresses}
    assert named == served


def test_routers_tell_each_other_and_no_appliance(both: topology.Lab) -> None:
    text = guests.SETTINGS["frr.service"](both, both.plan.machine("host-router"))["etc/frr/frr.conf"]
    assert "router bgp 64500\n bgp router-id 192.0.2.1\n" in text
    assert re.findall(r"neighbor (\S+) route-map nothing out", text) == ["192.0.2.2", "2001:db8:0:1::2"]
    assert re.findall(r"neighbor (\S+) route-map everything out", text) == ["203.0.113.5", "2001:db8:0:3::5"]
    assert re.findall(r"neighbor (\S+) remote-as 64501", text) == ["203.0.113.5", "2001:db8:0:3::5"]
    assert re.findall(r"network (\S+)", text) == [
        *("192.0.2.0/29", "203.0.113.64/29"),
        *("2001:db8:0:1::/64", "2001:db8:0:2::/64"),
    ]
    assert keys.read(both, "bgp_xnf") not in text


def test_a_cluster_whose_routers_are_not_ours(source: Source) -> None:
    text = (source.folder / "sites/xlc.yml").read_text(encoding="utf-8")
    machines = re.findall(r"      machine:\n(?:        .*\n)+", text)
    source.write("xlc", *((each, "") for each in machines), of="xlc")
    assert "cluster.routers[0]: has no machine; the lab has no router of a cluster but ours" in source.refused("xlc")


def test_the_host_of_a_cluster(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It tells our routers a default route, and knows by which of them nodes are reached."""
    monkeypatch.setattr(topology, "ROOT", tmp_path)
    lab, plan = topology.Lab("x"), sheets.plan(["xlc"])
    shell.write(lab.plan_file, plan.text())
    keys.make(lab, plan)
    inside, outside = (keys.read(lab, name) for name in ("bgp_xlc_routers", "bgp_xlc"))
    host_router = guests.SETTINGS["frr.service"](lab, plan.machine("host-router"))["etc/frr/frr.conf"]
    assert inside not in host_router
    assert host_router.count(outside) == 4
    assert host_router.count(" default-originate\n") == 4
    assert re.findall(r"^ip(?:v6)? route (\S+) (\S+)$", host_router, re.MULTILINE) == [
        *(("192.0.2.32/28", "192.0.2.49"), ("2001:db8:0:21::/64", "2001:db8:0:22::b")),
        *(("192.0.2.32/28", "192.0.2.51"), ("2001:db8:0:21::/64", "2001:db8:0:23::b")),
    ]


def test_looking_around_needs_no_library() -> None:
    """Nor does a command on the image: there, and in a shell of one's own, is only Python's standard library."""
    program = "import lab, sys; from imrslab import drill; print(sorted({'yaml', 'jsonschema'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], cwd=ROOT / "tests/lab", capture_output=True, text=True, check=False
    )
    assert done.stdout == "[]\n", done.stderr


def test_a_library_that_is_missing_is_told_with_the_way_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "missing_libraries", lambda: ("PyYAML", "netaddr"))
    with pytest.raises(
        shell.LabError, match=r"read with PyYAML and netaddr, and .* has none: `tests/setup.sh live` puts"
    ):
        sheets.plan(["xlb"])


def test_machines_are_those_of_one_lab(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "NAMESPACES", tmp_path)
    for name in (
        "imrs-lab",
        "imrs-xlb01",
        "imrs-host-router",
        "imrs-two-lab",
        "imrs-two-xlb01",
        "imrstest-xlb01",
        "other",
    ):
        (tmp_path / name).touch()

    def found(name: str) -> t.Sequence[str]:
        return network.machines(topology.Lab(name))

    assert found("imrs") == ["host-router", "xlb01"]
    assert found("imrs-two") == ["xlb01"]
    assert found("imrstest") == ["xlb01"]

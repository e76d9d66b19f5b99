# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands on every appliance of a scenario after converge, seen over SSH and from its host's vantage."""

from __future__ import annotations

import functools
import json
import shlex
import typing as t

import pytest
import testinfra
from imrslab import topology
from imrslab.drill import Drill

LAB = topology.Lab()
APPLIANCES = {each.name: each for each in LAB.plan.appliances}
NODES = [each.name for each in LAB.plan.appliances if each.keys]
SERVICE = ("199.7.83.42", "2001:500:9f::42", "2001:500:3::42")
IDENTITY = ("199.7.83.53", "2001:500:9f::53")
INSIDE = "import socket; socket.create_connection(('127.0.0.1', 179), 2)"


class Daemon(t.NamedTuple):
    """What stands for a daemon, by the name that sheets give it."""

    unit: str
    package: str
    process: str
    secrets: str
    group: str


DAEMONS = {
    "knot": Daemon("knot", "knot", "knotd", "/etc/knot/keys.conf", "knot"),
    "nsd": Daemon("nsd", "nsd", "nsd", "/etc/nsd/nsd.conf.d/zones.conf", "nsd"),
    "bird": Daemon("bird", "bird2", "bird", "/etc/bird/bird.conf", "bird"),
    "frr": Daemon("frr", "frr", "bgpd", "/etc/frr/frr.conf", "frr"),
}


@functools.cache
def enter(machine: str) -> t.Any:
    """A machine of the lab, as root."""
    config = LAB.state / "ssh_config"
    return testinfra.get_host(f"ssh://{machine}?ssh_config={config}&sudo=true&timeout=20")


@functools.cache
def daemons(name: str) -> list[Daemon]:
    """Those that its sheet gives an appliance."""
    variables = Drill(LAB, APPLIANCES[name].site, name).host_variables()
    chosen = [variables[f"imrs_{kind}_provider"] for kind in ("nameserver", "routing")]
    return [DAEMONS[each] for each in chosen if each]


@pytest.fixture(params=APPLIANCES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def appliance(name: str) -> t.Any:
    return enter(name)


@pytest.fixture
def vantage(name: str) -> t.Any:
    return enter(APPLIANCES[name].vantage)


def test_services_run_and_come_back_at_boot(name: str, appliance: t.Any) -> None:
    for unit in [*(each.unit for each in daemons(name)), "imrs-gate", "nftables", "ssh", "systemd-networkd"]:
        assert appliance.service(unit).is_running, unit
        assert appliance.service(unit).is_enabled, unit


def test_no_unit_has_failed(appliance: t.Any) -> None:
    assert appliance.check_output("systemctl --failed --no-legend") == ""


def test_daemons_are_held(name: str, appliance: t.Any) -> None:
    assert {each.package for each in daemons(name)} <= set(appliance.check_output("apt-mark showhold").split())


def test_files_with_secrets_are_not_for_everybody(name: str, appliance: t.Any) -> None:
    for daemon in daemons(name):
        file = appliance.file(daemon.secrets)
        assert file.mode == 0o640, daemon
        assert file.group == daemon.group


def test_daemons_do_not_run_as_root(name: str, appliance: t.Any) -> None:
    listed = [line.split(None, 1) for line in appliance.check_output("ps -eo user=,comm=").splitlines()]
    for process in (*(each.process for each in daemons(name)), "imrs-gate"):
        users = {user for user, command in listed if command.partition(":")[0] == process}
        assert users, process
        assert "root" not in users


@pytest.mark.parametrize("name", NODES, indirect=True)
def test_nameservers_are_confined(name: str, appliance: t.Any) -> None:
    """By systemd's own measure, from 0 (confined) to 10; the limit is ten times as much."""
    for unit in (daemons(name)[0].unit, "imrs-identity"):
        said = appliance.run("systemd-analyze security --no-pager --threshold=25 %s.service", unit)
        assert said.rc == 0, said.stdout[-3000:]


def test_the_clock_asks_the_sources_of_the_fleet_and_serves_nobody(name: str, appliance: t.Any) -> None:
    """The container's clock is its host's: chrony asks there, and sets nothing."""
    unit = appliance.service("chrony")
    assert unit.is_running
    assert unit.is_enabled
    wanted = [each["name"] for each in Drill(LAB, APPLIANCES[name].site, name).host_variables()["imrs_time_sources"]]
    rows = [line.split(",") for line in appliance.check_output("chronyc -c -N sources -a").splitlines()]
    assert sorted(row[2] for row in rows) == sorted(wanted)
    assert [row for row in rows if row[5] == "0" or row[1] == "x"] == []
    assert appliance.file("/etc/chrony/chrony.conf").mode == 0o644
    assert "chronyd" not in appliance.check_output("ss -lntupH")
    said = appliance.run("systemd-analyze security --no-pager --threshold=25 chrony.service")
    assert said.rc == 0, said.stdout[-3000:]


def test_the_gate_is_live(appliance: t.Any) -> None:
    status = json.loads(appliance.check_output("imrs status --json"))
    assert status["mode"] == {"ipv4": "live", "ipv6": "live"}
    assert status["certificate"]["valid"]


def test_service_addresses_are_on_a_nodes_loopback_interface_alone(name: str, appliance: t.Any) -> None:
    held = set(appliance.interface("lo").addresses)
    assert held.intersection(SERVICE) == (set(SERVICE) if name in NODES else set())
    for other in set(appliance.interface.names()) - {"lo"}:
        assert not set(appliance.interface(other).addresses).intersection(SERVICE), other


def test_nobody_but_the_gate_reaches_the_routing_daemons_inner_session(appliance: t.Any) -> None:
    said = appliance.run("runuser -u nobody -- python3 -c %s", INSIDE)
    assert "ConnectionRefusedError" in said.stderr, said.stderr


@pytest.mark.parametrize("address", SERVICE)
@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
def test_the_vantage_is_answered_by_a_node_of_the_site(name: str, vantage: t.Any, address: str, transport: str) -> None:
    answer = vantage.check_output(f"dig @{address} . SOA +norec +nsid +time=2 +tries=1 {transport}")
    assert "status: NOERROR" in answer
    here = [each.name for each in APPLIANCES.values() if each.site == APPLIANCES[name].site and each.name in NODES]
    assert any(f'("{node}.l.root-servers.org")' in answer for node in here), answer


@pytest.mark.parametrize("address", IDENTITY)
@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
def test_a_node_of_the_site_tells_the_vantage_what_it_is(
    name: str, vantage: t.Any, address: str, transport: str
) -> None:
    asked = f"dig @{address} identity.l.root-servers.org. TXT +short +norec +time=2 +tries=1 {transport}"
    here = [each.name for each in APPLIANCES.values() if each.site == APPLIANCES[name].site and each.name in NODES]
    said = shlex.split(vantage.check_output(asked))
    assert said[0] in {f"{node}.l.root-servers.org" for node in here}
    assert len(said) == 5


@pytest.mark.parametrize("port", [22, 179])
def test_the_vantage_reaches_no_other_port(name: str, vantage: t.Any, port: int) -> None:
    for address in (*APPLIANCES[name].uplink, SERVICE[0]):
        probe = f"import socket; socket.create_connection(('{address}', {port}), 1)"
        assert vantage.run(f'python3 -c "{probe}"').rc != 0, address


@pytest.mark.parametrize("name", NODES, indirect=True)
def test_a_stranger_cannot_reach_the_notify_listener(name: str, vantage: t.Any) -> None:
    assert vantage.run(f"dig @{APPLIANCES[name].uplink[0]} . SOA +time=1 +tries=1").rc == 9

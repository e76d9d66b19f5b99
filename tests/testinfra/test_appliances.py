# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands on an appliance after converge, seen over SSH and from the vantage."""

from __future__ import annotations

import json
import os
import pathlib
import typing as t

import pytest
import testinfra

ROOT = pathlib.Path(__file__).resolve().parents[2]
SSH = ROOT / ".lab" / os.environ.get("IMRS_LAB", "imrs") / "ssh_config"
SERVICE = ("199.7.83.42", "2001:500:9f::42", "2001:500:3::42")
NAME = "xlb01.l.root-servers.org"


def enter(machine: str) -> t.Any:
    """A machine of the lab, as root."""
    return testinfra.get_host(f"ssh://{machine}?ssh_config={SSH}&sudo=true&timeout=20")


@pytest.fixture(scope="module")
def node() -> t.Any:
    return enter("xlb01")


@pytest.fixture(scope="module")
def vantage() -> t.Any:
    return enter("vantage")


@pytest.mark.parametrize("name", ["knot", "bird", "imrs-gate", "nftables", "ssh", "systemd-networkd"])
def test_service_runs_and_comes_back_at_boot(node: t.Any, name: str) -> None:
    assert node.service(name).is_running
    assert node.service(name).is_enabled


def test_no_unit_has_failed(node: t.Any) -> None:
    assert node.check_output("systemctl --failed --no-legend") == ""


@pytest.mark.parametrize("package", ["knot", "bird2"])
def test_daemons_are_held(node: t.Any, package: str) -> None:
    assert package in node.check_output("apt-mark showhold").split()


@pytest.mark.parametrize(("path", "group"), [("/etc/knot/keys.conf", "knot"), ("/etc/bird/bird.conf", "bird")])
def test_files_with_secrets_are_not_for_everybody(node: t.Any, path: str, group: str) -> None:
    file = node.file(path)
    assert (file.user, file.group, file.mode) == ("root", group, 0o640)


@pytest.mark.parametrize("address", SERVICE)
def test_service_addresses_are_on_the_loopback_interface(node: t.Any, address: str) -> None:
    assert address in node.interface("lo").addresses
    assert address not in node.interface("uplink").addresses


def test_daemons_do_not_run_as_root(node: t.Any) -> None:
    for process in ("knotd", "bird", "imrs-gate"):
        users = {found.user for found in node.process.filter(comm=process)}
        assert users, process
        assert "root" not in users


def test_the_gate_is_live(node: t.Any) -> None:
    status = json.loads(node.check_output("imrs status --json"))
    assert status["mode"] == {"ipv4": "live", "ipv6": "live"}
    assert status["certificate"]["valid"]


def test_nobody_but_the_gate_reaches_the_routing_daemons_inner_session(node: t.Any) -> None:
    said = node.run(
        "runuser -u nobody -- python3 -c %s", "import socket; socket.create_connection(('127.0.0.1', 179), 2)"
    )
    assert "ConnectionRefusedError" in said.stderr, said.stderr


@pytest.mark.parametrize("address", SERVICE)
@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
def test_the_vantage_is_answered_by_this_node(vantage: t.Any, address: str, transport: str) -> None:
    answer = vantage.check_output(f"dig @{address} . SOA +norec +nsid +time=2 +tries=1 {transport}")
    assert "status: NOERROR" in answer
    assert f'("{NAME}")' in answer


@pytest.mark.parametrize("port", [22, 179])
@pytest.mark.parametrize("address", ["192.0.2.2", "2001:db8:0:1::2", "199.7.83.42"])
def test_the_vantage_reaches_no_other_port(vantage: t.Any, address: str, port: int) -> None:
    probe = f"import socket; socket.create_connection(('{address}', {port}), 1)"
    assert vantage.run(f'python3 -c "{probe}"').rc != 0


def test_a_stranger_cannot_reach_the_notify_listener(vantage: t.Any) -> None:
    assert vantage.run("dig @192.0.2.2 . SOA +time=1 +tries=1").rc == 9

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What role `time` hands over: on a machine of its own, and in a container, which has no clock."""

from __future__ import annotations

import fnmatch
import re
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils import _products as products
from ansible_collections.icann.imrs.plugins.module_utils._bundle import disruption
from imrs_role_cases import NODE, TIME_SOURCES
from imrs_role_machine import Role
from imrs_role_render import ROOT

MACHINES: dict[str, dict[str, t.Any]] = {
    "rendered": {},
    "a machine": {"virtualization_role": "host", "virtualization_type": "none"},
    "virtual": {"virtualization_role": "guest", "virtualization_type": "kvm"},
    "a container": {"virtualization_role": "guest", "virtualization_type": "systemd-nspawn"},
}
UNIT = "etc/systemd/system/chrony.service.d/10-imrs.conf"


def role(facts: str = "rendered", **given: t.Any) -> Role:
    managed = {"ansible_managed": "Ansible managed", "imrs_maintenance_windows": [], "imrs_disrupt": False}
    return Role("time", {**NODE, **managed, "ansible_facts": MACHINES[facts]}, **given)


def test_every_source_is_asked_by_a_name_that_needs_no_dns() -> None:
    conf, hosts = role().file("etc/chrony/chrony.conf"), role().file("etc/chrony/hosts")
    assert re.findall("(?m)^server (.*)$", conf) == [f"{source['name']} iburst" for source in TIME_SOURCES]
    named = [line.split() for line in hosts.splitlines() if not line.startswith("#")]
    for source in TIME_SOURCES:
        assert [address for address, name in named if name == source["name"]] == source["addresses"]
    assert "BindReadOnlyPaths=/etc/chrony/hosts:/etc/hosts\n" in role().file(UNIT)


def test_signed_answers_are_asked_for_where_the_fleet_says_so() -> None:
    signed = [{**source, "nts": True} for source in TIME_SOURCES]
    text = role(time_sources=signed).file("etc/chrony/chrony.conf")
    assert re.findall("(?m)^server (.*)$", text) == [f"{source['name']} iburst nts" for source in TIME_SOURCES]


@pytest.mark.parametrize("facts", MACHINES)
def test_only_a_container_leaves_its_clock_alone(facts: str) -> None:
    text = role(facts).file(UNIT)
    contained = facts == "a container"
    assert re.findall("(?m)^ExecStart=(.*)$", text) == ["", f"/usr/sbin/chronyd -U -F 1{' -x' * contained}"]
    assert ("\nConditionCapability=\n" in text) == contained
    assert re.findall("(?m)^CapabilityBoundingSet=(.*)$", text) == ["", *([] if contained else ["CAP_SYS_TIME"])]
    assert ("\nAmbientCapabilities=CAP_SYS_TIME\n" in text) != contained


def test_no_change_disturbs_what_serves() -> None:
    bundle = role().bundle()
    for path in (file.dest for file in bundle.files):
        found = disruption.disruptions(bundle, {path: None}, ())
        assert set(found.values()) <= {"none"}, path
    there, check = bundle.check
    assert there.argv[0] == "chronyd"  # where it is missing, a dry run says so
    assert (check.argv[0], check.argv[-1]) == ("sh", "{staged}/etc/chrony/chrony.conf")
    assert "exec xargs -d '\\n' -a \"$1\" chronyd -p" in check.argv[2]
    assert bundle.activate[-1].command.argv == ("systemctl", "restart", "chrony.service")


@pytest.mark.parametrize("name", ["gate", "nameserver", "routing"])
def test_what_serves_and_announces_waits_for_nobodys_clock(name: str) -> None:
    """Lost time alone neither withdraws a node nor keeps one down that starts: nobody asks chrony (docs/time.md)."""
    folders = [ROOT / f"roles/{name}", *([ROOT / "plugins/module_utils/_gate"] if name == "gate" else [])]
    found = [path for folder in folders for path in folder.rglob("*") if path.suffix in {".j2", ".yml", ".py"}]
    assert found
    assert [path for path in found if re.search(r"chrony|time-sync", path.read_text(encoding="utf-8"))] == []


def test_other_sources_of_time_void_no_certificate() -> None:
    nodes = {**NODE, "imrs_routing": products.BIRD.variables(), "imrs_nameserver": products.KNOT.variables()}
    paths = Role("gate", {**nodes, "imrs_function": "node"})["gate_fingerprint_paths"]
    assert "/etc/nftables.conf" in paths
    for file in (file.dest for file in role().bundle().files):
        assert [path for path in paths if fnmatch.fnmatch(file, f"{path}*")] == [], file

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of the course of an instance: onboarding, money, notes, end; and all warnings."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site import derive

if t.TYPE_CHECKING:
    from .conftest import Lab

STEPS = "onboarding.steps"
INTEREST = "onboarding.expression_of_interest"

COURSE: dict[str, tuple[str, str, list[str]]] = {
    "a step left out": ("    nda: {date: 2025-11-24, by: Savanna and ICANN}\n", "", [
        f"{STEPS}.{step}: is done, and nda before it is not; steps are done in their order"
        for step in ("agreement", "purchase", "rack", "install", "notify")
    ]),
    "bought without a serial number": ("    serial: CLP-2025-0117\n", "", [
        "nodes[0].serial: is missing; the appliance is bought, so give its serial number"
    ]),
    "back in time": ("2025-12-01", "2025-11-23", [
        f"{STEPS}.agreement.date: 2025-11-23 is before 2025-11-24, when the step nda was done"
    ]),
    "back in time after a longer while": ("2026-01-19", "2025-11-25", [
        f"{STEPS}.install.date: 2025-11-25 is before 2026-01-12, when the step rack was done"
    ]),
    "money from nowhere": (", programme: africa_phase_2", "", [
        f"{INTEREST}.funding_usd: needs the programme that pays it; add programme: africa_phase_2"
    ]),
    "Africa elsewhere": ("type: nren\n  country: KE", "type: nren\n  country: FR", [
        f"{INTEREST}.programme: is for hosts in Africa, and FR is in the region europe"
    ]),
    "another programme": ("africa_phase_2", "moon_phase_1", [
        f"{INTEREST}.programme: moon_phase_1 is not one of: africa_phase_2"
    ]),
    "notes out of order": ("date: 2026-03-09", "date: 2026-02-28", [
        "maintenance[1].date: 2026-02-28 is before 2026-03-02, the note above; the newest comes last"
    ]),
    "gone and in service": (
        "maintenance:", "decommissioned: {date: 2026-05-01, by: DNS Engineering, reason: Moved out}\nmaintenance:",
        ["operational: true, but the instance is decommissioned; say operational: false"],
    ),
    "override without a reason": (", reason: Lab rehearsal", "", [
        "onboarding.override.reason: is missing; give one line of text without double quotes, braces and backslashes"
    ]),
}  # fmt: skip


@pytest.mark.parametrize("name", COURSE)
def test_a_wrong_course_is_told_what_is_wrong(name: str, single: Lab) -> None:
    old, new, messages = COURSE[name]
    assert sorted(single.wrong((old, new))) == sorted(messages)


@pytest.mark.parametrize(
    ("today", "allowed", "state"),
    [("2026-01-11", False, "onboarding"), ("2026-01-12", True, "onboarding"), ("2026-12-31", True, "drained")],
    ids=lambda value: f"A-5 {value}",
)
def test_a_step_that_is_to_come_is_not_done(today: str, allowed: bool, state: str, single: Lab) -> None:
    override = next(line for line in single.sheet.splitlines(keepends=True) if line.startswith("  override:"))
    loaded = single.load([(override, "")], today=today)
    (site,), (node,) = loaded.sites, loaded.hosts.values()
    assert (node["imrs_provisioning"]["allowed"], node["imrs_state"]) == (allowed, state)
    assert node["imrs_mode"] == ("drained" if allowed else "dark")
    assert ("provisionable" in derive.groups(node)) is allowed
    if not allowed:
        assert node["imrs_provisioning"]["reason"] == (
            "Onboarding step 6, Racked, powered, connected (host), is dated 2026-01-12, which is to come."
        )
        assert (site["onboarding"]["done"], site["onboarding"]["next"]["step"]) == (5, "rack")
        assert site["onboarding"]["reimbursement"]["due"] is False


def test_an_override_that_is_to_come_allows_nothing_a_5(single: Lab) -> None:
    before, after = (single.load(today=day).hosts["nbo01"]["imrs_provisioning"] for day in ("2026-01-04", "2026-01-05"))
    assert (before["allowed"], before["override"]) == (False, "")
    assert after == {"allowed": True, "reason": "", "override": "2026-01-05, J. Doe: Lab rehearsal"}


def test_two_steps_may_be_done_on_one_day(cluster: Lab) -> None:
    assert cluster.load().sites[0]["onboarding"]["done"] == 4


def test_sound_sheets_give_no_warning(lab: Lab, single: Lab, cluster: Lab) -> None:
    assert [found.load().warnings for found in (lab, single, cluster)] == [(), (), ()]


IXP = (
    "host.type: an IXP is a host only in the Africa phase-2 programme, "
    "or as an exception in ixp_exceptions of the fleet"
)


def test_an_ixp_is_a_host_by_exception_only(lab: Lab) -> None:
    assert lab.warnings(("type: isp", "type: ixp")) == [f"sites/xlb.yml: {IXP}"]
    listed = [("waivers:", "ixp_exceptions: [xlb]\nwaivers:")]
    assert lab.warnings(("type: isp", "type: ixp"), fleet_=listed) == []


def test_an_ixp_is_a_host_in_the_africa_programme(single: Lab) -> None:
    assert single.warnings(("type: nren", "type: ixp")) == []
    without = (", programme: africa_phase_2, funding_usd: 5500", "")
    assert single.warnings(("type: nren", "type: ixp"), without) == [f"sites/nbo.yml: {IXP}"]


def test_an_exception_for_no_site_is_told(lab: Lab) -> None:
    listed = [("waivers:", "ixp_exceptions: [mrs]\nwaivers:")]
    assert lab.warnings(fleet_=listed) == ["fleet.yml: ixp_exceptions[0]: mrs is not a site of the fleet"]


def test_a_cluster_of_one_provider_is_told(cluster: Lab) -> None:
    end = "with two, one fault does not take all"
    assert cluster.warnings(("nameserver: nsd", "nameserver: knot")) == [
        f"sites/acc.yml: nodes: all nodes have the same nameserver, knot; {end}"
    ]
    assert cluster.warnings(("routing: bird", "routing: frr")) == [
        f"sites/acc.yml: nodes: all nodes have the same routing daemon, frr; {end}"
    ]


def test_a_cluster_whose_uplink_brings_more_than_it_takes_without_one_node_is_told(cluster: Lab) -> None:
    assert cluster.warnings() == []  # two nodes with links of 1000
    (warning,) = cluster.warnings(("uplink_mbps: 1000", "uplink_mbps: 1001"))
    assert warning == (
        "sites/acc.yml: cluster.uplink_mbps: the uplink brings 1001 Mbit/s, and with one node away the links of "
        "the others carry 1000; what comes beyond that is lost then"
    )


def test_a_node_that_is_not_watched_though_the_sheet_says_so_is_told(cluster: Lab) -> None:
    password = "      md5: vault_bgp_acc_r1\n"
    (warning,) = cluster.warnings((password, f"{password}      bfd: {{interval_ms: 300, multiplier: 3}}\n"))
    assert warning.startswith("sites/acc.yml: cluster.routers[0].bfd: acc02 (FRR) cannot watch a router of its own AS")
    assert warning.endswith("counts as gone after hold_time, 9 s")


def test_a_warning_names_its_line(cluster: Lab) -> None:
    line = next(number for number, text in enumerate(cluster.sheet.splitlines(), 1) if text == "nodes:")
    (warning,) = cluster.load([("routing: bird", "routing: frr")]).warnings
    assert warning.line == line


def test_warnings_are_sorted(lab: Lab, cluster: Lab) -> None:
    text = cluster.sheet.replace("routing: bird", "routing: frr").replace("nameserver: nsd", "nameserver: knot")
    fleet_ = [("waivers:", "ixp_exceptions: [mrs]\nwaivers:")]
    warnings = lab.load([("type: isp", "type: ixp")], fleet_, [text]).warnings
    assert [warning.file for warning in warnings] == [
        "fleet.yml",
        "sites/more0.yml",
        "sites/more0.yml",
        "sites/xlb.yml",
    ]

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fleet may say only knowingly (case A-4)."""

from __future__ import annotations

import typing as t

import pytest

if t.TYPE_CHECKING:
    from .conftest import Lab

MANAGED = "is more than the networks of operators, and all of it reaches the management interfaces"
LONG = "tuesday is maintenance for more than 12 hours, so that busy hours are not spared"
WINDOW = 'start: "18:00", end: "22:00"'
ARPA = '  - name: "arpa."\n    zonemd: true\n    dnssec: true\n'
SIXTEENTHS = "".join(f"  - {16 * index}.0.0.0/4\n" for index in range(16))

RISKS: dict[str, tuple[str, str, str, str, str]] = {
    "operators are everybody": (
        "  - 198.51.100.0/24\n", "  - 0.0.0.0/0\n",
        "operator_networks[0]: 0.0.0.0/0 " + MANAGED, "wide_operator_network", "0.0.0.0/0",
    ),
    "operators are everybody, in pieces": (
        "  - 198.51.100.0/24\n", SIXTEENTHS,
        "operator_networks[0]: 0.0.0.0/0 " + MANAGED, "wide_operator_network", "0.0.0.0/0",
    ),
    "operators are a continent": (
        "  - 198.51.100.0/24\n", '  - 198.51.100.0/24\n  - "2001:c00::/23"\n',
        "operator_networks[1]: 2001:c00::/23 " + MANAGED, "wide_operator_network", "2001:c00::/23",
    ),
    "arpa. is left out": (
        ARPA, "", "zones: the zone arpa. is missing, and queries for it would be refused", "zone_left_out", "arpa.",
    ),
    "no checksum": (
        "zonemd: true", "zonemd: false",
        "zones[0].zonemd: false, so that a copy of . that was altered on its way is served",
        "zone_unproven", "./zonemd",
    ),
    "no signatures": (
        ARPA, ARPA.replace("dnssec: true", "dnssec: false"),
        "zones[1].dnssec: false, so that a copy of arpa. that was altered on its way is served",
        "zone_unproven", "arpa./dnssec",
    ),
    "a window of a day": (
        WINDOW, 'start: "00:00", end: "23:59"', "maintenance_windows[0]: " + LONG, "long_maintenance", "tuesday",
    ),
    "windows of a day": (
        WINDOW, (f'{WINDOW}}}\n  - {{day: tuesday, start: "04:00", end: "12:01"}}\n'
        '  - {day: tuesday, start: "05:00", end: "06:00"'),
        "maintenance_windows[0]: " + LONG, "long_maintenance", "tuesday",
    ),
    "a waiver of the proof of the zone": (
        "check: TM-01", "check: ZI-04",
        "waivers[0].check: ZI-04 may be skipped, so that nodes serve without that proof", "waived_proof", "ZI-04",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RISKS, ids=lambda name: f"A-4 {name}")
def test_a_risk_is_refused_until_it_is_accepted(name: str, lab: Lab) -> None:
    old, new, said, risk, what = RISKS[name]
    assert lab.messages(fleet_=[(old, new)]) == [
        (
            f"fleet.yml: {said}; correct it, or accept it by an entry of accepted_risks with "
            f'risk: {risk}, what: "{what}" and a reason'
        )
    ]
    accepted = f'accepted_risks:\n  - {{risk: {risk}, what: "{what}", reason: A drill}}\nwaivers:'
    assert lab.warnings(fleet_=[(old, new), ("waivers:", accepted)]) == [f"fleet.yml: {said}; accepted: A drill"]


def test_what_is_accepted_and_not_there_would_let_it_pass_later(lab: Lab) -> None:
    accepted = 'accepted_risks: [{risk: zone_left_out, what: "arpa.", reason: A drill}]\nwaivers:'
    assert lab.messages(fleet_=[("waivers:", accepted)]) == [
        (
            "fleet.yml: accepted_risks[0]: zone_left_out of arpa. is no risk here, and nobody would be asked when it "
            "becomes one; remove the entry"
        )
    ]


def test_one_risk_is_not_accepted_twice(lab: Lab) -> None:
    entry = "{risk: waived_proof, what: ZI-04, reason: A drill}"
    edits = [("check: TM-01", "check: ZI-04"), ("waivers:", f"accepted_risks: [{entry}, {entry}]\nwaivers:")]
    assert lab.messages(fleet_=edits) == [
        "fleet.yml: accepted_risks[1]: waived_proof ZI-04 was already given in accepted_risks[0]"
    ]

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which machines have a BMC, and which firmware may run: what a fleet may say, and what nodes are told of it."""

from __future__ import annotations

import typing as t

import pytest

if t.TYPE_CHECKING:
    from .conftest import Lab

PORT = "      - {port: mgmt, role: management, medium: 1000BASE-T}\n"
BMC_PORT = (PORT, f"      - {{port: iDRAC, role: bmc, medium: 1000BASE-T}}\n{PORT}")
BMC_ADDRESS = ("    serial: LAB-0001\n", "    serial: LAB-0001\n    bmc: 198.51.100.12\n")
SUPPLIES = "    power_supplies: 2\n"
VERSION = 'is not a version of firmware in quotes, such as "1.10.2"'


@pytest.mark.parametrize(
    ("sheet", "fleet", "there", "address"),
    [
        ([], [], False, ""),
        ([], [BMC_PORT], True, ""),
        ([BMC_ADDRESS], [], True, "198.51.100.12"),
    ],
)
def test_a_machine_has_one_by_its_profile_s_port_or_its_address(
    lab: Lab, sheet: list[tuple[str, str]], fleet: list[tuple[str, str]], there: bool, address: str
) -> None:
    found = lab.hosts(sheet, fleet)["xlb01"]
    assert (found["imrs_bmc"], found["imrs_bmc_address"]) == (there, address)


def test_firmware_is_told_as_it_stands_there(lab: Lab) -> None:
    given = '    firmware: {bios: ["1.10.2"], bmc: ["3.30", "3.30 00 3c 1e 1e"]}\n'
    found = lab.hosts(fleet_=[(SUPPLIES, SUPPLIES + given)])["xlb01"]["imrs_profile"]
    assert found["firmware"] == {"bios": ["1.10.2"], "bmc": ["3.30", "3.30 00 3c 1e 1e"]}
    assert found["power_supplies"] == 2


def test_a_version_without_quotes_is_no_number(lab: Lab) -> None:
    """It would lose its last nought."""
    found = lab.hosts(fleet_=[(SUPPLIES, SUPPLIES + "    firmware: {bios: [1.10]}\n")])["xlb01"]["imrs_profile"]
    assert found["firmware"] == {"bios": ["1.10"]}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{bios: [2]}", "2 is read as a number or as true or false; put it in quotes"),
        ('{bios: ["\\n"]}', VERSION),
        ("{bios: []}", "is empty; give a list of versions of firmware"),
        ('{uefi: ["1.0"]}', "uefi"),
    ],
)
def test_what_is_no_version_is_refused(lab: Lab, given: str, said: str) -> None:
    (message,) = lab.messages(fleet_=[(SUPPLIES, f"{SUPPLIES}    firmware: {given}\n")])
    assert message.startswith("fleet.yml: profiles[0].firmware")
    assert said in message

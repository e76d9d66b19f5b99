# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways in which a BMC is not as it has to be; a part of test_checks.py. All begin with a sound machine."""

from __future__ import annotations

import typing as t

import bmc_outputs as outputs
import hardware_cases

if t.TYPE_CHECKING:
    from recordings import Scene, Spoil


def says(*names: str, **answers: str | outputs.Json) -> Spoil:
    """The same BMC, but for some answers (``lan_print_1``: of ``ipmitool lan print 1``)."""

    def put(scene: Scene) -> None:
        hardware_cases.sound()(scene)
        others = {key.replace("_", " "): said for key, said in answers.items()}
        scene.hardware["bmc"] = hardware_cases.controller(outputs.DELL | others, *names)

    return put


def sheet(**values: t.Any) -> Spoil:
    """The same BMC, and another sheet or profile."""
    return also(says(), **values)


def also(spoil: Spoil, **values: t.Any) -> Spoil:
    """A BMC, and another sheet or profile."""
    return lambda scene: (spoil(scene), scene.expected["hardware"].update(values))


def has(*accounts: str) -> Spoil:
    """The same BMC with other accounts."""
    return says(channel_getaccess_1=outputs.accounts(*accounts))


def cards(**firmware: str) -> Spoil:
    """Network cards with that firmware."""

    def put(scene: Scene) -> None:
        says()(scene)
        found = {name: {"driver": "bnxt_en", "firmware": version} for name, version in firmware.items()}
        scene.hardware["links"]["cards"] = found
        scene.expected["hardware"]["firmware"] = {"network": ["22.31.6"]}

    return put


ADMIN = outputs.ADMINISTRATOR
OLD = {**ADMIN, "enabled": ""}
"""Of a BMC that does not say whether an account is enabled."""
FAILS: list[tuple[str, str, Spoil, str]] = [
    ("HD-05", "Dell's", has(outputs.account(2, "root", **ADMIN)), "account 2 is enabled under a vendor's name (root)"),
    ("HD-05", "Supermicro's", has(outputs.account(2, "ADMIN", **ADMIN)), "under a vendor's name (ADMIN)"),
    ("HD-05", "HPE's", has(outputs.account(1, "Administrator", **ADMIN)), "under a vendor's name (Administrator)"),
    ("HD-05", "Lenovo's", has(outputs.account(1, "USERID", **ADMIN)), "under a vendor's name (USERID)"),
    (
        "HD-05",
        "for the BMC's web pages alone",
        has(outputs.account(2, "root", enabled="enabled")),
        "account 2 is enabled under a vendor's name (root)",
    ),
    ("HD-05", "an older BMC", has(outputs.account(2, "root", **OLD)), "account 2 is enabled under a vendor's name"),
    ("HD-05", "nameless", has(outputs.account(1, **ADMIN)), "account 1 is enabled and has no name"),
    ("HD-05", "of iLO", has(outputs.account(2, "(Empty User)", **ADMIN)), "account 2 is enabled and has no name"),
    (
        "HD-05",
        "suite 0",
        says(lan_print_1=outputs.DELL_SUITE_ZERO),
        "channel 1 takes cipher suite 0, with which any password is right",
    ),
    (
        "HD-05",
        "suite 0 for callbacks",
        says(lan_print_1=outputs.INTEL_LAN),
        "channel 1 takes cipher suite 0",
    ),
    (
        "HD-05",
        "suites that nobody lists",
        says(lan_print_1=outputs.DELL_SUITE_ZERO.replace("0,1,2,3,4,5,6,7,8,9,10,11,12,13,14", "None")),
        "channel 1 takes cipher suite 0",
    ),
    (
        "HD-05",
        "no password",
        says(lan_print_1=outputs.NONE_ENABLED),
        "channel 1 asks for no password (authentication type NONE: Callback)",
    ),
    (
        "HD-05",
        "on another channel",
        says(
            channel_info_1=outputs.CHANNEL_SMBUS,
            channel_info_8=outputs.CHANNEL.replace("0x1", "0x8"),
            lan_print_8=outputs.DELL_SUITE_ZERO,
            channel_getaccess_8=outputs.CARE,
        ),
        "channel 8 takes cipher suite 0",
    ),
    ("HD-17", "elsewhere", sheet(bmc_address="10.145.1.22"), "the sheet says 10.145.1.22, the BMC has 10.145.1.21"),
    (
        "HD-17",
        "nowhere",
        says(lan_print_1=outputs.DELL_LAN.replace("10.145.1.21", "0.0.0.0")),
        "the sheet says 10.145.1.21, the BMC has no address",
    ),
    (
        "HD-17",
        "of DHCP",
        says(lan_print_1=outputs.SUPERMICRO_LAN),
        "channel 1 has its address from elsewhere (DHCP Address)",
    ),
    (
        "HW-05",
        "no mains",
        says(sdr_elist=outputs.DELL_NO_MAINS),
        "PS Redundancy (7.1): Redundancy Degraded; Status (10.2): Presence detected, Power Supply AC lost",
    ),
    ("HW-05", "pulled", says(sdr_elist=outputs.DELL_PULLED), "1 of 2 power supplies of the profile are there"),
    (
        "HW-05",
        "a failed supply of HP's",
        says(sdr_elist=outputs.HP_FAILED),
        "Power Supply 1 (10.1): 0 Watts, Presence detected, Failure detected; Power Supplies (10.3): Non-Redundant",
    ),
    (
        "HW-05",
        "a failed supply of Supermicro's",
        says(sdr_elist=outputs.SUPERMICRO_FAILED),
        "PS1 Status (10.1): Presence detected, Failure detected",
    ),
    ("HW-05", "a fan", says(sdr_elist=outputs.SUPERMICRO_FAN), "FAN1 (29.1) is lnr: 0 RPM"),
    (
        "HW-05",
        "fans, with one supply",
        also(
            says(
                sdr_elist=outputs.DELL_SENSORS.replace(
                    "75h | ok  |  7.1 | Fully Redundant", "75h | ok  |  7.1 | Redundancy Lost"
                )
            ),
            power_supplies=1,
        ),
        "Fan Redundancy (7.1): Redundancy Lost",
    ),
    (
        "HW-05",
        "heat",
        says(sdr_elist=outputs.DELL_SENSORS.replace("04h | ok  |  7.1 | 24", "04h | ucr |  7.1 | 47")),
        "Inlet Temp (7.1) is ucr: 47 degrees C",
    ),
    (
        "HW-05",
        "the chassis",
        says(chassis_status=outputs.QEMU_CHASSIS.replace("Fan Fault    : false", "Fan Fault    : true")),
        "the chassis tells of a fault: Cooling/Fan Fault",
    ),
    (
        "HW-07",
        "BIOS",
        sheet(firmware={"bios": ["2.9.1", "2.9.4"]}),
        "BIOS 1.10.2 of 06/18/2024, the profile has 2.9.1 or 2.9.4",
    ),
    ("HW-07", "BMC", sheet(firmware={"bmc": ["3.36"]}), "BMC 3.30 (00 3c 1e 1e), the profile has 3.36"),
    (
        "HW-07",
        "octets",
        sheet(firmware={"bmc": ["3.30 00 50 1e 1e"]}),
        "(00 3c 1e 1e), the profile has 3.30 00 50 1e 1e",
    ),
    ("HW-07", "a card", cards(eno1="22.31.6", mgmt="21.0.0"), "mgmt (bnxt_en) 21.0.0, the profile has 22.31.6"),
]

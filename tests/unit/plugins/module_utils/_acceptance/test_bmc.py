# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is judged of a BMC: what passes, what is skipped and why, what is no verdict, and that none does harm."""

from __future__ import annotations

import bmc_cases
import bmc_outputs as outputs
import pytest
from bmc_cases import also, cards, has, says, sheet
from recordings import CHECKS, WAIVED, Scene, Spoil

ALL = ("HD-05", "HD-17", "HW-05", "HW-07")
QEMU = {
    "mc_info": outputs.QEMU_INFO,
    "sdr_elist": outputs.QEMU_SENSORS,
    **{f"channel_info_{n}": {"rc": 1, "stdout": "", "stderr": outputs.QEMU_NO_CHANNEL} for n in range(1, 12)},
}
NO_BMC, NO_WAY = ("proc/version",), ("sys/devices/platform/ipmi_bmc.0/firmware_revision",)
"""Files of the kernel's: of a machine without a BMC, and of one whose BMC it has no device of."""


def _judged(ident: str, spoil: Spoil) -> tuple[str, str]:
    scene = Scene()
    spoil(scene)
    status, words = scene.judge(ident)
    return status.value, words


@pytest.mark.parametrize(
    ("ident", "spoil", "said"),
    [
        ("HD-05", says(), "1 LAN channel, 1 accounts enabled, none under a vendor's name"),
        ("HD-05", says(lan_print_1=outputs.SUPERMICRO_LAN), "1 LAN channel"),
        ("HD-05", says(lan_print_1=outputs.HP_LAN), "1 LAN channel"),
        ("HD-05", has(outputs.account(2, "root", enabled="", privilege="NO ACCESS")), "0 accounts enabled"),
        ("HD-05", has(outputs.account(1, enabled="enabled")), "1 accounts enabled"),  # may do nothing, has no name
        # Where IPMI is not spoken over the LAN, suite 0 is nobody's.
        ("HD-05", says(channel_info_1=outputs.CHANNEL_CLOSED, lan_print_1=outputs.DELL_SUITE_ZERO), "1 LAN channel"),
        ("HD-05", says(channel_info_1=outputs.CHANNEL_CLOSED, lan_print_1=outputs.NONE_ENABLED), "1 LAN channel"),
        ("HD-05", says(**QEMU), "no channel of the BMC is a LAN"),
        ("HD-05", also(says(*NO_BMC), bmc=False), "no BMC: neither profile nor sheet name one, and the kernel has"),
        ("HD-17", says(), "the BMC has 10.145.1.21"),
        ("HD-17", also(says(lan6_print_1=outputs.LAN6), bmc_address="2001:db8:bbbb::12"), "has 2001:db8:bbbb::12"),
        ("HD-17", also(says(*NO_BMC), bmc=False, bmc_address=""), "no BMC: "),
        ("HW-05", says(), "16 sensors in order, 2 not read; 2 power supplies"),
        ("HW-05", says(sdr_elist=outputs.HP_WELL), "10 sensors in order, 1 not read; 2 power supplies"),
        ("HW-05", also(says(sdr_elist=outputs.SUPERMICRO_SENSORS), power_supplies=1), "not read; 1 power supplies"),
        # A machine that is meant to have one of two supplies misses none.
        ("HW-05", also(says(sdr_elist=outputs.DELL_PULLED), power_supplies=1), "1 power supplies"),
        (
            "HW-05",
            also(says(sdr_elist=outputs.DELL_PULLED.replace("ns  |  7.1 | No Reading", "ok | 7.1 | Redundancy Lost")),
                 power_supplies=1),
            "1 power supplies",
        ),
        ("HW-07", says(), "BIOS 1.10.2 of 06/18/2024; BMC 3.30 (00 3c 1e 1e); eno1 (no driver) unknown"),
        ("HW-07", sheet(firmware={"bmc": ["3.36", "3.30 00 3c 1e 1e"]}), "BMC 3.30"),
        ("HW-07", cards(eno1="22.31.6", mgmt="22.31.6"), "eno1 (bnxt_en) 22.31.6; mgmt (bnxt_en) 22.31.6"),
        ("HW-07", also(says(*NO_BMC), firmware={"bios": ["1.10.2"]}), "BIOS 1.10.2 of 06/18/2024; BMC unknown"),
    ],
)  # fmt: skip
def test_what_passes(ident: str, spoil: Spoil, said: str) -> None:
    status, words = _judged(ident, spoil)
    assert (status, said in words) == ("pass", True), words


@pytest.mark.parametrize("ident", ALL)
def test_a_container_has_no_bmc(ident: str) -> None:
    status, said = Scene().judge(ident)
    assert status == "skipped"
    assert said == "a container (container-other) has the hardware of the machine that runs it"


ASKED = ("HD-05", "HD-17", "HW-05")


@pytest.mark.parametrize(
    ("ident", "spoil", "said"),
    [
        *((each, says(*NO_BMC), "profile or sheet name a BMC, and the kernel has found none") for each in ASKED),
        *((each, says(*NO_WAY), "no way to the BMC that it has found (/dev/ipmi0): load the") for each in ASKED),
        *(
            (each, says(**{"-V": {"rc": 127, "stdout": "", "stderr": "x"}}), "cannot be asked without ipmitool")
            for each in ASKED
        ),
        (
            "HD-05",
            also(says(**{"-V": {"rc": 127, "stdout": "", "stderr": "x"}}), bmc=False),
            "(package ipmitool); neither profile nor sheet name a BMC, but there is one: name it",
        ),
        ("HD-17", sheet(bmc_address=""), "the sheet has no address of the BMC"),
        ("HW-05", also(says(*NO_BMC), bmc=False), "no BMC, so nobody reads fans and temperatures"),
        ("HW-05", says(**QEMU), "none of the 1 sensors of the BMC is read as a number"),
        ("HW-05", says(sdr_elist=outputs.SUPERMICRO_SENSORS), "no sensor of its power supplies, and the profile has 2"),
        (
            "HW-07",
            sheet(firmware={}),
            "the profile has no firmware to compare with (BIOS 1.10.2 of 06/18/2024; BMC 3.30",
        ),
    ],
)
def test_what_nobody_can_read_is_skipped_with_the_reason(ident: str, spoil: Spoil, said: str) -> None:
    status, words = _judged(ident, spoil)
    assert (status, said in words) == ("skipped", True), words


LATE = {"rc": 124, "stdout": "", "stderr": "ipmitool: no end after 20 s"}


@pytest.mark.parametrize(
    ("ident", "spoil", "said"),
    [
        ("HD-05", says(channel_info_3=LATE), "the BMC's channels could not be read: ipmitool: no end after 20 s"),
        ("HD-17", says(lan_print_1=LATE), "the BMC's channels could not be read: ipmitool: no end after 20 s"),
        ("HD-05", says(channel_getaccess_1=outputs.NOTHING), "getaccess 1: IPMI command failed: Invalid data field"),
        (
            "HD-05",
            says(lan_print_1=outputs.DELL_LAN.replace("Xaaaaaaaaaaaaaa", "Not Available")),
            "channel 1 of the BMC does not tell for whom cipher suite 0 is",
        ),
        ("HW-05", says(sdr_elist=LATE), "the BMC's sensors could not be read: ipmitool: no end after 20 s"),
        ("HW-05", says(chassis_status=outputs.NOTHING), "the BMC's chassis could not be read: ipmitool chassis status"),
        ("HW-07", says(mc_info=LATE), "the BMC's info could not be read: ipmitool: no end after 20 s"),
        ("HW-07", also(says(*NO_BMC), firmware={"bmc": ["3.30"]}), "the firmware of BMC is not known"),
        ("HW-07", sheet(firmware={"network": ["22.31.6"]}), "the firmware of eno1 (no driver) is not known"),
    ],
)
def test_what_was_not_seen_is_no_verdict(ident: str, spoil: Spoil, said: str) -> None:
    status, words = _judged(ident, spoil)
    assert (status, said in words) == ("error", True), words


def test_the_machines_part_is_named_that_could_not_be_read() -> None:
    def spoil(scene: Scene) -> None:
        says()(scene)
        scene.hardware["bmc"] = {"error": "x"}

    for ident in ALL:
        assert _judged(ident, spoil) == ("error", "bmc could not be read: x")


def test_a_bmc_that_cannot_be_asked_keeps_a_node_from_going_up_unless_it_is_waived() -> None:
    """Severity F and skipped; the warnings keep nobody. A fleet may waive it without accepting a risk."""
    scene = Scene()
    says(*NO_BMC)(scene)
    waivers = [each for each in WAIVED if each["check"] != "HD-05"]
    (why,) = scene.report(waivers=waivers).reasons
    assert why.startswith("HD-05 was skipped without a waiver: profile or sheet name a BMC")
    assert scene.report(waivers=WAIVED).certifiable


def test_a_machine_without_a_bmc_needs_no_waiver() -> None:
    scene = Scene()
    also(says(*NO_BMC), bmc=False, bmc_address="", firmware={})(scene)
    assert scene.report(waivers=[each for each in WAIVED if each["check"] != "HD-05"]).certifiable


def test_what_fails_cannot_be_waived_and_does_no_harm() -> None:
    """A live node stays live whatever its BMC says; a warning keeps no node from going up."""
    for ident, _case, spoil, _said in bmc_cases.FAILS:
        scene = Scene()
        spoil(scene)
        report = scene.report(catalog=tuple(CHECKS[each] for each in ALL), waivers=WAIVED)
        assert report.certifiable == (ident != "HD-05")
        assert report.harmful == ()

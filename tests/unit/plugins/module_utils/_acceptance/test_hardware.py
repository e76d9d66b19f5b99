# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is judged of the hardware: what passes, what is skipped and why, what is no verdict, and that none does harm."""

from __future__ import annotations

import hardware_cases
import hardware_outputs as outputs
import pytest
from ansible_collections.icann.imrs.plugins.module_utils._acceptance import report_json
from ansible_collections.icann.imrs.plugins.module_utils._documents import acceptance_page, withheld
from hardware_cases import PERC, arrays, but, damaged, disks, port, sheet, sound
from recordings import CHECKS, Scene, Spoil

ALL = ("HW-01", "HW-02", "HW-03", "HW-04")


def _judged(ident: str, spoil: Spoil) -> tuple[str, str]:
    scene = Scene()
    spoil(scene)
    status, words = scene.judge(ident)
    return status.value, words


@pytest.mark.parametrize(
    ("ident", "spoil", "said"),
    [
        ("HW-01", sound(), "Dell Inc. PowerEdge R260, serial number 7XK9WT3"),
        ("HW-01", sheet(serial="7xk9wt3"), "serial number 7XK9WT3"),
        ("HW-01", but("product", serial="Default string"), "serial number 7XK9WT3"),  # it is on the chassis
        ("HW-02", sound(), "4 cores, 15699 MiB of memory with ECC, 2 errors corrected"),
        ("HW-02", but("memory", mib=14746), "14746 MiB"),
        ("HW-03", sound(), "2 healthy disks, md1, md0"),
        ("HW-03", arrays(""), "2 healthy disks, no mirror"),
        ("HW-03", disks({"/dev/sda": outputs.SATA, "/dev/sdb": outputs.SATA}), "2 healthy disks, md1, md0"),
        ("HW-03", but("pools", instead=[{"name": "rpool", "state": "ONLINE"}]), "md1, md0, rpool"),
        ("HW-04", sound(), "eno1 1000 Mbit/s, 0 packets, none damaged in 0 s"),
        ("HW-04", sound("vlan120"), "eno2 10000 Mbit/s, 0 packets; eno3 10000 Mbit/s, 0 packets"),
        ("HW-04", damaged(7, 16), "eno1 1000 Mbit/s, 400 packets, 9 damaged"),
        ("HW-03", arrays(outputs.MDSTAT_RESYNC), "healthy disks, md"),
        ("HW-04", damaged(7, 7), "eno1 1000 Mbit/s, 400 packets, none damaged"),
    ],
)
def test_what_passes(ident: str, spoil: Spoil, said: str) -> None:
    status, words = _judged(ident, spoil)
    assert (status, said in words) == ("pass", True), words


def test_an_array_that_is_checked_is_whole() -> None:
    """The probe has called what waits for its check by its own name."""
    checked = [{**row, "doing": "check"} for row in hardware_cases.hardware.parse_mdstat(outputs.MDSTAT_CHECK)]
    assert _judged("HW-03", but("arrays", instead=checked))[0] == "pass"


@pytest.mark.parametrize("ident", ALL)
def test_a_container_has_no_hardware_of_its_own(ident: str) -> None:
    status, said = Scene().judge(ident)
    assert status == "skipped"
    assert said == "a container (container-other) has the hardware of the machine that runs it"


@pytest.mark.parametrize("ident", ALL)
def test_a_virtual_machine_is_judged_as_any_other(ident: str) -> None:
    """It has what its host gives it: too little of that is told, as of any machine."""
    assert _judged(ident, but("virtual", machine="kvm")) == _judged(ident, sound())
    poor = {
        "HW-01": but("product", serial="ANOTHER"),
        "HW-02": but("processors", cores=1),
        "HW-03": hardware_cases.arrays(outputs.MDSTAT_DEGRADED),
        "HW-04": hardware_cases.port(speed=100),
    }[ident]
    assert _judged(ident, lambda scene: (poor(scene), scene.hardware["virtual"].update(machine="kvm")))[0] == "fail"


def test_memory_without_ecc_is_the_profiles_word() -> None:
    """Where the profile has none, nobody counts; errors that are counted all the same are told."""
    none = but("memory", controllers=[])
    assert _judged("HW-02", lambda scene: (none(scene), scene.expected["hardware"].update(ecc=False)))[0] == "pass"
    wrong = but("memory", controllers=[{"name": "mc0", "uncorrected": 1, "corrected": 0}])
    status, said = _judged("HW-02", lambda scene: (wrong(scene), scene.expected["hardware"].update(ecc=False)))
    assert (status, "could not correct" in said) == ("fail", True)


@pytest.mark.parametrize(
    ("ident", "spoil", "said"),
    [
        ("HW-01", but("product", instead=None), "tells no serial number (the kernel has no DMI table)"),
        *(
            (
                "HW-01",
                but("product", serial=serial, chassis_serial=chassis),
                f"has left a placeholder for its serial number ({serial or 'nothing'}; Dell Inc. PowerEdge R260)",
            )
            for serial, chassis in (
                ("To be filled by O.E.M.", "To Be Filled By O.E.M."),
                ("System Serial Number", "Chassis Serial Number"),
                ("", ""),
                ("00000000", "........"),
                ("0123456789", "Default string"),
            )
        ),
        ("HW-02", but("memory", controllers=[]), "no memory controller counts errors (EDAC)"),
        (
            "HW-03",
            disks({"/dev/sda": outputs.SATA}, scan=False),
            "sda (ATA Some disk) cannot be asked without smartctl (package smartmontools)",
        ),
        (
            "HW-03",
            disks(PERC, "DELL", "PERC H755 Front"),
            "sda (DELL PERC H755 Front) is a volume of a RAID controller, which alone knows its disks",
        ),
        (
            "HW-03",
            disks({**PERC, "megaraid,1 /dev/bus/0": outputs.GONE}, "DELL", "PERC H755 Front"),
            "; /dev/bus/0 megaraid,1 could not be asked by way of its controller (Smartctl open device: ",
        ),
        ("HW-03", disks({"/dev/sda": outputs.LOGICAL_VOLUME}, "HP", "LOGICAL VOLUME"), "is a volume of a RAID"),
        ("HW-03", disks({"/dev/sda": outputs.SATA}, "ATA", "DELLBOSS VD"), "is a volume of a RAID controller"),
        ("HW-03", disks({"/dev/nvme0n1": outputs.NVME}, "", "Dell BOSS-N1"), "is a volume of a RAID controller"),
        ("HW-03", disks({"/dev/sda": outputs.VOLUME}, "AVAGO", "MR9361-8i"), "is a volume of a RAID controller"),
        ("HW-03", disks({"/dev/sdc": outputs.SATA_ASLEEP}), "sdc (ATA Some disk) is asleep, and is not woken"),
        ("HW-03", disks({"/dev/sdc": outputs.LOGICAL_VOLUME}, "Some", "Stick"), "sdc (Some Stick) has no SMART"),
        ("HW-03", disks({"/dev/mmcblk0": outputs.VIRTIO}, "", ""), "mmcblk0 has no SMART"),
        ("HW-03", but("disks", found=[]), "no disk was found that cannot be taken out"),
    ],
)
def test_what_nobody_can_read_is_skipped_with_the_reason(ident: str, spoil: Spoil, said: str) -> None:
    status, words = _judged(ident, spoil)
    assert (status, said in words) == ("skipped", True), words


def test_a_placeholder_in_the_sheet_proves_nothing_either() -> None:
    scene = Scene()
    but("product", serial="0123456789", chassis_serial="None")(scene)
    scene.expected["hardware"]["serial"] = "0123456789"
    assert scene.judge("HW-01").status == "skipped"


@pytest.mark.parametrize(
    ("ident", "spoil", "said"),
    [
        *(
            (ident, but("virtual", instead={"error": "no end after 10 s"}), "virtual could not be read")
            for ident in ALL
        ),
        *((ident, lambda scene: scene.scope("node").pop("hardware"), "gave no evidence on hardware") for ident in ALL),
        ("HW-01", lambda scene: (sound()(scene), scene.expected.pop("hardware")), "what hardware there has to be"),
        ("HW-01", but("product", instead={"error": "Permission denied"}), "product could not be read: Permission"),
        ("HW-02", but("memory", instead={"error": "x"}), "memory could not be read: x"),
        ("HW-02", but("processors", instead={"error": "x"}), "processors could not be read: x"),
        (
            "HW-02",
            but("memory", controllers=[{"name": "mc0", "uncorrected": None, "corrected": 0}]),
            "errors of memory controller mc0 could not be read",
        ),
        ("HW-03", but("arrays", instead={"error": "x"}), "arrays could not be read: x"),
        ("HW-03", but("disks", instead={"error": "x"}), "disks could not be read: x"),
        ("HW-03", but("disks", scan="smartctl: no end after 10 s"), "the disks could not be listed: smartctl: no end"),
        ("HW-03", disks({"/dev/sda": outputs.SATA_SILENT}), "sda (ATA Some disk) could not be read: Read Device Id"),
        ("HW-04", but("links", instead={"error": "x"}), "links could not be read: x"),
        ("HW-04", port(speed=None, duplex="unknown"), "speed and counters of eno1 could not be read"),
        (
            "HW-04",
            port("vlan120", "eno3", lacp="unknown"),
            "what eno3 has agreed on with the host's switch (LACP) could",
        ),
        ("HW-04", port(first={"packets": None, "crc_errors": None}), "speed and counters of eno1 could not be read"),
    ],
)
def test_what_was_not_seen_is_no_verdict(ident: str, spoil: Spoil, said: str) -> None:
    status, words = _judged(ident, spoil)
    assert (status, said in words) == ("error", True), words


def test_skipped_keeps_a_node_from_going_up_unless_it_is_waived() -> None:
    scene = Scene()
    sound()(scene)
    disks(PERC, "DELL", "PERC H755 Front")(scene)
    waived = [{"check": ident, "reason": "a container"} for ident in ("OS-02", "TM-01", "TM-02")]
    (why,) = scene.report(waivers=waived).reasons
    assert why.startswith("HW-03 was skipped without a waiver: sda (DELL PERC H755 Front) is a volume")
    assert scene.report(waivers=[*waived, {"check": "HW-03", "reason": "The BMC has an alarm."}]).certifiable


def test_what_fails_cannot_be_waived_and_does_no_harm() -> None:
    waived = [{"check": ident, "reason": "please"} for ident in ALL]
    for ident, _case, spoil, _said in hardware_cases.FAILS:
        scene = Scene()
        spoil(scene)
        report = scene.report(catalog=tuple(CHECKS[each] for each in ALL), waivers=waived)
        assert not report.certifiable
        assert any(reason.startswith(f"{ident} failed") for reason in report.reasons)
        assert report.harmful == ()


def test_the_host_reads_of_the_hardware() -> None:
    scene = Scene()
    port(speed=100)(scene)
    report = report_json.document(scene.report(catalog=tuple(CHECKS[each] for each in ALL)))
    page = acceptance_page.page(report, withheld.of(scene.sheet))
    (subject,) = (each for each in page["subjects"] if each["title"] == "Hardware")
    assert [row["id"] for row in subject["checks"]] == list(ALL)
    (told,) = page["failed"]
    assert (told["id"], told["seen"]) == ("HW-04", "eno1 has 100 Mbit/s, 1000 in the profile")
    assert "ask for your hands" in told["means"]

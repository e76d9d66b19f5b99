# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine's hardware is read from: files of the kernel's, smartctl's answers, and what there may be instead."""

from __future__ import annotations

import json
import typing as t

import hardware_outputs as outputs
import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import hardware

if t.TYPE_CHECKING:
    import pathlib


def _silent(command: t.Sequence[str], _timeout: float) -> dict[str, t.Any]:
    return {"rc": 127, "stdout": "", "stderr": f"{command[0]}: No such file or directory"}


@pytest.fixture
def machine(tmp_path: pathlib.Path) -> pathlib.Path:
    return outputs.tree(tmp_path, outputs.MACHINE)


def test_a_whole_machine(machine: pathlib.Path) -> None:
    found = hardware.read(machine, outputs.runner(outputs.SCAN_NVME, outputs.NVMES))
    assert found["virtual"] == {"container": "", "machine": ""}
    assert found["product"] == {
        "vendor": "Dell Inc.",
        "model": "PowerEdge R260",
        "serial": "7XK9WT3",
        "chassis_serial": "7XK9WT3",
        "bios_version": "1.10.2",
        "bios_date": "06/18/2024",
    }
    assert found["processors"] == {"cores": 4, "threads": 8}
    assert found["memory"] == {"mib": 15699, "controllers": [{"name": "mc0", "uncorrected": 0, "corrected": 2}]}
    assert [array["name"] for array in found["arrays"]] == ["md1", "md0"]
    assert found["pools"] == []
    assert [row["name"] for row in found["disks"]["found"]] == ["nvme0n1", "nvme1n1"]
    assert all(row["health"]["passed"] for row in found["disks"]["found"])
    assert "Y1A0A0XXXXXX" not in json.dumps(found), "serial numbers of disks are nobody's business"


def test_this_machine_whatever_it_is() -> None:
    json.dumps(hardware.read())
    json.dumps(hardware.links({"uplink": "lo", "ports": ["lo"]}, hardware.look({"uplink": "lo", "ports": ["lo"]})))


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (outputs.MDSTAT_CLEAN, [("md1", "raid1", 2, 2, [], ""), ("md0", "raid1", 2, 2, [], "")]),
        (outputs.MDSTAT_DEGRADED, [("md0", "raid1", 2, 1, ["sdb1"], "")]),
        (outputs.MDSTAT_REBUILDING, [("md1", "raid5", 3, 3, [], ""), ("md0", "raid1", 2, 1, [], "recovery 12.6%")]),
        (
            outputs.MDSTAT_RESYNC,
            [("md1", "raid1", 2, 2, [], "resync DELAYED"), ("md0", "raid1", 2, 2, [], "resync 0.4%")],
        ),
        ("Personalities : \nunused devices: <none>\n", []),
        (
            "md2 : active raid0 sdb1[1] sda1[0]\n      1953260928 blocks super 1.2 512k chunks\n",
            [("md2", "raid0", None, None, [], "")],
        ),
        ("", []),
    ],
    ids=["clean", "degraded", "rebuilding", "resync", "none", "no redundancy", "no driver"],
)
def test_arrays(text: str, rows: list[t.Any]) -> None:
    found = hardware.parse_mdstat(text)
    keys = ("name", "level", "disks", "working", "faulty")
    assert [(*(row[key] for key in keys), f"{row['doing']} {row['done']}".strip()) for row in found] == rows
    assert all(row["active"] and not row["container"] for row in found)


def test_what_is_not_active() -> None:
    found = hardware.parse_mdstat(outputs.MDSTAT_INACTIVE)
    assert [(row["name"], row["active"], row["container"]) for row in found] == [
        ("md126", True, False),
        ("md127", False, True),
        ("md9", False, False),
    ]


def test_an_array_that_waits_for_its_check_is_in_sync(tmp_path: pathlib.Path) -> None:
    actions = {"sys/block/md0/md/sync_action": "check", "sys/block/md1/md/sync_action": "check"}
    outputs.tree(tmp_path, {"proc/mdstat": outputs.MDSTAT_CHECK, **actions})
    assert [row["doing"] for row in hardware.arrays(tmp_path)] == ["check", "check"]
    outputs.tree(tmp_path, {"sys/block/md1/md/sync_action": "resync"})
    assert [row["doing"] for row in hardware.arrays(tmp_path)] == ["resync", "check"]


def test_pools(tmp_path: pathlib.Path) -> None:
    outputs.tree(tmp_path, {"proc/spl/kstat/zfs/rpool/state": "DEGRADED", "proc/spl/kstat/zfs/arcstats": "0 1"})
    assert hardware.pools(tmp_path) == [{"name": "rpool", "state": "DEGRADED"}]


@pytest.mark.parametrize(
    ("answer", "passed", "model", "error"),
    [
        (outputs.SATA, True, "SAMSUNG MZ7L3480HCHQ-00A07", ""),
        (outputs.SATA_FAILING, False, "SAMSUNG MZ7L3480HCHQ-00A07", ""),
        (outputs.SATA_ASLEEP, None, "", "Device is in STANDBY mode, exit(2)"),
        (outputs.SATA_SILENT, None, "", "Read Device Identity failed: scsi error medium or hardware error (serious)"),
        (outputs.NVME, True, "Dell Ent NVMe CM6 RI 960GB", ""),
        (outputs.NVME_FAILING, False, "Dell Ent NVMe CM6 RI 960GB", ""),
        (outputs.SAS_FAILING, False, "SEAGATE ST600MM0069", ""),
        (outputs.VOLUME, None, "", outputs.VOLUME["smartctl"]["messages"][0]["string"]),
        (outputs.LOGICAL_VOLUME, None, "HP LOGICAL VOLUME", "smartctl does not say how it is"),
        (outputs.BEHIND, True, "SAMSUNG MZ7L3480HCHQ-00A07", ""),
        (outputs.VIRTIO, None, "", "/dev/vda: Unable to detect device type"),
        (outputs.GONE, None, "", "Smartctl open device: /dev/sda failed: No such device"),
    ],
)
def test_what_a_disk_says(answer: dict[str, t.Any], passed: bool | None, model: str, error: str) -> None:
    found = hardware.parse_health(outputs.printed(answer))
    assert (found["passed"], found["model"], found["error"]) == (passed, model, error)
    assert found["asleep"] is (answer is outputs.SATA_ASLEEP)


def test_a_disk_that_only_the_status_of_smartctl_calls_failing() -> None:
    answer = {key: value for key, value in outputs.SATA_FAILING.items() if key != "smart_status"}
    assert hardware.parse_health(outputs.printed(answer))["passed"] is False


def test_a_status_that_elsewhere_means_that_nothing_was_answered() -> None:
    """Bits 2 to 6: a disk with all that smartctl(8) can say of one."""
    answer = {**outputs.SATA_FAILING, "smartctl": outputs.smartctl(124)["smartctl"]}
    assert hardware.parse_health(outputs.printed(answer))["passed"] is False


@pytest.mark.parametrize(
    ("answer", "able"),
    [(outputs.SATA, True), (outputs.LOGICAL_VOLUME, False), (outputs.VIRTIO, False), (outputs.SATA_SILENT, None)],
)
def test_whether_a_disk_can_say_anything(answer: dict[str, t.Any], able: bool | None) -> None:
    assert hardware.parse_health(outputs.printed(answer))["able"] is able


@pytest.mark.parametrize(
    ("done", "said"),
    [
        ({"rc": 124, "stdout": "", "stderr": "smartctl: no end after 10 s"}, "smartctl: no end after 10 s"),
        ({"rc": 1, "stdout": "Segmentation fault", "stderr": ""}, "smartctl ended with 1 and said nothing that"),
        ({"rc": 0, "stdout": "[]", "stderr": ""}, "smartctl ended with 0 and said nothing that can be read"),
        ({"rc": 0, "stdout": '{"smart_status": 1}', "stderr": ""}, "smartctl's answer is not understood: Attribute"),
        ({"rc": 0, "stdout": '{"smartctl": {"messages": [1]}}', "stderr": ""}, "smartctl's answer is not understood"),
        ({"rc": 0, "stdout": '{"smartctl": {"exit_status": "x"}}', "stderr": ""}, "invalid literal"),
    ],
)
def test_an_answer_that_is_none_is_told(done: dict[str, t.Any], said: str) -> None:
    found = hardware.parse_health(done)
    assert found["passed"] is None
    assert said in found["error"]


def test_disks_behind_a_controller(tmp_path: pathlib.Path) -> None:
    outputs.tree(tmp_path, outputs.disk("sda", "DELL", "PERC H755 Front"))
    answers = {"/dev/sda": outputs.VOLUME}
    answers |= {f"megaraid,{number} /dev/bus/0": outputs.BEHIND for number in range(2)}
    found = hardware.disks(tmp_path, outputs.runner(outputs.SCAN_PERC, answers))
    assert [(row["name"], row["health"]["passed"]) for row in found["found"]] == [
        ("sda", None),
        ("/dev/bus/0 megaraid,0", True),
        ("/dev/bus/0 megaraid,1", True),
    ]


@pytest.mark.parametrize("name", ["loop0", "ram1", "zram0", "md127", "dm-0", "sr0", "nvme0c0n1"])
def test_what_is_no_disk(tmp_path: pathlib.Path, name: str) -> None:
    outputs.tree(tmp_path, {**outputs.disk(name, "", ""), **outputs.disk("sdb", "ATA", "", size="0")})
    outputs.tree(tmp_path, outputs.disk("nvme0n1", "", "Some disk"))
    assert [row["name"] for row in hardware.blocks(tmp_path)] == ["nvme0n1"]


def test_without_smartctl_the_disks_are_known_all_the_same(machine: pathlib.Path) -> None:
    found = hardware.read(machine, outputs.runner(None, {}))["disks"]
    assert (found["installed"], found["scan"]) == (False, "")
    assert [(row["name"], row["health"]) for row in found["found"]] == [("nvme0n1", None), ("nvme1n1", None)]


def test_a_tool_that_hangs_is_told_and_the_rest_is_there(machine: pathlib.Path) -> None:
    well = outputs.runner(outputs.SCAN_NVME, outputs.NVMES)

    def run(command: t.Sequence[str], timeout: float) -> dict[str, t.Any]:
        if command[-1] in {"--scan", "/dev/nvme1n1"}:
            return {"rc": 124, "stdout": "", "stderr": f"smartctl: no end after {timeout:g} s"}
        return dict(well(command, timeout))

    found = hardware.read(machine, run)
    assert found["product"]["serial"] == outputs.SERIAL
    assert found["disks"]["scan"] == "smartctl: no end after 10 s"
    assert [row["health"]["passed"] for row in found["disks"]["found"]] == [True, None]
    assert "no end after" in found["disks"]["found"][1]["health"]["error"]


def test_all_disks_together_have_an_end(machine: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "PATIENCE", 0.0)
    found = hardware.read(machine, outputs.runner(outputs.SCAN_NVME, {}))["disks"]["found"]
    assert {row["health"]["error"] for row in found} == {"not asked, as the others took 0 s"}


def test_one_part_that_cannot_be_read_loses_no_other(machine: pathlib.Path) -> None:
    (machine / "proc/meminfo").write_text("MemFree: 1 kB\n", encoding="ascii")
    serial = machine / "sys/class/dmi/id/product_serial"
    serial.unlink()
    serial.mkdir()  # as unreadable as what only root may read
    (machine / "sys/devices/system/edac/mc/mc0/ue_count").unlink()
    found = hardware.read(machine, outputs.runner(outputs.SCAN_NVME, outputs.NVMES))
    assert found["memory"] == {"error": "not understood: ValueError /proc/meminfo has no MemTotal"}
    assert found["product"] == {"error": f"{serial}: Is a directory"}
    assert (found["processors"]["cores"], len(found["disks"]["found"])) == (4, 2)


def test_a_machine_without_any_of_these(tmp_path: pathlib.Path) -> None:
    found = hardware.read(tmp_path, outputs.runner(None, {}))
    assert (found["product"], found["arrays"], found["pools"]) == (None, [], [])
    assert found["processors"]["cores"] == found["processors"]["threads"] > 0
    assert all("No such file" in found[name]["error"] for name in ("memory", "disks"))


def test_errors_that_no_file_tells_are_not_none(machine: pathlib.Path) -> None:
    (machine / "sys/devices/system/edac/mc/mc0/ue_count").unlink()
    assert hardware.memory(machine)["controllers"] == [{"name": "mc0", "uncorrected": None, "corrected": 2}]


def test_in_a_container_the_machine_around_it_is_not_looked_at(machine: pathlib.Path) -> None:
    run = outputs.runner(None, {}, ("systemd-nspawn", "kvm"))
    assert hardware.read(machine, run) == {"virtual": {"container": "systemd-nspawn", "machine": "kvm"}}
    virtual = hardware.read(machine, outputs.runner(None, {}, ("none", "kvm")))
    assert virtual["virtual"] == {"container": "", "machine": "kvm"}
    assert virtual["product"]["serial"] == outputs.SERIAL


def test_whether_it_is_virtual_is_not_guessed(machine: pathlib.Path) -> None:
    found = hardware.read(machine, _silent)
    assert found["virtual"] == {"error": "systemd-detect-virt: No such file or directory"}
    assert found["processors"]["cores"] == 4


@pytest.mark.parametrize(
    ("uplink", "ports"),
    [("eno1", ["eno1"]), ("bond0", ["eno2", "eno3"]), ("vlan120", ["eno2", "eno3"]), ("eno9", []), ("", [])],
)
def test_what_an_uplink_rests_on(machine: pathlib.Path, uplink: str, ports: list[str]) -> None:
    assert hardware.below(uplink, machine) == ports


def test_interfaces_that_rest_on_each_other_have_an_end(tmp_path: pathlib.Path) -> None:
    outputs.tree(tmp_path, {**outputs.port("a", lower=["b"]), **outputs.port("b", lower=["a"])})
    assert hardware.below("a", tmp_path) in (["a"], ["b"])


def test_two_looks_at_the_ports(machine: pathlib.Path) -> None:
    given = {"uplink": "vlan120", "ports": ["eno2", "eno4"]}
    first = hardware.look(given, machine)
    assert list(first["counted"]) == ["eno2", "eno4", "eno3"]
    changed = {"statistics/rx_crc_errors": "5", "statistics/rx_packets": "120400"}
    outputs.tree(machine, {f"sys/class/net/eno3/{key}": value for key, value in changed.items()})
    outputs.tree(machine, {"sys/class/net/eno2/speed": "-1", "sys/class/net/eno2/carrier": "0"})
    found = hardware.links(given, first, machine)
    assert found["below"] == ["eno2", "eno3"]
    assert found["seconds"] >= 0
    assert found["ports"]["eno4"] is None
    assert (found["ports"]["eno2"]["speed"], found["ports"]["eno2"]["carrier"]) == (None, False)
    assert found["ports"]["eno3"] == {
        "state": "up",
        "carrier": True,
        "speed": 10000,
        "duplex": "full",
        "lacp": "agreed",
        "first": {"packets": 120000, "crc_errors": 3},
        "last": {"packets": 120400, "crc_errors": 5},
    }


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, ""),
        (outputs.member("eno1", "active-backup 1"), ""),
        (outputs.member("eno1", "802.3ad 4"), "agreed"),
        (outputs.member("eno1", "802.3ad 4", aggregator=2), "alone"),  # in a link of its own
        (outputs.member("eno1", "802.3ad 4", state=0x4F), "alone"),  # nobody has answered
        (outputs.member("eno1", "802.3ad 4", state=0xBF), "alone"),  # nobody answers any more
        (outputs.member("eno1", "802.3ad 4", state=0x0F), "alone"),  # the switch is not in sync
        (
            {
                name: "" if name.endswith("ad_aggregator") else text
                for name, text in outputs.member("eno1", "802.3ad 4").items()
            },
            "unknown",  # the kernel tells it to root alone
        ),
        ({"sys/class/net/eno1/master/bonding/mode": "802.3ad 4"}, "unknown"),
    ],
)
def test_what_a_port_has_agreed_on_with_the_switch(tmp_path: pathlib.Path, files: dict[str, str], said: str) -> None:
    root, given = outputs.tree(tmp_path, {**outputs.port("eno1"), **files}), {"uplink": "eno1", "ports": ["eno1"]}
    assert hardware.links(given, hardware.look(given, root), root)["ports"]["eno1"]["lacp"] == said


def test_a_port_that_came_between_the_looks(machine: pathlib.Path) -> None:
    first = hardware.look({"uplink": "eno9", "ports": []}, machine)
    found = hardware.links({"uplink": "eno1", "ports": ["eno1"]}, first, machine)
    assert found["ports"]["eno1"]["first"] == {"packets": None, "crc_errors": None}

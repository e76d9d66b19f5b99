# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a BMC is read from: ipmitool's answers, of several vendors, and what there may be instead of one."""

from __future__ import annotations

import json
import typing as t

import bmc_outputs as outputs
import hardware_outputs
import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import bmc, hardware

if t.TYPE_CHECKING:
    import pathlib


IPMI_1_5 = """\
Auth Type Enable        : Callback : NONE
                          Admin    : MD5 NONE
IP Address              : 10.0.0.1
Cipher Suite Priv Max   : Not Available
"""
"""Cipher suites came with IPMI 2.0."""


@pytest.fixture
def machine(tmp_path: pathlib.Path) -> pathlib.Path:
    return hardware_outputs.tree(tmp_path, outputs.devices())


def test_a_whole_bmc(machine: pathlib.Path) -> None:
    found = bmc.read(machine, outputs.runner(outputs.DELL))
    assert found["info"] == {"revision": "3.30", "auxiliary": "00 3c 1e 1e"}
    assert found["chassis"] == []
    assert len(found["sensors"]) == 18
    assert found["sensors"][15] == {"name": "Status", "status": "ok", "entity": "10.2", "reading": "Presence detected"}
    (channel,) = found["channels"]
    assert {key: channel[key] for key in ("number", "mode", "address", "addresses", "source", "open")} == {
        "number": 1,
        "mode": "always available",
        "source": "Static Address",
        "open": [],
        "address": "10.145.1.21",
        "addresses": ["10.145.1.21"],
    }
    assert (channel["suites"], channel["privileges"]) == (list(range(15)), "Xaaaaaaaaaaaaaa")
    assert channel["accounts"][1:] == [
        {"number": "2", "name": "root", "enabled": False, "messaging": False, "privilege": "ADMINISTRATOR"},
        {"number": "3", "name": "imrs_noc", "enabled": True, "messaging": True, "privilege": "ADMINISTRATOR"},
    ]


def test_qemus_bmc_is_no_lan(machine: pathlib.Path) -> None:
    """Recorded on the lab's virtual machine."""
    no_channel = {"rc": 1, "stdout": "", "stderr": outputs.QEMU_NO_CHANNEL}
    answers = {
        "mc info": outputs.QEMU_INFO,
        "sdr elist": outputs.QEMU_SENSORS,
        "chassis status": outputs.QEMU_CHASSIS,
        **{f"channel info {number}": no_channel for number in bmc.CHANNELS},
    }
    found = bmc.read(machine, outputs.runner(answers))
    assert found["info"] == {"revision": "2.51", "auxiliary": ""}
    assert found["sensors"] == [{"name": "Watchdog", "status": "ok", "entity": "35.1", "reading": ""}]
    assert (found["channels"], found["chassis"]) == ([], [])


@pytest.mark.parametrize(
    ("text", "suites", "privileges", "open_"),
    [
        (outputs.SUPERMICRO_LAN, [1, 2, 3, 6, 7, 8, 11, 12], "XaaaXXaaaXXaaXX", []),
        (outputs.HP_LAN, [0, 1, 2, 3], "XuuaXXXXXXXXXXX", []),
        (outputs.NONE_ENABLED, list(range(15)), "Xaaaaaaaaaaaaaa", ["Callback"]),
        (outputs.DELL_LAN.replace("0,1,2,3,4,5,6,7,8,9,10,11,12,13,14", "None"), None, "Xaaaaaaaaaaaaaa", []),
        (outputs.DELL_LAN.replace("Xaaaaaaaaaaaaaa", "Not Available"), list(range(15)), "", []),
        (
            IPMI_1_5,
            [],
            "",
            ["Callback", "Admin"],
        ),
    ],
)
def test_lans(text: str, suites: list[int] | None, privileges: str, open_: list[str]) -> None:
    found = bmc.parse_lan(text)
    assert (found["suites"], found["privileges"], found["open"]) == (suites, privileges, open_)


def test_addresses_of_both_families(machine: pathlib.Path) -> None:
    found = bmc.read(machine, outputs.runner(outputs.DELL | {"lan6 print 1": outputs.LAN6}))
    assert found["channels"][0]["addresses"] == ["10.145.1.21", "2001:db8:bbbb::12"]


def test_the_lan_is_where_the_vendor_has_put_it(machine: pathlib.Path) -> None:
    """iLO has its LAN on channel 2; a channel of another kind has no accounts."""
    answers = {**outputs.DELL, "channel info 1": outputs.CHANNEL_SMBUS, "channel info 2": outputs.CHANNEL}
    answers |= {
        "lan print 2": outputs.HP_LAN,
        "channel getaccess 2": outputs.accounts(outputs.account(1, "(Empty User)")),
    }
    (channel,) = bmc.read(machine, outputs.runner(answers))["channels"]
    assert (channel["number"], channel["accounts"][0]["name"]) == (2, "")


def test_an_account_of_a_bmc_that_does_not_say_whether_it_is_enabled() -> None:
    (found,) = bmc.parse_accounts(outputs.accounts(outputs.account(2, "root", enabled="")))
    assert found["enabled"] is None


@pytest.mark.parametrize("text", [outputs.HP_FAILED, outputs.SUPERMICRO_FAILED, outputs.DELL_NO_MAINS])
def test_every_line_is_a_sensor(text: str) -> None:
    found = bmc.parse_sensors(text)
    assert len(found) == len(text.splitlines())
    assert {row["status"] for row in found} == {"ok", "ns"}, "to ipmitool a supply without mains is ok"


@pytest.mark.parametrize(
    ("question", "answer", "part", "said"),
    [
        ("mc info", "", "info", "ipmitool mc info does not say which firmware there is"),
        ("mc info", outputs.NOTHING, "info", "ipmitool mc info: IPMI command failed: Invalid data field in request"),
        ("chassis status", "Error", "chassis", "ipmitool chassis status says nothing of the power"),
        ("sdr elist", outputs.NOTHING, "sensors", "ipmitool sdr elist: IPMI command failed"),
        ("lan print 1", outputs.DELL_LAN.partition("RMCP+")[0], "channels", "ipmitool lan print broke off"),
        ("channel getaccess 1", "Maximum User IDs     : 16\n", "channels", "names no account"),
        ("channel info 4", {"rc": 1, "stdout": "", "stderr": "IPMI command failed: Timeout"}, "channels", "Timeout"),
        ("channel info 4", {"rc": 124, "stdout": "", "stderr": "ipmitool: no end"}, "channels", "ipmitool: no end"),
        ("chassis status", {"rc": 0}, "chassis", "not understood: KeyError 'stdout'"),
    ],
)
def test_an_answer_that_is_none_loses_no_other(
    machine: pathlib.Path, question: str, answer: t.Any, part: str, said: str
) -> None:
    found = bmc.read(machine, outputs.runner(outputs.DELL | {question: answer}))
    broken = [name for name in ("info", "channels", "chassis", "sensors") if "error" in found[name]]
    assert broken == [part]
    assert said in found[part]["error"]


def test_some_sensors_are_better_than_none(machine: pathlib.Path) -> None:
    """ipmitool ends with 1 where one of them could not be read."""
    some = {"rc": 1, "stdout": outputs.HP_WELL, "stderr": "Get Device ID command failed"}
    assert len(bmc.read(machine, outputs.runner(outputs.DELL | {"sdr elist": some}))["sensors"]) == 11


def test_all_questions_together_have_an_end(machine: pathlib.Path) -> None:
    found = bmc.read(machine, outputs.runner(outputs.DELL), patience=0.0)
    for part in ("info", "channels", "chassis", "sensors"):
        assert found[part]["error"] == "not asked, as the other questions took 60 s"


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("proc/version",), {"there": False, "device": False, "installed": None}),
        (("sys/devices/platform/ipmi_bmc.0/x",), {"there": True, "device": False, "installed": None}),
        (("dev/ipmi0",), {"there": True, "device": True, "installed": False}),
    ],
)
def test_where_nobody_can_ask(tmp_path: pathlib.Path, names: tuple[str, ...], found: dict[str, t.Any]) -> None:
    missing = {"rc": 127, "stdout": "", "stderr": "ipmitool: No such file or directory"}
    root = hardware_outputs.tree(tmp_path, outputs.devices(*names))
    assert bmc.read(root, outputs.runner({"-V": missing})) == found


def test_it_is_part_of_the_machine(tmp_path: pathlib.Path) -> None:
    """And is not asked from within a container: that would be its host's."""
    root = hardware_outputs.tree(tmp_path, {**hardware_outputs.MACHINE, **outputs.devices()})
    tools = {"ipmitool": outputs.runner(outputs.DELL)}
    others = hardware_outputs.runner(hardware_outputs.SCAN_NVME, hardware_outputs.NVMES)
    found = hardware.read(root, lambda words, timeout: tools.get(words[0], others)(words, timeout))
    assert found["bmc"]["info"]["revision"] == "3.30"
    assert found["product"]["bios_version"] == "1.10.2"
    inside = hardware.read(root, hardware_outputs.runner(None, {}, ("systemd-nspawn", "none")))
    assert "bmc" not in inside


def test_this_machine_whatever_it_is() -> None:
    json.dumps(bmc.read())

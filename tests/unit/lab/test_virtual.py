# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How QEMU is told what a bare machine boots from; that it does, tests/vm sees."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from imrslab import topology, virtual

if t.TYPE_CHECKING:
    import pathlib

HARDWARE = topology.Hardware("LAB-0006", 2, 2048, disks=2)


@pytest.fixture
def told(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> t.Callable[[topology.Hardware], list[str]]:
    """QEMU's words for the firmware and the medium of a machine."""
    for name in ("CODE", "VARIABLES"):
        (tmp_path / name).write_bytes(b"")
        monkeypatch.setattr(virtual, name, tmp_path / name)

    class Lab:
        media = tmp_path / "media"

        def machine_state(self, name: str) -> pathlib.Path:
            (tmp_path / name).mkdir(exist_ok=True)
            return tmp_path / name

    def words(hardware: topology.Hardware) -> list[str]:
        machine = topology.Machine("xbm01", "bare", (), hardware=hardware)
        return virtual._firmware(t.cast("topology.Lab", Lab()), machine, hardware)

    return words


def test_a_medium_is_a_disc(told: t.Callable[[topology.Hardware], list[str]]) -> None:
    words = told(HARDWARE)
    assert words[-1] == "ide-cd,drive=medium,bus=ide.2,bootindex=0"
    assert words[-3].endswith("/media/xbm01.iso,format=raw,readonly=on,media=cdrom")
    assert not [word for word in words if "usb" in word]


def test_or_a_stick_in_a_slot_that_no_card_has(told: t.Callable[[topology.Hardware], list[str]]) -> None:
    words = told(dataclasses.replace(HARDWARE, stick=True))
    assert words[-1] == "usb-storage,bus=usb.0,drive=medium,removable=on,bootindex=0"
    assert words[-3] == "qemu-xhci,id=usb,bus=pcie.0,addr=0x10"
    assert words[-5].endswith("/media/xbm01.iso,format=raw,readonly=on")
    assert not [word for word in words if "cdrom" in word or "ide-cd" in word]

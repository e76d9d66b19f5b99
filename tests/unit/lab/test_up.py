# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab that is up stays for the same sheets, and makes way for others; what is taken down needs no sheet."""

from __future__ import annotations

import pathlib
import typing as t

import lab as switchboard
import pytest
from imrslab import machine, network, sheets, shell, topology


class TakenDownError(Exception):
    """This is where the lab would be taken down."""


@pytest.fixture
def lab(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> topology.Lab:
    """A lab that was brought up with the usual sheet, and runs."""

    def down(lab: topology.Lab) -> None:
        raise TakenDownError

    monkeypatch.setattr(topology, "ROOT", tmp_path)
    monkeypatch.setattr(switchboard, "down", down)
    monkeypatch.setattr(network, "exists", lambda *_: True)
    monkeypatch.setattr(machine, "running", lambda *_: True)
    made = topology.Lab("x")
    shell.write(made.plan_file, sheets.plan(topology.USUAL).text())
    return made


def test_the_same_sheets_leave_it_up_with_a_current_inventory(lab: topology.Lab) -> None:
    switchboard.up(lab, fresh=False)
    assert (lab.inventory / "sites/xlb.yml").exists()


@pytest.mark.parametrize(
    "how",
    [
        {"fresh": True},
        {"fresh": False, "sites": ["xlb", "xnf"]},
        {"fresh": False, "host_router": "bird"},
        {"fresh": False, "release": "bookworm"},
    ],
)
def test_it_makes_way(lab: topology.Lab, how: dict[str, t.Any]) -> None:
    with pytest.raises(TakenDownError):
        switchboard.up(lab, **how)


def test_half_a_lab_makes_way(lab: topology.Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "running", lambda *of: of[1] != "vantage")
    with pytest.raises(TakenDownError):
        switchboard.up(lab, fresh=False)


def test_a_lab_without_a_plan_makes_way(lab: topology.Lab) -> None:
    """It was killed before it had one, or is of an older checkout."""
    lab.plan_file.unlink()
    with pytest.raises(TakenDownError):
        switchboard.up(lab, fresh=False)


def test_wrong_sheets_leave_it_up(lab: topology.Lab) -> None:
    with pytest.raises(shell.LabError, match=r"sites/nope.yml does not exist"):
        switchboard.up(lab, fresh=False, sites=["nope"])


def test_it_is_taken_down_by_what_is_there(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its files and its namespaces: its sheets may be wrong by now, or gone."""
    stopped: list[str] = []
    monkeypatch.setattr(topology, "ROOT", tmp_path)
    monkeypatch.setattr(machine, "stop", lambda *of: stopped.append(of[1]))
    monkeypatch.setattr(network, "machines", lambda *_: ["b01", "c01"])
    monkeypatch.setattr(network, "down", lambda *_: None)
    made = topology.Lab("x")
    made.machine_state("a01").mkdir(parents=True)
    shell.write(made.plan_file, "nothing that one could read")
    switchboard.down(made)
    assert stopped == ["a01", "b01", "c01"]
    assert not made.state.exists()


def test_a_machine_that_ends_is_not_waited_for(lab: topology.Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    (appliance,) = (each for each in lab.plan.machines if each.name == "xlb01")
    shell.write(lab.machine_state("xlb01") / "console.log", "booting\nPCI: slot 2 is in use\n")
    monkeypatch.setattr(machine, "ssh_answers", lambda *_: False)
    monkeypatch.setattr(machine, "running", lambda *_: False)
    monkeypatch.setattr(machine, "STARTS", 0)
    with pytest.raises(shell.LabError, match=r"xlb01 has ended instead of letting in: [^$]*slot 2 is in use"):
        machine.await_ssh(lab, appliance, 600)
    monkeypatch.setattr(machine, "ssh_answers", lambda *_: True)
    monkeypatch.setattr(machine, "running", lambda *_: True)
    machine.await_ssh(lab, appliance, 600)

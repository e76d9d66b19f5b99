# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the gate is told before the evidence is collected: in order, and only by the run that holds the node."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._bundle import BundleError, lease
from ansible_collections.icann.imrs.plugins.modules import acceptance

RUN = lease.Run("this", "xlb01", "alice", "site.yml")
OTHER = lease.Run("other", "xlb01", "bob", "site.yml")
CERTIFY, DRAIN = ["imrs", "certify", "drained"], ["imrs", "drain"]


class Module:
    """Stands for AnsibleModule: has a gate that gives these answers, one after the other."""

    def __init__(self, *answers: tuple[int, str, str], commands: t.Sequence[list[str]] = (CERTIFY, DRAIN)) -> None:
        self.params = {"commands": list(commands)}
        self.check_mode = False
        self.told: list[list[str]] = []
        self._answers = list(answers)

    def run_command(self, words: list[str]) -> tuple[int, str, str]:
        self.told.append(words)
        return self._answers.pop(0)


@pytest.fixture
def place(tmp_path: pathlib.Path) -> lease.Place:
    found = lease.Place(str(tmp_path / "boot"))
    found.take(RUN)
    return found


@pytest.mark.parametrize(
    ("second", "changed"),
    [((0, '{"changed": true, "reached": true}', ""), True), ((1, '{"changed": false, "reached": false}', ""), False)],
)
def test_the_gate_is_told_in_order(place: lease.Place, second: tuple[int, str, str], changed: bool) -> None:
    module = Module((0, '{"changed": false}', ""), second)
    assert acceptance._tell(module, place, RUN) == changed
    assert module.told == [CERTIFY, DRAIN]


def test_a_refusal_ends_it_in_the_gate_s_words(place: lease.Place) -> None:
    module = Module((1, '{"changed": false}', "imrs: refused: another fingerprint\n"))
    with pytest.raises(ValueError, match=r"^imrs certify: imrs: refused: another fingerprint$"):
        acceptance._tell(module, place, RUN)
    assert module.told == [CERTIFY]


def test_nothing_is_told_by_a_run_that_does_not_hold_the_node(place: lease.Place) -> None:
    module = Module()
    with pytest.raises(ValueError, match="commands need the lease of this run"):
        acceptance._tell(module, place, None)
    with pytest.raises(BundleError, match=r"another run holds the node: site\.yml by alice"):
        acceptance._tell(module, place, OTHER)
    assert module.told == []


def test_a_check_and_a_look_tell_nothing(place: lease.Place) -> None:
    module = Module(commands=())
    assert not acceptance._tell(module, place, None)
    module = Module()
    module.check_mode = True
    assert not acceptance._tell(module, place, RUN)
    assert module.told == []

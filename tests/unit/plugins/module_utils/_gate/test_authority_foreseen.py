# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A planned change, foreseen: covered for minutes until acceptance has judged it, and nothing else is."""

from __future__ import annotations

import math
import pathlib

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._gate import store
from ansible_collections.icann.imrs.plugins.module_utils._gate.authority import Authority, Fingerprint
from ansible_collections.icann.imrs.plugins.module_utils._gate.certificate import Moment
from ansible_collections.icann.imrs.plugins.module_utils._routing.policy import Mode
from gate_data import SESSIONS

HEX, OTHER = "a" * 64, "b" * 64
MOMENT = Moment(1767225600.0, 5000.0)


@pytest.fixture
def fingerprint(tmp_path: pathlib.Path) -> Fingerprint:
    subject = Fingerprint(tmp_path / "fingerprint")
    changed_to(tmp_path, subject, HEX)
    return subject


def restarted(tmp_path: pathlib.Path, fingerprint: Fingerprint) -> Authority:
    return Authority(tmp_path, fingerprint)


def later(seconds: float) -> Moment:
    return Moment(MOMENT.wall + seconds, MOMENT.boot + seconds)


def full(*_args: object) -> None:
    """Stands for a write that fails."""
    raise OSError(28, "No space left on device")


def changed_to(tmp_path: pathlib.Path, fingerprint: Fingerprint, value: str) -> None:
    (tmp_path / "fingerprint").write_text(value)
    fingerprint.poll()


def test_a_foreseen_change_keeps_the_certificate_until_its_time_is_over(
    tmp_path: pathlib.Path, fingerprint: Fingerprint
) -> None:
    subject = restarted(tmp_path, fingerprint)
    subject.certify(Mode.LIVE, HEX, SESSIONS, MOMENT)
    assert subject.foresee(OTHER, MOMENT, 60, HEX) == {"changed": True}
    changed_to(tmp_path, fingerprint, OTHER)
    subject = restarted(tmp_path, fingerprint)
    assert (subject.check(later(59)), subject.certified) == (False, Mode.LIVE)
    assert (subject.check(later(60)), subject.certified) == (True, Mode.DARK)
    assert subject.void == "not confirmed in time"
    changed_to(tmp_path, fingerprint, HEX)
    assert subject.certified is Mode.DARK, "void for good"


def test_what_was_not_foreseen_voids_as_ever(tmp_path: pathlib.Path, fingerprint: Fingerprint) -> None:
    subject = restarted(tmp_path, fingerprint)
    subject.certify(Mode.LIVE, HEX, SESSIONS, MOMENT)
    subject.foresee(OTHER, MOMENT, 60, HEX)
    changed_to(tmp_path, fingerprint, "c" * 64)
    assert (subject.check(MOMENT), subject.void) == (True, "the configuration has changed since acceptance")


def test_a_change_that_went_back_leaves_the_certificate_as_it_was(
    tmp_path: pathlib.Path, fingerprint: Fingerprint
) -> None:
    subject = restarted(tmp_path, fingerprint)
    subject.certify(Mode.LIVE, HEX, SESSIONS, MOMENT)
    subject.foresee(OTHER, MOMENT, 60, HEX)
    changed_to(tmp_path, fingerprint, OTHER)
    assert not subject.check(later(1))
    changed_to(tmp_path, fingerprint, HEX)
    assert (subject.check(later(61)), subject.certified) == (False, Mode.LIVE)
    changed_to(tmp_path, fingerprint, OTHER)
    assert subject.check(later(62)), "what was foreseen is forgotten"


def test_acceptance_makes_the_foreseen_configuration_the_certified_one(
    tmp_path: pathlib.Path, fingerprint: Fingerprint
) -> None:
    subject = restarted(tmp_path, fingerprint)
    subject.certify(Mode.LIVE, HEX, SESSIONS, MOMENT)
    subject.foresee(OTHER, MOMENT, 60, HEX)
    changed_to(tmp_path, fingerprint, OTHER)
    assert subject.certify(Mode.LIVE, OTHER, SESSIONS, later(10)) == {"changed": True, "mode": "live"}
    assert (subject.check(later(1000)), subject.certified) == (False, Mode.LIVE)
    changed_to(tmp_path, fingerprint, HEX)
    assert subject.check(later(1001))


def test_a_second_change_does_not_prolong_the_time(tmp_path: pathlib.Path, fingerprint: Fingerprint) -> None:
    subject = restarted(tmp_path, fingerprint)
    subject.certify(Mode.LIVE, HEX, SESSIONS, MOMENT)
    subject.foresee(OTHER, MOMENT, 60, HEX)
    assert subject.foresee("c" * 64, later(50), 60, OTHER) == {"changed": True}
    assert subject.foresee("c" * 64, later(50), 60, OTHER) == {"changed": False}
    changed_to(tmp_path, fingerprint, "c" * 64)
    assert (subject.check(later(59)), subject.check(later(60))) == (False, True)


def test_only_what_is_certified_for_good_can_foresee(tmp_path: pathlib.Path, fingerprint: Fingerprint) -> None:
    subject = restarted(tmp_path, fingerprint)
    assert subject.foresee(OTHER, MOMENT, 60, HEX)["refused"].endswith("no certificate")
    subject.certify(Mode.LIVE, HEX, SESSIONS, MOMENT, 60)
    assert subject.foresee(OTHER, MOMENT, 60, HEX)["refused"].endswith("it is provisional")
    subject.certify(Mode.LIVE, HEX, SESSIONS, MOMENT)
    for number in range(16):
        assert subject.foresee(f"{number:064x}", MOMENT, 60, HEX)["changed"]
    assert "16 changes" in subject.foresee(OTHER, MOMENT, 60, HEX)["refused"]


def test_a_change_of_what_is_not_certified_is_not_foreseen(tmp_path: pathlib.Path, fingerprint: Fingerprint) -> None:
    """systemd may not have noticed that somebody was at it before."""
    subject = restarted(tmp_path, fingerprint)
    subject.certify(Mode.LIVE, HEX, SESSIONS, MOMENT)
    assert "has changed" in subject.foresee(OTHER, MOMENT, 60, "c" * 64)["refused"]
    subject.foresee(OTHER, MOMENT, 60, HEX)
    assert subject.foresee("c" * 64, MOMENT, 60, OTHER) == {"changed": True}
    assert subject.foresee(HEX, MOMENT, 60, "c" * 64) == {"changed": False}, "on the way back"


def test_nothing_is_foreseen_by_a_certificate_that_is_void(tmp_path: pathlib.Path, fingerprint: Fingerprint) -> None:
    subject = restarted(tmp_path, fingerprint)
    assert not subject.foreseen
    subject.certify(Mode.LIVE, HEX, SESSIONS, MOMENT)
    subject.foresee(OTHER, MOMENT, 60, HEX)
    assert subject.foreseen
    changed_to(tmp_path, fingerprint, "c" * 64)
    assert subject.check(MOMENT)
    assert not subject.foreseen
    assert subject.certificate.foreseen_until is None
    assert not subject.remember()
    assert not restarted(tmp_path, fingerprint).foreseen


@pytest.mark.parametrize(
    ("text", "seconds", "present"),
    [("x", 60, HEX), (OTHER, 0, HEX), (OTHER, math.nan, HEX), (OTHER, 86401, HEX), (OTHER, 60, ""), (OTHER, 60, "x")],
)
def test_nonsense_cannot_be_foreseen(
    tmp_path: pathlib.Path, fingerprint: Fingerprint, text: str, seconds: float, present: str
) -> None:
    with pytest.raises(ValueError, match="cannot be foreseen"):
        restarted(tmp_path, fingerprint).foresee(text, MOMENT, seconds, present)


def test_a_full_disk_foresees_nothing(
    tmp_path: pathlib.Path, fingerprint: Fingerprint, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = restarted(tmp_path, fingerprint)
    subject.certify(Mode.LIVE, HEX, SESSIONS, MOMENT)
    monkeypatch.setattr(store, "write", full)
    assert "refused" in subject.foresee(OTHER, MOMENT, 60, HEX)["error"]
    changed_to(tmp_path, fingerprint, OTHER)
    assert subject.check(MOMENT)

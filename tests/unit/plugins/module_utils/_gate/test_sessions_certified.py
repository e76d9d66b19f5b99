# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions are certified one by one: their marks, a trial with its own end, and files that know nothing of them."""

from __future__ import annotations

import asyncio
import contextlib
import math
import pathlib
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._gate import config, evidence, marks, store
from ansible_collections.icann.imrs.plugins.module_utils._gate.authority import CHANGED, Authority, Fingerprint
from ansible_collections.icann.imrs.plugins.module_utils._gate.certificate import Moment
from ansible_collections.icann.imrs.plugins.module_utils._gate.daemon import Gate
from ansible_collections.icann.imrs.plugins.module_utils._gate.paths import Paths
from ansible_collections.icann.imrs.plugins.module_utils._routing.policy import Mode
from gate_data import DATA, LATER, MARK

HEX, OTHER = "a" * 64, "b" * 64
MOMENT = Moment(1767225600.0, 5000.0)
MANY = [f"20144:0:{number}" for number in range(marks.MOST)]


def after(seconds: float) -> Moment:
    return Moment(MOMENT.wall + seconds, MOMENT.boot + seconds)


@pytest.fixture
def fingerprint(tmp_path: pathlib.Path) -> Fingerprint:
    (tmp_path / "fingerprint").write_text(HEX)
    subject = Fingerprint(tmp_path / "fingerprint")
    assert subject.poll()
    return subject


@pytest.fixture
def live(tmp_path: pathlib.Path, fingerprint: Fingerprint) -> Authority:
    """Certified for good, for one session."""
    subject = Authority(tmp_path, fingerprint)
    assert subject.certify(Mode.LIVE, HEX, [MARK], MOMENT)["changed"]
    return subject


@pytest.mark.parametrize(
    "text",
    [
        *("", "20144", "20144:1", "20144:1:2:3", "20144:1:4294967296", "20144:01:2", "20144:-1:2", "20144:1:2\n"),
        *(" 20144:1:2", "20144:\u0967:2", 7, None, ["20144:1:2"]),
    ],
)
def test_what_is_no_mark_is_refused(text: t.Any) -> None:
    with pytest.raises(ValueError, match="is not a mark"):
        marks.parse(text)
    with pytest.raises(ValueError, match="is not a mark"):
        marks.canonical([MARK, text])


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("20144:1:2", "is not a list"),
        ({"20144:1:2": 1}, "is not a list"),
        ([*MANY, MARK], "129 sessions are more than 128"),
        (["64500:1:2"], "no mark of ours"),
    ],
)
def test_a_list_of_marks_is_ours_and_short(given: t.Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        marks.of_as(20144, given)


def test_marks_have_one_order_and_are_there_once() -> None:
    assert marks.of_as(20144, [LATER, MARK, LATER]) == (MARK, LATER)
    assert marks.parse(LATER) == (20144, 4294967295, 0)
    assert len(marks.of_as(20144, MANY)) == marks.MOST


@pytest.mark.parametrize("mode", [Mode.DRAINED, Mode.LIVE])
def test_a_certificate_for_no_session_is_none(tmp_path: pathlib.Path, fingerprint: Fingerprint, mode: Mode) -> None:
    subject = Authority(tmp_path, fingerprint)
    assert "has to name the sessions" in subject.certify(mode, HEX, [], MOMENT)["refused"]
    assert subject.sessions == ()
    assert subject.certify(Mode.DARK, HEX, [], MOMENT)["changed"]


def test_a_file_of_a_version_that_knew_no_sessions_is_void(tmp_path: pathlib.Path, fingerprint: Fingerprint) -> None:
    data = {"mode": "live", "fingerprint": HEX, "issued_at": str(MOMENT)}
    store.write(tmp_path / "certificate.json", data)
    subject = Authority(tmp_path, fingerprint)
    assert (subject.certified, subject.sessions) == (Mode.DARK, ())
    assert subject.void == "it covers no session; accept the node anew"
    assert subject.certify(Mode.LIVE, HEX, [MARK], MOMENT)["changed"]
    store.write(tmp_path / "certificate.json", {**data, "reason": CHANGED})
    old = Authority(tmp_path, fingerprint)
    assert not old.reinstatable
    assert old.reinstate(HEX)["refused"] == "it covers no session; accept the node anew"
    store.write(tmp_path / "certificate.json", {**data, "reason": "revoked"})
    assert Authority(tmp_path, fingerprint).void == "revoked"


@pytest.mark.parametrize(
    "more",
    [
        {"sessions": "20144:1:2"},
        {"sessions": ["20144:1"]},
        {"sessions": [MARK], "trial": [LATER]},
        {"sessions": [MARK], "trial": [3], "trial_until": {"wall": 1, "boot": 1, "seconds": 1}},
        {"sessions": [MARK], "trial": [LATER], "trial_until": {"wall": math.nan, "boot": 1, "seconds": 1}},
    ],
)
def test_a_damaged_list_of_sessions_is_dark(
    tmp_path: pathlib.Path, fingerprint: Fingerprint, more: dict[str, t.Any]
) -> None:
    data = {"mode": "live", "fingerprint": HEX, "issued_at": "", **more}
    store.write(tmp_path / "certificate.json", data)
    assert Authority(tmp_path, fingerprint).void.startswith("damaged certificate")


@pytest.mark.parametrize("restart", [False, True])
def test_a_trial_has_its_own_end_and_takes_nothing_with_it(
    tmp_path: pathlib.Path, fingerprint: Fingerprint, live: Authority, restart: bool
) -> None:
    assert live.trial([MARK, LATER], HEX, MOMENT, 60) == {"changed": True}
    subject = Authority(tmp_path, fingerprint) if restart else live
    assert (subject.check(after(59)), subject.sessions) == (False, (MARK, LATER))
    assert subject.certificate.sessions == (MARK,)
    assert (subject.check(after(60)), subject.sessions) == (False, (MARK,))
    assert not subject.remember()
    assert (subject.void, subject.certified, subject.certificate.expires_at) == ("", Mode.LIVE, None)
    assert Authority(tmp_path, fingerprint).sessions == (MARK,)


def test_a_clock_that_is_set_back_or_a_reboot_makes_no_trial_longer(
    tmp_path: pathlib.Path, fingerprint: Fingerprint, live: Authority
) -> None:
    live.trial([LATER], HEX, MOMENT, 60)
    live.check(Moment(0, MOMENT.boot + 60))
    assert live.sessions == (MARK,)
    live.trial([LATER], HEX, MOMENT, 60)
    rebooted = Authority(tmp_path, fingerprint)
    rebooted.check(Moment(0, 1))
    rebooted.check(Moment(0, 61))
    assert rebooted.sessions == (MARK,)


@pytest.mark.parametrize(
    ("sessions", "due"),
    [([MARK], (MARK,)), ([MARK, LATER], (MARK, LATER)), ([LATER], (LATER,))],
    ids=["failed", "passed", "exactly"],
)
def test_the_next_certificate_ends_a_trial(
    tmp_path: pathlib.Path, fingerprint: Fingerprint, live: Authority, sessions: list[str], due: tuple[str, ...]
) -> None:
    live.trial([LATER], HEX, MOMENT, 60)
    assert live.certify(Mode.LIVE, HEX, sessions, MOMENT)["changed"]
    assert live.certify(Mode.LIVE, HEX, sessions, MOMENT) == {"changed": False, "mode": "live"}
    for subject in (live, Authority(tmp_path, fingerprint)):
        assert (subject.sessions, subject.certificate.trial_until) == (due, None)
        assert subject.certified is Mode.LIVE


def test_what_voids_the_certificate_ends_a_trial_for_good(live: Authority, fingerprint: Fingerprint) -> None:
    live.trial([LATER], HEX, MOMENT, 60)
    fingerprint.value = OTHER
    assert (live.check(MOMENT), live.sessions) == (True, ())
    fingerprint.value = HEX
    assert (live.sessions, live.certificate.trial) == ((), ())


def test_a_trial_is_for_a_node_that_is_proven_as_it_is(
    tmp_path: pathlib.Path, fingerprint: Fingerprint, live: Authority
) -> None:
    assert "not bbb" in live.trial([LATER], OTHER, MOMENT, 60)["refused"]
    assert live.trial([MARK], HEX, MOMENT, 60) == {"changed": False}
    live.foresee(OTHER, MOMENT, 60, HEX)
    fingerprint.value = OTHER
    assert "only foreseen" in live.trial([LATER], OTHER, MOMENT, 60)["refused"]
    fingerprint.value = HEX
    live.revoke()
    assert "revoked" in live.trial([LATER], HEX, MOMENT, 60)["refused"]
    live.certify(Mode.LIVE, HEX, [MARK], MOMENT, 60)
    assert "provisional" in live.trial([LATER], HEX, MOMENT, 60)["refused"]
    assert live.sessions == (MARK,)


@pytest.mark.parametrize(("sessions", "seconds"), [([], 60), ([LATER], 0), ([LATER], math.inf), ([LATER], math.nan)])
def test_a_trial_names_sessions_and_an_end(live: Authority, sessions: list[str], seconds: float) -> None:
    with pytest.raises(ValueError, match="cannot last"):
        live.trial(sessions, HEX, MOMENT, seconds)


def test_certified_and_on_trial_are_never_more_than_fit(live: Authority) -> None:
    with pytest.raises(ValueError, match="129 sessions"):
        live.trial(MANY, HEX, MOMENT, 60)


def test_a_trial_that_cannot_be_remembered_is_none(live: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "write", full)
    assert "cannot be remembered" in live.trial([LATER], HEX, MOMENT, 60)["error"]
    assert live.sessions == (MARK,)


def test_the_gate_announces_with_the_marks_that_count(tmp_path: pathlib.Path) -> None:
    """And refuses a mark in another's name."""
    (tmp_path / "fingerprint").write_text(HEX)

    async def story() -> None:
        given = config.parse(DATA)
        gate = Gate(given, Paths(tmp_path, tmp_path), evidence.source(given, lambda: 0), lambda: 0)
        said: list[tuple[str, ...]] = []

        def announce(_prefixes: t.Iterable[str], *, graceful: bool, sessions: tuple[str, ...]) -> None:
            assert not graceful
            said.append(sessions)

        gate._session.announce = announce  # type: ignore[method-assign,assignment]
        certify = {"verb": "certify", "mode": "live", "fingerprint": HEX}
        await gate.answer({**certify, "sessions": [MARK]})
        await gate.answer({"verb": "trial", "fingerprint": HEX, "sessions": [LATER], "for": 60})
        status = (await gate.answer({"verb": "status"}))["certificate"]
        assert (status["sessions"], status["trial"], status["valid"]) == ([MARK], [LATER], True)
        with pytest.raises(ValueError, match="no mark of ours"):
            await gate.answer({**certify, "sessions": ["64500:1:2"]})
        await gate.answer({**certify, "sessions": [MARK]})
        await gate.answer({"verb": "revoke"})
        assert said == [(MARK,), (MARK, LATER), (MARK,), ()]

    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(story())

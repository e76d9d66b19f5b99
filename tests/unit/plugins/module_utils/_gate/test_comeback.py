# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate that a change has voided counts again for the same files, and for nothing else; and not at once."""

from __future__ import annotations

import dataclasses
import pathlib
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._gate import certificate as certificates
from ansible_collections.icann.imrs.plugins.module_utils._gate import store
from ansible_collections.icann.imrs.plugins.module_utils._gate.authority import (
    CHANGED,
    UNCONFIRMED,
    Authority,
    Fingerprint,
)
from ansible_collections.icann.imrs.plugins.module_utils._gate.certificate import Certificate, Expiry, Moment
from ansible_collections.icann.imrs.plugins.module_utils._gate.comeback import TRIES, Comeback
from ansible_collections.icann.imrs.plugins.module_utils._gate.damping import Damping
from ansible_collections.icann.imrs.plugins.module_utils._routing.policy import Mode
from gate_data import SESSIONS

HEX, OTHER, THIRD = "a" * 64, "b" * 64, "c" * 64
SINCE = "2026-01-01T00:00:00Z"
MOMENT = Moment(1767225600.0, 5000.0)
"""The same."""
VOID = Certificate(Mode.LIVE, HEX, SINCE, CHANGED, void_at=SINCE, sessions=SESSIONS)
PROVISIONAL = dataclasses.replace(VOID, expiry=Expiry(MOMENT.wall + 900, MOMENT.boot + 900, 900))
DAMPING = Damping(5, 300, 600)


def gate(root: pathlib.Path, certificate: Certificate, present: str) -> Authority:
    """What a gate knows that starts with this certificate and this configuration, live being asked for."""
    store.write(root / "certificate.json", certificates.record(certificate))
    (root / "fingerprint").write_text(present)
    subject = Authority(root, Fingerprint(root / "fingerprint"))
    subject.fingerprint.poll()
    subject.intents.ask(Mode.LIVE, "operator", SINCE)
    return subject


@pytest.mark.parametrize(
    ("certificate", "present", "asked", "refused"),
    [
        (VOID, HEX, HEX, ""),
        (VOID, HEX, HEX.upper(), ""),
        (VOID, HEX, OTHER, "is certified"),
        (VOID, OTHER, HEX, "is certified"),
        (VOID, OTHER, OTHER, "is certified"),
        (VOID, "", HEX, "unknown is there"),
        (VOID, "", "", "unknown is there"),
        (dataclasses.replace(VOID, fingerprint=""), "", "", "unknown is there"),
        (PROVISIONAL, HEX, HEX, "not for good"),
        (dataclasses.replace(VOID, reason=UNCONFIRMED), HEX, HEX, UNCONFIRMED),
        (dataclasses.replace(PROVISIONAL, reason=UNCONFIRMED), HEX, HEX, UNCONFIRMED),
        (dataclasses.replace(VOID, reason="revoked"), HEX, HEX, "revoked"),
        (dataclasses.replace(VOID, reason="no certificate"), HEX, HEX, "no certificate"),
        (dataclasses.replace(VOID, reason=""), HEX, HEX, "it is valid"),
    ],
)
def test_only_what_a_change_has_voided_counts_again_and_only_for_the_same_files(
    tmp_path: pathlib.Path, certificate: Certificate, present: str, asked: str, refused: str
) -> None:
    subject = gate(tmp_path, certificate, present)
    subject.check(MOMENT)
    before = subject.certified
    answer = subject.reinstate(asked)
    if refused:
        assert answer["changed"] is False
        assert refused in answer["refused"]
        assert subject.certified is before
    else:
        assert answer == {"changed": True, "mode": "live"}
        assert (subject.certified, subject.void, subject.certificate.void_at) == (Mode.LIVE, "", "")
        again = Authority(tmp_path, subject.fingerprint)
        assert (again.certified, again.certificate) == (Mode.LIVE, subject.certificate)


def test_a_revoked_one_does_not_count_again(tmp_path: pathlib.Path) -> None:
    """Acceptance revokes when it fails: what did harm must not come back by itself."""
    subject = gate(tmp_path, VOID, HEX)
    subject.revoke()
    assert "revoked" in subject.reinstate(HEX)["refused"]
    assert "no certificate" in Authority(tmp_path, subject.fingerprint).reinstate(HEX)["refused"]


def test_a_gate_that_has_met_other_files_is_to_be_started_anew_first(tmp_path: pathlib.Path) -> None:
    """It may have read them; and who changes files while root restarts daemons is noticed here at the latest."""
    subject = gate(tmp_path, dataclasses.replace(VOID, reason="", void_at=""), HEX)
    for present in (OTHER, HEX):
        (tmp_path / "fingerprint").write_text(present)
        subject.fingerprint.poll()
        subject.check(MOMENT)
    assert not subject.remember()
    assert (subject.reinstatable, subject.certificate.void_at) == (True, SINCE)
    assert "start it anew" in subject.reinstate(HEX)["refused"]
    anew = Fingerprint(tmp_path / "fingerprint")
    anew.poll()
    assert Authority(tmp_path, anew).reinstate(HEX)["changed"]


def test_what_cannot_be_remembered_stays_void(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = gate(tmp_path, VOID, HEX)

    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "write", full)
    assert "cannot be remembered" in subject.reinstate(HEX)["error"]
    assert (subject.certified, subject.void) == (Mode.DARK, CHANGED)


def test_a_foreseen_change_that_became_a_third_one_can_come_back_to_the_certified(tmp_path: pathlib.Path) -> None:
    subject = gate(tmp_path, dataclasses.replace(VOID, reason=""), HEX)
    subject.foresee(OTHER, MOMENT, 60, HEX)
    for present in (OTHER, THIRD, OTHER, HEX):
        (tmp_path / "fingerprint").write_text(present)
        subject.fingerprint.poll()
        subject.check(MOMENT)
        assert subject.reinstatable is (present == HEX)


class Story:
    """A gate's memory of what has been otherwise, and what root was asked, second by second."""

    def __init__(self, root: pathlib.Path, memory: dict[str, t.Any] | None = None) -> None:
        self.now = MOMENT.boot
        self.asked: list[float] = []
        self.authority = gate(root, dataclasses.replace(VOID, reason="", void_at=""), HEX)
        self.start(memory or {})

    def start(self, memory: t.Mapping[str, t.Any]) -> None:
        self.comeback = Comeback(
            self.authority, DAMPING, memory, lambda: self.asked.append(self.now - MOMENT.boot), self.now
        )

    def files(self, value: str) -> None:
        self.authority.fingerprint.value = value
        if self.authority.check(Moment(MOMENT.wall, self.now)):
            self.comeback.voided(self.now)
        self.comeback.beat(self.now)

    def go_on(self, seconds: int) -> None:
        for _ in range(seconds * 2):
            self.now += 0.5
            self.comeback.beat(self.now)

    def root_puts_it_right(self) -> None:
        self.authority.fingerprint.met = {HEX}  # started anew
        assert self.comeback.reinstate(HEX, ask_only=True) == {"changed": False}
        assert self.comeback.reinstate(HEX)["changed"]


@pytest.fixture
def story(tmp_path: pathlib.Path) -> Story:
    return Story(tmp_path)


def test_root_is_asked_when_the_files_have_been_as_certified_for_a_while(story: Story) -> None:
    story.files(OTHER)
    story.go_on(100)
    assert (story.asked, story.comeback.say(story.now)) == ([], "")
    story.files(HEX)
    assert story.comeback.say(story.now) == "it is again as certified, and comes back in 5 s"
    story.go_on(2)
    assert story.comeback.say(story.now) == "it is again as certified, and comes back in 3 s"
    story.go_on(3)
    assert story.asked == [105]
    assert "was asked once to bring it back, and is again in 90 s" in story.comeback.say(story.now)
    story.root_puts_it_right()
    assert story.comeback.say(story.now) == ""
    story.go_on(1000)
    assert story.asked == [105]


def test_files_that_alternate_wait_longer_each_time(story: Story) -> None:
    waits = []
    for _ in range(8):
        story.files(OTHER)
        story.files(HEX)
        began = story.now
        while not story.asked:
            story.go_on(1)
        waits.append(story.now - began)
        story.root_puts_it_right()
        story.asked.clear()
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300]
    assert story.comeback.falls == 8
    story.go_on(601)
    story.files(OTHER)
    assert story.comeback.falls == 1


def test_the_wait_begins_anew_when_the_files_were_otherwise_meanwhile(story: Story) -> None:
    for _ in range(20):
        story.files(OTHER)
        story.go_on(1)
        story.files(HEX)
        story.go_on(4)
    assert (story.asked, story.comeback.falls) == ([], 1)


def test_root_is_asked_seldom_when_it_does_not_come_to_anything(story: Story) -> None:
    """Also by the gate that root has started anew on the way."""
    story.files(OTHER)
    story.files(HEX)
    while len(story.asked) < 6:
        story.go_on(1)
        if story.asked and story.asked[-1] == story.now - MOMENT.boot:
            story.start(story.comeback.memory())
    assert [after - before for before, after in zip(story.asked, story.asked[1:], strict=False)] == pytest.approx(
        [90, 180, 360, TRIES.longest, TRIES.longest], abs=1
    )
    assert story.comeback.falls == 1, "a question is no fall"


def test_a_node_that_is_to_be_dark_does_not_come_back_until_it_is_asked_to(story: Story) -> None:
    story.files(OTHER)
    story.authority.intents.ask(Mode.DARK, "site.yml", SINCE)
    story.files(HEX)
    story.go_on(1000)
    assert (story.asked, story.comeback.say(story.now)) == (
        [],
        "it is again as certified, and stays dark: dark is asked for",
    )
    answer = story.comeback.reinstate(HEX, ask_only=True)
    assert answer == {"changed": False, "refused": "dark is asked for"}
    story.authority.intents.ask(Mode.DRAINED, "operator", SINCE)
    story.go_on(1)
    assert len(story.asked) == 1


@pytest.mark.parametrize("verb", ["certify", "revoke"])
def test_the_word_of_acceptance_goes_before(story: Story, verb: str) -> None:
    story.files(OTHER)
    story.files(HEX)
    if verb == "certify":
        story.authority.certify(Mode.DRAINED, HEX, SESSIONS, MOMENT, 900)
    else:
        story.authority.revoke()
    story.go_on(1000)
    assert story.asked == []
    story.authority.fingerprint.met = {HEX}
    assert "refused" in story.comeback.reinstate(HEX)


def test_what_is_remembered_survives_the_gate_and_damage_is_no_memory(story: Story) -> None:
    story.files(OTHER)
    story.start(story.comeback.memory())
    assert story.comeback.falls == 1
    story.start({"configuration": "once", "reinstate": {"count": -1, "last": 0}})
    assert story.comeback.falls == 0
    story.files(HEX)
    story.go_on(5)
    assert len(story.asked) == 1, "a boot forgets falls, and waits as for the first"


def test_a_certificate_that_lapses_is_no_fall(tmp_path: pathlib.Path) -> None:
    story = Story(tmp_path)
    story.authority.certificate = dataclasses.replace(PROVISIONAL, reason="")
    story.now += 901
    story.files(HEX)
    assert (story.authority.void, story.comeback.falls) == (UNCONFIRMED, 0)

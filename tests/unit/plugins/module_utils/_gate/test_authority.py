# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Intent and certificate: dark by default, remembered across restarts, and never lifted by a playbook over a person."""

from __future__ import annotations

import json
import math
import pathlib

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._gate import store
from ansible_collections.icann.imrs.plugins.module_utils._gate.authority import Authority, Fingerprint
from ansible_collections.icann.imrs.plugins.module_utils._gate.certificate import Moment
from ansible_collections.icann.imrs.plugins.module_utils._routing.policy import Mode
from gate_data import SESSIONS

HEX, OTHER = "a" * 64, "b" * 64
NOW = "2026-01-01T00:00:00Z"
MOMENT = Moment(1767225600.0, 5000.0)
"""The same, on a machine that is up for a while."""


@pytest.fixture
def fingerprint(tmp_path: pathlib.Path) -> Fingerprint:
    (tmp_path / "fingerprint").write_text(HEX + "\n")
    subject = Fingerprint(tmp_path / "fingerprint")
    assert subject.poll()
    return subject


def restarted(tmp_path: pathlib.Path, fingerprint: Fingerprint) -> Authority:
    return Authority(tmp_path, fingerprint)


def test_without_files_everything_is_dark(tmp_path: pathlib.Path, fingerprint: Fingerprint) -> None:
    subject = restarted(tmp_path, fingerprint)
    assert (subject.intent.mode, subject.certified, subject.void) == (Mode.DARK, Mode.DARK, "no certificate")


@pytest.mark.parametrize("content", ["", "[]", "{", '{"mode": "bright"}', '{"mode": 3, "by": "", "at": ""}', "\0"])
def test_damaged_files_are_dark_and_say_so(tmp_path: pathlib.Path, fingerprint: Fingerprint, content: str) -> None:
    (tmp_path / "intent.json").write_text(content)
    (tmp_path / "certificate.json").write_text(content)
    subject = restarted(tmp_path, fingerprint)
    assert (subject.intent.mode, subject.certified) == (Mode.DARK, Mode.DARK)
    assert subject.intent.reason.startswith("damaged intent")
    assert subject.void.startswith("damaged certificate")
    assert subject.intents.ask(Mode.LIVE, "site.yml", NOW)["kept"] == "dark"
    assert subject.intents.ask(Mode.LIVE, "operator", NOW)["changed"]


@pytest.mark.parametrize(
    ("history", "mode", "changed", "kept"),
    [
        ([("live", "site.yml")], "live", True, None),
        ([("live", "site.yml"), ("live", "site.yml")], "live", False, None),
        ([("drained", "operator"), ("live", "site.yml")], "drained", False, "drained"),
        ([("drained", "operator"), ("dark", "site.yml")], "dark", True, None),
        ([("drained", "operator"), ("dark", "site.yml"), ("live", "site.yml")], "drained", True, "drained"),
        ([("dark", "alice"), ("live", "site.yml")], "dark", False, "dark"),
        ([("drained", "operator"), ("live", "operator")], "live", True, None),
        (
            [("drained", "operator"), ("live", "operator"), ("dark", "site.yml"), ("live", "site.yml")],
            "live",
            True,
            None,
        ),
        ([("drained", "site.yml"), ("live", "site.yml")], "live", True, None),
        ([("dark", "site.yml"), ("dark", "operator"), ("live", "site.yml")], "dark", False, "dark"),
    ],
)
def test_a_person_sets_the_ceiling_for_playbooks(
    tmp_path: pathlib.Path,
    fingerprint: Fingerprint,
    history: list[tuple[str, str]],
    mode: str,
    changed: bool,
    kept: str | None,
) -> None:
    answer: dict[str, object] = {}
    for wanted, by in history:
        answer = restarted(tmp_path, fingerprint).intents.ask(Mode.parse(wanted), by, NOW)
    assert (answer["mode"], answer["changed"], answer.get("kept")) == (mode, changed, kept)
    assert str(restarted(tmp_path, fingerprint).intent.mode) == mode


def test_only_the_configuration_that_is_there_can_be_certified(
    tmp_path: pathlib.Path, fingerprint: Fingerprint
) -> None:
    subject = restarted(tmp_path, fingerprint)
    assert "refused" in subject.certify(Mode.LIVE, OTHER, SESSIONS, MOMENT)
    assert subject.certified is Mode.DARK
    assert subject.certify(Mode.LIVE, HEX.upper(), SESSIONS, MOMENT) == {"changed": True, "mode": "live"}
    assert subject.certify(Mode.LIVE, HEX, SESSIONS, MOMENT) == {"changed": False, "mode": "live"}
    assert restarted(tmp_path, fingerprint).certified is Mode.LIVE


@pytest.mark.parametrize(
    ("content", "reason"), [(OTHER, "has changed"), ("", "missing"), ("short", "missing"), (None, "missing")]
)
def test_another_fingerprint_voids_the_certificate(
    tmp_path: pathlib.Path, fingerprint: Fingerprint, content: str | None, reason: str
) -> None:
    subject = restarted(tmp_path, fingerprint)
    subject.certify(Mode.LIVE, HEX, SESSIONS, MOMENT)
    path = tmp_path / "fingerprint"
    path.unlink()
    if content is not None:
        path.write_text(content)
    assert fingerprint.poll()
    assert subject.certified is Mode.DARK
    assert reason in subject.void


def test_a_revoked_certificate_is_gone_for_good(tmp_path: pathlib.Path, fingerprint: Fingerprint) -> None:
    subject = restarted(tmp_path, fingerprint)
    subject.certify(Mode.LIVE, HEX, SESSIONS, MOMENT)
    assert [subject.revoke(), subject.revoke()] == [{"changed": True}, {"changed": False}]
    assert restarted(tmp_path, fingerprint).certified is Mode.DARK


def test_a_full_disk_lowers_but_does_not_raise(
    tmp_path: pathlib.Path, fingerprint: Fingerprint, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = restarted(tmp_path, fingerprint)
    subject.intents.ask(Mode.DRAINED, "operator", NOW)

    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "write", full)
    assert "refused" in subject.intents.ask(Mode.LIVE, "operator", NOW)["error"]
    assert subject.intent.mode is Mode.DRAINED
    assert "in force" in subject.intents.ask(Mode.DARK, "operator", NOW)["error"]
    assert subject.intent.mode is Mode.DARK


def test_files_are_replaced_whole_with_their_mode(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "intent.json"
    store.write(path, {"a": 1})
    store.write(path, {"a": 2})
    assert store.read(path) == {"a": 2}
    assert path.stat().st_mode & 0o777 == 0o640
    assert [file.name for file in tmp_path.iterdir()] == ["intent.json"]


def later(wall: float, boot: float | None = None) -> Moment:
    """So many seconds after ``MOMENT``; the clocks may disagree."""
    return Moment(MOMENT.wall + wall, MOMENT.boot + (wall if boot is None else boot))


def full(*_args: object) -> None:
    """Stands for a write or a removal that fails."""
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("now", "void"),
    [
        (later(59.9), ""),
        (later(60), "not confirmed in time"),
        (later(60, 1), "not confirmed in time"),
        (later(-86400, 59.9), ""),
        (later(-86400, 60), "not confirmed in time"),
    ],
)
@pytest.mark.parametrize("restart", [False, True])
def test_a_provisional_certificate_ends_on_either_clock(
    tmp_path: pathlib.Path, fingerprint: Fingerprint, now: Moment, void: str, restart: bool
) -> None:
    subject = restarted(tmp_path, fingerprint)
    assert subject.certify(Mode.LIVE, HEX, SESSIONS, MOMENT, 60) == {"changed": True, "mode": "live"}
    assert (subject.certificate.issued_at, subject.certificate.expires_at) == (NOW, MOMENT.wall + 60)
    subject = restarted(tmp_path, fingerprint) if restart else subject
    assert (subject.check(now), subject.void) == (bool(void), void)
    assert not subject.check(now)
    assert subject.certified is (Mode.DARK if void else Mode.LIVE)
    assert (subject.remember(), restarted(tmp_path, fingerprint).void) == ("", void)
    assert json.loads((tmp_path / "certificate.json").read_text())["expiry"]["wall"] == MOMENT.wall + 60


def test_a_reboot_with_a_clock_that_went_back_gives_no_more_than_the_same_time_again(
    tmp_path: pathlib.Path, fingerprint: Fingerprint
) -> None:
    restarted(tmp_path, fingerprint).certify(Mode.LIVE, HEX, SESSIONS, MOMENT, 60)
    subject = restarted(tmp_path, fingerprint)
    assert not subject.check(Moment(0, 20))
    assert not subject.check(Moment(59, 79))
    assert subject.check(Moment(60, 80))


@pytest.mark.parametrize(
    ("history", "last", "changed", "mode", "permanent"),
    [
        ([("live", 60)], ("live", None), True, "live", True),
        ([("live", 60)], ("live", 60), True, "live", False),
        ([("live", None)], ("live", None), False, "live", True),
        ([("live", None)], ("drained", None), False, "live", True),
        ([("live", None)], ("dark", None), False, "live", True),
        ([("live", None)], ("live", 60), False, "live", True),
        ([("live", None)], ("drained", 60), False, "live", True),
        ([("drained", None)], ("live", None), True, "live", True),
        ([("drained", None)], ("live", 60), True, "live", False),
        ([("live", 60)], ("drained", None), True, "drained", True),
    ],
)
def test_what_is_certified_for_good_is_never_lowered(  # noqa: PLR0917
    tmp_path: pathlib.Path,
    fingerprint: Fingerprint,
    history: list[tuple[str, float | None]],
    last: tuple[str, float | None],
    changed: bool,
    mode: str,
    permanent: bool,
) -> None:
    subject = restarted(tmp_path, fingerprint)
    for wanted, seconds in history:
        subject.certify(Mode.parse(wanted), HEX, SESSIONS, MOMENT, seconds)
    assert subject.certify(Mode.parse(last[0]), HEX, SESSIONS, MOMENT, last[1]) == {"changed": changed, "mode": mode}
    for each in (subject, restarted(tmp_path, fingerprint)):
        assert (str(each.certified), each.certificate.expires_at is None) == (mode, permanent)


def test_a_void_certificate_holds_nothing_up(tmp_path: pathlib.Path, fingerprint: Fingerprint) -> None:
    subject = restarted(tmp_path, fingerprint)
    subject.certify(Mode.LIVE, HEX, SESSIONS, MOMENT)
    (tmp_path / "fingerprint").write_text(OTHER)
    fingerprint.poll()
    assert subject.certify(Mode.DRAINED, OTHER, SESSIONS, MOMENT, 60) == {"changed": True, "mode": "drained"}


@pytest.mark.parametrize("seconds", [0, -1, 86401, math.inf, math.nan])
def test_a_confirmation_has_to_come_within_a_day(
    tmp_path: pathlib.Path, fingerprint: Fingerprint, seconds: float
) -> None:
    with pytest.raises(ValueError, match="cannot wait"):
        restarted(tmp_path, fingerprint).certify(Mode.LIVE, HEX, SESSIONS, MOMENT, seconds)


@pytest.mark.parametrize(
    "expiry", [[], 7, {}, {"wall": 1}, {"wall": math.nan, "boot": 1, "seconds": 1}, {"wall": "x", "boot": 1}]
)
def test_a_damaged_expiry_is_no_permanent_certificate(
    tmp_path: pathlib.Path, fingerprint: Fingerprint, expiry: object
) -> None:
    data = {"mode": "live", "fingerprint": HEX, "issued_at": NOW, "sessions": list(SESSIONS)}
    store.write(tmp_path / "certificate.json", data)
    assert restarted(tmp_path, fingerprint).certified is Mode.LIVE
    store.write(tmp_path / "certificate.json", {**data, "expiry": expiry})
    assert restarted(tmp_path, fingerprint).void.startswith("damaged certificate")


@pytest.mark.parametrize("restart", [False, True])
def test_a_change_voids_for_good_until_certified_again(
    tmp_path: pathlib.Path, fingerprint: Fingerprint, restart: bool
) -> None:
    path, subject = tmp_path / "fingerprint", restarted(tmp_path, fingerprint)
    subject.certify(Mode.LIVE, HEX, SESSIONS, MOMENT)
    for content, changed in ((OTHER, True), ("", False), (HEX, False)):
        path.write_text(content)
        assert fingerprint.poll()
        assert subject.check(MOMENT) is changed
        assert not subject.remember()
        subject = restarted(tmp_path, fingerprint) if restart else subject
    assert (subject.certified, subject.void) == (Mode.DARK, "the configuration has changed since acceptance")
    assert subject.certify(Mode.LIVE, HEX, SESSIONS, MOMENT)["changed"]
    assert subject.certified is Mode.LIVE


def test_a_missing_fingerprint_voids_only_as_long_as_it_is_missing(
    tmp_path: pathlib.Path, fingerprint: Fingerprint
) -> None:
    path, subject = tmp_path / "fingerprint", restarted(tmp_path, fingerprint)
    subject.certify(Mode.LIVE, HEX, SESSIONS, MOMENT)
    path.unlink()
    assert (fingerprint.poll(), subject.check(MOMENT), subject.certified) == (True, False, Mode.DARK)
    path.write_text(HEX)
    assert (fingerprint.poll(), subject.check(MOMENT), subject.certified) == (True, False, Mode.LIVE)


def test_a_full_disk_forgets_a_void_certificate_and_a_broken_one_is_tried_again(
    tmp_path: pathlib.Path, fingerprint: Fingerprint, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = restarted(tmp_path, fingerprint)
    subject.certify(Mode.LIVE, HEX, SESSIONS, MOMENT, 1)
    assert subject.check(later(1))
    monkeypatch.setattr(store, "write", full)
    with monkeypatch.context() as broken:
        broken.setattr(store, "remove", full)
        assert "cannot remember" in subject.remember()
    assert subject.void == "not confirmed in time"
    assert not subject.remember()
    assert restarted(tmp_path, fingerprint).void == "no certificate"


def test_the_ceiling_is_what_a_person_allows(tmp_path: pathlib.Path, fingerprint: Fingerprint) -> None:
    subject = restarted(tmp_path, fingerprint)
    found = [subject.intent.ceiling]
    for mode, by in ((Mode.LIVE, "site.yml"), (Mode.DRAINED, "operator"), (Mode.DARK, "site.yml")):
        subject.intents.ask(mode, by, NOW)
        found.append(subject.intent.ceiling)
    assert found == [Mode.LIVE, Mode.LIVE, Mode.DRAINED, Mode.DRAINED]

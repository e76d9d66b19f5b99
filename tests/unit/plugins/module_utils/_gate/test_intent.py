# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two layers of intent, of which one has an end: who may ask for what, and when the node goes back by itself."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._gate import cli, intent, store, until
from ansible_collections.icann.imrs.plugins.module_utils._gate.certificate import Moment
from ansible_collections.icann.imrs.plugins.module_utils._gate.intent import Intents

NOW = Moment(1764547200.0, 5000.0)  # 2025-12-01T00:00Z
DAY = 86400.0
PERSON = "alice"
END = {"wall": 1, "boot": 1, "seconds": 1, "boot_id": ""}


class Place:
    """A node's disk, and the boot that it is in."""

    def __init__(self, base: pathlib.Path) -> None:
        self.path, self.boot_id = base / "intent.json", base / "boot_id"
        self.boot("one")

    def boot(self, name: str) -> None:
        self.boot_id.write_text(name + "\n")

    def started(self) -> Intents:
        """As a gate that starts has it."""
        return Intents(self.path, self.boot_id)


@pytest.fixture
def place(tmp_path: pathlib.Path) -> Place:
    return Place(tmp_path)


def asked(intents: Intents, words: str, now: Moment = NOW) -> dict[str, t.Any]:
    """``alice drained for 600 lower``, as a request."""
    by, mode, *more = words.split()
    request: dict[str, t.Any] = {"mode": mode, "by": by}
    if "for" in more:
        request["for"] = float(more[more.index("for") + 1])
    if "lower" in more:
        request["lower_only"] = True
    return intents.answer(request, now)


@pytest.mark.parametrize(
    ("history", "now", "at_end"),
    [
        # what it goes back to
        (["site.yml live", "alice drained for 600"], "drained", "live"),
        (["site.yml live", "alice dark for 600"], "dark", "live"),
        (["alice live", "bob drained", "alice dark for 600"], "dark", "drained"),
        # a second one: what is gone back to is the one that is for good
        (["site.yml live", "alice drained for 300", "bob drained for 600"], "drained", "live"),
        (["site.yml live", "alice drained for 300", "bob dark for 600"], "dark", "live"),
        (["site.yml live", "alice dark for 300", "bob drained for 600"], "drained", "live"),
        # by hand, without an end: that is the end of the one before
        (["site.yml live", "alice drained for 600", "alice live"], "live", "live"),
        (["site.yml live", "alice dark for 600", "bob drained"], "drained", "drained"),
        # it never raises
        (["site.yml dark", "alice drained for 600"], "dark", "dark"),
        (["alice drained", "bob drained for 600"], "drained", "drained"),
        # playbooks: the ceiling is that of both, and what they lower stays low
        (["site.yml live", "alice drained for 600", "site.yml live"], "drained", "live"),
        (["site.yml drained", "alice drained for 600", "site.yml live"], "drained", "live"),
        (["site.yml live", "alice drained for 600", "site.yml dark"], "dark", "dark"),
        (["site.yml live", "alice drained for 600", "site.yml dark", "site.yml live"], "drained", "live"),
        (["site.yml live", "alice dark for 600", "site.yml drained"], "dark", "drained"),
        (["bob drained", "alice dark for 600", "site.yml live"], "dark", "drained"),
        # lower only
        (["site.yml live", "alice drained lower"], "drained", "drained"),
        (["site.yml dark", "alice drained lower"], "dark", "dark"),
        (["site.yml dark", "alice drained lower", "site.yml live"], "drained", "drained"),
        (["site.yml live", "bob dark for 600", "alice drained lower"], "dark", "drained"),
        (["site.yml live", "bob dark for 600", "alice drained for 900 lower"], "dark", "live"),
        (["site.yml live", "bob drained for 300", "alice drained for 600 lower"], "drained", "live"),
        (["site.yml live", "bob drained for 600", "alice drained lower"], "drained", "drained"),
    ],
)
def test_who_asks_for_what(place: Place, history: list[str], now: str, at_end: str) -> None:
    for words in history:
        intents = place.started()  # each word survives a restart
        asked(intents, words)
    intents = place.started()
    assert str(intents.current.mode) == now
    assert intents.lapse(Moment(NOW.wall + 599, NOW.boot + 599)) == ""
    assert str(intents.current.mode) == now
    intents.lapse(Moment(NOW.wall + 600, NOW.boot + 600))
    assert str(intents.current.mode) == at_end
    assert str(place.started().current.mode) == at_end


@pytest.mark.parametrize(
    ("boot", "wall", "up", "over"),
    [
        ("one", 599, 5599, False),
        ("one", 600, 5600, True),
        ("one", 10 * 365 * DAY, 5599, False),  # a clock that is set forward ends nothing
        ("one", -10 * 365 * DAY, 5600, True),  # one that is set back prolongs nothing
        ("two", 599, 30, False),  # it started anew in the meantime
        ("two", 600, 30, True),
        ("two", 29 * DAY, 30, True),  # it was off
        ("two", -10 * 365 * DAY, 599, False),  # without a battery, and NTP has not set the clock yet
        ("two", -10 * 365 * DAY, 600, True),
        ("two", 10 * 365 * DAY, 599, False),
        ("two", 10 * 365 * DAY, 600, True),
        ("", 599, 5599, False),  # no such file
        ("", 600, 30, True),
    ],
)
def test_two_clocks(place: Place, boot: str, wall: float, up: float, over: bool) -> None:
    asked(place.started(), "site.yml live")
    asked(place.started(), "alice drained for 600")
    place.boot(boot)
    intents = place.started()
    said = intents.lapse(Moment(NOW.wall + wall, up))
    assert bool(said) == over
    assert str(intents.current.mode) == ("live" if over else "drained")


def test_a_boot_without_a_name_may_be_the_same_or_not(place: Place) -> None:
    place.boot("")
    asked(place.started(), "site.yml live")
    asked(place.started(), "alice drained for 600")
    assert not place.started().lapse(Moment(NOW.wall + 599, 5599))
    assert not place.started().lapse(Moment(NOW.wall - DAY, 600))
    assert place.started().lapse(Moment(NOW.wall - DAY, 5600))


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ({"until": "2025-11-30T23:59Z"}, "2025-11-30T23:59Z is past: the clock says 2025-12-01T00:00:00Z"),
        ({"until": "2025-12-31T00:01Z"}, "2025-12-31T00:01Z is more than 30 days away"),
        ({"until": "2025-12-01"}, "'2025-12-01' is no time in UTC, such as 2026-12-01T04:00Z"),
        ({"until": "2025-12-01T04:00+01:00"}, "is no time in UTC"),
        ({"until": "2025-13-01T04:00Z"}, "is no time in UTC"),
        ({"for": 0}, "0 s is no time to go back after"),
        ({"for": -1}, "-1 s is no time to go back after"),
        ({"for": float("nan")}, "nan s is no time"),
        ({"for": 31 * DAY}, "30 days at most"),
        ({"for": 5, "until": "2025-12-01T04:00Z"}, "give one"),
        ({"for": 5, "mode": "live"}, "live has no end"),
        ({"for": 5, "by": "site.yml"}, "only a person may give an end"),
        ({"note": "two\nlines"}, "one line of 200 printable characters"),
        ({"note": "\x1b[2J"}, "one line of 200 printable characters"),
        ({"note": "x" * 201}, "one line of 200 printable characters"),
        ({"by": "\x1b[2J"}, "one line of 200 printable characters"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_message(place: Place, request_: dict[str, t.Any], why: str) -> None:
    asked(place.started(), "site.yml live")
    intents = place.started()
    answer = intents.answer({"mode": "drained", "by": PERSON, **request_}, NOW)
    assert why in answer["refused"]
    assert (answer["changed"], str(place.started().current.mode)) == (False, "live")


def test_until_counts_from_now(place: Place) -> None:
    intents = place.started()
    answer = intents.answer({"mode": "dark", "by": PERSON, "until": "2025-12-01T01:00:00Z"}, NOW)
    assert answer["until"] == "2025-12-01T01:00:00Z"
    assert intents.layers.end == until.End(NOW.wall + 3600, NOW.boot + 3600, 3600, "one")


def test_the_same_again_is_no_change_and_another_end_is(place: Place) -> None:
    asked(place.started(), "site.yml live")
    answers = [asked(place.started(), words) for words in ["alice drained for 600"] * 2 + ["alice drained for 900"]]
    assert [answer["changed"] for answer in answers] == [True, False, True]


def test_what_is_kept_says_why(place: Place) -> None:
    asked(place.started(), "site.yml live")
    assert "kept" not in asked(place.started(), "alice drained for 600")
    kept = asked(place.started(), "site.yml live")
    assert (kept["kept"], kept["reason"]) == ("drained", "drained is asked for by alice until 2025-12-01T00:10:00Z")
    asked(place.started(), "bob dark")
    kept = asked(place.started(), "alice drained lower")
    assert (kept["kept"], kept["reason"]) == ("dark", "dark is asked for by bob without an end, and is lower")


@pytest.mark.parametrize(
    "damage",
    [
        {"temporary": 1},
        {"temporary": {}},
        {"standing": None},
        {"temporary": {"mode": "drained", "by": "a", "at": "", "ceiling": "drained", "end": {"wall": "x"}}},
        {"temporary": {"mode": "dark", "by": "a", "at": "", "end": {**END, "wall": 1e300}}},
        {"temporary": {"mode": "dark", "by": "a", "at": "", "end": {**END, "boot": "nan"}}},
    ],
)
def test_a_damaged_record_is_dark(place: Place, damage: dict[str, t.Any]) -> None:
    asked(place.started(), "site.yml live")
    asked(place.started(), "alice drained for 600")
    data = json.loads(place.path.read_text())
    place.path.write_text(json.dumps({**data, **damage}))
    intents = place.started()
    assert str(intents.current.mode) == "dark"
    assert intents.current.reason.startswith("damaged intent")
    assert intents.lapse(Moment(NOW.wall + DAY, NOW.boot + DAY)) == ""


def test_a_gate_without_a_second_layer_reads_the_lowest(place: Place) -> None:
    asked(place.started(), "site.yml live")
    asked(place.started(), "alice drained for 600")
    data = json.loads(place.path.read_text())
    assert (data["mode"], data["ceiling"], data["by"]) == ("drained", "drained", "alice")
    asked(place.started(), "site.yml dark")
    assert json.loads(place.path.read_text())["mode"] == "dark"


def test_a_full_disk_keeps_nothing_announced_longer_and_nothing_down_longer(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    intents = place.started()
    asked(intents, "site.yml live")

    def full(*_: object) -> None:
        raise OSError("full")

    monkeypatch.setattr(store, "write", full)
    answer = asked(intents, "alice drained for 600")
    assert answer["error"].startswith("in force, but cannot be remembered")
    assert str(intents.current.mode) == "drained"
    assert asked(intents, "alice live")["error"].startswith("refused")
    assert intents.lapse(Moment(NOW.wall, NOW.boot + 600))
    assert str(intents.current.mode) == "live"


def test_the_screen_says_by_whom_until_when_and_why(place: Place) -> None:
    intents = place.started()
    asked(intents, "site.yml live")
    intents.answer({"mode": "drained", "by": PERSON, "for": 600, "note": "fibre work"}, NOW)
    said = cli._asked(intents.layers.as_json())
    at, end = "2025-12-01T00:00:00Z", "2025-12-01T00:10:00Z"
    assert said == f"drained by alice at {at} until {end} (then live): fibre work"
    asked(intents, "accept.yml dark")
    assert cli._asked(intents.layers.as_json()) == f"dark by accept.yml at {at}; at most drained until {end}"


def test_an_intent_that_nobody_gave_has_a_reason(place: Place) -> None:
    assert place.started().layers.as_json()["reason"] == intent.Intent.reason

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a node may be disturbed, and what is said when it may not."""

from __future__ import annotations

import datetime
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils import _bundle
from ansible_collections.icann.imrs.plugins.module_utils._bundle.windows import (
    Window,
    following,
    is_open,
    spread,
    window,
)

if t.TYPE_CHECKING:
    from .conftest import Node, Systemctl

pytestmark = pytest.mark.usefixtures("scratch")

TUESDAY = {"day": "tuesday", "start": "18:00", "end": "22:00"}
THURSDAY = {"day": "thursday", "start": "10:00", "end": "14:00"}


def _at(text: str) -> datetime.datetime:
    """2 March 2026 is a Monday."""
    return datetime.datetime.fromisoformat(f"2026-03-{text}:00+00:00")


@pytest.mark.parametrize(
    ("lengths", "seconds"),
    [
        ((), 0),
        ((("18:00", "22:00"),), 2 * 3600),
        ((("18:00", "22:00"), ("10:00", "10:20")), 600),
        ((("23:50", "00:00"),), 300),
        ((("23:59", "00:00"),), 30),
    ],
)
def test_who_begins_with_a_window_begins_in_its_first_half(lengths: tuple[tuple[str, str], ...], seconds: int) -> None:
    """It was half an hour, whatever the window: of a window of 20 minutes every third node began after its end."""
    windows = [window("tuesday", *each) for each in lengths]
    assert spread(windows) == seconds
    assert all(seconds * 2 <= one.minutes * 60 for one in windows)


@pytest.mark.parametrize(
    ("given", "moment", "opened"),
    [
        (("tuesday", "18:00", "22:00"), "03T18:00", True),
        (("tuesday", "18:00", "22:00"), "03T17:59", False),
        (("tuesday", "18:00", "22:00"), "03T21:59", True),
        (("tuesday", "18:00", "22:00"), "03T22:00", False),
        (("tuesday", "18:00", "22:00"), "04T19:00", False),
        (("Tuesday", "18:00", "22:00"), "10T19:00", True),
        (("tuesday", "22:00", "02:00"), "03T23:59", True),
        (("tuesday", "22:00", "02:00"), "04T01:59", True),
        (("tuesday", "22:00", "02:00"), "04T02:00", False),
        (("tuesday", "22:00", "02:00"), "03T01:00", False),
        (("sunday", "22:00", "02:00"), "02T01:00", True),
        (("sunday", "22:00", "02:00"), "08T22:30", True),
        (("monday", "00:00", "24:00"), "02T23:59", True),
        (("monday", "00:00", "24:00"), "03T00:00", False),
        (("monday", "20:00", "24:00"), "02T23:59", True),
        (("monday", "20:00", "00:00"), "02T23:59", True),
        (("monday", "20:00", "00:00"), "03T00:00", False),
    ],
)
def test_a_window_is_open_from_its_start_up_to_its_end(given: tuple[str, str, str], moment: str, opened: bool) -> None:
    assert is_open([window(*given)], _at(moment)) is opened


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        ("02T12:00", "Tuesday 18:00–22:00 UTC"),  # noqa: RUF001
        ("03T19:00", "Tuesday 18:00–22:00 UTC"),  # noqa: RUF001 - it is open
        ("03T22:00", "Thursday 10:00–14:00 UTC"),  # noqa: RUF001
        ("05T14:00", "Tuesday 18:00–22:00 UTC"),  # noqa: RUF001
    ],
)
def test_the_next_window_is_the_one_that_opens_first(moment: str, told: str) -> None:
    windows = [window(*one.values()) for one in (THURSDAY, TUESDAY)]
    assert str(following(windows, _at(moment))) == told
    assert following([], _at(moment)) is None


def test_a_window_over_midnight_is_told_by_its_first_day() -> None:
    assert str(window("sunday", "22:00", "02:00")) == "Sunday 22:00–02:00 UTC"  # noqa: RUF001
    assert window("monday", "00:00", "24:00") == Window(0, 1440)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"day": "tue"}, r"windows\[0\]: day 'tue' is none of monday, tuesday"),
        ({"day": None}, "day None is none of"),
        ({"start": 1080}, r"start 1080 is not a time of day; write hours and minutes in quotes"),
        ({"start": "24:00"}, "start '24:00' is not a time of day"),
        ({"end": "7:00"}, "end '7:00' is not a time of day"),
        ({"end": "18:00"}, "start and end are both 18:00"),
        ({"zone": "UTC"}, "unknown key zone"),
    ],
)
def test_mistakes_in_windows_are_named(change: dict[str, t.Any], message: str) -> None:
    with pytest.raises(_bundle.BundleError, match=message):
        _bundle.parse({"name": "b", "windows": [{**TUESDAY, **change}]})


def _asked(node: Node, rc: int = 0) -> dict[str, t.Any]:
    return {"in_service": node.mark("asked", rc), "windows": [THURSDAY, TUESDAY]}


NO = ["sh", "-c", "exit 3"]
RESET = {"command": ["true", "bird.service"], "disruption": "session reset"}
REFUSED = (
    "bundle test: bird.service needs a session reset, and the node is in service; next maintenance window: "
    "Tuesday 18:00–22:00 UTC; wait, or say disrupt: true"  # noqa: RUF001
)


def test_a_session_reset_in_service_outside_of_windows_is_refused(node: Node) -> None:
    node.apply(node.file("a", "old\n"))
    before = node.fingerprint()
    with pytest.raises(_bundle.BundleError) as caught:
        node.apply(node.file("a", "new\n"), activate=[RESET], check=[node.mark("check")], **_asked(node))
    assert str(caught.value) == f"{REFUSED}\nThe node was not touched."
    assert caught.value.refused
    assert node.tree()["a"][1] == b"old\n"
    assert node.marks() == ["asked"]
    # but for the lock, which is opened for writing
    assert node.fingerprint() == before


def test_check_mode_says_what_would_happen_and_that_it_would_be_refused(node: Node) -> None:
    node.apply(node.file("a", "old\n"))
    outcome = node.apply(node.file("a", "new\n"), activate=[RESET], mode="check", **_asked(node))
    assert outcome.refused
    assert outcome.changed
    assert outcome.warnings == (f"{REFUSED}; this run would be refused",)
    assert outcome.to_dict()["disruptions"] == [{"unit": "bird.service", "disruption": "session reset"}]


@pytest.mark.parametrize(
    ("more", "asked"),
    [
        ({"disrupt": True}, False),
        ({"windows": [{"day": "tuesday", "start": "11:00", "end": "13:00"}]}, False),
        ({"in_service": NO}, False),
        ({"in_service": ["no-such-program"]}, False),
        ({"in_service": None}, False),
        ({"activate": [{**RESET, "disruption": "reload"}]}, False),
        ({"activate": [{**RESET, "when_changed": ["/other"]}]}, False),
    ],
)
def test_what_lets_a_change_pass(node: Node, more: dict[str, t.Any], asked: bool) -> None:
    assert node.apply(node.file("a", "new\n"), **{**_asked(node), "activate": [RESET], **more}).changed
    assert ("asked" in node.marks()) is asked


def test_without_windows_a_node_in_service_is_never_disturbed(node: Node) -> None:
    with pytest.raises(_bundle.BundleError, match="next maintenance window: none is defined; wait, or say disrupt"):
        node.apply(node.file("a", "x\n"), activate=[RESET], in_service=["true"])


def test_a_node_that_does_not_say_whether_it_is_in_service_is_taken_to_be(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_bundle.disruption, "_PATIENCE", 0.1)
    closed, damaged = node.root.parent / "closed", node.root.parent / "damaged"
    closed.write_text("#!/bin/sh\nexit 3\n")
    damaged.write_text("#!/no/such/interpreter\n")
    damaged.chmod(0o755)
    broken = (["false"], ["sh", "-c", "exit 126"], ["sh", "-c", "kill -9 $$"], [str(closed)], [str(damaged)])
    for no_answer in (["sleep", "5"], *broken):
        with pytest.raises(_bundle.BundleError, match="the node is in service"):
            node.apply(node.file("a", "x\n"), activate=[RESET], in_service=no_answer)


def test_each_daemon_is_told_of_with_the_worst_that_happens_to_it(node: Node, systemctl: Systemctl) -> None:
    systemctl.set("frr.service", "active", "enabled")
    activate = [
        {"command": "true bird.service", "disruption": "reload"},
        {"command": "true bird.service", "disruption": "restart", "when_changed": [node.path("b")]},
        {"command": "true knot.service", "disruption": "restart", "when_changed": ["/other"]},
        {"command": ["true", "x.conf"], "disruption": "reload", "unit": "nftables.service"},
        {"command": ["true", "/etc/x"], "disruption": "reload"},
        {"command": "systemctl daemon-reload"},
    ]
    more: dict[str, t.Any] = {"activate": activate, "ensure": [{"unit": "frr.service", "started": False}]}
    for mode in ("check", "change"):
        outcome = node.apply(node.file("a", "x\n"), mode=mode, **more)
        assert dict(outcome.disruptions) == {
            "bird.service": "reload",
            "knot.service": "none",
            "nftables.service": "reload",
            "true": "reload",
            "frr.service": "restart",
        }
        assert outcome.disruption == "restart"
    assert dict(node.apply(node.file("a", "x\n"), **more).disruptions) == {}


def test_stopping_a_unit_that_runs_is_a_disruption_too(node: Node, systemctl: Systemctl) -> None:
    systemctl.set("frr.service", "active", "enabled")
    ensure = [{"unit": "frr.service", "started": False}]
    with pytest.raises(_bundle.BundleError, match=r"frr.service needs a restart, and the node is in service"):
        node.apply(ensure=ensure, in_service=["true"])
    assert systemctl.called() == []


def _foresee(node: Node, rc: int = 0) -> list[str]:
    return [
        "sh",
        "-c",
        f'cat "$0{node.path("a")}" >> {node.log}; echo "$*" >> {node.log}; exit {rc}',
        "{staged}",
        "{removed}",
    ]


def test_a_mild_change_is_foretold_before_it_is_made(node: Node) -> None:
    node.apply(node.file("a", "old\n"), node.file("b", "b\n"))
    outcome = node.apply(
        node.file("a", "new\n"),
        foresee=_foresee(node),
        check=[node.mark("check")],
        activate=[{"command": node.mark("act"), "disruption": "reload"}],
    )
    assert outcome.warnings == ()
    assert node.marks() == ["check", "new", "--removed", node.path("b"), "act"]


def test_what_does_not_foresee_is_only_a_warning(node: Node) -> None:
    outcome = node.apply(node.file("a", "new\n"), foresee=_foresee(node, 4))
    assert outcome.changed
    assert "bundle test: foreseeing failed: sh -c" in outcome.warnings[0]


def test_who_is_not_there_yet_need_not_foresee(node: Node) -> None:
    outcome = node.apply(node.file("a", "new\n"), foresee=["/nonexistent/imrs-foresee", "{staged}"])
    assert (outcome.changed, outcome.warnings) == (True, ())


def test_a_restart_a_check_and_no_change_are_not_foretold(node: Node) -> None:
    node.apply(node.file("a", "1\n"), foresee=_foresee(node), mode="check")
    node.apply(node.file("a", "1\n"), foresee=_foresee(node), activate=[{"command": "true", "disruption": "restart"}])
    node.apply(node.file("a", "1\n"), foresee=_foresee(node))
    assert node.marks() == []


def test_planning_leaves_a_node_in_service_as_it_is(node: Node, systemctl: Systemctl) -> None:
    node.apply(node.file("a", "old\n"))
    before = node.fingerprint()
    more: dict[str, t.Any] = {
        "check": [node.mark("check")],
        "foresee": _foresee(node),
        "activate": [{"command": node.mark("act"), "unit": "bird.service"}],
    }
    outcome = node.apply(node.file("a", "new\n"), mode="plan", show=True, in_service=["true"], **more)
    assert (outcome.planned, outcome.changed, outcome.diff) == (True, False, [])
    assert outcome.disruptions == {"bird.service": "none"}
    assert [change.path for change in outcome.changes] == [node.path("a")]
    assert node.marks() == ["check"]
    assert node.fingerprint() == before

    systemctl.set("bird.service", "inactive", "enabled")
    ensure = [{"unit": "bird.service", "started": True}]
    outcome = node.apply(node.file("a", "old\n"), mode="plan", in_service=["true"], ensure=ensure)
    assert (outcome.planned, outcome.changed, len(outcome.ensured)) == (True, False, 1)
    assert systemctl.called() == []


def test_planning_says_at_once_what_may_not_be(node: Node) -> None:
    node.apply(node.file("a", "old\n"))
    with pytest.raises(_bundle.BundleError, match="needs a session reset, and the node is in service"):
        node.apply(node.file("a", "new\n"), mode="plan", activate=[RESET], in_service=["true"])
    for program in ("false", "no-such-program"):
        with pytest.raises(_bundle.BundleError, match="check"):
            node.apply(node.file("a", "new\n"), mode="plan", check=[program], in_service=["true"])
    assert node.tree()["a"][1] == b"old\n"


@pytest.mark.parametrize("asked", [NO, ["no-such-program"], None])
def test_planning_changes_a_node_that_nobody_asks(node: Node, asked: list[str] | None) -> None:
    outcome = node.apply(node.file("a", "new\n"), mode="plan", in_service=asked, foresee=_foresee(node))
    assert (outcome.planned, outcome.changed) == (False, True)
    assert node.tree()["a"][1] == b"new\n"
    assert node.marks() == ["new"]


@pytest.mark.parametrize(("rc", "serves"), [(0, True), (3, False), (1, True)])
def test_planning_asks_once_even_when_nothing_changes(node: Node, rc: int, serves: bool) -> None:
    """For the bundles that follow: one of them may have something to change."""
    node.apply(node.file("a", "old\n"))
    outcome = node.apply(node.file("a", "old\n"), mode="plan", in_service=node.mark("asked", rc))
    assert (outcome.planned, outcome.changed, outcome.in_service) == (False, False, serves)
    assert node.marks() == ["asked"]
    assert node.apply(node.file("a", "old\n"), in_service=node.mark("asked", rc)).in_service is None


def test_planning_puts_right_what_a_killed_run_left(node: Node) -> None:
    node.apply(node.file("a", "old\n"))
    node.killed(node.file("a", "new\n"), at="swap.swap")
    outcome = node.apply(node.file("a", "new\n"), mode="plan", in_service=["true"])
    assert (outcome.planned, outcome.changed) == (True, True)
    assert node.tree()["a"][1] == b"old\n"

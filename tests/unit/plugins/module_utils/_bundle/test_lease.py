# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds a node, and for how long."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._bundle import BundleError, lease
from ansible_collections.icann.imrs.plugins.module_utils._bundle.lease import ANYBODY, SECONDS, HeldError, Lease, Run

OURS = Run("a@ctl1", "xlb01", "anna on ctl1", "icann.imrs.site")
THEIRS = Run("b@ctl1", "xlb01", "anna on ctl1", "icann.imrs.site")
"""Of the same person on the same machine."""
NOW = 1000.0
SINCE = "2026-03-03T12:00:00Z"


def of(run: Run, seconds: float) -> Lease:
    """One that ends so many seconds from now."""
    return Lease(run, SINCE, NOW + seconds)


@pytest.mark.parametrize(
    ("there", "over", "own"),
    [
        (None, "", False),
        (of(OURS, 1), "", True),
        (of(OURS, -1), "", True),
        (of(THEIRS, 0), "", False),
        (of(THEIRS, -1), "", False),
        (of(THEIRS, SECONDS + 1), "", False),
        (of(THEIRS, 1), THEIRS.id, False),
        (of(THEIRS, 1), ANYBODY, False),
    ],
    ids=[
        "none",
        "own",
        "own, over, and nobody wanted it",
        "over now",
        "long over",
        "of another boot",
        "of a dead run",
        "by force",
    ],
)
def test_a_node_is_taken(there: Lease | None, over: str, own: bool) -> None:
    assert lease.decide(there, OURS, NOW, over=over) is own


@pytest.mark.parametrize(
    ("there", "over", "strict", "said"),
    [
        (of(THEIRS, 61), "", False, "icann.imrs.site by anna on ctl1, since 2026-03-03T12:00:00Z. Wait for its end"),
        (of(THEIRS, 61), "", False, "its hold ends 2 minutes from now, or at once with -e imrs_take_over=true"),
        (of(THEIRS, 60), "", False, "its hold ends 1 minute from now"),
        (of(THEIRS, 61), "c@ctl1", False, "xlb01: another run holds the node"),
        (of(THEIRS, 61), ANYBODY, True, "which has taken it over from this one"),
        (of(THEIRS, 0), ANYBODY, True, "this run does not hold the node any more"),
        (None, "", True, "the node was withdrawn or rebooted meanwhile, or another run has had it"),
    ],
)
def test_a_node_is_refused(there: Lease | None, over: str, strict: bool, said: str) -> None:
    with pytest.raises(HeldError) as refused:
        lease.decide(there, OURS, NOW, over=over, strict=strict)
    assert said in str(refused.value)
    assert refused.value.by == (THEIRS if there and there.valid(NOW) else None)


@dataclasses.dataclass
class Node:
    """A node with a clock that a test turns."""

    directory: pathlib.Path
    boot: float = NOW
    logged: list[str] = dataclasses.field(default_factory=list)

    @property
    def place(self) -> lease.Place:
        return lease.Place(str(self.directory), lambda: self.boot)

    @property
    def file(self) -> pathlib.Path:
        return self.directory / "lease.json"


@pytest.fixture
def node(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    found = Node(tmp_path / "run")
    monkeypatch.setattr(lease.syslog, "syslog", lambda _level, text: found.logged.append(text))
    return found


def test_one_run_after_the_other(node: Node) -> None:
    assert node.place.take(OURS) == ""
    assert (node.file.stat().st_mode & 0o777, node.directory.stat().st_mode & 0o777) == (0o600, 0o700)
    since = json.loads(node.file.read_text())["since"]
    node.boot += SECONDS - 1
    with pytest.raises(HeldError):
        node.place.take(THEIRS)
    node.place.take(OURS, strict=True)
    assert json.loads(node.file.read_text())["since"] == since
    node.boot += SECONDS - 1
    assert "another run holds the node" in node.place.look(THEIRS)
    assert node.place.look(OURS) == ""
    node.place.leave(THEIRS)
    assert "another run holds the node" in node.place.look(THEIRS)
    node.place.leave(OURS)
    node.place.leave(OURS)
    assert node.place.look(THEIRS) == ""
    node.place.take(OURS, strict=True)
    node.place.leave(OURS)
    assert node.place.take(THEIRS) == ""
    node.boot += SECONDS
    assert node.place.take(OURS) == ""
    assert node.logged == []


def test_who_takes_over_is_told_of_and_who_was_taken_over_from_goes_on_no_more(node: Node) -> None:
    node.place.take(THEIRS)
    told = node.place.take(OURS, over=ANYBODY)
    assert "icann.imrs.site by anna on ctl1 takes xlb01 over from icann.imrs.site by anna on ctl1" in told
    assert node.logged == [told]
    for strict in (False, True):
        with pytest.raises(HeldError):
            node.place.take(THEIRS, strict=strict)


def test_a_node_that_is_withdrawn_is_raised_by_nobody_who_held_it(node: Node) -> None:
    node.place.take(THEIRS)
    assert "ends the hold of icann.imrs.site by anna on ctl1" in node.place.end(OURS)
    with pytest.raises(HeldError, match="does not hold the node any more"):
        node.place.take(THEIRS, strict=True)
    assert node.place.end(OURS) == ""
    node.place.take(OURS)
    node.place.leave(OURS)
    with pytest.raises(HeldError, match="another run has had it"):
        node.place.take(THEIRS, strict=True)


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}x", '{"run": 1}', '{"run": {"id": ""}, "since": "", "until": 1}', '{"run": {"id": 1}}']
)
def test_a_damaged_file_keeps_runs_out_and_names_itself_but_hinders_nobody_who_withdraws(node: Node, text: str) -> None:
    node.directory.mkdir()
    node.file.write_text(text)
    with pytest.raises(BundleError, match=r"lease\.json is damaged"):
        node.place.take(OURS)
    assert "lease.json is damaged" in node.place.look(OURS)
    node.place.leave(OURS)
    assert node.file.exists()
    node.place.take(OURS, over=ANYBODY)
    node.place.leave(OURS)
    node.file.write_text(text)
    assert node.place.end(OURS) == ""
    assert not node.file.exists()


def test_a_lock_that_is_never_let_go_keeps_runs_out_but_nobody_who_withdraws(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.place.take(THEIRS)
    monkeypatch.setattr(lease, "_PATIENCE", 0.0)
    with node.place._locked() as alone:
        assert alone
        with pytest.raises(BundleError, match="is locked, which lasts an instant otherwise"):
            node.place.take(OURS)
        assert node.place.end(OURS)
    assert not node.file.exists()


def test_a_task_without_a_lease_takes_nothing_and_gives_nothing_back(node: Node) -> None:
    hold = lease.Hold(str(node.directory), None)
    hold.take()
    hold.leave()
    assert (hold.look(), node.directory.exists()) == ("", False)
    with pytest.raises(BundleError, match="lease is not for you to give"):
        lease.Hold(str(node.directory), {"id": 1}).take()


def test_a_task_gives_back_only_what_it_took(node: Node) -> None:
    node.place.take(OURS)
    lease.Hold(str(node.directory), dataclasses.asdict(OURS)).leave()
    assert json.loads(node.file.read_text())["until"] > 0


@pytest.mark.parametrize("raw", [{}, {"id": ""}, {"id": 1}, {"id": "x", "who": None}])
def test_what_names_no_run(raw: dict[str, t.Any]) -> None:
    with pytest.raises(ValueError, match="it names no run"):
        Run.parse(raw)


def test_nobody_takes_a_node_that_is_given_up_and_whoever_withdraws_is_not_hindered(node: Node) -> None:
    mark = node.directory.parent / "decommissioned"
    mark.write_text("{}")
    place = lease.Place(str(node.directory), lambda: node.boot, str(mark))
    for options in ({}, {"over": ANYBODY}, {"strict": True}):
        with pytest.raises(BundleError, match="is decommissioned"):
            place.take(OURS, **options)
    assert "is decommissioned" in place.look(OURS)
    assert not node.file.exists()
    assert place.end(OURS) == ""
    place.leave(OURS)
    mark.unlink()
    assert place.take(OURS) == ""

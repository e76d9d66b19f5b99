# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes that count only once the controller has got in again."""

from __future__ import annotations

import json
import time
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils import _bundle
from ansible_collections.icann.imrs.plugins.module_utils._bundle.commands import Answer

if t.TYPE_CHECKING:
    from .conftest import Node

pytestmark = pytest.mark.usefixtures("scratch")

TOKEN = "0123456789abcdef"


def _confirm(node: Node, **more: t.Any) -> dict[str, t.Any]:
    return {
        "confirm": {"seconds": 60, "token": TOKEN, **more},
        "activate": [{"command": ["cp", node.path("a"), str(node.log)]}],
    }


def _keep(node: Node, token: str = TOKEN) -> str:
    return _bundle.keep(str(node.state), "test", token, node.timers)


def test_the_timer_is_armed_before_anything_changes_and_runs_what_the_node_has_itself(node: Node) -> None:
    node.apply(node.file("a", "old\n"))
    look = ["sh", "-c", f"cp {node.path('a')} {node.log}; ls -A {node.root} >> {node.log}"]

    def arm(name: str, seconds: int, command: t.Sequence[str]) -> None:
        assert (name, seconds) == ("test", 60)
        assert command[0] == node.places.program
        assert list(command[-3:]) == ["--unconfirmed", "test", TOKEN]
        _bundle.commands.run(look)

    node.timers.arm = arm  # type: ignore[method-assign]
    outcome = node.apply(node.file("a", "new\n"), confirm={"seconds": 60, "token": TOKEN})
    assert outcome.confirmed is False
    assert node.log.read_text() == "old\na\n"
    assert node.journals() == ["test.unconfirmed.journal"]


def test_what_is_confirmed_stays(node: Node) -> None:
    node.apply(node.file("a", "old\n"))
    node.apply(node.file("a", "new\n"), **_confirm(node))
    assert _keep(node) == ""
    assert node.timers.armed == {}
    assert not node.journals()
    assert not (node.state / "kept").exists()
    before = node.fingerprint()
    assert _keep(node) == "", "the answer to the first confirmation may have been lost"
    assert node.recover("--unconfirmed", "test", TOKEN).stdout == ""
    assert not node.apply(node.file("a", "new\n"), **_confirm(node)).changed
    assert node.fingerprint() == before


def test_what_nobody_confirms_is_put_back_by_the_node_itself(node: Node) -> None:
    node.apply(node.file("a", "old\n"))
    node.apply(node.file("a", "new\n"), **_confirm(node))
    assert node.log.read_text() == "new\n"
    command = node.timers.armed["test"][1]
    done = _bundle.commands.run(command)
    assert done.rc == 0, done.output
    assert node.tree()["a"][1] == b"old\n"
    assert node.log.read_text() == "old\n"
    noted = json.loads((node.state / "last-rollback.json").read_text())
    assert noted["reason"] == "nobody confirmed the change over a new connection within 60 seconds"
    assert noted["paths"] == [node.path("a")]
    assert "previous files are in place: nobody confirmed the change" in _keep(node)
    assert not node.journals()


def test_a_timer_of_an_earlier_change_leaves_a_later_one_alone(node: Node) -> None:
    node.apply(node.file("a", "old\n"))
    node.apply(node.file("a", "new\n"), **_confirm(node, token="f" * 16))
    before = node.fingerprint()
    assert node.recover("--unconfirmed", "test", TOKEN).returncode == 0
    assert node.recover("--unconfirmed", "other", "f" * 16).returncode == 0
    assert node.fingerprint() == before


@pytest.mark.parametrize("way", ["boot", "hand", "run"])
def test_a_reboot_or_another_run_before_the_confirmation_goes_back(node: Node, way: str) -> None:
    node.apply(node.file("a", "old\n"))
    node.apply(node.file("a", "new\n"), **_confirm(node))
    if way == "run":
        outcome = node.apply(node.file("z", "z\n"), name="other")
        assert "before the controller had confirmed the change" in outcome.warnings[0]
        assert node.timers.armed == {}
    else:
        assert node.recover(*(["--boot"] if way == "boot" else [])).returncode == 0
    assert node.tree()["a"][1] == b"old\n"
    assert "previous files are in place" in _keep(node)


def test_nothing_changes_when_the_timer_cannot_be_armed(node: Node) -> None:
    node.apply(node.file("a", "old\n"))
    before = node.tree()
    node.timers.broken = True
    with pytest.raises(_bundle.BundleError) as caught:
        node.apply(node.file("a", "new\n"), node.file("b", "b\n"), **_confirm(node))
    assert str(caught.value) == (
        "bundle test: the node cannot be made to go back by itself (no timers here)\nThe node was not touched."
    )
    assert not caught.value.rolled_back
    assert node.tree() == before
    assert node.marks() == []
    assert not node.journals()


def test_check_mode_and_other_paths_arm_nothing(node: Node) -> None:
    assert node.apply(node.file("a", "1\n"), mode="check", **_confirm(node)).confirmed is None
    outcome = node.apply(node.file("a", "1\n"), **_confirm(node, when_changed=["/etc/ssh/*"]))
    assert (outcome.changed, outcome.confirmed) == (True, None)
    assert node.timers.told == []
    assert node.apply(node.file("a", "2\n"), **_confirm(node, when_changed=[node.path("*")])).confirmed is False


def test_a_failed_activation_goes_back_at_once_and_disarms(node: Node) -> None:
    node.apply(node.file("a", "old\n"))
    with pytest.raises(_bundle.BundleError, match="previous files are in place"):
        node.apply(node.file("a", "new\n"), probe=["false"], **_confirm(node))
    assert node.timers.armed == {}
    assert node.tree()["a"][1] == b"old\n"


def test_a_confirmation_that_comes_too_late_is_refused(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    node.apply(node.file("a", "new\n"), **_confirm(node))
    real = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: real + 61)
    assert _keep(node) == "bundle test: 60 seconds are over; the node puts the previous files back"
    assert node.journals() == ["test.unconfirmed.journal"]


def test_a_run_that_takes_longer_than_it_may_goes_back(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    node.apply(node.file("a", "old\n"))
    start, steps = time.monotonic(), iter(range(10_000))
    monkeypatch.setattr(time, "monotonic", lambda: start + 61 * next(steps))
    with pytest.raises(_bundle.BundleError, match=r"it took longer than the 60 seconds .*give confirm more seconds"):
        node.apply(node.file("a", "new\n"), **_confirm(node))
    monkeypatch.undo()
    assert node.tree()["a"][1] == b"old\n"
    assert not node.journals()


def test_what_is_not_there_or_not_done_cannot_be_confirmed(node: Node) -> None:
    assert "there is no such change" in _keep(node)
    node.apply(node.file("a", "old\n"))
    node.killed(node.file("a", "new\n"), at="transaction._Transaction.probe", **_confirm(node))
    assert "the run was killed before it was done" in _keep(node)
    assert node.journals() == ["test.changing.journal"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("60", "confirm: must be a mapping"),
        ({}, "seconds None is not a whole number between 5 and 3600"),
        ({"seconds": 4}, "seconds 4 is not"),
        ({"seconds": "soon"}, "seconds 'soon' is not"),
        ({"seconds": True}, "seconds True is not"),
        ({"seconds": 60, "when": []}, "unknown key when"),
        ({"seconds": 60, "token": "--boot"}, "token is not for you to give"),
    ],
)
def test_mistakes_are_named(given: object, message: str) -> None:
    with pytest.raises(_bundle.BundleError, match=message):
        _bundle.parse({"name": "b", "confirm": given})


def test_systemd_is_told_of_a_transient_timer() -> None:
    called: list[list[str]] = []

    def run(argv: t.Sequence[str]) -> Answer:
        called.append(list(argv))
        return Answer(0)

    _bundle.Systemd(run).arm("network", 60, ["/x/recover", "--unconfirmed", "network", TOKEN])
    assert called[0] == ["systemctl", "stop", "imrs-bundle-confirm-network.timer"]
    assert called[1][0] == "systemd-run"
    assert {"--unit=imrs-bundle-confirm-network", "--on-active=60s", "--collect"} <= set(called[1])
    assert called[1][-4:] == ["/x/recover", "--unconfirmed", "network", TOKEN]


def test_systemd_that_refuses_is_quoted() -> None:
    answers = iter([Answer(5), Answer(1, "Failed to connect to bus\n")])
    with pytest.raises(_bundle.BundleError, match=r"cannot be made .* \(systemd-run: Failed to connect to bus\)"):
        _bundle.Systemd(lambda _: next(answers)).arm("network", 60, ["true"])

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Previous files are in place, and a daemon could not be told: that is tried again, noted, told, and done by and by."""

from __future__ import annotations

import errno
import json
import pathlib
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils import _bundle
from ansible_collections.icann.imrs.plugins.module_utils._bundle import commands, owed, recovery, undo

if t.TYPE_CHECKING:
    from .conftest import Node, Systemctl

pytestmark = pytest.mark.usefixtures("scratch")

TOKEN = "0123456789abcdef"
CONFIRM = {"confirm": {"seconds": 60, "token": TOKEN}}


def _expired(node: Node) -> int:
    return recovery.main(["--state", str(node.state), "--unconfirmed", "test", TOKEN])


def _daemon(node: Node, name: str = "a") -> list[dict[str, t.Any]]:
    """One that takes over its file only while ``deaf`` is not there."""
    deaf = node.root.parent / "deaf"
    take = f"[ ! -e {deaf} ] && cp {node.path(name)} {node.log}"
    return [{"command": ["sh", "-c", take]}, {"command": ["true", name]}]


def _fails(node: Node, **more: t.Any) -> str:
    """New files whose probe fails, and a daemon that is deaf from then on; what the run says."""
    probe = ["sh", "-c", f"touch {node.root.parent}/deaf; exit 1"]
    with pytest.raises(_bundle.BundleError, match="previous files are in place") as caught:
        node.apply(node.file("a", "new\n"), activate=_daemon(node), probe=[probe], **more)
    return str(caught.value)


def _owed(node: Node) -> list[list[str]]:
    path = node.state / "test.owed"
    if not path.exists():
        return []
    assert path.stat().st_mode & 0o7777 == 0o600
    return t.cast("list[list[str]]", json.loads(path.read_text())["commands"])


def _hears(node: Node) -> None:
    (node.root.parent / "deaf").unlink()


def test_an_activation_that_fails_on_the_way_back_is_tried_again(node: Node) -> None:
    """Three times it fails, then it does it."""
    node.apply(node.file("a", "old\n"))
    tries = node.root.parent / "tries"
    take = "grep -q old a && echo x >> ../tries && [ $(wc -l < ../tries) -lt 4 ] && exit 1"
    activate = [
        {"command": ["sh", "-c", f"cd {node.root}; {take}; cp a {node.log}"]},
        {"command": ["sh", "-c", f"echo x >> {node.root.parent}/others"]},
    ]
    with pytest.raises(_bundle.BundleError, match="Rolled back") as caught:
        node.apply(node.file("a", "new\n"), activate=activate, probe=["false"])
    assert len(tries.read_text().split()) == 4
    assert (node.root.parent / "others").read_text() == "x\nx\n", "it was done once each way"
    assert "activation of the previous files failed" not in str(caught.value)
    assert node.log.read_text() == "old\n"
    assert not _owed(node)


def test_what_does_not_end_or_is_not_there_is_not_tried_again(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each try could take five minutes, or would be in vain."""
    ran: list[str] = []
    answers = {"hangs": commands.Answer(commands.TIMED_OUT), "gone": commands.Answer(commands.NOT_FOUND, missing=True)}

    def run(argv: t.Sequence[str], **_: t.Any) -> commands.Answer:
        ran.append(argv[0])
        return answers.get(argv[0], commands.Answer(0))

    node.apply(node.file("a", "old\n"))
    activate = [{"command": ["hangs"]}, {"command": ["gone"]}, {"command": ["fine"]}]
    node.killed(node.file("a", "new\n"), at="swap.swap", activate=activate)
    monkeypatch.setattr(undo, "run", run)
    assert recovery.main(["--state", str(node.state)]) == 1
    assert ran == ["hangs", "gone", "fine"]
    assert _owed(node) == [["hangs"], ["gone"]]


def test_what_failed_on_the_way_back_is_owed_until_it_is_done(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    node.apply(node.file("a", "old\n"), activate=_daemon(node))
    said = _fails(node)
    take = _daemon(node)[0]["command"]
    assert _owed(node) == [take]
    assert "is still owed: sh -c" in said
    assert not node.journals()
    assert (node.root / "a").read_text() == "old\n"
    assert node.log.read_text() == "new\n"
    assert recovery.main(["--state", str(node.state)]) == 1
    assert "is still owed: sh -c" in capsys.readouterr().err

    # Others have nothing to do with it.
    assert node.apply(node.file("z", "z\n"), node.file("a", "old\n"), name="other").warnings == ()
    # A daemon that does not take what it should have does not run what is on the disk: that is no success.
    with pytest.raises(_bundle.BundleError, match="activation failed") as caught:
        node.apply(node.file("a", "old\n"), activate=_daemon(node))
    assert not caught.value.rolled_back
    assert _owed(node) == [take]

    _hears(node)
    outcome = node.apply(node.file("a", "old\n"), activate=_daemon(node))
    assert outcome.changed
    assert len(outcome.activated) == 1
    assert "is still owed: sh -c" in outcome.warnings[0]
    assert node.log.read_text() == "old\n"
    assert not (node.state / "test.owed").exists()
    outcome = node.apply(node.file("a", "old\n"), activate=_daemon(node))
    assert (outcome.changed, outcome.warnings) == (False, ())


def test_what_is_owed_is_told_and_refused_like_any_change(node: Node) -> None:
    """With the disruption that the bundle gives it, in the windows of the bundle."""
    take = {**_daemon(node)[0], "disruption": "session reset", "unit": "bird.service"}
    here = {"activate": [take], "in_service": ["true"]}
    node.apply(node.file("a", "old\n"), activate=[take])
    _fails(node)
    _hears(node)
    for mode in ("plan", "change"):
        with pytest.raises(
            _bundle.BundleError, match=r"bird.service needs a session reset.*\nThe node was not touched"
        ):
            node.apply(node.file("a", "old\n"), mode=mode, **here)
    told = node.apply(node.file("a", "old\n"), mode="check", **here)
    assert (told.changed, told.refused, told.disruption) == (True, True, "session reset")
    node.apply(node.file("z", "z\n"), name="other", activate=[{"command": ["true"]}], in_service=["true"])
    assert node.log.read_text() == "new\n"
    assert node.apply(node.file("a", "old\n"), disrupt=True, **here).disruption == "session reset"
    assert node.log.read_text() == "old\n"


def test_the_other_provider_is_not_started_again(node: Node, systemctl: Systemctl) -> None:
    """It was off before; and a start of it may stop the one that serves now (Conflicts=)."""
    systemctl.set("knot.service", "active", "enabled")
    systemctl.set("nsd.service", "inactive", "disabled")
    (systemctl.folder / "nsd.service.broken").touch()
    ensure = [
        {"unit": "knot.service", "enabled": False, "started": False},
        {"unit": "nsd.service", "enabled": True, "started": True},
    ]
    node.apply(node.file("a", "old\n"))
    with pytest.raises(_bundle.BundleError, match="Rolled back"):
        node.apply(node.file("a", "new\n"), activate=[{"command": "systemctl restart nsd.service"}], ensure=ensure)
    assert systemctl.called().count("restart nsd.service") == 2, "there and back, and not again"
    assert not _owed(node)


def test_the_timer_fails_when_a_daemon_does_not_take_the_previous_files(node: Node) -> None:
    node.apply(node.file("a", "old\n"), activate=_daemon(node))
    node.apply(node.file("a", "new\n"), activate=_daemon(node), **CONFIRM)
    (node.root.parent / "deaf").touch()
    assert _expired(node) == 1
    assert not node.journals()
    assert (node.root / "a").read_text() == "old\n"
    assert len(_owed(node)) == 1
    noted = json.loads((node.state / "last-rollback.json").read_text())
    assert "is still owed: sh -c" in noted["troubles"][-1]


def test_a_change_whose_own_activation_does_it_owes_nothing_any_more(node: Node) -> None:
    node.apply(node.file("a", "old\n"), activate=_daemon(node))
    _fails(node)
    heals = [{"command": ["rm", str(node.root.parent / "deaf")]}, *_daemon(node)]
    outcome = node.apply(node.file("a", "third\n"), activate=heals)
    assert "is still owed" in outcome.warnings[0]
    assert not (node.state / "test.owed").exists()
    assert node.log.read_text() == "third\n"


def test_what_the_bundle_no_longer_does_is_not_owed_any_more(node: Node) -> None:
    """Such as what the other provider's daemon was to be told."""
    node.apply(node.file("a", "old\n"), activate=_daemon(node))
    _fails(node)
    node.apply(node.file("a", "old\n"), activate=[{"command": ["true"]}])
    assert not (node.state / "test.owed").exists()
    assert node.log.read_text() == "new\n"


@pytest.mark.parametrize("mode", ["check", "plan"])
def test_who_only_looks_only_warns_of_what_is_owed(node: Node, mode: t.Any) -> None:
    node.apply(node.file("a", "old\n"), activate=_daemon(node))
    _fails(node)
    _hears(node)
    before = node.fingerprint()
    outcome = node.apply(node.file("a", "old\n"), activate=_daemon(node), mode=mode, in_service=["true"])
    assert outcome.changed is (mode == "check")
    assert outcome.planned is (mode == "plan"), "so that the run comes back and does it"
    assert "is still owed: sh -c" in outcome.warnings[0]
    assert node.log.read_text() == "new\n"
    assert node.fingerprint() == before


def test_planning_for_a_node_that_is_not_in_service_does_what_is_owed(node: Node) -> None:
    node.apply(node.file("a", "old\n"), activate=_daemon(node))
    _fails(node)
    _hears(node)
    dark = ["sh", "-c", "exit 3"]
    assert node.apply(node.file("a", "old\n"), activate=_daemon(node), mode="plan", in_service=dark).changed
    assert node.log.read_text() == "old\n"


def test_a_boot_does_what_is_owed_by_itself(node: Node) -> None:
    """Daemons start with the files that are there."""
    node.apply(node.file("a", "old\n"), activate=_daemon(node))
    _fails(node)
    assert node.recover("--boot").returncode == 0
    assert not (node.state / "test.owed").exists()
    assert node.log.read_text() == "new\n", "nothing was run"


def _deaf_and_full(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unconfirmed change, whose way back no daemon hears and for which there is no room."""
    node.apply(node.file("a", "old\n"), activate=_daemon(node))
    node.apply(node.file("a", "new\n"), activate=_daemon(node), **CONFIRM)
    (node.root.parent / "deaf").touch()

    def save(path: pathlib.Path, _: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(owed, "save", save)


def test_a_full_disk_does_not_make_the_node_forget_what_is_owed(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    _deaf_and_full(node, monkeypatch)
    assert _expired(node) == 1
    assert not node.journals()
    assert not list(node.state.glob(".test.*"))
    assert _owed(node)[0] == _daemon(node)[0]["command"]
    _hears(node)
    monkeypatch.undo()
    assert node.apply(node.file("a", "old\n"), activate=_daemon(node)).changed
    assert node.log.read_text() == "old\n"
    assert not _owed(node)


def test_a_damaged_note_does_not_keep_the_node_from_going_back_at_boot(node: Node) -> None:
    node.apply(node.file("a", "old\n"))
    node.killed(node.file("a", "new\n"), at="memory.Memory.commit")
    (node.state / "other.owed").write_text("")
    assert node.recover("--boot").returncode == 0
    assert (node.root / "a").read_text() == "old\n"
    assert not list(node.state.glob("*.owed"))


def test_the_journal_stays_when_what_is_owed_cannot_be_noted(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    _deaf_and_full(node, monkeypatch)
    (node.state / ".test.spare").unlink()
    assert _expired(node) == 1
    assert node.journals() == ["test.changing.journal"]
    assert (node.root / "a").read_text() == "old\n"
    monkeypatch.undo()
    _hears(node)
    assert node.recover().returncode == 0
    assert node.log.read_text() == "old\n"
    assert not node.journals()

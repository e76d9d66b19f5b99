# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All or nothing: every guard has a test in which it fails."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import pathlib
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils import _bundle
from ansible_collections.icann.imrs.plugins.module_utils._bundle import transaction

if t.TYPE_CHECKING:
    from .conftest import Node, Systemctl

SECRET = "key: hmac-sha256 Zm9vYmFyYmF6cXV4\n"


pytestmark = pytest.mark.usefixtures("scratch")


def test_writes_all_files_and_remembers_them(node: Node, scratch: pathlib.Path) -> None:
    files = [node.file("etc/a", "one\n"), node.file("etc/b", SECRET, secret=True)]
    directories = [
        {"path": node.path("etc"), "owner": files[0][0]["owner"], "group": files[0][0]["group"], "mode": "0750"}
    ]
    outcome = node.apply(*files, directories=directories)
    assert [change.what for change in outcome.changes] == ["created"] * 3
    assert {name: mode & 0o7777 for name, (mode, _) in node.tree().items()} == {
        "etc": 0o750,
        "etc/a": 0o644,
        "etc/b": 0o640,
    }
    manifest = node.state / "test.json"
    assert manifest.stat().st_mode & 0o777 == 0o600
    assert node.state.stat().st_mode & 0o777 == 0o700
    assert set(json.loads(manifest.read_text())["files"]) == {node.path("etc/a"), node.path("etc/b")}
    assert not (node.state / "test.journal").exists()
    assert not list(scratch.iterdir())


def test_second_run_touches_nothing_and_runs_nothing(node: Node) -> None:
    more = {"check": [node.mark("check")], "activate": [{"command": node.mark("act")}], "probe": [node.mark("probe")]}
    assert node.apply(node.file("a", "one\n"), **more).changed
    assert node.marks() == ["check", "act", "probe"]
    before = node.fingerprint()
    outcome = node.apply(node.file("a", "one\n"), **more)
    assert not outcome.changed
    assert outcome.activated == ()
    assert node.fingerprint() == before
    assert node.marks() == ["check", "act", "probe"]


def test_check_sees_the_whole_staged_tree_with_modes(node: Node) -> None:
    node.apply(node.file("a", "one\n", mode="0600"), node.file("b", "two\n"))
    look = [
        "sh",
        "-c",
        f"cat $0{node.path('a')} $0{node.path('b')}; stat -c %a $0 $0{node.path('a')}; false",
        "{staged}",
    ]
    with pytest.raises(_bundle.BundleError, match=r"one\nthree\n700\n600"):
        node.apply(node.file("a", "one\n", mode="0600"), node.file("b", "three\n"), check=[look])


def test_failed_check_leaves_the_node_byte_identical(node: Node, scratch: pathlib.Path) -> None:
    node.apply(node.file("a", "one\n"))
    before = node.fingerprint()
    check = ["sh", "-c", f"echo $0{node.path('a')}:1: bad line; exit 3", "{staged}"]
    with pytest.raises(_bundle.BundleError) as caught:
        node.apply(node.file("a", "bad\n"), node.file("b", "new\n"), check=[check])
    assert "rc 3" in str(caught.value)
    assert f": {node.path('a')}:1: bad line" in str(caught.value)
    assert str(scratch) not in str(caught.value)
    assert not caught.value.rolled_back
    assert node.fingerprint() == before
    assert not list(scratch.iterdir())


def test_missing_check_program_fails_and_in_check_mode_warns(node: Node) -> None:
    with pytest.raises(_bundle.BundleError, match="No such file"):
        node.apply(node.file("a", "one\n"), check=["no-such-program {staged}"])
    outcome = node.apply(node.file("a", "one\n"), check=["no-such-program {staged}"], mode="check")
    assert "not installed yet" in outcome.warnings[0]


def _failing_once(node: Node) -> list[str]:
    """Fails while the new content is in place, succeeds with the old one."""
    return ["sh", "-c", f"echo $(cat {node.path('a')}) >> {node.log}; ! grep -q new {node.path('a')}"]


def test_failed_activation_rolls_back_and_activates_again(node: Node) -> None:
    node.write("gone", "still here\n", 0o600)
    node.apply(node.file("a", "old\n"), node.file("unlisted", "was listed\n"))
    before = node.tree()
    with pytest.raises(_bundle.BundleError, match="previous files are in place") as caught:
        node.apply(
            node.file("a", "new\n"),
            node.file("fresh", "x\n"),
            absent=[node.path("gone")],
            activate=[{"command": _failing_once(node)}, {"command": node.mark("never")}],
        )
    assert caught.value.rolled_back
    assert node.tree() == before
    assert node.marks() == ["new", "old"]
    assert not (node.state / "test.journal").exists()
    assert set(json.loads((node.state / "test.json").read_text())["files"]) == {node.path("a"), node.path("unlisted")}


def test_failed_probe_rolls_back(node: Node) -> None:
    node.apply(node.file("a", "old\n"))
    before = node.tree()
    with pytest.raises(_bundle.BundleError, match=r"probe failed.*rc 7") as caught:
        node.apply(
            node.file("a", "new\n"),
            activate=[{"command": node.mark("act")}],
            probe=[["sh", "-c", "exit 7"]],
            probe_timeout=0.3,
        )
    assert caught.value.rolled_back
    assert node.tree() == before
    assert node.marks() == ["act", "act"]


def test_probe_is_tried_again(node: Node) -> None:
    probe = ["sh", "-c", f"echo x >> {node.log}; [ $(wc -l < {node.log}) -ge 3 ]"]
    assert node.apply(node.file("a", "new\n"), probe=[probe], probe_timeout=10).changed
    assert len(node.marks()) == 3


def test_failure_in_the_middle_of_the_swap_rolls_back(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    node.apply(node.file("a", "old\n"))
    before, real = node.tree(), os.replace

    def replace(source: str, target: str) -> None:
        if target == node.path("b"):
            raise OSError(errno.EIO, "Input/output error", source)
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(_bundle.BundleError, match=r"bundle test: .*/b: Input/output error") as caught:
        node.apply(node.file("a", "new\n"), node.file("b", "x\n"), activate=[{"command": node.mark("act")}])
    monkeypatch.undo()
    assert caught.value.rolled_back
    assert node.tree() == before
    assert node.marks() == []
    assert not node.journals()


def test_a_manifest_that_cannot_take_its_place_rolls_back(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    node.apply(node.file("a", "old\n"))
    before = node.tree()

    def commit(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error", "manifest")

    monkeypatch.setattr(transaction.Memory, "commit", commit)
    with pytest.raises(_bundle.BundleError, match="manifest: Input/output error") as caught:
        node.apply(node.file("a", "new\n"), activate=[{"command": node.mark("act")}])
    assert caught.value.rolled_back
    assert node.tree() == before
    assert node.marks() == ["act", "act"]


def test_unlisted_file_is_removed_unless_changed_hands(node: Node) -> None:
    node.write("foreign", "not ours\n")
    node.apply(node.file("a", "one\n"), node.file("b", "two\n"))
    node.apply(node.file("b", "two\n"), name="other")
    outcome = node.apply(node.file("c", "three\n"))
    assert [(change.path, change.what) for change in outcome.changes] == [
        (node.path("c"), "created"),
        (node.path("a"), "removed"),
    ]
    assert sorted(node.tree()) == ["b", "c", "foreign"]


def test_absent_removes_files_links_and_empty_directories_only(node: Node) -> None:
    node.write("file", "x\n")
    (node.root / "empty").mkdir()
    (node.root / "link").symlink_to("nowhere")
    node.write("full/x", "x\n")
    with pytest.raises(_bundle.BundleError, match="not empty"):
        node.apply(absent=[node.path("file"), node.path("full")])
    assert node.apply(absent=[node.path(name) for name in ("file", "empty", "link", "missing")]).changed
    assert sorted(node.tree()) == ["full", "full/x"]


def test_check_mode_changes_no_byte_and_predicts(node: Node, scratch: pathlib.Path) -> None:
    node.apply(node.file("a", "one\n"), node.file("b", "two\n"))
    before = node.fingerprint()
    activate = [
        {"command": node.mark("act"), "disruption": "restart", "when_changed": [node.path("[a]")]},
        {"command": node.mark("act"), "disruption": "session reset", "when_changed": ["/nothing/*"]},
        {"command": node.mark("act"), "disruption": "reload"},
    ]
    predicted = node.apply(node.file("a", "new\n"), mode="check", activate=activate, check=[node.mark("check")])
    assert node.fingerprint() == before
    assert not list(scratch.iterdir())
    assert node.marks() == ["check"]
    assert predicted.disruption == "restart"
    done = node.apply(node.file("a", "new\n"), activate=activate)
    assert [change.to_dict() for change in done.changes] == [change.to_dict() for change in predicted.changes]
    assert not node.apply(node.file("a", "new\n"), mode="check").changed


def test_check_mode_on_a_bare_node_makes_nothing_and_fails_a_bad_check(node: Node) -> None:
    outcome = node.apply(node.file("no/dir", "x\n", owner="no-such-user"), mode="check")
    assert outcome.changed
    assert len(outcome.warnings) == 2
    assert not node.state.exists()
    with pytest.raises(_bundle.BundleError, match="not touched"):
        node.apply(node.file("a", "x\n"), check=["false"], mode="check")


def test_drift_of_the_mode_is_repaired_and_shown(node: Node) -> None:
    node.apply(node.file("a", "one\n"))
    inode = pathlib.Path(node.path("a")).stat().st_ino
    pathlib.Path(node.path("a")).chmod(0o666)
    outcome = node.apply(node.file("a", "one\n"), show=True)
    assert [change.what for change in outcome.changes] == ["attributes"]
    assert "0666" in outcome.diff[0]["before"]
    assert "0644" in outcome.diff[0]["after"]
    info = pathlib.Path(node.path("a")).stat()
    assert (info.st_mode & 0o777, info.st_ino) == (0o644, inode)


def test_hand_edits_are_undone_and_a_link_is_replaced_not_followed(node: Node) -> None:
    node.write("target", "precious\n")
    (node.root / "a").symlink_to("target")
    node.apply(node.file("a", "one\n"))
    assert (node.root / "target").read_text() == "precious\n"
    node.write("a", "edited\n")
    outcome = node.apply(node.file("a", "one\n"), show=True)
    assert (outcome.diff[0]["before"], outcome.diff[0]["after"]) == ("edited\n", "one\n")


def test_secret_is_in_no_result_and_no_message(node: Node) -> None:
    new = SECRET.replace("Zm9v", "AAAA")
    outcome = node.apply(node.file("a", SECRET, secret=True), show=True)
    outcome = node.apply(node.file("a", new, secret=True), show=True)
    assert "content is secret; it changed" in outcome.diff[0]["prepared"]
    shown = node.apply(node.file("a", "public now\n"), show=True, mode="check")
    removed = node.apply(show=True, mode="check")
    for result in (outcome, shown, removed):
        assert "YmFyYmF6" not in json.dumps(result.to_dict())
    for step in ("check", "probe"):
        with pytest.raises(_bundle.BundleError) as caught:
            node.apply(
                node.file("a", new.replace("AAAA", "BBBB"), secret=True),
                **{
                    step: [
                        ["sh", "-c", f"echo line 1 is bad; cat {node.path('a')}; tail -c 11 {node.path('a')}; false"]
                    ]
                },
            )
        assert "YmFy" not in str(caught.value)
        assert "cXV4" not in str(caught.value)
        assert _bundle.HIDDEN in str(caught.value)
        assert "line 1 is bad" in str(caught.value)


def test_units_are_brought_into_state_in_every_run(node: Node, systemctl: Systemctl) -> None:
    systemctl.set("a.service", "inactive", "disabled")
    systemctl.set("b.service", "active", "static")
    ensure = [
        {"unit": "a.service", "enabled": True, "started": True},
        {"unit": "b.service", "enabled": True, "started": True},
    ]
    assert node.apply(ensure=ensure, mode="check").changed
    assert systemctl.called() == []
    outcome = node.apply(ensure=ensure)
    assert outcome.ensured == ("systemctl enable a.service", "systemctl start a.service")
    assert systemctl.called() == ["enable a.service", "start a.service"]
    assert not node.apply(ensure=ensure).changed
    assert systemctl.called() == []


def test_failed_probe_undoes_what_was_done_to_units(node: Node, systemctl: Systemctl) -> None:
    systemctl.set("a.service", "inactive", "disabled")
    ensure = [{"unit": "a.service", "enabled": True, "started": True}]
    for files in ([node.file("a", "x\n")], []):
        with pytest.raises(_bundle.BundleError, match="probe failed"):
            node.apply(*files, ensure=ensure, probe=["false"])
        called = systemctl.called()
        assert called[:2] == ["enable a.service", "start a.service"]
        assert sorted(called[2:]) == ["disable a.service", "stop a.service"]


def test_a_new_unit_is_stopped_before_its_file_goes(node: Node, systemctl: Systemctl) -> None:
    wait = ["sh", "-c", f"[ -e {node.path('a.service')} ] || echo gone >> {systemctl.folder}/called"]
    with pytest.raises(_bundle.BundleError, match="probe failed"):
        node.apply(
            node.file("a.service", "x\n"),
            activate=[{"command": wait}],
            ensure=[{"unit": "a.service", "enabled": True, "started": True}],
            probe=["false"],
        )
    assert systemctl.called()[2:] == ["disable a.service", "stop a.service", "gone"]


def test_two_runs_at_once_are_refused(node: Node) -> None:
    node.state.mkdir()
    with (node.state / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(_bundle.BundleError, match="another run"):
            node.apply(node.file("a", "one\n"))
        with pytest.raises(_bundle.BundleError, match="bundle other: another run"):
            node.apply(node.file("a", "one\n"), name="other")
    assert node.tree() == {}


@pytest.mark.parametrize(
    ("name", "more", "message"),
    [
        ("missing/a", {}, "list it in directories"),
        ("a", {"owner": "no-such-user"}, "user no-such-user does not exist"),
        ("a", {"group": "no-such-group"}, "group no-such-group does not exist"),
    ],
)
def test_impossible_files_are_refused_before_anything_changes(
    node: Node, name: str, more: dict[str, str], message: str
) -> None:
    with pytest.raises(_bundle.BundleError, match=message):
        node.apply(node.file("fine", "x\n"), node.file(name, "x\n", **more))
    assert node.tree() == {}


def test_a_directory_in_the_way_is_left_alone(node: Node) -> None:
    node.write("a/b", "x\n")
    with pytest.raises(_bundle.BundleError, match="a directory stands there"):
        node.apply(node.file("a", "x\n"))

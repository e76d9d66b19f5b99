# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fingerprint of a node on which a bundle is at work: while a change is foreseen, nothing half-way counts."""

from __future__ import annotations

import concurrent.futures
import contextlib
import fcntl
import json
import pathlib
import subprocess
import sys
import threading
import time
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils import _bundle
from ansible_collections.icann.imrs.plugins.module_utils._bundle import entry, memory
from ansible_collections.icann.imrs.plugins.module_utils._gate import bundles, fingerprint

MAIN = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from imrs._gate import bundles, fingerprint;"
    "bundles.Bundles.__init__.__defaults__ = (float(sys.argv.pop(1)),); sys.exit(fingerprint.main())"
)
LIBRARY = pathlib.Path(bundles.__file__).parents[1]


class Node:
    """A directory with one certified file, a gate's run time, and a bundles' state."""

    def __init__(self, root: pathlib.Path) -> None:
        self.file, self.runtime, self.state = root / "etc/knot.conf", root / "run", root / "bundles"
        self.config, self.mark = root / "gate.json", root / "run/foreseen"
        for folder in (self.file.parent, self.runtime, self.state):
            folder.mkdir()
        (root / "imrs").symlink_to(LIBRARY)  # as the package is called on a node
        self.root = root
        self.file.write_text("old")
        self.config.write_text(json.dumps({"fingerprint_paths": [str(self.file.parent)]}))

    @contextlib.contextmanager
    def bundle(self) -> t.Iterator[None]:
        """One at work."""
        with (self.state / ".lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def now(self) -> str:
        return fingerprint.fingerprint([str(self.file.parent)])

    def written(self) -> str:
        return (self.runtime / "fingerprint").read_text().strip()

    def start(self, *arguments: str, patience: float = 60) -> subprocess.Popen[bytes]:
        places = ["--config", str(self.config), "--runtime", str(self.runtime), "--bundles", str(self.state)]
        return subprocess.Popen([sys.executable, "-c", MAIN, str(self.root), str(patience), *places, *arguments])


@pytest.fixture
def node(tmp_path: pathlib.Path) -> Node:
    return Node(tmp_path)


def running_after(process: subprocess.Popen[bytes], seconds: float) -> bool:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    return process.poll() is None


def test_both_rooms_mean_the_same_places() -> None:
    assert str(bundles.STATE) == _bundle.STATE
    assert (bundles.HELPER, bundles.HELPED) == (memory.HELPER, memory.HELPED)
    assert entry.temporary_name("/etc/x") == "/etc/" + fingerprint.TEMPORARY.replace("*", "x")


def test_while_something_is_foreseen_it_waits_for_the_bundle(node: Node) -> None:
    node.mark.touch()
    with node.bundle():
        helper = node.start()
        assert running_after(helper, 1.5)
        assert not (node.runtime / "fingerprint").exists(), "nothing half-way is told"
        node.file.write_text("new")
    assert helper.wait(10) == 0
    assert node.written() == node.now()


@pytest.mark.parametrize(("marked", "arguments"), [(False, []), (True, ["--at-once"])])
def test_nothing_waits_otherwise(node: Node, marked: bool, arguments: list[str]) -> None:
    if marked:
        node.mark.touch()
    with node.bundle():
        assert node.start(*arguments).wait(30) == 0
        assert node.written() == node.now()


def test_a_bundle_that_does_not_end_is_waited_for_no_longer_than_so(node: Node) -> None:
    node.mark.touch()
    with node.bundle():
        began = time.monotonic()
        assert node.start(patience=0.5).wait(30) == 0
        assert time.monotonic() - began >= 0.5
        assert node.written() == node.now()


def test_what_is_foreseen_no_more_is_not_waited_for(node: Node) -> None:
    node.mark.touch()
    with node.bundle():
        helper = node.start()
        assert running_after(helper, 1.0)
        node.mark.unlink()
        assert helper.wait(10) == 0


def test_a_bundle_that_came_and_went_meanwhile_is_noticed(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """It begins after the first file was read, and is done before the last one was."""
    compute, seen = fingerprint.fingerprint, []

    def slow(paths: t.Sequence[str]) -> str:
        value = compute(paths)
        if not seen:
            time.sleep(0.02)  # the clock of a file system ticks every few milliseconds
            with node.bundle():
                (node.state / "nameserver.changing.journal").touch()
                node.mark.touch()
                node.file.write_text("new")
                (node.state / "nameserver.changing.journal").unlink()
        seen.append(value)
        return value

    monkeypatch.setattr(fingerprint, "fingerprint", slow)
    written: list[str] = []
    monkeypatch.setattr(fingerprint.store, "replace", lambda _path, content, _mode: written.append(content.decode()))
    places = ["--config", str(node.config), "--runtime", str(node.runtime), "--bundles", str(node.state)]
    assert fingerprint.main(places) == 0
    assert seen[0] != node.now()
    assert written == [node.now() + "\n"], "the one of the middle was never written"


def test_what_a_bundle_writes_beside_its_place_does_not_count(node: Node) -> None:
    before = node.now()
    pattern = [str(node.file.parent / ".*")]
    none = fingerprint.fingerprint(pattern)
    pathlib.Path(entry.temporary_name(str(node.file))).write_text("new")
    assert (node.now(), fingerprint.fingerprint(pattern)) == (before, none)
    (node.file.parent / ".hidden").write_text("counts")
    assert node.now() != before
    assert fingerprint.fingerprint(pattern) != none


def test_a_bundle_waits_for_the_helper_that_restarts_daemons(node: Node) -> None:
    """And is not refused for it, as it is for another bundle."""
    began = threading.Event()

    def bundle() -> float:
        began.set()
        with memory.Memory(str(node.state), "routing").locked():
            return time.monotonic()

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with bundles.kept_out(node.state, node.root / "lease.json"):
            waiting = pool.submit(bundle)
            assert began.wait(30)
            with pytest.raises(concurrent.futures.TimeoutError):
                waiting.result(memory.MOMENT + 0.5)
            over = time.monotonic()
        assert waiting.result(30) >= over
    with (
        memory.Memory(str(node.state), "routing").locked(),
        pytest.raises(bundles.BusyError),
        bundles.kept_out(node.state, node.root / "lease.json"),
    ):
        pytest.fail("both at once")


def test_who_judges_the_node_waits_for_the_helper_and_not_for_ever(node: Node) -> None:
    assert bundles.await_helper(node.state / "none")
    assert bundles.await_helper(node.state, 0)
    with bundles.kept_out(node.state, node.root / "lease.json"):
        assert not bundles.await_helper(node.state, 0.1)
    assert bundles.await_helper(node.state, 0)

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told to the gate before a bundle changes files is what the files come to afterwards: with real bundles."""

from __future__ import annotations

import contextlib
import grp
import json
import os
import pathlib
import pwd
import socket
import subprocess
import sys
import time
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils import _bundle
from ansible_collections.icann.imrs.plugins.module_utils._gate import cli, foresee
from ansible_collections.icann.imrs.plugins.module_utils._gate.fingerprint import fingerprint
from gate_data import MARK, without_a_network

USER, GROUP = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name
LIBRARY = pathlib.Path(foresee.__file__).parents[1]
DATA = {**without_a_network(), "foresee": 300}


class Node:
    """Real files and bundles below a directory, and a real gate with a certificate for good."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root, self.state, self.runtime = root, root / "bundles", root / "run"
        self.config = root / "gate.json"
        for folder in ("etc/knot/more", "etc/sysctl.d", "run", "state"):
            (root / folder).mkdir(parents=True)
        for name in ("etc/knot/knot.conf", "etc/knot/more/deep.conf", "etc/knot/by-hand", "etc/sysctl.d/60.conf"):
            self.write(name, "old")
        self.paths = [f"{root}/etc/{name}" for name in ("knot", "sysctl.d/60.conf", "new.d", "default", "*.pattern")]
        (root / "imrs").symlink_to(LIBRARY)  # as the package is called on a node
        self.configure(foresee=300)

    def configure(self, **more: t.Any) -> None:
        self.config.write_text(json.dumps({**DATA, "fingerprint_paths": self.paths, **more}))

    def write(self, name: str, content: str, mode: int = 0o644) -> None:
        (self.root / name).write_text(content)
        (self.root / name).chmod(mode)

    def file(self, name: str, content: str, mode: str = "0644") -> tuple[dict[str, t.Any], bytes]:
        return {
            "dest": str(self.root / name),
            "owner": USER,
            "group": GROUP,
            "mode": mode,
        }, content.encode()

    def now(self) -> str:
        return fingerprint(self.paths)

    def command(self, module: str, *arguments: str) -> list[str]:
        """What the entry point of that name runs."""
        path = f"import sys; sys.path.insert(0, {str(self.root)!r})"
        code = f"{path}; from imrs._gate.{module} import main; sys.exit(main())"
        return [sys.executable, "-c", code, "--config", str(self.config), "--runtime", str(self.runtime), *arguments]

    def compute(self) -> subprocess.Popen[bytes]:
        """What ``imrs-fingerprint.path`` starts when it notices something."""
        return subprocess.Popen(self.command("fingerprint", "--bundles", str(self.state)))

    def apply(self, *files: tuple[dict[str, t.Any], bytes], **more: t.Any) -> _bundle.Outcome:
        bundle = {
            "name": "nameserver",
            "files": [item for item, _ in files],
            "probe_timeout": 0,
            "foresee": self.command("foresee", "{staged}", "{removed}"),
            **more,
        }
        parsed = _bundle.parse(bundle, [content for _, content in files])
        return _bundle.apply(parsed, places=_bundle.Places.below(str(self.state)))

    def ask(self, **request: t.Any) -> dict[str, t.Any]:
        return cli.ask(self.runtime / "gate.sock", request, 10)

    def certificate(self) -> dict[str, t.Any]:
        """After the fingerprint was computed, as the gate sees it."""
        assert self.compute().wait(60) == 0
        return dict(self.ask(verb="status")["certificate"])

    @contextlib.contextmanager
    def gated(self) -> t.Iterator[None]:
        """With a gate, certified for good as it is."""
        arguments = ["--state", str(self.root / "state")]
        arguments += [
            word for what in ("service", "routing") for word in (f"--{what}-pid-file", str(self.root / "none"))
        ]
        with (self.root / "gate.out").open("wb") as out:
            process = subprocess.Popen(self.command("main", *arguments), stdout=out, stderr=out)
        try:
            deadline = time.monotonic() + 30
            while not (self.runtime / "gate.sock").exists():
                assert time.monotonic() < deadline, (self.root / "gate.out").read_text()
                time.sleep(0.02)
            self.certificate()
            assert self.ask(verb="certify", mode="live", fingerprint=self.now(), sessions=[MARK])["changed"]
            yield
        finally:
            process.terminate()
            assert process.wait(10) == 0


@pytest.fixture
def node(tmp_path: pathlib.Path) -> t.Iterator[Node]:
    subject = Node(tmp_path)
    with subject.gated():
        yield subject


def _content(node: Node) -> dict[str, t.Any]:
    return {"files": [node.file("etc/knot/knot.conf", "new")]}


def _mode(node: Node) -> dict[str, t.Any]:
    return {"files": [node.file("etc/knot/knot.conf", "old", "0640"), node.file("etc/sysctl.d/60.conf", "old")]}


def _created(node: Node) -> dict[str, t.Any]:
    directory = {"path": str(node.root / "etc/new.d"), "owner": USER, "group": GROUP}
    files = [node.file("etc/new.d/10.conf", "x", "0600"), node.file("etc/default", "x"), node.file("etc/a.pattern", "")]
    return {"files": files, "directories": [directory]}


def _empty_directory(node: Node) -> dict[str, t.Any]:
    directory = {"path": str(node.root / "etc/new.d"), "owner": USER, "group": GROUP, "mode": "0700"}
    return {"files": [], "directories": [directory]}


def _absent(node: Node) -> dict[str, t.Any]:
    return {"files": [node.file("etc/knot/knot.conf", "old")], "absent": [str(node.root / "etc/knot/by-hand")]}


def _absent_directory(node: Node) -> dict[str, t.Any]:
    below = ("knot.conf", "by-hand", "linked", "more", "more/deep.conf", "")
    return {"files": [], "absent": [str(node.root / "etc/knot" / name) for name in below]}


def _link(node: Node) -> dict[str, t.Any]:
    """A link that takes the place of a file before the node is certified; the bundle puts a file there again."""
    return {"files": [node.file("etc/knot/linked", "old")]}


def _several(node: Node) -> dict[str, t.Any]:
    files = [node.file("etc/knot/knot.conf", "new", "0400"), node.file("etc/knot/more/deep.conf", "old")]
    return {
        "files": [*files, node.file("etc/sysctl.d/60.conf", "new")],
        "absent": [str(node.root / "etc/knot/by-hand")],
    }


CHANGES = [_content, _mode, _created, _empty_directory, _absent, _absent_directory, _link, _several]


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_foreseen_is_what_the_node_has_afterwards(
    tmp_path: pathlib.Path, change: t.Callable[[Node], dict[str, t.Any]]
) -> None:
    node = Node(tmp_path)
    (node.root / "etc/knot/linked").symlink_to("knot.conf")
    with node.gated():
        asked = change(node)
        files = asked.pop("files")
        before = node.now()
        outcome = node.apply(*files, **asked)
        assert outcome.warnings == ()
        assert node.now() != before
        certificate = node.certificate()
        assert (certificate["valid"], certificate["fingerprint"]) == (True, before)
        assert certificate["foreseen_until"] is not None
        certify = {"verb": "certify", "mode": "live", "fingerprint": node.now(), "sessions": [MARK]}
        assert node.ask(**certify) == {"changed": True, "mode": "live"}
        assert node.ask(verb="status")["certificate"]["foreseen_until"] is None


def test_a_file_that_a_bundle_no_longer_lists_is_foreseen_as_gone(node: Node) -> None:
    kept, dropped = node.file("etc/knot/knot.conf", "new"), node.file("etc/knot/extra.conf", "new")
    node.apply(kept, dropped)
    node.apply(kept)
    assert not (node.root / "etc/knot/extra.conf").exists()
    assert node.certificate()["valid"]


def test_one_change_after_another_and_back_again(node: Node) -> None:
    for number in range(3):
        node.apply(node.file("etc/sysctl.d/60.conf", str(number)), name="hardening")
        node.apply(node.file("etc/knot/knot.conf", str(number)))
    assert node.certificate()["valid"]
    node.apply(node.file("etc/sysctl.d/60.conf", "old"), name="hardening")
    node.apply(node.file("etc/knot/knot.conf", "old"))
    assert node.certificate()["valid"]
    assert node.certificate()["fingerprint"] == node.now()


def test_a_change_that_takes_more_than_a_reload_voids(node: Node) -> None:
    node.apply(node.file("etc/knot/knot.conf", "new"), activate=[{"command": "true", "disruption": "restart"}])
    assert node.certificate()["reason"] == "the configuration has changed since acceptance"


def test_a_change_by_hand_before_it_is_not_foreseen_with_it(node: Node) -> None:
    """Below a listed folder systemd notices nothing; the next bundle must not make it look planned."""
    node.write("etc/knot/more/deep.conf", "by hand")
    outcome = node.apply(node.file("etc/knot/knot.conf", "new"))
    assert "this change voids the certificate: the configuration has changed since acceptance" in outcome.warnings[0]
    assert not node.certificate()["valid"]


def test_a_change_that_fails_leaves_the_certificate_alone(node: Node) -> None:
    with pytest.raises(_bundle.BundleError, match="Rolled back"):
        node.apply(node.file("etc/knot/knot.conf", "new"), probe=["false"])
    certificate = node.certificate()
    assert (certificate["valid"], certificate["fingerprint"]) == (True, node.now())


def test_fingerprints_taken_in_the_middle_of_a_change_void_nothing(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """One before the first rename, one after the first of two, one while daemons reload; and while all goes back."""
    helpers: list[subprocess.Popen[bytes]] = []
    replace = os.replace

    def noticed(source: str, target: str) -> None:
        replace(source, target)
        if str(target).startswith(str(node.root / "etc")):
            helpers.append(node.compute())
            with contextlib.suppress(subprocess.TimeoutExpired):
                helpers[-1].wait(0.6)

    monkeypatch.setattr(os, "replace", noticed)
    both = [node.file("etc/knot/knot.conf", "new"), node.file("etc/sysctl.d/60.conf", "new")]
    node.apply(*both, activate=[{"command": node.command("fingerprint", "--at-once")}])
    with pytest.raises(_bundle.BundleError, match="Rolled back"):
        node.apply(*[(item, b"newer") for item, _ in both], probe=["false"])
    assert len(helpers) >= 6
    assert {helper.wait(60) for helper in helpers} == {0}
    assert node.certificate()["valid"]


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda node: node.configure(foresee=0), "gate_foresee is 0"),
        (lambda node: node.ask(verb="revoke"), "no certificate for good to keep (revoked)"),
        (
            lambda node: (
                node.ask(verb="revoke"),
                node.ask(verb="certify", mode="live", fingerprint=node.now(), sessions=[MARK], **{"for": 60}),
            ),
            "no certificate for good to keep (it is provisional)",
        ),
        (lambda _node: None, "nothing that is certified changes"),
    ],
)
def test_where_there_is_nothing_to_foresee_nothing_is_said_to_the_gate(
    node: Node, capsys: pytest.CaptureFixture[str], prepare: t.Callable[[Node], object], said: str
) -> None:
    prepare(node)
    (node.root / "staged").mkdir()
    places = ["--config", str(node.config), "--runtime", str(node.runtime)]
    assert foresee.main([*places, str(node.root / "staged")]) == 0
    assert said in capsys.readouterr().out
    assert node.ask(verb="status")["certificate"]["foreseen_until"] is None
    assert not (node.runtime / "foreseen").exists()


def test_without_a_gate_there_is_nothing_to_keep(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    node = Node(tmp_path)
    places = ["--config", str(node.config), "--runtime", str(node.runtime)]
    assert foresee.main([*places, str(tmp_path)]) == 0
    assert "the gate does not run" in capsys.readouterr().out


def test_a_gate_that_does_not_answer_is_a_warning(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    node = Node(tmp_path)
    places = ["--config", str(node.config), "--runtime", str(node.runtime)]
    monkeypatch.setattr(foresee, "PATIENCE", 0.05)
    with socket.socket(socket.AF_UNIX) as hung:
        hung.bind(str(node.runtime / "gate.sock"))
        hung.listen()
        assert foresee.main([*places, str(tmp_path)]) == 1
    node.config.write_text("{}")
    assert foresee.main([*places, str(tmp_path)]) == 1
    assert capsys.readouterr().err.count("this change voids the certificate") == 2

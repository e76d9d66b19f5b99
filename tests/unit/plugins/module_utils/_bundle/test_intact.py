# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands as it was left need not be sent again; whatever is in doubt is sent."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils import _bundle
from ansible_collections.icann.imrs.plugins.module_utils._bundle import intact

from .conftest import GROUP, USER

if t.TYPE_CHECKING:
    from .conftest import Node, Systemctl

UNIT = "knot.service"


def whole(node: Node, **more: t.Any) -> dict[str, t.Any]:
    """A bundle that wants something of each kind."""
    return {
        "directories": [{"path": node.path("d"), "owner": USER, "group": GROUP, "mode": "0750"}],
        "absent": [node.path("gone")],
        "ensure": [{"unit": UNIT, "enabled": True, "started": True}],
        **more,
    }


@pytest.fixture
def left(node: Node, systemctl: Systemctl) -> Node:
    """A node as a bundle has left it."""
    node.apply(node.file("a", "one\n"), node.file("d/b", "two\n", secret=True), **whole(node))
    return node


def seen(node: Node) -> dict[str, str]:
    before = node.fingerprint()
    found = intact.intact(str(node.state))
    assert node.fingerprint() == before, "it only looks"
    return found


def wanted(node: Node, first: str = "one\n", **more: t.Any) -> str:
    """The digest that the controller makes."""
    files = [node.file("a", first), node.file("d/b", "two\n", secret=True)]
    raw = {"name": "test", "files": [item for item, _ in files], **whole(node, **more)}
    return intact.digest(_bundle.parse(raw, [content for _, content in files]).state)


def test_what_was_left_so_is_intact(left: Node) -> None:
    assert seen(left) == {"test": wanted(left)}
    unchanged = left.apply(left.file("a", "one\n"), left.file("d/b", "two\n", secret=True), **whole(left))
    assert not unchanged.changed
    assert seen(left) == {"test": wanted(left)}


@pytest.mark.parametrize(
    "other",
    [
        {"first": "another\n"},
        {"absent": []},
        {"directories": []},
        {"ensure": [{"unit": UNIT, "enabled": True}]},
    ],
    ids=["content", "absent", "directories", "units"],
)
def test_what_is_rendered_otherwise_has_another_digest(left: Node, other: dict[str, t.Any]) -> None:
    assert seen(left)["test"] != wanted(left, **other)


def _rewritten(node: Node) -> None:
    node.write("a", "by hand\n")


def _opened(node: Node) -> None:
    (node.root / "d/b").chmod(0o666)


def _linked(node: Node) -> None:
    (node.root / "a").rename(node.root / "c")
    (node.root / "a").symlink_to("c")


def _widened(node: Node) -> None:
    (node.root / "d").chmod(0o777)


def _back(node: Node) -> None:
    node.write("gone", "")


def _removed(node: Node) -> None:
    (node.root / "a").unlink()


def _owing(node: Node) -> None:
    (node.state / "test.owed").write_text(json.dumps({"commands": [["true"]]}))


def _damaged(node: Node) -> None:
    (node.state / "test.json").write_text("{")


def _of_another_version(node: Node) -> None:
    manifest = json.loads((node.state / "test.json").read_text())
    del manifest["units"]
    (node.state / "test.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    "happens",
    [_rewritten, _opened, _linked, _widened, _back, _removed, _owing, _damaged, _of_another_version],
    ids=lambda each: each.__name__.strip("_"),
)
def test_what_is_in_doubt_is_not_intact(left: Node, happens: t.Callable[[Node], None]) -> None:
    happens(left)
    assert seen(left) == {}


@pytest.mark.parametrize(("active", "file"), [("failed", "enabled"), ("active", "disabled")])
def test_a_unit_that_is_not_as_it_shall_be_is_seen(left: Node, systemctl: Systemctl, active: str, file: str) -> None:
    systemctl.set(UNIT, active, file)
    assert seen(left) == {}


def test_an_owner_who_is_gone_is_in_doubt(left: Node) -> None:
    path = left.state / "test.json"
    path.write_text(path.read_text().replace(f'"owner": "{USER}"', '"owner": "nobody-of-this-name"'))
    assert seen(left) == {}


def test_while_a_change_is_open_nothing_is_intact(left: Node) -> None:
    left.killed(left.file("a", "new\n"), left.file("d/b", "two\n", secret=True), at="swap.swap", **whole(left))
    assert left.journals()
    assert seen(left) == {}


def test_bundles_are_judged_apart_and_other_notes_are_none(left: Node, tmp_path: pathlib.Path) -> None:
    other = _bundle.parse({"name": "other", "files": [left.file("o", "")[0]]}, [b"other\n"])
    _bundle.apply(other, places=left.places, scheduler=left.timers, now=lambda: left.now[0])
    (left.state / "last-rollback.json").write_text('{"name": "test", "files": {}}')
    assert seen(left) == {"test": wanted(left), "other": intact.digest(other.state)}
    left.write("o", "by hand\n")
    assert seen(left) == {"test": wanted(left)}
    assert intact.intact(str(tmp_path / "nowhere")) == {}


def test_a_manifest_of_another_version_is_written_anew(left: Node) -> None:
    _of_another_version(left)
    outcome = left.apply(left.file("a", "one\n"), left.file("d/b", "two\n", secret=True), **whole(left))
    assert not outcome.changed
    assert seen(left) == {"test": wanted(left)}

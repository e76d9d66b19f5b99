# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example fleet renders as it did when somebody last looked at it, whatever the controller's settings are.

`make golden` renews what is committed; the diff is what a reviewer reads.
"""

from __future__ import annotations

import difflib
import pathlib
import re
import shutil

import golden
import hostile
import pytest
import rendering

GOLDEN = rendering.ROOT / "tests/golden/example"
MANAGED = "# {{ ansible_managed }}\n"
REMEDY = (
    "The lines: make render REV=<a revision that was right>. If this is meant: make golden, then git diff tests/golden"
)


def difference(name: str, before: golden.Tree, after: golden.Tree) -> str:
    """The first lines in which a file of two trees differs; one that a tree has not is empty there."""
    texts = [tree.get(name, b"").decode().splitlines() for tree in (before, after)]
    return "\n".join(list(difflib.unified_diff(*texts, f"golden/{name}", f"now/{name}", "", "", 1))[:20])


def differences(before: golden.Tree, after: golden.Tree) -> list[str]:
    """What a rendering has other than the golden files, a text for each file: node, path, and the lines where known."""
    now, said = golden.compared(after), []
    old, new = golden.digests(before), {name: golden.digest(content) for name, content in now.items()}
    for name in sorted(name for name in {*old, *new} if old.get(name) != new.get(name)):
        node, _, path = name.partition("/")
        what = "is gone" if name not in new else "is new" if name not in old else "says something else"
        lines: list[str] = []
        if name in before:
            lines = [difference(name, before, now)]
        elif name in old:
            lines = [f"sha256 {new.get(name, '')}, golden {old[name]} in {node}/{golden.SUMS}"]
        said.append("\n".join([f"{node}: /{path} {what}", *lines]))
    if not said and dict(before) != golden.kept(after):
        said.append("all is as it was, but the golden files are not what golden.py keeps of it")
    return said


def check(before: golden.Tree, after: golden.Tree) -> None:
    """Fail with the first differences."""
    found = differences(before, after)
    assert not found, "\n".join([*found[:5], f"{len(found)} files. {REMEDY}"])


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    found = tmp_path_factory.mktemp("golden") / "rendered"
    rendering.render(found)
    return found


@pytest.fixture(scope="session")
def rendered(directory: pathlib.Path) -> golden.Tree:
    return golden.read(directory)


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The collection where nobody would have it; above it a folder for Ansible's collections."""
    return rendering.copy(tmp_path_factory.mktemp("a checkout, ünusual"))


def test_nothing_changed_that_nobody_looked_at(rendered: golden.Tree) -> None:
    check(golden.read(GOLDEN), rendered)
    assert len(rendered) > 1000


def test_no_setting_of_the_controller_changes_a_byte(
    rendered: golden.Tree, copy: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    hostile.render(copy, tmp_path)
    found = golden.read(tmp_path / "rendered")
    other = sorted(name for name in {*rendered, *found} if rendered.get(name) != found.get(name))
    assert not other, "\n".join(difference(name, rendered, found) for name in other[:5])


def test_a_template_that_depends_on_the_controller_at_one_node_is_told(
    directory: pathlib.Path, copy: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    """Two files of one node: one that is kept whole, and one of which the checksum is kept."""
    changed = shutil.copytree(copy, tmp_path / "ansible_collections/icann/imrs")
    for template in ("etc/bird/policy.conf.j2", "etc/bird/bird.conf.j2"):
        path = changed / "roles/routing/templates" / template
        line = "{% if imrs_node == 'bgi01' %}\n# of {{ lookup('env', 'USER') }}\n{% endif %}\n"
        said = path.read_text()
        assert said.count(MANAGED) == 1
        path.write_text(said.replace(MANAGED, MANAGED + line))
    after = shutil.copytree(directory, tmp_path / "rendered")
    hostile.render(changed, tmp_path, "--limit", "anc01,bgi01")
    whole, summed = differences(golden.kept(golden.read(directory)), golden.read(after))
    assert whole.startswith("bgi01: /etc/bird/bird.conf says something else")
    assert "+# of somebody" in whole
    assert summed.startswith("bgi01: /etc/bird/policy.conf says something else")
    assert "bgi01/SHA256SUMS" in summed


def test_the_gates_library_is_the_collections_own(rendered: golden.Tree) -> None:
    """That is why it need not be kept a second time."""
    library = [name for name in rendered if f"/{golden.LIBRARY}/" in name]
    assert library
    for name in library:
        source = name.partition(f"{golden.LIBRARY}/")[2]
        assert rendered[name] == (rendering.ROOT / "plugins/module_utils" / source).read_bytes(), name


def test_a_manifest_tells_the_truth(rendered: golden.Tree) -> None:
    """That is why its checksums are not kept: they are those of the files, and it names every file."""
    manifests = [name for name in rendered if name.endswith(f"/{golden.MANIFEST}")]
    assert manifests
    for manifest in manifests:
        node = manifest.removesuffix(golden.MANIFEST)
        files = {name: content for name, content in rendered.items() if name.startswith(node) and name != manifest}
        listed = re.findall(r"(?m)^\d{4} \S+ ([0-9a-f]{12}) [a-z]+ /(\S+)(?: secret)?$", rendered[manifest].decode())
        assert sorted(listed) == sorted((golden.digest(files[name])[:12], name.removeprefix(node)) for name in files)


BEFORE = {"aaa01/etc/x": b"one 1", "bbb01/etc/x": b"one 2", "sites/aaa.md": b"a", "aaa01/etc/y": b"y"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bbb01/etc/x": b"one 3"}, ["bbb01: /etc/x says something else", "bbb01/SHA256SUMS"]),
        ({"bbb01/etc/x": b"two 2"}, ["bbb01: /etc/x says something else"]),
        ({"aaa01/etc/x": b"one 3"}, ["aaa01: /etc/x says something else", "-one 1\n+one 3"]),
        ({"sites/aaa.md": b"b"}, ["sites: /aaa.md says something else"]),
        ({"bbb01/etc/x": None}, ["bbb01: /etc/x is gone"]),
        ({"ccc01/etc/x": b"one 4"}, ["ccc01: /etc/x is new"]),
        ({"aaa01/etc/y": None}, ["aaa01: /etc/y is gone", "-y"]),
    ],
)
def test_a_difference_names_node_and_path(change: dict[str, bytes | None], words: list[str]) -> None:
    after = {name: content for name, content in {**BEFORE, **change}.items() if content is not None}
    (said,) = differences(golden.kept(BEFORE), after)
    assert all(word in said for word in words), said
    with pytest.raises(AssertionError, match="make render REV="):
        check(golden.kept(BEFORE), after)
    assert not differences(golden.kept(after), after)


@pytest.mark.parametrize("name", ["aaa01/etc/x", "bbb01/SHA256SUMS"])
def test_golden_files_that_somebody_damaged_are_told(name: str) -> None:
    damaged = {**golden.kept(BEFORE), name: b"f00  etc/x\n"}
    assert differences(damaged, BEFORE)


def test_golden_files_that_are_left_over_are_told() -> None:
    """One that is kept whole where a checksum would do."""
    assert differences({**golden.kept(BEFORE), "bbb01/etc/x": b"one 2"}, BEFORE)


def test_one_of_each_shape_is_kept() -> None:
    assert sorted(golden.kept(BEFORE)) == ["aaa01/etc/x", "aaa01/etc/y", "bbb01/SHA256SUMS", "sites/SHA256SUMS"]
    assert golden.shape(b'a 192.0.2.1;\npassword "y"; # y\n') == golden.shape(
        b'password "z"; # zz\na 2001:db8::1;\na 3;\n'
    )
    assert golden.shape(b"bfd on\n") != golden.shape(b"")

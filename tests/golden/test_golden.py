# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example fleet renders as it did when somebody last looked at it, byte for byte: so two renderings are the same.

`make golden` renews what is committed; the diff is what a reviewer reads.
"""

from __future__ import annotations

import difflib
import importlib.util
import os
import pathlib
import subprocess
import sys
import typing as t

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests/golden/example"
_spec = importlib.util.spec_from_file_location("golden", ROOT / "tests/golden/golden.py")
assert _spec
assert _spec.loader
golden = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(golden)


def render(directory: pathlib.Path) -> pathlib.Path:
    """The example fleet, rendered by the playbook."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("IMRS_")},  # meant for the lab
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache"),
        "ANSIBLE_FORKS": str(os.cpu_count()),
    }
    command = ["ansible-playbook", "icann.imrs.render", "-i", "inventories/example"]
    done = subprocess.run(
        [str(pathlib.Path(sys.executable).parent / command[0]), *command[1:], "-e", f"documents_directory={directory}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return directory


def differences(before: t.Mapping[str, bytes], after: t.Mapping[str, bytes]) -> list[str]:
    """In words: what is gone, new or other, with the lines."""
    said = []
    for name in sorted({*before, *after}):
        old, new = before.get(name, b"").decode(), after.get(name, b"").decode()
        if (name in before) != (name in after) or old != new:
            lines = difflib.unified_diff(old.splitlines(), new.splitlines(), f"golden/{name}", f"now/{name}", "", "", 1)
            said.append("\n".join(list(lines)[:20]))
    return said


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return render(tmp_path_factory.mktemp("golden") / "rendered")


def test_nothing_changed_that_nobody_looked_at(rendered: pathlib.Path) -> None:
    found = differences(golden.stored(GOLDEN), golden.kept(rendered))
    assert not found, "\n".join([*found[:5], "if this is meant: make golden, then read git diff tests/golden"])
    assert sum(path.is_file() for path in rendered.rglob("*")) > 1000


def test_the_gates_library_is_the_collections_own(rendered: pathlib.Path) -> None:
    """That is why it need not be kept a second time."""
    library = [path for path in rendered.rglob("*.py") if "usr/lib/imrs/imrs" in path.as_posix()]
    assert library
    for path in library:
        name = path.as_posix().partition("usr/lib/imrs/imrs/")[2]
        assert path.read_bytes() == (ROOT / "plugins/module_utils" / name).read_bytes(), path


@pytest.mark.parametrize(
    ("before", "after"), [({}, {"a": b"x"}), ({"a": b"x"}, {}), ({"a": b"x"}, {"a": b"y"}), ({"a": b""}, {})]
)
def test_a_difference_is_seen(before: dict[str, bytes], after: dict[str, bytes]) -> None:
    assert differences(before, after)

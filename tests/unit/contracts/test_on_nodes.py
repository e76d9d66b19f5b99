# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible takes to a node needs no Python package that a node has not: its modules, with all that they import."""

from __future__ import annotations

import ast
import pathlib
import sys

import pytest

PLUGINS = pathlib.Path(__file__).resolve().parents[3] / "plugins"
THERE = {"ansible", "dns"}
"""What every node has: what Ansible itself brings, and dnspython, which role packages installs."""


def modules() -> list[pathlib.Path]:
    """Every module of the collection."""
    return sorted((PLUGINS / "modules").glob("*.py"))


def imports(path: pathlib.Path, source: str) -> tuple[set[pathlib.Path], set[str]]:
    """Files of the collection that one file imports, and the top names of everything else."""
    files: set[pathlib.Path] = set()
    others: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            others |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            others.add((node.module or "").partition(".")[0])
        elif isinstance(node, ast.ImportFrom):
            base = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            named = [base, *(base / alias.name for alias in node.names)]
            found = [way for each in named for way in (each.with_suffix(".py"), each / "__init__.py")]
            files |= {way for way in found if way.is_file()}
    return files, others


def needed(module: pathlib.Path) -> set[str]:
    """The packages that a module needs where it runs, beyond the standard library."""
    seen: set[pathlib.Path] = set()
    todo, found = [module], set[str]()
    while todo:
        path = todo.pop()
        if path not in seen:
            seen.add(path)
            files, others = imports(path, path.read_text(encoding="utf-8"))
            todo += files
            found |= others
    return found - sys.stdlib_module_names


@pytest.mark.parametrize("module", modules(), ids=lambda path: path.stem)
def test_a_module_needs_what_nodes_have(module: pathlib.Path) -> None:
    assert needed(module) <= THERE


def test_an_import_is_followed(tmp_path: pathlib.Path) -> None:
    """The guard: a package is seen through a package of ours and through a file of ours."""
    sources = {
        "modules/wrong.py": "import json\nfrom ..module_utils._room import rule\n",
        "module_utils/_room/__init__.py": "import yaml.nodes\n",
        "module_utils/_room/rule.py": "from .. import _ground\n",
        "module_utils/_ground.py": "from netaddr import IPSet\n",
    }
    for name, source in sources.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    assert needed(tmp_path / "modules/wrong.py") == {"yaml", "netaddr"}
    assert not needed(tmp_path / "modules/wrong.py") <= THERE

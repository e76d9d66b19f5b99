# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role ships exactly what the gate's entry points import; one file fewer would leave a node dark."""

from __future__ import annotations

import ast
import pathlib

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
LIBRARY = ROOT / "plugins" / "module_utils"
ENTRIES = (
    "_gate/main.py",
    "_gate/fingerprint.py",
    "_gate/cli.py",
    "_gate/foresee.py",
    "_gate/reinstate.py",
    "_cards/main.py",
)


def _file_of(name: str) -> str | None:
    """The file of a dotted module below the library, if it is one."""
    path = name.replace(".", "/")
    return next((found for found in (f"{path}.py", f"{path}/__init__.py") if (LIBRARY / found).is_file()), None)


def _imports(file: str) -> set[str]:
    """The files of the library that one of them imports, with the packages on the way."""
    package = file.split("/")[:-1]
    found: set[str] = set()
    for node in ast.walk(ast.parse((LIBRARY / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [*package[: len(package) - node.level + 1], *(node.module.split(".") if node.module else [])]
            names = [".".join([*base, alias.name]) for alias in node.names] + [".".join(base)]
            found |= {found_file for name in names if (found_file := _file_of(name))}
    parents = (package[:depth] for depth in range(1, len(package) + 1))
    return found | {f"{'/'.join(parent)}/__init__.py" for parent in parents}


def closure(entries: tuple[str, ...]) -> set[str]:
    """Every file that importing the entries takes."""
    seen: set[str] = set()
    todo = list(entries)
    while todo:
        file = todo.pop()
        if file not in seen:
            seen.add(file)
            todo += _imports(file)
    return seen


def test_the_role_ships_the_import_closure_of_the_gate() -> None:
    listed = yaml.safe_load((ROOT / "roles/gate/vars/main.yml").read_text(encoding="utf-8"))["__gate_library"]
    assert listed == sorted(closure(ENTRIES))


def test_every_entry_point_names_a_module_that_is_shipped() -> None:
    templates = ROOT / "roles/gate/templates"
    starts = (
        "usr/lib/imrs/imrs-gate.j2",
        "usr/lib/imrs/imrs-fingerprint.j2",
        "usr/sbin/imrs.j2",
        "usr/lib/imrs/imrs-foresee.j2",
        "usr/lib/imrs/imrs-reinstate.j2",
        "usr/lib/imrs/imrs-cards.j2",
    )
    for template, entry in zip(starts, ENTRIES, strict=True):
        module = entry.removesuffix(".py").replace("/", ".")
        assert f"from imrs.{module} import main" in (templates / template).read_text(encoding="utf-8")

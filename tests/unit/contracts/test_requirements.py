# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""meta/requirements.txt, which execution environments are made from, names what the plugins import, and no more."""

from __future__ import annotations

import ast
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
DISTRIBUTIONS = {"dns": "dnspython", "markupsafe": "jinja2", "yaml": "pyyaml"}
"""Where a package is called otherwise than what it is imported as. Jinja2 brings MarkupSafe."""
PROVIDED = {"ansible", "ansible_collections"}
"""What there is wherever a collection is."""


def imported(source: str) -> set[str]:
    """Top-level names of what a file imports, without the standard library and without its own package."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module or "")
    return {name.split(".")[0] for name in found} - sys.stdlib_module_names - PROVIDED


def required(text: str) -> set[str]:
    """The distributions that a requirements file names."""
    return {found[0].lower() for line in text.splitlines() if (found := re.match(r"[A-Za-z0-9._-]+", line))}


def test_what_is_imported_is_required() -> None:
    needed = set().union(*(imported(path.read_text(encoding="utf-8")) for path in (ROOT / "plugins").rglob("*.py")))
    text = (ROOT / "meta/requirements.txt").read_text(encoding="utf-8")
    assert {DISTRIBUTIONS.get(name, name) for name in needed} == required(text)


def test_an_import_is_seen_wherever_it_stands() -> None:
    source = (
        "import json\nfrom . import x\ntry:\n    import yaml.nodes\nexcept ImportError:\n    from ansible import y\n"
    )
    assert imported(f"{source}def f():\n    from dns.message import Message\n") == {"yaml", "dns"}
    assert required("# a comment\ndnspython[dnssec]>=2.6\nPyYAML\n") == {"dnspython", "pyyaml"}


def test_the_execution_environment_has_these_files() -> None:
    found = yaml.safe_load((ROOT / "meta/execution-environment.yml").read_text(encoding="utf-8"))
    assert found["dependencies"] == {"python": "meta/requirements.txt", "system": "meta/bindep.txt"}
    assert all((ROOT / path).is_file() for path in found["dependencies"].values())


def test_the_tests_install_the_same() -> None:
    lines = (ROOT / "tests/requirements/live.in").read_text(encoding="utf-8").splitlines()
    assert "-r ../../meta/requirements.txt" in lines

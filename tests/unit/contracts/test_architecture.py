# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The arrows of docs/architecture.md: which room may import which, and who may know what."""

from __future__ import annotations

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
LIBRARY = ROOT / "plugins/module_utils"
MAY_IMPORT = {
    "_addressing": set(),
    "_products": set(),
    "_site": {"_addressing", "_products"},
    "_routing": {"_addressing"},
    "_bundle": {"_manifest"},
    "_probes": {"_addressing", "_products"},
    "_correctness": set(),
    "_registration": {"_addressing"},
    "_acceptance": {"_correctness", "_registration", "_site", "_routing", "_addressing", "_products", "_statement"},
    "_gate": {"_routing", "_probes", "_addressing", "_statement"},
    "_documents": {"_acceptance", "_site", "_routing", "_addressing", "_products", "_manifest"},
    "_decommission": {"_bundle", "_products", "_site"},
    "_drill": {"_addressing", "_products"},
    "_drift": {"_acceptance", "_routing", "_products", "_manifest"},
    "_fleet": {"_gate", "_routing"},
    "_notice": {"_site", "_addressing"},
    "_load": {"_correctness", "_probes", "_products"},
    "_upgrade": {"_bundle", "_fleet"},
    "_reports": set(),
    "_manifest": set(),
    "_statement": set(),
}
THIRD_PARTY = {
    "_site": {"yaml", "jsonschema", "netaddr", "cryptography"},
    "_probes": {"dns"},
    "_correctness": {"dns"},
    "_acceptance": {"dns"},
    "_documents": {"jinja2"},
    "_decommission": {"yaml"},
    "_notice": {"yaml"},
}
OUTSIDE_WORLD = {"asyncio", "socket", "subprocess", "time", "random"}
LONGEST = 400
GOLDEN = ROOT / "tests/golden/example"


def room_of(path: pathlib.Path) -> str:
    """``_gate`` for _gate/session.py, ``_addressing`` for _addressing.py."""
    return path.relative_to(LIBRARY).parts[0].removesuffix(".py")


def imported_modules(path: pathlib.Path, source: str) -> set[str]:
    """Full dotted names of everything a library file imports; rooms come out as ``.<room>``."""
    here = ["", *path.relative_to(LIBRARY).with_suffix("").parts]
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if not node.level:
                found.add(node.module or "")
                continue
            base = here[: len(here) - node.level]
            if node.module:
                found.add(".".join([*base, node.module]))
            else:
                found |= {".".join([*base, alias.name]) for alias in node.names}
    return found


def wrong_arrows(path: pathlib.Path, source: str) -> list[str]:
    """What a library file imports and must not."""
    room = room_of(path)
    wrong = []
    for name in imported_modules(path, source):
        top = name.split(".")[0]
        if name.startswith("."):
            target = name.split(".")[1]
            if target != room and target not in MAY_IMPORT[room]:
                wrong.append(f"{room} must not import {target}")
        elif top in ("ansible", "ansible_collections"):
            wrong.append(f"the library must not know {top}")
        elif top in ("dns", "yaml", "jsonschema", "netaddr", "jinja2", "cryptography") and top not in THIRD_PARTY.get(
            room, set()
        ):
            wrong.append(f"{room} must not import {top}")
        elif (
            room in ("_acceptance", "_drift", "_fleet", "_load", "_notice", "_registration", "_upgrade")
            and top in OUTSIDE_WORLD
        ):
            wrong.append(f"{room} judges evidence and must not use {top}")
    return wrong


def library_files() -> list[pathlib.Path]:
    """Every Python file of the library."""
    return sorted(LIBRARY.rglob("*.py"))


@pytest.mark.parametrize("path", library_files(), ids=lambda path: str(path.relative_to(LIBRARY)))
def test_arrows_go_one_way(path: pathlib.Path) -> None:
    assert wrong_arrows(path, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("name", "source", "complaint"),
    [
        ("_addressing.py", "from . import _site", "_addressing must not import _site"),
        ("_site/rules.py", "from .._routing import policy", "_site must not import _routing"),
        ("_gate/daemon.py", "from .. import _acceptance", "_gate must not import _acceptance"),
        ("_routing/policy.py", "import dns.message", "_routing must not import dns"),
        (
            "_probes/query.py",
            "from ansible.module_utils.basic import AnsibleModule",
            "the library must not know ansible",
        ),
        ("_acceptance/judge.py", "import time", "_acceptance judges evidence and must not use time"),
        ("_acceptance/checks/zone.py", "from ..._probes import query", "_acceptance must not import _probes"),
    ],
)
def test_a_wrong_arrow_is_seen(name: str, source: str, complaint: str) -> None:
    assert wrong_arrows(LIBRARY / name, source) == [complaint]


def test_an_allowed_arrow_is_used_by_somebody() -> None:
    used: dict[str, set[str]] = {room: set() for room in MAY_IMPORT}
    for path in library_files():
        for name in imported_modules(path, path.read_text(encoding="utf-8")):
            used[room_of(path)].add(name.split(".")[1] if name.startswith(".") else name.split(".")[0])
    allowed = {room: rooms | THIRD_PARTY.get(room, set()) for room, rooms in MAY_IMPORT.items()}
    assert {room: names - used[room] for room, names in allowed.items() if names - used[room]} == {}


def test_every_room_is_known() -> None:
    rooms = {room_of(path) for path in library_files()}
    assert rooms == set(MAY_IMPORT)


def test_files_stay_small() -> None:
    folders = ("plugins", "roles", "playbooks", "inventories", "molecule", "tests", "docs")
    suffixes = {".py", ".yml", ".j2", ".sh", ".md"}
    long = {
        str(path.relative_to(ROOT)): lines
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.suffix in suffixes
        and GOLDEN not in path.parents  # what is rendered is as long as its reader needs
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert long == {}

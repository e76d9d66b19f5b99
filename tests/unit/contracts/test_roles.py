# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The law of names, and that roles change configuration files through the bundle and through nothing else."""

from __future__ import annotations

import pathlib
import re
import typing as t

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
ROLES = sorted(path for path in (ROOT / "roles").iterdir() if path.is_dir())
WRITERS = {"template", "copy", "lineinfile", "blockinfile", "replace", "assemble", "ini_file", "sysctl", "file"}


def load(path: pathlib.Path) -> t.Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def texts(role: pathlib.Path) -> str:
    """Everything in which a role can use a variable, but for its declarations."""
    files = [path for folder in ("tasks", "templates", "vars") for path in (role / folder).rglob("*") if path.is_file()]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def tasks(node: t.Any) -> t.Iterator[dict[str, t.Any]]:
    """Every task of a file, those in blocks too."""
    for task in node or []:
        yield task
        for block in ("block", "rescue", "always"):
            yield from tasks(task.get(block))


@pytest.fixture(params=ROLES, ids=lambda path: path.name)
def role(request: pytest.FixtureRequest) -> pathlib.Path:
    return request.param


def test_defaults_and_argument_specs_agree(role: pathlib.Path) -> None:
    options = load(role / "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    required = {name for name, option in options.items() if option.get("required")}
    assert set(load(role / "defaults/main.yml") or {}) == set(options) - required


def test_declared_variables_are_used_and_used_ones_declared(role: pathlib.Path) -> None:
    declared = set(load(role / "meta/argument_specs.yml")["argument_specs"]["main"]["options"])
    defaults = (role / "defaults/main.yml").read_text(encoding="utf-8")
    used = set(re.findall(rf"(?<![\w.\[']){role.name}_\w+", texts(role) + defaults.replace(f"\n{role.name}_", "\n#")))
    facts = {name for name in used if re.search(rf"icann\.imrs\.{name}\b", texts(role))}
    assert declared - used == set(), "declared and never used"
    assert used - declared - facts - own_files(role) == set(), "used and never declared"


def own_files(role: pathlib.Path) -> set[str]:
    """Names that are tags or files, not variables: <role>_<tasks file>."""
    return {f"{role.name}_{path.stem}" for path in (role / "tasks").glob("*.yml")}


def test_truth_about_sites_is_bound_in_defaults_only(role: pathlib.Path) -> None:
    assert re.findall(r"\bimrs_\w+", re.sub(r"icann\.imrs|imrs-\w+|/\S*imrs\S*", "", texts(role))) == []


def test_roles_begin_with_the_typo_guard(role: pathlib.Path) -> None:
    first = load(role / "tasks/main.yml")[0]
    assert first["name"] == "Refuse misspelt variables"
    assert f"'^{role.name}_'" in first["vars"][f"__{role.name}_unknown"]


def test_files_are_changed_through_the_bundle_only(role: pathlib.Path) -> None:
    used = {
        key.rpartition(".")[2]
        for path in (role / "tasks").glob("*.yml")
        for task in tasks(load(path))
        if task.get("delegate_to") != "localhost"
        for key in task
    }
    assert used & WRITERS == set()


def test_tasks_are_named_after_their_file(role: pathlib.Path) -> None:
    for path in (role / "tasks").glob("*.yml"):
        for task in tasks(load(path)):
            prefix = "" if path.stem == "main" else rf"{path.stem} \| "
            assert re.match(rf"{prefix}[A-Z]", task["name"]), task["name"]


def test_template_paths_are_target_paths(role: pathlib.Path) -> None:
    for path in (role / "tasks").glob("*.yml"):
        for task in tasks(load(path)):
            for file in (task.get("icann.imrs.bundle") or {}).get("files", []):
                if isinstance(file, dict) and "src" in file:
                    assert "/" + file["src"].removesuffix(".j2") == file["dest"]

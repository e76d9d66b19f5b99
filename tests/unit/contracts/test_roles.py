# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The law of names, and that roles change configuration files through the bundle and through nothing else."""

from __future__ import annotations

import pathlib
import re
import types
import typing as t

import pytest
import yaml
from ansible_collections.icann.imrs.plugins.module_utils import _products as products
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.checks import host
from ansible_collections.icann.imrs.plugins.module_utils._bundle import record

ROOT = pathlib.Path(__file__).resolve().parents[3]
ROLES = sorted(path for path in (ROOT / "roles").iterdir() if path.is_dir())
HARMLESS = {"bundle", "import_tasks", "include_tasks", "assert", "fail"}
WRITERS = {"template", "copy", "lineinfile", "blockinfile", "replace", "assemble", "ini_file", "sysctl", "file"}


def load(path: pathlib.Path) -> t.Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def texts(role: pathlib.Path) -> str:
    """Everything in which a role can use a variable, but for its declarations."""
    # The templates of role documents see site records, and no variables (plugins/action/documents.py).
    folders = ("tasks", "vars") if role.name == "documents" else ("tasks", "templates", "vars")
    files = [path for folder in folders for path in (role / folder).rglob("*") if path.is_file()]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def tasks(node: t.Any) -> t.Iterator[dict[str, t.Any]]:
    """Every task of a file, those in blocks too, where they run included."""
    for task in node or []:
        yield task
        for block in ("block", "rescue", "always"):
            for inner in tasks(task.get(block)):
                yield {"delegate_to": task.get("delegate_to"), **inner}


def modules(task: dict[str, t.Any]) -> set[str]:
    """Last part of the name of the module that a task calls."""
    return {key.rpartition(".")[2] for key in task if "." in key}


def provisioning() -> t.Any:
    """The play of site.yml that has the roles."""
    (play,) = [play for play in load(ROOT / "playbooks/site.yml") if "roles" in play]
    return play


def bundles(role: pathlib.Path) -> list[str]:
    """The task files of a role that hand over files."""
    return [
        path.name
        for path in sorted((role / "tasks").glob("*.yml"))
        if any("bundle" in modules(task) for task in tasks(load(path)))
    ]


def reached(role: pathlib.Path, name: str) -> dict[str, list[dict[str, t.Any]]]:
    """A task file and those that it takes in, by name."""
    found = {name: list(tasks(load(role / "tasks" / name)))}
    for task in found[name]:
        inner = task.get("ansible.builtin.import_tasks") or task.get("ansible.builtin.include_tasks")
        if inner:
            found |= reached(role, inner["file"] if isinstance(inner, dict) else inner)
    return found


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
    if bundles(role):
        used |= {f"{role.name}_windows", f"{role.name}_disrupt"}  # by the action plugin (tests/unit/roles/test_when.py)
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
    assert first == {"name": "Refuse misspelt variables", "icann.imrs.variable_names": None, "tags": [role.name]}


def test_files_are_changed_through_the_bundle_only(role: pathlib.Path) -> None:
    used = {
        key.rpartition(".")[2]
        for path in (role / "tasks").glob("*.yml")
        for task in tasks(load(path))
        if task.get("delegate_to") != "localhost"
        for key in task
    }
    assert used & WRITERS == set()


def test_what_hands_over_files_reaches_for_nothing_else(role: pathlib.Path) -> None:
    """So that icann.imrs.render has all of a node's files, and no node."""
    if not bundles(role):
        assert not (role / "tasks/files.yml").exists()
        return
    files = reached(role, "files.yml")
    assert set(bundles(role)) <= set(files)
    for task in (task for found in files.values() for task in found):
        assert modules(task) <= HARMLESS, task["name"]
    assert "files.yml" in reached(role, "main.yml")


def test_a_rendering_has_the_files_of_every_role() -> None:
    play = load(ROOT / "playbooks/render.yml")[-1]
    called = [task["ansible.builtin.import_role"] for task in tasks(play["tasks"]) if "import_role" in modules(task)]
    rendered = [call["name"].removeprefix("icann.imrs.") for call in called if call.get("tasks_from") == "files"]
    provisioned = [role["role"].removeprefix("icann.imrs.") for role in provisioning()["roles"]]
    assert rendered == [name for name in provisioned if bundles(ROOT / "roles" / name)]
    assert set(rendered) == {role.name for role in ROLES if bundles(role)}


def test_what_a_run_has_planned_is_carried_out_in_the_order_of_the_roles(role: pathlib.Path) -> None:
    """site.yml includes the roles anew that have planned something, by the names of their bundles."""
    play = provisioning()
    refuse, cluster, include, accept, left_out = play["tasks"]
    assert [each["ansible.builtin.import_role"]["tasks_from"] for each in (refuse, left_out)] == ["planned", "left_out"]
    assert cluster["ansible.builtin.import_role"]["tasks_from"] == "cluster"
    assert include["loop"] == "{{ (__acceptance_planned | default({})).planned | default([]) }}"
    provisioned = [role["role"].removeprefix("icann.imrs.") for role in play["roles"]]
    assert list(record.BUNDLES) == [name for name in provisioned if bundles(ROOT / "roles" / name)]
    for function, nameserver in (("node", object()), ("router", None)):
        for clock in (True, False):
            expected = types.SimpleNamespace(nameserver=nameserver, time_sources=("ntp1.example",) if clock else ())
            assert sorted(record.bundles_of(function, clock=clock)) == list(host.bundles(expected))
    assert accept["ansible.builtin.import_role"]["name"] == "icann.imrs.acceptance"
    for found in reached(role, "main.yml").values():
        for task in found:
            if "bundle" in modules(task):
                assert task["icann.imrs.bundle"]["name"] == role.name


def test_secrets_come_through_the_lookup_only(role: pathlib.Path) -> None:
    everything = texts(role) + (role / "defaults/main.yml").read_text(encoding="utf-8")
    assert re.findall(r"\bvault_\w+", everything) == []
    assert re.findall(r"builtin\.vars'|'vars'|\bvars\[|password_variable[\]}]|secret_variable[\]}]", everything) == []


def test_tasks_are_named_after_their_file(role: pathlib.Path) -> None:
    for path in (role / "tasks").glob("*.yml"):
        for task in tasks(load(path)):
            prefix = "" if path.stem == "main" else rf"{path.stem} \| "
            assert re.match(rf"{prefix}[A-Z]", task["name"]), task["name"]


def listed(node: t.Any) -> t.Iterator[dict[str, t.Any]]:
    """Every mapping with a template and a destination, wherever it stands."""
    if isinstance(node, dict):
        if "src" in node and "dest" in node:
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            yield from listed(inner)


def test_template_paths_are_target_paths(role: pathlib.Path) -> None:
    for path in (role / "tasks").glob("*.yml"):
        for file in listed(load(path)):
            if "{{" not in file["dest"]:
                assert "/" + file["src"].removesuffix(".j2") == file["dest"]


def test_every_template_is_handed_over(role: pathlib.Path) -> None:
    files = [file for path in (role / "tasks").glob("*.yml") for file in listed(load(path))]
    templates = [path for path in (role / "templates").rglob("*.j2") if path.is_file()]
    if bundles(role):
        assert {str(path.relative_to(role / "templates")) for path in templates} == {file["src"] for file in files}


def test_what_is_held_is_never_upgraded_unattended() -> None:
    """Role packages holds what one node runs, and role hardening keeps unattended-upgrades from what any node holds."""
    assert load(ROOT / "roles/hardening/defaults/main.yml")["hardening_held_packages"] == "{{ imrs_held_packages }}"
    for product in products.PRODUCTS:
        assert set(product.held) <= set(products.held()) & set(product.packages), product.name


def test_a_run_begins_with_a_look_that_refuses_other_releases() -> None:
    """Nothing before it contacts the node, and everything that says what nodes run says the same."""
    first, look, *_others = provisioning()["pre_tasks"]
    assert first["ansible.builtin.import_role"]["tasks_from"] == "begun"  # reports, on the controller
    assert look["icann.imrs.look"] is None
    assert look["tags"] == ["always"]
    for role in ROLES:
        meta = load(role / "meta/main.yml")["galaxy_info"]["platforms"]
        assert meta == [{"name": products.DISTRIBUTION.capitalize(), "versions": [products.CODENAME]}], role.name
    assert f"release={products.CODENAME}\n" in (ROOT / "roles/image/files/build").read_text(encoding="utf-8")
    assert products.other_release(products.DISTRIBUTION, products.VERSION) == ""


def test_the_gate_asks_where_the_nameserver_listens_for_it_alone() -> None:
    gate, nameserver = (
        yaml.safe_load((ROOT / "roles" / role / "defaults/main.yml").read_text(encoding="utf-8"))
        for role in ("gate", "nameserver")
    )
    assert list(gate["gate_private_addresses"].values()) == nameserver["nameserver_private_addresses"]

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet's folder may be given as inventory, or is refused with the remedy; its sheets never become groups."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
import typing as t

import pytest
from ansible import context
from ansible_collections.icann.imrs.plugins.plugin_utils import inventory_state

ROOT = pathlib.Path(__file__).resolve().parents[4]
EXAMPLE = ROOT / "inventories" / "example"
REMEDY = "ignore_patterns = ^fleet.yml$, ^sites$, ^reports$"


@pytest.fixture
def fleet(tmp_path: pathlib.Path) -> pathlib.Path:
    """A fleet with machines of its own, variables, and the report on a node."""
    folder = tmp_path / "fleet"
    (folder / "sites").mkdir(parents=True)
    for name in ("imrs.yml", "fleet.yml", "sites/acc.yml", "sites/ywg.yml"):
        shutil.copy(EXAMPLE / name, folder / name)
    (folder / "machines.yml").write_text("all: {children: {vantages: {hosts: {vantage: {}}}}}\n")
    (folder / "group_vars").mkdir()
    (folder / "group_vars" / "all.yml").write_text("ansible_user: dnseng\n")
    (folder / "reports" / "acc01").mkdir(parents=True)
    (folder / "reports" / "acc01" / "drift.json").write_text('{"findings": {}}')
    return folder


def listed(*sources: pathlib.Path, config: str) -> tuple[dict[str, t.Any], str]:
    """What `ansible-inventory --list` says of inventories, and what else it says, with an ansible.cfg."""
    top = sources[0].parent
    (top / "ansible.cfg").write_text(config)
    (top / "ansible_collections" / "icann").mkdir(parents=True, exist_ok=True)
    if not (top / "ansible_collections" / "icann" / "imrs").exists():
        (top / "ansible_collections" / "icann" / "imrs").symlink_to(ROOT)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "IMRS_"))}
    environment |= {"ANSIBLE_COLLECTIONS_PATH": str(top), "ANSIBLE_HOME": str(top / "home"), "COLUMNS": "1000"}
    given = [option for source in sources for option in ("-i", str(source))]
    done = subprocess.run(
        [sys.executable, "-m", "ansible.cli.inventory", "--list", *given],
        cwd=top, env=environment, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return json.loads(done.stdout), done.stderr


@pytest.mark.parametrize(
    "config",
    [(ROOT / "ansible.cfg").read_text(encoding="utf-8"), f"[inventory]\n{REMEDY}\n"],
    ids=["this checkout's", "the remedy"],
)
def test_a_folder_is_the_same_as_its_files(fleet: pathlib.Path, config: str) -> None:
    folder, said = listed(fleet, config=config)
    files, _ = listed(fleet / "imrs.yml", fleet / "machines.yml", config=config)
    assert folder == files
    assert folder["appliances"]["hosts"] == ["acc01", "ywg01"]
    assert not said


def test_without_its_settings_a_folder_is_refused_with_the_remedy(fleet: pathlib.Path) -> None:
    found, said = listed(fleet, config="")
    assert "appliances" not in found
    assert (
        f"the folder was given as inventory, so Ansible also reads fleet.yml and sites and reports as inventories. "
        f"Give {fleet}/imrs.yml instead, or write into the section [inventory] of ansible.cfg: {REMEDY}\n"
    ) in said


def test_the_folder_of_a_fleet_in_netbox_is_refused_as_well(fleet: pathlib.Path) -> None:
    shutil.rmtree(fleet / "sites")
    (fleet / "imrs.yml").rename(fleet / "netbox.yml")
    (fleet / "netbox.yml").write_text("plugin: icann.imrs.netbox\n")
    _, said = listed(fleet, config="")
    assert "write into the section [inventory] of ansible.cfg: ignore_patterns = ^fleet.yml$, ^reports$\n" in said


@pytest.mark.parametrize(
    ("given", "shared"),
    [
        (["fleet"], ["fleet.yml", "sites"]),
        (["."], ["fleet.yml", "sites"]),
        (["fleet/imrs.yml"], []),
        (["elsewhere", "acc01,"], []),
        (["elsewhere", "fleet"], ["fleet.yml", "sites"]),
        (None, []),
    ],
)
def test_what_ansible_reads_itself(
    fleet: pathlib.Path, monkeypatch: pytest.MonkeyPatch, given: list[str] | None, shared: list[str]
) -> None:
    monkeypatch.chdir(fleet.parent)
    (fleet.parent / "elsewhere").mkdir()
    monkeypatch.setattr(context, "CLIARGS", {"inventory": given})
    monkeypatch.setattr(inventory_state.constants, "INVENTORY_IGNORE_PATTERNS", ["^reports$"])
    own = [fleet / name for name in ("fleet.yml", "sites", "reports", "not-there.yml")]
    assert [path.name for path in inventory_state.read_as_inventories(own)] == shared


def test_a_reason_is_no_template() -> None:
    """Before ansible-core 2.19, whatever is in a variable is templated."""

    class Inventory:
        groups: t.ClassVar = {"all": type("Group", (), {"vars": {}})}

        def set_variable(self, group: str, name: str, value: t.Any) -> None:
            self.groups[group].vars[name] = value

    inventory = Inventory()
    inventory_state.mark_unparsed(inventory, "a/imrs.yml", "2 problems, so there are no hosts:\nsites/a.yml:1: x")
    inventory_state.mark_unparsed(inventory, "b/imrs.yml", "unknown options {{ lookup('pipe', 'id') }}")
    inventory_state.mark_unparsed(inventory, "b/imrs.yml", "unknown options {{ lookup('pipe', 'id') }}")
    assert inventory.groups["all"].vars == {
        "imrs_unparsed": {"a/imrs.yml": "2 problems, so there are no hosts", "b/imrs.yml": "see the warnings"}
    }

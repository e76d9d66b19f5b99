# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin, through Ansible itself: what it adds, and that one wrong sheet adds nothing."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
import typing as t

import pytest
from ansible.errors import AnsibleParserError
from ansible_collections.icann.imrs.plugins.inventory import sites

ROOT = pathlib.Path(__file__).resolve().parents[4]
LAB = ROOT / "inventories" / "lab"
DS = ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
STRICT = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}


class Fleet:
    """A copy of the lab's inventory, with a trust anchor where its fleet.yml says."""

    def __init__(self, top: pathlib.Path) -> None:
        self.top, self.directory = top, top / "inventories" / "lab"
        (self.directory / "sites").mkdir(parents=True)
        for name in ("imrs.yml", "fleet.yml", "sites/xlb.yml"):
            shutil.copy(LAB / name, self.directory / name)
        self.anchor = top / ".lab" / "imrs" / "trust-anchor.ds"
        self.anchor.parent.mkdir(parents=True)
        self.anchor.write_text(DS + "\n", encoding="utf-8")
        (top / "ansible.cfg").touch()
        (top / "ansible_collections" / "icann").mkdir(parents=True)
        (top / "ansible_collections" / "icann" / "imrs").symlink_to(ROOT)

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.directory / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def run(self, module: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Ansible with an empty ansible.cfg, so that its defaults hold."""
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "IMRS_"))}
        clean |= {
            "ANSIBLE_COLLECTIONS_PATH": str(self.top),
            "ANSIBLE_CONFIG": str(self.top / "ansible.cfg"),
            "ANSIBLE_HOME": str(self.top / "home"),
            "COLUMNS": "1000",
            "LC_ALL": "C.UTF-8",
        }
        command = [sys.executable, "-m", f"ansible.cli.{module}", "-i", str(self.directory / "imrs.yml"), *arguments]
        return subprocess.run(
            command, env=clean | environment, cwd=self.top, capture_output=True, text=True, check=False, timeout=60
        )

    def list(self, **environment: str) -> tuple[dict[str, t.Any], str]:
        """What ``ansible-inventory --list`` says, and its warnings."""
        done = self.run("inventory", "--list", **environment)
        return json.loads(done.stdout), done.stderr


@pytest.fixture
def fleet(tmp_path: pathlib.Path) -> Fleet:
    return Fleet(tmp_path)


def test_a_sound_fleet_gives_hosts_variables_and_groups(fleet: Fleet) -> None:
    listed, warnings = fleet.list(**STRICT)
    assert "WARNING" not in warnings
    assert set(listed["_meta"]["hostvars"]) == {"xlb01"}
    variables = listed["_meta"]["hostvars"]["xlb01"]
    assert variables["imrs_asn"] == 20144
    assert "198.51.100.11" in json.dumps(variables["ansible_host"])
    assert len(variables["imrs_peers"]) == 2
    assert DS in json.dumps(variables["imrs_trust_anchors"])
    for group in (
        "appliances",
        "kind_single",
        "profile_calypso",
        "nameserver_knot",
        "routing_bird",
        "site_xlb",
        "mode_live",
    ):
        assert listed[group]["hosts"] == ["xlb01"]


def test_one_wrong_sheet_leaves_no_host_and_says_everything(fleet: Fleet) -> None:
    shutil.copy(fleet.directory / "sites" / "xlb.yml", fleet.directory / "sites" / "abc.yml")
    fleet.edit("sites/xlb.yml", "asn: 64500", "asn: 20144")
    fleet.edit("fleet.yml", "asn: 20144", "asn: 1")
    listed, warnings = fleet.list()
    assert not listed["_meta"].get("hostvars")
    assert "appliances" not in listed
    assert "Traceback" not in warnings
    for line in (
        "fleet.yml:6: asn: 1 is not 20144, the AS number of the IMRS",
        "sites/xlb.yml:41: peers[0].asn: 20144 is our own AS number; give the host's",
        "sites/xlb.yml:3: site: site xlb already exists, in sites/abc.yml:3; give every site its own name",
    ):
        assert line in [text.strip() for text in warnings.splitlines()]


def test_a_wrong_sheet_stops_a_play_before_any_host(fleet: Fleet) -> None:
    fleet.edit("sites/xlb.yml", "mode: live", "mode: on")
    play = fleet.top / "play.yml"
    play.write_text("- hosts: localhost\n  gather_facts: false\n  tasks: [{debug: {msg: reached}}]\n", encoding="utf-8")
    done = fleet.run("playbook", str(play), **STRICT)
    assert done.returncode != 0
    assert "reached" not in done.stdout
    assert "sites/xlb.yml:5: mode: on is not one of: dark, drained, live" in done.stderr


@pytest.mark.parametrize("way", ["environment", "option", "fleet"])
def test_a_missing_trust_anchor_is_one_clear_error(fleet: Fleet, way: str) -> None:
    fleet.anchor.unlink()
    hint = "does not exist; put the DS records of the root zone there (in the lab, make live creates it)"
    environment, line = {
        "environment": ({"IMRS_TRUST_ANCHOR_FILE": "/nowhere.ds"}, f"imrs.yml: trust_anchor_file: /nowhere.ds {hint}"),
        "option": ({}, f"imrs.yml: trust_anchor_file: nowhere.ds {hint}"),
        "fleet": ({}, f"trust_anchor_file: ../../.lab/imrs/trust-anchor.ds {hint}"),
    }[way]
    if way == "option":
        fleet.edit("imrs.yml", "plugin:", "trust_anchor_file: nowhere.ds\nplugin:")
    listed, warnings = fleet.list(**environment)
    assert not listed["_meta"].get("hostvars")
    assert line in warnings
    assert "1 problem in the site data" in warnings


def test_the_environment_wins_over_the_fleet(fleet: Fleet) -> None:
    other = DS.replace("20326", "1234")
    (fleet.top / "other.ds").write_text(other, encoding="utf-8")
    listed, _warnings = fleet.list(IMRS_TRUST_ANCHOR_FILE="other.ds")
    trusted = json.dumps(listed["_meta"]["hostvars"]["xlb01"]["imrs_trust_anchors"])
    assert other in trusted
    assert DS not in trusted


def test_what_is_not_there_is_named(fleet: Fleet) -> None:
    shutil.rmtree(fleet.directory / "sites")
    (fleet.directory / "fleet.yml").unlink()
    _listed, warnings = fleet.list()
    assert "fleet.yml: cannot be read: No such file or directory" in warnings
    assert "sites: cannot be read: No such file or directory" in warnings


def test_a_sheet_that_would_be_ignored_is_named(fleet: Fleet) -> None:
    sheet = fleet.directory / "sites" / "xlb.yml"
    sheet.rename(sheet.with_suffix(".yaml"))
    _listed, warnings = fleet.list()
    assert "sites/xlb.yaml: would be ignored; the name of a sheet ends in .yml" in warnings
    assert "sites: holds no site sheet (*.yml)" in warnings


def test_a_misspelt_option_is_refused(fleet: Fleet) -> None:
    fleet.edit("imrs.yml", "plugin:", "site: there\nplugin:")
    _listed, warnings = fleet.list()
    assert "imrs.yml: unknown options site; the options are fleet, sites and trust_anchor_file" in warnings


def test_only_its_own_file_name(fleet: Fleet) -> None:
    plugin = sites.InventoryModule()
    assert plugin.verify_file(str(fleet.directory / "imrs.yml"))
    assert not plugin.verify_file(str(fleet.directory / "fleet.yml"))
    assert not plugin.verify_file(str(fleet.directory / "missing.imrs.yml"))


def test_a_missing_library_is_one_clear_error(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sites.fleet.shape, "HAS_JSONSCHEMA", False)
    with pytest.raises(AnsibleParserError) as caught:
        sites.InventoryModule().parse(None, None, str(fleet.directory / "imrs.yml"))
    assert str(caught.value) == (
        "icann.imrs.sites needs jsonschema in the Python that runs Ansible; "
        "install with: python3 -m pip install jsonschema"
    )

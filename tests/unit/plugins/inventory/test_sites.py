# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin, through Ansible itself: what it adds, and that one wrong sheet adds nothing."""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import typing as t

import lab_sheets
import pytest
from ansible.errors import AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible_collections.icann.imrs.plugins.inventory import sites
from ansible_collections.icann.imrs.plugins.module_utils._site import shape

ROOT = pathlib.Path(__file__).resolve().parents[4]
STRICT = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}


class Fleet:
    """A copy of the lab's inventory, with a trust anchor where its fleet.yml says."""

    def __init__(self, top: pathlib.Path) -> None:
        self.top, self.directory = top, top / "inventories" / "lab"
        lab_sheets.copy(self.directory)
        self.anchor = self.directory.parent / "trust-anchor.ds"
        self.anchor.write_text(lab_sheets.DS + "\n", encoding="utf-8")
        (top / "ansible.cfg").touch()
        (top / "ansible_collections" / "icann").mkdir(parents=True)
        (top / "ansible_collections" / "icann" / "imrs").symlink_to(ROOT)

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.directory / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def line(self, name: str, start: str) -> int:
        """The number of the first line that begins with ``start``."""
        lines = (self.directory / name).read_text(encoding="utf-8").splitlines()
        return next(number for number, text in enumerate(lines, 1) if text.strip().startswith(start))

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
    assert set(listed["appliances"]["hosts"]) == {"xlb01"}
    variables = listed["_meta"]["hostvars"]["xlb01"]
    assert variables["imrs_asn"] == 20144
    assert variables["ansible_host"] == "198.51.100.11"
    assert len(variables["imrs_peers"]) == 2
    assert lab_sheets.DS in json.dumps(variables["imrs_trust_anchors"])
    for group in (
        "appliances",
        "function_node",
        "kind_single",
        "profile_calypso",
        "nameserver_knot",
        "routing_bird",
        "site_xlb",
        "mode_live",
        "state_onboarding",
        "country_ca",
        "region_north_america",
        "provisionable",
    ):
        assert listed[group]["hosts"] == ["xlb01"]
    assert listed["vantages"]["hosts"] == ["vantage"]
    assert listed["routers"]["hosts"] == ["host-router"]
    # A playbook may be for it: Ansible warns of a group that is not there.
    assert "function_router" in listed["all"]["children"]


def test_a_router_of_ours_is_one_host_and_no_machine_that_judges(fleet: Fleet) -> None:
    sheet = ROOT / "tests/unit/plugins/module_utils/_site/sheets/cpt.yml"
    shutil.copy(sheet, fleet.directory / "sites" / "cpt.yml")
    listed, warnings = fleet.list(**STRICT)
    assert "WARNING" not in warnings
    assert listed["appliances"]["hosts"] == ["cpt-r1", "cpt-r2", "cpt01", "cpt02", "xlb01"]
    assert listed["function_router"]["hosts"] == ["cpt-r1", "cpt-r2"]
    assert listed["vantages"]["hosts"] == ["vantage-cpt", "vantage"]
    assert listed["routers"]["hosts"] == ["lg-cpt", "host-router"]
    variables = listed["_meta"]["hostvars"]
    assert variables["cpt-r1"]["ansible_host"] == "198.51.100.63"
    assert variables["cpt01"]["imrs_vantage"] == "cpt-r1"


def test_one_wrong_sheet_leaves_no_host_and_says_everything(fleet: Fleet) -> None:
    shutil.copy(fleet.directory / "sites" / "xlb.yml", fleet.directory / "sites" / "abc.yml")
    fleet.edit("sites/xlb.yml", "asn: 64500", "asn: 20144")
    fleet.edit("fleet.yml", "asn: 20144", "asn: 1")
    listed, warnings = fleet.list()
    assert not listed["_meta"].get("hostvars")
    assert "appliances" not in listed
    assert "Traceback" not in warnings
    site, peer = fleet.line("sites/abc.yml", "site: xlb"), fleet.line("sites/abc.yml", "asn: 64500")
    for line in (
        f"fleet.yml:{fleet.line('fleet.yml', 'asn: ')}: asn: 1 is not 20144, the AS number of the IMRS",
        f"sites/xlb.yml:{peer}: peers[0].asn: 20144 is our own AS number; give the host's",
        f"sites/xlb.yml:{site}: site: site xlb already exists, in sites/abc.yml:{site}; every site is there once",
    ):
        assert line in [text.strip() for text in warnings.splitlines()]


def test_a_wrong_sheet_stops_a_play_before_any_host(fleet: Fleet) -> None:
    fleet.edit("sites/xlb.yml", "mode: live", "mode: on")
    play = fleet.top / "play.yml"
    play.write_text("- hosts: localhost\n  gather_facts: false\n  tasks: [{debug: {msg: reached}}]\n", encoding="utf-8")
    done = fleet.run("playbook", str(play), **STRICT)
    assert done.returncode != 0
    assert "reached" not in done.stdout
    line = fleet.line("sites/xlb.yml", "mode: on")
    assert f"sites/xlb.yml:{line}: mode: on is not one of: dark, drained, live" in done.stderr


@pytest.mark.parametrize("way", ["environment", "option", "fleet"])
def test_a_missing_trust_anchor_is_one_clear_error(fleet: Fleet, way: str) -> None:
    fleet.anchor.unlink()
    hint = "does not exist; put the DS records of the root zone there (in the lab, make live creates it)"
    environment, line = {
        "environment": ({"IMRS_TRUST_ANCHOR_FILE": "/nowhere.ds"}, f"imrs.yml: trust_anchor_file: /nowhere.ds {hint}"),
        "option": ({}, f"imrs.yml: trust_anchor_file: nowhere.ds {hint}"),
        "fleet": ({}, f"trust_anchor_file: ../trust-anchor.ds {hint}"),
    }[way]
    if way == "option":
        fleet.edit("imrs.yml", "plugin:", "trust_anchor_file: nowhere.ds\nplugin:")
    listed, warnings = fleet.list(**environment)
    assert not listed["_meta"].get("hostvars")
    assert line in warnings
    assert "1 problem in the site data" in warnings


def test_the_environment_wins_over_the_fleet(fleet: Fleet) -> None:
    other = lab_sheets.DS.replace("20326", "1234")
    (fleet.top / "other.ds").write_text(other, encoding="utf-8")
    listed, _warnings = fleet.list(IMRS_TRUST_ANCHOR_FILE="other.ds")
    trusted = json.dumps(listed["_meta"]["hostvars"]["xlb01"]["imrs_trust_anchors"])
    assert other in trusted
    assert lab_sheets.DS not in trusted


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
    assert "imrs.yml: unknown options site; the options are cache, " in warnings
    assert "fleet, groups, keyed_groups, leading_separator, sites, strict, trust_anchor_file" in warnings


def test_only_its_own_file_name(fleet: Fleet) -> None:
    plugin = sites.InventoryModule()
    assert plugin.verify_file(str(fleet.directory / "imrs.yml"))
    assert not plugin.verify_file(str(fleet.directory / "fleet.yml"))
    assert not plugin.verify_file(str(fleet.directory / "missing.imrs.yml"))


def test_a_missing_library_is_one_clear_error(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shape, "HAS_JSONSCHEMA", False)
    with pytest.raises(AnsibleParserError) as caught:
        sites.InventoryModule().parse(InventoryData(), None, str(fleet.directory / "imrs.yml"))
    assert str(caught.value) == (
        "icann.imrs.sites needs jsonschema in the Python that runs Ansible; "
        "install with: python3 -m pip install jsonschema"
    )


def test_a_python_that_is_too_old_is_one_clear_error(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sites, "OLDEST_PYTHON", (4, 2))
    with pytest.raises(
        AnsibleParserError, match=r"needs Python 4\.2 or newer on the controller, and Ansible runs on 3\."
    ):
        sites.InventoryModule().parse(InventoryData(), None, str(fleet.directory / "imrs.yml"))


def test_warnings_name_file_and_line_and_stop_nothing(fleet: Fleet) -> None:
    fleet.edit("sites/xlb.yml", "type: isp", "type: ixp")
    listed, warnings = fleet.list(**STRICT)
    assert listed["appliances"]["hosts"] == ["xlb01"]
    line = fleet.line("sites/xlb.yml", "type: ixp")
    assert (
        f"[WARNING]: sites/xlb.yml:{line}: host.type: an IXP is a host only in the Africa phase-2 programme" in warnings
    )


def test_graph_host_and_limit(fleet: Fleet) -> None:
    graph = fleet.run("inventory", "--graph", "region_north_america", **STRICT)
    assert graph.stdout == "@region_north_america:\n  |--xlb01\n"
    host = json.loads(fleet.run("inventory", "--host", "xlb01", **STRICT).stdout)
    assert host["imrs_router_id"]
    limited = json.loads(fleet.run("inventory", "--list", "--limit", "vantages", **STRICT).stdout)
    assert set(limited["_meta"]["hostvars"]) <= {"vantage"}
    assert "appliances" not in limited


def test_what_is_the_hosts_own_and_what_is_secret_is_not_listed(fleet: Fleet) -> None:
    """Contacts, GSE, notes and money are for documents; of a secret, only its variable is known here at all."""
    fleet.edit("sites/xlb.yml", "{email: noc@host.example", "{name: Nora Noc, email: noc@host.example")
    fleet.edit(
        "sites/xlb.yml",
        "onboarding:\n",
        "maintenance: [{date: 2026-03-02, by: Mia Mender, note: Fan replaced}]\n"
        "onboarding:\n  expression_of_interest: {date: 2025-08-01, programme: africa_phase_2, funding_usd: 5999}\n",
    )
    fleet.edit("sites/xlb.yml", "type: isp\n  country: CA", "type: isp\n  country: KE")
    (fleet.directory / "group_vars").mkdir()
    secret = "correct-horse-battery-staple"
    vault = f"vault_bgp_xlb: {secret}\n"
    (fleet.top / "vault.yml").write_text(vault, encoding="utf-8")
    done = fleet.run("inventory", "--list", "-e", "@vault.yml", **STRICT)
    assert json.loads(done.stdout)["appliances"]["hosts"] == ["xlb01"]
    listed = (
        fleet.run("inventory", "--list", "--yaml", **STRICT).stdout + fleet.run("inventory", "--list", **STRICT).stdout
    )
    assert "vault_bgp_xlb" in listed
    for private in ("host.example", "555 011", "Nora Noc", "GSE North America", "Mia Mender", "Fan replaced",
                    "5999", "africa_phase_2", secret):  # fmt: skip
        assert private in (fleet.directory / "sites" / "xlb.yml").read_text(encoding="utf-8") + vault
        assert private not in listed


def test_plain_texts_are_listed_as_they_are_and_others_stay_untrusted(fleet: Fleet) -> None:
    listed = fleet.list(**STRICT)[0]
    for variables in listed["_meta"]["hostvars"].values():
        variables.pop("imrs_log_server", None)  # a certificate has more than one line
    assert "__ansible_unsafe" not in json.dumps(listed)
    fleet.edit("sites/xlb.yml", "description: Example Net\n", "description: Example Net (backup)\n")
    peers = fleet.list(**STRICT)[0]["_meta"]["hostvars"]["xlb01"]["imrs_peers"]
    assert [peer["description"] for peer in peers] == [{"__ansible_unsafe": "Example Net (backup)"}] * 2


def test_a_play_sees_the_texts_of_a_sheet(fleet: Fleet) -> None:
    fleet.edit("sites/xlb.yml", "description: Example Net\n", "description: Net (a|b) [0] lookup\n")
    play = fleet.top / "play.yml"
    say = "{{ imrs_peers[0].description }}, {{ imrs_peers[0] | to_json }}, {{ ansible_host ~ '/' ~ imrs_node_name }}"
    play.write_text(
        "- hosts: appliances\n  gather_facts: false\n  connection: local\n"
        f"  tasks: [{{debug: {{msg: {json.dumps(say)}}}}}]\n", encoding="utf-8"
    )  # fmt: skip
    done = fleet.run("playbook", str(play), **STRICT)
    assert done.returncode == 0, done.stderr
    assert "Net (a|b) [0] lookup, {" in done.stdout
    assert "198.51.100.11/xlb01.l.root-servers.org" in done.stdout


CONSTRUCTED = """plugin: icann.imrs.sites
compose:
  where: imrs_location.city ~ ', ' ~ imrs_location.country
groups:
  narrow: imrs_profile.link_mbps < 10000
  wide: imrs_profile.link_mbps >= 10000
keyed_groups:
  - {key: imrs_location.iata, prefix: airport}
"""


def test_constructed(fleet: Fleet) -> None:
    (fleet.directory / "imrs.yml").write_text(CONSTRUCTED, encoding="utf-8")
    listed, _warnings = fleet.list(**STRICT)
    assert listed["narrow"]["hosts"] == listed["airport_xlb"]["hosts"] == ["xlb01"]
    assert "wide" not in listed
    assert "Lac Brochet, CA" in json.dumps(listed["_meta"]["hostvars"]["xlb01"]["where"])


def test_constructed_is_strict_when_asked_to_be(fleet: Fleet) -> None:
    broken = CONSTRUCTED.replace("imrs_location.city", "imrs_location.nothing")
    (fleet.directory / "imrs.yml").write_text(broken, encoding="utf-8")
    assert fleet.list(**STRICT)[0]["appliances"]["hosts"] == ["xlb01"]
    (fleet.directory / "imrs.yml").write_text(broken + "strict: true\n", encoding="utf-8")
    done = fleet.run("inventory", "--list", **STRICT)
    assert done.returncode != 0
    assert "Could not set where for host xlb01" in done.stderr


class Cache:
    """An inventory with a cache in files."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet, self.directory = fleet, fleet.top / "cache"
        text = "plugin: icann.imrs.sites\ncache: true\ncache_plugin: ansible.builtin.jsonfile\ncache_connection: "
        (fleet.directory / "imrs.yml").write_text(f"{text}{self.directory}\n", encoding="utf-8")

    def mode(self) -> str:
        listed, _warnings = self.fleet.list(**STRICT)
        (group,) = [name for name in listed if name.startswith("mode_")]
        return group

    def poison(self) -> None:
        """Change what is cached, so that an answer from there can be told."""
        (path,) = self.directory.iterdir()
        text, count = re.subn(r'(?<=")live(?=\\?")', "cached", path.read_text(encoding="utf-8"))
        assert count
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def cache(fleet: Fleet) -> Cache:
    return Cache(fleet)


def test_a_cached_answer_is_used(cache: Cache) -> None:
    assert cache.mode() == "mode_live"
    cache.poison()
    assert cache.mode() == "mode_cached"


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("sites/xlb.yml", "Example Net\n    asn", "Example Network\n    asn"),
        ("fleet.yml", "power_watts: 150", "power_watts: 151"),
        ("../trust-anchor.ds", "20326", "20327"),
        ("sites/xlb.yml", "# Site sheet", "# Sheet"),
    ],
)
def test_a_cached_answer_is_never_stale(cache: Cache, name: str, old: str, new: str) -> None:
    assert cache.mode() == "mode_live"
    cache.poison()
    cache.fleet.edit(name, old, new)
    assert cache.mode() == "mode_live"


def test_a_sheet_more_or_less_is_a_change(cache: Cache) -> None:
    assert cache.mode() == "mode_live"
    cache.poison()
    (cache.fleet.directory / "sites" / "abc.yml").write_text("site: abc\n", encoding="utf-8")
    done = cache.fleet.run("inventory", "--list", **STRICT)
    assert done.returncode != 0
    assert "sites/abc.yml:1: nodes: is missing; give a list of nodes" in done.stderr


def test_the_cache_can_be_flushed(cache: Cache) -> None:
    assert cache.mode() == "mode_live"
    cache.poison()
    done = cache.fleet.run("inventory", "--list", "--flush-cache", **STRICT)
    assert "mode_live" in json.loads(done.stdout)


def test_a_wrong_sheet_is_not_cached(cache: Cache) -> None:
    cache.fleet.edit("sites/xlb.yml", "mode: live", "mode: on")
    for _time in range(2):
        done = cache.fleet.run("inventory", "--list", **STRICT)
        assert "mode: on is not one of: dark, drained, live" in done.stderr
    assert not cache.directory.exists() or not list(cache.directory.iterdir())


def test_a_cached_warning_is_given_again(cache: Cache) -> None:
    cache.fleet.edit("sites/xlb.yml", "type: isp", "type: ixp")
    for _time in range(2):
        assert "host.type: an IXP is a host only" in cache.fleet.list(**STRICT)[1]

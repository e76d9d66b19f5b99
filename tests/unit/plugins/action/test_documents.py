# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From sheets to documents on the disk, once for the whole fleet; what is wrong is told in one sentence."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import types
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.action import documents

ROOT = pathlib.Path(__file__).resolve().parents[4]
EXAMPLE = ROOT / "inventories" / "example"
SITES = ("acc", "nbo")
EXPECTED = ["index.html", *sorted(f"sites/{site}.{form}" for site in SITES for form in ("html", "md"))]


@dataclasses.dataclass(frozen=True)
class Bench:
    """A small fleet, and a place for its documents."""

    base: pathlib.Path

    @property
    def inventory(self) -> pathlib.Path:
        return self.base / "fleet" / "imrs.yml"

    @property
    def out(self) -> pathlib.Path:
        return self.base / "out"

    def run(self, *, check_mode: bool = False, **changes: str | None) -> dict[str, t.Any]:
        """The plugin, as a task calls it; a None takes an argument away."""
        arguments = {"inventory": str(self.inventory), "directory": str(self.out), **changes}
        given = {name: value for name, value in arguments.items() if value is not None}
        task = types.SimpleNamespace(args=given, check_mode=check_mode, async_val=0, environment=[], action="documents")
        shell = types.SimpleNamespace(tmpdir=None)
        plugin = documents.ActionModule.__new__(documents.ActionModule)
        plugin._task, plugin._connection = task, types.SimpleNamespace(_shell=shell)
        return plugin.run(task_vars={})

    def files(self) -> dict[str, bytes]:
        return {str(path.relative_to(self.out)): path.read_bytes() for path in self.out.rglob("*") if path.is_file()}


@pytest.fixture
def bench(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.delenv("IMRS_TRUST_ANCHOR_FILE", raising=False)  # make test sets it, for its lab
    made = Bench(tmp_path)
    (tmp_path / "fleet" / "sites").mkdir(parents=True)
    for name in ("fleet.yml", "imrs.yml", *(f"sites/{site}.yml" for site in SITES)):
        shutil.copy(EXAMPLE / name, tmp_path / "fleet" / name)
    return made


def refused(result: dict[str, t.Any], *words: str) -> None:
    assert result["failed"]
    assert not result["changed"]
    assert "Traceback" not in result["msg"]
    for word in words:
        assert word in result["msg"]


def test_it_writes_the_documents_once(bench: Bench) -> None:
    result = bench.run()
    assert result["changed"]
    assert result["documents"] == sorted(EXPECTED)
    assert sorted(result["written"]) == sorted(bench.files()) == sorted(EXPECTED)
    before = {path: path.stat().st_mtime_ns for path in bench.out.rglob("*")}
    again = bench.run()
    assert (again["changed"], again["written"], again["removed"]) == (False, [], [])
    assert before == {path: path.stat().st_mtime_ns for path in bench.out.rglob("*")}


def test_it_writes_only_what_differs(bench: Bench) -> None:
    bench.run()
    wanted = bench.files()
    (bench.out / "sites" / "acc.md").write_text("something else")
    assert bench.run()["written"] == ["sites/acc.md"]
    assert bench.files() == wanted


def test_check_mode_says_and_writes_nothing(bench: Bench) -> None:
    result = bench.run(check_mode=True)
    assert result["changed"]
    assert sorted(result["written"]) == sorted(EXPECTED)
    assert not bench.out.exists()
    bench.run()
    assert not bench.run(check_mode=True)["changed"]


def test_the_sheet_of_a_site_that_is_gone_goes_and_nothing_else(bench: Bench) -> None:
    bench.run()
    (bench.inventory.parent / "sites" / "acc.yml").unlink()
    own = bench.out / "sites" / "notes.md"
    own.write_text("my own notes")
    told = bench.run(check_mode=True)
    assert told["removed"] == ["sites/acc.html", "sites/acc.md"]
    assert (bench.out / "sites" / "acc.md").exists()
    assert bench.run()["removed"] == ["sites/acc.html", "sites/acc.md"]
    assert sorted(bench.files()) == ["index.html", "sites/nbo.html", "sites/nbo.md", "sites/notes.md"]


def test_the_latest_acceptance_is_read(bench: Bench) -> None:
    report = {"node": "acc01.l.root-servers.org", "stage": "live", "certifiable": True, "counts": {"pass": 44}}
    (bench.base / "reports" / "acc01").mkdir(parents=True)
    (bench.base / "reports" / "acc01" / "acceptance.json").write_text(json.dumps(report))
    bench.run(reports=str(bench.base / "reports"))
    assert b"Accepted for stage Live" in bench.files()["sites/acc.html"]
    assert b"Not tested yet" in bench.files()["sites/nbo.html"]


def test_what_was_accepted_before_is_told_beside_a_failure(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents.fleet_files, "today", lambda: "2026-11-20")
    folder = bench.base / "reports" / "acc01"
    folder.mkdir(parents=True)
    report = {
        "node": "acc01.l.root-servers.org",
        "stage": "drained",
        "certifiable": True,
        "started": "2026-11-15T01:02:03Z",
    }
    (folder / "accepted.json").write_text(json.dumps(report))
    failed = report | {"stage": "live", "certifiable": False, "started": "2026-11-20T01:02:03Z"}
    (folder / "acceptance.json").write_text(json.dumps(failed))
    bench.run(reports=str(bench.base / "reports"))
    said = b"announces the covering prefixes, tested 2026-11-15; not accepted at the last test, 2026-11-20"
    assert said in bench.files()["sites/acc.html"]
    assert said in bench.files()["index.html"]
    (folder / "accepted.json").write_text("{")
    refused(bench.run(reports=str(bench.base / "reports")), "accepted.json", "remove it")


def speaking(bench: Bench, code: str) -> None:
    path = bench.inventory.parent / "sites" / "acc.yml"
    path.write_text(path.read_text().replace("asn: 20144\n", f"asn: 20144\nlanguage: {code}\n", 1))


def test_a_site_with_a_language_has_both_and_loses_the_one_it_gives_up(bench: Bench) -> None:
    speaking(bench, "fr")
    result = bench.run()
    assert result["documents"] == sorted([*EXPECTED, "sites/acc.fr.html", "sites/acc.fr.md"])
    assert '<html lang="fr">' in bench.files()["sites/acc.fr.html"].decode()
    path = bench.inventory.parent / "sites" / "acc.yml"
    path.write_text(path.read_text().replace("language: fr\n", ""))
    assert bench.run()["removed"] == ["sites/acc.fr.html", "sites/acc.fr.md"]
    assert sorted(bench.files()) == sorted(EXPECTED)


def test_a_language_without_texts_is_told_with_the_choices(bench: Bench) -> None:
    speaking(bench, "eo")
    refused(bench.run(), "sites/acc.yml:", "language: eo is not one of: en, fr, pt")


def test_a_broken_catalogue_is_named(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    speaking(bench, "fr")
    (bench.base / "fr.mo").write_bytes(b"no catalogue")
    monkeypatch.setattr(documents, "CATALOGUES", bench.base)
    refused(bench.run(), str(bench.base / "fr.mo"), "is no compiled catalogue", "make messages")
    (bench.base / "fr.mo").unlink()
    refused(bench.run(), str(bench.base / "fr.mo"))


def test_a_fleet_without_reports_has_none_yet_r_5(bench: Bench) -> None:
    result = bench.run(reports=str(bench.base / "nowhere" / "reports"))
    assert not result.get("failed")
    assert b"Not tested yet" in bench.files()["sites/nbo.html"]


@pytest.mark.parametrize("content", ["{", "[]", '{"results": 7}', b"\xff\xfe"])
def test_a_broken_report_is_named(bench: Bench, content: str | bytes) -> None:
    path = bench.base / "reports" / "acc01" / "acceptance.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    refused(bench.run(reports=str(bench.base / "reports")), str(path), "remove it")
    assert not bench.out.exists()


def test_a_wrong_sheet_is_told_with_file_line_and_field(bench: Bench) -> None:
    path = bench.inventory.parent / "sites" / "acc.yml"
    path.write_text(path.read_text().replace("asn: 20144", "asn: 20414", 1))
    result = bench.run()
    refused(result, "1 problem in the site data, so there are no documents:\n", "sites/acc.yml:", "asn", "20414")
    assert not bench.out.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"inventory": None}, ["inventory must be given"]),
        ({"inventory": "", "directory": ""}, ["inventory and directory must be given"]),
        ({"inventory": "/nowhere/imrs.yml"}, ["/nowhere/imrs.yml is not a file"]),
        ({"reports": "/dev/null"}, ["/dev/null is not a directory"]),
        ({"sites": "x"}, ["unknown options sites", "inventory, directory, reports"]),
    ],
)
def test_wrong_arguments_are_told(bench: Bench, changes: dict[str, str | None], words: list[str]) -> None:
    refused(bench.run(**changes), *words)


def test_other_trust_anchors_come_from_the_environment(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for the inventory: a lab of another name has keys of its own."""
    monkeypatch.chdir(bench.base)
    monkeypatch.setenv("IMRS_TRUST_ANCHOR_FILE", "anchor.ds")
    refused(bench.run(), "anchor.ds")
    (bench.base / "anchor.ds").write_text(". IN DS 20326 8 2 " + 64 * "A" + "\n")
    assert bench.run()["changed"]


def test_what_is_in_the_way_is_named(bench: Bench) -> None:
    bench.out.write_text("a file")
    refused(bench.run(), str(bench.out))


def test_a_broken_template_is_named(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    templates = bench.base / "templates"
    shutil.copytree(documents.TEMPLATES, templates)
    (templates / "parts" / "map.svg.j2").write_text("{% for %}")
    monkeypatch.setattr(documents, "TEMPLATES", templates)
    refused(bench.run(), "TemplateSyntaxError", "map.svg.j2")


def test_a_missing_template_is_named(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "TEMPLATES", bench.base)
    refused(bench.run(), "index", "mend the template")


def test_in_a_playbook(bench: Bench) -> None:
    """Through Ansible itself, with a host that nobody can reach."""
    task = {"icann.imrs.documents": {"inventory": str(bench.inventory), "directory": "out"}}
    play = {"hosts": "all", "gather_facts": False, "tasks": [{"name": "Write", **task}]}
    (bench.base / "play.yml").write_text(json.dumps([play]))
    (bench.base / "ansible.cfg").write_text("[defaults]\n")
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache"),
        "ANSIBLE_CONFIG": str(bench.base / "ansible.cfg"),
        "ANSIBLE_HOME": str(bench.base / "home"),
        "ANSIBLE_NOCOLOR": "1",
    }
    command = [str(pathlib.Path(sys.executable).with_name("ansible-playbook")), "-i", "192.0.2.255,", "play.yml"]
    done = subprocess.run(command, cwd=bench.base, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "changed=1" in done.stdout
    assert sorted(bench.files()) == sorted(EXPECTED)

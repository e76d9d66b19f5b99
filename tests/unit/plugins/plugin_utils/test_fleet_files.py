# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a fleet on disk: what is read, what is said of what cannot be, and what makes an answer another one."""

from __future__ import annotations

import pathlib
import shutil

import lab_sheets
import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site import addresses, errors, shape
from ansible_collections.icann.imrs.plugins.plugin_utils import fleet_files

NOT_THERE = "does not exist; put the DS records of the root zone there (in the lab, make live creates it)"


@pytest.fixture
def config(tmp_path: pathlib.Path) -> pathlib.Path:
    """The configuration file of a copy of the lab's inventory, with a trust anchor beside it."""
    lab_sheets.copy(tmp_path)
    (tmp_path / "root.ds").write_text(lab_sheets.DS, encoding="utf-8")
    return tmp_path / "imrs.yml"


def problems(config: pathlib.Path, trust_anchor_file: str | None = "root.ds") -> list[str]:
    with pytest.raises(errors.SiteError) as caught:
        fleet_files.read(config, trust_anchor_file=trust_anchor_file)
    return [str(problem) for problem in caught.value.problems]


def test_a_fleet_is_read(config: pathlib.Path) -> None:
    fleet = fleet_files.read(config, trust_anchor_file="root.ds")
    assert (fleet.name, list(fleet.hosts)) == ("lab", ["xlb01"])
    assert fleet.hosts["xlb01"]["imrs_trust_anchors"] == [lab_sheets.DS]


def test_other_names(config: pathlib.Path) -> None:
    config.with_name("fleet.yml").rename(config.with_name("all.yml"))
    config.with_name("sites").rename(config.with_name("places"))
    fleet = fleet_files.read(config, "all.yml", "places", str(config.with_name("root.ds")))
    assert list(fleet.hosts) == ["xlb01"]


def test_the_fleets_own_trust_anchor_is_relative_to_its_file(config: pathlib.Path) -> None:
    fleet = config.with_name("fleet.yml")
    text = fleet.read_text(encoding="utf-8").replace("../trust-anchor.ds", "root.ds")
    (config.parent / "common").mkdir()
    (config.parent / "common" / "fleet.yml").write_text(text, encoding="utf-8")
    shutil.move(config.with_name("root.ds"), config.parent / "common" / "root.ds")
    assert list(fleet_files.read(config, "common/fleet.yml").hosts) == ["xlb01"]


def test_everything_that_cannot_be_read_is_told_at_once(config: pathlib.Path) -> None:
    config.with_name("fleet.yml").unlink()
    (config.parent / "sites" / "abc.yml").mkdir()
    (config.parent / "sites" / "def.yaml").touch()
    said = problems(config, "nowhere.ds")
    for wanted in (
        "fleet.yml: cannot be read: No such file or directory",
        f"imrs.yml: trust_anchor_file: nowhere.ds {NOT_THERE}",
        "sites/abc.yml: cannot be read: Is a directory",
        "sites/def.yaml: would be ignored; the name of a sheet ends in .yml",
    ):
        assert wanted in said


def test_no_sheet_is_no_fleet(config: pathlib.Path) -> None:
    (config.parent / "sites" / "xlb.yml").unlink()
    assert problems(config) == ["sites: holds no site sheet (*.yml)"]
    (config.parent / "sites").rmdir()
    assert problems(config) == ["sites: cannot be read: No such file or directory"]


def test_a_trust_anchor_that_is_none(config: pathlib.Path) -> None:
    config.with_name("root.ds").write_text("hello\n", encoding="utf-8")
    assert problems(config) == ["root.ds:1: hello is not a DS record; write it as: . IN DS 20326 8 2 and the digest"]


def test_a_fleet_that_is_empty_is_told_so(config: pathlib.Path) -> None:
    config.with_name("fleet.yml").write_text("", encoding="utf-8")
    assert problems(config) == ["fleet.yml: is empty"]


def test_a_hidden_file_is_no_sheet(config: pathlib.Path) -> None:
    (config.parent / "sites" / ".#xlb.yml").touch()
    assert list(fleet_files.read(config, trust_anchor_file="root.ds").hosts) == ["xlb01"]


def test_the_digest_is_of_names_and_contents(config: pathlib.Path) -> None:
    def digest() -> str:
        return fleet_files.gather(config, trust_anchor_file="root.ds").digest()

    seen = {digest()}
    assert digest() in seen
    sheet = config.parent / "sites" / "xlb.yml"
    for change in (
        lambda: sheet.write_text(sheet.read_text(encoding="utf-8") + "#", encoding="utf-8"),
        lambda: shutil.copy(sheet, sheet.with_name("abc.yml")),
        lambda: sheet.with_name("abc.yml").rename(sheet.with_name("abd.yml")),
        lambda: config.with_name("root.ds").write_text("x", encoding="utf-8"),
        lambda: config.with_name("fleet.yml").write_text("x", encoding="utf-8"),
    ):
        change()
        assert digest() not in seen
        seen.add(digest())


def test_another_program_is_another_answer(config: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = fleet_files.gather(config, trust_anchor_file="root.ds")
    before = files.digest()
    other = config.parent / "_addressing.py"
    other.write_text("ASN = 1\n", encoding="utf-8")
    monkeypatch.setattr(fleet_files._addressing, "__file__", str(other))
    assert files.digest() != before


def test_missing_libraries_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fleet_files.missing_libraries() == ""
    monkeypatch.setattr(shape, "HAS_JSONSCHEMA", False)
    assert fleet_files.missing_libraries() == (
        "needs jsonschema in the Python that runs Ansible; install with: python3 -m pip install jsonschema"
    )
    monkeypatch.setattr(addresses, "HAS_NETADDR", False)
    assert fleet_files.missing_libraries().startswith("needs jsonschema and netaddr in the Python")


def test_the_day_is_asked_of_the_clock_once_a_5(config: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {}
    for day in ("2000-01-01", "2100-01-01"):
        monkeypatch.setattr(fleet_files, "today", lambda day=day: day)
        files = fleet_files.gather(config, trust_anchor_file="root.ds")
        answers[day] = files.digest(), files.load().hosts["xlb01"]["imrs_provisioning"]["allowed"]
    assert [allowed for _digest, allowed in answers.values()] == [False, True]
    assert len({digest for digest, _allowed in answers.values()}) == 2


def test_today_is_a_date() -> None:
    assert len(fleet_files.today()) == len("2026-01-31")

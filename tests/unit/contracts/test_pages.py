# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages that are made from code (``make pages``) are current, and say what the code says."""

from __future__ import annotations

import pathlib
import re
import runpy

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.catalog import CATALOG

ROOT = pathlib.Path(__file__).resolve().parents[3]
MAKER = runpy.run_path(str(ROOT / "tests/pages.py"))
PAGES: dict[str, str] = MAKER["pages"]()

SPECS = """\
argument_specs:
  main:
    short_description: Made up
    description: One paragraph with C(code).
    options:
      made_name: {type: str, required: true, description: [First., See M(icann.imrs.bundle).], choices: [a, b]}
      made_list: {type: list, elements: dict, description: A | b.}
      made_long: {type: str, description: Long.}
"""


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_current(path: str) -> None:
    current = (ROOT / path).exists() and (ROOT / path).read_text(encoding="utf-8") == PAGES[path]
    assert current, f"{path} is not what the code says: run make pages"


def test_every_role_has_a_page() -> None:
    assert {f"roles/{folder.name}/README.md" for folder in (ROOT / "roles").iterdir()} <= set(PAGES)


def test_a_role_is_told_whole(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "made"
    for name, text in (
        ("meta/argument_specs.yml", SPECS),
        ("defaults/main.yml", f"made_list: []\nmade_long: {'x' * 61}"),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    text = MAKER["role"](folder)
    assert text.startswith("# Role `icann.imrs.made`\n\nMade up.\n\nOne paragraph with `code`.\n")
    assert "| `made_name` | str | required | First. See `icann.imrs.bundle`. One of `a`, `b`. |" in text
    assert "| `made_list` | list of dict | `[]` | A \\| b. |" in text
    assert "| `made_long` | str | [defaults/main.yml](defaults/main.yml) | Long. |" in text


def test_no_markup_of_ansible_is_left() -> None:
    assert [path for path, text in PAGES.items() if MAKER["MARKUP"].search(text)] == []


def called(role: str) -> set[str]:
    """The playbooks that name a role, without those that only they import."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "playbooks").glob("*.yml")}
    inner = {"lower": {"drain", "dark"}, "permit": {"site", "accept"}}
    found = {name for name, text in texts.items() if re.search(rf"icann\.imrs\.{role}\s", f"{text} ")}
    return set().union(*(inner.get(name, {name}) for name in found))


def test_the_readme_has_every_role_and_who_calls_it() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for folder in sorted((ROOT / "roles").iterdir()):
        row = re.search(rf"^\| \[{folder.name}\]\(roles/{folder.name}/README.md\) \|.*\| (.*) \|$", text, re.MULTILINE)
        assert row, folder.name
        assert set(re.findall(r"`(\w+)`", row[1])) == called(folder.name), folder.name


def test_the_readme_counts_the_checks() -> None:
    assert f" {len(CATALOG)} acceptance checks " in (ROOT / "README.md").read_text(encoding="utf-8")

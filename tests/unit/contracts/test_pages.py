# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages that are made from code (``make pages``) are current, and say what the code says."""

from __future__ import annotations

import pathlib
import runpy

import pytest

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

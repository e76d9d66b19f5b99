# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report is there whole, or the one before is."""

from __future__ import annotations

import os
import pathlib

import pytest
from ansible_collections.icann.imrs.plugins.module_utils import _reports


def test_each_text_stands_in_its_place_and_nothing_else(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "reports/xlb01"
    written = _reports.write(str(folder), {"a.txt": "one — 1\n", "a.json": "{}"}, os.replace)
    assert written == [str(folder / "a.txt"), str(folder / "a.json")]
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == {
        "a.txt": "one — 1\n",
        "a.json": "{}",
    }


def test_a_private_one_is_for_its_owner_alone_from_the_beginning(tmp_path: pathlib.Path) -> None:
    modes = []

    def move(draft: str, place: str) -> None:
        modes.append(pathlib.Path(draft).stat().st_mode & 0o777)
        os.replace(draft, place)

    _reports.write(str(tmp_path), {"a.json": "{}"}, move, private=True)
    assert [*modes, (tmp_path / "a.json").stat().st_mode & 0o777] == [0o600, 0o600]


def test_until_it_is_moved_the_one_before_stays(tmp_path: pathlib.Path) -> None:
    _reports.write(str(tmp_path), {"a.txt": "old"}, os.replace)

    def full(_draft: str, _place: str) -> None:
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        _reports.write(str(tmp_path), {"a.txt": "new"}, full)
    assert (tmp_path / "a.txt").read_text() == "old"

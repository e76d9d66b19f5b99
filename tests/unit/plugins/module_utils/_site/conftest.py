# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's fleet as the sound example that the tests then break, one thing at a time."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site import anchors, document, errors, fleet

LAB = pathlib.Path(__file__).resolve().parents[5] / "inventories" / "lab"
DIGEST = "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
ANCHORS = anchors.Anchors((f". IN DS 20326 8 2 {DIGEST}",))

Edits = t.Sequence[tuple[str, str]]


class Lab:
    """Texts of the lab's files, edited, through the whole library."""

    def __init__(self) -> None:
        self.fleet = (LAB / "fleet.yml").read_text(encoding="utf-8")
        self.sheet = (LAB / "sites" / "xlb.yml").read_text(encoding="utf-8")

    def hosts(self, sheet: Edits = (), fleet_: Edits = (), more: t.Sequence[str] = ()) -> dict[str, dict[str, t.Any]]:
        documents = [document.parse("sites/xlb.yml", edited(self.sheet, sheet))]
        documents += [document.parse(f"sites/more{number}.yml", text) for number, text in enumerate(more)]
        return fleet.hosts(document.parse("fleet.yml", edited(self.fleet, fleet_)), documents, ANCHORS)

    def messages(self, sheet: Edits = (), fleet_: Edits = (), more: t.Sequence[str] = ()) -> list[str]:
        """The problems, without their line numbers."""
        with pytest.raises(errors.SiteError) as caught:
            self.hosts(sheet, fleet_, more)
        return [
            f"{p.file}: {p.field}: {p.message}" if p.field else f"{p.file}: {p.message}" for p in caught.value.problems
        ]


def edited(text: str, edits: Edits) -> str:
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


@pytest.fixture
def lab() -> Lab:
    return Lab()

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound sheets that the tests then break, one thing at a time."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site import anchors, document, errors, fleet, onboarding
from lab_sheets import DS, LAB

SHEETS = {
    "xlb": LAB / "sites" / "xlb.yml",
    "nbo": pathlib.Path(__file__).parent / "sheets" / "nbo.yml",
    "acc": pathlib.Path(__file__).parent / "sheets" / "acc.yml",
    "cpt": pathlib.Path(__file__).parent / "sheets" / "cpt.yml",
}
"""The lab's own sheet; a single with every field; a cluster; a cluster whose routers are ours to provision."""
ANCHORS = anchors.Anchors((DS,))

Edits = t.Sequence[tuple[str, str]]


class Lab:
    """The lab's fleet with one sheet, as texts; edited, and then through the whole library."""

    def __init__(self, name: str = "xlb") -> None:
        self.file = f"sites/{name}.yml"
        self.fleet = (LAB / "fleet.yml").read_text(encoding="utf-8")
        self.sheet = SHEETS[name].read_text(encoding="utf-8")

    def load(
        self, sheet: Edits = (), fleet_: Edits = (), more: t.Sequence[str] = (), today: str = onboarding.EVER
    ) -> fleet.Fleet:
        """``more`` are texts of other sheets."""
        documents = [document.parse(self.file, edited(self.sheet, sheet))]
        documents += [document.parse(f"sites/more{number}.yml", text) for number, text in enumerate(more)]
        return fleet.load(document.parse("fleet.yml", edited(self.fleet, fleet_)), documents, ANCHORS, today=today)

    def hosts(self, sheet: Edits = (), fleet_: Edits = (), more: t.Sequence[str] = ()) -> dict[str, dict[str, t.Any]]:
        return self.load(sheet, fleet_, more).hosts

    def messages(self, sheet: Edits = (), fleet_: Edits = (), more: t.Sequence[str] = ()) -> list[str]:
        """The problems, without their line numbers."""
        with pytest.raises(errors.SiteError) as caught:
            self.load(sheet, fleet_, more)
        return [plain(problem) for problem in caught.value.problems]

    def wrong(self, *edits: tuple[str, str]) -> list[str]:
        """The problems of the sheet with these edits, without file and line."""
        messages = self.messages(edits)
        assert all(message.startswith(f"{self.file}: ") for message in messages), messages
        return [message.removeprefix(f"{self.file}: ") for message in messages]

    def warnings(self, *edits: tuple[str, str], fleet_: Edits = ()) -> list[str]:
        """The warnings about the sheet with these edits, without line."""
        return [plain(warning) for warning in self.load(edits, fleet_).warnings]


def plain(problem: errors.Problem) -> str:
    return str(problem._replace(line=0))


def machine(sheet: str, router: str) -> str:
    """The lines of a router's ``machine``."""
    start = sheet.index("      machine:\n", sheet.index(f"- router: {router}"))
    ends = [sheet.find(end, start) for end in ("    - router:", "\npeers:")]
    return sheet[start : min(end for end in ends if end >= 0)]


def edited(text: str, edits: Edits) -> str:
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def single() -> Lab:
    return Lab("nbo")


@pytest.fixture
def cluster() -> Lab:
    return Lab("acc")


@pytest.fixture
def routers() -> Lab:
    """A cluster whose routers are ours to provision."""
    return Lab("cpt")

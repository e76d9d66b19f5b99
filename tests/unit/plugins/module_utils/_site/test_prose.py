# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of places and people as they are written, and nothing in them that is not seen (cases A-6, R-1, R-2)."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site import fit, parts, prose

if t.TYPE_CHECKING:
    from .conftest import Lab

UNSEEN = {
    "a\u200bb": "holds U+200B (ZERO WIDTH SPACE), which is not seen; remove it",
    "a\u2060b": "holds U+2060 (WORD JOINER), which is not seen; remove it",
    "a\u061cb": "holds U+061C (ARABIC LETTER MARK), which is not seen; remove it",
    "a\U000e0041b": "holds U+E0041 (TAG LATIN CAPITAL LETTER A), which is not seen; remove it",
    "a\u3164b": "holds U+3164 (HANGUL FILLER), which is not seen; remove it",
    "a\ufe0fb": "holds U+FE0F (VARIATION SELECTOR-16), which is not seen; remove it",
    "a\u0378b": "holds U+0378, which is not seen; remove it",
    "a\ue000b": "holds U+E000, which is not seen; remove it",
    "a\u00a0b": "holds U+00A0 (NO-BREAK SPACE), which looks like a blank; write a plain blank",
    "e"
    + "\u0301"
    * 190: "holds more than 4 marks on one letter, the last one U+0301 (COMBINING ACUTE ACCENT); remove some",
    "   ": "holds only blanks; write what is meant",
    "\u00a0\u2003": "holds only blanks; write what is meant",
}


@pytest.mark.parametrize("text", UNSEEN, ids=[f"A-6-{text[:4].encode('unicode_escape').decode()}" for text in UNSEEN])
def test_what_is_not_seen_is_refused_by_its_code_point(text: str, lab: Lab) -> None:
    assert prose.unseen(text) == UNSEEN[text]
    (message,) = lab.wrong(("name: Example Net", f'name: "{text}"'))
    assert message.startswith("host.name: ")
    assert message.endswith(f" {UNSEEN[text]}")


SEEN = [
    "N'Djamena",
    "Nuku'alofa",
    "C\u00f4te d'Ivoire R\u00e9seau",
    "Co\u0302\u0301te",
    "\u0e17\u0e35\u0e48",
    "24/7",
    "x",
]


@pytest.mark.parametrize("text", SEEN, ids=[f"R-1-{text.encode('unicode_escape').decode()}" for text in SEEN])
def test_names_are_taken_as_they_are_written(text: str, lab: Lab) -> None:
    assert prose.unseen(text) is None
    edits = [("name: Example Net", f'name: "{text}"'), ("city: ", f'city: "{text}" # ')]
    (site,) = lab.load(edits).sites
    assert site["host"]["name"] == site["location"]["city"] == text


@pytest.mark.parametrize("number", ["+1 555 0110 ext. 5", "+233 (30) 555-0100"], ids=lambda text: f"R-2-{text}")
def test_numbers_with_an_extension_are_numbers(number: str) -> None:
    assert fit.test_of(parts.PHONE)(number)


def test_kosovo_is_a_country_r_2(lab: Lab) -> None:
    edit = [(f"country: {lab.sheet.partition('country: ')[2][:2]}", "country: XK")] * 2
    assert [site["location"]["region"] for site in lab.load(edit).sites] == ["europe"]

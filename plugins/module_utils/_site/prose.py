# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Text for people: what it holds has to be seen, because two names that look the same have to be the same."""

from __future__ import annotations

import re
import unicodedata

MOST_MARKS = 4
"""Marks in a row on one letter. No script needs more; a heap of them runs over the lines beside it."""

_LOOKS_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Default ignorable code points (Unicode, DerivedCoreProperties) and blanks that count as letters, marks or symbols."""
_PLAIN = re.compile(r"[!-~](?:[ -~]*[!-~])?").fullmatch


def unseen(text: str) -> str | None:
    """What cannot be seen in a text, and what to do, as the rest of a sentence; None when all of it is seen."""
    if _PLAIN(text):
        return None
    if text and not text.strip():
        return "holds only blanks; write what is meant"
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        if category[0] == "C" or category in {"Zl", "Zp"} or _LOOKS_BLANK.match(character):
            return f"holds {name(character)}, which is not seen; remove it"
        if category == "Zs" and character != " ":
            return f"holds {name(character)}, which looks like a blank; write a plain blank"
        marks = marks + 1 if category[0] == "M" else 0
        if marks > MOST_MARKS:
            return f"holds more than {MOST_MARKS} marks on one letter, the last one {name(character)}; remove some"
    return None


def name(character: str) -> str:
    """``U+200B (ZERO WIDTH SPACE)``"""
    known = unicodedata.name(character, "")
    return f"U+{ord(character):04X}{f' ({known})' if known else ''}"

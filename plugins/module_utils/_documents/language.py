# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The languages of the host sheet. A translator is handed to whatever makes words: no state, no environment.

Texts stand in the code in English, and are found there by Babel (`tests/messages.py`); GNU gettext catalogues have them
in other languages. In a text ``**x**`` is strong and `` `x` `` is code, in HTML as in Markdown. Values stand in it as
``%(name)s``, and a per cent sign is written twice.
"""

from __future__ import annotations

import gettext
import html
import io
import re
import struct
import typing as t

LANGUAGES = {"en": "English", "fr": "français", "pt": "português"}
"""By code (BCP 47): how each calls itself. Every sheet is there in English."""
_THOUSANDS = {"fr": "\u202f", "pt": "."}
"""Between groups of three digits (CLDR 46); elsewhere a comma."""


def msg(text: str) -> str:
    """The text itself; marks it for the catalogues where no translator is at hand."""
    return text


class Translator:
    """Words of one language. ``catalogue`` is gettext's; without one, texts stay in English."""

    def __init__(self, code: str = "en", catalogue: gettext.NullTranslations | None = None) -> None:
        self.code = code
        self.catalogue = catalogue or gettext.NullTranslations()

    @classmethod
    def of(cls, code: str, compiled: bytes) -> Translator:
        """From the content of an ``.mo`` file; raises ValueError when it is none."""
        try:
            return cls(code, gettext.GNUTranslations(io.BytesIO(compiled)))
        except (OSError, struct.error, LookupError, UnicodeError) as error:
            raise ValueError(f"is no compiled catalogue of gettext ({error})") from None

    def __call__(self, text: str, **values: object) -> str:
        """The text in this language, with its values."""
        return self.catalogue.gettext(text) % values

    def plural(self, number: int, one: str, many: str, **values: object) -> str:
        """The form for this number, which is also the value ``number``."""
        return self.catalogue.ngettext(one, many, number) % {"number": self.number(number), **values}

    def number(self, number: int) -> str:
        """``120,000``, as this language groups digits."""
        return f"{number:,}".replace(",", _THOUSANDS.get(self.code, ","))

    def listed(self, items: t.Iterable[object]) -> str:
        """``a, b and c``."""
        *others, last = [str(item) for item in items] or [""]
        return self(msg("%(first)s and %(last)s"), first=", ".join(others), last=last) if others else last


ENGLISH = Translator()


def marked_up(text: str) -> str:
    """A text of a catalogue as HTML; what it says as values is put in later, and escaped there."""
    escaped = html.escape(text, quote=False)
    strong = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", escaped)
    return re.sub(r"`(.+?)`", r"<code>\1</code>", strong)

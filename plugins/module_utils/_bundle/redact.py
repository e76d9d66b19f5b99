# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Keeps secrets out of what commands say.

The rule: a line is hidden when eight characters in a row of it also stand in a secret file and in nothing public.
Shorter secrets are hidden where they stand as a word: a secret file's only word on a line, or one that mixes letters
and digits.
"""

from __future__ import annotations

import re
import typing as t

HIDDEN = "[hidden: this line quotes a secret file]"
"""Stands for a line that must not be shown."""

_WINDOW = 8
_SHORTEST = 4
_WORD = re.compile(r"[^\s\"'`;,(){}\[\]<>=]+")


def _text(contents: t.Iterable[bytes]) -> str:
    return "\n".join(content.decode("utf-8", "replace") for content in contents)


def _short(secret: str) -> t.Iterator[str]:
    """Secrets too short for the window, as far as they can be told from ordinary words."""
    for line in secret.splitlines():
        words = _WORD.findall(line)
        for word in words:
            mixed = any(c.isdigit() for c in word) and any(c.isalpha() for c in word)
            if _SHORTEST <= len(word) < _WINDOW and (mixed or len(words) == 1):
                yield word


class Redactor:
    """Knows what is secret, and cleans text of it."""

    def __init__(self, secret: t.Iterable[bytes], public: t.Iterable[bytes] = ()) -> None:
        """``public``: contents that may be shown; what stands there too is no secret."""
        self._secret, self._public = _text(secret), _text(public)
        public_words = set(_WORD.findall(self._public))
        self._words = frozenset(_short(self._secret)) - public_words

    def _quotes(self, line: str) -> bool:
        windows = (line[start : start + _WINDOW] for start in range(len(line) - _WINDOW + 1))
        if any(window in self._secret and window.strip() and window not in self._public for window in windows):
            return True
        return any(word in line for word in self._words)

    def clean(self, text: str) -> str:
        """The text with every line that quotes a secret replaced."""
        if not self._secret:
            return text
        return "\n".join(HIDDEN if self._quotes(line) else line for line in text.splitlines())

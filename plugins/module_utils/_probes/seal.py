# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Secrets stay on the node: what leaves it has their names instead."""

from __future__ import annotations

import re
import typing as t

OTHER = "<another secret>"
"""What stands for a secret that is not among those that the node should have."""

SHORT = 6
"""Secrets of fewer characters are not looked for in ordinary text, where they stand by chance."""


class Seal:
    """Turns placeholders into secrets, and secrets into placeholders."""

    def __init__(self, placeholders: t.Mapping[str, str], secrets: t.Mapping[str, str]) -> None:
        """``placeholders``: what stands for a secret, and its name; ``secrets``: by name. ValueError when one lacks."""
        missing = sorted({name for name in placeholders.values() if name not in secrets})
        if missing:
            raise ValueError(f"secrets: {', '.join(missing)} missing; hand over all that the intent names")
        self._values = {text: secrets[name] for text, name in placeholders.items()}
        self._texts = {value: text for text, value in self._values.items()}

    def open(self, text: str) -> str:
        """A rendered file as it should stand on the node."""
        if not self._values:
            return text
        pattern = "|".join(re.escape(one) for one in sorted(self._values, key=len, reverse=True))
        return re.sub(pattern, lambda match: self._values[match[0]], text)

    def close(self, secret: str) -> str:
        """What stands for this secret."""
        return self._texts.get(secret, OTHER)

    def lines(self, text: str, pattern: str) -> str:
        """A text in which the last group of ``pattern`` is a secret, wherever a line matches it."""

        def sealed(match: re.Match[str]) -> str:
            start, end = match.span(match.re.groups)
            return (
                match[0][: start - match.start()] + self.close(match[match.re.groups]) + match[0][end - match.start() :]
            )

        return re.sub(pattern, sealed, text, flags=re.MULTILINE)

    def guard(self, value: t.Any) -> t.Any:
        """The same value without any of the secrets, wherever somebody may have put one."""
        if isinstance(value, str):
            for secret, text in self._texts.items():
                if len(secret) >= SHORT and secret in value:
                    value = value.replace(secret, text)
            return value
        if isinstance(value, dict):
            return {self.guard(key): self.guard(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.guard(inner) for inner in value]
        return value

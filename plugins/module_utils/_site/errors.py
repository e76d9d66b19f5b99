# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What is wrong with the site data, said so that the person who wrote it can mend it."""

from __future__ import annotations

import typing as t


class Problem(t.NamedTuple):
    """One thing to mend. Sorts by file, then line."""

    file: str
    """As the reader knows it: relative to the inventory."""
    line: int
    """Counted from 1; 0 when the whole file is meant."""
    field: str
    """Such as ``peers[1].asn``; empty when no field is meant."""
    message: str
    """What is wrong, and what would be right. Never holds a secret."""

    def __str__(self) -> str:
        """``sites/xlb.yml:41: peers[1].asn: 0 is not an AS number …``, the form that editors can jump to."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (place, self.field, self.message) if part)


class SiteError(Exception):
    """The site data cannot be used. Carries every problem of every file, sorted; its text is one line for each."""

    def __init__(self, problems: t.Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))

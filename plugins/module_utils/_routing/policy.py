# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a node announces, in which mode. Knows no routing daemon and does no I/O."""

from __future__ import annotations

import enum
import typing as t

from .. import _addressing as addressing


class Mode(enum.IntEnum):
    """What a node announces; ordered, so that the lowest of several is ``min()``."""

    DARK = 0
    """Nothing."""
    DRAINED = 1
    """The covering prefixes only."""
    LIVE = 2
    """The covering and the specific prefixes."""

    @classmethod
    def parse(cls, text: str) -> Mode:
        """``dark``, ``drained`` or ``live``; ValueError that names the choices for anything else."""
        try:
            return cls[text.upper()]
        except (KeyError, AttributeError):
            raise ValueError(f"{text!r} is not a mode (dark, drained, live)") from None

    def __str__(self) -> str:
        return self.name.lower()


class Prefixes(t.NamedTuple):
    """The prefixes of one address family, each as text in canonical spelling."""

    specific: tuple[str, ...]
    covering: tuple[str, ...]


IMRS_PREFIXES: dict[str, Prefixes] = {
    family: Prefixes(addressing.SPECIFIC[family], addressing.COVERING[family]) for family in addressing.FAMILIES
}
"""The five prefixes of the IMRS (requirements section 1.1), by family."""


def effective(intent: Mode, certificate: Mode, verdict: Mode) -> Mode:
    """The lowest of what was asked for, what was proven and what is true now. Nothing else may announce."""
    return min(intent, certificate, verdict)


def announced(mode: Mode, prefixes: Prefixes) -> tuple[str, ...]:
    """The exact set of prefixes of one family that a node in ``mode`` announces, sorted."""
    covering = prefixes.covering if mode >= Mode.DRAINED else ()
    specific = prefixes.specific if mode >= Mode.LIVE else ()
    return tuple(sorted(covering + specific))

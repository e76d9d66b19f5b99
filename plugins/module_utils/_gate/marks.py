# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Marks of sessions: one large community each (RFC 8092), by which the routing daemon knows where a route may go.

The gate knows no peers. It attaches the marks that acceptance gave it to what it announces; the export filter of a
session passes on only what carries that session's mark, and takes all marks off (role ``routing``).
"""

from __future__ import annotations

import re
import typing as t

MOST = 128
"""Sessions of one certificate; far more than a node has, and all of their marks fit into one UPDATE."""
_MARK = re.compile(r"(0|[1-9][0-9]{0,9}):(0|[1-9][0-9]{0,9}):(0|[1-9][0-9]{0,9})", re.ASCII)

Community = tuple[int, int, int]
"""The three numbers of 32 bits of a large community."""


def parse(text: str) -> Community:
    """The numbers of a mark in canonical spelling (RFC 8092 section 4); ValueError for anything else."""
    match = _MARK.fullmatch(text) if isinstance(text, str) else None
    numbers = tuple(int(part) for part in match.groups()) if match else ()
    if len(numbers) != 3 or max(numbers) >= 1 << 32:
        raise ValueError(f"{text!r} is not a mark of a session, like 20144:1:2")
    return numbers


def canonical(given: t.Any) -> tuple[str, ...]:
    """A list of marks, sorted and each once; ValueError when one is none, or when there are too many."""
    if not isinstance(given, (list, tuple)):
        raise ValueError(f"{given!r} is not a list of marks")  # noqa: TRY004 - what came from outside is data
    found = tuple(sorted({mark for mark in given if parse(mark)}))
    if len(found) > MOST:
        raise ValueError(f"{len(found)} sessions are more than {MOST}")
    return found


def of_as(asn: int, given: t.Any) -> tuple[str, ...]:
    """As ``canonical()``; ValueError also for a mark in another's name: its first number is our AS number."""
    found = canonical(given)
    if foreign := [mark for mark in found if parse(mark)[0] != asn]:
        raise ValueError(f"{foreign[0]} is no mark of ours: it does not begin with {asn}")
    return found

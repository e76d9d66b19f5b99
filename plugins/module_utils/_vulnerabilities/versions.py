# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Versions of Debian packages and their order, ``[epoch:]upstream[-revision]``: deb-version(7), "Sorting algorithm".

Letter for letter what ``dpkg --compare-versions`` says, which tests ask; a controller need not have it.
"""

from __future__ import annotations

import functools
import itertools
import re
import typing as t

_VALID = re.compile(r"(?:[0-9]{1,9}:)?[0-9](?:[A-Za-z0-9.+~-]{0,200}[A-Za-z0-9.+~])?", re.ASCII)
"""As Debian's archive takes it: upstream begins with a digit, has no colon, and no revision is empty."""
_PARTS = re.compile(r"([^0-9]*)([0-9]*)")
_END = 0
"""The end of what has no digits sorts after a tilde and before all else; what is not there is the number 0."""


def is_version(text: object) -> bool:
    """Whether this is a version that can be compared."""
    return isinstance(text, str) and bool(_VALID.fullmatch(text))


def compare(one: str, other: str) -> int:
    """Below 0 where ``one`` is older than ``other``, 0 where they are the same. ValueError for what is no version."""
    for ours, theirs in zip(_parts(one), _parts(other), strict=True):
        for left, right in itertools.zip_longest(ours, theirs, fillvalue=0):
            if left != right:
                return -1 if left < right else 1
    return 0


def older(one: str, other: str) -> bool:
    """Whether ``one`` comes before ``other``. ValueError for what is no version."""
    return compare(one, other) < 0


def newest(versions: t.Iterable[str]) -> str:
    """The last one; ValueError where there is none."""
    return max(versions, key=functools.cmp_to_key(compare))


@functools.lru_cache(maxsize=4096)
def _parts(version: str) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Epoch, upstream version and revision, each as numbers to compare one by one."""
    if not is_version(version):
        raise ValueError(f"{version[:80]!r} is no version of a Debian package, such as 2.17.1-1 or 1:9.2p1-2+deb12u3")
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    upstream, dash, revision = rest.rpartition("-")
    if not dash:
        upstream, revision = rest, ""
    return (int(epoch),), _numbers(upstream), _numbers(revision)


def _numbers(text: str) -> tuple[int, ...]:
    """Turns of the letters of what has no digits, their end, and a number."""
    return tuple(
        number for letters, digits in _PARTS.findall(text) for number in (*map(_place, letters), _END, int(digits or 0))
    )


def _place(letter: str) -> int:
    """A tilde before the end, letters before everything else."""
    if letter == "~":
        return -1
    return ord(letter) if letter.isalpha() else ord(letter) + 256

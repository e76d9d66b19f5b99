# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""DS records of the root zone: what validation on the node starts from (RFC 4034 section 5.3, RFC 4509, RFC 6605)."""

from __future__ import annotations

import re
import typing as t

from .errors import Problem
from .shape import show

if t.TYPE_CHECKING:
    from .document import Document

DIGEST_LENGTHS = {2: 64, 4: 96}
"""Hexadecimal digits of the digest types in use: SHA-256 and SHA-384. SHA-1 is not to be trusted (RFC 8624)."""

_DS = re.compile(
    r"(?P<owner>\S+)\s+(?:[0-9]+\s+)?(?:IN\s+)?(?:[0-9]+\s+)?DS\s+"
    r"(?P<tag>[0-9]{1,5})\s+(?P<algorithm>[0-9]{1,3})\s+(?P<type>[0-9]{1,3})\s+(?P<digest>[0-9A-Fa-f\s]+)",
    re.IGNORECASE | re.ASCII,
)
_RIGHT = "write it as: . IN DS 20326 8 2 and the digest"


class Anchors(t.NamedTuple):
    """Trust anchors in presentation format, and what is wrong with others."""

    records: tuple[str, ...]
    problems: tuple[Problem, ...] = ()


def parse(file: str, content: bytes) -> Anchors:
    """Read a file of DS records, one a line; ``;`` begins a comment."""
    records: list[str] = []
    problems: list[Problem] = []
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        text = line.partition(";")[0].strip()
        if not text:
            continue
        wrong = _fault(text)
        if wrong:
            problems.append(Problem(file, number, "", wrong))
        else:
            records.append(_canonical(text))
    if not records and not problems:
        problems.append(Problem(file, 0, "", f"holds no DS record; {_RIGHT}"))
    return Anchors(tuple(dict.fromkeys(records)), tuple(problems))


def of_fleet(fleet: Document) -> Anchors:
    """The records that the fleet's file itself lists under ``trust_anchors``."""
    records: list[str] = []
    problems: list[Problem] = []
    for index, text in enumerate((fleet.data or {}).get("trust_anchors") or ()):
        if text is None:
            continue
        wrong = _fault(text.strip())
        if wrong:
            problems.append(fleet.problem(("trust_anchors", index), wrong))
        else:
            records.append(_canonical(text.strip()))
    return Anchors(tuple(dict.fromkeys(records)), tuple(problems))


def _fault(text: str) -> str | None:
    found = _DS.fullmatch(text)
    if not found:
        return f"{show(text)} is not a DS record; {_RIGHT}"
    if found["owner"] != ".":
        return f"{show(found['owner'])} is not the root zone; trust starts at the root, {_RIGHT}"
    if int(found["tag"]) > 65535 or int(found["algorithm"]) > 255:
        return f"{show(text)} is not a DS record; key tags end at 65535, algorithms at 255"
    wanted = DIGEST_LENGTHS.get(int(found["type"]))
    if wanted is None:
        return f"{int(found['type'])} is not a digest type in use; take 2 (SHA-256) or 4 (SHA-384)"
    digits = len("".join(found["digest"].split()))
    return None if digits == wanted else f"has a digest of {digits} digits; type {found['type']} has {wanted}"


def _canonical(text: str) -> str:
    found = t.cast("re.Match[str]", _DS.fullmatch(text))
    numbers = " ".join(str(int(found[name])) for name in ("tag", "algorithm", "type"))
    return f". IN DS {numbers} {''.join(found['digest'].split()).upper()}"

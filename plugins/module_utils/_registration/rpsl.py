# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Objects in RPSL (RFC 2622 section 2), as routing registries dump them and as whois servers answer."""

from __future__ import annotations

import re
import typing as t

from .finding import Unreadable, shown

_ATTRIBUTE = re.compile(r"([A-Za-z][A-Za-z0-9_-]*):(.*)")
_CONTINUED = (" ", "\t", "+")


class Attribute(t.NamedTuple):
    """``name: value``, without comments, continuation lines joined by a blank. Names are in small letters."""

    name: str
    value: str
    line: int


class Object(t.NamedTuple):
    """One object; its class is the name of its first attribute."""

    attributes: tuple[Attribute, ...]

    @property
    def kind(self) -> str:
        """``route``, ``route6``, ``as-set`` and the like."""
        return self.attributes[0].name

    @property
    def key(self) -> str:
        """The value of its first attribute."""
        return self.attributes[0].value

    @property
    def line(self) -> int:
        """Where it begins; lines are counted from 1."""
        return self.attributes[0].line

    def values(self, name: str) -> list[str]:
        """All values of an attribute."""
        return [each.value for each in self.attributes if each.name == name]


def objects(text: str, name: str) -> t.Iterator[Object]:
    """All objects of the file ``name``, in their order. Unreadable names the line that is no RPSL.

    A server's remarks (``%``) and comments on a line of their own are not part of an object, and do not end one.
    """
    found: list[Attribute] = []
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.rstrip()
        if not line:
            yield from _whole(found)
            found = []
        elif line[0] in "%#":
            continue
        elif line[0] in _CONTINUED:
            if not found:
                raise Unreadable(
                    f"{name}:{number}: continues nothing; give the answer or the dump of a registry, unchanged"
                )
            last = found[-1]
            found[-1] = last._replace(value=f"{last.value} {_bare(line[1:])}".strip())
        else:
            parts = _ATTRIBUTE.fullmatch(line)
            if not parts:
                raise Unreadable(
                    f"{name}:{number}: {shown(line)} is no attribute (name: value); give the answer or the dump of a "
                    "registry, unchanged"
                )
            found.append(Attribute(parts[1].lower(), _bare(parts[2]), number))
    yield from _whole(found)


def _whole(found: list[Attribute]) -> list[Object]:
    return [Object(tuple(found))] if found else []


def _bare(text: str) -> str:
    """Without a comment."""
    return text.partition("#")[0].strip()

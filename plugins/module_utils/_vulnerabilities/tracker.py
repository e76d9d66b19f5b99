# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The file of Debian's security tracker: which versions of which source packages have which vulnerability.

Its address is https://security-tracker.debian.org/tracker/data/json, and it is one line of JSON, some 75 MB::

    {"openssl": {"CVE-2099-0001": {"description": "…", "scope": "remote", "debianbug": 1140000, "releases": {
      "trixie": {"status": "resolved", "fixed_version": "3.5.1-1+deb13u1", "urgency": "not yet assigned",
                 "repositories": {"trixie": "3.5.1-1", "trixie-security": "3.5.1-1+deb13u1"}},
      "bookworm": {"status": "open", "urgency": "low", "repositories": {…}, "nodsa": "Minor issue"}}}}}

(tracker_service.py of the tracker's own source.) ``status`` is ``open``, ``resolved`` or ``undetermined``, of the
version that is in the archive; ``fixed_version`` is the first one of the release without it, ``0`` where none
ever had. A key without a value is left out. Read package by package, so that what no node has takes no memory.
"""

from __future__ import annotations

import json
import re
import typing as t

from . import versions

ADDRESS = "https://security-tracker.debian.org/tracker/data/json"
AGAIN = f"download {ADDRESS} again"

MOST = 256 * 2**20
"""Octets of a file that is read; the tracker's has 75 MB, and needs three times that in memory."""

OPEN, RESOLVED, UNDETERMINED = "open", "resolved", "undetermined"
_STATES = (OPEN, RESOLVED, UNDETERMINED)
UNIMPORTANT = "unimportant"
"""The urgency of what Debian takes for no danger."""
_LONGEST = 200
_ID = re.compile(r"[A-Z]{2,8}-[0-9A-Za-z-]{4,30}", re.ASCII)
"""``CVE-2026-12246``, or ``TEMP-1078880-B06E40`` of what has no number yet."""
_SPACE = re.compile(r"[ \t\n\r]*")


class Unreadable(ValueError):  # noqa: N818 - it is what the file is
    """The file is not the tracker's; says where, and what to do."""


class Vulnerability(t.NamedTuple):
    """One vulnerability of one source package, in one release of Debian."""

    id: str
    status: str
    """Of the version in the archive: one of ``open``, ``resolved``, ``undetermined``."""
    fixed: str
    """The first version without it; empty where there is none."""
    urgency: str
    note: str
    """Why Debian makes no advisory of its own of it; may be empty."""
    description: str
    """What it is, shortened."""

    def affects(self, version: str) -> bool:
        """Whether this version has it, or may have it. What is open is open in older versions, too."""
        return self.status != RESOLVED or versions.older(version, self.fixed)


class Source(t.NamedTuple):
    """What the file has of one source package."""

    vulnerabilities: tuple[Vulnerability, ...]
    archive: str
    """The newest version that the archive has in this release, by the file; empty where it does not say."""


def text_of(data: bytes, name: str) -> str:
    """The file ``name`` as text. Unreadable names what it is instead."""
    if len(data) > MOST:
        raise Unreadable(f"{name}: has more than {MOST >> 20} MB, and the tracker's has some 75; {AGAIN}")
    for start, what in _OTHERS.items():
        if data.lstrip().startswith(start):
            raise Unreadable(f"{name}: {what}")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{name}: is no UTF-8 at octet {error.start}; {AGAIN}") from None


_NO_VERSION = f"it does not say which version mends what in this release; download {ADDRESS} instead"
_OTHERS = {
    b"\x1f\x8b": "is compressed; unpack it by gunzip",
    b"VERSION 1": f"is debsecan's own list, and {_NO_VERSION}",
    b"\x78\x9c": f"is compressed, as debsecan's own list is, and {_NO_VERSION}",
    b"\x78\xda": f"is compressed, as debsecan's own list is, and {_NO_VERSION}",
    b"CVE-": f"is what debsecan prints, and {_NO_VERSION}",
    b"<": f"is a web page; {AGAIN}",
}
"""By what a file begins with: what it is, and what to do."""


def read(text: str, name: str, known: t.Collection[str], release: str) -> dict[str, Source]:
    """What the file ``name`` says of the source packages ``known``, in a release by its code name.

    A package that is not in the file is not in the answer. Unreadable names the package and vulnerability that cannot
    be understood; a file that has nothing of any of them is not whole, as every fleet has had some.
    """
    reader = _Reader(text, name)
    found: dict[str, Source] = {}
    for package in reader.members("the file"):
        if package not in known:
            reader.value()
            continue
        vulnerabilities, archive = [], set[str]()
        for number in reader.members(package):
            where = f"{name}: {package}: {number[:40]}"
            entry = reader.value()
            try:
                vulnerability = _vulnerability(number, entry, release)
                archive |= _archive(entry, release)
            except ValueError as error:
                raise Unreadable(f"{where}: {error}; {AGAIN}") from None
            vulnerabilities += [] if vulnerability is None else [vulnerability]
        if vulnerabilities:  # else it is of other releases alone
            found[package] = Source(tuple(vulnerabilities), versions.newest(archive) if archive else "")
    reader.end()
    if not found:
        raise Unreadable(f"{name}: has nothing of any package that the nodes have in {release}; {AGAIN}")
    return found


def _vulnerability(number: str, entry: t.Any, release: str) -> Vulnerability | None:
    """One vulnerability; None where the file says nothing of this release. ValueError that says what is wrong."""
    if not _ID.fullmatch(number):
        raise ValueError("is no number of a vulnerability, such as CVE-2026-12246")
    state = _of_release(entry, release)
    if state is None:
        return None
    status, fixed = state.get("status"), state.get("fixed_version", "")
    if status not in _STATES:
        raise ValueError(f"releases.{release}.status: {str(status)[:40]!r} is none of {', '.join(_STATES)}")
    if status == RESOLVED and not fixed:  # it was never in this release: what is in the archive does not have it
        fixed = versions.newest(_archive(entry, release) or {"0"})
    if status == RESOLVED and not versions.is_version(fixed):
        raise ValueError(f"releases.{release}.fixed_version: {str(fixed)[:40]!r} is no version of a Debian package")
    return Vulnerability(
        id=number,
        status=status,
        fixed=fixed if status == RESOLVED else "",
        urgency=_words(state.get("urgency", "")),
        note=_words(state.get("nodsa", "")),
        description=_words(entry.get("description", "")),
    )


def _of_release(entry: t.Any, release: str) -> dict[str, t.Any] | None:
    releases = entry.get("releases") if isinstance(entry, dict) else None
    if not isinstance(releases, dict):
        raise ValueError("releases: is not there, or no mapping")  # noqa: TRY004 - told like the others
    state = releases.get(release)
    if state is not None and not isinstance(state, dict):
        raise ValueError(f"releases.{release}: is no mapping")
    return state


def _archive(entry: t.Any, release: str) -> set[str]:
    """The versions in the archive: in ``trixie``, ``trixie-security`` and so on."""
    state = _of_release(entry, release)
    if state is None:
        return set()
    found = state.get("repositories") or {}
    if not isinstance(found, dict) or not all(map(versions.is_version, found.values())):
        raise ValueError(f"releases.{release}.repositories: is no mapping to versions")
    return set(found.values())


def _words(value: t.Any) -> str:
    """A text of others, in one line that a terminal may show."""
    clean = "".join(letter if letter.isprintable() else "?" for letter in " ".join(str(value).split()))
    return clean if len(clean) <= _LONGEST else f"{clean[: _LONGEST - 1]}…"


class _Reader:
    """Goes through a JSON text, and decodes only what it is asked for."""

    def __init__(self, text: str, name: str) -> None:
        self._text, self._name, self._at = text, name, 0
        self._decode = json.JSONDecoder().raw_decode
        self._in = ""

    def members(self, what: str) -> t.Iterator[str]:
        """The keys of the mapping that comes next; the caller takes the value of each before the next one."""
        self._take("{", f"no mapping, as {what} is to be")
        if self._peek() == "}":
            self._at += 1
            return
        while True:
            key = self.value()
            if not isinstance(key, str):
                raise self._wrong("no key in quotes")
            self._in = key if what == "the file" else self._in
            self._take(":", "no colon after a key")
            yield key
            if self._peek() == "}":
                self._at += 1
                return
            self._take(",", "neither a comma nor the end of a mapping")

    def value(self) -> t.Any:
        """The value that comes next, decoded."""
        self._peek()
        try:
            found, self._at = self._decode(self._text, self._at)
        except json.JSONDecodeError as error:
            self._at = error.pos
            raise self._wrong(error.msg) from None
        except (RecursionError, ValueError):  # too deep, or a number of thousands of digits
            raise self._wrong("what nobody would write") from None
        return found

    def end(self) -> None:
        """There is nothing more."""
        if self._peek():
            raise self._wrong("something after its end")

    def _peek(self) -> str:
        """The next letter that is no space; empty at the end."""
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at
        return self._text[self._at : self._at + 1]

    def _take(self, letter: str, otherwise: str) -> None:
        if self._peek() != letter:
            raise self._wrong(otherwise)
        self._at += 1

    def _wrong(self, what: str) -> Unreadable:
        line = self._text.count("\n", 0, self._at) + 1
        near = f", in {self._in[:40]!r}" if self._in else ""
        ends = self._at >= len(self._text) or what.startswith("Unterminated")
        cut = ", where it ends: it is not whole" if ends else ""
        return Unreadable(
            f"{self._name}:{line}: is no JSON of the tracker at character {self._at + 1}{near}{cut} ({what}); {AGAIN}"
        )

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""All sources together: what each says of each prefix, what is wrong, and what nobody has looked at."""

from __future__ import annotations

import dataclasses
import json
import textwrap
import typing as t

from .. import _addressing as addressing
from . import irr, peeringdb, rpki
from .finding import DAY, HOUR, Bounds, Finding, Unreadable, Wanted, age, stale

FORMAT = 1
WIDTH = 110
READ, UNREADABLE, UNCHECKED = "read", "unreadable", "not checked"

Given: t.TypeAlias = t.Mapping[str, t.Any]
"""One input: ``name`` of its file, ``modified`` (Unix time of its last change), and ``text`` or ``error``."""


class Answer(t.NamedTuple):
    """What an input says, once it is understood."""

    made: float | None
    """Unix time, by its own word."""
    cells: dict[str, str]
    """By prefix, in a few words."""
    findings: tuple[Finding, ...]
    note: str = ""
    """What it could not say."""


@dataclasses.dataclass(frozen=True)
class Section:
    """One source, judged."""

    key: str
    title: str
    status: str
    """READ, UNREADABLE or UNCHECKED."""
    note: str
    """Its age, or why nothing is known."""
    cells: dict[str, str] = dataclasses.field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


@dataclasses.dataclass(frozen=True)
class Report:
    """What was found, when (Unix time), and for whom."""

    wanted: Wanted
    now: float
    sections: tuple[Section, ...]

    @property
    def problems(self) -> list[str]:
        """Every finding in a sentence, with its source."""
        return [f"{each.title}: {finding.words}" for each in self.sections for finding in each.findings]

    @property
    def unreadable(self) -> list[str]:
        """Why inputs could not be understood."""
        return [each.note for each in self.sections if each.status == UNREADABLE]

    @property
    def unchecked(self) -> list[str]:
        """Sources of which there is no input."""
        return [each.title for each in self.sections if each.status == UNCHECKED]

    @property
    def sound(self) -> bool:
        """Was everything looked at, and is all of it as it should be?"""
        return not (self.problems or self.unreadable or self.unchecked)

    @property
    def summary(self) -> str:
        """All of it in a line."""
        number = len(self.problems)
        told = [f"{number} finding{'' if number == 1 else 's'}"] if number else []
        told += [f"{each.title} could not be read" for each in self.sections if each.status == UNREADABLE]
        told += [f"not checked: {', '.join(self.unchecked)}"] if self.unchecked else []
        return "; ".join(told) or f"{len(self.wanted.prefixes)} prefixes are registered as they are announced"


def _rpki(text: str, name: str, wanted: Wanted, now: float, bounds: Bounds) -> Answer:
    roas = rpki.read(text, name, wanted)
    cells = {text: rpki.validity(roas.vrps, prefix, wanted.asn) for text, prefix in wanted.networks.items()}
    return Answer(roas.made, cells, tuple(rpki.findings(roas, wanted, now, bounds.roa_hours * HOUR)))


def _irr(text: str, name: str, wanted: Wanted, _now: float, _bounds: Bounds) -> Answer:
    found = irr.read(text, name, wanted)
    there = {each: irr.sources(found, prefix, wanted.asn) for each, prefix in wanted.networks.items()}
    cells = {each: ", ".join(where) or "missing" for each, where in there.items()}
    is_set = wanted.irr_object and not wanted.irr_object[2:].isdecimal()
    note = (
        f"{wanted.irr_object} is not in it, so its members are not checked" if is_set and found.members is None else ""
    )
    return Answer(None, cells, tuple(irr.findings(found, wanted)), note)


def _peeringdb(text: str, name: str, wanted: Wanted, _now: float, _bounds: Bounds) -> Answer:
    found = peeringdb.read(text, name, wanted)
    limits = {family: (found.limits or {}).get(family) for family in addressing.FAMILIES}
    told = {family: "no limit" if limit is None else f"limit {limit}" for family, limit in limits.items()}
    cells = {each: told[addressing.family_of(each)] for each in wanted.prefixes}
    return Answer(found.made, cells, tuple(peeringdb.findings(found, wanted)))


_SOURCES: dict[str, tuple[str, t.Callable[..., Answer], str, str]] = {
    "rpki": ("RPKI", _rpki, "rpki_hours", "run the validator again"),
    "irr": ("IRR", _irr, "days", "ask the registry again"),
    "peeringdb": ("PeeringDB", _peeringdb, "days", "ask PeeringDB again"),
}
"""By the key of the input: title, reader, name of the bound of its age, and how it is renewed."""

KEYS = tuple(_SOURCES)


def judge(inputs: t.Mapping[str, Given], wanted: Wanted, now: float, bounds: Bounds = Bounds()) -> Report:  # noqa: B008
    """Judge what there is of ``inputs``, by KEYS. ``now``: Unix time of when they were read."""
    return Report(wanted, now, tuple(_section(key, inputs.get(key), wanted, now, bounds) for key in KEYS))


def _section(key: str, given: Given | None, wanted: Wanted, now: float, bounds: Bounds) -> Section:
    title, reader, bound, how = _SOURCES[key]
    if not given:
        return Section(key, title, UNCHECKED, f"no file is given as {key}")
    if given.get("error"):
        return Section(key, title, UNREADABLE, f"{given['name']}: {given['error']}")
    try:
        answer = reader(given["text"], str(given["name"]), wanted, now, bounds)
    except Unreadable as error:
        return Section(key, title, UNREADABLE, str(error))
    made = float(given["modified"]) if answer.made is None else answer.made
    old = stale(made, now, getattr(bounds, bound) * (HOUR if bound == "rpki_hours" else DAY), how)
    by = "by the date of its file" if answer.made is None else "by its own word"
    when = f"{age(now - made)} ago" if made <= now else f"{age(made - now)} from now"
    note = f"made {when}, {by}" + (f"; {answer.note}" if answer.note else "")
    return Section(key, title, READ, note, answer.cells, (*old, *answer.findings))


def to_json(report: Report) -> str:
    """The text of ``registration.json``: for programs."""
    value = {
        "format": FORMAT,
        "judged": report.now,
        "asn": report.wanted.asn,
        "prefixes": list(report.wanted.prefixes),
        "sound": report.sound,
        "summary": report.summary,
        "sources": [
            {**dataclasses.asdict(each), "findings": [finding._asdict() for finding in each.findings]}
            for each in report.sections
        ],
    }
    return json.dumps(value, indent=2) + "\n"


def table(report: Report) -> str:
    """For a terminal of 110 columns: prefix by source, then what is known of the sources, and what is wrong."""
    lines = [_row("prefix", *(each.title for each in report.sections))]
    for prefix in report.wanted.prefixes:
        cells = (each.cells.get(prefix, each.status) for each in report.sections)
        lines.append(_row(prefix, *cells))
    lines.append("")
    lines += (line for each in report.sections for line in _wrapped(each.title, f"{each.status}: {each.note}"))
    lines += (line for each in report.sections for found in each.findings for line in _wrapped(each.title, found.words))
    return "\n".join([*lines, f"AS{report.wanted.asn}: {report.summary}"])


def _row(prefix: str, *cells: str) -> str:
    return f"{prefix:<24}{''.join(f'{cell[:26]:<28}' for cell in cells)}".rstrip()


def _wrapped(title: str, text: str) -> list[str]:
    clean = "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))
    return textwrap.wrap(
        clean, WIDTH, initial_indent=f"{title:<11}", subsequent_indent=" " * 11, break_on_hyphens=False
    )

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The whole of a fleet: parsed files in, everything derived from them out, or every problem of every file at once."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import typing as t

from . import addresses, derive, document, onboarding, record, rules, schema, shape
from . import anchors as anchors_
from .errors import Problem, SiteError

if t.TYPE_CHECKING:
    from .contract import SiteRecord
    from .document import Document
    from .host_variables import HostVariables

_FLEET = shape.Mould(schema.FLEET)
_SITE = shape.Mould(schema.SITE)


@dataclasses.dataclass(frozen=True)
class Fleet:
    """What follows from sound files. For reading only: equal parts are shared."""

    name: str
    hosts: dict[str, HostVariables]
    """Host variables (docs/architecture.md) by node and router, in the order of the files; routers of a site first."""
    sites: tuple[SiteRecord, ...]
    """Records for documents, sorted by site."""
    warnings: tuple[Problem, ...]
    """What is allowed, and hardly meant; sorted."""


def missing_libraries() -> tuple[str, ...]:
    """Python libraries that this room needs and that are not installed, by the names that pip knows."""
    found = (
        ("PyYAML", document.HAS_YAML),
        ("jsonschema", shape.HAS_JSONSCHEMA),
        ("netaddr", addresses.HAS_NETADDR),
    )
    return tuple(name for name, there in found if not there)


def anchor_file(fleet: Document) -> str | None:
    """The file of trust anchors that the fleet names, for the caller to read."""
    named = (fleet.data or {}).get("trust_anchor_file")
    return named if isinstance(named, str) and named else None


def load(
    fleet: Document,
    sites: t.Iterable[Document],
    anchors: anchors_.Anchors | None = None,
    problems: t.Iterable[Problem] = (),
    today: str = onboarding.EVER,
) -> Fleet:
    """Check everything, and derive. ``anchors`` are those read from a file, if any; ``problems`` the caller's own.

    ``today`` is the day (``YYYY-MM-DD``) on which this is asked: a step of the onboarding dated later is not done.
    Sheets are taken one by one, and not kept: an iterator that parses them needs the memory of one.
    Raises SiteError with all problems: a fleet with one wrong sheet has no hosts at all.
    """
    with _no_collector():
        return _load(fleet, sites, anchors, problems, today)


def _load(
    fleet: Document,
    sites: t.Iterable[Document],
    anchors: anchors_.Anchors | None,
    problems: t.Iterable[Problem],
    today: str,
) -> Fleet:
    shaped = _FLEET.shape(fleet)
    judge = rules.Judge(shaped.document, today)
    trusted = anchors_.of_fleet(shaped.document) if anchors is None else anchors
    every = [
        *problems,
        *shaped.problems,
        *judge.fleet(),
        *trusted.problems,
        *_anchor_problems(fleet, given=anchors is not None),
    ]
    warnings: list[Problem] = []
    derived = None if every else _Derived(_data(shaped.document), trusted.records, today)
    for site in sites:
        sound = _SITE.shape(site)
        known = {(problem.file, problem.field) for problem in sound.problems}  # and what was taken out is not missing
        every += [*sound.problems, *(one for one in judge.site(sound.document) if (one.file, one.field) not in known)]
        if derived and not every:
            warnings += judge.site_warnings(sound.document)
            derived.add(_data(sound.document))
    every += judge.end()
    if every or not derived:
        raise SiteError(every)
    return derived.fleet([*warnings, *judge.warnings()])


@contextlib.contextmanager
def _no_collector() -> t.Iterator[None]:
    """Without Python's cyclic collector: plain data has no cycles, and walking all of it again and again, while it
    grows, is what would make 20,000 sites take longer than ten times 2,000."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Derived:
    """What follows from the sheets so far."""

    def __init__(self, fleet: derive.Sheet, anchors: t.Sequence[str], today: str) -> None:
        self._name = fleet["fleet"]
        self._variables, self._records = derive.Deriver(fleet, anchors, today), record.Recorder(fleet, today)
        self._hosts: dict[str, HostVariables] = {}
        self._sites: list[SiteRecord] = []

    def add(self, site: derive.Sheet) -> None:
        hosts = self._variables.hosts(site)
        self._hosts |= hosts
        self._sites.append(self._records.record(site, hosts))

    def fleet(self, warnings: t.Iterable[Problem]) -> Fleet:
        return Fleet(
            name=self._name,
            hosts=self._hosts,
            sites=tuple(sorted(self._sites, key=lambda found: found["site"])),
            warnings=tuple(sorted(set(warnings))),
        )


def _data(sound: Document) -> derive.Sheet:
    return t.cast(derive.Sheet, sound.data)


def _anchor_problems(fleet: Document, *, given: bool) -> t.Iterator[Problem]:
    if fleet.data is None:
        return
    ways = [key for key in ("trust_anchors", "trust_anchor_file") if key in fleet.data]
    if len(ways) == 2:
        yield fleet.problem(("trust_anchors",), "stands beside trust_anchor_file; keep one of them")
    if not ways and not given:
        yield fleet.problem((), "has neither trust_anchors nor trust_anchor_file; give one of them")

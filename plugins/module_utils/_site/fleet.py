# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The whole of a fleet: parsed files in, host variables out, or every problem of every file at once."""

from __future__ import annotations

import typing as t

from . import anchors as anchors_
from . import derive, document, rules, schema, shape
from .errors import Problem, SiteError

if t.TYPE_CHECKING:
    from .document import Document


def missing_libraries() -> tuple[str, ...]:
    """Python libraries that this room needs and that are not installed, by the names that pip knows."""
    found = (("PyYAML", document.HAS_YAML), ("jsonschema", shape.HAS_JSONSCHEMA))
    return tuple(name for name, there in found if not there)


def anchor_file(fleet: Document) -> str | None:
    """The file of trust anchors that the fleet names, for the caller to read."""
    named = (fleet.data or {}).get("trust_anchor_file")
    return named if isinstance(named, str) and named else None


def hosts(
    fleet: Document,
    sites: t.Sequence[Document],
    anchors: anchors_.Anchors | None = None,
    problems: t.Iterable[Problem] = (),
) -> dict[str, derive.Variables]:
    """Host variables by node. ``anchors`` are those read from a file, if any; ``problems`` the caller's own.

    Raises SiteError with all problems: a fleet with one wrong sheet has no hosts at all.
    """
    sound_fleet, found = shape.shape(fleet, schema.FLEET)
    shaped = [shape.shape(site, schema.SITE) for site in sites]
    sound_sites = [item.document for item in shaped]
    every = [*problems, *found, *(problem for item in shaped for problem in item.problems)]
    every += rules.fleet_problems(sound_fleet)
    for site in sound_sites:
        every += rules.site_problems(site, sound_fleet)
    every += rules.fleet_wide_problems(sound_fleet, sound_sites)
    trusted = anchors_.of_fleet(sound_fleet) if anchors is None else anchors
    every += [*trusted.problems, *_anchor_problems(fleet, given=anchors is not None)]
    if every:
        raise SiteError(every)
    return {
        node["node"]: derive.host_variables(_data(sound_fleet), _data(site), node, trusted.records)
        for site in sound_sites
        for node in _data(site)["nodes"]
    }


def _data(sound: Document) -> derive.Variables:
    return t.cast(derive.Variables, sound.data)


def _anchor_problems(fleet: Document, *, given: bool) -> t.Iterator[Problem]:
    if fleet.data is None:
        return
    ways = [key for key in ("trust_anchors", "trust_anchor_file") if key in fleet.data]
    if len(ways) == 2:
        yield fleet.problem(("trust_anchors",), "stands beside trust_anchor_file; keep one of them")
    if not ways and not given:
        yield fleet.problem((), "has neither trust_anchors nor trust_anchor_file; give one of them")

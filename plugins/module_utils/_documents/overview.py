# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The fleet at a glance: counts, the map and the table. Pure: a fleet in, the page's data out.

`roles/documents/templates/index.html.j2` prints it.
"""

from __future__ import annotations

import collections
import math
import typing as t

from .._site import lifetimes
from . import proven, world
from . import sheet_words as words

if t.TYPE_CHECKING:
    from .._site.contract import SiteRecord
    from .._site.fleet import Fleet

Page = dict[str, t.Any]

_SIZES = ((60, 15.0), (400, 11.0))
_SMALLEST = 8.0
"""Radius of a site's symbol, in map units, by how many sites there are."""


def page(fleet: Fleet, tests: proven.Tests | None = None) -> Page:
    """Data of the fleet page. Names hosts and places; holds no contact and no address.

    ``tests``: the reports on the nodes, or None without any. States are planned, unless they are called proven.
    """
    rows = [_row(record, tests or proven.Tests()) for record in fleet.sites]
    counts = collections.Counter(row["state"] for row in rows)
    nodes = sum(len(row["nodes"]) for row in rows)
    radius = next((size for most, size in _SIZES if len(rows) <= most), _SMALLEST)
    return {
        "title": f"IMRS fleet {fleet.name}",
        "fleet": fleet.name,
        "summary": f"{words.counted(len(rows), 'site')} with {words.counted(nodes, 'node')} in "
        f"{words.counted(len({row['country'] for row in rows}), 'country', 'countries')}",
        "states": [
            {"key": key, "title": state.title, "meaning": state.meaning, "count": counts[key]}
            for key, state in words.STATES.items()
        ],
        "clusters": sum(row["kind"] == "cluster" for row in rows),
        "map": {
            "width": world.WIDTH,
            "height": world.southern_edge([record["location"]["latitude"] for record in fleet.sites]),
            "radius": radius,
            "dots": _dots(fleet.sites, radius),
        },
        "rows": rows,
        "keys": _keys(fleet),
        "filters": _filters(rows),
    }


def _row(record: SiteRecord, tests: proven.Tests) -> Page:
    """One line of the table."""
    location, onboarding, nodes = record["location"], record["onboarding"], record["nodes"]
    following = onboarding["next"]
    profiles = sorted({node["profile"]["name"] for node in nodes})
    used = {node[key] for node in nodes for key in ("nameserver", "routing")}
    providers = [key for key in words.PROVIDERS if key in used]
    return {
        "site": record["site"],
        "code": record["site"].upper(),
        "href": f"sites/{record['site']}.html",
        "city": location["city"],
        "country": location["country"],
        "region": location["region"],
        "region_title": words.REGIONS.get(location["region"], location["region"]),
        "host": record["host"]["name"],
        "host_type": words.HOSTS.get(record["host"]["type"], record["host"]["type"]),
        "state": record["state"],
        "state_title": words.STATES[record["state"]].title,
        "proven": proven.of_site(record, tests)._asdict(),
        "state_order": list(words.STATES).index(record["state"]),
        "kind": record["kind"],
        "nodes": [node["node"] for node in nodes],
        "profiles": profiles,
        "profile_titles": [words.name(profile) for profile in profiles],
        "providers": providers,
        "provider_titles": [words.PROVIDERS[key] for key in providers],
        "done": onboarding["done"],
        "total": len(onboarding["steps"]),
        "next": f"{following['title']} ({following['actor']})" if following else "",
    }


def _keys(fleet: Fleet) -> list[Page]:
    """Keys of each node by kind, those first that are to be rolled first, and before them those without a day."""
    nodes = [node for record in fleet.sites for node in record["nodes"]]
    found = [
        {
            "node": node["node"],
            "kind": lifetimes.KINDS[key["kind"]],
            "rolled": key["rolled"] or "not in the sheet",
            "roll_by": key["roll_by"] or "",
        }
        for node in nodes
        for key in node["keys"]
    ]
    return sorted(found, key=lambda row: (row["roll_by"], row["node"]))


def _dots(records: t.Sequence[SiteRecord], radius: float) -> list[Page]:
    """Symbols of the map. Those at one spot stand around it; what needs attention is drawn last, so on top."""
    at_spot: dict[tuple[int, int], list[SiteRecord]] = {}
    for record in records:
        x, y = _position(record)
        at_spot.setdefault((round(x / radius), round(y / radius)), []).append(record)
    dots = []
    for together in at_spot.values():
        for index, record in enumerate(together):
            x, y = _position(record)
            angle = 2 * math.pi * index / len(together)
            aside = 1.1 * radius if len(together) > 1 else 0.0
            state = words.STATES[record["state"]].title
            nodes = len(record["nodes"])
            kind = f"cluster of {words.counted(nodes, 'node')}" if record["kind"] == "cluster" else "single"
            dots.append(
                {
                    "site": record["site"],
                    "href": f"sites/{record['site']}.html",
                    "state": record["state"],
                    "kind": record["kind"],
                    "x": round(x + aside * math.cos(angle), 1),
                    "y": round(y + aside * math.sin(angle), 1),
                    "title": f"{record['site'].upper()}, {words.place(record)}: planned {state.lower()}, {kind}",
                }
            )
    return sorted(dots, key=lambda dot: (list(words.STATES).index(dot["state"]), dot["site"]))


def _position(record: SiteRecord) -> tuple[float, float]:
    return world.project(record["location"]["latitude"], record["location"]["longitude"])


def _filters(rows: t.Sequence[Page]) -> list[Page]:
    """The choices of each filter: only what is there, so that none of them comes up empty."""

    def of(key: str, label: str, titles: t.Mapping[str, str], used: set[str]) -> Page:
        order = [*titles, *sorted(used - set(titles))]
        return {
            "key": key,
            "label": label,
            "options": [{"value": value, "title": titles.get(value, value)} for value in order if value in used],
        }

    profiles = {name for row in rows for name in row["profiles"]}
    return [
        of(
            "state",
            "Planned",
            {key: state.title for key, state in words.STATES.items()},
            {row["state"] for row in rows},
        ),
        of("region", "Region", words.REGIONS, {row["region"] for row in rows}),
        of("profile", "Profile", {name: words.name(name) for name in sorted(profiles)}, profiles),
        of("provider", "Provider", words.PROVIDERS, {key for row in rows for key in row["providers"]}),
    ]

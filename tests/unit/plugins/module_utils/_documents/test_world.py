# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The projection is right, and the outline that is shipped is drawn in it."""

from __future__ import annotations

import itertools
import math
import re

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._documents import world
from site_records import ROOT

OUTLINE = (ROOT / "roles/documents/templates/parts/world.svg.j2").read_text(encoding="utf-8")


def rings() -> list[list[tuple[int, int]]]:
    """The points of every closed line of the outline: `M` is absolute, `l` goes on from there."""
    path = re.search(r' d="([^"]+)"', OUTLINE)[1]
    found = []
    for part in re.findall(r"M([^Mz]+)z", path):
        start, _, steps = part.partition("l")
        x, y = (int(number) for number in start.split())
        ring = [(x, y)]
        numbers = [int(number) for number in re.findall(r"-?\d+", steps)]
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            ring.append((x, y))
        found.append(ring)
    return found


def vertices() -> list[tuple[int, int]]:
    return [vertex for ring in rings() for vertex in ring]


def test_the_corners_of_the_world() -> None:
    middle = world.HEIGHT / 2
    assert world.project(0, 0) == pytest.approx((world.WIDTH / 2, middle), abs=0.3)
    assert world.project(0, -180) == pytest.approx((0, middle), abs=0.3)
    assert world.project(0, 180) == pytest.approx((world.WIDTH, middle), abs=0.3)
    assert world.project(90, 0) == pytest.approx((world.WIDTH / 2, 0), abs=0.3)
    assert world.project(-90, 0)[1] == pytest.approx(world.HEIGHT, abs=0.5)


def test_it_is_equal_earth() -> None:
    """The poles are lines of 0.59247 times the equator's length, and the map is 2.05458 times as wide as high."""
    pole = world.project(90, 180)[0] - world.project(90, -180)[0]
    proportions = world.WIDTH / world.HEIGHT
    assert pole / world.WIDTH == pytest.approx(0.59247, abs=1e-3)
    assert proportions == pytest.approx(2.05458, abs=2e-3)


def area(south: float, north: float, steps: int = 400) -> float:
    """Of the band between two latitudes on the map, one degree of longitude wide."""
    edges = [south + (north - south) * step / steps for step in range(steps + 1)]
    return sum(
        (world._raw(low, 1)[0] + world._raw(high, 1)[0]) / 2 * (world._raw(high, 0)[1] - world._raw(low, 0)[1])
        for low, high in itertools.pairwise(edges)
    )


@pytest.mark.parametrize(("south", "north"), [(0, 10), (30, 40), (60, 70)])
def test_areas_keep_their_size(south: float, north: float) -> None:
    on_earth = math.radians(1) * (math.sin(math.radians(north)) - math.sin(math.radians(south)))
    assert area(south, north) == pytest.approx(on_earth, rel=2e-3)


@pytest.mark.parametrize(
    ("cape", "latitude", "longitude"),
    [
        ("Agulhas", -34.8, 20.0),
        ("Horn, Tierra del Fuego", -55.6, -66.9),
        ("Cape York", -10.7, 142.5),
        ("Gibraltar", 36.0, -5.6),
        ("Singapore", 1.3, 104.2),
        ("Cape Comorin", 8.0, 77.5),
        ("Dakar", 14.7, -17.5),
    ],
)
def test_the_outline_is_where_the_sites_are(cape: str, latitude: float, longitude: float) -> None:
    place = world.project(latitude, longitude)
    assert min(math.dist(place, vertex) for vertex in vertices()) < 10, cape


def test_the_outline_is_inside_the_map_small_and_has_its_source() -> None:
    assert all(0 <= x <= world.WIDTH and 0 <= y <= world.HEIGHT + 1 for x, y in vertices())
    assert len(OUTLINE.encode()) < 40_000
    assert "Natural Earth" in OUTLINE
    assert "public domain" in OUTLINE


def test_no_line_of_the_outline_runs_across_the_whole_map() -> None:
    edges = [(a, b) for ring in rings() for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)]
    long = [a for a, b in edges if abs(a[0] - b[0]) > world.WIDTH / 4]
    assert all(y > world.HEIGHT - 5 for _, y in long), "only the South Pole's own line may"


def test_the_map_goes_as_far_south_as_the_sites() -> None:
    usual = world.southern_edge([51.5, -33.9])
    assert usual == world.southern_edge([])
    assert usual == round(world.project(-57, 0)[1])
    assert world.southern_edge([-62.2]) > world.project(-62.2, -58.9)[1] > usual - 40
    assert world.southern_edge([-90.0]) == pytest.approx(world.HEIGHT, abs=1)

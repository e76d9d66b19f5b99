# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Places on the map: the Equal Earth projection (Šavrič, Patterson and Jenny, 2018), in which areas keep their size.

The outline in `roles/documents/templates/parts/world.svg.j2` is drawn in the same units; tests hold the two together.
"""

from __future__ import annotations

import math
import typing as t

WIDTH = 2000
"""From 180° west to 180° east along the equator."""
HEIGHT = 973
"""From the North Pole to the South Pole."""

SOUTHERN_EDGE = -57.0
"""Degrees: below Cape Horn there is nothing but Antarctica, of which only so much is shown as has sites."""
_MARGIN = 5.0
"""Degrees between the southernmost site and the edge."""

_A1, _A2, _A3, _A4 = 1.340264, -0.081106, 0.000893, 0.003796
_M = math.sqrt(3) / 2


def _raw(latitude: float, longitude: float) -> tuple[float, float]:
    """On the unit sphere; both axes from the centre, north and east positive."""
    theta = math.asin(_M * math.sin(math.radians(latitude)))
    square = theta * theta
    sixth = square**3
    stretch = _M * (_A1 + 3 * _A2 * square + sixth * (7 * _A3 + 9 * _A4 * square))
    x = math.radians(longitude) * math.cos(theta) / stretch
    return x, theta * (_A1 + _A2 * square + sixth * (_A3 + _A4 * square))


_EAST = _raw(0, 180)[0]
_NORTH = _raw(90, 0)[1]
_SCALE = WIDTH / (2 * _EAST)


def project(latitude: float, longitude: float) -> tuple[float, float]:
    """Map units from the upper left corner, of degrees (WGS 84); latitude within ±90, longitude within ±180."""
    x, y = _raw(latitude, longitude)
    return round((x + _EAST) * _SCALE, 1), round((_NORTH - y) * _SCALE, 1)


def southern_edge(latitudes: t.Iterable[float]) -> int:
    """How far down the map has to be shown, in map units, so that it holds all of these."""
    lowest = min((latitude - _MARGIN for latitude in latitudes), default=SOUTHERN_EDGE)
    return round(project(max(min(SOUTHERN_EDGE, lowest), -90.0), 0)[1])

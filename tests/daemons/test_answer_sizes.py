# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""In each state of the root zone both nameservers truncate the same answers, and no others (docs/zone-states.md).

Needs root and the lab image.
"""

from __future__ import annotations

import typing as t

import pytest
from imrs_answer_sizes import SHAPES, Size, measured
from imrs_parity_bench import PROVIDERS
from imrslab.zone_states import STATES

if t.TYPE_CHECKING:
    import pathlib

LIMIT = 1232
KEYS, NO_NAME = "`. DNSKEY`", "no such name"
TRUNCATED = {"zsk-roll": {KEYS}, "revoked": {KEYS}, "signatures": {NO_NAME}, "double-2048": {NO_NAME}}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, dict[str, Size]]]:
    made: pathlib.Path = tmp_path_factory.mktemp("states")
    return measured(made)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_fits_is_not_truncated(found: dict[str, dict[str, dict[str, Size]]], state: str, provider: str) -> None:
    sizes = found[state][provider]
    assert {shape for shape in SHAPES if sizes[shape].truncated} == TRUNCATED.get(state, set())
    assert all(size.udp <= LIMIT for size in sizes.values())
    assert all(sizes[shape].tcp > LIMIT for shape in TRUNCATED.get(state, ()))

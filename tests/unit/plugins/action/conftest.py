# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets of nodes that nobody can reach."""

from __future__ import annotations

import typing as t

import pytest
from imrs_fleet import Fleet, node

if t.TYPE_CHECKING:
    import pathlib


@pytest.fixture(scope="session")
def make_node() -> t.Callable[..., dict[str, t.Any]]:
    return node


@pytest.fixture
def fleet(tmp_path: pathlib.Path) -> Fleet:
    return Fleet(tmp_path)


@pytest.fixture(scope="module")
def shared_fleet(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """For tests that only read what one run left."""
    return Fleet(tmp_path_factory.mktemp("fleet"))

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of nameservers share."""

from __future__ import annotations

import pathlib

import pytest
from imrs_parity_bench import sign


@pytest.fixture(scope="session")
def signed(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The folder of the zones, signed, and of their anchors; for reading only."""
    folder = tmp_path_factory.mktemp("signed")
    sign(folder)
    return folder

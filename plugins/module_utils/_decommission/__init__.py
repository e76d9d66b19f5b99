# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""How an appliance is given up for good: what is proven, silenced, wiped and told (docs/decommission.md)."""

from __future__ import annotations


class DecommissionError(Exception):
    """Why it does not go on, with what to do about it."""

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Upgrades in a second system that is booted once (docs/upgrade.md): which nodes, and what they change."""

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Drills: faults on a drained node, made on purpose, and whether the host's router saw it withdraw and come back."""

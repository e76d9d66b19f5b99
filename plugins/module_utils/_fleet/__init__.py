# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a person tells many nodes at once, and whether the fleet can spare them. Pure: nothing here asks a node."""

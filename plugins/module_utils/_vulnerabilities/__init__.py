# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Which nodes run a version with a known vulnerability: by files on the controller, without asking a node. Pure."""

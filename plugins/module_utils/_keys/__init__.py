# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""How the keys of a node are rolled while it is live (docs/keys.md). Pure: who asks is ``_probes``."""

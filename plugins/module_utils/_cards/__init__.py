# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""How the network cards of an appliance are set: queues, ring buffers, and what spreads questions over the queues."""

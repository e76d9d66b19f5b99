# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Whether the world's registries know our prefixes as we announce them: RPKI, routing registries (IRR), PeeringDB.

Pure: nothing here reads a file, asks anybody or looks at a clock. ``rpki``, ``irr`` and ``peeringdb`` each read one
kind of input and know its rules; ``report`` puts them together.
"""

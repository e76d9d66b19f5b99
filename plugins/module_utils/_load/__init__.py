# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What load a node that is out of service is offered, and what came of it (docs/load.md; requirements DN-52, 55, 56).

``standing`` says whether it may be loaded at all, ``plan`` what it is asked, ``judge`` what that proves; all are
pure. ``run`` has ``_probes`` ask.
"""

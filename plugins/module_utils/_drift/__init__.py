# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Where a node is not what was rendered for it: intent and evidence in, findings out.

Pure: nothing here reads a file, runs a command or looks at a clock. ``intent`` is a rendered tree with its manifest,
``wanted`` what the node is asked for, each subject has a module of its own, and ``report`` puts all of it together.
"""

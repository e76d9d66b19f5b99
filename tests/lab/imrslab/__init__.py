# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small internet on one machine, with no way out of it: the place where an appliance is taken live for trial."""

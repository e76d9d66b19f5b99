# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What hosts read: made of site records alone, without secrets. Knows neither Ansible nor the disk."""

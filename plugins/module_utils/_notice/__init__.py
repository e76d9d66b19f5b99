# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The notice to the host that its instance is in service: the last published step of the onboarding.

Pure: records, reports and times in; a decision, a message and a patch out. Source: requirements section 1.5, step 8
("once the installation is complete, ICANN DNS Engineering will notify the host").
"""

from __future__ import annotations


class NoticeError(Exception):
    """There can be no notice; the text says what is wrong and what to do."""

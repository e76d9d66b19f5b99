# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The release of Debian whose daemons, systemd and libraries the descriptors and the roles are true of.

Others were tried: docs/releases.md has what does not hold there.
"""

from __future__ import annotations

DISTRIBUTION, VERSION = "debian", "13"
"""``ID`` and ``VERSION_ID`` of os-release(5), of every node."""

CODENAME = "trixie"
"""As the archives of packages call it."""


def other_release(distribution: str, version: str) -> str:
    """What a machine runs that no node runs, such as ``debian 12``; empty where it is the release of nodes.

    Both as os-release(5) has them; empty where it does not say, and that is another release, too.
    """
    if (distribution, version) == (DISTRIBUTION, VERSION):
        return ""
    return f"{distribution} {version}".strip() or "an unknown system"

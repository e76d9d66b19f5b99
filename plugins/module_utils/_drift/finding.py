# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""One difference between a node and its intent."""

from __future__ import annotations

import typing as t
from dataclasses import asdict, dataclass

KINDS = ("file", "foreign", "package", "service", "sysctl", "nftables", "socket", "bgp", "nameserver", "unread")
"""What drifts, in the order of reports. ``unread``: the node did not say, so that nothing is proven."""

CONVERGE = "run icann.imrs.site on this node"
"""What puts most things right."""

RESTORE = "undo it by hand: no role looks at this, so no run of icann.imrs.site will"


@dataclass(frozen=True)
class Finding:
    """What was expected of a subject, what was found, and what to do. Never holds a secret."""

    kind: str
    subject: str
    expected: str
    found: str
    remedy: str = CONVERGE
    detail: tuple[str, ...] = ()
    """More lines for the JSON: the difference of a file that is no secret."""

    def as_dict(self) -> dict[str, t.Any]:
        """For the JSON."""
        return {**asdict(self), "detail": list(self.detail)}


def unread(subject: str, reason: object, remedy: str = "see to it that it can be read, and compare again") -> Finding:
    """The node did not say; that is no proof that all is well."""
    return Finding("unread", subject, "evidence", str(reason) or "none", remedy)

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What people attest, and what was tried on a node at a time of its own: said, missing, or missing and required.

Judged from the sheet and from records of earlier runs alone (``icann.imrs.drill``); it never does harm.
"""

from __future__ import annotations

import typing as t

from .._routing.policy import Mode
from .._site.checks import ATTESTATIONS, Attestation
from .check import Severity, Status

if t.TYPE_CHECKING:
    from .._site.host_variables import Attested


class Tried(t.NamedTuple):
    """What a record says of a check that software tried at a time of its own."""

    status: str
    """``pass``, ``fail``, ``error`` or ``skipped``."""
    message: str
    date: str
    """As ISO 8601 has it."""
    by: str
    """Who ran it."""

    def counts(self, attested: str) -> bool:
        """Whether it says more than an attestation of that day (YYYY-MM-DD, empty for none) does."""
        return self.status != Status.SKIPPED.value and not attested > self.date[:10]


class Said(t.NamedTuple):
    """What a report says of an attestation."""

    severity: Severity
    status: Status
    message: str
    by: str
    """Who attests it; empty where nobody does. For engineers: not in what a host reads."""


def judge(
    attestation: Attestation,
    given: t.Mapping[str, Attested],
    required: t.Collection[str],
    mode: str,
    stage: Mode,
    tried: t.Mapping[str, Tried],
) -> Said:
    """Whether it is attested (``given``, by check), or was ``tried``, and whether a node goes up without.

    One that is ``required`` and missing keeps a node whose sheet wants it live (``mode``) from going up. It is asked
    for below stage live. A node that is live already stays so, as a run over it is refused before it changes anything
    (``_fleet.permit``).

    What was tried and has failed is as if it were missing, until it is tried again, or attested on a later day.
    """
    found, record = given.get(attestation.id), tried.get(attestation.id)
    if record and record.counts(found["date"] if found else ""):
        told = f"tried on {record.date[:10]}: {record.message}"
        if record.status == Status.PASS:
            return Said(Severity(attestation.severity), Status.PASS, told, record.by)
        asked = attestation.id in required and mode == str(Mode.LIVE) and stage is not Mode.LIVE
        return Said(Severity.FATAL if asked else Severity.WARNING, Status(record.status), told, record.by)
    if found:
        told = f"attested on {found['date']}: {found['what']}"
        return Said(Severity(attestation.severity), Status.PASS, told, found["by"])
    if attestation.id not in required:
        return Said(Severity.WARNING, Status.SKIPPED, "not attested", "")
    if mode == str(Mode.LIVE) and stage is not Mode.LIVE:
        told = "not attested, and the fleet requires it before a node goes live; do it, and write it into the sheet"
        return Said(Severity.FATAL, Status.FAIL, told, "")
    return Said(Severity.WARNING, Status.SKIPPED, "not attested; the fleet requires it before the node goes live", "")


__all__ = ["ATTESTATIONS", "Attestation", "Said", "Tried", "judge"]

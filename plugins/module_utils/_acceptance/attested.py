# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What people attest: said, missing, or missing and required. Judged from the sheet alone; it never does harm."""

from __future__ import annotations

import typing as t

from .._routing.policy import Mode
from .._site.checks import ATTESTATIONS, Attestation
from .check import Severity, Status

if t.TYPE_CHECKING:
    from .._site.host_variables import Attested


class Said(t.NamedTuple):
    """What a report says of an attestation."""

    severity: Severity
    status: Status
    message: str
    by: str
    """Who attests it; empty where nobody does. For engineers: not in what a host reads."""


def judge(
    attestation: Attestation, given: t.Mapping[str, Attested], required: t.Collection[str], mode: str, stage: Mode
) -> Said:
    """Whether it is attested (``given``, by check), and whether a node goes up without.

    One that is ``required`` and missing keeps a node whose sheet wants it live (``mode``) from going up. It is asked
    for below stage live. A node that is live already stays so, as a run over it is refused before it changes anything
    (``_fleet.permit``).
    """
    if found := given.get(attestation.id):
        told = f"attested on {found['date']}: {found['what']}"
        return Said(Severity(attestation.severity), Status.PASS, told, found["by"])
    if attestation.id not in required:
        return Said(Severity.WARNING, Status.SKIPPED, "not attested", "")
    if mode == str(Mode.LIVE) and stage is not Mode.LIVE:
        told = "not attested, and the fleet requires it before a node goes live; do it, and write it into the sheet"
        return Said(Severity.FATAL, Status.FAIL, told, "")
    return Said(Severity.WARNING, Status.SKIPPED, "not attested; the fleet requires it before the node goes live", "")


__all__ = ["ATTESTATIONS", "Attestation", "Said", "judge"]

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What is asked for, proven and true, as data for ``imrs status``."""

from __future__ import annotations

import typing as t

from .appliance import GATE, ROUTING
from .comeback import CONFIGURATION

if t.TYPE_CHECKING:
    from .appliance import Appliance
    from .authority import Authority
    from .comeback import Comeback


def report(authority: Authority, node: Appliance, comeback: Comeback, now: float, wall: float) -> dict[str, t.Any]:
    """All of it, JSON-safe; times in seconds. ``now`` since boot, ``wall`` since 1970."""
    certificate = authority.certificate
    return {
        "intent": authority.intents.layers.as_json(),
        "certificate": {
            "mode": str(certificate.mode),
            "valid": not authority.void,
            "reason": authority.void,
            "void_since": certificate.void_at or None,
            "comeback": comeback.say(now),
            "fingerprint": certificate.fingerprint,
            "issued_at": certificate.issued_at,
            "expires_at": certificate.expires_at,
            "foreseen_until": certificate.foreseen_until.wall if certificate.foreseen_until else None,
            "sessions": list(certificate.sessions),
            "trial": list(certificate.trial),
            "trial_until": certificate.trial_until.wall if certificate.trial_until else None,
            "signed_by": certificate.signed_by,
            "ends_at": certificate.ends,
        },
        "fingerprint": authority.fingerprint.value,
        "verdict": {
            family: {
                "healthy": health.healthy,
                "reason": node.reason(family, now),
                "age": round(health.age(now), 3),
                "since": round(now - health.changed_at, 3),
                "falls": node.falls(family),
            }
            for family, health in node.health.items()
        },
        "graceful": node.graceful(now),
        "degraded": [*node.degraded(now), *authority.ending(wall)],
        "falls": {**{name: node.falls(name) for name in (GATE, ROUTING)}, CONFIGURATION: comeback.falls},
    }

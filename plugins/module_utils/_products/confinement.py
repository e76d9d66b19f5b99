# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""How far each unit of a node may be open to the rest of the machine, as ``systemd-analyze security`` counts it.

0.0 is closed and 10.0 open; the number is the weighted share of what a unit could be denied, and is not
(systemd-analyze(1), security). Those of the daemons are in their descriptors. All are as Debian 13's systemd counts the
roles' own files, so that a line less is seen.
"""

from __future__ import annotations

import typing as t

from .product import NAMESERVER

if t.TYPE_CHECKING:
    from .product import Product

MOST = 2.5
"""No unit of ours may be given more."""

HELPERS = {
    "imrs-cards.service": 1.6,  # root: it sets network cards (CAP_NET_ADMIN)
    "imrs-fingerprint-due.service": 0.9,
    "imrs-fingerprint.service": 1.1,  # root: it reads what only the daemons may read
    "imrs-gate.service": 1.5,  # it asks nameservers, masters and the kernel, and looks at other processes
    "imrs-log.service": 1.3,  # it reads all of the log
    "imrs-reinstate.service": 2.5,  # root: it sets kernel settings and the packet filter
    "imrs-routing-hung.service": 1.1,  # root: systemd kills a daemon for nobody else
}
"""Units on every appliance, besides its daemons."""

BESIDE_A_NAMESERVER = {"imrs-identity.service": 1.6}
"""Units that only an appliance has that answers."""


def exposures(daemons: t.Iterable[Product]) -> dict[str, float]:
    """By unit: the most that it may be given on an appliance that runs these daemons."""
    daemons = list(daemons)
    answers = any(daemon.kind == NAMESERVER for daemon in daemons)
    found = {daemon.unit: daemon.exposure for daemon in daemons} | HELPERS | (BESIDE_A_NAMESERVER if answers else {})
    return dict(sorted(found.items()))

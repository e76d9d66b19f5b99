# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The catalogue: every check, once, in the order in which reports tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .checks import (
    bgp,
    bgp_inbound,
    bgp_speaker,
    bmc,
    cards,
    cluster,
    dns_datagrams,
    dns_edns,
    dns_identity,
    dns_protocol,
    dns_refusal,
    dns_served,
    dns_signed,
    dns_streams,
    hardening,
    hardware,
    host,
    reachability,
    registration,
    system,
    time,
    zone,
)

if TYPE_CHECKING:
    from .check import Check

ROOMS = (
    hardware,
    bmc,
    cards,
    host,
    hardening,
    time,
    dns_protocol,
    dns_edns,
    dns_refusal,
    dns_streams,
    dns_datagrams,
    dns_signed,
    dns_identity,
    zone,
    dns_served,
    bgp,
    bgp_inbound,
    bgp_speaker,
    registration,
    cluster,
    reachability,
    system,
)

ORDER = ("HW", "OS", "TM", "HD", "DN", "ZI", "BG", "CL", "AR", "PR", "FB", "MM", "OB")
"""Groups in the order of requirements section 3; CL is of a cluster's own routers."""


def place(ident: str) -> tuple[int, str]:
    """Where a check stands in reports, as a key to sort by."""
    return ORDER.index(ident[:2]), ident


def assemble(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """All checks sorted by group and id; TypeError when an id is there twice or its group has no place."""
    found: dict[str, Check] = {}
    for check in checks:
        if check.id in found:
            raise TypeError(f"check {check.id} is defined twice")
        if check.id[:2] not in ORDER:
            raise TypeError(f"check {check.id}: its group has no place in the order")
        found[check.id] = check
    return tuple(sorted(found.values(), key=lambda check: place(check.id)))


CATALOG: tuple[Check, ...] = assemble(tuple(check for room in ROOMS for check in room.CHECKS))

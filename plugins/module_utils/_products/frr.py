# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""FRR: bgpd, and bfdd beside it."""

from __future__ import annotations

from .product import ROUTING, Bfd, Product

FRR = Product(
    name="frr",
    kind=ROUTING,
    title="FRR",
    unit="frr.service",
    process="bgpd",
    packages=("frr", "frr-pythontools"),  # the second one has the script that reloads
    held=("frr", "frr-pythontools"),
    versions=("frr",),
    directory="/etc/frr",
    programs=("/usr/lib/frr",),
    control=("vtysh",),
    account="frr",
    exposure=2.2,  # without CAP_SYS_ADMIN, which nothing uses, it does not start
    secrets=("/etc/frr/frr.conf",),
    libraries=("frr", "libfrr*.so*", "libyang.so*"),
    excess="ends the session for a while",  # it can warn, too, which keeps nothing out
    bfd=Bfd("bfdd", frozenset({3784, 4784, 7784})),  # also for S-BFD (RFC 7881)
    # Until it knows that a router of its own AS is next door, FRR asks it for BFD as over several hops; it knows that
    # from the session, which it does not open before BFD is up (FRR 10.3, bgpd/bgp_bfd.h: PEER_IS_MULTIHOP).
    bfd_inside=False,
)

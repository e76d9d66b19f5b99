# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""BIRD 2 and 3."""

from __future__ import annotations

from .product import ROUTING, Bfd, Product

BIRD = Product(
    name="bird",
    kind=ROUTING,
    title="BIRD",
    unit="bird.service",
    process="bird",
    packages=("bird2",),
    held=("bird2",),
    versions=("bird2", "bird3"),
    directory="/etc/bird",
    programs=("/usr/sbin/bird",),
    control=("birdc", "-r"),
    account="bird",
    exposure=1.6,
    secrets=("/etc/bird/bird.conf",),
    canonical=("/etc/bird/*",),
    excess="left out",
    bfd=Bfd("bird", frozenset({3784, 4784})),  # single hop (RFC 5881 section 4) and multihop (RFC 5883 section 5)
)

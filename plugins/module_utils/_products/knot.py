# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Knot DNS."""

from __future__ import annotations

from .product import NAMESERVER, Product

KNOT = Product(
    name="knot",
    kind=NAMESERVER,
    title="Knot DNS",
    unit="knot.service",
    process="knotd",
    packages=("knot", "knot-dnsutils", "ldnsutils"),
    held=("knot",),
    versions=("knot",),
    directory="/etc/knot",
    programs=("/usr/sbin/knotd", "/usr/sbin/knotc"),
    control=("knotc",),
    account="knot",
    exposure=1.8,
    keys="/etc/knot/keys.conf",
    secrets=("/etc/knot/keys.conf",),
    defaults_file="/etc/default/knot",
    libraries=("libknot.so*", "libdnssec.so*", "libzscanner.so*"),
    canonical=("/etc/knot/*",),
)

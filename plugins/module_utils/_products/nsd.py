# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""NSD. Its verifier, of another package, decides what it may serve: it is held and certified like the daemon."""

from __future__ import annotations

from .product import NAMESERVER, Product

NSD = Product(
    name="nsd",
    kind=NAMESERVER,
    title="NSD",
    unit="nsd.service",
    process="nsd",
    packages=("nsd", "ldnsutils"),
    held=("nsd", "ldnsutils"),
    versions=("nsd",),
    directory="/etc/nsd",
    programs=("/usr/sbin/nsd", "/usr/bin/ldns-verify-zone"),
    control=("nsd-control",),
    account="nsd",
    exposure=2.4,  # it starts as root, and becomes the account by itself
    keys="/etc/nsd/nsd.conf.d/zones.conf",
    secrets=("/etc/nsd/nsd.conf.d/zones.conf", "/etc/nsd/nsd_*.key"),
    defaults_file="/etc/default/nsd",
    libraries=("libldns.so*",),
    limit_exempt=False,
    generated=("/etc/nsd/nsd_control.*", "/etc/nsd/nsd_server.*"),
)

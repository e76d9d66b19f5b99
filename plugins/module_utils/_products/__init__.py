# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The daemons that a node can run, one descriptor each, and the release that they are of.

A new one is a file beside this one and a line below.
"""

from __future__ import annotations

from .bird import BIRD
from .confinement import exposures
from .frr import FRR
from .knot import KNOT
from .nsd import NSD
from .product import KINDS, NAMESERVER, ROUTING, Bfd, Product, Variables
from .release import CODENAME, DISTRIBUTION, VERSION, other_release

PRODUCTS = (KNOT, NSD, BIRD, FRR)
"""All of them: nameservers first."""


def of_kind(kind: str) -> tuple[Product, ...]:
    """Those of one kind, in the order in which people read them."""
    return tuple(product for product in PRODUCTS if product.kind == kind)


def named(kind: str, name: str) -> Product:
    """The one of this kind and name. Raises ValueError, with the known names, where there is none."""
    known = {product.name: product for product in of_kind(kind)}
    if name not in known:
        raise ValueError(f"{kind}: there is no {name!r}; known are {', '.join(known)}")
    return known[name]


def held() -> tuple[str, ...]:
    """All packages that some node holds: never upgraded unattended, whatever the node runs."""
    return tuple(dict.fromkeys(package for product in PRODUCTS for package in product.held))


__all__ = [
    "BIRD",
    "CODENAME",
    "DISTRIBUTION",
    "FRR",
    "KINDS",
    "KNOT",
    "NAMESERVER",
    "NSD",
    "PRODUCTS",
    "ROUTING",
    "VERSION",
    "Bfd",
    "Product",
    "Variables",
    "exposures",
    "held",
    "named",
    "of_kind",
    "other_release",
]

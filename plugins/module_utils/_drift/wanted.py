# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a node is asked for. What its bundles own is in the rendered manifest (``Intent``), and nowhere here."""

from __future__ import annotations

import fnmatch
import typing as t

from .. import _products as products
from . import sysctls

if t.TYPE_CHECKING:
    from .intent import Intent

GENERATED = (
    "/etc/imrs/fingerprint.salt",
    *(pattern for product in products.PRODUCTS for pattern in product.generated),
    "*/__pycache__/*",
)
"""Made by programs when they are installed or run."""

STATE = "/var/lib/imrs-bundle"
"""Where a node remembers what bundles have written."""

_BY_CONTENT = ("/etc/nftables.conf", *(pattern for product in products.PRODUCTS for pattern in product.canonical))
"""Files whose content the node itself needs: their programs put them into canonical form."""


def _by_content(path: str) -> bool:
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in _BY_CONTENT)


def request(intent: Intent, nameserver: products.Product | None, routing: products.Product) -> dict[str, t.Any]:
    """What the node is asked for. Holds the contents of few files: the others are compared by their checksums.

    ``nameserver``: None for a router. Raises ValueError when the manifest does not have each of its daemons started.
    """
    for product in filter(None, (nameserver, routing)):
        unit = intent.units.get(product.unit)
        if not unit or not unit.started:
            raise ValueError(f"MANIFEST: no bundle starts {product.unit}; render the node again, with this sheet")
    return {
        "files": [
            {
                "path": file.path,
                "secret": file.secret,
                "sha256": file.sha256,
                "content": file.content if file.secret or _by_content(file.path) else None,
            }
            for file in intent.files.values()
        ],
        "placeholders": intent.placeholders(),
        "directories": [*(product.directory for product in products.PRODUCTS), *intent.exclusive],
        "packages": list(intent.packages.installed),
        "units": sorted({*intent.units, *intent.told("restart"), *intent.told("reload")}),
        "sysctls": sorted(sysctls.wanted(intent)),
        "nameserver": nameserver.name if nameserver else None,
        "routing": routing.name,
        "state": STATE,
    }

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What the roles see to beside files and packages. A test holds these tables against the tasks of the roles."""

from __future__ import annotations

import fnmatch
import typing as t

from .. import _products as products
from . import sysctls

if t.TYPE_CHECKING:
    from .intent import Intent

UNITS = (
    "systemd-networkd.service",
    "nftables.service",
    "imrs-fingerprint.path",
    "imrs-fingerprint-absent.path",
    "imrs-fingerprint-due.path",
    "imrs-reinstate.path",
    "imrs-gate.service",
    "imrs-routing-hung.path",
)
"""Enabled and active on every node, beside those of its daemons; those of other daemons are neither."""

DIRECTORIES = (
    *(product.directory for product in products.PRODUCTS),
    "/etc/imrs",
    "/etc/ssh/sshd_config.d",
    "/etc/systemd/network",
    "/etc/systemd/networkd.conf.d",
    "/usr/lib/imrs",
)
"""Nobody but us and the packages puts files here."""

GENERATED = (
    "/etc/imrs/fingerprint.salt",
    *(pattern for product in products.PRODUCTS for pattern in product.generated),
    "*/__pycache__/*",
)
"""Made by programs when they are installed or run."""

RESTART: t.Mapping[str, tuple[str, ...]] = {
    **{product.unit: product.restart for product in products.PRODUCTS if product.restart},
    "systemd-networkd.service": ("/etc/systemd/networkd.conf.d/*",),
    "imrs-gate.service": (
        "/etc/imrs/gate.json",
        "/usr/lib/imrs/imrs-gate",
        "/usr/lib/imrs/imrs/*",
        "*/imrs-gate.service",
    ),
}
"""Files that a daemon reads only when it starts. What the daemons themselves can be asked for is not here: it is
compared with what they say. Nor are drop-ins without a limit in them: systemd takes these in without a restart."""

RELOAD: t.Mapping[str, tuple[str, ...]] = {"ssh.service": ("/etc/ssh/sshd_config.d/*",)}
"""Files that a daemon reads again when it is reloaded, and that it cannot be asked for."""

STATE = "/var/lib/imrs-bundle"
"""Where a node remembers what bundles have written."""

_BY_CONTENT = ("/etc/nftables.conf", *(pattern for product in products.PRODUCTS for pattern in product.canonical))
"""Files whose content the node itself needs: their programs put them into canonical form."""


def units(daemons: t.Iterable[products.Product]) -> tuple[str, ...]:
    """What is enabled and active on a node with these daemons."""
    return (*UNITS, *(product.unit for product in daemons))


def _by_content(path: str) -> bool:
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in _BY_CONTENT)


def request(intent: Intent, nameserver: products.Product, routing: products.Product) -> dict[str, t.Any]:
    """What the node is asked for. Holds the contents of few files: the others are compared by their checksums."""
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
        "directories": list(DIRECTORIES),
        "packages": list(intent.packages.installed),
        "units": [*units(products.PRODUCTS), *RELOAD],
        "sysctls": sorted(sysctls.wanted(intent)),
        "nameserver": nameserver.name,
        "routing": routing.name,
        "state": STATE,
    }

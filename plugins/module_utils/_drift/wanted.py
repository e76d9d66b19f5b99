# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What the roles see to beside files and packages. A test holds these tables against the tasks of the roles."""

from __future__ import annotations

import fnmatch
import typing as t

from . import sysctls

if t.TYPE_CHECKING:
    from .intent import Intent

UNITS: t.Mapping[str, tuple[str, ...]] = {
    "": (
        "systemd-networkd.service",
        "nftables.service",
        "imrs-fingerprint.path",
        "imrs-fingerprint-absent.path",
        "imrs-fingerprint-due.path",
        "imrs-reinstate.path",
        "imrs-gate.service",
    ),
    "knot": ("knot.service",),
    "nsd": ("nsd.service",),
    "bird": ("bird.service", "imrs-routing-hung.path"),
    "frr": ("frr.service", "imrs-routing-hung.path"),
}
"""Enabled and active on every node, and by provider; those of other providers are neither."""

DIRECTORIES = (
    "/etc/bird",
    "/etc/frr",
    "/etc/imrs",
    "/etc/knot",
    "/etc/nsd",
    "/etc/ssh/sshd_config.d",
    "/etc/systemd/network",
    "/etc/systemd/networkd.conf.d",
    "/usr/lib/imrs",
)
"""Nobody but us and the packages puts files here."""

GENERATED = ("/etc/imrs/fingerprint.salt", "/etc/nsd/nsd_control.*", "/etc/nsd/nsd_server.*", "*/__pycache__/*")
"""Made by programs when they are installed or run."""

RESTART: t.Mapping[str, tuple[str, ...]] = {
    "knot.service": ("/etc/knot/knot.conf",),
    "nsd.service": ("*/nsd.service.d/10-imrs.conf", "/etc/nsd/nsd.conf"),
    "frr.service": ("/etc/frr/daemons",),
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

_BY_CONTENT = ("/etc/nftables.conf", "/etc/knot/*", "/etc/bird/*")
"""Files whose content the node itself needs: their programs put them into canonical form."""


def of(table: t.Mapping[str, tuple[str, ...]], providers: t.Iterable[str]) -> tuple[str, ...]:
    """The rows of these providers and the one of every node, without repetition."""
    return tuple(dict.fromkeys(name for provider in ("", *providers) for name in table.get(provider, ())))


def everything(table: t.Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """All rows, without repetition."""
    return of(table, (provider for provider in table if provider))


def _by_content(path: str) -> bool:
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in _BY_CONTENT)


def request(intent: Intent, nameserver: str, routing: str) -> dict[str, t.Any]:
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
        "units": [*everything(UNITS), *RELOAD],
        "sysctls": sorted(sysctls.wanted(intent)),
        "nameserver": nameserver,
        "routing": routing,
        "state": STATE,
    }

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""How files change on a node: as one transaction, or not at all.

``parse`` reads what a role asks for, ``apply`` does it. Nothing here knows Ansible, DNS or BGP.
``render``, a module of its own, writes it on the controller instead, for people; nodes do not get it.
"""

from __future__ import annotations

from .model import SOURCES, Bundle, BundleError, File, pack, unpack
from .parse import parse
from .redact import HIDDEN, Redactor
from .transaction import STATE, Outcome, apply

__all__ = [
    "HIDDEN",
    "SOURCES",
    "STATE",
    "Bundle",
    "BundleError",
    "File",
    "Outcome",
    "Redactor",
    "apply",
    "pack",
    "parse",
    "unpack",
]

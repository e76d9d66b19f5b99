# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""How files change on a node: as one transaction, or not at all.

``parse`` reads what a role asks for, ``apply`` does it, and ``keep`` keeps what the controller had to confirm.
Nothing here knows Ansible, DNS or BGP.
The order of things: ``plan`` (what changes), ``disruption`` (may it now?), ``stage`` (the parsers' view), ``swap``,
``transaction`` (all of it); ``undo`` is the one way back, which ``recovery`` takes without a controller, from the copy
that ``install`` has put on the node.
``render``, a module of its own, writes it on the controller instead, for people; nodes do not get it.
"""

from __future__ import annotations

from .confirm import Scheduler, Systemd, keep
from .entry import explain
from .model import HARMLESS, SOURCES, Bundle, BundleError, File, pack, unpack
from .parse import parse
from .places import STATE, Places
from .redact import HIDDEN, Redactor
from .transaction import Outcome, apply

__all__ = [
    "HARMLESS",
    "HIDDEN",
    "SOURCES",
    "STATE",
    "Bundle",
    "BundleError",
    "File",
    "Outcome",
    "Places",
    "Redactor",
    "Scheduler",
    "Systemd",
    "apply",
    "explain",
    "keep",
    "pack",
    "parse",
    "unpack",
]

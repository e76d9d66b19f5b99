# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The two schemas, and their text for editors."""

from __future__ import annotations

import json

from .schema_fleet import FLEET
from .schema_site import SITE

__all__ = ["FLEET", "SITE", "schema_files"]

RENEW = "make schema"
"""The command that writes the files anew."""


def schema_files() -> dict[str, str]:
    """The content of each file in docs/schema/, by its name: what editors check a sheet against while it is written.

    They do not know the formats ``imrs-*`` (a validator passes over a format that it does not know), nor ``rules``.
    """
    comment = f"Generated from plugins/module_utils/_site: change it there, then run {RENEW}."
    return {
        f"{name}.schema.json": json.dumps({"$comment": comment, **schema}, ensure_ascii=False, indent=2) + "\n"
        for name, schema in (("fleet", FLEET), ("site", SITE))
    }

#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/schema/*.json, which editors and programs read, from the site model and the reports: ``make schema``."""

from __future__ import annotations

import pathlib

from ansible_collections.icann.imrs.plugins.module_utils._acceptance import document_schema
from ansible_collections.icann.imrs.plugins.module_utils._site import schema

DIRECTORY = pathlib.Path(__file__).resolve().parents[1] / "docs" / "schema"


def main() -> None:
    """Write what has changed, and say so."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    for name, text in {**schema.schema_files(), **document_schema.files()}.items():
        path = DIRECTORY / name
        new = not path.exists() or path.read_text(encoding="utf-8") != text
        if new:
            path.write_text(text, encoding="utf-8")
        print(f"docs/schema/{name}: {'written' if new else 'unchanged'}")


if __name__ == "__main__":
    main()

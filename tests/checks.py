#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/checks.md, the catalogue of the acceptance checks, from the checks: ``make checks``."""

from __future__ import annotations

import pathlib

from ansible_collections.icann.imrs.plugins.module_utils._acceptance import catalog_markdown
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.catalog import CATALOG

PATH = pathlib.Path(__file__).resolve().parents[1] / "docs" / "checks.md"


def main() -> None:
    """Write the page."""
    PATH.write_text(catalog_markdown.render(CATALOG), encoding="utf-8")


if __name__ == "__main__":
    main()

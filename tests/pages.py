#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the pages that are made from code: ``make pages``.

docs/checks.md from the acceptance checks; the README of each role from its argument_specs.yml and its defaults.
"""

from __future__ import annotations

import json
import pathlib
import re
import typing as t

import yaml
from ansible_collections.icann.imrs.plugins.module_utils._acceptance import catalog, catalog_markdown

ROOT = pathlib.Path(__file__).resolve().parents[1]
LONGEST = 60
"""Characters of a default value that is shown; a longer one is left in its file."""
MARKUP = re.compile(r"\b(?:C|V|O|E|I|M|P)\(([^()#]+)(?:#\w+)?\)")
"""Ansible's semantic markup: C(code), V(value), O(option), E(environment variable), M(module), P(plugin#kind)."""

ROLE = """\
# Role `icann.imrs.{name}`

{title}.

{description}

## Variables

| variable | type | default | meaning |
|---|---|---|---|
{rows}

A default such as `{{{{ imrs_asn }}}}` comes from the inventory plugin
([docs/architecture.md](../../docs/architecture.md), contract: host variables). The
[collection's README](../../README.md) says which playbook calls the role.

Generated from `meta/argument_specs.yml` and `defaults/main.yml` by `make pages`; do not edit.

Licence: GPL-3.0-or-later.
"""


def paragraphs(text: str | list[str]) -> list[str]:
    """A description of a specification as Markdown, one paragraph an item."""
    return [MARKUP.sub(r"`\1`", " ".join(each.split())) for each in ([text] if isinstance(text, str) else text)]


def cell(text: str) -> str:
    """Text that does not break out of a table."""
    return text.replace("|", "\\|")


def default(value: object) -> str:
    """A default value, or a link to where it is."""
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    return f"`{text}`" if len(text) <= LONGEST else "[defaults/main.yml](defaults/main.yml)"


def role(folder: pathlib.Path) -> str:
    """The README of one role."""
    specs, defaults = (
        yaml.safe_load((folder / path).read_text(encoding="utf-8"))
        for path in ("meta/argument_specs.yml", "defaults/main.yml")
    )
    main: dict[str, t.Any] = specs["argument_specs"]["main"]
    rows = []
    for name, option in main["options"].items():
        kind = f"{option['type']} of {option['elements']}" if "elements" in option else option["type"]
        shown = "required" if option.get("required") else default(defaults[name])
        choices = f" One of {', '.join(f'`{choice}`' for choice in option['choices'])}." if "choices" in option else ""
        values = (f"`{name}`", kind, shown, " ".join(paragraphs(option["description"])) + choices)
        rows.append(f"| {' | '.join(map(cell, values))} |")
    return ROLE.format(
        name=folder.name,
        title=main["short_description"],
        description="\n\n".join(paragraphs(main["description"])),
        rows="\n".join(rows),
    )


def pages() -> dict[str, str]:
    """The text of every page by its path."""
    roles = sorted(path.parents[1] for path in ROOT.glob("roles/*/meta/argument_specs.yml"))
    return {
        "docs/checks.md": catalog_markdown.render(catalog.CATALOG),
        **{f"roles/{folder.name}/README.md": role(folder) for folder in roles},
    }


def main() -> None:
    """Write what has changed."""
    for path, text in pages().items():
        if not (ROOT / path).exists() or (ROOT / path).read_text(encoding="utf-8") != text:
            (ROOT / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

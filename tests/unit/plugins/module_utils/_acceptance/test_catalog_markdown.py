# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue that people read has every check, as the check itself has it."""

from __future__ import annotations

import typing as t

from ansible_collections.icann.imrs.plugins.module_utils._acceptance import catalog, catalog_markdown
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.check import Verdict, check, passed
from ansible_collections.icann.imrs.plugins.module_utils._routing.policy import Mode


@check("HD-99", "A | b", severity="W", source="RFC 0; `x`", stages=(Mode.LIVE,), scopes=("router",))
def made_up(evidence: t.Any, expected: t.Any) -> Verdict:
    """One line,
    and a second.
    """
    return passed("fine")


def test_a_check_is_told_whole_in_its_group() -> None:
    text = catalog_markdown.render(catalog.assemble((*catalog.CATALOG, made_up)))
    assert r"| HD-99 A \| b | One line, and a second. | W |  | live | router | nodes | RFC 0; \`x\` |" in text
    assert text.index("## Hardening (HD)") < text.index("| HD-99") < text.index("## Answers to DNS questions (DN)")
    assert text != catalog_markdown.render(catalog.CATALOG)


def test_every_check_has_a_row_and_every_group_one_table() -> None:
    text = catalog_markdown.render(catalog.CATALOG)
    assert [text.count(f"\n| {each.id} ") for each in catalog.CATALOG] == [1] * len(catalog.CATALOG)
    assert text.count("\n| check |") == len({each.id[:2] for each in catalog.CATALOG})

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trust anchors: what is taken, in which spelling, and what is said of the rest."""

from __future__ import annotations

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site import anchors, document
from hypothesis import given, settings
from hypothesis import strategies as st
from lab_sheets import DIGEST

RIGHT = "write it as: . IN DS 20326 8 2 and the digest"


@pytest.mark.parametrize(
    "text",
    [
        f". IN DS 20326 8 2 {DIGEST}",
        f". DS 20326 8 2 {DIGEST.lower()}",
        f"; the root\n.\t3600 IN DS 20326 8 2 {DIGEST[:20]} {DIGEST[20:]} ; KSK-2017\n",
    ],
)
def test_one_spelling_comes_out(text: str) -> None:
    assert anchors.parse("a.ds", text.encode()) == anchors.Anchors((f". IN DS 20326 8 2 {DIGEST}",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f"a.ds: holds no DS record; {RIGHT}"),
        ("hello", f"a.ds:1: hello is not a DS record; {RIGHT}"),
        (f"net. IN DS 1 8 2 {DIGEST}", f"a.ds:1: net. is not the root zone; trust starts at the root, {RIGHT}"),
        (". IN DS 1 8 2 ABCD", "a.ds:1: has a digest of 4 digits; type 2 has 64"),
        (". IN DS 1 8 1 ABCD", "a.ds:1: 1 is not a digest type in use; take 2 (SHA-256) or 4 (SHA-384)"),
    ],
)
def test_a_wrong_record_is_told_what_is_wrong(text: str, message: str) -> None:
    assert [str(problem) for problem in anchors.parse("a.ds", text.encode()).problems] == [message]


def test_the_fleet_may_list_them_itself() -> None:
    fleet = document.parse("fleet.yml", f"trust_anchors:\n  - . IN DS 1 8 2 {DIGEST}\n  - nonsense\n")
    found = anchors.of_fleet(fleet)
    assert found.records == (f". IN DS 1 8 2 {DIGEST}",)
    assert [str(problem) for problem in found.problems] == [
        f"fleet.yml:3: trust_anchors[1]: nonsense is not a DS record; {RIGHT}"
    ]


@settings(derandomize=True, max_examples=200, deadline=None, database=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_records_or_problems(content: bytes) -> None:
    found = anchors.parse("a.ds", content)
    assert found.records or found.problems

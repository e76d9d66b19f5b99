# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory plugin does for speed: which texts are trusted, what is shared, and Python's collector."""

from __future__ import annotations

import contextlib
import gc

import pytest
from ansible.template import is_trusted_as_template
from ansible_collections.icann.imrs.plugins.inventory import sites


@pytest.mark.parametrize(
    "text",
    [
        "",
        "192.0.2.1/29",
        "2001:db8::1",
        "a, b",
        "2026-01-05, J. Doe: ok",
        "x@y.example",
        "+1 2;3",
        "S\u00e3o",
        "lib.so*",
    ],
)
def test_plain_texts_are_trusted(text: str) -> None:
    marked = sites._Marks()[text]
    assert marked == text
    assert is_trusted_as_template(marked)


@pytest.mark.parametrize(
    "text",
    ["{{ a }}", "{% a %}", "{# a #}", "{", "}", "#jinja2:trim_blocks:True", "a()", "a|b", "a[0]", "'a'", '"a"', "a=b",
     "~", "!", "$a", "a*b", "a**", "9**9*", "a%b", "a<b", "a\\b", "a&b", "`a`", "a?"],
)  # fmt: skip
def test_what_could_be_a_template_or_call_something_is_not(text: str) -> None:
    marked = sites._Marks()[text]
    assert marked == text
    assert not is_trusted_as_template(marked)


def test_what_is_shared_is_marked_once() -> None:
    marks = sites._Marks()
    zones = [{"name": ".", "zonemd": True, "count": 1, "nothing": None, "texts": ["a b", "a()"]}]
    found = marks.shared(zones)
    assert found == zones
    assert found is not zones
    assert marks.shared(zones) is found
    assert [is_trusted_as_template(text) for text in found[0]["texts"]] == [True, False]
    assert not is_trusted_as_template(zones[0]["name"])


@pytest.mark.parametrize("on", [True, False])
@pytest.mark.parametrize("fails", [True, False])
def test_the_collector_is_as_it_was(on: bool, fails: bool) -> None:
    was_on = gc.isenabled()
    try:
        (gc.enable if on else gc.disable)()
        with contextlib.suppress(KeyError), sites._to_stay():
            assert not gc.isenabled()
            if fails:
                raise KeyError
        assert gc.isenabled() is on
        assert bool(gc.get_freeze_count()) is not fails
    finally:
        gc.unfreeze()
        (gc.enable if was_on else gc.disable)()

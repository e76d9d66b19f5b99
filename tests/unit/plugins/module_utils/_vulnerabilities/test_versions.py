# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of Debian's versions, which dpkg itself is asked for."""

from __future__ import annotations

import itertools
import shutil
import subprocess

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._vulnerabilities import versions
from hypothesis import given, settings
from hypothesis import strategies as st

ORDER = [
    ["1.0~~", "1.0~rc1-1", "1.0~rc1-1+b1", "1.0", "1.0+dfsg-1", "1.0.1-1"],
    ["4.12.0-1~bpo12+1", "4.12.0-1", "4.12.0-1+deb13u1", "4.12.0-1+deb13u10", "4.12.0-2", "4.14.3-1"],
    ["6.1.153-1", "6.12.9-1", "6.12.43-1~bpo12+1", "6.12.43-1", "6.12.43+1"],
    ["9.2p1-2", "10.0p1-7", "1:9.2p1-2", "1:9.2p1-2+deb12u3", "1:10.0p1-7"],
    ["0~", "0", "0a", "0a1", "0+", "0.1", "1"],
]
SAME = [("1.0", "1.0-0"), ("0:1.0", "1.0"), ("1.00", "1.0"), ("1.0-00", "1.0"), ("9+b00", "9+b-0")]
WRONG = [
    "",
    "a1",
    "1:",
    "1.0-",
    "1 0",
    "1_0",
    "1:2:3",
    "-1",
    "1.0\n",
    "\u0661",
    "x" * 300,
    "1" + "." * 300 + "1",
    None,
    1,
]


@pytest.mark.parametrize("ordered", ORDER)
def test_each_is_older_than_the_next(ordered: list[str]) -> None:
    for one, other in itertools.pairwise(ordered):
        assert versions.older(one, other), (one, other)
        assert not versions.older(other, one)
    assert versions.newest(reversed(ordered)) == ordered[-1]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_in_other_words(one: str, other: str) -> None:
    assert versions.compare(one, other) == 0


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_version(text: object) -> None:
    assert not versions.is_version(text)
    if isinstance(text, str):
        with pytest.raises(ValueError, match="is no version of a Debian package, such as"):
            versions.older(text, "1")


def text_of_versions() -> st.SearchStrategy[str]:
    """Few letters, so that two of them have much in common."""
    return st.from_regex(r"(1:)?[0-9][019a~+.Z-]{0,7}", fullmatch=True).filter(versions.is_version)


@pytest.mark.skipif(not shutil.which("dpkg"), reason="there is no dpkg to be asked")
@settings(derandomize=True, max_examples=100, deadline=None, database=None)
@given(text_of_versions(), text_of_versions())
def test_dpkg_says_the_same(one: str, other: str) -> None:
    said = {
        word: subprocess.run(["dpkg", "--compare-versions", one, word, other], check=False).returncode == 0
        for word in ("lt", "eq", "gt")
    }
    number = versions.compare(one, other)
    assert said == {"lt": number < 0, "eq": number == 0, "gt": number > 0}

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows come from the inventory, or from whoever sets the role's variable: what is no window is named."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleError
from ansible_collections.icann.imrs.plugins.lookup import spread

TUESDAY = {"day": "tuesday", "start": "18:00", "end": "22:00"}
SHORT = {"day": "sunday", "start": "23:50", "end": "00:10"}


def look_up(*terms: t.Any, **kwargs: t.Any) -> list[int]:
    return spread.LookupModule().run(list(terms), {}, **kwargs)


@pytest.mark.parametrize(
    ("terms", "seconds"), [(([],), 0), (([TUESDAY],), 7200), (([TUESDAY, SHORT],), 600), ((TUESDAY, SHORT), 600)]
)
def test_half_of_the_shortest_window(terms: tuple[t.Any, ...], seconds: int) -> None:
    assert look_up(*terms) == [seconds]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({**TUESDAY, "day": "someday"}, "day 'someday' is none of monday, "),
        ({**TUESDAY, "end": "6 pm"}, "end '6 pm' is not a time of day"),
        ({**TUESDAY, "end": "18:00"}, "start and end are both 18:00"),
        ({"day": "tuesday", "start": "18:00"}, "is no window; it has day, start and end"),
        ("tuesday", "'tuesday' is no window"),
    ],
)
def test_what_is_no_window_is_named(given: t.Any, said: str) -> None:
    with pytest.raises(AnsibleError) as caught:
        look_up([TUESDAY, given])
    assert said in str(caught.value)


def test_it_takes_windows_alone() -> None:
    with pytest.raises(AnsibleError, match="takes windows only"):
        look_up([TUESDAY], nodes=3)

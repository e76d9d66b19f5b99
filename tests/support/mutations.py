# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to change a sound document a little, or a lot."""

from __future__ import annotations

import typing as t

from hypothesis import strategies as st

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(
        [
            "192.0.2.1",
            "::1/64",
            "192.0.2.2/29",
            "10.0.0.1",
            "live",
            "cluster",
            "all",
            "2026-01-31",
            "vault_x",
            "1:2",
            "xlb",
        ]
    )
    | st.sampled_from([20144, 64500, 64500.0, 1500.0, 0, -1, 2**32, 10**30]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
"""Whatever YAML can hold."""


def paths(value: t.Any, path: tuple[str | int, ...] = ()) -> t.Iterator[tuple[str | int, ...]]:
    """Where every part of a document stands."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from paths(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from paths(item, (*path, index))


def mutated(value: t.Any, data: st.DataObject) -> t.Any:
    """The document (changed in place) with up to three parts replaced, removed, doubled, or swapped with another."""
    for _count in range(data.draw(st.integers(0, 3))):
        places = sorted(paths(value), key=str)
        path = data.draw(st.sampled_from(places))
        place = value
        for step in path[:-1]:
            place = place[step]
        what = data.draw(st.sampled_from(["replace", "remove", "double", "borrow"]))
        if what == "remove":
            del place[path[-1]]
        elif what == "double" and isinstance(place, list):
            place.append(place[path[-1]])
        elif what == "borrow":
            other = value
            for step in data.draw(st.sampled_from(places)):
                other = other[step]
            # A part inside itself would never end.
            place[path[-1]] = other if not isinstance(other, (dict, list)) else type(other)()
        else:
            place[path[-1]] = data.draw(VALUES)
        if not list(paths(value)):
            break
    return value

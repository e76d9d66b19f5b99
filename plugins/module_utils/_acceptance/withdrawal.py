# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""When a node is proven dark, and what is said of one that was taken out of service.

Only what a node has answered counts. Role acceptance carries out the steps, and asks here what they have proven.
"""

from __future__ import annotations

import typing as t

from .. import _products as products

NOTHING_GOES_OUT = "BG-05"
"""The check that proves it at the stage ``dark``: a gate that gives nothing, and a routing daemon that says nothing."""
DOWN = frozenset({"inactive", "failed"})
"""What systemd says of a unit that does not run."""


def units() -> list[str]:
    """The units of all routing daemons: a node may also run the one that its sheet does not name any more."""
    return [product.unit for product in products.of_kind(products.ROUTING)]


def is_silent(statuses: t.Sequence[int | None], results: t.Iterable[t.Mapping[str, t.Any]]) -> bool:
    """Whether a node is proven to announce nothing, with its routing daemon still running.

    ``statuses`` are the exit statuses of all that the gate was told, None where it was not carried out; ``results``
    those of the checks (``id`` and ``status``).
    """
    told = bool(statuses) and all(status == 0 for status in statuses)
    return told and any(result["id"] == NOTHING_GOES_OUT and result["status"] == "pass" for result in results)


class Withdrawn(t.NamedTuple):
    """What came of taking a node dark."""

    dark: bool
    """It is proven to announce nothing."""
    said: str
    """For people."""


def outcome(*, reached: bool, silent: bool, states: t.Sequence[str], unit: str) -> Withdrawn:
    """What came of taking a node dark.

    ``reached``: the node has answered; ``silent``: what ``is_silent`` found; ``states``: what systemd says of each of
    ``units``, empty where it was not asked; ``unit``: the unit of the node's routing daemon, for people.
    """
    if not reached:
        return Withdrawn(
            False,
            "IT MAY STILL ANNOUNCE: it cannot be reached. Have its host shut the BGP session, or remove it from the "
            "network, and say so in the sheet; then take it out of the run (--limit provisionable)",
        )
    if silent:
        return Withdrawn(True, "It is dark: nothing goes out of it")
    if len(states) == len(units()) and DOWN.issuperset(states):
        return Withdrawn(True, "It is dark: its routing daemon does not run")
    return Withdrawn(
        False,
        f"IT MAY STILL ANNOUNCE: it was reached, but is not proven dark. Stop {unit} on it, or have its host shut the "
        "BGP session",
    )

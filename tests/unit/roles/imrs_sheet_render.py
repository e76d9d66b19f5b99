# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw valid sheets, and render what all routing daemons and nameservers would read: for tests/daemons, whose image has
no Jinja.

Run it with ``PYTHONPATH=.cache:tests/support`` and two arguments, a number and a file: it writes so many JSON objects,
one a line; the same ones each time, or those of the number ``SEED`` in the environment.
"""

from __future__ import annotations

import copy
import dataclasses
import itertools
import json
import os
import pathlib
import sys
import typing as t

from hypothesis import HealthCheck, Phase, given, seed, settings
from imrs_role_render import files
from valid_sheets import Example, examples

PROVIDERS = ("bird", "frr")
NAMESERVERS = ("knot", "nsd")
BATCH = settings(
    max_examples=100, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
BATCHES = 1_000_000
"""More than are drawn with one seed."""


def drawn() -> t.Iterator[Example]:
    """Valid sheets without end. Hypothesis draws some of them more than once."""
    for batch in itertools.count(BATCHES * int(os.environ.get("SEED") or 0)):
        found: list[Example] = []

        @seed(batch)
        @BATCH
        @given(examples())
        def draw(example: Example) -> None:
            found.append(example)  # noqa: B023 - it is called at once

        draw()
        yield from found


def different(number: int) -> t.Iterator[Example]:
    """So many of them, of which no two are the same sheet."""
    seen: set[str] = set()
    for example in drawn():
        known = json.dumps(example.sheet)
        if known in seen:
            continue
        seen.add(known)
        yield example
        if len(seen) == number:
            return


def rendered(example: Example) -> dict[str, t.Any]:
    """The sheet, what the vault holds, and of its first node: what it knows, and the files of each daemon.

    ``peers``: by daemon, as one may have what the other has not.
    """
    known = {provider: _with(example, provider) for provider in PROVIDERS}
    return {
        "sheet": example.sheet,
        "secrets": example.secrets,
        "peers": {provider: variables["imrs_peers"] for provider, variables in known.items()},
        "uplink": known[PROVIDERS[0]]["imrs_uplink"],
        "files": {
            **{each: files("routing", each, variables, example.secrets) for each, variables in known.items()},
            **{each: files("nameserver", each, known[PROVIDERS[0]], example.secrets) for each in NAMESERVERS},
        },
    }


def _with(example: Example, provider: str) -> dict[str, t.Any]:
    """The variables of its first node, if that had this routing daemon."""
    sheet = copy.deepcopy(example.sheet)
    sheet["nodes"][0]["routing"] = provider
    hosts = dataclasses.replace(example, sheet=sheet).load().hosts
    return {"imrs_disrupt": False, **hosts[sheet["nodes"][0]["node"]]}


def main(number: str, file: str) -> None:
    """Write them."""
    path = pathlib.Path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as out:
        for example in different(int(number)):
            print(json.dumps(rendered(example)), file=out)


if __name__ == "__main__":
    main(*sys.argv[1:])

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw valid sheets, and render what both routing daemons would read: for tests/daemons, whose image has no Jinja.

Run it with ``PYTHONPATH=.cache:tests/support`` and two arguments, a number and a file: it writes so many JSON objects,
one a line, the same ones each time.
"""

from __future__ import annotations

import json
import pathlib
import sys
import typing as t

from hypothesis import HealthCheck, Phase, given, settings
from imrs_role_render import files
from valid_sheets import Example, examples

PROVIDERS = ("bird", "frr")
_DRAWING = settings(
    derandomize=True, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)


def drawn(number: int) -> list[Example]:
    """So many valid sheets, always the same ones."""
    found: list[Example] = []

    @settings(_DRAWING, max_examples=number)
    @given(examples())
    def draw(example: Example) -> None:
        found.append(example)

    draw()
    return found[:number]


def rendered(example: Example) -> dict[str, t.Any]:
    """The sheet, what the vault holds, and of its first node: what it knows, and the files of each routing daemon."""
    hosts = example.load().hosts
    node = example.sheet["nodes"][0]["node"]
    variables = {"imrs_disrupt": False, **hosts[node]}
    return {
        "sheet": example.sheet,
        "secrets": example.secrets,
        "peers": variables["imrs_peers"],
        "uplink": variables["imrs_uplink"],
        "files": {provider: files("routing", provider, variables, example.secrets) for provider in PROVIDERS},
    }


def main(number: str, file: str) -> None:
    """Write them."""
    path = pathlib.Path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as out:
        for example in drawn(int(number)):
            print(json.dumps(rendered(example)), file=out)


if __name__ == "__main__":
    main(*sys.argv[1:])

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A source that asks more than its share is sent to TCP, and none of its questions is left without an answer.

With the files that the roles render. Needs root and the lab image; `make bench-rates` measures more of it.
"""

from __future__ import annotations

import pathlib
import subprocess
import typing as t

import pytest
from imrs_parity_bench import PROVIDERS, Nameserver
from imrs_rate_limits import CASE, asked

LIMIT, BURST = 400, 125
"""Of the role; and of Knot, for what comes at once."""


@pytest.fixture(params=PROVIDERS)
def nameserver(request: pytest.FixtureRequest, signed: pathlib.Path, tmp_path: pathlib.Path) -> t.Iterator[Nameserver]:
    with Nameserver(tmp_path, request.param, CASE) as made:
        made.serve(signed)
        yield made


def without_room(nameserver: Nameserver) -> int:
    """Datagrams that the kernel dropped, as the nameserver did not come to read them."""
    command = ("ip", "netns", "exec", nameserver.node, "cat", "/proc/net/snmp")
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    names, numbers = (line.split() for line in said if line.startswith("Udp:"))
    return int(numbers[names.index("RcvbufErrors")])


def test_below_the_limit_all_is_answered_in_full(nameserver: Nameserver) -> None:
    told = asked(nameserver, LIMIT // 4, 3)
    assert told["full"] == told["sent"] - without_room(nameserver), told


def test_above_the_limit_what_is_not_full_is_truncated(nameserver: Nameserver) -> None:
    """The limit holds for each second of the nameserver's clock: there is one more of these than of ours."""
    told = asked(nameserver, 10 * LIMIT, 3)
    assert told["sent"] - told["full"] - told["truncated"] <= without_room(nameserver), told
    assert 0 < told["full"] <= LIMIT * (told["seconds"] + 2) + BURST, told
    assert told["truncated"] > told["full"], told

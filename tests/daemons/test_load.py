# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A nameserver of ours under load from its own machine: all is answered, rightly, and the limit does what it says.

With the files that the roles render. Needs root and the lab image.
"""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import sys
import typing as t

import imrs_load_asking
import pytest
from imrs_parity_bench import PROVIDERS, Nameserver
from imrs_rate_limits import CASE

PEAK = 100
"""Ten times as many are few for any machine: what is looked for is whether all is right."""


@pytest.fixture(params=PROVIDERS)
def nameserver(request: pytest.FixtureRequest, signed: pathlib.Path, tmp_path: pathlib.Path) -> t.Iterator[Nameserver]:
    with Nameserver(tmp_path, request.param, CASE) as made:
        made.serve(signed)
        yield made


def loaded(nameserver: Nameserver) -> dict[str, dict[str, str]]:
    """The results by id, found on the node."""
    command = (sys.executable, imrs_load_asking.__file__, nameserver.provider, str(PEAK), "3")
    inside = ("ip", "netns", "exec", nameserver.node, *command)
    done = subprocess.run(inside, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, str]] = json.loads(done.stdout)
    return found


def test_a_load_is_answered_and_the_limit_works(nameserver: Nameserver) -> None:
    found = loaded(nameserver)
    limited, latency, load = (found[ident]["message"] for ident in ("DN-52", "DN-55", "DN-56"))
    assert found["DN-52"]["status"] == "pass", limited
    assert limited.count("over TCP 10 of 10 answered") == 2, "in both families"
    assert found["DN-56"]["status"] == "pass", load
    assert re.findall(r"(\d+) wrong", load) == ["0", "0", "0"]
    assert "questions had no answer" not in latency
    assert "wrong" not in latency

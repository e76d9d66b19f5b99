# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A zone that is not sound is never served: neither what a master sends, nor what lies on the disk at the start.

With the files that role `nameserver` renders (requirements section 3.5). Needs root and the lab image.
"""

from __future__ import annotations

import pathlib
import re
import shutil
import signal
import subprocess
import typing as t

import pytest
from imrs_gate_bench import until
from imrs_parity_bench import PROVIDERS
from imrs_provider_config import SPOILT
from imrs_reload_bench import CASE, Changing, output

REFUSED = [
    (provider, what)
    for provider in PROVIDERS
    for what in SPOILT
    # Knot DNS has no anchors: it serves such a zone, and the gate withdraws the node (tests/drills/test_true.py).
    if (provider, what) != ("knot", "a foreign key")
]
GLUE = "192.0.2.53"


@pytest.fixture
def bench(tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> t.Iterator[Changing]:
    """A nameserver that has a sound zone; ``request.param`` is which."""
    with Changing(tmp_path, "bird", CASE) as running:
        running.serve(request.param)
        yield running


each = pytest.mark.parametrize(
    ("bench", "provider", "what"), [(one, one, what) for one, what in REFUSED], indirect=["bench"]
)


def is_sent(bench: Changing, what: str) -> None:
    """The master has such a zone from now on."""
    bench.start_master(2026010101, spoilt=what)
    ask = ("ip", "netns", "exec", bench.node, "dig", "@203.0.113.1", ".", "SOA", "+short")
    until(lambda: " 2026010101 " in output(*ask), what="the master to have it")


def fetched(bench: Changing, provider: str) -> bool:
    """Have the nameserver fetch what the master has, and wait for its verdict: whether it took it."""
    if provider == "knot":
        command = ("knotc", "--blocking", "zone-refresh", ".")
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    ends: list[str] = []

    def judged() -> bool:
        ends[:] = re.findall(r"verifier for zone \. .*exited with (\d+)", bench.said_by("nsd"))
        return len(ends) > 1  # the first one is that of the zone that it has

    until(judged, what="the end of NSD's verifier")
    return ends[-1] == "0"


@each
def test_what_a_master_sends_is_not_taken(bench: Changing, provider: str, what: str) -> None:
    """The zone before goes on to be served, and the next sound one is taken."""
    is_sent(bench, what)
    assert not fetched(bench, provider)
    assert bench.serial_served() == "2026010100"
    assert GLUE in bench.dig("ns.example.", "A")
    bench.start_master(2026010102)
    until(lambda: bench.serial_served() == "2026010102", what=lambda: f"the next zone, not {bench.serial_served()}")


@pytest.mark.parametrize("bench", ["knot"], indirect=True)
def test_knot_takes_a_zone_of_a_foreign_key(bench: Changing) -> None:
    """What the gate is there for; and it shows that Knot refuses the others for what is in them."""
    is_sent(bench, "a foreign key")
    assert fetched(bench, "knot")
    assert bench.serial_served() == "2026010101"


@each
def test_what_lies_on_the_disk_is_not_loaded(bench: Changing, provider: str, what: str) -> None:
    """Nobody is answered out of it, nor does it come back."""
    bench.kill("master")
    bench.kill(provider, signal.SIGTERM)
    bench.sign(2026010101, what)
    folder = pathlib.Path("/var/lib", provider)
    for old in folder.iterdir():
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    shutil.copyfile(bench.directory / "root.signed", folder / "root.zone")
    shutil.chown(folder / "root.zone", provider, provider)
    bench.begin(provider)
    until(lambda: "status:" in bench.dig(".", "SOA"), what="an answer")
    assert "status: SERVFAIL" in bench.dig(".", "SOA")
    assert bench.serial_served() == ""
    assert "192.0.2" not in bench.dig("ns.example.", "A")

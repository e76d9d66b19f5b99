# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A zone that is not sound is never served: neither what a master sends, nor what lies on the disk at the start.

With the files that role `nameserver` renders (requirements section 3.5). Needs root and the lab image.
"""

from __future__ import annotations

import pathlib
import shutil
import signal
import subprocess
import typing as t

import pytest
from imrs_gate_bench import until
from imrs_provider_config import SPOILT
from imrs_reload_bench import CASE, Changing

BOTH = ("knot", "nsd")
REFUSED = [
    (provider, what)
    for provider in BOTH
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


def refuses(bench: Changing, provider: str) -> None:
    """Wait until what the master has was fetched, and given up."""
    if provider == "nsd":
        until(lambda: "verifier" in bench.said_by("nsd"), what="NSD's verifier to give it up")
        return
    command = ("knotc", "--blocking", "zone-refresh", ".")

    def failed() -> bool:
        return subprocess.run(command, check=False, capture_output=True).returncode != 0

    until(failed, what="Knot to give it up")


@each
def test_what_a_master_sends_is_not_taken(bench: Changing, provider: str, what: str) -> None:
    """The zone before goes on to be served, and the next sound one is taken."""
    bench.start_master(2026010101, spoilt=what)
    refuses(bench, provider)
    assert bench.serial_served() == "2026010100"
    assert GLUE in bench.dig("ns.example.", "A")
    bench.start_master(2026010102)
    until(lambda: bench.serial_served() == "2026010102", what=lambda: f"the next zone, not {bench.serial_served()}")


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

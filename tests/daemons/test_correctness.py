# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A nameserver of ours gives the right answer to every question that the rules know, and the program that asks says so;
and when a record of the zone is another one, it says that. Needs root and the lab image.
"""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys
import typing as t

import pytest
from imrs_gate_bench import ROOT
from imrs_gate_config import SERVICE
from imrs_parity_bench import PROVIDERS, Nameserver, sign
from imrslab import zone_states, zones

FEW = ("--number", "60", "--per-second", "1000", "--seed", "1")


@pytest.fixture(params=PROVIDERS)
def nameserver(request: pytest.FixtureRequest, signed: pathlib.Path, tmp_path: pathlib.Path) -> t.Iterator[Nameserver]:
    with Nameserver(tmp_path, request.param) as found:
        found.serve(signed)
        yield found


def asked(nameserver: Nameserver, folder: pathlib.Path, *options: str, zone: str = ".") -> tuple[int, str]:
    """What the program says of the nameserver, from the host's side, by the zones in a folder; and its exit status.

    ``zone``: the one that it is asked for.
    """
    files = {zone: zones.FILES[zone], **zones.FILES}
    given = [word for name, file in files.items() for word in ("--zone", f"{name}={folder / file}")]
    enter = ("ip", "netns", "exec", nameserver.router, sys.executable, "-m", "_correctness")
    done = subprocess.run(
        [*enter, *given, *options, "--complete", SERVICE[0]],
        cwd=ROOT / "plugins/module_utils",
        check=False,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


def test_every_delegation_is_answered_as_the_zone_has_it(nameserver: Nameserver, signed: pathlib.Path) -> None:
    for zone, least in {".": 6 * 1400, "arpa.": 6 * 7, "root-servers.net.": 10}.items():
        status, said = asked(nameserver, signed, "--all", "--per-second", "100000", zone=zone)
        assert status == 0, said[-3000:]
        found = re.search(r": (\d+) answers of serial \d+: none wrong\n$", said)
        assert found, said[-3000:]
        assert int(found[1]) > least  # three questions for each delegation, over UDP and over TCP


@pytest.mark.parametrize("provider", PROVIDERS)
def test_in_the_state_with_the_longest_answers_only_glue_without_room_is_missing(
    provider: str, tmp_path: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Knot truncates then; NSD does only when no address has room, and ZI-05 does not count it."""
    folder = tmp_path_factory.mktemp("longest")
    sign(folder, zone_states.STATES["double-2048"])
    with Nameserver(tmp_path, provider) as nameserver:
        nameserver.serve(folder)
        status, said = asked(nameserver, folder, "--all", "--per-second", "100000")
    *wrong, last = said.splitlines()
    assert re.search(r": \d+ answers of serial \d+: ", last), said[-3000:]
    assert [line for line in wrong if " udp " not in line or "[RFC 9471 s. 3.1]" not in line] == []
    assert status == int(bool(wrong))
    assert bool(wrong) == (provider == "nsd"), wrong


def test_one_record_that_is_another_is_found(
    nameserver: Nameserver, signed: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    """As if the nameserver had altered it: the program has the zone as it was."""
    for file in zones.FILES.values():
        (tmp_path / file).write_text((signed / file).read_text(encoding="ascii"), encoding="ascii")
    root = tmp_path / zones.FILES["."]
    text, count = re.subn(r"(?m)^(a\.root-servers\.net\.\s+\d+\s+IN\s+A\s+)\S+$", r"\g<1>192.0.2.99", root.read_text())
    assert count == 1
    root.write_text(text, encoding="ascii")
    status, said = asked(nameserver, tmp_path, *FEW)
    assert status == 1
    wrong = [line for line in said.splitlines() if line.startswith(f"{SERVICE[0]} ")]
    assert (
        f"{SERVICE[0]} tcp . NS: [RFC 9609 s. 4.2] additional: a.root-servers.net. 518400 A 192.0.2.99 is missing"
        in wrong
    )
    assert all("a.root-servers.net." in line for line in wrong), wrong


def test_a_zone_of_another_serial_says_nothing(
    nameserver: Nameserver, signed: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    root = zones.FILES["."]
    (tmp_path / root).write_text(
        re.sub(r"(SOA\s+\S+\s+\S+\s+)\d+", r"\g<1>7", (signed / root).read_text(encoding="ascii"), count=1)
    )
    for file in set(zones.FILES.values()) - {root}:
        (tmp_path / file).write_text((signed / file).read_text(encoding="ascii"), encoding="ascii")
    status, said = asked(nameserver, tmp_path, *FEW)
    assert status == 2
    assert re.search(
        r"error: 199\.7\.83\.42 has serial \d+, and the file has 7; give the file of the same serial\n$", said
    )


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (("--zone", "/nowhere", "192.0.2.1"), "error: /nowhere: [Errno 2] No such file or directory"),
        (("--zone", "/etc/passwd", "192.0.2.1"), "error: /etc/passwd: "),
        (("192.0.2.1",), "the following arguments are required: --zone"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(given: tuple[str, ...], why: str) -> None:
    command = (sys.executable, "-m", "_correctness", *given)
    done = subprocess.run(command, cwd=ROOT / "plugins/module_utils", check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert why in done.stderr
    assert "Traceback" not in done.stderr

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a live appliance has open is what is written down with a reason (audit.yml): nothing else, and nothing less."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
import yaml
from imrslab import audit
from imrslab.drill import ALL

if t.TYPE_CHECKING:
    from imrslab.drill import Drill

KNOWN: dict[str, dict[str, str]] = yaml.safe_load(pathlib.Path(__file__).with_name("audit.yml").read_text("utf-8"))
INDEX = 65
"""Of Lynis 3.1.4, in a container: 70 when this was written. Some of it is the host's kernel, whichever that is."""
OF_THE_DAY = "LYNIS"
"""What it says of its own age."""


def compare(part: str, found: set[str]) -> None:
    """Against the list, with all lines for whoever reads the audit."""
    print(f"\n{part}:", *sorted(found), sep="\n  ")
    known = set(KNOWN[part])
    new, gone = sorted(found - known), sorted(known - found)
    assert not new, f"{part}: not written down in audit.yml: {new}"
    assert not gone, f"{part}: gone, take it out of audit.yml: {gone}"


@pytest.mark.parametrize("part", ["ports", "files", "units", "ssh"])
def test_what_is_open_is_known(drill: Drill, part: str) -> None:
    compare(part, getattr(audit, part)(drill))


def test_what_is_opened_is_found(drill: Drill) -> None:
    """A port, a file and a unit that nobody wrote down."""
    # The process outlasts the looks at it, and is stopped below.
    plant = (
        "cp /usr/bin/true /usr/local/bin/planted; chmod 4755 /usr/local/bin/planted; touch /var/tmp/planted;"
        " chmod 0666 /var/tmp/planted; systemd-run --quiet --unit=planted"
        " python3 -c 'import socket, time; s = socket.create_server((\"127.0.0.1\", 4000)); time.sleep(600)'"
    )
    drill.node("sh", "-c", plant)
    try:
        assert audit.files(drill) - set(KNOWN["files"]) == {
            "4755 root:root /usr/local/bin/planted",
            "666 root:root /var/tmp/planted",
        }
        assert {line.split()[0] for line in audit.units(drill) - set(KNOWN["units"])} == {"planted.service"}
        (line,) = audit.ports(drill) - set(KNOWN["ports"])
        assert line.startswith("tcp loopback 4000 ")
    finally:
        drill.node("sh", "-c", "systemctl stop planted.service; rm -f /usr/local/bin/planted /var/tmp/planted")


def test_lynis_finds_nothing_that_is_not_known(drill: Drill) -> None:
    index, found = audit.lynis(drill)
    print(f"\nhardening index: {index}")
    compare("lynis", {line for line in found if OF_THE_DAY not in line})
    assert index >= INDEX


def test_the_node_is_as_before(drill: Drill) -> None:
    """Hardening has a price only if nobody looks: it still announces, and still is as intended."""
    assert drill.received() == ALL
    done = drill.play("drift")
    assert done.status == 0, done.output[-5000:]

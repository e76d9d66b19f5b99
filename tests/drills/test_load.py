# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""load.yml: a live node is refused, and a drained one is loaded from itself, loses nothing, and stays as it was."""

from __future__ import annotations

import json
import re
import typing as t

import pytest
from imrslab.drill import ALL, COVERING, ROOT

if t.TYPE_CHECKING:
    from imrslab.drill import Drill
    from imrslab.runs import Play

BOUNDS = {"imrs_load_rate": 500, "imrs_load_seconds": 2}
"""Few for any machine: whether all is right is looked for, not how much it bears."""
COUNTED = re.compile(r"(\d+) a second: (\d+) asked, (\d+) wrong, (\d+) without a whole answer")


def load(drill: Drill, *options: str) -> Play:
    """Run it on the appliance."""
    return drill.play("load", "--limit", "xlb01", "-e", json.dumps(BOUNDS), *options)


def held(drill: Drill) -> bool:
    """Whether a run holds the appliance: one that has given it back is in the file still, without any time left."""
    said = drill.node("sh", "-c", "cat /run/imrs-bundle/lease.json 2>/dev/null || echo '{}'")
    return bool(json.loads(said).get("until"))


@pytest.fixture
def drained(drill: Drill) -> t.Iterator[None]:
    """The appliance, drained by a person; live again afterwards."""
    drill.node("imrs", "drain", "--by", "alice")
    drill.wait(COVERING)
    yield
    drill.node("imrs", "live", "--by", "alice")
    drill.wait(ALL)


@pytest.mark.parametrize("options", [(), ("--check",)])
def test_a_live_node_is_refused(drill: Drill, options: tuple[str, ...]) -> None:
    before = drill.status()
    done = load(drill, *options)
    said = " ".join(done.output.split())
    assert done.status == 2, done.output
    assert "xlb01: it announces specific prefixes (ipv4 live, ipv6 live)" in said
    assert "drain it first: icann.imrs.drain --limit xlb01" in said
    assert not re.search(r"DN-\d\d (pass|fail|skipped)", said)
    assert drill.received() == ALL
    assert drill.status()["falls"] == before["falls"]
    assert not held(drill), "it is given back"


@pytest.mark.usefixtures("drained")
def test_a_drained_node_is_loaded_and_stays_as_it_was(drill: Drill) -> None:
    cursor, before = drill.cursor(), drill.status()
    seen = set[frozenset[str]]()
    with drill.watching(seen.add):
        done = load(drill)
    said, now = " ".join(done.output.split()), drill.status()
    found = dict(re.findall(r"(DN-\d\d) (pass|fail|skipped): ", said))
    assert set(found) == {"DN-52", "DN-55", "DN-56"}, done.output
    assert done.changed == 0, done.output
    assert found["DN-52"] == "pass", done.output
    assert found["DN-56"] == "skipped", "less than ten times the peak was offered, and that is said"
    assert "0.5 times the expected peak, as no more was to be asked" in said
    steps = [[int(number) for number in step] for step in COUNTED.findall(said)]
    assert [asked for _rate, asked, _wrong, _lost in steps] == [100, 300, 1000], done.output
    assert [(wrong, lost) for _rate, _asked, wrong, lost in steps] == [(0, 0)] * 3, done.output
    assert seen == {frozenset(COVERING)}, "the host's router had these all the while"
    assert (now["mode"], now["falls"]) == (before["mode"], before["falls"])
    for family, verdict in now["verdict"].items():
        assert verdict["healthy"], verdict
        assert verdict["falls"] == before["verdict"][family]["falls"], drill.said_since(cursor)
    assert not held(drill), "it is given back"
    assert now["certificate"]["valid"]
    kept = ROOT / f".lab/{drill.lab.name}-reports/{drill.appliance.name}/load.json"
    assert not kept.exists(), "a smaller load is no proof"

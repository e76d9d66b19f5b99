# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether enough nodes of a cluster are live for one to be changed; the nodes are directories of this machine."""

from __future__ import annotations

import json
import sys
import typing as t

import pytest

NODES = ("xaa01", "xaa02", "xaa03")
PLAY = [
    {
        "hosts": "xaa01",
        "gather_facts": False,
        "tasks": [{"ansible.builtin.import_role": {"name": "icann.imrs.gate", "tasks_from": "cluster"}}],
    }
]


class Asked(t.NamedTuple):
    """How a run ended, and which nodes it asked."""

    status: int
    said: str
    nodes: set[str]


@pytest.fixture
def ask(fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]) -> t.Any:
    """Run the tasks for xaa01, with these of the others live; xaa03 cannot be reached when it is ``gone``."""

    def run(live: set[str], *options: str, gone: bool = False, minimum: int | None = 1) -> Asked:
        nodes = {}
        for name in NODES:
            programs = fleet.base / name
            programs.mkdir(exist_ok=True)
            answer = f"#!/bin/sh\n[ \"$*\" = 'wait live --timeout 1' ] || exit 2\ntouch {programs}/asked\n"
            (programs / "imrs").write_text(f"{answer}exit {0 if name in live else 1}\n")
            (programs / "imrs").chmod(0o755)
            (programs / "python").write_text(f'#!/bin/sh\nPATH={programs}:$PATH exec {sys.executable} "$@"\n')
            (programs / "python").chmod(0o755)
            cluster = minimum and {"nodes": list(NODES), "minimum_live": minimum, "routers": ["xaa-r1"]}
            here = {"ansible_connection": "local", "ansible_python_interpreter": str(programs / "python")}
            far = gone and name == "xaa03"
            nodes[name] = make_node(name, imrs_cluster=cluster, ansible_become=False, **({} if far else here))
        fleet.write(nodes)
        play = fleet.base / "play.yml"
        play.write_text(json.dumps(PLAY), encoding="utf-8")
        done = fleet.run(str(play), *options)
        asked = {name for name in NODES if (fleet.base / name / "asked").exists()}
        return Asked(done.returncode, done.stdout + done.stderr, asked)

    return run


def test_others_that_are_live_carry_on(ask: t.Any) -> None:
    asked = ask({"xaa02", "xaa03"}, minimum=2)
    assert asked.status == 0, asked.said
    assert asked.nodes == {"xaa02", "xaa03"}


@pytest.mark.parametrize("gone", [False, True])
def test_too_few_others_keep_a_node_from_being_changed(ask: t.Any, gone: bool) -> None:
    asked = ask({"xaa02"}, minimum=2, gone=gone)
    assert asked.status == 2, asked.said
    assert (
        "xaa01 goes dark while it is changed, and of its cluster's other nodes only xaa02 would be live; 2 have"
        in " ".join(asked.said.split())
    )


def test_one_that_cannot_be_reached_is_no_harm_when_enough_are_live(ask: t.Any) -> None:
    assert ask({"xaa02"}, gone=True).status == 0


def test_it_is_done_all_the_same_when_somebody_says_so(ask: t.Any) -> None:
    assert "only none would be live" in ask(set()).said
    assert ask(set(), "-e", "imrs_disrupt=true").status == 0


def test_a_single_asks_nobody(ask: t.Any) -> None:
    asked = ask(set(), minimum=None)
    assert (asked.status, asked.nodes) == (0, set()), asked.said

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook icann.imrs.registration: files on this machine are judged, and nobody is contacted."""

from __future__ import annotations

import datetime
import json
import typing as t

import pytest
import registrations

if t.TYPE_CHECKING:
    import pathlib
    import subprocess


class Run(t.NamedTuple):
    """How a run ended, and what it said, on one line."""

    status: int
    said: str


class World(t.NamedTuple):
    """A fleet, and files that are all well."""

    fleet: t.Any
    files: dict[str, str]

    @property
    def reports(self) -> pathlib.Path:
        return t.cast("pathlib.Path", self.fleet.inventory.parent / "reports/registration")

    def run(self, *options: str, **given: t.Any) -> Run:
        """Judge the files, with these instead of or beside them."""
        variable = {"acceptance_registration": {**self.files, **given}}
        done: subprocess.CompletedProcess[str] = self.fleet.run("registration", "-e", json.dumps(variable), *options)
        assert not self.fleet.called.exists()
        assert "Traceback" not in done.stdout + done.stderr
        return Run(done.returncode, " ".join((done.stdout + done.stderr).split()))


@pytest.fixture
def world(fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]) -> World:
    fleet.write({name: make_node(name) for name in ("xaa01", "xab01")})
    now = datetime.datetime.now(datetime.UTC)
    lasting = [registrations.roa(prefix, expires=int(now.timestamp()) + 9999) for prefix in registrations.FIVE]
    texts = {
        "rpki": registrations.rpki(*lasting, instead=True, made=f"{now:%Y-%m-%dT%H:%M:%SZ}"),
        "irr": registrations.irr(),
        "peeringdb": registrations.peeringdb(),
    }
    for name, text in texts.items():
        (fleet.base / name).write_text(text)
    return World(fleet, {name: str(fleet.base / name) for name in texts})


def test_all_is_well(world: World) -> None:
    done = world.run("-e", "imrs_strict=true")
    assert done.status == 0, done.said
    assert "AS20144: 5 prefixes are registered as they are announced" in done.said
    assert json.loads((world.reports / "registration.json").read_text())["sound"]
    assert (world.reports / "registration.txt").read_text().startswith("prefix ")


def test_findings_are_told_and_fail_a_strict_run_alone(world: World) -> None:
    low = registrations.peeringdb(info_prefixes4=1)
    (world.fleet.base / "peeringdb").write_text(low)
    done = world.run("--check")
    assert done.status == 0, done.said
    assert "info_prefixes4 is 1, and 2 are announced" in done.said
    assert not json.loads((world.reports / "registration.json").read_text())["sound"]
    done = world.run("-e", "imrs_strict=true")
    assert done.status == 2, done.said
    assert "AS20144: 1 finding; reports in" in done.said


def test_what_is_not_given_is_not_checked(world: World) -> None:
    assert "AS20144: not checked: IRR" in world.run(irr=None).said
    assert world.run("-e", "imrs_strict=true", irr=None).status == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"rpki": None, "irr": None, "peeringdb": None},
            "there is no input; give acceptance_registration the path of one",
        ),
        ({"rpkii": "/x"}, "Unsupported parameters"),
        ({"days": -3}, "days: -3 is no number from 0 to 100000"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(world: World, given: dict[str, t.Any], said: str) -> None:
    done = world.run(**given)
    assert done.status == 2, done.said
    assert said in done.said, done.said


def test_two_fleets_are_refused(world: World, make_node: t.Callable[..., dict[str, t.Any]]) -> None:
    world.fleet.write({"xaa01": make_node("xaa01"), "xab01": make_node("xab01", imrs_irr=None)})
    assert "the nodes are of fleets that are registered differently: take one by --limit" in world.run().said
    assert world.run("--limit", "xaa01").status == 0

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node in service is planned for before it is changed: real runs against localhost."""

from __future__ import annotations

import datetime
import pathlib
import typing as t

import pytest
from imrs_bundle_site import PLAIN, Site, bundle, make_site

RELOAD = {"command": "true knot.service", "disruption": "reload"}
RESET = {"command": "true bird.service", "disruption": "session reset"}
LATER = {"content": "later\n", "dest": "{{ node }}/later"}
KNOWN = {
    "ansible.builtin.debug": {"msg": "planned {{ (ansible_facts.imrs_planned | default({})).bundles | default({}) }}"}
}


def named(name: str, task: dict[str, t.Any]) -> dict[str, t.Any]:
    """The task, of another bundle."""
    return {**task, "icann.imrs.bundle": {**task["icann.imrs.bundle"], "name": name}}


def windows(*days: int) -> list[dict[str, str]]:
    """Maintenance windows that are open so many days from now."""
    now = datetime.datetime.now(datetime.UTC)
    return [
        {"day": f"{now + datetime.timedelta(days=day):%A}".lower(), "start": "00:00", "end": "24:00"} for day in days
    ]


def planning(tasks: list[dict[str, t.Any]], plan: bool = True) -> dict[str, t.Any]:
    """Tasks that plan, or that carry out."""
    return {"name": "main | Plan" if plan else "main | Carry out", "block": tasks, "vars": {"imrs_plan": plan}}


def written(site: Site) -> set[str]:
    return {path.name for path in site.node.iterdir()}


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Site:
    return make_site(tmp_path)


@pytest.fixture
def serves(tmp_path: pathlib.Path) -> pathlib.Path:
    """As long as it is there, the node is in service."""
    mark = tmp_path / "serves"
    mark.touch()
    return mark


def test_a_node_in_service_is_planned_for_and_then_changed(site: Site) -> None:
    task = bundle(PLAIN, activate=[RELOAD], in_service="true")
    result = site.play([planning([task, KNOWN])])
    assert "localhost: bundle one is going to do: knot.service reload" in result.stdout
    assert "planned {'one': 'reload'}" in result.stdout
    assert "changed=0" in result.stdout
    assert written(site) == set()
    assert "planned {}" in site.play([planning([task, KNOWN])], "--check").stdout
    result = site.play([planning([task]), planning([task], plan=False), KNOWN])
    assert "planned {}" in result.stdout
    assert "changed=1" in result.stdout
    assert written(site) == {"plain"}
    result = site.play([planning([task]), KNOWN])
    assert "planned {}" in result.stdout


def test_nothing_is_changed_without_the_questions_before_it(site: Site) -> None:
    result = site.play([bundle(PLAIN)], "--skip-tags", "always")
    assert result.returncode != 0
    assert "bundle one: --skip-tags always leaves out what is asked before a node is changed" in result.stdout
    assert written(site) == set()
    rendered = site.play(
        [bundle(PLAIN)], "--skip-tags", "always", variables={"imrs_render_directory": str(site.base / "out")}
    )
    assert rendered.returncode == 0, rendered.stdout


def test_what_is_refused_keeps_all_bundles_of_the_run_from_changing(site: Site) -> None:
    first = bundle(PLAIN, activate=[RELOAD], in_service="true")
    second = named("two", bundle(LATER, activate=[RESET], in_service="true", windows=windows(3)))
    result = site.play([planning([first, second]), planning([first, second], plan=False)])
    assert result.returncode != 0
    assert "bundle two: bird.service needs a session reset, and the node is in service" in result.stdout
    assert written(site) == set()


def test_a_node_that_turns_dark_on_the_way_counts_as_in_service_until_the_end(
    site: Site,
    serves: pathlib.Path,
) -> None:
    """Or what comes later would be changed first, and would not be refused any more."""
    asked = f"sh -c 'test -e {serves} || exit 3'"
    first = bundle(PLAIN, activate=[RELOAD], in_service=asked)
    dark = {"ansible.builtin.file": {"path": str(serves), "state": "absent"}}
    second = named("two", bundle(LATER, activate=[RESET], in_service=asked))
    result = site.play([planning([first, dark, second, KNOWN])])
    assert "bundle two: bird.service needs a session reset, and the node is in service" in result.stdout
    second["icann.imrs.bundle"]["disrupt"] = True
    serves.touch()
    result = site.play([planning([first, dark, second, KNOWN])])
    assert result.returncode == 0, result.stdout
    assert "planned {'one': 'reload', 'two': 'session reset'}" in result.stdout
    assert written(site) == set()


def test_what_was_allowed_when_it_was_planned_may_be_done(site: Site) -> None:
    """The window may have closed since, and other bundles may be new already."""
    opened = bundle(PLAIN, activate=[RESET], in_service="true", windows=windows(0, 1))
    closed = bundle(PLAIN, activate=[RESET], in_service="true", windows=windows(3))
    assert site.play([planning([closed], plan=False)]).returncode != 0
    assert written(site) == set()
    result = site.play([planning([opened]), planning([closed], plan=False)])
    assert result.returncode == 0, result.stdout
    assert written(site) == {"plain"}


def test_what_another_run_has_planned_does_not_count(site: Site) -> None:
    """Facts may come from a cache."""
    task = bundle(PLAIN, activate=[RESET], in_service="true", windows=windows(3))
    facts = {"imrs_planned": {"run": "ansible-local-1", "in_service": True, "bundles": {"one": "session reset"}}}
    cached = {"ansible.builtin.set_fact": {**facts, "cacheable": True}}
    assert "the node is in service" in site.play([cached, planning([task], plan=False)]).stdout
    dark = bundle(PLAIN, activate=[RESET], in_service="sh -c 'exit 3'", windows=windows(3))
    result = site.play([cached, planning([dark, KNOWN])])
    assert (result.returncode, written(site)) == (0, {"plain"}), result.stdout
    assert "planned {}" in result.stdout

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run looks once at what stands on a node, and sends only what is otherwise: real runs against localhost."""

from __future__ import annotations

import json
import shutil
import typing as t

import pytest
from imrs_bundle_site import PLAIN, Site, bundle, make_site

LOOK = {"name": "main | Look", "icann.imrs.look": {"any_release": True}, "register": "look"}
FORGET = {"name": "main | Forget", "icann.imrs.run": {"verb": "forget"}}
ELSEWHERE = {"run": {"id": "x", "node": "xlb01", "who": "anna on ctl9", "playbook": "icann.imrs.site", "machine": "y"}}
OTHER = {"content": "other\n", "dest": "{{ node }}/other"}


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Where a run has been, and what it has left is kept beside it."""
    made = make_site(tmp_path_factory.mktemp("look") / "site")
    assert "changed=1" in made.play([bundle(PLAIN)]).stdout
    shutil.copytree(made.base, made.base.with_name("kept"), symlinks=True)
    return made


@pytest.fixture
def site(visited: Site) -> Site:
    """That, with nothing of what a test before has done. It stays at its place: a manifest has whole paths."""
    shutil.rmtree(visited.base)
    shutil.copytree(visited.base.with_name("kept"), visited.base, symlinks=True)
    return visited


def by_hand(site: Site) -> dict[str, t.Any]:
    """Behind the run's back, so that it shows whether it looks again."""
    return {
        "name": "main | Edit",
        "ansible.builtin.copy": {"content": "by hand\n", "dest": str(site.node / "plain"), "mode": "0644"},
        "changed_when": False,
    }


def other(**more: t.Any) -> dict[str, t.Any]:
    """Another bundle, which changes something."""
    task = bundle(OTHER, **more)
    task["icann.imrs.bundle"]["name"] = "two"
    return task


def plain(site: Site) -> str:
    return (site.node / "plain").read_text()


def test_what_stands_as_it_is_rendered_is_not_sent_again(site: Site) -> None:
    done = site.play([LOOK, by_hand(site), bundle(PLAIN)])
    assert "changed=0" in done.stdout, done.stdout
    assert plain(site) == "by hand\n", "the node was contacted"
    done = site.play([LOOK, bundle(PLAIN)])
    assert "changed=1" in done.stdout, done.stdout
    assert plain(site) == "zones . arpa.\n"


@pytest.mark.parametrize("what", ["another bundle", "forgotten", "no look"])
def test_what_was_seen_counts_until_the_run_has_changed_something(site: Site, what: str) -> None:
    between = {"another bundle": [LOOK, other()], "forgotten": [LOOK, FORGET], "no look": []}[what]
    done = site.play([*between, by_hand(site), bundle(PLAIN)])
    assert done.returncode == 0, done.stdout
    assert plain(site) == "zones . arpa.\n"


def test_what_is_planned_or_foretold_changes_nothing_and_what_was_seen_still_counts(site: Site) -> None:
    planned = {**other(in_service="true"), "vars": {"imrs_plan": True}}
    foretold = {**other(), "check_mode": True}
    done = site.play([LOOK, planned, foretold, by_hand(site), bundle(PLAIN)])
    assert "changed=0" not in site.play([other()]).stdout
    assert done.returncode == 0, done.stdout
    assert plain(site) == "by hand\n"


def test_what_was_seen_by_an_earlier_run_counts_for_nothing(site: Site) -> None:
    """Facts may come from a cache."""
    known = "{{ ansible_facts.imrs_planned | combine({'run': 'ansible-local-1@ctl9'}) }}"
    stale = {"ansible.builtin.set_fact": {"imrs_planned": known, "cacheable": True}}
    done = site.play([LOOK, stale, by_hand(site), bundle(PLAIN)])
    assert done.returncode == 0, done.stdout
    assert plain(site) == "zones . arpa.\n"


def test_a_comparison_without_a_contact_is_one(site: Site) -> None:
    review = {"icann.imrs.run": {"verb": "review", "bundles": ["one"]}, "register": "known"}
    told = {"ansible.builtin.debug": {"msg": "missing {{ known.missing }}, unrendered {{ known.unrendered }}"}}
    done = site.play([{**LOOK, "check_mode": True}, {**bundle(PLAIN), "check_mode": True}, review, told])
    assert "missing [], unrendered []" in done.stdout, done.stdout


def test_it_takes_the_node_as_the_first_bundle_does(site: Site) -> None:
    lease = site.base / "state/boot/lease.json"
    before = json.loads(lease.read_text())
    assert site.play([LOOK], "--check").returncode == 0
    assert json.loads(lease.read_text()) == before
    assert site.play([LOOK]).returncode == 0
    assert json.loads(lease.read_text())["run"]["id"] != before["run"]["id"]
    lease.write_text(json.dumps({**json.loads(lease.read_text()), **ELSEWHERE}))
    done = site.play([LOOK])
    assert done.returncode != 0
    assert "another run holds the node: icann.imrs.site by anna on ctl9" in done.stdout
    done = site.play([LOOK], "--check")
    assert done.returncode == 0, done.stdout
    assert "this run would be refused" in done.stdout + done.stderr


def test_it_tells_what_the_roles_need(site: Site) -> None:
    asked = {
        "ansible.builtin.assert": {
            "that": [
                "look.installed is superset(['dpkg', 'coreutils'])",
                "look.held is subset(look.installed)",
                "ansible_facts.virtualization_role in ['host', 'guest']",
                "look.intact.keys() | list == ['one']",
            ]
        }
    }
    done = site.play([LOOK, asked])
    assert done.returncode == 0, done.stdout

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time a node, and what a run knows of it: real runs against localhost."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import time
import typing as t

import pytest
from imrs_bundle_site import PLAIN, Site, bundle, make_site

FAILING = bundle({**PLAIN, "dest": "{{ node }}/failing"}, check=["false"])
RELOAD = {"command": "true knot.service", "disruption": "reload"}
KNOWN = [
    {"icann.imrs.run": {"verb": "review", "bundles": ["one", "two"]}, "register": "known"},
    {
        "ansible.builtin.debug": {
            "msg": "unrendered {{ known.unrendered | join('; ') or 'nothing' }}, refused {{ known.refusal }}"
        }
    },
]


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Site:
    return make_site(tmp_path)


def lease(site: Site) -> pathlib.Path:
    return site.base / "state/boot/lease.json"


def held_by(site: Site, machine: str, process: str) -> None:
    """Another run holds the node."""
    run = {"id": "x", "node": "xlb01", "who": "anna on ctl9", "playbook": "icann.imrs.site"}
    until = time.clock_gettime(time.CLOCK_BOOTTIME) + 600
    lease(site).parent.mkdir(parents=True, mode=0o700)
    said = {"run": {**run, "machine": machine, "process": process}, "since": "2026-03-03T12:00:00Z", "until": until}
    lease(site).write_text(json.dumps(said))


def said(done: subprocess.CompletedProcess[str]) -> str:
    return " ".join((done.stdout + done.stderr).split())


def machine() -> str:
    boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot} {os.readlink('/proc/self/ns/pid')}"


def test_another_run_is_named_before_anything_changes_w_2(site: Site) -> None:
    held_by(site, "another", "1 1")
    done = site.play([bundle(PLAIN)])
    assert done.returncode != 0
    told = (
        "bundle one: localhost: another run holds the node: icann.imrs.site by anna on ctl9, since 2026-03-03T12:00:00Z"
    )
    assert told in said(done)
    assert not list(site.node.iterdir())

    before = lease(site).read_text()
    done = site.play([bundle(PLAIN)], "--check")
    assert done.returncode == 0, done.stdout
    assert "this run would be refused" in said(done)
    assert lease(site).read_text() == before

    done = site.play([bundle(PLAIN)], "-e", "imrs_take_over=true")
    assert done.returncode == 0, done.stdout
    assert json.loads(lease(site).read_text())["run"]["playbook"] == "play.yml"


@pytest.mark.parametrize("alive", [True, False], ids=["alive", "gone"])
def test_only_a_run_whose_process_is_gone_is_taken_over_from(site: Site, alive: bool) -> None:
    mine = pathlib.Path(f"/proc/{os.getpid()}/stat").read_text().rpartition(")")[2].split()[19]
    held_by(site, machine(), f"{os.getpid()} {mine if alive else '1'}")
    done = site.play([bundle(PLAIN)])
    assert (done.returncode == 0) is not alive, done.stdout
    gone = "localhost: icann.imrs.site by anna on ctl9 held the node, and its process is gone; it is taken over"
    assert (gone in said(done)) is not alive


def test_a_bundle_that_fails_gives_the_node_back_and_its_run_may_go_on(site: Site) -> None:
    done = site.play([{**FAILING, "ignore_errors": True}])
    assert "bundle one: check failed" in said(done)
    assert json.loads(lease(site).read_text())["until"] == 0
    done = site.play([bundle(PLAIN), {**FAILING, "ignore_errors": True}, bundle(PLAIN)])
    assert done.returncode == 0, done.stdout
    assert json.loads(lease(site).read_text())["until"] > 0


def run(verb: str, *command: str, **more: t.Any) -> dict[str, t.Any]:
    return {"icann.imrs.run": {"verb": verb, **({"command": [*command]} if command else {})}, **more}


def test_a_run_that_lost_the_node_does_nothing_more(site: Site) -> None:
    made = str(site.node / "made")
    tasks = [
        run("leave"),
        run("hold", "touch", f"{made}-1"),
        run("keep", "touch", f"{made}-2"),
        run("end", delegate_facts=True, delegate_to="another"),  # another run withdraws the node
        run("keep", "touch", f"{made}-3", register="kept", failed_when=False),
        {**bundle(PLAIN), "register": "handed", "failed_when": False},
        {"ansible.builtin.debug": {"msg": "{{ kept.msg }} | {{ handed.msg }}"}},
    ]
    done = site.play(tasks)
    assert done.returncode == 0, done.stdout
    lost = "localhost: this run does not hold the node any more: the node was withdrawn or rebooted meanwhile"
    assert said(done).count(lost) == 2, done.stdout
    assert {path.name for path in site.node.iterdir()} == {"made-1", "made-2"}


def test_a_command_that_fails_and_one_that_is_not_there_give_the_node_back(site: Site) -> None:
    gone = {**run("hold", "false"), "failed_when": False}
    absent = {"icann.imrs.run": {"verb": "hold", "command": "false", "removes": "/no/such/program"}}
    for task in (gone, absent):
        done = site.play([task])
        assert done.returncode == 0, done.stdout
        assert json.loads(lease(site).read_text())["until"] == 0
    assert site.play([run("hold", "false")]).returncode != 0


def test_in_check_mode_nothing_is_taken_and_nothing_is_run(site: Site) -> None:
    tasks = [run("hold", "touch", str(site.node / "made")), run("keep", "true"), run("end"), run("leave")]
    done = site.play([*tasks, {**run("hold", "echo", "asked all the same"), "check_mode": False}], "--check", "-v")
    assert done.returncode == 0, done.stdout
    assert "asked all the same" in done.stdout
    assert not list(site.node.iterdir())
    assert not lease(site).exists()


def test_a_run_knows_what_is_not_as_rendered_w_3(site: Site) -> None:
    compared = {**bundle(PLAIN), "check_mode": True}
    done = site.play([*KNOWN, compared, *KNOWN, bundle(PLAIN), *KNOWN])
    assert done.returncode == 0, done.stdout
    dest = site.node / "plain"
    assert "unrendered bundle one was not compared; bundle two was not compared, refused" in done.stdout
    assert f"unrendered bundle two was not compared; bundle one is not as rendered ({dest}), refused" in done.stdout
    assert "unrendered bundle two was not compared, refused" in done.stdout
    done = site.play([*KNOWN])
    assert "unrendered bundle one was not compared; bundle two was not compared" in done.stdout


def test_a_run_knows_that_a_change_would_not_be_accepted_w_4(site: Site) -> None:
    planned = {**bundle(PLAIN, activate=[RELOAD], in_service="true"), "vars": {"imrs_plan": True}}
    tags = [{**task, "tags": ["always"]} for task in (planned, *KNOWN)]
    told = "refused the node is in service, and a change of one would take it dark and leave it so"
    assert told not in site.play(tags).stdout
    assert told in site.play(tags, "--tags", "nameserver").stdout
    assert told not in site.play(tags, "--tags", "nameserver,acceptance").stdout
    assert told not in site.play(tags, "--tags", "nameserver", "-e", "imrs_leave_dark=true").stdout

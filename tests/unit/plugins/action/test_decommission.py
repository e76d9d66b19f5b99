# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""decommission.yml up to the first look at the machine, and the record; nodes are directories of this machine."""

from __future__ import annotations

import json
import pathlib
import subprocess
import typing as t

import pytest
from imrs_nodes import Done, World

REFUSED = {"allowed": False, "reason": "The instance is not operational.", "override": ""}
OFF: dict[str, t.Any] = {"imrs_operational": False, "imrs_mode": "dark", "imrs_provisioning": REFUSED}
"""What `operational: false` comes to."""
CAT = """#!/bin/sh
case $1 in /etc/imrs-decommissioned) echo '{"state": "begun", "paths": []}';; *) exec /bin/cat "$@";; esac
"""
NEXT = "TASK [icann.imrs.decommission : See that it is the machine that is meant]"
"""What comes after the refusals."""


@pytest.fixture
def world(fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]) -> World:
    return World(fleet, make_node)


def run(world: World, *options: str, limit: str = "xaa01", serial: str = "CLP-0001", reason: str = "closed") -> Done:
    limits = ("--limit", limit) if limit else ()
    return world.run("decommission", *limits, "-e", f"imrs_confirm_serial={serial}", *options, reason=reason)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"serial": ""}, "imrs_confirm_serial is missing"),
        ({"serial": "CLP-0002"}, "and xaa01 has another serial number"),
        ({"limit": "xaa01:xab01"}, "this one has xaa01, xab01: name it with --limit"),
        ({"limit": ""}, "name it with --limit"),
        ({"reason": ""}, "imrs_reason is missing"),
        ({"limit": "xab01"}, "the sheet of site xab wants it to serve: write operational: false there"),
    ],
)
def test_what_is_not_meant_is_refused_before_any_contact(world: World, how: dict[str, str], said: str) -> None:
    world.node("xaa01", **OFF)
    world.node("xab01")
    done = run(world, **how)
    assert done.status != 0
    assert said in done.said
    assert world.asked() == set()


def test_what_goes_into_the_record_is_one_line(world: World) -> None:
    world.node("xaa01", **OFF)
    done = run(world, "-e", json.dumps({"imrs_peer_says": "one\ntwo"}))
    assert done.status != 0
    assert "imrs_peer_says: " in done.said
    assert world.asked() == set()


def test_tags_are_refused(world: World) -> None:
    world.node("xaa01", **OFF)
    done = run(world, "--skip-tags", "decommission")
    assert done.status != 0
    assert "nothing of it can be left out" in done.said
    assert world.asked() == set()


def test_a_fleet_that_signs_needs_its_key_before_any_contact(world: World) -> None:
    world.node("xaa01", **OFF, imrs_certificate={"signers": [{"name": "a", "key": "ssh-ed25519 AAAA"}], "days": None})
    done = run(world)
    assert done.status != 0
    assert "say which key signs, with -e imrs_signing_key=FILE" in done.said
    assert world.asked() == set()


def test_what_the_fleet_cannot_spare_is_refused_and_given_back(world: World) -> None:
    world.node("xaa01", **OFF)
    world.node("xab01")
    world.node("xac01", "live", "gone")
    tight = ("-e", '{"imrs_budget": [{"group_by": "fleet", "max_unavailable": 1}]}')
    done = run(world, *tight)
    assert done.status != 0
    assert "1 of 3 nodes of fleet" in done.said
    assert NEXT not in done.said
    assert world.claims("xaa01") == ["claim", "release"]
    assert world.told("xaa01") == []
    # With a number of the person's own it goes on.
    done = run(world, "-e", "imrs_budget=2")
    assert NEXT in done.said
    assert world.claims("xaa01") == ["claim", "release", "claim"]


def test_a_cluster_that_goes_on_keeps_its_minimum(world: World) -> None:
    names = ["xaa01", "xaa02", "xaa03"]
    cluster = {
        "nodes": names,
        "minimum_live": 2,
        "routers": ["xaa-r1"],
        "below_minimum": "drained",
        "node_names": names,
    }
    for name, mode in (("xaa01", "live"), ("xaa02", "live"), ("xaa03", "drained")):
        world.node(name, mode, imrs_cluster=cluster)
    done = run(world, "-e", "imrs_budget=9")
    assert done.status != 0
    assert "of cluster xaa only xaa02 would stay live, and 2 have to (minimum_live)" in done.said
    assert world.told("xaa01") == []
    done = run(world, "-e", "imrs_budget=9", limit="xaa03")
    assert NEXT in done.said, "one that is not live gives nothing that is lost"


def test_what_is_begun_is_continued_and_asks_nobody(world: World) -> None:
    world.node("xaa01", **OFF)
    world.node("xab01", "live", "gone")
    cat = world._fleet.base / "at" / "xaa01.example" / "cat"
    cat.write_text(CAT)
    cat.chmod(0o755)
    done = run(world, "-e", "imrs_budget=0")
    assert NEXT in done.said
    assert "xab01" not in world.asked()
    assert world.claims("xaa01") == []


def test_with_check_nothing_is_claimed(world: World) -> None:
    world.node("xaa01", **OFF)
    done = run(world, "--check")
    assert NEXT in done.said
    assert world.claims("xaa01") == []


MARK = {
    "state": "done",
    "when": "2026-11-30T10:00:00Z",
    "by": "bob",
    "reason": "closed",
    "paths": ["/etc/knot/keys.conf"],
}
ENDED = {
    "changed": True,
    "mark": MARK,
    "units": ["knot.service"],
    "host_keys": [],
    "trim": "/: 1 GiB",
    "swap": [],
    "kept": [],
}
SHEET = "site: xaa\n# Kept as it is.\noperational: false\nnodes:\n  - node: xaa01\n  - node: xaa02\n"


@pytest.fixture
def recorded(fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]) -> t.Callable[..., tuple[str, pathlib.Path]]:
    """What the verb record says of a node, and the folder of all reports; no node is contacted."""

    def run(name: str, **more: t.Any) -> tuple[str, pathlib.Path]:
        nodes = {each: make_node(each, **{**OFF, **more.pop(each, {})}) for each in ("xaa01", "xaa02")}
        fleet.write(nodes)
        folder = fleet.base / "sheets"
        (folder / "sites").mkdir(parents=True, exist_ok=True)
        (folder / "sites/xaa.yml").write_text(SHEET)
        (folder / "imrs.yml").write_text("plugin: icann.imrs.sites\n")
        (folder / "fleet.yml").write_text("fleet: test\n")
        given = {
            "verb": "record", "by": "bob", "reason": "closed", "certificate": {}, "withdrawn": "It is dark",
            "peers": "{{ imrs_peers }}", "router": {"skipped": True}, "after": {"skipped": True},
            "peer_says": "the NOC", "looked": {"machine": {"container": "lxc"}}, "ended": ENDED,
            "inventory": str(folder / "imrs.yml"),
            "report_directory": "{{ inventory_dir }}/reports/{{ inventory_hostname }}", **more,
        }  # fmt: skip
        play = {
            "hosts": name, "gather_facts": False, "become": False,
            "tasks": [
                {"icann.imrs.decommission": given, "register": "found"},
                {"ansible.builtin.debug": {"msg": "{{ found.said }} changed {{ found.changed }}"}},
            ],
        }  # fmt: skip
        book = fleet.base / "record.yml"
        book.write_text(json.dumps([play]))
        done = fleet.run(str(book))
        assert done.returncode == 0, done.stdout + done.stderr
        assert not fleet.called.exists()
        return " ".join(done.stdout.split()), fleet.inventory.parent / "reports"

    return run


def test_the_sheet_is_patched_when_the_whole_site_is_over(recorded: t.Callable[..., tuple[str, pathlib.Path]]) -> None:
    said, reports = recorded("xaa01")
    assert "xaa01.l.root-servers.org is decommissioned, since now." in said
    assert "The record is not signed, as the fleet has no keys." in said
    assert "When xaa02 of site xaa are decommissioned, too, there is a patch of its sheet" in said
    assert sorted(path.name for path in (reports / "xaa01").iterdir()) == ["decommission.json", "decommission.md"]
    record = json.loads((reports / "xaa01/decommission.json").read_text())
    assert record["seen"]["peer_says"] == "the NOC"
    assert record["revoke"]["transfer_keys"][0]["key"] == "xaa01-dist1.example."
    said, reports = recorded("xaa02")
    assert f"apply {reports}/xaa02/decommission.patch" in said
    folder = reports.parent.parent / "sheets"
    subprocess.run(("patch", "-p1", "-i", reports / "xaa02/decommission.patch"), check=True, cwd=folder)
    sheet = (folder / "sites/xaa.yml").read_text()
    assert sheet.startswith(SHEET)
    assert 'by: "bob", reason: "closed"}' in sheet


def test_of_a_cluster_that_goes_on_the_node_goes(recorded: t.Callable[..., tuple[str, pathlib.Path]]) -> None:
    serves = {"imrs_operational": True}
    _said, reports = recorded("xaa01", xaa01=serves, xaa02=serves)
    patch = (reports / "xaa01/decommission.patch").read_text()
    assert "-  - node: xaa01\n   - node: xaa02\n" in patch


def test_a_second_run_keeps_the_record(recorded: t.Callable[..., tuple[str, pathlib.Path]]) -> None:
    _said, reports = recorded("xaa01")
    before = (reports / "xaa01/decommission.json").read_text()
    said, _reports = recorded("xaa01", ended={**ENDED, "changed": False}, reason="another")
    assert (reports / "xaa01/decommission.json").read_text() == before
    assert f"is decommissioned, since {json.loads(before)['when']}" in said
    assert "changed False" in said
    # Another controller, where there is none, has one afterwards.
    (reports / "xaa01/decommission.json").unlink()
    recorded("xaa01", ended={**ENDED, "changed": False})
    assert (reports / "xaa01/decommission.json").exists()


def held(*prefixes: str) -> dict[str, t.Any]:
    """What the host's router of xaa01 has, as a task returns it."""
    session = {"state": "Established", "local_as": 64500}
    sessions = {
        "192.0.2.2": {**session, "address": "192.0.2.1"},
        "2001:db8:0:1::2": {**session, "address": "2001:db8:0:1::1"},
    }
    routes = {"192.0.2.2": [{"to": prefix} for prefix in prefixes], "2001:db8:0:1::2": []}
    return {"evidence": {"host_router": {"sessions": sessions, "routes": routes}}}


def test_what_is_announced_afterwards_is_the_first_thing_that_is_said(
    recorded: t.Callable[..., tuple[str, pathlib.Path]],
) -> None:
    said, _reports = recorded("xaa01", after=held("199.7.83.0/24"))
    assert "STILL ANNOUNCED: as64500_ipv4_1 (192.0.2.1): 199.7.83.0/24. Have the host shut it" in said


@pytest.mark.parametrize(
    ("router", "word", "said"),
    [
        (held(), "", ""),
        (held("199.7.83.0/24"), "the NOC", "xaa01 is still announced, by its host's router: as64500_ipv4_1"),
        ({"unreachable": True, "msg": "No route to host"}, "", "it cannot be reached (No route to host)"),
        ({"skipped": True}, "", "the sheet names no looking_glass"),
        ({"skipped": True}, "the NOC", ""),
    ],
)
def test_the_peer_is_asked_before_anything_is_wiped(
    fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]], router: dict[str, t.Any], word: str, said: str
) -> None:
    fleet.write({"xaa01": make_node("xaa01", **OFF)})
    given = {"verb": "proven", "peers": "{{ imrs_peers }}", "router": router, "peer_says": word}
    play = {"hosts": "xaa01", "gather_facts": False, "become": False, "tasks": [{"icann.imrs.decommission": given}]}
    book = fleet.base / "proven.yml"
    book.write_text(json.dumps([play]))
    done = fleet.run(str(book))
    assert bool(done.returncode) == bool(said), done.stdout
    assert said in " ".join(done.stdout.split())

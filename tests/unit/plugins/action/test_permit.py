# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may not be provisioned is said before anybody is contacted: real runs against nodes that nobody can reach."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
from imrs_nodes import World

SOON = "Rehearsal Net: the step rack (Racked, powered, connected) is not done"
REFUSED = {"allowed": False, "reason": SOON, "override": ""}
OVERRIDE = "2026-01-05, J. Doe: Lab rehearsal"
ALLOWED = {"allowed": True, "reason": "", "override": ""}


@pytest.fixture
def nodes(make_node: t.Callable[..., dict[str, t.Any]]) -> dict[str, dict[str, t.Any]]:
    unknown = make_node("xad01")
    del unknown["imrs_provisioning"]
    return {
        "xaa01": make_node("xaa01"),
        "xab01": make_node("xab01", imrs_provisioning=REFUSED),
        "xac01": make_node("xac01", imrs_provisioning={**REFUSED, "reason": "it is decommissioned"}),
        "xad01": unknown,
        "xae01": make_node("xae01", imrs_provisioning={**ALLOWED, "override": OVERRIDE}),
    }


@pytest.mark.parametrize("playbook", ["site", "accept"])
def test_all_refused_nodes_and_their_reasons_come_in_one_message(
    fleet: t.Any, nodes: dict[str, dict[str, t.Any]], playbook: str
) -> None:
    fleet.write(nodes)
    done = fleet.run(playbook, "--tags", "network")  # the question is asked whatever part is run
    assert done.returncode != 0
    message = (
        "Nothing is provisioned, because of 3 of 5 nodes:\n"
        f"xab01: {SOON}\n"
        "xac01: it is decommissioned\n"
        "xad01: its inventory does not say whether it may be provisioned\n"
        "Complete the steps of the onboarding in the site sheet, or record an onboarding.override there, "
        "or leave these nodes out: --limit provisionable\n"
    )
    assert message in done.stderr + done.stdout
    assert "IT MAY STILL ANNOUNCE" not in done.stdout + done.stderr  # nobody has to be taken dark
    assert not fleet.called.exists()


SUSPENDED = {"imrs_operational": False, "imrs_state": "suspended", "imrs_provisioning": {**REFUSED, "reason": "Off."}}


@pytest.mark.parametrize("playbook", ["site", "accept"])
def test_a_node_that_is_not_to_serve_is_sought_first_w_1(
    fleet: t.Any, nodes: dict[str, dict[str, t.Any]], make_node: t.Callable[..., dict[str, t.Any]], playbook: str
) -> None:
    fleet.write({**nodes, "xaf01": make_node("xaf01", ansible_host="192.0.2.254", **SUSPENDED)})
    done = fleet.run(playbook, "--tags", "network", "-e", "imrs_budget=6")  # nobody answers here
    assert done.returncode != 0
    said = " ".join((done.stdout + done.stderr).split())
    assert "because of 4 of 6 nodes: " in said
    assert "xaf01: Off. IT MAY STILL ANNOUNCE: it cannot be reached. Have its host shut the BGP session" in said
    assert f"xab01: {SOON} xac01: " in said  # was never provisioned
    first = fleet.called.read_text().splitlines()[0]
    assert "192.0.2.254" in first


def test_a_check_takes_nothing_dark(fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]) -> None:
    fleet.write({"xaf01": make_node("xaf01", **SUSPENDED)})
    done = fleet.run("site", "--check")
    assert done.returncode != 0
    assert "xaf01: Off.\n" in done.stdout + done.stderr
    assert all("imrs status --json" in line for line in fleet.called.read_text().splitlines() if "imrs" in line)


@pytest.fixture
def world(fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]) -> World:
    return World(fleet, make_node)


LIMIT = '{"imrs_budget": [{"group_by": "fleet", "max_unavailable": 2}]}'


@pytest.mark.parametrize("wrong", [SUSPENDED, {"imrs_mode": "dark"}, {"imrs_mode": "drained"}])
@pytest.mark.parametrize("budget", ["imrs_budget=2", LIMIT])
def test_wrong_data_does_not_take_the_constellation_dark(world: World, budget: str, wrong: dict[str, t.Any]) -> None:
    for name in ("xaa01", "xab01", "xac01"):
        world.node(name, **wrong)
    world.node("xad01")
    world.node("xae01", "live", "gone")
    done = world.run("site", "-e", budget)
    assert done.status != 0
    assert "Nothing is changed: 1 of 5 nodes of fleet test would announce 199.7.83.0/24, " in done.said
    assert "(now 4), and 3 have to (max_unavailable: 2)" in done.said
    assert "To be taken down by their sheets: xaa01, xab01, xac01." in done.said
    assert "xae01: no answer, " in done.said
    assert "To do it all the same: -e imrs_budget=4." in done.said
    assert "risk: fewer_nodes" in done.said
    assert all(not world.told(name) for name in world.nodes)
    assert world.claims("xaa01") == ["claim", "release"]


def test_what_is_taken_by_the_sheets_is_shown_first(world: World) -> None:
    world.node("xaa01", imrs_mode="drained")
    world.node("xab01")
    world.node("xac01", imrs_provisioning=REFUSED)  # and nothing more is done
    done = world.run("site", "--tags", "none", "-e", "imrs_budget=2")
    assert "fleet test 199.7.83.0/24, 2001:500:9f::/48, 2001:500:3::/48 3 1 0 2 1" in done.said
    assert "region africa 199.7.82.0/23, 2001:500:9e::/47 3 0 0 3 0" in done.said
    assert world.asked() == {"xaa01", "xab01", "xac01"}


def test_what_is_accepted_in_the_data_may_be_taken(world: World) -> None:
    loss = {"group_by": "fleet", "group": "test", "least": 1, "reason": "They move"}
    limits = [{"group_by": "fleet", "max_unavailable": 1}]
    for name in ("xaa01", "xab01"):
        world.node(name, imrs_mode="drained", imrs_budget=limits, imrs_accepted_losses=[loss])
    world.node("xac01", imrs_provisioning=REFUSED)
    assert "Nothing is changed: " not in world.run("site", "--tags", "none").said


def test_sheets_that_take_nothing_ask_nobody(world: World) -> None:
    world.node("xaa01", "drained", imrs_mode="drained")
    world.node("xab01")
    world.node("xac01", imrs_provisioning=REFUSED)
    done = world.run("site", "--tags", "none")
    assert "The sheets take no prefix from these nodes" in done.said
    assert "fleet test 199.7.83.0/24, 2001:500:9f::/48, 2001:500:3::/48 2 0 0 2 0" in done.said
    assert world.asked() == {"xaa01"}


def test_a_variable_alone_takes_nothing_dark(fleet: t.Any, nodes: dict[str, dict[str, t.Any]]) -> None:
    """What the sheet allows is not taken for suspended."""
    fleet.write({"xaa01": nodes["xaa01"]})
    done = fleet.run("site", "-e", '{"imrs_operational": false}', "--tags", "none")
    before, found, _ = done.stdout.partition("PLAY [Refuse what is not allowed")
    assert found, done.stdout
    assert "skipping: [xaa01]" in before.partition("Withdraw suspended and decommissioned nodes]")[2]
    assert "withdraw | " not in before
    assert "UNREACHABLE" not in before


@pytest.mark.parametrize("playbook", ["site", "accept"])
def test_allowed_nodes_go_ahead_and_an_override_is_in_the_output(
    fleet: t.Any, nodes: dict[str, dict[str, t.Any]], playbook: str
) -> None:
    fleet.write(nodes)
    done = fleet.run(playbook, "--limit", "xaa01,xae01")
    assert f"xae01 goes ahead by an override in its sheet: {OVERRIDE}" in done.stdout
    assert "xaa01 goes ahead" not in done.stdout
    assert "Nothing is provisioned" not in done.stdout + done.stderr
    # Only now somebody is contacted, and cannot be reached.
    assert "unreachable=1" in done.stdout, done.stdout
    assert fleet.called.exists()


@pytest.mark.parametrize("playbook", ["site", "accept"])
@pytest.mark.parametrize("place", ["inventory", "command line"])
def test_render_mode_is_refused(
    fleet: t.Any, nodes: dict[str, dict[str, t.Any]], tmp_path: pathlib.Path, playbook: str, place: str
) -> None:
    inventory = {"imrs_render_directory": str(tmp_path / "out")} if place == "inventory" else {}
    options = ["-e", f"imrs_render_directory={tmp_path}/out"] if place == "command line" else []
    fleet.write({"xaa01": nodes["xaa01"]}, **inventory)
    done = fleet.run(playbook, *options)
    assert done.returncode != 0
    assert "imrs_render_directory is set" in done.stdout + done.stderr
    assert not fleet.called.exists()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("playbook", ["site", "accept"])
def test_another_provider_than_that_of_the_sheet_is_refused(
    fleet: t.Any, nodes: dict[str, dict[str, t.Any]], playbook: str
) -> None:
    fleet.write({"xaa01": nodes["xaa01"]})
    done = fleet.run(playbook, "-e", "nameserver_provider=nsd", "-e", "routing_provider=bird")
    assert done.returncode != 0
    said = " ".join((done.stdout + done.stderr).split())
    assert "xaa01: nameserver_provider is nsd, the sheet has knot." in said
    assert "routing_provider is" not in said
    assert not fleet.called.exists()


def test_drift_goes_by_the_sheet_s_providers_too(fleet: t.Any, nodes: dict[str, dict[str, t.Any]]) -> None:
    fleet.write({"xaa01": nodes["xaa01"]})
    inventory = json.loads(fleet.inventory.read_text())
    inventory["all"]["children"]["provisionable"] = {"hosts": {"xaa01": {}}}
    fleet.inventory.write_text(json.dumps(inventory))
    done = fleet.run("drift", "-e", "routing_provider=frr")
    assert done.returncode != 0
    said = " ".join((done.stdout + done.stderr).split())
    assert "Nothing is compared: xaa01: routing_provider is frr, the sheet has bird." in said
    assert not fleet.called.exists()


def test_a_plan_that_would_never_be_carried_out_is_refused(fleet: t.Any, nodes: dict[str, dict[str, t.Any]]) -> None:
    fleet.write({"xaa01": nodes["xaa01"]})
    done = fleet.run("site", "-e", "imrs_plan=true")
    assert done.returncode != 0
    assert "imrs_plan is set: a node in service would never be changed" in done.stdout + done.stderr
    assert not fleet.called.exists()


LEFT_OUT = "These tags leave acceptance out"


@pytest.mark.parametrize("tags", [("--tags", "nameserver"), ("--skip-tags", "acceptance"), ("--tags", "untagged")])
def test_nodes_are_not_taken_dark_one_after_another(
    fleet: t.Any, nodes: dict[str, dict[str, t.Any]], tags: tuple[str, ...]
) -> None:
    fleet.write(nodes)
    done = fleet.run("site", "--limit", "xaa01,xae01", *tags)
    assert done.returncode != 0
    assert f"{LEFT_OUT}. A changed configuration voids" in done.stdout + done.stderr
    assert "all 2 nodes, one after another" in done.stdout + done.stderr
    assert not fleet.called.exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ("--limit", "xaa01", "--tags", "nameserver"),
            "Acceptance is left out. A node in service is not changed then",
        ),
        (("--limit", "xaa01,xae01", "--tags", "nameserver", "--check"), ""),
        (("--limit", "xaa01,xae01", "--tags", "nameserver,acceptance"), ""),
    ],
)
def test_parts_may_be_left_out(
    fleet: t.Any, nodes: dict[str, dict[str, t.Any]], options: tuple[str, ...], said: str
) -> None:
    fleet.write(nodes)
    done = fleet.run("site", *options)
    assert LEFT_OUT not in done.stdout + done.stderr
    assert said in done.stdout
    assert bool(said) == ("Acceptance is left out" in done.stdout)
    assert fleet.called.exists(), done.stdout


@pytest.mark.parametrize(
    ("variable", "value", "why"),
    [
        ("vault_bgp_xae", "x" * 81, "has 81 characters, and TCP MD5 takes 80 at most"),
        ("vault_bgp_xae", "hunter2 hunter2", "holds a blank, quote, backslash"),
        ("vault_tsig_xae01_dist1", "hunter2!", "is not base64 on one line"),
        ("vault_tsig_xae01_dist1", None, "is not one text, or an empty one"),
    ],
    ids=["A-7 too long", "A-7 blank", "A-7 no base64", "A-7 empty"],
)
def test_a_secret_that_cannot_be_used_is_named_before_any_contact(
    fleet: t.Any, nodes: dict[str, dict[str, t.Any]], variable: str, value: str | None, why: str
) -> None:
    fleet.write({"xaa01": nodes["xaa01"], "xae01": {**nodes["xae01"], variable: value}})
    done = fleet.run("site")
    assert done.returncode != 0
    assert f"xae01: the secret {variable} {why}" in " ".join((done.stdout + done.stderr).split())
    assert value is None or value not in done.stdout + done.stderr
    assert not fleet.called.exists()


@pytest.mark.parametrize("playbook", ["site", "accept"])
@pytest.mark.parametrize("lacks", [{}, {"imrs_mode": "drained"}, {"imrs_attestations": [{"check": "OB-01"}]}])
def test_what_the_fleet_requires_to_be_attested_is_asked_for_before_any_contact(
    fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]], playbook: str, lacks: dict[str, t.Any]
) -> None:
    """A node that is live would be changed, could not be accepted any more, and would stay dark."""
    fleet.write({"xaa01": make_node("xaa01", imrs_required_attestations=["OB-01"], **lacks)})
    done = fleet.run(playbook)
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0  # nobody can be reached here
    assert ("so all nodes stay as they are: xaa01: OB-01 not attested" in said) == (not lacks)
    assert fleet.called.exists() == bool(lacks)


@pytest.mark.parametrize(
    ("status", "attested", "refused"),
    [("pass", "", ""), ("fail", "", "FB-02 (its drill has not passed)"), ("error", "2026-11-29", "FB-02 (its drill"),
     ("fail", "2026-12-01", ""), ("skipped", "", "FB-02 not attested"), ("skipped", "2026-11-29", "")],
)  # fmt: skip
def test_a_drill_that_is_required_and_failed_is_told_before_any_contact(
    fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]], status: str, attested: str, refused: str
) -> None:
    word = [{"check": "FB-02", "date": attested, "by": "A. Person", "what": "Seen"}] if attested else []
    fleet.write({"xaa01": make_node("xaa01", imrs_required_attestations=["FB-02"], imrs_attestations=word)})
    reports = fleet.inventory.parent / "reports/xaa01"
    reports.mkdir(parents=True)
    record = {
        "format": 1,
        "node": "xaa01.l.root-servers.org",
        "daemons": ["knot", "bird"],
        "by": "me",
        "serial": "CLP-0001",
    }
    results = [{"id": "FB-02", "status": status, "message": "the nameserver hung"}]
    (reports / "drill.json").write_text(json.dumps({**record, "when": "2026-11-30T04:00:00Z", "results": results}))
    done = fleet.run("accept")
    said = " ".join((done.stdout + done.stderr).split())
    assert (f"so all nodes stay as they are: xaa01: {refused}" in said) == bool(refused), said
    assert fleet.called.exists() is not bool(refused)

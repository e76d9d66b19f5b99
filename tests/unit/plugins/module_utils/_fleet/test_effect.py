# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many nodes announce each prefix before and after, and what a revision may take away."""

from __future__ import annotations

import copy
import json
import os
import pathlib
import subprocess
import sys
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._fleet import effect, revision

ROOT = pathlib.Path(__file__).resolve().parents[5]
Hosts = dict[str, dict[str, t.Any]]
LIMITS = [{"group_by": "fleet", "max_unavailable": 2}, {"group_by": "region", "min_available": 1}]


def hosts(*texts: str, budget: t.Any = LIMITS, accepted: t.Any = ()) -> Hosts:
    """``nbo01 africa live``"""
    found = {}
    for text in texts:
        name, region, mode = text.split()
        found[name] = {
            "imrs_node": name,
            "imrs_fleet": "lab",
            "imrs_location": {"region": region, "country": region[:2].upper()},
            "imrs_mode": mode,
            "imrs_budget": budget,
            "imrs_accepted_losses": list(accepted),
        }
    return found


FOUR = ("nbo01 africa live", "mrs01 europe live", "beg01 europe live", "waw01 europe drained")


def test_the_table_counts_each_prefix_in_each_group() -> None:
    after = hosts("mrs01 europe drained", "beg01 europe live", "waw01 europe live")
    found = revision.judge(hosts(*FOUR), after)
    table = found.text.split("```")[1]
    rows = [line.rsplit(maxsplit=5)[-5:] for line in table.strip().splitlines()[1:]]
    assert rows == [
        ["3", "2", "1", "2", "1"],  # the fleet, specific prefixes
        ["4", "1", "0", "3", "2"],  # and covering ones
        ["1", "1", "0", "0", "1"],  # Africa, all
        ["2", "1", "1", "2", "1"],  # Europe
        ["3", "0", "0", "3", "1"],
    ]
    assert "- mrs01: live -> drained\n- nbo01: live -> not there\n- waw01: drained -> live\n" in found.text


@pytest.mark.parametrize(
    ("after", "refused"),
    [
        (hosts(*FOUR), set()),
        (hosts("nbo01 africa live", "mrs01 europe live", "beg01 europe live"), set()),
        (hosts(*FOUR[1:]), {"0 of 1 nodes of region africa"}),
        (
            hosts("nbo01 africa live"),
            {"1 of 4 nodes of fleet lab", "0 of 2 nodes of region europe", "0 of 3 nodes of region europe"},
        ),
        # Who is new is not there yet.
        (hosts("nbo01 africa live", "new01 europe live", "waw01 europe drained"), {"0 of 2 nodes of region europe"}),
        (hosts("nbo01 europe live", *FOUR[1:]), {"0 of 1 nodes of region africa"}),  # a wrong country
        (
            {},
            {
                f"0 of {count} nodes of {place}"
                for count, place in (
                    (3, "fleet lab"),
                    (4, "fleet lab"),
                    (1, "region africa"),
                    (2, "region europe"),
                    (3, "region europe"),
                )
            },
        ),
    ],
)
def test_what_a_revision_may_not_take(after: Hosts, refused: set[str]) -> None:
    found = revision.judge(hosts(*FOUR), after).refusals
    assert {text.partition(" would announce")[0] for text in found} == refused


def test_a_refusal_names_group_prefixes_numbers_and_remedy() -> None:
    (found,) = revision.judge(hosts(*FOUR), hosts(*FOUR[1:])).refusals
    assert found == (
        "0 of 1 nodes of region africa would announce 199.7.83.0/24, 2001:500:9f::/48, 2001:500:3::/48, 199.7.82.0/23, "
        "2001:500:9e::/47 (now 1), and 1 have to (min_available: 1): take the nodes away in several revisions, or "
        "bring others up in one before, or accept it by an entry of accepted_risks in fleet.yml with risk: "
        "fewer_nodes, "
        'what: "region/africa/0" and a reason'
    )


def test_a_loss_that_the_data_accepts_passes_and_is_told() -> None:
    loss = {"group_by": "region", "group": "africa", "least": 0, "reason": "They move"}
    found = revision.judge(hosts(*FOUR), hosts(*FOUR[1:], accepted=[loss]))
    assert found.refusals == []
    assert "Accepted: region africa may be left with 0 nodes: They move." in found.text


def test_a_floor_that_is_lowered_holds_in_that_revision() -> None:
    loose = [{"group_by": "fleet", "max_unavailable": 100}]
    assert revision.judge(hosts(*FOUR), hosts(*FOUR[1:], budget=loose)).refusals
    assert not revision.judge(hosts(*FOUR, budget=loose), hosts(*FOUR[1:], budget=loose)).refusals
    assert revision.judge(hosts(*FOUR, budget=loose), hosts(*FOUR[1:])).refusals
    former = {"nodes": 5, "region_percent": 25}  # of a former version: it is left out
    assert revision.judge(hosts(*FOUR, budget=former), hosts(*FOUR[1:])).refusals
    assert not revision.judge(hosts(*FOUR, budget=former), hosts(*FOUR[1:], budget=loose)).refusals


def test_fleets_of_one_inventory_are_counted_apart() -> None:
    other = {name: {**each, "imrs_fleet": "other"} for name, each in hosts("xaa01 africa live").items()}
    found = revision.judge({**hosts(*FOUR), **other}, {**hosts(*FOUR[1:]), **other})
    assert len(found.refusals) == 1


def test_a_family_without_a_session_is_not_announced() -> None:
    before = hosts("nbo01 africa live")
    after = copy.deepcopy(before)
    after["nbo01"]["imrs_peers"] = [{"family": "ipv4"}]
    (found,) = revision.judge(before, after).refusals
    assert "0 of 1 nodes of region africa would announce 2001:500:9f::/48, 2001:500:3::/48, 2001:500:9e::/47" in found


def test_a_router_is_no_node() -> None:
    router = {"imrs_function": "router", "imrs_fleet": "lab", "imrs_node": "r1", "imrs_budget": LIMITS}
    assert effect.of_revisions({"r1": router}, {}) == []


@pytest.mark.parametrize(("after", "status"), [(FOUR, 0), (FOUR[1:], 1)])
def test_what_prints_the_changes_ends_with_what_the_budget_says(
    after: tuple[str, ...], status: int, tmp_path: pathlib.Path
) -> None:
    for name, given in (("before", FOUR), ("after", after)):
        (tmp_path / name).mkdir()
        listed = {"_meta": {"hostvars": {**hosts(*given), "vantage": {"ansible_host": "192.0.2.1"}}}}
        (tmp_path / f"{name}.json").write_text(json.dumps(listed))
    arguments = [str(tmp_path / name) for name in ("before", "after", "before.json", "after.json")]
    command = [sys.executable, str(ROOT / "tests/render_changes.py"), *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT / ".cache")}
    )
    assert done.returncode == status, done.stderr
    assert done.stderr.startswith("render: refused: 0 of 1 nodes of region africa" if status else "")
    assert ("region africa" in done.stdout) == bool(status)
    assert done.stdout.endswith("Nothing changes.\n")

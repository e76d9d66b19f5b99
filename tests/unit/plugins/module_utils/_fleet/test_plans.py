# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is edited in a fleet, and whoever is down in it: no plan that passes is below the floor.

The floor is counted here once more, from the sheets and in other words. ``IMRS_EXAMPLES=10000`` tries so many.
"""

from __future__ import annotations

import copy
import importlib.util
import os
import pathlib
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._fleet import budget, effect, revision
from ansible_collections.icann.imrs.plugins.module_utils._site import anchors, document, errors, fleet
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from lab_sheets import DS, LAB

Data = dict[str, t.Any]
EXAMPLES = int(os.environ.get("IMRS_EXAMPLES", "300"))
SETTINGS = settings(derandomize=True, max_examples=EXAMPLES, deadline=None, database=None)
ONCE = settings(SETTINGS, max_examples=300, phases=(Phase.generate,))
"""Without a search for the simplest case that fails."""
ANCHORS = anchors.Anchors((DS,))
FLEET: Data = document.parse("fleet.yml", (LAB / "fleet.yml").read_bytes()).data or {}
SPECIFIC = {"199.7.83.0/24", "2001:500:9f::/48", "2001:500:3::/48"}
COVERING = {"199.7.82.0/23", "2001:500:9e::/47"}
ANNOUNCED = {"live": SPECIFIC | COVERING, "drained": COVERING, "dark": set[str]()}
REGION = {"KE": "africa", "ZA": "africa", "FR": "europe", "BR": "latin_america"}
SITES = 7


def _sheets() -> list[Data]:
    path = pathlib.Path(__file__).resolve().parents[5] / "tests/bench/sites.py"
    spec = importlib.util.spec_from_file_location("bench_sites_of_plans", path)
    assert spec
    assert spec.loader
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    found = []
    for number in range(SITES):
        data = document.parse("x.yml", bench.sheet(number)[1]).data or {}
        del data["onboarding"]["expression_of_interest"]
        data["location"]["country"] = ("KE", "ZA", "KE", "FR")[number % 4]
        found.append({**data, "mode": "live"})
    return found


SHEETS = _sheets()
LIMITS = st.fixed_dictionaries(
    {},
    optional={
        "max_unavailable": st.integers(1, 3),
        "max_unavailable_percent": st.sampled_from([10, 25, 50, 100]),
        "min_available": st.sampled_from([1, 1, 2, 4]),
    },
).filter(bool)
BUDGETS = st.dictionaries(
    st.sampled_from(["fleet", "fleet", "region", "region", *effect.GROUPINGS]), LIMITS, min_size=1, max_size=3
).map(
    lambda found: [{"group_by": grouping, **limit} for grouping, limit in found.items()]  # as fleet.yml has them
)
EDIT = st.tuples(
    st.integers(0, SITES - 1),
    st.sampled_from(["mode", "mode", "operational", "country", "remove", "steps", "override", "gone", "nameserver"]),
    st.integers(0, 3),
)


def edited(sites: t.Mapping[int, Data], edits: t.Iterable[tuple[int, str, int]]) -> dict[int, Data]:
    """The sheets with these edits; ``value`` chooses among what a field can be."""
    found = copy.deepcopy(dict(sites))
    for at, what, value in edits:
        if at not in found:
            continue
        sheet = found[at]
        if what == "mode":
            sheet["mode"] = ("live", "drained", "dark", "live")[value]
        elif what == "operational":
            sheet["operational"] = bool(value % 2) and "decommissioned" not in sheet
        elif what == "country":
            sheet["location"]["country"] = ("KE", "ZA", "FR", "BR")[value]
        elif what == "remove":
            del found[at]
        elif what == "steps":
            sheet["onboarding"]["steps"] = dict(list(sheet["onboarding"]["steps"].items())[: 5 + value])
        elif what == "override":
            sheet["onboarding"].pop("override", None)
        elif what == "gone":
            sheet["operational"] = False
            sheet["decommissioned"] = {"date": "2026-01-01", "by": "J. Doe", "reason": "Closed"}
        else:
            sheet["nodes"][0]["nameserver"] = ("knot", "nsd")[value % 2]
    return found


def load(limits: list[Data], sites: t.Mapping[int, Data], accepted: t.Iterable[str] = ()) -> fleet.Fleet | None:
    """The fleet that this makes; None when it is refused as it is read."""
    given_ = {**FLEET, "budget": limits}
    if risks := [{"risk": "fewer_nodes", "what": what, "reason": "They move"} for what in accepted]:
        given_["accepted_risks"] = risks
    sheets = [document.Document(f"sites/{at}.yml", sheet) for at, sheet in sites.items()]
    try:
        return fleet.load(document.Document("fleet.yml", given_), sheets, ANCHORS)
    except errors.SiteError:
        return None


def announced(sheet: Data) -> set[str]:
    """By one sheet, in the words of docs/sheet.md."""
    ready = len(sheet["onboarding"]["steps"]) >= len(("contact", "documents", "nda", "agreement", "purchase", "rack"))
    if "decommissioned" in sheet or not sheet["operational"] or not (ready or "override" in sheet["onboarding"]):
        return set()
    return ANNOUNCED[sheet["mode"]]


def group(sheet: Data, grouping: str) -> str:
    country = sheet["location"]["country"]
    node = sheet["nodes"][0]
    return {
        "fleet": "lab",
        "region": REGION[country],
        "country": country,
        "nameserver": node["nameserver"],
        "routing": node["routing"],
    }[grouping]


def floor(limit: Data, wanted: int) -> int:
    least = limit.get("min_available", 0)
    if "max_unavailable" in limit:
        least = max(least, wanted - limit["max_unavailable"])
    if "max_unavailable_percent" in limit:
        least = max(least, wanted - max(1, int(wanted * limit["max_unavailable_percent"] / 100)))
    return least


def below(
    before: dict[int, Data], after: dict[int, Data], limits: list[Data], accepted: dict[tuple[str, str], int]
) -> bool:
    """Whether any prefix is left with too few nodes in any group that loses one."""
    for limit in limits:
        grouping = limit["group_by"]
        for name in {group(sheet, grouping) for sheet in before.values()}:
            for prefix in SPECIFIC | COVERING:
                now, then = (
                    {at for at, each in sites.items() if group(each, grouping) == name and prefix in announced(each)}
                    for sites in (before, after)
                )
                least = min(
                    max(floor(each, len(now)) for each in limits if each["group_by"] == grouping),
                    accepted.get((grouping, name), SITES),
                )
                if now - then and len(now & then) < least:
                    return True
    return False


REVISIONS = (
    BUDGETS,
    BUDGETS | st.none(),
    st.lists(EDIT, max_size=3),
    st.lists(EDIT, min_size=1, max_size=6),
    st.booleans(),
)


@SETTINGS
@given(*REVISIONS)
def test_no_revision_that_passes_is_below_the_floor(
    old: list[Data], new: list[Data] | None, earlier: t.Any, edits: t.Any, accepts: bool
) -> None:
    revision_holds(old, new, earlier, edits, accepts)


def revision_holds(old: list[Data], new: list[Data] | None, earlier: t.Any, edits: t.Any, accepts: bool) -> None:
    before = edited(dict(enumerate(SHEETS)), earlier)
    after = edited(before, edits)
    new = new or old
    first, second = load(old, before), load(new, after)
    if not first or not second:
        return
    both = [*old, *(each for each in new if each not in old)]
    found = revision.judge(first.hosts, second.hosts)
    assert bool(found.refusals) == below(before, after, both, {})
    if not accepts or not found.refusals:
        return
    # What is accepted in the data passes, and nothing beyond it.
    groups = {(each["group_by"], group(sheet, each["group_by"])) for each in new for sheet in before.values()}
    left = counts(after, groups)
    third = load(new, after, entries(left))
    assert third, left
    assert bool(revision.judge(first.hosts, third.hosts).refusals) == below(before, after, both, left)
    # Once that is in force, the entries let nothing more pass.
    fewer = edited(after, [(min(after, default=0), "operational", 0)])
    assert counts(fewer, groups) == left or load(new, fewer, entries(left)) is None


def counts(sites: dict[int, Data], groups: t.Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """How many are live in each group."""
    live = [sheet for sheet in sites.values() if "199.7.83.0/24" in announced(sheet)]
    return {(by, name): sum(group(sheet, by) == name for sheet in live) for by, name in sorted(groups)}


def entries(left: dict[tuple[str, str], int]) -> list[str]:
    return [f"{by}/{name}/{number}" for (by, name), number in left.items()]


STATES = st.lists(
    st.tuples(
        st.sampled_from(["africa", "europe"]),
        st.sampled_from(["live", "live", "drained", "dark"]),
        st.none() | st.tuples(*[st.sampled_from(["live", "live", "drained", "dark"])] * 2),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


ORDERS = (STATES, BUDGETS, st.sampled_from(["dark", "drained"]))


@SETTINGS
@given(*ORDERS)
def test_no_order_that_passes_is_below_the_floor(states: t.Any, limits: list[Data], goal: str) -> None:
    order_holds(states, limits, goal)


def order_holds(states: t.Any, limits: list[Data], goal: str) -> None:
    """Nodes in any mode, silent ones too, of which some are to go down."""
    limits = [each for each in limits if each["group_by"] in ("fleet", "region")]
    nodes, ours = [], []
    for number, (region, sheet, modes, targeted) in enumerate(states):
        variables = {"imrs_mode": sheet, "imrs_location": {"region": region}}
        node = budget.node(f"n{number}", variables, targeted=targeted)
        families = dict(zip(("ipv4", "ipv6"), modes, strict=True)) if modes else None
        nodes.append(node._replace(families=families))
        now = {
            prefix
            for family, mode in (families or {}).items()
            for prefix in ANNOUNCED[mode] & ANNOUNCED[sheet]
            if (":" in prefix) == (family == "ipv6")
        }
        ours.append((region, ANNOUNCED[sheet], now, targeted, families is None))
    parsed = budget.parse(limits)
    refused = budget.refusals(effect.rows(budget.lowered(nodes, effect.of_mode(goal)), parsed.groupings), parsed)
    wrong = False
    for limit in limits:
        for name in ("africa", "europe") if limit["group_by"] == "region" else ("",):
            there = [each for each in ours if not name or each[0] == name]
            for prefix in SPECIFIC | COVERING:
                wanted = [each for each in there if prefix in each[1]]
                takes = prefix not in ANNOUNCED[goal]
                hit = [each for each in wanted if each[3] and takes and (prefix in each[2] or each[4])]
                stay = [each for each in wanted if prefix in each[2] and not (each[3] and takes)]
                wrong |= bool(hit) and len(stay) < floor(limit, len(wanted))
    assert bool(refused) == wrong


def test_a_floor_that_is_not_looked_at_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget.Budget, "floor", lambda _self, _row: 0)

    @ONCE
    @given(st.tuples(*REVISIONS))
    def a_revision(drawn: t.Any) -> None:
        revision_holds(*drawn)

    @ONCE
    @given(st.tuples(*ORDERS))
    def an_order(drawn: t.Any) -> None:
        order_holds(*drawn)

    for tried in (a_revision, an_order):
        with pytest.raises(AssertionError):
            tried()

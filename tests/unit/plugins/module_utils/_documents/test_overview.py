# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet page counts right, shows every site once on the map and once in the table, and no contact."""

from __future__ import annotations

import math
import re
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._documents import overview, pages
from site_records import LOADER, Record, cluster, fleet, node, onboarding, other_host, record


def placed(site: str, location: Record | None = None, **changes: t.Any) -> Record:
    made = record(**changes)
    return made | {"site": site, "location": made["location"] | (location or {})}


def html_of(*records: Record) -> str:
    return dict(pages.documents(fleet(*records), LOADER))["index.html"]


def test_it_counts() -> None:
    page = overview.page(fleet(cluster(), other_host(state="drained")))
    assert page["summary"] == "2 sites with 3 nodes in 2 countries"
    assert {state["key"]: state["count"] for state in page["states"]} == {
        "live": 1, "drained": 1, "dark": 0, "onboarding": 0, "suspended": 0, "decommissioned": 0,
    }  # fmt: skip
    assert page["clusters"] == 1
    assert overview.page(fleet(record()))["summary"] == "1 site with 1 node in 1 country"


def test_every_site_is_in_the_table_and_on_the_map_and_linked() -> None:
    records = [record(), other_host()]
    page = overview.page(fleet(*records))
    assert [row["href"] for row in page["rows"]] == ["sites/nbo.html", "sites/lim.html"]
    assert sorted(dot["href"] for dot in page["map"]["dots"]) == ["sites/lim.html", "sites/nbo.html"]
    assert html_of(*records).count('href="sites/nbo.html"') == 2


def test_a_row_says_where_the_site_stands() -> None:
    row = overview.page(fleet(record(state="onboarding", onboarding=onboarding(4))))["rows"][0]
    assert (row["done"], row["total"], row["next"]) == (4, 8, "Appliance purchased (host)")
    assert overview.page(fleet(record()))["rows"][0]["next"] == ""


def test_a_cluster_has_all_its_providers_and_profiles() -> None:
    mixed = cluster() | {"nodes": [node("nbo01"), node("nbo02", nameserver="nsd", routing="frr")]}
    row = overview.page(fleet(mixed))["rows"][0]
    assert row["providers"] == ["knot", "nsd", "bird", "frr"]
    assert row["profiles"] == ["calypso"]


def test_filters_offer_what_there_is() -> None:
    page = overview.page(fleet(record(), other_host(state="drained", nodes=[node("lim01", nameserver="nsd")])))
    offered = {each["key"]: [option["value"] for option in each["options"]] for each in page["filters"]}
    assert offered == {
        "state": ["live", "drained"],
        "region": ["africa", "latin_america"],
        "profile": ["calypso"],
        "provider": ["knot", "nsd", "bird"],
    }


def test_keys_stand_there_by_when_they_are_to_be_rolled() -> None:
    later = {"kind": "tsig", "rolled": "2026-11-30", "roll_by": "2027-11-30"}
    sooner, unknown = {**later, "roll_by": "2027-02-01"}, {"kind": "host_key", "rolled": None, "roll_by": None}
    nodes = [node("nbo01") | {"keys": [later]}, node("nbo02") | {"keys": [sooner, unknown]}]
    html = html_of(cluster() | {"nodes": nodes})
    rows = re.findall(r'<th scope="row">(nbo0.)</th><td>([^<]*)</td><td>([^<]*)</td><td>([^<]*)</td>', html)
    assert rows == [
        ("nbo02", "host key of SSH", "not in the sheet", ""),
        ("nbo02", "transfer keys (TSIG)", "2026-11-30", "2027-02-01"),
        ("nbo01", "transfer keys (TSIG)", "2026-11-30", "2027-11-30"),
    ]
    assert 'id="keys"' not in html_of(record())


def test_sites_at_one_spot_stand_side_by_side() -> None:
    page = overview.page(fleet(*(placed(f"nb{letter}") for letter in "abc")))
    dots = page["map"]["dots"]
    apart = [math.dist((a["x"], a["y"]), (b["x"], b["y"])) for a in dots for b in dots if a is not b]
    assert min(apart) > page["map"]["radius"]


def test_what_needs_attention_is_drawn_last() -> None:
    records = [placed("aaa", state="suspended"), placed("bbb"), placed("ccc", state="onboarding")]
    assert [dot["site"] for dot in overview.page(fleet(*records))["map"]["dots"]] == ["bbb", "ccc", "aaa"]


@pytest.mark.parametrize(("count", "radius"), [(1, 15.0), (60, 15.0), (61, 11.0), (401, 8.0)])
def test_symbols_shrink_as_the_fleet_grows(count: int, radius: float) -> None:
    assert overview.page(fleet(*(placed(f"s{n}") for n in range(count))))["map"]["radius"] == radius


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(78.2, 15.6), (-54.8, -68.3), (-77.8, 166.7), (-18.1, 178.4), (0, -180)]
)
def test_every_place_on_earth_is_on_the_map(latitude: float, longitude: float) -> None:
    made = overview.page(fleet(placed("xxx", location={"latitude": latitude, "longitude": longitude})))["map"]
    dot = made["dots"][0]
    assert 0 <= dot["x"] <= made["width"]
    assert 0 <= dot["y"] <= made["height"]


def test_states_differ_in_shape_and_not_in_colour_alone() -> None:
    page = html_of(record())
    shapes = re.findall(r'<symbol id="s-(\w+)"[^>]*>(.*?)</symbol>', page)
    assert len(shapes) == 6
    assert len({shape for _, shape in shapes}) == 6
    dot = re.search(r'<a class="dot live".*?</a>', page)[0]
    assert 'href="#s-live"' in dot
    assert "<title>NBO, Nairobi, KE: planned live, single</title>" in dot


def test_no_contact_and_no_address_is_on_it() -> None:
    page = html_of(record(), other_host())
    for private in ("savanna.example", "+254", "192.0.2.", "198.51.100.", "2001:db8:", "imrs.example"):
        assert private not in page


def test_a_fleet_without_sites_has_a_page_too() -> None:
    assert "0 sites with 0 nodes in 0 countries" in html_of()

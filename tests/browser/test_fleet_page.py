# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of the fleet page: the filters filter, the headers sort, and the address remembers both."""

from __future__ import annotations

import re
import typing as t

import pytest
from browsing import PATIENCE, Documents, Visit
from playwright.sync_api import expect

if t.TYPE_CHECKING:
    from playwright.sync_api import Page

Open = t.Callable[..., Visit]


def shown(page: Page) -> list[str]:
    """The sites that can be seen, from top to bottom."""
    return page.eval_on_selector_all(
        "#table tbody tr", "all => all.filter(each => each.offsetParent).map(each => each.dataset.site)"
    )


def bright(page: Page) -> set[str]:
    """The sites whose symbols on the map are not dimmed."""
    return set(page.eval_on_selector_all(".dot", "all => all.filter(e => !e.matches('.dim')).map(e => e.dataset.site)"))


def expected(documents: Documents, key: str, value: str) -> set[str]:
    """What a filter must leave, by the records."""

    def values(record: dict[str, t.Any]) -> set[str]:
        nodes = record["nodes"]
        return {
            "state": {record["state"]},
            "region": {record["location"]["region"]},
            "profile": {node["profile"]["name"] for node in nodes},
            "provider": {node[kind] for node in nodes for kind in ("nameserver", "routing")},
        }[key]

    return {site for site, record in documents.records.items() if value in values(record)}


@pytest.mark.parametrize("key", ["state", "region", "profile", "provider"])
def test_a_filter_leaves_what_it_names(documents: Documents, visit: Open, key: str) -> None:
    page = visit("index.html").page
    values = page.eval_on_selector_all(f"[name={key}] option", "all => all.map(each => each.value)")
    assert len(values) > 2, "the example fleet has more than one of each"
    for value in filter(None, values):
        page.select_option(f"[name={key}]", value)
        wanted = expected(documents, key, value)
        assert 0 < len(wanted) < len(documents.records) or key == "profile"
        assert set(shown(page)) == bright(page) == wanted
        assert page.inner_text("#count") == f"{len(wanted)} of {len(documents.records)} shown"
    page.select_option(f"[name={key}]", "")
    assert set(shown(page)) == bright(page) == set(documents.records)


def test_filters_add_up(documents: Documents, visit: Open) -> None:
    page = visit("index.html").page
    page.select_option("[name=region]", "africa")
    page.select_option("[name=state]", "onboarding")
    wanted = expected(documents, "region", "africa") & expected(documents, "state", "onboarding")
    assert wanted
    assert set(shown(page)) == wanted
    page.click("button[type=reset]")
    expect(page.locator("#count")).to_have_text(re.compile(f"^{len(documents.records)} of"), timeout=PATIENCE)
    assert len(shown(page)) == len(documents.records)


def test_words_are_looked_for_in_every_column(documents: Documents, visit: Open) -> None:
    page = visit("index.html").page
    site, record = next(iter(documents.records.items()))
    for words in (record["location"]["city"], record["host"]["name"].upper(), record["nodes"][0]["node"]):
        page.fill("[name=q]", words)
        assert site in shown(page)
        assert len(shown(page)) < len(documents.records)
    page.fill("[name=q]", "no such thing")
    assert shown(page) == []
    assert page.inner_text("#count").startswith("0 of")
    assert page.get_by_text("No site is like that.").is_visible()


def test_how_many_are_shown_is_said_aloud(visit: Open) -> None:
    assert visit("index.html").page.locator("#count").get_attribute("role") == "status"


def test_the_address_remembers(documents: Documents, visit: Open) -> None:
    page = visit("index.html").page
    page.select_option("[name=state]", "onboarding")
    page.fill("[name=q]", "a")
    page.click("th[data-sort=host] button")
    page.click("th[data-sort=host] button")
    before = shown(page)
    assert page.url.endswith("#q=a&state=onboarding&sort=-host")
    again = visit("index.html", hash="#q=a&state=onboarding&sort=-host").page
    assert shown(again) == before
    assert again.input_value("[name=state]") == "onboarding"
    again.evaluate("location.hash = '#state=live'")
    expect(again.locator("[name=state]")).to_have_value("live", timeout=PATIENCE)
    assert set(shown(again)) == expected(documents, "state", "live")


def test_what_an_address_cannot_mean_is_passed_over(documents: Documents, visit: Open) -> None:
    visited = visit("index.html", hash="#state=nonsense&sort=nonsense&profile=<b>")
    assert len(shown(visited.page)) == len(documents.records)
    assert visited.complaints == []


def column(page: Page, key: str) -> list[str]:
    index = page.eval_on_selector_all("thead th", f"all => all.findIndex(each => each.dataset.sort === '{key}')")
    return page.eval_on_selector_all(
        "#table tbody tr", f"all => all.map(each => each.cells[{index}].textContent.trim())"
    )


@pytest.mark.parametrize("key", ["site", "host", "state", "region", "profile", "provider", "done"])
def test_a_header_sorts_up_and_down(documents: Documents, visit: Open, key: str) -> None:
    page = visit("index.html", hash="#sort=-region" if key == "site" else "").page
    button, head = page.locator(f"th[data-sort={key}] button"), page.locator(f"th[data-sort={key}]")
    button.click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert page.locator("th[aria-sort]").count() == 1
    up, sites = column(page, key), shown(page)
    button.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    down = column(page, key)
    assert sorted(sites) == sorted(documents.records)
    if key == "done":
        done = [documents.records[site]["onboarding"]["done"] for site in sites]
        assert done == sorted(done)
        assert done[0] < done[-1]
    elif key == "state":
        order = ["live", "drained", "dark", "onboarding", "suspended", "decommissioned"]
        ranks = [order.index(documents.records[site]["state"]) for site in sites]
        assert ranks == sorted(ranks)
        assert ranks[0] < ranks[-1]
    else:
        assert list(dict.fromkeys(up)) == list(dict.fromkeys(reversed(down))), "groups come in the opposite order"
        assert up[0] != up[-1]
        assert page.evaluate("([a, b]) => new Intl.Collator('en', {numeric: true}).compare(a, b) < 0", [up[0], up[-1]])


def test_without_scripts_the_table_is_whole(documents: Documents, visit: Open) -> None:
    page = visit("index.html", java_script_enabled=False).page
    assert page.locator("#table tbody tr:visible").count() == len(documents.records)
    assert not page.locator("#filters").is_visible()
    assert page.locator("thead button").count() == 0


def test_a_row_shows_its_place_on_the_map(documents: Documents, visit: Open) -> None:
    page = visit("index.html").page
    site = documents.of(state="live")
    page.hover(f'#table tr[data-site="{site}"]')
    assert page.locator(".dot.hot").get_attribute("data-site") == site


def test_a_symbol_can_be_read_and_followed(documents: Documents, visit: Open) -> None:
    page = visit("index.html").page
    site = documents.of(kind="cluster")
    dot = page.locator(f'.dot[data-site="{site}"]')
    assert "cluster of" in dot.get_attribute("aria-label")
    assert dot.locator(".ring").count() == 1
    dot.locator("use").click()
    page.wait_for_url(f"**/sites/{site}.html")

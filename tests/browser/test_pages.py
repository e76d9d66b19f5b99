# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every page in real Chromium: it loads nothing, complains of nothing, fits a telephone and A4, is accessible."""

from __future__ import annotations

import dataclasses
import pathlib
import re
import typing as t
import urllib.parse

import browsing
import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import PATIENCE, Documents, Visit
from playwright.sync_api import expect

if t.TYPE_CHECKING:
    from playwright.sync_api import Browser

Open = t.Callable[..., Visit]
PHONE = {"width": 360, "height": 740}
A4 = (595, 842)
"""Points."""
KINDS = (
    {"kind": "single", "state": "live"},
    {"kind": "cluster", "state": "live"},
    {"state": "onboarding"},
    {"state": "suspended"},
    {"state": "decommissioned"},
)


def sheets(documents: Documents) -> list[str]:
    """One sheet of each kind."""
    return [f"sites/{documents.of(**kind)}.html" for kind in KINDS]


def wrong_links(visited: Visit, path: pathlib.Path) -> list[str]:
    """Links that lead to no file and to no place of the page."""
    places = set(visited.page.eval_on_selector_all("[id]", "all => all.map(each => each.id)"))
    links = visited.page.eval_on_selector_all("[href]", "all => all.map(each => each.getAttribute('href'))")
    wrong = []
    for link in links:
        target = urllib.parse.urlsplit(link)
        if target.scheme in {"mailto", "tel"} or link == "data:,":
            continue
        if target.scheme or target.netloc:
            wrong.append(link)
        elif target.path:
            wrong += [] if (path.parent / target.path).is_file() else [link]
        elif target.fragment not in places:
            wrong.append(link)
    return wrong


def open_all(visited: Visit) -> None:
    visited.page.eval_on_selector_all("details", "all => all.forEach(each => { each.open = true; })")


def violations(visited: Visit) -> list[str]:
    """What axe-core finds, with the contents and one configuration opened."""
    visited.page.eval_on_selector_all("details", "all => all.slice(0, 2).forEach(each => { each.open = true; })")
    found = Axe().run(visited.page).response["violations"]
    return [f"{each['id']}: {node['target']}: {node['failureSummary']}" for each in found for node in each["nodes"]]


def width(visited: Visit) -> int:
    return visited.page.evaluate("document.documentElement.scrollWidth")


@dataclasses.dataclass
class Seen:
    """What one page did on a telephone, with everything opened."""

    requests: list[str]
    outside: list[str]
    complaints: list[str]
    wrong_links: list[str]
    width: int


@pytest.fixture(scope="module")
def seen(browser: Browser, documents: Documents) -> dict[str, Seen]:
    """Every page of the fleet, by its path, each looked at once."""
    found = {}
    for path in documents.paths:
        visited = browsing.visit(browser, documents.directory / path, viewport=PHONE)
        open_all(visited)
        found[path] = Seen(
            visited.requests,
            visited.outside(documents.directory),
            visited.complaints,
            wrong_links(visited, documents.directory / path),
            width(visited),
        )
        visited.context.close()
    return found


def test_no_page_asks_for_anything(seen: dict[str, Seen]) -> None:
    assert {path: page.outside for path, page in seen.items() if page.outside} == {}
    assert {len(page.requests) for page in seen.values()} == {1}, "the page itself, and nothing beside it"


def test_no_page_complains(seen: dict[str, Seen]) -> None:
    assert {path: page.complaints for path, page in seen.items() if page.complaints} == {}


def test_every_link_resolves(seen: dict[str, Seen]) -> None:
    assert {path: page.wrong_links for path, page in seen.items() if page.wrong_links} == {}


def test_no_page_scrolls_sideways_on_a_telephone(seen: dict[str, Seen]) -> None:
    assert {path: page.width for path, page in seen.items() if page.width > PHONE["width"]} == {}


def test_the_fleet_page_leads_to_every_sheet(documents: Documents, visit: Open) -> None:
    page = visit("index.html").page
    for selector in ("#table tbody a", ".world a"):
        links = page.eval_on_selector_all(selector, "all => all.map(each => each.getAttribute('href'))")
        assert sorted(links) == sorted(f"sites/{site}.html" for site in documents.records)
    first = documents.of(state="live")
    page.click(f'#table tr[data-site="{first}"] a')
    page.wait_for_url(f"**/sites/{first}.html")
    assert first.upper() in page.inner_text("h1")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(documents: Documents, visit: Open, scheme: str) -> None:
    for path in ["index.html", *sheets(documents)]:
        assert violations(visit(path, color_scheme=scheme)) == [], path


def test_axe_finds_nothing_on_a_telephone(documents: Documents, visit: Open) -> None:
    for path in ["index.html", *sheets(documents)]:
        assert violations(visit(path, viewport=PHONE)) == [], path


def test_text_is_not_cut_off_at_the_edge(documents: Documents, visit: Open) -> None:
    """Outside of boxes that scroll by themselves."""
    outside = """() => [...document.querySelectorAll("h1, h2, h3, p, li, td, th, dd, dt, code")].filter((each) =>
        !each.closest("pre") && !each.closest(".visually-hidden, thead") && each.getClientRects().length
        && each.getBoundingClientRect().right > innerWidth + 1).map((each) => each.textContent)"""
    for path in ["index.html", *sheets(documents)]:
        assert visit(path, viewport=PHONE).page.evaluate(outside) == [], path


def pdf_of(visited: Visit) -> tuple[int, set[tuple[int, int]]]:
    """How many pages, and their sizes in points."""
    pdf = visited.page.pdf(prefer_css_page_size=True).decode("latin-1")
    boxes = re.findall(r"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    return len(re.findall(r"/Type /Page\b", pdf)), {(round(float(w)), round(float(h))) for w, h in boxes}


@pytest.mark.parametrize(
    ("kind", "most"),
    [({"kind": "single", "state": "live"}, 7), ({"kind": "cluster"}, 12), ({"state": "decommissioned"}, 3)],
)
def test_a_sheet_prints_to_a_few_pages_of_a4(
    documents: Documents, visit: Open, kind: dict[str, str], most: int
) -> None:
    count, sizes = pdf_of(visit(f"sites/{documents.of(**kind)}.html"))
    assert 1 <= count <= most
    assert sizes == {A4}


PRINTED = {"width": 688, "height": 1000}
"""What the margins leave of A4, in CSS pixels."""
WORDS = """() => [...document.querySelectorAll(".picture text")].map((each) => {
    const { viewBox, clientWidth } = each.ownerSVGElement, box = each.getBBox();
    const points = parseFloat(getComputedStyle(each).fontSize) * clientWidth / viewBox.baseVal.width * 0.75;
    return { text: each.textContent, points, inside: box.x >= 0 && box.x + box.width <= viewBox.baseVal.width };
})"""


def test_the_cabling_can_be_read_on_paper(documents: Documents, visit: Open) -> None:
    """No word of the picture is cut or too small, nothing leaves the page, and no meaning is in a colour alone."""
    translated = [path for path in documents.paths if path.count(".") > 1]
    assert translated
    for path in [*sheets(documents)[:3], *translated]:
        page = visit(path, viewport=PRINTED).page
        page.emulate_media(media="print")
        words = page.evaluate(WORDS)
        assert len(words) > 8
        assert [each for each in words if not each["inside"] or "…" in each["text"] or each["points"] < 6.5] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= PRINTED["width"]
        dashes = {
            kind: page.eval_on_selector(f".picture {kind}", "each => getComputedStyle(each).strokeDasharray")
            for kind in (".cable.uplink", ".cable.management", ".cable.bmc")
        }
        assert len(set(dashes.values())) == 3, dashes


def test_the_fleet_page_prints_with_the_heads_of_its_table(documents: Documents, visit: Open) -> None:
    visited = visit("index.html")
    count, sizes = pdf_of(visited)
    assert count <= 2 + len(documents.records) // 12
    assert sizes == {A4}
    visited.page.emulate_media(media="print")
    assert visited.page.locator("#table thead").get_by_text("Region").is_visible()
    assert not visited.page.locator("#filters").is_visible()


def test_on_paper_is_the_configuration_that_was_opened(documents: Documents, visit: Open) -> None:
    page = visit(f"sites/{documents.of(state='live')}.html").page
    page.click("#configuration-frr summary")
    page.emulate_media(media="print")
    assert page.locator("#configuration-frr pre").first.is_visible()
    assert not page.locator("#configuration-bird").is_visible()
    assert page.get_by_text("On paper only the configurations that were open").is_visible()
    assert not page.locator("nav").is_visible()


def test_a_page_is_dark_where_the_reader_likes_it_so_and_never_on_paper(documents: Documents, visit: Open) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    page = visit("index.html", color_scheme="dark").page
    assert page.evaluate(background) == "rgb(16, 22, 29)"
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(background) == "rgb(255, 255, 255)"


def test_text_is_copied(documents: Documents, visit: Open) -> None:
    visited = visit(f"sites/{documents.of(state='live')}.html", permissions=["clipboard-read", "clipboard-write"])
    visited.page.click("[data-copy=copy-prefixes]")
    expect(visited.page.locator("#said")).to_have_text("Copied", timeout=PATIENCE)
    copied = visited.page.evaluate("navigator.clipboard.readText()")
    assert copied.split() == [
        "199.7.82.0/23",
        "199.7.83.0/24",
        "2001:500:9e::/47",
        "2001:500:9f::/48",
        "2001:500:3::/48",
    ]


def test_without_a_clipboard_the_text_is_selected(documents: Documents, visit: Open) -> None:
    page = visit(f"sites/{documents.of(state='live')}.html").page
    page.evaluate("navigator.clipboard.writeText = () => Promise.reject(); document.execCommand = () => false")
    page.click("[data-copy=copy-dig]")
    expect(page.locator("#said")).to_have_text(re.compile("^Selected"), timeout=PATIENCE)
    assert page.evaluate("String(getSelection())").startswith("dig @199.7.83.42 . SOA")


def test_a_sheet_is_whole_without_scripts(documents: Documents, visit: Open) -> None:
    page = visit(f"sites/{documents.of(state='live')}.html", java_script_enabled=False).page
    assert page.locator("#copy-prefixes").is_visible()
    assert page.locator("button:visible").count() == 0


# What follows shows that the tests above can fail.

PAGE = '<!doctype html><html lang="en"><title>x</title><h1>x</h1>{}'


@pytest.fixture
def page_with(tmp_path: pathlib.Path) -> t.Callable[[str], pathlib.Path]:
    def made(body: str) -> pathlib.Path:
        path = tmp_path / "page.html"
        path.write_text(PAGE.format(body))
        return path

    return made


@pytest.mark.parametrize(
    "body",
    [
        '<img src="http://192.0.2.1/x.png" alt="">',
        '<link rel="stylesheet" href="https://example.net/x.css">',
        '<script>fetch("https://example.net/").catch(() => 0)</script>',
    ],
)
def test_a_request_to_the_outside_is_seen(documents: Documents, visit: Open, page_with: t.Any, body: str) -> None:
    visited = visit(page_with(body))
    visited.page.wait_for_load_state("networkidle")
    assert [url for url in visited.outside(documents.directory) if not url.startswith("file:")]


def test_the_policy_stops_what_gets_into_a_page(documents: Documents, visit: Open, tmp_path: pathlib.Path) -> None:
    source = (documents.directory / "index.html").read_text()
    injected = '<img src="http://192.0.2.1/x.png" alt=""><script>document.title = "evil"</script></body>'
    (tmp_path / "index.html").write_text(source.replace("</body>", injected))
    visited = visit(tmp_path / "index.html")
    assert visited.page.title() != "evil"
    assert len([text for text in visited.complaints if "Content Security Policy" in text]) == 2


@pytest.mark.parametrize("body", ["<script>null.x</script>", "<script>console.warn('x')</script>"])
def test_a_complaint_is_seen(visit: Open, page_with: t.Any, body: str) -> None:
    assert visit(page_with(body)).complaints


@pytest.mark.parametrize("link", ["sites/none.html", "#nowhere", "https://example.net/"])
def test_a_wrong_link_is_seen(visit: Open, page_with: t.Any, link: str) -> None:
    path = page_with(f'<a href="{link}">x</a>')
    assert wrong_links(visit(path), path) == [link]


def test_bad_contrast_is_seen(visit: Open, page_with: t.Any) -> None:
    assert any("color-contrast" in each for each in violations(visit(page_with('<p style="color: #ddd">pale</p>'))))


def test_a_wide_page_is_seen(visit: Open, page_with: t.Any) -> None:
    assert width(visit(page_with('<p style="width: 400px">wide</p>'), viewport=PHONE)) > PHONE["width"]

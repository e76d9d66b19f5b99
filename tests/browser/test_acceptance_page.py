# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's page of an acceptance in real Chromium: plain, without scripts, on a telephone and on A4."""

from __future__ import annotations

import pathlib
import typing as t

import browsing
import jinja2
import pytest
from ansible_collections.icann.imrs.plugins.module_utils._acceptance import report_json
from ansible_collections.icann.imrs.plugins.module_utils._documents import acceptance_fleet, pages, withheld
from recordings import Scene, silence
from test_pages import A4, PHONE, pdf_of, violations, width, wrong_links

if t.TYPE_CHECKING:
    from browsing import Visit

Open = t.Callable[..., "Visit"]
LOADER = jinja2.FileSystemLoader(browsing.ROOT / "roles" / "documents" / "templates")
KINDS = ("good", "bad", "fleet")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pathlib.Path]:
    """A page of a node that is accepted, and one of a node of which much is wrong, with long words in it."""
    folder, found = tmp_path_factory.mktemp("acceptance"), {}
    for kind in ("good", "bad"):
        scene = Scene()
        if kind == "bad":
            silence("soa")(scene)
            scene.drop("vantage")
            scene.session.update(bgp_state="Idle", last_error="x" * 300 + "<b>")
        found[kind] = folder / f"{kind}.html"
        report = report_json.document(scene.report())
        found[kind].write_text(pages.acceptance(report, withheld.of(scene.sheet), LOADER), encoding="utf-8")
    found["fleet"] = folder / "index.html"
    found["fleet"].write_text(_fleet(folder, report), encoding="utf-8")
    return found


def _fleet(folder: pathlib.Path, report: dict[str, t.Any]) -> str:
    """The page of 200 nodes, with pages where links lead."""
    nodes = [acceptance_fleet.Node(f"x{number:03}", "live", "live") for number in range(200)]
    for node in nodes[:100]:
        (folder / node.name).mkdir()
        (folder / node.name / "acceptance.html").write_text("")
    found = {node.name: report for node in nodes[:100]} | {"x150": "is not JSON"}
    page = acceptance_fleet.page("test", nodes, found, ["gone"], 1796000000.0)
    return pages.fleet_acceptance(page, LOADER)["index.html"]


@pytest.mark.parametrize("kind", KINDS)
def test_it_loads_nothing_and_runs_nothing(written: dict[str, pathlib.Path], visit: Open, kind: str) -> None:
    visited = visit(written[kind])
    assert visited.requests == [written[kind].as_uri()]
    assert visited.complaints == []
    assert wrong_links(visited, written[kind]) == []
    assert visited.page.locator("script, img, iframe, object, form").count() == 0
    assert visited.page.locator("a[href*=':']").count() == 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [{}, {"viewport": PHONE}, {"color_scheme": "dark"}], ids=["light", "phone", "dark"])
def test_axe_finds_nothing(written: dict[str, pathlib.Path], visit: Open, kind: str, options: dict[str, t.Any]) -> None:
    visited = visit(written[kind], **options)
    assert violations(visited) == []
    assert visited.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(244, 246, 248)"


@pytest.mark.parametrize("kind", KINDS)
def test_it_fits_a_telephone(written: dict[str, pathlib.Path], visit: Open, kind: str) -> None:
    assert width(visit(written[kind], viewport=PHONE)) <= PHONE["width"]


@pytest.mark.parametrize("kind", KINDS)
def test_it_prints_to_a_few_pages_of_a4(written: dict[str, pathlib.Path], visit: Open, kind: str) -> None:
    count, sizes = pdf_of(visit(written[kind]))
    # The longest page of a node is one on which everything failed: 110 checks, each with what was found, take seven.
    assert 1 <= count <= (60 if kind == "fleet" else 8)
    assert sizes == {A4}


def test_the_verdict_comes_first(written: dict[str, pathlib.Path], visit: Open) -> None:
    page = visit(written["bad"]).page
    heads = page.eval_on_selector_all("h2", "all => all.map(each => each.textContent)")
    assert heads[:2] == ["Not accepted for stage live", "What did not pass, and what it means"]
    assert "Resolvers get no answer for the root zone" in page.locator("main section").first.inner_text()

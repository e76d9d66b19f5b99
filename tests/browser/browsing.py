# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real Chromium, and the documents of the example fleet on the disk. Used by the tests and by screenshot.py."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import shutil
import typing as t

import jinja2
from ansible_collections.icann.imrs.plugins.module_utils._documents import language, pages, proven
from ansible_collections.icann.imrs.plugins.plugin_utils import fleet_files
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = 60_000.0
"""Milliseconds for ``expect`` to wait.

``wait_for_function`` cannot wait: its second look is an eval, which the pages' content security policy forbids.
"""
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclasses.dataclass(frozen=True)
class Documents:
    """A rendered fleet."""

    directory: pathlib.Path
    records: dict[str, dict[str, t.Any]]
    """Site records by site."""

    def of(self, **wanted: str) -> str:
        """The first site whose record has these values, such as ``state="onboarding"``."""
        for site, record in self.records.items():
            if all(record[key] == value for key, value in wanted.items()):
                return site
        raise LookupError(f"the example fleet has no site with {wanted}; the tests need one")

    @property
    def paths(self) -> list[str]:
        """Every HTML page, the fleet's first."""
        found = ["index.html"]
        for site, record in self.records.items():
            own = record["language"]
            found += [f"sites/{site}.html"] + ([f"sites/{site}.{own}.html"] if own != "en" else [])
        return found


def render(directory: pathlib.Path) -> Documents:
    """Write the documents of the example fleet; the live ones have an acceptance, one of them a bad one."""
    fleet = fleet_files.read(ROOT / "inventories" / "example" / "imrs.yml")
    live = [record for record in fleet.sites if record["state"] == "live"]
    reports = [_report(node, good=record is not live[-1]) for record in live for node in record["nodes"]]
    tests = proven.Tests.of(reports)
    loader = jinja2.FileSystemLoader(ROOT / "roles" / "documents" / "templates")
    catalogues = sorted((ROOT / "roles" / "documents" / "files" / "locale").glob("*.mo"))
    translators = {path.stem: language.Translator.of(path.stem, path.read_bytes()) for path in catalogues}
    for name, text in pages.documents(fleet, loader, tests, translators):
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Documents(directory, {record["site"]: record for record in fleet.sites})


def _report(node: dict[str, t.Any], *, good: bool) -> dict[str, t.Any]:
    failed = {
        "id": "DN-26", "title": "NSID is the name of the node", "severity": "F",
        "status": "fail", "message": "no NSID in 6 answers",
    }  # fmt: skip
    return {
        "node": node["node_name"],
        "stage": "live",
        "certifiable": good,
        "started": "2026-11-05T10:12:44Z",
        "counts": {"pass": 45 if good else 44, "fail": 0 if good else 1, "error": 0, "skipped": 0, "not_run": 0},
        "serial": 2026110500,
        "versions": {node["nameserver"]: "3.4.6"},
        "results": [] if good else [failed],
        "reasons": [] if good else ["DN-26 failed"],
    }


@contextlib.contextmanager
def chromium() -> t.Iterator[Browser]:
    """Debian's own; nothing is downloaded."""
    program = shutil.which("chromium")
    if not program:
        raise RuntimeError("chromium is not installed; apt-get install chromium, or tests/setup.sh test")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@dataclasses.dataclass
class Visit:
    """A page in a context of its own, and everything that it did."""

    page: Page
    context: BrowserContext
    requests: list[str]
    """What it asked for, itself included, answered or not."""
    complaints: list[str]
    """What it wrote to the console, and what it did not catch."""

    def outside(self, directory: pathlib.Path) -> list[str]:
        """Requests for anything but files of the rendered fleet."""
        return [url for url in self.requests if not url.startswith((directory.as_uri() + "/", "data:"))]


def visit(browser: Browser, path: pathlib.Path, **options: t.Any) -> Visit:
    """Open a file. ``options`` are those of a browser context; ``hash`` goes behind the address."""
    fragment = options.pop("hash", "")
    context = browser.new_context(**options)
    page = context.new_page()
    made = Visit(page, context, [], [])

    def pass_or_stop(route: Route) -> None:
        route.continue_() if route.request.url.startswith(("file:", "data:")) else route.abort()

    page.on("request", lambda request: made.requests.append(request.url))
    page.on("console", lambda message: made.complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: made.complaints.append(str(error)))
    context.route("**/*", pass_or_stop)
    page.goto(path.as_uri() + fragment)
    return made

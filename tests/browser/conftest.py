# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One browser and one rendered fleet for all tests; a context of its own for each page."""

from __future__ import annotations

import pathlib
import typing as t

import browsing
import pytest

if t.TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def documents(tmp_path_factory: pytest.TempPathFactory) -> browsing.Documents:
    return browsing.render(tmp_path_factory.mktemp("rendered"))


@pytest.fixture(scope="session")
def browser() -> t.Iterator[Browser]:
    with browsing.chromium() as browser:
        yield browser


@pytest.fixture
def visit(browser: Browser, documents: browsing.Documents) -> t.Iterator[t.Callable[..., browsing.Visit]]:
    """Open a page of the fleet, or any file given by its full path."""
    made: list[browsing.Visit] = []

    def open_(path: str | pathlib.Path, **options: t.Any) -> browsing.Visit:
        made.append(browsing.visit(browser, documents.directory / path, **options))
        return made[-1]

    yield open_
    for each in made:
        each.context.close()

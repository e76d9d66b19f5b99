# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the pictures of the README: docs/images/fleet.png and docs/images/host-sheet.png, of the example fleet.

Usage: PYTHONPATH=.cache python tests/browser/screenshot.py. Looks best with the Debian package fonts-inter.
"""

from __future__ import annotations

import base64
import pathlib
import sys
import tempfile

import browsing

IMAGES = browsing.ROOT / "docs" / "images"
LARGEST = 300 * 1024
"""Octets of a picture."""
STYLE = "margin: 0; padding: 28px; display: inline-flex; gap: 28px; background: #dbe2e9"
TOGETHER = f'<!doctype html><body style="{STYLE}">{{}}</body>'
PICTURE = (
    '<img src="data:image/png;base64,{}" width="{}" style="border-radius: 10px; box-shadow: 0 4px 18px #0d2b4533">'
)


def main() -> None:
    """Render, look, write."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, browsing.chromium() as browser:
        documents = browsing.render(pathlib.Path(directory))
        fleet = documents.directory / "index.html"
        sheet = documents.directory / "sites" / f"{documents.of(kind='single', state='live')}.html"

        def shot(path: pathlib.Path, width: int, height: int, place: str = "") -> bytes:
            size = {"width": width, "height": height}
            visited = browsing.visit(browser, path, viewport=size, reduced_motion="reduce", hash=place)
            return visited.page.screenshot(animations="disabled")

        desk, hand = shot(sheet, 1120, 1050), shot(sheet, 390, 1050, "#cabling")
        pictures = ((desk, 1120), (hand, 390))
        inside = "".join(PICTURE.format(base64.b64encode(png).decode(), width) for png, width in pictures)
        page = browser.new_page()
        page.set_content(TOGETHER.format(inside))
        both = page.locator("body").screenshot()
        for name, png in (("fleet.png", shot(fleet, 1280, 1000)), ("host-sheet.png", both)):
            if len(png) > LARGEST:
                sys.exit(f"{name} has {len(png)} octets, more than {LARGEST}; make the view smaller")
            (IMAGES / name).write_bytes(png)


if __name__ == "__main__":
    main()

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documents as they are printed: the same in both forms, nothing of anybody else, nothing that loads."""

from __future__ import annotations

import base64
import hashlib
import html
import re

from ansible_collections.icann.imrs.plugins.module_utils._documents import pages
from site_records import LOADER, cluster, fleet, judged, other_host, record, report, sheet

GONE = {"date": "2026-05-01", "by": "DNS Engineering", "reason": "Host moved out"}


def text_of(page: str) -> str:
    """What a reader of the HTML sees, on one line."""
    body = page.partition("<body>")[2].partition("<script>")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


NOBODY_ELSES = (
    "Rímac",
    "rimac",
    "Lima",
    "lim01",
    "203.0.113.1",
    "203.0.113.2",
    "2001:db8:2:",
    "198.51.100.140",
    "+51",
    "64501",
)


def test_a_host_reads_nothing_of_another() -> None:
    mine, theirs = sheet(record(), report(), report("lim01")), sheet(other_host())
    for word in NOBODY_ELSES:
        assert all(word not in text for text in mine), word
        assert any(word in text for text in theirs), f"{word} is not looked for where it stands"


def test_both_forms_say_the_same() -> None:
    """Everything that one would copy, and every heading, is in both."""
    for made in (record(), cluster(), other_host(), record(state="decommissioned", decommissioned=GONE)):
        page, markdown = sheet(made, report())
        body = page.partition("<body>")[2]
        plain = re.sub(r"\\([\\`*_\[\]<>|#])", r"\1", markdown)
        pieces = re.findall(r"<code>(.*?)</code>", body, re.DOTALL) + re.findall(r"<h[23][^>]*>(.*?)</h[23]>", body)
        assert len(pieces) > 15
        for piece in pieces:
            assert html.unescape(piece).strip() in plain, piece
        for sentence in re.findall(r"<(?:p|li|dd|td)>([^<]{20,})</", body):
            assert " ".join(html.unescape(sentence).split()).rstrip(".") in " ".join(plain.split()), sentence


EVIL = '<script>alert("1")</script>|`*[x](http://example.net)'


def test_what_a_sheet_says_stays_text() -> None:
    made = record(maintenance=[{"date": "2026-01-01", "by": EVIL, "note": EVIL}])
    made["host"]["name"] = EVIL
    made["location"]["city"] = EVIL
    page, markdown = sheet(made)
    assert EVIL in text_of(page)
    assert "<script>alert" not in page
    assert "<script>" not in markdown.replace("\\<script\\>", "")
    row = next(line for line in markdown.splitlines() if line.startswith("| 2026-01-01"))
    assert len(re.findall(r"(?<!\\)\|", row)) == 4


def test_markdown_has_room_before_headings_and_none_is_wasted() -> None:
    fenced, before = False, "# title"
    for line in sheet(cluster())[1].splitlines()[2:]:
        fenced ^= line.startswith("```")
        if not fenced:
            assert not (line.startswith("#") and before), line
            assert line or before, "two empty lines"
        assert line == line.rstrip()
        before = line


def test_no_secret_is_asked_for_nor_named() -> None:
    for text in sheet(record()):
        assert "vault_" not in text


def policy_of(page: str) -> dict[str, str]:
    content = html.unescape(re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1])
    return dict(part.strip().split(" ", 1) for part in content.split(";"))


def test_the_policy_lets_in_this_style_and_this_script_and_nothing_else() -> None:
    page = sheet(record())[0]
    policy = policy_of(page)
    assert policy["default-src"] == "'none'"
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        found = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert len(found) == 1
        digest = base64.b64encode(hashlib.sha256(found[0].encode()).digest()).decode()
        assert policy[directive] == f"'sha256-{digest}'"
    assert not re.search(r"<(?:img|link|script|iframe|object)[^>]+(?:src|href)=\"(?!data:,)", page)
    assert " style=" not in page
    assert " onclick" not in page


def test_the_same_record_gives_the_same_bytes() -> None:
    assert sheet(record(), report()) == sheet(record(), report())
    assert sheet(record(), report()) != sheet(record(state="drained", mode="drained"), report())


def test_a_fleet_gives_a_page_and_two_documents_for_each_site() -> None:
    texts = dict(pages.documents(fleet(record(), other_host()), LOADER, judged(report())))
    assert list(texts) == ["index.html", "sites/nbo.html", "sites/nbo.md", "sites/lim.html", "sites/lim.md"]
    assert "Accepted for stage Live" in texts["sites/nbo.md"]
    assert "Not tested yet" in texts["sites/lim.md"]
    assert all(pages.MARK in text[:2000] for text in texts.values())


def test_an_apostrophe_is_escaped_where_it_is_html_r_1() -> None:
    made = record()
    made["host"] = {**made["host"], "name": "Côte d'Ivoire Réseau"}
    page, markdown = sheet(made)
    assert "Côte d&#39;Ivoire Réseau" in page
    assert "d'Ivoire" not in page
    assert "Côte d'Ivoire Réseau" in markdown


def test_an_extension_is_dialled_r_2() -> None:
    made = record()
    made["operator"] = {**made["operator"], "phone": "+1 555 0110 ext. 5"}
    page, _markdown = sheet(made)
    assert 'href="tel:+15550110;ext=5"' in page

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host sheet in the host's language: whole, with the same values, and linked with the English one."""

from __future__ import annotations

import gettext
import html.parser
import pathlib
import re

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._documents import language, pages
from ansible_collections.icann.imrs.plugins.module_utils._site import schema_site
from ansible_collections.icann.imrs.plugins.plugin_utils import fleet_files
from site_records import LOADER, TRANSLATORS, Record, fleet, onboarding, other_host, record, report, sheet

ROOT = pathlib.Path(__file__).resolve().parents[5]
CODES = sorted(TRANSLATORS)
GONE = {"date": "2026-05-01", "by": "DNS Engineering", "reason": "Host moved out"}


class Words(html.parser.HTMLParser):
    """What a reader sees or hears of a page, outside of what one would copy: text nodes, and labels."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"style", "script", "pre", "code", "h3"} and not self._inside:
            self._inside = [tag]
        self.found += [value for name, value in attrs if name in {"aria-label", "data-label"} and value]

    def handle_endtag(self, tag: str) -> None:
        if self._inside == [tag]:
            self._inside = []

    def handle_data(self, data: str) -> None:
        if not self._inside and data.strip():
            self.found.append(" ".join(data.split()))


SAME = re.compile(
    r"[\W\d]*|ICANN|IPv[46]|(BGP|BFD|MD5|TTL|BMC)(: .*)?|(ICMP, ICMPv6|UDP|TCP|UDP, TCP|TCP, UDP)"  # protocols
    r"|\d+ W|PSU\d|[A-Z]{3}(, | · )[^:]*(: ICANN Managed Root Server)?|(iDRAC|bmc): BMC|\w+: uplink"
    r"|English|français|português|MTU \d+|Hold time, keepalive|\d+ s, \d+ s|\d+ [GM]bit/s|255 .*"
    r"|Contacts|Date|Port|Europe|Software|Router|Uplink|uplink|console"  # written alike
    r"|(Cisco|Juniper|Arista|Nokia|Huawei|MikroTik|OpenBGPD|FRR|BIRD)\b.*"  # names
)
"""What may be the same in two languages."""


OURS = {"title", "actor", "state", "mode", "kind", "type", "role", "region", "day", "step"}
"""Keys of a record whose texts are ours, so they are translated."""


def values(made: Record) -> set[str]:
    """The texts of a record that are nobody's to translate: names, places, addresses and notes."""
    if isinstance(made, dict):
        return set().union(*(values(each) for key, each in made.items() if key not in OURS))
    if isinstance(made, (list, tuple)):
        return set().union(set(), *(values(each) for each in made))
    return {" ".join(str(made).split())}


def untranslated(made: Record, code: str, *reports: Record) -> list[str]:
    """Words of the page in this language that the English page has as well, but for names, numbers and commands."""
    theirs = set(Words(sheet(made, *reports, code=code)[0]).found)
    ours = set(Words(sheet(made, *reports)[0]).found)
    known = values(made) | values([vars(each) for each in made["sessions"]])
    left = []
    for text in sorted(theirs & ours):
        bare = text
        for value in sorted(known, key=len, reverse=True):
            bare = bare.replace(value, "") if len(value) > 2 else bare
        bare = re.sub(r"^(Calypso|Pandora|Cluster server): ", "", bare)
        if not SAME.fullmatch(bare) and not SAME.fullmatch(text):
            left.append(text)
    return left


RECORDS = {each["site"]: each for each in fleet_files.read(ROOT / "inventories/example/imrs.yml").sites}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("site", ["nbo", "mrs", "waw", "tnr", "beg", "bog", "gru"])
def test_no_english_is_left_on_the_pages_of_the_example_fleet(site: str, code: str) -> None:
    assert untranslated(RECORDS[site], code) == []


@pytest.mark.parametrize("code", CODES)
def test_an_english_sentence_is_seen(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above fails where a text is missing in the catalogue, whether of a template, the library or a step."""
    texts = ["Appliance purchased", "Goes to", "Our address", "What we ask of your network"]
    for text in texts:
        monkeypatch.delitem(TRANSLATORS[code].catalogue._catalog, text)
    assert untranslated(record(), code) == texts


@pytest.mark.parametrize("code", CODES)
def test_both_languages_say_the_same_values(code: str) -> None:
    """What one would copy is the same to the letter: prefixes, addresses, commands, configuration."""
    for made in (RECORDS["nbo"], record(state="decommissioned", decommissioned=GONE), other_host()):
        pieces = [re.findall(r"<code>(.*?)</code>", sheet(made, code=each)[0], re.DOTALL) for each in ("en", code)]
        assert pieces[0] == pieces[1]
        assert len(pieces[0]) > 5


def test_the_page_says_its_language_and_links_the_other() -> None:
    made = record(language="fr")
    texts = dict(pages.documents(fleet(made, other_host()), LOADER, None, TRANSLATORS))
    assert list(texts) == [
        "index.html", "sites/nbo.html", "sites/nbo.md", "sites/nbo.fr.html", "sites/nbo.fr.md",
        "sites/lim.html", "sites/lim.md",
    ]  # fmt: skip
    assert '<html lang="en">' in texts["sites/nbo.html"]
    assert '<html lang="fr">' in texts["sites/nbo.fr.html"]
    assert 'href="nbo.fr.html" hreflang="fr" lang="fr">français</a>' in texts["sites/nbo.html"]
    assert 'href="nbo.html" hreflang="en" lang="en">English</a>' in texts["sites/nbo.fr.html"]
    assert "[français](nbo.fr.md)" in texts["sites/nbo.md"]
    assert "[English](nbo.md)" in texts["sites/nbo.fr.md"]
    assert "hreflang" not in texts["sites/lim.html"]
    assert all(pages.MARK in text[:2000] for text in texts.values())


def test_planned_and_proven_stay_two_words() -> None:
    failed = report(certifiable=False)
    for code, planned, proven in (
        ("fr", "Prévu\u00a0: ", "Prouvé par les tests\u00a0: "),
        ("pt", "Previsto: ", "Provado pelos testes: "),
    ):
        html_, markdown = sheet(record(), failed, code=code)
        assert planned in html_
        for text in (html_, markdown):
            assert proven in text
            assert "2026-04-05" in text


def test_what_a_host_wrote_is_text_in_every_language() -> None:
    """No mark-up comes out of a value: not of a name in a translated sentence either."""
    made = record()
    made["host"]["name"] = "**A** `B` <b>C</b> %(d)s"
    for code in ("en", *CODES):
        page = sheet(made, code=code)[0]
        assert "**A** `B` &lt;b&gt;C&lt;/b&gt; %(d)s" in page


def test_texts_with_marks_become_tags_in_html_and_stay_in_markdown() -> None:
    html_, markdown = sheet(record(), code="fr")
    assert "<strong>vous pouvez le déconnecter à tout moment</strong>" in html_
    assert "**vous pouvez le déconnecter à tout moment**" in markdown
    assert "<code>NSID</code>" in html_
    assert language.marked_up("**a** `b` & <c>") == "<strong>a</strong> <code>b</code> &amp; &lt;c&gt;"


def test_numbers_and_lists_are_written_as_the_language_does() -> None:
    assert TRANSLATORS["fr"].number(120000) == "120\u202f000"
    assert TRANSLATORS["pt"].number(120000) == "120.000"
    assert language.ENGLISH.number(120000) == "120,000"
    assert TRANSLATORS["fr"].listed(["a", "b", "c"]) == "a, b et c"
    assert (language.ENGLISH.listed([]), language.ENGLISH.listed(["a"])) == ("", "a")
    assert TRANSLATORS["fr"].plural(2, "%(number)s rack unit", "%(number)s rack units") == "2 unités"
    assert TRANSLATORS["fr"].plural(0, "%(number)s rack unit", "%(number)s rack units") == "0 unité"
    assert TRANSLATORS["pt"].plural(0, "%(number)s rack unit", "%(number)s rack units") == "0 unidades"


@pytest.mark.parametrize("content", [b"", b"msgid", b"\xde\x12\x04\x95\x00\x00", b"\xde\x12\x04\x95" + 40 * b"\xff"])
def test_what_is_no_catalogue_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="is no compiled catalogue of gettext"):
        language.Translator.of("fr", content)


def test_every_language_of_a_sheet_has_a_catalogue_and_a_name() -> None:
    choices = schema_site.SITE["properties"]["language"]["enum"]
    assert sorted(choices) == sorted(["en", *CODES]) == sorted(language.LANGUAGES)
    assert all(isinstance(TRANSLATORS[code].catalogue, gettext.GNUTranslations) for code in CODES)


def test_a_site_on_its_way_reads_its_next_step_in_its_language() -> None:
    html_, markdown = sheet(record(state="onboarding", onboarding=onboarding(4)), code="pt")
    for text in (html_, markdown):
        assert "A seguir: passo 5 de 8, Equipamento comprado" in text
        assert "Quem age: anfitrião." in text

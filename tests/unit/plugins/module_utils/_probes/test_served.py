# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which questions are asked out of a zone, and which of its records go with the answers."""

from __future__ import annotations

import base64
import random
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import query, served

ROOT = """\
. 86400 IN SOA a.root-servers.net. nstld. 7 1800 900 604800 86400
. 518400 IN NS a.root-servers.net.
. 86400 IN NSEC arpa. NS SOA
arpa. 172800 IN NS a.root-servers.net.
arpa. 86400 IN NSEC com. NS
COM. 172800 IN NS a.gtld.net.
com. 86400 IN DS 1 8 2 AB CD
com. 86400 IN NSEC net. NS DS
net. 172800 IN NS a.gtld.net.
net. 86400 IN NSEC . NS
a.gtld.net. 172800 IN A 192.0.2.3
b.gtld.net. 172800 IN A 192.0.2.6
a.root-servers.net. 518400 IN A 192.0.2.4
"""
ARPA = """\
arpa. 86400 IN SOA a.root-servers.net. nstld. 8 1800 900 604800 86400
arpa. 86400 IN NS a.root-servers.net.
ns.arpa. 86400 IN A 192.0.2.5
"""
ADDRESSES = ("192.0.2.1", "2001:db8::1")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, t.Any]:
    """What is asked of two zones; what would be answered is left out."""
    texts = {".": ROOT, "arpa.": ARPA}
    lines = iter(texts.values())
    monkeypatch.setattr(
        served.host, "run", lambda *_args: {"rc": 0, "stdout": next(lines), "stderr": ""}
    )  # ldns-read-zone, which the lab image has

    def answered(questions: t.Sequence[query.Question], **_more: t.Any) -> list[dict[str, t.Any]]:
        return [
            {"query": each, "server": each["server"], "transport": each["transport"], "answer": ""}
            for each in questions
        ]

    monkeypatch.setattr(served.query, "ask_all", answered)
    return served.ask(texts, ADDRESSES, random.Random(1))  # noqa: S311 - the same each time


def test_the_apex_is_asked_for_everywhere_and_each_way_has_its_turn(asked: dict[str, t.Any]) -> None:
    exchanges = asked["exchanges"]
    ways = {(address, how) for address in ADDRESSES for how in ("udp", "tcp")}
    for zone in (".", "arpa."):
        for kind in served.APEX:
            there = [e for e in exchanges if (e["query"]["name"], e["query"]["type"]) == (zone, kind)]
            assert {(e["server"], e["transport"]) for e in there} == ways, (zone, kind)
    assert {(e["server"], e["transport"]) for e in exchanges if e["query"]["name"] not in (".", "arpa.")} == ways


def test_first_and_last_is_the_serial(asked: dict[str, t.Any]) -> None:
    kinds = [(e["query"]["name"], e["query"]["type"]) for e in asked["exchanges"]]
    both = [(zone, "SOA") for zone in (".", "arpa.") for _way in range(4)]
    assert kinds[:8] == kinds[-8:] == both


def test_a_zone_that_is_served_too_is_no_delegation(asked: dict[str, t.Any]) -> None:
    names = {e["query"]["name"] for e in asked["exchanges"] if e["query"]["type"] in ("NS", "DS")}
    assert names <= {".", "arpa.", "com.", "net."}
    assert ("arpa.", "DS") not in {(e["query"]["name"], e["query"]["type"]) for e in asked["exchanges"]}
    assert ("ns.arpa.", "A") in {(e["query"]["name"], e["query"]["type"]) for e in asked["exchanges"]}


def test_the_records_that_answers_are_made_of_go_with_them(asked: dict[str, t.Any]) -> None:
    root = [line.split("\t")[0].lower() for line in asked["records"]["."]]
    assert set(root) == {".", "com.", "net.", "a.gtld.net.", "a.root-servers.net."}
    assert "b.gtld.net." not in root
    assert "com.\t86400\tIN\tDS\t1 8 2 AB CD" in asked["records"]["."]


def test_a_zone_that_cannot_be_read_has_no_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served.host, "run", lambda *_args: {"rc": 1, "stdout": "", "stderr": "no"})
    assert served.ask({".": "x"}, ADDRESSES) == {"records": {}, "exchanges": []}


@pytest.mark.parametrize(("serials", "settled"), [((7, 7), True), ((7, 8), False), ((None, 7), True)])
def test_whether_it_was_one_zone_all_the_time(
    monkeypatch: pytest.MonkeyPatch, serials: tuple[int | None, ...], settled: bool
) -> None:
    monkeypatch.setattr(served.query, "serial", lambda exchange: exchange["serial"])
    exchanges = [{"query": {"name": ".", "type": "SOA"}, "serial": each, "answer": each and "x"} for each in serials]
    exchanges.append({"query": {"name": "com.", "type": "NS"}, "serial": None, "answer": "x"})
    line = ".\t86400\tIN\tSOA\ta. b. 7 1 2 3 4"
    assert served.settled({"records": {".": [line]}, "exchanges": exchanges}) is settled


def test_what_is_lost_or_truncated_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood, or the rate limit, must not look like a wrong answer."""
    whole, truncated = (base64.b64encode(bytes((0, 0, bits, 0))).decode() for bits in (0x84, 0x86))
    said = iter([[None, truncated, whole], [None, whole], [whole]])
    asked: list[list[tuple[str, str]]] = []

    def answers(questions: t.Sequence[query.Question], **_more: t.Any) -> list[dict[str, t.Any]]:
        asked.append([(each["name"], each["transport"]) for each in questions])
        return [
            {"answer": answer, "transport": each["transport"]}
            for answer, each in zip(next(said), questions, strict=True)
        ]

    monkeypatch.setattr(served.query, "ask_all", answers)
    questions = [served._question(name, "NS", ("192.0.2.1", "udp")) for name in ("a.", "b.", "c.")]
    found = served._answered(questions)
    assert asked == [[("a.", "udp"), ("b.", "udp"), ("c.", "udp")], [("a.", "udp"), ("b.", "tcp")], [("a.", "udp")]]
    assert [each["answer"] for each in found] == [whole] * 3
    assert [each["transport"] for each in found] == ["udp", "tcp", "udp"]

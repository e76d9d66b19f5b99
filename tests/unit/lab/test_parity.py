# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What both nameservers are asked is the same in every run, and what differs between their answers is found."""

from __future__ import annotations

import collections
import dataclasses
import typing as t

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from imrs_parity_accepted import ACCEPTED, unexplained
from imrs_parity_answers import FIELDS, MALFORMED, Answer, differences, read
from imrs_parity_asking import SILENT
from imrs_parity_questions import NS, NUMBER, Question, message, opt, questions

TLDS = [f"{first}{second}." for first in "abcdefghij" for second in "abcdefghij"]
HOSTS = [f"a.nic.{tld}" for tld in TLDS]
REFERRAL = Question("referral", message("example.", NS, edns=opt()))


def answer(edit: t.Callable[[dns.message.Message], object] = lambda _: None) -> Answer:
    """A referral, with something else than usual."""
    made = dns.message.make_response(dns.message.from_wire(REFERRAL.wire), our_payload=1232)
    made.authority = [dns.rrset.from_text("example.", 60, "IN", "NS", "A.ns.example.", "b.ns.example.")]
    made.additional = [dns.rrset.from_text("a.ns.example.", 60, "IN", "A", "192.0.2.1")]
    edit(made)
    return read(made.to_wire().hex())


def test_the_same_questions_in_every_run_and_never_more() -> None:
    made = questions(TLDS, HOSTS)
    assert len(made) == NUMBER
    assert made == questions(TLDS, HOSTS)
    counts = collections.Counter(each.kind for each in made)
    assert {"referral", "NXDOMAIN", "noise", "CHAOS", "cut off", "two OPT", "opcode 5"} < set(counts)
    asked = {each.wire for each in made if each.tcp}
    assert all(message(tld, NS, edns=opt()) in asked for tld in TLDS)


def test_an_answer_is_read_as_dnspython_made_it() -> None:
    found = answer()
    assert found.outcome == "answered"
    assert found.authority == {(b"\7example\0", 2, 1): (60, frozenset({b"\1a\2ns\7example\0", b"\1b\2ns\7example\0"}))}
    assert found.additional == {(b"\1a\2ns\7example\0", 1, 1): (60, frozenset({bytes([192, 0, 2, 1])}))}
    assert (found.edns, found.question) == ((1232, 0, 0), b"\7example\0\0\2\0\1")


def renamed(made: dns.message.Message) -> None:
    made.authority = [dns.rrset.from_text("EXAMPLE.", 60, "IN", "NS", "b.ns.example.", "a.ns.example.")]


def test_order_and_case_are_no_difference() -> None:
    assert differences(answer(), answer(renamed)) == ()


EDITS: dict[str, t.Callable[[dns.message.Message], object]] = {
    "rcode": lambda made: made.set_rcode(dns.rcode.SERVFAIL),
    "flags": lambda made: setattr(made, "flags", made.flags | dns.flags.AA),
    "question": lambda made: made.question.clear(),
    "answer": lambda made: made.answer.append(made.additional[0]),
    "authority": lambda made: made.authority[0].update_ttl(30),
    "additional": lambda made: made.additional.append(made.authority[0]),
    "edns": lambda made: made.use_edns(0, 0x8000, 1232),
    "options": lambda made: made.use_edns(0, 0, 1232, options=[dns.edns.GenericOption(65001, b"x")]),
}


@pytest.mark.parametrize("field", EDITS)
def test_a_difference_in_a_field_is_found_and_not_accepted(field: str) -> None:
    """The guard of tests/daemons/test_parity.py: a nameserver that answers something else is told."""
    other = answer(EDITS[field])
    assert differences(answer(), other) == (field,)
    for knot, nsd in ((answer(), other), (other, answer())):
        assert unexplained(REFERRAL, knot, nsd, set()) == (field,)


def test_all_fields_are_compared() -> None:
    assert set(FIELDS) == {*EDITS, "outcome", "opcode"}


def test_silence_of_one_is_a_difference() -> None:
    assert unexplained(REFERRAL, answer(), read(SILENT), set()) == ("outcome",)
    assert unexplained(REFERRAL, read(SILENT), answer(), set()) == ("outcome",)


@pytest.mark.parametrize("said", ["", "00", "0000" * 6, "00008000000100000000000003", "000080000000000000000000ff"])
def test_what_is_no_message_is_told(said: str) -> None:
    assert read(said).outcome == MALFORMED


def test_an_accepted_difference_is_remembered_as_used() -> None:
    used: set[str] = set()
    cut = dataclasses.replace(answer(), flags=frozenset({"tc"}))
    assert unexplained(REFERRAL, cut, dataclasses.replace(cut, authority={}), used) == ()
    assert used == {"truncated"}
    assert used < set(ACCEPTED)

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of Debian's security tracker: what is read of it, and every way in which it is refused."""

from __future__ import annotations

import gzip
import json
import typing as t
import zlib

import pytest
import vulnerabilities as made
from ansible_collections.icann.imrs.plugins.module_utils._vulnerabilities import tracker
from hypothesis import given, settings
from hypothesis import strategies as st

AGAIN = tracker.AGAIN
KNOWN = {"nsd", "bird2", "linux", "openssl", "glibc"}


def read(text: str, *known: str, release: str = "trixie") -> dict[str, tracker.Source]:
    return tracker.read(text, "data.json", known or KNOWN, release)


def test_what_is_of_this_release_is_read() -> None:
    found = read(made.tracker())
    assert set(found) == {"nsd", "bird2", "linux", "openssl"}  # not one that no node has, though it is broken
    assert found["nsd"].archive == "4.12.0-1+deb13u1"
    by_id = {each.id: each for each in found["nsd"].vulnerabilities}
    assert by_id["CVE-2026-12246"] == tracker.Vulnerability(
        id="CVE-2026-12246",
        status="resolved",
        fixed="4.12.0-1+deb13u1",
        urgency="not yet assigned",
        note="",
        description="Out of bounds stack write with crafted APL RR",
    )
    (bird,) = found["bird2"].vulnerabilities
    assert (bird.status, bird.fixed, bird.note) == ("open", "", "Minor issue")
    assert [each.id for each in found["openssl"].vulnerabilities] == ["CVE-2099-0003"]  # the other one is bookworm's


def test_the_release_matters() -> None:
    assert set(read(made.tracker(), release="bookworm")) == {"nsd", "openssl"}


def test_spaces_are_allowed() -> None:
    assert read(f" {json.dumps(made.TRACKER, indent=4)}\n\n") == read(made.tracker())


@pytest.mark.parametrize(
    ("state", "affected"),
    [
        (made.resolved("4.12.0-1+deb13u1", "4.12.0-1"), ["4.12.0-1", "4.11.0-1"]),
        (made.resolved("4.12.0-1", "4.12.0-1"), ["4.11.0-1"]),
        (made.resolved("0", "4.12.0-1"), []),
        (made.unfixed("4.12.0-1"), ["4.12.0-1", "4.11.0-1", "4.12.0-1+deb13u1"]),
        (made.unfixed("4.12.0-1", "undetermined"), ["4.12.0-1", "4.11.0-1", "4.12.0-1+deb13u1"]),
        # Nothing is said of what mends it: what is in the archive does not have it.
        ({"status": "resolved", "repositories": {"trixie": "4.12.0-1"}}, ["4.11.0-1"]),
        ({"status": "resolved"}, []),
    ],
)
def test_which_versions_have_it(state: dict[str, t.Any], affected: list[str]) -> None:
    (one,) = read(made.tracker(nsd={"CVE-2099-0005": made.entry(state)}))["nsd"].vulnerabilities
    assert [each for each in ("4.12.0-1", "4.11.0-1", "4.12.0-1+deb13u1") if one.affects(each)] == affected


def broken(**state: t.Any) -> str:
    return made.tracker(nsd={"CVE-2099-0005": made.entry({**made.unfixed("1"), **state})})


WRONG: dict[str, tuple[str, str]] = {
    "a list": ("[]", "data.json:1: is no JSON of the tracker at character 1 (no mapping, as the file is to be)"),
    "empty": ("", "data.json:1: is no JSON of the tracker at character 1, where it ends: it is not whole"),
    "cut short": (made.tracker()[:300], "where it ends: it is not whole"),
    "something more": (f"{made.tracker()} x", "(something after its end)"),
    "two keys in a row": ('{"nsd" "bird2"}', "(no colon after a key)"),
    "no comma": ('{"nsd":{} "bird2":{}}', "in 'nsd' (neither a comma nor the end of a mapping)"),
    "a key without quotes": ("{1:{}}", "(no key in quotes)"),
    "no mapping of a package": ('{"nsd":[]}', "at character 8, in 'nsd' (no mapping, as nsd is to be)"),
    "too deep": ('{"x":' + "[" * 200_000, "in 'x'"),
    "a number of many digits": ('{"x":' + "9" * 9999 + "}", "(what nobody would write)"),
    "nothing of ours": ('{"x":{}}', "data.json: has nothing of any package that the nodes have in trixie"),
    "nothing at all": ("{}", "data.json: has nothing of any package that the nodes have in trixie"),
    "no number": (made.tracker(nsd={"hole": {}}), "data.json: nsd: hole: is no number of a vulnerability, such as"),
    "no releases": (made.tracker(nsd={"CVE-2099-0005": {}}), "nsd: CVE-2099-0005: releases: is not there"),
    "no entry": (made.tracker(nsd={"CVE-2099-0005": []}), "nsd: CVE-2099-0005: releases: is not there"),
    "no mapping of a release": (
        made.tracker(nsd={"CVE-2099-0005": {"releases": {"trixie": 1}}}),
        "nsd: CVE-2099-0005: releases.trixie: is no mapping",
    ),
    "another status": (broken(status="fixed"), "releases.trixie.status: 'fixed' is none of open, resolved, undet"),
    "no status": (broken(status=None), "releases.trixie.status: 'None' is none of"),
    "another version": (
        broken(status="resolved", fixed_version="soon"),
        "releases.trixie.fixed_version: 'soon' is no version of a Debian package",
    ),
    "another archive": (
        broken(repositories={"trixie": "new"}),
        "releases.trixie.repositories: is no mapping to versions",
    ),
    "no archive": (broken(repositories=["1"]), "releases.trixie.repositories: is no mapping to versions"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_the_trackers_is_refused(name: str) -> None:
    text, told = WRONG[name]
    with pytest.raises(tracker.Unreadable) as caught:
        read(text)
    assert told in str(caught.value)
    assert str(caught.value).endswith(AGAIN)
    assert len(str(caught.value)) < 300


@settings(derandomize=True, max_examples=200, deadline=None, database=None)
@given(st.integers(0, len(made.tracker()) - 1))
def test_a_file_that_is_cut_anywhere_is_refused(end: int) -> None:
    """Half a download must not be half of the answer."""
    with pytest.raises(tracker.Unreadable):
        read(made.tracker()[:end])


BYTES: dict[str, tuple[bytes, str]] = {
    "gzip": (gzip.compress(b"{}"), "is compressed; unpack it by gunzip"),
    "debsecan's list": (b"VERSION 1\nCVE-2026-12246,,x\n", "is debsecan's own list, and it does not say which version"),
    "debsecan's list, compressed": (zlib.compress(b"VERSION 1\n"), "as debsecan's own list is"),
    "debsecan's output": (b"CVE-2026-12246 nsd (remotely exploitable)\n", "is what debsecan prints, and it does not"),
    "a web page": (b"\n<!DOCTYPE html>", f"is a web page; {AGAIN}"),
    "no UTF-8": (b'{"\xff"', f"is no UTF-8 at octet 2; {AGAIN}"),
}


@pytest.mark.parametrize("name", BYTES)
def test_what_it_is_instead_is_told(name: str) -> None:
    data, told = BYTES[name]
    with pytest.raises(tracker.Unreadable) as caught:
        tracker.text_of(data, "data.json")
    assert str(caught.value).startswith("data.json: ")
    assert told in str(caught.value)


def test_a_file_may_not_be_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker, "MOST", 10)
    assert tracker.text_of(b"0123456789", "data.json") == "0123456789"
    with pytest.raises(tracker.Unreadable, match="has more than"):
        tracker.text_of(b"0123456789x", "data.json")


def test_texts_of_others_are_shown_in_one_short_line() -> None:
    state = made.unfixed("1", nodsa="a\x1b[31m\nb\u202e", urgency="x" * 999)
    (one,) = read(made.tracker(nsd={"CVE-2099-0005": made.entry(state)}))["nsd"].vulnerabilities
    assert one.note == "a?[31m b?"
    assert len(one.urgency) == 200

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Broken files, one for each way to break one: never a traceback, always a sentence that helps."""

from __future__ import annotations

import pathlib
import time

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site import document, errors, fleet
from wordings import AS_RANGE

from .conftest import ANCHORS, Lab

CORPUS = pathlib.Path(__file__).parent / "corpus"
ANCHOR = "uses an anchor or alias (& or *); write the value out, or quote it"
TAG = "uses a tag (!); write the plain value, or quote it"
KEY = "uses a mapping or list as a key; a key is one word"
DEEP = "is nested more than 16 levels deep"
MAPPING = "must be a mapping (lines of 'key: value')"
UTF8 = "is not UTF-8 text; save the file as UTF-8"
NO_YAML = "is not YAML: "
"""What follows is libyaml's to say."""
LONG = "999999999999999999999999999999999999999999999999999999999..."

EXPECTED: dict[str, list[str]] = {
    "alias": [f"2: {ANCHOR}"],
    "anchor": [f"1: {ANCHOR}"],
    "anchor_bomb": [f"1: {ANCHOR}"],
    "at": [f"1: {NO_YAML}"],
    "backtick": [f"1: {NO_YAML}"],
    "bad_indent": [f"2: {NO_YAML}"],
    "bidirectional": [
        r"8: host.name: 'Example \u202eteN' holds U+202E (RIGHT-TO-LEFT OVERRIDE), which is not seen; remove it"
    ],
    "block_junk": [f"1: {NO_YAML}"],
    "c1_control": [f"2: {NO_YAML}holds the character U+009B; remove it"],
    "complex_key": [f"1: {KEY}"],
    "deep_block": [f"1: {DEEP}"],
    "deep_indent": [f"17: {DEEP}"],
    "deep_keys": [f"1: {KEY}"],
    "deep_lists": [f"1: {DEEP}"],
    "deep_lists_open": [f"1: {DEEP}"],
    "deep_mappings": [f"1: {DEEP}"],
    "document_after_end": [f"3: {NO_YAML}"],
    "duplicate_key": ["4: key 'mode' was already given in line 3"],
    "duplicate_key_deep": ["3: key 'mtu' was already given in line 3"],
    "duplicate_odd_key": ["1: a key was already given in line 1"],
    "empty": ["is empty"],
    "escape_character": [f"1: {NO_YAML}holds the character U+001B; remove it"],
    "huge_numbers": [
        "30: nodes[0].uplink.mtu: -0x5DC is not an MTU in bytes (1280\u20139216)",
        f"45: peers[0].asn: {LONG} is not {AS_RANGE}",
        "48: peers[0].hold_time: 1e400 is not a hold time in seconds (3\u201365535)",
    ],
    "infinite": [
        "30: nodes[0].uplink.mtu: .nan is not an MTU in bytes (1280\u20139216)",
        f"45: peers[0].asn: .inf is not {AS_RANGE}",
    ],
    "line_separator": [r"8: host.name: 'Example\u2028Net' holds U+2028 (LINE SEPARATOR), which is not seen; remove it"],
    "list_at_the_top": [f"1: {MAPPING}"],
    "long_key": [f"1: {NO_YAML}"],
    "mapping_as_a_key": [f"1: {KEY}"],
    "no_space": [f"1: {MAPPING}"],
    "not_utf8": [f"2: {UTF8}"],
    "nul": [f"1: {NO_YAML}holds the character U+0000; remove it"],
    "null": ["1: is empty"],
    "number_at_the_top": [f"1: {MAPPING}"],
    "only_comment": ["is empty"],
    "only_marker": ["1: is empty"],
    "only_spaces": ["is empty"],
    "overlong": [f"1: {UTF8}"],
    "percent": [f"1: {NO_YAML}"],
    "secret_as_a_key": [f"48: {NO_YAML}"],
    "surrogate_escape": [f"1: {NO_YAML}"],
    "tab": ["3: holds a tab; indent and align with spaces only"],
    "tab_in_text": ["2: holds a tab; indent and align with spaces only"],
    "tag_binary": [f"1: {TAG}"],
    "tag_on_a_list": [f"1: {TAG}"],
    "tag_own": [f"1: {TAG}"],
    "tag_plain": [f"1: {TAG}"],
    "tag_python": [f"1: {TAG}"],
    "text_at_the_top": [f"1: {MAPPING}"],
    "two_documents": ["3: holds a second document (---); one file holds one"],
    "unclosed_bracket": [f"3: {NO_YAML}"],
    "unclosed_quote": [f"3: {NO_YAML}"],
    "unhashable": [f"1: {KEY}"],
    "utf16": [f"1: {UTF8}"],
    "utf32": [f"1: {NO_YAML}holds the character U+0000; remove it"],
    "wrong_types": [
        "1: site: is something else; give a short name (lower-case letters, digits and _, a letter first)",
        "2: kind: is something else; give one of: single, cluster",
        "3: operational: 1 is not true or false",
        "4: mode: is empty; give one of: dark, drained, live",
        "5: asn: 20144 is text, being in quotes; write the number without them",
        "6: host: is something else; give the host organisation",
        "7: location: is empty; give a location",
        "8: vantage: 5 is read as a number or as true or false; put it in quotes",
        "9: nodes: is something else; give a list of nodes",
        "10: peers: is something else; give a list of peers",
        "11: onboarding: is something else; give the course of the onboarding",
        "12: maintenance: is empty; give a list of notes",
        "13: cluster: is something else; give the cluster's own data",
    ],
}
"""All that is said: line, field, message. What ends in a space goes on as libyaml has it."""

MANY = {"everything_unknown": 211, "long_value": 11, "merge": 11, "null_items": 6, "nulls": 15}
"""How many problems, where each of them is tested elsewhere."""


def problems(name: str, *, as_fleet: bool = False) -> tuple[errors.Problem, ...]:
    lab = Lab()
    content = (CORPUS / f"{name}.sheet").read_bytes()
    sheet, fleet_ = (lab.sheet, content) if as_fleet else (content, lab.fleet)
    start = time.process_time()
    try:
        fleet.load(document.parse("fleet.yml", fleet_), [document.parse("sites/x.yml", sheet)], ANCHORS)
    except errors.SiteError as error:
        return error.problems
    finally:
        assert time.process_time() - start < 1, "no file may keep the machine busy"
    return ()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_broken_file_is_told_what_is_wrong(name: str) -> None:
    said = [str(problem).removeprefix("sites/x.yml").removeprefix(":").lstrip() for problem in problems(name)]
    for text, expected in zip(said, EXPECTED[name], strict=True):
        assert text == expected or (expected.endswith(NO_YAML) and text.startswith(expected))


@pytest.mark.parametrize("name", MANY)
def test_every_problem_is_told(name: str) -> None:
    assert len(problems(name)) == MANY[name]


@pytest.mark.parametrize("name", sorted(path.stem for path in CORPUS.glob("sound_*.sheet")))
def test_an_odd_file_may_be_sound(name: str) -> None:
    assert problems(name) == ()


@pytest.mark.parametrize("name", sorted(path.stem for path in CORPUS.iterdir()))
def test_it_is_no_fleet_either(name: str) -> None:
    found = problems(name, as_fleet=True)
    assert found
    assert all(problem.file in {"fleet.yml", "sites/x.yml"} and problem.message for problem in found)


def test_every_file_is_expected() -> None:
    found = {path.stem for path in CORPUS.iterdir()}
    assert {name for name in found if not name.startswith("sound_")} == {*EXPECTED, *MANY}


def test_a_file_that_is_too_large_is_no_sheet() -> None:
    (problem,) = document.parse("x.yml", b"#" * (document.MAX_BYTES + 1)).problems
    assert str(problem) == "x.yml: is larger than 1024 KiB, so it is not a sheet"


def test_no_broken_file_gives_a_secret_away() -> None:
    for path in CORPUS.iterdir():
        assert "hunter2" not in " ".join(str(problem) for problem in problems(path.stem))

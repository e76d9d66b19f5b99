# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever the files hold: a fleet or problems, never a traceback; and the same answer however they are written."""

from __future__ import annotations

import copy
import dataclasses
import gc
import json
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site import derive, document, errors, fleet
from ansible_collections.icann.imrs.plugins.module_utils._site.session import HostSession
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import VALUES, mutated

from .conftest import ANCHORS, LAB, SHEETS

FLEET = document.parse("fleet.yml", (LAB / "fleet.yml").read_bytes())
SOUND = {name: document.parse(f"sites/{name}.yml", path.read_bytes()) for name, path in SHEETS.items()}
SETTINGS = settings(derandomize=True, max_examples=400, deadline=None, database=None)


def outcome(fleet_: document.Document, sites: list[document.Document]) -> fleet.Fleet | tuple[errors.Problem, ...]:
    found: fleet.Fleet | tuple[errors.Problem, ...]
    try:
        found = fleet.load(fleet_, sites, ANCHORS)
    except errors.SiteError as error:
        found = error.problems
    if isinstance(found, tuple):
        assert found
        assert all(problem.message and problem.file for problem in found)
        assert all("\n" not in str(problem) for problem in found)
        assert list(found) == sorted(found)
        return found
    for variables in found.hosts.values():
        assert derive.groups(variables)
        assert derive.entrance(variables)
    for site in found.sites:
        plain = {key: value for key, value in site.items() if key != "sessions"}
        assert json.loads(json.dumps(plain)) == plain
        assert all(isinstance(each, HostSession) for each in site["sessions"])
    return found


@SETTINGS
@given(st.sampled_from(["fleet", *SOUND]), st.data())
def test_any_change_of_a_sound_document(name: str, data: st.DataObject) -> None:
    documents = {"fleet": FLEET, **SOUND}
    chosen = documents[name]
    documents[name] = dataclasses.replace(chosen, data=mutated(copy.deepcopy(chosen.data), data))
    assert outcome(documents.pop("fleet"), list(documents.values()))


@SETTINGS
@given(st.dictionaries(st.sampled_from(sorted(SOUND["acc"].data or {})) | st.text(max_size=5), VALUES, max_size=8))
def test_any_structure(data: dict[str, t.Any]) -> None:
    assert outcome(FLEET, [document.Document("sites/x.yml", data)])
    assert outcome(document.Document("fleet.yml", data), [SOUND["xlb"]])


@SETTINGS
@given(st.binary(max_size=300))
def test_any_bytes(content: bytes) -> None:
    assert outcome(FLEET, [document.parse("sites/x.yml", content)])
    assert outcome(document.parse("fleet.yml", content), [SOUND["xlb"]])


@SETTINGS
@given(st.data())
def test_any_bytes_in_the_middle_of_a_sound_sheet(data: st.DataObject) -> None:
    content = SHEETS[data.draw(st.sampled_from(sorted(SHEETS)))].read_bytes()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 20)))
    changed = content[:start] + data.draw(st.binary(max_size=8)) + content[end:]
    assert outcome(FLEET, [document.parse("sites/x.yml", changed)])


@settings(SETTINGS, max_examples=20)
@given(st.permutations(sorted(SOUND)))
def test_the_order_of_the_files_decides_nothing(order: list[str]) -> None:
    found = fleet.load(FLEET, [SOUND[name] for name in order], ANCHORS)
    again = fleet.load(FLEET, list(SOUND.values()), ANCHORS)
    assert found.sites == again.sites
    assert found.hosts == again.hosts


@settings(SETTINGS, max_examples=60)
@given(st.randoms(use_true_random=False), st.sampled_from(sorted(SOUND)))
def test_the_order_of_the_keys_decides_nothing(random: t.Any, name: str) -> None:
    def shuffled(value: t.Any) -> t.Any:
        if isinstance(value, dict):
            keys = list(value)
            random.shuffle(keys)
            return {key: shuffled(value[key]) for key in keys}
        return [shuffled(item) for item in value] if isinstance(value, list) else value

    other = dataclasses.replace(SOUND[name], data=shuffled(SOUND[name].data))
    found, again = (fleet.load(FLEET, [each], ANCHORS) for each in (other, SOUND[name]))
    assert found.sites == again.sites
    assert found.hosts == again.hosts


def test_loading_changes_nothing_that_it_was_given() -> None:
    before = copy.deepcopy([found.data for found in (FLEET, *SOUND.values())])
    first = fleet.load(FLEET, list(SOUND.values()), ANCHORS)
    assert fleet.load(FLEET, list(SOUND.values()), ANCHORS) == first
    assert [found.data for found in (FLEET, *SOUND.values())] == before


def test_sheets_may_come_one_by_one() -> None:
    assert fleet.load(FLEET, iter(SOUND.values()), ANCHORS) == fleet.load(FLEET, list(SOUND.values()), ANCHORS)


def test_data_of_another_source_has_no_lines() -> None:
    data = copy.deepcopy(SOUND["xlb"].data) or {}
    data["mode"] = "off"
    found = outcome(FLEET, [document.Document("netbox: xlb", data)])
    assert [str(problem) for problem in t.cast("tuple[errors.Problem, ...]", found)] == [
        "netbox: xlb: mode: off is not one of: dark, drained, live"
    ]


@pytest.mark.parametrize("on", [True, False])
@pytest.mark.parametrize("content", [SHEETS["xlb"].read_bytes(), b""])
def test_the_collector_is_left_as_it_was(on: bool, content: bytes) -> None:
    (gc.enable if on else gc.disable)()
    try:
        outcome(FLEET, [document.parse("sites/x.yml", content)])
        assert gc.isenabled() is on
    finally:
        gc.enable()

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The quick test of a document never says yes where jsonschema says no; and the formats that both of them use."""

from __future__ import annotations

import copy
import functools
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site import document, fit, formats, parts, schema, shape
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import mutated

from .conftest import LAB, SHEETS

if t.TYPE_CHECKING:
    import pathlib

QUICK = {"fleet": fit.test_of(schema.FLEET), "site": fit.test_of(schema.SITE)}


SLOW = {"fleet": shape.Mould(schema.FLEET).validator, "site": shape.Mould(schema.SITE).validator}


@functools.cache
def sound(path: pathlib.Path) -> dict[str, t.Any]:
    data = document.parse(path.name, path.read_bytes()).data
    assert data is not None
    return data


DOCUMENTS = [("fleet", LAB / "fleet.yml"), *(("site", path) for path in SHEETS.values())]


@pytest.mark.parametrize(("name", "path"), DOCUMENTS)
def test_sound_documents_fit(name: str, path: pathlib.Path) -> None:
    assert QUICK[name](sound(path))


@settings(derandomize=True, max_examples=600, deadline=None, database=None)
@given(st.sampled_from(DOCUMENTS), st.data())
def test_the_quick_test_and_jsonschema_agree(chosen: tuple[str, pathlib.Path], data: st.DataObject) -> None:
    name, path = chosen
    value = mutated(copy.deepcopy(sound(path)), data)
    assert QUICK[name](value) == SLOW[name].is_valid(value)


@pytest.mark.parametrize(
    ("wanted", "unknown"),
    [
        ({"type": "string", "maxLength": 3}, "maxLength"),
        ({"type": "integer", "minimum": 1, "maximum": 2, "multipleOf": 2}, "multipleOf"),
        ({"type": "array", "items": {"type": "boolean"}, "minItems": 0, "uniqueItems": True}, "uniqueItems"),
        ({"type": ["string", "null"], "format": "date"}, "format"),
        ({"type": "object", "properties": {}, "required": [], "additionalProperties": True}, "additionalProperties"),
        ({"type": "object", "properties": {}, "required": [], "additionalProperties": False, "allOf": []}, "allOf"),
    ],
)
def test_a_keyword_that_it_does_not_know_is_not_passed_over(wanted: dict[str, t.Any], unknown: str) -> None:
    with pytest.raises(NotImplementedError, match=unknown):
        fit.test_of(wanted)


FORMATS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "imrs-address": (("192.0.2.1", "2001:DB8::1"), ("192.0.2.1/32", "192.0.2.01", "fe80::1%x", "x", "")),
    "imrs-interface-address": (
        ("192.0.2.1/29", "::1/128"),
        ("192.0.2.1", "192.0.2.1/33", "::1/129", "::1/", "/8"),
    ),
    "imrs-network": (("192.0.2.0/29", "2001:db8::/32"), ("192.0.2.1/29", "192.0.2.0", "2001:db8::1/32")),
    "imrs-pattern": (("^[a-z]$", ""), ("(", "a{99999999999}")),
    "imrs-community": (("0:65535", "4294967295:0:4294967295"), ("0:65536", "1:4294967296:1")),
    "imrs-coordinates": (("90, 180", "-90,-180.0"), ("90.01, 0", "0, -180.001")),
    "imrs-interface": (("eno2", "bond0", "enp3s0f0np0", "dummyport"), ("lo", "all", "default", "dummy0", "sit0")),
    "imrs-time-zone": (
        ("UTC", "Africa/Nairobi", "Europe/Warsaw"),
        ("Africa", "Africa/Nairobo", "../UTC", "", "+03:00"),
    ),
    "imrs-prose": (("N'Djamena", "caf\u00e9", ""), ("a\u200bb", " ", "e" + "\u0301" * 5)),
    "imrs-ssh-key": (
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",),
        ("ssh-ed25519 AAAAB3NzaC1yc2EAAAADAQABAAABAQ==", "ssh-ed25519 !", "ssh-ed25519 AAA", "ssh-ed25519"),
    ),
    "date": (("2024-02-29",), ("2025-02-29", "2025-13-01")),
}
"""Texts of each format, right ones and wrong ones."""


@pytest.mark.parametrize("name", formats.NAMES)
def test_formats(name: str) -> None:
    holds, (right, wrong) = formats.of(name), FORMATS[name]
    assert [text for text in right if not holds(text)] == []
    assert [text for text in wrong if holds(text)] == []
    assert holds(5), "what is no text is not a format's business"


def test_coordinates_and_communities_are_taken_apart() -> None:
    assert formats.coordinates("-1.3192, 36.9278") == (-1.3192, 36.9278)
    assert formats.communities(["64500:0100", "1:2:3", "1:2"]) == (["64500:100", "1:2"], ["1:2:3"])


@pytest.mark.parametrize("text", ["a\u202eb", "a\u2028b", "a\x1bb", "{{ a }}", 'a"b', "a\\b", "", "a" * 201])
def test_prose_is_one_harmless_line(text: str) -> None:
    assert not fit.test_of(parts.PROSE)(text)


@pytest.mark.parametrize(
    "text", ["Universit\u00e9 d\u2019Abidjan", "\u0646\u064a\u0631\u0648\u0628\u064a", "\u6771\u4eac 1-2 <a&b>"]
)
def test_prose_is_any_language(text: str) -> None:
    assert fit.test_of(parts.PROSE)(text)

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates print and compute nothing: what selects, sorts out or takes apart is the library's."""

from __future__ import annotations

import pathlib
import re

import jinja2
import pytest
from jinja2 import nodes

ROOT = pathlib.Path(__file__).resolve().parents[3]
TEMPLATES = sorted((ROOT / "roles").glob("*/templates/**/*.j2"))
FORMS = {
    *{"int", "float", "length", "ternary", "default", "lower", "replace"},  # of one value
    *{"join", "dictsort", "reverse"},  # of all values of a list
    *{"to_json", "to_nice_json", "code", "md"},  # for a language
}
"""Filters that give a value a form. Those that choose among values, or read what is in them, are not here."""
LONGEST = 120
"""Characters of a tag on one line."""
TAG = re.compile(r"\{[{%].*?[}%]\}", re.DOTALL)


def computes(source: str) -> list[str]:
    """What a template does that the library should do."""
    tree = jinja2.Environment(autoescape=True, extensions=["jinja2.ext.i18n"]).parse(source)
    found = [f"the filter {name}" for name in sorted({each.name for each in tree.find_all(nodes.Filter)} - FORMS)]
    lines = [line for tag in TAG.findall(source) for line in tag.splitlines()]
    return found + [f"a tag of {len(line)} characters" for line in lines if len(line) > LONGEST]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "roles")))
def test_a_template_prints(path: pathlib.Path) -> None:
    assert computes(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "complaints"),
    [
        ("gw = {{ gateways | select('search', ':') | first }};", ["the filter first", "the filter select"]),
        ("{% if peers | selectattr('bfd') | list %}bfd{% endif %}", ["the filter list", "the filter selectattr"]),
        ("{{ addresses | map('regex_replace', '/.*', '') | join(' ') }}", ["the filter map"]),
        ("{% for each in " + 30 * "long" + " %}{% endfor %}", ["a tag of 138 characters"]),
        ("{% for peer in peers if peer.internal %}\n{{ peer.communities | join(' ') }}\n{% endfor %}", []),
    ],
)
def test_what_computes_is_seen(source: str, complaints: list[str]) -> None:
    assert computes(source) == complaints

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML in, plain data or one plain refusal out; never a traceback."""

from __future__ import annotations

import typing as t

import pytest
import yaml
from ansible_collections.icann.imrs.plugins.module_utils._site import document
from hypothesis import given, settings
from hypothesis import strategies as st

from .conftest import SHEETS

DETERMINISTIC = settings(derandomize=True, max_examples=200, deadline=None, database=None)

REFUSED = {
    "empty": (b"", "is empty"),
    "only a comment": (b"# nothing\n", "is empty"),
    "only a marker": (b"---\n", "is empty"),
    "not UTF-8": (b"a: 1\nb: \xff\n", "is not UTF-8 text; save the file as UTF-8"),
    "UTF-16": ("a: 1".encode("utf-16"), "is not UTF-8 text; save the file as UTF-8"),
    "tab": (b"a:\n\tb: 1\n", "holds a tab; indent and align with spaces only"),
    "anchor": (b"a: &x 1\n", "uses an anchor or alias (& or *); write the value out, or quote it"),
    "alias": (b"a: *x\n", "uses an anchor or alias (& or *); write the value out, or quote it"),
    "tag": (b"a: !!python/object:os.system {}\n", "uses a tag (!); write the plain value, or quote it"),
    "duplicate key": (b"a: 1\nb:\n  c: 1\n  c: 2\n", "key 'c' was already given in line 3"),
    "duplicate odd key": (b"{pw:hunter2, pw:hunter2}", "a key was already given in line 1"),
    "list at the top": (b"- a\n", "must be a mapping (lines of 'key: value')"),
    "text at the top": (b"hello\n", "must be a mapping (lines of 'key: value')"),
    "list as a key": (b"? [a]\n: 1\n", "uses a mapping or list as a key; a key is one word"),
    "two documents": (b"a: 1\n---\nb: 1\n", "holds a second document (---); one file holds one"),
    "deep": (b"a: " + b"[" * 5000, "is nested more than 16 levels deep"),
    "huge": (b"#" * 2_000_000, "is larger than 1024 KiB, so it is not a sheet"),
    "control character": (b"a: \x00\n", None),
    "broken": (b"a: [1\nb: 2\n", None),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_one_problem(name: str) -> None:
    content, message = REFUSED[name]
    parsed = document.parse("x.yml", content)
    assert parsed.data is None
    assert len(parsed.problems) == 1
    assert parsed.problems[0].message == message or (message is None and "is not YAML: " in parsed.problems[0].message)


@pytest.mark.parametrize(("content", "line"), [(b"a: 1\nb: &x 1\n", 2), (b"a: 1\n\n\tb: 2", 3), (b"a: 1\nb: \xff", 2)])
def test_a_refusal_names_its_line(content: bytes, line: int) -> None:
    assert document.parse("x.yml", content).problems[0].line == line


@pytest.mark.parametrize(
    ("plain", "value"),
    [("NO", "NO"), ("yes", "yes"), ("010", "010"), ("1:30", "1:30"), ("1.5", "1.5"), ("2026-01-01", "2026-01-01"),
     ("12", 12), ("-1", -1), ("true", True), ("~", None), ("", None), ("'12'", "12"), ("9" * 6000, "9" * 6000)],
)  # fmt: skip
def test_values_are_what_they_look_like(plain: str, value: object) -> None:
    parsed = document.parse("x.yml", f"a: {plain}\n")
    assert parsed.data == {"a": value}
    assert type(parsed.data["a"]) is type(value)


def test_lines_are_remembered() -> None:
    parsed = document.parse("x.yml", "a: 1\npeers:\n  - asn: 1\n  - asn: 2\n    addresses: [x,\n      y]\n")
    assert parsed.lines[("peers",)] == 2
    assert parsed.lines[("peers", 1)] == 4
    assert parsed.lines[("peers", 1, "addresses", 1)] == 6
    missing = parsed.problem(("peers", 1, "md5"), "is missing")
    assert str(missing) == "x.yml:4: peers[1].md5: is missing"


def test_without_libyaml_everything_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [document.parse("x.yml", path.read_bytes()) for path in SHEETS.values()]
    monkeypatch.delattr(document.yaml, "CSafeLoader")
    for found, path in zip(before, SHEETS.values(), strict=True):
        again = document.parse("x.yml", path.read_bytes())
        assert again.data == found.data
        assert again.lines == found.lines


@DETERMINISTIC
@given(st.binary(max_size=200))
def test_any_bytes_give_data_or_one_problem(content: bytes) -> None:
    parsed = document.parse("x.yml", content)
    assert (parsed.data is None) == (len(parsed.problems) == 1)


@DETERMINISTIC
@given(st.text(alphabet=st.sampled_from("a:-[]{}&*!?|>'\"\\#%@` \n,0x\u2028\ud800\x85"), max_size=60))
def test_any_punctuation_gives_data_or_one_problem(content: str) -> None:
    parsed = document.parse("x.yml", content)
    assert (parsed.data is None) == (len(parsed.problems) == 1)


MARK = yaml.Mark("x", 0, 6, 0, "", 0)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (yaml.parser.ParserError("while parsing", MARK, "exceeded maximum nesting depth", MARK), 7),
        (yaml.YAMLError("maximum depth of 100 exceeded"), 0),
        (ValueError("too deeply nested"), 0),
        (RecursionError("maximum recursion depth exceeded"), 0),
    ],
    ids=lambda value: f"L-4 {type(value).__name__}",
)
def test_a_limit_of_the_parser_is_told_in_our_words(
    error: Exception, line: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Loader:
        def __init__(self, _text: str) -> None:
            """As PyYAML's."""

        def get_event(self) -> t.NoReturn:
            raise error

    monkeypatch.setattr(yaml, "CSafeLoader", Loader)
    (problem,) = document.parse("x.yml", "a: 1").problems
    assert (problem.line, problem.message) == (line, "is nested more than 16 levels deep")

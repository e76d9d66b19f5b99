# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogues of the host sheet's texts are whole, current and compiled."""

from __future__ import annotations

import importlib.util
import pathlib
import re
import typing as t

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
SPEC = importlib.util.spec_from_file_location("imrs_messages", ROOT / "tests/messages.py")
assert SPEC
assert SPEC.loader
messages: t.Any = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(messages)
CATALOGUES = sorted(messages.LOCALE.glob("*.po"))
VALUE = re.compile(r"%\((\w+)\)s")


def forms(text: str | tuple[str, ...] | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def complaints(path: pathlib.Path) -> list[str]:
    """What is wrong with a catalogue: texts without translation, with another one's values, or with other marks."""
    found = []
    catalogue = messages.read(path)
    for message in catalogue:
        if not message.id:
            continue
        said, meant = forms(message.string), forms(message.id)
        if message.fuzzy:
            found.append(f"fuzzy: {meant[0]}")
        if len(said) != (catalogue.num_plurals if len(meant) > 1 else 1) or not all(text.strip() for text in said):
            found.append(f"not translated: {meant[0]}")
            continue
        for text in said:
            if sorted(VALUE.findall(text)) != sorted(VALUE.findall(meant[-1])):
                found.append(f"other values: {meant[0]}")
            elif "%" in VALUE.sub("", text).replace("%%", ""):
                found.append(f"a lone per cent sign: {meant[0]}")
            if [text.count(mark) for mark in ("**", "`")] != [meant[0].count(mark) for mark in ("**", "`")]:
                found.append(f"other marks: {meant[0]}")
            if '"' in text:
                found.append(f"a straight quote, which ends an attribute or a script's text: {meant[0]}")
    return found


def test_there_are_the_languages_that_hosts_asked_for() -> None:
    assert [path.stem for path in CATALOGUES] == ["fr", "pt"]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_every_text_is_translated(path: pathlib.Path) -> None:
    assert complaints(path) == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_catalogue_is_current_and_compiled(path: pathlib.Path) -> None:
    """Else: make messages."""
    assert path.read_bytes() == messages.renewed(messages.read(path), path.stem)
    assert path.with_suffix(".mo").read_bytes() == messages.compiled(path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('msgstr "oui"', 'msgstr ""', ["not translated: yes"]),
        ('msgid "yes"', '#, fuzzy\nmsgid "yes"', ["fuzzy: yes"]),
        ('msgstr "vers %(end)s"', 'msgstr "vers %(fin)s"', ["other values: to %(end)s"]),
        ('msgstr "vers %(end)s"', 'msgstr "vers 100% %(end)s"', ["a lone per cent sign: to %(end)s"]),
        (
            'msgstr "**Les %(total)s étapes sont faites.**"', 'msgstr "Les %(total)s étapes sont faites."',
            ["other marks: **All %(total)s steps are done.**"],
        ),
        (
            'msgstr "Copié"', 'msgstr "Copi\\"é"',
            ["a straight quote, which ends an attribute or a script's text: Copied"],
        ),
        ('msgstr[1] "%(number)s unités"', 'msgstr[1] ""', ["not translated: %(number)s rack unit"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_catalogue_is_seen(tmp_path: pathlib.Path, old: str, new: str, said: list[str]) -> None:
    text = (messages.LOCALE / "fr.po").read_text(encoding="utf-8")
    assert text.count(old) == 1
    path = tmp_path / "fr.po"
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert complaints(path) == said


def test_a_new_text_comes_in_empty_and_an_old_one_goes(tmp_path: pathlib.Path) -> None:
    text = (messages.LOCALE / "pt.po").read_text(encoding="utf-8")
    path = tmp_path / "pt.po"
    path.write_text(text.replace('msgid "yes"', 'msgid "yess"'), encoding="utf-8")
    renewed = messages.renewed(messages.read(path), "pt").decode()
    assert 'msgid "yess"' not in renewed
    assert 'msgid "yes"\nmsgstr ""\n' in renewed

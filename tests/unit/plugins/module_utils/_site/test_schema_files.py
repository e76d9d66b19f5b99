# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/schema: what editors read is what the library checks, and an ordinary editor can use it."""

from __future__ import annotations

import json
import pathlib
import re
import typing as t

import jsonschema
import pytest
import yaml
from ansible_collections.icann.imrs.plugins.module_utils._acceptance import document_schema
from ansible_collections.icann.imrs.plugins.module_utils._site import schema

from .conftest import LAB, SHEETS

ROOT = pathlib.Path(__file__).resolve().parents[5]
FILES = schema.schema_files()
SITE, FLEET = (json.loads(FILES[f"{name}.schema.json"]) for name in ("site", "fleet"))


class Core(yaml.SafeLoader):
    """YAML 1.2 with its core schema (section 10.3), as editors read it: PyYAML by itself reads 1.1."""


Core.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"null|Null|NULL|~|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+0123456789."),
    ),
):
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first)


@pytest.mark.parametrize("name", FILES)
def test_the_files_are_current(name: str) -> None:
    path = ROOT / "docs" / "schema" / name
    current = path.exists() and path.read_text(encoding="utf-8") == FILES[name]
    assert current, f"docs/schema/{name} is not what the site model says; renew it with: {schema.RENEW}"


def test_there_are_no_others() -> None:
    assert {path.name for path in (ROOT / "docs" / "schema").iterdir()} == {*FILES, document_schema.NAME}


@pytest.mark.parametrize("name", FILES)
def test_a_schema_is_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(FILES[name]))


@pytest.mark.parametrize("path", SHEETS.values(), ids=SHEETS)
def test_a_sound_sheet_is_valid_for_any_reader(path: pathlib.Path) -> None:
    data = yaml.load(path.read_text(encoding="utf-8"), Loader=Core)  # noqa: S506 - a kind of SafeLoader
    jsonschema.Draft202012Validator(SITE).validate(data)


def test_a_sound_fleet_is_valid_for_any_reader() -> None:
    data = yaml.load((LAB / "fleet.yml").read_text(encoding="utf-8"), Loader=Core)  # noqa: S506 - a kind of SafeLoader
    jsonschema.Draft202012Validator(FLEET).validate(data)


def test_an_editor_sees_what_is_wrong() -> None:
    data = yaml.load(SHEETS["xlb"].read_text(encoding="utf-8"), Loader=Core)  # noqa: S506 - a kind of SafeLoader
    data["host"]["country"] = "XX"
    data["peers"][0]["md5"] = "hunter2"
    data["zzz"] = 1
    assert len(list(jsonschema.Draft202012Validator(SITE).iter_errors(data))) == 3


def test_every_sheet_of_the_repository_names_its_schema() -> None:
    for fleet in sorted(LAB.parent.glob("*/fleet.yml")):
        first = fleet.read_text(encoding="utf-8").partition("\n")[0]
        assert first == "# yaml-language-server: $schema=../../docs/schema/fleet.schema.json", fleet
    for sheet in sorted(LAB.parent.glob("*/sites/*.yml")):
        first = sheet.read_text(encoding="utf-8").partition("\n")[0]
        assert first == "# yaml-language-server: $schema=../../../docs/schema/site.schema.json", sheet


def parts(found: t.Any) -> t.Iterator[dict[str, t.Any]]:
    """Every schema in a schema."""
    yield found
    for item in found.get("properties", {}).values():
        yield from parts(item)
    if "items" in found:
        yield from parts(found["items"])


ALL = [*parts(SITE), *parts(FLEET)]


def test_everything_is_described() -> None:
    assert all(part["description"] for part in ALL)


def test_examples_and_defaults_are_valid() -> None:
    for part in ALL:
        for value in (*part.get("examples", []), *([part["default"]] if "default" in part else [])):
            jsonschema.Draft202012Validator(part).validate(value)


def test_patterns_are_understood_by_javascript() -> None:
    """With the flag ``u``, which editors set, ECMA-262 refuses an escape of anything but its own syntax."""
    for part in ALL:
        escaped = re.findall(r"\\(.)", part.get("pattern", ""))
        assert set(escaped) <= set("^$\\.*+?()[]{}|/dDwWsSbBnrtvfxu"), part["pattern"]
        assert "(?P" not in part.get("pattern", "")


def test_only_secrets_are_marked_as_such() -> None:
    assert {part["title"] for part in ALL if part.get("x-imrs-secret")} == {
        "Public half of a key",  # a private one may be pasted there
        "Vault variable with the key",
        "Vault variable with the password of the nodes' sessions, or null",
        "Vault variable with the session's password, or null",
    }


def test_every_field_and_word_is_in_the_reference() -> None:
    # Which features a vulnerability may need, the page of that verb says.
    reference = "".join(
        (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("sheet.md", "vulnerabilities.md")
    )
    words = set(re.findall(r"[a-z0-9_]+(?:-[a-z0-9]+)*|802\.3ad", reference))
    for part in ALL:
        choices = part.get("enum", []) if len(part.get("enum", [])) < 100 else []
        for word in (*part.get("properties", {}), *choices):
            short = word.removeprefix("hmac")
            assert word in words or short in reference or word.endswith("day"), f"{word} is not in docs/sheet.md"

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""A quick "this fits the schema" for the many documents that do.

jsonschema decides what is wrong, and says it; but it takes longer for a sound sheet than all the rest together. So a
schema is also made into a chain of plain tests. They may say no where jsonschema would say yes (then jsonschema
decides), never the other way round: the tests hold the two against each other.
"""

from __future__ import annotations

import re
import typing as t

from . import formats

Schema = t.Mapping[str, t.Any]
Test = t.Callable[[t.Any], bool]

_ANNOTATIONS = {"$schema", "title", "description", "examples", "default", "x-imrs-secret"}
_TYPES: dict[str, type] = {"string": str, "integer": int, "boolean": bool, "null": type(None)}


def test_of(schema: Schema) -> Test:
    """A function that is true only of values that are valid. Raises NotImplementedError for keywords unknown here."""
    kind = schema["type"]
    if kind == "object":
        return _object(schema)
    if kind == "array":
        return _array(schema)
    if kind == "string":
        return _string(schema)
    if kind == "integer":
        return _integer(schema)
    _only(schema, {"pattern"})
    kinds = frozenset(_TYPES[name] for name in ([kind] if isinstance(kind, str) else kind))
    if "pattern" not in schema:
        return lambda value: type(value) in kinds
    search = re.compile(schema["pattern"]).search
    return lambda value: type(value) in kinds and (type(value) is not str or search(value) is not None)


def _only(schema: Schema, known: set[str]) -> None:
    unknown = set(schema) - known - _ANNOTATIONS - {"type"}
    if unknown:
        raise NotImplementedError(f"{', '.join(sorted(unknown))} of a schema is not known here")


def _object(schema: Schema) -> Test:
    _only(schema, {"properties", "required", "additionalProperties"})
    if schema["additionalProperties"] is not False:
        raise NotImplementedError("additionalProperties is always false here")
    tests = {key: test_of(item) for key, item in schema["properties"].items()}
    required = frozenset(schema["required"])

    def fits(value: t.Any) -> bool:
        if type(value) is not dict or not value.keys() >= required:
            return False
        for key, item in value.items():
            test = tests.get(key)
            if test is None or not test(item):
                return False
        return True

    return fits


def _array(schema: Schema) -> Test:
    _only(schema, {"items", "minItems"})
    least, test = schema["minItems"], test_of(schema["items"])

    def fits(value: t.Any) -> bool:
        return type(value) is list and len(value) >= least and all(map(test, value))

    return fits


def _string(schema: Schema) -> Test:
    _only(schema, {"pattern", "enum", "format"})
    if "enum" in schema:
        words = frozenset(schema["enum"])
        return lambda value: type(value) is str and value in words
    search = re.compile(schema.get("pattern", "")).search
    if "format" not in schema:
        return lambda value: type(value) is str and search(value) is not None
    holds = formats.of(schema["format"])
    return lambda value: type(value) is str and search(value) is not None and holds(value)


def _integer(schema: Schema) -> Test:
    _only(schema, {"minimum", "maximum"})
    least, most = schema["minimum"], schema["maximum"]
    return lambda value: type(value) is int and least <= value <= most

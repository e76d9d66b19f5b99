# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Hold parsed files against the schema: plain sentences out, and the part of the data that is sound."""

from __future__ import annotations

import dataclasses
import difflib
import ipaddress
import re
import typing as t
import warnings

from .document import Document, Path, show_key

if t.TYPE_CHECKING:
    from .errors import Problem

try:
    import jsonschema
except ImportError:  # said by the glue, in one sentence: see fleet.missing_libraries()
    HAS_JSONSCHEMA = False
else:
    HAS_JSONSCHEMA = True

Schema = t.Mapping[str, t.Any]


class Shaped(t.NamedTuple):
    """A document without the parts that break the schema, and what is wrong with those.

    Removed keys are absent; removed list items are None, so that indexes stay true. The rules thus see all that is
    sound, and one run tells everything.
    """

    document: Document
    problems: tuple[Problem, ...]


def shape(document: Document, wanted: Schema) -> Shaped:
    """Check one document. One that could not be parsed becomes an empty one."""
    if document.data is None:
        return Shaped(dataclasses.replace(document, data={}), document.problems)
    problems: set[Problem] = set()
    broken: set[Path] = set()
    validator = jsonschema.Draft202012Validator(wanted, format_checker=_formats())
    for error in validator.iter_errors(document.data):
        for path, message in _explain(error):
            problems.add(document.problem(path, message))
            broken.add(path)
    return Shaped(dataclasses.replace(document, data=_without(document.data, (), broken)), tuple(sorted(problems)))


def compile_pattern(text: str) -> re.Pattern[str] | None:
    """A regular expression, or None when it is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return re.compile(text)
        except (re.error, OverflowError, RecursionError):
            return None


def _explain(error: t.Any) -> t.Iterator[tuple[Path, str]]:
    """The places that one schema error is about, each with what is wrong and what would be right."""
    path: Path = tuple(error.absolute_path)
    value, wanted = error.instance, error.schema
    right = wanted.get("description", "what belongs here")
    if error.validator == "required":
        for key in error.validator_value:
            if key not in value:
                yield (*path, key), f"is missing; {_add(wanted['properties'][key])}"
    elif error.validator == "additionalProperties":
        for key in value:
            if key not in wanted["properties"]:
                yield (*path, key), _unknown(key, list(wanted["properties"]))
    elif wanted.get("x-imrs-secret"):
        yield (
            path,
            f"is not {right}; the value is not repeated here, because it may be a secret: keep secrets in the vault",
        )
    elif value is None:
        yield path, f"is empty; {_add(wanted)}"
    elif wanted.get("type") in {"object", "array"} or isinstance(value, (dict, list)):
        yield path, f"is {'empty' if value in ([], {}) else 'something else'}; {_add(wanted)}"
    else:
        yield path, f"{show(value)} is not {right}"


def _add(wanted: Schema) -> str:
    return f"give {wanted.get('description', 'a value')}"


def _unknown(key: str, known: list[str]) -> str:
    shown = show_key(key)
    if shown is None:
        return "unknown key, not shown because it is no plain word; is there a space after the colon?"
    near = difflib.get_close_matches(shown, known, 1)
    return f"unknown key; did you mean {near[0]!r}?" if near else f"unknown key; the keys here are {', '.join(known)}"


def show(value: object) -> str:
    """A value as a message repeats it: short, and on one line whatever it holds."""
    text = value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    short = text if len(text) <= 60 else f"{text[:57]}..."
    return short if re.fullmatch(r"[!-&(-~]+(?: [!-&(-~]+)*", short) else ascii(short)


def _without(value: t.Any, path: Path, broken: set[Path]) -> t.Any:
    """A copy of the data without what stands at the broken paths."""
    if isinstance(value, dict):
        return {key: _without(item, (*path, key), broken) for key, item in value.items() if (*path, key) not in broken}
    if isinstance(value, list):
        return [
            None if (*path, index) in broken else _without(item, (*path, index), broken)
            for index, item in enumerate(value)
        ]
    return value


# The formats of the schema -------------------------------------------------------------------------------------------


def _is_address(value: object) -> bool:
    return not isinstance(value, str) or ("%" not in value and bool(ipaddress.ip_address(value)))


def _is_interface_address(value: object) -> bool:
    return not isinstance(value, str) or (
        "%" not in value and bool(re.search(r"/[0-9]{1,3}\Z", value)) and bool(ipaddress.ip_interface(value))
    )


def _is_network(value: object) -> bool:
    return not isinstance(value, str) or (
        "%" not in value and bool(re.search(r"/[0-9]{1,3}\Z", value)) and bool(ipaddress.ip_network(value))
    )


def _is_pattern(value: object) -> bool:
    return not isinstance(value, str) or compile_pattern(value) is not None


def _formats() -> jsonschema.FormatChecker:
    checker = jsonschema.FormatChecker(formats=())
    checker.checks("imrs-address", ValueError)(_is_address)
    checker.checks("imrs-interface-address", ValueError)(_is_interface_address)
    checker.checks("imrs-network", ValueError)(_is_network)
    checker.checks("imrs-pattern")(_is_pattern)
    return checker

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The packet filter as the kernel has it, against the intended file as the same kernel would have it.

Both are ``nft -j list ruleset`` of the same node; what counts packets, numbers handles or learns is left out.
"""

from __future__ import annotations

import json
import typing as t

from .finding import CONVERGE, Finding, unread

Object = dict[str, t.Any]

_REMEDY = f"run: nft -f /etc/nftables.conf; or {CONVERGE} if that file differs, too"
_MOVING = ("handle", "index", "packets", "bytes", "expires", "used")
_SHOWN = 3


def _steady(value: t.Any) -> t.Any:
    """Without what changes by itself, or says nothing."""
    if isinstance(value, dict):
        steady = {key: _steady(inner) for key, inner in value.items() if key not in _MOVING}
        if isinstance(steady.get("set"), list):
            steady["set"].sort(key=_text)  # a set has no order
        return steady
    if isinstance(value, list):
        return [_steady(inner) for inner in value]
    return value


def _text(value: t.Any) -> str:
    return json.dumps(value, sort_keys=True)


def canonical(ruleset: Object) -> dict[str, t.Any]:
    """By name everything there is: of chains also the rules, in order; the elements of sets in none."""
    found: dict[str, t.Any] = {}
    rules: dict[str, list[Object]] = {}
    for entry in ruleset.get("nftables", []):
        kind, value = next(iter(entry.items()))
        if kind == "metainfo":
            continue
        value = _steady(value)
        if kind == "rule":
            where = f"chain {value.pop('family')} {value.pop('table')} {value.pop('chain')}"
            rules.setdefault(where, []).append(value)
            continue
        if kind in ("set", "map", "meter"):
            if "dynamic" in value.get("flags", []):
                value.pop("elem", None)  # learnt from packets
            value["elem"] = sorted(value.get("elem", []), key=_text)
        names = (value.get("family", ""), value.get("table", ""), value.get("name", ""))
        found[" ".join([kind, *(str(name) for name in names if name)])] = value
    for where, listed in rules.items():
        found.setdefault(where, {})["rules"] = listed
    return found


def compare(evidence: t.Mapping[str, t.Any]) -> list[Finding]:
    """Everything about the packet filter."""
    nft = evidence["nft"]
    if nft.get("error"):
        return [unread("nftables", nft["error"])]
    intended, loaded = canonical(nft["intended"]), canonical(nft["loaded"])
    findings = []
    for name in sorted({*intended, *loaded}):
        if name not in loaded:
            findings.append(Finding("nftables", name, "loaded", "missing", _REMEDY))
        elif name not in intended:
            findings.append(Finding("nftables", name, "nothing", "loaded", _REMEDY))
        elif intended[name] != loaded[name]:
            expected, found = _differ(intended[name], loaded[name])
            findings.append(Finding("nftables", name, expected, found, _REMEDY))
    return findings


def _differ(intended: Object, loaded: Object) -> tuple[str, str]:
    """What only one of two objects has, for people."""
    for key, singular in (("rules", "rule"), ("elem", "element")):
        want, have = intended.get(key, []), loaded.get(key, [])
        if want != have:
            write = rule if key == "rules" else expression
            known, seen = [write(one) for one in want], [write(one) for one in have]
            lacking, more = [one for one in known if one not in seen], [one for one in seen if one not in known]
            if not lacking and not more:
                return f"these {len(want)} {singular}s", f"{len(have)} {singular}s, repeated or in another order"
            return _some(lacking, singular) or f"no more {singular}s", _some(more, singular) or f"no such {singular}"
    keys = [key for key in sorted({*intended, *loaded}) if intended.get(key) != loaded.get(key)]
    expected, found = (", ".join(f"{key} {side.get(key)}" for key in keys) for side in (intended, loaded))
    return expected, found


def _some(texts: t.Sequence[str], singular: str) -> str:
    more = f"; and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return f"{singular} {'; '.join(texts[:_SHOWN])}{more}" if texts else ""


def rule(value: Object) -> str:
    """A rule about as a person would write it; what is not known here stays JSON."""
    words = [_statement(one) for one in value.get("expr", [])]
    return " ".join([*words, *([f'comment "{value["comment"]}"'] if "comment" in value else [])])


def _statement(value: Object) -> str:
    kind, inner = next(iter(value.items()))
    if kind == "match":
        operator = "" if inner["op"] in ("==", "in") else f" {inner['op']}"
        return f"{expression(inner['left'])}{operator} {expression(inner['right'])}"
    if inner in (None, {}):
        return str(kind)
    if kind in ("jump", "goto"):
        return f"{kind} {inner['target']}"
    return _text(value)


def _address(value: Object) -> str:
    return f"{expression(value['addr'])}/{value['len']}"


_WRITTEN: dict[str, t.Callable[[t.Any], str]] = {
    "payload": lambda inner: f"{inner['protocol']} {inner['field']}",
    "meta": lambda inner: f"meta {inner['key']}",
    "ct": lambda inner: f"ct {inner['key']}",
    "prefix": _address,
    "range": lambda inner: "-".join(expression(one) for one in inner),
    "set": lambda inner: f"{{ {', '.join(expression(one) for one in inner)} }}",
}


def expression(value: t.Any) -> str:
    """One side of a match, or an element of a set."""
    if isinstance(value, list):
        return ",".join(expression(one) for one in value)
    if not isinstance(value, dict):
        return str(value)
    kind, inner = next(iter(value.items()))
    try:
        return _WRITTEN[kind](inner)
    except (KeyError, TypeError):
        return _text(value)

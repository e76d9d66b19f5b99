# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract "host variables" is told three times: in types, by what an inventory writes, and in the docs."""

from __future__ import annotations

import copy
import dataclasses
import pathlib
import types
import typing as t

import pytest
import yaml
from ansible_collections.icann.imrs.plugins.module_utils import _products as products
from ansible_collections.icann.imrs.plugins.module_utils._site.host_variables import HostVariables
from ansible_collections.icann.imrs.plugins.module_utils._site.session import Peer
from ansible_collections.icann.imrs.plugins.plugin_utils import fleet_files
from lab_sheets import DS

ROOT = pathlib.Path(__file__).resolve().parents[3]
MORE = "…"
"""Stands in the docs for keys that are not repeated."""
Variables = dict[str, t.Any]


def hints(shape: t.Any) -> dict[str, t.Any]:
    """The types of a TypedDict by key."""
    return t.get_type_hints(shape, localns={"products": products})


def departures(value: t.Any, shape: t.Any, where: str) -> list[str]:
    """Where a value is not as its type says; a mapping with the key ``…`` may lack keys."""
    if t.is_typeddict(shape):
        return keys(value, hints(shape), where)
    if t.get_origin(shape) is types.UnionType:
        given = [each for each in t.get_args(shape) if each is not type(None)]
        return [] if value is None else departures(value, given[0], where)
    if t.get_origin(shape) is list:
        items = [item for item in value if item != MORE]
        return [told for item in items for told in departures(item, t.get_args(shape)[0], f"{where}[]")]
    if where == "imrs_peers[]":
        return keys(value, {field.name: t.Any for field in dataclasses.fields(Peer)}, where)
    if t.get_origin(shape) is dict:
        inner = t.get_args(shape)[1]
        return [told for key, each in value.items() for told in departures(each, inner, f"{where}.{key}")]
    return [] if shape is t.Any or type(value) is shape else [f"{where}: {value!r} is no {shape.__name__}"]


def keys(value: Variables, wanted: dict[str, t.Any], where: str) -> list[str]:
    """Keys too many or too few, and what is wrong below them."""
    missing = [] if MORE in value else [f"{where}: no {key}" for key in wanted if key not in value]
    found = [*missing, *(f"{where}: {key} is not in the contract" for key in value if key not in {*wanted, MORE})]
    for key in wanted.keys() & value.keys():
        found += departures(value[key], wanted[key], f"{where}.{key}" if where else key)
    return found


def written(inventory: str, folder: pathlib.Path) -> dict[str, Variables]:
    """The variables of each node of an inventory of the repository."""
    anchors = folder / "anchors.ds"
    anchors.write_text(f"{DS}\n")
    config = ROOT / "inventories" / inventory / "imrs.yml"
    hosts = fleet_files.gather(config, "fleet.yml", "sites", str(anchors)).load().hosts
    return t.cast("dict[str, Variables]", hosts)


def documented() -> Variables:
    """The block of docs/architecture.md."""
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    section = text.partition("## Contract: host variables")[2].partition("\n## ")[0]
    return t.cast("Variables", yaml.safe_load(section.partition("```yaml")[2].partition("```")[0]))


@pytest.mark.parametrize("inventory", ["example", "lab"])
def test_an_inventory_writes_what_the_types_say(inventory: str, tmp_path: pathlib.Path) -> None:
    nodes = written(inventory, tmp_path)
    assert nodes
    assert {name: told for name, variables in nodes.items() if (told := departures(variables, HostVariables, ""))} == {}


def test_the_docs_show_what_the_types_say() -> None:
    assert departures(documented(), HostVariables, "") == []


def test_a_departure_is_seen(tmp_path: pathlib.Path) -> None:
    """The guard: a key more, a key less, and another type, at any depth."""
    variables = written("lab", tmp_path)["xlb01"]
    wrong = copy.deepcopy(variables)
    wrong["imrs_extra"] = wrong["imrs_uplink"].pop("mtu")
    wrong["imrs_asn"] = "20144"
    wrong["imrs_masters"][0]["tsig"]["secret"] = "x"
    del wrong["imrs_peers"][0]["hold_time"]
    assert sorted(departures(wrong, HostVariables, "")) == [
        ": imrs_extra is not in the contract",
        "imrs_asn: '20144' is no int",
        "imrs_masters[].tsig: secret is not in the contract",
        "imrs_peers[]: no hold_time",
        "imrs_uplink: no mtu",
    ]

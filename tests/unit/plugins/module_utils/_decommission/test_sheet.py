# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sheet's next state: only the lines concerned change, and what cannot be edited is refused."""

from __future__ import annotations

import pathlib
import re

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._decommission import DecommissionError, sheet
from ansible_collections.icann.imrs.plugins.module_utils._site import document

SITES = pathlib.Path(__file__).resolve().parents[5] / "inventories/example/sites"
END = sheet.End("2026-11-30", "DNS Engineering", 'It said: "closed"; #4711')


def test_a_site_has_its_end_and_nothing_else_new() -> None:
    for path in sorted(SITES.glob("*.yml")):
        text = path.read_text(encoding="utf-8")
        after = sheet.ended(path.name, text, END)
        if document.parse(path.name, text).data["decommissioned"] if "\ndecommissioned:" in text else None:
            assert after == text
            continue
        assert after.startswith(text)
        assert document.parse(path.name, after).data["decommissioned"] == END._asdict()
    assert sheet.ended("x.yml", "site: x", END).startswith("site: x\n\ndecommissioned: ")


def test_a_sheet_that_cannot_be_continued_is_refused() -> None:
    with pytest.raises(DecommissionError, match=r"x\.yml: is written in a way that cannot be edited here"):
        sheet.ended("x.yml", "{site: x}\n", END)


CLUSTER = """\
kind: cluster
nodes: # from left to right
  - node: nbo01
    serial: A
    tsig:
      - {master: d, name: k}

  # The second one.
  - {node: nbo02, serial: B}
  - serial: C
    node: nbo03

peers: []
"""


@pytest.mark.parametrize(("name", "serial"), [("nbo01", "A"), ("nbo02", "B"), ("nbo03", "C")])
def test_a_cluster_loses_one_node(name: str, serial: str) -> None:
    after = sheet.without("nbo.yml", CLUSTER, name)
    assert re.findall(r"node: (\w+)", after) == [node for node in ("nbo01", "nbo02", "nbo03") if node != name]
    assert f"serial: {serial}" not in after
    assert "peers: []" in after
    assert sheet.without("nbo.yml", after, name) == after


@pytest.mark.parametrize(
    "path", [path for path in sorted(SITES.glob("*.yml")) if "\nkind: cluster" in path.read_text()]
)
def test_every_cluster_of_the_example_can_lose_a_node(path: pathlib.Path) -> None:
    text = path.read_text(encoding="utf-8")
    before = document.parse(path.name, text).data
    for node in before["nodes"]:
        after = document.parse(path.name, sheet.without(path.name, text, node["node"])).data
        assert after == {**before, "nodes": [other for other in before["nodes"] if other is not node]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nodes: [{node: a}, {node: b}]\n", "cannot be edited here"),
        ("nodes:\n  - node: a\n  - node: b\nattestations:\n  - {check: OB-01, node: a}\n", "attestations of a"),
    ],
)
def test_a_cluster_that_cannot_be_edited_is_refused(text: str, said: str) -> None:
    with pytest.raises(DecommissionError, match=said):
        sheet.without("x.yml", text, "a")

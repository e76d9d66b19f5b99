# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A-9: what is agreed on for a session is one number, whoever tells of it."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._documents import agreed, routers
from ansible_collections.icann.imrs.plugins.module_utils._site import anchors, document, fleet
from ansible_collections.icann.imrs.plugins.module_utils._site.session import Peer
from router_records import ROOT, environment

LAB = ROOT / "inventories/lab"


def read(edits: t.Sequence[tuple[str, str]]) -> fleet.Fleet:
    """The lab's fleet with an edited sheet."""
    text = (LAB / "sites/xlb.yml").read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    own = (LAB / "fleet.yml").read_bytes()
    sheet = document.parse("xlb.yml", text.encode())
    return fleet.load(document.parse("fleet.yml", own), [sheet], anchors.Anchors(()))


@pytest.mark.parametrize(
    ("given", "hold", "keepalive"),
    [
        ("hold_time: 9", 9, 3),
        ("hold_time: 30", 30, 10),
        ("hold_time: 30\n    keepalive_time: 4", 30, 4),
    ],
)
def test_one_keepalive_time(given: str, hold: int, keepalive: int) -> None:
    found = read([("hold_time: 9", given)])
    peers = [Peer.read(entry) for entry in found.hosts["xlb01"]["imrs_peers"]]
    (record,) = found.sites
    (cells,) = (row["cells"] for row in agreed.neighbours(record)[0]["rows"] if row["label"].startswith("Hold"))
    assert {(peer.hold_time, peer.keepalive_time) for peer in peers} == {(hold, keepalive)}
    assert cells[0]["text"] == f"{hold} s, {keepalive} s"
    text = next(each.text for each in routers.configurations(record, environment()) if each.key == "frr")
    assert text.count(f"timers {keepalive} {hold}\n") == len(peers)

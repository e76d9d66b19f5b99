# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The identity zone, beside what test_checks.py has of it (DN-54): where it is served, and by whom."""

from __future__ import annotations

import pytest
from recordings import Scene, message, replaced

LISTENS = {"protocol": "udp", "address": "199.7.83.53", "port": 53, "process": "knotd"}
SIBLING = "xlb02.l.root-servers.org"


def test_without_one_nothing_is_asked_and_the_check_says_so() -> None:
    scene = Scene()
    scene.expected["identity_zone"] = None
    assert scene.judge("DN-54") == ("skipped", "the fleet has no identity zone")


@pytest.mark.parametrize(
    ("zone", "row", "status"),
    [
        (True, LISTENS, "pass"),
        (True, {**LISTENS, "process": "dnsmasq"}, "fail"),
        (True, {**LISTENS, "port": 5353}, "fail"),
        (False, LISTENS, "fail"),
    ],
)
def test_the_nameserver_alone_listens_there(zone: bool, row: dict[str, object], status: str) -> None:
    scene = Scene()
    if not zone:
        scene.expected["identity_zone"] = None
    scene.machine["sockets"].append(row)
    assert scene.judge("HD-01").status == status


@pytest.mark.parametrize(
    ("scope", "siblings", "status"),
    [("vantage", [SIBLING], "pass"), ("vantage", [], "fail"), ("node", [SIBLING], "fail")],
)
def test_another_node_of_its_cluster_may_answer_from_outside(scope: str, siblings: list[str], status: str) -> None:
    scene = Scene()
    scene.expected["siblings"] = siblings
    message("identity_txt", replaced("answer", "TXT", strings=(SIBLING.encode(),)), scope=scope)(scene)
    assert scene.judge("DN-54").status == status

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever docs/sheet.md allows is taken, and each address of a peer becomes one session that the node can open."""

from __future__ import annotations

import os

from ansible_collections.icann.imrs.plugins.module_utils import _addressing as addressing
from ansible_collections.icann.imrs.plugins.module_utils._site import secrets
from hypothesis import HealthCheck, given, seed, settings
from valid_sheets import Example, examples

NUMBER = int(os.environ.get("IMRS_SHEETS_NUMBER", "200"))
SEED = int(os.environ.get("SEED") or 0)
"""The same sheets each time, and with another number others."""


@seed(SEED)
@settings(max_examples=NUMBER, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(examples())
def test_a_valid_sheet_is_taken(example: Example) -> None:
    found = example.load()
    sheet = example.sheet
    inside = sheet["kind"] == "cluster"
    given_ = sheet["cluster"]["routers"] if inside else sheet["peers"]
    for node in sheet["nodes"]:
        variables = found.hosts[node["node"]]
        ours = [addressing.parse(each) for each in node["uplink"]["addresses"]]
        sessions = variables["imrs_peers"]
        assert len(sessions) == len({each["mark"] for each in sessions}) == len({each["name"] for each in sessions})
        assert [each["address"] for each in sessions] == [
            addressing.parse(each).text for peer in given_ for each in peer["addresses"]
        ]
        for session in sessions:
            assert session["local_address"] in {each.text for each in ours if each.family == session["family"]}
            local = addressing.is_link_local(session["local_address"])
            assert local == addressing.is_link_local(session["address"]) == bool(session["interface"])
            assert session["internal"] == inside
            assert 0 < session["keepalive_time"] * 3 <= session["hold_time"]
    for router in sheet["cluster"]["routers"] if inside else []:
        if "machine" not in router:
            assert router["router"] not in found.hosts
            continue
        variables = found.hosts[router["router"]]
        assert {each["family"] for each in variables["imrs_peers"]} == {"ipv4", "ipv6"}
        ends = {
            (peer["address"], peer["local_address"], peer["hold_time"], str(peer["bfd"]), peer["password_variable"])
            for node in sheet["nodes"]
            for peer in found.hosts[node["node"]]["imrs_peers"]
            if peer["description"].endswith(router["router"])
        }
        assert len(variables["imrs_members"]) == len({each["name"] for each in variables["imrs_members"]}) == len(ends)
        assert ends == {
            (each["local_address"], each["address"], each["hold_time"], str(each["bfd"]), each["password_variable"])
            for each in variables["imrs_members"]
        }
    for name, secret in example.secrets.items():
        assert secrets.USES["tsig" if name.startswith("vault_tsig") else "bgp"](secret) is None

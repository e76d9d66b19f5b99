# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record and the list of what is revoked: names alone, and no more than was done."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._decommission import peer, record, revoke


def variables(name: str, **more: t.Any) -> dict[str, t.Any]:
    """Host variables, as far as they name secrets and addresses."""
    tsig = {"name": f"{name}-dist1.example.", "algorithm": "hmac-sha256", "secret_variable": f"vault_tsig_{name}_dist1"}
    return {
        "imrs_masters": [{"name": "dist1", "tsig": tsig}],
        "imrs_peers": [
            {"asn": 64500, "address": "192.0.2.1", "password_variable": "vault_bgp_nbo"},
            {"asn": 64500, "address": "2001:db8::1", "password_variable": "vault_bgp_nbo"},
            {"asn": 64501, "address": "192.0.2.9", "password_variable": None},
        ],
        "imrs_members": [],
        "imrs_uplink": {"addresses": ["192.0.2.2/29"]},
        "imrs_management": {"addresses": ["198.51.100.11/24"]},
        "hardening_console_password_variable": "vault_console",
        "hardening_boot_password_variable": "",
        "vault_tsig_nbo01_dist1": "c2VjcmV0LXNlY3JldA==",
        **more,
    }


FLEET = {"nbo01": variables("nbo01"), "nbo02": variables("nbo02"), "acc01": {**variables("acc01"), "imrs_peers": []}}


def test_what_is_revoked_is_named_and_who_else_has_it() -> None:
    found = revoke.keys("nbo01", FLEET)
    assert [(each["key"], each["also"]) for each in found["transfer_keys"]] == [("nbo01-dist1.example.", [])]
    (password,) = found["session_passwords"]
    assert password == {
        "variable": "vault_bgp_nbo",
        "sessions": ["AS64500 192.0.2.1", "AS64500 2001:db8::1"],
        "also": ["nbo02"],
    }
    assert [(each["variable"], each["also"]) for each in found["passwords"]] == [("vault_console", ["acc01", "nbo02"])]
    assert found["addresses"] == ["192.0.2.2", "198.51.100.11"]
    text = "\n".join(revoke.words(found, ["SHA256:abc (ED25519)"], "198.51.100.11"))
    assert (
        "master dist1: take away the TSIG key nbo01-dist1.example. (hmac-sha256); vault: vault_tsig_nbo01_dist1" in text
    )
    assert "vault_bgp_nbo: the host takes away AS64500 192.0.2.1, AS64500 2001:db8::1; ALSO ON nbo02" in text
    assert "known_hosts of controllers: take away 198.51.100.11, SHA256:abc (ED25519)" in text
    assert "c2VjcmV0" not in text + json.dumps(found)


def test_a_key_that_is_being_rolled_is_revoked_with_the_one_before() -> None:
    node = variables("nbo01")
    (master,) = node["imrs_masters"]
    old = {"name": "nbo01-old.example.", "algorithm": "hmac-sha512", "secret_variable": "vault_tsig_old"}
    master["tsig"]["previous"] = old
    found = revoke.keys("nbo01", {**FLEET, "nbo01": node})
    assert [each["variable"] for each in found["transfer_keys"]] == ["vault_tsig_nbo01_dist1", "vault_tsig_old"]
    shares = {**FLEET, "nbo01": node, "nbo02": {**variables("nbo02"), "imrs_masters": [{"name": "x", "tsig": old}]}}
    assert revoke.keys("nbo01", shares)["transfer_keys"][1]["also"] == ["nbo02"]


def test_of_a_router_sessions_with_its_nodes_are_named_too() -> None:
    router = variables(
        "nbo-r1",
        imrs_masters=[],
        imrs_members=[{"node": "nbo01", "address": "192.0.2.35", "password_variable": "vault_bgp_in"}],
    )
    found = revoke.keys("nbo-r1", {"nbo-r1": router})
    assert found["transfer_keys"] == []
    inner = next(each for each in found["session_passwords"] if each["variable"] == "vault_bgp_in")
    assert inner["sessions"] == ["nbo01 192.0.2.35"]


def facts(**more: t.Any) -> record.Facts:
    mark = {
        "state": "done",
        "when": "2026-11-30T10:00:00Z",
        "by": "alice",
        "reason": "closed",
        "paths": ["/etc/knot/keys.conf"],
    }
    ended = {
        "mark": mark,
        "units": ["knot.service"],
        "kept": ["the system"],
        "host_keys": ["SHA256:abc (ED25519)"],
        "trim": "/: 5 GiB",
        "swap": [],
    }
    given = {
        "node": "nbo01.l.root-servers.org",
        "name": "nbo01",
        "serial": "CLP-1",
        "machine": {"container": "", "serial": "CLP-1", "chassis_serial": ""},
        "withdrawn": "It is dark",
        "before": peer.Proof((peer.Session("a", "192.0.2.1", "Established", (), True),)),
        "after": peer.Proof((), "vtysh failed"),
        "peer_says": "",
        "ended": ended,
        "revoked": revoke.keys("nbo01", FLEET),
        "reached_as": "198.51.100.11",
    }
    return record.Facts(**{**given, **more})


ABOUT = {"when": "2026-11-30T11:00:00Z", "by": "bob", "reason": "closed", "on": "bob on here", "collection": {}}


def test_the_record_says_what_was_seen_and_what_was_not_done() -> None:
    found = record.document(facts(peer_says="the NOC, ticket 17"), ABOUT, "dns_engineering")
    assert found["seen"]["peer_before"] == ["a (192.0.2.1): nothing from the node, session Established"]
    assert found["seen"]["peer_after"] == ["the host's router was not read: vtysh failed"]
    assert (found["disk"]["erased"], found["wiped"]) == (False, ["/etc/knot/keys.conf"])
    assert found["begun"] == {"when": "2026-11-30T10:00:00Z", "by": "alice", "reason": "closed"}
    text = record.markdown(found)
    for part in (
        "# nbo01.l.root-servers.org is decommissioned",
        "2026-11-30T11:00:00Z, by bob (bob on here): closed. Begun 2026-11-30T10:00:00Z by alice.",
        "signed by dns_engineering (decommission.json.sig)",
        "- by somebody's word: the NOC, ticket 17",
        "- `/etc/knot/keys.conf`",
        "Not erased. ",
        "Free blocks: /: 5 GiB.",
        "nvme format",
    ):
        assert part in text, part
    assert record.complete(record.text(found), "nbo01.l.root-servers.org", "CLP-1")


def test_a_record_without_a_signature_or_a_machine_says_so() -> None:
    machine = {"container": "systemd-nspawn", "serial": "", "chassis_serial": ""}
    text = record.markdown(record.document(facts(machine=machine), ABOUT, ""))
    assert "NOT SIGNED" in text
    assert "the machine says: a container (systemd-nspawn), which has none" in text


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 1, "node": "nbo01.l.root-servers.org", "serial": "CLP-2"}']
)
def test_what_is_no_record_of_this_machine(text: str) -> None:
    assert not record.complete(text, "nbo01.l.root-servers.org", "CLP-1")


@pytest.mark.parametrize(
    ("machine", "said"),
    [
        ({"container": "", "serial": "clp-1", "chassis_serial": ""}, ""),
        ({"container": "", "serial": "", "chassis_serial": "CLP-1"}, ""),
        ({"container": "lxc", "serial": "", "chassis_serial": ""}, ""),
        ({"container": "", "serial": "CLP-2", "chassis_serial": "X"}, "this machine says CLP-2 and X"),
        ({"container": "", "serial": "", "chassis_serial": ""}, "this machine says no serial number"),
    ],
)
def test_another_machine_is_not_wiped(machine: dict[str, str], said: str) -> None:
    found = record.other_machine("CLP-1", machine)
    assert said in found
    assert bool(said) == bool(found)

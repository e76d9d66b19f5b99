# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A transfer key that is rolled: what masters have to prove before, what is refused, and what people are told."""

from __future__ import annotations

import types
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.expected import Master as ExpectedMaster
from ansible_collections.icann.imrs.plugins.module_utils._keys import transfer
from ansible_collections.icann.imrs.plugins.module_utils._keys.transfer import NO_GATE, Roll, Standing

ADDRESSES = {"dist1": ("203.0.113.1", "2001:db8:0:3::1"), "dist2": ("203.0.113.2", "2001:db8:0:3::2")}
SECRETS = {f"vault_{name}_{year}": f"{name}{year}" for name in ADDRESSES for year in ("2026", "2027")}
FIRST = {f"{name}-2026.example.": ("hmac-sha256", f"{name}2026") for name in ADDRESSES}
"""The keys of the node before."""
LIVE = Standing(in_service=True, foresees=300)


def key(name: str, year: str) -> dict[str, t.Any]:
    return {
        "name": f"{name}-{year}.example.",
        "algorithm": "hmac-sha256",
        "secret_variable": f"vault_{name}_{year}",
        "previous": None,
    }


def masters(*rolled: str) -> list[dict[str, t.Any]]:
    """Two masters, as the sheet has them; those that are ``rolled`` have the key of 2027."""
    return [
        {
            "name": name,
            "addresses": list(addresses),
            "tsig": {**key(name, "2027"), "previous": key(name, "2026")} if name in rolled else key(name, "2026"),
        }
        for name, addresses in ADDRESSES.items()
    ]


def roll(*rolled: str, there: transfer.Keys = FIRST) -> Roll:
    return Roll.of(masters(*rolled), SECRETS, there)


def expected(found: Roll) -> t.Any:
    known = tuple(ExpectedMaster(tuple(each["addresses"]), 53, each["tsig"]["name"], None) for each in found.masters)
    return types.SimpleNamespace(zones=(".", "arpa."), masters=known)


def answers(found: Roll, *, all_keys: bool = True, **otherwise: str) -> list[dict[str, t.Any]]:
    """All is verified, but ``otherwise``: results by the year of the key, or ``at`` with an address and a result."""
    address, _comma, result = otherwise.get("at", "").partition(" ")
    said = []
    for question in found.questions(expected(found), all_keys=all_keys):
        year = f"of_{question['key'].partition('.')[0][-4:]}"
        came = result if question["server"] == address else otherwise.get(year, "verified")
        said.append({**question, "result": came, "rcode": "NOERROR" if came == "verified" else ""})
    return said


def test_a_key_is_new_where_the_node_does_not_have_it_or_has_it_with_another_secret() -> None:
    assert not roll().new
    assert [each["name"] for each in roll("dist2").new] == ["dist2"]
    other = {**FIRST, "dist1-2026.example.": ("hmac-sha256", "another")}
    assert [each["name"] for each in roll(there=other).new] == ["dist1"]
    weaker = {**FIRST, "dist1-2026.example.": ("hmac-sha512", "dist12026")}
    assert [each["name"] for each in roll(there=weaker).new] == ["dist1"]


def test_every_address_is_asked_for_every_zone_with_the_new_key_and_once_with_the_one_before() -> None:
    found = roll("dist1")
    asked = [(each["server"], each["key"], each["name"], each["type"])
             for each in found.questions(expected(found), all_keys=False)]  # fmt: skip
    assert asked == [
        (address, "dist1-2027.example.", zone, kind)
        for address in ADDRESSES["dist1"]
        for zone in (".", "arpa.")
        for kind in ("SOA", "IXFR")
    ]
    more = found.questions(expected(found), all_keys=True)
    assert {each["key"] for each in more} == {"dist1-2026.example.", "dist1-2027.example.", "dist2-2026.example."}
    assert [(each["server"], each["name"], each["type"]) for each in more if each["key"] == "dist1-2026.example."] == [
        (address, ".", "SOA") for address in ADDRESSES["dist1"]
    ]


def test_a_live_node_gets_keys_that_every_address_of_every_master_takes() -> None:
    found = roll("dist1", "dist2")
    assert found.refusals(answers(found), LIVE, whole=True) == []
    assert found.refusals(answers(found, all_keys=False), LIVE, whole=False) == []


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("203.0.113.1 BADKEY", "dist1: master 203.0.113.1: TSIG key dist1-2027.example.: BADKEY"),
        ("2001:db8:0:3::2 BADSIG", "dist2: master 2001:db8:0:3::2: TSIG key dist2-2027.example.: BADSIG"),
        ("203.0.113.2 timeout", "dist2: master 203.0.113.2: . SOA, signed: timeout"),
        ("203.0.113.2 no SOA", "dist2: master 203.0.113.2: . SOA, signed: no SOA"),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_one_address_that_does_not_take_it_keeps_the_node_as_it_is(at: str, said: str, whole: bool) -> None:
    found = roll("dist1", "dist2")
    refused = found.refusals(answers(found, at=at), LIVE, whole=whole)
    assert refused
    assert refused[0].startswith(said)
    assert "nothing is changed" in refused[0]


def test_a_refused_transfer_is_no_proof() -> None:
    """The SOA alone proves that the key is known, not that zones come by it."""
    found = roll("dist1")
    said = [
        {**each, "rcode": "REFUSED"} if each["type"] == "IXFR" and each["name"] == "arpa." else each
        for each in answers(found)
    ]
    assert "arpa. IXFR, signed: REFUSED" in found.refusals(said, LIVE, whole=True)[0]


def test_who_was_not_asked_has_proven_nothing() -> None:
    found = roll("dist1")
    refused = found.refusals([], LIVE, whole=True)
    assert [line.partition(";")[0] for line in refused] == [
        f"dist1: master {address}: was not asked" for address in ADDRESSES["dist1"]
    ]


def test_a_key_that_the_node_has_is_not_held_against_it() -> None:
    """A master that is silent now is acceptance's affair: nothing of it is changed."""
    found = roll("dist1")
    assert found.refusals(answers(found, at="203.0.113.2 timeout"), LIVE, whole=True) == []


def test_a_node_out_of_service_may_wait_for_its_masters() -> None:
    found = roll("dist1")
    dark = Standing(in_service=False, foresees=0)
    assert found.refusals(answers(found, of_2027="BADKEY"), dark, whole=False) == []
    assert found.refusals(answers(found, of_2027="BADKEY"), dark, whole=True)  # a roll is there to prove it


def test_a_gate_that_lets_no_planned_change_be_there_would_take_it_dark() -> None:
    found = roll("dist1")
    strict = Standing(in_service=True, foresees=0)
    (refused,) = found.refusals(answers(found), strict, whole=True)
    assert "gate_foresee is 0" in refused
    assert found.refusals(answers(found), Standing(in_service=False, foresees=0), whole=True) == []
    assert found.refusals(answers(found), strict, whole=False) == []  # site.yml: as with any other change
    assert roll().refusals([], strict, whole=True) == []


@pytest.mark.parametrize(
    ("status", "in_service"),
    [
        ({"mode": {"ipv4": "dark", "ipv6": "dark"}}, False),
        ({"mode": {"ipv4": "dark", "ipv6": "drained"}}, True),
        ({"mode": {"ipv4": "live", "ipv6": "live"}}, True),
        ({}, True),  # what is not known counts as in service
        (None, True),
    ],
)
def test_in_service_is_what_the_gate_does_not_say_is_dark(status: t.Any, in_service: bool) -> None:
    assert Standing.read(status, {"foresee": 300}) == Standing(in_service, 300)
    assert Standing.read(status, {}).foresees == 0
    assert not NO_GATE.in_service


def test_before_the_masters_are_told_what_to_take_and_what_not_to_take_away() -> None:
    found = roll("dist1")
    (line,) = found.told(answers(found, of_2027="BADKEY"))
    assert line.startswith("master dist1 (203.0.113.1, 2001:db8:0:3::1): take the TSIG key dist1-2027.example. ")
    assert "vault: vault_dist1_2027" in line
    assert "go on with dist1-2026.example. for NOTIFY" in line
    assert "takes the TSIG key dist1-2027.example." in found.told(answers(found))[0]


def test_another_secret_under_the_old_name_has_no_overlap() -> None:
    found = roll(there={**FIRST, "dist1-2026.example.": ("hmac-sha256", "another")})
    assert "no overlap under one name" in found.told(answers(found, of_2026="BADSIG"))[0]


def test_after_it_the_old_key_may_go_and_then_the_sheet_forgets_it() -> None:
    there = {**FIRST, "dist1-2027.example.": ("hmac-sha256", "dist12027")}
    found = roll("dist1", there=there)
    (line,) = found.told(answers(found))
    assert "sign NOTIFY with dist1-2027.example., then take away the TSIG key dist1-2026.example." in line
    (line,) = found.told(answers(found, of_2026="BADKEY"))
    assert "take `previous` out of the sheet and vault_dist1_2026 out of the vault" in line
    (line,) = found.told(answers(found, of_2026="timeout"))
    assert "does not say at every address whether it still takes dist1-2026.example.: master 203.0.113.1" in line
    (line,) = found.told([])
    assert line.endswith("it was not asked")


def test_one_address_that_still_takes_the_old_key_is_enough_to_say_so() -> None:
    found = roll("dist1", there={**FIRST, "dist1-2027.example.": ("hmac-sha256", "dist12027")})
    said = [
        {**each, "result": "BADKEY"} if each["server"] == "203.0.113.1" and "2026" in each["key"] else each
        for each in answers(found)
    ]
    assert "then take away the TSIG key dist1-2026.example." in found.told(said)[0]


def test_what_the_sheet_forgets_the_node_forgets() -> None:
    there = {**FIRST, "dist1-2025.example.": ("hmac-sha256", "x")}
    assert roll(there=there).told([]) == [
        "node: forgets the key dist1-2025.example., with which it takes NOTIFY until then"
    ]
    assert roll().told([]) == [transfer.NOBODY]


def test_no_secret_is_told() -> None:
    found = roll("dist1", "dist2")
    words = " ".join([*found.told(answers(found)), *found.refusals(answers(found, of_2027="BADSIG"), LIVE, whole=True)])
    assert not [secret for secret in SECRETS.values() if secret in words]


def test_a_secret_that_is_missing_is_named_by_its_variable() -> None:
    with pytest.raises(KeyError, match="vault_dist1_2027"):
        Roll.of(masters("dist1"), {name: "x" for name in SECRETS if "2027" not in name}, FIRST)

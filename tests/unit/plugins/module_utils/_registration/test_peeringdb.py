# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""PeeringDB: limits that hosts take from it, and the set that they make filters from."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._registration import peeringdb
from ansible_collections.icann.imrs.plugins.module_utils._registration.finding import Unreadable, Wanted
from registrations import ASN, EVERY, WANTED
from registrations import peeringdb as written

SET = Wanted.of(ASN, EVERY, {"source": "RIPE", "object": "AS-IMRS"})


def told(text: str, wanted: Wanted = WANTED) -> list[str]:
    """All that is found, in words."""
    return [each.words for each in peeringdb.findings(peeringdb.read(text, "net.json", wanted), wanted)]


@pytest.mark.parametrize(("ipv4", "ipv6"), [(10, 10), (2, 3)])
def test_all_is_well(ipv4: int, ipv6: int) -> None:
    assert told(written(info_prefixes4=ipv4, info_prefixes6=ipv6)) == []


SHUTS = "a host that makes its limit from this shuts the session; set it to"


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"info_prefixes4": 1}, [f"AS20144: info_prefixes4 is 1, and 2 are announced: {SHUTS} 2 or more"]),
        ({"info_prefixes6": 0}, [f"AS20144: info_prefixes6 is 0, and 3 are announced: {SHUTS} 3 or more"]),
        ({"info_prefixes4": None}, [f"AS20144: info_prefixes4 is not given, and 2 are announced: {SHUTS} 2 or more"]),
        ({"asn": 26710}, ["AS20144: PeeringDB has no network with this number: register it"]),
        ({"status": "deleted"}, ["AS20144: PeeringDB has no network with this number: register it"]),
    ],
)
def test_limits_and_records(record: dict[str, t.Any], said: list[str]) -> None:
    assert told(written(**record)) == said


@pytest.mark.parametrize(
    ("wanted", "given", "said"),
    [
        (WANTED, "", []),
        (WANTED, None, []),
        (WANTED, "as20144", []),
        (WANTED, "AS-X", ["AS20144: irr_as_set is AS-X, and hosts are told AS20144: make them the same"]),
        (WANTED, "RADB::AS20144", ["AS20144: irr_as_set names RADB, and hosts are told RIPE: make them the same"]),
        (SET, "", ["AS20144: irr_as_set is empty, and hosts are told AS-IMRS: make them the same"]),
        (SET, "AS-IMRS@RIPE", []),
        (SET, "RADB::AS-OTHER, ripe::as-imrs", []),
        (SET, "AS-OTHER / AS-IMRS", []),
        (Wanted.of(ASN, EVERY), "AS-ANY", []),
    ],
)
def test_the_set_that_filters_are_made_from(wanted: Wanted, given: str | None, said: list[str]) -> None:
    assert told(written(irr_as_set=given), wanted) == said


def test_ours_is_found_among_all() -> None:
    others = [{"asn": number, "status": "ok"} for number in range(1, 50)]
    dump = json.loads(written())
    assert told(json.dumps({**dump, "data": [*others, *dump["data"]]})) == []


BROKEN = {
    "cut off": (written()[:-20], "net.json:1: no JSON: "),
    "an error": (
        '{"meta": {"error": "Too many requests"}}',
        "net.json: has no list data; give the answer of PeeringDB's API",
    ),
    "a text": ('{"data": ["x"]}', "net.json: data[0]: 'x' is no object"),
    "no number": ('{"data": [{}]}', "net.json: data[0].asn: None is no AS number (0-4294967295); ask PeeringDB again"),
    "a limit": (written(info_prefixes4="10"), "net.json: data[0].info_prefixes4: '10' is no number of prefixes"),
    "a big limit": (written(info_prefixes6=10**12), "net.json: data[0].info_prefixes6: 1000000000000 is no number"),
    "true": (written(info_prefixes6=True), "net.json: data[0].info_prefixes6: True is no number"),
    "a set": (written(irr_as_set=["AS1"]), "net.json: data[0].irr_as_set: ['AS1'] is no text"),
    "a time": (written({"generated": "x"}), "net.json: meta.generated: 'x' is no Unix time; ask PeeringDB again"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_peeringdb_does_not_answer_is_one_clear_error(case: str) -> None:
    text, said = BROKEN[case]
    with pytest.raises(Unreadable) as raised:
        peeringdb.read(text, "net.json", WANTED)
    assert str(raised.value).startswith(said)

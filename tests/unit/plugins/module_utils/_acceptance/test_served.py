# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ZI-05: what could not be held against the zone is no proof; nor is it a failure, which takes a live node down."""

from __future__ import annotations

import base64
import copy
import typing as t

import dns.message
import dns.name
import dns.rdatatype
import pytest
from recordings import Scene


def judged(change: t.Callable[[dict[str, t.Any]], object]) -> tuple[str, str]:
    """The verdict on answers, or records, that are others."""
    scene = Scene()
    zones = scene.scope("node")["zones"] = copy.deepcopy(scene.scope("node")["zones"])
    change(zones)
    status, message = scene.judge("ZI-05")
    return status.value, message


def another_serial(zones: dict[str, t.Any]) -> None:
    zones["served"]["records"]["."] = [
        line.replace("2026073102", "2026073103") for line in zones["served"]["records"]["."]
    ]


def silent(zones: dict[str, t.Any]) -> None:
    zones["served"]["exchanges"][0] |= {"answer": None, "error": "timeout"}


def few(zones: dict[str, t.Any]) -> None:
    del zones["served"]["exchanges"][40:]


def test_what_is_proven_is_said() -> None:
    status, message = judged(lambda _zones: None)
    assert (status, message) == ("pass", "140 answers to 86 questions are those of the verified zones")


def test_glue_that_had_no_room_takes_no_node_down_and_over_tcp_it_does() -> None:
    """NSD leaves it out without truncating the answer."""

    def without_glue(transport: str) -> t.Callable[[dict[str, t.Any]], None]:
        def change(zones: dict[str, t.Any]) -> None:
            for one in zones["served"]["exchanges"]:
                parsed = dns.message.from_wire(base64.b64decode(one["answer"]))
                cuts = [each.name for each in parsed.authority if each.rdtype == dns.rdatatype.NS]
                inside = [each for each in parsed.additional if any(each.name.is_subdomain(cut) for cut in cuts)]
                referred = one["query"]["type"] == "NS" and one["transport"] == transport and len(parsed.additional) > 1
                if referred and inside and cuts != [dns.name.root]:
                    parsed.additional.remove(inside[0])
                    one["answer"] = base64.b64encode(parsed.to_wire(max_size=65535)).decode()
                    return
            raise AssertionError("no glue")

        return change

    assert judged(without_glue("udp"))[0] == "pass"
    status, message = judged(without_glue("tcp"))
    assert status == "fail"
    assert "[RFC 9471 s. 3.1] additional: " in message


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda zones: zones.pop("served"), "no answers were held against the zones"),
        (
            lambda zones: zones["served"]["records"].pop("root-servers.net."),
            "the zone root-servers.net. could not be read",
        ),
        (lambda zones: zones["served"]["records"].update({".": ["x"]}), "the zone .: no zone: "),
        (another_serial, "the zone . was replaced meanwhile: 2026073102 is served, 2026073103 was read"),
        (few, "RRsets were asked for, not 50"),
        (silent, "1 questions had no answer, such as 199.7.83.42 udp: . SOA: timeout"),
    ],
    ids=["nothing", "no zone", "no records", "a new zone", "too little", "no answer"],
)
def test_what_is_not_known_is_an_error(change: t.Callable[[dict[str, t.Any]], object], why: str) -> None:
    status, message = judged(change)
    assert status == "error"
    assert why in message

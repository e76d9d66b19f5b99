# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""RPSL as registries write it, and what its route objects and AS sets have to say."""

from __future__ import annotations

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._registration import irr, rpsl
from ansible_collections.icann.imrs.plugins.module_utils._registration.finding import Unreadable, Wanted
from registrations import ASN, EVERY, FIVE, WANTED, route
from registrations import irr as written

SET = Wanted.of(ASN, EVERY, {"source": "RIPE", "object": "AS-IMRS"})
ANYWHERE = Wanted.of(ASN, EVERY)


def found(*objects: str, instead: bool = False, wanted: Wanted = WANTED) -> list[tuple[str, str]]:
    """Kind and subject of all that is found."""
    return [(each.kind, each.subject) for each in told(*objects, instead=instead, wanted=wanted)]


def told(*objects: str, instead: bool = False, wanted: Wanted = WANTED) -> list[irr.Finding]:
    return list(irr.findings(irr.read(written(*objects, instead=instead), "irr.db", wanted), wanted))


def as_set(*lines: str, source: str = "RIPE", name: str = "AS-IMRS") -> str:
    return "\n".join([f"as-set:         {name}", *lines, "tech-c: EX1-RIPE", f"source: {source}"]) + "\n"


def test_all_is_well() -> None:
    assert found() == []


def test_an_object_is_read_as_rfc_2622_says() -> None:
    text = "% remark\n\nRoute: 199.7.83.0/24 # ours\nDescr: a # comment\n b\n+ c\n+\n# remark\n\td\norigin:as20144\n"
    text += " \n\nx: y"
    one, other = rpsl.objects(text, "irr.db")
    assert (one.kind, one.key, one.line) == ("route", "199.7.83.0/24", 3)
    assert one.values("descr") == ["a b c d"]
    assert one.values("origin") == ["as20144"]
    assert (other.kind, other.key, other.line) == ("x", "y", 13)


def test_lines_may_end_as_on_the_wire() -> None:
    read = irr.read(written().replace("\n", "\r\n"), "irr.db", WANTED)
    assert list(irr.findings(read, WANTED)) == []


@pytest.mark.parametrize("prefix", FIVE)
def test_a_prefix_without_an_object(prefix: str) -> None:
    others = [route(each) for each in FIVE if each != prefix]
    assert found(*others, instead=True) == [("missing", prefix)]


def test_what_is_missing_is_told_with_the_class_of_the_object() -> None:
    texts = [each.text for each in told("mntner: IMRS-MNT\n", instead=True)]
    assert texts == [
        *["no route object with origin AS20144 in RIPE: register it"] * 2,
        *["no route6 object with origin AS20144 in RIPE: register it"] * 3,
    ]


def test_an_object_in_another_registry_than_hosts_are_told() -> None:
    here = [route(prefix) for prefix in FIVE[1:]]
    (one,) = told(*here, route(FIVE[0], source="RIPE-NONAUTH"), route(FIVE[0], source="RADB"), instead=True)
    assert one.words == (
        "199.7.82.0/23: its object is in RADB, RIPE-NONAUTH, not in RIPE, where hosts look: register it there, or"
        " change irr"
    )
    assert found(*here, route(FIVE[0], source="RADB"), instead=True, wanted=ANYWHERE) == []


@pytest.mark.parametrize(
    ("prefix", "origin", "kinds"),
    [
        ("199.7.83.0/24", "AS64500", [("other origin", "199.7.83.0/24")]),
        ("2001:500:9f::/56", "AS64500", [("other origin", "2001:500:9f::/56")]),
        ("199.7.82.0/24", "AS64500", [("other origin", "199.7.82.0/24")]),
        ("199.7.82.0/24", "AS20144", [("loose", "199.7.82.0/24")]),
        ("199.7.80.0/22", "AS64500", []),
        ("192.0.2.0/24", "AS64500", []),
    ],
)
def test_objects_of_others(prefix: str, origin: str, kinds: list[tuple[str, str]]) -> None:
    assert found(route(prefix, origin, "RADB")) == kinds


def test_an_object_of_somebody_else_is_told_with_its_place() -> None:
    (one,) = told(route("199.7.83.0/24", "AS64500", "RADB"))
    assert one.text == "an object in RADB (line 55) has origin AS64500: have it deleted if it is not meant"


@pytest.mark.parametrize(
    ("lines", "kinds"),
    [
        (["members: AS20144"], []),
        (["members:", " AS20144", "+"], []),
        (["members: as20144 # us", "members: AS20144"], []),
        (["descr: empty"], ["has no member AS20144, so filters from it drop all our prefixes: add it"]),
        (
            ["members: AS20144, AS64501,AS-OTHERS"],
            ["has members that are not ours (AS-OTHERS, AS64501): remove them"],
        ),
    ],
)
def test_members_of_the_set_that_hosts_are_told_of(lines: list[str], kinds: list[str]) -> None:
    findings = told(as_set(*lines), wanted=SET)
    assert [each.text for each in findings] == kinds
    assert {each.subject for each in findings} <= {"AS-IMRS"}


def test_a_set_of_that_name_in_another_registry_is_another_one() -> None:
    assert found(as_set("members: AS64500", source="RADB"), wanted=SET) == []
    assert irr.read(written(as_set("members: AS1", source="RADB")), "irr.db", SET).members is None


BROKEN = {
    "IPv6 in route": (
        written("route: 2001:500:9f::/48\norigin: AS20144\n"),
        "irr.db:55: route: 2001:500:9f::/48 is IPv6, which belongs in a route6 object",
    ),
    "IPv4 in route6": (
        written("route6: 199.7.83.0/24\norigin: AS20144\n"),
        "irr.db:55: route6: 199.7.83.0/24 is IPv4, which belongs in a route object",
    ),
    "no prefix": (written("route: \norigin: AS1\n"), "irr.db:55: route: '' is no prefix"),
    "host bits": (written("route: 199.7.83.1/24\norigin: AS1\n"), "irr.db:55: route: '199.7.83.1/24' is no prefix: "),
    "a long length": (written("route: 199.7.83.0/" + "9" * 5000 + "\n"), "irr.db:55: route: '199.7.83.0/9999"),
    "no origin": (
        written("route: 192.0.2.0/24\n"),
        "irr.db:55: route: 192.0.2.0/24 has 0 attributes origin, not 1; was",
    ),
    "two origins": (written("route: 192.0.2.0/24\norigin: AS1\norigin: AS2\n"), "irr.db:55: route: 192.0.2.0/24 has 2"),
    "a bad origin": (written("route: 192.0.2.0/24\norigin: ASX\n"), "irr.db:55: route: origin: 'ASX' is no AS number"),
    "a page": (
        "<html>\n503\n",
        "irr.db:1: '<html>' is no attribute (name: value); give the answer or the dump of a regis",
    ),
    "JSON": ('{"a": 1}', "irr.db:1: '{\"a\": 1}' is no attribute"),
    "a lone continuation": ("\n  members\n", "irr.db:2: continues nothing; give the answer or the dump of a registry"),
    "nothing": ("", "irr.db: has no object; ask the registry again"),
    "an error": (
        "%ERROR:101: no entries found\n",
        "irr.db: has no object (the server said: %ERROR:101: no entries found); ask the registry again",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_no_registry_writes_is_one_clear_error(case: str) -> None:
    text, said = BROKEN[case]
    with pytest.raises(Unreadable) as raised:
        irr.read(text, "irr.db", WANTED)
    assert str(raised.value).startswith(said)
    assert len(str(raised.value)) < 300

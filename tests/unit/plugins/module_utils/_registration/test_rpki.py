# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Route origin validation, ROAs that allow too much, and JSON that no validator writes."""

from __future__ import annotations

import json
import typing as t

import netaddr
import pytest
from ansible_collections.icann.imrs.plugins.module_utils._registration import rpki
from ansible_collections.icann.imrs.plugins.module_utils._registration.finding import HOUR, Unreadable, Wanted, network
from hypothesis import given
from hypothesis import strategies as st
from registrations import ASN, FIVE, NOW, WANTED, roa
from registrations import rpki as written


def found(*roas: dict[str, t.Any], instead: bool = False, soon: float = 0) -> list[tuple[str, str]]:
    """Kind and subject of all that is found."""
    return [(each.kind, each.subject) for each in told(*roas, instead=instead, soon=soon)]


def told(*roas: dict[str, t.Any], instead: bool = False, soon: float = 0) -> list[t.Any]:
    text = written(*roas, instead=instead)
    return list(rpki.findings(rpki.read(text, "json", WANTED), WANTED, NOW, soon))


def test_all_is_well() -> None:
    assert found() == []


def test_what_routinator_writes_is_read_as_well() -> None:
    roas = [
        {"asn": "AS20144", "prefix": prefix, "maxLength": roa(prefix)["maxLength"], "ta": "arin"} for prefix in FIVE
    ]
    text = json.dumps({"metadata": {"generated": 1, "generatedTime": "2026-12-01T00:00:00Z"}, "roas": roas})
    read = rpki.read(text, "json", WANTED)
    assert read.made == NOW - HOUR
    assert list(rpki.findings(read, WANTED, NOW, 5 * HOUR)) == []


def test_an_old_rpki_client_writes_as_number_and_text() -> None:
    assert found(*(roa(prefix, asn=f"AS{ASN}") for prefix in FIVE), instead=True) == []


ONE = "199.7.83.0/24"


@pytest.mark.parametrize(
    ("roas", "kinds"),
    [
        ([], [("invalid", ONE)]),  # by the ROA of the covering prefix
        ([roa("199.7.83.0/24", asn=64500)], [("invalid", ONE), ("other origin", ONE)]),
        ([roa("199.7.83.0/24", asn=0)], [("invalid", ONE)]),
        ([roa("199.7.0.0/16", 16, asn=64500)], [("invalid", ONE)]),
        ([roa("199.7.82.0/23", 23)], [("invalid", ONE)]),
        ([roa(ONE), roa("199.7.83.0/24", asn=0)], []),
        ([roa(ONE), roa("199.7.0.0/16", 16, asn=64500)], []),
        ([roa(ONE), roa("199.0.0.0/8", 24, asn=64500)], [("other origin", "199.0.0.0/8")]),
        ([roa(ONE), roa("199.7.83.128/25", asn=64500)], [("other origin", "199.7.83.128/25")]),
        ([roa(ONE), roa("0.0.0.0/0", 32, asn=64500)], [("other origin", "0.0.0.0/0")]),
        ([roa(ONE), roa("199.7.83.0/25")], [("loose", "199.7.83.0/25")]),
        ([roa(ONE, 25)], [("loose", ONE)]),
        ([roa("199.7.82.0/23", 24)], [("loose", "199.7.82.0/23")]),
        ([roa(ONE), roa("199.7.82.0/24")], [("loose", "199.7.82.0/24")]),
    ],
)
def test_what_roas_do_to_a_prefix(roas: list[dict[str, t.Any]], kinds: list[tuple[str, str]]) -> None:
    others = [roa(prefix) for prefix in FIVE if prefix != ONE and (prefix != "199.7.82.0/23" or not_same(roas))]
    assert found(*others, *roas, instead=True) == kinds


def not_same(roas: list[dict[str, t.Any]]) -> bool:
    """The covering prefix has a ROA of its own only where the case has none for it."""
    return all(each["prefix"] != "199.7.82.0/23" for each in roas)


def test_without_any_roa_a_prefix_is_not_found() -> None:
    assert found(*(roa(prefix) for prefix in FIVE if prefix != "2001:500:3::/48"), instead=True) == [
        ("not found", "2001:500:3::/48")
    ]


def test_a_loose_roa_is_told_with_what_others_may_announce() -> None:
    (one,) = told(
        *(roa(prefix) for prefix in FIVE if prefix != "2001:500:3::/48"), roa("2001:500:3::/48", 64), instead=True
    )
    assert one.text.startswith(
        "loose maxLength: ROA 2001:500:3::/48-64 of AS20144 (arin) also allows 2001:500:3::/49, which we do not"
    )


def test_exactly_what_is_announced_is_not_loose() -> None:
    prefixes = {"ipv4": ["199.7.82.0/23", "199.7.82.0/24", "199.7.83.0/24"], "ipv6": []}
    wanted = Wanted.of(ASN, prefixes)
    roas = rpki.read(written(roa("199.7.82.0/23", 24), instead=True), "json", wanted)
    assert list(rpki.findings(roas, wanted, NOW, 0)) == []


@pytest.mark.parametrize(
    ("expires", "soon", "words"),
    [
        (int(NOW) + 3 * HOUR, 0, []),
        (int(NOW) + 3 * HOUR, 4 * HOUR, ["its last ROA ends in 3 hours, unless it was renewed meanwhile"]),
        (int(NOW) - 3 * HOUR, 0, ["its last ROA ended 3 hours ago, unless it was renewed meanwhile"]),
        (None, 10**7, []),
    ],
)
def test_a_roa_that_ends_soon(expires: int | None, soon: float, words: list[str]) -> None:
    late = [roa(prefix, expires=int(NOW) + 10**8) for prefix in FIVE if prefix != ONE]
    texts = [each.text.partition(":")[0] for each in told(*late, roa(ONE, expires=expires), instead=True, soon=soon)]
    assert texts == words


def test_one_roa_that_lasts_is_enough() -> None:
    assert found(roa(ONE, ta="ripe", expires=int(NOW) - 1)) == []


BROKEN = {
    "cut off": (written()[:-40], "json:48: no JSON: Unterminated string"),
    "a page": ("<html>503</html>", "json:1: no JSON: Expecting value"),
    "empty": ("", "json:1: no JSON: "),
    "a list": ("[]", "json: has no list roas"),
    "no roas": ('{"metadata": {}}', "json: has no list roas"),
    "none": (
        '{"metadata": {"buildtime": "2026-12-01T00:14:51Z"}, "roas": []}',
        "json: roas is empty: the validator had",
    ),
    "a text": (written(t.cast("t.Any", "x")), "json: roas[6]: 'x' is no object"),
    "no prefix": (written({"asn": 1}), "json: roas[6].prefix: None is no prefix"),
    "a number": (written(roa(ONE, prefix=7)), "json: roas[6].prefix: 7 is no prefix"),
    "host bits": (
        written(roa("199.7.83.1/24")),
        "json: roas[6].prefix: '199.7.83.1/24' is no prefix: it has host bits",
    ),
    "a netmask": (written(roa(ONE, prefix="199.7.83.0/255.255.255.0")), "json: roas[6].prefix: "),
    "too long": (written(roa(ONE, 33)), "json: roas[6].maxLength: 33 is no length from 24 to 32 for 199.7.83.0/24"),
    "too short": (written(roa(ONE, 23)), "json: roas[6].maxLength: 23 is no length from 24 to 32"),
    "true": (written(roa(ONE, maxLength=True)), "json: roas[6].maxLength: True is no length"),
    "a big AS": (written(roa(ONE, asn=2**32)), "json: roas[6].asn: 4294967296 is no AS number (0-4294967295)"),
    "a bad AS": (written(roa(ONE, asn="AS20144x")), "json: roas[6].asn: 'AS20144x' is no AS number"),
    "an end": (written(roa(ONE, expires="soon")), "json: roas[6].expires: 'soon' is no Unix time"),
    "a big end": (
        written(roa(ONE, expires=10**30)),
        "json: roas[6].expires: 1000000000000000000000000000000 is no Unix",
    ),
    "digits": (f'{{"roas": [{{"asn": {"9" * 5000}}}]}}', "json: no JSON that can be read: Exceeds the limit"),
    "nested": ("[" * 200_000, "json: no JSON that can be read: maximum recursion"),
    "no time": (written(made="yesterday"), "json: metadata.buildtime: 'yesterday' is no time"),
    "no metadata": (json.dumps({"roas": [roa(ONE)]}), "json: metadata.buildtime: None is no time"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_no_validator_writes_is_one_clear_error(case: str) -> None:
    text, said = BROKEN[case]
    with pytest.raises(Unreadable) as raised:
        rpki.read(text, "json", WANTED)
    assert str(raised.value).startswith(said)
    assert len(str(raised.value)) < 250


@st.composite
def routes(draw: t.Any) -> tuple[str, int]:
    """A prefix with up to six bits of its own, and an AS number."""
    length = draw(st.integers(0, 6))
    first = draw(st.integers(0, 63)) >> (6 - length) << (6 - length) if length else 0
    return str(netaddr.IPNetwork(f"{first << 2}.0.0.0/{length}")), draw(st.integers(0, 3))


@st.composite
def vrps(draw: t.Any) -> rpki.Vrp:
    prefix, origin = draw(routes())
    found = network(prefix)
    return rpki.Vrp(found, draw(st.integers(found.prefixlen, 7)), origin)


def model(every: list[rpki.Vrp], prefix: str, origin: int) -> str:
    """RFC 6811 section 2, word by word, with another library's prefixes."""
    route = netaddr.IPNetwork(prefix)
    covered = [vrp for vrp in every if route in netaddr.IPNetwork(str(vrp.prefix))]
    if not covered:
        return "not found"
    for vrp in covered:
        if route.prefixlen <= vrp.max_length and vrp.asn == origin and origin != 0:
            return "valid"
    return "invalid"


@given(st.lists(vrps(), max_size=6), routes())
def test_validity_is_that_of_the_model(every: list[rpki.Vrp], route: tuple[str, int]) -> None:
    prefix, origin = route
    assert rpki.validity(every, network(prefix), origin) == model(every, prefix, origin)


@given(st.lists(vrps(), min_size=1, max_size=4), st.lists(routes(), min_size=1, max_size=4))
def test_what_is_allowed_and_not_announced_is_what_others_may_have(
    every: list[rpki.Vrp], ours: list[tuple[str, int]]
) -> None:
    """A ROA of ours is loose exactly when there is a route that it makes valid, and that we do not announce."""
    wanted = Wanted.of(1, {"ipv4": sorted({prefix for prefix, _origin in ours})})
    near = tuple(vrp for vrp in every if any(vrp.prefix.overlaps(our) for our in wanted.networks.values()))
    loose = {each.text for each in rpki.findings(rpki.Roas(NOW, near), wanted, NOW, 0) if each.kind == "loose"}
    extra = {
        vrp
        for vrp in near
        if vrp.asn == 1
        and any(
            str(route) not in wanted.prefixes
            for length in range(vrp.prefix.prefixlen, vrp.max_length + 1)
            for route in netaddr.IPNetwork(str(vrp.prefix)).subnet(length)
        )
    }
    assert len(loose) == len(extra)

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much one source gets: the profile's limit, and the host's resolvers that have none."""

from __future__ import annotations

import typing as t

import pytest

if t.TYPE_CHECKING:
    from .conftest import Lab

VANTAGE = "vantage: vantage "
TOO_WIDE = "; name the resolvers' own addresses or networks"
FIT = "the service side takes addresses that the Internet routes"


def given(*texts: str) -> tuple[str, str]:
    """The sheet with these."""
    return VANTAGE, f"unlimited_resolvers: [{', '.join(texts)}]\n{VANTAGE}"


def test_a_sheet_without_any_has_the_usual_limit(lab: Lab) -> None:
    host = lab.hosts()["xlb01"]
    assert (host["imrs_profile"]["rate_limit"], host["imrs_unlimited_resolvers"]) == (400, [])


def test_a_profile_has_a_limit_and_a_sheet_has_resolvers(lab: Lab) -> None:
    limited = ("    tcp_clients: 10000\n", "    tcp_clients: 10000\n    rate_limit: 2000\n")
    host = lab.hosts([given("192.0.2.53/32", '"2001:DB8:53::/48"')], [limited])["xlb01"]
    assert host["imrs_profile"]["rate_limit"] == 2000
    assert host["imrs_unlimited_resolvers"] == ["192.0.2.53/32", "2001:db8:53::/48"]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("192.0.0.0/23", f"[0]: 192.0.0.0/23 is wider than /24{TOO_WIDE}"),
        ('"2001:db8::/47"', f"[0]: 2001:db8::/47 is wider than /48{TOO_WIDE}"),
        ("10.0.0.0/24", f"[0]: 10.0.0.0 is a private address (RFC 1918); {FIT}"),
        (
            "199.7.83.0/24",
            "[0]: 199.7.83.0 is inside 199.7.82.0/23, a prefix of the service itself; take an address of",
        ),
        ("192.0.2.53/24", "[0]: 192.0.2.53/24 is not a prefix without host bits, such as 192.0.2.0/24"),
        ("192.0.2.0/24, 192.0.2.0/24", "[1]: 192.0.2.0/24 was already given in unlimited_resolvers[0]"),
    ],
)
def test_what_would_be_reflected_to_many_is_refused(lab: Lab, text: str, wrong: str) -> None:
    (said,) = lab.wrong(given(text))
    assert said.startswith(f"unlimited_resolvers{wrong}"), said


def test_a_limit_that_is_none_is_refused(lab: Lab) -> None:
    none = ("    tcp_clients: 10000\n", "    tcp_clients: 10000\n    rate_limit: 0\n")
    (said,) = lab.messages(fleet_=[none])
    assert said.startswith("fleet.yml: profiles[0].rate_limit: 0 is not a number of answers a second (100\u2013100000)")


def test_a_nameserver_without_such_a_list_is_a_warning(lab: Lab) -> None:
    other = ("nameserver: knot", "nameserver: nsd")
    assert lab.warnings(given("192.0.2.53/32"), other) == [
        "sites/xlb.yml: nodes[0].nameserver: nsd limits the unlimited_resolvers as everybody else: it has no such list"
    ]
    assert lab.warnings(given("192.0.2.53/32")) == lab.warnings(other) == []

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log server: what a fleet may name, and what nodes are told."""

from __future__ import annotations

import re
import typing as t

import pytest

from .conftest import plain
from .test_certificates import OTHER, made

if t.TYPE_CHECKING:
    from .conftest import Lab

NAME = "log.imrs.example"
ADDRESSES = '[203.0.113.1, "2001:db8:0:3::1"]'
SERVER = re.compile(r"(?m)^log_server:\n(?:  .*\n)+")
Edits = list[tuple[str, str]]


def fleet(lab: Lab, *pems: str, name: str = f"{NAME}.", addresses: str = ADDRESSES, more: str = "") -> Edits:
    """The lab's fleet with another log server."""
    (old,) = SERVER.findall(lab.fleet)
    each = "".join("    - |\n" + "".join(f"      {line}\n" for line in pem.splitlines()) for pem in pems)
    return [(old, f"log_server:\n  name: {name}\n  addresses: {addresses}\n{more}  certificates:\n{each}")]


def test_a_node_is_told_of_it(lab: Lab) -> None:
    old, new = made(NAME), made(NAME, key=OTHER)
    found = lab.hosts(fleet_=fleet(lab, old, new))["xlb01"]["imrs_log_server"]
    assert found == {
        "name": NAME,
        "addresses": ["203.0.113.1", "2001:db8:0:3::1"],
        "port": 19532,
        "certificates": [old.strip(), new.strip()],
    }
    other = lab.hosts(fleet_=fleet(lab, old, more="  port: 6514\n"))["xlb01"]["imrs_log_server"]
    assert other is not None
    assert other["port"] == 6514


def test_without_one_the_log_stays_on_the_nodes(lab: Lab) -> None:
    (text,) = SERVER.findall(lab.fleet)
    assert lab.hosts(fleet_=[(text, "")])["xlb01"]["imrs_log_server"] is None


def test_hosts_read_of_it_as_well(lab: Lab) -> None:
    (site,) = lab.load().sites
    assert site["log_server"] == lab.hosts()["xlb01"]["imrs_log_server"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "."}, "name: is the root; give the name in its certificates"),
        (
            {"name": "log.other.example."},
            f"certificates[0]: is for {NAME} (subjectAltName), not for log.other.example.",
        ),
        ({"addresses": '["::1"]'}, "addresses[0]: ::1 is a loopback address; give the server's own address"),
        (
            {"addresses": "[199.7.83.42]"},
            "addresses[0]: 199.7.83.42 is inside 199.7.82.0/23, a prefix of the service itself; take an address",
        ),
        ({"addresses": "[]"}, "addresses: is empty; give a list of IP addresses"),
        ({"more": "  port: 0\n"}, "port: 0 is not a port number"),
    ],
    ids=lambda each: str(each) if isinstance(each, dict) else "",
)
def test_what_no_log_would_reach_is_refused(given: dict[str, str], said: str, lab: Lab) -> None:
    (message,) = lab.messages(fleet_=fleet(lab, made(NAME), **given))
    assert message.startswith(f"fleet.yml: log_server.{said}")


@pytest.mark.parametrize(
    ("pems", "said"),
    [
        (
            [made(NAME, authority=True)],
            "certificates[0]: may sign others (no CA:FALSE in it), so it would vouch for any",
        ),
        ([made(NAME, by=OTHER)], "certificates[0]: is not signed by itself"),
        ([made()], "certificates[0]: is for no name (subjectAltName), not for log.imrs.example., and would be refused"),
        (2 * [made(NAME)], "certificates[1]: stands at log_server.certificates[0] already; leave one out"),
    ],
    ids=["an authority", "of another", "no name", "twice"],
)
def test_a_certificate_that_vouches_for_nobody_or_for_all_is_refused(pems: list[str], said: str, lab: Lab) -> None:
    (message,) = lab.messages(fleet_=fleet(lab, *pems))
    assert message.startswith(f"fleet.yml: log_server.{said}")


@pytest.mark.parametrize(
    ("today", "said"),
    [
        ("2035-12-01", "hold until 2036-01-01; after that no node sends its log: give the server's next one"),
        ("2036-01-02", "have ended on 2036-01-01; no node sends its log any more: give the server's next one"),
        ("2025-12-31", "hold from 2026-01-01 on; before that no node sends its log"),
    ],
)
def test_a_time_that_is_over_or_soon_or_not_yet_is_a_warning(lab: Lab, today: str, said: str) -> None:
    (warned,) = lab.load(fleet_=fleet(lab, made(NAME)), today=today).warnings
    assert plain(warned).startswith(f"fleet.yml: log_server.certificates: {said}")


def test_a_time_far_off_or_another_certificate_beside_it_is_no_warning(lab: Lab) -> None:
    assert not lab.load(fleet_=fleet(lab, made(NAME)), today="2035-10-01").warnings
    (text,) = SERVER.findall(lab.fleet)
    (lasting,) = re.findall(r"(?s)-----BEGIN.*-----END CERTIFICATE-----", text)
    beside = re.sub(r"(?m)^ +", "", lasting)
    assert not lab.load(fleet_=fleet(lab, made(NAME), beside), today="2036-06-01").warnings

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts are given for FRR, BIRD and OpenBGPD, read by these daemons' own parsers, and then run against a node.

The texts are the golden ones: the unit tests keep them equal to what is rendered. Needs root, frr, bird2 and openbgpd.
"""

from __future__ import annotations

import json
import pathlib
import re
import shutil
import subprocess
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import host_router
from imrs_gate_bench import COVERING, FIVE, ROOT, until
from imrs_router_wire import GOBGP, PARSERS, Wire

GOLDEN = ROOT / "tests/unit/plugins/module_utils/_documents/routers"
RECORDS = ("single", "distant", "cluster")
PASSWORD = "<the-agreed-MD5-password>"


def parts(system: str, record: str) -> list[str]:
    """The text of each of the host's routers."""
    text = (GOLDEN / record / f"{system}.txt").read_text(encoding="utf-8")
    return re.split(r"(?m)^(?=[!#] ==== part )", text)[1:]


def parse(system: str, text: str, directory: pathlib.Path) -> subprocess.CompletedProcess[str]:
    """Have the system's own parser read a text."""
    before, command = PARSERS[system]
    path = directory / f"{system}.conf"
    path.touch(mode=0o600)  # OpenBGPD wants its secrets unreadable for others
    path.write_text(before + text, encoding="utf-8")
    assert shutil.which(command[0]), f"{command[0]} is not installed"
    return subprocess.run([*command, str(path)], check=False, capture_output=True, text=True)


@pytest.mark.parametrize("record", RECORDS)
@pytest.mark.parametrize("system", PARSERS)
def test_the_systems_own_parser_accepts_every_part(system: str, record: str, tmp_path: pathlib.Path) -> None:
    texts = parts(system, record)
    assert len(texts) == (2 if record == "cluster" else 1)
    for text in texts:
        done = parse(system, text, tmp_path)
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        kind = "Missing authentication option, assuming MD5"  # BIRD 2.0 takes no such option, BIRD 2.17 misses it
        assert [line for line in said.splitlines() if line != "configuration OK" and kind not in line] == []


@pytest.mark.parametrize(
    ("system", "right", "wrong"),
    [
        ("frr", "permit 199.7.83.0/24", "permit 199.7.83.0/33"),
        ("frr", "route-map IMRS-IN-IPV4 in", "route-map IMRS-IN-IPV4 inwards"),
        ("frr", "ttl-security hops 1", "ttl-security hops 0"),
        ("frr", PASSWORD, "the agreed MD5 password"),
        ("bird", "199.7.83.0/24", "199.7.83.0/33"),
        ("bird", "import filter imrs_in_ipv4", "import filter imrs_in_ipv5"),
        ("bird", "ttl security on", "ttl secure on"),
        ("openbgpd", "199.7.83.0/24", "199.7.83.0/24 or-longer-still"),
        ("openbgpd", 'prefix-set "imrs_ipv4"\n', 'prefix-set "imrs_ipv5"\n'),
        ("openbgpd", "ttl-security yes", "ttl-security maybe"),
    ],
)
def test_a_parser_that_accepts_anything_would_be_seen(
    system: str, right: str, wrong: str, tmp_path: pathlib.Path
) -> None:
    (text,) = parts(system, "single")
    assert right in text
    assert parse(system, text.replace(right, wrong), tmp_path).returncode != 0


SIXTH = "192.0.2.128/25"
IPV6 = {prefix for prefix in FIVE if ":" in prefix}
LOST = {
    "frr": (" match ip address prefix-list IMRS-IPV4\n match as-path IMRS-ORIGIN\n", ""),
    "bird": ("import filter imrs_in_ipv4", "import all"),
    "openbgpd": ('deny from group "imrs" AS != 20144', 'allow from group "imrs"'),
}
"""How each text loses its filter of IPv4 prefixes."""


@pytest.fixture(params=PARSERS)
def system(request: pytest.FixtureRequest) -> str:
    """Each system in turn."""
    return str(request.param)


@pytest.fixture
def text(system: str) -> str:
    """What the host of the record `single` is given, with an agreed password."""
    if system == "gobgp":
        return GOBGP
    (only,) = parts(system, "single")
    assert PASSWORD in only
    return only.replace(PASSWORD, "secret")


@pytest.fixture
def wire(tmp_path: pathlib.Path) -> t.Iterator[Wire]:
    """The cable; nothing runs yet."""
    with Wire(tmp_path) as running:
        yield running


def test_the_five_are_accepted_with_prepends_too(wire: Wire, system: str, text: str) -> None:
    wire.run(system, text)
    prepend = "bgp_path.prepend(20144); bgp_path.prepend(20144);"
    wire.announce(*FIVE, prepends=f"if net ~ [199.7.83.0/24] || net ~ [2001:500:3::/48] then {{ {prepend} }}")
    wire.await_table(FIVE)


@pytest.mark.parametrize("system", [*PARSERS, "gobgp"], indirect=True)
def test_acceptance_reads_what_it_has(wire: Wire, system: str, text: str) -> None:
    """The neutral reader, whatever the host's daemon."""
    wire.run(system, text)
    wire.announce(*FIVE, prepends="if net ~ [199.7.83.0/24] then { bgp_path.prepend(20144); }")
    wire.await_table(FIVE)
    addresses = {"ipv4": ["192.0.2.2", "192.0.2.7"], "ipv6": ["2001:db8:0:1::2"]}
    seen = host_router.received(addresses, wire.run_there, wire.control)
    ends = {"192.0.2.2": "192.0.2.1", "2001:db8:0:1::2": "2001:db8:0:1::1"}
    asn = None if system == "openbgpd" else 64500  # which does not tell it
    for address, end in ends.items():
        assert seen["sessions"][address] == {"state": "Established", "local_as": asn, "address": end}
        routes = {route["to"]: route for route in seen["routes"][address]}
        assert set(routes) == {prefix for prefix in FIVE if (":" in prefix) == (":" in address)}
        assert {route["origin"] for route in routes.values()} == {"IGP"}
        assert all(address in route["next_hops"] for route in routes.values()), routes
    paths = {route["to"]: route["as_path"] for route in seen["routes"]["192.0.2.2"]}
    assert paths == {"199.7.83.0/24": "20144 20144", "199.7.82.0/23": "20144"}
    assert seen["sessions"]["192.0.2.7"] == {"state": "", "local_as": None, "address": ""}
    assert seen["routes"]["192.0.2.7"] == []
    wire.processes[1 if system == "frr" else 0].kill()  # of FRR's, bgpd
    wire.processes[1 if system == "frr" else 0].wait()
    assert "error" in host_router.received(addresses, wire.run_there, wire.control)


@pytest.mark.parametrize("system", [*PARSERS, "gobgp"], indirect=True)
def test_a_router_that_has_nothing_yet_is_read_as_such(wire: Wire, system: str, text: str) -> None:
    """That is what acceptance finds first, at stage dark."""
    wire.run(system, text)
    wire.announce()
    addresses = {"ipv4": ["192.0.2.2"], "ipv6": ["2001:db8:0:1::2"]}

    def seen() -> dict[str, t.Any]:
        return host_router.received(addresses, wire.run_there, wire.control)

    until(
        lambda: {each["state"] for each in seen().get("sessions", {}).values()} == {"Established"},
        what=lambda: str(seen()),
    )
    assert seen()["routes"] == {"192.0.2.2": [], "2001:db8:0:1::2": []}


def test_gobgp_tells_of_what_its_filters_let_in_and_no_password(wire: Wire) -> None:
    wire.run("gobgp", GOBGP)
    wire.announce(*FIVE, SIXTH, prepends="if net ~ [199.7.82.0/23] then bgp_origin = ORIGIN_INCOMPLETE;")
    wire.await_table(FIVE)
    held = json.loads(wire.ask(*wire.control, "-j", "neighbor", "192.0.2.2", "adj-in"))
    assert SIXTH in held, "it is not that the node does not send it"
    seen = host_router.received({"ipv4": ["192.0.2.2", "192.0.2.6"]}, wire.run_there, wire.control)
    told = {route["to"]: route["origin"] for route in seen["routes"]["192.0.2.2"]}
    assert told == {"199.7.83.0/24": "IGP", "199.7.82.0/23": "Incomplete"}
    assert seen["sessions"]["192.0.2.6"] == {"state": "Active", "local_as": 64500, "address": ""}
    assert seen["routes"]["192.0.2.6"] == []
    assert "secret" in wire.ask(*wire.control, "-j", "neighbor", "192.0.2.2"), "it is not that it is not told"
    assert "secret" not in json.dumps(seen)


def test_other_lengths_and_other_paths_are_refused(wire: Wire, system: str, text: str) -> None:
    """A more specific prefix, one that another AS originates, one that passed through another AS."""
    wire.run(system, text)
    paths = (
        "if net = 2001:500:9f::/48 then bgp_path.prepend(64511);"
        "if net = 2001:500:3::/48 then { bgp_path.prepend(20144); bgp_path.prepend(64511); }"
    )
    wire.announce(*COVERING, "199.7.83.0/25", "2001:500:9f::/48", "2001:500:3::/48", prepends=paths)
    wire.await_table(COVERING)


def test_a_sixth_prefix_is_refused(wire: Wire, system: str, text: str) -> None:
    """FRR counts what it accepts; the others count what they are sent, and end the session of that family."""
    wire.run(system, text)
    wire.announce(*FIVE, SIXTH)
    if system == "frr":
        question = ("vtysh", "-N", wire.host.namespace, "-c", "show bgp neighbors 192.0.2.2")
        until(lambda: "Inbound filtered: 1" in wire.ask(*question), what="a filtered prefix")
        wire.await_table(FIVE)
    else:
        wire.await_too_many()
        wire.await_table(IPV6)


def test_the_limit_ends_a_session_whose_filter_is_lost(wire: Wire, system: str, text: str) -> None:
    filtering, lost = LOST[system]
    assert filtering in text
    wire.run(system, text.replace(filtering, lost))
    wire.announce(*FIVE, SIXTH)
    wire.await_too_many()
    wire.await_table(IPV6)

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of roles `nameserver` and `routing` with the daemons that they are for: accepted, and doing what they say.

tests/unit/roles keeps the stored files equal to what the roles render. Needs root and the lab image.
"""

from __future__ import annotations

import pathlib
import re
import shutil
import signal
import subprocess
import sys
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import host_router
from ansible_collections.icann.imrs.plugins.module_utils._probes import nsd as reader
from ansible_collections.icann.imrs.plugins.module_utils._products import NSD
from imrs_gate_bench import COVERING, FIVE, run, until
from imrs_gate_config import CONFIG, HOLD_TIME, LEASE, NODE_NAME
from imrs_provider_bench import RENDERED, Node, install, vtysh
from imrs_provider_config import LEARNT, ROUTERS, table

PARSERS = {
    "etc/bird/bird.conf": ("bird", "-p", "-c", "etc/bird/bird.conf"),
    "etc/bird/policy.conf": ("bird", "-p", "-c", "etc/bird/bird.conf"),
    "etc/frr/frr.conf": ("vtysh", "-C", "-f", "etc/frr/frr.conf"),
    "etc/frr/daemons": ("sh", "-n", "etc/frr/daemons"),
    "etc/knot/knot.conf": ("knotc", "-c", "etc/knot/knot.conf", "conf-check"),
    "etc/knot/answers.conf": ("knotc", "-c", "etc/knot/knot.conf", "conf-check"),
    "etc/knot/keys.conf": ("knotc", "-c", "etc/knot/knot.conf", "conf-check"),
    "etc/knot/zones.conf": ("knotc", "-c", "etc/knot/knot.conf", "conf-check"),
    "etc/nsd/nsd.conf": ("nsd-checkconf", "etc/nsd/nsd.conf"),
    "etc/nsd/nsd.conf.d/limits.conf": ("nsd-checkconf", "etc/nsd/nsd.conf.d/limits.conf"),
    "etc/nsd/nsd.conf.d/zones.conf": ("nsd-checkconf", "etc/nsd/nsd.conf.d/zones.conf"),
}
"""What the bundles show each file to: it may be included by another."""
STORED = sorted(path for path in RENDERED.rglob("*") if path.is_file())
SPECIFIC = FIVE - COVERING
COMMUNITIES = "(64500,100) (64500,200) (65535,65281)"
LARGE = "(64500, 1, 2) (65551, 4294967295, 0)"
"""As BIRD shows them."""


def parser(path: pathlib.Path) -> tuple[str, ...] | None:
    """Who reads a stored file."""
    return PARSERS.get("/".join(path.relative_to(RENDERED).parts[1:]))


def shown(path: pathlib.Path) -> subprocess.CompletedProcess[str]:
    """Show a file to its parser, in its place below a case's folder, as the bundle shows what is staged."""
    command = parser(path)
    assert command is not None
    case = RENDERED / path.relative_to(RENDERED).parts[0]
    words = [str(case / word) if word.startswith("etc/") else word for word in command]
    return subprocess.run(words, check=False, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    "path", [path for path in STORED if parser(path)], ids=lambda path: str(path.relative_to(RENDERED))
)
def test_the_daemons_parser_takes_the_file(path: pathlib.Path) -> None:
    done = shown(path)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "warning" not in done.stdout.lower()


@pytest.mark.parametrize("name", sorted(PARSERS))
def test_the_daemons_parser_refuses_a_broken_file(
    name: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "case" / name
    shutil.copytree(RENDERED / "plain", tmp_path / "case")
    text = (RENDERED / "plain" / name).read_text()
    broken.write_text(text.replace("yes", "ye'", 1) if name.endswith("daemons") else f"nonsense: here\n{text}")
    monkeypatch.setattr(sys.modules[__name__], "RENDERED", tmp_path)
    assert shown(broken).returncode != 0


@pytest.fixture
def node(tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> t.Iterator[Node]:
    """A node that announces everything; ``request.param`` is its routing daemon, its case and what the gate is told."""
    with Node(tmp_path, *request.param) as running:
        running.start_knot()
        running.start_gate()
        running.raise_to_live()
        running.await_routes(FIVE)
        yield running


def on(case: str, config: dict[str, t.Any] = CONFIG) -> pytest.MarkDecorator:
    """Run a test on a case with BIRD and with FRR."""
    cases = [(routing, case, config) for routing in ("bird", "frr")]
    return pytest.mark.parametrize("node", cases, ids=["bird", "frr"], indirect=True)


@on("plain")
def test_a_plain_session_passes_on_the_five_prefixes_and_nothing_comes_in(node: Node) -> None:
    for prefix, attributes in node.received().items():
        assert attributes["as_path"] == "20144", prefix
        assert attributes["origin"] == "IGP", prefix
        assert attributes["next_hop"].split()[0] == ("2001:db8::2" if ":" in prefix else "192.0.2.2")
        assert not {"community", "large_community", "originator_id", "cluster_list"} & set(attributes), prefix
    assert (node.learned(), node.blackholes()) == (set(), FIVE)
    assert node.imrs("drain")[0] == 0
    node.await_routes(COVERING)
    assert node.hold_time() == HOLD_TIME
    node.kill("gate")
    node.await_routes(set(), 60)  # long before the hold timer
    until(lambda: node.blackholes() == set(), what="the kernel to forget")


@on("plain")
def test_a_routing_daemon_that_ended_starts_empty(node: Node) -> None:
    node.kill("knot")
    node.await_routes(set())
    node.end_of_routing()
    if node.routing == "bird":
        node.start_bird()
    until(lambda: node.status()["session"]["state"] == "Established", what="the session")
    until(lambda: node.state("imrs4") == node.state("imrs6") == "Established", what="the host's sessions")
    assert node.routes() == {}
    node.start_knot()
    node.await_routes(FIVE)


@on("local")
def test_a_router_with_a_link_local_address_hears_the_same_and_watches_with_bfd(node: Node) -> None:
    """R-4. The next hop has the global address, too (RFC 2545 section 3)."""
    assert {attributes["next_hop"].split()[0] for attributes in node.received().values()} == {
        "192.0.2.2",
        "2001:db8::2",
    }
    until(lambda: node.bfd("router") == {"fe80::2": "Up"}, what=lambda: f"BFD: {node.bfd('router')}")
    if node.routing == "frr":
        assert node.frr_differences() == []


@on("options")
def test_only_the_specific_prefixes_are_dressed_up(node: Node) -> None:
    found = node.received()
    for prefix in SPECIFIC:
        assert found[prefix]["as_path"] == "20144 20144 20144", prefix
        assert (found[prefix]["community"], found[prefix]["large_community"]) == (COMMUNITIES, LARGE), prefix
    for prefix in COVERING:
        assert found[prefix]["as_path"] == "20144", prefix
        assert not {"community", "large_community"} & set(found[prefix]), prefix


@on("options")
def test_a_hosts_router_with_bird_is_read(node: Node) -> None:
    """As acceptance reads the looking glass."""
    command = ("birdc", "-s", str(node.directory / "router.ctl"))
    addresses = {"ipv4": ["192.0.2.2"], "ipv6": ["2001:db8::2"]}
    seen = host_router.received(addresses, command=command)
    assert seen["sessions"] == {
        "192.0.2.2": {"state": "Established", "local_as": 64500, "address": "192.0.2.1"},
        "2001:db8::2": {"state": "Established", "local_as": 64500, "address": "2001:db8::1"},
    }
    routes = {route["to"]: route for of_session in seen["routes"].values() for route in of_session}
    assert {route["to"] for route in seen["routes"]["192.0.2.2"]} == {each for each in FIVE if ":" not in each}
    assert set(routes) == FIVE
    for prefix, route in routes.items():
        assert route["as_path"] == " ".join(["20144"] * (3 if prefix in SPECIFIC else 1))
        assert (route["origin"], route["valid"]) == ("IGP", True)
        assert {"192.0.2.2", "2001:db8::2"} & set(route["next_hops"])
    node.kill("router")
    assert "error" in host_router.received(addresses, command=command)
    node.start_router()
    node.await_routes(FIVE)


@on("options")
def test_a_router_two_hops_away_hears_the_same_and_watches_with_bfd(node: Node) -> None:
    until(lambda: node.far_away() == FIVE, what=lambda: f"{FIVE} far away, not {node.far_away()}")
    until(lambda: node.bfd("far") == {"192.0.2.2": "Up"}, what=lambda: f"BFD: {node.bfd('far')}")


@on("bfd")
def test_bfd_notices_a_node_that_hangs_beside_ttl_security(node: Node) -> None:
    until(lambda: set(node.bfd("router").values()) == {"Up"}, what=lambda: f"BFD: {node.bfd('router')}")
    assert [node.hold_time("router", session) for session in ("imrs4", "imrs6")] == [HOLD_TIME] * 2
    node.freeze_routing()
    node.await_routes(set(), 60)  # long before a hold timer


@on("bfd")
def test_a_router_further_away_than_next_door_is_told_nothing(node: Node) -> None:
    # Without TTL security the host's router sends with a TTL of 1, as if from 254 hops away.
    node.reconfigure_router(ROUTERS["bfd"].replace("ttl security on;", ""))
    node.await_routes(set())
    with pytest.raises(AssertionError):
        until(lambda: node.routes() != {}, 6)
    node.reconfigure_router(ROUTERS["bfd"])
    node.await_routes(FIVE)


@on("options")
def test_a_learned_default_route_is_used_and_what_else_is_said_is_not(node: Node) -> None:
    everywhere = {("0.0.0.0/0", "192.0.2.1"), ("::/0", "2001:db8::1")}
    # The one prefix is from the session that may tell of the world.
    due = everywhere | {("2620:0:2d0::/48", "2001:db8::1")}
    until(lambda: node.learned() == due, what=lambda: f"{due}, not {node.learned()}")
    for address, gateway in (("192.0.34.1", "192.0.2.1"), ("2620:0:cc7::1", "2001:db8::1")):
        assert node.used(address) == (gateway, True)
    node.kill("router")
    node.kill("far")
    until(lambda: node.learned() == set(), what=lambda: f"nothing learned, not {node.learned()}")
    for address, gateway in (("192.0.34.1", "192.0.2.1"), ("2620:0:cc7::1", "2001:db8::1")):
        assert node.used(address) == (gateway, False)


@on("table")
def test_of_the_whole_world_only_what_is_sound_is_learned(node: Node) -> None:
    sound = {prefix for prefixes in LEARNT.values() for prefix in prefixes}
    until(
        lambda: {prefix for prefix, _gateway in node.learned()} == sound, what=lambda: f"{sound}, not {node.learned()}"
    )
    assert set(node.routes()) == FIVE, "what was learned must not go back"
    node.reconfigure_router(table(more=True))
    if node.routing == "bird":
        until(lambda: "block" in node.limits(), what="the limit to be met")
        assert {prefix for prefix, _gateway in node.learned()} == sound
        assert set(node.routes()) == FIVE
    else:
        node.await_routes(set())
        until(lambda: node.learned() == set(), what="the session's routes to go")


@on("cluster")
def test_a_router_of_the_same_as_gets_the_prefixes_as_the_nodes_own(node: Node) -> None:
    for prefix, attributes in node.received().items():
        assert attributes["as_path"] == "", prefix
        assert attributes["local_pref"] == "100", prefix
        assert attributes["next_hop"].split()[0] == ("2001:db8::2" if ":" in prefix else "192.0.2.2")
        assert not {"community", "large_community"} & set(attributes), prefix
    until(lambda: node.learned() == {("::/0", "2001:db8::1")}, what=lambda: f"one default, not {node.learned()}")
    assert node.hold_time() == HOLD_TIME
    node.kill("gate")
    node.await_routes(set(), 60)  # long before the hold timer


@on("plain", LEASE)
def test_a_gate_that_hangs_is_withdrawn_by_the_hold_time(node: Node) -> None:
    assert node.hold_time() == 3
    node.signal("gate", signal.SIGSTOP)
    node.await_routes(set(), 60)


@pytest.mark.parametrize("node", [("frr", "plain")], ids=["frr"], indirect=True)
def test_frr_passes_on_nothing_that_the_gate_did_not_say(node: Node) -> None:
    node.kill("gate")
    node.await_routes(set())
    words = ["configure", "ip route 199.7.83.0/24 blackhole", "router bgp 20144", "address-family ipv4 unicast"]
    vtysh(*words, "redistribute static")
    until(lambda: '"199.7.83.0/24"' in vtysh("show bgp ipv4 unicast json"), what="FRR to have a route of its own")
    vtysh("clear bgp ipv4 unicast * soft out")
    with pytest.raises(AssertionError):
        until(lambda: node.routes() != {}, 1)


@pytest.mark.parametrize("node", [("frr", "options")], ids=["frr"], indirect=True)
def test_frr_takes_a_new_file_while_its_sessions_stay(node: Node) -> None:
    until(lambda: node.far_away() == FIVE, what="all sessions")
    assert node.frr_differences() == []
    before = node.connections()
    file = pathlib.Path("/etc/frr/frr.conf")
    file.write_text(file.read_text().replace("64500:200", "64500:300"))
    node.reload_frr()
    until(lambda: "(64500,300)" in node.attribute("199.7.83.0/24", "community"), what="the new community")
    assert node.connections() == before
    assert node.frr_differences() == []


@pytest.mark.parametrize("node", [("frr", "options")], ids=["frr"], indirect=True)
def test_frr_takes_a_very_different_file_in_full_and_refuses_a_broken_one(node: Node) -> None:
    install("cluster", "frr")
    node.reload_frr()
    assert node.frr_differences() == []
    node.kill("far")  # it holds the port that the other now wants for all addresses
    node.reconfigure_router(ROUTERS["cluster"])
    node.await_routes(FIVE)
    file = pathlib.Path("/etc/frr/frr.conf")
    file.write_text(file.read_text() + "nonsense\n")
    with pytest.raises(subprocess.CalledProcessError):
        node.reload_frr()
    assert set(node.routes()) == FIVE


def test_the_units_are_sound_with_the_drop_ins() -> None:
    assert not pathlib.Path("/run/systemd/system").exists(), "this test writes below /etc: tests/lab/lab.py in-image"
    units = ["knot.service", "nsd.service", "bird.service", "frr.service"]
    shutil.copytree(RENDERED / "plain/etc/systemd/system", "/etc/systemd/system", dirs_exist_ok=True)
    done = subprocess.run(
        ["systemd-analyze", "--man=no", "verify", *units], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture
def nsd(tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> t.Iterator[Node]:
    """A node with NSD that has got its zone, and announces everything."""
    with Node(tmp_path, request.param, "plain") as running:
        running.start_master()
        running.start_nsd()
        until(lambda: running.serial() == "2026010100", what=lambda: f"the zone, not {running.serial()!r}")
        running.start_gate()
        running.raise_to_live()
        running.await_routes(FIVE)
        yield running


with_bird = pytest.mark.parametrize("nsd", ["bird"], indirect=True)


@pytest.mark.parametrize("nsd", ["bird", "frr"], indirect=True)
def test_nsd_serves_what_it_was_sent_and_the_gate_knows_it_as_this_node(nsd: Node) -> None:
    answer = nsd.dig(".", "SOA", "+dnssec", "+nsid")
    assert f'"{NODE_NAME}"' in answer
    assert "status: NOERROR" in answer
    assert " aa" in answer
    assert "udp: 1232" in answer
    assert NODE_NAME in nsd.dig("id.server", "TXT", "CH", "+short")
    assert NODE_NAME in nsd.dig("hostname.bind", "TXT", "CH", "+short")
    assert "NSD" not in nsd.dig("version.bind", "TXT", "CH")
    assert "Transfer failed" in nsd.dig(".", "IXFR=1")
    assert "Transfer failed" in nsd.dig(".", "AXFR")
    assert "status: NOERROR" in nsd.dig(".", "SOA", "+tcp")
    nsd.kill("nsd")
    nsd.await_routes(set())
    assert "the main process" in nsd.why_dark()


@with_bird
def test_nsd_keeps_the_zone_that_it_has_when_a_newer_one_does_not_verify(nsd: Node) -> None:
    nsd.start_master(2026010101, spoilt="glue altered")
    until(lambda: "ZONEMD" in nsd.said_by("nsd"), what="the verifier to complain")
    until(lambda: re.search(r"verifier .*exited with [1-9]", nsd.said_by("nsd")) is not None, what="NSD to give it up")
    assert nsd.serial() == "2026010100"
    assert "192.0.2.53" in nsd.dig("ns.example.", "A")
    assert set(nsd.routes()) == FIVE
    nsd.start_master(2026010102)
    until(lambda: nsd.serial() == "2026010102", what=lambda: f"the next zone, not {nsd.serial()}")


@with_bird
def test_the_zone_that_nsd_serves_is_read(nsd: Node) -> None:
    """It answers before it has written, so a file that is old or not there yet has to be waited for."""
    for serial in ("2026010100", "2026010102"):
        if nsd.serial() != serial:
            nsd.start_master(int(serial))
            until(lambda serial=serial: nsd.serial() == serial, what="the next zone")  # type: ignore[misc]
        text, why = reader.zone_text(".", NSD.control, 60)
        assert (why, serial in text) == ("", True)


@with_bird
def test_nsd_does_not_start_with_a_file_that_does_not_verify(nsd: Node) -> None:
    run("nsd-control", "write", ".")
    file = pathlib.Path("/var/lib/nsd/root.zone")
    until(lambda: file.exists() and "192.0.2.53" in file.read_text(), what="NSD to write its zone")
    nsd.kill("nsd", signal.SIGTERM)
    nsd.await_routes(set())
    sound = file.read_text()
    nsd.before_nsd()
    assert file.read_text() == sound
    file.write_text(sound.replace("192.0.2.53", "192.0.2.66"))
    nsd.start_nsd()
    assert not file.exists() or "192.0.2.66" not in file.read_text()
    until(lambda: nsd.serial() == "2026010100", what=lambda: f"the zone, not {nsd.serial()!r}")
    assert "192.0.2.66" not in nsd.dig("ns.example.", "A")
    nsd.await_routes(FIVE)

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate between a real Knot and a real BIRD, seen from the host's router. Needs root, bird2, knot and iproute2."""

from __future__ import annotations

import pathlib
import shutil
import signal
import subprocess
import sys
import time
import typing as t

import pytest
from imrs_gate_bench import COVERING, FIVE, TOOLS, Bench, run, until
from imrs_gate_config import CONFIG, HOLD_TIME, LEASE, NODE_NAME, SWIFT


def told(**settings: t.Any) -> pytest.MarkDecorator:
    """Run a test with a gate that is told something else than CONFIG."""
    return pytest.mark.parametrize("bench", [{**CONFIG, **settings}], ids=[" ".join(settings)], indirect=True)


@pytest.fixture
def bench(tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> t.Iterator[Bench]:
    """Routing only: no nameserver and no gate yet; ``request.param`` is what the gate is told."""
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    assert not missing, f"install bird2, knot and iproute2: {missing} not found"
    with Bench(tmp_path, getattr(request, "param", CONFIG)) as running:
        yield running


@pytest.fixture
def live(bench: Bench) -> Bench:
    """A node that announces everything."""
    bench.start_knot()
    bench.start_gate()
    bench.raise_to_live()
    bench.await_routes(FIVE)
    return bench


def healthy(bench: Bench) -> bool:
    """Whether both families are proven."""
    return all(verdict["healthy"] for verdict in bench.status()["verdict"].values())


def established(bench: Bench) -> bool:
    """Whether the gate speaks to the routing daemon."""
    return bool(bench.status().get("session", {}).get("state") == "Established")  # a killed gate leaves its socket


def test_a_healthy_node_is_dark_until_certified_and_asked(bench: Bench) -> None:
    bench.start_knot()
    bench.start_gate()
    until(lambda: healthy(bench) and established(bench), what="a proven node")
    assert bench.imrs("live")[1] == {"changed": True, "mode": "live"}
    code, answer = bench.imrs("certify", "live", "--fingerprint", "0" * 64)
    assert (code, "refused" in answer) == (1, True)
    assert bench.imrs("wait", "live", "--timeout", "0.3")[0] == 1
    assert bench.status()["certificate"]["reason"] == "no certificate"
    assert bench.routes() == {}


def test_a_live_node_announces_exactly_five_prefixes_from_its_as(live: Bench) -> None:
    assert live.routes() == dict.fromkeys(FIVE, "20144")


def test_a_drained_node_announces_the_covering_prefixes(live: Bench) -> None:
    assert live.imrs("drain")[0] == 0
    live.await_routes(COVERING)
    answer = live.imrs("live", "--by", "site.yml")[1]
    assert (answer["changed"], answer["kept"]) == (False, "drained")
    assert live.imrs("dark", "--by", "site.yml")[1]["changed"]
    live.await_routes(set())


@told(probe={**CONFIG["probe"], "interval": 6, "rise": 1})
def test_a_killed_nameserver_is_withdrawn_at_once(live: Bench) -> None:
    """The end of the process is the evidence: the probes, so far apart, hardly see it first."""
    live.kill("knot")
    live.await_routes(set())
    assert "the main process" in live.why_dark()


def test_a_planned_end_is_withdrawn_first_and_held_down_for_nothing(live: Bench) -> None:
    assert live.imrs("step-aside")[1] == {"changed": True}
    live.await_routes(set())
    assert "stepped aside" in live.status()["verdict"]["ipv4"]["reason"]
    live.kill("knot")
    live.start_knot()
    live.await_routes(FIVE)
    assert {verdict["falls"] for verdict in live.status()["verdict"].values()} == {0}


def test_a_hanging_nameserver_is_withdrawn(live: Bench) -> None:
    live.signal("knot", signal.SIGSTOP)
    live.await_routes(set())
    assert "the nameserver is stopped" in live.why_dark()


@pytest.mark.parametrize("zone", [".", "arpa."])
def test_an_expired_zone_is_withdrawn(live: Bench, zone: str) -> None:
    live.knotc("-f", "zone-purge", "+expire", "--", zone)
    live.await_routes(set())
    assert "SERVFAIL" in live.status()["verdict"]["ipv4"]["reason"]


@pytest.mark.parametrize(("zone", "witness"), [("root", "example."), ("arpa", "in-addr.arpa.")])
def test_an_emptied_zone_is_withdrawn(live: Bench, zone: str, witness: str) -> None:
    path = live.directory / f"{zone}.zone"
    path.write_text(
        "".join(line for line in path.read_text().splitlines(True) if "example." not in line and "addr" not in line)
    )
    live.knotc("zone-reload")
    live.await_routes(set())
    assert f"{witness} is missing" in live.why_dark()


def test_only_what_follows_from_the_trust_anchors_is_announced(bench: Bench) -> None:
    bench.start_knot()
    bench.trusted = bench.anchors(".")
    bench.start_gate()
    bench.raise_to_live()
    bench.await_routes(FIVE)
    bench.kill("knot")
    bench.forget_keys()
    bench.start_knot()
    reason = "trust .: no key of the zone is a configured trust anchor"
    until(lambda: reason in bench.status()["verdict"]["ipv4"]["reason"], what=reason)
    assert bench.routes() == {}


def test_a_node_without_a_way_back_is_withdrawn_until_it_has_one(live: Bench) -> None:
    run("ip", "-n", live.node, "route", "del", "default")
    live.await_routes({prefix for prefix in FIVE if ":" in prefix})
    assert "way out: no route leaves by uplink" in live.why_dark()
    run("ip", "-n", live.node, "route", "add", "default", "via", "192.0.2.1")
    live.await_routes(FIVE)


def test_an_icmp_error_that_quotes_the_gate_is_not_heard(live: Bench) -> None:
    """A stranger needs no answer to send one for every port that the gate may have asked from."""
    before = live.icmp_errors()
    live.quote_the_gate(seconds=4)
    assert live.icmp_errors() > before, "none of them came through"
    assert live.status()["verdict"]["ipv4"]["falls"] == 0
    assert set(live.routes()) == FIVE


def test_a_refusing_nameserver_is_withdrawn(live: Bench) -> None:
    live.kill("knot")
    live.start_knot(zone="example.")
    until(lambda: "REFUSED" in live.status()["verdict"]["ipv6"]["reason"], what="REFUSED")
    assert live.routes() == {}


def test_another_node_never_answers_for_this_one(bench: Bench) -> None:
    bench.start_knot(nsid="xlb02.l.root-servers.org")
    bench.start_gate()
    reason = f"answered by 'xlb02.l.root-servers.org', not by {NODE_NAME}"
    until(lambda: reason in bench.status()["verdict"]["ipv4"]["reason"], what=reason)


def test_a_lost_service_address_darkens_its_family_only(live: Bench) -> None:
    run("ip", "-n", live.node, "address", "del", "2001:500:3::42", "dev", "lo")
    live.await_routes({prefix for prefix in FIVE if ":" not in prefix})


def test_a_killed_gate_is_withdrawn_and_comes_back_by_itself(live: Bench) -> None:
    assert live.hold_time() == HOLD_TIME
    live.kill("gate")
    live.await_routes(set(), 60)  # long before the hold timer
    live.start_gate()
    live.await_routes(FIVE)


@told(session=LEASE["session"])
def test_a_hanging_gate_is_withdrawn_by_the_hold_time(live: Bench) -> None:
    assert live.hold_time() == 3
    live.signal("gate", signal.SIGSTOP)
    live.await_routes(set(), 60)
    assert "Hold timer expired" in (live.directory / "bird.log").read_text()
    live.signal("gate", signal.SIGCONT)
    live.await_routes(FIVE)


def test_a_gate_that_stood_still_proves_everything_again(live: Bench) -> None:
    before = live.withdrawals("imrs4")
    live.signal("gate", signal.SIGSTOP)
    stopped = pathlib.Path(f"/proc/{live.processes['gate'].pid}/stat")
    until(lambda: stopped.read_text().split()[2] == "T", what="the gate to stop")
    with pytest.raises(AssertionError):
        until(lambda: False, 4)  # shorter than the hold time, longer than the gate may be late
    live.signal("gate", signal.SIGCONT)
    until(lambda: live.withdrawals("imrs4") > before, what="a withdrawal")  # it is soon announced again
    live.await_routes(FIVE)
    assert "WARNING ipv4 dark (the gate itself stood still" in (live.directory / "gate.out").read_text()


def test_a_restarted_routing_daemon_is_told_nothing_while_dns_is_dead(live: Bench) -> None:
    live.kill("bird")
    live.await_routes(set())
    live.kill("knot")
    live.start_bird()
    until(lambda: established(live), what="the session")
    assert live.status()["session"]["announced"] == []
    assert live.routes() == {}


def test_a_restarted_routing_daemon_is_told_everything_again(live: Bench) -> None:
    live.kill("bird")
    live.await_routes(set())
    live.start_bird()
    live.await_routes(FIVE)


def test_a_reconfigured_routing_daemon_keeps_the_session(live: Bench) -> None:
    path = live.directory / "bird.conf"
    path.write_text(path.read_text().replace("dest = RTD_BLACKHOLE", "dest = RTD_UNREACHABLE"))
    done = subprocess.run(
        ["birdc", "-s", str(live.directory / "bird.ctl"), "configure"], check=True, capture_output=True
    )
    assert b"Reconfigured" in done.stdout or b"in progress" in done.stdout
    live.await_routes(FIVE)
    assert "NOTIFICATION" not in (live.directory / "gate.out").read_text()


@told(drain=10)
def test_an_orderly_stop_withdraws_first_and_hangs_up_later(live: Bench) -> None:
    live.signal("gate", signal.SIGTERM)
    live.await_routes(set())
    assert "Established" in live.birdc("bird", "show", "protocols", "gate")
    assert live.processes["gate"].poll() is None
    assert live.processes.pop("gate").wait(60) == 0
    assert (
        "Cease" in (live.directory / "bird.log").read_text() or "shutdown" in (live.directory / "bird.log").read_text()
    )


def test_a_changed_configuration_voids_the_certificate(live: Bench) -> None:
    (live.directory / "judged.conf").write_text("changed")
    run(*live.fingerprint_command)
    live.await_routes(set())
    assert live.status()["certificate"]["reason"] == "the configuration has changed since acceptance"
    (live.directory / "judged.conf").write_text("")
    run(*live.fingerprint_command)
    assert live.imrs("wait", "live", "--timeout", "1")[0] == 1
    assert live.status()["certificate"]["reason"] == "the configuration has changed since acceptance"
    live.raise_to_live()
    live.await_routes(FIVE)


@pytest.mark.parametrize("bench", [{**CONFIG, "foresee": 20}], ids=["foresee"], indirect=True)
def test_a_foreseen_change_is_announced_on_until_its_time_is_over(live: Bench) -> None:
    judged = live.directory / "judged.conf"
    staged = pathlib.Path(f"{live.directory}/staged{judged}")
    staged.parent.mkdir(parents=True)
    staged.write_text("changed")
    log = live.directory / "router.log"
    before = log.read_text()
    assert live.foresee(live.directory / "staged").endswith("is foreseen")
    staged.replace(judged)
    run(*live.fingerprint_command)
    status = live.status()
    assert status["fingerprint"] != status["certificate"]["fingerprint"]
    assert (status["certificate"]["valid"], set(live.routes())) == (True, FIVE)
    assert log.read_text() == before
    live.await_routes(set())
    assert live.status()["certificate"]["reason"] == "not confirmed in time"


def test_what_nobody_confirms_is_withdrawn(bench: Bench) -> None:
    bench.start_knot()
    bench.start_gate()
    until(lambda: healthy(bench) and established(bench), what="a proven node")
    bench.raise_to_live("--for", "20")
    bench.await_routes(FIVE)
    assert bench.status()["certificate"]["expires_at"] > 0
    bench.await_routes(set())
    assert bench.status()["certificate"]["reason"] == "not confirmed in time"
    bench.raise_to_live()
    bench.await_routes(FIVE)


@pytest.mark.parametrize("bench", [SWIFT], ids=["swift"], indirect=True)
def test_a_busy_machine_withdraws_nothing(live: Bench) -> None:
    """T-4: with the product's own times. Nameserver, gate and routing daemon wait for a processor like everybody."""
    for number in range(8):
        live.start(f"hog{number}", live.node, sys.executable, "-c", "while True: pass")
    with pytest.raises(AssertionError):
        live.await_routes(set(), 15)
    assert {verdict["falls"] for verdict in live.status()["verdict"].values()} == {0}


def test_a_full_table_of_tcp_clients_withdraws_nothing(live: Bench) -> None:
    """Until somebody kills the nameserver in the middle of it."""
    live.fill_tcp()
    until(lambda: any("tcp: no answer" in text for text in live.status()["degraded"]), what="a degraded node")
    with pytest.raises(AssertionError):
        live.await_routes(set(), 10)
    assert live.status()["verdict"]["ipv4"]["falls"] == 0
    live.kill("knot")
    live.await_routes(set())


def test_a_hanging_routing_daemon_is_reported_to_be_killed(live: Bench) -> None:
    live.signal("bird", signal.SIGSTOP)
    hung = live.directory / "run" / "routing-hung"
    until(hung.exists, what="the report")
    live.kill("bird")  # as systemd does then
    live.await_routes(set())
    assert live.status()["falls"]["routing"] == 1
    live.start_bird()
    live.await_routes(FIVE)


@pytest.mark.parametrize(("name", "counted"), [("gate", "gate"), ("bird", "routing")])
def test_what_is_killed_again_and_again_is_held_down_longer_each_time(live: Bench, name: str, counted: str) -> None:
    for fall in (1, 2, 3):
        live.kill(name)
        live.await_routes(set())
        (live.start_gate if name == "gate" else live.start_bird)()
        until(lambda: established(live), what="the session")
        status = live.status()
        assert status["falls"][counted] == fall
        live.await_routes(FIVE)


def test_a_flapping_nameserver_is_held_down_longer_each_time(live: Bench) -> None:
    waits = []
    for _flap in range(3):
        began = time.monotonic()
        live.kill("knot")
        live.await_routes(set())
        live.start_knot()
        live.await_routes(FIVE)
        waits.append(time.monotonic() - began)
    assert waits[1] > 1.9
    assert waits[2] > 3.8
    assert live.status()["verdict"]["ipv4"]["falls"] == 3

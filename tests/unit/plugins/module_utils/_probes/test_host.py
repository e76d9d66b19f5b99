# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands with a time limit, and parsers of what a machine prints; and of the host's router and the zone."""

from __future__ import annotations

import json
import pathlib
import subprocess
import time
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import frr, host, knot, zone

SOCKETS = """\
udp   UNCONN 0      0            199.7.83.42:53        0.0.0.0:*    users:(("knotd",pid=34,fd=21))
udp   UNCONN 0      0            199.7.83.42:53        0.0.0.0:*    users:(("knotd",pid=34,fd=22))
udp   UNCONN 0      0      127.0.0.53%lo:53        0.0.0.0:*    users:(("systemd-resolve",pid=1,fd=2))
tcp   LISTEN 0      128                *:22              *:*    users:(("sshd",pid=9,fd=3))
tcp   LISTEN 0      256  [2001:500:9f::42]:53           [::]:*    users:(("nsd: server 1",pid=8,fd=4))
tcp   LISTEN 0      128          0.0.0.0:2024      0.0.0.0:*
"""


def test_sockets() -> None:
    rows = host.parse_sockets(SOCKETS)
    assert [(row["protocol"], row["address"], row["port"], row["process"]) for row in rows] == [
        ("udp", "199.7.83.42", 53, "knotd"),
        ("udp", "127.0.0.53", 53, "systemd-resolve"),
        ("tcp", "*", 22, "sshd"),
        ("tcp", "2001:500:9f::42", 53, "nsd: server 1"),
        ("tcp", "0.0.0.0", 2024, ""),
    ]


@pytest.mark.parametrize(("opened", "asked", "process"), [(0, 1, "bird"), (1, 2, "bird"), (9, host.LOOKS, "")])
def test_a_socket_that_was_just_opened_is_looked_at_again(
    monkeypatch: pytest.MonkeyPatch, opened: int, asked: int, process: str
) -> None:
    looks: list[t.Sequence[str]] = []

    def runner(command: t.Sequence[str]) -> dict[str, t.Any]:
        looks.append(command)
        users = "" if len(looks) <= opened else '    users:(("bird",pid=7,fd=3))'
        return {"rc": 0, "stdout": f"tcp LISTEN 0 8 [::]:179 [::]:*{users}\n", "stderr": ""}

    monkeypatch.setattr(host.time, "sleep", lambda _seconds: None)
    assert [entry["process"] for entry in host.sockets(runner)] == [process]
    assert len(looks) == asked


def test_sshd_keeps_only_what_is_judged() -> None:
    text = "port 22\npermitrootlogin no\npasswordauthentication no\nhostkey /etc/ssh/k\nmaxsessions 10\n"
    assert host.parse_sshd(f"{text}kexalgorithms a,b\n")["kexalgorithms"] == "a,b"
    assert host.parse_sshd(text) == {"permitrootlogin": "no", "passwordauthentication": "no"}


def test_versions_of_installed_packages_only() -> None:
    assert host.parse_versions("knot installed 3.4.6-2\nnsd config-files 4.12.0-1\nfrr not-installed \n") == {
        "knot": "3.4.6-2"
    }


def test_tracking() -> None:
    line = "A29FC87B,162.159.200.123,3,1735732800.1,0.000012,-0.00001,0.00002,-1.5,0.0,0.01,0.003,0.001,64.2,Normal\n"
    assert host.parse_tracking(line) == {"stratum": 3, "offset": 0.000012, "error": 0.0025, "leap": "Normal"}
    assert host.parse_tracking("506 Cannot talk to daemon\n") is None


@pytest.mark.parametrize(
    ("said", "ages", "found"),
    [
        (["0.01,3,Normal"], [], "0.01,3,Normal"),
        (["0,0,Not synchronised", "58.6,3,Normal", "0.01,3,Normal"], [20, 22], "0.01,3,Normal"),
        (["58.6,3,Normal", "58.6,3,Normal"], [170, 181], "58.6,3,Normal"),
        (["0,0,Not synchronised"], [4000], "0,0,Not synchronised"),
        (["0,0,Not synchronised"], [None], "0,0,Not synchronised"),
        ([""], [], ""),
    ],
    ids=["known", "learns", "too long", "no sources for an hour", "no systemd", "no chrony"],
)
def test_a_clock_that_was_just_started_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, said: list[str], ages: list[int | None], found: str
) -> None:
    def line(short: str) -> str:
        dispersion, stratum, leap = short.split(",")
        return f"A,a,{stratum},1,0.00001,0,0,0,0,0,0.002,{dispersion},64,{leap}\n"

    lines, starts = [line(each) if each else "506 Cannot talk to daemon\n" for each in said], list(ages)

    def runner(command: t.Sequence[str]) -> dict[str, t.Any]:
        if command[0] == "chronyc":
            return {"rc": 0, "stdout": lines.pop(0), "stderr": ""}
        age = starts.pop(0)
        return {"rc": 0, "stdout": f"{(1000 - age) * 1_000_000}\n" if age is not None else "", "stderr": ""}

    monkeypatch.setattr(host.time, "clock_gettime", lambda _clock: 1000.0)
    monkeypatch.setattr(host.time, "sleep", lambda _seconds: None)
    assert host.tracking(runner) == (host.parse_tracking(line(found)) if found else None)
    assert (lines, starts) == ([], [])


def test_a_chrony_that_is_started_again_and_again_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    line = "A,a,0,1,0.00001,0,0,0,0,0,0.002,58,64,Not synchronised\n"

    def runner(command: t.Sequence[str]) -> dict[str, t.Any]:
        assert now[0] < 2000, "it is still asked"
        return {"rc": 0, "stdout": line if command[0] == "chronyc" else f"{(now[0] - 1) * 1e6:.0f}\n", "stderr": ""}

    monkeypatch.setattr(host.time, "clock_gettime", lambda _clock: now[0])
    monkeypatch.setattr(host.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    assert host.tracking(runner) == host.parse_tracking(line)
    assert now[0] - 1000 <= host.SETTLES


def test_sources_of_time() -> None:
    """As chronyc 4.3 printed it: two servers that agree, one that lies, and one that never answered."""
    text = (
        "^,*,203.0.113.1,2,0,377,1,-0.000000447,-0.000000602,0.000003871\n"
        "^,+,203.0.113.2,2,0,10,1,0.000000255,0.000000101,0.000004295\n"
        "^,x,ntp3.imrs.example,1,0,377,1,10.000000255,10.000000101,0.000004295\n"
        "^,?,203.0.113.4,0,1,0,4294967295,0.000000000,0.000000000,0.000000000\n"
    )
    assert [tuple(row.values()) for row in host.parse_sources(text)] == [
        ("203.0.113.1", True, False),
        ("203.0.113.2", True, False),
        ("ntp3.imrs.example", True, True),
        ("203.0.113.4", False, False),
    ]
    assert host.parse_sources("506 Cannot talk to daemon\n") == []


def test_for_whom_a_machine_answers(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"ipv4/conf/eno1.120/proxy_arp": "1", "ipv4/conf/lo/proxy_arp": "0", "ipv6/conf/lo/forwarding": "2"}
    for name, value in settings.items():
        path = tmp_path / "proc/sys/net" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{value}\n", encoding="ascii")
    monkeypatch.setattr(host.pathlib, "Path", lambda path: pathlib.PosixPath(f"{tmp_path}{path}"))
    rows = {"-4": '[{"dst":"192.0.2.9","dev":"lo","proxy":null}]', "-6": "[]"}
    found = host._proxied(lambda command: {"rc": 0, "stdout": rows[command[2]], "stderr": ""})
    assert found == {
        "on": ["net/ipv4/conf/eno1.120/proxy_arp"],
        "addresses": [{"address": "192.0.2.9", "device": "lo"}],
    }
    assert host._switched_on(host.FORWARDING) == ["net/ipv6/conf/lo/forwarding"]
    assert host._proxied(lambda _command: {"rc": 1, "stdout": "", "stderr": ""}) is None


def test_routes_and_addresses() -> None:
    routes = [
        {"dst": "default", "gateway": "192.0.2.1", "dev": "uplink"},
        {"type": "blackhole", "dst": "199.7.82.0/23", "dev": "lo"},
        {"type": "local", "dst": "199.7.83.42", "dev": "lo"},
    ]
    assert host.parse_routes(routes) == [
        {"to": "default", "type": "unicast", "device": "uplink", "via": "192.0.2.1"},
        {"to": "199.7.82.0/23", "type": "blackhole", "device": "lo", "via": ""},
    ]
    link = {
        "ifname": "anycast0",
        "link_type": "ether",
        "linkinfo": {"info_kind": "dummy"},
        "addr_info": [{"local": "2001:500:9f::42", "prefixlen": 128, "scope": "global", "tentative": True}],
    }
    (row,) = host.parse_addresses([link])
    assert (row["kind"], row["flags"]) == ("dummy", ["tentative"])
    assert host.parse_routes(None) == host.parse_addresses(None) == []


def test_only_routes_inside_our_prefixes_are_asked_for() -> None:
    asked = []

    def runner(command: t.Sequence[str]) -> dict[str, t.Any]:
        asked.append(" ".join(command))
        row = {"type": "blackhole", "dst": "199.7.83.0/24", "dev": "lo"}
        return {"rc": 0, "stdout": json.dumps([row] if "-4" in command else []), "stderr": ""}

    prefixes = {"ipv4": ["199.7.82.0/23", "199.7.83.0/24"], "ipv6": ["2001:500:3::/48"]}
    routes = host._routes(runner, prefixes)
    assert routes == [{"to": "199.7.83.0/24", "type": "blackhole", "device": "lo", "via": ""}]
    assert asked == [
        "ip -j -4 route show table all root 199.7.82.0/23",
        "ip -j -4 route show table all root 199.7.83.0/24",
        "ip -j -6 route show table all root 2001:500:3::/48",
    ]
    assert host._routes(lambda _command: {"rc": 124, "stdout": "", "stderr": ""}, prefixes) is None


def test_run_says_what_happened() -> None:
    assert host.run(["sh", "-c", "echo out; echo err >&2; exit 3"]) == {"rc": 3, "stdout": "out\n", "stderr": "err\n"}
    assert host.run(["/no/such/command"])["rc"] == 127
    assert host.run(["sleep", "5"], timeout=0.1)["rc"] == 124
    assert host.run(["cat"])["stdout"] == ""


def test_a_process_that_cannot_be_killed_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one is that asks a disk which never answers; here nobody kills it."""
    started: list[subprocess.Popen[str]] = []
    monkeypatch.setattr(host, "GRACE", 0.1)
    monkeypatch.setattr(host.subprocess.Popen, "kill", lambda process: started.append(process))  # noqa: PLW0108 - a method
    before = time.monotonic()
    found = host.run(["sleep", "60"], timeout=0.1)
    assert (found["rc"], found["stderr"]) == (host.LATE, "sleep: no end after 0.1 s")
    assert time.monotonic() - before < 30
    monkeypatch.undo()
    (process,) = started
    assert process.poll() is None
    process.kill()
    process.wait()


def test_a_machine_without_any_tool_can_be_read() -> None:
    found = host.read(lambda command: {"rc": 127, "stdout": "", "stderr": f"{command[0]}: No such file or directory"})
    assert found["sockets"] == found["addresses"] == []
    assert found["held"] is None
    assert found["routes"] == []  # no prefix was asked for
    assert (found["sshd"], found["nft"], found["tracking"]) == (None, None, None)
    assert "No such file" in found["sshd_error"]
    assert {"state", "status", "offset"} == set(found["clock"])
    assert (found["sources"], found["proxied"]) == (None, None)
    json.dumps(found)


def test_keys_of_sessions_are_never_asked_for() -> None:
    asked: list[list[str]] = []

    def runner(command: t.Sequence[str]) -> dict[str, t.Any]:
        asked.append(list(command))
        return {"rc": 127, "stdout": "", "stderr": ""}

    host.read(runner)
    (sockets,) = [command for command in asked if command[0] == "ss"]
    assert not set(sockets[1]) & set("ie")


def test_router_keeps_the_routes_of_one_peer() -> None:
    table = {
        "routes": {
            "199.7.83.0/24": [
                {
                    "peerId": "192.0.2.2",
                    "path": "20144",
                    "origin": "IGP",
                    "valid": True,
                    "nexthops": [{"ip": "192.0.2.2"}],
                },
                {"peerId": "192.0.2.9", "path": "64511 20144", "origin": "IGP", "valid": True, "nexthops": []},
            ],
            "2001:500:9f::/48": [
                {
                    "peerId": "192.0.2.2",
                    "path": "20144",
                    "nexthops": [{"ip": "2001:db8::2", "scope": "global"}, {"ip": "fe80::2", "scope": "link-local"}],
                }
            ],
        }
    }
    one, two = frr.parse_table(table, "192.0.2.2")
    assert (one["to"], one["next_hops"], one["valid"]) == ("199.7.83.0/24", ["192.0.2.2"], True)
    assert (two["next_hops"], two["valid"]) == (["2001:db8::2"], False)


def test_router_neighbor() -> None:
    neighbor = {
        "bgpState": "Established",
        "localAs": 64500,
        "hostLocal": "192.0.2.1",
    }
    found = frr.parse_neighbor({"192.0.2.2": neighbor}, "192.0.2.2")
    assert found == {"state": "Established", "local_as": 64500, "address": "192.0.2.1"}
    nobody = frr.parse_neighbor({"bgpNoSuchNeighbor": True}, "192.0.2.2")
    assert (nobody["state"], nobody["local_as"], nobody["address"]) == ("", None, "")


def test_router_that_does_not_answer() -> None:
    found = frr.received(
        {"ipv4": ["192.0.2.2"]}, lambda _command: {"rc": 1, "stdout": "", "stderr": "failed to connect"}
    )
    assert found == {"error": "failed to connect"}


def test_zone_of_knot() -> None:
    assert knot.parse_zone_read("[.] . 86400 SOA a. b. 1 2 3 4 5\n[.] com. 172800 NS a.\n\n") == (
        ". 86400 SOA a. b. 1 2 3 4 5\ncom. 172800 NS a.\n"
    )
    status = knot.parse_zone_status(
        "[.] role: slave | serial: 2026073102 | re-sign: -\n[arpa.] role: slave | serial: none\n"
    )
    assert status["."] == {"role": "slave", "serial": "2026073102", "re-sign": "-"}
    assert status["arpa."]["serial"] == "none"


def test_complaints_are_the_last_different_failures_of_the_root() -> None:
    said = zone.complaints(
        "info: [.] AXFR, started\n"
        "info: [.] refresh, remote dist1, address 203.0.113.1@53, failed (failed to verify TSIG)\n"
        "info: [arpa.] refresh, remote dist1, failed (timeout)\n"
        "error: [.] ZONEMD, verification failed (malformed data)\n"
        "error: [.] ZONEMD, verification failed (malformed data)\n"
    )
    assert said == [
        "error: [.] ZONEMD, verification failed (malformed data)",
        "info: [.] refresh, remote dist1, address 203.0.113.1@53, failed (failed to verify TSIG)",
    ]
    assert zone.complaints("info: [.] loaded\n") == []

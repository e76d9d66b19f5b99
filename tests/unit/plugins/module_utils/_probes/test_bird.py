# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parsers of what BIRD prints, over recorded output of the versions of Debian 12 and 13."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import bird, bird_bfd

RECORDED = pathlib.Path(__file__).parents[1] / "_acceptance" / "recorded"
VERSIONS = ["2_0_12", "2_17_5"]
CASES = ["options", "bfd", "table", "cluster"]
LIVE = {"2001:500:9e::/47", "2001:500:9f::/48", "2001:500:3::/48"}


def _outputs(version: str) -> dict[str, str]:
    return dict(json.loads((RECORDED / f"bird_{version}.json").read_text(encoding="utf-8")))


def _recorded(case: str) -> dict[str, t.Any]:
    """A node whose sessions have options: what was printed, and what was read of it."""
    return dict(json.loads((RECORDED / f"sessions_bird_{case}.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize("version", VERSIONS)
def test_sessions(version: str) -> None:
    sessions = {s["name"]: s for s in bird.parse_protocols(_outputs(version)["show protocols all"])}
    assert set(sessions) == {"gate", "as64500_ipv4_1", "as64500_ipv6_1"}
    session = sessions["as64500_ipv6_1"]
    assert (session["bgp_state"], session["hold_time"], session["keepalive_time"]) == ("Established", 9, 3)
    assert (session["local_as"], session["neighbor_as"]) == (20144, 64500)
    assert (session["neighbor"], session["source"]) == ("2001:db8:0:1::1", "2001:db8:0:1::2")
    assert session["restarts"] == [], "it helps others to restart, which is none of its own"
    (channel,) = session["channels"]
    assert (channel["family"], channel["state"]) == ("ipv6", "UP")
    assert channel["filters"] == {"input": "REJECT", "output": "from_gate"}
    assert (channel["routes"]["imported"], channel["routes"]["exported"]) == (0, 3)
    assert [c["family"] for c in sessions["gate"]["channels"]] == ["ipv4", "ipv6"]


@pytest.mark.parametrize("version", VERSIONS)
def test_routes(version: str) -> None:
    outputs = _outputs(version)
    exported = bird.parse_routes(outputs["show route export as64500_ipv6_1 all"])
    assert {route["to"] for route in exported} == LIVE
    for route in exported:
        assert route["protocol"] == "gate"
        assert (route["attributes"]["origin"], route["attributes"]["as_path"]) == ("IGP", "")
        assert route["attributes"]["next_hop"].split()[0] == "2001:db8:0:1::2"
    table = {route["to"] for route in bird.parse_routes(outputs["show route all"])}
    assert table == LIVE | {"199.7.82.0/23", "199.7.83.0/24"}


def test_a_session_that_is_down() -> None:
    text = """BIRD 2.0.12 ready.
Name       Proto      Table      State  Since         Info
up1        BGP        ---        start  10:00:00.000  Active        Socket: Connection refused
  BGP state:          Active
    Neighbor address: fe80::1%uplink
    Neighbor AS:      64500
    Local AS:         20144
    Last error:       Socket: Connection refused
  Channel ipv6
    State:          DOWN
    Input filter:   (unnamed)
"""
    (session,) = bird.parse_protocols(text)
    assert (session["bgp_state"], session["neighbor"]) == ("Active", "fe80::1")
    assert session["last_error"] == "Socket: Connection refused"
    assert session["channels"][0]["filters"] == {"input": "(unnamed)"}


@pytest.mark.parametrize("capability", ["Graceful restart", "Long-lived graceful restart"])
def test_a_restart_that_is_offered(capability: str) -> None:
    offered = f"      {capability}\n        Restart time: 120\n        AF supported: ipv6\n"
    text = _outputs("2_17_5")["show protocols all"]
    local, rest = text.split("    Neighbor capabilities", 1)
    (gate, *_others) = bird.parse_protocols(f"{local}{offered}    Neighbor capabilities{rest}")
    assert gate["restarts"] == [capability]


def test_what_a_neighbor_offers_is_its_own_business() -> None:
    sessions = bird.parse_protocols(_outputs("2_17_5")["show protocols all"])
    assert "LL stale time" in _outputs("2_17_5")["show protocols all"]
    assert all(session["restarts"] == [] for session in sessions)


def test_attributes_and_several_paths() -> None:
    text = """Table master4:
0.0.0.0/0            unicast [up1 10:00:00.000] * (100) [AS64500i]
\tvia 192.0.2.1 on uplink
\tType: BGP univ
\tBGP.as_path: 64500
\tBGP.community: (65535,0) (64500,1)
                     unicast [up2 10:00:00.000] (100) [AS64501i]
\tvia 192.0.2.5 on uplink
"""
    one, two = bird.parse_routes(text)
    assert (one["to"], two["to"]) == ("0.0.0.0/0", "0.0.0.0/0")
    assert (one["protocol"], two["protocol"]) == ("up1", "up2")
    assert one["attributes"] == {"as_path": "64500", "community": "(65535,0) (64500,1)"}


def test_a_newer_spelling_of_attributes() -> None:
    text = "192.0.2.0/24 blackhole [s 10:00] * (200)\n\tbgp_origin: IGP\n\tbgp_path: 64500\n"
    assert bird.parse_routes(text)[0]["to"] == "192.0.2.0/24"


CONFIGURATION = """
# password "commented out";
define SECRET = "s3cr3t";
template bgp host { ttl security on; hold time 9; graceful restart aware; }
protocol bgp a from host {
  neighbor 192.0.2.1 as 64500;
  password "s3cr3t; } # }";   /* ttl security off; */
  ipv4 { import none; export filter { if net ~ [ 10.0.0.0/8 ] then reject; accept; }; };
}
protocol bgp b { neighbor 192.0.2.5 as 64501; multihop 3; graceful restart on; authentication md5; password SECRET; }
protocol bgp c from host { ttl security off; graceful restart off; }
"""


def test_options_of_sessions() -> None:
    options = bird.session_options(CONFIGURATION)
    assert set(options) == {"a", "b", "c"}
    assert options["a"] == {"ttl_security": True, "hold_time": 9, "graceful_restart": "aware", "authentication": True}
    assert options["b"] == {"multihop": 3, "graceful_restart": True, "authentication": True}
    assert (options["c"]["ttl_security"], options["c"]["graceful_restart"]) == (False, False)
    assert "authentication" not in options["c"]


def test_no_secret_leaves_the_configuration() -> None:
    assert "s3cr3t" not in json.dumps(bird.session_options(CONFIGURATION))


def test_included_files(tmp_path: pathlib.Path) -> None:
    (tmp_path / "peers").mkdir()
    (tmp_path / "peers" / "a.conf").write_text("protocol bgp a { ttl security on; }\n")
    main = tmp_path / "bird.conf"
    main.write_text('include "peers/*.conf";\nprotocol device {}\n')
    assert bird.session_options(bird.configuration_text(str(main))) == {"a": {"ttl_security": True}}


def test_a_daemon_that_is_not_there() -> None:
    found = bird.read(lambda _command: {"rc": 1, "stdout": "", "stderr": "Unable to connect to server control socket"})
    assert found == {"error": "Unable to connect to server control socket"}


def test_read_asks_only_to_read(tmp_path: pathlib.Path) -> None:
    outputs, asked = _outputs("2_17_5"), []

    def runner(command: object) -> dict[str, object]:
        words = list(command)  # type: ignore[call-overload]
        asked.append(words)
        return {"rc": 0, "stdout": outputs.get(" ".join(words[2:]), ""), "stderr": ""}

    found = bird.read(runner, path=str(tmp_path / "none"))  # type: ignore[arg-type]
    assert found["version"] == "2.17.5"
    assert found["router_id"] == "192.0.2.2"
    assert found["options"] is None
    assert found["bfd"] == []
    assert set(found["imports"]) == set(found["exports"])
    assert {route["to"] for route in found["exports"]["as64500_ipv6_1"]} == LIVE
    assert all(words[:3] == ["birdc", "-r", "show"] for words in asked)


@pytest.mark.parametrize("case", CASES)
def test_sessions_with_options(case: str) -> None:
    recorded = _recorded(case)
    printed, seen = recorded["printed"], recorded["routing"]
    assert [session["name"] for session in bird.parse_protocols(printed["show protocols all"])] == [
        session["name"] for session in seen["sessions"]
    ]
    details = bird_bfd.parse_details(printed["show bfd sessions all"])
    listed = bird_bfd.parse(printed["show bfd sessions"])
    assert [each | details[each["address"]] for each in listed] == seen["bfd"]
    first = recorded["peers"][0]["name"]
    exported = bird.parse_routes(printed[f"show route export {first} all"])
    assert [route["attributes"] for route in exported] == [route["attributes"] for route in seen["exports"][first]]


def test_limits_of_a_session() -> None:
    gate, near, *_others = bird.parse_protocols(_recorded("options")["printed"]["show protocols all"])
    assert gate["channels"][0]["limits"] == {"import": "3"}
    assert near["channels"][0]["limits"] == {"receive": "2000000", "import": "1", "export": "2"}


def test_bfd_of_neighbours_near_and_far() -> None:
    text = """BIRD 2.17.5 ready.
bfd1:
IP address                Interface  State      Since         Interval  Timeout
192.0.2.1                 uplink     Down       2026-01-02 10:00:00    1.000    0.000
2001:db8:0:7::9           ---        Up         04:41:14.906    0.300    0.900
"""
    assert bird_bfd.parse(text) == [
        {"address": "192.0.2.1", "state": "Down", "timeout_ms": 0},
        {"address": "2001:db8:0:7::9", "state": "Up", "timeout_ms": 900},
    ]
    assert bird_bfd.parse("BIRD 2.17.5 ready.\nThere is no BFD protocol running\n") == []


def _asked(imported: int, rc: int = 0) -> tuple[list[str], list[dict[str, t.Any]] | None]:
    """What is asked of a session with so many routes, and what comes of it."""
    session = {"name": "up4", "channels": [{"family": "ipv4", "routes": {"imported": imported}}]}
    asked = []

    def runner(command: t.Sequence[str]) -> dict[str, t.Any]:
        asked.append(" ".join(command))
        return {"rc": rc, "stdout": "0.0.0.0/0  unicast [up4 10:00:00.000] * (100) [AS64500i]\n", "stderr": ""}

    prefixes = {"ipv4": ["199.7.82.0/23", "199.7.83.0/24"], "ipv6": ["2001:500:3::/48"]}
    return asked, bird._imports(runner, ["birdc"], session, prefixes)


def test_few_imported_routes_are_listed() -> None:
    asked, found = _asked(bird.FEW)
    assert asked == ["birdc show route protocol up4"]
    assert [route["to"] for route in found or ()] == ["0.0.0.0/0"]


def test_of_a_whole_table_only_what_must_not_come_in_is_listed() -> None:
    asked, _found = _asked(bird.FEW + 1)
    assert asked == [
        "birdc show route protocol up4 where net ~ [ 0.0.0.0/0, 199.7.82.0/23+, 199.7.83.0/24+ ]",
        "birdc show route protocol up4 where net ~ [ ::/0, 2001:500:3::/48+ ]",
    ]


def test_imported_routes_that_cannot_be_listed() -> None:
    assert _asked(bird.FEW + 1, rc=124)[1] is None


@pytest.mark.parametrize(
    ("name", "rc", "said", "taken"),
    [
        ("host_in", 0, "BIRD 2.17.6 ready.\nAccess restricted\nTRUE\n", True),
        ("host_in", 0, "BIRD 2.17.6 ready.\nAccess restricted\nFALSE\n", False),
        ("host_in", 1, "syntax error, unexpected CF_SYM_UNDEFINED\n", None),
        ("host_in", 0, "runtime error\n", None),
        ("host_in", 0, "", None),
        ("REJECT", 1, "", False),
        ("ACCEPT", 1, "", True),
        ("(unnamed)", 0, "TRUE\n", None),
    ],
    ids=["yes", "no", "no such function", "it breaks", "silence", "import none", "import all", "another filter"],
)
def test_what_a_filter_would_take_is_what_the_running_daemon_says(
    name: str, rc: int, said: str, taken: bool | None
) -> None:
    asked: list[list[str]] = []

    def run(command: t.Sequence[str]) -> dict[str, t.Any]:
        asked.append(list(command))
        return {"rc": rc, "stdout": said, "stderr": ""}

    session = {"name": "host", "channels": [{"family": "ipv4", "filters": {"input": name}}]}
    found = bird.takes([session], {"ipv4": ["10.0.0.0/8"], "ipv6": ["::/0"]}, run)
    assert found == {"host": {"10.0.0.0/8": taken}}
    assert asked in ([], [["birdc", "-r", "eval", "host_takes(10.0.0.0/8)"]])


def test_a_bird_that_stalls_is_not_asked_for_each_prefix() -> None:
    asked: list[str] = []

    def run(words: t.Sequence[str]) -> dict[str, t.Any]:
        asked.append(words[-1])
        return {"rc": 124 if len(asked) == 2 else 0, "stdout": "TRUE", "stderr": ""}

    sessions = [{"name": name, "channels": [{"family": "ipv4", "filters": {"input": f"{name}_in"}}]} for name in "ab"]
    found = bird.takes(sessions, {"ipv4": ["10.0.0.0/8", "192.0.2.0/24", "198.51.100.0/24"]}, run)
    assert asked == ["a_takes(10.0.0.0/8)", "a_takes(192.0.2.0/24)"]
    assert found["a"] == {"10.0.0.0/8": True, "192.0.2.0/24": None, "198.51.100.0/24": None}
    assert set(found["b"].values()) == {None}


def test_what_becomes_of_too_many_routes() -> None:
    limits = "    Receive limit:  9\n      Action:       block\n    Import limit:   2 [HIT]\n      Action:       warn\n"
    text = f"up1 BGP --- up 10:00 Established\n  BGP state: Established\n  Channel ipv4\n    State: UP\n{limits}"
    (session,) = bird.parse_protocols(text)
    assert session["channels"][0]["limits"] == {"receive": "9", "import": "2 [HIT]"}
    assert session["channels"][0]["beyond"] == {"receive": "left out", "import": "warned of"}


DETAILS = """bfd1:
  Address:              fe80::1%uplink
  Session state:        Up
  Transmit timer:       0.021 / 0.400
  Local parameters:
    Min TX interval:    0.300
    Min RX interval:    0.300
    Demand mode:        No
    Multiplier:         3
  Remote parameters:
    Min TX interval:    1.000
    Min RX interval:    0.400
    Demand mode:        No
    Multiplier:         5

  Address:              192.0.2.1
  Session state:        Down
"""
"""As BIRD 2.17.6 prints it; the second session, cut short, is one of which it tells no more."""


def test_bfd_is_as_slow_as_the_slower_side() -> None:
    ways = {"receive": {"interval_ms": 1000, "multiplier": 5}, "send": {"interval_ms": 400, "multiplier": 3}}
    assert bird_bfd.parse_details(DETAILS) == {"fe80::1": ways}
    assert bird_bfd.parse_details("syntax error, unexpected ALL\n") == {}, "an older BIRD"
    assert bird_bfd.parse_details(DETAILS.replace("1.000", "---")) == {}, "another one, which says it otherwise"

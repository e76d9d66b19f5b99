# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's router of the lab is told, by daemon, and how each is asked what it holds."""

from __future__ import annotations

import json
import re
import typing as t

import forward
import pytest
from imrslab import guests, host_daemons, inventory, keys, sheets, shell, topology

if t.TYPE_CHECKING:
    import pathlib

V4 = topology.Session("host-router", "192.0.2.1", "192.0.2.2", 20144, 9, 3, None, None)
V6 = topology.Session("host-router", "2001:db8::1", "2001:db8::2", 20144, 9, 3, None, None)
FILES = {
    "frr": "etc/frr/frr.conf",
    "bird": "etc/bird/bird.conf",
    "openbgpd": "etc/bgpd.conf",
    "gobgp": "etc/gobgpd.conf",
}


def made(directory: pathlib.Path, patch: pytest.MonkeyPatch, sites: t.Sequence[str], daemon: str) -> topology.Lab:
    """A lab of these sites, with its keys."""
    source = topology.ROOT
    lab, plan = topology.Lab("x"), sheets.plan(sites, host_router=daemon)
    patch.setattr(topology, "ROOT", directory)
    shell.write(lab.plan_file, plan.text())
    shell.write(directory / "tests/lab/forward.py", (source / "tests/lab/forward.py").read_text(encoding="utf-8"))
    keys.make(lab, plan)
    return lab


def files(lab: topology.Lab, router: str = "host-router") -> dict[str, str]:
    """What its router finds on its disk."""
    machine = lab.plan.machine(router)
    return guests.SETTINGS[machine.services[0]](lab, machine)


def test_every_daemon_has_a_file_here() -> None:
    assert host_daemons.names() == list(FILES)
    assert host_daemons.USUAL == "frr"


@pytest.mark.parametrize("daemon", FILES)
def test_a_router_is_told_of_our_sessions_with_their_passwords(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, daemon: str
) -> None:
    lab = made(tmp_path, monkeypatch, ["xlb"], daemon)
    router = lab.plan.machine("host-router")
    assert router.services == (host_daemons.named(daemon).UNIT,)
    assert daemon == host_daemons.of(router).NAME
    found = files(lab)
    text = found[FILES[daemon]]
    for word in ("64500", "20144", "192.0.2.2", "2001:db8:0:1::2"):
        assert word in text
    assert text.count(keys.read(lab, "bgp_xlb")) == 2
    assert "net.ipv4.ip_forward=1\n" in found["etc/sysctl.d/50-router.conf"]
    assert ("usr/local/lib/lab-forward.py" in found) == (daemon == "gobgp")


def test_bird_tells_other_hosts_all_and_us_nothing(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = made(tmp_path, monkeypatch, ["xlb", "xnf"], "bird")
    text = files(lab)[FILES["bird"]]
    sessions = dict(re.findall(r"neighbor (\S+) as .*?export (.*?); };\n", text, re.DOTALL))
    everything = "where source ~ [ RTS_BGP, RTS_DEVICE ]"
    assert sessions == {
        "192.0.2.2": "none",
        "2001:db8:0:1::2": "none",
        "203.0.113.5": everything,
        "2001:db8:0:3::5": everything,
    }
    assert "protocol direct" in text
    assert keys.read(lab, "bgp_xnf") not in text
    assert text.count("bfd { interval 1000 ms; multiplier 5; }") == 2


def test_bird_tells_a_cluster_a_default_route(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = files(made(tmp_path, monkeypatch, ["xlc"], "bird"))[FILES["bird"]]
    told = re.findall(r"neighbor (\S+) as 20144;.*?export (.*?); };\n", text, re.DOTALL)
    assert dict(told) == {
        **dict.fromkeys(["192.0.2.49", "192.0.2.51"], 'where proto = "default_ipv4"'),
        **dict.fromkeys(["2001:db8:0:22::b", "2001:db8:0:23::b"], 'where proto = "default_ipv6"'),
    }
    assert "route 192.0.2.32/28 via 192.0.2.49 via 192.0.2.51;" in text
    assert "protocol direct" not in text


def test_a_router_without_bfd_has_sheets_without(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = topology.SOURCE
    lab = made(tmp_path, monkeypatch, ["xlb"], "gobgp")
    inventory.write(lab, lab.plan)
    mine, theirs = lab.inventory / "sites/xlb.yml", source / "sites/xlb.yml"
    changed = [
        (ours, other)
        for ours, other in zip(mine.read_text().splitlines(), theirs.read_text().splitlines(), strict=True)
        if ours != other
    ]
    assert changed == [("", "    bfd: {interval_ms: 1000, multiplier: 5}")]
    assert not mine.is_symlink()
    assert "gobgp has no BFD: " in capsys.readouterr().err
    assert all(session.bfd is None for each in lab.plan.appliances for session in each.sessions)
    usual = made(tmp_path / "usual", monkeypatch, ["xlb"], "bird")
    inventory.write(usual, usual.plan)
    assert (usual.inventory / "sites/xlb.yml").is_symlink()


@pytest.mark.parametrize(
    ("sites", "daemon", "said"),
    [
        (["xlb"], "quagga", "HOST_ROUTER=quagga: no such router in the lab, which has frr, bird, openbgpd, gobgp"),
        (
            ["xlb", "xnf"],
            "gobgp",
            "gobgp has no session with another host's router in the lab: take frr, bird, or take",
        ),
        (
            ["xlc"],
            "openbgpd",
            "openbgpd has no default route of its own in the lab: take frr, bird, or leave `inbound`",
        ),
    ],
)
def test_what_a_daemon_does_not_do_is_refused(sites: list[str], daemon: str, said: str) -> None:
    with pytest.raises(shell.LabError, match=re.escape(said)):
        sheets.plan(sites, host_router=daemon)


def test_bfd_that_the_lab_cannot_take_out_is_refused() -> None:
    """In a sheet that has it in one line with other things."""
    plan = sheets.plan(["xlb"])
    with pytest.raises(shell.LabError, match="has no BFD in the lab: take frr, bird, or leave `bfd` out"):
        host_daemons.suffices(host_daemons.named("gobgp"), plan)


BIRD = """BIRD 2.17.6 ready.
Access restricted
Table master6:
2001:500:9f::/48     unicast [with 08:04:02.599] * (100) [AS20144i]
	via 2001:db8::2 on uplink
	Type: BGP univ
	BGP.as_path: 20144
	BGP.next_hop: 2001:db8::2 fe80::1
2001:500:3::/48      unicast [with 08:04:02.599] * (100) [AS20144i]
	BGP.as_path: 20144 20144
	BGP.next_hop: 2001:db8::2
"""


def test_what_bird_holds() -> None:
    bird, asked = host_daemons.named("bird"), []

    def ask(*command: str) -> str:
        asked.append(command[5])
        return BIRD if command[5] == "with_2001_db8__2" else "BIRD 2.17.6 ready.\n"

    held = list(bird.held(ask, [V4, V6]))
    assert [tuple(each) for each in held] == [
        ("2001:500:3::/48", "2001:db8::2", "20144 20144"),
        ("2001:500:9f::/48", "2001:db8::2", "20144"),
    ]
    assert asked == ["with_192_0_2_2", "with_2001_db8__2"]
    with pytest.raises(shell.LabError, match="birdc says nothing of 192"):
        list(bird.held(lambda *_: "", [V4]))


GO_PATH = {
    "neighbor-ip": "192.0.2.2",
    "best": True,
    "attrs": [
        {"type": 1, "value": 0},
        {"type": 2, "as_paths": [{"segment_type": 2, "asns": [20144, 20144]}]},
        {"type": 3, "nexthop": "192.0.2.2"},
    ],
}
GO = json.dumps({"199.7.83.0/24": [{**GO_PATH, "neighbor-ip": "192.0.2.9", "best": False}, GO_PATH]})
OPEN = json.dumps({"rib": [{"prefix": "199.7.83.0/24", "exit_nexthop": "192.0.2.2", "aspath": "20144", "valid": True}]})


@pytest.mark.parametrize(
    ("daemon", "said", "path"), [("gobgp", GO, "20144 20144"), ("openbgpd", OPEN, "20144")]
)  # fmt: skip
def test_what_the_others_hold(daemon: str, said: str, path: str) -> None:
    reader = host_daemons.named(daemon)
    held = list(reader.held(lambda *_: said, [V4]))
    assert [tuple(each) for each in held] == [("199.7.83.0/24", "192.0.2.2", path)]
    assert list(reader.held(lambda *_: "{\n\n}\n", [V4])) == []
    with pytest.raises(json.JSONDecodeError):
        list(reader.held(lambda *_: "", [V4]))


def test_the_kernel_gets_the_best_route() -> None:
    assert forward.ways(GO) == {"199.7.83.0/24": "192.0.2.2"}
    assert forward.ways("{}") == {}
    with pytest.raises(ValueError, match="Expecting value"):
        forward.ways("")


def test_what_is_gone_is_taken_out_of_the_kernel() -> None:
    have = {"a": "1", "b": "2", "c": "3"}
    assert forward.changes(have, {"a": "1", "b": "9", "d": "4"}) == [
        ["route", "del", "c", "proto", "bgp"],
        ["route", "replace", "b", "via", "9", "proto", "bgp"],
        ["route", "replace", "d", "via", "4", "proto", "bgp"],
    ]
    assert forward.changes(have, have) == []


def test_a_way_that_the_kernel_refuses_is_tried_again() -> None:
    """Such as one over a link that is just coming up."""
    wanted = {"192.0.2.0/24": "203.0.113.1", "198.51.100.0/24": "203.0.113.1"}
    have = forward.follow({}, wanted, lambda words: "192.0.2.0/24" not in words)
    assert have == {"198.51.100.0/24": "203.0.113.1"}
    told: list[list[str]] = []
    assert forward.follow(have, wanted, lambda words: not told.append(words)) == wanted  # type: ignore[func-returns-value]
    assert [words[2] for words in told] == ["192.0.2.0/24"]

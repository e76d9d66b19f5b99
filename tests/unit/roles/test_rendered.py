# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What roles `nameserver` and `routing` write. The daemons' own word on it is in tests/daemons."""

from __future__ import annotations

import re

import pytest
from imrs_role_cases import CASES, EVERYBODY, NODE, SECRETS, both
from imrs_role_render import ROLES, ROOT, STORED, bundle, files, stored, tree

RENEW = "run tests/unit/roles/imrs_role_render.py, and read the difference"
OTHER = {"knot": "nsd", "nsd": "knot", "bird": "frr", "frr": "bird"}
by_provider = pytest.mark.parametrize("provider", EVERYBODY)


@pytest.mark.parametrize("case", CASES)
def test_the_stored_files_are_what_the_roles_render(case: str) -> None:
    wanted = tree(case)
    kept = {str(path.relative_to(STORED / case)): path for path in stored() if path.is_relative_to(STORED / case)}
    assert set(kept) == set(wanted), RENEW
    for name, path in kept.items():
        assert path.read_text(encoding="utf-8") == wanted[name], f"{path}: {RENEW}"


def test_no_other_files_are_stored() -> None:
    assert {path.relative_to(STORED).parts[0] for path in stored()} == set(CASES), RENEW


@by_provider
def test_what_holds_a_secret_is_marked_and_closed(provider: str) -> None:
    for case, (providers, node) in CASES.items():
        if provider not in providers:
            continue
        texts = files(ROLES[provider], provider, node)
        for item in bundle(ROLES[provider], provider, node)["files"]:
            text = texts[item["dest"].lstrip("/")]
            if any(secret in text for secret in SECRETS.values()):
                assert (item.get("secret"), item.get("mode")) == (True, "0640"), f"{case}: {item['dest']}"


def test_secrets_come_through_one_door() -> None:
    for role in set(ROLES.values()):
        for path in (ROOT / f"roles/{role}/templates").rglob("*.j2"):
            assert set(re.findall(r"lookup\('([^']+)'", path.read_text(encoding="utf-8"))) <= {"icann.imrs.secret"}, (
                path
            )


@by_provider
def test_only_one_provider_runs(provider: str) -> None:
    role, own, other = ROLES[provider], f"{provider}.service", f"{OTHER[provider]}.service"
    ensured = {
        item["unit"]: (item["enabled"], item["started"])
        for item in bundle(role, provider, CASES["plain"][1])["ensure"]
        if item["unit"] in (own, other)
    }
    assert ensured == {other: (False, False), own: (True, True)}
    assert list(ensured) == [other, own], "the other one ends first"
    drop_in = files(role, provider, CASES["plain"][1])[f"etc/systemd/system/{own}.d/10-imrs.conf"]
    # With an order between the two, systemd stops the one before it starts the other (systemd.unit(5), Before=).
    assert re.search(rf"(?m)^Conflicts={other}$", drop_in)
    assert re.search(rf"(?m)^(Before|After)={other}$", drop_in)
    node = CASES["plain"][1]
    assert bundle(role, provider, node)["name"] == bundle(role, OTHER[provider], node)["name"], (
        "or its files would stay"
    )


@pytest.mark.parametrize("case", [case for case, (providers, _node) in CASES.items() if "nsd" in providers])
def test_nsd_verifies_files_as_it_verifies_transfers(case: str) -> None:
    texts = files("nameserver", "nsd", CASES[case][1])
    zones = texts["etc/nsd/nsd.conf.d/zones.conf"].split("\nzone:\n")[1:]
    transferred = {}
    for zone in zones:
        file = re.search(r'zonefile: "(.+)"', zone)
        verifier = re.search(r"verifier: (.+)", zone)
        assert file is not None
        assert (verifier is None) == ("verify-zone: no" in zone)
        if verifier:
            transferred[file[1]] = verifier[1]
    drop_in = texts["etc/systemd/system/nsd.service.d/20-verify.conf"]
    found = dict(re.findall(r"\[ ! -e /var/lib/nsd/(\S+) \] \|\| (.+?) /var/lib/nsd/\1 \|\| mv", drop_in)[:])
    assert found == transferred
    assert len(found) == drop_in.count("ExecStartPre=")


def test_every_kind_of_zone_is_verified_as_far_as_it_can_be() -> None:
    text = files("nameserver", "nsd", CASES["options"][1])["etc/nsd/nsd.conf.d/zones.conf"]
    assert "verifier: /usr/bin/ldns-verify-zone -k /etc/nsd/trust-anchors\n" in text  # signed, no ZONEMD
    assert "verifier: /usr/bin/ldns-verify-zone -Z\n" in text  # ZONEMD, not signed
    assert text.count("verify-zone: no\n") == 1  # neither
    plain = files("nameserver", "nsd", CASES["plain"][1])["etc/nsd/nsd.conf.d/zones.conf"]
    assert "verifier: /usr/bin/ldns-verify-zone -ZZ -k /etc/nsd/trust-anchors\n" in plain
    assert "verifier: /usr/bin/ldns-verify-zone -ZZ\n" in plain  # the anchors are the root's


LIMITS = {
    "both": ({"nameserver_tcp_time_limit": 8000}, ["rate-limit: 400", "time-rate-limit: 8000"]),
    "none over TCP, which Knot would set itself": ({}, ["rate-limit: 400", "time-rate-limit: 0"]),
    "over TCP only": (
        {"nameserver_rate_limit": 0, "nameserver_tcp_time_limit": 8000},
        ["rate-limit: 0", "time-rate-limit: 8000"],
    ),
    "none": ({"nameserver_rate_limit": 0}, []),
    "Knot 3.2, which knows one": ({"nameserver_tcp_time_limit": None}, ["rate-limit: 400"]),
    "Knot 3.2, none": ({"nameserver_rate_limit": 0, "nameserver_tcp_time_limit": None}, []),
}
"""What is wanted of Knot, and what it is told."""


@pytest.mark.parametrize("wanted", LIMITS)
def test_knot_limits_what_it_is_told_to(wanted: str) -> None:
    variables, told = LIMITS[wanted]
    texts = files("nameserver", "knot", {**CASES["plain"][1], **variables})
    assert re.findall(r"(?m)^ +((?:time-)?rate-limit: \d+)$", texts["etc/knot/answers.conf"]) == told
    assert ("global-module: mod-rrl/imrs" in texts["etc/knot/zones.conf"]) == bool(told)


def test_frr_checks_its_file_without_applying_it() -> None:
    commands = [command for command in bundle("routing", "frr", CASES["plain"][1])["check"] if "vtysh" in command]
    assert commands == ["vtysh -C -f {staged}/etc/frr/frr.conf"]


@pytest.mark.parametrize(("hops", "bfd", "told"), [(2, True, 2), (3, True, 255), (255, True, 255), (3, False, 3)])
def test_frr_lets_bfd_in_from_any_number_of_hops(hops: int, bfd: bool, told: int) -> None:
    """A profile's minimum-ttl counts for it only where the session's own is the default, 254: that of two hops."""
    timers = {"interval_ms": 300, "multiplier": 3} if bfd else None
    peers = both(multihop=hops, bfd=timers)
    text = files("routing", "frr", {"imrs_peers": peers})["etc/frr/frr.conf"]
    assert re.findall(r"ebgp-multihop (\d+)\n", text) == [str(told)] * 2


@pytest.mark.parametrize("case", [case for case, (providers, _node) in CASES.items() if "bird" in providers])
def test_nothing_leaves_bird_that_is_not_from_the_gate(case: str) -> None:
    texts = files("routing", "bird", CASES[case][1])
    text, policy = texts["etc/bird/bird.conf"], texts["etc/bird/policy.conf"]
    names = [peer["name"] for peer in CASES[case][1]["imrs_peers"]]
    marks = [peer["mark"].replace(":", ",") for peer in CASES[case][1]["imrs_peers"]]
    members = CASES[case][1].get("imrs_members", [])
    inside = [f"members_{member['family']}" for member in members]
    gate = ["gate_ipv4", "gate_ipv6"] if members else []
    assert re.findall(r"export filter (\w+)_out;", text) == gate + names + inside
    assert names == re.findall(r"(?m)^protocol bgp (as\w+)", text)
    guarded = re.findall(
        r"(?m)^filter (\w+)_out\n\{\n(?:  #.*\n)*"
        r'  if proto != "gate" \|\| ! is_imrs_ipv[46]\(\) \|\| ! \(\(([\d,]+)\) ~ bgp_large_community\) then reject;\n'
        r"  unset\(bgp_large_community\);",
        policy,
    )
    assert guarded == list(zip(names, marks, strict=True))
    assert sorted({*gate, *inside, *names}) == sorted(re.findall(r"filter (\w+)_out\b", policy))
    # a filter and a limit each; the gate's two; the kernel's two
    assert text.count("export ") == 2 * len(names + members) + 2 + 2


def test_a_router_tells_its_nodes_and_its_gate_no_more_than_they_need() -> None:
    policy = files("routing", "bird", CASES["router"][1])["etc/bird/policy.conf"]
    inner = dict(re.findall(r"(?m)^filter (\w+)_out\n\{\n((?:  .*\n)+)\}", policy))
    for family, everywhere in (("ipv4", "0.0.0.0/0"), ("ipv6", "::/0")):
        accepted = re.findall(r'if proto = "(\w+)" then accept;', inner[f"gate_{family}"])
        assert accepted == [f"xlc01_{family}", f"xlc02_{family}"]
        assert re.findall(r"if (.*) then \{", inner[f"members_{family}"]) == [
            f'proto = "as64500_{family}_1" && net = {everywhere}'
        ]
        assert [inner[f"{name}_{family}"].count("accept;") for name in ("gate", "members")] == [2, 1]
        assert all(inner[f"{name}_{family}"].endswith("  reject;\n") for name in ("gate", "members"))
    text = files("routing", "frr", CASES["router"][1])["etc/frr/frr.conf"]
    for family, ip in (("ipv4", "ip"), ("ipv6", "ipv6")):
        for name, only in ((f"members_{family}", f"default_{family}"), (f"gate_{family}", f"imrs_{family}")):
            (block,) = re.findall(rf"(?m)^route-map {name}_out permit \d+\n((?: .*\n)+)exit", text)
            assert f" match {ip} address prefix-list {only}\n" in block
            assert ("match tag 1\n" in block) == name.startswith("gate")


@pytest.mark.parametrize("case", [case for case, (providers, _node) in CASES.items() if "frr" in providers])
def test_nothing_leaves_frr_without_the_mark_of_its_session(case: str) -> None:
    text = files("routing", "frr", CASES[case][1])["etc/frr/frr.conf"]
    for peer in CASES[case][1]["imrs_peers"]:
        assert f"standard mark_{peer['name']} seq 10 permit {peer['mark']}\n" in text
        blocks = re.findall(rf"(?m)^route-map {peer['name']}_out permit \d+\n((?: .*\n)+)exit", text)
        assert len(blocks) == 2
        for block in blocks:
            assert f" match large-community mark_{peer['name']}\n" in block
            assert re.search(r" set large-community (?!.*additive)", block), "a mark would leave the node"


@pytest.mark.parametrize(("cores", "workers"), [(1, 1), (4, 1), (64, 61), (1024, 255)])
def test_workers_follow_the_cores_as_far_as_knot_has_them(cores: int, workers: int) -> None:
    """``udp-workers`` of Knot is from 1 to 255, and sheets may say 1024 cores."""
    node = CASES["plain"][1]
    rendered = files("nameserver", "knot", {**node, "imrs_profile": {**NODE["imrs_profile"], "cores": cores}})
    assert f"    udp-workers: {workers}\n" in rendered["etc/knot/knot.conf"]

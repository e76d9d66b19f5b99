# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host sheet says what is agreed on and what is true, in every state."""

from __future__ import annotations

import itertools
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._documents import host_sheet, ports
from site_records import Record, cluster, judged, node, onboarding, record, report, session, sheet

DEPLOYED = "The instance was deployed successfully; the host was notified on 2026-01-08."
LATER = "Due after a successful deployment: installed and tested, and the host notified."
GONE = {"date": "2026-05-01", "by": "DNS Engineering", "reason": "Host moved out"}


def cells(made: Record, label: str) -> list[str]:
    """One row of the first table of sessions."""
    rows = host_sheet.page(made)["neighbours"][0]["rows"]
    return next([cell["text"] for cell in row["cells"]] for row in rows if row["label"] == label)


@pytest.mark.parametrize(
    ("changes", "announces", "planned"),
    [
        ({}, "all 5 prefixes", "live"),
        ({"state": "drained", "mode": "drained"}, "the 2 covering prefixes", "drained"),
        ({"state": "dark", "mode": "dark"}, "nothing", "dark"),
        ({"state": "onboarding", "mode": "dark", "onboarding": onboarding(4)}, "nothing", "dark"),
        (
            {"state": "onboarding", "mode": "live", "onboarding": onboarding(6)},
            "all 5 prefixes, once it has passed its tests",
            "live",
        ),
        ({"state": "suspended", "mode": "dark", "operational": False}, "nothing", "dark"),
        ({"state": "decommissioned", "mode": "dark", "decommissioned": GONE}, "nothing", "dark"),
    ],
)
def test_it_says_what_is_planned(changes: Record, announces: str, planned: str) -> None:
    page = host_sheet.page(record(**changes))
    assert page["announces"] == announces
    assert [mode["mode"] for mode in page["modes"] if mode["planned"]] == [planned]


def test_each_mode_announces_what_the_policy_says() -> None:
    announced = {mode["mode"]: set(mode["announced"]) for mode in host_sheet.page(record())["modes"]}
    assert announced["dark"] == set()
    assert announced["drained"] == {"199.7.82.0/23", "2001:500:9e::/47"}
    assert announced["live"] == announced["drained"] | {"199.7.83.0/24", "2001:500:9f::/48", "2001:500:3::/48"}


def test_the_prefixes_can_be_copied_as_they_are() -> None:
    page = host_sheet.page(record())
    assert page["prefix_text"].splitlines() == [
        "199.7.82.0/23",
        "199.7.83.0/24",
        "2001:500:9e::/47",
        "2001:500:9f::/48",
        "2001:500:3::/48",
    ]
    assert f"<code>{page['prefix_text']}</code>" in sheet(record())[0]


@pytest.mark.parametrize(
    ("changes", "title", "first"),
    [
        ({}, None, "glance"),
        ({"state": "drained", "mode": "drained"}, "Planned: drained for maintenance", "glance"),
        ({"state": "suspended"}, "Suspended: not to be part of the service now", "glance"),
        ({"state": "decommissioned", "decommissioned": GONE}, "Decommissioned on 2026-05-01", "removal"),
        ({"state": "onboarding", "onboarding": onboarding(4)}, "Next: step 5 of 8, Appliance purchased", "glance"),
    ],
)
def test_what_is_unusual_stands_on_top(changes: Record, title: str | None, first: str) -> None:
    page = host_sheet.page(record(**changes))
    assert (page["notice"] or {}).get("title") == title
    assert page["sections"][0]["id"] == first
    if title:
        page_, markdown = sheet(record(**changes))
        assert page_.index(title) < page_.index("<h2")
        assert markdown.index(title) < markdown.index("\n## ")


def test_a_host_on_its_way_reads_first_what_is_next_and_who_acts() -> None:
    made = record(state="onboarding", onboarding=onboarding(4))
    page = host_sheet.page(made)
    assert [section["id"] for section in page["sections"]][:2] == ["glance", "onboarding"]
    assert [step["status"] for step in page["onboarding"]["steps"]] == ["done"] * 4 + ["next"] + ["open"] * 3
    for text in sheet(made):
        assert "Next: Appliance purchased. Who acts: host." in text


def test_a_host_that_left_reads_what_to_take_away() -> None:
    made = record(state="decommissioned", decommissioned=GONE)
    for text in sheet(made):
        assert "What to take away" in text
        assert "192.0.2.2" in text
        assert "Configuration for your router" not in text
        assert "dig @" not in text


@pytest.mark.parametrize(
    ("money", "said"),
    [
        ({"programme": "africa_phase_2", "usd": 6000, "due": True, "reason": ""}, f"USD 6,000 due. {DEPLOYED}"),
        ({"programme": "africa_phase_2", "usd": 500, "due": False, "reason": ""}, f"USD 500 not due yet. {LATER}"),
    ],
)
def test_funding_is_told(money: Record, said: str) -> None:
    interest = {"date": "2025-11-03", "programme": "africa_phase_2", "funding_usd": money["usd"]}
    made = record(onboarding=onboarding(expression_of_interest=interest, reimbursement=money))
    facts = dict(host_sheet.page(made)["onboarding"]["facts"])
    assert facts["Reimbursement"] == said
    assert facts["Expression of interest"] == f"2025-11-03 under Africa phase 2, USD {money['usd']:,} asked for"


@pytest.mark.parametrize(
    ("operational", "said"),
    [
        (True, "not possible yet. Onboarding step 5 comes first: Appliance purchased (host)."),
        (False, "not possible yet. The instance is not operational."),
    ],
)
def test_why_the_appliance_may_not_be_installed_yet(operational: bool, said: str) -> None:
    refused = {"allowed": False, "reason": "A reason in English.", "override": ""}
    made = record(state="onboarding", operational=operational, onboarding=onboarding(4, provisioning=refused))
    assert dict(host_sheet.page(made)["onboarding"]["facts"])["Installation"] == said


def test_nothing_is_due_to_a_host_that_left() -> None:
    money = {"programme": "africa_phase_2", "usd": 6000, "due": False, "reason": "The instance is decommissioned."}
    made = record(state="decommissioned", decommissioned=GONE, onboarding=onboarding(reimbursement=money))
    assert dict(host_sheet.page(made)["onboarding"]["facts"])["Reimbursement"].startswith("none due.")


@pytest.mark.parametrize(
    ("changes", "label", "said"),
    [
        ({}, "MD5 password", "yes; it is exchanged"),
        ({"md5": False}, "MD5 password", "no"),
        ({}, "TTL", "255 in both directions (GTSM, RFC 5082)"),
        ({"multihop": 3, "link": None}, "TTL", "multihop, at most 3 hops"),
        ({"multihop": 3, "link": None}, "Link", "routed, not on a common link"),
        ({}, "BFD", "no"),
        ({"bfd": {"interval_ms": 300, "multiplier": 3}}, "BFD", "300 ms, 3 times"),
        ({"hold_time": 30, "keepalive_time": 10}, "Hold time, keepalive", "30 s, 10 s"),
        ({}, "We take from you", "nothing"),
        ({"inbound": "default", "max_prefix": 1}, "We take from you", "the default route"),
        ({"inbound": "all", "max_prefix": 120000}, "We take from you", "your table, at most 120,000 prefixes"),
        (
            {"inbound": "all", "max_prefix": 5000, "route_server": True},
            "We take from you",
            "your table, at most 5,000 prefixes; paths begin with the AS of a member (route server)",
        ),
        ({}, "On specific prefixes", "nothing added"),
        (
            {"communities": ["64500:1"], "large_communities": ["64500:1:2"], "no_export": True, "prepend": 2},
            "On specific prefixes",
            "communities 64500:1 and 64500:1:2; NO_EXPORT; AS20144 prepended 2 times",
        ),
    ],
)
def test_what_is_agreed_on_for_a_session(changes: Record, label: str, said: str) -> None:
    assert cells(record(sessions=[session(**changes)]), label)[0].startswith(said)


def test_cells_that_say_the_same_are_one() -> None:
    made = record(sessions=[session("ipv4"), session("ipv6", md5=False)])
    assert len(cells(made, "TTL")) == 1
    assert len(cells(made, "MD5 password")) == 2
    assert cells(made, "You accept at most") == ["2 prefixes", "3 prefixes"]
    assert '<td colspan="2">255 in both' in sheet(made)[0]


def test_registry_lines_name_every_prefix_and_the_hosts_own_as() -> None:
    lines = host_sheet.page(record())["registries"]
    assert "aut-num:        AS64500" in lines["policy"]
    assert "accept {199.7.82.0/23, 199.7.83.0/24}" in lines["policy"]
    assert "announce NOT ANY" in lines["policy"]
    assert lines["routes"].count("origin:         AS20144\nsource:         RIPE") == 5
    assert "source:" not in host_sheet.page(record(irr=None))["registries"]["routes"]
    taken = host_sheet.page(record(sessions=[session(inbound="default", max_prefix=1)]))["registries"]["policy"]
    assert "mp-export:      afi ipv6.unicast to AS20144 announce {::/0}" in taken


def rows(made: Record, protocol: str, port: str) -> list[Record]:
    return [row for row in ports.table(made) if row["protocol"] == protocol and row["port"] == port]


def test_signed_time_takes_a_port_more() -> None:
    for signed in (False, True):
        made = record(time_signed=signed)
        assert len(rows(made, "UDP", "123")) == 1
        assert len(rows(made, "TCP", "4460")) == signed


def test_a_log_that_is_sent_takes_a_port_more() -> None:
    server = {"name": "log.imrs.example", "addresses": ["198.51.100.177"], "port": 19532, "certificates": []}
    assert rows(record(), "TCP", "19532") == []
    (row,) = rows(record(log_server=server), "TCP", "19532")
    assert (row["direction"], row["from"], row["to"]) == ("out", [ports.UPLINK], ["198.51.100.177"])


def test_ports_in_both_directions() -> None:
    made = record()
    assert [(row["direction"], row["from"], row["to"]) for row in rows(made, "UDP, TCP", "53")] == [
        ("in", ["anywhere"], [ports.SERVICE]),
        ("in", [ports.MASTERS], [ports.UPLINK]),
        ("out", [ports.UPLINK], ["anywhere"]),
    ]
    assert rows(made, "TCP, UDP", "53")[0]["to"] == [ports.MASTERS]
    assert rows(made, "TCP", "179")[0]["direction"] == "both"
    assert rows(made, "TCP", "22")[0]["from"] == [ports.OPERATORS]
    assert rows(made, "TCP", "22, 443")[0]["to"] == [ports.CONSOLE]
    assert ports.groups(made)[ports.YOURS] == ["192.0.2.1", "2001:db8:1::1"]
    assert not rows(made, "UDP", "3784, 3785")
    assert not rows(made, "UDP", "4784")


def test_ports_follow_what_is_used() -> None:
    bfd = {"interval_ms": 300, "multiplier": 3}
    near, far = session(bfd=bfd), session("ipv6", bfd=bfd, multihop=2)
    made = record(sessions=[near, far], nodes=[node(bmc="")])
    assert rows(made, "UDP", "3784, 3785")[0]["from"] == ["192.0.2.1"]
    assert rows(made, "UDP", "4784")[0]["to"] == ["2001:db8:1::2"]
    assert not rows(made, "TCP", "22, 443")
    assert ports.CONSOLE not in ports.groups(made)
    both = record(sessions=[near, session("ipv6", bfd=bfd)])
    assert rows(both, "UDP", "3784, 3785")[0]["from"] == [ports.YOURS]
    third = {"name": "dist3", "addresses": ["203.0.113.9"], "port": 5353, "tls": None}
    moved = record(masters=[*record()["masters"][:1], third])
    assert rows(moved, "TCP, UDP", "5353")[0]["to"] == ["203.0.113.9"]


def test_who_transfers_over_tls_has_a_port_more() -> None:
    first, second = record()["masters"]
    tls = {"name": "dist1.example", "port": 853, "certificates": [], "pins": []}
    some = record(masters=[{**first, "tls": tls}, second])
    assert [row["to"] for row in rows(some, "TCP", "853")] == [first["addresses"]]
    assert rows(some, "TCP", "853")[0]["why"].startswith("Zone transfers over TLS from dist1, ")
    plain, asked = rows(some, "TCP, UDP", "53")
    assert (plain["to"], plain["why"].split(",")[0]) == (second["addresses"], "Zone transfers from dist2")
    assert (asked["to"], asked["why"].split(",")[0]) == (first["addresses"], "Questions for new zones to dist1")
    every = record(masters=[{**each, "tls": tls} for each in (first, second)])
    assert rows(every, "TCP", "853")[0]["to"] == [ports.MASTERS]
    assert rows(every, "TCP, UDP", "53")[0]["why"].startswith("Questions for new zones to dist1 and dist2, ")


def test_every_group_of_the_table_has_its_addresses() -> None:
    for made in (record(), cluster()):
        used = {name for row in ports.table(made) for key in ("from", "to") for name in row[key]}
        assert used - set(ports.groups(made)) <= {ports.ANYWHERE, ports.EVERY}


def drawing(**changes: t.Any) -> Record:
    return host_sheet.page(record(nodes=[node(**changes)]))["drawings"][0]


def uplink(**changes: t.Any) -> Record:
    return node()["uplink"] | changes


BOND = {"name": "bond0", "members": ["eno2", "eno3"], "mode": "802.3ad"}


@pytest.mark.parametrize(
    ("changes", "plugged", "said"),
    [
        ({}, ["iDRAC", "eno1", "eno2"], "untagged"),
        (
            {"uplink": uplink(interface="bond0", bond=BOND)},
            ["iDRAC", "eno1", "eno2", "eno3"],
            "bond of eno2 and eno3, 802.3ad",
        ),
        (
            {"uplink": uplink(interface="vlan120", vlan={"id": 120, "parent": "eno3"})},
            ["iDRAC", "eno1", "eno3"],
            "VLAN 120, tagged",
        ),
        ({"uplink": uplink(interface="uplink")}, ["iDRAC", "eno1", "eno2"], "MTU 1500"),
    ],
)
def test_the_cabling_shows_what_is_plugged_where(changes: Record, plugged: list[str], said: str) -> None:
    made = drawing(**changes)
    assert [row["port"] for row in made["rows"] if row["used"]] == plugged
    assert sorted(leader["row"]["port"] for leader in made["leaders"]) == sorted(plugged)
    assert any(said in row["details"] for row in made["rows"] if row["role"] == "uplink")
    assert all(port in made["alternative"] for port in plugged)


@pytest.mark.parametrize("ports_", [1, 3, 8, 12])
@pytest.mark.parametrize("supplies", [1, 2, 4])
def test_the_drawing_stays_inside_its_frame_and_no_cables_cross(ports_: int, supplies: int) -> None:
    profile = node()["profile"] | {
        "power_supplies": supplies,
        "ports": [{"port": f"eno{n}", "role": "uplink", "medium": "1000BASE-T"} for n in range(ports_)],
    }
    members = [f"eno{n}" for n in range(ports_)]
    made = drawing(profile=profile, uplink=uplink(interface="bond0", bond={**BOND, "members": members}))
    boxes = [*made["sockets"], *made["supplies"], *made["feeds"]]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= made["width"] for box in boxes)
    assert all(leader["y"] + 18 <= made["height"] for leader in made["leaders"])
    ends = [(socket["x"], socket["x"] + socket["width"]) for socket in [*made["sockets"], *made["supplies"]]]
    assert all(left[1] <= right[0] for left, right in itertools.pairwise(ends))
    across = [next(s["center"] for s in made["sockets"] if s["row"] is leader["row"]) for leader in made["leaders"]]
    assert across == sorted(across, reverse=True), "the rightmost port has the topmost line"
    assert {cord["feed"] for cord in made["cords"]} == ({"A"} if supplies == 1 else {"A", "B"})


def test_a_cluster_shows_its_routers_its_servers_and_what_stays() -> None:
    page = host_sheet.page(cluster())
    assert page["cluster"]["minimum"] == "At least 1 of 2 servers stays live, whatever we do."
    assert page["cluster"]["uplink"] == "10 Gbit/s"
    assert [drawing["node"] for drawing in page["drawings"]] == ["nbo01", "nbo02"]
    assert page["checking"]["names"] == ["nbo01.l.root-servers.org", "nbo02.l.root-servers.org"]
    for text in sheet(cluster()):
        assert "nbo-r1" in text
        assert "198.51.100.193/31" in text


def test_an_acceptance_is_told_in_words() -> None:
    page = host_sheet.page(record(), judged(report(), report("lim01", stage="drained")))
    told = page["acceptance"][0]
    assert (told["verdict"], told["tone"]) == ("Accepted for stage Live", "good")
    assert told["summary"] == "44 of 44 checks passed, 1 skipped"
    assert told["when"] == "2026-04-05 06:07 UTC"


def test_a_failed_acceptance_names_the_checks() -> None:
    failed = {
        "id": "DN-26",
        "title": "NSID is the name of the node",
        "message": "no NSID",
        "severity": "F",
        "status": "fail",
    }
    warned = {"id": "MM-03", "title": "Load time", "message": "not seen", "severity": "W", "status": "error"}
    made = report(
        certifiable=False, counts={"pass": 42, "fail": 1, "error": 1}, results=[failed, warned], reasons=["DN-26"]
    )
    told = host_sheet.page(record(), judged(made))["acceptance"][0]
    assert (told["verdict"], told["tone"]) == ("Not accepted for stage Live", "bad")
    assert told["summary"] == "42 of 44 checks passed"
    assert [check["kind"] for check in told["failed"]] == [
        "failed",
        "could not be judged (a warning, which does not stop the node)",
    ]
    for text in sheet(record(), made):
        assert "NSID is the name of the node" in text
        assert "no NSID" in text


def test_what_a_check_saw_is_told_without_addresses_that_strangers_need_not_know() -> None:
    saw = "199.7.83.42 udp: timeout; master 203.0.113.1: BADKEY"
    failed = {"id": "DN-01", "title": "SOA", "message": saw, "severity": "F", "status": "fail"}
    why = "it cannot be reached (ssh: connect to host 198.51.100.99 port 22: No route to host)"
    for results in ([failed], []):
        made = report(certifiable=False, counts={"fail": 1}, results=results, reasons=[why])
        for text in sheet(record(), made):
            assert ("199.7.83.42 udp: timeout" in text) == bool(results)
            assert "198.51.100.99" not in text
            assert "203.0.113.1: BADKEY" not in text


def test_a_run_without_a_verdict_is_told_as_that() -> None:
    made = report(status="not_reached", verdict="Not reached", certifiable=False, counts={})
    told = host_sheet.page(record(), judged(made))["acceptance"][0]
    assert (told["verdict"], told["tone"], told["summary"]) == ("Not reached by the latest run", "bad", "")
    for text in sheet(record(), made):
        assert "Not reached by the latest run" in text
    assert host_sheet.page(record(), judged(report(counts={})))["acceptance"][0]["summary"] == "No check was judged"


@pytest.mark.parametrize("reports", [[], [report("lim01")]])
def test_without_a_report_it_is_not_tested_yet(reports: list[Record]) -> None:
    assert host_sheet.page(record(), judged(*reports))["acceptance"][0]["verdict"] == "Not tested yet"
    for text in sheet(record(), *reports):
        assert "Not tested yet" in text


def test_a_long_name_of_a_port_is_cut_in_the_picture_and_whole_in_the_table() -> None:
    names = [f"Slot 3 / Port {number} (25GBASE-SR)" for number in range(6)]
    profile = node()["profile"] | {"ports": [{"port": each, "role": "uplink", "medium": "fibre"} for each in names]}
    alone = drawing(profile=profile, uplink=uplink(interface=names[0]))
    crowded = drawing(profile=profile, uplink=uplink(interface="bond0", bond={**BOND, "members": names}))
    assert [leader["label"] for leader in alone["leaders"]] == [f"{names[0]}: uplink"]
    first, *others = crowded["leaders"]
    assert first["label"].endswith("…"), "the rightmost port has the least room"
    assert not others[-1]["label"].endswith("…")
    assert [row["port"] for row in crowded["rows"]] == names

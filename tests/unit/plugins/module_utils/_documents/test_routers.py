# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's router configuration: golden texts, and what must hold of every system's text for any sessions.

The golden texts are what a host would paste; tests/daemons has FRR, BIRD and OpenBGPD read theirs.
"""

from __future__ import annotations

import copy
import dataclasses
import re
import sys
import typing as t

import jinja2
import pytest
from ansible_collections.icann.imrs.plugins.module_utils._documents import router_view, routers
from ansible_collections.icann.imrs.plugins.plugin_utils import fleet_files
from hypothesis import given, settings
from hypothesis import strategies as st
from router_records import CLUSTER, DISTANT, GOLDEN, NETWORKS, RECORDS, ROOT, SINGLE, environment, record, session
from router_statements import STATEMENTS, commands, said

if t.TYPE_CHECKING:
    from ansible_collections.icann.imrs.plugins.module_utils._site.session import HostSession

KEYS = ["ios_xe", "ios_xr", "nx_os", "junos", "eos", "sr_os", "vrp", "routeros", "frr", "bird", "openbgpd"]
WIDER = re.compile(r"\b(le|ge|orlonger|longer|upto|through|or-longer|less-equal|greater-equal|prefix-length-range)\b")
PREFIX = re.compile(r"[0-9a-f:.]*[0-9a-f:]/\d{1,3}\b")
ENVIRONMENT = environment()


def changed(site: dict[str, t.Any], **options: t.Any) -> dict[str, t.Any]:
    """A record with other options in all its sessions."""
    return site | {"sessions": [dataclasses.replace(one, **options) for one in site["sessions"]]}


def check(site: dict[str, t.Any]) -> None:
    """What must hold of every system's text, whatever the sessions are."""
    hosts = router_view.host_routers(site)
    addresses = {end for one in site["sessions"] for end in (one.address, one.local_address)}
    allowed = {*NETWORKS, "0.0.0.0/0", "::/0"} | {f"{each}/{128 if ':' in each else 32}" for each in addresses}
    for configuration in routers.configurations(site, ENVIRONMENT):
        key = configuration.key
        assert len(configuration.parts) == len(hosts)
        for host, (title, text) in zip(hosts, configuration.parts, strict=True):
            lines = commands(configuration, text)
            body = "\n".join(lines)
            assert title == f"{host.description}, AS{host.asn}"
            assert not WIDER.search(text), f"{key}: not an exact match"
            assert {found for line in lines for found in PREFIX.findall(line)} <= allowed | {"0/0"}, key
            for family in host.families:
                for prefix in family.prefixes:
                    spelt = f"{prefix.address} {prefix.length}" if key == "vrp" else prefix.network
                    assert spelt in body, f"{key}: {prefix.network} is not accepted"
            assert "20144" in body
            assert ("<the-agreed-MD5-password>" in body) == host.passwords
            for one in host.sessions:
                mine = said(key, lines, one)
                assert one.neighbor in body, f"{key}: {one.neighbor} is missing"
                assert one.local in text
                for subject, form in STATEMENTS[key].items():
                    wanted = {"md5": one.md5, "gtsm": one.gtsm, "multihop": one.multihop, "bfd": one.bfd}.get(
                        subject, 1
                    )
                    if form is None:
                        continue
                    if wanted:
                        fields = {name: getattr(one, name) for name in dir(one) if not name.startswith("_")}
                        assert form.format(**fields) in mine, f"{key}: {subject} of {one.name} in\n{mine}"
                    else:
                        assert form.partition("{")[0] not in mine, f"{key}: {subject} of {one.name} in\n{mine}"


@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.parametrize("key", KEYS)
def test_golden(name: str, key: str) -> None:
    """A change here is a change for hosts: read it, then have router_records.py write the texts anew."""
    text = next(each.text for each in routers.configurations(RECORDS[name], ENVIRONMENT) if each.key == key)
    assert text == (GOLDEN / name / f"{key}.txt").read_text(encoding="utf-8")


def test_no_golden_text_is_left_over() -> None:
    assert {path.relative_to(GOLDEN).as_posix() for path in GOLDEN.rglob("*.*")} == {
        f"{name}/{key}.txt" for name in RECORDS for key in KEYS
    }


def test_the_systems_are_those_of_the_page() -> None:
    assert [system.key for system in routers.ROUTERS] == KEYS
    assert list(STATEMENTS) == KEYS
    assert [each.title for each in routers.configurations(SINGLE, ENVIRONMENT)] == [
        system.title for system in routers.ROUTERS
    ]


@pytest.mark.parametrize("name", RECORDS)
def test_what_must_hold(name: str) -> None:
    check(RECORDS[name])


def test_what_must_hold_of_every_site_of_the_example_fleet() -> None:
    fleet = fleet_files.read(ROOT / "inventories/example/imrs.yml")
    assert len(fleet.sites) >= 24
    for site in fleet.sites:
        check(site)


def sessions() -> st.SearchStrategy[list[HostSession]]:
    """Sessions of one to three routers, both families each, with everything that can be agreed on."""
    direct = st.fixed_dictionaries({"multihop": st.none()})
    far = st.fixed_dictionaries({"multihop": st.integers(2, 5), "link": st.none()})
    hold = st.integers(3, 240).flatmap(
        lambda hold: st.fixed_dictionaries({"hold_time": st.just(hold), "keepalive_time": st.integers(1, hold - 1)})
    )
    bfd = st.none() | st.fixed_dictionaries({"interval_ms": st.integers(50, 1000), "multiplier": st.integers(3, 9)})
    inbound = st.sampled_from(
        [{"inbound": "none"}, {"inbound": "default", "max_prefix": 1}, {"inbound": "all", "max_prefix": 9000}]
    )
    rest = st.fixed_dictionaries(
        {
            "asn": st.sampled_from([64496, 64511, 65536, 65551]),
            "md5": st.booleans(),
            "bfd": bfd,
            "no_export": st.booleans(),
            "prepend": st.integers(0, 5),
            "communities": st.lists(st.just("64500:1"), max_size=1),
            "description": st.text(max_size=70),
        }
    )
    peer = st.tuples(direct | far, hold, inbound, rest).map(
        lambda parts: {k: v for part in parts for k, v in part.items()}
    )
    return st.lists(peer, min_size=1, max_size=3).map(
        lambda peers: [
            session(family, host.format(number), our.format(number), **peer)
            for number, peer in enumerate(peers, 1)
            for family, host, our in (
                ("ipv4", "192.0.2.{}1", "192.0.2.{}2"),
                ("ipv6", "2001:db8:{}::1", "2001:db8:{}::2"),
            )
        ]
    )


@settings(max_examples=40, deadline=None)
@given(agreed=sessions())
def test_what_must_hold_of_any_sessions(agreed: list[HostSession]) -> None:
    check(record("nbo", "Nairobi", "KE", agreed))


def spoilt(key: str, old: str, new: str) -> jinja2.Environment:
    """The templates with one of them altered."""
    source, *_ = t.cast("jinja2.BaseLoader", ENVIRONMENT.loader).get_source(ENVIRONMENT, f"routers/{key}.j2")
    assert old in source
    wrong = jinja2.DictLoader({f"routers/{key}.j2": source.replace(old, new)})
    return routers.environment(jinja2.ChoiceLoader([wrong, t.cast("jinja2.BaseLoader", ENVIRONMENT.loader)]))


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [
        ("frr", "permit {{ prefix.network }}", "permit {{ prefix.network }} le 48"),
        ("junos", "{{ prefix.network }} exact", "{{ prefix.network }} orlonger"),
        ("bird", "    {{ prefix.network }}{{", "    {{ prefix.network }}+, 192.0.2.0/24{{"),
        ("eos", "maximum-routes {{ session.limit }}", "maximum-routes 12000"),
        ("vrp", "password cipher {{ password }}", "password cipher secret"),
        ("sr_os", "ttl-security 255", "ttl-security 254"),
        ("nx_os", "{% if session.gtsm %}", "{% if not session.gtsm %}"),
        ("ios_xr", "route-policy {{ session.policy_out }} out", ""),
    ],
)
def test_a_spoilt_text_is_seen(key: str, old: str, new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard on the checks above."""
    monkeypatch.setattr(sys.modules[__name__], "ENVIRONMENT", spoilt(key, old, new))
    with pytest.raises(AssertionError):
        check(SINGLE)


def test_an_unknown_name_in_a_template_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError, match="passwort"):
        routers.configurations(SINGLE, spoilt("frr", "{{ password }}", "{{ passwort }}"))


def test_the_same_record_gives_the_same_bytes() -> None:
    first = routers.configurations(copy.deepcopy(CLUSTER), environment())
    assert first == routers.configurations(CLUSTER, ENVIRONMENT)


@pytest.mark.parametrize("name", RECORDS)
def test_nothing_of_another_site(name: str) -> None:
    others = [other for other in RECORDS if other != name]
    foreign = {
        str(getattr(one, field))
        for other in others
        for one in RECORDS[other]["sessions"]
        for field in ("our_name", "address", "local_address", "asn")
    } | {RECORDS[other]["location"]["city"] for other in others}
    for configuration in routers.configurations(RECORDS[name], ENVIRONMENT):
        words = set(re.split(r"[^0-9A-Za-z:.-]+", configuration.text.replace("AS", " ")))
        assert not words & foreign, configuration.key


def test_a_routers_part_holds_nothing_of_the_other_router() -> None:
    for configuration in routers.configurations(CLUSTER, ENVIRONMENT):
        (north, first), (south, second) = configuration.parts
        assert (north, south) == ("Northern Transit, edge 1, AS64501", "Southern Transit, edge 7, AS65537")
        assert "65537" not in first
        assert "198.51.100.138" not in first
        assert "64501" not in second
        assert "198.51.100.130" not in second
        assert configuration.text == f"{first}\n{second}"


@pytest.mark.parametrize(
    "description",
    ['"; }\nneighbor 192.0.2.66 remote-as 64496', "a\rb\x0bc\u2028d", "*/ ]] `id` $(id) ?", "路由器", "", "<script>"],
)
def test_a_description_never_becomes_a_command(description: str) -> None:
    strange = changed(SINGLE, description=description)
    for usual, odd in zip(
        routers.configurations(SINGLE, ENVIRONMENT), routers.configurations(strange, ENVIRONMENT), strict=True
    ):
        assert commands(odd) == commands(usual), usual.key


def test_two_sessions_of_one_node_have_two_names() -> None:
    two = [session("ipv4", "192.0.2.1", "192.0.2.2"), session("ipv4", "192.0.2.9", "192.0.2.10")]
    (host,) = router_view.host_routers(record("nbo", "Nairobi", "KE", two))
    assert [one.name for one in host.sessions] == ["imrs_nbo01_ipv4", "imrs_nbo01_ipv4_2"]


def test_link_local_addresses_come_with_an_interface() -> None:
    """R-4: such an address alone says nothing."""
    two = [session("ipv4", "192.0.2.1", "192.0.2.2"), session("ipv6", "fe80::1", "fe80::2")]
    one = record("nbo", "Nairobi", "KE", two)
    for key, line in (
        ("frr", "neighbor fe80::2 interface <interface-with-fe80::1>"),
        ("bird", 'interface "<interface-with-fe80::1>";'),
    ):
        text = configuration(key, one).text
        assert line in text
        assert text.count("<interface-with-") == 1
        assert "update-source fe80::1" not in text
    for each in routers.configurations(one, ENVIRONMENT):
        assert "link-local, so give the interface that has fe80::1" in unwrapped(each.text)
    assert "link-local" not in configuration("frr", SINGLE).text


def test_openbgpd_filters_the_group() -> None:
    """In OpenBGPD the last rule that matches decides, so their order counts."""
    texts = {name: (GOLDEN / name / "openbgpd.txt").read_text(encoding="utf-8") for name in RECORDS}
    rules = re.findall(r"^(?:deny|allow) .*", texts["single"], re.MULTILINE)
    assert rules == [
        'deny from group "imrs"',
        'allow from group "imrs" prefix-set "imrs_ipv4"',
        'allow from group "imrs" prefix-set "imrs_ipv6"',
        'deny from group "imrs" AS != 20144',
        'deny to group "imrs"',
    ]
    assert "allow to 198.51.100.2 prefix 0.0.0.0/0\nallow to 2001:db8:5::2 prefix ::/0\n" in texts["distant"]
    assert "allow to 198.51.100.130\n" in texts["cluster"]


def configuration(key: str, site: dict[str, t.Any]) -> routers.Configuration:
    return next(each for each in routers.configurations(site, ENVIRONMENT) if each.key == key)


def unwrapped(text: str) -> str:
    """Comment as running text."""
    return re.sub(r"\s*\n[#!]\s+", " ", text)


def test_what_the_host_is_told_of_passing_on() -> None:
    specific = "199.7.83.0/24, 2001:500:9f::/48 and 2001:500:3::/48"
    far = unwrapped(configuration("frr", DISTANT).text)
    assert f"{specific} arrive with NO_EXPORT (RFC 1997): they stay inside AS65536" in far
    assert f"{specific} carry 64500:100 and 65536:1:2, as agreed" in far
    assert f"{specific} arrive with AS20144 2 times in the AS path" in far
    assert "a route to 198.51.100.2 and 2001:db8:5::2 that is not learnt over these sessions" in far
    assert "Pass the prefixes on to customers" not in far
    near = unwrapped(configuration("frr", SINGLE).text)
    assert "Pass the prefixes on to customers, peers and upstreams" in near
    assert "set this router as next hop, or carry 192.0.2.0/29 and 2001:db8:0:1::/64 in your IGP" in near
    assert "NO_EXPORT" not in near


def test_no_export_over_one_of_two_sessions_is_said_of_that_one() -> None:
    plain, marked = SINGLE["sessions"][0], changed(SINGLE, no_export=True)["sessions"][1]
    mixed = SINGLE | {"sessions": [plain, marked]}
    text = unwrapped(configuration("bird", mixed).text)
    assert "arrive over 2001:db8:0:1::1 with NO_EXPORT" in text
    assert "Pass the prefixes on to customers" in text


def test_registries() -> None:
    assert "bgpq4 -4 -K7 -S RIPE -l IMRS-IRR-IPV4 AS20144" in configuration("routeros", SINGLE).text
    assert "bgpq4 -6 -b -S RIPE -l imrs_irr_ipv6 AS20144" in configuration("bird", SINGLE).text
    assert "bgpq4 -6 -J -l IMRS-IRR-IPV6 AS20144" in configuration("junos", DISTANT).text
    for each in routers.configurations(SINGLE, ENVIRONMENT):
        assert "Reject what is invalid; accept valid and not-found alike." in unwrapped(each.text)
        assert "bgpq4 -A" not in each.text


@pytest.mark.parametrize(
    ("key", "site", "note"),
    [
        ("openbgpd", DISTANT, "OpenBGPD has no BFD"),
        ("junos", SINGLE, "only by a firewall filter"),
        ("nx_os", SINGLE, "does not know ttl-security"),
        ("routeros", SINGLE, "RouterOS does not come back by itself"),
    ],
)
def test_what_a_system_lacks_is_said_in_the_text_and_on_the_page(key: str, site: dict[str, t.Any], note: str) -> None:
    one = configuration(key, site)
    assert note in " ".join(one.notes)
    assert note in unwrapped(one.text)


def test_notes() -> None:
    assert configuration("frr", SINGLE).notes == [
        "Replace what stands in angle brackets before you paste.",
        "A password is never written here: put the agreed one in its place.",
        "FRR's own parser (vtysh -C) accepts this text.",
    ]
    assert configuration("frr", DISTANT).notes == [
        "FRR needs its BFD daemon: bfdd=yes in /etc/frr/daemons.",
        "FRR's own parser (vtysh -C) accepts this text.",
    ]
    assert "angle brackets" not in configuration("frr", DISTANT).text
    assert configuration("eos", CLUSTER).notes[0].startswith("One part for each of your routers")
    assert "not loaded on a device" in configuration("eos", CLUSTER).notes[-1]


def test_a_site_without_sessions_has_no_text() -> None:
    for each in routers.configurations(record("nbo", "Nairobi", "KE", []), ENVIRONMENT):
        assert (each.text, each.parts) == ("", [])

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every check passes on recorded evidence of both name servers, and fails when that evidence is spoilt."""

from __future__ import annotations

import typing as t

import bmc_cases
import card_cases
import dns.edns
import dns.name
import dns.rdata
import dns.rdatatype
import dns_cases
import hardware_cases
import machine_cases
import pytest
import registrations
import stream_cases
import zone_cases
from recordings import (
    CHECKS,
    Scene,
    Spoil,
    count,
    flags,
    message,
    replaced,
    silence,
    with_record,
    without,
)

AA, TC, RD, RA, AD = 0x0400, 0x0200, 0x0100, 0x0080, 0x0020
SERVFAIL, NXDOMAIN = 2, 3
PARTS = {"HD": "05 14 17 18", "HW": "01 02 03 04 05 07 09", "OS": "02", "TM": "01 02 03 05"}
OF_A_MACHINE = {f"{kind}-{number}" for kind, numbers in PARTS.items() for number in numbers.split()}
"""Those that a container's host has to pass."""
OF_NODES = {ident for ident, each in CHECKS.items() if "node" in each.functions}


def _set(get: t.Callable[[Scene], t.Any], **values: t.Any) -> Spoil:
    """Overwrite keys of a part of the evidence."""
    return lambda scene: get(scene).update(values)


def _settings(name: str, value: str) -> Spoil:
    return lambda scene: scene.machine["sshd"].update({name: value})


def _nsid(text: bytes | None) -> t.Callable[[t.Any], None]:
    def change(parsed: t.Any) -> None:
        options = [] if text is None else [dns.edns.NSIDOption(text)]
        parsed.use_edns(0, 0, 1232, options=options)

    return change


def _beside(sibling: str) -> Spoil:
    """Another node of its cluster answers what is asked from outside."""

    def spoil(scene: Scene) -> None:
        scene.expected["siblings"] = [sibling]
        message("soa", _nsid(sibling.encode()), scope="vantage")(scene)

    return spoil


def _forget_opt(parsed: t.Any) -> None:
    parsed.opt = None


def _opt(parsed: t.Any) -> None:
    parsed.use_edns(0, 0, 1232)


def _lower(parsed: t.Any) -> None:
    parsed.question[0].name = dns.name.from_text("www.example.com.")


def _fewer_ns(parsed: t.Any) -> None:
    rrset = next(rrset for rrset in parsed.answer if rrset.rdtype == dns.rdatatype.NS)
    rrset.remove(rrset[0])


def _address(device: str, **values: t.Any) -> Spoil:
    def spoil(scene: Scene) -> None:
        row = next(row for row in scene.machine["addresses"] if row["address"] == "2001:500:9f::42")
        row.update({"device": device, **values})

    return spoil


def _listen(**row: t.Any) -> Spoil:
    return lambda scene: scene.machine["sockets"].append(row)


def _deaf(scene: Scene) -> None:
    sockets = scene.machine["sockets"]
    sockets.remove(next(row for row in sockets if row["address"] == "199.7.83.42" and row["protocol"] == "tcp"))


def _unrouted(scene: Scene) -> None:
    scene.scope("router")["host_router"]["routes"]["192.0.2.2"].pop()


def _leak(scene: Scene) -> None:
    scene.exports.append({**scene.exports[0], "to": "198.51.100.0/24"})


def _leak_outside(scene: Scene) -> None:
    held = scene.scope("router")["host_router"]["routes"]["192.0.2.2"]
    held.append({**held[0], "to": "198.51.100.0/24"})


def _rules(change: t.Callable[[list[t.Any]], list[t.Any]]) -> Spoil:
    def spoil(scene: Scene) -> None:
        scene.machine["nft"]["nftables"] = change(scene.machine["nft"]["nftables"])

    return spoil


def _accepting(scene: Scene) -> None:
    for entry in scene.machine["nft"]["nftables"]:
        if entry.get("chain", {}).get("hook") == "input":
            entry["chain"]["policy"] = "accept"


def _no_notrack(entries: list[t.Any]) -> list[t.Any]:
    return [entry for entry in entries if "notrack" not in str(entry)]


def _udp_only(entries: list[t.Any]) -> list[t.Any]:
    for entry in entries:
        for expression in entry.get("rule", {}).get("expr", []):
            if expression.get("match", {}).get("left") == {"meta": {"key": "l4proto"}}:
                expression["match"]["right"] = "udp"
    return entries


def _route(**row: str) -> Spoil:
    return lambda scene: scene.machine["routes"].append(row)


def _option(**values: t.Any) -> Spoil:
    return lambda scene: scene.routing["options"][scene.session["name"]].update(values)


def _no_option(name: str) -> Spoil:
    def spoil(scene: Scene) -> None:
        del scene.routing["options"][scene.session["name"]][name]

    return spoil


FAILS: list[tuple[str, str, Spoil, str]] = [
    (
        "HD-01",
        "a stranger",
        _listen(protocol="tcp", address="*", port=111, process="rpcbind"),
        "rpcbind on tcp * port 111",
    ),
    ("HD-01", "wildcard", _listen(protocol="udp", address="0.0.0.0", port=53, process="knotd"), "knotd on udp 0.0.0.0"),
    (
        "HD-01",
        "uplink",
        _listen(protocol="udp", address="192.0.2.2", port=53, process="knotd"),
        "knotd on udp 192.0.2.2",
    ),
    ("HD-01", "deaf on TCP", _deaf, "nothing on tcp 199.7.83.42 port 53"),
    (
        "HD-02",
        "no packet filter",
        lambda scene: scene.machine["nft"]["nftables"].clear(),
        "no input chain drops by default",
    ),
    ("HD-02", "all accepted", _accepting, "no input chain drops by default"),
    ("HD-04", "passwords", _settings("passwordauthentication", "yes"), "passwordauthentication yes"),
    ("HD-04", "root by key", _settings("permitrootlogin", "prohibit-password"), "permitrootlogin prohibit-password"),
    ("HD-06", "tracked", _rules(_no_notrack), "udp dport 53 is tracked (prerouting)"),
    ("HD-06", "TCP tracked", _rules(_udp_only), "tcp sport 53 is tracked (output)"),
    (
        "HD-06",
        "no SYN cookies",
        lambda scene: scene.machine["sysctls"].update({"net.ipv4.tcp_syncookies": "0"}),
        "tcp_syncookies is 0",
    ),
    ("DN-01", "not authoritative", flags("soa", off=AA), "199.7.83.42 udp: aa=0"),
    ("DN-01", "recursion offered", flags("soa", on=RA), "ra=1"),
    ("DN-01", "SERVFAIL", flags("soa", on=SERVFAIL), "SERVFAIL instead of NOERROR"),
    ("DN-01", "silent", silence("soa", server="2001:500:3::42", transport="tcp"), "2001:500:3::42 tcp: timeout"),
    ("DN-01", "unsigned", message("soa", without("answer", "RRSIG", "SOA")), "no RRSIG of the SOA"),
    ("DN-01", "only from outside", flags("soa", off=AA, scope="vantage"), "udp from vantage: aa=0"),
    ("DN-02", "OPT not asked for", message("soa_plain", _opt), "an OPT record nobody asked for"),
    ("DN-02", "truncated", flags("soa_plain", on=TC), "tc=1"),
    ("DN-03", "twelve", message("ns", _fewer_ns), "12 NS records"),
    ("DN-03", "authority", message("ns", with_record("authority", ". 1 IN NS a.root-servers.net.")), "authority sec"),
    (
        "DN-04",
        "too long",
        message("priming_512", with_record("additional", f". 1 IN TXT {'x' * 250} {'y' * 250}")),
        "for 512",
    ),
    ("DN-04", "no address", message("priming_1232", lambda m: m.additional.clear()), "no address of a root server"),
    ("DN-04", "truncated", flags("priming_1232", on=TC), "tc=1"),
    (
        "DN-05",
        "wrong address",
        message(
            "ns",
            lambda m: next(r for r in m.additional if str(r.name)[0] == "l").add(
                dns.rdata.from_text("IN", "A", "198.32.64.12")
            ),
            transport="tcp",
        ),
        "l.root-servers.net. A is",
    ),
    ("DN-05", "no address", message("ns", lambda m: m.additional.clear(), transport="tcp"), "no A of l.root"),
    ("DN-07", "wrong anchor", zone_cases.other_anchor, "no key of a configured trust anchor"),
    ("DN-07", "unsigned", message("dnskey", without("answer", "RRSIG", "DNSKEY")), "no RRSIG of the DNSKEY"),
    ("DN-10", "other serial", message("zonemd", replaced("answer", "ZONEMD", serial=1)), "ZONEMD is of serial 1"),
    ("DN-10", "gone", message("zonemd", without("answer", "ZONEMD")), "no ZONEMD of ."),
    ("DN-11", "no DS", message("referral", without("authority", "DS")), "no DS of com."),
    ("DN-11", "claims authority", flags("referral", on=AA), "aa=1"),
    ("DN-13", "unsigned", message("ds", without("answer", "RRSIG", "DS")), "no RRSIG of the DS of com."),
    ("DN-13", "extra", message("ds", with_record("authority", ". 1 IN NS a.root-servers.net.")), "authority section"),
    ("DN-15", "NOERROR", flags("nxdomain", off=NXDOMAIN), "NOERROR instead of NXDOMAIN"),
    ("DN-15", "no proof", message("nxdomain", without("authority", "NSEC")), "no NSEC covers"),
    ("DN-15", "truncated though it fits", flags("nxdomain", on=TC, transport="udp"), "tc=1"),
    ("DN-15", "truncated over TCP", flags("nxdomain", on=TC, transport="tcp"), "tc=1"),
    ("DN-15", "more", message("nxdomain", with_record("authority", ". 1 IN NS a.root-servers.net.")), "NS in the auth"),
    ("DN-15", "three proofs", message("nxdomain", with_record("authority", "a. 1 IN NSEC b. NS")), "3 NSEC"),
    ("DN-15", "proof unsigned", message("nxdomain", without("authority", "RRSIG", "NSEC")), "no RRSIG of the NSEC"),
    ("DN-17", "NOTIMP", flags("unknown_type", on=4), "NOTIMP instead of NOERROR"),
    ("DN-18", "folded", message("case", _lower), "the question came back altered"),
    ("DN-19", "no OPT", message("edns1", _forget_opt), "NOERROR instead of BADVERS"),
    ("DN-26", "another node", message("soa", _nsid(b"xlb02.l.root-servers.org")), "NSID is 'xlb02"),
    ("DN-26", "none", message("soa", _nsid(None)), "no NSID"),
    (
        "DN-27",
        "another node",
        message("id", replaced("answer", "TXT", strings=(b"xlb02",))),
        "id.server. says 'xlb02'",
    ),
    ("DN-27", "refused", flags("hostname", on=5), "REFUSED instead of NOERROR"),
    ("DN-54", "silent", silence("identity_txt"), "199.7.83.53 udp: timeout"),
    ("DN-54", "another server", flags("identity_a", off=AA), "aa=0"),
    (
        "DN-54",
        "another node",
        message("identity_txt", replaced("answer", "TXT", strings=(b"xlb02.l.root-servers.org",)), transport="tcp"),
        'tcp: TXT is "xlb02.l.root-servers.org", not "xlb01.l.root-servers.org"',
    ),
    ("DN-54", "nothing", message("identity_a", lambda m: m.answer.clear()), "A is nothing, not 192.0.2.2"),
    ("DN-33", "everything", message("any", with_record("answer", ". 1 IN TXT x")), "2 RRsets"),
    ("DN-33", "nothing", message("any", lambda m: m.answer.clear(), transport="tcp"), "0 RRsets"),
    ("DN-34", "allowed", lambda scene: (count("axfr", 6, 100)(scene), flags("axfr", off=15)(scene)), "100 records"),
    ("DN-34", "silent", silence("axfr"), "timeout"),
    ("DN-37", "RD lost", flags("recursion", off=RD), "rd=0"),
    ("DN-37", "recursion", flags("recursion", on=RA), "ra=1"),
    ("DN-39", "silent", silence("opcode"), "opcode 15: timeout"),
    ("DN-39", "answered", flags("opcode", off=15), "response code 0"),
    *zone_cases.FAILS,
    *dns_cases.FAILS,
    *(*hardware_cases.FAILS, *card_cases.FAILS, *bmc_cases.FAILS),
    *machine_cases.FAILS,
    *stream_cases.FAILS,
    (
        "BG-01",
        "idle",
        lambda scene: scene.session.update(bgp_state="Idle", last_error="Socket: Connection refused"),
        "as64500_ipv4_1: Idle (Socket: Connection refused)",
    ),
    ("BG-01", "channel down", lambda s: s.session["channels"][0].update(state="DOWN"), "the ipv4 channel is not up"),
    ("BG-01", "no session", lambda scene: scene.routing.update(sessions=[]), "there is no such session"),
    ("BG-02", "a leak", _leak, "exports 198.51.100.0/24, 199.7.82.0/23, 199.7.83.0/24, not 199.7.82.0/23"),
    ("BG-02", "one short", lambda scene: scene.exports.pop(), "exports 199.7.82.0/23, not"),
    (
        "BG-03",
        "one too many",
        lambda scene: scene.session["channels"][0]["routes"].update(exported=3),
        "3 ipv4 routes exported, 2 in mode live",
    ),
    ("BG-05", "a leak", _leak, "exports 198.51.100.0/24"),
    (
        "BG-05",
        "another origin",
        lambda s: s.exports[0].update(protocol="static1"),
        "comes from static1, not from the gate",
    ),
    ("BG-05", "unread", lambda s: s.routing["exports"].clear(), "what it exports could not be listed"),
    (
        "BG-05",
        "another session",
        lambda s: s.routing["sessions"].append({**s.session, "name": "backdoor", "neighbor": "192.0.2.66"}),
        "backdoor: a session with 192.0.2.66, which is not in the sheet",
    ),
    ("BG-05", "a leak seen outside", _leak_outside, "the host's router holds 198.51.100.0/24"),
    (
        "BG-04",
        "internal community",
        lambda scene: scene.exports[0]["attributes"].update(community="(65000,1)"),
        "199.7.82.0/23 with communities 65000:1",
    ),
    ("BG-04", "foreign path", lambda s: s.exports[0]["attributes"].update(as_path="64511"), "with AS path 64511"),
    (
        "BG-04",
        "origin as the host sees it",
        lambda scene: scene.scope("router")["host_router"]["routes"]["192.0.2.2"][0].update(origin="incomplete"),
        "with origin incomplete",
    ),
    (
        "BG-06",
        "accepts all",
        lambda scene: scene.session["channels"][0]["filters"].update(input="ACCEPT"),
        "ipv4 input filter ACCEPT",
    ),
    (
        "BG-07",
        "a table",
        lambda scene: scene.routing["imports"]["as64500_ipv4_1"].append({"to": "198.51.100.0/24"}),
        "198.51.100.0/24 came in, against inbound none; as64500_ipv4_1: 1 routes, at most 0",
    ),
    (
        "BG-08",
        "no limit",
        lambda scene: scene.expected["peers"][0].update(inbound="default"),
        "as64500_ipv4_1: import limit none, 1 in the sheet",
    ),
    (
        "BG-09",
        "ours",
        lambda scene: scene.routing["takes"]["as64500_ipv4_1"].update({"199.7.83.0/24": True}),
        "199.7.83.0/24 would be taken, against inbound none",
    ),
    ("BG-10", "off", _option(ttl_security=False), "no TTL security"),
    ("BG-11", "no password", _no_option("authentication"), "no password, one in the sheet"),
    ("BG-12", "too long", lambda scene: scene.session.update(hold_time=180), "180 s, 9 s in the sheet"),
    ("BG-13", "offered", lambda s: s.session.update(restarts=["Graceful restart"]), "offers graceful restart"),
    (
        "BG-20",
        "not certified",
        lambda scene: scene.uncertified.add(scene.expected["peers"][0]["name"]),
        "as64500_ipv4_1 with 192.0.2.1 (AS64500) is ready",
    ),
    ("BG-13", "configured", _option(graceful_restart=True), "graceful restart on in the configuration"),
    ("AR-01", "on the uplink", _address("uplink", kind="veth"), "2001:500:9f::42 is on uplink"),
    ("AR-01", "tentative", _address("lo", flags=["tentative"]), "2001:500:9f::42 is tentative"),
    ("AR-01", "a network", _address("lo", length=64), "2001:500:9f::42/64 scope global"),
    (
        "AR-03",
        "by the uplink",
        _route(to="199.7.83.0/24", type="unicast", device="uplink", via="192.0.2.1"),
        "199.7.83.0/24 leads to uplink",
    ),
    (
        "AR-03",
        "forwarding",
        lambda scene: scene.machine["sysctls"].update({"net.ipv4.ip_forward": "1"}),
        "199.7.82.0/23 has no route of its own and the node forwards ipv4",
    ),
    ("PR-01", "another node", message("soa", _nsid(b"akl41"), scope="vantage"), "from vantage: NSID is 'akl41'"),
    (
        "PR-01",
        "its cluster's routers send it nothing",
        _beside("akl42.l.root-servers.org"),
        "NSID is 'akl42.l.root-servers.org', however often asked: its routers send it nothing, or do not spread",
    ),
    ("PR-01", "unreachable", silence("soa", scope="vantage"), "from vantage: timeout"),
    ("PR-02", "not accepted", _unrouted, "as64500_ipv4_1: 199.7.83.0/24 missing"),
    *(("BG-19", *case) for case in registrations.SPOILT),
]


@pytest.mark.parametrize("stage", ["dark", "drained", "live"])
@pytest.mark.parametrize("provider", ["knot", "nsd"])
@pytest.mark.parametrize("ident", sorted(OF_NODES))
def test_passes_on_a_real_node(ident: str, provider: str, stage: str) -> None:
    scene = Scene(provider, stage)
    if ident in OF_A_MACHINE:
        machine_cases.tracking()(scene)
        hardware_cases.sound()(scene)
    status, said = scene.judge(ident)
    due = scene.stage in CHECKS[ident].stages
    assert (status.value, bool(said)) == ("pass" if due else "not_run", True), said


@pytest.mark.parametrize(("ident", "case", "spoil", "said"), FAILS, ids=[f"{i}-{case}" for i, case, _s, _m in FAILS])
def test_fails_on_a_spoilt_one(ident: str, case: str, spoil: Spoil, said: str) -> None:
    scene = Scene()
    spoil(scene)
    status, words = scene.judge(ident)
    assert status.value == "fail", words
    assert said in words


def test_every_check_has_a_case_in_which_it_fails() -> None:
    """Those of routers have theirs in test_router.py."""
    assert {ident for ident, *_rest in FAILS} == OF_NODES

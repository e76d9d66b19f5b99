# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's page of an acceptance tells nothing that strangers need not know, whatever a check or a daemon says."""

from __future__ import annotations

import html
import pathlib
import typing as t

import jinja2
import pytest
from ansible_collections.icann.imrs.plugins.module_utils._acceptance import report_json, report_markdown
from ansible_collections.icann.imrs.plugins.module_utils._documents import pages, withheld
from recordings import Scene, sessions, silence

LOADER = jinja2.FileSystemLoader(pathlib.Path(__file__).resolve().parents[3] / "roles/documents/templates")
MASTERS = ["203.0.113.201", "2001:db8:aaaa::53"]
KEY, SHORT_KEY, TLS_NAME, VAULT = "secret-key.example.", "xlb01.", "dist.example", "vault_bgp_marker"
MARKERS = {
    "management": ["198.51.100.211", "2001:db8:bbbb::11"],
    "bmc": ["198.51.100.212", "2001:db8:cccc:0:0:0:0:12"],
    "operator networks": ["198.51.100.192/27", "2001:db8:dddd::/48"],
    "masters": MASTERS,
    "names": [KEY, TLS_NAME, VAULT],
}
EVERY = [text for texts in MARKERS.values() for text in texts]
SPELT = ("{}", "{}:", "at {} tcp: timeout", "[{}]:53", "ip={}", "udp:{}", "({})", "{}#53", "{}%eth0", "{},x", '"{}"')
OTHERWISE = {
    "2001:db8:aaaa::53": ["2001:0DB8:AAAA:0000:0000:0000:0000:0053", "2001:DB8:aaaa::0:53"],
    "203.0.113.201": ["::ffff:203.0.113.201", "201.113.0.203.in-addr.arpa", "203.0.113.201.53"],
    KEY: [KEY.upper(), KEY.rstrip(".")],
}


def scene(spoil: t.Callable[[Scene], None] | None = None) -> Scene:
    """A node whose masters, keys and passwords are markers."""
    made = Scene()
    tls = {"name": TLS_NAME, "port": 853, "certificates": []}
    made.expected["masters"] = [
        {"name": "dist1", "addresses": MASTERS, "port": 53, "tsig": {"name": KEY}, "tls": tls},
        {"name": "dist2", "addresses": ["203.0.113.202"], "port": 53, "tsig": {"name": SHORT_KEY}},
    ]
    for peer in made.expected["peers"]:
        peer["password_variable"] = VAULT
    if spoil:
        spoil(made)
    return made


def document(made: Scene, **options: t.Any) -> dict[str, t.Any]:
    return report_json.document(made.report(**options))


def page(made: Scene, report: dict[str, t.Any]) -> str:
    """The host's page, as it is written and as it is read."""
    text = pages.acceptance(report, withheld.of(made.sheet), LOADER)
    return f"{text}\n{html.unescape(text)}".lower()


def bare(text: str) -> str:
    """What must not stand anywhere: without the length of a prefix, and the final dot of a name."""
    return text.partition("/")[0].rstrip(".").lower()


def planted(value: t.Any, text: str) -> t.Any:
    """A report in which a text stands in everything that a machine or a person may have had a part in."""
    free = {"message", "why", "waiver"}
    if isinstance(value, dict):
        return {
            key: f"{inner} {text}" if key in free and isinstance(inner, str) else planted(inner, text)
            for key, inner in value.items()
        }
    return [planted(inner, text) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("text", EVERY)
def test_no_marker_gets_through_however_it_is_spelt(text: str) -> None:
    made = scene()
    report = document(made)
    for body in (text, *OTHERWISE.get(text, [])):
        said = " ".join(frame.format(body) for frame in SPELT)
        spoilt = planted(report, said) | {name: [said] for name in ("users", "reasons", "unproven", "degraded")}
        assert bare(body) not in page(made, spoilt), body


@pytest.mark.parametrize("status", ["pass", "fail", "error", "skipped", "not_run"])
def test_nothing_gets_through_in_any_status(status: str) -> None:
    made = scene()
    spoilt = planted(document(made), " ".join(EVERY))
    for result in spoilt["results"]:
        result["status"] = status
    found = page(made, spoilt)
    assert [text for text in EVERY if bare(text) in found] == []


def refuse(made: Scene) -> None:
    """The masters are silent, know no key, and another machine cannot be reached; a session tells an address."""
    transfers = [
        {"name": zone["name"], "type": kind, "server": address, "port": port, "key": key, "result": result, "rcode": ""}
        for zone in made.expected["zones"]
        for kind in ("SOA", "IXFR")
        for address, port, key, result in (
            (MASTERS[0], 853, KEY, "another certificate"),
            (MASTERS[1], 853, KEY, "BADKEY"),
            ("203.0.113.202", 53, SHORT_KEY, "timeout"),
        )
    ]
    made.scope("node")["transfers"] = transfers
    exchanges = made.scope("node")["exchanges"]
    asked = [each for each in exchanges if each["probe"] == "master_soa"]
    for each in asked:
        exchanges.remove(each)
    for address in (*MASTERS, "203.0.113.202"):
        for each in asked:
            exchanges.append({**each, "server": address, "answer": None, "size": 0, "error": "timeout"})
    made.session.update(bgp_state="Idle", last_error=f"Cannot reach {MARKERS['management'][0]}")
    made.drop("vantage")


def test_masters_that_fail_are_numbered_and_the_engineers_report_names_them() -> None:
    made = scene(refuse)
    absent = {"vantage": f"it cannot be reached (ssh: connect to host {MARKERS['bmc'][0]} port 22)"}
    report = made.report(absent=absent)
    engineers, hosts = report_markdown.render(report), page(made, report_json.document(report))
    for text in (*MASTERS, KEY, MARKERS["bmc"][0], MARKERS["management"][0]):
        assert text in engineers, "it has to be there, or nothing is withheld"
        assert bare(text) not in hosts
    assert "203.0.113.202" not in hosts
    assert "master 1 udp: . timeout; master 1 tcp: . timeout" in hosts
    assert "master 1: tsig key (the key of master 1): badkey" in hosts
    assert "master 2: . soa, signed: timeout" in hosts


def test_the_name_of_a_node_is_no_key_even_if_a_key_begins_with_it() -> None:
    made = scene()
    kept = withheld.of(made.sheet)
    assert kept.text("xlb01.l.root-servers.org") == "xlb01.l.root-servers.org"
    assert kept.text("TSIG key xlb01.: BADKEY") == "TSIG key (the key of master 2): BADKEY"


@pytest.mark.parametrize(
    "text",
    [
        "199.7.83.42 udp: timeout", "2001:500:9f::42 tcp: timeout", "exports 199.7.82.0/23, 2001:500:9e::/47",
        "10:12:44", "20144:3306782347:1788718063", "2.17.5-0+deb13u1", "a::b is no address: 0.0.0.0/0, ::/0, ::1",
    ],
)  # fmt: skip
def test_what_is_public_or_no_address_stays(text: str) -> None:
    assert withheld.of(scene().sheet).text(text.replace("a::b", "it")) == text.replace("a::b", "it")


def test_the_host_s_own_addresses_stay() -> None:
    made = scene()
    kept = withheld.of(made.sheet)
    for peer in made.sheet.peers:
        for address in (peer.address, peer.local_address):
            assert kept.text(f"{address}: Idle") == f"{address}: Idle"


@pytest.mark.parametrize("case", ["options", "table", "bfd"])
def test_pages_of_other_sessions_are_whole(case: str) -> None:
    made = sessions(case)
    assert "sessions with your routers" in page(made, document(made))


def test_what_a_daemon_says_is_no_markup() -> None:
    made = scene(silence("soa"))
    made.session.update(bgp_state="Idle", last_error='<script>alert("1")</script><img src=http://example.net/x>')
    text = pages.acceptance(document(made), withheld.of(made.sheet), LOADER)
    assert "<script" not in text
    assert "<img" not in text
    assert "&lt;script&gt;" in text

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The e-mail that the host reads: for every host, whatever its name, and nothing in it that is not for it."""

from __future__ import annotations

import email
import email.policy
import pathlib
import re
import typing as t

import pytest
import site_records as made
from ansible_collections.icann.imrs.plugins.module_utils._notice import NoticeError, message, record, words
from ansible_collections.icann.imrs.plugins.module_utils._site import document, fleet

EXAMPLE = pathlib.Path(__file__).resolve().parents[5] / "inventories/example"
AT = 1_775_556_000.9
REPORTS = {"nbo01": made.report("nbo01", started="2026-04-05T06:07:08Z")}
FILES = {"nbo01-acceptance.md": "# Verdict — good\n", "nbo01-acceptance.html": "<p>São Tomé</p>\n"}


def site(**changes: t.Any) -> t.Any:
    return made.record(**{"onboarding": made.onboarding(7), "state": "onboarding", **changes})


def read(found: t.Any) -> email.message.EmailMessage:
    """What a mail program makes of the octets."""
    return email.message_from_bytes(found.as_bytes(), policy=email.policy.default)


def host(noc: t.Mapping[str, str] | None = None, **changes: t.Any) -> dict[str, t.Any]:
    found = {**site()["host"], **changes}
    found["contacts"]["noc"] |= noc or {}
    return found


def test_who_writes_to_whom() -> None:
    found = read(message.compose(site(), REPORTS, FILES, AT))
    assert found["From"] == "ICANN DNS Engineering <noc@imrs.example>"
    assert found["To"] == "Savanna operations <noc@savanna.example>"
    assert found["Cc"] == "hands@savanna.example"
    assert found["Date"] == "Tue, 07 Apr 2026 10:00:00 +0000"
    assert found["Message-ID"] == record.message_id(site())
    assert found["Subject"] == "IMRS instance NBO, Nairobi: in service"
    assert found["Auto-Submitted"] == "auto-generated"
    assert not found.defects


def test_who_has_no_remote_hands_or_the_same_people_gets_it_once() -> None:
    assert "Cc" not in message.compose(made.other_host(), REPORTS, {}, AT)
    contacts = site()["host"]["contacts"]
    same = {**contacts, "remote_hands": {**contacts["remote_hands"], "email": "NOC@savanna.example"}}
    assert "Cc" not in message.compose(site(host=host(contacts=same)), REPORTS, {}, AT)


def test_the_text_says_what_a_host_has_to_know() -> None:
    found = message.text(message.compose(site(), REPORTS, FILES, AT))
    assert "Nairobi, KE is in service since 2026-01-07." in " ".join(found.split())
    assert "nbo01.l.root-servers.org: tested 2026-04-05 06:07 UTC" in found
    for prefix in ("199.7.82.0/23", "199.7.83.0/24", "2001:500:9e::/47", "2001:500:9f::/48", "2001:500:3::/48"):
        assert found.count(prefix) == 1
    for session in site()["sessions"]:
        assert f"{session.local_address} with your {session.address} (AS64500), Savanna Research Network" in found
    for said in (
        "dig @199.7.83.42 hostname.bind TXT CH",
        "Do not switch the appliance off",
        "Shut the BGP sessions on your router",
        "+1 555 0100",
        *FILES,
    ):
        assert said in found
    assert "REIMBURSEMENT" not in found
    assert max(map(len, found.splitlines())) <= 100


def test_money_that_becomes_due_is_told() -> None:
    money = {"programme": "africa_phase_2", "usd": 6000, "due": False, "reason": "Due after a successful deployment"}
    found = message.text(message.compose(site(onboarding=made.onboarding(7, reimbursement=money)), REPORTS, {}, AT))
    assert "The USD 6,000 that you asked for are due now" in found
    assert "GSE Africa goes on with that" in " ".join(found.split())


def test_every_script_arrives_in_seven_bits() -> None:
    place = {**site()["location"], "city": "São Tomé", "country": "ST"}
    name = {"name": "Operações, São Tomé", "email": "noc@cst.example"}
    composed = message.compose(site(location=place, host=host(name, name="东京 ネット")), REPORTS, FILES, AT)
    raw = composed.as_bytes()
    assert raw.isascii()
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"=?utf-8?" in raw
    found = read(composed)
    assert found["Subject"] == "IMRS instance NBO, São Tomé: in service"
    (address,) = found["To"].addresses
    assert (address.display_name, address.addr_spec) == ("Operações, São Tomé", "noc@cst.example")
    assert "东京 ネット" in message.text(found)
    attached = {part.get_filename(): part for part in found.iter_attachments()}
    assert {name: part.get_content().replace("\r\n", "\n") for name, part in attached.items()} == FILES
    assert [part.get_content_type() for part in attached.values()] == ["text/markdown", "text/html"]


def test_the_same_gives_the_same_octets() -> None:
    first, second = (message.compose(site(), REPORTS, FILES, AT) for _time in range(2))
    assert first.as_bytes() == second.as_bytes()
    assert message.digest(first) == message.digest(second) == message.digest(read(first))
    assert message.digest(first) != message.digest(message.compose(made.other_host(), REPORTS, FILES, AT))


EVIL = "Ops\r\nBcc: victim@elsewhere.example\r\n\r\nHello\u2028Bcc: x\x00"


def test_no_text_of_a_sheet_becomes_a_header_or_a_recipient() -> None:
    place = {**site()["location"], "city": EVIL}
    operator = {**site()["operator"], "name": EVIL}
    found = read(
        message.compose(site(location=place, operator=operator, host=host({"name": EVIL}, name=EVIL)), REPORTS, {}, AT)
    )
    known = {"From", "To", "Cc", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"}
    assert set(found.keys()) - known <= {"Content-Type", "Content-Transfer-Encoding"}
    assert "Bcc" not in found
    assert [address.addr_spec for address in found["To"].addresses] == ["noc@savanna.example"]
    assert [address.addr_spec for address in found["From"].addresses] == ["noc@imrs.example"]


@pytest.mark.parametrize(
    "address",
    [
        "noc@a.example\r\nBcc: x@b.example",
        "a@b.example, c@d.example",
        "<a@b.example>",
        "noc",
        "",
        "é@b.example",
        "a b@c",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(NoticeError, match="is no e-mail address; correct it in the sheet"):
        message.compose(site(host=host({"email": address})), REPORTS, {}, AT)


@pytest.mark.parametrize("evil", ["a\r\nBcc: x@b.example.md", "report.exe", "noending"])
def test_what_is_no_report_is_not_attached(evil: str) -> None:
    with pytest.raises((NoticeError, ValueError)):
        message.compose(site(), REPORTS, {evil: "x"}, AT).as_bytes()


def test_nothing_of_the_operators_own_ways_in_is_told() -> None:
    text = message.text(message.compose(made.cluster(), REPORTS, {}, AT))
    nodes = made.cluster()["nodes"]
    ways = {way.partition("/")[0] for node in nodes for way in (*node["management"]["addresses"], node["bmc"])}
    ways |= {network.partition("/")[0] for kinds in site()["operator_networks"].values() for network in kinds}
    assert len(ways) == 5
    assert not ways & set(re.findall(r"[0-9A-Za-z.:]*[0-9A-Za-z]", text))


@pytest.mark.parametrize("address", ["198.51.100.131", "198.51.100.130"])
def test_a_report_that_tells_them_is_not_sent(address: str) -> None:
    with pytest.raises(NoticeError, match=f"nbo01-acceptance.md: names {address}"):
        message.compose(site(), REPORTS, {"nbo01-acceptance.md": f"| sshd on {address}: |"}, AT)
    assert message.compose(site(), REPORTS, {"nbo01-acceptance.md": f"| {address}9 |"}, AT)


def test_what_is_not_seen_is_a_blank() -> None:
    assert words.clean(" a\tb\r\nc\u200bd\u2029 ") == "a b c d"


def example() -> list[t.Any]:
    """The records of the example fleet."""
    files = [document.parse(path.name, path.read_bytes()) for path in sorted((EXAMPLE / "sites").glob("*.yml"))]
    return list(fleet.load(document.parse("fleet.yml", (EXAMPLE / "fleet.yml").read_bytes()), files).sites)


@pytest.mark.parametrize("found", example(), ids=lambda found: found["site"])
def test_every_host_of_the_example_can_be_told_and_is_told_nothing_private(found: t.Any) -> None:
    reports = {node["node"]: made.report(node["node"]) for node in found["nodes"]}
    composed = message.compose(found, reports, FILES, AT)
    assert composed.as_bytes().isascii()
    back = read(composed)
    assert [address.addr_spec for address in back["To"].addresses] == [found["host"]["contacts"]["noc"]["email"]]
    assert found["location"]["city"] in back["Subject"]
    text = message.text(composed)
    assert "vault_" not in text
    ways = {way.partition("/")[0] for node in found["nodes"] for way in (*node["management"]["addresses"], node["bmc"])}
    assert not ways & set(re.findall(r"[0-9A-Za-z.:]*[0-9A-Za-z]", text))

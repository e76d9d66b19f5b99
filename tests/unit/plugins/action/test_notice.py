# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts are told once, whatever becomes of the mail server, the run, or an address; the mail server is a real one."""

from __future__ import annotations

import fcntl
import json
import os
import pathlib
import re
import subprocess
import typing as t

import imrs_mail
import imrs_notices
import pytest
from ansible_collections.icann.imrs.plugins.action import notice
from ansible_collections.icann.imrs.plugins.plugin_utils import fleet_files
from imrs_notices import DAY, HANDS, NOC, Bench


@pytest.fixture
def bench(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Bench]:
    with imrs_notices.world(tmp_path, monkeypatch) as made:
        yield made


def test_a_host_is_told_once(bench: Bench) -> None:
    result = bench.run()
    assert (result["changed"], result.get("failed", False)) == (True, False)
    assert bench.sent() == [[NOC, HANDS]]
    (message,) = bench.post.messages
    assert message.sender == "noc@imrs.example"
    for part in (b"=?utf-8?", b"Message-ID: <imrs-notice.", b'filename="yfb01-acceptance.html"', b"text/html"):
        assert part in message.octets
    assert "ᐃᖃᓗᐃᑦ" in result["sites"][0]["text"]
    again = bench.run()
    assert (again["changed"], again.get("failed", False), bench.sent()) == (False, False, [[NOC, HANDS]])
    assert again["said"][0].startswith(
        f"yfb: no notice is due: {NOC} and {HANDS} had it on {DAY}. The sheet does not say so"
    )


def test_what_was_sent_is_on_record(bench: Bench) -> None:
    bench.run()
    found = json.loads(bench.record.read_text())
    assert bench.record.stat().st_mode & 0o777 == 0o600
    assert found["message_id"].encode() in bench.post.messages[0].octets
    assert (found["go_live"], found["sender"], len(found["sha256"])) == ("yfb/notify", "noc@imrs.example", 64)
    assert found["server"] == f"127.0.0.1:{bench.post.port}"
    outcome = {"state": "accepted", "at": f"{DAY}T22:13:20Z", "said": "250 taken as 1"}
    assert found["addresses"] == {NOC: outcome, HANDS: outcome}


def test_both_reports_of_every_appliance_are_attached(bench: Bench) -> None:
    (bench.reports / "yfb01/acceptance.html").write_text("<p>good</p>")
    bench.run()
    octets = bench.post.messages[0].octets
    assert b'filename="yfb01-acceptance.html"' in octets
    assert b"acceptance.md" not in octets, "it is for engineers"
    assert b'filename="yfb01-acceptance.html"' in octets


def test_git_applies_the_patch_and_the_host_is_told_no_more(bench: Bench) -> None:
    result = bench.run()
    sheet = bench.fleet / "sites/yfb.yml"
    before = sheet.read_text()
    assert result["sites"][0]["patch"] == str(bench.reports / "yfb/onboarding.patch")
    command = result["said"][0].partition("The sheet does not say so yet: ")[2].rstrip(".")
    subprocess.run(command.split(), check=True, cwd=bench.base)
    assert sheet.read_text() == before.rstrip("\n") + f"\n    notify: {{date: {DAY}, by: ICANN DNS Engineering}}\n"
    again = bench.run()
    assert again["said"] == [f"yfb: no notice is due: the sheet says that the host was notified on {DAY}"]
    assert fleet_files.read(bench.fleet / "imrs.yml").sites[0]["state"] == "live"


def test_what_cannot_be_delivered_goes_where_it_is_wanted(bench: Bench) -> None:
    bench.run(sender="bounces@imrs.example")
    (message,) = bench.post.messages
    assert message.sender == "bounces@imrs.example"
    assert b"From: ICANN DNS Engineering <noc@imrs.example>" in message.octets


def test_money_that_becomes_due_is_told(bench: Bench) -> None:
    bench.sheet("acc", *[(f"    {step}: {{date", f"    # {step}: {{date") for step in ("install", "notify")])
    bench.judged("acc01")
    result = bench.run("acc01")
    assert "With this, USD 6,000 of the programme africa_phase_2 are due." in result["said"][0]
    patch = (bench.reports / "acc/onboarding.patch").read_text()
    assert "With this, USD 6,000" in patch.partition("---")[0]
    assert [line for line in patch.splitlines() if line[0] == "+"][1:] == [
        f"+    {step}: {{date: {DAY}, by: ICANN DNS Engineering}}" for step in ("install", "notify")
    ]


def test_a_cluster_is_told_when_all_of_it_has_passed(bench: Bench) -> None:
    bench.sheet("nbo")
    text = (bench.fleet / "sites/nbo.yml").read_text()
    (bench.fleet / "sites/nbo.yml").write_text(re.sub(r"(?m)^    notify: .*\n?", "", text))
    fleet = fleet_files.read(bench.fleet / "imrs.yml")
    names = [name for name, host in fleet.hosts.items() if host["imrs_site"] == "nbo"]
    assert len(names) >= 2
    for name in names:
        result = bench.run(names[0])
        assert (result["changed"], bench.sent()) == (False, [])
        assert f"{name} has no acceptance report" in result["said"][0]
        bench.judged(name)
    assert bench.run(names[0])["changed"]
    assert len(bench.sent()) == 1


@pytest.mark.parametrize("change", [{"stage": "drained"}, {"certifiable": False}, {"node": "xxx01.l.root-servers.org"}])
def test_what_has_not_passed_is_not_announced_and_no_failure(bench: Bench, change: dict[str, t.Any]) -> None:
    bench.judged(**change)
    result = bench.run()
    assert (result["changed"], result.get("failed", False), bench.sent()) == (False, False, [])
    assert result["said"][0].startswith("yfb: no notice is due: yfb01 ")
    assert bench.files() == {"yfb01/acceptance.json", "yfb01/acceptance.md", "yfb01/acceptance.html"}


def test_a_check_says_what_would_be_sent_and_sends_nothing(bench: Bench) -> None:
    before = bench.files()
    result = bench.run(check_mode=True, host="")
    assert result["changed"]
    assert result["said"] == [f"yfb: would be sent to {NOC} and {HANDS}: IMRS instance YFB, ᐃᖃᓗᐃᑦ: in service"]
    assert "To the network operations of Qikiqtani Networks" in result["sites"][0]["text"]
    assert (bench.sent(), bench.files()) == ([], before)
    bench.run()
    assert not bench.run(check_mode=True)["changed"]


def test_one_address_that_is_refused_is_red_and_the_repeat_goes_there_alone(bench: Bench) -> None:
    bench.post.refuses = {NOC: "550 no such user"}
    result = bench.run()
    assert (result["changed"], result["failed"], bench.sent()) == (True, True, [[HANDS]])
    assert f"REFUSED: {NOC}: 550 no such user" in result["msg"]
    assert bench.outcomes() == {HANDS: "accepted", NOC: "refused"}
    assert "yfb/onboarding.patch" not in bench.files()
    assert (bench.run()["failed"], bench.sent()) == (True, [[HANDS]])
    bench.post.refuses = {}
    assert not bench.run().get("failed")
    assert bench.sent() == [[HANDS], [NOC]]
    first, second = (re.search(rb"Message-ID: (\S+)", message.octets) for message in bench.post.messages)
    assert first
    assert second
    assert first[1] == second[1]
    assert "yfb/onboarding.patch" in bench.files()


def test_an_address_that_is_corrected_gets_it_alone(bench: Bench) -> None:
    bench.post.refuses = {NOC: "550 no such user"}
    bench.run()
    sheet = bench.fleet / "sites/yfb.yml"
    sheet.write_text(sheet.read_text().replace(NOC, "duty@qikiqtani.example"))
    assert not bench.run().get("failed")
    assert bench.sent() == [[HANDS], ["duty@qikiqtani.example"]]


def test_a_message_that_is_refused_may_be_repeated(bench: Bench) -> None:
    bench.post.refuses = {"DATA": "554 looks like spam"}
    assert "554 looks like spam" in bench.run()["msg"]
    assert bench.outcomes() == {NOC: "refused", HANDS: "refused"}
    bench.post.refuses = {}
    assert bench.run()["changed"]
    assert bench.sent() == [[NOC, HANDS]]


def test_a_server_that_is_down_is_red_and_the_repeat_sends(bench: Bench) -> None:
    with imrs_mail.running(imrs_mail.Post()) as gone:
        port = gone.port
    result = bench.run(port=port)
    assert result["failed"]
    assert "nothing is sent: 127.0.0.1:" in result["msg"]
    assert "Connection refused" in result["msg"]
    assert not bench.record.exists()
    assert bench.run()["changed"]
    assert bench.sent() == [[NOC, HANDS]]


def test_one_that_hangs_up_with_the_message_is_asked_no_more_until_somebody_has_looked(bench: Bench) -> None:
    bench.post.hangs_up = True
    result = bench.run()
    assert "it is not known whether the notice was sent" in result["msg"]
    assert bench.outcomes() == {NOC: "sending", HANDS: "sending"}
    bench.post.hangs_up = False
    result = bench.run()
    assert result["failed"]
    for words in ("refused: a run that began to send the notice", "<imrs-notice.", "-e imrs_notice_again=true"):
        assert words in result["msg"]
    assert len(bench.sent()) == 1
    assert bench.run(again=True)["changed"]
    assert len(bench.sent()) == 2
    assert not bench.run(again=True)["changed"], "what is known to have been sent is not sent again"


def test_what_cannot_be_noted_is_not_sent(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: t.Any, **_options: t.Any) -> list[str]:
        raise OSError(28, "No space left on device", "notice.json")

    with monkeypatch.context() as patched:
        patched.setattr(notice.reports_, "write", full)
        assert "notice.json: No space left on device" in bench.run()["msg"]
    assert bench.sent() == []
    assert bench.run()["changed"]


def test_what_was_sent_and_cannot_be_noted_is_not_sent_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    write, calls = notice.reports_.write, []

    def full_after_the_first(*given: t.Any, **options: t.Any) -> list[str]:
        calls.append(given)
        if len(calls) > 1:
            raise OSError(28, "No space left on device", "notice.json")
        return write(*given, **options)

    with monkeypatch.context() as patched:
        patched.setattr(notice.reports_, "write", full_after_the_first)
        assert bench.run()["failed"]
    assert len(bench.sent()) == 1
    assert bench.outcomes() == {NOC: "sending", HANDS: "sending"}
    assert "refused: " in bench.run()["msg"]


def test_two_runs_at_once_send_one_message(bench: Bench) -> None:
    bench.record.parent.mkdir()
    descriptor = os.open(bench.record.parent, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    assert "nothing is sent: another run is sending it" in bench.run()["msg"]
    os.close(descriptor)
    assert bench.run()["changed"]
    assert len(bench.sent()) == 1


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"host": ""}, "there is no mail server to send it; give one with imrs_notice_host"),
        ({"port": 70000}, "a port is a number from 1 to 65535"),
        ({"timeout": 0}, "a timeout is more than 0 seconds"),
        ({"sender": "a@b.example\r\nRCPT TO:<c@d.example>"}, "imrs_notice_sender is no e-mail address"),
        ({"host": f"{'a' * 64}.example"}, "nothing is sent: "),
        ({"username": "imrs"}, "a user name and the variable of its password are given together"),
        ({"ca_file": "/nowhere/ca.pem"}, "/nowhere/ca.pem: No such file or directory"),
    ],
)
def test_a_server_that_is_not_told_right_is_not_asked(bench: Bench, options: dict[str, t.Any], why: str) -> None:
    result = bench.run(**options)
    assert why in result["msg"]
    assert (bench.sent(), bench.record.exists()) == ([], False)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("yfb01/acceptance.json", b"{", "acceptance.json: is not JSON"),
        ("yfb01/acceptance.json", b"[]", "acceptance.json: is not an acceptance report"),
        ("yfb01/acceptance.json", b"\xff", "acceptance.json: is not UTF-8"),
        ("yfb01/acceptance.html", b"\xff", "acceptance.html: is not UTF-8"),
        (
            "yfb01/acceptance.html",
            b"on 10.144.30.11",
            "yfb01-acceptance.html: names 10.144.30.11, where operators reach",
        ),
        ("yfb/notice.json", b"{}", "notice.json: is no record of a notice"),
    ],
)
def test_what_is_not_understood_is_named_and_nothing_is_sent(bench: Bench, name: str, content: bytes, why: str) -> None:
    path = bench.reports / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    result = bench.run()
    assert result["failed"]
    assert why in result["msg"]
    assert bench.sent() == []


def test_one_site_keeps_no_other_from_it(bench: Bench) -> None:
    bench.sheet("acc", ("    notify: {date", "    # notify: {date"))
    bench.judged("acc01")
    (bench.reports / "acc01/acceptance.json").write_text("{")
    result = bench.run("acc01", "yfb01")
    assert result["failed"]
    assert result["msg"].splitlines()[0].startswith("acc: nothing is sent: ")
    assert result["msg"].splitlines()[1].startswith("yfb: sent to ")


def test_a_sheet_that_cannot_be_edited_keeps_nobody_from_being_told(bench: Bench) -> None:
    (bench.fleet / "sites/yfb.yml").rename(bench.fleet / "sites/y fb.yml")
    result = bench.run()
    assert not result.get("failed")
    assert "There is no patch of the sheet: sites/y fb.yml: cannot be named in a patch" in result["said"][0]
    assert len(bench.sent()) == 1


def test_wrong_sheets_are_told_and_nothing_is_sent(bench: Bench) -> None:
    bench.sheet("yfb", ("asn: 20144", "asn: 20414"))
    result = bench.run()
    assert "Nothing is sent, as the site data is wrong:\nsites/yfb.yml:" in result["msg"]
    (bench.fleet / "imrs.yml").unlink()
    assert "imrs.yml is not a file" in bench.run()["msg"]
    assert bench.sent() == []

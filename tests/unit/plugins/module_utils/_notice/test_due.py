# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is told that the instance is in service: nobody before all of it has passed, nobody twice."""

from __future__ import annotations

import json
import typing as t

import pytest
import site_records as made
from ansible_collections.icann.imrs.plugins.module_utils._notice import NoticeError, due, record
from ansible_collections.icann.imrs.plugins.module_utils._notice.due import Decision
from ansible_collections.icann.imrs.plugins.module_utils._notice.record import ACCEPTED, REFUSED, SENDING, Outcome

NOC, HANDS = "noc@savanna.example", "hands@savanna.example"
NAMES = {"nbo01": "nbo01.l.root-servers.org"}
AT = "2026-04-06T10:00:00Z"


def site(done: int = 7, **changes: t.Any) -> t.Any:
    return made.record(**{"onboarding": made.onboarding(done), "state": "onboarding", **changes})


def decide(
    found: t.Any = None,
    reports: t.Any = None,
    outcomes: t.Mapping[str, Outcome] | None = None,
    names: t.Mapping[str, str] = NAMES,
    *,
    again: bool = False,
) -> Decision:
    found = found or site()
    sent = record.new(found).told(outcomes or {}, server="mail.imrs.example:587")
    given = {"nbo01": made.report("nbo01")} if reports is None else reports
    return due.decide(found, names, given, sent, again=again)


def test_a_site_that_has_passed_is_due() -> None:
    assert decide() == Decision(to=(NOC, HANDS))
    assert decide(site(6)) == Decision(to=(NOC, HANDS)), "step install may be written with step notify"


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (site(8), "the sheet says that the host was notified on 2026-01-08"),
        (site(5), "step rack of the onboarding (Racked, powered, connected) is not done"),
        (site(mode="drained"), "its sheet wants it drained, not live"),
        (site(operational=False), "the instance is not operational"),
        (
            site(decommissioned={"date": "2026-04-01", "by": "x", "reason": "y"}),
            "the instance was decommissioned on 2026-04-01",
        ),
    ],
)
def test_what_the_sheet_does_not_want_is_not_due(found: t.Any, why: str) -> None:
    assert decide(found) == Decision(why=why)


@pytest.mark.parametrize(
    ("reports", "why"),
    [
        ({}, "nbo01 has no acceptance report"),
        ({"nbo01": made.report("nbo02")}, "nbo01 has the report of nbo02.l.root-servers.org, not of nbo01.l.root-"),
        ({"nbo01": {}}, "nbo01 has the report of nobody"),
        ({"nbo01": made.report(stage="drained")}, "nbo01 was last judged at stage drained, not live"),
        ({"nbo01": made.report(certifiable=False)}, "nbo01 has not passed at stage live"),
        ({"nbo01": made.report(certifiable="yes")}, "nbo01 has not passed at stage live"),
        ({"nbo01": made.report(started=1.5)}, "nbo01 has a report that does not say when it was judged"),
    ],
)
def test_what_has_not_passed_is_not_due(reports: t.Any, why: str) -> None:
    found = decide(reports=reports)
    assert (found.to, found.refused) == ((), False)
    assert found.why.startswith(why)


def test_every_appliance_of_a_cluster_has_to_have_passed() -> None:
    names = {name: f"{name}.l.root-servers.org" for name in ("nbo-r1", "nbo01", "nbo02")}
    reports = {name: made.report(name) for name in names}
    found = made.cluster(onboarding=made.onboarding(7), state="onboarding")
    assert decide(found, reports, names=names).to == (NOC, HANDS)
    for name in names:
        less = {other: report for other, report in reports.items() if other != name}
        assert decide(found, less, names=names) == Decision(why=f"{name} has no acceptance report")
    assert decide(found, {}, names={}) == Decision(why="it has no appliance")


def test_who_has_it_gets_it_no_more() -> None:
    had = {NOC: Outcome(ACCEPTED, AT), HANDS: Outcome(ACCEPTED, "2026-04-07T23:59:59Z")}
    found = decide(outcomes=had)
    assert (found.to, found.refused, found.complete) == ((), False, "2026-04-07")
    assert decide(outcomes=had, again=True) == found
    assert decide(outcomes=had, reports={}) == found, "later reports change nothing of that"


def test_who_was_refused_gets_it_alone() -> None:
    assert decide(outcomes={NOC: Outcome(REFUSED, AT), HANDS: Outcome(ACCEPTED, AT)}) == Decision(to=(NOC,))


def test_an_address_that_was_corrected_gets_it_alone() -> None:
    assert decide(outcomes={"old@savanna.example": Outcome(REFUSED, AT), HANDS: Outcome(ACCEPTED, AT)}).to == (NOC,)


def test_what_may_have_been_sent_is_not_sent_again_unless_told() -> None:
    outcomes = {NOC: Outcome(SENDING, AT), HANDS: Outcome(ACCEPTED, AT)}
    found = decide(outcomes=outcomes)
    assert (found.to, found.refused, found.complete) == ((), True, "")
    for words in (NOC, AT, "mail.imrs.example:587", record.message_id(site()), "-e imrs_notice_again=true"):
        assert words in found.why
    assert HANDS not in found.why
    assert decide(outcomes=outcomes, again=True).to == (NOC,)
    assert not decide(site(8), outcomes=outcomes).refused, "somebody has found out, and written it into the sheet"


def test_nobody_is_told_twice_by_two_names() -> None:
    contacts = site()["host"]["contacts"]
    contacts["remote_hands"] = {**contacts["remote_hands"], "email": "NOC@savanna.example"}
    host = {**site()["host"], "contacts": contacts}
    assert due.recipients(site(host=host)) == (NOC,)
    assert due.recipients(made.other_host()) == ("redes@rimac.example",)


def test_in_service_since_the_step_or_else_the_last_report() -> None:
    reports = [made.report(), made.report(started="2026-04-09T00:00:00Z")]
    assert due.since(site(7), reports) == "2026-01-07"
    assert due.since(site(6), reports) == "2026-04-09"


def test_a_go_live_is_known_by_its_site_and_step() -> None:
    """Neither a later report nor another name of the fleet makes it another one."""
    assert record.go_live(site()) == record.go_live(site(fleet="renamed", nodes=[])) == "nbo/notify"
    assert record.message_id(site()) == record.message_id(site(fleet="renamed"))
    assert record.message_id(site()) != record.message_id(site(site="lim"))


def test_the_record_is_read_as_it_was_written() -> None:
    sent = record.new(site()).told({NOC: Outcome(REFUSED, AT, "550 São Tomé")}, subject="s", server="m:25")
    assert record.parse(sent.render(), "notice.json", site()) == sent


GOOD = json.loads(record.new(site()).told({NOC: Outcome(ACCEPTED, AT)}).render())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "is no record of a notice"),
        ("[]", "is no record of a notice"),
        (json.dumps({**GOOD, "format": 2}), "is of another version"),
        (json.dumps({**GOOD, "go_live": "lim/notify"}), "is the record of lim/notify, not of nbo/notify"),
        (json.dumps({**GOOD, "go_live": 1}), "is no record of a notice"),
        (json.dumps({**GOOD, "more": 1}), "is no record of a notice"),
        (json.dumps({**GOOD, "addresses": {NOC: {"state": "lost", "at": AT}}}), "is no record of a notice"),
        (json.dumps({**GOOD, "addresses": {NOC: {"state": ACCEPTED, "at": "soon"}}}), "is no record of a notice"),
        (json.dumps({**GOOD, "addresses": {NOC: ACCEPTED}}), "is no record of a notice"),
    ],
)
def test_a_record_that_is_not_understood_is_no_licence_to_send(text: str, why: str) -> None:
    with pytest.raises(NoticeError, match=why) as error:
        record.parse(text, "reports/nbo/notice.json", site())
    assert str(error.value).startswith("reports/nbo/notice.json: ")
    assert "find out what the host of nbo was sent" in str(error.value)

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes next on a node, for every combination of what its gate says."""

from __future__ import annotations

import dataclasses
import itertools
import json
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._acceptance import course, gate
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.course import Course, Report
from ansible_collections.icann.imrs.plugins.module_utils._routing.policy import Mode
from courses import BEFORE_NOON, DARK, DRAINED, LIVE, NOON, ORDER, UNRENDERED, VOID, A, B, C, plot, status


def words(*commands: tuple[str, ...]) -> list[str]:
    """Without what all have."""
    return [" ".join(command).removeprefix("imrs ").removesuffix(" --json") for command in commands]


CERTIFY = "certify {} --fingerprint aa{} --session 20144:0:4 --session 20144:0:6"


def ask(verb: str) -> str:
    return f"{verb} --by site.yml --wait 30"


@pytest.mark.parametrize(
    ("found", "order", "stages", "told"),
    [
        (status(), {}, [LIVE], []),
        (status(DARK, certificate=VOID), {}, [DARK, DRAINED, LIVE], [ask("dark")]),
        (status(certificate={"expires_at": NOON}), {}, [DARK, DRAINED, LIVE], [ask("dark")]),
        (status(certificate={"mode": DRAINED}), {}, [DARK, DRAINED, LIVE], [ask("dark")]),
        (status(certificate=VOID), {"mode": Mode.DRAINED}, [DARK, DRAINED], [ask("dark")]),
        (status(), {"mode": Mode.DARK}, [DARK], [ask("dark")]),
        # Health is no reason to go down: it is judged in its place.
        ({**status(), "mode": {"ipv4": DARK, "ipv6": LIVE}}, {}, [LIVE], [ask("live")]),
        # A person's own, lower wish is a ceiling. Asked for is what the sheet wants, so that the wish may end.
        (status(DRAINED, intent={"ceiling": DRAINED}), {}, [DRAINED], []),
        (
            status(DARK, intent={"ceiling": DRAINED, "standing": {"mode": LIVE, "ceiling": LIVE}}),
            {},
            [DRAINED],
            [ask("live")],
        ),
        # Nothing moves.
        (status(DARK, certificate=VOID), {"check": True}, [DARK], []),
        (status(DRAINED), {"unrendered": UNRENDERED}, [DRAINED], []),
        (status(DARK, certificate=VOID), {"unrendered": UNRENDERED}, [DARK], []),
        # Down goes what is not as rendered, too.
        (status(), {"unrendered": UNRENDERED, "mode": Mode.DARK}, [DARK], [ask("dark")]),
    ],
)
def test_the_way_begins_where_the_certificate_does_not_reach(
    found: dict[str, t.Any], order: dict[str, t.Any], stages: list[str], told: list[str]
) -> None:
    plotted = plot(found, **order)
    assert not plotted.refusal
    assert [str(stage) for stage in plotted.stages] == stages
    assert words(*plotted.commands) == told


def members(live: int, drained: int, *, minimum: int = 2, below: str = DRAINED) -> dict[str, t.Any]:
    """What the gate of a cluster's router says of its nodes, in IPv6; in IPv4 all three are there."""
    found = {"live": live, "drained": drained}
    names = {key: {"ipv4": ["n01", "n02", "n03"], "ipv6": ["n01", "n02", "n03"][:many]} for key, many in found.items()}
    return {"members": {"minimum": minimum, "below": below, **names}}


@pytest.mark.parametrize(
    ("found", "stages", "waits"),
    [
        ({**status(DARK, certificate=VOID), **members(2, 2)}, [DARK, DRAINED, LIVE], ""),
        ({**status(DARK, certificate=VOID), **members(1, 2)}, [DARK, DRAINED], "1 nodes of its cluster are live"),
        ({**status(DARK, certificate=VOID), **members(1, 2, below=DARK)}, [DARK], "2 have to be (minimum_live)"),
        ({**status(DARK, certificate=VOID), **members(0, 0)}, [DARK], "0 nodes of its cluster are live"),
        # One that is certified is judged where it is, and nothing that it is asked for changes.
        ({**status(), **members(0, 0)}, [LIVE], ""),
    ],
)
def test_a_router_waits_for_its_nodes(found: dict[str, t.Any], stages: list[str], waits: str) -> None:
    plotted = plot(found)
    assert [str(stage) for stage in plotted.stages] == stages
    assert waits in plotted.waits
    assert bool(plotted.waits) is bool(waits)
    assert Course.from_wire(json.loads(json.dumps(plotted.to_wire()))) == plotted


def test_a_router_that_waits_at_dark_is_certified_for_nothing() -> None:
    plotted = plot({**status(DARK, certificate=VOID), **members(0, 0)})
    after = course.judged(plotted, Mode.DARK, Report())
    assert (after.commands, after.certify, after.refusal) == ((), (), "")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("", "xlb01 has no gate"),
        ('{"certificate": {"mode": "live"}}', "has a gate of an earlier version"),
        (
            json.dumps(
                status(DARK, intent={"until": NOON, "at_most": DARK, "standing": {"mode": LIVE, "ceiling": LIVE}})
            ),
            "it goes back to live by itself at 2026-01-01T12:00:00Z",
        ),
    ],
    ids=["no gate", "no sessions", "rises soon"],
)
def test_what_cannot_be_judged_is_refused_but_not_by_a_check(answer: str, why: str) -> None:
    refused = course.plot(answer, ORDER, BEFORE_NOON - course.SOON + 1)
    assert why in refused.refusal
    assert refused.stages == ()
    assert not course.plot(answer, dataclasses.replace(ORDER, check=True), BEFORE_NOON).refusal


def test_a_node_that_rises_later_is_judged_below_its_ceiling() -> None:
    found = status(
        DARK, intent={"ceiling": DARK, "until": NOON, "at_most": DARK, "standing": {"mode": LIVE, "ceiling": LIVE}}
    )
    plotted = plot(found, now=BEFORE_NOON - course.SOON)
    assert (plotted.refusal, plotted.target) == ("", Mode.DARK)


@pytest.mark.parametrize(
    "answer",
    [
        "{",
        '{"certificate": {"sessions": []}}',
        json.dumps({**status(), "mode": {}}),
        json.dumps({**status(), "intent": 1}),
    ],
)
def test_an_answer_that_is_not_understood_is_no_course(answer: str) -> None:
    with pytest.raises(ValueError, match=r"not understood|line 1"):
        course.plot(answer, ORDER, 0.0)


def test_the_way_up_step_by_step() -> None:
    now = plot(status(DARK, certificate=VOID))
    assert now.sessions == ()
    now = course.judged(now, Mode.DARK, Report(ready=(A, B)))
    assert words(*now.commands) == [CERTIFY.format(DRAINED, " --for 300"), ask("drain")]
    assert now.sessions == (A, B)
    now = course.judged(now, Mode.DRAINED, Report(ready=(C,)))  # it came too late for this certificate
    assert words(*now.commands) == [CERTIFY.format(LIVE, " --for 300"), ask("live")]
    now = course.judged(now, Mode.LIVE, Report(ready=(C,)))
    assert words(now.certify) == [CERTIFY.format(LIVE, "")]
    assert (now.commands, now.keeps, now.ready) == ((), True, (C,))
    now = course.tried(now)
    assert words(*now.commands) == ["trial --fingerprint aa --for 300 --session 20144:0:7"]
    assert now.certify == ()  # not before they have been judged
    assert words(course.admitted(now, Mode.LIVE).certify) == [CERTIFY.format(LIVE, "") + " --session 20144:0:7"]
    assert now.before_trial == (A, B)
    # Its own certificate is there by now: a trial that fails costs the others nothing.
    end = course.failed(now, Mode.LIVE, Report())
    assert end.stays
    assert words(end.command) == [CERTIFY.format(LIVE, "")]
    assert "The sessions that were on trial get nothing again" in end.outcome


def test_a_node_that_is_as_it_should_be_is_given_back_with_its_evidence() -> None:
    assert plot(status()).leaves
    assert not plot(status(), check=True).leaves
    assert not plot(status(), peers=3).leaves
    assert not plot(status(certificate={"trial": [C]})).leaves
    assert not plot(status(certificate={"foreseen_until": NOON})).leaves
    done = course.judged(plot(status()), Mode.LIVE, Report())
    assert (done.commands, done.certify, done.ready, done.refusal) == ((), (), (), "")


def test_a_trial_that_a_run_left_behind_is_judged_to_its_end() -> None:
    now = plot(status(certificate={"trial": [C]}))
    assert (now.sessions, now.before_trial) == ((A, B, C), (A, B))
    assert words(course.judged(now, Mode.LIVE, Report()).certify) == [CERTIFY.format(LIVE, "") + " --session 20144:0:7"]
    assert words(course.failed(now, Mode.LIVE, Report()).command) == [CERTIFY.format(LIVE, "")]


@pytest.mark.parametrize(
    ("certificate", "order", "harmful", "outcome"),
    [
        ({}, {}, (), "stays live, as nothing that failed hurts"),
        ({}, {}, ("BG-05",), "is dark and stays so"),
        ({"foreseen_until": NOON}, {}, (), "stays live"),  # judged before, and announced as before
        ({"fingerprint": "bb", "foreseen_until": NOON}, {}, (), "is dark"),  # only foreseen: it has to pass
        (VOID, {}, (), "is dark"),
        (VOID, {"check": True}, ("BG-05",), "is left as it is by a check"),
        ({}, {"unrendered": UNRENDERED}, (), "stays live"),
        ({}, {"unrendered": UNRENDERED}, ("DN-01",), "is dark"),
    ],
)
def test_only_what_does_harm_takes_a_proven_node_down(
    certificate: dict[str, t.Any], order: dict[str, t.Any], harmful: tuple[str, ...], outcome: str
) -> None:
    end = course.failed(plot(status(certificate=certificate), **order), Mode.LIVE, Report(harmful=harmful, judged=True))
    assert end.outcome.startswith(outcome)
    assert end.stays == (not outcome.startswith("is dark"))


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (Report(doubtful=("DN-01", "ZI-16"), judged=True), "is not proven (DN-01, ZI-16): it needs an engineer now"),
        (Report(), "this run came to no verdict that counts"),
    ],
)
def test_that_nobody_is_hurt_is_not_said_where_nobody_knows(report: Report, said: str) -> None:
    end = course.failed(plot(status()), Mode.LIVE, report)
    assert end.stays
    assert said in end.outcome
    assert "nothing that failed hurts" not in end.outcome


STATES = list(
    itertools.product(
        (DARK, DRAINED, LIVE),  # what is announced
        (DARK, DRAINED, LIVE),  # asked for
        (DARK, DRAINED, LIVE),  # ceiling
        (None, DARK, DRAINED, LIVE),  # certificate
        (None, NOON),  # its end
        ((None, "aa"), (NOON, "aa"), (NOON, "bb")),  # foreseen, and for which configuration it was issued
        ([], [C]),  # on trial
        (Mode.DARK, Mode.DRAINED, Mode.LIVE),  # the sheet
        ((False, ()), (True, ()), (False, UNRENDERED)),
    )
)


def test_no_state_of_a_node_leads_to_what_was_not_proven() -> None:
    """Every combination of what is known, and a report that has passed."""
    for mode, intent, ceiling, certified, end, (foreseen, own), trial, wanted, (check, unrendered) in STATES:
        certificate = {"mode": certified, "valid": certified is not None, "expires_at": end, "trial": trial}
        certificate |= {"foreseen_until": foreseen, "fingerprint": own}
        found = status(mode, intent={"mode": intent, "ceiling": ceiling}, certificate=certificate)
        now = plot(found, mode=wanted, check=check, unrendered=unrendered)
        assert Course.from_wire(json.loads(json.dumps(now.to_wire()))) == now
        assert now.target == min(wanted, Mode.parse(ceiling))
        assert not now.refusal
        judged_now = set()
        for stage in now.stages:
            judged_now.add(stage)
            now = course.judged(now, stage, Report(ready=("new",)))
            told = [command[1:3] for command in (*now.commands, now.certify) if command]
            if check or unrendered:
                assert told == []
                assert bool(now.refusal) == bool(unrendered and not check)
                continue
            # The next mode for a while, or what was just judged for good.
            certified_now = [subject for verb, subject in told if verb == "certify"]
            assert certified_now in ([], [str(Mode(stage + (stage < now.target)))])
            assert all("--for" in command for command in now.commands if command[1] == "certify")
            assert not now.certify or (stage == now.target > Mode.DARK and "--for" not in now.certify)
            # Who came later has been judged with nothing announced to it, and needs a trial.
            assert "new" not in now.certify or Mode.DARK in judged_now
        if not (check or unrendered):
            assert now.target in judged_now
        known = certified is not None and end is None and own == "aa" and Mode.parse(certified) >= now.target
        assert course.failed(now, now.target, Report()).stays == (check or known)
        assert course.failed(now, now.target, Report(harmful=("BG-05",))).stays == check


@pytest.mark.parametrize(
    ("returned", "output", "answer"),
    [(0, "{}", True), (1, '{"reached": false}', True), (1, '{"refused": "…"}', False), (127, "", False)],
)
def test_a_mode_that_is_not_reached_is_an_answer(returned: int, output: str, answer: bool) -> None:
    assert gate.answered(returned, output) == answer


VOIDED = {"valid": False, "reason": "the configuration has changed", "fingerprint": "aa"}


@pytest.mark.parametrize(
    ("made", "certificate", "wanted", "failed"),
    [
        (["gate", "routing"], VOIDED, False, True),
        (["gate", "routing"], VOIDED, True, False),  # somebody said that it may stay dark
        ([], VOIDED, False, False),
        (["gate"], {**VOIDED, "valid": True, "reason": ""}, False, False),
        (["gate"], {**VOIDED, "fingerprint": None}, False, False),  # a node that was never accepted
        (["gate"], None, False, False),  # no gate, or nobody asked it
    ],
)
def test_a_run_that_voids_a_certificate_and_leaves_acceptance_out_has_failed(
    made: list[str], certificate: dict[str, t.Any] | None, wanted: bool, failed: bool
) -> None:
    answer = f"noise\n{json.dumps({'certificate': certificate})}" if certificate else ""
    said = course.left_out("xlb01", made, answer, wanted=wanted)
    assert bool(said) is failed
    if failed:
        assert said.startswith("xlb01: this run has changed gate, routing and left acceptance out. The certificate is")
        assert "void (the configuration has changed), so the node stays dark" in said

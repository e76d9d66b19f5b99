# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The glue between the role and the library's course, in a real run that contacts nobody."""

from __future__ import annotations

import json
import typing as t

STATUS = {
    "mode": {"ipv4": "live", "ipv6": "live"},
    "intent": {"mode": "live", "ceiling": "live", "until": None, "at_most": None},
    "certificate": {
        "mode": "live",
        "valid": True,
        "expires_at": None,
        "foreseen_until": None,
        "fingerprint": "aa",
        "sessions": ["20144:0:4", "20144:0:6"],
        "trial": [],
    },
    "fingerprint": "aa",
}


def ask(name: str, register: str, **given: t.Any) -> dict[str, t.Any]:
    """One question; what goes wrong is for the play to show."""
    return {"name": name, "icann.imrs.course": given, "register": register, "ignore_errors": True}


def test_the_role_gets_the_library_s_words_and_keeps_its_course_after_a_mistake(
    fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]
) -> None:
    fleet.write({"xaa01": make_node("xaa01")})
    expected = "{{ lookup('icann.imrs.expected', listeners=[]) }}"
    plot = {"verb": "plot", "answer": json.dumps(STATUS), "mode": "live", "caller": "site.yml", "patience": 30}
    peers = "{{ lookup('icann.imrs.expected').peers | length }}"
    step = {"course": "{{ course }}", "stage": "live", "report": {"ready": [], "harmful": []}}
    shown = {"stages": "{{ course.stages }}", "leaves": "{{ course.leaves }}", "told": "{{ end.outcome }}"}
    shown |= {"kept": "{{ wrong.stages }}", "why": "{{ wrong.msg }}", "node": f"{expected[:-3]}.node_name }}}}"}
    tasks = [
        ask("Plot", "course", **plot, lease=300, peers=peers, unrendered=[]),
        ask("Judged", "course", verb="judged", **step),
        ask(
            "Failed", "end", verb="failed", **{**step, "report": {"certifiable": False, "harmful": [], "doubtful": []}}
        ),
        ask("Mistake", "wrong", verb="judge", **step),
        {"name": "Show", "ansible.builtin.debug": {"msg": shown}},
        {
            "name": "A variable is missing",
            "ansible.builtin.debug": {"msg": expected},
            "vars": {"imrs_asn": "{{ nowhere }}"},
        },
    ]
    playbook = fleet.base / "course.yml"
    playbook.write_text(json.dumps([{"name": "Course", "hosts": "all", "gather_facts": False, "tasks": tasks}]))
    done = fleet.run(str(playbook))
    assert '"stages": ["live"]' in " ".join(done.stdout.split()).replace("[ ", "[").replace(" ]", "]"), done.stdout
    assert '"leaves": true' in done.stdout.lower()
    assert '"kept": ["live"]' in " ".join(done.stdout.split()).replace("[ ", "[").replace(" ]", "]")
    assert "course: 'judge' is no verb (plot, judged, tried, failed, silent, withdrawn, left)" in done.stdout
    assert "stays live, as nothing that failed hurts those who ask it" in done.stdout
    assert '"node": "xaa01.l.root-servers.org"' in done.stdout
    assert "nowhere" in done.stdout + done.stderr
    assert done.returncode != 0
    assert not fleet.called.exists()


def told(*statuses: int | None, check: str = "pass") -> dict[str, t.Any]:
    """A question whether a node is silent, from the results of the two tasks before it."""
    loop = [{"unreachable": True} if status is None else {"rc": status} for status in statuses]
    report = {"results": [{"id": "BG-05", "status": check}]}
    return {"verb": "silent", "asked": {"results": loop}, "report": report}


def test_what_came_of_a_withdrawal_is_the_library_s_word_and_a_void_certificate_ends_the_run(
    fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]
) -> None:
    fleet.write({"xaa01": make_node("xaa01")})
    void = {"certificate": {"valid": False, "reason": "configuration changed", "fingerprint": "aa"}}
    left = {"verb": "left", "answer": json.dumps(void), "made": ["gate", "routing"]}
    withdrawn = {"verb": "withdrawn", "unit": "bird.service"}
    tasks = [
        ask("Proven", "proven", **told(0, 0)),
        ask("Not told", "untold", **told(0, None)),
        ask("Skipped", "nothing", verb="silent", asked={"skipped": True}, report={"failed": True}),
        ask("Unreached", "unreached", **withdrawn),
        ask("Dark", "dark", **withdrawn, reached=True, silent="{{ proven.silent }}"),
        ask("Ended", "ended", **withdrawn, reached=True, states=["inactive", "failed"]),
        {
            "name": "Show",
            "ansible.builtin.debug": {
                "msg": "{{ [proven.silent, untold.silent, nothing.silent, unreached.dark, dark.dark, ended.dark] }} "
                "{{ unreached.said }} | {{ ended.said }} | {{ ended.units }}"
            },
        },
        ask("Wanted", "wanted", **left, wanted=True),
        {"name": "Stop", "icann.imrs.course": {**left, "wanted": False}},
    ]
    playbook = fleet.base / "withdrawal.yml"
    playbook.write_text(json.dumps([{"name": "Course", "hosts": "all", "gather_facts": False, "tasks": tasks}]))
    done = fleet.run(str(playbook))
    said = " ".join((done.stdout + done.stderr).split())
    assert "[True, False, False, False, True, True] IT MAY STILL ANNOUNCE: it cannot be reached." in said, done.stdout
    assert "| It is dark: its routing daemon does not run | ['bird.service', 'frr.service']" in said
    assert done.returncode == 2
    assert "ignored=0" in said
    assert "xaa01: this run has changed gate, routing and left acceptance out. The certificate is void (con" in said
    assert not fleet.called.exists()

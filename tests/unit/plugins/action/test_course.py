# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The glue between the role and the library's course, in a real run that contacts nobody."""

from __future__ import annotations

import base64
import json
import subprocess
import typing as t

from ansible_collections.icann.imrs.plugins.module_utils._statement import NAMESPACE, Statement

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
    assert (
        "course: 'judge' is no verb (able, plot, judged, tried, admitted, failed, silent, withdrawn, left)"
        in done.stdout
    )
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


def test_a_certificate_is_signed_by_a_key_of_the_fleet_or_nothing_begins(
    fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]
) -> None:
    fleet.write({"xaa01": make_node("xaa01")})
    for name in ("signs", "stranger"):
        words = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(fleet.base / name))
        subprocess.run(words, check=True)
    signer = {"name": "dnseng", "key": (fleet.base / "signs.pub").read_text()}
    given = {"certificate": {"signers": [signer], "days": None}, "signing_key": str(fleet.base / "signs")}
    plot = {"verb": "plot", "answer": json.dumps({**STATUS, "challenge": "c"}), "mode": "live", "caller": "site.yml"}
    plot |= {"patience": 30, "lease": 300, "peers": 2, "unrendered": [], "node_name": "xaa01.l.root-servers.org"}
    report = {"ready": ["20144:0:7"], "harmful": [], "results": [{"id": "DN-01", "status": "pass"}]}
    tasks = [
        ask("Able", "able", verb="able", **given),
        ask("No key", "missing", verb="able", certificate=given["certificate"]),
        ask("Another key", "other", verb="able", **{**given, "signing_key": str(fleet.base / "stranger")}),
        ask("No file", "gone", verb="able", **{**given, "signing_key": "/nowhere/key"}),
        ask("Plot", "course", **plot, **given),
        ask("Judged", "course", verb="judged", course="{{ course }}", stage="live", report=report),
        ask("Tried", "course", verb="tried", course="{{ course }}", stage="live", report=report),
        {"name": "Show", "ansible.builtin.debug": {"msg": "told-{{ said | to_json | b64encode }}-told"}},
    ]
    said = {"signer": "{{ able.signer }}", "trial": "{{ course.commands[0] }}"}
    said |= {name: f"{{{{ {name}.msg }}}}" for name in ("missing", "other", "gone")}
    tasks[-1] |= {"vars": {"said": said}}
    playbook = fleet.base / "signed.yml"
    playbook.write_text(json.dumps([{"name": "Signed", "hosts": "all", "gather_facts": False, "tasks": tasks}]))
    done = fleet.run(str(playbook))
    found = json.loads(base64.b64decode(done.stdout.partition("told-")[2].partition("-told")[0]))
    assert found["signer"] == "dnseng"
    assert "say which key signs, with -e imrs_signing_key=FILE" in found["missing"]
    assert "is none of the keys of the fleet (dnseng;" in found["other"]
    assert "the signing key /nowhere/key cannot be read" in found["gone"]
    assert found["trial"][:3] == ["imrs", "take", "--statement"]
    text = base64.b64decode(found["trial"][3]).decode()
    statement = Statement.parse(text)
    assert (statement.verb, statement.node, statement.challenge) == ("trial", "xaa01.l.root-servers.org", "c")
    assert statement.about["results"] == {"pass": ["DN-01"]}
    assert statement.about["collection"]["digest"].startswith("sha256:")
    (fleet.base / "signature").write_bytes(base64.b64decode(found["trial"][5]))
    (fleet.base / "signers").write_text(f"dnseng {signer['key']}")
    verify = ("ssh-keygen", "-Y", "verify", "-f", "signers", "-I", "dnseng", "-n", NAMESPACE, "-s", "signature")
    assert (
        subprocess.run(verify, input=text, text=True, cwd=fleet.base, check=False, capture_output=True).returncode == 0
    )

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the gate meets people, systemd and the kernel: command line, control socket, notify, pidfd, fingerprint."""

from __future__ import annotations

import asyncio
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._gate import cli, fingerprint, main, watch
from ansible_collections.icann.imrs.plugins.module_utils._gate.control import Control
from ansible_collections.icann.imrs.plugins.module_utils._gate.notify import Notifier

STATUS: dict[str, t.Any] = {
    "node": "xlb01.l.root-servers.org",
    "mode": {"ipv4": "live", "ipv6": "dark"},
    "intent": {"mode": "live", "by": "operator", "at": "2026-01-01T00:00:00Z", "reason": ""},
    "certificate": {
        "mode": "live",
        "valid": True,
        "reason": "",
        "fingerprint": "",
        "issued_at": "2026-01-01T00:00:00Z",
        "expires_at": 1767225600.5,
        "foreseen_until": None,
        "sessions": ["20144:1:2"],
        "trial": [],
        "trial_until": None,
    },
    "fingerprint": "",
    "verdict": {
        "ipv4": {"healthy": True, "reason": "", "age": 0.1, "since": 12.3},
        "ipv6": {"healthy": False, "reason": "SERVFAIL", "age": 0.1, "since": 1.2},
    },
    "degraded": ["199.7.83.42 tcp: no answer for 13 s"],
    "session": {"state": "Established", "reason": "", "announced": ["199.7.82.0/23"]},
    "service": {"unit": "knot.service", "pid": 42, "reason": ""},
}


SETTLED = {**STATUS["certificate"], "expires_at": None, "foreseen_until": 1767225600.5}
FORESEEN = {**STATUS, "certificate": SETTLED}
"""A node with a certificate for good that covers a planned change, too."""
ON_TRIAL = {**STATUS, "certificate": {**STATUS["certificate"], "trial": ["20144:3:4"], "trial_until": 1767225600.5}}
"""A node with one more session that is about to be judged."""

SINCE = "2026-01-01T00:00:00Z"
VOID = {
    **STATUS,
    "certificate": {**SETTLED, "valid": False, "reason": "changed", "void_since": SINCE, "comeback": "comes back"},
}


def talk(tmp_path: pathlib.Path, answer: dict[str, t.Any], *arguments: str) -> tuple[int, list[dict[str, t.Any]]]:
    """Exit status of the command line against a gate that always answers so, and what it was asked."""
    asked: list[dict[str, t.Any]] = []

    async def reply(request: dict[str, t.Any]) -> dict[str, t.Any]:
        asked.append(request)
        return answer

    async def story() -> int:
        control = Control(tmp_path / "gate.sock", reply)
        await control.start()
        assert (tmp_path / "gate.sock").stat().st_mode & 0o777 == 0o600
        try:
            return await asyncio.to_thread(cli.main, ["--socket", str(tmp_path / "gate.sock"), *arguments])
        finally:
            control.stop()
            await asyncio.sleep(0.01)

    return asyncio.run(story()), asked


@pytest.mark.parametrize(
    ("arguments", "request_", "answer", "code", "said"),
    [
        (["live"], {"verb": "intent", "mode": "live", "by": "operator"}, {"changed": True}, 0, "changed"),
        (["drain", "--by", "a"], {"verb": "intent", "mode": "drained", "by": "a"}, {"changed": False}, 0, "nothing"),
        (["dark"], {"verb": "intent", "mode": "dark", "by": "operator"}, {"error": "full"}, 1, "imrs: full"),
        (
            ["claim", "--run", "r", "--by", "a", "--for", "60"],
            {"verb": "claim", "run": "r", "by": "a", "for": 60.0},
            {"usage": "no"},
            2,
            "imrs: no",
        ),
        (["release", "--run", "r"], {"verb": "release", "run": "r"}, {"changed": True}, 0, "changed"),
        (
            ["live"],
            {"verb": "intent", "mode": "live", "by": "operator"},
            {"kept": "dark", "reason": "r"},
            0,
            "kept dark, r",
        ),
        (
            ["dark", "--planned"],
            {"verb": "intent", "mode": "dark", "by": "operator", "planned": True},
            {"changed": True},
            0,
            "changed",
        ),
        (
            ["drain", "--until", "2026-12-01T04:00Z", "--reason", "fibre work", "--lower-only"],
            {
                "verb": "intent",
                "mode": "drained",
                "by": "operator",
                "note": "fibre work",
                "until": "2026-12-01T04:00Z",
                "lower_only": True,
            },
            {"changed": True, "until": "2026-12-01T04:00:00Z"},
            0,
            "changed until 2026-12-01T04:00:00Z",
        ),
        (
            ["dark", "--for", "600"],
            {"verb": "intent", "mode": "dark", "by": "operator", "for": 600.0},
            {"changed": False, "refused": "it is past"},
            1,
            "imrs: it is past",
        ),
        (["revoke"], {"verb": "revoke"}, {"changed": True}, 0, "changed"),
        (
            ["certify", "live", "--fingerprint", "ab"],
            {"verb": "certify", "mode": "live", "fingerprint": "ab"},
            {"changed": False, "refused": "no"},
            1,
            "imrs: no",
        ),
        (
            ["certify", "live", "--fingerprint", "ab", "--for", "900"],
            {"verb": "certify", "mode": "live", "fingerprint": "ab", "for": 900.0},
            {"changed": True, "mode": "live"},
            0,
            "changed",
        ),
        (["status"], {"verb": "status"}, STATUS, 0, ", to be confirmed before 2026-01-01T00:00:00Z"),
        (
            ["certify", "live", "--fingerprint", "ab", "--session", "20144:1:2", "--session", "20144:3:4"],
            {"verb": "certify", "mode": "live", "fingerprint": "ab", "sessions": ["20144:1:2", "20144:3:4"]},
            {"changed": True, "mode": "live"},
            0,
            "changed",
        ),
        (
            ["trial", "--fingerprint", "ab", "--for", "60", "--session", "20144:3:4"],
            {"verb": "trial", "fingerprint": "ab", "sessions": ["20144:3:4"], "for": 60.0},
            {"changed": False, "refused": "no certificate"},
            1,
            "imrs: no certificate",
        ),
        (["status"], {"verb": "status"}, STATUS, 0, "  for sessions 20144:1:2\n"),
        (["status"], {"verb": "status"}, ON_TRIAL, 0, "20144:1:2 (on trial until 2026-01-01T00:00:00Z: 20144:3:4)"),
        (["status"], {"verb": "status"}, FORESEEN, 0, "; a planned change may come before 2026-01-01T00:00:00Z"),
        (
            ["status"],
            {"verb": "status"},
            {**FORESEEN, "fingerprint": "b"},
            0,
            "; a planned change is there, to be accepted before 2026-01-01T00:00:00Z",
        ),
        (["status", "--patience", "3"], {"verb": "status", "patience": 3.0}, STATUS, 0, "LIVE"),
        (
            ["live", "--wait", "3"],
            {"verb": "intent", "mode": "live", "by": "operator", "wait": 3.0},
            {"changed": True, "reached": True},
            0,
            "changed\n",
        ),
        (
            ["dark", "--wait", "3"],
            {"verb": "intent", "mode": "dark", "by": "operator", "wait": 3.0},
            {"changed": False, "reached": False},
            1,
            "nothing to change; not there after 3 s",
        ),
        (
            ["foresee", "--fingerprint", "ab", "--from", "cd", "--for", "60"],
            {"verb": "foresee", "fingerprint": "ab", "from": "cd", "for": 60.0},
            {"changed": True},
            0,
            "changed",
        ),
        (["in-service"], {"verb": "status"}, STATUS, 0, "in service: ipv4 live, ipv6 dark\n"),
        (["in-service"], {"verb": "status"}, {"mode": {"ipv4": "dark", "ipv6": "drained"}}, 0, "in service: "),
        (
            ["in-service"],
            {"verb": "status"},
            {"mode": {"ipv4": "dark", "ipv6": "dark"}},
            3,
            "not in service: ipv4 dark",
        ),
        (["in-service"], {"verb": "status"}, {"usage": "what?"}, 0, "in service: taken for it"),
        (
            ["wait", "live", "--timeout", "2"],
            {"verb": "wait", "mode": "live", "timeout": 2.0},
            {**STATUS, "reached": True},
            0,
            "ipv4",
        ),
        (
            ["wait", "dark", "--timeout", "2"],
            {"verb": "wait", "mode": "dark", "timeout": 2.0},
            {**STATUS, "reached": False},
            1,
            "not dark",
        ),
        (["status"], {"verb": "status"}, STATUS, 0, "DARK     not healthy for 1 s (SERVFAIL)"),
        (["status"], {"verb": "status"}, STATUS, 0, "  DEGRADED     199.7.83.42 tcp: no answer for 13 s"),
        (["status", "--json"], {"verb": "status"}, STATUS, 0, '"xlb01.l.root-servers.org"'),
        (["revoke"], {"verb": "revoke"}, {"usage": "what?"}, 2, "imrs: what?"),
        (["status"], {"verb": "status"}, VOID, 0, "not valid (void since 2026-01-01T00:00:00Z: changed; comes back)"),
        (
            ["reinstate", "--fingerprint", "ab"],
            {"verb": "reinstate", "fingerprint": "ab"},
            {"changed": False, "refused": "no"},
            1,
            "imrs: no",
        ),
    ],
)
def test_a_verb_is_one_request_and_one_exit_status(  # noqa: PLR0917
    tmp_path: pathlib.Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    request_: dict[str, t.Any],
    answer: dict[str, t.Any],
    code: int,
    said: str,
) -> None:
    assert talk(tmp_path, answer, *arguments) == (code, [request_])
    output = capsys.readouterr()
    assert said in output.out + output.err


def test_without_a_gate_the_command_line_says_so(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--socket", str(tmp_path / "none"), "status"]) == 2
    assert "no answer from the gate" in capsys.readouterr().err


def test_a_node_without_a_gate_is_not_in_service(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "gate.sock"
    assert cli.main(["--socket", str(path), "in-service"]) == 3
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(path))
    assert cli.main(["--socket", str(path), "in-service"]) == 3
    assert capsys.readouterr().out == "not in service: the gate does not run\n" * 2


def test_a_gate_that_gives_no_answer_may_be_in_service(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "PATIENCE", 0.05)
    with socket.socket(socket.AF_UNIX) as hung:
        hung.bind(str(tmp_path / "gate.sock"))
        hung.listen()
        assert cli.main(["--socket", str(tmp_path / "gate.sock"), "in-service"]) == 0
    assert "gives no answer: timed out" in capsys.readouterr().out


def test_a_status_with_a_fresh_fingerprint(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[list[str]] = []

    def compute(arguments: list[str]) -> int:
        called.append(arguments)
        return len(called) - 1

    monkeypatch.setattr(fingerprint, "main", compute)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert talk(tmp_path, STATUS, "status", "--anew") == (0, [{"verb": "status"}])
    assert talk(tmp_path, STATUS, "status", "--anew") == (2, []), "it could not be told"
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert talk(tmp_path, STATUS, "status", "--anew") == (2, []), "not everybody can read all that counts"
    assert called == [["--runtime", str(tmp_path)]] * 2
    output = capsys.readouterr()
    assert "live, issued" in output.out
    assert "takes root" in output.err


@pytest.mark.parametrize("line", [b"\n", b"[]\n", b"{\n", b"\xff\n"])
def test_a_request_that_makes_no_sense_is_answered(tmp_path: pathlib.Path, line: bytes) -> None:
    async def story() -> bytes:
        control = Control(tmp_path / "gate.sock", lambda request: asyncio.sleep(0, request))
        await control.start()
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "gate.sock"))
        writer.write(line)
        answer = await reader.readline()
        writer.close()
        control.stop()
        await asyncio.sleep(0.01)
        return answer

    assert "usage" in json.loads(asyncio.run(story()))


def test_systemd_hears_what_is_said(tmp_path: pathlib.Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        Notifier(str(tmp_path / "notify"))(READY="1", STATUS="dark")
        assert listener.recv(100) == b"READY=1\nSTATUS=dark"
    Notifier("")(READY="1")


def test_the_end_of_a_process_is_noticed_and_the_next_one_found(tmp_path: pathlib.Path) -> None:
    async def story() -> None:
        ended: list[int] = []
        path = tmp_path / "pid"
        subject = watch.Watch("nameserver", watch.by_file(path), ended.append)
        task = asyncio.create_task(subject.run())
        for _ in range(2):
            with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:  # noqa: ASYNC220
                path.write_text(str(process.pid))
                async with asyncio.timeout(60):
                    while subject.pid != process.pid:  # noqa: ASYNC110 - sends no event
                        await asyncio.sleep(0.01)
                process.send_signal(signal.SIGKILL)
                async with asyncio.timeout(60):
                    while process.pid not in ended:  # noqa: ASYNC110 - sends no event
                        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert len(ended) == 2

    asyncio.run(story())


def test_a_gate_without_a_configuration_does_not_start(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["--config", str(tmp_path / "none.json")]) == 2
    assert capsys.readouterr().err.startswith("imrs-gate: ")

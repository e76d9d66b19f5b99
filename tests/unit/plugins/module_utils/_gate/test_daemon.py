# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole gate without a nameserver and a routing daemon: what its beat doubts, and what it says of itself."""

from __future__ import annotations

import asyncio
import pathlib
import time
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._gate import config, evidence
from ansible_collections.icann.imrs.plugins.module_utils._gate.authority import CHANGED
from ansible_collections.icann.imrs.plugins.module_utils._gate.daemon import Gate
from ansible_collections.icann.imrs.plugins.module_utils._gate.health import Outcome, Weight
from ansible_collections.icann.imrs.plugins.module_utils._gate.paths import Paths
from ansible_collections.icann.imrs.plugins.module_utils._gate.session import Loss
from gate_data import MARK, without_a_network

DATA = without_a_network()
HEX, OTHER = "a" * 64, "b" * 64


async def nothing() -> int:
    """There is no nameserver."""
    return 0


def run(
    tmp_path: pathlib.Path, story: t.Callable[[Gate], t.Awaitable[None]], data: dict[str, t.Any] | None = None
) -> None:
    """Tell a story to a gate that runs."""

    async def play() -> None:
        given = config.parse(data or DATA)
        gate = Gate(given, Paths(tmp_path, tmp_path), evidence.source(given, nothing), nothing)
        task = asyncio.create_task(gate.run())
        await asyncio.sleep(0)
        try:
            await story(gate)
        finally:
            gate.stop()
            assert await task == 0

    asyncio.run(play())


def test_what_has_an_end_ends_without_anybody_asking(tmp_path: pathlib.Path) -> None:
    async def story(gate: Gate) -> None:
        await gate.answer({"verb": "intent", "mode": "live", "by": "site.yml"})
        ask = {"verb": "intent", "mode": "drained", "by": "alice", "note": "fibre work"}
        assert "is past" in (await gate.answer({**ask, "until": "2001-01-01T00:00Z", "wait": 1}))["refused"]
        assert gate.status()["intent"]["until"] is None
        assert (await gate.answer({**ask, "for": 0.2}))["until"]
        intent = gate.status()["intent"]
        assert (intent["mode"], intent["note"], intent["standing"]["mode"]) == ("drained", "fibre work", "live")
        async with asyncio.timeout(60):
            while gate.status()["intent"]["mode"] != "live":  # noqa: ASYNC110 - sends no event
                await asyncio.sleep(0.05)
        assert gate.status()["intent"]["by"] == "site.yml"

    run(tmp_path, story)


def test_claims_are_over_when_the_node_goes_down(tmp_path: pathlib.Path) -> None:
    async def story(gate: Gate) -> None:
        claim = {"verb": "claim", "run": "a", "by": "alice", "for": 60}
        await gate.answer({"verb": "intent", "mode": "live", "by": "site.yml"})
        assert [one["by"] for one in (await gate.answer(claim))["claims"]] == ["alice"]
        assert await gate.answer({"verb": "release", "run": "a"}) == {"changed": True}
        assert gate.status()["claims"] == []
        await gate.answer(claim)
        await gate.answer({"verb": "intent", "mode": "live", "by": "site.yml"})
        assert gate.status()["claims"]
        await gate.answer({"verb": "intent", "mode": "drained", "by": "alice"})
        assert gate.status()["claims"] == []
        with pytest.raises(ValueError, match="a claim has"):
            await gate.answer({**claim, "for": 1e9})

    run(tmp_path, story)


async def reason(gate: Gate, text: str) -> None:
    """Wait until the certificate is void for that reason, without anyone asking for anything else."""
    async with asyncio.timeout(60):
        while gate.status()["certificate"]["reason"] != text:  # noqa: ASYNC110 - sends no event
            await asyncio.sleep(0.05)


def test_the_status_says_how_long_and_how_high(tmp_path: pathlib.Path) -> None:
    (tmp_path / "fingerprint").write_text(HEX)

    async def story(gate: Gate) -> None:
        certify = {"verb": "certify", "mode": "live", "fingerprint": HEX, "sessions": [MARK]}
        assert (await gate.answer({"verb": "status"}))["intent"]["ceiling"] == "live"
        await gate.answer({"verb": "intent", "mode": "drained", "by": "operator"})
        await gate.answer({"verb": "intent", "mode": "dark", "by": "site.yml"})
        before = time.time()
        assert (await gate.answer({**certify, "for": 60}))["changed"]
        after = time.time()
        status = await gate.answer({"verb": "status"})
        assert (status["intent"]["mode"], status["intent"]["ceiling"]) == ("dark", "drained")
        assert before <= status["certificate"]["expires_at"] - 60 <= after
        assert (await gate.answer(certify)) == {"changed": True, "mode": "live"}
        assert (await gate.answer({"verb": "status"}))["certificate"]["expires_at"] is None
        with pytest.raises(TypeError):
            await gate.answer({**certify, "for": None})

    run(tmp_path, story)


def test_the_beat_ends_what_nobody_confirmed(tmp_path: pathlib.Path) -> None:
    (tmp_path / "fingerprint").write_text(HEX)

    async def story(gate: Gate) -> None:
        await gate.answer({"verb": "certify", "mode": "live", "fingerprint": HEX, "sessions": [MARK], "for": 0.2})
        await reason(gate, "")
        await reason(gate, "not confirmed in time")

    async def after_a_restart(gate: Gate) -> None:
        await reason(gate, "not confirmed in time")

    run(tmp_path, story)
    run(tmp_path, after_a_restart)


def test_the_beat_notices_a_change_and_keeps_it_in_mind(tmp_path: pathlib.Path) -> None:
    (tmp_path / "fingerprint").write_text(HEX)

    async def story(gate: Gate) -> None:
        await gate.answer({"verb": "certify", "mode": "live", "fingerprint": HEX, "sessions": [MARK]})
        (tmp_path / "fingerprint").write_text(OTHER)
        await reason(gate, CHANGED)

    async def after_a_restart(gate: Gate) -> None:
        assert gate.status()["fingerprint"] == HEX
        await reason(gate, CHANGED)

    run(tmp_path, story)
    (tmp_path / "fingerprint").write_text(HEX)
    run(tmp_path, after_a_restart)


def test_what_is_foreseen_is_marked_for_the_fingerprint_until_it_is_accepted(tmp_path: pathlib.Path) -> None:
    (tmp_path / "fingerprint").write_text(HEX)
    mark = tmp_path / "foreseen"
    mark.touch()  # of a gate that was killed

    async def story(gate: Gate) -> None:
        certify = {"verb": "certify", "mode": "live", "fingerprint": HEX, "sessions": [MARK]}
        await gate.answer(certify)
        assert not mark.exists()
        request = {"verb": "foresee", "fingerprint": OTHER, "from": HEX, "for": 60}
        before = time.time()
        assert await gate.answer({**request, "for": 86400}) == {"changed": True}, "for no longer than is configured"
        after = time.time()
        assert mark.exists(), "before the change is made"
        until = (await gate.answer({"verb": "status"}))["certificate"]["foreseen_until"]
        assert before <= until - 60 <= after
        assert await gate.answer(certify) == {"changed": True, "mode": "live"}
        assert not mark.exists()
        assert (await gate.answer({"verb": "status"}))["certificate"]["foreseen_until"] is None
        await gate.answer(request)

    async def after_a_restart(gate: Gate) -> None:
        mark.unlink()
        await gate.answer({"verb": "status"})
        assert mark.exists()
        (tmp_path / "fingerprint").write_text(OTHER)
        status = await gate.answer({"verb": "status"})
        assert (status["fingerprint"], status["certificate"]["valid"]) == (OTHER, True), "seen at once, not by the beat"
        (tmp_path / "fingerprint").write_text("c" * 64)
        assert not (await gate.answer({"verb": "status"}))["certificate"]["valid"]
        assert not mark.exists()

    run(tmp_path, story, {**DATA, "foresee": 60})
    run(tmp_path, after_a_restart, {**DATA, "foresee": 60})


def test_root_cannot_have_foreseen_what_the_operator_does_not_want(tmp_path: pathlib.Path) -> None:
    (tmp_path / "fingerprint").write_text(HEX)

    async def story(gate: Gate) -> None:
        await gate.answer({"verb": "certify", "mode": "live", "fingerprint": HEX, "sessions": [MARK]})
        with pytest.raises(ValueError, match="cannot be foreseen for 0 s"):
            await gate.answer({"verb": "foresee", "fingerprint": OTHER, "from": HEX, "for": 60})
        assert gate.status()["certificate"]["foreseen_until"] is None

    run(tmp_path, story)


def test_a_mark_that_cannot_be_made_is_told(tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "fingerprint").write_text(HEX)
    (tmp_path / "foreseen").mkdir()

    async def story(gate: Gate) -> None:
        await gate.answer({"verb": "status"})
        assert "cannot say whether a change is foreseen" in caplog.text

    run(tmp_path, story)


def test_to_ask_and_to_wait_is_one_request(tmp_path: pathlib.Path) -> None:
    async def story(gate: Gate) -> None:
        ask = {"verb": "intent", "by": "site.yml", "wait": 0.01}
        there = {"changed": False, "mode": "dark", "reached": True}
        assert await gate.answer({**ask, "mode": "dark"}) == there
        assert await gate.answer({**ask, "mode": "live"}) == {"changed": True, "mode": "live", "reached": False}
        assert "reached" not in await gate.answer({"verb": "intent", "by": "site.yml", "mode": "live"})

    run(tmp_path, story, announcing())


def announcing(interval: float = 0.1) -> dict[str, t.Any]:
    """A gate with a family to announce, whose nameserver is asked that often."""
    probe = {**DATA["probe"], "addresses": {"ipv4": ["127.0.0.1"], "ipv6": []}, "interval": interval}
    prefixes = {**DATA["prefixes"], "ipv4": {"specific": ["199.7.83.0/24"], "covering": []}}
    return {**DATA, "prefixes": prefixes, "probe": probe}


def test_a_status_can_wait_for_health(tmp_path: pathlib.Path) -> None:
    async def story(gate: Gate) -> None:
        health = gate._node.health["ipv4"]
        asked = asyncio.create_task(gate.answer({"verb": "status", "patience": 60}))
        await asyncio.sleep(0.05)
        assert not asked.done()
        health.healthy = True
        gate._after_evidence(True)
        assert (await asked)["verdict"]["ipv4"]["healthy"]
        health.healthy = False
        assert not (await gate.answer({"verb": "status", "patience": 0.01}))["verdict"]["ipv4"]["healthy"]

    run(tmp_path, story, announcing(10))


def test_a_probe_that_sees_a_planned_end_first_counts_no_fall(tmp_path: pathlib.Path) -> None:
    """The nameserver closes its sockets before its process ends, and probes come every 100 ms."""
    refused = Outcome(Weight.HARD, "connection refused")

    async def story(gate: Gate) -> None:
        health = gate._node.health["ipv4"]
        for planned, falls in ((True, 0), (False, 1)):
            health.healthy = True
            if planned:
                await gate.answer({"verb": "step-aside"})
            gate._evidence._observe("ipv4", "private", refused)
            assert (health.healthy, health.falls) == (False, falls)
            gate._evidence._ended(1)

    run(tmp_path, story, announcing(10))


def test_a_gate_that_was_killed_is_a_fall_of_the_next_one(tmp_path: pathlib.Path) -> None:
    async def first(gate: Gate) -> None:
        assert gate.status()["falls"] == {"gate": 0, "routing": 0, "configuration": 0}
        assert (tmp_path / "running").exists()

    async def second(gate: Gate) -> None:
        assert gate.status()["falls"]["gate"] == 1
        assert "the gate fell 1 times; held down for" in gate._node.held(0.0)

    run(tmp_path, first)
    assert not (tmp_path / "running").exists(), "it ended in order"
    (tmp_path / "running").touch()
    run(tmp_path, second)
    assert '"gate": {"count": 1' in (tmp_path / "falls.json").read_text()


@pytest.mark.parametrize(
    ("loss", "falls", "hung"), [(Loss.TOLD, 0, False), (Loss.CLOSED, 1, False), (Loss.SILENT, 1, True)]
)
def test_how_the_session_was_lost_says_what_became_of_the_routing_daemon(
    tmp_path: pathlib.Path, loss: Loss, falls: int, hung: bool
) -> None:
    async def story(gate: Gate) -> None:
        gate._session_lost(loss)
        assert gate.status()["falls"]["routing"] == falls
        assert (tmp_path / "routing-hung").exists() is hung

    run(tmp_path, story)


def test_a_gate_that_stood_still_accuses_no_routing_daemon(tmp_path: pathlib.Path) -> None:
    async def story(gate: Gate) -> None:
        gate._late_at = time.clock_gettime(time.CLOCK_BOOTTIME)
        gate._session_lost(Loss.SILENT)
        assert not (tmp_path / "routing-hung").exists()

    run(tmp_path, story)


def test_what_is_degraded_is_said_once(tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture) -> None:
    async def story(gate: Gate) -> None:
        gate._node.freshness.heard("192.0.2.53", ".", None, "no answer", 0)
        for now in (1.0, 2.0):
            gate._complain(now)
        gate._node.freshness.heard("192.0.2.53", ".", 1, "", 3)
        gate._complain(4.0)
        said = [record.getMessage() for record in caplog.records if "degraded" in record.getMessage()]
        assert said[0] == "degraded: master 192.0.2.53: no answer"
        assert said[-1] == "degraded: nothing any more"
        assert len(said) == 2

    run(tmp_path, story)


def test_files_that_are_again_as_certified_make_the_gate_ask_root_and_a_new_gate_takes_its_word(
    tmp_path: pathlib.Path,
) -> None:
    data = {**DATA, "hold_down": {"first": 0.2, "longest": 300, "forget_after": 600}}
    word = {"verb": "reinstate", "fingerprint": HEX}
    (tmp_path / "fingerprint").write_text(HEX)

    async def story(gate: Gate) -> None:
        await gate.answer({"verb": "certify", "mode": "live", "fingerprint": HEX, "sessions": [MARK]})
        await gate.answer({"verb": "intent", "mode": "live"})
        (tmp_path / "fingerprint").write_text(OTHER)
        await reason(gate, CHANGED)
        certificate = gate.status()["certificate"]
        assert (bool(certificate["void_since"]), certificate["comeback"]) == (True, "")
        assert gate.status()["falls"]["configuration"] == 1
        (tmp_path / "fingerprint").write_text(HEX)
        async with asyncio.timeout(60):
            while not (tmp_path / "reinstate").exists():  # noqa: ASYNC110 - sends no event
                await asyncio.sleep(0.05)
        assert "was asked once" in gate.status()["certificate"]["comeback"]
        assert await gate.answer({**word, "ask": True}) == {"changed": False}
        assert "start it anew" in (await gate.answer(word))["refused"]
        (tmp_path / "reinstate").unlink()

    async def after_a_restart(gate: Gate) -> None:
        await gate.answer({"verb": "status"})
        assert gate.status()["falls"]["configuration"] == 1
        assert "was asked once" in gate.status()["certificate"]["comeback"]
        health = gate._node.health["ipv4"]
        health.healthy = True
        assert "refused" in await gate.answer({**word, "fingerprint": OTHER})
        assert health.healthy
        assert await gate.answer(word) == {"changed": True, "mode": "live"}
        assert (health.healthy, health.falls) == (False, 0), "verdicts of before do not count"
        certificate = (await gate.answer({"verb": "status"}))["certificate"]
        assert [certificate[key] for key in ("valid", "reason", "void_since", "comeback")] == [True, "", None, ""]

    run(tmp_path, story, data)
    run(tmp_path, after_a_restart, data)
    assert not (tmp_path / "reinstate").exists()

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the zones come from: when a zone is verified again, and what holds meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import pathlib
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._gate import config, upstream
from ansible_collections.icann.imrs.plugins.module_utils._gate.health import Outcome, Weight
from ansible_collections.icann.imrs.plugins.module_utils._probes import refresh
from gate_data import DATA, UPSTREAM, changed

GOOD, BOGUS, UNKNOWN = Outcome(Weight.GOOD), Outcome(Weight.HARD, "bogus"), Outcome(Weight.SOFT, "cannot be verified")


class Story:
    """Trust with a validator that says what it is told to, and a clock of some milliseconds."""

    def __init__(self, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.file = tmp_path / "upstream.json"
        self.file.write_text(json.dumps(UPSTREAM))
        self.told: list[Outcome] = []
        self.says, self.examined = GOOD, 0
        monkeypatch.setattr(upstream, "TOLD_EVERY", 0.005)
        data = changed("masters.path", str(self.file), changed("zones", DATA["zones"][:1]))
        self.trust = upstream.Trust(config.parse(data), lambda _family, _source, outcome: self.told.append(outcome))
        monkeypatch.setattr(self.trust, "_examine", self.examine)

    async def examine(self, _zone: str) -> Outcome:
        self.examined += 1
        return self.says

    async def until_told(self, expected: Outcome) -> None:
        self.told.clear()
        async with asyncio.timeout(30):
            while not self.told or self.told[-1] != expected:  # noqa: ASYNC110 - sends no event
                await asyncio.sleep(0.005)

    def run(self, story: t.Callable[[], t.Awaitable[None]]) -> None:
        async def play() -> None:
            task = asyncio.create_task(self.trust.run())
            try:
                await story()
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

        asyncio.run(play())


@pytest.fixture
def story(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    """No zone is served yet."""
    return Story(tmp_path, monkeypatch)


def test_a_zone_is_verified_once_a_serial_and_told_again_and_again(story: Story) -> None:
    async def play() -> None:
        story.trust.served(".", (1, 2000))
        for _ in range(3):
            await story.until_told(GOOD)
        assert story.examined == 1
        story.says = BOGUS
        story.trust.served(".", (2, 2000))
        await story.until_told(BOGUS)

    story.run(play)


def test_another_signature_or_other_anchors_are_reasons_to_verify_again(story: Story) -> None:
    async def play() -> None:
        story.trust.served(".", (1, 2000))
        await story.until_told(GOOD)
        story.says = BOGUS
        story.trust.served(".", (1, 3000))
        await story.until_told(BOGUS)
        story.says = GOOD
        os.utime(story.file, ns=(1, 1))
        await story.until_told(GOOD)

    story.run(play)


def test_a_zone_that_cannot_be_verified_again_is_what_it_was(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Strangers can keep TCP full, which a long DNSKEY takes."""

    async def play() -> None:
        story.trust.served(".", (1, 2000))
        await story.until_told(GOOD)
        monkeypatch.setattr(upstream, "ANEW", 0.0)
        monkeypatch.setattr(upstream, "AGAIN", 0.0)
        story.says = UNKNOWN
        before = story.examined
        async with asyncio.timeout(30):
            while story.examined < before + 3:  # noqa: ASYNC110 - sends no event
                await asyncio.sleep(0.005)
        await story.until_told(GOOD)
        story.trust.served(".", (2, 2000))
        await story.until_told(UNKNOWN)

    story.run(play)


def test_what_cannot_be_read_is_said(tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture) -> None:
    assert upstream.read(str(tmp_path / "none.json")) is None
    assert "none.json: " in caplog.text
    data = config.parse(changed("masters.path", str(tmp_path / "none.json")))
    trust = upstream.Trust(data, lambda *_told: None)
    assert asyncio.run(trust._examine(".")).weight is Weight.SOFT


@pytest.mark.parametrize(("failure", "sooner"), [("", False), ("no answer", True)])
def test_masters_are_asked_again_sooner_when_one_did_not_answer(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, failure: str, sooner: bool
) -> None:
    (tmp_path / "upstream.json").write_text(json.dumps(UPSTREAM))
    heard: list[tuple[str, str]] = []
    waited: list[float] = []

    async def ask(_master: refresh.Master, _zone: str, _secret: str) -> refresh.Answer:
        return refresh.Answer(None if failure else 1, failure)

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        raise asyncio.CancelledError

    monkeypatch.setattr(upstream.refresh, "ask", ask)
    monkeypatch.setattr(upstream.asyncio, "sleep", sleep)
    told = config.parse(changed("masters.path", str(tmp_path / "upstream.json")))
    masters = upstream.Masters(told, lambda master, zone, _serial, _failure: heard.append((master, zone)))
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(masters.run())
    assert len(heard) == len(set(heard)) == 6, "two masters, three zones"
    assert waited == [upstream.SOONER if sooner else 60]

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that a key of the fleet has signed: real signatures, and every way in which one does not count."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import pathlib
import subprocess
import time
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._gate import config, evidence, signature
from ansible_collections.icann.imrs.plugins.module_utils._gate.daemon import Gate
from ansible_collections.icann.imrs.plugins.module_utils._gate.paths import Paths
from ansible_collections.icann.imrs.plugins.module_utils._statement import NAMESPACE, Seal, Statement
from gate_data import MARK, without_a_network

HEX, OTHER = "a" * 64, "b" * 64
NODE = str(without_a_network()["node"])


class Keys(t.NamedTuple):
    """A fleet's key, one of somebody else, and what the gate knows."""

    folder: pathlib.Path

    @property
    def signers(self) -> str:
        return str(self.folder / "signers")

    def sign(self, text: str, key: str = "fleet", namespace: str = NAMESPACE) -> Seal:
        words = ("ssh-keygen", "-q", "-Y", "sign", "-f", str(self.folder / key), "-n", namespace)
        done = subprocess.run(words, input=text, capture_output=True, text=True, check=True)
        return Seal(text, done.stdout)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    folder = tmp_path_factory.mktemp("keys")
    for name in ("fleet", "stranger"):
        subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)), check=True)
    public = " ".join((folder / "fleet.pub").read_text().split()[:2])
    (folder / "signers").write_text(f'# of the fleet\ndnseng namespaces="{NAMESPACE}" {public}\n')
    return Keys(folder)


def statement(challenge: str, **more: t.Any) -> Statement:
    """A certificate for good, issued in 2026."""
    given = {"verb": "certify", "node": NODE, "challenge": challenge, "mode": "live", "fingerprint": HEX}
    given |= {"sessions": (MARK,), "seconds": None, "issued": "2026-01-01T00:00:00Z", "ends": "", "about": {}}
    return Statement(**{**given, **more})


def request(seal: Seal) -> dict[str, t.Any]:
    return {"verb": "take", **seal._asdict()}


def run(tmp_path: pathlib.Path, signers: str, story: t.Callable[[Gate], t.Awaitable[None]]) -> None:
    """Tell a story to a gate that starts, runs and ends; what it keeps is in ``tmp_path``."""
    (tmp_path / "fingerprint").write_text(HEX)

    async def nothing() -> int:
        return 0

    async def play() -> None:
        given = config.parse({**without_a_network(), "signers": signers})
        gate = Gate(given, Paths(tmp_path, tmp_path), evidence.source(given, nothing), nothing)
        task = asyncio.create_task(gate.run())
        await asyncio.sleep(0)
        try:
            await story(gate)
        finally:
            gate.stop()
            assert await task == 0

    asyncio.run(play())


def certificate(gate: Gate) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", gate.status()["certificate"])


def test_a_signed_certificate_counts_also_for_the_next_gate(tmp_path: pathlib.Path, keys: Keys) -> None:
    async def signs(gate: Gate) -> None:
        seal = keys.sign(statement(gate.status()["challenge"], ends="2099-01-01T00:00:00Z").text())
        assert await gate.answer(request(seal)) == {"changed": True, "mode": "live"}
        assert certificate(gate)["valid"]
        assert (certificate(gate)["signed_by"], certificate(gate)["ends_at"]) == ("dnseng", "2099-01-01T00:00:00Z")
        again = keys.sign(statement(gate.status()["challenge"], ends="2099-01-02T00:00:00Z").text())
        assert (await gate.answer(request(again)))["changed"]  # a later end
        same = keys.sign(statement(gate.status()["challenge"], ends="2099-01-02T00:00:00Z", about={"by": "b"}).text())
        assert not (await gate.answer(request(same)))["changed"]

    async def finds_it(gate: Gate) -> None:
        assert (certificate(gate)["valid"], certificate(gate)["signed_by"]) == (True, "dnseng")
        assert certificate(gate)["ends_at"] == "2099-01-02T00:00:00Z"

    run(tmp_path, keys.signers, signs)
    run(tmp_path, keys.signers, finds_it)


Make = t.Callable[[Keys, Statement], Seal]


def instead(**wrong: str) -> Make:
    """Signed as it should be, with something else in it."""
    return lambda keys, good: keys.sign(dataclasses.replace(good, **wrong).text())


WRONG: dict[str, tuple[Make, str]] = {
    "another key": (lambda keys, good: keys.sign(good.text(), "stranger"), "no key of the fleet has signed"),
    "another purpose": (lambda keys, good: keys.sign(good.text(), namespace="file"), "namespace"),
    "altered": (
        lambda keys, good: Seal(good.text().replace("live", "dark"), keys.sign(good.text()).signature),
        "is not of this statement",
    ),
    "forged": (
        lambda _keys, good: Seal(good.text(), "-----BEGIN SSH SIGNATURE-----"),
        "no key of the fleet has signed",
    ),
    "copied": (instead(node="xlb02.example"), "is for xlb02.example"),
    "expired": (instead(ends="2026-01-02T00:00:00Z"), "has ended at 2026"),
    "no end": (instead(ends="soon"), "'soon' is no time"),
    "old": (instead(challenge="0" * 32), "taken before, or is older"),
    "another configuration": (instead(fingerprint=OTHER), "the fingerprint of"),
    "empty": (lambda keys, _good: keys.sign("{}"), "what dnseng has signed is not understood"),
    "no JSON": (lambda keys, _good: keys.sign("live"), "what dnseng has signed is not understood"),
}


@pytest.mark.parametrize(("made", "why"), WRONG.values(), ids=WRONG)
def test_what_does_not_count(tmp_path: pathlib.Path, keys: Keys, made: Make, why: str) -> None:
    async def story(gate: Gate) -> None:
        answer = await gate.answer(request(made(keys, statement(gate.status()["challenge"]))))
        assert (answer["changed"], certificate(gate)["valid"]) == (False, False)
        assert why in answer["refused"]

    run(tmp_path, keys.signers, story)


def test_a_statement_counts_once_and_not_after_a_revocation(tmp_path: pathlib.Path, keys: Keys) -> None:
    async def story(gate: Gate) -> None:
        first = keys.sign(statement(gate.status()["challenge"], seconds=60).text())
        second = keys.sign(statement(gate.status()["challenge"], seconds=90).text())
        assert (await gate.answer(request(first)))["changed"]
        assert "taken before" in (await gate.answer(request(first)))["refused"]
        assert certificate(gate)["expires_at"] is not None
        await gate.answer({"verb": "revoke"})
        assert "the last revocation" in (await gate.answer(request(second)))["refused"]
        assert not certificate(gate)["valid"]

    run(tmp_path, keys.signers, story)


def test_a_revocation_that_comes_while_a_signature_is_verified_counts(tmp_path: pathlib.Path, keys: Keys) -> None:
    async def story(gate: Gate) -> None:
        seal = keys.sign(statement(gate.status()["challenge"]).text())
        task = asyncio.create_task(gate.answer(request(seal)))
        await asyncio.sleep(0)  # it has begun
        await gate.answer({"verb": "revoke"})
        assert "the last revocation" in (await task)["refused"]

    run(tmp_path, keys.signers, story)


@pytest.mark.parametrize("verb", ["certify", "trial"])
def test_root_s_word_alone_does_not_count_where_the_fleet_has_keys(
    tmp_path: pathlib.Path, keys: Keys, verb: str
) -> None:
    async def story(gate: Gate) -> None:
        asked = {"verb": verb, "mode": "live", "fingerprint": HEX, "sessions": [MARK], "for": 60}
        assert "a key of the fleet has to sign that" in (await gate.answer(asked))["refused"]
        assert not certificate(gate)["valid"]

    run(tmp_path, keys.signers, story)


def test_a_fleet_without_keys_takes_no_signature_for_one(tmp_path: pathlib.Path, keys: Keys) -> None:
    async def story(gate: Gate) -> None:
        answer = await gate.answer(request(keys.sign(statement(gate.status()["challenge"]).text())))
        assert "knows no keys of a fleet" in answer["refused"]

    run(tmp_path, "", story)


def test_a_trial_is_signed_too_and_ends_with_the_gate(tmp_path: pathlib.Path, keys: Keys) -> None:
    later = MARK.rpartition(":")[0] + ":99"

    async def tries(gate: Gate) -> None:
        challenge = gate.status()["challenge"]
        assert (await gate.answer(request(keys.sign(statement(challenge).text()))))["changed"]
        trial = statement(challenge, verb="trial", mode="", sessions=(later,), seconds=60)
        assert (await gate.answer(request(keys.sign(trial.text()))))["changed"]
        assert certificate(gate)["trial"] == [later]

    async def finds_none(gate: Gate) -> None:
        assert (certificate(gate)["valid"], certificate(gate)["trial"]) == (True, [])

    run(tmp_path, keys.signers, tries)
    run(tmp_path, keys.signers, finds_none)


def kept(tmp_path: pathlib.Path, keys: Keys, **more: t.Any) -> dict[str, t.Any]:
    """What a gate with a signed certificate leaves on the disk."""

    async def signs(gate: Gate) -> None:
        assert (await gate.answer(request(keys.sign(statement(gate.status()["challenge"], **more).text()))))["changed"]

    run(tmp_path, keys.signers, signs)
    return t.cast("dict[str, t.Any]", json.loads((tmp_path / "certificate.json").read_text()))


@pytest.mark.parametrize(
    ("forge", "why"),
    [
        ({"statement": "", "signature": ""}, "no key of the fleet has signed it"),
        ({"sessions": [MARK, MARK.rpartition(":")[0] + ":99"]}, "does not have what dnseng has signed"),
        ({"fingerprint": OTHER}, "does not have what dnseng has signed"),
        (
            {"expiry": {"wall": 1e12, "boot": 1e12, "seconds": 1e12}},
            "it was not confirmed before the gate started anew",
        ),
        ({"signature": "nothing"}, "no key of the fleet has signed the statement"),
    ],
)
def test_a_certificate_that_was_edited_on_the_disk_is_void(
    tmp_path: pathlib.Path, keys: Keys, forge: dict[str, t.Any], why: str
) -> None:
    found = kept(tmp_path, keys)
    (tmp_path / "certificate.json").write_text(json.dumps({**found, **forge}))

    async def doubts(gate: Gate) -> None:
        assert not certificate(gate)["valid"]
        assert why in certificate(gate)["reason"]

    run(tmp_path, keys.signers, doubts)


def test_an_end_takes_nothing_down_and_counts_for_a_gate_that_starts(tmp_path: pathlib.Path, keys: Keys) -> None:
    subject = signature.Signers(keys.signers, NODE)
    seal = keys.sign(statement(subject.challenge, ends="2026-06-01T00:00:00Z").text())
    before, after = 1780271999.0, 1780272000.0
    signed = asyncio.run(subject.unseal(request(seal), before))[1]
    assert signed is not None
    assert signed.signer == "dnseng"
    with pytest.raises(signature.NotSignedError, match="has ended at 2026-06-01"):
        subject.verify(seal, after)
    found = kept(tmp_path, keys, ends="2099-01-01T00:00:00Z")
    assert found["ends"] == "2099-01-01T00:00:00Z"


def test_an_end_that_is_near_is_told(tmp_path: pathlib.Path, keys: Keys) -> None:
    async def signs(gate: Gate) -> None:
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 59 * 86400))
        for ends, told in (("2099-01-01T00:00:00Z", False), (soon, True)):
            await gate.answer(request(keys.sign(statement(gate.status()["challenge"], ends=ends).text())))
            assert any(f"after {ends}" in line for line in gate.status()["degraded"]) == told

    run(tmp_path, keys.signers, signs)


def test_what_is_not_signed_ends_with_the_gate(tmp_path: pathlib.Path, keys: Keys) -> None:
    """A certificate for minutes, and a change that was foreseen: their ends stand in a file that is not signed."""
    minutes = kept(tmp_path, keys, seconds=3600)
    assert minutes["expiry"]

    async def unconfirmed(gate: Gate) -> None:
        assert "it was not confirmed before the gate started anew" in certificate(gate)["reason"]

    run(tmp_path, keys.signers, unconfirmed)
    good = kept(tmp_path, keys)
    end = {"wall": 1e12, "boot": 1e12, "seconds": 1e12}
    (tmp_path / "certificate.json").write_text(json.dumps({**good, "foreseen": [OTHER], "foreseen_until": end}))

    async def forgotten(gate: Gate) -> None:
        assert (certificate(gate)["valid"], certificate(gate)["foreseen_until"]) == (True, None)

    run(tmp_path, keys.signers, forgotten)


def test_a_signature_that_could_not_be_verified_is_verified_again(
    tmp_path: pathlib.Path, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(tmp_path, keys)
    monkeypatch.setattr(signature, "AGAIN", 0.05)
    monkeypatch.setattr(signature, "_SSH_KEYGEN", "/nowhere/ssh-keygen")

    async def waits(gate: Gate) -> None:
        assert "the signature cannot be verified" in certificate(gate)["reason"]
        monkeypatch.setattr(signature, "_SSH_KEYGEN", "/usr/bin/ssh-keygen")
        async with asyncio.timeout(60):
            while not certificate(gate)["valid"]:  # noqa: ASYNC110 - sends no event
                await asyncio.sleep(0.05)
        assert certificate(gate)["signed_by"] == "dnseng"

    run(tmp_path, keys.signers, waits)


def test_what_was_revoked_meanwhile_stays_revoked(
    tmp_path: pathlib.Path, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(tmp_path, keys)
    monkeypatch.setattr(signature, "AGAIN", 0.05)
    monkeypatch.setattr(signature, "_SSH_KEYGEN", "/nowhere/ssh-keygen")

    async def revokes(gate: Gate) -> None:
        await gate.answer({"verb": "revoke"})
        monkeypatch.setattr(signature, "_SSH_KEYGEN", "/usr/bin/ssh-keygen")
        async with asyncio.timeout(60):
            while gate._signers._doubted is not None:  # noqa: ASYNC110 - sends no event
                await asyncio.sleep(0.05)
        assert certificate(gate)["reason"] == "revoked"

    run(tmp_path, keys.signers, revokes)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"format": 2}, "not a statement of format 1"),
        ({"more": 1}, "not a statement of format 1"),
        ({"seconds": "1"}, "seconds of the statement is '1'"),
        ({"seconds": True}, "seconds of the statement is True"),
        ({"seconds": float("inf")}, "is not finite"),
        ({"sessions": "all"}, "sessions of the statement is 'all'"),
        ({"mode": None}, "mode of the statement is None"),
        ({"about": []}, "about of the statement"),
        ({"verb": "live"}, "'live' is not what a statement can ask for"),
        ({"node": "x" * 40000}, "is longer than"),
    ],
)
def test_a_statement_is_read_to_the_last_field(wrong: dict[str, t.Any], why: str) -> None:
    good = statement("c")
    assert Statement.parse(good.text()) == good
    with pytest.raises(ValueError, match=why):
        Statement.parse(json.dumps({**json.loads(good.text()), **wrong}))

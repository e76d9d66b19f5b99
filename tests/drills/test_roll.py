# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transfer keys are rolled on a live node, from the sheet to the last question of a stream that runs meanwhile.

No answer is lost, no prefix is withdrawn. While a master does not take the new key, nothing is changed.
"""

from __future__ import annotations

import base64
import json
import secrets
import typing as t

import pytest
from imrslab import shell, stream
from imrslab.drill import ALL, PATIENT

if t.TYPE_CHECKING:
    import pathlib

    from imrslab.drill import Drill

SERVICE = "199.7.83.42"
QUESTIONS = 5000
AT_REST = {**PATIENT, "gate_foresee": 300, "nameserver_rate_limit": 0, "network_tcp_rate": 0}
"""The limit of one source's questions, and of its new connections, must not be what loses them."""
MASTERS = {"dist1": ("/etc/knot/knot.conf", "knot.service"), "dist2": ("/etc/nsd/nsd.conf", "nsd.service")}
ALGORITHM = "hmac-sha256"
SECRETS = {name: base64.b64encode(secrets.token_bytes(32)).decode() for name in MASTERS}
"""Throw-away ones, of the new keys."""


def old(master: str) -> str:
    return f"xlb01-{master}.lab.example."


def new(master: str) -> str:
    return f"xlb01-{master}-2027.lab.example."


def options(**more: t.Any) -> tuple[str, str]:
    vault = {f"vault_tsig_xlb01_{name}_2027": secret for name, secret in SECRETS.items()}
    return "-e", json.dumps({**AT_REST, **vault, **more})


@pytest.fixture(scope="module")
def ready(drill: Drill) -> t.Iterator[Drill]:
    """A node whose gate foresees, and that answers as much as is asked; afterwards as it was, as its masters are."""
    with drill.kept(*options()):
        try:
            yield drill
        finally:
            for name, (path, unit) in MASTERS.items():
                again = f"if [ -e {path}.before ]; then mv {path}.before {path}; systemctl restart {unit}; fi"
                drill.inside(name, "sh", "-ec", again)


def take(drill: Drill, master: str) -> None:
    """The master takes the new key besides the old one, and signs NOTIFY with the old one, as before."""
    path, unit = MASTERS[master]
    if master == "dist1":
        key = rf"key:\n  - id: {new(master)}\n    algorithm: {ALGORITHM}\n    secret: {SECRETS[master]}"
        script = f"s|^key:$|{key}|; s|^    key: \\[ |&{new(master)}, |"
    else:
        key = rf'key:\n    name: "{new(master)}"\n    algorithm: {ALGORITHM}\n    secret: "{SECRETS[master]}"\n&'
        access = "".join(rf"\n    provide-xfr: {all_} {new(master)}" for all_ in ("0.0.0.0/0", "::0/0"))
        script = f's|^pattern:$|{key}|; s|^    name: "appliances"$|&{access}|'
    drill.inside(master, "cp", "--preserve", path, f"{path}.before")
    drill.inside(master, "sed", "--in-place", script, path)
    drill.inside(master, "systemctl", "restart", unit)


def notify(drill: Drill, master: str, name: str, secret: str) -> str:
    """What the node says to a NOTIFY of its master that is signed with this key."""
    node = next(address for address in drill.appliance.uplink if ":" not in address)
    # The master has no such program; this machine's runs in its network.
    master_network = ("ip", "netns", "exec", drill.lab.namespace(master))
    key = f"{ALGORITHM}:{name}:{secret}"
    return shell.run(
        *master_network, "dig", "-y", key, f"@{node}", "+norecurse", "+opcode=NOTIFY", "+aaonly", "+tries=1", ".", "SOA"
    )


def told(output: str) -> str:
    """What a run says, in one line."""
    return " ".join(output.split())


def rolled(master: str, *, previous: bool = True) -> tuple[str, str]:
    """The edit of the sheet."""
    before = f"name: {old(master)}\n        algorithm: {ALGORITHM}\n        secret: vault_tsig_xlb01_{master}"
    after = f"name: {new(master)}\n        algorithm: {ALGORITHM}\n        secret: vault_tsig_xlb01_{master}_2027"
    of_old = f"{{name: {old(master)}, algorithm: {ALGORITHM}, secret: vault_tsig_xlb01_{master}}}"
    return before, f"{after}\n        previous: {of_old}" if previous else after


def test_a_key_is_rolled_on_a_live_node_and_nobody_notices(ready: Drill, edited: t.Callable[..., pathlib.Path]) -> None:
    """One story: a master that does not take it, the roll, NOTIFY with both keys, and the end of the old one."""
    sheet = edited(*(rolled(master) for master in MASTERS))
    before = ready.status()["certificate"]["fingerprint"]
    secret = ready.inside("dist1", "sh", "-c", f"grep -A2 'id: {old('dist1')}' /etc/knot/knot.conf | tail -1")
    secret = secret.rpartition(":")[2].strip()

    take(ready, "dist1")
    for verb in ("roll", "site"):
        done = ready.play(verb, *options(), inventory=sheet)
        assert done.status != 0, done.output
        assert f"dist2: master 203.0.113.2: TSIG key {new('dist2')}: BADKEY" in told(done.output), done.output
        assert "dist1: master" not in told(done.output)
        assert ready.status()["certificate"]["fingerprint"] == before, "it was changed"
        assert ready.received() == ALL

    take(ready, "dist2")
    held: set[frozenset[str]] = set()
    with stream.Running(SERVICE, ("ip", "netns", "exec", ready.lab.namespace("vantage"))) as questions:
        with ready.watching(held.add):
            done = ready.play("roll", *options(), inventory=sheet)
        questions.await_more(QUESTIONS)
        found = questions.end()
    assert done.status == 0, done.output
    assert f"sign NOTIFY with {new('dist1')}, then take away the TSIG key {old('dist1')}" in told(done.output)
    assert found["sent"] >= QUESTIONS
    assert found["lost"] == 0, found
    assert held == {frozenset(ALL)}
    certificate = ready.status()["certificate"]
    assert (certificate["valid"], certificate["expires_at"]) == (True, None)
    assert certificate["fingerprint"] != before
    assert not [each for each in SECRETS.values() if each in done.output]

    for name, key in ((old("dist1"), secret), (new("dist1"), SECRETS["dist1"])):
        assert "status: NOERROR" in notify(ready, "dist1", name, key), name

    done = ready.play("roll", *options(), inventory=edited(*(rolled(master, previous=False) for master in MASTERS)))
    assert done.status == 0, done.output
    assert f"forgets the key {old('dist1')}" in told(done.output)
    assert ready.received() == ALL
    assert "status: NOERROR" not in notify(ready, "dist1", old("dist1"), secret)
    assert "status: NOERROR" in notify(ready, "dist1", new("dist1"), SECRETS["dist1"])

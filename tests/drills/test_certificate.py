# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Only what a key of the fleet has signed brings a node up: not root's word, another key, or what was signed before."""

from __future__ import annotations

import base64
import dataclasses
import json
import subprocess
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._statement import NAMESPACE, Statement
from imrslab.drill import ALL
from imrslab.keys import SIGNER

if t.TYPE_CHECKING:
    import pathlib

    from imrslab.drill import Drill


@pytest.fixture
def stranger(tmp_path: pathlib.Path) -> pathlib.Path:
    """A key that the fleet does not have."""
    subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "stranger"), check=True)
    return tmp_path / "stranger"


def sign(statement: Statement, key: pathlib.Path) -> str:
    """A signature by OpenSSH."""
    words = ("ssh-keygen", "-q", "-Y", "sign", "-f", str(key), "-n", NAMESPACE)
    return subprocess.run(words, input=statement.text(), capture_output=True, text=True, check=True).stdout


def take(text: str, signature: str) -> tuple[str, ...]:
    """The command that hands it over."""
    said = [base64.b64encode(part.encode()).decode() for part in (text, signature)]
    return ("imrs", "take", "--statement", said[0], "--signature", said[1])


def test_root_of_the_node_cannot_bring_it_up(drill: Drill, stranger: pathlib.Path) -> None:
    kept = json.loads(drill.node("cat", "/var/lib/imrs/certificate.json"))
    drill.node("imrs", "revoke")
    drill.wait(set())
    status, own = drill.status(), drill.lab.secrets / SIGNER
    fresh = dataclasses.replace(Statement.parse(kept["statement"]), challenge=status["challenge"])
    copied = dataclasses.replace(fresh, node="xlb02.l.root-servers.org")
    over = dataclasses.replace(fresh, ends="2026-01-01T00:00:00Z")
    by_hand = ("imrs", "certify", "live", "--fingerprint", status["fingerprint"], "--session", fresh.sessions[0])
    for words, why in (
        (by_hand, "a key of the fleet has to sign that"),
        (take(kept["statement"], kept["signature"]), "older than the last revocation"),
        (take(fresh.text(), kept["signature"]), "is not of this statement"),
        (take(fresh.text(), sign(fresh, stranger)), "no key of the fleet has signed"),
        (take(copied.text(), sign(copied, own)), "is for xlb02.l.root-servers.org"),
        (take(over.text(), sign(over, own)), "has ended at 2026-01-01"),
    ):
        done = subprocess.run([*drill.way_in, *words], capture_output=True, text=True, check=False)
        assert (done.returncode, why in done.stderr) == (1, True), done
        assert not drill.status()["certificate"]["valid"]
    assert drill.received() == set()
    assert drill.play("accept").status == 0
    drill.wait(ALL)
    found = drill.status()["certificate"]
    assert (found["valid"], found["signed_by"]) == (True, "lab")
    about = Statement.parse(json.loads(drill.node("cat", "/var/lib/imrs/certificate.json"))["statement"]).about
    assert (about["stage"], "DN-01" in about["results"]["pass"]) == ("live", True)


def test_a_run_that_could_not_certify_changes_nothing(drill: Drill, stranger: pathlib.Path) -> None:
    for key, why in ((str(stranger), "is none of the keys of the fleet (lab;"), ("", "say which key signs")):
        done = drill.play("site", "-e", f"imrs_signing_key={key}")
        assert (done.status, why in done.output) == (2, True), done.output
        assert "Take the node" not in done.output
    assert drill.received() == ALL

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators of the fleet come and go on a node in service: it stays announced, and nobody locks the run out."""

from __future__ import annotations

import json
import subprocess
import typing as t

import pytest
from imrslab import shell
from imrslab.drill import ALL

if t.TYPE_CHECKING:
    import pathlib

    from imrslab.drill import Drill

WHOLE = ("-e", "imrs_disrupt=true")
HASH = f"$6$drill${'a' * 86}"
"""Of no password."""
CONSOLE = {"hardening_console_password_variable": "vault_console", "vault_console": HASH}


def key(folder: pathlib.Path, name: str) -> dict[str, t.Any]:
    """An operator with a new key, whose private half is the file of that name."""
    shell.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(folder / name))
    return {"name": name, "keys": [(folder / f"{name}.pub").read_text().strip()]}


def told(*accounts: dict[str, t.Any], **variables: t.Any) -> tuple[str, ...]:
    """As ``operators`` of fleet.yml come to the role."""
    return ("-e", json.dumps({"hardening_accounts": list(accounts), **variables}))


def as_root(drill: Drill, folder: pathlib.Path, name: str) -> tuple[int, str]:
    """Log in as an operator, and become root."""
    command = ["ssh", "-F", str(drill.lab.state / "ssh_config"), "-o", f"User={name}", "-o", "BatchMode=yes",
               "-o", f"IdentityFile={folder / name}", "-o", "IdentityAgent=none", drill.appliance.name,
               "sudo", "-n", "id", "-un"]  # fmt: skip
    # The lab's own key is in its file of settings; an account has one key here, so that one is refused first.
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout


@pytest.mark.usefixtures("live")
def test_operators_come_and_go(drill: Drill, tmp_path: pathlib.Path) -> None:
    anna, bob = key(tmp_path, "anna"), key(tmp_path, "bob")
    try:
        # The first one changes sshd's file, once: from an account to a group.
        done = drill.play("site", *WHOLE, *told(anna, **CONSOLE))
        assert done.status == 0, done.output[-5000:]
        assert HASH not in done.output
        assert drill.node("getent", "shadow", "imrs-console").split(":")[1] == HASH
        assert as_root(drill, tmp_path, "anna") == (0, "root\n")
        assert drill.node("journalctl", "--output=cat", "--no-pager", "--identifier=sudo").count("COMMAND=/usr/bin/id")
        assert drill.node("stat", "-c", "%U %a", "/etc/ssh/authorized_keys/anna", "/home/anna").split() == [
            *("root", "644"),
            *("anna", "700"),
        ]
        fingerprint = drill.status()["certificate"]["fingerprint"]

        # One goes and one comes: nothing that is certified changes, so the node stays where it is.
        done = drill.play("site", *told(bob))
        assert done.status == 0, done.output[-5000:]
        assert drill.status()["certificate"]["fingerprint"] == fingerprint
        assert drill.received() == ALL
        assert as_root(drill, tmp_path, "bob") == (0, "root\n")
        assert as_root(drill, tmp_path, "anna") == (255, "")
        assert drill.node("getent", "shadow", "imrs-console").split(":")[1] == f"!{HASH}"
        assert "Jan 02, 1970" in drill.node("chage", "--list", "anna")
        assert "anna" not in drill.node("getent", "group", "imrs-operators")
        assert drill.play("site", *told(bob)).changed == 0

        done = drill.play("site", *told(anna, bob))
        assert done.status == 0, done.output[-5000:]
        assert as_root(drill, tmp_path, "anna") == (0, "root\n"), "she is back"
        done = drill.play("site", *told(bob))
        assert done.status == 0, done.output[-5000:]

        # Whom Ansible comes in as is on no list: nothing is changed.
        before = drill.node("getent", "group", "imrs-operators")
        done = drill.play("site", *told(bob, hardening_operators=["bob"]))
        assert done.status != 0
        assert "This run has come in as dnseng, whom it would lock out: those who may log in are bob." in done.output
        assert drill.node("getent", "group", "imrs-operators") == before
        assert as_root(drill, tmp_path, "bob") == (0, "root\n")
    finally:
        drill.restore()

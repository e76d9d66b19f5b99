# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A live machine gets another host key of SSH, and no controller is locked out."""

from __future__ import annotations

import json
import typing as t

import pytest
from imrslab.drill import ALL

if t.TYPE_CHECKING:
    from imrslab.drill import Drill

KEY = "/etc/ssh/ssh_host_ed25519_key.pub"
DEAF = "/run/systemd/system/ssh.service.d/deaf.conf"
TAKE = ("-e", json.dumps({"imrs_take": True}))


def in_use(drill: Drill) -> str:
    """The public half of the one in place."""
    return drill.node("cat", KEY).split()[1]


def known(drill: Drill) -> set[str]:
    """The keys of the machine that the controller takes for good."""
    lines = (drill.lab.secrets / "known_hosts").read_text().splitlines()
    return {line.split()[2] for line in lines if line.startswith(f"{drill.appliance.name} ")}


def said(output: str) -> str:
    return " ".join(output.split())


@pytest.fixture
def listed(drill: Drill) -> t.Iterator[Drill]:
    """Afterwards the controller knows what it did before, besides what is new: a disk may be put back."""
    path = drill.lab.secrets / "known_hosts"
    before = path.read_text()
    try:
        yield drill
    finally:
        drill.node("sh", "-c", f"rm -f {DEAF}; systemctl daemon-reload")
        path.write_text(before + path.read_text())


def test_a_host_key_is_rolled_on_a_live_node_and_nobody_is_locked_out(listed: Drill) -> None:
    """One story: too early, the next key, a daemon that does not take it, and the one that does."""
    drill = listed
    before = in_use(drill)
    fingerprint = drill.status()["certificate"]["fingerprint"]

    done = drill.play("roll_host_key", *TAKE)
    assert done.status != 0
    assert "has no next host key. Run this without imrs_take first" in said(done.output), done.output
    assert known(drill) == {before}
    lease = json.loads(drill.node("cat", "/run/imrs-bundle/lease.json"))
    assert not lease.get("until"), "it is given back: another controller need not wait"

    for _again in range(2):
        done = drill.play("roll_host_key")
        assert done.status == 0, done.output
        assert in_use(drill) == before
        (following,) = known(drill) - {before}
        assert f"{drill.appliance.name} ssh-ed25519 {following}" in said(done.output)

    # It goes on with the key that it has read, whatever is in place.
    conf = "[Service]\nExecReload=\nExecReload=/bin/true\n"
    drill.node("sh", "-c", f"mkdir -p {DEAF.rpartition('/')[0]}; printf '{conf}' > {DEAF}; systemctl daemon-reload")
    done = drill.play("roll_host_key", *TAKE)
    assert done.status != 0
    assert "does not let in by its new host key within a minute" in said(done.output), done.output
    assert known(drill) == {before, following}
    assert drill.lets_in()

    drill.node("sh", "-c", f"rm {DEAF}; systemctl daemon-reload")
    done = drill.play("roll_host_key", *TAKE)
    assert done.status == 0, done.output
    assert in_use(drill) == following
    assert known(drill) == {following}
    assert drill.lets_in()
    assert not drill.node("sh", "-c", "ls /etc/ssh | grep imrs- || true").strip()

    assert drill.received() == ALL
    certificate = drill.status()["certificate"]
    assert (certificate["valid"], certificate["fingerprint"]) == (True, fingerprint)
    assert "PRIVATE" not in done.output

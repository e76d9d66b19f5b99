# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change that cuts the controller off does not last; one that does not is confirmed over a new connection."""

from __future__ import annotations

import json
import subprocess
import typing as t

import pytest
from imrslab import cuts, shell
from imrslab.drill import ALL, ROOT

if t.TYPE_CHECKING:
    from imrslab.drill import Drill

ELSEWHERE = '{"network_operator_networks": {"ipv4": ["203.0.113.64/29"], "ipv6": []}}'
BOTH = '{"network_operator_networks": {"ipv4": ["198.51.100.0/24", "203.0.113.64/29"], "ipv6": []}}'
NOT_THERE = "hardening_operator_keys_file=/etc/hostname"
"""There is such a file, and sshd likes it: but it holds nobody's key."""

SECONDS = 10
"""What the node gives the controller; long enough for a look at a node that is locked."""


def state(drill: Drill) -> dict[str, str]:
    """What is on the appliance's disk, loaded into its kernel, and read by its sshd."""
    files = "find /etc/nftables.conf /etc/ssh /etc/bird -type f -exec sha256sum {} + -exec stat -c '%n %U %G %a' {} +"
    return {
        "files": drill.node("sh", "-c", f"{files} | sort"),
        "ruleset": drill.node(*cuts.RULES),
        "sshd": drill.node("sshd", "-T"),
        "bird": drill.node("birdc", "show", "status").partition("Current server time")[0],
    }


def no_change_is_open(drill: Drill) -> None:
    """Neither a journal nor a timer, nor the unit that the timer starts."""
    assert drill.journals() == []
    left = ("systemctl", "list-units", "--all", "--plain", "--no-legend", "imrs-bundle-confirm-*")
    shell.wait_for("no unit left over", lambda: not drill.node(*left).strip(), 10)  # it ends after it has said so


class Old:
    """A connection that was there before the change, and only answers as long as it is let."""

    def __init__(self, drill: Drill) -> None:
        config = drill.lab.state / "ssh_config"
        self._ssh = subprocess.Popen(
            ["ssh", "-F", str(config), "-o", "ControlPath=none", "xlb01", "cat"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip

    def answers(self) -> bool:
        assert self._ssh.stdin
        assert self._ssh.stdout
        self._ssh.stdin.write("still there\n")
        return self._ssh.stdout.readline() == "still there\n"

    def end(self) -> None:
        self._ssh.kill()
        self._ssh.communicate()


@pytest.fixture
def old(drill: Drill) -> t.Iterator[Old]:
    connection = Old(drill)
    assert connection.answers()
    yield connection
    connection.end()


def test_changes_that_lock_out_are_taken_back(drill: Drill, old: Old) -> None:
    """A packet filter that nft likes and a setting that sshd likes, and with either nobody gets in any more."""
    is_taken_back(drill, old, "network", ELSEWHERE, "/etc/nftables.conf", "203.0.113.64/29")
    is_taken_back(drill, old, "hardening", NOT_THERE, "/etc/ssh/sshd_config.d/00-imrs.conf", "/etc/hostname")


def is_taken_back(drill: Drill, old: Old, bundle: str, wrong: str, path: str, there: str) -> None:
    """Run the wrong change of that bundle, which puts ``there`` into the file, and look at what becomes of it."""
    before = state(drill)
    run = drill.begin("site", "--tags", bundle, "-e", wrong, "-e", f"{bundle}_confirm_seconds={SECONDS}")
    shell.wait_for("the wrong change", lambda: drill.journals() == [f"{bundle}.unconfirmed"], 60)
    assert there in drill.node("cat", path)
    if bundle == "network":
        assert there in drill.node(*cuts.RULES)
        assert not drill.lets_in(), "the rules let new connections in: this drill proves nothing"
    assert old.answers(), "the connection from before was cut: this drill proves less than it could"

    done = run.end()
    assert done.status != 0
    assert done.output.count("FAILED!") == 1
    told = f"bundle {bundle}: the controller did not get in again over a new connection within {SECONDS} seconds: "
    assert told in done.output, done.output[-3000:]
    assert "the previous files are in place" in done.output
    assert "Traceback" not in done.output
    assert drill.lets_in()
    assert state(drill) == before
    no_change_is_open(drill)
    noted = json.loads(drill.node("cat", "/var/lib/imrs-bundle/last-rollback.json"))
    assert (noted["bundle"], noted["paths"], noted["complete"], noted["troubles"]) == (bundle, [path], True, [])
    assert noted["reason"] == f"nobody confirmed the change over a new connection within {SECONDS} seconds"
    said = f"bundle {bundle}: {noted['reason']}: previous files put back: {path}"
    assert said in drill.node("journalctl", "--output=cat", "--no-pager", "--lines=300")


def test_what_lets_in_is_confirmed_over_a_new_connection(drill: Drill) -> None:
    """Packet filter, sshd and BGP in one run; and back, so that the whole way of a node is gone once."""
    wider = ("-e", BOTH, "-e", '{"hardening_operators": ["dnseng", "root"]}')
    wider += ("-e", "routing_router_id=192.0.2.3", "-e", "imrs_disrupt=true")
    cursor = drill.node("journalctl", "--lines=0", "--show-cursor", "--quiet").strip().removeprefix("-- cursor: ")
    drill.node("sh", "-c", "cp -p /etc/ssh/authorized_keys/dnseng /etc/ssh/authorized_keys/root")
    try:
        done = drill.play("site", "--tags", "hardening,network,routing", *wider)
    finally:
        drill.node("rm", "/etc/ssh/authorized_keys/root")
    assert done.status == 0, done.output[-3000:]
    assert done.changed == 3
    no_change_is_open(drill)
    changed = state(drill)
    assert "allowusers root" in changed["sshd"]
    assert "203.0.113.64/29" in changed["ruleset"]
    assert "192.0.2.3" in changed["bird"]

    journal = drill.node("journalctl", "--output=cat", "--no-pager", f"--after-cursor={cursor}")
    for bundle in ("hardening", "network", "routing"):
        armed, _, rest = journal.partition(f"Started imrs-bundle-confirm-{bundle}.timer")
        waited, _, _ = rest.partition(f"Stopped imrs-bundle-confirm-{bundle}.timer")
        assert armed != journal, bundle
        assert rest != waited, bundle
        assert waited.count("Accepted publickey for dnseng") == 1, waited

    drill.restore()
    assert drill.received() == ALL
    no_change_is_open(drill)
    assert "192.0.2.2" in state(drill)["bird"]

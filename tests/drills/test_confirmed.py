# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change that cuts the controller off does not last; one that does not is confirmed over a new connection."""

from __future__ import annotations

import json
import re
import subprocess
import typing as t

import pytest
from imrslab import cuts, shell, topology
from imrslab.drill import ALL, PATIENCE, ROOT

if t.TYPE_CHECKING:
    from imrslab.drill import Drill

ELSEWHERE = '{"network_operator_networks": {"ipv4": ["203.0.113.64/29"], "ipv6": []}}'
BOTH = '{"network_operator_networks": {"ipv4": ["198.51.100.0/24", "203.0.113.64/29"], "ipv6": []}}'
NOT_THERE = "hardening_operator_keys_file=/etc/hostname"
"""There is such a file, and sshd likes it: but it holds nobody's key."""

FILTER = "/etc/nftables.conf"
UPLINK = {
    "interface": "uplink", "mtu": 1500, "gateways": ["192.0.2.1", "2001:db8:0:1::1"], "vlan": None, "bond": None,
    "addresses": ["192.0.2.2/29", "2001:db8:0:1::2/64", "198.51.100.2/30"],
}  # fmt: skip
"""The uplink's own, and one address too many: what is for the controller (198.51.100.1) now leaves on that side."""
LINK = {
    "ipv4": [{"address": "192.0.2.2", "length": 29, "link_local": False},
             {"address": "198.51.100.2", "length": 30, "link_local": False}],
    "ipv6": [{"address": "2001:db8:0:1::2", "length": 64, "link_local": False}],
}  # fmt: skip
"""The same addresses by family."""

DARK = ("-e", "imrs_leave_dark=true")
SECONDS = 20
"""What the node gives the controller; long enough for a slow machine's look at a node that is locked, and a third of
what SSH waits for a node that says nothing (ServerAliveInterval in ansible.cfg).
"""


def state(drill: Drill) -> dict[str, str]:
    """What is on the appliance's disk, loaded into its kernel, and read by its sshd; without what the gate says."""
    found = f"find {FILTER} /etc/ssh /etc/bird /etc/systemd/network -type f"
    return {
        "files": drill.node("sh", "-c", f"{found} -exec sha256sum {{}} + -exec stat -c '%n %U %G %a' {{}} + | sort"),
        "addresses": drill.node("ip", "-brief", "address"),
        "routes": drill.node("sh", "-c", "(ip route; ip -6 route) | grep --invert-match 'proto bird' | sort"),
        "ruleset": drill.node(*cuts.RULES),
        "sshd": drill.node("sshd", "-T"),
        "bird": drill.node("birdc", "show", "status").partition("Current server time")[0],
    }


def no_change_is_open(drill: Drill) -> None:
    """Neither a journal nor a timer, nor the unit that the timer starts."""
    assert drill.journals() == []
    left = ("systemctl", "list-units", "--all", "--plain", "--no-legend", "imrs-bundle-confirm-*")
    shell.wait_for("no unit left over", lambda: not drill.node(*left).strip(), PATIENCE)  # it ends after it has said so


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

    def rules_refuse() -> None:
        assert "203.0.113.64/29" in drill.node(*cuts.RULES)
        assert not drill.lets_in(), "the rules let new connections in: this drill proves nothing"
        assert old.answers(), "the connection from before was cut: this drill proves less than it could"

    def keys_are_gone() -> None:
        assert "/etc/hostname" in drill.node("sshd", "-T")
        assert old.answers()

    # Both count to the same number, and the controller began later: it may hear of the end just before its own.
    told = f"(the controller did not get in again over a new connection within {SECONDS} seconds|not confirmed)"
    is_taken_back(drill, "network", ("-e", ELSEWHERE), [FILTER], rules_refuse, told)
    is_taken_back(drill, "hardening", ("-e", NOT_THERE), ["/etc/ssh/sshd_config.d/00-imrs.conf"], keys_are_gone, told)


def test_an_address_that_leads_replies_astray_is_taken_back(drill: Drill) -> None:
    """Nothing refuses anybody, but no answer comes back to the controller, on its old connections either."""

    def replies_go_astray() -> None:
        assert "dev uplink" in drill.node("ip", "route", "get", topology.MANAGEMENT_GATEWAY)
        assert not drill.lets_in(), "the controller is answered all the same: this drill proves nothing"

    wrong = ("-e", json.dumps({"network_uplink": UPLINK, "network_link": LINK}), "-e", "imrs_disrupt=true")
    paths = ["/etc/systemd/network/20-imrs-uplink.network", FILTER]
    # The controller hears of the change only after the node has taken it back.
    is_taken_back(drill, "network", wrong, paths, replies_go_astray, "not confirmed")


def is_taken_back(
    drill: Drill, bundle: str, wrong: tuple[str, ...], paths: list[str], locks: t.Callable[[], None], told: str
) -> None:
    """Run a wrong change of these files, see that it ``locks`` people out, and what becomes of it and who is told."""
    before = state(drill)
    run = drill.begin("site", "--tags", bundle, *wrong, *DARK, "-e", f"{bundle}_confirm_seconds={SECONDS}")
    shell.wait_for("the wrong change", lambda: drill.journals() == [f"{bundle}.unconfirmed"], PATIENCE, closely=True)
    locks()

    done = run.end()
    assert done.status != 0
    assert done.output.count("FAILED!") == 1
    assert re.search(f"bundle {bundle}: {told}: the previous files are in place: ", done.output), done.output[-3000:]
    assert "Traceback" not in done.output
    shell.wait_for("an appliance that lets in", drill.lets_in, PATIENCE)
    assert state(drill) == before
    no_change_is_open(drill)
    noted = json.loads(drill.node("cat", "/var/lib/imrs-bundle/last-rollback.json"))
    assert (noted["bundle"], noted["paths"], noted["complete"], noted["troubles"]) == (bundle, paths, True, [])
    assert noted["reason"] == f"nobody confirmed the change over a new connection within {SECONDS} seconds"
    said = f"bundle {bundle}: {noted['reason']}: previous files put back: {' '.join(paths)}"
    assert said in drill.node("journalctl", "--output=cat", "--no-pager", "--lines=300")


def test_what_lets_in_is_confirmed_over_a_new_connection(drill: Drill) -> None:
    """Packet filter, sshd and BGP in one run; and back, so that the whole way of a node is gone once."""
    wider = ("-e", BOTH, "-e", '{"hardening_operators": ["dnseng", "root"]}')
    wider += ("-e", "routing_router_id=192.0.2.3", "-e", "imrs_disrupt=true")
    cursor = drill.node("journalctl", "--lines=0", "--show-cursor", "--quiet").strip().removeprefix("-- cursor: ")
    drill.node("sh", "-c", "cp -p /etc/ssh/authorized_keys/dnseng /etc/ssh/authorized_keys/root")
    try:
        done = drill.play("site", "--tags", "hardening,network,routing", *wider, *DARK)
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

    drill.mend()
    assert drill.received() == ALL
    no_change_is_open(drill)
    assert "192.0.2.2" in state(drill)["bird"]

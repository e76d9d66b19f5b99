# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""W-6: a node whose files are again exactly those that were certified comes back by itself, and runs nothing else."""

from __future__ import annotations

import re
import typing as t

import pytest
from imrslab import cuts, shell
from imrslab.drill import ALL, PATIENCE

if t.TYPE_CHECKING:
    from imrslab.drill import Drill

ELSEWHERE = '{"network_operator_networks": {"ipv4": ["203.0.113.64/29"], "ipv6": []}}'
UPLINK = "/etc/systemd/network/20-imrs-uplink.network"
SYSCTL = "net.ipv4.conf.all.accept_redirects"
FILES = "/etc/bird/bird.conf /etc/nftables.conf /etc/sysctl.d/60-imrs.conf /etc/knot/knot.conf " + UPLINK
EDIT = rf"""
mkdir -p /root/drill; cp -p {FILES} /root/drill
echo 'protocol static drill {{ ipv4; }}' >> /etc/bird/bird.conf
echo 'table inet drill {{ }}' >> /etc/nftables.conf
echo '{SYSCTL} = 1' >> /etc/sysctl.d/60-imrs.conf
sed -i 's/^ *identity:.*/    identity: drill.example./' /etc/knot/knot.conf
sed -i 's/^\[Network\]/[Network]\nAddress=192.0.2.6\/29/' {UPLINK}
birdc configure
nft -f /etc/nftables.conf
/usr/lib/systemd/systemd-sysctl /etc/sysctl.d/60-imrs.conf
systemctl restart knot.service
networkctl reload
"""
TAKE_BACK = f"for file in {FILES}; do cp -p /root/drill/${{file##*/}} $file; done"
"""The files alone: nobody is told."""


def runs(drill: Drill) -> dict[str, str]:
    """What has been read of the files that the drill changes."""
    return {
        "bird": " ".join(
            re.findall(r"(?m)^\S+(?= +(?:Static|BGP|Kernel|Device))", drill.node("birdc", "show", "protocols"))
        ),
        "ruleset": drill.node(*cuts.RULES),
        "tables": drill.node("nft", "list", "tables"),
        "sysctl": drill.node("sysctl", SYSCTL),
        "addresses": drill.node("ip", "-brief", "address"),
    }


def is_certified_as_before(drill: Drill, before: dict[str, t.Any]) -> None:
    """Live at the host's router, by the certificate that was there, asked for by who had asked."""
    drill.wait(ALL)
    status = drill.status()
    assert status["certificate"] == before["certificate"]
    assert (status["intent"], status["fingerprint"]) == (before["intent"], before["fingerprint"])
    assert not drill.node("find", "/run/imrs", "-name", "reinstate")


def helper_said(drill: Drill, cursor: str) -> str:
    """What root's helper has said since then, when it is done."""
    unit = "imrs-reinstate.service"
    busy = f"test -e /run/imrs/reinstate || systemctl --quiet is-active {unit} && echo busy || :"
    state = ("systemctl", "show", "--value", "--property=ActiveState", unit)
    shell.wait_for(
        "the helper to be done",
        lambda: not drill.node("sh", "-c", busy) and drill.node(*state).strip() in {"inactive", "failed"},
        PATIENCE,
    )
    return drill.node("journalctl", f"--unit={unit}", "--output=cat", "--no-pager", f"--after-cursor={cursor}")


def test_a_package_that_is_installed_again_in_the_same_version(drill: Drill) -> None:
    before, cursor = drill.status(), drill.cursor()
    install = "apt-get install --reinstall --yes --quiet --allow-change-held-packages bird2"
    drill.node("sh", "-c", f"DEBIAN_FRONTEND=noninteractive {install}; systemctl start imrs-fingerprint.service")
    is_certified_as_before(drill, before)
    voided = "the certificate is void" in drill.said_since(cursor)
    assert ("counts again" in helper_said(drill, cursor)) is voided


def test_what_had_read_an_edited_file_runs_what_is_certified_afterwards(drill: Drill) -> None:
    before, ran = drill.status(), runs(drill)
    drill.node("sh", "-ec", EDIT)
    drill.wait(set())
    shell.wait_for(
        "everything to have read the edited files",
        lambda: all(text != ran[name] for name, text in runs(drill).items()),
        PATIENCE,
    )
    drill.node("sh", "-ec", TAKE_BACK)
    is_certified_as_before(drill, before)
    shell.wait_for("what ran before", lambda: runs(drill) == ran, PATIENCE)
    assert drill.status()["falls"] == {"gate": 0, "routing": 0, "configuration": 1}


def test_a_gate_that_was_started_with_another_file_is_started_anew(drill: Drill) -> None:
    before = drill.status()
    pid = ("systemctl", "show", "--value", "--property=MainPID", "imrs-gate.service")
    edit = (
        'cp -p /etc/imrs/gate.json /root/drill.json; sed -i "s/\\"drain\\": .*,/\\"drain\\": 2.0,/" /etc/imrs/gate.json'
    )
    drill.node(
        "sh", "-ec", f"{edit}; ! cmp -s /etc/imrs/gate.json /root/drill.json; systemctl restart imrs-gate.service"
    )
    drill.wait(set())
    other = drill.node(*pid)
    drill.node("cp", "-p", "/root/drill.json", "/etc/imrs/gate.json")
    is_certified_as_before(drill, before)
    assert drill.node(*pid) != other


def test_files_that_are_not_as_certified_stay_dark_whatever_the_gates_account_says(drill: Drill) -> None:
    cursor = drill.cursor()
    drill.node("sh", "-c", "cp -p /etc/bird/policy.conf /root/drill.conf; echo '# by hand' >> /etc/bird/policy.conf")
    drill.wait(set())
    running = drill.node("systemctl", "show", "--value", "--property=MainPID", "bird.service", "knot.service")
    drill.node("runuser", "-u", "imrs-gate", "--", "touch", "/run/imrs/reinstate")
    shell.wait_for("the helper's word", lambda: "not now: " in helper_said(drill, cursor), PATIENCE)
    assert f"not now: {drill.status()['certificate']['fingerprint']} is certified; " in helper_said(drill, cursor)
    refused = f"imrs reinstate --fingerprint {drill.status()['certificate']['fingerprint']} || echo refused"
    assert "refused" in drill.node("sh", "-c", refused)
    assert drill.received() == set()
    assert drill.node("systemctl", "show", "--value", "--property=MainPID", "bird.service", "knot.service") == running
    status = drill.status()["certificate"]
    assert (status["valid"], status["comeback"]) == (False, "")

    # A person's word that it is to be dark stays, too, and is all that keeps it so.
    drill.node("imrs", "dark")
    drill.node("cp", "-p", "/root/drill.conf", "/etc/bird/policy.conf")
    shell.wait_for(
        "files as certified", lambda: "dark is asked for" in drill.status()["certificate"]["comeback"], PATIENCE
    )
    drill.node("imrs", "live", "--by", "operator")
    drill.wait(ALL)


def test_a_change_that_locked_out_and_was_taken_back_comes_back_live(drill: Drill) -> None:
    before = drill.status()
    wrong = ("--tags", "network", "-e", ELSEWHERE, "-e", "imrs_leave_dark=true", "-e", "network_confirm_seconds=10")
    run = drill.begin("site", *wrong)
    shell.wait_for("the wrong change", lambda: run.ended() or drill.journals() == ["network.unconfirmed"], PATIENCE)
    drill.wait(set())
    assert run.end().status != 0
    # A run that failed leaves its hold, which counts for a minute; the drill does not wait for that.
    drill.node("rm", "-f", "/run/imrs-bundle/lease.json")
    is_certified_as_before(drill, before)
    assert drill.journals() == []
    assert drill.lets_in()


def test_a_file_that_is_replaced_is_noticed_each_time(drill: Drill) -> None:
    """By a rename, as bundles, dpkg and editors do it: else a change stays announced, or what is put back is dark."""

    def seen() -> str:
        return drill.node("cat", "/run/imrs/fingerprint")

    certified = seen()
    replace = "cp -p /etc/nftables.conf /root/drill.new; {}; mv /root/drill.new /etc/nftables.conf"
    drill.node("cp", "-p", "/etc/nftables.conf", "/root/drill.old")
    for _ in range(3):
        drill.node("sh", "-c", replace.format("echo '# by hand' >> /root/drill.new"))
        shell.wait_for("another fingerprint", lambda: seen() != certified, PATIENCE)
        drill.node("sh", "-c", replace.format("cp -p /root/drill.old /root/drill.new"))
        shell.wait_for("the certified fingerprint", lambda: seen() == certified, PATIENCE)
    drill.wait(ALL)


@pytest.fixture
def slow(drill: Drill) -> t.Iterator[None]:
    """The fingerprint takes until the drill says go."""
    folder = "/usr/local/lib/systemd/system/imrs-fingerprint.service.d"  # which nothing watches
    waits = "[Service]\nExecStartPost=/usr/bin/sh -c 'until test -e /run/drill-go; do sleep 0.05; done'\n"
    make = f"mkdir -p {folder}; printf '%b' \"$1\" > {folder}/drill.conf; systemctl daemon-reload"
    drill.node("sh", "-ec", make, "sh", waits)
    yield
    drill.node("sh", "-ec", f"touch /run/drill-go; rm -r {folder}; systemctl daemon-reload")


@pytest.mark.usefixtures("slow")
def test_a_change_while_the_fingerprint_is_computed_is_noticed(drill: Drill) -> None:
    """systemd does not watch while the unit that a watch has started is at work: what happens then must not be lost."""

    def seen() -> str:
        return drill.node("cat", "/run/imrs/fingerprint")

    certified = seen()
    drill.node("sh", "-ec", "cp -p /etc/nftables.conf /root/drill.old; echo '# by hand' >> /etc/nftables.conf")
    shell.wait_for("another fingerprint", lambda: seen() != certified, PATIENCE)
    drill.node("cp", "-p", "/root/drill.old", "/etc/nftables.conf")
    state = drill.node("systemctl", "show", "--value", "--property=ActiveState", "imrs-fingerprint").strip()
    assert state == "activating"
    drill.node("touch", "/run/drill-go")
    shell.wait_for("the certified fingerprint", lambda: seen() == certified, PATIENCE)
    drill.wait(ALL)

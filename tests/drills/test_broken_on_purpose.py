# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Things broken on purpose. Each ends dark, with a message that names the cause."""

from __future__ import annotations

import pathlib
import shutil
import typing as t

import pytest
from imrslab import shell
from imrslab.drill import ALL, PATIENCE

if t.TYPE_CHECKING:
    from imrslab.drill import Drill
    from imrslab.runs import Play


def refused(drill: Drill, done: Play, *causes: str) -> None:
    """The play is red, says why, and the node is dark at the host's router."""
    assert done.status != 0, done.output
    for cause in causes:
        assert cause in done.output, done.output[-6000:]
    assert "Traceback" not in done.output
    drill.wait(set())


def forget_zones(drill: Drill) -> None:
    """An appliance that has no zone yet: Knot stopped, its copies gone, started again."""
    drill.node("systemctl", "stop", "knot.service")
    drill.node("sh", "-c", "rm -rf /var/lib/knot/*.zone /var/lib/knot/journal /var/lib/knot/timers")
    drill.node("systemctl", "start", "knot.service")


@pytest.fixture
def inventory(drill: Drill, tmp_path: pathlib.Path) -> pathlib.Path:
    """A copy of the lab's fleet to make mistakes in."""
    copy = tmp_path / "inventory"
    shutil.copytree(drill.lab.inventory, copy)
    return copy


def edit(path: pathlib.Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_tampered_glue_does_not_go_live(drill: Drill) -> None:
    """Both masters serve a root zone with one altered glue address; signatures are right, ZONEMD is not."""
    drill.publish("tampered")
    try:
        forget_zones(drill)
        refused(drill, drill.play("site", "-e", "acceptance_patience=8"), "ZONEMD", "ZI-04")
    finally:
        drill.publish("real")
        forget_zones(drill)


def test_a_live_node_keeps_the_good_zone_when_masters_turn_bad(drill: Drill) -> None:
    drill.publish("tampered")
    try:
        shell.wait_for(
            "Knot refusing the tampered zone",
            lambda: (
                "ZONEMD, verification failed" in drill.node("journalctl", "--unit=knot", "--lines=100", "--no-pager")
            ),
            PATIENCE,
        )
        drill.wait(ALL)
        answer = drill.inside("vantage", "dig", "@199.7.83.42", "l.root-servers.net", "A", "+norec", "+short")
        assert answer.strip() == "199.7.83.42"
    finally:
        drill.publish("real")
        forget_zones(drill)


def test_a_wrong_tsig_key_does_not_go_live(drill: Drill) -> None:
    wrong = "d3Jvbmctd3Jvbmctd3Jvbmctd3Jvbmctd3Jvbmctd3I="
    keys = [f"-e vault_tsig_xlb01_{master}={wrong}" for master in ("dist1", "dist2")]
    drill.node("systemctl", "stop", "knot.service")
    drill.node("sh", "-c", "rm -rf /var/lib/knot/*.zone /var/lib/knot/journal /var/lib/knot/timers")
    done = drill.play("site", *keys, "-e", "acceptance_patience=8")
    refused(drill, done, "TSIG")
    assert wrong not in done.output


def test_a_wrong_tsig_key_does_not_stay_live_with_the_zone_that_is_there(drill: Drill) -> None:
    """The zone would age until it expires: that it is there proves nothing of the key."""
    wrong = "d3Jvbmctd3Jvbmctd3Jvbmctd3Jvbmctd3Jvbmctd3I="
    keys = [f"-e vault_tsig_xlb01_{master}={wrong}" for master in ("dist1", "dist2")]
    done = drill.play("site", *keys, "-e", "acceptance_patience=8", "-e", "imrs_disrupt=true")
    refused(drill, done, "ZI-12", "BADSIG", "203.0.113.2")
    assert wrong not in done.output


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        ("asn: 20414", "sites/xlb.yml:9: asn:"),
        ("asn: 2O144", "sites/xlb.yml:9: asn:"),
    ],
)
def test_our_own_asn_mistyped_is_refused_before_any_contact(
    drill: Drill, inventory: pathlib.Path, wrong: str, cause: str
) -> None:
    edit(inventory / "sites/xlb.yml", "asn: 20144", wrong)
    done = drill.play("site", inventory=inventory)
    assert done.status != 0
    assert cause in done.output
    assert "TASK [" not in done.output, "a host was contacted"
    drill.wait(ALL)


def test_the_hosts_asn_mistyped_ends_dark(drill: Drill, inventory: pathlib.Path) -> None:
    edit(inventory / "sites/xlb.yml", "asn: 64500", "asn: 64501")
    done = drill.play("site", "-e", "imrs_disrupt=true", inventory=inventory)
    refused(drill, done, "BG-01", "Bad peer AS")


def test_a_sixth_prefix_in_the_filter_is_found(drill: Drill) -> None:
    """Somebody opens the export filter by hand: the certificate is void at once, acceptance names the prefix."""
    opened = '/^filter .*_out$/ {n; s/{/{ if proto = "leak" then accept;/}; s/export limit .*//'
    leak = "protocol static leak { ipv6; route 2001:db8:bad::/48 blackhole; }"
    drill.node(
        "sh",
        "-ec",
        f"cd /etc/bird; sed -i '{opened}' bird.conf policy.conf; echo '{leak}' >> bird.conf; birdc configure",
    )
    drill.wait({"2001:db8:bad::/48"})
    assert drill.status()["certificate"]["valid"] is False
    refused(drill, drill.play("accept"), "BG-05", "2001:db8:bad::/48", "its routing daemon stopped")


def test_a_zone_that_is_not_answered_takes_a_live_node_down(drill: Drill) -> None:
    """The masters fail and one zone besides the root is lost: SERVFAIL for it hurts, whatever the root says."""
    units = (("dist1", "knot"), ("dist2", "nsd"))
    for master, unit in units:
        drill.inside(master, "systemctl", "stop", unit)
    try:
        drill.node("knotc", "--force", "--blocking", "zone-purge", "arpa.")
        refused(drill, drill.play("accept", "-e", "acceptance_patience=8"), "ZI-16", "arpa. SERVFAIL", "is dark")
    finally:
        for master, unit in units:
            drill.inside(master, "systemctl", "start", unit)


def test_silent_masters_take_no_live_node_down(drill: Drill) -> None:
    """The distribution layer fails: the play is red and says so, and the node stays in the constellation."""

    def silence() -> None:
        for master, unit in (("dist1", "knot"), ("dist2", "nsd")):
            drill.inside(master, "systemctl", "stop", unit)
        try:
            done = drill.play("accept")
            assert done.status != 0
            assert "ZI-01" in done.output
            assert "stays live" in done.output
            assert drill.received() == ALL
            assert drill.status()["certificate"]["valid"]
        finally:
            for master, unit in (("dist1", "knot"), ("dist2", "nsd")):
                drill.inside(master, "systemctl", "start", unit)

    drill.undisturbed(silence)

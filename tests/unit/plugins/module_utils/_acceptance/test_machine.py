# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is judged of the machine: what passes, what is skipped, what is no verdict, and that none of it does harm."""

from __future__ import annotations

import machine_cases
import pytest
from machine_cases import audit, fleets, kernel, sent, system, tracking
from recordings import CHECKS, Scene, Spoil


@pytest.mark.parametrize("ident", ["TM-01", "TM-02", "TM-05"])
def test_a_clock_that_the_kernel_alone_tells_of(ident: str) -> None:
    scene = Scene()
    kernel()(scene)
    assert scene.judge(ident).status == "pass"


def test_a_clock_that_is_off_by_less_than_a_second_is_a_warning() -> None:
    scene = Scene()
    tracking(offset=0.999)(scene)
    assert [scene.judge(ident).status.value for ident in ("TM-02", "TM-05")] == ["pass", "fail"]
    assert CHECKS["TM-05"].severity == "W"


@pytest.mark.parametrize("ident", ["OS-02", "TM-01", "TM-02", "TM-03", "TM-05"])
def test_what_a_container_has_from_its_host_is_skipped(ident: str) -> None:
    status, said = Scene().judge(ident)
    assert (status.value, said.startswith("a container (container-other) has the")) == ("skipped", True)


def test_a_log_that_stays_on_the_nodes_is_nobodys_lack() -> None:
    scene = Scene()
    scene.expected["log_server"] = None
    scene.scope("node")["log"] = None
    assert tuple(scene.judge("HD-15")) == ("skipped", "the fleet names no log server (log_server)")


def test_a_dead_log_server_keeps_no_node_from_going_up() -> None:
    scene = Scene()
    sent(active="activating", waits=86400.0)(scene)
    assert scene.judge("HD-15").status == "fail"
    report = scene.report()
    assert (report.certifiable, report.reasons) == (True, ())


def test_the_sources_of_a_container_are_its_own() -> None:
    """Its clock is not: the fleet's sources are asked there, too, and one that is wrong is outvoted."""
    for spoil in (fleets(), fleets(wrong=1)):
        scene = Scene()
        spoil(scene)
        assert scene.judge("TM-03").status == "pass"


def test_a_clock_of_which_less_is_known_is_right_to_the_second() -> None:
    scene = Scene()
    tracking(offset=0.04, error=0.9)(scene)
    assert [scene.judge(ident).status.value for ident in ("TM-02", "TM-05")] == ["pass", "pass"]


def test_a_unit_that_is_not_ours_is_a_warning() -> None:
    scene = Scene()
    system(failed=["systemd-networkd-wait-online.service", "user@1000.service", "imrs-reinstate.service"])(scene)
    assert [scene.judge(ident).status.value for ident in ("OS-01", "OS-06")] == ["pass", "fail"]


def test_the_identity_zone_and_a_reboot_that_is_due_keep_no_node_from_going_up() -> None:
    scene = Scene()
    system(failed=["imrs-identity.service"], reboot={"pending": True, "packages": []})(scene)
    assert [scene.judge(ident).status.value for ident in ("OS-01", "OS-06")] == ["pass", "fail"]


def test_an_account_that_has_no_name_is_not_root() -> None:
    """The identity zone's process has a number that systemd makes up (DynamicUser=)."""
    scene = Scene()
    scene.system["processes"].append({"name": "knotd", "user": "61234"})
    assert scene.judge("HD-03").status == "pass"


def test_how_exposed_units_are_is_told_and_is_a_warning() -> None:
    scene = Scene()
    status, said = scene.judge("HD-09")
    assert (status.value, said.startswith("bird 1.6, imrs-cards 1.6, ")) == ("pass", True), said
    assert CHECKS["HD-09"].severity == "W"
    scene.system["exposure"]["nsd.service"] = 9.6  # does not run here
    scene.system["exposure"]["knot.service"] = 0.2
    assert scene.judge("HD-09").status == "pass"


def test_profiles_are_judged_on_a_machine_of_its_own() -> None:
    scene = Scene()
    assert scene.judge("HD-14").status == "skipped"
    scene.machine["container"] = ""
    scene.system["profiles"].append({"name": "zebra", "profile": "unconfined"})  # not asked for
    assert scene.judge("HD-14") == ("pass", "imrs-bird, imrs-gate, imrs-knot, all enforced")
    assert CHECKS["HD-14"].severity == "W"


def test_records_are_a_machines_of_its_own_and_a_warning() -> None:
    scene = Scene()
    scene.scope("node")["audit"].update(status=None, error="Operation not permitted")
    assert scene.judge("HD-18").status == "skipped"
    scene = Scene()
    audit("status", lost="17")(scene)
    assert scene.judge("HD-18") == ("pass", "2 rules, 17 records lost since the boot")
    assert CHECKS["HD-18"].severity == "W"


def _unlisted(scene: Scene) -> None:
    scene.machine["proxied"] = None


@pytest.mark.parametrize(
    ("ident", "spoil", "said"),
    [
        ("OS-01", system(failed=None), "systemd does not say"),
        ("OS-06", system(failed=None), "systemd does not say"),
        ("OS-02", system(room=[]), "no file system was looked at"),
        ("HD-03", system(secrets=[]), "no file with secrets was found"),
        ("HD-09", system(exposure={}), "does not say how exposed bird.service, imrs-cards.service, imrs-fingerprint"),
        (
            "HD-09",
            lambda scene: scene.system["exposure"].pop("knot.service"),
            "does not say how exposed knot.service is",
        ),
        ("OS-03", lambda scene: scene.machine.update(held=None), "apt-mark did not say"),
        ("HD-14", system(profiles=[]), "no process bird, imrs-gate, knotd runs"),
        (
            "HD-18",
            audit(status=None, error="No such file or directory"),
            "audit of the node could not be read: No such",
        ),
        ("HD-18", audit(wanted=None), "the rules of role hardening are not there"),
        ("HD-13", lambda scene: scene.machine.update(logins=None), "sshd -T: no output"),
        ("HD-13", lambda scene: scene.machine["logins"].update(passwords=None), "could not be read"),
        ("HD-10", lambda scene: scene.machine.update(sshd=None), "sshd -T: no output"),
        ("HD-10", lambda scene: scene.machine["sshd"].pop("macs"), "says nothing of macs"),
        ("TM-04", lambda scene: scene.machine.update(sockets=[]), "the listening sockets could not be read"),
        ("AR-02", _unlisted, "could not be listed"),
        ("AR-04", lambda scene: scene.machine.update(routes=None), "routes could not be read"),
        ("BG-15", lambda scene: scene.routing.update(router_id=""), "does not tell its router id"),
        ("BG-15", lambda scene: scene.expected.update(router_id=""), "names no router id"),
    ],
)
def test_what_was_not_seen_is_no_verdict(ident: str, spoil: Spoil, said: str) -> None:
    scene = Scene()
    spoil(scene)
    status, words = scene.judge(ident)
    assert (status.value, said in words) == ("error", True), words


def test_an_algorithm_that_is_new_counts_as_sound() -> None:
    scene = Scene()
    scene.machine["sshd"]["kexalgorithms"] = "mlkem1024-x448@example.org,curve25519-sha256"
    assert scene.judge("HD-10") == ("pass", "mlkem1024-x448@example.org first")


def test_the_console_may_have_a_password() -> None:
    scene = Scene()
    scene.machine["logins"]["passwords"] = ["imrs-console"]
    assert scene.judge("HD-13").status == "pass"


def test_a_container_without_ssh_has_no_algorithms() -> None:
    scene = Scene()
    scene.machine["sockets"] = [row for row in scene.machine["sockets"] if row["process"] != "sshd"]
    scene.machine.update(sshd=None, logins=None, sshd_error="sshd: No such file or directory")
    assert [scene.judge(ident).status.value for ident in ("HD-10", "HD-13")] == ["skipped", "skipped"]


def test_what_a_blackhole_takes_does_not_loop() -> None:
    scene = Scene()
    scene.machine["forwarding"] = ["net/ipv4/conf/uplink/forwarding"]
    assert scene.judge("AR-04").status == "fail"
    for prefix in ("199.7.82.0/23", "199.7.83.0/24"):
        scene.machine["routes"].append({"to": prefix, "type": "blackhole", "device": "", "via": ""})
    assert scene.judge("AR-04").status == "pass"


def test_nothing_of_a_machine_takes_a_live_node_down() -> None:
    scene = Scene()
    for _ident, _case, spoil, _said in machine_cases.FAILS:
        spoil(scene)
    report = scene.report()
    assert len(report.reasons) >= 5
    assert report.harmful == ()

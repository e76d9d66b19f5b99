# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is judged of the machine: what passes, what is skipped, what is no verdict, and that none of it does harm."""

from __future__ import annotations

import machine_cases
import pytest
from machine_cases import kernel, system, tracking
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


def _unlisted(scene: Scene) -> None:
    scene.machine["proxied"] = None


@pytest.mark.parametrize(
    ("ident", "spoil", "said"),
    [
        ("OS-01", system(failed=None), "systemd does not say"),
        ("OS-06", system(failed=None), "systemd does not say"),
        ("OS-02", system(room=[]), "no file system was looked at"),
        ("HD-03", system(secrets=[]), "no file with secrets was found"),
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

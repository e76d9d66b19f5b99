# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A planned change that takes no more than a reload, on a node whose operator wants it to stay announced."""

from __future__ import annotations

import json
import typing as t

import pytest
from imrslab import shell
from imrslab.drill import ALL, PATIENCE, PATIENT

if t.TYPE_CHECKING:
    from imrslab.drill import Drill
    from imrslab.runs import Play

OPTED_IN = ("-e", json.dumps({**PATIENT, "gate_foresee": 300}))
SYSCTL = "/etc/sysctl.d/60-imrs.conf"


def change(number: int) -> tuple[str, ...]:
    """What takes no more than a reload: one line of the kernel's settings, and of the nameserver's."""
    return "-e", json.dumps({"hardening_sysctl_host": {"net.core.rmem_max": number}})


def site(drill: Drill, *arguments: str) -> Play:
    """The whole way, which has to end well."""
    done = drill.play("site", *arguments)
    assert done.status == 0, done.output
    drill.wait(ALL)
    return done


def at_router(drill: Drill) -> dict[str, tuple[int, int]]:
    """How often each session came up, and how many updates came over it: anything withdrawn or announced counts."""
    return {
        name: (neighbor["connectionsEstablished"], neighbor["messageStats"]["updatesRecv"])
        for name, neighbor in drill.neighbors().items()
    }


@pytest.fixture(scope="module")
def _module(drill: Drill) -> t.Iterator[None]:
    """Opted in while this module's drills run, and out again."""
    with drill.kept(*OPTED_IN):
        yield


@pytest.fixture
def opted_in(_module: None, drill: Drill) -> Drill:
    """A live node whose certificate, for good, is of what is there."""
    certificate = drill.status()["certificate"]
    assert certificate["valid"]
    assert certificate["expires_at"] is None
    return drill


def by_hand(drill: Drill, seconds: int) -> None:
    """What a bundle does: stage, tell the gate, and put the file in its place. Here for some seconds only."""
    drill.node(
        "sh",
        "-ec",
        f"""
        root=$(mktemp -d)
        mkdir -p "$root{SYSCTL.rpartition("/")[0]}"
        cp --preserve {SYSCTL} "$root{SYSCTL}"
        echo '# drill' >> "$root{SYSCTL}"
        future=$(/usr/lib/imrs/imrs-fingerprint --staged "$root")
        imrs foresee --fingerprint "$future" --from "$(cat /run/imrs/fingerprint)" --for {seconds}
        mv "$root{SYSCTL}" {SYSCTL}
        rm -r "$root"
        """,
    )


def computing(drill: Drill) -> bool:
    """Whether the node computes its fingerprint, or waits for a bundle before it does."""
    return drill.node("systemctl", "show", "--property=ActiveState", "imrs-fingerprint") == "ActiveState=activating\n"


def await_notice(drill: Drill) -> None:
    """Until the gate knows what was done by hand, and nothing is under way any more."""

    def noticed() -> bool:
        status = drill.status()
        return status["fingerprint"] != status["certificate"]["fingerprint"] and not computing(drill)

    shell.wait_for("the gate to see the change", noticed, PATIENCE)


def test_without_opting_in_the_same_change_voids_the_certificate(drill: Drill) -> None:
    """The law as it is: down all stages and up again."""
    cursor, counted = drill.cursor(), at_router(drill)
    site(drill, *change(4000000))
    assert at_router(drill) != counted
    assert "the configuration has changed since acceptance" in drill.said_since(cursor)


def test_a_foreseen_change_withdraws_nothing_and_is_proven_in_its_place(opted_in: Drill) -> None:
    before, cursor = opted_in.status()["certificate"]["fingerprint"], opted_in.cursor()
    counted = at_router(opted_in)
    done = opted_in.play("site", *OPTED_IN, *change(4000001))
    assert done.status == 0, done.output
    assert at_router(opted_in) == counted, "something was withdrawn, or a session was reset"
    assert opted_in.received() == ALL
    status = opted_in.status()
    certificate = status["certificate"]
    assert (certificate["valid"], certificate["mode"], certificate["expires_at"]) == (True, "live", None)
    assert (certificate["fingerprint"], certificate["foreseen_until"]) == (status["fingerprint"], None)
    assert certificate["fingerprint"] != before
    assert "'verb': 'foresee'" in opted_in.said_since(cursor)


def test_a_foreseen_change_that_acceptance_refuses_ends_dark(opted_in: Drill) -> None:
    """Silent masters take down no node that is proven; this one is not."""
    for master, unit in (("dist1", "knot"), ("dist2", "nsd")):
        opted_in.inside(master, "systemctl", "stop", unit)
    try:
        done = opted_in.play("site", *OPTED_IN, *change(4000002))
        assert done.status != 0
        assert "ZI-01" in done.output
        assert "is dark and stays so" in done.output
        opted_in.wait(set())
        assert opted_in.status()["certificate"]["reason"] == "revoked"
    finally:
        for master, unit in (("dist1", "knot"), ("dist2", "nsd")):
            opted_in.inside(master, "systemctl", "start", unit)


def test_what_nobody_accepts_in_time_ends_dark(opted_in: Drill) -> None:
    by_hand(opted_in, 30)
    await_notice(opted_in)
    assert opted_in.status()["certificate"]["valid"]
    assert "a planned change is there, to be accepted before" in opted_in.node("imrs", "status")
    assert opted_in.received() == ALL
    assert opted_in.node("imrs", "in-service") == "in service: ipv4 live, ipv6 live\n"
    opted_in.wait(set())
    assert opted_in.status()["certificate"]["reason"] == "not confirmed in time"
    with pytest.raises(shell.LabError, match="exit status 3\nnot in service: ipv4 dark, ipv6 dark"):
        opted_in.node("imrs", "in-service")


def test_a_bundle_never_waits_for_the_fingerprint_that_waits_for_it(opted_in: Drill) -> None:
    """The bundle's lock is held; what it starts meanwhile must not wait until it is let go."""
    held = "--unit=drill-lock --collect -- flock /var/lib/imrs-bundle/.lock sleep infinity"

    def waits() -> bool:
        opted_in.node("touch", SYSCTL)  # is looked at, and changes no fingerprint
        return computing(opted_in)

    by_hand(opted_in, 300)
    for command in (
        "daemon-reload",
        "restart imrs-fingerprint-due.path imrs-fingerprint.path",
        "restart imrs-gate.service",
    ):
        # Or it might be on its way out when the lock is taken, and what follows go unnoticed.
        await_notice(opted_in)
        opted_in.node("systemd-run", "--quiet", *held.split())
        try:
            shell.wait_for("a fingerprint that waits", waits, PATIENCE)
            # Its own patience is 20 s: what ends before it has let go of none.
            opted_in.node("timeout", "18", "systemctl", *command.split())
            assert computing(opted_in), f"it did not get as far as systemctl {command}"
        finally:
            opted_in.node("systemctl", "stop", "drill-lock")
    opted_in.node("sh", "-c", f"echo '# drill' >> {SYSCTL}")
    opted_in.wait(set())

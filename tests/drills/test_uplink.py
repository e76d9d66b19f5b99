# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way between the node and the host's router is lost while both links stay up, as when a switch between them fails.

BGP alone notices that when its hold time ends, 9 s here; BFD (RFC 5880) within 900 ms, where 300 ms and 3 are agreed.
How long it took is a property of the test in JUnit's report, and is printed.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
import typing as t

import pytest
from imrslab import network, shell
from imrslab.drill import ALL, PATIENCE

if t.TYPE_CHECKING:
    from imrslab.drill import Drill

AGREED = {"interval_ms": 300, "multiplier": 3}
BEFORE = {"interval_ms": 1000, "multiplier": 5}
"""What the lab's sheet has: the machines share one, and a drill that is not about BFD must not fall over its pauses."""
HOLD_TIME, KEEPALIVE_TIME = 9, 3


def agree(drill: Drill, times: dict[str, int]) -> None:
    """The host's engineer changes the times of BFD."""
    words = (
        *("configure terminal", "bfd", f"profile {drill.appliance.name}", f"detect-multiplier {times['multiplier']}"),
        *(f"{way}-interval {times['interval_ms']}" for way in ("transmit", "receive")),
    )
    drill.router("vtysh", *(word for each in words for word in ("-c", each)))


def is_watched(drill: Drill) -> bool:
    """Whether BFD at the host's router is up and as fast as agreed, and its BGP knows that.

    FRR's BGP hears of BFD some time after a session began; an end of BFD before that would not be heard.
    """
    seen = json.loads(drill.router("vtysh", "-c", "show bfd peers json"))
    times = {each["peer"]: each["detect-multiplier"] * each["remote-transmit-interval"] for each in seen}
    heard = {name: each.get("peerBfdInfo", {}).get("status") for name, each in drill.neighbors().items()}
    return times == dict.fromkeys(drill.appliance.uplink, 900) and heard == dict.fromkeys(times, "Up")


@pytest.fixture
def watched(drill: Drill) -> t.Iterator[Drill]:
    """A live node that has agreed on the usual times with its host, and was accepted so; afterwards as it was."""
    peers = [{**peer, "bfd": AGREED} for peer in drill.host_variables()["imrs_peers"]]
    agree(drill, AGREED)
    try:
        done = drill.play("site", "-e", json.dumps({"imrs_peers": peers, "imrs_disrupt": True}))
        assert done.status == 0, done.output[-6000:]  # with BG-01 and BG-12: BFD is up, and as fast as agreed
        drill.wait(ALL)
        yield drill
    finally:
        agree(drill, BEFORE)
        drill.restore()


@contextlib.contextmanager
def forgotten(drill: Drill) -> t.Iterator[t.Callable[[], float]]:
    """A function that waits until the kernel of the host's router forwards to no prefix of ours; when that was."""
    command = ["ip", "-netns", drill.lab.namespace(drill.appliance.router), "-oneline", "monitor", "route"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as monitor:

        def when() -> float:
            left = set(ALL)
            assert monitor.stdout
            for line in monitor.stdout:  # the kernel tells; the hold time bounds how long that takes
                if line.startswith("Deleted "):
                    left.discard(next(word for word in line.split()[1:] if "/" in word))
                if not left:
                    break
            return time.monotonic()

        try:
            yield when
        finally:
            monitor.kill()


def test_a_way_that_is_lost_is_noticed_long_before_the_hold_time(
    watched: Drill, record_property: t.Callable[[str, object], None]
) -> None:
    shell.wait_for("BFD as agreed", lambda: is_watched(watched), PATIENCE)
    router = watched.lab.plan.machine(watched.appliance.router)
    with forgotten(watched) as when, network.parted(watched.lab, router, "uplink"):
        parted = time.monotonic()
        seconds = when() - parted
    record_property("seconds until the host's router forwards nothing to us", round(seconds, 3))
    print(f"the host's router noticed after {seconds:.3f} s")
    ends = {neighbor.get("lastNotificationReason") for neighbor in watched.neighbors().values()}
    assert ends == {"Cease/BFD Down"}, ends
    assert seconds < HOLD_TIME - KEEPALIVE_TIME, "BGP alone may have noticed that"
    # It comes back by itself, and nothing of the node's was at fault.
    watched.wait(ALL)
    status = watched.status()
    assert (status["falls"]["gate"], status["falls"]["routing"]) == (0, 0)
    assert [verdict["falls"] for verdict in status["verdict"].values()] == [0, 0]

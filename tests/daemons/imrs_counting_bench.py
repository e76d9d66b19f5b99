# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The router of imrs_router_bench with the gate itself: it counts the nodes by what the routing daemon passes on."""

from __future__ import annotations

import pathlib
import re
import signal
import typing as t

from imrs_gate_bench import FIVE, until
from imrs_provider_bench import vtysh
from imrs_router_bench import MEMBERS, Router


class Counting(Router):
    """``members`` and ``settings`` are what its gate is told otherwise than that one live node is enough."""

    def __init__(
        self, directory: pathlib.Path, routing: str, members: t.Mapping[str, t.Any], settings: t.Mapping[str, t.Any]
    ) -> None:
        super().__init__(directory, routing)
        self.config |= {"routing": f"{routing}.service", **settings}
        self.config["members"] |= members

    def live(self) -> None:
        """All nodes tell everything, and the gate has been told to announce all of it."""
        for name in MEMBERS:
            self.start_member(name)
            self.say(name, {name: FIVE})
        self.start_gate()
        self.raise_to_live()
        self.await_routes(FIVE)
        self.await_ways(MEMBERS)

    def restart_routing(self) -> None:
        """The routing daemon dies. watchfrr starts FRR's again; here, BIRD is started as systemd would."""
        self.end_of_routing()
        self.await_routes(set())
        if self.routing == "bird":
            self.run_routing()

    def run_routing(self) -> None:
        """Start BIRD with the file that is there."""
        self._run_bird("bird", self.node, pathlib.Path("/etc/bird/bird.conf"))

    def without_paths(self) -> None:
        """The routing daemon's file says nothing of several paths any more (RFC 7911), and it has read that."""
        path = pathlib.Path(f"/etc/{self.routing}/{self.routing}.conf")
        words = r"(?m)^ *(add paths on;|neighbor gate addpath-tx-all-paths)\n"
        plain, found = re.subn(words, "", path.read_text())
        assert found == 2, "one of each family"
        path.write_text(plain)
        if self.routing == "bird":
            self.birdc("bird", "configure")
        else:
            self.reload_frr()
            # FRR resets the session for each of the two lines. A gate that was back between them has agreed with what
            # was still there, and FRR may leave it at that.
            vtysh("clear bgp peer-group gate")

    def hang(self, name: str) -> None:
        """A node's routing daemon says nothing any more, and keeps its sessions."""
        self.signal(name, signal.SIGSTOP)

    def counted(self) -> dict[str, t.Any]:
        """The nodes, as `imrs status` has them."""
        return t.cast("dict[str, t.Any]", self.status().get("members", {}))

    def leaving(self) -> set[str]:
        """What the host's router is told is about to go (RFC 8326)."""
        return {prefix for prefix, told in self.received().items() if "(65535,0)" in told.get("community", "")}

    def await_counted(self, live: t.Collection[str], drained: t.Collection[str]) -> None:
        """Until these nodes announce all prefixes, and these the covering ones, in both families."""
        due = {
            what: dict.fromkeys(("ipv4", "ipv6"), sorted(names))
            for what, names in (("live", live), ("drained", drained))
        }
        until(
            lambda: {what: self.counted().get(what) for what in due} == due, what=lambda: f"{due}, not {self.counted()}"
        )

    def await_reason(self, family: str, text: str) -> None:
        """Until that is why a family announces less than was asked for."""

        def reason() -> str:
            return str(self.status()["verdict"][family]["reason"])

        until(lambda: text in reason(), what=lambda: f"{text!r}, not {reason()!r}")

    def await_ways(self, nodes: t.Collection[str], prefixes: t.Iterable[str] = FIVE) -> None:
        """Until the kernel sends what is for these prefixes to these nodes, or drops it where there are none."""
        due = {
            prefix: {MEMBERS[name]["ipv6" if ":" in prefix else "ipv4"] for name in nodes} or {"blackhole"}
            for prefix in prefixes
        }
        until(lambda: {prefix: self.hops(prefix) for prefix in due} == due, what=lambda: f"{due}, not {self.ways()}")

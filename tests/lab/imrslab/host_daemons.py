# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which daemons a host's router of the lab may run, and how any of them is asked what it holds."""

from __future__ import annotations

import re
import typing as t

from . import host_bird, host_frr, host_gobgp, host_openbgpd, machine, shell

if t.TYPE_CHECKING:
    import pathlib

    from . import topology
    from .host_router import Ask, Route


class Daemon(t.Protocol):
    """A daemon's file."""

    NAME: str
    UNIT: str
    LACKS: frozenset[str]
    """What it does not do, of ``bfd``, ``others`` (sessions with other hosts' routers) and ``default`` (a default route
    of its own).
    """

    def settings(self, lab: topology.Lab, machine: topology.Machine, /) -> dict[str, str]:
        """What a machine that runs it finds on its disk, by path."""

    def held(self, ask: Ask, sessions: t.Iterable[topology.Session], /) -> t.Iterable[Route]:
        """What it holds from these sessions of ours; LabError when it does not answer."""


DAEMONS: tuple[Daemon, ...] = (host_frr, host_bird, host_openbgpd, host_gobgp)
"""The first is the usual one."""
USUAL = DAEMONS[0].NAME


def named(name: str) -> Daemon:
    """One by its name; LabError when there is none."""
    for each in DAEMONS:
        if name == each.NAME:
            return each
    raise shell.LabError(f"HOST_ROUTER={name}: no such router in the lab, which has {', '.join(names())}")


def names() -> list[str]:
    """All of them, the usual one first."""
    return [each.NAME for each in DAEMONS]


def of(router: topology.Machine) -> Daemon:
    """What a router runs."""
    return next((each for each in DAEMONS if each.UNIT in router.services), DAEMONS[0])


def held(lab: topology.Lab, router: str, sessions: t.Iterable[topology.Session]) -> t.Iterable[Route]:
    """What a router of the lab holds from these sessions of ours, whatever it runs."""

    def ask(*command: str) -> str:
        return shell.run(*machine.inside(lab, router, *command))

    return of(lab.plan.machine(router)).held(ask, sessions)


_BFD = re.compile(rb"(?m)^ +bfd: .*$")


def sheet(daemon: Daemon, source: pathlib.Path, site: str) -> bytes:
    """A site's sheet as the lab reads it: without BFD where the hosts' router has none. Lines keep their numbers."""
    text = (source / f"sites/{site}.yml").read_bytes()
    return _BFD.sub(b"", text) if "bfd" in daemon.LACKS else text


def rewrite(plan: topology.Plan, inventory: pathlib.Path, source: pathlib.Path) -> None:
    """Put sheets of the lab's own into its inventory, instead of links, where they are read differently."""
    daemon = next(of(each) for each in plan.machines if each.name in plan.asns)
    for site in plan.sites:
        given, link = sheet(daemon, source, site), inventory / f"sites/{site}.yml"
        if given != link.read_bytes():
            link.unlink()
            link.write_bytes(given)
            shell.say(f"{daemon.NAME} has no BFD: {link} is {source}/sites/{site}.yml without it")


def suffices(daemon: Daemon, plan: topology.Plan) -> None:
    """LabError when the sheets want more of a host's router than its daemon does."""
    sessions = [session for router in plan.asns for _, session in plan.sessions(router)]
    wants = {
        "bfd": ("BFD", any(each.bfd for each in sessions), "leave `bfd` out of the sheet's peers"),
        "default": ("default route of its own", any(each.default_route for each in sessions), "leave `inbound` out"),
        "others": ("session with another host's router", len(plan.asns) > 1, "take one site"),
    }
    for what, (words, wanted, remedy) in wants.items():
        if wanted and what in daemon.LACKS:
            able = ", ".join(each.NAME for each in DAEMONS if what not in each.LACKS)
            raise shell.LabError(f"HOST_ROUTER={daemon.NAME} has no {words} in the lab: take {able}, or {remedy}")

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Namespaces, bridges and cables. Everything hangs in one outer namespace that has no route out.

The service prefixes are real addresses of a real root server: a stray packet must have nowhere to go.
"""

from __future__ import annotations

import contextlib
import pathlib
import typing as t

from . import shell, topology


def _ip(namespace: str, *words: str) -> None:
    shell.run("ip", "-n", namespace, *words)


def exists(namespace: str) -> bool:
    """Whether a named network namespace is there."""
    return pathlib.Path("/run/netns", namespace).exists()


def up(lab: topology.Lab) -> None:
    """Lay out namespaces, bridges and cables from nothing."""
    outer = lab.outer
    shell.run("ip", "netns", "add", outer)
    _ip(outer, "link", "set", "lo", "up")
    # The management address is there on its own network only; Linux would answer for it on every bridge.
    shell.run("ip", "netns", "exec", outer, "sysctl", "--quiet", "--write", "net.ipv4.conf.all.arp_ignore=1")
    for bridge in topology.BRIDGES:
        _ip(outer, "link", "add", bridge, "type", "bridge")
        _ip(outer, "link", "set", bridge, "up")
    _ip(outer, "address", "add", f"{topology.MANAGEMENT_GATEWAY}/24", "dev", "br-mgmt")
    for machine in topology.MACHINES:
        plug_in(lab, machine)


def plug_in(lab: topology.Lab, machine: topology.Machine) -> None:
    """A machine's namespace, with its cables to the bridges."""
    namespace = lab.namespace(machine.name)
    shell.run("ip", "netns", "add", namespace)
    _ip(namespace, "link", "set", "lo", "up")
    for link in machine.links:
        plug = _plug(machine.name, link.interface)
        peer = ("type", "veth", "peer", "name", link.interface, "netns", namespace)
        _ip(lab.outer, "link", "add", plug, *peer)
        _ip(lab.outer, "link", "set", plug, "master", link.bridge, "up")


def _plug(name: str, interface: str) -> str:
    """The lab's end of one of a machine's cables."""
    return f"{_plugs(name)}{interface[:4]}"


@contextlib.contextmanager
def parted(lab: topology.Lab, machine: topology.Machine, interface: str) -> t.Iterator[None]:
    """Meanwhile nothing that leaves or comes by this interface arrives, and nobody's link goes down.

    So a switch between two routers fails: the cable's other end still has its light.
    """
    link = next(each for each in machine.links if each.interface == interface)
    plug = _plug(machine.name, interface)
    _ip(lab.outer, "link", "set", plug, "nomaster")
    try:
        yield
    finally:
        _ip(lab.outer, "link", "set", plug, "master", link.bridge)


def _plugs(name: str) -> str:
    """How the ends of a machine's cables begin, on the lab's side; the kernel takes 15 characters at most."""
    return f"{name[:9]}-"


def unplug(lab: topology.Lab, name: str) -> None:
    """Remove a machine's cables and its namespace, if there is one.

    The kernel takes a namespace apart when its last connection has ended, which of a machine that did not say farewell
    may take minutes. Cables are there under these names once only.
    """
    if not exists(lab.namespace(name)):
        return
    if exists(lab.outer):
        for link in shell.run("ip", "-n", lab.outer, "-oneline", "link").splitlines():
            plug = link.split()[1].partition("@")[0]
            if plug.startswith(_plugs(name)):
                _ip(lab.outer, "link", "delete", plug)
    shell.run("ip", "netns", "delete", lab.namespace(name))


def down(lab: topology.Lab) -> None:
    """Remove what up() made."""
    for machine in topology.MACHINES:
        unplug(lab, machine.name)
    if exists(lab.outer):
        shell.run("ip", "netns", "delete", lab.outer)

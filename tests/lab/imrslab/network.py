# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Namespaces, bridges and cables. Everything hangs in one outer namespace that has no route out.

The service prefixes are real addresses of a real root server: a stray packet must have nowhere to go.
"""

from __future__ import annotations

import pathlib

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
        plug = f"{machine.name[:9]}-{link.interface[:4]}"
        peer = ("type", "veth", "peer", "name", link.interface, "netns", namespace)
        _ip(lab.outer, "link", "add", plug, *peer)
        _ip(lab.outer, "link", "set", plug, "master", link.bridge, "up")


def unplug(lab: topology.Lab, name: str) -> None:
    """Remove a machine's namespace, if there is one; its cables go with it."""
    if exists(lab.namespace(name)):
        shell.run("ip", "netns", "delete", lab.namespace(name))


def down(lab: topology.Lab) -> None:
    """Remove what up() made."""
    for name in [*(machine.name for machine in topology.MACHINES), "lab"]:
        unplug(lab, name)

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Namespaces, bridges and cables. Everything hangs in one outer namespace that has no route out.

The service prefixes are real addresses of a real root server: a stray packet must have nowhere to go.
"""

from __future__ import annotations

import contextlib
import pathlib
import re
import sys
import typing as t

from . import offload, shell, topology, virtual

NAMESPACES = pathlib.Path("/run/netns")


def _ip(namespace: str, *words: str) -> None:
    shell.run("ip", "-n", namespace, *words)


def exists(namespace: str) -> bool:
    """Whether a named network namespace is there."""
    return (NAMESPACES / namespace).exists()


def machines(lab: topology.Lab) -> list[str]:
    """The machines of a lab that have a namespace, whoever made them. A lab's name may begin with another one's."""
    names = sorted(path.name for path in NAMESPACES.glob("*"))
    labs = [name.removesuffix("lab") for name in names if name.endswith("-lab")]
    own = lab.outer.removesuffix("lab")
    its = [name for name in names if max([own, *labs], key=lambda lab: name.startswith(lab) * len(lab)) == own]
    return [name.removeprefix(own) for name in its if name.startswith(own) and name != lab.outer]


def up(lab: topology.Lab, plan: topology.Plan) -> None:
    """Lay out namespaces, bridges and cables from nothing."""
    outer = lab.outer
    shell.run("ip", "netns", "add", outer)
    _ip(outer, "link", "set", "lo", "up")
    # The management address is there on its own network only; Linux would answer for it on every bridge.
    shell.run("ip", "netns", "exec", outer, "sysctl", "--quiet", "--write", "net.ipv4.conf.all.arp_ignore=1")
    for bridge in plan.bridges:
        _ip(outer, "link", "add", bridge, "type", "bridge")
        _ip(outer, "link", "set", bridge, "up")
    _ip(outer, "address", "add", f"{topology.MANAGEMENT_GATEWAY}/24", "dev", "br-mgmt")
    for machine in plan.machines:
        plug_in(lab, machine)


def plug_in(lab: topology.Lab, machine: topology.Machine) -> None:
    """A machine's namespace, with its cables to the bridges; of a virtual machine QEMU has them, and this is empty."""
    namespace = lab.namespace(machine.name)
    shell.run("ip", "netns", "add", namespace)
    _ip(namespace, "link", "set", "lo", "up")
    for link in machine.links:
        plug = _plug(machine, link.interface)
        if machine.hardware:
            _ip(lab.outer, "tuntap", "add", "dev", plug, "mode", "tap")
            _ip(lab.outer, "link", "set", plug, "master", link.bridge, "up")
            continue
        peer = ("type", "veth", "peer", "name", link.interface, "netns", namespace)
        _ip(lab.outer, "link", "add", plug, *peer)
        _ip(lab.outer, "link", "set", plug, "master", link.bridge, "up")
        if machine.image != "lab" and link.bridge != "br-mgmt":
            # An appliance's answers arrive with checksums, as over a wire.
            shell.run("ip", "netns", "exec", namespace, sys.executable, offload.__file__, link.interface)


def _plug(machine: topology.Machine, interface: str) -> str:
    """The lab's end of one of a machine's cables."""
    number = [link.interface for link in machine.links].index(interface)
    return virtual.plug(machine.name, number)


@contextlib.contextmanager
def parted(lab: topology.Lab, machine: topology.Machine, interface: str) -> t.Iterator[None]:
    """Meanwhile nothing that leaves or comes by this interface arrives, and nobody's link goes down.

    So a switch between two routers fails: the cable's other end still has its light.
    """
    link, plug = machine.link(interface), _plug(machine, interface)
    _ip(lab.outer, "link", "set", plug, "nomaster")
    try:
        yield
    finally:
        _ip(lab.outer, "link", "set", plug, "master", link.bridge)


def cut_off(lab: topology.Lab, machine: topology.Machine) -> None:
    """From now on nothing leaves a machine: what its kernel says when its processes end is heard by nobody."""
    for link in machine.links:
        _ip(lab.outer, "link", "set", _plug(machine, link.interface), "nomaster")


def unplug(lab: topology.Lab, name: str) -> None:
    """Remove a machine's cables and its namespace, if there is one.

    The kernel takes a namespace apart when its last connection has ended, which of a machine that did not say farewell
    may take minutes. Cables are there under these names once only.
    """
    if not exists(lab.namespace(name)):
        return
    if exists(lab.outer):
        for link in shell.run("ip", "-n", lab.outer, "-oneline", "link").splitlines():
            plug = link.split()[1].rstrip(":").partition("@")[0]  # a tap has no other end
            if re.fullmatch(rf"{re.escape(name)}-\d", plug):
                _ip(lab.outer, "link", "delete", plug)
    shell.run("ip", "netns", "delete", lab.namespace(name))


def down(lab: topology.Lab) -> None:
    """Remove what up() made."""
    for name in machines(lab):
        unplug(lab, name)
    if exists(lab.outer):
        shell.run("ip", "netns", "delete", lab.outer)

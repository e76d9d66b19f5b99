#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's switchboard: `lab.py up|down|status|publish|shell` (see docs/lab.md). Needs root and Debian 12 or 13."""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from imrslab import guests, host, image, keys, machine, network, packages, shell, topology, zones


def up(lab: topology.Lab, fresh: bool) -> None:
    """Bring the lab up. What already runs stays, unless ``fresh``; half a lab is taken down first."""
    names = [each.name for each in topology.MACHINES]
    if network.exists(lab.outer) and not lab.state.exists():
        raise shell.LabError(
            f"a lab named {lab.name} is up that is not this checkout's: `make down` clears it away, and with "
            "IMRS_LAB=another-name this one can stand beside it"
        )
    complete = network.exists(lab.outer) and all(machine.running(lab, name) for name in names)
    if complete and not fresh:
        shell.say("already up")
        return
    down(lab)
    host.has_watchers()
    images = image.build_all(lab)
    keys.make(lab)
    network.up(lab)
    packages.start_proxy(lab)
    for each in topology.MACHINES:
        guests.lay_out(lab, each)
    shell.say(zones.publish(lab, images["lab"]))
    for each in topology.MACHINES:
        machine.boot(lab, each, images[each.image])
    for each in topology.MACHINES:
        shell.wait_for(f"SSH on {each.name}", lambda each=each: machine.ssh_answers(lab, each), 300)
    # The appliance knows its package archives when it arrives, as after any installation.
    shell.run(*machine.inside(lab, topology.APPLIANCE, "apt-get", "update", "-qq"))
    shell.say(f"up: {', '.join(names)}")


def down(lab: topology.Lab) -> None:
    """Remove every process, namespace, mount and control group of this lab, and its files but for the reports."""
    for each in topology.MACHINES:
        machine.stop(lab, each.name)
    packages.stop_proxy(lab)
    network.down(lab)
    if lab.state.exists():
        for path in lab.state.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        lab.state.rmdir()


def status(lab: topology.Lab) -> int:
    """Print which machines run; 0 when all do."""
    missing = 0
    for each in topology.MACHINES:
        alive = machine.running(lab, each.name)
        missing += not alive
        print(f"{lab.namespace(each.name):24}{'up' if alive else 'down':6}{each.management}")
    return int(missing > 0)


def received(lab: topology.Lab) -> None:
    """Print what host-router holds from the appliance: prefix, next hop, AS path."""
    print(f"{'prefix':22}{'next hop':22}AS path")
    for family, neighbor in zip(("ipv4", "ipv6"), topology.APPLIANCE_UPLINK, strict=True):
        question = f"show bgp {family} unicast neighbors {neighbor} routes json"
        answer = json.loads(shell.run(*machine.inside(lab, "host-router", "vtysh", "-c", question)))
        for prefix, paths in sorted(answer.get("routes", {}).items()):
            for path in paths:
                hops = [hop["ip"] for hop in path["nexthops"] if hop.get("scope") != "link-local"]
                print(f"{prefix:22}{', '.join(hops):22}{path['path']}")


def main(arguments: list[str]) -> int:
    """Run one verb; 0 when it worked."""
    parser = argparse.ArgumentParser(description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("up").add_argument("--fresh", action="store_true", help="start from bare machines")
    verbs.add_parser("down", help="leave nothing but caches and reports")
    verbs.add_parser("status", help="which machines run")
    verbs.add_parser("received", help="what the host's router holds from the appliance")
    verbs.add_parser("publish", help="have the masters serve a variant of the zones").add_argument(
        "variant", choices=zones.VARIANTS
    )
    in_image = verbs.add_parser(
        "in-image", help="run a command on the lab image's Debian, with the checkout at /checkout"
    )
    in_image.add_argument("command", nargs=argparse.REMAINDER)
    shell_verb = verbs.add_parser("shell", help="a root shell, or a command, inside a machine")
    shell_verb.add_argument("machine", choices=[each.name for each in topology.MACHINES])
    shell_verb.add_argument("command", nargs=argparse.REMAINDER)
    chosen = parser.parse_args(arguments)
    lab = topology.Lab()
    if os.geteuid() != 0:
        raise shell.LabError("the lab needs root: it makes network namespaces and boots machines")
    if chosen.verb == "up":
        up(lab, chosen.fresh)
    elif chosen.verb == "down":
        down(lab)
    elif chosen.verb == "publish":
        shell.say(zones.publish(lab, image.build(lab, "lab"), chosen.variant))
    elif chosen.verb == "received":
        received(lab)
    elif chosen.verb == "in-image":
        return image.enter(lab, chosen.command)
    elif chosen.verb == "shell":
        command = chosen.command or ["bash", "-l"]
        return subprocess.run(machine.inside(lab, chosen.machine, *command), check=False).returncode
    else:
        return status(lab)
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what is for the time of a command ends with it
    try:
        sys.exit(main(sys.argv[1:]))
    except shell.LabError as problem:
        sys.exit(f"lab: {problem}")

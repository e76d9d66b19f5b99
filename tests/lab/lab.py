#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's switchboard: `lab.py up|down|status|publish|shell` (see docs/lab.md). Needs root and Debian 12 or 13."""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import typing as t

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from imrslab import (
    guests,
    host,
    host_daemons,
    image,
    inventory,
    keys,
    machine,
    medium,
    network,
    packages,
    sheets,
    shell,
    topology,
    zones,
)


def up(
    lab: topology.Lab,
    fresh: bool,
    sites: t.Sequence[str] = topology.USUAL,
    host_router: str = host_daemons.USUAL,
    release: str = topology.RELEASE,
) -> None:
    """Bring the lab of these sites up, with that daemon on the hosts' routers, and that release on bare appliances.

    What already runs stays, unless ``fresh``, or made from other sheets; half a lab is taken down first.
    """
    plan = sheets.plan(sites, host_router=host_router, release=release)
    names = [each.name for each in plan.machines]
    if network.exists(lab.outer) and not lab.state.exists():
        raise shell.LabError(
            f"a lab named {lab.name} is up that is not this checkout's: `make down` clears it away, and with "
            "IMRS_LAB=another-name this one can stand beside it"
        )
    there = lab.plan if lab.plan_file.exists() and network.exists(lab.outer) else None
    if there and all(machine.running(lab, each.name) for each in there.machines) and not fresh:
        if there == plan:
            # The fleet's file may be another one.
            inventory.write(lab, plan, given=medium.variables(lab) if medium.bare(plan) else {})
            shell.say("already up")
            return
        shell.say(f"up with other sheets or routers than these ({', '.join(there.sites)}): that one is taken down")
    down(lab)
    host.has_watchers(host.watchers(plan))
    images = image.build_all(lab, plan)
    shell.write(lab.plan_file, plan.text())
    bare = medium.bare(plan)
    inventory.write(lab, plan, given=medium.variables(lab) if bare else {})
    keys.make(lab, plan)
    network.up(lab, plan)
    packages.start_proxy(lab)
    for each in plan.machines:
        guests.lay_out(lab, each)
    shell.say(zones.publish(lab, images["lab"]))
    if bare:
        medium.build(lab, [each.name for each in bare])
    for each in plan.machines:
        machine.boot(lab, each, images[each.image])
    for each in plan.machines:
        machine.await_ssh(lab, each, 1800 if each in bare else 600)
    # An appliance knows its package archives when it arrives, as after any installation.
    for appliance in plan.appliances:
        shell.run(*machine.inside(lab, appliance.name, "apt-get", "update", "-qq"))
    shell.say(f"up: {', '.join(names)}")


def down(lab: topology.Lab) -> None:
    """Remove every process, namespace, mount and control group of this lab, and its files but for the reports."""
    known = {path.name for path in lab.machine_state("").glob("*")}
    for name in sorted(known.union(network.machines(lab))):
        machine.stop(lab, name)
    packages.stop_proxy(lab)
    network.down(lab)
    if lab.state.exists():
        for path in lab.state.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        lab.state.rmdir()


def status(lab: topology.Lab) -> int:
    """Print which machines run, and what the appliances say of themselves; 0 when all machines run."""
    plan = lab.plan
    alive = {each.name: machine.running(lab, each.name) for each in plan.machines}
    for each in plan.machines:
        print(f"{lab.namespace(each.name):24}{'up' if alive[each.name] else 'down':6}{each.management}")
    for appliance in (each for each in plan.appliances if alive[each.name]):
        print(flush=True)
        there = machine.inside(lab, appliance.name, "test", "-e", "/usr/sbin/imrs")
        if subprocess.run(there, check=False).returncode:
            print(f"{appliance.name} is bare")
        else:
            subprocess.run(machine.inside(lab, appliance.name, "imrs", "status"), check=False)
    return int(not all(alive.values()))


def received(lab: topology.Lab) -> None:
    """Print what each host's router holds from us: prefix, next hop, AS path."""
    for router, asn in lab.plan.asns.items():
        daemon = host_daemons.of(lab.plan.machine(router)).NAME
        print(f"What {router} (AS {asn}, {daemon}) received:\n\n{'prefix':22}{'next hop':22}AS path")
        sessions = [session for _, session in lab.plan.sessions(router)]
        for route in host_daemons.held(lab, router, sessions):
            print(f"{route.prefix:22}{route.next_hop:22}{route.as_path}")
        print()


def main(arguments: list[str]) -> int:
    """Run one verb; 0 when it worked."""
    parser = argparse.ArgumentParser(description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    up_verb = verbs.add_parser("up", help="bring it up; what runs already stays")
    up_verb.add_argument("--fresh", action="store_true", help="start from bare machines")
    up_verb.add_argument(
        "--host-router", default=host_daemons.USUAL, metavar="DAEMON", help=", ".join(host_daemons.names())
    )
    up_verb.add_argument("--release", default=topology.RELEASE, help=f"of appliances: {', '.join(topology.APPLIANCES)}")
    up_verb.add_argument(
        "sites", nargs="*", default=topology.USUAL, help=f"sheets of {topology.SOURCE}/sites (IMRS_LAB_SHEETS)"
    )
    verbs.add_parser("down", help="leave nothing but caches and reports")
    verbs.add_parser("status", help="which machines run, and what the appliances say of themselves")
    verbs.add_parser("appliances", help="a line for each: its name, its site, its host's router and vantage")
    verbs.add_parser("received", help="what the hosts' routers hold from the appliances")
    verbs.add_parser("publish", help="have the masters serve a variant of the zones").add_argument(
        "variant", choices=tuple(zones.VARIANTS)
    )
    in_image = verbs.add_parser(
        "in-image", help="run a command on the lab image's Debian, with the checkout at /checkout"
    )
    in_image.add_argument("command", nargs=argparse.REMAINDER)
    shell_verb = verbs.add_parser("shell", help="a root shell, or a command, inside a machine")
    shell_verb.add_argument("machine")
    shell_verb.add_argument("command", nargs=argparse.REMAINDER)
    chosen = parser.parse_args(arguments)
    lab = topology.Lab()
    if os.geteuid() != 0:
        raise shell.LabError("the lab needs root: it makes network namespaces and boots machines")
    if chosen.verb == "up":
        up(lab, chosen.fresh, chosen.sites, chosen.host_router, chosen.release)
    elif chosen.verb == "down":
        down(lab)
    elif chosen.verb == "publish":
        shell.say(zones.publish(lab, image.build(lab, "lab"), chosen.variant))
    elif chosen.verb == "appliances":
        for each in lab.plan.appliances:
            print(each.name, each.site, each.router, each.vantage)
    elif chosen.verb == "received":
        received(lab)
    elif chosen.verb == "in-image":
        return image.enter(lab, chosen.command)
    elif chosen.verb == "shell":
        command = chosen.command or ["bash", "-l"]
        name = lab.plan.machine(chosen.machine).name
        return subprocess.run(machine.inside(lab, name, *command), check=False).returncode
    else:
        return status(lab)
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what is for the time of a command ends with it
    try:
        sys.exit(main(sys.argv[1:]))
    except shell.LabError as problem:
        sys.exit(f"lab: {problem}")

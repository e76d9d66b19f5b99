#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record what a node shows of sessions with every option, for the tables of the acceptance tests.

    tests/lab/lab.py in-image python3 tests/unit/plugins/module_utils/_acceptance/recorded/record_sessions.py

The node runs the files that the roles render (tests/daemons/rendered), on the bench of tests/daemons. Where a case is
in ``FRR``, an FRR takes the place of the host's router in the end, and says what it received. Passwords are made up.
"""

from __future__ import annotations

import functools
import importlib
import json
import pathlib
import shutil
import sys
import tempfile
import types
import typing as t

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[5]
sys.path.insert(0, str(ROOT / "tests"))
importlib.import_module("conftest")  # makes the collection of this checkout importable
# ruff: noqa: E402
sys.path[:0] = [str(ROOT / "tests/daemons"), str(ROOT / "tests/unit/roles")]

import imrs_provider_bench
from imrs_gate_bench import FIVE, lengthened, until
from imrs_gate_config import HOLD_TIME
from imrs_provider_bench import Node
from imrs_role_cases import CASES, NODE

CASES_OF = dict.fromkeys(("bird", "frr"), ("options", "bfd", "table", "cluster"))
GENERAL = "frr defaults traditional\nrouter bgp {asn}\n bgp router-id 192.0.2.1\n no bgp ebgp-requires-policy\n"
GENERAL += " no bgp default ipv4-unicast\n neighbor 192.0.2.2 remote-as 20144\n neighbor 2001:db8::2 remote-as 20144\n"
GENERAL += " neighbor 192.0.2.2 timers 3 9\n neighbor 2001:db8::2 timers 3 9\n"
FAMILIES = "".join(
    f" address-family {family} unicast\n  neighbor {address} activate\n{{more}} exit-address-family\n"
    for family, address in (("ipv4", "192.0.2.2"), ("ipv6", "2001:db8::2"))
)
NEAR = " neighbor 192.0.2.2 ttl-security hops 1\n neighbor 2001:db8::2 ttl-security hops 1\n"
FRR = {
    "options": (GENERAL + NEAR + FAMILIES).format(asn=64500, more=""),
    "cluster": (GENERAL + " neighbor 192.0.2.2 password bgp-password-of-the-host-00\n" + FAMILIES).format(
        asn=20144, more=""
    ),
}


def library() -> types.SimpleNamespace:
    """The collection's probes, and what they are asked, out of this checkout."""
    base = "ansible_collections.icann.imrs.plugins.module_utils"
    rooms = {"_probes": ("bird", "collect", "frr", "frr_sessions", "host"), "_acceptance": ("examples", "expected")}
    return types.SimpleNamespace(
        **{name: importlib.import_module(f"{base}.{room}.{name}") for room, names in rooms.items() for name in names}
    )


def inside(namespace: str, probes: types.SimpleNamespace) -> t.Callable[[t.Sequence[str]], dict[str, t.Any]]:
    """A runner whose commands run in a network namespace."""
    return lambda command: dict(probes.host.run(["ip", "netns", "exec", namespace, *command]))


def node_side(node: Node, case: str, probes: types.SimpleNamespace) -> dict[str, t.Any]:
    """What the probes see of the routing daemon on the node, once they need not wait for anything."""
    peers = [dict(peer) for peer in CASES[case][1]["imrs_peers"]]
    prefixes = probes.collect._prefixes({"prefixes": NODE["imrs_prefixes"]})
    command = ["birdc", "-r", "-s", str(node.directory / "bird.ctl")] if node.routing == "bird" else ["vtysh"]
    path = str(ROOT / "tests/daemons/rendered" / case / "etc/bird/bird.conf") if node.routing == "bird" else ""
    reader = probes.bird if node.routing == "bird" else probes.frr_sessions
    read = functools.partial(reader.read, inside(node.node, probes), command, path, prefixes)

    def ready() -> bool:
        seen = read()
        learned = sum(len(routes) for name, routes in seen["imports"].items() if name != "gate")
        agreed = sum(peer["inbound"] != "none" for peer in peers)
        return probes.collect._watched(seen, peers) and learned >= agreed

    until(ready, 40, lambda: f"sessions, BFD and routes: {read()}")

    def seen() -> dict[str, t.Any]:
        """With what it would take of its peers."""
        found = read()
        hosts = [each for each in found["sessions"] if each["neighbor"] in {peer["address"] for peer in peers}]
        told = {"refused": NODE["imrs_refused"], "link": NODE["imrs_link"]}
        base = json.loads((HERE / "knot_live.json").read_text(encoding="utf-8"))["expected"]
        asked = probes.examples.of(probes.expected.Expected.parse({**base, "peers": [], **told}))
        return {**found, "takes": reader.takes(hosts, asked, inside(node.node, probes), command)}

    if node.routing == "frr":
        return {"peers": peers, "routing": seen()}
    printed = {
        words: probes.host.run([*command, *words.split()])["stdout"]
        for words in (
            "show protocols all",
            "show bfd sessions",
            "show bfd sessions all",
            f"show route export {peers[0]['name']} all",
        )
    }
    return {"peers": peers, "routing": seen(), "printed": printed}


def router_side(node: Node, text: str, probes: types.SimpleNamespace) -> dict[str, t.Any]:
    """What an FRR in the place of the host's router received."""
    node.kill("router")
    for folder in ("/run/frr", "/etc/frr"):
        pathlib.Path(folder).mkdir(exist_ok=True)
        shutil.chown(folder, "frr", "frr")
    for name in ("mgmtd", "zebra", "bgpd"):
        path = node.directory / f"frr-{name}.conf"
        path.write_text(text if name == "bgpd" else "")
        shutil.chown(path, "frr", "frr")
        chosen = {
            "mgmtd": (),
            "zebra": ("-f", str(path)),
            "bgpd": ("-f", str(path), "-l", "192.0.2.1", "-l", "2001:db8::1"),
        }[name]
        node.start(name, node.router, f"/usr/lib/frr/{name}", *chosen, "-A", "127.0.0.1", "--log", "stdout")
    node.directory.chmod(0o755)
    addresses = {"ipv4": ["192.0.2.2"], "ipv6": ["2001:db8::2"]}
    read = functools.partial(probes.frr.received, addresses, inside(node.router, probes))
    until(
        lambda: (
            {route["to"] for routes in read().get("routes", {}).values() for route in routes if route["valid"]} == FIVE
        ),
        60,
        lambda: f"five prefixes at FRR: {read()} {node.said_by('bgpd')}",
    )
    return dict(read())


def main() -> None:
    probes = library()
    # With the sheet's own times of BFD, not those of the tests, which allow for machines that stall.
    imrs_provider_bench.suited = lambda _case, text, hold_time=HOLD_TIME: lengthened(text, hold_time)
    imrs_provider_bench.FAR = imrs_provider_bench.FAR.replace("multiplier 50", "multiplier 3")
    for routing, cases in CASES_OF.items():
        for case in cases:
            with tempfile.TemporaryDirectory() as directory, Node(pathlib.Path(directory), routing, case) as node:
                node.start_knot()
                node.start_gate()
                node.raise_to_live()
                node.await_routes(FIVE)
                sees: dict[str, t.Any] = node_side(node, case, probes)
                sockets = inside(node.node, probes)(["ss", "-lntuHp"])
                sees["sockets"] = probes.host.parse_sockets(sockets["stdout"])
                if routing == "bird" and case in FRR:
                    sees["host_router"] = router_side(node, FRR[case], probes)
            path = HERE / f"sessions_{routing}_{case}.json"
            path.write_text(json.dumps(sees, indent=1) + "\n", encoding="utf-8")
            sys.stdout.write(f"{path.name}: {path.stat().st_size} octets\n")


if __name__ == "__main__":
    main()

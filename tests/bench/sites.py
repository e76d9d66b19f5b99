#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a fleet takes, by its number of sites: parse + validate + derive, and ``ansible-inventory``.

    tests/bench/sites.py generate DIR N        an inventory of N valid sites, in DIR
    tests/bench/sites.py run 200 2000 20000    a Markdown table

Run it with ``.venv/bin/python``. Each measurement is a process of its own. The last two columns say how much of
``--list`` is Ansible itself: the same inventory from a script that has it ready, and our time in proportion to that.
"""

from __future__ import annotations

import argparse
import ipaddress
import json
import os
import pathlib
import resource
import string
import subprocess
import sys
import tempfile
import time
import typing as t

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
DS = ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
MOST = 20_000

# Every address of the fleet is used once, and the documentation ranges (RFC 5737) have too few: so the uplinks are in
# the range for benchmarks (RFC 2544), a /30 for each site, and the management and BMC addresses are private ones.
UPLINKS = ipaddress.ip_address("198.18.0.0")
MANAGEMENT = ipaddress.ip_address("10.0.0.1")
BMCS = ipaddress.ip_address("10.128.0.1")

SHEET = """\
---
site: {site}
kind: single
operational: true
mode: {mode}
asn: 20144
host:
  name: Savanna Research Network {number}
  type: nren
  country: {country}
  contacts:
    noc: {{name: Network operations, email: noc@net{number}.example, phone: "+254 20 555 0100"}}
    remote_hands: {{name: Hands, email: hands@net{number}.example, phone: "+254 20 555 0101", hours: 24/7}}
  gse: {{region: africa, coordinator: GSE Africa}}
location:
  iata: {iata}
  city: City {number}
  country: {country}
  coordinates: {latitude}, {longitude}
vantage: vantage-{site}
looking_glass: lg-{site}
nodes:
  - node: {node}
    profile: calypso
    serial: CLP-2025-{number}
    bmc: {bmc}
    nameserver: {nameserver}
    routing: {routing}
    uplink:
      interface: bond0
      bond: {{members: [eno2, eno3], mode: 802.3ad}}
      vlan: 120
      mtu: 1500
      addresses: [{own4}/30, "{own6}/64"]
      gateways: [{peer4}, "{peer6}"]
    management: {{interface: eno1, addresses: [{management}/8]}}
    tsig:
      - {{master: dist1, name: {node}-dist1.example., algorithm: hmac-sha256, secret: vault_tsig_{node}_dist1}}
      - {{master: dist2, name: {node}-dist2.example., algorithm: hmac-sha256, secret: vault_tsig_{node}_dist2}}
peers:
  - description: Savanna Research Network {number}, router 1
    asn: 64500
    addresses: [{peer4}, "{peer6}"]
    md5: vault_bgp_{site}
    bfd: {{interval_ms: 300, multiplier: 3}}
    hold_time: 9
    keepalive_time: 3
    communities: ["64500:100", "64500:1:2"]
    no_export: false
    prepend: 0
    inbound: all
    max_prefix: 1000
onboarding:
  expression_of_interest: {{date: 2025-11-03{funding}}}
  steps:
    contact: {{date: 2025-11-20, by: Savanna Research Network}}
    documents: {{date: 2025-11-21, by: Savanna Research Network}}
    nda: {{date: 2025-11-24, by: Savanna Research Network and ICANN}}
    agreement: {{date: 2025-12-01, by: Savanna Research Network and ICANN}}
    purchase: {{date: 2025-12-08, by: Savanna Research Network}}
    rack: {{date: 2026-01-12, by: Savanna Research Network}}
    install: {{date: 2026-01-19, by: DNS Engineering}}
    notify: {{date: 2026-01-20, by: DNS Engineering}}
  override: {{date: 2026-01-05, by: J. Doe, reason: Rehearsal}}
maintenance:
  - {{date: 2026-03-02, by: DNS Engineering, note: Power supply B replaced}}
"""


def sheet(number: int) -> tuple[str, str]:
    """The name and the text of one sheet; nothing in it that must be unique is in another one."""
    letters = string.ascii_lowercase
    iata = letters[number // 676 % 26] + letters[number // 26 % 26] + letters[number % 26]
    site = f"{iata}{number // 17576}"
    country = ("KE", "FR", "JP", "BR", "CA")[number % 5]
    network = f"2001:db8:{number:x}"
    text = SHEET.format(
        site=site,
        number=number,
        mode=("live", "live", "drained", "dark")[number % 4],
        country=country,
        iata=iata,
        latitude=f"{(number * 7919 % 180_0000) / 10_000 - 90:.4f}",
        longitude=f"{(number * 104_729 % 360_0000) / 10_000 - 180:.4f}",
        node=f"{iata}{number // 17576 + 1:02}",
        bmc=BMCS + number,
        nameserver=("knot", "nsd")[number % 2],
        routing=("bird", "frr")[number // 2 % 2],
        own4=UPLINKS + 4 * number + 2,
        own6=f"{network}::2",
        peer4=UPLINKS + 4 * number + 1,
        peer6=f"{network}::1",
        management=MANAGEMENT + number,
        funding=", programme: africa_phase_2, funding_usd: 6000" if country == "KE" else "",
    )
    return site, text


def generate(directory: pathlib.Path, count: int) -> None:
    """An inventory of its own: configuration, fleet, trust anchor and sheets."""
    if not 0 < count <= MOST:
        raise SystemExit(f"{count} is not a number of sites (1\u2013{MOST})")
    (directory / "sites").mkdir(parents=True)
    (directory / "ansible.cfg").touch()
    (directory / "imrs.yml").write_text("plugin: icann.imrs.sites\ntrust_anchor_file: root.ds\n", encoding="utf-8")
    (directory / "root.ds").write_text(DS + "\n", encoding="utf-8")
    fleet = (ROOT / "inventories" / "lab" / "fleet.yml").read_text(encoding="utf-8")
    (directory / "fleet.yml").write_text(fleet, encoding="utf-8")
    for number in range(count):
        site, text = sheet(number)
        (directory / "sites" / f"{site}.yml").write_text(text, encoding="utf-8")


def measure(directory: pathlib.Path) -> dict[str, float]:
    """Seconds of reading, of parse + validate + derive, and (CPU) of the effect of a revision in which each third node
    is drained; and the most memory that was in use, in this process.
    """
    sys.path.insert(0, str(CACHE))
    from ansible_collections.icann.imrs.plugins.module_utils._fleet import revision  # noqa: PLC0415 - not for `generate`
    from ansible_collections.icann.imrs.plugins.plugin_utils import fleet_files  # noqa: PLC0415

    start = time.perf_counter()
    files = fleet_files.gather(directory / "imrs.yml", trust_anchor_file="root.ds")
    read = time.perf_counter()
    fleet = files.load()
    done = time.perf_counter()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    newer = {
        name: {**variables, "imrs_mode": "drained"} if at % 3 == 0 else variables
        for at, (name, variables) in enumerate(fleet.hosts.items())
    }
    before = time.process_time()
    revision.judge(fleet.hosts, newer)
    effect = time.process_time() - before
    return {
        "sites": len(fleet.sites),
        "hosts": len(fleet.hosts),
        "read": read - start,
        "load": done - read,
        "effect": effect,
        "rss_mib": memory,
    }


def row(count: int) -> str:
    """One line of the table."""
    with tempfile.TemporaryDirectory(prefix="imrs-bench-") as top:
        directory = pathlib.Path(top) / "fleet"
        generate(directory, count)
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "IMRS_"))}
        clean |= {
            "ANSIBLE_COLLECTIONS_PATH": str(CACHE),
            "ANSIBLE_CONFIG": str(directory / "ansible.cfg"),
            "ANSIBLE_HOME": f"{top}/home",
            "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
            "PYTHONPATH": str(CACHE),
        }
        ours = [sys.executable, __file__, "measure", str(directory)]
        found = json.loads(subprocess.run(ours, env=clean, capture_output=True, check=True).stdout)
        if found["sites"] != count:
            raise SystemExit(f"{found['sites']} sites were loaded, and not {count}")
        output, script = pathlib.Path(top) / "listed.json", pathlib.Path(top) / "script"
        graph = inventory("--graph", directory / "imrs.yml", clean, pathlib.Path(os.devnull))
        listed = inventory("--list", directory / "imrs.yml", clean, output)
        script.write_text(f"#!/bin/sh\nexec cat {output}\n", encoding="utf-8")
        script.chmod(0o755)
        same = inventory("--list", script, clean, pathlib.Path(os.devnull))
    each = found["load"] / count * 1000
    return (
        f"| {count:,} | {found['read']:.2f} | {found['load']:.2f} | {each:.2f} | {found['rss_mib']:.0f} "
        f"| {found['rss_mib'] * 1024 / count:.0f} | {found['effect']:.2f} | {graph.wall:.1f} | {listed.wall:.1f} "
        f"| {listed.cpu:.1f} | {same.cpu:.1f} | {listed.cpu / same.cpu:.2f} |"
    )


class Took(t.NamedTuple):
    """Seconds."""

    wall: float
    cpu: float
    """What other work of the machine changes little."""


def inventory(verb: str, source: pathlib.Path, environment: dict[str, str], output: pathlib.Path) -> Took:
    """``--graph``: the inventory in Ansible's memory; ``--list``: and every variable of every host printed."""
    command = [sys.executable, "-m", "ansible.cli.inventory", "-i", str(source), verb]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with output.open("wb") as stdout:
        subprocess.run(command, env=environment, cwd=source.parent, stdout=stdout, check=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Took(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("generate", "measure"):
        verbs.add_parser(verb).add_argument("directory", type=pathlib.Path)
    verbs.choices["generate"].add_argument("count", type=int)
    verbs.add_parser("run").add_argument("counts", type=int, nargs="+")
    given = parser.parse_args()
    if given.verb == "generate":
        generate(given.directory, given.count)
    elif given.verb == "measure":
        print(json.dumps(measure(given.directory)))
    else:
        titles = ("sites", "read (s)", "parse + validate + derive (s)", "per site (ms)", "peak RSS (MiB)",
                  "of that per site (KiB)", "effect of a revision (CPU s)",
                  "`ansible-inventory --graph` (s)", "`--list` (s)", "of that CPU (s)",
                  "CPU of a script that prints the same (s)", "ratio")  # fmt: skip
        print(f"| {' | '.join(titles)} |")
        print(f"|{'--:|' * len(titles)}")
        for count in given.counts:
            print(row(count), flush=True)


if __name__ == "__main__":
    main()

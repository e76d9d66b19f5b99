#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring recordings of record.py up to date with what a vantage sees beside single questions, and with checksums.

    tests/lab/lab.py in-image python3 /checkout/tests/unit/plugins/module_utils/_acceptance/recorded/record_vantage.py \
        /checkout ZONE.gz knot|nsd

On the lab image, with zones, network and nameservers as record.py makes them; asked from the other end of the wire.
"""

from __future__ import annotations

import importlib
import json
import pathlib
import sys
import typing as t

import record

HERE = pathlib.Path(__file__).parent
BASE = "ansible_collections.icann.imrs.plugins.module_utils"


def seen(checkout: str, provider: str) -> dict[str, t.Any]:
    """What is seen from here, at stage live."""
    imrs = record.library(checkout)
    checksums, whole = (importlib.import_module(f"{BASE}._probes.{name}") for name in ("checksums", "whole"))
    recording = json.loads((HERE / f"{provider}_live.json").read_text(encoding="utf-8"))
    data = {**recording["expected"], "peers": []}
    together = imrs.plan.together(imrs.expected.Expected.parse(data), imrs.policy.Mode.LIVE, "vantage")
    addresses = list(dict.fromkeys(question["server"] for question in together))
    return {"whole": whole.ask(together), "checksums": checksums.arrived(addresses)}


def main(checkout: str, source: str, provider: str, *inside: str) -> None:
    """Write ``vantage_<provider>.json``, and ``checksums_<provider>.json`` of the node."""
    if inside:
        json.dump(seen(checkout, provider), sys.stdout)
        return
    record.WORK.mkdir(parents=True)
    record.library(checkout)
    checksums = importlib.import_module(f"{BASE}._probes.checksums")
    _anchors, files = record.zones(source)
    outside = record.Outside()
    record.network(outside)
    record.run(sys.executable, f"{checkout}/tests/lab/imrslab/offload.py", "uplink")
    record.name_servers(outside, provider, files)
    for family, (_theirs, ours) in record.PEERS.items():
        for address in record.SERVICE[family]:
            outside.run("ip", "route", "add", address, "via", ours)
    ask = ("dig", f"@{record.SERVICE['ipv4'][0]}", ".", "SOA", "+short")
    record.until(lambda: "a.root-servers.net." in outside.run(*ask), "an answer", 60)
    found = outside.run(sys.executable, __file__, checkout, source, provider, "inside")
    write(f"vantage_{provider}.json", json.loads(found))
    addresses = [address for family in record.SERVICE.values() for address in family]
    write(f"checksums_{provider}.json", {"checksums": checksums.sent(addresses)})


def write(name: str, found: dict[str, t.Any]) -> None:
    """One file."""
    path = HERE / name
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{name}: {path.stat().st_size} octets\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

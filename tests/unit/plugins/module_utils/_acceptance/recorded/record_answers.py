#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring recordings of record.py up to date: what is asked since then, what is held against the zone (ZI-05), and what
the nameserver makes of TCP connections and of odd datagrams.

    tests/lab/lab.py in-image python3 /checkout/tests/unit/plugins/module_utils/_acceptance/recorded/record_answers.py \
        /checkout ZONE.gz knot|nsd

On the lab image, with zones, network and nameservers as record.py makes them. All is asked from the node's side.
"""

from __future__ import annotations

import importlib
import json
import pathlib
import random
import sys
import types
import typing as t

import record

HERE = pathlib.Path(__file__).parent
SEED = 20144
CLIENTS = 1000
"""TCP clients that a nameserver serves here at a time."""
BASE = "ansible_collections.icann.imrs.plugins.module_utils"


def main(checkout: str, source: str, provider: str) -> None:
    """Write ``served_<provider>.json`` and ``streams_<provider>.json``, and add to the others what they lack."""
    record.WORK.mkdir(parents=True)
    imrs = record.library(checkout)
    names = ("datagrams", "query", "readers", "served", "streams")
    probes = types.SimpleNamespace(**{name: importlib.import_module(f"{BASE}._probes.{name}") for name in names})
    _anchors, files = record.zones(source)
    outside = record.Outside()
    record.network(outside)
    control = record.name_servers(outside, provider, files)["nameserver"]
    addresses = [address for family in record.SERVICE.values() for address in family]
    dig = ("dig", f"@{addresses[0]}", ".", "SOA", "+short")
    record.until(lambda: "a.root-servers.net." in record.run(*dig, check=False), "an answer", 60)
    first = [family[0] for family in record.SERVICE.values()]
    with probes.streams.Idle(first) as idle:
        texts = {zone: (record.WORK / file).read_text(encoding="ascii") for zone, file in files.items()}
        found = probes.served.ask(texts, addresses, random.Random(SEED))  # noqa: S311 - the same each time
        if not probes.served.settled(found):
            raise SystemExit("the zone changed meanwhile")
        write(f"served_{provider}.json", found)
        for stage in ("dark", "drained", "live"):
            add(imrs, probes.query, f"{provider}_{stage}.json", stage)
        talks = probes.streams.ask(first, CLIENTS)
        configured = probes.readers.nameserver(provider).idle_timeout(control)
        kept = [{**row, "configured": configured} for row in idle.read()]
    write(f"streams_{provider}.json", {"streams": [*talks, *kept], "datagrams": probes.datagrams.ask(addresses)})


def add(imrs: types.SimpleNamespace, query: t.Any, name: str, stage: str) -> None:
    """Ask what a recording has no exchange for."""
    recording = json.loads((HERE / name).read_text(encoding="ascii"))
    expected = imrs.expected.Expected.parse({**recording["expected"], "peers": []})
    for document in recording["evidence"]:
        if document["scope"] in ("node", "vantage"):
            there = {exchange["probe"] for exchange in document["exchanges"]}
            planned = imrs.plan.questions(expected, imrs.policy.Mode.parse(stage), document["scope"], "qwertyuiop")
            document["exchanges"] += query.ask_all([each for each in planned if each["probe"] not in there])
    write(name, recording)


def write(name: str, content: t.Any) -> None:
    (HERE / name).write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="ascii")


if __name__ == "__main__":
    main(*sys.argv[1:])

#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record what real nameservers answer out of two zones, and these zones' records (evidence for ZI-05).

    tests/lab/lab.py in-image python3 /checkout/tests/unit/plugins/module_utils/_acceptance/recorded/record_served.py \
        /checkout ZONE.gz knot|nsd

On the lab image, as record.py makes zones, network and nameservers.
"""

from __future__ import annotations

import importlib
import json
import pathlib
import random
import sys

import record

SEED = 20144


def main(checkout: str, source: str, provider: str) -> None:
    """Write ``served_<provider>.json`` beside this file."""
    record.WORK.mkdir(parents=True)
    record.library(checkout)
    served = importlib.import_module("ansible_collections.icann.imrs.plugins.module_utils._probes.served")
    _anchors, files = record.zones(source)
    outside = record.Outside()
    record.network(outside)
    record.name_servers(outside, provider, files)
    addresses = [address for family in record.SERVICE.values() for address in family]
    query = ("dig", f"@{addresses[0]}", ".", "SOA", "+short")
    record.until(lambda: "a.root-servers.net." in record.run(*query, check=False), "an answer", 60)
    texts = {zone: (record.WORK / file).read_text(encoding="ascii") for zone, file in files.items()}
    found = served.ask(texts, addresses, random.Random(SEED))  # noqa: S311 - the same each time
    if not served.settled(found):
        raise SystemExit("the zone changed meanwhile")
    path = pathlib.Path(__file__).with_name(f"served_{provider}.json")
    path.write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="ascii")


if __name__ == "__main__":
    main(*sys.argv[1:])

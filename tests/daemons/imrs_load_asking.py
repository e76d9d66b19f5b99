# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a load of this machine's own nameserver finds: `imrs_load_asking.py PROVIDER PEAK SECONDS`; prints JSON.

As the module icann.imrs.load does it, with a gate that always says the same.
"""

from __future__ import annotations

import json
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "plugins"))

from imrs_gate_config import SERVICE
from module_utils._load import plan, run

GATE = {"mode": {"ipv4": "dark", "ipv6": "dark"}, "intent": {"mode": "dark"}}
EXPECTED = {
    "zones": [{"name": name} for name in (".", "arpa.", "root-servers.net.")],
    "service_addresses": {"ipv4": [SERVICE[0]], "ipv6": list(SERVICE[1:])},
    "notify_addresses": ["192.0.2.2", "2001:db8::2"],
}


def main(provider: str, peak: int, seconds: float) -> None:
    """Print the results."""
    node = run.Node({**EXPECTED, "nameserver_provider": provider}, random.SystemRandom(), time.time)
    steps = plan.steps(peak, plan.Bounds(seconds=seconds))
    results = [node.limited(), node.latency(), node.load(steps, peak, GATE, lambda: GATE)]
    print(json.dumps({each["id"]: each for each in results}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))

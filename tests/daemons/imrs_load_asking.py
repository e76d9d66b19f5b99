# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module icann.imrs.load finds where this runs: `imrs_load_asking.py PROVIDER PEAK SECONDS`; prints JSON.

The module's own way, without Ansible and with a gate that always says the same.
"""

from __future__ import annotations

import json
import sys

from ansible_collections.icann.imrs.plugins.module_utils._load import plan
from ansible_collections.icann.imrs.plugins.modules import load
from imrs_gate_config import SERVICE
from load_cases import status

EXPECTED = {
    "zones": [{"name": name} for name in (".", "arpa.", "root-servers.net.")],
    "service_addresses": {"ipv4": [SERVICE[0]], "ipv6": list(SERVICE[1:])},
    "notify_addresses": ["192.0.2.2", "2001:db8::2"],
}


def main(provider: str, peak: int, seconds: float) -> None:
    """Print the results."""
    node = load._Node({**EXPECTED, "nameserver_provider": provider})
    steps = plan.steps(peak, plan.Bounds(seconds=seconds))
    results = [node.limited(), node.latency(), node.load(steps, peak, status(), status)]
    print(json.dumps({each["id"]: each for each in results}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))

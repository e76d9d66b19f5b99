#!/usr/bin/python
# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: load
short_description: Load a node that is out of service, and judge what it answers
version_added: 0.2.0
author: The icann.imrs authors (@icann)
description:
  - Proves on the node, for requirements DN-52, DN-55 and DN-56, what one source gets that asks much, how soon answers
    come, and that ten times the expected peak is answered, all of it rightly. The playbook C(icann.imrs.load) uses it.
  - Refuses a node that announces a specific prefix, or that is to be live, by the word of the node's own gate.
  - Everything is asked by the node of itself, over its loopback device. Nothing leaves it, so its link, its card and
    the host's router are not tried; and the load shares the processors with the nameserver that it is for.
  - Bounded in time and in questions. Steps rise from the expected peak to ten times that; the next one is not begun
    when an answer was wrong, too many were lost, the machine could offer no more, or the gate has told of a fall.
  - Changes nothing on the node. Never fails because of what it finds; the caller does.
options:
  expected:
    description: What the node should be, as the lookup P(icann.imrs.expected#lookup) makes it.
    type: dict
    required: true
  peak:
    description: Questions a second at the expected peak, C(peak_queries) of the node's profile.
    type: int
    required: true
  host:
    description: The node's name in the inventory, for the command in a refusal.
    type: str
    required: true
  rate:
    description:
      - Questions a second at most. With V(0) ten times O(peak). Less than that proves less, and the result says so.
    type: int
    default: 0
  seconds:
    description: How long each step lasts; 1 to 30.
    type: float
    default: 5
  most:
    description: Questions of all steps at most. Steps get shorter for it, down to a second, then slower.
    type: int
    default: 5000000
  lease:
    description: This run's hold of the node, as M(icann.imrs.run) has returned it. Renewed before each part; when it is
      lost, the load ends.
    type: dict
  report_directory:
    description: Where C(load.json) and C(load.txt) are written, on the controller, beside the node's acceptance
      reports, which tell the results from then on. Without it, none is; nor with another O(rate), O(seconds) or
      O(most) than usual, as such a record would stand for all.
    type: path
attributes:
  check_mode:
    description: The gate is asked, as ever. Nothing is asked of the nameserver, and all results are skipped.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
requirements:
  - dnspython, on the node
"""

EXAMPLES = r"""
- name: Load the node
  icann.imrs.load:
    expected: "{{ lookup('icann.imrs.expected') }}"
    peak: "{{ imrs_profile.peak_queries }}"
    host: "{{ inventory_hostname }}"
  register: __load
"""

RETURN = r"""
results:
  description: For each of DN-52, DN-55 and DN-56 its C(id), its C(status) (V(pass), V(fail) or V(skipped)) and a
    C(message) with numbers and bounds.
  returned: success
  type: list
  elements: dict
  sample:
    - id: DN-56
      status: pass
      message: "10.0 times the expected peak: 1000 a second: 5000 asked, 0 wrong, 0 without a whole answer; …"
table:
  description: The results as plain text, a line for each.
  returned: success
  type: str
reports:
  description: The files that were written.
  returned: with O(report_directory), but for check mode
  type: list
  elements: path
steps:
  description: What was planned, or in check mode would be. C(rate) and C(tcp_rate) in questions a second, C(seconds).
  returned: success
  type: list
  elements: dict
limit:
  description: The nameserver's limit of what one source gets, with its C(rate), C(slip) and C(exempt) sources.
  returned: success, but for check mode and routers
  type: dict
before:
  description: What the gate counted of falls before anything was asked, by family and by what else fell.
  returned: success, but for routers
  type: dict
after:
  description: The same after the last question.
  returned: success, but for check mode and routers
  type: dict
"""

import dataclasses
import json
import random
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils._bundle import BundleError, Places, lease
from ..module_utils._load import judge, plan, run, standing
from ..module_utils._probes import query


def main() -> None:
    """Wire the library to Ansible."""
    module = AnsibleModule(
        argument_spec={
            "expected": {"type": "dict", "required": True},
            "peak": {"type": "int", "required": True},
            "host": {"type": "str", "required": True},
            "rate": {"type": "int", "default": 0},
            "seconds": {"type": "float", "default": 5.0},
            "most": {"type": "int", "default": 5_000_000},
            "lease": {"type": "dict"},
            "report_directory": {"type": "path"},
        },
        supports_check_mode=True,
    )
    given = module.params
    if not query.HAS_DNSPYTHON:
        module.fail_json(msg=missing_required_lib("dnspython"))
    if not (given["peak"] > 0 <= given["rate"] and 1 <= given["seconds"] <= 30 and given["most"] > 0):
        module.fail_json(msg="load: peak and most are more than 0, rate is no less than 0, and seconds are 1 to 30")
    found: dict[str, t.Any] = {"results": judge.skipped("a router has no nameserver"), "steps": []}
    if given["expected"]["nameserver_provider"]:
        try:
            found = _loaded(module, given)
        except run.StopError as stop:
            module.fail_json(msg=f"{given['host']}: {stop}", asked=stop.asked)
    module.exit_json(changed=False, table=judge.table(found["results"]), **found)


def _status(module: AnsibleModule) -> dict[str, t.Any]:
    """The gate's word."""
    status, output, complaint = module.run_command(["imrs", "status", "--json"])
    try:
        found: dict[str, t.Any] = json.loads(output)
    except ValueError:
        raise run.StopError(
            f"its gate does not answer ({complaint.strip() or status}); see that imrs-gate runs"
        ) from None
    return found


def _renew(given: dict[str, t.Any] | None) -> None:
    """The run's hold of the node; StopError when it has it no more."""
    if given is None:
        return
    try:
        lease.Place(Places().boot).take(lease.Run.parse(given), strict=True)
    except BundleError as error:
        raise run.StopError(str(error)) from error


def _loaded(module: AnsibleModule, given: dict[str, t.Any]) -> dict[str, t.Any]:
    """The results, of a node that may be loaded."""
    before = _status(module)
    refused = standing.refusal(before, given["host"])
    if refused:
        raise run.StopError(refused)
    steps = plan.steps(given["peak"], plan.Bounds(given["rate"], given["seconds"], given["most"]))
    told = {"steps": [dataclasses.asdict(step) for step in steps], "before": standing.falls(before)}
    if module.check_mode:
        return {**told, "results": judge.skipped("check mode: nothing was asked")}

    def still() -> dict[str, t.Any]:
        """The gate's word, of a node that is this run's still, and out of service."""
        _renew(given["lease"])
        now = _status(module)
        if why := standing.refusal(now, given["host"]):
            raise run.StopError(why)
        return now

    try:
        node = run.Node(given["expected"], random.SystemRandom(), time.time)
        results = []
        for phase in (node.limited, node.latency, lambda: node.load(steps, given["peak"], before, still)):
            still()
            results.append(phase())
    except run.StopError as stop:
        raise run.StopError(str(stop), asked=True) from stop
    except (OSError, RuntimeError, ValueError) as error:
        raise run.StopError(f"it could not be asked: {type(error).__name__} {error}", asked=True) from error
    return {
        **told,
        "results": results,
        "limit": dataclasses.asdict(node.limit),
        "after": standing.falls(_status(module)),
    }


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load a node that is out of service, from itself, and judge what it answers."""

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

from ..module_utils import _products as products
from ..module_utils._correctness.zone import Zone
from ..module_utils._load import judge, plan, standing
from ..module_utils._probes import query, readers, under_load

TRIES = 3
"""How often the zones are read while new ones come."""
READ_SECONDS = 60.0


class _Stop(Exception):  # noqa: N818 - no error of this program
    """Why nothing can be asked, in a sentence."""


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
        except _Stop as stop:
            module.fail_json(msg=f"{given['host']}: {stop}")
    module.exit_json(changed=False, table=judge.table(found["results"]), **found)


def _status(module: AnsibleModule) -> dict[str, t.Any]:
    """The gate's word."""
    status, output, complaint = module.run_command(["imrs", "status", "--json"])
    try:
        found: dict[str, t.Any] = json.loads(output)
    except ValueError:
        raise _Stop(f"its gate does not answer ({complaint.strip() or status}); see that imrs-gate runs") from None
    return found


def _loaded(module: AnsibleModule, given: dict[str, t.Any]) -> dict[str, t.Any]:
    """The results, of a node that may be loaded."""
    before = _status(module)
    refused = standing.refusal(before, given["host"])
    if refused:
        raise _Stop(refused)
    steps = plan.steps(given["peak"], plan.Bounds(given["rate"], given["seconds"], given["most"]))
    told = {"steps": [dataclasses.asdict(step) for step in steps], "before": standing.falls(before)}
    if module.check_mode:
        return {**told, "results": judge.skipped("check mode: nothing was asked")}
    node = _Node(given["expected"])
    try:
        results = [node.limited(), node.latency(), node.load(steps, given["peak"], before, lambda: _status(module))]
    except (OSError, RuntimeError, ValueError) as error:
        raise _Stop(f"it could not be asked: {type(error).__name__} {error}") from error
    return {
        **told,
        "results": results,
        "limit": dataclasses.asdict(node.limit),
        "after": standing.falls(_status(module)),
    }


class _Node:
    """The nameserver of this machine, with what it has and answers before any load."""

    def __init__(self, expected: dict[str, t.Any]) -> None:
        product = products.named(products.NAMESERVER, expected["nameserver_provider"])
        self._reader, self._control = readers.nameserver(product.name), product.control
        self._names = [zone["name"] for zone in expected["zones"]]
        self._own = expected.get("notify_addresses") or []
        self._addresses = [
            each for family in ("ipv4", "ipv6") for each in expected["service_addresses"].get(family, ())
        ]
        told = self._reader.rate_limit(self._control)
        if told is None:
            raise _Stop("its nameserver does not tell its rate limit; see that it runs")
        self.limit = plan.Limit(told["rate"], told["slip"], tuple(told["exempt"]))
        for _try in range(TRIES):
            zones = self._zones()
            self._answers = judge.Answers([list(zones.values())], time.time())
            asked = plan.questions(zones, random.SystemRandom())
            self._exchanges = {way: self._first(asked, way) for way in ("udp", "tcp")}
            self._wrong = judge.before([each for some in self._exchanges.values() for each in some], self._answers)
            if not self._wrong or self._zones()["."].serial == zones["."].serial:
                break
        both = zip(*self._exchanges.values(), strict=True)
        heard = [pair for pair in both if all(each["answer"] for each in pair)]
        self._known = {way: [under_load.octets(pair[at]) for pair in heard] for at, way in enumerate(("udp", "tcp"))}

    def _first(self, asked: t.Sequence[plan.Asked], transport: str) -> list[dict[str, t.Any]]:
        names = [(each.name.to_text(), each.kind) for each in asked]
        return under_load.references(names, self._addresses, transport, plan.pace(self.limit))

    def _zones(self) -> dict[str, Zone]:
        """As the nameserver has them now."""
        found = {}
        for name in self._names:
            text, error = self._reader.zone_text(name, self._control, READ_SECONDS)
            if error or not text.strip():
                raise _Stop(f"its nameserver gives no zone {name}: {error or 'it is empty'}")
            found[name] = Zone.read(text, name)
        return found

    def limited(self) -> judge.Result:
        """DN-52."""
        trials, why = plan.trials(self._addresses, self._own, self.limit)
        if why:
            return judge.result("DN-52", judge.SKIPPED, why)
        found = [
            (each, under_load.limited(each.server, each.source, each.rate, each.seconds, plan.OVER_TCP))
            for each in trials
        ]
        return judge.limited(found, self.limit, self._answers)

    def latency(self) -> judge.Result:
        """DN-55."""
        found, known = [], {}
        for transport, pace in (("udp", plan.pace(self.limit)), ("tcp", 0.0)):
            (soa,) = self._first([plan.Asked(self._answers.zones[0][0].origin, "SOA")], transport)
            if not soa["answer"]:
                return judge.result("DN-55", judge.FAIL, f"{soa['server']} {transport}: {soa['error']}")
            known[transport] = under_load.octets(soa)
            found += under_load.latencies(self._addresses, transport, plan.LATENCIES, pace, known[transport])
        return judge.latency(found, plan.LATENCIES, known, self._answers)

    def load(
        self, steps: t.Sequence[plan.Step], peak: int, before: dict[str, t.Any], ask: t.Callable[[], dict[str, t.Any]]
    ) -> judge.Result:
        """DN-56."""
        if self._wrong:
            return judge.result("DN-56", judge.FAIL, f"before any load: {self._wrong}")
        judged: list[judge.Step] = []

        def stop(offered: under_load.Offered) -> str:
            judged.append(self._judged(offered))
            changed = standing.changed(before, ask())
            return changed or ("" if judged[-1].right and judged[-1].reached else judge.ENOUGH)

        lanes = [plan.lanes(self._addresses, each.rate - each.tcp_rate, self.limit) for each in steps]
        bounded = [plan.within(each, some, self.limit) for each, some in zip(steps, lanes, strict=True)]
        _found, why = under_load.steps(
            [(each.rate, each.tcp_rate, each.seconds) for each in bounded],
            [[(lane.server, lane.source) for lane in some] for some in lanes],
            self._known["udp"],
            self._known["tcp"],
            stop,
        )
        fell = standing.fallen(before, ask())
        return judge.load(judged, peak, "" if why == judge.ENOUGH else why, fell)

    def _judged(self, offered: under_load.Offered) -> judge.Step:
        """By the zones of before, and if something is not right, by those that there are now, too."""
        questions = [each.question for each in self._known["udp"]]
        found = judge.step(offered.wanted, offered.counts, questions, self._answers)
        if found.wrong:
            versions = [*self._answers.zones, list(self._zones().values())]
            self._answers = dataclasses.replace(self._answers, zones=versions)
            found = judge.step(offered.wanted, offered.counts, questions, self._answers)
        return found


if __name__ == "__main__":
    main()

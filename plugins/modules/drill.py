#!/usr/bin/python
# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: drill
short_description: Break a drained node on purpose, and see whether it withdraws and comes back
version_added: 0.1.0
author: The icann.imrs authors (@icann)
description:
  - Makes the faults of requirements FB-01 to FB-12 that a machine can make on itself in minutes, one after the other,
    on a node that announces its covering prefixes only, while the host's router is watched. See docs/drills.md.
  - The playbook C(icann.imrs.drill) calls it in the right order. By itself, no verb but O(verb=perform) changes
    anything.
  - Each fault is ended by a timer of systemd's on the node, too, should nobody else end it, and none outlives a reboot.
requirements:
  - nftables and systemd, on the node
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: none
  async:
    description: Supports being used with the C(async) keyword.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing), when in diff mode.
    support: none
options:
  verb:
    description:
      - V(ready) contacts nobody, and says whether the node may be drilled and what is going to be done.
      - V(clock) returns the time of a machine, and when it was asked and answered by the controller's clock. No module
        is run for it, so that the answer is as quick as the line.
      - V(watch) reads what the host's router has from the node, again and again, until O(verb=end) with the same
        O(token).
      - V(perform) makes the faults, on the node.
      - V(judge) contacts nobody. It judges and writes C(drill.json) and C(drill.txt).
    type: str
    choices: [ready, clock, watch, end, perform, judge]
    required: true
  expected:
    description: What the node should be, as in M(icann.imrs.acceptance). Required but for V(clock) and V(end).
    type: dict
  uplink:
    description: The interface that leads to the host's router. Required for V(ready), V(perform) and V(judge).
    type: str
  management:
    description: The interface by which the node is reached. Where it is O(uplink), the line is not cut.
    type: str
  faults:
    description: Only these, by their names in docs/drills.md; all where the list is empty.
    type: list
    elements: str
    default: []
  status:
    description: What C(imrs status --json) has printed. Required for V(ready).
    type: str
  token:
    description: Of this run, as V(ready) has returned it. Required for V(watch) and V(end).
    type: str
  performed:
    description: What V(perform) has returned. Required for V(judge).
    type: dict
  watched:
    description: What V(watch) has returned, or why it was not called. Required for V(judge).
    type: dict
  clocks:
    description: What V(clock) has returned, of the V(node) and the V(router). Required for V(judge).
    type: dict
    default: {}
  fingerprint:
    description: Of the configuration that was drilled; it goes into the record.
    type: str
    default: ''
  lease:
    description: This run's hold of the node, as M(icann.imrs.run) has returned it; renewed before each fault. Required
      for V(perform).
    type: dict
  report_directory:
    description:
      - Where the record is written, beside the node's acceptance reports. Required for V(judge).
      - With V(ready), an earlier record is replaced there by one that says that this drill has not come to its end.
    type: path
"""

EXAMPLES = r"""
- name: Say whether it may be drilled
  icann.imrs.drill:
    verb: ready
    status: "{{ __drill_status.stdout }}"
    expected: "{{ lookup('icann.imrs.expected') }}"
    uplink: "{{ imrs_uplink.interface }}"
    management: "{{ imrs_management.interface }}"
  register: __drill
"""

RETURN = r"""
refusal:
  description: Why the node is not drilled, and what to do; empty when it may be.
  returned: when O(verb=ready)
  type: str
plan:
  description: What is going to happen to the node, a sentence for each fault.
  returned: when O(verb=ready)
  type: list
  elements: str
token:
  description: A name of this run, for O(verb=watch) and O(verb=end).
  returned: when O(verb=ready)
  type: str
fingerprint:
  description: Of the node's configuration, by its gate.
  returned: when O(verb=ready)
  type: str
now:
  description: The machine's time, in seconds since 1970.
  returned: when O(verb=clock)
  type: float
seen:
  description: What the router had, from when until when. See RV(errors) and RV(error) for looks that failed.
  returned: when O(verb=watch)
  type: list
  elements: list
errors:
  description: How many looks at the router failed.
  returned: when O(verb=watch)
  type: int
error:
  description: Why the last of these failed.
  returned: when O(verb=watch)
  type: str
records:
  description: What was done when, and what the gate said meanwhile, of each fault.
  returned: when O(verb=perform)
  type: list
  elements: dict
why:
  description: Why some faults were not made; empty when all were.
  returned: when O(verb=perform)
  type: str
results:
  description: By requirement, its C(id), C(status) (V(pass), V(fail), V(error) or V(skipped)) and C(message).
  returned: when O(verb=judge)
  type: list
  elements: dict
passed:
  description: Whether everything that was tried has passed, something was, and the host's router was read if it may be.
  returned: when O(verb=judge)
  type: bool
table:
  description: The results as plain text, for a terminal of 110 columns.
  returned: when O(verb=judge)
  type: str
attestations:
  description: Lines for the site's sheet that attest what has passed, as the host's router saw it.
  returned: when O(verb=judge)
  type: str
reports:
  description: The files that were written.
  returned: when O(verb=judge)
  type: list
  elements: path
"""

import functools
import pathlib
import re
import tempfile
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._bundle import BundleError, Places, lease
from ..module_utils._drill import faults, perform, watch
from ..module_utils._gate import cli
from ..module_utils._probes import host, host_router, readers

GATE = pathlib.Path("/run/imrs/gate.sock")
ANSWER = 2.0
"""Seconds that the gate has to say how the node is; it is asked five times a second."""
COMMAND = 60.0
"""Seconds that a command may take: a nameserver may verify its zones before it has started."""


def main() -> None:
    """Wire the library to Ansible."""
    module = AnsibleModule(
        argument_spec={
            "verb": {
                "type": "str",
                "choices": ["ready", "clock", "watch", "end", "perform", "judge"],
                "required": True,
            },
            "expected": {"type": "dict"},
            "uplink": {"type": "str"},
            "management": {"type": "str"},
            "faults": {"type": "list", "elements": "str", "default": []},
            "lease": {"type": "dict"},
            "status": {"type": "str"},
            "token": {"type": "str", "no_log": False},
            "performed": {"type": "dict"},
            "watched": {"type": "dict"},
            "clocks": {"type": "dict", "default": {}},
            "fingerprint": {"type": "str", "default": ""},
            "report_directory": {"type": "path"},
        },
        required_if=[
            ("verb", "watch", ["expected", "token"]),
            ("verb", "end", ["token"]),
            ("verb", "perform", ["expected", "uplink", "management", "lease"]),
        ],
    )
    verb = module.params["verb"]
    if verb in ("ready", "clock", "judge"):
        module.fail_json(msg="drill: this needs its action plugin; call it as icann.imrs.drill")
    try:
        if verb == "perform":
            module.exit_json(changed=True, **_perform(module.params))
        path = _path(module.params["token"])
        if verb == "end":
            path.touch(exist_ok=True)
            module.exit_json(changed=False)
        module.exit_json(changed=False, **_watch(module.params, path))
    except (ValueError, OSError) as error:
        module.fail_json(msg=f"drill: {error}")


def _path(token: str) -> pathlib.Path:
    """The file that ends the watching of this run."""
    if not re.fullmatch(r"[0-9a-f]{16,64}", token):
        raise ValueError("token: take the one that the verb ready has returned")
    return pathlib.Path(tempfile.gettempdir()) / f"imrs-drill-{token}"


def _perform(params: dict[str, t.Any]) -> dict[str, t.Any]:
    """The records of all faults."""
    expected = params["expected"]
    node = faults.Node.parse(expected, params["uplink"], params["management"])
    routing, place = node.routing, lease.Place(Places().boot)
    run = lease.Run.parse(params["lease"])

    def ask() -> dict[str, t.Any] | None:
        try:
            return cli.ask(GATE, {"verb": "status"}, ANSWER)
        except (OSError, ValueError):
            return None

    def up() -> bool:
        """Whether every session that is certified is: no other gets anything."""
        certified = set(((ask() or {}).get("certificate") or {}).get("sessions") or ())
        seen = readers.sessions(routing.name).read(host.run, routing.control, "", None)
        states = {each["neighbor"]: each.get("bgp_state") for each in seen.get("sessions", ())}
        wanted = [peer["address"] for peer in expected["peers"] if peer["mark"] in certified]
        return bool(wanted) and all(states.get(address) == "Established" for address in wanted)

    def hold() -> str:
        try:
            place.take(run, strict=True)
        except BundleError as error:
            return str(error)
        return ""

    command = functools.partial(host.run, timeout=COMMAND)
    performer = perform.Performer(ask, up, command, hold, perform.System())
    return performer.perform(faults.chosen(node, params["faults"]))


def _watch(params: dict[str, t.Any], path: pathlib.Path) -> dict[str, t.Any]:
    """The router's timeline."""
    families = {peer["local_address"]: peer["family"] for peer in params["expected"]["peers"]}
    addresses: dict[str, list[str]] = {}
    for address, family in families.items():
        addresses.setdefault(family, []).append(address)
    try:
        return watch.watch(lambda: host_router.received(addresses), families, path.exists, watch.LONGEST)
    finally:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()

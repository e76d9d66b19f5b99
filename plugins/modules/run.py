#!/usr/bin/python
# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time a node, and what a run knows of it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: run
short_description: Hold a node for one run of a playbook, and say what the run knows of it
version_added: 0.1.0
author: The icann.imrs authors (@icann)
description:
  - A node belongs to one run at a time. M(icann.imrs.bundle) takes it before it changes anything; whatever else moves a
    node does so with this module, which runs a command once the node is held, in the same round trip.
  - A hold lasts for 15 minutes after it was last renewed, or until the node is rebooted; it is given back at the
    run's end. C(/run/imrs-bundle/lease.json) has it on the node.
  - The hold of a run whose process has ended on the same controller is taken over; any other only with the variable
    C(imrs_take_over), which the system's log of the node tells.
  - Nothing that takes a node dark has to hold it.
options:
  verb:
    description:
      - V(hold) takes the node, or renews the hold that this run has. Fails when another run holds it, and names that,
        and when this run has lost it. Gives the node back when O(command) fails, or there is nothing to run it.
      - V(keep) renews, and takes nothing. What raises a node needs that.
      - V(leave) is V(keep) for O(command), if there is one, and gives the node back. Without a command it does nothing
        at all when this run does not hold the node, and does not contact it.
      - V(end) ends the hold of whoever has it, as the node is to go dark and nobody may raise it. Never waits.
      - V(review) contacts nobody, and says what this run knows of O(bundles).
      - V(forget) contacts nobody. What M(icann.imrs.look) has seen of the bundles counts no more, as something else has
        changed the node.
    type: str
    choices: [hold, keep, leave, end, review, forget]
    required: true
  command:
    description: Run on the node when it is held, as text or as a list of words. No shell is involved.
    type: raw
  removes:
    description: Without this path O(command) is not run, and has printed nothing.
    type: path
  bundles:
    description: With O(verb=review), other bundles than those of the collection's roles, in the order of their changes.
    type: list
    elements: str
    default: []
  lease:
    description: Filled in by the action plugin; do not set it.
    type: dict
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
    details:
      - The node is not taken, and O(command) is skipped. With C(check_mode=false) for the task under C(--check),
        O(command) is run; the node is not taken either, and that another run holds it is a warning.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing), when in diff mode.
    support: none
"""

EXAMPLES = r"""
- name: Take the node, and ask the gate
  icann.imrs.run:
    verb: hold
    command: imrs status --json

- name: Certify, if the node is still this run's, and give it back
  icann.imrs.run:
    verb: leave
    command: imrs certify live --fingerprint 00ff --json

- name: See whether the node is as rendered
  icann.imrs.run:
    verb: review
    bundles: [gate, nameserver]
  register: __review
"""

RETURN = r"""
rc:
  description: Exit status of the command.
  returned: when there was one
  type: int
stdout:
  description: What it printed.
  returned: when there was one
  type: str
stderr:
  description: What it complained of.
  returned: when there was one
  type: str
held_by:
  description: The run that holds the node.
  returned: when another run does
  type: dict
lease:
  description: Who this run is, for the option of the same name of M(icann.imrs.acceptance).
  returned: when the node is held
  type: dict
accepted:
  description: Whether this run's tags include acceptance.
  returned: when O(verb=review)
  type: bool
dark:
  description: Whether somebody has said that the node may stay dark, with the variable C(imrs_leave_dark).
  returned: when O(verb=review)
  type: bool
held:
  description: Whether this run holds the node.
  returned: when O(verb=review)
  type: bool
made:
  description: Bundles that this run has changed.
  returned: when O(verb=review)
  type: list
  elements: str
planned:
  description: Bundles that are planned and not carried out yet, in the order in which they are changed.
  returned: when O(verb=review)
  type: list
  elements: str
missing:
  description: Bundles that this run has neither applied, nor planned, nor compared.
  returned: when O(verb=review)
  type: list
  elements: str
unrendered:
  description: Why the node is not what is rendered for it, a sentence for each bundle.
  returned: when O(verb=review)
  type: list
  elements: str
refusal:
  description: Why what is planned for a node in service must not be carried out, or nothing.
  returned: when O(verb=review)
  type: str
"""

import dataclasses
import os
import shlex
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._bundle import BundleError, Places, explain, lease


def main() -> None:
    """Wire the library to Ansible."""
    module = AnsibleModule(
        argument_spec={
            "verb": {"type": "str", "choices": ["hold", "keep", "leave", "end", "review", "forget"], "required": True},
            "command": {"type": "raw"},
            "removes": {"type": "path"},
            "bundles": {"type": "list", "elements": "str", "default": []},
            "lease": {"type": "dict"},
        },
        supports_check_mode=True,
    )
    given = module.params["lease"]
    if not given or module.params["verb"] in ("review", "forget"):
        module.fail_json(msg="run: this needs its action plugin; call it as icann.imrs.run")
    elsewhere = os.environ.get("IMRS_BUNDLE_STATE")  # tests keep theirs there
    place = lease.Place((Places.below(elsewhere) if elsewhere else Places()).boot)
    try:
        result = _do(module, place, lease.Run.parse(given), given)
    except lease.HeldError as error:
        module.fail_json(msg=str(error), held_by=error.holder)
    except (BundleError, ValueError) as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"run: {explain(error)}")
    module.exit_json(**result)


def _do(module: AnsibleModule, place: lease.Place, run: lease.Run, given: dict[str, t.Any]) -> dict[str, t.Any]:
    """What the verb says; HeldError when it is another run's turn."""
    verb, command = module.params["verb"], module.params["command"]
    result: dict[str, t.Any] = {"changed": False}
    looks = module.check_mode or given.get("look")
    if looks:
        told = place.look(run)
        if told:
            module.warn(f"{told}; this run would be refused")
    elif verb == "end":
        result["msg"] = place.end(run)
    elif verb != "leave" or command:
        place.take(run, over=str(given.get("over") or ""), strict=verb != "hold" or bool(given.get("strict")))
        result["lease"] = dataclasses.asdict(run)
    if command:
        result.update(_run(module, command))
    if not looks and (verb == "leave" or (verb == "hold" and (result.get("rc") or "cmd" not in result) and command)):
        place.leave(run)
        result.pop("lease", None)
    return result


def _run(module: AnsibleModule, command: str | list[str]) -> dict[str, object]:
    """The command, as ansible.builtin.command returns it."""
    words = shlex.split(command) if isinstance(command, str) else [str(word) for word in command]
    removes = module.params["removes"]
    if module.check_mode:
        return {"skipped": True, "msg": "the command would have been run"}
    if removes and not os.path.exists(removes):
        return {"rc": 0, "stdout": "", "stderr": f"there is no {removes}"}
    status, output, complaint = module.run_command(words)
    return {"changed": True, "cmd": words, "rc": status, "stdout": output, "stderr": complaint}


if __name__ == "__main__":
    main()

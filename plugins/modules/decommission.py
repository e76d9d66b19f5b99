#!/usr/bin/python
# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: decommission
short_description: Give up an appliance for good, and prove it
version_added: 0.2.0
author: The icann.imrs authors (@icann)
description:
  - Judges whether an appliance may be given up, silences and wipes it, and writes the record. The playbook
    C(icann.imrs.decommission) calls it in the right order; see docs/decommission.md.
  - O(verb=wipe) cannot be undone. What is wiped is listed in RV(mark). No disk is erased.
  - No secret is read or returned, only names of keys and variables, and paths.
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
    details:
      - O(verb=wipe) and O(verb=record) are skipped. With O(verb=ready) no node is claimed.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing), when in diff mode.
    support: none
options:
  verb:
    description:
      - V(ready) refuses, before anything is contacted, what is not complete or not meant. Then it asks the fleet as
        C(icann.imrs.dark) does, and refuses what cannot be spared.
      - V(look) asks the machine for its serial number, and fails where it is another one.
      - V(proven) contacts nobody. It fails where the host's router has something of the node, or has not been seen.
      - V(wipe) masks and stops what answers and announces, then wipes secrets and state. An earlier run is continued.
      - V(record) writes and signs the record, and writes the patch of the sheet.
    type: str
    choices: [ready, look, proven, wipe, record]
    required: true
  nodes:
    description: With O(verb=ready), the appliances of the run. There has to be one.
    type: list
    elements: str
  limited:
    description: With O(verb=ready), whether the run has a limit.
    type: bool
    default: false
  confirm_serial:
    description: With O(verb=ready), the machine's serial number, as the person has given it.
    type: str
  reason:
    description: Why, on one line.
    type: str
  by:
    description: Who says so; by default the user on the controller.
    type: str
  stray:
    description: With O(verb=ready), what Ansible has left over of a value with blanks.
    type: str
  budget:
    description: With O(verb=ready), how much may be not live, as for M(icann.imrs.order).
    type: raw
  patience:
    description: With O(verb=ready), seconds that nodes have to answer.
    type: float
    default: 20
  certificate:
    description: Who signs (C(signers)); empty where the fleet signs nothing.
    type: dict
  signing_key:
    description: File of the key that signs the record, as for certificates.
    type: path
  peers:
    description: With O(verb=proven) and O(verb=record), the sessions of the sheet (C(imrs_peers)).
    type: list
    elements: dict
  router:
    description: With O(verb=proven), what M(icann.imrs.acceptance) returned of the host's router, or why it did not.
    type: dict
  after:
    description: With O(verb=record), the same after the daemons were stopped.
    type: dict
  peer_says:
    description: Who has seen at the peer that the node is withdrawn, where this run cannot; it goes into the record.
    type: str
  about:
    description: With O(verb=wipe), C(by), C(reason) and C(serial), for the mark on the node.
    type: dict
  withdrawn:
    description: With O(verb=record), what came of taking the node dark.
    type: str
  looked:
    description: With O(verb=record), what O(verb=look) has returned.
    type: dict
  ended:
    description: With O(verb=record), what O(verb=wipe) has returned.
    type: dict
  inventory:
    description: With O(verb=record), the fleet's C(imrs.yml); empty where the fleet has no sheets.
    type: path
  report_directory:
    description: With O(verb=record), where the record is written, beside the node's acceptance reports.
    type: path
"""

EXAMPLES = r"""
- name: See that it is the machine that is meant
  icann.imrs.decommission:
    verb: look
  register: __decommission_looked
"""

RETURN = r"""
begun:
  description: Whether an earlier run has begun on this node.
  returned: when O(verb=ready)
  type: bool
by:
  description: Who says so.
  returned: when O(verb=ready)
  type: str
plan:
  description: What is going to be done.
  returned: when O(verb=ready)
  type: list
  elements: str
machine:
  description: What the machine says of itself, C(container), C(serial), C(chassis_serial).
  returned: when O(verb=look)
  type: dict
mark:
  description: What the node keeps of it. When it was begun, by whom and why, C(state), and C(paths) that are wiped.
  returned: when O(verb=look) or O(verb=wipe)
  type: dict
seen:
  description: What the host's router has, a line for each session.
  returned: when O(verb=proven)
  type: list
  elements: str
units:
  description: Units that are masked and do not run.
  returned: when O(verb=wipe)
  type: list
  elements: str
host_keys:
  description: Fingerprints of the machine's SSH host keys, which are kept.
  returned: when O(verb=wipe)
  type: list
  elements: str
trim:
  description: What fstrim(8) has said.
  returned: when O(verb=wipe)
  type: str
swap:
  description: Swap devices and files.
  returned: when O(verb=wipe)
  type: list
  elements: str
kept:
  description: What is not wiped, and why.
  returned: when O(verb=wipe)
  type: list
  elements: str
said:
  description: What is to be known and to be done, a line each.
  returned: when O(verb=record)
  type: list
  elements: str
reports:
  description: The files that were written.
  returned: when O(verb=record)
  type: list
  elements: path
"""

import datetime
import functools
import pathlib
import sys

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._bundle import BundleError, explain
from ..module_utils._decommission import DecommissionError, wipe
from ..module_utils._probes import hardware, host

COMMAND = 180.0
"""Seconds that a command may take: systemd gives a daemon 90 to end."""
HERE = ("look", "wipe")


def main() -> None:
    """Wire the library to Ansible."""
    text = {"type": "str"}
    module = AnsibleModule(
        argument_spec={
            "verb": {"type": "str", "choices": ["ready", "look", "proven", "wipe", "record"], "required": True},
            "nodes": {"type": "list", "elements": "str"},
            "limited": {"type": "bool", "default": False},
            "patience": {"type": "float", "default": 20},
            "budget": {"type": "raw"},
            "peers": {"type": "list", "elements": "dict"},
            **{name: {"type": "dict"} for name in ("certificate", "router", "after", "about", "looked", "ended")},
            **dict.fromkeys(("confirm_serial", "reason", "by", "stray", "peer_says", "withdrawn"), text),
            **{name: {"type": "path"} for name in ("inventory", "report_directory")},
            "signing_key": {"type": "path", "no_log": False},
        },
        required_if=[("verb", "wipe", ["about"])],
        supports_check_mode=True,
    )
    if module.params["verb"] not in HERE:
        module.fail_json(msg="decommission: this needs its action plugin; call it as icann.imrs.decommission")
    run = functools.partial(host.run, timeout=COMMAND)
    machine = wipe.Machine(run, own=[sys.argv[0], *sys.path])
    try:
        if module.params["verb"] == "look":
            module.exit_json(changed=False, machine=_machine(), mark=machine.mark())
        if module.check_mode:
            module.exit_json(changed=True, skipped=True, msg="it would have been silenced and wiped")
        about = {"when": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}", **module.params["about"]}
        found = machine.end(about)
        trimmed = "not told: a container has no drive" if hardware.virtual().get("container") else wipe.trim(run)
        module.exit_json(**found, host_keys=_host_keys(run), trim=trimmed, swap=_swap())
    except (BundleError, DecommissionError) as error:
        module.fail_json(msg=f"decommission: {error}")
    except OSError as error:
        module.fail_json(msg=f"decommission: {explain(error)}")


def _machine() -> dict[str, str]:
    """Its serial numbers; in a container the kernel tells of the machine around it."""
    virtual = hardware.virtual()
    if virtual.get("container"):
        return {"container": str(virtual["container"]), "serial": "", "chassis_serial": ""}
    known = hardware.product() or {}
    return {"container": "", **{key: str(known.get(key) or "") for key in ("serial", "chassis_serial")}}


def _host_keys(run: wipe.Run) -> list[str]:
    """A fingerprint each."""
    files = sorted(pathlib.Path("/etc/ssh").glob("ssh_host_*_key.pub"))
    listed = [run(["ssh-keygen", "-l", "-f", str(path)])["stdout"].split() for path in files]
    return [f"{words[1]} ({words[-1].strip('()')})" for words in listed if len(words) > 2]


def _swap() -> list[str]:
    try:
        lines = pathlib.Path("/proc/swaps").read_text(encoding="utf-8").splitlines()[1:]
    except OSError:
        return []
    return [line.split()[0] for line in lines if line.strip()]


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: keys
short_description: Ask the masters, from the node, whether they take its transfer keys
version_added: 0.2.0
author: The icann.imrs authors (@icann)
description:
  - Proves on the node, before its configuration has them, that every address of every distribution master answers
    the transfer keys (TSIG, RFC 8945) of the sheet, for the SOA and an IXFR of each zone. See docs/keys.md.
  - Changes nothing, on no machine. Never fails because of what it finds; the caller does.
  - Returns names of keys and of vault variables, and never a secret, an answer or a digest of them.
options:
  expected:
    description: What the node should be, as the lookup P(icann.imrs.expected#lookup) makes it.
    type: dict
    required: true
  masters:
    description: The variable C(imrs_masters) of the node.
    type: list
    elements: dict
    required: true
  secrets:
    description:
      - The secrets of the keys by the names of their variables, as JSON in base64, so that it is one text that can be
        kept out of every log.
    type: str
    required: true
  whole:
    description:
      - With V(true), all keys are asked about, and what the roll of a key needs is required of the node.
      - With V(false), only those that the node does not have, and only where it is in service.
    type: bool
    default: true
  patience:
    description: Seconds for which a master that is silent is asked again.
    type: float
    default: 10
attributes:
  check_mode:
    description: The same is asked, as nothing is ever changed.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
requirements:
  - dnspython, on the node
"""

EXAMPLES = r"""
- name: Ask the masters
  icann.imrs.keys:
    expected: "{{ lookup('icann.imrs.expected') }}"
    masters: "{{ imrs_masters }}"
    secrets: "{{ dict(variables | zip(query('icann.imrs.secret', *variables, use='tsig'))) | to_json | b64encode }}"
  vars:
    variables: "{{ imrs_masters | map(attribute='tsig.secret_variable') | unique }}"
  register: keys
"""

RETURN = r"""
refused:
  description: Why the node must not get its new keys now; a line for each reason.
  returned: success
  type: list
  elements: str
told:
  description: What is to be done at the masters and in the sheet; a line for each.
  returned: success
  type: list
  elements: str
new:
  description: Names of the masters whose key the node does not have yet.
  returned: success
  type: list
  elements: str
in_service:
  description: Whether the node announces something, or nobody knows.
  returned: success
  type: bool
"""

import base64
import binascii
import json
import pathlib
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils import _products as products
from ..module_utils._acceptance.expected import Expected
from ..module_utils._keys import transfer
from ..module_utils._probes import query, signed

GATE = pathlib.Path("/etc/imrs/gate.json")


def _json(text: str) -> dict[str, t.Any] | None:
    """An object; None for what is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _standing(module: AnsibleModule) -> tuple[transfer.Standing, dict[str, int]]:
    """How the node is, and the serials of its zones, by its gate's word."""
    program = module.get_bin_path("imrs")
    if not program:
        return transfer.NO_GATE, {}
    _status, output, _complaint = module.run_command([program, "status", "--json"])
    status = _json(output)
    try:
        gate = _json(GATE.read_text(encoding="utf-8")) or {}
    except OSError:
        gate = {}
    zones = (status or {}).get("zones") or {}
    return transfer.Standing.read(status, gate), {name: int(zone.get("serial") or 0) for name, zone in zones.items()}


def _asked(
    roll: transfer.Roll, expected: Expected, serials: dict[str, int], params: dict[str, t.Any]
) -> list[dict[str, t.Any]]:
    """What came of all questions; nobody is asked where there are none."""
    questions = t.cast(list[signed.Question], roll.questions(expected, all_keys=params["whole"]))
    keys = {name: signed.Key(*key) for name, key in roll.wanted.items()}
    return signed.ask_with(questions, keys, serials, time.monotonic() + params["patience"]) if questions else []


def main() -> None:
    """Wire the library to Ansible."""
    module = AnsibleModule(
        argument_spec={
            "expected": {"type": "dict", "required": True},
            "masters": {"type": "list", "elements": "dict", "required": True},
            "secrets": {"type": "str", "required": True, "no_log": True},
            "whole": {"type": "bool", "default": True},
            "patience": {"type": "float", "default": 10.0},
        },
        supports_check_mode=True,
    )
    params = module.params
    try:
        secrets = json.loads(base64.b64decode(params["secrets"], validate=True))
        expected = Expected.parse(params["expected"])
        file = products.named(products.NAMESERVER, params["expected"]["nameserver_provider"]).keys
        roll = transfer.Roll.of(params["masters"], secrets, signed.keys_of(file))
    except (binascii.Error, json.JSONDecodeError):
        module.fail_json(msg="secrets: neither base64 nor JSON; hand them over as in the examples")
    except KeyError as error:
        module.fail_json(msg=f"keys: {error} is missing; hand over imrs_masters, and all secrets that it names")
    except ValueError as error:
        module.fail_json(msg=f"keys: {error}")
    standing, serials = _standing(module)
    answers: list[dict[str, t.Any]] = []
    if params["whole"] or (roll.new and standing.in_service):
        if not query.HAS_DNSPYTHON:
            module.fail_json(msg=missing_required_lib("dnspython"))
        answers = _asked(roll, expected, serials, params)
    module.exit_json(
        changed=False,
        refused=roll.refusals(answers, standing, whole=params["whole"]),
        told=roll.told(answers) if params["whole"] else [],
        new=[str(master["name"]) for master in roll.new],
        in_service=standing.in_service,
    )


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: drift
short_description: Compare a node with what was rendered for it
version_added: 0.1.0
description:
  - Finds where a node is not as intended, and changes nothing. The playbook C(icann.imrs.drift) uses it.
  - What is intended is the tree that the roles' own bundles render, with the facts of the node, into a directory of the
    controller (see M(icann.imrs.bundle)). There is no second renderer, and what is expected of sysctls, BGP sessions
    and the like is read from these very files. Which units the bundles see to, which folders are theirs alone, and
    which files take a restart or a reload, is read from the C(MANIFEST) that the bundles write beside their files.
  - O(verb=collect) with O(scope=node) looks at the node. With O(scope=intent) that tree is read, and with
    O(verb=compare) is judged, by pure functions; the action plugin does both on the controller, and contacts nobody.
  - A rendered tree has the names of secrets in their place. The node is given the secrets, and says of a secret file
    only whether it is as rendered. In what daemons tell, secrets are replaced by their names before it leaves the node.
  - Compared are files (content, mode, owner), files that a bundle once wrote and does not list any more, foreign files
    in directories that are ours alone, packages with their holds and files, units (also those that run something older
    than what is on disk), kernel settings as they are and as the next boot will set them, the packet filter as loaded,
    listening sockets, and what BIRD, FRR, Knot DNS or NSD run.
  - The node's own programs bring what is intended into the form in which they tell what they run, in a network and
    mounts that nobody else sees.
  - A running BIRD does not tell timers and passwords, and a running NSD tells its zones and keys, but few options. For
    these the file on disk counts, and that it has not changed since they read it.
  - What cannot be read is drift, too, of kind C(unread).
  - Never fails because of drift. The caller does, once the reports are on disk.
author:
  - The icann.imrs authors (@icann)
requirements:
  - dnspython, on the controller
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
    details:
      - Collecting only reads. The reports are written in check mode too; they are what the run is for.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing), when in diff mode.
    support: none
options:
  verb:
    description: What to do.
    type: str
    choices: [collect, compare]
    required: true
  scope:
    description: What to collect. Required when O(verb=collect).
    type: str
    choices: [intent, node]
  directory:
    description: The node's rendered tree, with its C(MANIFEST). Required when O(scope=intent).
    type: path
  expected:
    description:
      - What the node should be, as in M(icann.imrs.acceptance). Not needed when O(scope=node).
    type: dict
  packages:
    description:
      - Lists of names of packages, by C(installed) and C(held). What is in both must be on hold; what is not in C(held)
        must not.
      - Required when O(scope=intent).
    type: dict
  request:
    description: The RV(request) of O(scope=intent). Required when O(scope=node).
    type: dict
  secrets:
    description:
      - The secrets that RV(secrets) names, as JSON in base64, so that it is one text that can be kept out of every log.
      - Required when O(scope=node).
    type: str
  intent:
    description: The RV(intent) of O(scope=intent). Required when O(verb=compare).
    type: dict
  evidence:
    description: The RV(evidence) of O(scope=node). Required when O(verb=compare).
    type: dict
  known:
    description:
      - Paths, or shell patterns of them, that somebody else may put into directories that are otherwise ours alone.
      - Nothing is said of what is in them.
    type: list
    elements: str
    default: []
  keys:
    description: The variable C(imrs_keys) of the node. It is told when keys are to be rolled, which is no difference.
    type: list
    elements: dict
    default: []
  report_directory:
    description: Directory for C(drift.json) and C(drift.txt); made when missing. Without it, no report is written.
    type: path
"""

EXAMPLES = r"""
- name: Read what was rendered
  icann.imrs.drift:
    verb: collect
    scope: intent
    directory: "{{ rendered }}/{{ inventory_hostname }}"
    expected: "{{ expected }}"
    packages: {installed: [knot, bird2], held: [knot, nsd, bird2]}
  register: intended

- name: Look at the node
  icann.imrs.drift:
    verb: collect
    scope: node
    request: "{{ intended.request }}"
    secrets: "{{ dict(intended.secrets | zip(query('icann.imrs.secret', *intended.secrets))) | to_json | b64encode }}"
  register: seen

- name: Compare
  icann.imrs.drift:
    verb: compare
    intent: "{{ intended.intent }}"
    evidence: "{{ seen.evidence }}"
    expected: "{{ expected }}"
    report_directory: "{{ inventory_dir }}/reports/{{ inventory_hostname }}"
"""

RETURN = r"""
intent:
  description: Every file as it should be, with the names of secrets in their place, and what else the bundles own.
  returned: when O(scope=intent)
  type: dict
request:
  description: What the node is asked for; hand it to O(scope=node).
  returned: when O(scope=intent)
  type: dict
secrets:
  description: Names of the vault variables that the node needs to compare secret files.
  returned: when O(scope=intent)
  type: list
  elements: str
evidence:
  description: What was seen, and when; hand it to O(verb=compare). It holds no secret.
  returned: when O(scope=node)
  type: dict
drift:
  description: Whether anything is not as intended.
  returned: when O(verb=compare)
  type: bool
findings:
  description: Every difference with its C(kind), C(subject), C(expected), C(found), C(remedy) and C(detail).
  returned: when O(verb=compare)
  type: list
  elements: dict
  sample:
    - kind: sysctl
      subject: net.ipv4.ip_forward
      expected: "0"
      found: "1"
      remedy: "run: /usr/lib/systemd/systemd-sysctl /etc/sysctl.d/60-imrs.conf; see who changed it"
      detail: []
counts:
  description: How many findings there are of each kind.
  returned: when O(verb=compare)
  type: dict
table:
  description: The findings as plain text, for a terminal of 110 columns.
  returned: when O(verb=compare)
  type: str
reports:
  description: The files that were written.
  returned: when O(verb=compare)
  type: list
  elements: path
"""

import base64
import json

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._probes import state


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "verb": {"type": "str", "choices": ["collect", "compare"], "required": True},
            "scope": {"type": "str", "choices": ["intent", "node"]},
            "directory": {"type": "path"},
            "expected": {"type": "dict"},
            "packages": {"type": "dict"},
            "request": {"type": "dict"},
            "secrets": {"type": "str", "no_log": True},
            "intent": {"type": "dict"},
            "evidence": {"type": "dict"},
            "known": {"type": "list", "elements": "str", "default": []},
            "report_directory": {"type": "path"},
        },
        required_if=[
            ("verb", "collect", ["scope"]),
            ("scope", "intent", ["directory", "expected", "packages"]),
            ("scope", "node", ["request", "secrets"]),
            ("verb", "compare", ["intent", "evidence", "expected"]),
        ],
        supports_check_mode=True,
    )
    params = module.params
    if params["scope"] != "node":
        module.fail_json(msg="drift: that needs its action plugin; call it as icann.imrs.drift")
    try:
        values = json.loads(base64.b64decode(params["secrets"], validate=True))
    except ValueError:
        module.fail_json(msg="secrets: neither base64 nor JSON; hand them over as in the examples")
    request = params["request"]
    try:
        evidence = state.read(request["node"], request, values)
    except (ValueError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, evidence=evidence)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Change many files of a node as one transaction."""

from __future__ import annotations

DOCUMENTATION = r"""
module: bundle
short_description: Change many files of a node as one transaction
version_added: 0.1.0
author: The icann.imrs authors (@icann)
description:
  - Brings files, directories and units of a node into the given state, all or nothing, in one round trip.
  - All files are staged first and shown to the daemons' own parsers (O(check)). Only then they are swapped in,
    each by one rename; then O(activate), O(ensure) and O(probe) run. When any of these fails, the previous files are
    put back and the activations run again.
  - A node remembers the files of each bundle in C(/var/lib/imrs-bundle/). Files that a bundle no longer lists
    are removed, unless another bundle lists them now. A run that was killed half-way is rolled back by the next one.
  - When the variable C(imrs_render_directory) is set, as it is by the playbook C(icann.imrs.render), the files are
    written below that directory on the controller instead, in a directory named after the host, and the host is not
    contacted. Nothing is checked or activated. All files have mode V(0644) there; C(MANIFEST) beside them has a line
    C(mode owner:group checksum path) for each, as it would be on the host, with C(secret) behind those that are secret.
  - Secret files are rendered in full, because templates get their secrets from the lookup P(icann.imrs.secret#lookup),
    which then gives their names. When the value of any C(vault_*) variable of the host would still be shown (and has at
    least 6 characters), the task fails, names the file and the variable, and writes nothing.
options:
  name:
    description: Name of the bundle; lower case letters, digits, V(-) and V(_).
    type: str
    required: true
  directories:
    description: Directories that must exist. They are made and repaired, never removed.
    type: list
    elements: dict
    default: []
    suboptions:
      path: {description: Absolute path., type: str, required: true}
      owner: {description: Owning user., type: str, default: root}
      group: {description: Owning group., type: str, default: root}
      mode: {description: Mode as octal text., type: str, default: "0755"}
  files:
    description: Files that must exist; each with one of O(files[].src), O(files[].copy) and O(files[].content).
    type: list
    elements: dict
    default: []
    suboptions:
      src: {description: Template of the role; rendered on the controller as by M(ansible.builtin.template)., type: str}
      copy: {description: Plain file of the controller; copied byte for byte., type: str}
      content: {description: The content itself., type: str}
      dest: {description: Absolute path on the node., type: str, required: true}
      owner: {description: Owning user., type: str, default: root}
      group: {description: Owning group., type: str, default: root}
      mode: {description: 'Mode as octal text; default V(0644), or V(0640) for a secret file.', type: str}
      secret: {description: The content is never shown anywhere., type: bool, default: false}
  absent:
    description: Paths that must not exist. Directories must be empty.
    type: list
    elements: str
    default: []
  check:
    description:
      - Commands that must succeed on the staged files before anything is changed, each as text or as a list of words.
      - V({staged}) stands for the root of a tree that holds all files of the bundle. No shell is involved.
      - They run when something would change, in check mode too; a program not installed yet is then a warning.
    type: list
    elements: raw
    default: []
  activate:
    description: Commands that make daemons see changed files; run in order after the swap.
    type: list
    elements: dict
    default: []
    suboptions:
      command: {description: 'The command, as text or as a list of words.', type: raw, required: true}
      when_changed:
        description: Shell patterns; run only when the path of something changed matches one.
        type: list
        elements: str
        default: []
      disruption:
        description: What it does to the service. The worst of those that run is returned.
        type: str
        choices: [none, reload, restart, session reset]
        default: none
  ensure:
    description: Units and their states; looked at in every run, after the activations.
    type: list
    elements: dict
    default: []
    suboptions:
      unit: {description: Name of the unit., type: str, required: true}
      enabled: {description: Whether it starts at boot., type: bool}
      started: {description: Whether it runs now., type: bool}
  probe:
    description: Commands that must succeed after a change, as in O(check); tried again until O(probe_timeout).
    type: list
    elements: raw
    default: []
  probe_timeout:
    description: Seconds after which a probe has failed.
    type: float
    default: 15
  contents:
    description: Filled in by the action plugin; do not set it.
    type: str
attributes:
  check_mode:
    description: Predicts the change and runs O(check) on staged files in a temporary directory, which is removed.
    support: full
  diff_mode:
    description: Shows each file before and after; of a secret file only that it changed.
    support: full
"""

EXAMPLES = r"""
- name: main | Hand over the name server's files
  icann.imrs.bundle:
    name: nameserver
    directories:
      - {path: /etc/knot, group: knot, mode: "0750"}
    files:
      - {src: etc/knot/knot.conf.j2, dest: /etc/knot/knot.conf, group: knot, mode: "0640"}
      - {src: etc/knot/keys.conf.j2, dest: /etc/knot/keys.conf, group: knot, secret: true}
    check: ["knotc -c {staged}/etc/knot/knot.conf conf-check"]
    activate:
      - {command: systemctl try-reload-or-restart knot.service, disruption: reload}
    ensure:
      - {unit: knot.service, enabled: true, started: true}
    probe: [knotc status]
"""

RETURN = r"""
changes:
  description: What changed, path by path.
  returned: success
  type: list
  elements: dict
  sample: [{path: /etc/knot/knot.conf, change: content, secret: false}]
disruption:
  description: The worst disruption of the activations that ran, or in check mode would run.
  returned: success
  type: str
  sample: reload
activated:
  description: Activations that ran, or in check mode would run.
  returned: success
  type: list
  elements: str
ensured:
  description: What had to be done to units.
  returned: success
  type: list
  elements: str
recovered:
  description: Paths that an earlier, killed run had left half-way, and that were put back first.
  returned: success
  type: list
  elements: str
rendered:
  description: Files that were written on the controller, or in check mode would be.
  returned: in render mode
  type: list
  elements: str
rolled_back:
  description: Whether files had been swapped and were put back.
  returned: but for render mode
  type: bool
"""

import os

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._bundle import STATE, BundleError, apply, parse, unpack


def _owned(mode: str | None) -> dict[str, dict[str, object]]:
    """Options of everything that has an owner."""
    return {
        "owner": {"type": "str", "default": "root"},
        "group": {"type": "str", "default": "root"},
        "mode": {"type": "str", "default": mode} if mode else {"type": "str"},
    }


def _list(options: dict[str, dict[str, object]]) -> dict[str, object]:
    """A list of mappings."""
    return {"type": "list", "elements": "dict", "default": [], "options": options}


def main() -> None:
    """Wire the library to Ansible."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "directories": _list({"path": {"type": "str", "required": True}, **_owned("0755")}),
            "files": _list(
                {
                    "src": {"type": "str"},
                    "copy": {"type": "str"},
                    "content": {"type": "str", "no_log": True},
                    "dest": {"type": "str", "required": True},
                    **_owned(None),
                    "secret": {"type": "bool", "default": False, "no_log": False},
                }
            ),
            "absent": {"type": "list", "elements": "str", "default": []},
            "check": {"type": "list", "elements": "raw", "default": []},
            "activate": _list(
                {
                    "command": {"type": "raw", "required": True},
                    "when_changed": {"type": "list", "elements": "str", "default": []},
                    "disruption": {
                        "type": "str",
                        "choices": ["none", "reload", "restart", "session reset"],
                        "default": "none",
                    },
                }
            ),
            "ensure": _list(
                {
                    "unit": {"type": "str", "required": True},
                    "enabled": {"type": "bool"},
                    "started": {"type": "bool"},
                }
            ),
            "probe": {"type": "list", "elements": "raw", "default": []},
            "probe_timeout": {"type": "float", "default": 15},
            "contents": {"type": "str", "no_log": True},
        },
        supports_check_mode=True,
    )
    params = {key: value for key, value in module.params.items() if key != "contents"}
    try:
        bundle = parse(params, unpack(module.params["contents"] or ""))
        state = os.environ.get("IMRS_BUNDLE_STATE", STATE)  # tests keep theirs elsewhere
        outcome = apply(bundle, state=state, check_mode=module.check_mode, show=module._diff)
    except BundleError as error:
        module.fail_json(msg=str(error), rolled_back=error.rolled_back)
    except OSError as error:
        module.fail_json(msg=f"bundle {params['name']}: {error.filename}: {error.strerror}", rolled_back=False)
    for warning in outcome.warnings:
        module.warn(warning)
    module.exit_json(**outcome.to_dict())


if __name__ == "__main__":
    main()

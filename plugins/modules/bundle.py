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
    are removed, also when somebody has changed them by hand, unless another bundle has written them meanwhile. So when
    a file moves from one bundle to another, run the one that gets it first.
  - A run that was killed half-way is rolled back by the next run of any bundle, at the next boot by
    C(imrs-bundle-recover.service), or by hand with C(imrs-bundle-recover). Before its first change the module puts
    these on the node, in C(/usr/lib/imrs-bundle), C(/usr/sbin) and C(/etc/systemd/system).
    C(/var/lib/imrs-bundle/last-rollback.json) says what was put back last, and why.
  - An activation that fails after the previous files have been put back is tried again for some seconds. What still
    fails is owed, and noted in C(/var/lib/imrs-bundle/). The next run of the bundle does it like the activation of a
    changed file, if it is still among O(activate); a boot settles it, too.
  - All that takes space on disk is done before the first rename. When the disk is full, nothing changes.
  - A symbolic link at O(files[].dest) is itself replaced, and what it points to is left alone. Links among the
    directories above it are followed. Immutable files are refused. A file that is replaced keeps its SELinux label and
    its C(user.*) attributes, a new one inherits the label of its directory.
  - When the variable C(imrs_render_directory) is set, as it is by the playbook C(icann.imrs.render), the files are
    written below that directory on the controller instead, in a directory named after the host, and the host is not
    contacted. Nothing is checked or activated. All files have mode V(0644) there; C(MANIFEST) beside them has a line
    C(mode owner:group checksum bundle path) for each, as it would be on the host, with C(secret) behind those that are
    secret. Below it says which O(directories[].exclusive) and O(ensure) there are, and which files have O(activate)
    tell systemd to C(restart) or to C(reload) a unit. M(icann.imrs.drift) knows from it what there has to be.
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
      exclusive:
        description: Only bundles and packages put files there. M(icann.imrs.drift) tells of others; none is removed.
        type: bool
        default: false
  files:
    description: Files that must exist; each with one of O(files[].src), O(files[].copy) and O(files[].content).
    type: list
    elements: dict
    default: []
    suboptions:
      src: {description: Template of the role; as for M(ansible.builtin.template) without C(template_*)., type: str}
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
      unit: {description: "Whose service that is; by default the command's unit, or else its program.", type: str}
      reload_lines: {description: Shell patterns of lines that take a reload., type: list, elements: str, default: []}
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
  confirm:
    description:
      - Changes after which the node might not be reached any more are kept only if the controller gets in again.
      - The node arms a timer before it changes anything. After the run the action plugin opens a new connection and
        confirms. Without that, the node puts the previous files back and activates them, and the task fails. So it does
        when it is rebooted before the confirmation.
      - The seconds run from before the swap; O(activate), O(probe) and the new connection have to fit in.
    type: dict
    suboptions:
      seconds: {description: Seconds until the node goes back by itself; 5 to 3600., type: int, required: true}
      when_changed:
        description: Shell patterns; only changes of paths that match one have to be confirmed. Without, all have to.
        type: list
        elements: str
        default: []
      token: {description: Filled in by the action plugin; do not set it., type: str}
  confirm_token:
    description: Filled in by the action plugin, when it confirms a change; do not set it.
    type: str
  in_service:
    description:
      - Command that succeeds while the node attracts traffic. It is asked when the change takes a V(restart) or a
        V(session reset), of an activation or because a running unit is stopped by O(ensure); a node in service is then
        left as it is, outside of its O(windows). In check mode that is a warning, and RV(refused). With O(plan) it is
        asked always.
      - With exit status 3 the node says that it is not in service, as C(systemctl is-active) does; nor is it when the
        program is not installed yet, or the text is empty. All else is yes. The default is C(imrs in-service).
    type: raw
  windows:
    description:
      - Maintenance windows, in which a node in service may be disturbed.
      - The default is the variable named after the bundle, which has its role's name, as in C(gate_windows) for V(gate)
        (V(-) becomes V(_)); without that variable there is no window.
    type: list
    elements: dict
    suboptions:
      day: {description: 'Weekday, as in V(tuesday).', type: str, required: true}
      start: {description: 'Time of day in UTC, as in V(18:00), in quotes.', type: str, required: true}
      end: {description: 'Time of day in UTC; before O(windows[].start): on the next day.', type: str, required: true}
  disrupt:
    description:
      - Disturb the node even when it is in service and no window is open.
      - The default is the variable that is named after the bundle, such as C(gate_disrupt), and V(false) without it.
    type: bool
  foresee:
    description:
      - Command that is told of a change before it is made, if that takes no more than a V(reload); run after O(check).
      - V({staged}) stands for the staged tree; the word V({removed}) for C(--removed PATH) of each file that will go.
      - When it fails, that is a warning, but for a program that is not installed yet.
      - The default is C(/usr/lib/imrs/imrs-foresee {staged} {removed}); with an empty text nobody is told.
    type: raw
  plan:
    description:
      - Filled in by the action plugin, from the variable C(imrs_plan); do not set it.
      - While the node is in service (O(in_service), asked once a run), the change is only checked, judged as in
        O(windows), and returned as RV(planned). So C(icann.imrs.site) knows of every bundle whether it may change the
        node before any does. A node that is not in service is changed at once.
      - The fact C(imrs_planned) has RV(disruption) by bundle for what is planned, in C(bundles); what was allowed there
        is not refused in the same run when it is carried out, without this option. M(icann.imrs.run) tells the rest.
    type: bool
    default: false
  lease: {description: Filled in by the action plugin; do not set it. See M(icann.imrs.run)., type: dict}
  contents: {description: Filled in by the action plugin; do not set it., type: str}
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

- name: main | Hand over what lets people in
  icann.imrs.bundle:
    name: hardening
    files:
      - {src: etc/ssh/sshd_config.d/00-imrs.conf.j2, dest: /etc/ssh/sshd_config.d/00-imrs.conf, mode: "0600"}
    check: ["sshd -t -f {staged}/etc/ssh/sshd_config.d/00-imrs.conf"]
    activate:
      - {command: systemctl reload ssh.service, disruption: reload}
    confirm: {seconds: 60, when_changed: [/etc/ssh/*]}
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
  description: Activations that ran, or in check mode and when RV(planned) would run.
  returned: success
  type: list
  elements: str
disruptions:
  description: What the change does to each daemon that the bundle looks after; empty when nothing changes.
  returned: success
  type: list
  elements: dict
  sample: [{unit: bird.service, disruption: session reset}]
refused:
  description: Whether the change would disturb a node in service now. Outside of check mode the task has failed then.
  returned: but for render mode
  type: bool
planned:
  description: Whether the node is in service and was left as it is, because of O(plan).
  returned: success
  type: bool
in_service:
  description: Whether the node is in service; null without O(plan), and in check mode.
  returned: success
  type: bool
seen:
  description: That M(icann.imrs.look) has seen the node just as it shall be, and so nobody was contacted.
  returned: when it has
  type: bool
confirmed:
  description: Whether the controller got in again; null when that was not asked for.
  returned: success
  type: bool
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
held_by:
  description: The run that holds the node, when it is another.
  returned: failure
  type: dict
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
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._bundle import BundleError, Places, Systemd, apply, explain, keep, lease, parse, unpack
from ..module_utils._bundle.model import DISRUPTIONS
from ..module_utils._bundle.parse import KEYS

OURS = ("contents", "confirm_token", "plan", "lease")
TEXT = {"type": "str"}
RAW = {"type": "raw"}
REQUIRED = {**TEXT, "required": True}
TOKEN = {**TEXT, "no_log": False}
SECONDS = {"type": "int", "required": True}
FLAG = {"type": "bool", "default": False}
WORDS = {"type": "list", "elements": "str", "default": []}
COMMANDS = {"type": "list", "elements": "raw", "default": []}


def _owned(mode: str | None) -> dict[str, t.Mapping[str, object]]:
    """Options of everything that has an owner."""
    return {
        "owner": {**TEXT, "default": "root"},
        "group": {**TEXT, "default": "root"},
        "mode": {**TEXT, "default": mode} if mode else TEXT,
    }


def _list(options: t.Mapping[str, t.Mapping[str, object]]) -> dict[str, object]:
    """A list of mappings."""
    return {"type": "list", "elements": "dict", "default": [], "options": options}


def main() -> None:
    """Wire the library to Ansible."""
    module = AnsibleModule(
        argument_spec={
            "name": REQUIRED,
            "directories": _list({"path": REQUIRED, **_owned("0755"), "exclusive": FLAG}),
            "files": _list(
                {
                    "src": TEXT,
                    "copy": TEXT,
                    "content": {"type": "str", "no_log": True},
                    "dest": REQUIRED,
                    **_owned(None),
                    "secret": {**FLAG, "no_log": False},
                }
            ),
            "absent": WORDS,
            "check": COMMANDS,
            "activate": _list(
                {
                    "command": {**RAW, "required": True},
                    "when_changed": WORDS,
                    "disruption": {**TEXT, "choices": list(DISRUPTIONS), "default": "none"},
                    "unit": TEXT,
                    "reload_lines": WORDS,
                }
            ),
            "ensure": _list({"unit": REQUIRED, "enabled": {"type": "bool"}, "started": {"type": "bool"}}),
            "probe": COMMANDS,
            "probe_timeout": {"type": "float", "default": 15},
            "confirm": {"type": "dict", "options": {"seconds": SECONDS, "when_changed": WORDS, "token": TOKEN}},
            "confirm_token": TOKEN,
            "in_service": RAW,
            "windows": {"type": "list", "elements": "dict", "options": dict.fromkeys(KEYS["windows"], REQUIRED)},
            "disrupt": {"type": "bool"},
            "foresee": RAW,
            "plan": FLAG,
            "lease": {"type": "dict"},
            "contents": {"type": "str", "no_log": True},
        },
        supports_check_mode=True,
    )
    params = {key: value for key, value in module.params.items() if key not in OURS}
    elsewhere = os.environ.get("IMRS_BUNDLE_STATE")  # tests keep theirs there
    places = Places.below(elsewhere) if elsewhere else Places()
    token = module.params["confirm_token"]
    hold, told = lease.Hold(places.boot, module.params["lease"]), ""
    try:
        if token:
            refusal = "" if module.check_mode else keep(places.state, params["name"], token, Systemd())
            module.exit_json(changed=False, rolled_back=bool(refusal), confirmed=not refusal, reason=refusal)
        bundle = parse(params, unpack(module.params["contents"] or ""))
        does: t.Literal["plan", "change"] = "plan" if module.params["plan"] else "change"
        if module.check_mode:
            told = hold.look()
        else:
            hold.take()
        outcome = apply(bundle, places=places, mode="check" if module.check_mode else does, show=module._diff)
    except lease.HeldError as error:
        named = f"bundle {params['name']}: {error}"
        module.fail_json(msg=named, rolled_back=False, refused=False, held_by=error.holder)
    except BundleError as error:
        hold.leave()  # the run ends here, at this node
        module.fail_json(msg=str(error), rolled_back=error.rolled_back, refused=error.refused)
    except OSError as error:
        hold.leave()
        module.fail_json(msg=f"bundle {params['name']}: {explain(error)}", rolled_back=False, refused=False)
    for warning in filter(None, (told, *outcome.warnings)):
        module.warn(warning)
    module.exit_json(**outcome.to_dict())


if __name__ == "__main__":
    main()

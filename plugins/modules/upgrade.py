#!/usr/bin/python
# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin icann.imrs.upgrade, which does all the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upgrade
short_description: Judge which nodes are upgraded, when, together with which, and what came of it
version_added: 0.2.0
author: The icann.imrs authors (@icann)
description:
  - Judges what role C(upgrade) has read on nodes. Changes nothing.
  - With O(verb=plan) and O(verb=soak) nodes are asked what they announce, many at once; with O(verb=back) the one node.
options:
  verb:
    description:
      - V(ready) says whether the node may be upgraded now.
      - V(due) reads what there is to be upgraded, and V(changes) what has been, from O(packages).
      - V(plan) says which of O(nodes) are upgraded together. Asks the whole fleet, if there is anything to do.
      - V(soak) says whether the next wave may begin, and how long it has to wait. Fails where the wave before did not
        end well, or does not serve as it did. Before the first wave that is asked of nodes which another run has
        upgraded a short time ago.
      - V(withdrawn) says whether acceptance's O(results) prove that nothing goes out of the node.
      - V(entered) says whether the candidate runs.
      - V(back) says whether a node is what it was.
    type: str
    choices: [ready, due, changes, plan, soak, withdrawn, entered, back]
    required: true
  systems:
    description: With O(verb=ready), O(verb=entered) and O(verb=back), what C(candidate look) has printed.
    type: str
    default: ''
  candidate:
    description: With O(verb=entered) and O(verb=back), the volume of the candidate.
    type: str
    default: ''
  status:
    description: >-
      With O(verb=ready) and O(verb=back), what C(imrs status --json) has printed before. Empty where there is no gate.
    type: str
    default: ''
  windows:
    description: With O(verb=ready), the maintenance windows, each with C(day), C(start) and C(end) in UTC.
    type: list
    elements: dict
    default: []
  disrupt:
    description: With O(verb=ready), whether a live node may be upgraded outside of its windows.
    type: bool
    default: false
  due:
    description: With O(verb=ready), whether there is anything to be upgraded. What is left alone needs no window.
    type: bool
    default: true
  packages:
    description: With O(verb=changes), what C(candidate install) has printed; with O(verb=due), what C(due) has.
    type: str
    default: ''
  nodes:
    description: With O(verb=plan), the nodes that were looked at; with O(verb=soak), those of the wave to come.
    type: list
    elements: str
    default: []
  budget:
    description: With O(verb=plan), how few nodes may announce a prefix at a time, as M(icann.imrs.order) has it.
    type: raw
  most:
    description: With O(verb=plan), how many nodes a wave may have.
    type: int
    default: 1
  forks:
    description: With O(verb=plan), how many nodes Ansible reaches at a time, which no wave exceeds.
    type: int
    default: 1
  first:
    description: With O(verb=plan), the node to begin with. Empty takes the first one that is live, by name.
    type: str
    default: ''
  minutes:
    description: With O(verb=plan) and O(verb=soak), how long after its boot a node has to have served.
    type: int
    default: 0
  waves:
    description: With O(verb=soak), the plan (RV(waves)).
    type: list
    elements: list
    default: []
  young:
    description: With O(verb=soak), nodes that were booted a short time ago (RV(young)).
    type: dict
    default: {}
  results:
    description: With O(verb=withdrawn), the results of acceptance at stage dark.
    type: list
    elements: dict
    default: []
  why:
    description: With O(verb=back), what went wrong.
    type: str
    default: ''
  patience:
    description: Seconds in which a node has to answer.
    type: float
    default: 20
attributes:
  check_mode:
    description: Judges as ever.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: What has the upgrade changed?
  icann.imrs.upgrade:
    verb: changes
    packages: "{{ __upgrade_packages.stdout }}"

- name: Which nodes are upgraded together?
  icann.imrs.upgrade:
    verb: plan
    nodes: "{{ ansible_play_hosts }}"
    budget: "{{ upgrade_budget }}"
    most: 10
    forks: "{{ ansible_forks }}"
  run_once: true
"""

RETURN = r"""
refusal:
  description: Why the node may not be upgraded, or not be rebooted, and what to do; empty when it may.
  returned: with O(verb=ready) and O(verb=withdrawn)
  type: str
candidate:
  description: The volume of the candidate.
  returned: with O(verb=ready)
  type: str
  sample: second
changes:
  description: What is another package in the candidate, or would be, a text each.
  returned: with O(verb=changes) and O(verb=due)
  type: list
  elements: str
  sample: [libc6 2.41-12 → 2.41-13]
due:
  description: Whether there is anything to be upgraded.
  returned: with O(verb=due)
  type: bool
boot:
  description: The boot in which the node is.
  returned: with O(verb=due)
  type: str
seconds:
  description: Since its boot; or until the next wave may begin.
  returned: with O(verb=due) and O(verb=soak)
  type: float
waves:
  description: The names of nodes that are upgraded together, in their turn.
  returned: with O(verb=plan)
  type: list
  elements: list
  sample: [[nbo01], [ams01, cdg01]]
sizes:
  description: How many nodes each wave has.
  returned: with O(verb=plan)
  type: list
  elements: int
  sample: [1, 2]
refused:
  description: Nodes that no limit allows to be taken down even by themselves, and why.
  returned: with O(verb=plan)
  type: dict
young:
  description: Nodes with nothing to be upgraded that were booted a short time ago, and in which boot they are.
  returned: with O(verb=plan)
  type: dict
said:
  description: The plan for people, a line each; or what became of the node.
  returned: with O(verb=plan) and O(verb=back)
  type: raw
watched:
  description: The nodes that were asked.
  returned: with O(verb=soak)
  type: list
  elements: str
entered:
  description: Whether the candidate runs.
  returned: with O(verb=entered)
  type: bool
as_before:
  description: Whether the system before runs, and announces what it did.
  returned: with O(verb=back)
  type: bool
"""

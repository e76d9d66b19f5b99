#!/usr/bin/python
# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin icann.imrs.course, which does all the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: course
short_description: Say which stage of acceptance comes next on a node, and why
version_added: 0.2.0
author: The icann.imrs authors (@icann)
description:
  - Decides what role C(acceptance) does. Contacts nobody, and changes nothing.
  - Each verb but V(failed) returns the whole course, which the next one takes as O(course).
options:
  verb:
    description:
      - V(plot) gives the course of a node from what its gate says.
      - V(judged) follows a stage that has passed.
      - V(tried) follows a certificate, for sessions whose routers came later.
      - V(failed) follows a failure at any stage.
    type: str
    choices: [plot, judged, tried, failed]
    required: true
  answer:
    description: With O(verb=plot), what C(imrs status --json) has printed. Empty when there is no gate.
    type: str
  mode:
    description: With O(verb=plot), where the sheet wants the node.
    type: str
    choices: [dark, drained, live]
  caller:
    description: With O(verb=plot), under which name the gate is asked.
    type: str
  patience:
    description: With O(verb=plot), seconds in which the gate has to reach a mode.
    type: int
  lease:
    description: With O(verb=plot), seconds for which a mode is certified, or a session tried, until it has been judged.
    type: int
  peers:
    description: With O(verb=plot), how many sessions the sheet has.
    type: int
  unrendered:
    description: With O(verb=plot), why the node is not as rendered (RV(icann.imrs.run#module:unrendered)).
    type: list
    elements: str
  course:
    description: What the verb before has returned. Needed but for O(verb=plot).
    type: dict
  stage:
    description: The stage that was judged. Needed but for O(verb=plot).
    type: str
    choices: [dark, drained, live]
  report:
    description: What M(icann.imrs.acceptance) said of it, if it did.
    type: dict
attributes:
  check_mode:
    description: Gives the course of a node that nobody moves.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: See what the node has to go through
  icann.imrs.course:
    verb: plot
    answer: "{{ __status.stdout }}"
    mode: live
    caller: site.yml
    patience: 30
    lease: 300
    peers: 2
    unrendered: []
  register: __course
"""

RETURN = r"""
refusal:
  description: Why the node is not judged, or not accepted; empty when it is.
  returned: unless O(verb=failed)
  type: str
stages:
  description: The stages that are judged, in this order.
  returned: unless O(verb=failed)
  type: list
  elements: str
  sample: [dark, drained, live]
sessions:
  description: Marks of the sessions that get something at the moment.
  returned: unless O(verb=failed)
  type: list
  elements: str
commands:
  description: What the gate is told before the next look at the node, each a list of words.
  returned: unless O(verb=failed)
  type: list
  elements: list
leaves:
  description: Whether the node is given back as soon as its evidence is collected.
  returned: unless O(verb=failed)
  type: bool
certify:
  description: What the gate is told after the last stage, or after a trial; empty when the certificate is good.
  returned: unless O(verb=failed)
  type: list
  elements: str
keeps:
  description: Whether the node stays this run's after RV(certify).
  returned: unless O(verb=failed)
  type: bool
ready:
  description: Marks of the sessions that are to be tried after RV(certify).
  returned: unless O(verb=failed)
  type: list
  elements: str
stays:
  description: Whether the node stays as it is after the failure. Otherwise it has to go dark.
  returned: when O(verb=failed)
  type: bool
command:
  description: What ends the trial of sessions on a node that stays; empty without a trial.
  returned: when O(verb=failed)
  type: list
  elements: str
outcome:
  description: What becomes of the node, for people.
  returned: when O(verb=failed)
  type: str
"""

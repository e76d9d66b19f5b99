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
  - V(plot), V(judged), V(tried) and V(admitted) return the whole course, which the next one takes as O(course).
  - Where the fleet has keys for certificates, what the gate is told is signed here, by C(ssh-keygen).
options:
  verb:
    description:
      - V(able) fails where O(certificate) asks for a signature and O(signing_key) cannot give one.
      - V(plot) gives the course of a node from what its gate says.
      - V(judged) follows a stage that has passed.
      - V(tried) follows a certificate, for sessions whose routers came later.
      - V(admitted) follows a trial that has passed.
      - V(failed) follows a failure at any stage.
      - V(silent) says whether a node that was told to go dark is proven to announce nothing.
      - V(withdrawn) says what came of taking a node out of service.
      - V(left) ends a run that left acceptance out. It fails where the run has voided the certificate.
    type: str
    choices: [able, plot, judged, tried, admitted, failed, silent, withdrawn, left]
    required: true
  answer:
    description:
      - With O(verb=plot) and O(verb=left), what C(imrs status --json) has printed. Empty when there is no gate.
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
  node_name:
    description: With O(verb=plot), the node's FQDN.
    type: str
  certificate:
    description:
      - With O(verb=able) and O(verb=plot), who signs certificates (C(signers), each with C(name) and C(key)), and for
        how many C(days) they count. Without it they are not signed.
    type: dict
  signing_key:
    description:
      - With O(verb=able) and O(verb=plot), the file of the key that signs. A private key, which Ansible Vault may have
        encrypted, or the public key of one that is in an agent.
    type: path
  unrendered:
    description:
      - With O(verb=plot), why the node is not as rendered (RV(icann.imrs.run#module:unrendered)). Without it, nothing
        is known of that, and nothing is accepted.
    type: list
    elements: str
  course:
    description:
      - What the verb before has returned. Needed for O(verb=judged), O(verb=tried), O(verb=admitted) and
        O(verb=failed).
    type: dict
  stage:
    description: The stage that was judged. Needed with O(course).
    type: str
    choices: [dark, drained, live]
  report:
    description: What M(icann.imrs.acceptance) said of it, if it did.
    type: dict
  asked:
    description: With O(verb=silent), the result of the loop that told the gate to go dark.
    type: dict
  reached:
    description: With O(verb=withdrawn), whether the node has answered.
    type: bool
    default: false
  silent:
    description: With O(verb=withdrawn), what O(verb=silent) has returned.
    type: bool
    default: false
  states:
    description: With O(verb=withdrawn), what systemd says of each of RV(units); empty when it was not asked.
    type: list
    elements: str
    default: []
  unit:
    description: With O(verb=withdrawn), the unit of the node's routing daemon, for people.
    type: str
  made:
    description: With O(verb=left), the bundles that the run has changed.
    type: list
    elements: str
  wanted:
    description: With O(verb=left), whether somebody has said that the node may stay dark.
    type: bool
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
signer:
  description: The name of the key that signs; empty where none has to.
  returned: when O(verb=able)
  type: str
refusal:
  description: Why the node is not judged, or not accepted; empty when it is.
  returned: with a course
  type: str
stages:
  description: The stages that are judged, in this order.
  returned: with a course
  type: list
  elements: str
  sample: [dark, drained, live]
sessions:
  description: Marks of the sessions that get something at the moment.
  returned: with a course
  type: list
  elements: str
commands:
  description: What the gate is told before the next look at the node, each a list of words.
  returned: with a course
  type: list
  elements: list
waits:
  description: Why a router of a cluster goes no further than the last of RV(stages) for now; empty when it does.
  returned: with a course
  type: str
leaves:
  description: Whether the node is given back as soon as its evidence is collected.
  returned: with a course
  type: bool
certify:
  description: What the gate is told after the last stage, or after a trial; empty when the certificate is good.
  returned: with a course
  type: list
  elements: str
keeps:
  description: Whether the node stays this run's after RV(certify).
  returned: with a course
  type: bool
ready:
  description: Marks of the sessions that are to be tried after RV(certify).
  returned: with a course
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
silent:
  description: Whether the node is proven to announce nothing while its routing daemon may run.
  returned: when O(verb=silent)
  type: bool
dark:
  description: Whether the node is proven to announce nothing.
  returned: when O(verb=withdrawn)
  type: bool
said:
  description: What came of taking it out of service, for people.
  returned: when O(verb=withdrawn)
  type: str
units:
  description: The units of all routing daemons.
  returned: when O(verb=withdrawn)
  type: list
  elements: str
"""

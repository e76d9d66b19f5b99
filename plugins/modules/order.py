#!/usr/bin/python
# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin icann.imrs.order, which does all the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: order
short_description: Judge whether nodes may be told to go dark, drained or live
version_added: 0.2.0
author: The icann.imrs authors (@icann)
description:
  - Refuses an order that is not complete, and one that takes down more of the fleet than its budget allows.
  - All nodes that are to be live by their sheets are asked at once whether they are, also those that C(--limit) leaves
    out. Who gives no answer counts as not live.
  - On the way down, and with O(verb=change), the nodes that are meant are asked first, and told that this run is about
    to take them down. Other runs take them for nodes that are not live, until they are down or some minutes are over.
  - Changes nothing else on any node.
options:
  verb:
    description:
      - What the nodes are to be told.
      - V(provision) is no word to a node. The nodes are about to be brought down to what their sheets say. Those whose
        sheets say less than live are asked first, and the others only when something would be taken away.
      - V(change) is no word to a node. One node of a cluster is about to be changed, and the others have to carry on.
      - V(told) says what came of telling one node.
    type: str
    required: true
    choices: [dark, drain, live, provision, change, told]
  nodes:
    description: The nodes that are to be told, by their names in the inventory.
    type: list
    elements: str
    required: true
  reason:
    description: Why, on one line. Has to be given with O(verb=dark), O(verb=drain) and O(verb=live).
    type: str
  by:
    description: Who says so. The name of the user on the controller, if empty.
    type: str
  end:
    description: When the nodes go back by themselves, in UTC (ISO 8601). Empty for good. Refused with O(verb=live).
    type: str
  stray:
    description: What Ansible has left over of C(-e name=one two), which it takes for C(one). Refused.
    type: str
  cluster:
    description: With O(verb=change), the C(nodes) of its cluster, and C(minimum_live), how many others have to be live.
    type: dict
  lift:
    description: Names of others whose word O(verb=live) may lift, too, with blanks or commas between them.
    type: str
  budget:
    description:
      - How few nodes may announce a prefix at a time. A list of limits, each with C(group_by) (V(fleet), V(region),
        V(country), V(nameserver) or V(routing)) and one or more of C(max_unavailable) (nodes),
        C(max_unavailable_percent) (but never less than one node) and C(min_available) (nodes). Besides, the
        C(minimum_live) of each cluster.
      - A bare number is the word for one run. That many nodes of the fleet may be not available, wherever they are.
      - Needed for C(dark), C(drain) and C(provision).
    type: raw
  accepted:
    description:
      - With O(verb=provision), what the fleet's file accepts. Each has C(group_by) and C(group), and C(least), how few
        nodes may be left there, with its C(reason).
    type: list
    elements: dict
  emergency:
    description: Asks and judges nobody.
    type: bool
    default: false
  patience:
    description: Seconds in which a node has to answer.
    type: float
    default: 20
  planned:
    description: With O(verb=dark), whether there is time for GRACEFUL_SHUTDOWN (RFC 8326) first.
    type: bool
    default: false
  word:
    description: With O(verb=told), the verb that the node was told.
    type: str
    choices: [dark, drain, live]
  options:
    description: With O(verb=told), what C(imrs) was given besides (RV(options)).
    type: list
    elements: str
  asked:
    description: With O(verb=told), the result of the task that told the node. Without it, the node was not reached.
    type: dict
  again:
    description: With O(verb=told), the result of the task that told the node in words of older gates.
    type: dict
  wait:
    description: With O(verb=told), seconds in which the mode had to be reached.
    type: int
  unit:
    description: With O(verb=told), the unit of the node's routing daemon, for people.
    type: str
attributes:
  check_mode:
    description: Judges as ever, and tells no node that it is meant.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: May these nodes be drained?
  icann.imrs.order:
    verb: drain
    nodes: "{{ ansible_play_hosts_all }}"
    reason: fibre work
    end: 2026-12-01T04:00Z
    budget: "{{ imrs_budget }}"
  run_once: true
"""

RETURN = r"""
modes:
  description: For each of O(nodes), the lowest mode of its families; empty where there was no answer, or no question.
  returned: success
  type: dict
  sample: {nbo01: live}
by:
  description: Who says so.
  returned: success
  type: str
  sample: alice
effect:
  description: How many nodes announce each prefix in each group now and after, as lines of a table.
  returned: with O(verb=dark), O(verb=drain), O(verb=live) and O(verb=provision)
  type: list
  elements: str
asked:
  description: Whether the nodes were asked, and the fleet's budget looked at.
  returned: success
  type: bool
options:
  description: What C(imrs) is to be given on the nodes, besides verb, name and reason.
  returned: with O(verb=dark), O(verb=drain) and O(verb=live)
  type: list
  elements: str
reached:
  description: Whether the node is in the mode that was asked for, or in a lower one where that was enough.
  returned: when O(verb=told)
  type: bool
said:
  description: What became of the node, for people.
  returned: when O(verb=told)
  type: str
again:
  description: Whether its gate is an older one, which has to be told once more, in words that every version knows.
  returned: when O(verb=told)
  type: bool
plan:
  description: A line for each of O(nodes), from where to where it is to go.
  returned: success
  type: list
  elements: str
  sample: ["nbo01: live -> drained until 2026-12-01T04:00Z"]
"""

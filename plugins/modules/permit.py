#!/usr/bin/python
# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin icann.imrs.permit, which does all the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: permit
short_description: Judge whether nodes may be provisioned
version_added: 0.2.0
author: The icann.imrs authors (@icann)
description:
  - Looks at the inventory, the command line and the tags only, for all nodes of the run at once. Contacts nobody, and
    changes nothing.
options:
  verb:
    description:
      - V(withdraw) names the nodes that are not to serve by their sheets.
      - V(compare) fails when a provider is not that of the node's sheet, and when only a part would be compared or
        files would be written on the controller for keeps.
      - V(provision) fails when one node may not be provisioned, with the reasons of all.
    type: str
    choices: [withdraw, provision, compare]
    required: true
  nodes:
    description: The nodes of the run, by their names in the inventory.
    type: list
    elements: str
    required: true
attributes:
  check_mode:
    description: Names no node to be taken dark, and judges as ever.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: May these nodes be provisioned?
  icann.imrs.permit:
    verb: provision
    nodes: "{{ ansible_play_hosts_all }}"
  run_once: true
"""

RETURN = r"""
withdrawn:
  description: The nodes that are to be taken dark.
  returned: when O(verb=withdraw)
  type: list
  elements: str
remarks:
  description: What has to be known of the run, a sentence each.
  returned: when O(verb=provision)
  type: list
  elements: str
"""

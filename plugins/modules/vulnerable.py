#!/usr/bin/python
# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin icann.imrs.vulnerable, which does all the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vulnerable
short_description: Tell which nodes run a version with a known vulnerability
version_added: 0.2.0
author: The icann.imrs authors (@icann)
description:
  - Reads a file of Debian's security tracker, and the nodes' latest reports of acceptance, on the controller. Contacts
    nobody, and changes nothing.
  - A node without a report, or with one that does not tell what the node runs now, is not known, and never called safe.
  - Whether the feature that a vulnerability needs is in use follows from the sheets, where V(vulnerabilities) of the
    fleet's file says which feature that is. What is not there counts as in use.
  - Never fails because of what it finds. The caller does, once the reports are on disk.
options:
  nodes:
    description: The nodes of the run, by their names in the inventory.
    type: list
    elements: str
    required: true
  file:
    description:
      - What was downloaded from U(https://security-tracker.debian.org/tracker/data/json), some 75 MB. At most 256 MB
        are read, and of these what the nodes have is kept.
    type: path
    required: true
  acceptance_reports:
    description: The folder that has the reports of each node, under its name.
    type: path
    required: true
  inventory:
    description: The inventories of the run, for the commands.
    type: list
    elements: str
    default: []
  report_directory:
    description:
      - Directory for C(vulnerabilities.json) and C(vulnerabilities.txt); made when missing. Without it, no report is
        written.
    type: path
attributes:
  check_mode:
    description: The reports are written in check mode, too. They are what the run is for.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: Tell which nodes need an upgrade
  icann.imrs.vulnerable:
    nodes: "{{ ansible_play_hosts_all }}"
    file: /var/lib/imrs/tracker.json
    acceptance_reports: "{{ inventory_dir }}/reports"
  run_once: true
"""

RETURN = r"""
sound:
  description: Whether every node is known, and none has a vulnerability that is in use, or may be.
  returned: success
  type: bool
summary:
  description: All of it in a line.
  returned: success
  type: str
  sample: "31 nodes: 2 to upgrade, 1 not known"
commands:
  description: What upgrades the nodes, as typed into a shell; one for all nodes that need the same packages.
  returned: success
  type: list
  elements: str
table:
  description: What was found, for a terminal of 110 columns, what comes first first; the commands are its end.
  returned: success
  type: str
reports:
  description: The files that were written.
  returned: success
  type: list
  elements: path
"""

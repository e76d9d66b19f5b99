#!/usr/bin/python
# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin icann.imrs.upgrade, which does all the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upgrade
short_description: Judge whether a node may be upgraded, and tell what an upgrade has changed
version_added: 0.2.0
author: The icann.imrs authors (@icann)
description:
  - Judges what role C(upgrade) has read on a node. Contacts nobody, and changes nothing.
options:
  verb:
    description:
      - V(ready) says whether the node may be upgraded now.
      - V(changes) tells of O(packages), for people.
    type: str
    choices: [ready, changes]
    required: true
  systems:
    description: With O(verb=ready), what C(candidate look) has printed.
    type: str
    default: ''
  status:
    description: With O(verb=ready), what C(imrs status --json) has printed. Empty where the node has no gate.
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
  packages:
    description: With O(verb=changes), what C(candidate install) has printed.
    type: str
    default: ''
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
"""

RETURN = r"""
refusal:
  description: Why the node may not be upgraded, and what to do; empty when it may.
  returned: with O(verb=ready)
  type: str
candidate:
  description: The volume of the candidate.
  returned: with O(verb=ready)
  type: str
  sample: second
changes:
  description: What is another package in the candidate, a text each.
  returned: with O(verb=changes)
  type: list
  elements: str
  sample: [libc6 2.41-12 → 2.41-13]
"""

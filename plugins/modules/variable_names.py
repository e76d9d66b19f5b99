#!/usr/bin/python
# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin icann.imrs.variable_names, which does all the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: variable_names
short_description: Refuse variables that a role of this collection does not have
version_added: 0.2.0
author: The icann.imrs authors (@icann)
description:
  - Ansible ignores a variable whose name is misspelt, and the default counts instead. This fails when a variable begins
    with the name of a role, and the role's C(meta/argument_specs.yml) has no such option.
  - Contacts nobody, and changes nothing.
options:
  roles:
    description: Names of roles of this collection. The role of the task, if not given.
    type: list
    elements: str
  nodes:
    description: The hosts whose variables are looked at. The host of the task, if not given.
    type: list
    elements: str
attributes:
  check_mode:
    description: Looks as ever.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: Refuse misspelt variables
  icann.imrs.variable_names:
    roles: [gate, routing]
"""

RETURN = r"""
msg:
  description: The names that no role has, and those that there are.
  returned: failure
  type: str
"""

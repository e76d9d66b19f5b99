# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: spread
short_description: Seconds over which work may begin that has to end in a maintenance window
version_added: 0.2.0
author:
  - The icann.imrs authors (@icann)
description:
  - Half of the shortest window. Nodes that begin with a window, each so many seconds later at most, do not all begin at
    one time, none begins when a window is over, and each has half of it for its work.
options:
  _terms:
    description: Maintenance windows, each with C(day), C(start) and C(end) in UTC, as M(icann.imrs.bundle) takes them.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show how far apart nodes may begin
  ansible.builtin.debug:
    msg: "{{ lookup('icann.imrs.spread', imrs_maintenance_windows) }} s"
"""

RETURN = r"""
_raw:
  description: One number of seconds; 0 where there is no window.
  type: list
  elements: int
"""

import typing as t

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase
from ansible_collections.icann.imrs.plugins.module_utils._bundle import windows


class LookupModule(LookupBase):
    """The library's spread of a list of windows."""

    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[int]:
        """One number; an error says which window is none."""
        del variables  # Ansible hands them to every lookup
        if kwargs:
            raise AnsibleError("icann.imrs.spread takes windows only")
        found = []
        for given in (one for term in terms for one in (term if isinstance(term, list) else [term])):
            if not isinstance(given, dict) or set(given) != {"day", "start", "end"}:
                raise AnsibleError(f"icann.imrs.spread: {given!r} is no window; it has day, start and end")
            try:
                found.append(windows.window(**given))
            except ValueError as problem:
                raise AnsibleError(f"icann.imrs.spread: {problem}") from problem
        return [windows.spread(found)]

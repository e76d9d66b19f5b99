# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: expected
short_description: What acceptance and drift expect of this host
version_added: 0.2.0
author:
  - The icann.imrs authors (@icann)
description:
  - Makes the option C(expected) of M(icann.imrs.acceptance) and M(icann.imrs.drift) from the variables C(imrs_*) of the
    host, which the inventory has derived from its site sheet. It holds no secret.
options:
  listeners:
    description: More sockets that may listen on the node (C(protocol), C(port), C(process)).
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Show what is expected
  ansible.builtin.debug:
    msg: "{{ lookup('icann.imrs.expected', listeners=[]) }}"
"""

RETURN = r"""
_raw:
  description: One dictionary.
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase
from ansible_collections.icann.imrs.plugins.module_utils._acceptance import projection

if t.TYPE_CHECKING:
    from ansible_collections.icann.imrs.plugins.module_utils._site.host_variables import HostVariables


class LookupModule(LookupBase):
    """The library's projection of the host's variables."""

    def run(
        self, terms: list[str], variables: dict[str, t.Any] | None = None, **kwargs: t.Any
    ) -> list[dict[str, t.Any]]:
        """One dictionary; an error names the variable that the host does not have."""
        known = variables or {}
        if terms or set(kwargs) - {"listeners"}:
            raise AnsibleError("icann.imrs.expected takes listeners only")
        if missing := [name for name in projection.READ if name not in known]:
            raise AnsibleError(
                f"{known.get('inventory_hostname', 'this host')}: {', '.join(missing)} not defined: the inventory "
                "icann.imrs.sites has them of each node"
            )
        read = {name: self._templar.template(known[name]) for name in projection.READ}
        found = projection.project(t.cast("HostVariables", read))
        return [{**found, "listeners": list(kwargs.get("listeners") or [])}]

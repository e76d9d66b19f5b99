# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole fleet, as Ansible's variables have it, with what its nodes have answered."""

from __future__ import annotations

import typing as t

from ansible_collections.icann.imrs.plugins.module_utils._fleet import budget, order
from ansible_collections.icann.imrs.plugins.plugin_utils import hold

if t.TYPE_CHECKING:
    from ansible_collections.icann.imrs.plugins.module_utils._fleet.budget import Node


def nodes(task_vars: t.Mapping[str, t.Any], targeted: t.Collection[str]) -> list[Node]:
    """All nodes of the fleet, as their sheets have them; an inventory without sheets wants all of them live."""
    names = [str(name) for name in task_vars["groups"].get("appliances", [])]
    return [budget.node(name, task_vars["hostvars"][name], targeted=name in targeted) for name in names]


def answered(found: t.Iterable[Node], answers: t.Mapping[str, t.Any]) -> list[Node]:
    """The nodes with what they have said."""
    return [
        node._replace(**order.known(answers.get(node.name), hold.run_id(), claims=not node.targeted)) for node in found
    ]


def counted(found: t.Iterable[Node]) -> list[str]:
    """Those that are to be asked when some are to be taken down: the targeted ones, and all that count."""
    return [node.name for node in found if node.targeted or node.sheet or node.cluster]

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A role that hands over one bundle, bound to the variables of a machine: a node's, or a cluster's own router's."""

from __future__ import annotations

import re
import typing as t
from unittest import mock

import jinja2
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import lookup_loader
from ansible.template import Templar
from ansible_collections.icann.imrs.plugins.lookup import spread
from ansible_collections.icann.imrs.plugins.module_utils import _products as products
from ansible_collections.icann.imrs.plugins.module_utils._bundle import parse
from imrs_role_cases import CASES, NODE
from imrs_role_render import OPTIONS, ROOT, configured

if t.TYPE_CHECKING:
    from ansible_collections.icann.imrs.plugins.module_utils._bundle.model import Bundle

LOOKUPS = {"icann.imrs.spread": spread.LookupModule}
"""The collection's own, by their names in roles: without a playbook Ansible looks for no collection."""
DAEMON = ("unit", "packages", "directory", "defaults_file", "programs", "libraries")


def variables(product: products.Product) -> dict[str, t.Any]:
    """``imrs_nameserver`` or ``imrs_routing``."""
    found = {name: getattr(product, name) for name in DAEMON}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


ROUTER = {
    **NODE,
    **CASES["router"][1],
    "imrs_function": "router",
    "imrs_nameserver_provider": "",
    "imrs_nameserver": None,
    "imrs_routing_provider": "frr",
    "imrs_routing": variables(products.named(products.ROUTING, "frr")),
    "imrs_masters": [],
    "imrs_cluster": {"minimum_live": 1, "below_minimum": "drained", "nodes": ["xlc01", "xlc02"], "routers": ["xlc-r1"]},
    "imrs_operator_networks": {"ipv4": [], "ipv6": []},
    "imrs_held_packages": list(products.held()),
    "network_gate_account": "root",
    "ansible_managed": "Ansible managed",
}
AS_NODE = {
    **ROUTER,
    **CASES["plain"][1],
    "imrs_function": "node",
    "imrs_members": [],
    "imrs_inside": None,
    "imrs_nameserver_provider": "knot",
    "imrs_nameserver": variables(products.named(products.NAMESERVER, "knot")),
    "imrs_cluster": None,
}


class Role:
    """A role's variables, bound to a machine's, and the arguments of its bundle."""

    def __init__(self, name: str, machine: dict[str, t.Any], **given: t.Any) -> None:
        loader = DataLoader()
        home = ROOT / "roles" / name
        (task,) = loader.load_from_file(str(home / "tasks/files.yml"), trusted_as_template=True)
        found = loader.load_from_file(str(home / "defaults/main.yml"), trusted_as_template=True)
        if (home / "vars/main.yml").exists():
            found |= loader.load_from_file(str(home / "vars/main.yml"), trusted_as_template=True)
        self.name, self.raw = name, task["icann.imrs.bundle"]
        self.engine = Templar(loader, {**machine, **found, **task.get("vars", {}), "role_path": str(home), **given})

    def __getitem__(self, name: str) -> t.Any:
        return self._filled(self.engine.available_variables[name])

    def _filled(self, value: t.Any) -> t.Any:
        others = lookup_loader.get

        def get(name: str, *args: t.Any, **kwargs: t.Any) -> t.Any:
            return LOOKUPS[name]() if name in LOOKUPS else others(name, *args, **kwargs)

        with mock.patch.object(lookup_loader, "get", get):
            return self.engine.template(value)

    def arguments(self) -> dict[str, t.Any]:
        """As the node gets them."""
        found: dict[str, t.Any] = self._filled(self.raw)
        return found

    def bundle(self) -> Bundle:
        """The same, read."""
        return parse({key: value for key, value in self.arguments().items() if value is not None})

    def file(self, source: str) -> str:
        """One of its files."""
        templates = configured(jinja2.Environment(**OPTIONS), self.name)  # noqa: S701 - configuration, not HTML
        text = (ROOT / f"roles/{self.name}/templates/{source}.j2").read_text(encoding="utf-8")
        wanted = set(re.findall(rf"\b(?:__)?{self.name}_\w+", text)) & set(self.engine.available_variables)
        values = {name: self[name] for name in wanted | {"ansible_managed"}}
        return templates.get_template(f"{source}.j2").render(values)

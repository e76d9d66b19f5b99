# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bundle of a role with one task file, as Ansible's own templating fills it in."""

from __future__ import annotations

import re
import typing as t

import jinja2
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.icann.imrs.plugins.module_utils._bundle import parse
from imrs_role_render import OPTIONS, ROOT, configured

if t.TYPE_CHECKING:
    from ansible_collections.icann.imrs.plugins.module_utils._bundle.model import Bundle


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
        return self.engine.template(self.engine.available_variables[name])

    def arguments(self) -> dict[str, t.Any]:
        """As the node gets them."""
        found: dict[str, t.Any] = self.engine.template(self.raw)
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

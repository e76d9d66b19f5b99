# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: sites
short_description: The nodes of an IMRS fleet, from site sheets
version_added: 0.1.0
author:
  - The icann.imrs authors (@icann)
description:
  - Reads one file that says what is true of the whole fleet, and one sheet for each site.
  - All files are checked, and all problems reported, before a single host exists.
  - One wrong sheet leaves the inventory empty.
  - Sets the variables C(imrs_*) of every node, and the groups V(appliances), C(kind_*), C(profile_*), C(nameserver_*),
    C(routing_*), C(site_*) and C(mode_*).
  - The name of the configuration file must end in C(imrs.yml).
notes:
  - Ansible only warns of an inventory that cannot be parsed. Set C(any_unparsed_is_failed = true) in the section
    C([inventory]) of C(ansible.cfg), so that a wrong sheet stops the run.
requirements:
  - PyYAML
  - jsonschema
options:
  plugin:
    description: Marks the file as a configuration of this plugin.
    type: str
    required: true
    choices: [icann.imrs.sites]
  fleet:
    description: The file of the fleet, relative to the configuration file.
    type: str
    default: fleet.yml
  sites:
    description: The directory of the site sheets, relative to the configuration file. Every C(*.yml) in it is a sheet.
    type: str
    default: sites
  trust_anchor_file:
    description:
      - A file of DS records of the root zone. If set, it is used instead of the trust anchors that the fleet names.
      - In the configuration file, the path is relative to that file; in the environment, to the working directory.
    type: str
    env:
      - name: IMRS_TRUST_ANCHOR_FILE
"""

EXAMPLES = r"""
# inventories/lab/imrs.yml, beside fleet.yml and sites/
plugin: icann.imrs.sites
---
# the same, with everything spelt out
plugin: icann.imrs.sites
fleet: fleet.yml
sites: sites
"""

import os
import pathlib
import typing as t

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin
from ansible_collections.icann.imrs.plugins.module_utils._site import anchors, derive, document, fleet
from ansible_collections.icann.imrs.plugins.module_utils._site.errors import Problem, SiteError


class InventoryModule(BaseInventoryPlugin):
    """Reads the files beside the configuration file; everything else is the library's."""

    NAME = "icann.imrs.sites"

    def verify_file(self, path: str) -> bool:
        """Only files called ``…imrs.yml``."""
        return bool(super().verify_file(path)) and path.endswith("imrs.yml")

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        """Check everything, then add the hosts."""
        super().parse(inventory, loader, path, cache)
        missing = fleet.missing_libraries()
        if missing:
            raise AnsibleParserError(
                f"icann.imrs.sites needs {' and '.join(missing)} in the Python that runs Ansible; "
                f"install with: python3 -m pip install {' '.join(missing)}"
            )
        unknown = sorted(set(self._read_config_data(path)) - {"plugin", "fleet", "sites", "trust_anchor_file"})
        if unknown:
            raise AnsibleParserError(
                f"{os.path.basename(path)}: unknown options {', '.join(unknown)}; "
                "the options are fleet, sites and trust_anchor_file"
            )
        try:
            hosts = self._hosts(pathlib.Path(path))
        except SiteError as error:
            count = len(error.problems)
            raise AnsibleParserError(
                f"{count} problem{'s' if count > 1 else ''} in the site data, so there are no hosts:\n{error}"
            ) from None
        for name, variables in hosts.items():
            inventory.add_host(name)
            for group in derive.groups(variables):
                inventory.add_group(group)
                inventory.add_child(group, name)
            for key, value in variables.items():
                inventory.set_variable(name, key, value)
            inventory.set_variable(name, "ansible_host", derive.entrance(variables))

    def _hosts(self, config: pathlib.Path) -> dict[str, derive.Variables]:
        base = config.parent
        problems: list[Problem] = []
        fleet_document = _document(base, self.get_option("fleet"), problems)
        sheets = [_document(base, name, problems) for name in _sheets(base, self.get_option("sites"), problems)]
        trusted = self._anchors(config, fleet_document)
        return fleet.hosts(fleet_document, sheets, trusted, problems)

    def _anchors(self, config: pathlib.Path, fleet_document: document.Document) -> anchors.Anchors | None:
        """The trust anchors of a file: the option's, else the fleet's."""
        named, origin = self.get_option_and_origin("trust_anchor_file")
        if named:
            base = config.parent if origin == "Direct" else pathlib.Path.cwd()
            place = Problem(config.name, 0, "trust_anchor_file", "")
        else:
            named = fleet.anchor_file(fleet_document)
            if not named:
                return None
            base = (config.parent / fleet_document.file).parent
            place = fleet_document.problem(("trust_anchor_file",), "")
        try:
            return anchors.parse(named, (base / named).read_bytes())
        except FileNotFoundError:
            wrong = (
                f"{named} does not exist; put the DS records of the root zone there (in the lab, make live creates it)"
            )
        except (OSError, ValueError) as error:
            wrong = f"{named} cannot be read: {_reason(error)}"
        return anchors.Anchors((), (place._replace(message=wrong),))


def _document(base: pathlib.Path, name: str, problems: list[Problem]) -> document.Document:
    """One file, parsed; one that cannot be read is a problem like any other."""
    try:
        return document.parse(name, (base / name).read_bytes())
    except (OSError, ValueError) as error:
        problems.append(Problem(name, 0, "", f"cannot be read: {_reason(error)}"))
        return document.Document(name, None, {})


def _sheets(base: pathlib.Path, directory: str, problems: list[Problem]) -> list[str]:
    """The names of the site sheets, in order."""
    try:
        names = sorted(entry.name for entry in (base / directory).iterdir() if not entry.name.startswith("."))
    except (OSError, ValueError) as error:
        problems.append(Problem(directory, 0, "", f"cannot be read: {_reason(error)}"))
        return []
    problems.extend(
        Problem(f"{directory}/{name}", 0, "", "would be ignored; the name of a sheet ends in .yml")
        for name in names
        if name.endswith((".yaml", ".YML", ".YAML"))
    )
    sheets = [f"{directory}/{name}" for name in names if name.endswith(".yml")]
    if not sheets:
        problems.append(Problem(directory, 0, "", "holds no site sheet (*.yml)"))
    return sheets


def _reason(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)

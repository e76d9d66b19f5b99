# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: sites
short_description: The nodes and routers of an IMRS fleet, from site sheets
version_added: 0.1.0
author:
  - The icann.imrs authors (@icann)
description:
  - Reads one file that says what is true of the whole fleet, and one sheet for each site.
  - All files are checked, and all problems reported, before a single host exists.
  - One wrong sheet leaves the inventory empty.
  - Sets the variables C(imrs_*) of every node, and of every router of a cluster that is ours to provision.
  - Sets the groups V(appliances), V(provisionable), V(function_node), V(function_router), C(kind_*), C(profile_*),
    C(nameserver_*), C(routing_*), C(site_*), C(mode_*), C(state_*), C(country_*), C(region_*) and, for the nodes and
    routers of a cluster, C(cluster_*).
  - The machines that sheets name as vantage and looking glass are in the groups V(vantages) and V(routers). A router of
    ours is not, although the nodes behind it are judged from there.
  - What is allowed but hardly meant is a warning.
  - The name of the configuration file must end in C(imrs.yml).
notes:
  - Ansible only warns of an inventory that cannot be parsed. The playbooks of this collection refuse to run then,
    as the variable C(imrs_unparsed) of the group C(all) names the file. For playbooks of your own, set
    C(any_unparsed_is_failed = true) in the section C([inventory]) of C(ansible.cfg).
  - A whole folder may be given as inventory if the section C([inventory]) of C(ansible.cfg) has
    C(ignore_patterns = ^fleet\.yml$, ^sites$, ^reports$), so that Ansible does not take the sheets for inventories.
  - A cached answer is used only while every file, and the collection itself, is what it was.
extends_documentation_fragment:
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
requirements:
  - Python 3.11 or newer on the controller
  - PyYAML
  - cryptography, for masters that hand out zones over TLS
  - jsonschema
  - netaddr
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
# inventories/example/imrs.yml, beside fleet.yml and sites/
plugin: icann.imrs.sites
---
# the same, with everything spelt out
plugin: icann.imrs.sites
fleet: fleet.yml
sites: sites
---
# with groups of one's own, and a cache
plugin: icann.imrs.sites
keyed_groups:
  - {key: imrs_location.iata, prefix: airport}
groups:
  narrow: imrs_profile.link_mbps < 10000
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: .cache/inventory
"""

import contextlib
import gc
import os
import pathlib
import re
import sys
import typing as t

from ansible import template
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible_collections.icann.imrs.plugins.module_utils._site import derive
from ansible_collections.icann.imrs.plugins.module_utils._site.errors import SiteError
from ansible_collections.icann.imrs.plugins.plugin_utils import fleet_files, inventory_state

if t.TYPE_CHECKING:
    from ansible_collections.icann.imrs.plugins.module_utils._site.host_variables import HostVariables

OLDEST_PYTHON = (3, 11)
"""Of the controller. Older ones have no ``enum.StrEnum``, which acceptance needs: better to say so before a run."""
REPORTS = "reports"
"""The folder beside the configuration file where acceptance and drift leave their reports, as JSON among others."""
_TRUST: t.Callable[[str], str] = getattr(template, "trust_as_template", str)
"""The mark of ansible-core from 2.19 on; before, there is none."""
_NO_TEMPLATE = re.compile(r"[\w .,:;/@+-]*\*?").fullmatch
"""Matches what has nothing to template, and as an expression could call nothing."""


class Answer(t.NamedTuple):
    """What the files come to, as it is cached."""

    digest: str
    hosts: dict[str, HostVariables]
    warnings: list[str]


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Hands the library's answer to Ansible; everything else is the library's."""

    NAME = "icann.imrs.sites"
    OWN: tuple[str, ...] = ("fleet", "sites")
    """The options that name files and folders of a fleet."""

    def verify_file(self, path: str) -> bool:
        """Only files called ``…imrs.yml``."""
        return bool(super().verify_file(path)) and path.endswith("imrs.yml")

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        """Check everything, then add the hosts."""
        super().parse(inventory, loader, path, cache)
        try:
            self._parse(path, cache)
        except AnsibleError as error:
            inventory_state.mark_unparsed(inventory, path, str(error))
            raise

    def _parse(self, path: str, cache: bool) -> None:
        """Check options and surroundings, then fill the inventory."""
        if sys.version_info < OLDEST_PYTHON:
            raise AnsibleParserError(
                f"{self.NAME} needs Python {'.'.join(map(str, OLDEST_PYTHON))} or newer on the controller, and Ansible "
                f"runs on {'.'.join(map(str, sys.version_info[:2]))} here; install ansible-core for a newer one"
            )
        missing = fleet_files.missing_libraries()
        if missing:
            raise AnsibleParserError(f"{self.NAME} {missing}")
        given = set(self._read_config_data(path))
        options = set(self._options)
        if given - options:
            raise AnsibleParserError(
                f"{os.path.basename(path)}: unknown options {', '.join(sorted(given - options))}; "
                f"the options are {', '.join(sorted(options - {'plugin'}))}"
            )
        self._refuse_to_share(pathlib.Path(path))
        self._names_anchors = "trust_anchor_file" in given
        with _to_stay():
            self._fill(pathlib.Path(path), cache)

    def _refuse_to_share(self, config: pathlib.Path) -> None:
        """Raise when Ansible also reads the fleet's files as inventories: every key of a sheet would be a group."""
        names = [*(self.get_option(option) for option in self.OWN), REPORTS]
        shared = inventory_state.read_as_inventories(config.parent / name for name in names)
        if shared:
            patterns = ", ".join(f"^{pathlib.Path(name).name}$" for name in names)
            raise AnsibleParserError(
                "the folder was given as inventory, so Ansible also reads "
                f"{' and '.join(path.name for path in shared)} as inventories. Give {config} instead, or write into "
                f"the section [inventory] of ansible.cfg: ignore_patterns = {patterns}"
            )

    def _fill(self, config: pathlib.Path, cache: bool) -> None:
        """Add all hosts, or raise every problem."""
        try:
            answer = self._answer(config, cached=cache)
        except SiteError as error:
            count = len(error.problems)
            said = f"{count} problem{'s' if count > 1 else ''} in the site data, so there are no hosts:\n{error}"
            if _TRUST is str:  # before ansible-core 2.19, the lines of an error are printed as one paragraph
                self.display.warning(said, formatted=True)
            raise AnsibleParserError(said) from None
        for warning in answer.warnings:
            self.display.warning(warning)
        for group in derive.ALWAYS:
            self.inventory.add_group(group)
        marks = _Marks()
        for name, variables in answer.hosts.items():
            self._add(name, variables, derive.machines(variables, answer.hosts), marks)

    def _answer(self, config: pathlib.Path, *, cached: bool) -> Answer:
        """What the files come to: from the cache where that was made from the very same ones."""
        files = fleet_files.gather(
            config, self.get_option("fleet"), self.get_option("sites"), self._trust_anchor_file()
        )
        if not self.get_option("cache"):
            return _fresh(files, "")
        key, digest = self.get_cache_key(str(config)), files.digest()
        if cached and not files.problems and (found := self._cache.get(key)) and found.get("digest") == digest:
            return Answer(**found)
        answer = _fresh(files, digest)
        self._cache[key] = answer._asdict()
        return answer

    def _trust_anchor_file(self) -> str | None:
        """The option; the environment's is relative to the working directory."""
        named: str | None = self.get_option("trust_anchor_file")
        return str(pathlib.Path.cwd() / named) if named and not self._names_anchors else named

    def _add(self, name: str, variables: HostVariables, machines: list[tuple[str, str]], marks: _Marks) -> None:
        """One node or router, the machines that judge it, and their groups.

        The variables are set on the host itself: from 2.19 on, ``inventory.set_variable`` copies every value and tags
        each part with the file it is from, which takes longer than to read, check and derive the whole fleet.
        """
        self.inventory.add_host(name)
        for group in derive.groups(variables):
            self.inventory.add_group(group)
            self.inventory.add_child(group, name)
        for machine, group in machines:
            self.inventory.add_host(machine)
            self.inventory.add_group(group)
            self.inventory.add_child(group, machine)
        host = self.inventory.hosts[name]
        for key, value in variables.items():
            host.set_variable(key, marks.shared(value))
        host.set_variable("ansible_host", marks[derive.entrance(variables)])
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), variables, name, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), {}, name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), {}, name, strict=strict)


class _Marks(dict[str, str]):
    """Texts as Ansible gets them: those that are no template anyhow are marked as trusted.

    Others stay untrusted, so nothing in a sheet is ever templated. Without the mark, ``ansible-inventory --list`` would
    print ``{"__ansible_unsafe": "10.0.0.1"}`` for ``10.0.0.1``, and take half as long again.
    """

    def __init__(self) -> None:
        super().__init__()
        self._done: dict[int, t.Any] = {}

    def __missing__(self, text: str) -> str:
        """Mark every text but once."""
        marked = self[text] = _TRUST(text) if _NO_TEMPLATE(text) else text
        return marked

    def shared(self, value: t.Any) -> t.Any:
        """The value marked; the same object again for the same object, as most variables are the whole fleet's.

        The caller keeps the values, or another one might get the number of one that is gone.
        """
        known = id(value)
        if known not in self._done:
            self._done[known] = self._marked(value)
        return self._done[known]

    def _marked(self, value: t.Any) -> t.Any:
        kind = type(value)
        if kind is str:
            return self[value]
        if kind is dict:
            return {key: self._marked(item) for key, item in value.items()}
        if kind is list:
            return [self._marked(item) for item in value]
        return value


@contextlib.contextmanager
def _to_stay() -> t.Iterator[None]:
    """Tell Python's cyclic collector that what is made here stays until the end, so that it need not be walked.

    Otherwise it is, again and again, while it grows, and by all that Ansible does afterwards: a fifth of the time of
    ``ansible-inventory --list``; and a collection in a forked worker would copy every page that it is in.
    An inventory that is read anew (``meta: refresh_inventory``) lets go of the one before.
    """
    was_on = gc.isenabled()
    gc.unfreeze()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if was_on:
            gc.enable()


def _fresh(files: fleet_files.Files, digest: str) -> Answer:
    fleet = files.load()
    return Answer(digest, fleet.hosts, [str(warning) for warning in fleet.warnings])

# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: netbox
short_description: The nodes and routers of an IMRS fleet, from NetBox
version_added: 0.2.0
author:
  - The icann.imrs authors (@icann)
description:
  - Runs the inventory plugin P(netbox.netbox.nb_inventory#inventory), makes a site sheet of what it says of each site,
    and holds the sheets against the same schema and rules as P(icann.imrs.sites#inventory) does its files.
  - Sets the same variables and groups. What NetBox says beside that, such as contacts, does not enter the inventory.
  - One wrong site leaves the inventory empty.
  - Which field of NetBox becomes what is in C(docs/netbox.md).
  - The name of the configuration file must end in C(netbox.yml).
notes:
  - When a site is wrong, or NetBox cannot be reached, the playbooks of this collection refuse to run. For playbooks of
    your own, set C(any_unparsed_is_failed = true) in the section C([inventory]) of C(ansible.cfg).
extends_documentation_fragment:
  - ansible.builtin.constructed
requirements:
  - Python 3.11 or newer on the controller
  - The collection netbox.netbox, and with it pytz and packaging
  - PyYAML
  - cryptography, for masters that hand out zones over TLS
  - jsonschema
  - netaddr
options:
  plugin:
    description: Marks the file as a configuration of this plugin.
    type: str
    required: true
    choices: [icann.imrs.netbox]
  fleet:
    description: The file of the fleet, relative to the configuration file.
    type: str
    default: fleet.yml
  netbox:
    description:
      - Options of P(netbox.netbox.nb_inventory#inventory) that say where NetBox is, and which devices count.
      - These may be set. C(api_endpoint), C(token), C(headers), C(validate_certs), C(ca_path), C(cert), C(key),
        C(follow_redirects), C(timeout), C(max_uri_length), C(fetch_all), C(query_filters), C(device_query_filters),
        C(cache), C(cache_plugin), C(cache_connection), C(cache_prefix), C(cache_timeout).
      - The environment variables of that plugin count too, such as E(NETBOX_API) and E(NETBOX_TOKEN).
    type: dict
    default: {}
  trust_anchor_file:
    description:
      - A file of DS records of the root zone. If set, it is used instead of the trust anchors that the fleet names.
      - In the configuration file, the path is relative to that file; in the environment, to the working directory.
    type: str
    env:
      - name: IMRS_TRUST_ANCHOR_FILE
"""

EXAMPLES = r"""
# inventories/netbox/netbox.yml; address and token are in NETBOX_API and NETBOX_TOKEN
plugin: icann.imrs.netbox
fleet: ../example/fleet.yml
netbox:
  fetch_all: false
  query_filters:
    - status: active
"""

import contextlib
import json
import os
import pathlib
import threading
import typing as t

from ansible.errors import AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.plugins.inventory import BaseInventoryPlugin
from ansible.plugins.loader import inventory_loader
from ansible_collections.icann.imrs.plugins.inventory import sites
from ansible_collections.icann.imrs.plugins.module_utils._site import anchors, document, fleet, netbox
from ansible_collections.icann.imrs.plugins.module_utils._site.errors import Problem
from ansible_collections.icann.imrs.plugins.plugin_utils import fleet_files

SOURCE = "netbox.netbox.nb_inventory"
NO_SITES = os.devnull
"""Never a directory: there are no sheets in files."""
SETTABLE = (
    *("api_endpoint", "token", "headers", "validate_certs", "ca_path", "cert", "key", "follow_redirects", "timeout"),
    *("max_uri_length", "fetch_all", "query_filters", "device_query_filters"),
    *("cache", "cache_plugin", "cache_connection", "cache_prefix", "cache_timeout"),
)
FIXED = {
    "plurals": False,
    "interfaces": True,
    "site_data": True,
    "config_context": True,
    "services": False,
    "racks": False,
}
"""What the mapping relies on; see netbox.Device."""
NEEDED = ("status", "schema", "dcim/devices", "dcim/sites", "dcim/regions", "dcim/device-roles", "dcim/device-types",
          "dcim/interfaces", "ipam/ip-addresses")  # fmt: skip
"""Parts of the API without which a site cannot be read."""


class InventoryModule(sites.InventoryModule):
    """The plugin of the sheets, with NetBox in place of their files."""

    NAME = "icann.imrs.netbox"
    OWN = ("fleet",)

    def verify_file(self, path: str) -> bool:
        """Only files called ``…netbox.yml``."""
        return bool(BaseInventoryPlugin.verify_file(self, path)) and path.endswith("netbox.yml")

    def _answer(self, config: pathlib.Path, *, cached: bool) -> sites.Answer:
        """What NetBox and the fleet's file come to. NetBox's answers are cached by the source, if it is told to."""
        devices, problems = self._devices(str(config), cached)
        found = netbox.sheets(devices)
        files = fleet_files.gather(config, self.get_option("fleet"), NO_SITES, self._trust_anchor_file())
        problems += [*found.problems, *(problem for problem in files.problems if problem.file != NO_SITES)]
        trusted = anchors.parse(*files.anchors) if files.anchors else None
        if trusted is None and any(problem.field == "trust_anchor_file" for problem in problems):
            trusted = anchors.Anchors(())
        loaded = fleet.load(document.parse(*files.fleet), found.documents, trusted, problems, files.today)
        return sites.Answer("", loaded.hosts, [str(warning) for warning in loaded.warnings])

    def _devices(self, path: str, cache: bool) -> tuple[dict[str, t.Any], list[Problem]]:
        """What NetBox says of each device, as plain data, and names that cannot be told apart."""
        options = self.get_option("netbox")
        unknown = sorted(set(options) - set(SETTABLE))
        if unknown:
            raise AnsibleParserError(
                f"{os.path.basename(path)}: netbox: unknown options {', '.join(unknown)}; "
                f"the options are {', '.join(SETTABLE)}"
            )
        for name in ("query_filters", "device_query_filters"):
            given = options.get(name, [])
            if not isinstance(given, list) or not all(isinstance(item, dict) and len(item) == 1 for item in given):
                raise AnsibleParserError(
                    f"{os.path.basename(path)}: netbox: {name} is no list of single filters, such as '- status: active'"
                )
        source = inventory_loader.get(SOURCE)
        if source is None:
            raise AnsibleParserError(
                f"{self.NAME} needs the collection netbox.netbox; "
                "install with: ansible-galaxy collection install netbox.netbox"
            )
        where = options.get("api_endpoint") or os.environ.get("NETBOX_API")
        if not where:
            raise AnsibleParserError("the address of NetBox is missing; set NETBOX_API, or netbox.api_endpoint")
        roles = [{"role": netbox.NODE_ROLE}, {"role": netbox.ROUTER_ROLE}]
        filters = [*roles, *options.get("query_filters", ())]
        source.display = listener = _Listener(source.display)
        scratch = _Scratch()
        config = {**options, **FIXED, "plugin": SOURCE, "query_filters": filters}
        try:
            with _quiet_threads():
                source.parse(scratch, _Loader(self.loader, config), path, cache)
            if config.get("cache"):
                source.update_cache_if_changed()
        except Exception as error:  # noqa: BLE001 - whatever it stumbles over, the operator gets a sentence
            raise AnsibleParserError(listener.wrong() or _sentence(error, where)) from None
        if listener.wrong():
            raise AnsibleParserError(listener.wrong())
        problems = [
            Problem(f"netbox: device {name}", 0, "Name", "is the name of two devices; give each its own")
            for name in sorted(scratch.twice)
        ]
        if not scratch.hosts:
            wrong = f"has no device with the role {netbox.NODE_ROLE} that matches query_filters and may be viewed"
            problems.append(Problem("netbox", 0, "", wrong))
        return json.loads(json.dumps({name: host.vars for name, host in scratch.hosts.items()})), problems


class _Scratch(InventoryData):
    """Takes what the source adds; nothing of it gets into the inventory by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.twice: set[str] = set()

    def add_host(self, host: str, group: str | None = None, port: int | str | None = None) -> str:
        """Add a host, and notice one that is there already: NetBox allows the same name at two sites."""
        if host in self.hosts:
            self.twice.add(host)
        return str(super().add_host(host, group, port))


class _Loader:
    """Gives the source its configuration, which is part of ours, and is the usual loader in all else."""

    def __init__(self, loader: t.Any, config: dict[str, t.Any]) -> None:
        self._loader, self._config = loader, config

    def load_from_file(self, *_arguments: t.Any, **_keywords: t.Any) -> dict[str, t.Any]:
        """The configuration of the source; it reads no other file."""
        return self._config

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._loader, name)


class _Listener:
    """The display of the source, which goes on after a refusal or a wrong filter, and only tells the operator so."""

    def __init__(self, display: t.Any) -> None:
        self._display = display
        self._refused: list[str] = []
        self._filters: list[str] = []

    def display(self, message: str, **keywords: t.Any) -> None:
        """Keep a refusal, pass on anything else."""
        if message.startswith("Permission denied: "):
            self._refused.append(message.removeprefix("Permission denied: ").partition("?")[0].split(". ")[0])
        else:
            self._display.display(message, **keywords)

    def warning(self, msg: str, **keywords: t.Any) -> None:
        """Keep a filter that would be left out, and so let devices in; pass on anything else."""
        name, found, _known = msg.partition(" not in [")
        if found:
            self._filters.append(name.removeprefix("Warning: "))
        else:
            self._display.warning(msg, **keywords)

    def wrong(self) -> str:
        """What to say of all that, or nothing. What nobody needs may be refused."""
        if self._filters:
            names = ", ".join(sorted(set(self._filters)))
            return f"query_filters: {names} cannot be asked for; what only devices have goes to device_query_filters"
        needed = sorted({url for url in self._refused if url.partition("/api/")[2].strip("/") in NEEDED})
        if needed:
            return f"NetBox refuses {', '.join(needed)} (403); the token (NETBOX_TOKEN) is wrong, or may not view this"
        return ""

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._display, name)


@contextlib.contextmanager
def _quiet_threads() -> t.Iterator[None]:
    """The source raises again what its threads raised, so their tracebacks say nothing more."""
    hook, threading.excepthook = threading.excepthook, lambda _arguments: None
    try:
        yield
    finally:
        threading.excepthook = hook


def _sentence(error: Exception, where: str) -> str:
    """What went wrong, on one line."""
    reason = " ".join(str(getattr(error, "reason", "") or error).split())[:300]
    if isinstance(error, OSError):
        return f"NetBox at {where} cannot be reached: {reason}"
    return f"NetBox at {where} could not be read: {reason}"

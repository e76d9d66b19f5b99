# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What playbooks of their own have left on the controller of what they tried on a node, beside its reports."""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import typing as t

from ansible_collections.icann.imrs.plugins.module_utils import _reports as reports
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.attested import Tried
from ansible_collections.icann.imrs.plugins.plugin_utils import hold

DRILL, LOAD = "drill", "load"
"""Playbooks that leave a record: ``drill.json`` for programs, ``drill.txt`` for people."""
FORMAT = 1
_STATUS = ("pass", "fail", "error", "skipped")


def directory(variables: t.Mapping[str, t.Any]) -> str:
    """Where the reports of a host are, from its variables."""
    usual = f"{variables.get('inventory_dir')}/reports/{variables.get('inventory_hostname')}"
    return str(variables.get("acceptance_report_directory") or usual)


def about(expected: t.Mapping[str, t.Any], fingerprint: str = "") -> dict[str, t.Any]:
    """The head of a record that ends now: of which node, with which daemons and configuration, and by whom."""
    return {
        "format": FORMAT,
        "node": str(expected["node_name"]).rstrip("."),
        "daemons": [expected["nameserver_provider"], expected["routing_provider"]],
        "serial": machine(expected),
        "when": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "by": hold.whoever(),
        "fingerprint": fingerprint,
    }


def machine(expected: t.Mapping[str, t.Any]) -> str:
    """The serial number of the machine; another one has proven nothing."""
    return str((expected.get("hardware") or {}).get("serial") or "")


def write(folder: str, name: str, record: t.Mapping[str, t.Any], table: str) -> list[str]:
    """The paths of a record and its table, in place of older ones. Raises OSError."""
    texts = {f"{name}.json": json.dumps(record, indent=2) + "\n", f"{name}.txt": f"{table}\n"}
    return reports.write(folder, texts, os.replace)


def read(folder: str | None, node: str, daemons: t.Sequence[str], serial: str = "") -> dict[str, Tried]:
    """What was tried, by check. What is no record of this node, on the machine of that serial number and with these
    daemons, counts for nothing.
    """
    of = (FORMAT, node, list(daemons), serial)
    found: dict[str, Tried] = {}
    for name in (DRILL, LOAD) if folder else ():
        try:
            record = json.loads((pathlib.Path(str(folder)) / f"{name}.json").read_text(encoding="utf-8"))
            if (record["format"], record["node"], record["daemons"], record["serial"]) != of:
                continue
            when, by = str(record["when"]), str(record["by"])
            found |= {
                str(each["id"]): Tried(str(each["status"]), str(each["message"]), when, by)
                for each in record["results"]
                if each["status"] in _STATUS
            }
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return found

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories of the bench: the lab's own fleet in a directory apart, and fleets of many such appliances."""

from __future__ import annotations

import copy
import pathlib
import shutil
import typing as t

import measure
import yaml
from imrslab import shell, topology

SOURCE = measure.ROOT / "inventories/lab"


def place(lab: topology.Lab, directory: pathlib.Path) -> pathlib.Path:
    """A copy of the lab's inventory."""
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(lab.inventory, directory)
    return directory


def node(number: int) -> str:
    """Name of an appliance: aaa01, aab01, …"""
    return f"{site(number)}01"


def site(number: int) -> str:
    """Name of its site, which is the airport's code."""
    return f"x{chr(97 + number // 26)}{chr(97 + number % 26)}"


def machine(number: int) -> topology.Machine:
    """The machine of an appliance: a management address; the uplink's are for us to set."""
    management = topology.Link("mgmt", "br-mgmt", (f"198.51.100.{101 + number}/24",))
    return topology.Machine(node(number), "base", (management, topology.Link("uplink", "br-uplink", ())))


def sheet(number: int) -> tuple[str, dict[str, str]]:
    """A site like the lab's, with addresses of its own, and the vault variables that it names."""
    text: dict[str, t.Any] = yaml.safe_load((SOURCE / "sites/xlb.yml").read_text(encoding="utf-8"))
    own, secrets = copy.deepcopy(text), {}
    own["site"] = own["location"]["iata"] = site(number)
    uplinks = (f"198.18.{number}.1", f"2001:db8:1:{number:x}::1"), (f"198.18.{number}.2", f"2001:db8:1:{number:x}::2")
    its = own["nodes"][0]
    its |= {"node": node(number), "serial": f"LAB-1{number:03}"}
    its["uplink"] |= {"addresses": [f"{uplinks[1][0]}/30", f"{uplinks[1][1]}/64"], "gateways": list(uplinks[0])}
    its["management"]["addresses"] = list(machine(number).links[0].addresses)
    for key in its["tsig"]:
        key |= {
            "name": f"{node(number)}-{key['master']}.lab.example.",
            "secret": f"vault_tsig_{node(number)}_{key['master']}",
        }
        secrets[key["secret"]] = f"{{{{ vault_tsig_xlb01_{key['master']} }}}}"
    own["peers"][0] |= {"addresses": list(uplinks[0]), "md5": f"vault_bgp_{site(number)}"}
    secrets[f"vault_bgp_{site(number)}"] = "{{ vault_bgp_xlb }}"
    return yaml.safe_dump(own, sort_keys=False), secrets


def many(lab: topology.Lab, directory: pathlib.Path, count: int) -> pathlib.Path:
    """An inventory of so many appliances, beside each other on the lab's uplink bridge."""
    place(lab, directory)
    (directory / "sites/xlb.yml").unlink()
    secrets: dict[str, str] = {}
    for number in range(count):
        text, named = sheet(number)
        secrets |= named
        shell.write(directory / f"sites/{site(number)}.yml", text)
    shell.write(directory / "group_vars/all/zz_secrets.yml", yaml.safe_dump(secrets))
    return directory

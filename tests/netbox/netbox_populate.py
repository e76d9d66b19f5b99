#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write site sheets into an empty NetBox, as docs/netbox.md says; so its answers can be recorded.

``netbox_populate.py 127.0.0.1:8000 <token> <sheet>...``. The token must be allowed to write. Beside what the sheets
say, the NetBox gets what a real one has too: switches, contacts, other config contexts, addresses that are not for us.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import pathlib
import sys
import typing as t

from ansible_collections.icann.imrs.plugins.module_utils._site import document
from ansible_collections.icann.imrs.plugins.module_utils._site.regions import REGION_OF

OF_THE_SITE = ("mode", "language", "vantage", "looking_glass", "peers", "onboarding", "maintenance", "decommissioned")
Record = dict[str, t.Any]


class NetBox:
    """The few calls of its REST API that are needed."""

    def __init__(self, address: str, token: str) -> None:
        self._connection = http.client.HTTPConnection(address, timeout=60)
        self._headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}

    def _call(self, method: str, path: str, fields: Record) -> Record:
        self._connection.request(method, f"/api/{path}/", json.dumps(fields), self._headers)
        answer = self._connection.getresponse()
        text = answer.read().decode()
        if answer.status >= 300:
            sys.exit(f"{method} {path} {fields}: {answer.status} {text[:1000]}")
        found: Record = json.loads(text)
        return found

    def add(self, path: str, **fields: t.Any) -> int:
        """Create an object; its id."""
        number: int = self._call("POST", path, fields)["id"]
        return number

    def change(self, path: str, number: int, **fields: t.Any) -> None:
        """Set some of an object's fields."""
        self._call("PATCH", f"{path}/{number}", fields)


def slug(name: str) -> str:
    """As NetBox makes it from a name."""
    return "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in name.lower())


def without(record: Record, *keys: str) -> Record:
    """A copy without some keys."""
    return {key: value for key, value in record.items() if key not in keys}


def status(sheet: Record) -> str:
    """Of the site, as NetBox calls it."""
    if "decommissioned" in sheet:
        return "retired"
    return "active" if "notify" in sheet["onboarding"]["steps"] else "planned"


class Fleet:
    """What the sites share, and then site after site."""

    def __init__(self, netbox: NetBox) -> None:
        self.netbox = add = netbox
        self.rir = add.add("ipam/rirs", name="Documentation", slug="documentation")
        self.asn = add.add("ipam/asns", asn=20144, rir=self.rir)
        maker = add.add("dcim/manufacturers", name="Example Hardware", slug="example-hardware")
        self.types = {
            name: add.add("dcim/device-types", manufacturer=maker, model=name.title(), slug=name)
            for name in ("calypso", "pandora", "cluster_server", "edge_router", "switch")
        }
        self.roles = {
            name: add.add("dcim/device-roles", name=name, slug=name, color="2196f3")
            for name in ("imrs-node", "imrs-router", "access-switch")
        }
        self.regions: dict[str, int] = {}

    def site(self, sheet: Record) -> None:
        """One sheet."""
        add = self.netbox.add
        code, country = sheet["site"], sheet["location"]["country"]
        tenant = add("tenancy/tenants", name=sheet["host"]["name"], slug=slug(sheet["host"]["name"]))
        latitude, longitude = sheet["location"]["coordinates"].split(", ")
        site = add(
            "dcim/sites",
            name=sheet["location"]["city"],
            slug=code,
            status=status(sheet),
            region=self._region(country.lower(), self._region(REGION_OF[country])),
            tenant=tenant,
            asns=[self.asn],
            latitude=float(latitude),
            longitude=float(longitude),
            time_zone=sheet["location"].get("time_zone"),
        )
        contact = add("tenancy/contacts", name=f"NOC of {sheet['host']['name']}", email="noc@secret.example")
        role = add("tenancy/contact-roles", name=f"NOC {code}", slug=f"noc-{code}")
        add("tenancy/contact-assignments", object_type="dcim.site", object_id=site, contact=contact, role=role)
        imrs = {key: sheet[key] for key in OF_THE_SITE if key in sheet} | {"host": without(sheet["host"], "name")}
        if not sheet["operational"] and "decommissioned" not in sheet:
            imrs["operational"] = False
        if "cluster" in sheet:
            imrs["cluster"] = without(sheet["cluster"], "routers")
        add("extras/config-contexts", name=f"IMRS {code}", sites=[site], data={"imrs": imrs})
        add("extras/config-contexts", name=f"NTP {code}", sites=[site], data={"ntp": {"servers": ["203.0.113.123"]}})
        for node in sheet["nodes"]:
            self._node(site, node, status(sheet))
        for router in sheet.get("cluster", {}).get("routers", ()):
            self._router(site, router, sheet["nodes"][0]["uplink"]["addresses"])
        self._device(site, f"{code}-sw1", "access-switch", "switch")

    def _region(self, name: str, parent: int | None = None) -> int:
        if name not in self.regions:
            slug_ = slug(name)
            self.regions[name] = self.netbox.add("dcim/regions", name=name.title(), slug=slug_, parent=parent)
        return self.regions[name]

    def _device(self, site: int, name: str, role: str, kind: str, **more: t.Any) -> int:
        return self.netbox.add(
            "dcim/devices", name=name, site=site, role=self.roles[role], device_type=self.types[kind], **more
        )

    def _port(self, device: int, name: str, kind: str = "1000base-t", **more: t.Any) -> int:
        return self.netbox.add("dcim/interfaces", device=device, name=name, type=kind, **more)

    def _addresses(self, port: int, addresses: t.Iterable[str], **more: t.Any) -> list[int]:
        place = {"assigned_object_type": "dcim.interface", "assigned_object_id": port}
        # Newest first: NetBox has an order of its own.
        return [
            self.netbox.add("ipam/ip-addresses", address=text, **place, **more) for text in reversed(list(addresses))
        ][::-1]

    def _node(self, site: int, node: Record, status_: str) -> None:
        uplink, management = node["uplink"], node["management"]
        local = {key: node[key] for key in ("nameserver", "routing", "tsig")}
        local["uplink"] = {"gateways": uplink["gateways"]}
        if "bond" in uplink:
            local["uplink"]["bond"] = {"mode": uplink["bond"]["mode"]}
        device = self._device(
            site, node["node"], "imrs-node", node["profile"],
            serial=node["serial"], status="planned" if status_ == "planned" else "active",
            local_context_data={"imrs_node": local},
        )  # fmt: skip
        bond = self._port(device, uplink["interface"], "lag") if "bond" in uplink else None
        for name in uplink.get("bond", {}).get("members", ()):
            self._port(device, name, lag=bond)
        port = bond or self._port(device, uplink["interface"])
        if "vlan" in uplink:
            vlan = self.netbox.add("ipam/vlans", vid=uplink["vlan"], name=f"Service {node['node']}", site=site)
            port = self._port(
                device, f"vlan{uplink['vlan']}", "virtual",
                parent=port, mode="access", untagged_vlan=vlan, mtu=uplink["mtu"],
            )  # fmt: skip
        else:
            self.netbox.change("dcim/interfaces", port, mtu=uplink["mtu"])
        self._addresses(port, uplink["addresses"])
        self._addresses(port, ["192.0.2.254/32"] if node["node"] == "acc01" else (), status="deprecated")
        self._addresses(self._port(device, "lo", "virtual"), ["199.7.83.42/32"], role="anycast")
        self._port(device, "eno4", enabled=False)
        desk = self._port(device, management["interface"])
        primary = self._addresses(desk, management["addresses"])
        self.netbox.change("dcim/devices", device, primary_ip4=primary[0])
        if "bmc" in node:
            bmc = self._addresses(self._port(device, "iDRAC", mgmt_only=True), [f"{node['bmc']}/24"])
            self.netbox.change("dcim/devices", device, oob_ip=bmc[0])

    def _router(self, site: int, router: Record, links: list[str]) -> None:
        local = {"imrs_router": {"md5": router["md5"]}}
        device = self._device(site, router["router"], "imrs-router", "edge_router", local_context_data=local)
        lengths = {ipaddress.ip_interface(text).version: text.partition("/")[2] for text in links}
        inner = [f"{text}/{lengths[ipaddress.ip_address(text).version]}" for text in router["addresses"]]
        pairs = [router["uplink"][at : at + 2] for at in range(0, len(router["uplink"]), 2)]
        first, *_more = [self._addresses(self._port(device, f"xe-0/0/{at}"), pair) for at, pair in enumerate(pairs)]
        self._addresses(self._port(device, "irb.0", "virtual"), inner)
        self._addresses(self._port(device, "lo0", "virtual"), [f"198.51.100.{100 + device}/32"], role="loopback")
        self._addresses(self._port(device, "fxp0", mgmt_only=True), [f"10.146.0.{device}/24"])
        self.netbox.change("dcim/devices", device, primary_ip4=first[0])


def main(address: str, token: str, *sheets: str) -> None:
    """Everything."""
    fleet = Fleet(NetBox(address, token))
    for sheet in sheets:
        fleet.site(document.parse(sheet, pathlib.Path(sheet).read_bytes()).data or {})


if __name__ == "__main__":
    main(*sys.argv[1:])

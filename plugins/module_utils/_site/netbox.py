# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""NetBox's objects to site sheets: docs/netbox.md as code.

What NetBox has a field for comes from that field. The rest comes from config contexts, in the sheet's own words, under
``imrs`` (the site), ``imrs_node`` and ``imrs_router`` (a device). Nothing is judged here that a sheet's schema and
rules judge: the result goes through both, and the problems they find name NetBox's objects and fields.
"""

from __future__ import annotations

import copy
import dataclasses
import ipaddress
import typing as t

from . import onboarding
from .document import Document, Path, spell
from .errors import Problem

NODE_ROLE = "imrs-node"
"""Slug of the device role of an appliance."""
ROUTER_ROLE = "imrs-router"
"""Slug of the device role of a cluster's own router."""

Device = t.Mapping[str, t.Any]
"""What netbox.netbox.nb_inventory says of one device, with ``plurals: false``, ``interfaces``, ``site_data`` and
``config_context``."""

_OVER = {"decommissioning", "retired"}
"""Statuses of a site that is no longer part of the service."""
_OWN_ROLES = {None, "secondary"}
"""Roles of the addresses that are a machine's own; anycast, loopback, VIP … are not what a sheet lists."""


class Origin(t.NamedTuple):
    """Where NetBox shows a value."""

    thing: str
    """Such as ``device nbo01``."""
    field: str
    """Such as ``Serial number``."""


@dataclasses.dataclass(frozen=True)
class Sheet(Document):
    """A sheet that was read from NetBox: its problems name objects and fields, not lines."""

    origins: t.Mapping[Path, Origin] = dataclasses.field(default_factory=dict)
    """The origin of a path, and of all below it that have none of their own. Has the empty path."""

    def problem(self, path: Path, message: str) -> Problem:
        """A problem with the value at ``path``."""
        known = path
        while known not in self.origins:
            known = known[:-1]
        origin = self.origins[known]
        return _problem(origin, message, path[len(known) :])


class Sheets(t.NamedTuple):
    """All that NetBox says of the fleet's sites."""

    documents: list[Sheet]
    """The sheets of the sites that have no problem."""
    problems: list[Problem]
    """Where no sheet can be made: a site's own problems would only follow from these."""


def sheets(devices: t.Mapping[str, Device]) -> Sheets:
    """The sheets of all sites of these devices, sorted by the site's slug."""
    problems: list[Problem] = []
    sites: dict[str, dict[str, Device]] = {}
    for name in sorted(devices):
        here = Origin(f"device {name}", "")
        slug = _in(devices[name], "site", "slug")
        if devices[name].get("is_virtual"):
            problems.append(_problem(here, "is a virtual machine; an instance is made of devices"))
        elif devices[name].get("role") not in (NODE_ROLE, ROUTER_ROLE):
            problems.append(_problem(here, f"has neither the role {NODE_ROLE} nor {ROUTER_ROLE}; exclude it"))
        elif slug is None:
            problems.append(_problem(here._replace(field="Site"), "cannot be seen; the token must be able to view it"))
        else:
            sites.setdefault(slug, {})[name] = devices[name]
    documents = []
    for slug, machines in sorted(sites.items()):
        draft = _Draft(slug, machines)
        if draft.context_is_there():
            draft.fill()
        if draft.problems:
            problems += draft.problems
        else:
            documents.append(draft.sheet())
    return Sheets(documents, problems)


class _Draft:
    """One sheet in the making."""

    def __init__(self, slug: str, machines: t.Mapping[str, Device]) -> None:
        self._site = Origin(f"site {slug}", "")
        self._object: Device = next(iter(machines.values()))["site"]
        self._regions: t.Sequence[str] = next(iter(machines.values())).get("regions") or ()
        self._contexts = {name: _in(machine, "config_context", "imrs") for name, machine in machines.items()}
        self._nodes = {name: found for name, found in machines.items() if found["role"] == NODE_ROLE}
        self._routers = {name: found for name, found in machines.items() if found["role"] == ROUTER_ROLE}
        self.problems: list[Problem] = []
        self._data: dict[str, t.Any] = {}
        self._origins: dict[Path, Origin] = {(): self._site._replace(field="Config context: imrs")}

    def sheet(self) -> Sheet:
        """What has come together."""
        return Sheet(f"netbox: {self._site.thing}", self._data, origins=self._origins)

    def context_is_there(self) -> bool:
        """Whether the site's part is a mapping, and the same for every device of the site."""
        (first, context), *others = self._contexts.items()
        differing = [name for name, other in others if other != context]
        if differing:
            wrong = f"is not the same for {first} and {differing[0]}; assign it to the site, and to nothing less"
        elif isinstance(context, dict):
            self._data = copy.deepcopy(context)
            return True
        else:
            is_missing = "is missing" if context is None else "is no mapping"
            wrong = f"{is_missing}; assign to the site a config context with what NetBox has no field for"
        self.problems.append(_problem(self._origins[()], wrong))
        return False

    def fill(self) -> None:
        """Lay NetBox's own fields over the context."""
        over = _in(self._object, "status", "value") in _OVER
        asns = [item.get("asn") for item in self._object.get("asns") or ()]
        if len(asns) > 1:
            self._wrong("ASNs", f"has {len(asns)} AS numbers; keep the one of the instance")
        self._put(("site",), self._object["slug"], "Slug")
        self._put(("kind",), "cluster" if self._routers or "cluster" in self._data else "single", "Devices")
        if over:
            self._put(("operational",), False, "Status")
        else:
            self._data.setdefault("operational", True)
        self._put(("asn",), asns[0] if asns else None, "ASNs")
        self._put(("host", "name"), _in(self._object, "tenant", "name"), "Tenant")
        location = self._data.setdefault("location", {})
        for key, value, field in (("iata", self._object["slug"], "Slug"), ("city", self._object.get("name"), "Name")):
            if not (isinstance(location, dict) and key in location):
                self._put(("location", key), value, f"{field}, or config context: imrs.location.{key}")
        country = next((slug.upper() for slug in self._regions if len(slug) == 2), None)
        self._put(("location", "country"), country, "Region")
        self._put(("location", "coordinates"), self._coordinates(), "Latitude and longitude")
        self._put(("location", "time_zone"), self._object.get("time_zone"), "Time zone")
        self._put(("nodes",), [self._local(name, node, "imrs_node") for name, node in self._nodes.items()], "Devices")
        for index, (name, node) in enumerate(self._nodes.items()):
            self._node(("nodes", index), name, node)
        if "cluster" in self._data or self._routers:
            self._cluster()
        self._order_steps()

    def _coordinates(self) -> str | None:
        numbers = (self._object.get("latitude"), self._object.get("longitude"))
        if None in numbers:
            return None
        return ", ".join(f"{float(number):.6f}".rstrip("0").rstrip(".") for number in numbers if number is not None)

    def _node(self, path: Path, name: str, node: Device) -> None:
        here = f"device {name}"
        self._origins[path] = Origin(here, "Config context: imrs_node")
        self._put((*path, "node"), name, "Name", here)
        self._put((*path, "profile"), node.get("device_type"), "Device type (slug)", here)
        self._put((*path, "serial"), node.get("serial") or None, "Serial number", here)
        self._put((*path, "bmc"), node.get("oob_ip"), "Out-of-band IP", here)
        ports = _Ports(node)
        sides = self._sides(here, node, ports)
        if sides:
            management, uplink = sides
            field = f"Interface {management.name}, "
            self._put((*path, "management", "interface"), management.name, field + "Name", here)
            self._put((*path, "management", "addresses"), management.addresses, field + "IP addresses", here)
            self._uplink((*path, "uplink"), here, ports, uplink)

    def _sides(self, here: str, node: Device, ports: _Ports) -> tuple[_Port, _Port] | None:
        """The interfaces towards operators and host: the one that has the primary IP, and the one that is left."""
        primary = {node.get("primary_ip4"), node.get("primary_ip6")} - {None}
        out_of_band: t.Any = node.get("oob_ip")
        management = [port for port in ports.addressed if primary & {_host(text) for text in port.addresses}]
        others = [
            port
            for port in ports.addressed
            if port not in management and not port.mgmt_only and out_of_band not in map(_host, port.addresses)
        ]
        wrong = ""
        if not management:
            field, wrong = "Primary IPv4", "is missing, or on no enabled interface; management is where it is"
        elif len(management) > 1:
            field, wrong = "Interfaces", f"{_names(management)} have primary IP addresses; only one interface can"
        elif not others:
            field, wrong = (
                "Interfaces",
                "none is left for the uplink: it has addresses, but no primary or out-of-band IP",
            )
        elif len(others) > 1:
            field, wrong = "Interfaces", f"{_names(others)} have addresses of an uplink; only one interface can"
        if wrong:
            self._wrong(field, wrong, here)
            return None
        return management[0], others[0]

    def _uplink(self, path: Path, here: str, ports: _Ports, port: _Port) -> None:
        field = f"Interface {port.name}, "
        base = ports.by_name.get(port.parent or "", port)
        self._put((*path, "interface"), base.name, field + "Name", here)
        self._put((*path, "addresses"), port.addresses, field + "IP addresses", here)
        self._put((*path, "mtu"), port.mtu, field + "MTU", here)
        if base is not port:
            self._put((*path, "vlan"), port.vlan, field + "Untagged VLAN", here)
            if port.vlan is None:
                self._wrong(field + "Untagged VLAN", f"is missing; give the VLAN that is tagged on {base.name}", here)
        elif port.tagged:
            wrong = f"are beside addresses; give the VLAN an interface of its own (type virtual, parent {port.name})"
            self._wrong(field + "Tagged VLANs", wrong, here)
        if base.is_lag:
            members = [other.name for other in ports.by_name.values() if other.lag == base.name]
            self._put((*path, "bond", "members"), members, f"Interface {base.name}, LAG members", here)

    def _cluster(self) -> None:
        routers = [self._local(name, router, "imrs_router") for name, router in self._routers.items()]
        self._put(("cluster", "routers"), routers, "Devices")
        links = {
            _network(text)
            for node in self._data["nodes"]
            for text in _in(node, "uplink", "addresses") or ()
            if isinstance(text, str)
        } - {None}
        for index, (name, router) in enumerate(self._routers.items()):
            path: Path = ("cluster", "routers", index)
            here = f"device {name}"
            self._origins[path] = Origin(here, "Config context: imrs_router")
            ports = [port for port in _Ports(router).addressed if not port.mgmt_only]
            if isinstance(routers[index].get("machine"), dict):
                ports = self._machine((*path, "machine"), here, router, links)
            found = [text for port in ports for text in port.addresses]
            inner = [text for text in found if _network(text) in links]
            outer = [text for text in found if _network(text) not in links]
            self._put((*path, "router"), name, "Name", here)
            self._put((*path, "addresses"), [_host(text) for text in inner] or None, "IP addresses to the nodes", here)
            self._put((*path, "uplink"), outer or None, "IP addresses to host and transits", here)

    def _machine(self, path: Path, here: str, router: Device, links: t.Collection[object]) -> list[_Port]:
        """What NetBox has a field for of a router that is ours to provision; its ports but for management."""
        self._put((*path, "profile"), router.get("device_type"), "Device type (slug)", here)
        self._put((*path, "serial"), router.get("serial") or None, "Serial number", here)
        primary = {router.get("primary_ip4"), router.get("primary_ip6")} - {None}
        addressed = _Ports(router).addressed
        management = [port for port in addressed if primary & {_host(text) for text in port.addresses}]
        others = [port for port in addressed if port not in management and not port.mgmt_only]
        inner = [port for port in others if any(_network(text) in links for text in port.addresses)]
        outer = [port for port in others if port not in inner]
        for what, found in (("management", management), ("the nodes", inner), ("the uplink", outer)):
            if len(found) > 1:
                self._wrong("Interfaces", f"{_names(found)} have addresses of {what}; only one interface can", here)
        port = management[0] if management else None
        self._put((*path, "management", "interface"), port and port.name, "Primary IPv4, its interface", here)
        self._put((*path, "management", "addresses"), port and port.addresses, "Primary IPv4, its interface", here)
        for side, found in (("nodes", inner), ("uplink", outer)):
            name = found[0].name if found else None
            self._put((*path, "interfaces", side), name, f"IP addresses, their interface ({side})", here)
        self._put((*path, "mtu"), outer[0].mtu if outer else None, "Interface of the uplink, MTU", here)
        return others

    def _local(self, name: str, machine: Device, key: str) -> dict[str, t.Any]:
        """A device's own part of its context."""
        found = _in(machine, "config_context", key)
        if found is not None and not isinstance(found, dict):
            self._wrong(f"Config context: {key}", "is no mapping", f"device {name}")
        return copy.deepcopy(found) if isinstance(found, dict) else {}

    def _put(self, path: Path, value: object, field: str, thing: str = "") -> None:
        """Set what NetBox has a field for. None stays out, and the schema then says that it is missing."""
        where: t.Any = self._data
        for step in path[:-1]:
            if isinstance(step, str) and not isinstance(where, dict):
                break
            where = where[step] if isinstance(step, int) else where.setdefault(step, {})
        if not isinstance(where, dict):
            return  # the context says something else here, and the schema will say that this is wrong
        if path[-1] in where:
            place = self.sheet().problem(path, f"belongs into NetBox's own field {field!r}; remove it here")
            self.problems.append(place)
        where.pop(path[-1], None)
        self._origins[path] = Origin(thing or self._site.thing, field)
        if value is not None:
            where[path[-1]] = value

    def _order_steps(self) -> None:
        """NetBox keeps no order of keys, so the order of the onboarding is put back; an unknown step stays last."""
        steps = _in(self._data, "onboarding", "steps")
        if isinstance(steps, dict):
            known = [step.key for step in onboarding.STEPS if step.key in steps]
            self._data["onboarding"]["steps"] = {
                key: steps[key] for key in [*known, *(key for key in steps if key not in known)]
            }

    def _wrong(self, field: str, message: str, thing: str = "") -> None:
        self.problems.append(_problem(Origin(thing or self._site.thing, field), message))


class _Port:
    """What counts of an interface."""

    def __init__(self, interface: t.Mapping[str, t.Any]) -> None:
        self.name: str = interface["name"]
        self.mgmt_only = bool(interface.get("mgmt_only"))
        self.mtu: int | None = interface.get("mtu")
        self.is_lag = _in(interface, "type", "value") == "lag"
        self.lag: str | None = _in(interface, "lag", "name")
        self.parent: str | None = _in(interface, "parent", "name")
        self.vlan: int | None = _in(interface, "untagged_vlan", "vid")
        self.tagged = bool(interface.get("tagged_vlans"))
        self.addresses = _sorted(
            item["address"]
            for item in interface.get("ip_addresses") or ()
            if _in(item, "status", "value") == "active" and _in(item, "role", "value") in _OWN_ROLES
        )


class _Ports:
    """The enabled interfaces of a device, in NetBox's order."""

    def __init__(self, machine: Device) -> None:
        ports = [_Port(interface) for interface in machine.get("interfaces") or () if interface.get("enabled")]
        self.by_name = {port.name: port for port in ports}
        self.addressed = [port for port in ports if port.addresses]


def _problem(origin: Origin, message: str, below: Path = ()) -> Problem:
    rest = spell(below)
    joint = "." if rest and not rest.startswith("[") else ""
    return Problem(f"netbox: {origin.thing}", 0, f"{origin.field}{joint}{rest}", message)


def _in(value: t.Any, *keys: str) -> t.Any:
    """What stands below these keys, or None."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def _names(ports: t.Iterable[_Port]) -> str:
    return " and ".join(port.name for port in ports)


def _host(text: str) -> str:
    return text.partition("/")[0]


def _network(text: str) -> object:
    return ipaddress.ip_interface(text).network


def _sorted(addresses: t.Iterable[str]) -> list[str]:
    """IPv4 before IPv6, as sheets have it; else in NetBox's order."""
    return sorted(addresses, key=lambda text: ":" in text)

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From site sheets to a lab: what it consists of, and the inventory that Ansible reads of it.

The sheets are read as the inventory plugin reads them, by the collection's own library; nothing else in the lab needs
that. What a lab cannot be is told with file, line, field and remedy, all of it at once.
"""

from __future__ import annotations

import collections
import dataclasses
import importlib
import ipaddress
import itertools
import json
import pathlib
import re
import shutil
import sys
import typing as t

from . import shell, topology

LIBRARY = "ansible_collections.icann.imrs.plugins.module_utils._site"
HOST_OF = {host.vantage: host for host in topology.HOSTS}
ANCHORS = re.compile(r"(?m)^trust_anchor_file:.*$")


def plan(sites: t.Sequence[str], source: pathlib.Path = topology.SOURCE) -> topology.Plan:
    """The lab of these sites (names of sheets in ``source``); LabError with everything that is wrong with them."""
    sites = tuple(dict.fromkeys(sites))
    anchors, document, errors, fleet = (_library(name) for name in ("anchors", "document", "errors", "fleet"))
    if missing := fleet.missing_libraries():
        raise shell.LabError(
            f"the sheets are read with {' and '.join(missing)}, and {sys.executable} has none: `tests/setup.sh live` "
            "puts them into .venv; then PATH=$PWD/.venv/bin:$PATH tests/lab/lab.py …"
        )
    names = sorted(path.stem for path in (source / "sites").glob("*.yml"))
    for site in sites:
        if site not in names:
            raise shell.LabError(f"{source}/sites/{site}.yml does not exist; there are sheets of {', '.join(names)}")
    whole = document.parse("fleet.yml", (source / "fleet.yml").read_bytes())
    sheets = [document.parse(f"sites/{site}.yml", (source / f"sites/{site}.yml").read_bytes()) for site in sites]
    try:
        hosts = fleet.load(whole, sheets, anchors.Anchors(())).hosts  # the lab's own anchor is made when it comes up
    except errors.SiteError as error:
        raise _refused(error) from None
    draft = _Draft()
    for sheet in sheets:
        draft.add(sheet, next(each for each in hosts.values() if each["imrs_site"] == sheet.data["site"]))
    draft.masters(whole, next(iter(hosts.values()))["imrs_masters"])
    if draft.problems:
        raise _refused(errors.SiteError(draft.problems))
    return draft.plan(sites)


def _refused(error: Exception) -> shell.LabError:
    return shell.LabError(f"no lab can be made of these sheets:\n{error}")


def _library(name: str) -> t.Any:
    """A part of the collection's library, which tests/setup.sh makes importable."""
    if (cache := str(topology.ROOT / ".cache")) not in sys.path:
        sys.path.append(cache)
    try:
        return importlib.import_module(f"{LIBRARY}.{name}")
    except ImportError as error:
        raise shell.LabError(f"{error}: run `tests/setup.sh live` first") from None


@dataclasses.dataclass
class _Uplink:
    """A network between appliances and their host's router."""

    router: str
    networks: list[t.Any]
    bridge: str
    interface: str
    """The router's."""
    addresses: dict[str, None]
    """The router's, in the order of the sheets."""

    def link(self) -> topology.Link:
        """The router's."""
        addresses = (_within(text, self.networks) for text in self.addresses)
        return topology.Link(self.interface, self.bridge, tuple(filter(None, addresses)))


class _Draft:
    """A lab that grows sheet by sheet, and what speaks against it."""

    def __init__(self) -> None:
        self.problems: list[t.Any] = []
        self._appliances: list[tuple[topology.Appliance, topology.Machine]] = []
        self._asns: dict[str, int] = {}
        self._uplinks: list[_Uplink] = []
        self._masters: list[topology.Machine] = []
        self._taken = {topology.MANAGEMENT_GATEWAY: "the lab itself"}
        for master in topology.MASTERS:
            self._take(master.number, master.name)
        for host in topology.HOSTS:
            self._take(host.number, host.router)
            self._take(host.vantage_number, host.vantage)

    def _take(self, number: int, name: str) -> None:
        self._taken[_bare(topology.management(number).addresses[0])] = name

    def add(self, sheet: t.Any, node: dict[str, t.Any]) -> None:
        """Take a sheet, and what the roles read of its (first) node."""

        def wrong(*place: str | int, because: str) -> None:
            self.problems.append(sheet.problem(place, because))

        if node["imrs_kind"] != "single":
            wrong("kind", because="the lab takes singles live, and has no routers of a cluster yet")
            return
        host = HOST_OF.get(node["imrs_vantage"])
        if not host:
            known = " and ".join(f"{each.vantage} (behind {each.router})" for each in topology.HOSTS)
            wrong("vantage", because=f"{node['imrs_vantage']} is no machine of the lab, which has {known}")
            return
        if node["imrs_looking_glass"] not in ("", host.router):
            glass = node["imrs_looking_glass"]
            wrong("looking_glass", because=f"{glass} is not the router before {host.vantage}: that is {host.router}")
        top: tuple[str | int, ...] = ("nodes", 0)
        for key in ("vlan", "bond"):
            if node["imrs_uplink"][key]:
                wrong(*top, "uplink", key, because="the lab's cables carry one untagged network; leave this out there")
        self._manage(sheet, node)
        uplink = self._uplink(sheet, node, host)
        sessions = self._sessions(sheet, node, uplink)
        appliance = topology.Appliance(
            name=node["imrs_node"],
            site=node["imrs_site"],
            router=host.router,
            vantage=host.vantage,
            uplink=tuple(sorted(map(_bare, node["imrs_uplink"]["addresses"]), key=lambda text: ":" in text)),
            keys=tuple(
                topology.Key(each["name"], key["name"], key["algorithm"], secret_file(key["secret_variable"]))
                for each in node["imrs_masters"]
                for key in [each["tsig"]]
            ),
            sessions=tuple(sessions),
        )
        management = node["imrs_management"]
        # It arrives bare: a management address and an SSH key, as an installer leaves it.
        links = (
            topology.Link(management["interface"], "br-mgmt", tuple(management["addresses"])),
            topology.Link(node["imrs_uplink"]["interface"], uplink.bridge, ()),
        )
        self._appliances.append((appliance, topology.Machine(appliance.name, "base", links)))

    def _manage(self, sheet: t.Any, node: dict[str, t.Any]) -> None:
        """Management addresses: the first is the one that operators come to."""
        for index, text in enumerate(node["imrs_management"]["addresses"]):
            address, place = ipaddress.ip_interface(text), ("nodes", 0, "management", "addresses", index)
            owner = self._taken.setdefault(str(address.ip), node["imrs_node"])
            if owner != node["imrs_node"]:
                self.problems.append(
                    sheet.problem(
                        place, f"{address.ip} is that of {owner} already; take another of {topology.MANAGEMENT}"
                    )
                )
            elif index == 0 and str(address.network) != topology.MANAGEMENT:
                self.problems.append(
                    sheet.problem(place, f"{text} is not in the lab's management network, {topology.MANAGEMENT}")
                )

    def _uplink(self, sheet: t.Any, node: dict[str, t.Any], host: topology.Host) -> _Uplink:
        """The network of a node's uplink; two nodes may be in the same."""
        networks = [ipaddress.ip_interface(text).network for text in node["imrs_uplink"]["addresses"]]
        there = (each for each in self._uplinks if each.router == host.router and each.networks == networks)
        if found := next(there, None):
            return found
        known = {topology.MANAGEMENT: "management", **dict.fromkeys(topology.MASTERS_NETWORK, "the masters' network")}
        for each in topology.HOSTS:
            known |= {str(ipaddress.ip_interface(text).network): f"that of {each.vantage}" for text in each.client}
        for uplink in self._uplinks:
            known |= {str(network): f"another uplink, to {uplink.router}" for network in uplink.networks}
        for (index, network), (text, what) in itertools.product(enumerate(networks), known.items()):
            if (other := ipaddress.ip_network(text)).version == network.version and network.overlaps(other):
                place = ("nodes", 0, "uplink", "addresses", index)
                self.problems.append(sheet.problem(place, f"overlaps with {text}, which is {what} in the lab"))
        number = len(self._uplinks) + 1
        of_router = sum(each.router == host.router for each in self._uplinks) + 1
        made = _Uplink(host.router, networks, f"br-uplink{_suffix(number)}", f"uplink{_suffix(of_router)}", {})
        self._uplinks.append(made)
        for gateway in node["imrs_uplink"]["gateways"]:
            made.addresses[gateway] = None
        return made

    def _sessions(self, sheet: t.Any, node: dict[str, t.Any], uplink: _Uplink) -> t.Iterator[topology.Session]:
        """The sessions of a node, and the router's addresses for them."""
        places = [
            (index, at) for index, peer in enumerate(sheet.data["peers"]) for at, _ in enumerate(peer["addresses"])
        ]
        ends: collections.Counter[str] = collections.Counter()
        for (index, at), peer in zip(places, node["imrs_peers"], strict=True):
            place: tuple[str | int, ...] = ("peers", index, "addresses", at)
            if not any(ipaddress.ip_address(peer["address"]) in network for network in uplink.networks):
                self.problems.append(
                    sheet.problem(place, f"{peer['address']} is not on the uplink, and the lab's routers all are")
                )
                continue
            known = self._asns.setdefault(uplink.router, peer["asn"])
            if known != peer["asn"]:
                others = ", ".join(each.vantage for each in topology.HOSTS if each.router != uplink.router)
                because = f"{uplink.router} is AS {known} already; another host's vantage is {others}"
                self.problems.append(sheet.problem(("peers", index, "asn"), f"{peer['asn']}: {because}"))
            ends[peer["local_address"]] += 1
            if ends[peer["local_address"]] == 2:
                self.problems.append(sheet.problem(place, "is a second router; a host has one in the lab"))
            uplink.addresses[peer["address"]] = None
            yield topology.Session(
                peer["local_address"], node["imrs_asn"], peer["hold_time"], peer["keepalive_time"], peer["bfd"],
                secret_file(peer["password_variable"]) if peer["password_variable"] else None,
            )  # fmt: skip

    def masters(self, fleet: t.Any, given: t.Sequence[dict[str, t.Any]]) -> None:
        """The masters that the fleet names, as the lab has them."""
        known = {each.name: each for each in topology.MASTERS}
        first = next((host for host in topology.HOSTS if host.router in self._asns), topology.HOSTS[0])
        for index, master in enumerate(given):
            if master["name"] not in known:
                place, has = ("masters", index, "name"), ", ".join(known)
                self.problems.append(
                    fleet.problem(place, f"{master['name']} is no machine of the lab, which has {has}")
                )
                continue
            addresses = [_within(text, topology.MASTERS_NETWORK) for text in master["addresses"]]
            if None in addresses:
                networks = " and ".join(topology.MASTERS_NETWORK)
                place = ("masters", index, "addresses")
                self.problems.append(fleet.problem(place, f"the lab's masters are in {networks}"))
                continue
            dist = topology.Link("dist", "br-dist", tuple(filter(None, addresses)), _all_bare(first.among_masters))
            own = known[master["name"]]
            links = (topology.management(own.number), dist)
            self._masters.append(topology.Machine(own.name, "lab", links, (own.service,)))

    def plan(self, sites: tuple[str, ...]) -> topology.Plan:
        """What it has come to."""
        machines = list(self._masters)
        for host in (each for each in topology.HOSTS if each.router in self._asns):
            uplinks = (each.link() for each in self._uplinks if each.router == host.router)
            client = topology.Link("client", host.bridge, host.towards_client)
            dist = topology.Link("dist", "br-dist", host.among_masters)
            links = (topology.management(host.number), *uplinks, client, dist)
            machines.append(topology.Machine(host.router, "lab", links, ("frr.service",)))
            behind = topology.Link("client", host.bridge, host.client, _all_bare(host.towards_client))
            machines.append(topology.Machine(host.vantage, "lab", (topology.management(host.vantage_number), behind)))
        return topology.Plan(
            sites=sites,
            machines=(*machines, *(machine for _, machine in self._appliances)),
            appliances=tuple(appliance for appliance, _ in self._appliances),
            asns=self._asns,
        )


def _suffix(number: int) -> str:
    return str(number) if number > 1 else ""


def _bare(text: str) -> str:
    return text.partition("/")[0]


def _all_bare(texts: t.Iterable[str]) -> tuple[str, ...]:
    return tuple(map(_bare, texts))


def _within(text: str, networks: t.Iterable[t.Any]) -> str | None:
    """An address with the prefix length of the network that it is in; None when it is in none."""
    for network in map(ipaddress.ip_network, map(str, networks)):
        if ipaddress.ip_address(text) in network:
            return f"{text}/{network.prefixlen}"
    return None


def secret_file(variable: str) -> str:
    """Where the lab keeps what a vault variable stands for: the name of a file among its secrets."""
    return variable.removeprefix("vault_")


def write_inventory(lab: topology.Lab, plan: topology.Plan, source: pathlib.Path = topology.SOURCE) -> None:
    """The inventory of a lab: the chosen sheets, and what is this lab's own. Paths are absolute: copies work, too."""
    shutil.rmtree(lab.inventory, ignore_errors=True)
    text = (source / "fleet.yml").read_text(encoding="utf-8")
    anchors = f"trust_anchor_file: {json.dumps(str(lab.state / 'trust-anchor.ds'))}"
    shell.write(lab.inventory / "fleet.yml", ANCHORS.sub(anchors, text))
    shell.write(lab.inventory / "imrs.yml", "plugin: icann.imrs.sites\n")
    chosen = [pathlib.Path(f"sites/{site}.yml") for site in plan.sites]
    for name in [*chosen, *(path.relative_to(source) for path in (source / "group_vars/all").glob("*.yml"))]:
        link = lab.inventory / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(source / name)
    values = {"lab_name": lab.name, "lab_root": str(topology.ROOT), "lab_state": str(lab.state)}
    for name in _secrets(plan):
        values[f"vault_{name}"] = f"{{{{ lookup('ansible.builtin.file', lab_state ~ '/secrets/{name}') }}}}"
    lines = [f"{name}: {json.dumps(value)}" for name, value in values.items()]
    shell.write(lab.inventory / "group_vars/all/lab.yml", "\n".join(lines) + "\n")


def _secrets(plan: topology.Plan) -> list[str]:
    keys = [key.secret for each in plan.appliances for key in each.keys]
    passwords = [session.secret for each in plan.appliances for session in each.sessions if session.secret]
    return list(dict.fromkeys([*keys, *passwords]))

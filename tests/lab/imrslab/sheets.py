# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From site sheets to a lab: what it consists of.

The sheets are read as the inventory plugin reads them, by the collection's own library; nothing else in the lab needs
that. What a lab cannot be is told with file, line, field and remedy, all of it at once.
"""

from __future__ import annotations

import collections
import dataclasses
import importlib
import ipaddress
import itertools
import pathlib
import sys
import typing as t

from . import host_daemons, shell, topology

LIBRARY = "ansible_collections.icann.imrs.plugins.module_utils._site"
HOST_OF = {host.vantage: host for host in topology.HOSTS}
VIRTUAL, BARE = "virtual", "bare"
"""The profiles of appliances that are virtual machines; the latter arrive with empty disks. Others are containers."""


def plan(
    sites: t.Sequence[str],
    source: pathlib.Path = topology.SOURCE,
    host_router: str = host_daemons.USUAL,
    release: str = topology.RELEASE,
) -> topology.Plan:
    """The lab of these sites (names of sheets in ``source``); LabError with everything that is wrong with them.

    ``host_router``: the daemon of the hosts' routers. ``release``: Debian's name of what appliances arrive with.
    """
    if release not in topology.APPLIANCES:
        raise shell.LabError(
            f"RELEASE={release}: no such appliance in the lab, which has {', '.join(topology.APPLIANCES)}"
        )
    sites, daemon = tuple(dict.fromkeys(sites)), host_daemons.named(host_router)
    anchors, document, errors, fleet = map(_library, ("anchors", "document", "errors", "fleet"))
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
    sheets = [document.parse(f"sites/{site}.yml", host_daemons.sheet(daemon, source, site)) for site in sites]
    try:
        hosts = fleet.load(whole, sheets, anchors.Anchors(())).hosts  # the lab's own anchor is made when it comes up
    except errors.SiteError as error:
        raise _refused(error) from None
    draft = _Draft(daemon.UNIT, release)
    for sheet in sheets:
        draft.add(sheet, [each for each in hosts.values() if each["imrs_site"] == sheet.data["site"]])
    draft.masters(whole, next(each["imrs_masters"] for each in hosts.values() if each["imrs_masters"]))
    if draft.problems:
        raise _refused(errors.SiteError(draft.problems))
    made = draft.plan(sites)
    host_daemons.suffices(daemon, made)
    return made


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
    """A network between machines of ours and their host's router."""

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

    def __init__(self, host_router: str, release: str) -> None:
        """``host_router``: the unit of the hosts' routers; ``release``: that of appliances."""
        self.problems: list[t.Any] = []
        self._host_router, self._release = host_router, release
        self._appliances: list[tuple[topology.Appliance, topology.Machine]] = []
        self._asns: dict[str, int] = {}
        self._uplinks: list[_Uplink] = []
        self._masters: list[topology.Machine] = []
        self._clusters = 0
        self._taken = {topology.MANAGEMENT_GATEWAY: "the lab itself"}
        self._networks = {topology.MANAGEMENT: "management"}
        self._networks |= dict.fromkeys(topology.MASTERS_NETWORK, "the masters' network")
        for master in topology.MASTERS:
            self._take(master.number, master.name)
        for host in topology.HOSTS:
            self._take(host.number, host.router)
            self._take(host.vantage_number, host.vantage)
            self._networks |= {
                str(ipaddress.ip_interface(text).network): f"that of {host.vantage}" for text in host.client
            }

    def _take(self, number: int, name: str) -> topology.Link:
        link = topology.management(number)
        self._taken[_bare(link.addresses[0])] = name
        return link

    def add(self, sheet: t.Any, hosts: t.Sequence[dict[str, t.Any]]) -> None:
        """Take a sheet, and what the roles read of its nodes, and of a cluster's routers."""

        def wrong(*place: str | int, because: str) -> None:
            self.problems.append(sheet.problem(place, because))

        nodes = [each for each in hosts if each["imrs_function"] == "node"]
        routers = [each for each in hosts if each["imrs_function"] == "router"]
        vantage, glass = sheet.data["vantage"], sheet.data.get("looking_glass", "")
        host = HOST_OF.get(vantage)
        if not host:
            known = " and ".join(f"{each.vantage} (behind {each.router})" for each in topology.HOSTS)
            wrong("vantage", because=f"{vantage} is no machine of the lab, which has {known}")
            return
        if nodes[0]["imrs_cluster"] and not routers:
            wrong("cluster", "routers", 0, because="has no machine; the lab has no router of a cluster but ours")
            return
        if glass not in ("", host.router):
            wrong("looking_glass", because=f"{glass} is not the router before {host.vantage}: that is {host.router}")
        for at, node in enumerate(nodes):
            for key in ("vlan", "bond"):
                if node["imrs_uplink"][key] and node["imrs_profile"]["name"] not in (VIRTUAL, BARE):
                    because = "a container's cable carries one untagged network; leave this out there, or take profile "
                    wrong("nodes", at, "uplink", key, because=because + VIRTUAL)
            self._manage(sheet, ("nodes", at), node)
        if routers:
            self._cluster(sheet, nodes, routers, host)
            return
        (node,) = nodes
        own, place = node["imrs_uplink"], ("nodes", 0, "uplink", "addresses")
        uplink = self._uplink(sheet, place, own["addresses"], host)
        uplink.addresses |= dict.fromkeys(own["gateways"])
        self._peers(sheet, host, [uplink])
        others = {peer["address"]: host.router for peer in node["imrs_peers"]}
        self._appliance(node, host.router, host.vantage, uplink.bridge, others)

    def _appliance(
        self,
        node: dict[str, t.Any],
        readable: str,
        vantage: str,
        bridge: str,
        routers: dict[str, str],
        inside: str = "",
    ) -> None:
        """A node, or a router of a cluster, which also has a bridge ``inside``. It arrives bare: a management address
        and an SSH key, as an installer leaves it. ``routers``: names by the addresses of its peers.
        """
        appliance = topology.Appliance(
            name=node["imrs_node"],
            site=node["imrs_site"],
            router=readable,
            vantage=vantage,
            uplink=tuple(sorted(map(_bare, node["imrs_uplink"]["addresses"]), key=lambda text: ":" in text)),
            keys=tuple(
                topology.Key(each["name"], key["name"], key["algorithm"], secret_file(key["secret_variable"]))
                for each in node["imrs_masters"]
                for key in [each["tsig"]]
            ),
            sessions=tuple(
                _session(routers[peer["address"]], node["imrs_asn"], peer, peer["password_variable"])
                for peer in node["imrs_peers"]
                if peer["address"] in routers
            ),
            inside=tuple(node["imrs_inside"]["addresses"]) if inside else (),
        )
        management = node["imrs_management"]
        links = (
            topology.Link(management["interface"], "br-mgmt", tuple(management["addresses"])),
            _uplink(node["imrs_uplink"], bridge),
            *([topology.Link(node["imrs_inside"]["interface"], inside, ())] if inside else []),
        )
        self._appliances.append((appliance, self._machine(node, links)))

    def _machine(self, node: dict[str, t.Any], links: tuple[topology.Link, ...]) -> topology.Machine:
        """An appliance as it arrives."""
        profile, name = node["imrs_profile"], node["imrs_node"]
        if profile["name"] not in (VIRTUAL, BARE):
            return topology.Machine(name, topology.APPLIANCES[self._release], links)
        if self._release != topology.RELEASE:
            raise shell.LabError(
                f"RELEASE={self._release}: {name} is a virtual machine, and those are {topology.RELEASE}"
            )
        disks = profile["disks"] if profile["name"] == BARE else 0
        hardware = topology.Hardware(node["imrs_serial"], profile["cores"], profile["memory_mib"], disks)
        return topology.Machine(name, "kernel", links, hardware=hardware)

    def _cluster(
        self,
        sheet: t.Any,
        nodes: t.Sequence[dict[str, t.Any]],
        routers: t.Sequence[dict[str, t.Any]],
        host: topology.Host,
    ) -> None:
        """Nodes on one link with the routers of their own, each of which has a link to the host's router."""
        self._clusters += 1
        bridge, place = f"br-nodes{_suffix(self._clusters)}", ("nodes", 0, "uplink", "addresses")
        self._claim(sheet, place, nodes[0]["imrs_uplink"]["addresses"], "the link of another cluster's nodes")
        names, uplinks = dict[str, str](), list[_Uplink]()
        for at, router in enumerate(routers):
            of: tuple[str | int, ...] = ("cluster", "routers", at)
            self._manage(sheet, (*of, "machine"), router)
            names |= {_bare(text): router["imrs_node"] for text in router["imrs_inside"]["addresses"]}
            own = router["imrs_uplink"]
            uplink = self._uplink(sheet, (*of, "uplink"), own["addresses"], host)
            uplink.addresses |= dict.fromkeys(own["gateways"])
            uplinks.append(uplink)
            others = {peer["address"]: host.router for peer in router["imrs_peers"]}
            self._appliance(router, host.router, host.vantage, uplink.bridge, others, bridge)
        self._peers(sheet, host, uplinks)
        for node in nodes:
            self._appliance(node, routers[0]["imrs_node"], host.vantage, bridge, names)

    def _peers(self, sheet: t.Any, host: topology.Host, uplinks: t.Sequence[_Uplink]) -> None:
        """The host's router is all of the sheet's peers: in one AS, with one address of a family on each uplink."""
        ends: collections.Counter[tuple[str, int]] = collections.Counter()
        for index, peer in enumerate(sheet.data["peers"]):
            known = self._asns.setdefault(host.router, peer["asn"])
            if known != peer["asn"]:
                others = ", ".join(each.vantage for each in topology.HOSTS if each is not host)
                because = f"{host.router} is AS {known} already; another host's vantage is {others}"
                self.problems.append(sheet.problem(("peers", index, "asn"), f"{peer['asn']}: {because}"))
            for at, text in enumerate(peer["addresses"]):
                address, place = ipaddress.ip_address(text), ("peers", index, "addresses", at)
                uplink = next((each for each in uplinks if any(address in network for network in each.networks)), None)
                if uplink is None:
                    because = f"{address} is not on the uplink, and the lab's routers all are"
                    self.problems.append(sheet.problem(place, because))
                    continue
                ends[uplink.bridge, address.version] += 1
                if ends[uplink.bridge, address.version] == 2:
                    self.problems.append(sheet.problem(place, "is a second router; a host has one in the lab"))
                uplink.addresses[str(address)] = None

    def _manage(self, sheet: t.Any, of: tuple[str | int, ...], node: dict[str, t.Any]) -> None:
        """Management addresses: the first is the one that operators come to."""
        for index, text in enumerate(node["imrs_management"]["addresses"]):
            address, place = ipaddress.ip_interface(text), (*of, "management", "addresses", index)
            owner = self._taken.setdefault(str(address.ip), node["imrs_node"])
            if owner != node["imrs_node"]:
                because = f"{address.ip} is that of {owner} already; take another of {topology.MANAGEMENT}"
                self.problems.append(sheet.problem(place, because))
            elif index == 0 and str(address.network) != topology.MANAGEMENT:
                because = f"{text} is not in the lab's management network, {topology.MANAGEMENT}"
                self.problems.append(sheet.problem(place, because))

    def _claim(self, sheet: t.Any, place: tuple[str | int, ...], texts: t.Sequence[str], what: str) -> list[t.Any]:
        """The networks of these addresses, which nobody else has in the lab; ``what`` they are to the next one."""
        networks = [ipaddress.ip_interface(text).network for text in texts]
        for (index, network), (text, whose) in itertools.product(enumerate(networks), self._networks.items()):
            if (other := ipaddress.ip_network(text)).version == network.version and network.overlaps(other):
                because = f"overlaps with {text}, which is {whose} in the lab"
                self.problems.append(sheet.problem((*place, index), because))
        self._networks |= dict.fromkeys(map(str, networks), what)
        return networks

    def _uplink(
        self, sheet: t.Any, place: tuple[str | int, ...], texts: t.Sequence[str], host: topology.Host
    ) -> _Uplink:
        """The network of an uplink; two machines may be in the same."""
        networks = [ipaddress.ip_interface(text).network for text in texts]
        there = (each for each in self._uplinks if each.router == host.router and each.networks == networks)
        if found := next(there, None):
            return found
        self._claim(sheet, place, texts, f"another uplink, to {host.router}")
        number = len(self._uplinks) + 1
        of_router = sum(each.router == host.router for each in self._uplinks) + 1
        made = _Uplink(host.router, networks, f"br-uplink{_suffix(number)}", f"uplink{_suffix(of_router)}", {})
        self._uplinks.append(made)
        return made

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
            if master["tls"]:
                place = ("masters", index, "tls")
                self.problems.append(fleet.problem(place, "the lab's masters hand out no zones over TLS"))
            addresses = [_within(text, topology.MASTERS_NETWORK) for text in master["addresses"]]
            if None in addresses:
                networks = " and ".join(topology.MASTERS_NETWORK)
                place = ("masters", index, "addresses")
                self.problems.append(fleet.problem(place, f"the lab's masters are in {networks}"))
                continue
            dist = topology.Link("dist", "br-dist", tuple(filter(None, addresses)), _all_bare(first.among_masters))
            own = known[master["name"]]
            links = (topology.management(own.number), dist)
            beside = (topology.CLOCK, topology.LOG) if own.name == topology.LOG_AT else (topology.CLOCK,)
            self._masters.append(topology.Machine(own.name, "lab", links, (own.service, *beside)))

    def plan(self, sites: tuple[str, ...]) -> topology.Plan:
        """What it has come to."""
        machines = list(self._masters)
        for host in (each for each in topology.HOSTS if each.router in self._asns):
            uplinks = (each.link() for each in self._uplinks if each.router == host.router)
            client = topology.Link("client", host.bridge, host.towards_client)
            dist = topology.Link("dist", "br-dist", host.among_masters)
            links = (topology.management(host.number), *uplinks, client, dist)
            machines.append(topology.Machine(host.router, "lab", links, (self._host_router,)))
            behind = topology.Link("client", host.bridge, host.client, _all_bare(host.towards_client))
            machines.append(topology.Machine(host.vantage, "lab", (topology.management(host.vantage_number), behind)))
        return topology.Plan(
            sites=sites,
            machines=(*machines, *(machine for _, machine in self._appliances)),
            appliances=tuple(appliance for appliance, _ in self._appliances),
            asns=self._asns,
        )


def _uplink(given: dict[str, t.Any], bridge: str) -> topology.Link:
    """An appliance's, which has no address yet; behind a switch where it has a bond or a VLAN."""
    vlan, bond = given["vlan"], given["bond"]
    cards = tuple(bond["members"]) if bond else (vlan["parent"],) if vlan else ()
    lacp = bool(bond) and bond["mode"] == "802.3ad"
    return topology.Link(given["interface"], bridge, (), cards=cards, vlan=vlan["id"] if vlan else None, lacp=lacp)


def _session(router: str, asn: int, given: t.Mapping[str, t.Any], secret: str | None) -> topology.Session:
    """A session of ours with a router, from what the library says of it: fields of its ``Session``."""
    return topology.Session(
        router=router,
        peer=given["address"],
        address=given["local_address"],
        asn=asn,
        hold_time=given["hold_time"],
        keepalive_time=given["keepalive_time"],
        bfd=given["bfd"],
        secret=secret_file(secret) if secret else None,
        default_route=given["inbound"] == "default",
    )


def _suffix(number: int) -> str:
    return str(number) if number > 1 else ""


def _bare(text: str) -> str:
    return text.partition("/")[0]


def _spelt(text: str) -> str:
    """An address in the library's spelling."""
    return str(ipaddress.ip_address(text))


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

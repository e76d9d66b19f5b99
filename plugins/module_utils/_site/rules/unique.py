# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Rules between files: what must be unique is unique over the whole fleet.

A table of who has what: time and memory grow with the number of sheets, and no faster.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ... import _addressing as addressing
from .. import addresses
from . import links
from .common import Record, names, records, sound

if t.TYPE_CHECKING:
    from ..document import Document, Path
    from ..errors import Problem


GROUPS = frozenset({"all", "ungrouped", "appliances", "provisionable", "vantages", "routers"})
"""Groups of the inventory whose names a machine could have: a machine and a group are not to be mixed up."""


class Register:
    """Who has what, over the whole fleet; takes one sheet after the other."""

    def __init__(self, fleet: Document) -> None:
        self._fleet = fleet
        self._names: dict[tuple[str, str], tuple[Document, Path]] = {}
        """First use of a name, by what it names and the name."""
        self._hosts: dict[str, tuple[str, Document, Path]] = {}
        """The hosts of the inventory that are ours, by name: what each is, and where it was given."""
        self._owners: dict[str, str] = {
            addresses.host(text): "the IMRS itself" for texts in addressing.SERVICE_ADDRESSES.values() for text in texts
        }
        """Our machine at an address."""
        self._strangers: list[tuple[Document, Path, str, str]] = []
        """Addresses of the hosts' machines, as the sheets name them; and who may have one of ours all the same."""
        self._judges: list[tuple[Document, str, str]] = []
        """The machines that judge nodes."""
        self._links = links.Links()
        self._secrets: dict[str, str] = {}
        """Who shares the secret in a vault variable."""

    def fleet(self) -> t.Iterator[Problem]:
        """Take the fleet's own machines."""
        for index, master in records(self._fleet.data or {}, "masters"):
            path: Path = ("masters", index, "addresses")
            yield from self._own(self._fleet, path, master.get("addresses"), f"master {master.get('name') or '?'}")

    def site(self, site: Document) -> t.Iterator[Problem]:
        """Take a sheet; what it shares with one before it."""
        data = site.data or {}
        # Only its text is kept, for the line of a later problem.
        kept = dataclasses.replace(site, data=None)
        yield from self._name(kept, ("site",), "site", data.get("site"))
        for index, node in records(data, "nodes"):
            yield from self._node(kept, ("nodes", index), node)
        for index, router in records(data.get("cluster") or {}, "routers"):
            yield from self._router(kept, ("cluster", "routers", index), router, data.get("site") or "?")
        for index, peer in records(data, "peers"):
            shared = f"the host of site {data.get('site') or '?'}"
            yield from self._secret(kept, ("peers", index, "md5"), peer.get("md5"), shared)
        self._note_strangers(kept, data)
        yield from self._links.site(kept, data)

    def end(self) -> t.Iterator[Problem]:
        """What can be told only when every sheet is known: no machine of a host is one of ours."""
        for site, path, text, ours in self._strangers:
            owner = self._owners.get(addresses.host(text))
            if owner and owner not in ours.split("\n"):
                yield site.problem(path, f"{text} is an address of {owner}, not of the host")
        for site, key, name in self._judges:
            what, _site, _path = self._hosts.get(name, ("", site, ()))
            if what == "node":
                yield site.problem((key,), f"{name} is a node of the fleet, and no node judges a node")
            elif what:
                instead = (
                    "name the host's, or leave it out" if key == "looking_glass" else "name one of the host's side"
                )
                yield site.problem(
                    (key,), f"{name} is a router of ours, from which the nodes behind it are judged anyway; {instead}"
                )
            elif name in GROUPS:
                yield site.problem((key,), f"{name} is the name of a group; give the machine another one")
        yield from self._links.end()

    def warnings(self) -> t.Iterator[Problem]:
        """Exceptions for sites that do not exist."""
        for index, name in sound((self._fleet.data or {}).get("ixp_exceptions")):
            if ("site", name) not in self._names:
                yield self._fleet.problem(("ixp_exceptions", index), f"{name} is not a site of the fleet")

    def _node(self, site: Document, path: Path, node: Record) -> t.Iterator[Problem]:
        owner = f"node {node.get('node') or '?'}"
        yield from self._name(site, (*path, "node"), "node", node.get("node"))
        yield from self._host(site, (*path, "node"), "node", node.get("node"))
        yield from self._name(site, (*path, "serial"), "serial number", node.get("serial"))
        for port in ("uplink", "management"):
            yield from self._own(site, (*path, port, "addresses"), (node.get(port) or {}).get("addresses"), owner)
        for at, text in sound((node.get("management") or {}).get("gateways")):
            self._strangers.append((site, (*path, "management", "gateways", at), text, ""))
        if node.get("bmc"):
            yield from self._own_one(site, (*path, "bmc"), node["bmc"], f"the BMC of {owner}")
        for at, key in records(node, "tsig"):
            for place, each in (((), key), (("previous",), key.get("previous") or {})):
                here: Path = (*path, "tsig", at, *place)
                yield from self._name(site, (*here, "name"), "TSIG key", each.get("name"))
                yield from self._secret(site, (*here, "secret"), each.get("secret"), owner)

    def _router(self, site: Document, path: Path, router: Record, place: str) -> t.Iterator[Problem]:
        owner, name = f"router {router.get('router') or '?'}", router.get("router")
        yield from self._name(site, (*path, "router"), "router", name)
        for port in ("addresses", "uplink"):
            yield from self._own(site, (*path, port), router.get(port), owner)
        yield from self._secret(site, (*path, "md5"), router.get("md5"), f"the routers of site {place}")
        machine = router.get("machine")
        if not machine:
            return
        here: Path = (*path, "machine")
        yield from self._host(site, (*path, "router"), "router", name)
        yield from self._name(site, (*here, "serial"), "serial number", machine.get("serial"))
        management = (machine.get("management") or {}).get("addresses")
        yield from self._own(site, (*here, "management", "addresses"), management, owner)
        for at, text in sound((machine.get("management") or {}).get("gateways")):
            self._strangers.append((site, (*here, "management", "gateways", at), text, ""))
        for at, text in sound(machine.get("gateways")):
            self._strangers.append((site, (*here, "gateways", at), text, ""))

    def _host(self, site: Document, path: Path, what: str, name: str | None) -> t.Iterator[Problem]:
        """A host of the inventory has its name alone: of two of one kind ``_name`` tells."""
        if name is None:
            return
        first, document, given = self._hosts.setdefault(name, (what, site, path))
        if first != what:
            where = f"{document.file}:{document.line(given)}".removesuffix(":0")
            yield site.problem(
                path, f"{name} is the name of a {first} already, in {where}; give the {what} another one"
            )
        elif name in GROUPS:
            yield site.problem(path, f"{name} is the name of a group; give the {what} another one")

    def _note_strangers(self, site: Document, data: Record) -> None:
        routers = names(data.get("cluster") or {}, "routers", "router") or ()
        ours = "\n".join(f"router {name}" for name in routers)  # a cluster's gateways are its own routers
        for index, node in records(data, "nodes"):
            for at, text in sound((node.get("uplink") or {}).get("gateways")):
                self._strangers.append((site, ("nodes", index, "uplink", "gateways", at), text, ours))
        for index, peer in records(data, "peers"):
            for at, text in sound(peer.get("addresses")):
                self._strangers.append((site, ("peers", index, "addresses", at), text, ""))
        self._judges.extend((site, key, data[key]) for key in ("vantage", "looking_glass") if data.get(key))

    def _name(self, site: Document, path: Path, kind: str, value: str | None) -> t.Iterator[Problem]:
        if value is None:
            return
        document, first = self._names.setdefault((kind, value), (site, path))
        if document is not site or first != path:
            where = f"{document.file}:{document.line(first)}".removesuffix(":0")
            yield site.problem(path, f"{kind} {value} already exists, in {where}; every {kind} is there once")

    def _own(self, document: Document, path: Path, texts: list[str | None] | None, owner: str) -> t.Iterator[Problem]:
        for index, text in sound(texts):
            yield from self._own_one(document, (*path, index), text, owner)

    def _own_one(self, document: Document, path: Path, text: str, owner: str) -> t.Iterator[Problem]:
        """An address belongs to one machine of the fleet, once."""
        address = addresses.host(text)
        if addressing.is_link_local(text):  # there may be one on every link
            return
        if address in self._owners:
            yield document.problem(path, f"{address} is used twice; it already belongs to {self._owners[address]}")
        self._owners.setdefault(address, owner)

    def _secret(self, site: Document, path: Path, variable: str | None, owner: str) -> t.Iterator[Problem]:
        """What one party knows is nobody else's password."""
        if variable is None:
            return
        first = self._secrets.setdefault(variable, owner)
        if first != owner:
            yield site.problem(path, f"{variable} is already the secret of {first}; give {owner} one of its own")

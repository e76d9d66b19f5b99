# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Rules of one node: its name, ports, addresses and keys."""

from __future__ import annotations

import typing as t

from ... import _addressing as addressing
from .. import addresses
from .common import Record, Terms, full_name, once, profile, records, sound

if t.TYPE_CHECKING:
    from ..document import Document, Path
    from ..errors import Problem


def problems(site: Document, index: int, node: Record, terms: Terms) -> t.Iterator[Problem]:
    """Everything that is wrong with one entry of ``nodes``."""
    path: Path = ("nodes", index)
    yield from _name(site, path, node, terms)
    yield from profile(site, path, node, terms)
    yield from _uplink(site, (*path, "uplink"), node.get("uplink") or {})
    yield from _interfaces(site, path, node)
    links = (node.get("uplink") or {}).get("addresses")
    yield from management(site, path, node.get("management") or {}, links)
    bmc = node.get("bmc")
    if bmc and (wrong := addresses.unreachable(bmc) or _on_uplink(bmc, links)):
        yield site.problem((*path, "bmc"), wrong)
    yield from _keys(site, path, node, terms)


def management(site: Document, path: Path, given: Record, links: t.Sequence[str | None] | None) -> t.Iterator[Problem]:
    """Everything that is wrong with the management addresses of a machine that has these on its links."""
    for at, text in sound(given.get("addresses")):
        wrong = (
            addresses.unreachable(text)
            or addresses.not_a_host(text)
            or addresses.swallows(text, addresses.WIDEST_MANAGEMENT)
            or _on_uplink(text, links)
        )
        if wrong:
            yield site.problem((*path, "management", "addresses", at), wrong)
    own, families = given.get("addresses"), set[str]()
    for at, text in sound(given.get("gateways")):
        wrong = addresses.not_a_host_on(text, own)
        if not wrong and own and None not in own and not addresses.on_link(text, own):
            wrong = f"{text} is not on the management network ({', '.join(own)}), so it cannot be its gateway"
        if not wrong and addressing.family_of(text) in families:
            wrong = f"{text} is a second gateway of its family; give one"
        families.add(addressing.family_of(text))
        if wrong:
            yield site.problem((*path, "management", "gateways", at), wrong)


def _on_uplink(text: str, links: t.Sequence[str | None] | None) -> str | None:
    """Why operators' access may not be on a side that the Internet reaches."""
    for own in links or ():
        if own and addresses.overlap(text, own) and not addresses.swallows(own, addresses.WIDEST_UPLINK):
            return f"{text} is in the uplink's subnet ({own}); management has a network of its own, for operators only"
    return None


def _name(site: Document, path: Path, node: Record, terms: Terms) -> t.Iterator[Problem]:
    name = node.get("node")
    if name is None:
        return
    if terms.pattern and not terms.pattern.fullmatch(full_name(name)):
        yield site.problem(
            (*path, "node"),
            f"{full_name(name)} does not match the fleet's node_name_pattern {terms.pattern.pattern}",
        )
    iata = ((site.data or {}).get("location") or {}).get("iata")
    if iata and not name.startswith(iata):
        yield site.problem((*path, "node"), f"{name} does not begin with {iata}, the airport code of the location")


def _uplink(site: Document, path: Path, uplink: Record) -> t.Iterator[Problem]:
    own, gateways = uplink.get("addresses"), uplink.get("gateways")
    yield from addresses.families(site, (*path, "addresses"), addresses.routed(own))
    yield from addresses.families(site, (*path, "gateways"), gateways, single=True)
    for at, text in sound(own):
        wrong = addresses.unfit_on_link(text) or addresses.not_a_host(text)
        wrong = wrong or addresses.swallows(text, addresses.WIDEST_UPLINK) or _odd_link_local(text, own)
        if wrong:
            yield site.problem((*path, "addresses", at), wrong)
    for at, text in sound(gateways):
        wrong = addresses.unfit_on_link(text)
        near = addressing.is_link_local(text)  # of whatever is on the uplink: it needs no address of ours beside it
        if not wrong and not near and own and None not in own and not addresses.on_link(text, own):
            wrong = f"{text} is not on the uplink ({', '.join(own)}), so it cannot be its gateway"
        wrong = wrong or addresses.not_a_host_on(text, own)
        if wrong:
            yield site.problem((*path, "gateways", at), wrong)


def _odd_link_local(text: str, own: list[str | None] | None) -> str | None:
    """Why a link-local address of the node's cannot be this one; None when it can, or is none."""
    if not addressing.is_link_local(text):
        return None
    if addressing.parse(text).length != 64:
        return f"{text} is a link-local address, whose prefix is a /64 (RFC 4291, section 2.5.6); correct the length"
    if len([each for _at, each in sound(own) if addressing.is_link_local(each)]) > 1:
        return f"{text} is one of several link-local addresses; give the one that the host's router speaks to"
    return None


def _interfaces(site: Document, path: Path, node: Record) -> t.Iterator[Problem]:
    """Every name of an interface has one use."""
    uplink, management = node.get("uplink") or {}, (node.get("management") or {}).get("interface")
    interface = uplink.get("interface")
    members = (uplink.get("bond") or {}).get("members")
    if interface and interface == management:
        yield site.problem(
            (*path, "management", "interface"), f"{management} is the uplink's interface; management has its own"
        )
    if interface and interface in (members or ()):
        yield site.problem(
            (*path, "uplink", "interface"),
            f"{interface} is a member of the bond; give the bond a name of its own here, such as bond0",
        )
    yield from once(site, (*path, "uplink", "bond", "members"), sound(members))
    for at, member in sound(members):
        if member == management:
            yield site.problem(
                (*path, "uplink", "bond", "members", at), f"{member} is the management interface, not the uplink's"
            )
    if uplink.get("vlan") and (made := f"vlan{uplink['vlan']}") in {interface, management, *(members or ())}:
        yield site.problem(
            (*path, "uplink", "vlan"), f"{made} is what the VLAN's own interface is called; rename the other one"
        )


def _keys(site: Document, path: Path, node: Record, terms: Terms) -> t.Iterator[Problem]:
    """One TSIG key for every master of the fleet."""
    given = node.get("tsig")
    yield from once(site, (*path, "tsig"), records(node, "tsig"), "master")
    if not terms.masters or given is None:
        return
    for index, key in records(node, "tsig"):
        if key.get("master") not in {None, *terms.masters}:
            yield site.problem(
                (*path, "tsig", index, "master"),
                f"{key['master']} is not a master of the fleet; these are {', '.join(terms.masters)}",
            )
        previous = key.get("previous") or {}
        if previous.get("secret") and previous["secret"] == key.get("secret"):
            yield site.problem(
                (*path, "tsig", index, "previous", "secret"),
                f"{previous['secret']} is the new key's, too; a key that is rolled has a secret of its own",
            )
    if all(key and key.get("master") for key in given):
        named = {key["master"] for key in given}
        for master in terms.masters:
            if master not in named:
                yield site.problem((*path, "tsig"), f"has no TSIG key for the master {master}")

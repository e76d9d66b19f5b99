# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What the host sheet and the fleet page say in words: states, modes, kinds of host, dates of the week."""

from __future__ import annotations

import typing as t

from .. import _products as products

if t.TYPE_CHECKING:
    from .._site.contract import SiteRecord


class State(t.NamedTuple):
    """Where a site stands in its life, for people."""

    title: str
    meaning: str
    """What is planned, for legends; the rest of a sentence."""
    plan: str
    """What that means for the host who reads its sheet. Says nothing of what is so: that is proven, or not."""


STATES: dict[str, State] = {
    "live": State(
        "Live",
        "to announce all five prefixes",
        "This instance is to be part of the service: to announce all five prefixes to your network, and to answer what "
        "they attract.",
    ),
    "drained": State(
        "Drained",
        "to announce the covering prefixes only",
        "This instance is to be set aside for maintenance: to announce the covering prefixes only, so that it stays "
        "visible. Nearly all queries then go to other instances.",
    ),
    "dark": State(
        "Dark",
        "to announce nothing",
        "This instance is to announce nothing. The BGP sessions may be up; no query of your users is to come here.",
    ),
    "onboarding": State(
        "Onboarding",
        "on its way to the first announcement",
        "This instance is on its way. Your users' queries come here only after it has been installed and tested.",
    ),
    "suspended": State(
        "Suspended",
        "taken out of the service for now",
        "This instance is suspended. It is to be no part of the service, and to announce nothing. It comes back only "
        "after it has passed all its tests again.",
    ),
    "decommissioned": State(
        "Decommissioned",
        "no longer part of the service",
        "This instance is decommissioned. Nothing may be announced from it any more.",
    ),
}
"""In the order in which they are listed."""

MODES = ("dark", "drained", "live")

MODE_MEANING = {
    "dark": "before it is accepted, when it finds itself faulty, and when it is stopped",
    "drained": "during maintenance, and on the way up",
    "live": "in service",
}

PROVEN = {
    "dark": "announces nothing",
    "drained": "announces the covering prefixes",
    "live": "announces all five prefixes",
}
"""What an accepted report of each stage proves."""

REGIONS = {
    "africa": "Africa",
    "asia_pacific": "Asia Pacific",
    "europe": "Europe",
    "latin_america": "Latin America and Caribbean",
    "north_america": "North America",
}
"""ICANN's five regions."""

PROVIDERS = {product.name: product.title for product in products.PRODUCTS}

HOSTS = {
    "isp": "Internet service provider",
    "enterprise": "Enterprise network",
    "university": "University",
    "government": "Government network",
    "registry": "Registry",
    "nren": "Research and education network",
    "ixp": "Internet exchange point",
    "other": "Other network",
}

PROGRAMMES = {"africa_phase_2": "Africa phase 2"}

INBOUND = {
    "none": "nothing: there are default routes of our own",
    "default": "the default route, and nothing else",
    "all": "your table",
}


def name(key: str) -> str:
    """A profile's name for people: ``Cluster server`` of ``cluster_server``."""
    return key.replace("_", " ").capitalize()


def place(record: SiteRecord) -> str:
    """``Nairobi, KE``."""
    return f"{record['location']['city']}, {record['location']['country']}"


def listed(items: t.Iterable[object]) -> str:
    """``a, b and c``."""
    texts = [str(item) for item in items]
    return " and ".join(part for part in (", ".join(texts[:-1]), *texts[-1:]) if part)


def counted(number: int, one: str, many: str = "") -> str:
    """``1 node``, ``2 nodes``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def usd(amount: int) -> str:
    """``USD 6,000``."""
    return f"USD {amount:,}"


def bits(mbps: int) -> str:
    """``1 Gbit/s``, ``100 Mbit/s``."""
    return f"{mbps / 1000:g} Gbit/s" if mbps >= 1000 else f"{mbps} Mbit/s"


def telephone(number: str) -> str:
    """The number as a ``tel:`` link has it (RFC 3966): plus sign and digits, and ``;ext=`` with the extension."""
    line, _ext, extension = number.partition(" ext. ")
    digits = "".join(character for character in line if character.isdigit() or character == "+")
    return f"{digits};ext={extension}" if extension else digits

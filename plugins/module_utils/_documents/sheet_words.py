# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What the host sheet and the fleet page say in words: states, modes, kinds of host, days of the week.

All in English, and marked for the catalogues: a translator makes words of the reader's language of them.
"""

from __future__ import annotations

import typing as t

from .. import _products as products
from .language import msg

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
        msg("Live"),
        msg("to announce all five prefixes"),
        msg(
            "This instance is to be part of the service: to announce all five prefixes to your network, and to answer "
            "what they attract."
        ),
    ),
    "drained": State(
        msg("Drained"),
        msg("to announce the covering prefixes only"),
        msg(
            "This instance is to be set aside for maintenance: to announce the covering prefixes only, so that it "
            "stays visible. Nearly all queries then go to other instances."
        ),
    ),
    "dark": State(
        msg("Dark"),
        msg("to announce nothing"),
        msg(
            "This instance is to announce nothing. The BGP sessions may be up; no query of your users is to come here."
        ),
    ),
    "onboarding": State(
        msg("Onboarding"),
        msg("on its way to the first announcement"),
        msg("This instance is on its way. Your users' queries come here only after it has been installed and tested."),
    ),
    "suspended": State(
        msg("Suspended"),
        msg("taken out of the service for now"),
        msg(
            "This instance is suspended. It is to be no part of the service, and to announce nothing. It comes back "
            "only after it has passed all its tests again."
        ),
    ),
    "decommissioned": State(
        msg("Decommissioned"),
        msg("no longer part of the service"),
        msg("This instance is decommissioned. Nothing may be announced from it any more."),
    ),
}
"""In the order in which they are listed."""

MODES = ("dark", "drained", "live")

MODE_TITLES = {mode: STATES[mode].title for mode in MODES}

DAYS = {
    "monday": msg("Monday"),
    "tuesday": msg("Tuesday"),
    "wednesday": msg("Wednesday"),
    "thursday": msg("Thursday"),
    "friday": msg("Friday"),
    "saturday": msg("Saturday"),
    "sunday": msg("Sunday"),
}

MODE_MEANING = {
    "dark": msg("before it is accepted, when it finds itself faulty, and when it is stopped"),
    "drained": msg("during maintenance, and on the way up"),
    "live": msg("in service"),
}

PROVEN = {
    "dark": msg("announces nothing"),
    "drained": msg("announces the covering prefixes"),
    "live": msg("announces all five prefixes"),
}
"""What an accepted report of each stage proves."""

REGIONS = {
    "africa": msg("Africa"),
    "asia_pacific": msg("Asia Pacific"),
    "europe": msg("Europe"),
    "latin_america": msg("Latin America and Caribbean"),
    "north_america": msg("North America"),
}
"""ICANN's five regions."""

PROVIDERS = {product.name: product.title for product in products.PRODUCTS}

HOSTS = {
    "isp": msg("Internet service provider"),
    "enterprise": msg("Enterprise network"),
    "university": msg("University"),
    "government": msg("Government network"),
    "registry": msg("Registry"),
    "nren": msg("Research and education network"),
    "ixp": msg("Internet exchange point"),
    "other": msg("Other network"),
}

PROGRAMMES = {"africa_phase_2": msg("Africa phase 2")}

INBOUND = {
    "none": msg("nothing: there are default routes of our own"),
    "default": msg("the default route, and nothing else"),
    "all": msg("your table"),
}


def name(key: str) -> str:
    """A profile's name for people: ``Cluster server`` of ``cluster_server``."""
    return key.replace("_", " ").capitalize()


def place(record: SiteRecord) -> str:
    """``Nairobi, KE``."""
    return f"{record['location']['city']}, {record['location']['country']}"


def counted(number: int, one: str, many: str = "") -> str:
    """``1 node``, ``2 nodes``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def bits(mbps: int) -> str:
    """``1 Gbit/s``, ``100 Mbit/s``."""
    return f"{mbps / 1000:g} Gbit/s" if mbps >= 1000 else f"{mbps} Mbit/s"


def telephone(number: str) -> str:
    """The number as a ``tel:`` link has it (RFC 3966): plus sign and digits, and ``;ext=`` with the extension."""
    line, _ext, extension = number.partition(" ext. ")
    digits = "".join(character for character in line if character.isdigit() or character == "+")
    return f"{digits};ext={extension}" if extension else digits

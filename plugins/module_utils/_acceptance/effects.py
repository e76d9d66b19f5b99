# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What those who ask a node get, when a check with harm fails: one plain sentence each.

Harm is judged by what a resolver would see. These sentences say it, for the host and for the run's last lines.
"""

from __future__ import annotations

import typing as t

from . import wire
from .checks.zone import no_answer
from .evidence import Missing

if t.TYPE_CHECKING:
    from .evidence import Evidence, Exchange

ZONES = "ZI-16"
"""The check whose sentences name the zones."""

EFFECTS = {
    "DN-01": "Resolvers get no right answer when they ask for the start of the root zone (SOA).",
    "DN-02": "Resolvers that do not use EDNS get no right answer.",
    "DN-03": "Resolvers get another list of root servers than the right one.",
    "DN-04": "Resolvers that start cannot learn the root servers here (priming).",
    "DN-05": "Resolvers get wrong addresses of l.root-servers.net.",
    "DN-07": "Resolvers that validate cannot trust the keys of the root zone that they get here.",
    "DN-08": "Resolvers get the keys of the root zone in part, and are not told so.",
    "DN-09": "Resolvers get answers cut short, and are not told so.",
    "DN-10": "Who copies the root zone gets no digest of it, or that of another version.",
    "DN-11": "Resolvers are not led rightly to top-level domains that are signed.",
    "DN-12": "Resolvers are not led rightly to top-level domains that are not signed.",
    "DN-13": "Resolvers that validate get no right proof (DS) of a top-level domain.",
    "DN-14": "Resolvers that ask for a name below a top-level domain are not led there.",
    "DN-15": "Resolvers get no proof that a name does not exist.",
    "DN-16": "Resolvers get no proof that a name has no record of a type.",
    "DN-17": "Resolvers that ask for a record type of a later standard get no right answer.",
    "DN-18": "Resolvers get back another question than they asked, and drop the answer.",
    "DN-19": "Resolvers that use a later version of EDNS are not told which one is spoken here.",
    "DN-21": "Resolvers that use a later EDNS option get no right answer.",
    "DN-22": "Resolvers that set a later EDNS flag get no right answer.",
    "DN-23": "Resolvers that can take small answers only get none that fits.",
    "DN-26": "Who asks which instance answers is told another name (NSID).",
    "DN-27": "Who asks which instance answers is told another name (hostname.bind, id.server).",
    "DN-33": "Who asks for ANY gets a large answer, which others can be attacked with.",
    "DN-34": "Strangers can take the whole zone from here.",
    "DN-35": "Strangers can take changes of the zone from here.",
    "DN-36": "Resolvers get answers for zones that are not this server's.",
    "DN-37": "Resolvers are told that recursion is offered here, or it is done for strangers.",
    "DN-38": "Resolvers get header bits back that mean something else in an answer.",
    "DN-39": "Requests of a kind that is unknown here do not get the right refusal.",
    "DN-40": "Strangers are not refused when they ask to change the zone.",
    "DN-43": "Resolvers that ask for a name of the greatest length get no right answer.",
    "ZI-04": "The zone that is served does not verify: resolvers that validate may refuse what they get.",
    "ZI-05": "Resolvers get other answers than the verified zone makes.",
    "ZI-06": "Resolvers that validate refuse answers that they get here.",
    ZONES: "Resolvers get no answer for a zone.",
    "BG-05": "Your network is told routes that this instance must not announce.",
    "CL-04": "Questions are led to a cluster in which no server answers them.",
}
"""By the id of each check with harm."""


def told(harmful: t.Iterable[str], near: Evidence) -> t.Iterator[str]:
    """What users get, by the checks that do harm and the evidence that says so (the node's and the host's router's)."""
    for ident in harmful:
        sentences = unanswered(near) if ident == ZONES else []
        yield from sentences or [EFFECTS.get(ident, f"Those who ask or route to this instance are hurt ({ident}).")]


def unanswered(near: Evidence) -> list[str]:
    """A sentence for each zone that the node does not answer for at some of its addresses; empty when there is none."""
    found: dict[str, list[tuple[Exchange, list[str]]]] = {}
    for probe in ("soa", "zone_soa"):
        try:
            exchanges = near.exchanges(probe, scopes=["node"])
        except Missing:  # the root is the only zone, or nobody asked
            continue
        for exchange in exchanges:
            answer, broken = wire.parse(exchange)
            found.setdefault(exchange.name, []).append((exchange, broken if answer is None else no_answer(answer)))
    return [_zone(name, asked) for name, asked in found.items() if any(problems for _exchange, problems in asked)]


def _zone(name: str, asked: list[tuple[Exchange, list[str]]]) -> str:
    """One zone: at which addresses there is no answer, and what comes instead."""
    bad = [(exchange, problems) for exchange, problems in asked if problems]
    zone = "the root zone" if name == "." else f"the zone {name.rstrip('.')}"
    where = ", ".join(dict.fromkeys(f"{exchange.server} over {exchange.transport.upper()}" for exchange, _ in bad))
    at = "" if len(bad) == len(asked) else f" at {where}"
    return f"Resolvers get no answer for {zone}{at} ({'; '.join(dict.fromkeys(each[0] for _, each in bad))})."

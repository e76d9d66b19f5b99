# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""How the uplink's network cards are set (requirements, section 2: queues, interrupts, ring sizes)."""

from __future__ import annotations

import typing as t

from .. import machine
from ..check import FUNCTIONS, Verdict, check, failed, passed, skipped

if t.TYPE_CHECKING:
    from ..evidence import Evidence
    from ..expected import Expected

Card = t.Mapping[str, t.Any]

NAMES = {"queues": "queues", "receive_ring": "packets in a receive ring", "transmit_ring": "packets in a transmit ring"}


@check(
    "HW-09",
    "The uplink's cards share the work out",
    source="HW-09, from requirements section 2 (NIC); ethtool(8)",
    severity="W",
    functions=FUNCTIONS,
)
def shared(evidence: Evidence, expected: Expected) -> Verdict:
    """Every port of the uplink has the queues of the profile's ``cards``, as many packets in its rings or more, and the
    fields that spread UDP, as far as the card can; and the interrupts of its queues go to half as many processors as it
    has queues, or more: where all go to one, the others cannot help it in a flood.

    What a card does not have is skipped with its name; so is all else where the profile says nothing of cards.
    """
    if container := machine.container(evidence):
        return container
    wanted, found = machine.wanted(expected), machine.part(evidence, "links")["cards"]
    ports = {name: found[name] for name in wanted.ports if name in found}  # one that is not there is HW-04's
    told = "; ".join(f"{name} ({card['driver'] or 'no driver'}): {_told(card)}" for name, card in ports.items())
    problems = [
        f"{name} {wrong}"
        for name, card in ports.items()
        for wrong in (*_others(card, wanted.cards), *_crowded(card, wanted.cores))
    ]
    if problems:
        return failed("; ".join(problems))
    if not ports:
        return skipped("no port of the uplink is there")
    if not wanted.cards:
        return skipped(f"the profile says nothing of cards ({told})")
    lacking = [f"{name} has no {what}" for name, card in ports.items() for what in _lacking(card, wanted.cards)]
    return skipped(f"{'; '.join(lacking)} that can be chosen ({told})") if lacking else passed(told)


def _others(card: Card, wanted: t.Mapping[str, int]) -> t.Iterator[str]:
    """Where a card is not as the profile says, though it could be. A driver may make a ring larger than it is told."""
    for setting, words in NAMES.items():
        if setting in wanted and card[setting]:
            now, most = card[setting]["now"], card[setting]["most"]
            due = min(wanted[setting], most)
            if now < due or (setting == "queues" and now != due):
                yield f"has {now} {words}, {wanted[setting]} in the profile, and it can have {most}"
    ports = card["hash_ports"]
    if "hash_ports" in wanted and ports is not None and ports != bool(wanted["hash_ports"]):
        yield f"spreads questions over UDP {_spread(ports)}, in the profile {_spread(bool(wanted['hash_ports']))}"


def _crowded(card: Card, cores: int) -> t.Iterator[str]:
    """Several queues whose interrupts go to too few processors; nothing where that is not known."""
    queues, taken = card["queues"] and min(card["queues"]["now"], cores), card["processors"]
    if queues and queues > 1 and taken and 2 * len(taken) < queues:
        yield f"has {card['queues']['now']} queues, whose interrupts go to processor {', '.join(map(str, taken))} alone"


def _lacking(card: Card, wanted: t.Mapping[str, int]) -> t.Iterator[str]:
    """What the profile says and a card does not have."""
    yield from (words for setting, words in NAMES.items() if setting in wanted and not card[setting])
    if "hash_ports" in wanted and card["hash_ports"] is None:
        yield "fields that spread UDP"


def _told(card: Card) -> str:
    """How a card is set, for the report."""
    parts = [
        f"{card[setting]['now']} of {card[setting]['most']} {words}"
        for setting, words in NAMES.items()
        if card[setting]
    ]
    if card["hash_ports"] is not None:
        parts.append(f"UDP spread {_spread(card['hash_ports'])}")
    return ", ".join(parts) or "nothing that can be set"


def _spread(ports: bool) -> str:
    return "by address and port" if ports else "by address alone"


CHECKS = (shared,)

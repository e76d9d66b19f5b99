# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a card is to be set to: what the profile says, as far as the card can, and else what it was at first."""

from __future__ import annotations

import dataclasses
import typing as t

from .._probes import cards

if t.TYPE_CHECKING:
    from .._probes.cards import Channels, Rings


class Settings(t.NamedTuple):
    """What a profile says of cards (``imrs_profile.cards``); None: nothing, so the driver's own stays."""

    queues: int | None = None
    receive_ring: int | None = None
    transmit_ring: int | None = None
    hash_ports: bool | None = None

    @classmethod
    def read(cls, given: t.Mapping[str, t.Any]) -> Settings:
        """ValueError that names what is not known."""
        if unknown := sorted(set(given) - set(cls._fields)):
            raise ValueError(f"{', '.join(unknown)}: no setting of a card")
        numbers = {key: int(value) for key, value in given.items() if key != "hash_ports"}
        return cls(**numbers, hash_ports=given.get("hash_ports"))


NOTHING = Settings()


@dataclasses.dataclass(frozen=True)
class State:
    """How a card is set; None where it has no such setting. ``hashed``: by family, the fields that spread UDP."""

    channels: Channels | None = None
    rings: Rings | None = None
    hashed: t.Mapping[str, int] | None = None

    def data(self) -> dict[str, t.Any]:
        """As it is kept in a file."""
        return {"channels": self.channels, "rings": self.rings, "hashed": self.hashed}

    @classmethod
    def parse(cls, data: t.Mapping[str, t.Any]) -> State:
        """What ``data`` has written. KeyError, TypeError: something else."""
        channels, rings, hashed = data["channels"], data["rings"], data["hashed"]
        return cls(
            cards.Channels(*channels) if channels else None,
            cards.Rings(*rings) if rings else None,
            {family: int(fields) for family, fields in hashed.items()} if hashed else None,
        )


def target(settings: Settings, found: State, first: State) -> State:
    """How a card is to be. ``first``: how it was before anything of ours was set."""
    return State(
        _channels(settings, found.channels, first.channels),
        _rings(settings, found.rings, first.rings),
        _hashed(settings, found.hashed, first.hashed),
    )


def _channels(settings: Settings, found: Channels | None, first: Channels | None) -> Channels | None:
    """Queues that do both, or those that receive where a card has these apart: what sends is then the driver's."""
    if found is None:
        return None
    combined, receive = (first or found).combined, (first or found).receive
    if settings.queues is not None and found.most_combined:
        combined, receive = min(settings.queues, found.most_combined), 0
    elif settings.queues is not None:
        receive = min(settings.queues, found.most_receive)
    return found._replace(combined=combined, receive=receive)


def _rings(settings: Settings, found: Rings | None, first: Rings | None) -> Rings | None:
    if found is None:
        return None
    receive, transmit = (first or found).receive, (first or found).transmit
    if settings.receive_ring is not None:
        receive = min(settings.receive_ring, found.most_receive)
    if settings.transmit_ring is not None:
        transmit = min(settings.transmit_ring, found.most_transmit)
    return found._replace(receive=receive, transmit=transmit)


def _hashed(
    settings: Settings, found: t.Mapping[str, int] | None, first: t.Mapping[str, int] | None
) -> t.Mapping[str, int] | None:
    if found is None:
        return None
    if settings.hash_ports is None:
        return first or found
    return dict.fromkeys(found, cards.BY_ADDRESS | (cards.BY_PORT if settings.hash_ports else 0))


def lacking(settings: Settings, found: State) -> list[str]:
    """What the profile says and the card does not have, in words."""
    queues = found.channels is not None and found.channels.most_combined + found.channels.most_receive > 0
    rings = settings.receive_ring is not None or settings.transmit_ring is not None
    said = (
        (settings.queues is not None and not queues, "no number of queues"),
        (rings and found.rings is None, "no ring buffers"),
        (settings.hash_ports is not None and found.hashed is None, "nothing that spreads UDP"),
    )
    return [what for wrong, what in said if wrong]

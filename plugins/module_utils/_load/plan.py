# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a node is asked: which questions, from which of its own addresses, how fast, and never more than is said."""

from __future__ import annotations

import dataclasses
import ipaddress
import itertools
import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._correctness.zone import Name, Zone

TIMES = 10
"""An instance has to answer ten times its normal peak (RSSAC001 section 3.4; requirement DN-56)."""
LADDER = (0.1, 0.3, 1.0)
"""Shares of the rate that is wanted, one step after the other: what fails below is not asked more."""
IN_TEN_OVER_TCP = 1
"""Of ten questions, so many over TCP; requirement DN-05 has both answer alike."""
QUESTIONS = 300
"""Different ones. A nameserver keeps no answers, so more of them prove no more; and each is judged first."""
KINDS = ((0.65, "missing"), (0.95, "below"), (1.0, "cut"))
"""Cumulative shares: names that do not exist, names below TLDs, NS and DS of TLDs; and ``APEX`` beside. As tests/bench
has them, after what root servers see.
"""
APEX = ("SOA", "NS", "DNSKEY")
SHARE_OF_LIMIT = 4
"""Each source stays below a quarter of its limit: a nameserver may count a second with half of those before."""
LANES, MOST_LANES = 24, 4000
"""Sockets at least, as the kernel spreads sockets over the nameserver's workers; and at most, as each is a file."""
LATENCIES, PACE = 1000, 100.0
"""Questions to each service address (DN-55), and how many of them a second over UDP."""
LIMIT_RATE, LIMIT_SECONDS, MOST_LIMIT_RATE = 1000, 2.0, 20_000
"""Questions a second from one source, for how long (DN-52), and above which rate no limit is tried."""
OVER_TCP = 10
"""Questions over TCP from the source that is limited (DN-52)."""

SOURCE = "127.77.77.77"
"""Who is limited: an address that every Linux has, that leaves no machine, and that nobody else here asks from."""


@dataclasses.dataclass(frozen=True)
class Lane:
    """A socket: whom it asks, and from where; an empty source is the kernel's choice, which is the asked address."""

    server: str
    source: str = ""


@dataclasses.dataclass(frozen=True)
class Limit:
    """Of one source's answers over UDP, as the nameserver runs it: how many a second (0: no limit), every how many
    above it are sent truncated (0: none), and the addresses and prefixes that have no limit.
    """

    rate: int
    slip: int = 1
    exempt: tuple[str, ...] = ()

    def spares(self, address: str) -> bool:
        """Whether a source has no limit."""
        place = ipaddress.ip_address(address)
        nets = (ipaddress.ip_network(each, strict=False) for each in self.exempt)
        return not self.rate or any(place in net for net in nets if net.version == place.version)


@dataclasses.dataclass(frozen=True)
class Step:
    """Questions a second in all, of these over TCP, and for how many seconds."""

    rate: int
    tcp_rate: int
    seconds: float

    @property
    def questions(self) -> int:
        """At most."""
        return int(self.rate * self.seconds)


@dataclasses.dataclass(frozen=True)
class Bounds:
    """What an operator may set. ``rate``: questions a second at most, 0 for ten times the peak; ``seconds`` of a step;
    ``most``: questions of all steps.
    """

    rate: int = 0
    seconds: float = 5.0
    most: int = 5_000_000


def steps(peak: int, bounds: Bounds) -> list[Step]:
    """Rising, up to ten times the peak, or to what the bounds leave of that.

    All steps together ask at most ``bounds.most`` questions: steps get shorter first, down to a second, then slower.
    """
    wanted = min(TIMES * peak, bounds.rate or TIMES * peak)
    seconds = bounds.seconds
    if wanted * sum(LADDER) * seconds > bounds.most:
        seconds = max(1.0, bounds.most / (wanted * sum(LADDER)))
    if wanted * sum(LADDER) * seconds > bounds.most:
        wanted = int(bounds.most / sum(LADDER) / seconds)
    rates = dict.fromkeys(max(1, int(wanted * share)) for share in LADDER)
    return [Step(rate, rate * IN_TEN_OVER_TCP // 10, seconds) for rate in rates]


def lanes(addresses: Sequence[str], rate: int, limit: Limit) -> list[Lane]:
    """From where so many questions a second over UDP come, each lane getting as many: no source meets the limit.

    IPv4 has 127.0.0.0/8 for sources, each in a /24 of its own. IPv6 has the asked addresses alone: where these are
    spared, their lanes are as many as of IPv4; else each has one.
    """
    each = limit.rate / SHARE_OF_LIMIT
    number = min(MOST_LANES, max(LANES, -(-rate // max(1, int(each))) if limit.rate else 0))
    free = [address for address in addresses if ":" not in address or limit.spares(address)]
    once = [Lane(address) for address in addresses if address not in free]
    sources = (f"127.{64 + place // 256}.{place % 256}.1" for place in itertools.count())
    turn = itertools.cycle(free or [lane.server for lane in once])
    found = list(once) if free else []
    while len(found) < number and (free or len(found) < len(once)):
        server = next(turn)
        found.append(Lane(server, "" if ":" in server else next(sources)))
    return found


def within(step: Step, found: Sequence[Lane], limit: Limit) -> Step:
    """The step, or a slower one, if these lanes would meet the limit: there may be too few sources."""
    if all(limit.spares(lane.source or lane.server) for lane in found):
        return step
    most = len(found) * limit.rate // SHARE_OF_LIMIT
    return dataclasses.replace(step, rate=min(step.rate, most + step.tcp_rate))


def pace(limit: Limit) -> float:
    """Questions a second to one address over UDP whose latency is measured, so that the limit is not met."""
    return min(PACE, limit.rate / SHARE_OF_LIMIT) if limit.rate else PACE


@dataclasses.dataclass(frozen=True)
class Trial:
    """Of the limit, in one family: who asks whom, how many a second, and for how long."""

    server: str
    source: str
    rate: int
    seconds: float = LIMIT_SECONDS


def trials(addresses: Sequence[str], own: Sequence[str], limit: Limit) -> tuple[list[Trial], str]:
    """How the limit is tried (DN-52): in each family one source that it counts; or no trial, and why.

    ``own``: the node's addresses on its uplink; IPv6 has no others that are the node's and nobody else's. More than
    twice what the limit lets pass is asked.
    """
    if not limit.rate:
        return [], "there is no limit"
    rate = max(LIMIT_RATE, 5 * limit.rate // 2)
    if rate > MOST_LIMIT_RATE:
        return [], f"a limit of {limit.rate} a second takes {rate} questions a second, and {MOST_LIMIT_RATE} are asked"
    sources = {4: [SOURCE], 6: [each for each in own if ":" in each and not ipaddress.ip_address(each).is_link_local]}
    found, seen = [], set[int]()
    for address in addresses:
        version = ipaddress.ip_address(address).version
        source = next((each for each in sources[version] if not limit.spares(each)), "")
        if source and version not in seen:
            seen.add(version)
            found.append(Trial(address, source, rate))
    return found, "" if found else "the node has no address of its own that has the limit"


class Chance(t.Protocol):
    """``random.Random``: whoever asks brings it."""

    def random(self) -> float:
        """From 0 to 1."""

    def choice(self, seq: Sequence[t.Any], /) -> t.Any:
        """One of them."""

    def choices(self, population: str, *, k: int) -> list[str]:
        """Letters, ``k`` of them."""


class Asked(t.NamedTuple):
    """A name with its type."""

    name: Name
    kind: str


def questions(zones: Mapping[str, Zone], chance: Chance, number: int = QUESTIONS) -> list[Asked]:
    """Different questions for the root, as ``KINDS`` shares them out; names in other zones of the node are left out."""
    root = zones["."]
    served = {zone.origin for name, zone in zones.items() if name != "."}
    cuts = [cut for cut in root.delegations() if cut not in served]
    makers: dict[str, t.Callable[[], Asked]] = {
        "missing": lambda: _missing(root, chance),
        "below": lambda: _below(chance.choice(cuts), chance),
        "cut": lambda: Asked(chance.choice(cuts), chance.choice(("NS", "DS"))),
    }
    found = dict.fromkeys(Asked(root.origin, kind) for kind in APEX)
    for _try in range(20 * number):  # a small zone has fewer
        if len(found) == number:
            break
        drawn = chance.random()
        kind = next(kind for share, kind in KINDS if drawn < share)
        if cuts or kind == "missing":
            found[makers[kind]()] = None
    return list(found)


def _label(chance: Chance) -> bytes:
    return "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=12)).encode("ascii")


def _missing(root: Zone, chance: Chance) -> Asked:
    """A name of one label that does not exist, as most are that root servers are asked for."""
    while True:
        name = type(root.origin)((_label(chance), *root.origin.labels))
        if not root.exists(name):
            return Asked(name, chance.choice(("A", "AAAA")))


def _below(cut: Name, chance: Chance) -> Asked:
    return Asked(type(cut)((b"www", _label(chance), *cut.labels)), chance.choice(("A", "AAAA")))

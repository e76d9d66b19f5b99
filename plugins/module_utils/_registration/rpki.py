# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Route origin validation (RFC 6811) by what a validator made of the RPKI, and ROAs that allow too much (RFC 9319).

The input is what ``rpki-client -j`` writes (rpki-client(8)): ``{"metadata": {"buildtime": "2026-11-29T22:04:49Z"},
"roas": [{"asn": 20144, "prefix": "199.7.83.0/24", "maxLength": 24, "ta": "arin", "expires": 1796083200}]}``.
Routinator's format ``json`` is read as well: ``asn`` is ``"AS20144"`` there, its time is ``metadata.generatedTime``,
and it tells no ``expires``.
"""

from __future__ import annotations

import datetime
import typing as t

from .finding import (
    Finding,
    Network,
    Unreadable,
    Wanted,
    age,
    asn,
    mapping,
    network,
    overlaps,
    parse_json,
    shown,
    within,
)

VALID, INVALID, NOT_FOUND = "valid", "invalid", "not found"
"""RFC 6811 section 2."""
NOBODY = 0
"""The AS number of a ROA that allows nobody (RFC 7607, RFC 6483 section 4)."""
_TIMES = ("buildtime", "generatedTime")
_LATEST = 2**40
_T = t.TypeVar("_T")


class Vrp(t.NamedTuple):
    """A Validated ROA Payload: who may announce what, down to which length."""

    prefix: Network
    max_length: int
    asn: int
    anchor: str = ""
    """The trust anchor, such as ``arin``."""
    expires: int | None = None
    """Unix time at which it ends unless something above it is renewed; None where the validator does not tell."""

    @property
    def words(self) -> str:
        """It in a few words."""
        length = f"-{self.max_length}" if self.max_length != self.prefix.prefixlen else ""
        return f"{self.prefix}{length} of AS{self.asn}" + (f" ({self.anchor})" if self.anchor else "")


class Roas(t.NamedTuple):
    """What a validator says of our prefixes."""

    made: float
    """Unix time."""
    vrps: tuple[Vrp, ...]
    """Those that have addresses in common with one of our prefixes."""


def read(text: str, name: str, wanted: Wanted) -> Roas:
    """The JSON of the file ``name``; Unreadable names what is wrong there. ROAs of others are not looked at closely."""
    data = parse_json(text, name)
    if not isinstance(data, dict) or not isinstance(data.get("roas"), list):
        raise Unreadable(f"{name}: has no list roas; give the file json that rpki-client -j writes")
    ours, found = tuple(wanted.networks.values()), []
    firsts = {each for text in wanted.prefixes for each in _first(text)}
    for number, entry in enumerate(data["roas"]):
        try:
            if _far(mapping(entry).get("prefix"), firsts):
                continue
            vrp = _vrp(entry)
        except ValueError as error:
            raise Unreadable(f"{name}: roas[{number}]{error}; make the file anew with rpki-client -j") from error
        if any(overlaps(vrp.prefix, our) for our in ours):
            found.append(vrp)
    if not data["roas"]:
        raise Unreadable(f"{name}: roas is empty: the validator had nothing to validate; see its log, and run it again")
    return Roas(_made(data, name), tuple(dict.fromkeys(found)))


def validity(vrps: t.Iterable[Vrp], prefix: Network, origin: int) -> str:
    """The validation state of a route (RFC 6811 section 2): VALID, INVALID or NOT_FOUND."""
    covering = [vrp for vrp in vrps if within(prefix, vrp.prefix)]
    if any(_matches(vrp, prefix, origin) for vrp in covering):
        return VALID
    return INVALID if covering else NOT_FOUND


def findings(roas: Roas, wanted: Wanted, now: float, soon: float) -> t.Iterator[Finding]:
    """What is wrong with them. ``soon``: in how many seconds from ``now`` (Unix time) a ROA may end at the earliest."""
    for text, prefix in wanted.networks.items():
        state = validity(roas.vrps, prefix, wanted.asn)
        remedy = f"publish a ROA {text} of AS{wanted.asn}, maxLength {prefix.prefixlen}"
        if state == NOT_FOUND:
            yield Finding(NOT_FOUND, text, f"no ROA covers it: {remedy}")
        elif state == INVALID:
            others = ", ".join(vrp.words for vrp in roas.vrps if within(prefix, vrp.prefix))
            yield Finding(INVALID, text, f"RPKI-invalid by {others}, so routers that validate drop it: {remedy}")
        else:
            yield from _end(roas.vrps, text, prefix, wanted.asn, now + soon, now)
    for vrp in roas.vrps:
        yield from _loose(vrp, wanted) if vrp.asn == wanted.asn else _others(vrp, wanted)


def _end(
    vrps: t.Iterable[Vrp], text: str, prefix: Network, origin: int, latest: float, now: float
) -> t.Iterator[Finding]:
    """A prefix for which every ROA that makes it valid ends too soon."""
    ends = [vrp.expires for vrp in vrps if _matches(vrp, prefix, origin)]
    known = [each for each in ends if each is not None]
    if known and len(known) == len(ends) and max(known) <= latest:
        last = max(known)
        told = f"ends in {age(last - now)}" if last > now else f"ended {age(now - last)} ago"
        yield Finding("ends", text, f"its last ROA {told}, unless it was renewed meanwhile: run the validator again")


def _loose(vrp: Vrp, wanted: Wanted) -> t.Iterator[Finding]:
    """A ROA of ours that allows what we do not announce: whoever forges our origin may announce that (RFC 9319)."""
    ours = {our for our in wanted.networks.values() if within(our, vrp.prefix) and our.prefixlen <= vrp.max_length}
    if len(ours) == 2 ** (vrp.max_length - vrp.prefix.prefixlen + 1) - 1:
        return
    example = next(
        net
        for length in range(vrp.prefix.prefixlen, vrp.max_length + 1)
        for net in vrp.prefix.subnets(new_prefix=length)
        if net not in ours
    )
    yield Finding(
        "loose",
        str(vrp.prefix),
        f"loose maxLength: ROA {vrp.words} also allows {example}, which we do not announce, so others may, by forging "
        "our origin: make one ROA for each prefix, with maxLength as long as the prefix",
    )


def _others(vrp: Vrp, wanted: Wanted) -> t.Iterator[Finding]:
    """A ROA by which somebody else may announce a prefix of ours, or a part of one."""
    allowed = [
        text
        for text, our in wanted.networks.items()
        if within(vrp.prefix, our) or (within(our, vrp.prefix) and our.prefixlen <= vrp.max_length)
    ]
    if vrp.asn != NOBODY and allowed:
        yield Finding(
            "other origin",
            str(vrp.prefix),
            f"ROA {vrp.words} allows AS{vrp.asn} to announce it: revoke it if it is not meant",
        )


def _matches(vrp: Vrp, prefix: Network, origin: int) -> bool:
    return within(prefix, vrp.prefix) and prefix.prefixlen <= vrp.max_length and vrp.asn == origin != NOBODY


def _first(text: str) -> tuple[str, ...]:
    """The first octet of an IPv4 prefix, or the first group of an IPv6 one; empty when not all addresses have it."""
    start, _slash, length = text.partition("/")
    mark, least = (":", 16) if ":" in start else (".", 8)
    if not (length.isascii() and length.isdecimal() and len(length) <= 3 and int(length) >= least):
        return ()
    first = start.partition(mark)[0]
    return (first + mark,) if first.isalnum() and not first.startswith("0") else ()


def _far(text: object, firsts: t.Collection[str]) -> bool:
    """Certainly nothing of ours: of half a million ROAs, few have to be read."""
    first = _first(text) if isinstance(text, str) else ()
    return bool(first) and first[0] not in firsts


def _vrp(entry: t.Mapping[str, t.Any]) -> Vrp:
    """One of ``roas``; ValueError begins with the name of the field."""
    prefix = _field("prefix", network, entry.get("prefix"))
    longest, expires = entry.get("maxLength", prefix.prefixlen), entry.get("expires")
    if type(longest) is not int or not prefix.prefixlen <= longest <= prefix.max_prefixlen:
        most = f"from {prefix.prefixlen} to {prefix.max_prefixlen} for {prefix}"
        raise ValueError(f".maxLength: {shown(longest)} is no length {most}")
    if expires is not None and (type(expires) is not int or not 0 <= expires <= _LATEST):
        raise ValueError(f".expires: {shown(expires)} is no Unix time")
    return Vrp(prefix, longest, _field("asn", asn, entry.get("asn")), _name(entry.get("ta")), expires)


def _field(name: str, reader: t.Callable[[t.Any], _T], value: object) -> _T:
    try:
        return reader(value)
    except ValueError as error:
        raise ValueError(f".{name}: {error}") from error


def _name(value: object) -> str:
    """A trust anchor's name, fit to be printed."""
    return "".join(letter for letter in value[:20] if letter.isprintable()) if isinstance(value, str) else ""


def _made(data: t.Mapping[str, t.Any], name: str) -> float:
    metadata = data.get("metadata")
    said = next((metadata[key] for key in _TIMES if key in metadata), None) if isinstance(metadata, dict) else None
    try:
        found = datetime.datetime.fromisoformat(str(said))
    except ValueError as error:
        text = f"{name}: metadata.buildtime: {shown(said)} is no time, such as 2026-11-29T22:04:49Z; make the file anew"
        raise Unreadable(text) from error
    return found.replace(tzinfo=found.tzinfo or datetime.UTC).timestamp()

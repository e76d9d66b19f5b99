# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The sentences around a host's router configuration: what is agreed on, how to pass it on, how to check it."""

from __future__ import annotations

import collections.abc as c
import textwrap
import typing as t

from .language import msg
from .router_view import HostRouter, Session, plain

if t.TYPE_CHECKING:
    from .._site.contract import SiteRecord

WIDTH = 96
"""Of a line of comment, without its mark."""

GAPS: dict[tuple[str, str], str] = {
    ("junos", "gtsm"): msg(
        "Junos sends with TTL 255 as set here, but checks the TTL of what arrives only by a firewall "
        "filter: the text shows its term as a comment, for the filter that you have on lo0."
    ),
    ("nx_os", "gtsm"): msg(
        "An NX-OS release that does not know ttl-security takes ebgp-multihop 255 in its place: that "
        "sends with TTL 255, as the IMRS demands, but checks nothing."
    ),
    ("junos", "hold"): msg(
        "With a hold time below 20 seconds Junos recommends precision-timers (protocols bgp). Where a release refuses "
        "so short a time, leave the line out: the smaller of both sides' counts, and the IMRS proposes it."
    ),
    ("bird", "limit"): msg(
        "BIRD tries again soon after a session has exceeded its number of prefixes (error wait time)."
    ),
    ("openbgpd", "bfd"): msg("OpenBGPD has no BFD: a link that fails silently is noticed when the hold time ends."),
    ("ios_xe", "bfd-interface"): msg("IOS XE keeps BFD's times at the interface: name it where the text asks for it."),
    ("nx_os", "bfd-interface"): msg("NX-OS keeps BFD's times at the interface: name it where the text asks for it."),
    ("ios_xr", "bfd-multihop"): msg(
        "IOS XR runs BFD over several hops on a line card: name it where the text asks for it."
    ),
    ("sr_os", "bfd"): msg("SR OS keeps BFD's times at the interface: name it where the text asks for it."),
    ("routeros", "bfd"): msg("RouterOS refuses BFD unless /routing/bfd/configuration permits it, which the text does."),
    ("frr", "bfd"): msg("FRR needs its BFD daemon: bfdd=yes in /etc/frr/daemons."),
    ("routeros", "limit"): msg(
        "RouterOS does not come back by itself after a session has exceeded its number of prefixes: "
        "clear the flag with /routing/bgp/session/clear."
    ),
    ("vrp", "comments"): msg("Lines that begin with # explain. Where VRP complains of one, it does no harm."),
}
"""What a system lacks or does differently, by system and subject; said in the text and on the page."""

CHECKED = {
    "frr": msg("FRR's own parser (vtysh -C) accepts this text."),
    "bird": msg("BIRD's own parser (bird -p) accepts this text."),
    "openbgpd": msg("OpenBGPD's own parser (bgpd -n) accepts this text."),
}
UNCHECKED = msg(
    "Written from the vendor's documentation and not loaded on a device: have your release check it before you commit."
)


def gaps(key: str, routers: c.Iterable[HostRouter]) -> list[str]:
    """The sentences of GAPS that matter for these routers."""
    subjects = {"limit", "comments"}
    for router in routers:
        subjects |= {"gtsm"} if router.gtsm else set()
        subjects |= {"bfd"} if router.bfd_times else set()
        subjects |= {"bfd-interface"} if router.bfd_interfaces else set()
        subjects |= {"bfd-multihop"} if router.bfd_multihop else set()
        subjects |= {"hold"} if any(session.hold_time < 20 for session in router.sessions) else set()
    return [sentence for (system, subject), sentence in GAPS.items() if system == key and subject in subjects]


def notes(key: str, routers: c.Sequence[HostRouter], *, blanks: bool) -> list[str]:
    """Short sentences for the page, beside the text. ``blanks``: something is left to be filled in."""
    found = []
    if len(routers) > 1:
        found.append(msg("One part for each of your routers: a router is given its own part only."))
    if blanks:
        found.append(msg("Replace what stands in angle brackets before you paste."))
    if any(router.passwords for router in routers):
        found.append(msg("A password is never written here: put the agreed one in its place."))
    return [*found, *gaps(key, routers), CHECKED.get(key, UNCHECKED)]


def about(record: SiteRecord, title: str, key: str, router: HostRouter, *, blanks: bool) -> list[str]:
    """The head of a router's part: whom it is for, its sessions, and what its system does differently."""
    blank = " Replace what stands in <angle brackets> before you paste." if blanks else ""
    place = plain(f"{record['location']['city']}, {record['location']['country']}")
    lines = [
        f"ICANN Managed Root Server (L-root), AS{record['asn']}, site {record['site']}, {place}",
        f"For {router.description}, AS{router.asn}: {title}",
        "",
        "Sessions of this router:",
    ]
    for session in router.sessions:
        lines += _wrapped(_session(session), "  ")
    lines += ["", *_wrapped(f"For this router only.{blank}")]
    for sentence in gaps(key, [router]):
        lines += _wrapped(sentence)
    return lines


def _session(session: Session) -> str:
    words = [f"{session.local} (yours) with {session.neighbor} ({session.our_name})"]
    words.append(f"on link {session.link}" if session.link else "not on a common link")
    if session.link_local:
        words.append(f"link-local, so give the interface that has {session.local}, where your system asks for it")
    if session.multihop:
        words.append(f"multihop, at most {session.multihop} hops, so no GTSM")
    if session.gtsm:
        words.append("GTSM (RFC 5082)")
    words.append("MD5" if session.md5 else "no MD5")
    if session.bfd:
        words.append(f"BFD {session.bfd.interval_ms} ms x {session.bfd.multiplier}")
    words.append(f"hold time {session.hold_time} s")
    limit = f", at most {session.max_prefix} prefixes" if session.max_prefix else ""
    words.append(
        {"none": "you send nothing", "default": "you send the default route", "all": f"you send your table{limit}"}[
            session.inbound
        ]
    )
    return "; ".join(words)


def accepting() -> list[str]:
    """What the inbound filters do."""
    return _wrapped(
        "What you accept: these prefixes, at exactly these lengths, from AS20144 and with nothing but AS20144 in "
        "the AS path. Everything else is refused. The limit on prefixes is a second guard, should the filter be lost."
    )


def sending(router: HostRouter) -> list[str]:
    """What the outbound filters do."""
    said = {
        "none": "nothing; the IMRS needs none of your routes",
        "default": "the default route alone",
        "all": "your table, as you send it to a customer",
    }
    return _wrapped(f"What you send: {' or '.join(said[kind] for kind in sorted(router.sends))}.")


def passing_on(router: HostRouter) -> list[str]:
    """How the prefixes get to the host's customers, peers and upstreams, and what must be left alone on the way."""
    specific = _and(_networks(router, "specific"))
    covering = _and(_networks(router, "covering"))
    kept = [session for session in router.sessions if session.no_export]
    lines = []
    if kept:
        where = "" if len(kept) == len(router.sessions) else f" over {_and([session.local for session in kept])}"
        lines += _wrapped(
            f"{specific} arrive{where} with NO_EXPORT (RFC 1997): they stay inside AS{router.asn}, and the community "
            f"must stay on them. {covering} carry no such mark and may be passed on."
        )
    if len(kept) < len(router.sessions):
        lines += _wrapped(
            "Pass the prefixes on to customers, peers and upstreams like those of a customer: unchanged, both "
            "families, exact lengths. Nothing here stops that. Where your export policies name what you announce, add "
            "the lists of this text to them; where they go by communities, set your own on the way in."
        )
    marks = tuple(dict.fromkeys(mark for session in router.sessions for mark in session.every_community))
    if marks:
        lines += _wrapped(
            f"{specific} carry {_and(marks)}, as agreed: have your policy act on them before anything removes them."
        )
    prepends = sorted({session.prepend for session in router.sessions if session.prepend})
    if prepends:
        times = " or ".join(str(prepend + 1) for prepend in prepends)
        lines += _wrapped(f"{specific} arrive with AS20144 {times} times in the AS path, as agreed.")
    links = tuple(dict.fromkeys(session.link for session in router.sessions if session.link))
    carry = f", or carry {_and(links)} in your IGP" if links else ""
    lines += _wrapped(
        f"Towards your other routers set this router as next hop{carry}: else they cannot use the routes."
    )
    if router.multihop:
        far = _and([session.neighbor for session in router.multihop])
        lines += _wrapped(f"This router needs a route to {far} that is not learnt over these sessions.")
    return lines


def registries(record: SiteRecord, flag: str, spell: t.Callable[[str], str]) -> list[str]:
    """IRR and RPKI. ``flag`` is bgpq4's for the system; ``spell`` fits a list's name to it."""
    irr = record["irr"]
    target = irr["object"] if irr else f"AS{record['asn']}"
    source = f"-S {irr['source']} " if irr else ""
    where = f"Route objects with origin AS{record['asn']} are in {irr['source']}. " if irr else ""
    option = f"{flag} " if flag else ""
    return [
        *_wrapped(
            f"{where}For comparison, not for the session's filter: the answers hold every one of the five, and may "
            "hold more. Without -A, which would merge the covering with the specific prefix."
        ),
        *(
            f"  bgpq4 -{family[-1]} {option}{source}-l {spell(f'IMRS-IRR-{family.upper()}')} {target}"
            for family in ("ipv4", "ipv6")
        ),
        *_wrapped(
            f"Your upstreams filter, too: make AS{record['asn']} a member of the AS-SET that you announce from, and "
            "ask them to accept both families."
        ),
        *_wrapped(f"RPKI: the origin is AS{record['asn']}. Reject what is invalid; accept valid and not-found alike."),
    ]


def expecting(router: HostRouter) -> list[str]:
    """What a look at the table should show."""
    return _wrapped(
        f"How to see that it works. Mode live: all five prefixes. Drained, in maintenance: "
        f"{_and(_networks(router, 'covering'))}. Dark: none, with the sessions up."
    )


def comment(mark: str, lines: c.Iterable[str]) -> str:
    """Lines of comment; no blank at the end of any."""
    return "\n".join(f"{mark} {line}".rstrip() for line in lines)


def _networks(router: HostRouter, kind: str) -> list[str]:
    return [each.network for prefixes in router.prefixes.values() for each in prefixes if each.kind == kind]


def _and(texts: c.Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join(part for part in (", ".join(texts[:-1]), *texts[-1:]) if part)


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent and indent * 2,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip

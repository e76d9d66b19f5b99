# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What the host reads: plain text in short sentences, for people on duty whose first language is another one."""

from __future__ import annotations

import textwrap
import typing as t
import unicodedata

from .. import _addressing as addressing
from . import due

if t.TYPE_CHECKING:
    from .._site.contract import SiteRecord

_WIDTH = 72


def clean(text: object) -> str:
    """A text of a sheet on one line: what breaks lines, or is not seen, becomes a blank."""
    seen = (" " if unicodedata.category(each)[0] in "CZ" else each for each in str(text))
    return " ".join("".join(seen).split())


def subject(record: SiteRecord) -> str:
    """``IMRS instance NBO, Nairobi: in service``."""
    return f"IMRS instance {record['site'].upper()}, {clean(record['location']['city'])}: in service"


def body(record: SiteRecord, reports: t.Mapping[str, due.Report], attached: t.Iterable[str]) -> str:
    """The text of the message. ``reports``: of the site's appliances, which all passed; ``attached``: file names."""
    where = f"{clean(record['location']['city'])}, {record['location']['country']}"
    count = len(_prefixes(record))
    parts = [
        _wrapped(f"To the network operations of {clean(record['host']['name'])}:"),
        _wrapped(
            f"Your instance of the ICANN Managed Root Server (IMRS, L-Root) in {where} is in service since "
            f"{due.since(record, reports.values())}. It is installed and has passed its tests. It announces all "
            f"{count} prefixes to your network, and answers the DNS questions that they attract. This is the last step "
            "of the onboarding."
        ),
        _section("WHAT IS IN SERVICE", _appliances(reports)),
        _section("WHAT IT ANNOUNCES", _announced(record)),
        _section("PLEASE DO NOW", _now(record, count)),
        _section("PLEASE DO NOT", _items(_NOT)),
        _section("HOW TO DISCONNECT IT SAFELY", _items(_APART)),
        _section("WHOM TO CALL, DAY AND NIGHT", _operator(record)),
        _section("REIMBURSEMENT", _money(record)),
        _section("ATTACHED", "\n".join(f"  {name}" for name in attached)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


_NOT = (
    "Do not switch the appliance off, and do not move its cables, before you have talked to us.",
    (
        "Do not filter, rate-limit or answer DNS questions on the way: users would be without answers, and no other "
        "instance would take over."
    ),
    "Do not announce our prefixes with another origin, and accept no others from us.",
    "There is nothing to configure on the appliance. ICANN alone operates it.",
)
_APART = (
    "You may disconnect it at any time, if it harms your network. You need not ask first.",
    (
        "Shut the BGP sessions on your router, all that are listed above, IPv4 and IPv6. Your users then reach other "
        "instances within seconds. Leave power and cables as they are, so that we can see what happens."
    ),
    "Tell us promptly that you did.",
    "Tell us before you connect it again, so that we can test it first.",
)


def _section(title: str, text: str) -> str:
    return f"{title}\n\n{text}" if text else ""


def _wrapped(text: str, first: str = "", others: str = "") -> str:
    return textwrap.fill(
        text, _WIDTH, initial_indent=first, subsequent_indent=others, break_long_words=False, break_on_hyphens=False
    )


def _items(texts: t.Iterable[str]) -> str:
    return "\n".join(_wrapped(text, "- ", "  ") for text in texts)


def _appliances(reports: t.Mapping[str, due.Report]) -> str:
    return "\n".join(f"  {report['node']}: tested {_moment(str(report['started']))}" for report in reports.values())


def _moment(text: str) -> str:
    """``2026-11-17 09:30 UTC`` of RFC 3339."""
    return f"{text[:10]} {text[11:16]} UTC"


def _prefixes(record: SiteRecord) -> list[str]:
    """A line for each, IPv4 first, the covering one of a family before its specific ones."""
    found: list[str] = []
    for family in addressing.FAMILIES:
        kinds = record["prefixes"][family]
        found += [f"  {prefix:<18}covering" for prefix in kinds["covering"]]
        found += [f"  {prefix:<18}specific" for prefix in kinds["specific"]]
    return found


def _announced(record: SiteRecord) -> str:
    sessions = [
        f"  {session.local_address} with your {session.address} (AS{session.asn}), {clean(session.description)}"
        for session in record["sessions"]
    ]
    return "\n".join(
        [
            _wrapped(f"AS{record['asn']} announces these prefixes to you:"),
            "",
            *_prefixes(record),
            "",
            _wrapped(
                "over these BGP sessions. When the instance finds a fault in itself, and while we maintain it, it "
                "takes its announcements back by itself. Then there is nothing for you to do."
            ),
            "",
            *sessions,
        ]
    )


def _now(record: SiteRecord, count: int) -> str:
    address = record["service_addresses"]["ipv4"][0]
    names = " or ".join(f'"{node["node_name"]}"' for node in record["nodes"])
    return "\n".join(
        [
            _items([f"See that your router accepts all {count} prefixes over every session."]),
            _items(["Ask the instance from your network who it is:"]),
            "",
            f"    dig @{address} hostname.bind TXT CH +norec +short",
            "",
            _wrapped(
                f"The answer is {names}. Another name means that your question went to another instance: look at "
                "your routing, and ask us.",
                "  ",
                "  ",
            ),
            _items(["Keep this message where your people on duty find it."]),
        ]
    )


def _operator(record: SiteRecord) -> str:
    operator = record["operator"]
    return "\n".join(f"  {clean(operator[key])}" for key in ("name", "phone", "email"))


def _money(record: SiteRecord) -> str:
    """What becomes due by this notice: the programme pays after a successful deployment, which ends with it."""
    money = record["onboarding"]["reimbursement"]
    if not money:
        return ""
    return _wrapped(
        f"The USD {money['usd']:,} that you asked for are due now, as the instance is deployed and you are notified. "
        f"{clean(record['host']['gse']['coordinator'])} goes on with that."
    )

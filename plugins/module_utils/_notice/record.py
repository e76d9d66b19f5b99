# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What was sent for a go-live, to whom, and what the server said: ``notice.json`` beside the reports.

A message is marked as being sent before the server gets it. A run that breaks off after that has left the mark: nobody
knows whether the server took the message, so nothing is guessed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import typing as t

from . import NoticeError

if t.TYPE_CHECKING:
    from .._site.contract import SiteRecord

NAME = "notice.json"
SENDING, ACCEPTED, REFUSED = "sending", "accepted", "refused"
"""What is known of one address: the server may have the message for it, has it, or does not take it."""
_FORMAT = 1
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
"""A time as reports and records have it."""


def go_live(record: SiteRecord) -> str:
    """What a notice is for: the step of the onboarding, of this site.

    A site goes live once in its life, by that step, whatever the number of its nodes. No time is in it: reports are
    written anew by each acceptance, and an instance that was drained or dark and comes back is no news to its host.
    Nor is the name of the fleet, which may be changed.
    """
    return f"{record['site']}/notify"


def message_id(record: SiteRecord) -> str:
    """The ``Message-ID`` (RFC 5322 section 3.6.4): the same for every attempt, so that a repeat is recognised."""
    digest = hashlib.sha256(go_live(record).encode()).hexdigest()[:32]
    return f"<imrs-notice.{digest}@{record['operator']['email'].rpartition('@')[2]}>"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of one address; ``at`` in UTC (RFC 3339), ``said``: the server's answer, with its code."""

    state: str
    at: str
    said: str = ""


@dataclasses.dataclass(frozen=True)
class Sent:
    """The record of one go-live."""

    go_live: str
    message_id: str
    subject: str = ""
    sender: str = ""
    """As the envelope has it (RFC 5321: MAIL FROM)."""
    server: str = ""
    sha256: str = ""
    """Of the text that the host reads, without what is attached, in UTF-8."""
    addresses: t.Mapping[str, Outcome] = dataclasses.field(default_factory=dict)

    def unknown(self) -> list[str]:
        """The addresses of which nobody knows whether the server has the message for them."""
        return [address for address, outcome in self.addresses.items() if outcome.state == SENDING]

    def accepted(self, address: str) -> str:
        """When the server took the message for this address; empty when it has not."""
        outcome = self.addresses.get(address)
        return outcome.at if outcome and outcome.state == ACCEPTED else ""

    def told(self, outcomes: t.Mapping[str, Outcome], **header: str) -> Sent:
        """The record with these outcomes; ``header``: the subject and so on of the attempt."""
        return dataclasses.replace(self, addresses={**self.addresses, **outcomes}, **header)

    def render(self) -> str:
        """The text of ``notice.json``."""
        return json.dumps({"format": _FORMAT, **dataclasses.asdict(self)}, indent=2, ensure_ascii=False) + "\n"


def new(record: SiteRecord) -> Sent:
    """Nothing was sent yet."""
    return Sent(go_live(record), message_id(record))


def parse(text: str, place: str, record: SiteRecord) -> Sent:
    """What ``render`` made. ``place``: the file, for messages. Raises NoticeError where it is not of this go-live."""
    remedy = f"find out what the host of {record['site']} was sent, and move the file away"
    try:
        found = json.loads(text)
        if found.pop("format") != _FORMAT:
            raise NoticeError(f"{place}: is of another version of this collection; {remedy}")
        given = found.pop("addresses")
        sent = Sent(**found, addresses={str(address): Outcome(**outcome) for address, outcome in given.items()})
        plain = all(isinstance(getattr(sent, field.name), str) for field in dataclasses.fields(sent)[:-1])
        if not plain or not all(_sound(outcome) for outcome in sent.addresses.values()):
            raise NoticeError(f"{place}: is no record of a notice; {remedy}")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise NoticeError(f"{place}: is no record of a notice ({error}); {remedy}") from None
    if sent.go_live != go_live(record):
        raise NoticeError(f"{place}: is the record of {sent.go_live}, not of {go_live(record)}; {remedy}")
    return sent


def _sound(outcome: Outcome) -> bool:
    known = outcome.state in {SENDING, ACCEPTED, REFUSED} and isinstance(outcome.said, str)
    return known and isinstance(outcome.at, str) and bool(MOMENT.fullmatch(outcome.at))

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What acceptance reads of the gate, and what it tells it."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import typing as t

from .. import _statement as statements
from .._routing.policy import Mode
from .report_json import moment

VERBS = {Mode.DARK: "dark", Mode.DRAINED: "drain", Mode.LIVE: "live"}
"""The gate's verb for each stage."""

Command = tuple[str, ...]


class Grant(t.NamedTuple):
    """What the gate is to take on acceptance's word: a certificate, or a trial of sessions."""

    verb: str
    """``certify`` or ``trial``."""
    mode: Mode | None
    """Up to which mode; None for a trial."""
    fingerprint: str
    sessions: tuple[str, ...]
    seconds: int | None
    """For how long; None: for good."""
    challenge: str
    """The gate's, for what is signed."""

    @property
    def words(self) -> Command:
        """The command for a gate that takes it unsigned."""
        mode = () if self.mode is None else (str(self.mode),)
        end = () if self.seconds is None else ("--for", str(self.seconds))
        marks = [word for mark in self.sessions for word in ("--session", mark)]
        return ("imrs", self.verb, *mode, "--fingerprint", self.fingerprint, *end, *marks, "--json")

    def statement(self, node: str, about: t.Mapping[str, t.Any], now: float, days: int | None) -> statements.Statement:
        """What a key of the fleet is to sign. ``now`` in seconds since 1970; it ends after ``days``, None: never."""
        return statements.Statement(
            verb=self.verb,
            node=node,
            challenge=self.challenge,
            mode="" if self.mode is None else str(self.mode),
            fingerprint=self.fingerprint,
            sessions=self.sessions,
            seconds=self.seconds,
            issued=moment(now),
            ends="" if days is None else moment(now + days * DAY),
            about=about,
        )


Seal = t.Callable[[Grant], Command]
"""The command for a grant: how a signature comes in. ValueError where none can be had."""

DAY = 86400.0
"""Seconds."""


@dataclasses.dataclass(frozen=True)
class Gate:
    """What acceptance needs of ``imrs status --json``."""

    mode: tuple[Mode, ...]
    """Effective, of each family."""
    intent: Mode
    ceiling: Mode
    """No run raises the node above this."""
    standing: Mode
    """What is asked for when a wish with an end is over."""
    standing_ceiling: Mode
    rises_at: str
    """When it goes up by itself, in UTC; empty when it does not."""
    valid: bool
    """Whether the certificate counts now."""
    certified: Mode
    provisional: bool
    """The certificate has an end."""
    foreseen: bool
    """The certificate covers a planned change that acceptance has not judged."""
    own: bool
    """The certificate was issued for exactly this configuration."""
    fingerprint: str
    sessions: tuple[str, ...]
    """Marks of the certified sessions."""
    trial: tuple[str, ...]
    """Marks of the sessions on trial."""
    challenge: str = ""
    """What a signed certificate has to name."""
    ends: str = ""
    """When the certificate ends, in UTC; empty when it does not."""
    within: Mode = Mode.LIVE
    """No more than this can a cluster's router announce at the moment, for want of live nodes."""
    lacking: str = ""
    """Why, in words."""

    @classmethod
    def parse(cls, status: t.Mapping[str, t.Any]) -> Gate:
        """From the gate's answer; ValueError when it is not as docs/architecture.md has it."""
        try:
            intent, certificate = status["intent"], status["certificate"]
            standing, valid = intent.get("standing", intent), bool(certificate["valid"])
            rises = intent.get("until") and intent.get("at_most") != standing["mode"] and valid
            if not status["mode"]:
                raise ValueError("the gate's answer is not understood: it names no address family")
            return cls(
                mode=tuple(Mode.parse(mode) for mode in status["mode"].values()),
                intent=Mode.parse(intent["mode"]),
                ceiling=Mode.parse(intent["ceiling"]),
                standing=Mode.parse(standing["mode"]),
                standing_ceiling=Mode.parse(standing["ceiling"]),
                rises_at=str(intent["until"]) if rises else "",
                valid=valid,
                certified=Mode.parse(certificate["mode"]) if valid else Mode.DARK,
                provisional=bool(certificate["expires_at"]),
                foreseen=certificate["foreseen_until"] is not None,
                own=certificate["fingerprint"] == status["fingerprint"],
                fingerprint=str(status["fingerprint"] or ""),
                sessions=tuple(certificate["sessions"]),
                trial=tuple(certificate["trial"]),
                challenge=str(status.get("challenge", "")),
                ends=str(certificate.get("ends_at", "")),
                **_behind(status.get("members")),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"the gate's answer is not understood: {type(error).__name__} {error}") from error


def _behind(members: t.Mapping[str, t.Any] | None) -> dict[str, t.Any]:
    """``within`` and ``lacking`` of a gate: a node's has no ``members``."""
    if not members:
        return {}
    live, least = min(map(len, members["live"].values())), members["minimum"]
    if live >= least:
        return {}
    covering = min(map(len, members["drained"].values()))
    within = Mode.DRAINED if covering and members["below"] == "drained" else Mode.DARK
    return {"within": within, "lacking": f"{live} nodes of its cluster are live, and {least} have to be (minimum_live)"}


def answered(status: int, output: str) -> bool:
    """Whether the gate has answered a command with this exit status and output.

    That a mode is not reached is an answer, too: what is announced then is judged, with a better message.
    """
    return status == 0 or '"reached"' in output


def sealed(seal: statements.Seal) -> Command:
    """The command for a gate that takes what a key of the fleet has signed."""
    texts = (base64.b64encode(text.encode()).decode() for text in seal)
    return (
        "imrs",
        "take",
        *(word for pair in zip(("--statement", "--signature"), texts, strict=True) for word in pair),
        "--json",
    )


def about(report: t.Mapping[str, t.Any], by: str, collection: t.Mapping[str, str]) -> dict[str, t.Any]:
    """What a certificate says of the judgement that it rests on, for people; the files are in the fingerprint, which no
    digest beside it could tell better: those of files with secrets would let a reader try secrets.

    ``report``: what ``icann.imrs.acceptance`` has returned; ``collection``: ``version`` and ``digest``.
    """
    results: dict[str, list[str]] = {}
    for result in report.get("results", ()):
        results.setdefault(str(result["status"]), []).append(str(result["id"]))
    known = {key: report[key] for key in ("stage", "serials", "versions") if key in report}
    return {**known, "results": results, "by": by, "collection": dict(collection)}


def unsigned(grant: Grant) -> Command:
    """The command where no key has to sign."""
    return grant.words


def seconds(text: str) -> float:
    """Seconds since 1970 of a time of the gate's, which is UTC."""
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").timestamp()

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What acceptance proved, and of which configuration, as data: no clock, no rule of who may say so."""

from __future__ import annotations

import dataclasses
import datetime
import math
import typing as t

from .._routing.policy import Mode
from .._statement import TIME
from . import marks, store

if t.TYPE_CHECKING:
    import pathlib


NO_SESSION = "it covers no session; accept the node anew"
"""Why a certificate for more than dark is void that names none."""


class Moment(t.NamedTuple):
    """One moment on two clocks: seconds since 1970, and seconds since boot, which nobody can set back."""

    wall: float
    boot: float

    def __str__(self) -> str:
        return datetime.datetime.fromtimestamp(self.wall, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclasses.dataclass(frozen=True)
class Expiry:
    """The end of a provisional certificate, which lasts ``seconds``, on both clocks: the first to get there ends it.

    ``boot`` also counts after a reboot, whose clock starts at 0: a machine that has been up for that long since then
    has been up for longer than ``seconds``.
    """

    wall: float
    boot: float
    seconds: float

    @classmethod
    def after(cls, seconds: float, now: Moment) -> Expiry:
        """So many seconds from now."""
        return cls(now.wall + seconds, now.boot + seconds, seconds)

    def over(self, now: Moment) -> bool:
        """Whether it is past."""
        return now.wall >= self.wall or now.boot >= self.boot

    def capped(self, boot: float) -> Expiry:
        """The same, read at ``boot`` on that clock: never more than the whole length from there."""
        return dataclasses.replace(self, boot=min(self.boot, boot + self.seconds))


@dataclasses.dataclass(frozen=True)
class Certificate:
    """What acceptance proved, and of which configuration. Void with a ``reason``, permanent without ``expiry``."""

    mode: Mode = Mode.DARK
    fingerprint: str = ""
    issued_at: str = ""
    reason: str = "no certificate"
    expiry: Expiry | None = None
    foreseen: tuple[str, ...] = ()
    """Fingerprints that a planned change leads through; they count until ``foreseen_until``."""
    foreseen_until: Expiry | None = None
    void_at: str = ""
    """When it became void, in ISO 8601."""
    sessions: tuple[str, ...] = ()
    """Marks of the sessions that were judged: they get what the mode has, and no other session does."""
    trial: tuple[str, ...] = ()
    """Marks of more sessions that are about to be judged; they count until ``trial_until``, and end nothing else."""
    trial_until: Expiry | None = None
    statement: str = ""
    """What a key of the fleet has signed (``_statement``); empty where none has to."""
    signature: str = ""
    signed_by: str = ""
    """The name of that key."""
    ends: str = ""
    """When it ends for whoever takes it up: a gate that starts. It takes no node down. Empty: never."""

    def capped(self, boot: float) -> Certificate:
        """The same, read at ``boot`` on that clock: no end is further away than it ever was."""
        return dataclasses.replace(
            self,
            expiry=self.expiry.capped(boot) if self.expiry else None,
            foreseen_until=self.foreseen_until.capped(boot) if self.foreseen_until else None,
            trial_until=self.trial_until.capped(boot) if self.trial_until else None,
        )

    def voided(self, reason: str, at: str = "") -> Certificate:
        """The same, void since ``at`` (ISO 8601); what hung on it ends, too."""
        return dataclasses.replace(
            self, reason=reason, void_at=at, foreseen=(), foreseen_until=None, trial=(), trial_until=None
        )

    def covers(self, fingerprint: str) -> bool:
        """Whether that configuration is the certified one, or one that was foreseen."""
        return fingerprint == self.fingerprint or fingerprint in self.foreseen

    @property
    def expires_at(self) -> float | None:
        """Seconds since 1970; None when permanent."""
        return self.expiry.wall if self.expiry else None


def seconds(text: str) -> float:
    """Seconds since 1970 of a time as statements have it; ValueError when it is none."""
    return datetime.datetime.strptime(text, TIME).replace(tzinfo=datetime.UTC).timestamp()


def read(path: pathlib.Path) -> Certificate:
    """The certificate in a file; what is missing, damaged or covers no session is void, and says why."""
    try:
        data = store.read(path)
        if data is None:
            return Certificate()
        found = Certificate(
            Mode.parse(data["mode"]),
            str(data["fingerprint"]),
            str(data["issued_at"]),
            str(data.get("reason", "")),
            _read_expiry(data.get("expiry")),
            tuple(str(text) for text in data.get("foreseen") or ()),
            _read_expiry(data.get("foreseen_until")),
            str(data.get("void_at", "")),
            marks.canonical(data.get("sessions") or ()),
            marks.canonical(data.get("trial") or ()),
            _read_expiry(data.get("trial_until")),
            *(str(data.get(key, "")) for key in ("statement", "signature", "signed_by", "ends")),
        )
        if found.trial and not found.trial_until:
            return Certificate(reason="damaged certificate: a trial without an end")
        # Of a version that knew no sessions: with it the node would call itself live while no session gets a prefix.
        return found if found.sessions or found.reason or not found.mode else found.voided(NO_SESSION)
    except (store.DamagedError, KeyError, TypeError, ValueError) as error:
        return Certificate(reason=f"damaged certificate: {error}")


def _read_expiry(data: t.Any) -> Expiry | None:
    if data is None:
        return None
    expiry = Expiry(float(data["wall"]), float(data["boot"]), float(data["seconds"]))
    if not all(math.isfinite(value) for value in dataclasses.astuple(expiry)):
        raise ValueError(f"{expiry} is no time")
    return expiry


def record(certificate: Certificate) -> dict[str, t.Any]:
    """As ``read()`` reads it."""
    return {**dataclasses.asdict(certificate), "mode": str(certificate.mode)}

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""One run at a time a node: which run of a playbook holds it, and until when.

It is against accidents between people who may all do this, not against attackers: whoever can write the file is root on
the node. Nobody far away can take a lease, or keep one alive. Nothing that takes a node dark ever asks for it.

The end is by the clock that counts from boot (CLOCK_BOOTTIME), which nobody can set, and the file is on a file system
that ends with the boot: so a reboot ends every lease. Whoever held one has lost all connections by then, and takes
another at its next step, or is refused there.
"""

from __future__ import annotations

import contextlib
import datetime
import math
import os
import pathlib
import syslog
import time
import typing as t
from dataclasses import asdict, dataclass, fields, replace

from .entry import forget
from .journal import load, save
from .lock import lock
from .model import BundleError

SECONDS = 900.0
"""How long a lease lasts after it was last renewed: longer than a run takes from one step to the next, and no longer
than people can wait for a controller that died."""

_PATIENCE = 2.0
"""Seconds after which the lock is not waited for any more: nobody keeps it for longer than a file takes to write."""

DECOMMISSIONED = "/etc/imrs-decommissioned"
"""There from the moment that a node is given up for good (``_decommission``): no run takes it any more."""

ANYBODY = "*"
"""As ``over``: whoever holds the node."""


@dataclass(frozen=True)
class Run:
    """One run of ``ansible-playbook``. The controller says all of it; nothing is believed of it but that two differ."""

    id: str
    """Of this run alone, even among those of one person on one machine."""
    node: str
    """What the run calls the node, for messages."""
    who: str
    """Account and machine."""
    playbook: str
    machine: str = ""
    """Boot of the controller's kernel and its namespace of processes; empty where there is no such thing."""
    process: str = ""
    """Number and start of the run's process there, so that the same machine can tell whether it is gone."""

    @classmethod
    def parse(cls, raw: t.Mapping[str, t.Any]) -> Run:
        """From a task's arguments or the file; ValueError when it is none."""
        values = {field.name: raw.get(field.name, "") for field in fields(cls)}
        if not all(isinstance(value, str) for value in values.values()) or not values["id"]:
            raise ValueError("it names no run")
        return cls(**values)

    def __str__(self) -> str:
        return f"{self.playbook or 'a playbook'} by {self.who or 'somebody'}"


@dataclass(frozen=True)
class Lease:
    """That a run holds the node."""

    run: Run
    since: str
    """When it was taken, in ISO 8601 by the node's clock: for people only."""
    until: float
    """Seconds since boot."""

    def valid(self, now: float) -> bool:
        """Whether it counts, so many seconds after boot. One that ends too late is of another boot."""
        return now < self.until <= now + SECONDS


class HeldError(BundleError):
    """Somebody else's turn, or none any more; ``by`` is the run that holds the node, if one does."""

    def __init__(self, message: str, by: Run | None = None) -> None:
        super().__init__(message)
        self.by = by

    @property
    def holder(self) -> dict[str, str] | None:
        """For a result."""
        return asdict(self.by) if self.by else None


def decide(lease: Lease | None, run: Run, now: float, *, over: str = "", strict: bool = False) -> bool:
    """Whether ``run`` goes on with the lease that is there, which is its own; False: it takes a new one. Or HeldError.

    ``now``: seconds since boot. ``over``: the id of the run that may be taken over from, or ANYBODY. ``strict``: it
    must have been its own all along, as this run has had the node before. One whose time is over has been so, too, if
    nobody has taken the node since.
    """
    if lease is not None and lease.run.id == run.id:
        return True
    if lease is not None and not lease.valid(now):
        lease = None
    if lease is not None and (strict or over not in (lease.run.id, ANYBODY)):
        raise HeldError(_held(lease, run, now, strict=strict), lease.run)
    if strict:
        raise HeldError(
            f"{run.node}: this run does not hold the node any more: the node was withdrawn or rebooted "
            "meanwhile, or another run has had it. Look at the node, then run again"
        )
    return False


def _held(lease: Lease, run: Run, now: float, *, strict: bool) -> str:
    minutes = math.ceil((lease.until - now) / 60)
    told = f"another run holds the node: {lease.run}, since {lease.since}"
    if strict:
        return f"{run.node}: {told}, which has taken it over from this one. Wait for its end, then run again"
    return (
        f"{run.node}: {told}. Wait for its end, then run again. If it ended without a word, its hold ends "
        f"{minutes} {'minute' if minutes == 1 else 'minutes'} from now, or at once with -e imrs_take_over=true. "
        "Nothing was changed now"
    )


class Place:
    """Where a node keeps its lease: a directory for root alone, on a file system that ends with the boot."""

    def __init__(self, directory: str, clock: t.Callable[[], float] | None = None, ended: str = DECOMMISSIONED) -> None:
        """``clock``: seconds since boot; ``ended``: the file of a node that is given up."""
        self._directory, self._ended = pathlib.Path(directory), ended
        self._file = self._directory / "lease.json"
        self._clock = clock or (lambda: time.clock_gettime(time.CLOCK_BOOTTIME))

    def take(self, run: Run, *, over: str = "", strict: bool = False) -> str:
        """Take the node, or renew; HeldError when it is another's. Returns what is to be said of it, or nothing.

        BundleError where the node is given up: no run changes it any more, whatever the sheet says.
        """
        if told := self._given_up(run):
            raise BundleError(told)
        with self._locked() as alone:
            if not alone:
                raise BundleError(f"{run.node}: {self._file} is locked, which lasts an instant otherwise; run again")
            try:
                lease = self._read()
            except BundleError:
                if over != ANYBODY:
                    raise
                lease = None
            now = self._clock()
            own = decide(lease, run, now, over=over, strict=strict)
            since = lease.since if lease and own else _utc()
            save(self._file, asdict(Lease(run, since, now + SECONDS)))
        if own or lease is None or not lease.valid(now):
            return ""
        said = f"{run} takes {run.node} over from {lease.run}, which held it since {lease.since}"
        syslog.syslog(syslog.LOG_WARNING, said)
        return said

    def leave(self, run: Run) -> None:
        """Give the node back; nothing happens when it is another's. Who had it may go on while nobody else wants it."""
        with self._locked(), contextlib.suppress(BundleError):
            lease = self._read()
            if lease and lease.run.id == run.id:
                save(self._file, asdict(replace(lease, until=0.0)))

    def end(self, run: Run) -> str:
        """Whoever holds the node does not any more: it goes dark, and nobody is to raise it. Returns what to say."""
        with self._locked(), contextlib.ExitStack() as at_the_end:
            at_the_end.callback(forget, str(self._file))
            lease = None
            with contextlib.suppress(BundleError):
                lease = self._read()
        if lease is None or lease.run.id == run.id:
            return ""
        said = f"{run} withdraws {run.node}, which ends the hold of {lease.run} since {lease.since}"
        syslog.syslog(syslog.LOG_WARNING, said)
        return said

    def look(self, run: Run) -> str:
        """Changes nothing: who else holds the node, in a sentence, or nothing."""
        if told := self._given_up(run):
            return told
        try:
            lease = self._read()
            decide(lease, run, self._clock())
        except BundleError as error:
            return str(error)
        return ""

    def _given_up(self, run: Run) -> str:
        """Why no run has any business with it; empty while it is a node."""
        if not os.path.lexists(self._ended):
            return ""
        return (
            f"{run.node} is decommissioned ({self._ended} says since when), so nothing is changed on it. Take it out "
            "of the sheet, or install the machine anew from a medium (icann.imrs.image)"
        )

    def _read(self) -> Lease | None:
        raw = load(self._file)
        if not raw:
            return None
        try:
            return Lease(Run.parse(raw["run"]), str(raw["since"]), float(raw["until"]))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise BundleError(
                f"{self._file} is damaged, so nobody knows who holds this node; if no other run is at work, remove "
                "it, or give -e imrs_take_over=true"
            ) from None

    @contextlib.contextmanager
    def _locked(self) -> t.Iterator[bool]:
        """For the instant from reading to writing; nobody waits for long, least of all to take a node down."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._directory / ".lock").open("a") as file:
            yield lock(file.fileno(), _PATIENCE)


class Hold:
    """One task's part in a lease; none when it was not given one. ``given``: a run, ``over`` and ``strict``."""

    def __init__(self, directory: str, given: t.Mapping[str, t.Any] | None) -> None:
        """Nothing is read or written yet."""
        self._place, self._given, self._taken = Place(directory), given or {}, False

    def look(self) -> str:
        """Nothing is taken; what is to be said of who else holds the node."""
        told = self._place.look(self._run()) if self._given else ""
        return f"{told}; this run would be refused" if told else ""

    def take(self) -> None:
        """HeldError when it is another's."""
        if self._given:
            over, strict = str(self._given.get("over") or ""), bool(self._given.get("strict"))
            self._place.take(self._run(), over=over, strict=strict)
            self._taken = True

    def leave(self) -> None:
        """If it was taken here; whatever hinders that ends with the lease itself."""
        with contextlib.suppress(OSError):
            if self._taken:
                self._place.leave(self._run())

    def _run(self) -> Run:
        try:
            return Run.parse(self._given)
        except ValueError:
            raise BundleError("lease is not for you to give; leave it out") from None


def _utc() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

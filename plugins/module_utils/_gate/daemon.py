# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The gate itself: puts intent, certificate and verdict together, and announces the lowest of them.

There is one event loop on purpose. If it stands still, keepalives stop too, and the routing daemon withdraws everything
when the hold time is over; when it moves on, it notices that it was late, withdraws, and proves everything again.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import signal
import time
import typing as t

from .. import _addressing as addressing
from .._probes import soa
from .._routing import policy
from .._routing.policy import Mode
from . import store, verdict
from .authority import OPERATOR, Authority, Fingerprint, Moment
from .bundles import FORESEEN
from .control import Control
from .notify import Notifier
from .session import Session
from .watch import Find, Watch

if t.TYPE_CHECKING:
    import pathlib

    from .config import Config
    from .health import Outcome

LOG = logging.getLogger("imrs.gate")
FINGERPRINT_EVERY, WATCHDOG_EVERY = 0.5, 0.5
"""Seconds between two looks at the fingerprint, and between two signs of life to systemd."""
ASIDE_AT_MOST = 120.0
"""Seconds after which a planned end of the nameserver that did not come is forgotten."""


@dataclasses.dataclass(frozen=True)
class Paths:
    """``state`` survives reboots, ``runtime`` survives restarts of the gate."""

    state: pathlib.Path
    runtime: pathlib.Path


class Gate:
    """One node's gate. ``run()`` returns the exit status after ``stop()`` or a failure inside."""

    def __init__(self, config: Config, paths: Paths, find: Find) -> None:
        self._config = config
        self._authority = Authority(paths.state, Fingerprint(paths.runtime / "fingerprint"))
        self._session = Session(config.peering, self._session_changed)
        self._control = Control(paths.runtime / "gate.sock", self.answer)
        self._watch = Watch(find, self._service_ended)
        self._notify = Notifier()
        self._changed = asyncio.Event()
        self._stop = asyncio.Event()
        self._stopping = False
        self._aside_until = 0.0
        self._families = [family for family, prefixes in config.prefixes.items() if any(prefixes)]
        self._modes = dict.fromkeys(addressing.FAMILIES, Mode.DARK)
        self._wanted: frozenset[str] = frozenset()
        self._complaint = ""
        self._foreseen_path = paths.runtime / FORESEEN
        self._falls_path = paths.runtime / "falls.json"
        self._health = verdict.families(config.probe, config.hold_down, store.remembered(self._falls_path), _now())

    def stop(self) -> None:
        """Ask for the orderly end: withdraw, wait until the world has moved on, hang up."""
        self._stop.set()

    async def run(self) -> int:
        """The whole life of the gate."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        self._doubt_certificate()
        self._refresh()
        await self._control.start()
        works = [self._session.run(), self._watch.run(), self._beat(), *self._probes()]
        tasks = [asyncio.ensure_future(work) for work in works]
        stop = asyncio.ensure_future(self._stop.wait())
        self._notify(READY="1", STATUS=self._summary())
        done, _pending = await asyncio.wait([stop, *tasks], return_when=asyncio.FIRST_COMPLETED)
        failed = [task for task in done if task is not stop]
        for task in failed:
            LOG.critical("the gate broke; withdrawing everything", exc_info=task.exception())
        await self._finish()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return 1 if failed else 0

    async def _finish(self) -> None:
        """Withdraw while the nameserver still answers, and hang up only when the peer's router can have moved on."""
        self._notify(STOPPING="1")
        self._control.stop()
        announced = bool(self._session.announced)
        self._stopping = True
        self._refresh()
        if announced:
            await asyncio.sleep(self._config.drain)
        await self._session.close()

    # What is announced

    def _effective(self, family: str) -> Mode:
        leaving = self._stopping or bool(self._aside_until)
        true_now = Mode.LIVE if self._health[family].healthy and not leaving else Mode.DARK
        return policy.effective(self._authority.intent.mode, self._authority.certified, true_now)

    def _refresh(self) -> None:
        """Bring what is announced in line with what may be announced. Nothing else calls the session's ``announce``."""
        modes = {family: self._effective(family) for family in addressing.FAMILIES}
        wanted: set[str] = set()
        for family, mode in modes.items():
            wanted.update(policy.announced(mode, self._config.prefixes[family]))
        if wanted != self._wanted:
            self._wanted = frozenset(wanted)
            self._session.announce(self._wanted)
        if modes != self._modes:
            self._modes = modes
            LOG.warning("%s", self._summary())
            self._tell()

    def _session_changed(self) -> None:
        LOG.info("session: %s", self._session.state)
        self._tell()

    def _tell(self) -> None:
        """Wake those who wait, and let systemd show it."""
        self._changed.set()
        self._changed = asyncio.Event()
        self._notify(STATUS=self._summary())

    def _summary(self) -> str:
        now, parts = _now(), []
        for family, mode in self._modes.items():
            reason = self._reason(family, now)
            parts.append(f"{family} {mode}" + (f" ({reason})" if reason else ""))
        void = self._authority.void
        asked = f"asked for {self._authority.intent.mode}"
        return "; ".join([*parts, asked, f"certificate {void or self._authority.certified}", self._session.state])

    def _reason(self, family: str, now: float) -> str:
        """Why a family's verdict is not good; empty when it is."""
        return (
            "stepped aside for a planned end of the nameserver"
            if self._aside_until
            else self._health[family].reason(now)
        )

    # Evidence

    def _probes(self) -> list[t.Coroutine[t.Any, t.Any, None]]:
        """One endless questioner for each address and transport, spread over the interval."""
        probe = self._config.probe
        addresses = [(family, address) for family in addressing.FAMILIES for address in probe.addresses[family]]
        questioners = []
        for number, (family, address) in enumerate(addresses):
            offset = probe.interval * number / len(addresses)
            questioners.append(self._question(family, address, soa.UDP, probe.interval, offset))
            questioners.append(self._question(family, address, soa.TCP, probe.interval * probe.tcp_every, offset))
        return questioners

    async def _question(self, family: str, address: str, transport: str, interval: float, offset: float) -> None:
        config, loop, source = self._config, asyncio.get_running_loop(), f"{address} {transport}"
        prober = soa.Prober(address, config.probe.port, config.probe.zone)
        due = loop.time() + offset
        while True:
            await asyncio.sleep(max(0.0, due - loop.time()))
            evidence = await prober.ask(transport, config.probe.timeout)
            self._observe(family, source, verdict.judge(evidence, node=config.node, now=time.time()))
            due = max(due + interval, loop.time())

    def _observe(self, family: str, source: str, outcome: Outcome) -> None:
        health = self._health[family]
        before = health.healthy
        health.observe(source, outcome, _now(), planned=bool(self._aside_until))
        self._after_verdicts(health.healthy != before)

    def _all_down(self, reason: str, *, planned: bool = False) -> None:
        now, before = _now(), [health.healthy for health in self._health.values()]
        for health in self._health.values():
            health.down(reason, now, planned=planned)
        self._after_verdicts(any(before))

    def _after_verdicts(self, changed: bool) -> None:
        if changed:
            self._refresh()
            self._tell()
            with contextlib.suppress(OSError):
                falls = {family: dataclasses.asdict(health.falls) for family, health in self._health.items()}
                store.write(self._falls_path, falls)

    def _service_ended(self, pid: int) -> None:
        LOG.warning("the nameserver's main process %d ended", pid)
        planned, self._aside_until = bool(self._aside_until), 0.0
        self._all_down(f"the main process {pid} of {self._config.service} ended", planned=planned)

    async def _beat(self) -> None:
        """Doubt oneself: late loop, silent probes, changed configuration."""
        period = self._config.probe.interval
        before, looked, barked = _now(), 0.0, 0.0
        while True:
            await asyncio.sleep(period)
            now = _now()
            late = now - before - period
            before = now
            if late > verdict.TOO_LATE * period:
                self._all_down(f"the gate itself stood still for {late:.1f} s")
            silent = [health for health in self._health.values() if health.healthy]
            for health in silent:
                health.expire(now, planned=bool(self._aside_until))
            self._after_verdicts(not all(health.healthy for health in silent))
            if self._aside_until and now > self._aside_until:
                self._aside_until = 0.0
                self._refresh()
            if now - looked >= FINGERPRINT_EVERY:
                looked = now
                self._doubt_certificate()
            if now - barked >= WATCHDOG_EVERY:
                barked = now
                self._notify(WATCHDOG="1")

    def _doubt_certificate(self) -> None:
        """Does it still hold? Withdrawn first, remembered then: a disk may be slow."""
        authority = self._authority
        changed = authority.fingerprint.poll()
        if changed:
            LOG.warning("the fingerprint is now %s", authority.fingerprint.value or "missing")
        if authority.check(_moment()):
            LOG.warning("the certificate is void: %s", authority.void)
            changed = True
        if changed:
            self._refresh()
            self._tell()
        complaint = authority.remember()
        complaint = complaint or self._mark_foreseen()
        if complaint and complaint != self._complaint:
            LOG.error("%s", complaint)
        self._complaint = complaint

    def _mark_foreseen(self) -> str:
        """Tell ``imrs-fingerprint`` whether to wait for a bundle that is under way; the answer says why that failed.

        Without the mark the middle of a change voids the certificate; with one too many, a change counts a little late.
        """
        try:
            if not self._authority.foreseen:
                store.remove(self._foreseen_path)
            elif not self._foreseen_path.exists():
                self._foreseen_path.touch()
        except OSError as error:
            return f"cannot say whether a change is foreseen: {error}"
        return ""

    # What people and playbooks ask

    async def answer(self, request: dict[str, t.Any]) -> dict[str, t.Any]:
        """One request of the control socket; KeyError, TypeError or ValueError when it makes no sense."""
        verb, authority = request["verb"], self._authority
        if verb == "status":
            await self._healthy(float(request.get("patience", 0)))
            self._doubt_certificate()
            return self.status()
        if verb == "wait":
            reached = await self._reached(Mode.parse(request["mode"]), float(request["timeout"]))
            return {"reached": reached, **self.status()}
        if verb == "step-aside":
            return await self._step_aside()
        self._doubt_certificate()
        if verb == "intent":
            result = authority.ask(Mode.parse(request["mode"]), str(request.get("by") or OPERATOR), str(_moment()))
        elif verb == "certify":
            seconds = float(request["for"]) if "for" in request else None
            mode, proven = Mode.parse(request["mode"]), str(request["fingerprint"])
            result = authority.certify(mode, proven, _moment(), seconds)
        elif verb == "foresee":
            proven, planned = str(request["from"]), str(request["fingerprint"])
            result = authority.foresee(planned, _moment(), float(request["for"]), proven)
        elif verb == "revoke":
            result = authority.revoke()
        else:
            raise ValueError(f"{verb!r} is not a verb")
        LOG.warning("%s: %s", request, result)
        self._refresh()
        self._mark_foreseen()
        if verb == "intent" and "wait" in request and "error" not in result:
            result["reached"] = await self._reached(Mode.parse(result["mode"]), float(request["wait"]))
        return result

    async def _step_aside(self) -> dict[str, t.Any]:
        """The nameserver is about to end: withdraw, and answer when the peer's router can have moved on."""
        announced = bool(self._session.announced)
        self._aside_until = _now() + ASIDE_AT_MOST
        self._refresh()
        if announced:
            await asyncio.sleep(self._config.drain)
        return {"changed": announced}

    async def _until(self, true: t.Callable[[], bool], seconds: float) -> bool:
        """Whether it became true in that time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not true():
                    await self._changed.wait()
        return true()

    async def _reached(self, mode: Mode, seconds: float) -> bool:
        """Until every family that has prefixes is in ``mode`` and the routing daemon has been told so."""

        def there() -> bool:
            told = frozenset(self._session.announced) == self._wanted
            return told and all(self._modes[family] is mode for family in self._families)

        return await self._until(there, seconds)

    async def _healthy(self, seconds: float) -> bool:
        """Until every family that has prefixes is healthy."""
        return await self._until(lambda: all(self._health[family].healthy for family in self._families), seconds)

    def status(self) -> dict[str, t.Any]:
        """Everything there is to know, as ``imrs status --json`` prints it."""
        now, authority = _now(), self._authority
        intent, certificate, watch = authority.intent, authority.certificate, self._watch
        return {
            "node": self._config.node,
            "mode": {family: str(mode) for family, mode in self._modes.items()},
            "intent": {
                "mode": str(intent.mode),
                "by": intent.by,
                "at": intent.at,
                "ceiling": str(intent.ceiling),
                "reason": intent.reason,
            },
            "certificate": {
                "mode": str(certificate.mode),
                "valid": not authority.void,
                "reason": authority.void,
                "fingerprint": certificate.fingerprint,
                "issued_at": certificate.issued_at,
                "expires_at": certificate.expires_at,
                "foreseen_until": certificate.foreseen_until.wall if certificate.foreseen_until else None,
            },
            "fingerprint": authority.fingerprint.value,
            "verdict": {
                family: {
                    "healthy": health.healthy,
                    "reason": self._reason(family, now),
                    "age": round(health.age(now), 3),
                    "since": round(now - health.changed_at, 3),
                    "falls": health.falls.count,
                }
                for family, health in self._health.items()
            },
            "session": {
                "state": self._session.state,
                "reason": self._session.reason,
                "announced": list(self._session.announced),
            },
            "service": {"unit": self._config.service, "pid": watch.pid, "reason": watch.reason},
        }


def _now() -> float:
    """Seconds since boot, sleep included: a frozen machine has to notice that time went by."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _moment() -> Moment:
    return Moment(time.time(), _now())

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
import logging
import signal
import time
import typing as t

from .. import _addressing as addressing
from .._routing import policy
from .._routing.policy import Mode
from . import marks, status, store
from .authority import Authority, Fingerprint
from .claims import Claims
from .comeback import Comeback
from .control import Control
from .evidence import moment as _moment
from .evidence import now as _now
from .notify import Notifier
from .session import IDLE, Loss, Route, Session
from .signature import NotSignedError, Signers
from .watch import Find, Watch

if t.TYPE_CHECKING:
    from .certificate import Certificate
    from .config import Config
    from .evidence import Source
    from .paths import Paths
    from .signature import Signed
    from .update import Update

LOG = logging.getLogger("imrs.gate")
BEAT_EVERY, FINGERPRINT_EVERY, WATCHDOG_EVERY = 0.1, 0.5, 0.5
"""Seconds between two looks at oneself, at the fingerprint, and between two signs of life to systemd."""
STOPPED_FOR = 3
"""Looks at the routing daemon, one with each at the fingerprint, that find it stopped until it counts as hung."""


class Gate:
    """One gate. ``run()`` returns the exit status after ``stop()`` or a failure inside. ``evidence`` is made of what
    the gate before remembered; ``find_routing`` gives the process id of the routing daemon.
    """

    def __init__(
        self,
        config: Config,
        paths: Paths,
        evidence: Source,
        find_routing: Find,
    ) -> None:
        self._config = config
        self._paths = paths
        self._signers = Signers(config.signers, config.node)
        fingerprint = Fingerprint(paths.fingerprint)
        self._authority = Authority(paths.state, fingerprint, lambda found: self._signers.believe(found, time.time()))
        self._session = Session(config.peering, self._session_changed, self._session_lost, self._heard)
        self._control = Control(paths.socket, self.answer)
        self._routing = Watch("routing daemon", find_routing, lambda _pid: None)
        self._claims = Claims()
        self._notify = Notifier()
        self._changed = asyncio.Event()
        self._stop = asyncio.Event()
        self._modes = dict.fromkeys(addressing.FAMILIES, Mode.DARK)
        self._wanted: frozenset[Route | str] = frozenset()
        self._prefixes: frozenset[str] = frozenset()
        self._dress: tuple[bool, tuple[str, ...]] = (False, ())
        self._complaint = ""
        self._degraded: list[str] = []
        self._late_at = 0.0
        before, now = store.remembered(paths.falls), _now()
        self._evidence = evidence(before, self._after_evidence)
        self._node = self._evidence.appliance
        self._comeback = Comeback(self._authority, config.hold_down, before, self._ask_root, now)
        self._remembered = self._memory()

    def stop(self) -> None:
        """Ask for the orderly end: withdraw, wait until the world has moved on, hang up."""
        self._stop.set()

    async def run(self) -> int:
        """The whole life of the gate."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        if self._paths.running.exists():
            self._node.gate_fell("the gate ended without having been told to", _now())
        self._paths.running.touch()
        self._remember()
        self._doubt_certificate()
        self._refresh()
        await self._control.start()
        works = [self._session.run(), self._routing.run(), self._beat(), *self._evidence.works()]
        works.append(self._signers.again(self._believed))
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
        if not failed:
            self._paths.running.unlink(missing_ok=True)
        return 1 if failed else 0

    async def _finish(self) -> None:
        """Withdraw while the nameserver still answers, and hang up only when the peer's router can have moved on."""
        self._notify(STOPPING="1")
        self._control.stop()
        announced = bool(self._session.announced)
        self._node.stopping = True
        self._refresh()
        if announced:
            await asyncio.sleep(self._config.drain)
        await self._session.close()

    # What is announced

    def _refresh(self) -> None:
        """Bring what is announced in line with what may be announced. Nothing else calls the session's ``announce``."""
        now = _now()
        modes = self._node.modes(self._authority.intent.mode, self._authority.certified, now)
        prefixes: set[str] = set()
        for family, mode in modes.items():
            prefixes.update(policy.announced(mode, self._config.prefixes[family]))
        wanted = self._evidence.routes(prefixes)
        dress = self._node.graceful(now), self._authority.sessions
        if (wanted, dress) != (self._wanted, self._dress):
            if dress[1] != self._dress[1]:
                LOG.warning("sessions that get what is announced: %s", ", ".join(dress[1]) or "none")
            self._wanted, self._dress, self._prefixes = wanted, dress, frozenset(prefixes)
            self._session.announce(self._wanted, graceful=dress[0], sessions=dress[1])
        if modes != self._modes:
            self._modes = modes
            LOG.warning("%s", self._summary())
            self._tell()

    def _session_changed(self) -> None:
        if self._session.state == IDLE:
            self._evidence.lost()
        self._tell()

    def _session_lost(self, loss: Loss) -> None:
        """The routing daemon is gone, and nothing is announced any more. One that hangs is to be killed by root.

        A gate that stood still itself heard nothing, whatever was said.
        """
        if loss is Loss.TOLD or self._node.stopping:
            return
        self._node.routing_fell(_now())
        self._remember()
        if loss is Loss.SILENT and _now() - self._late_at > self._config.peering.hold_time:
            self._report_hung("it has said nothing for the hold time")

    def _report_hung(self, why: str) -> None:
        LOG.error("the routing daemon hangs: %s", why)
        self._paths.mark(self._paths.routing_hung)

    def _ask_root(self) -> None:
        """Remembered first: root starts the gate anew, and that one must know that root was asked."""
        self._remember()
        self._paths.mark(self._paths.reinstate)

    def _tell(self) -> None:
        """Wake those who wait, and let systemd show it."""
        self._changed.set()
        self._changed = asyncio.Event()
        self._notify(STATUS=self._summary())

    def _summary(self) -> str:
        now, parts = _now(), []
        for family, mode in self._modes.items():
            reason = self._node.reason(family, now)
            parts.append(f"{family} {mode}" + (f" ({reason})" if reason else ""))
        void = self._authority.void
        asked = f"asked for {self._authority.intent.mode}"
        return "; ".join([*parts, asked, f"certificate {void or self._authority.certified}", self._session.state])

    # Evidence

    def _heard(self, update: Update) -> None:
        self._evidence.heard(update)

    def _after_evidence(self, changed: bool) -> None:
        if changed:
            self._refresh()
            self._tell()
            self._remember()

    def _memory(self) -> dict[str, t.Any]:
        return {**self._node.memory(), **self._comeback.memory()}

    def _remember(self) -> None:
        """Falls survive a restart of the gate."""
        memory = self._memory()
        if memory != self._remembered:
            with contextlib.suppress(OSError):
                store.write(self._paths.falls, memory)
                self._remembered = memory

    async def _beat(self) -> None:
        """Doubt oneself: late loop, silent probes, changed configuration."""
        before, looked, barked = _now(), 0.0, 0.0
        while True:
            await asyncio.sleep(BEAT_EVERY)
            now = _now()
            late, before = now - before - BEAT_EVERY, now
            if late > BEAT_EVERY:
                self._late_at = now
            self._node.beat(late, now)
            self._evidence.beat()
            self._remember()
            self._refresh()
            if now - looked >= FINGERPRINT_EVERY:
                looked = now
                self._doubt_certificate()
                self._doubt_routing()
                self._complain(now)
            if now - barked >= WATCHDOG_EVERY:
                barked = now
                self._notify(WATCHDOG="1")

    def _doubt_routing(self) -> None:
        """A routing daemon that somebody stopped keeps its sessions until their hold times are over."""
        if self._routing.stopped() == STOPPED_FOR:
            self._report_hung("all of its threads are stopped")

    def _complain(self, now: float) -> None:
        """Say once what is degraded, and once that it is over."""
        degraded = self._node.degraded(now)
        subjects = sorted({text.rpartition(":")[0] for text in degraded})
        if subjects != self._degraded:
            LOG.warning("degraded: %s", "; ".join(degraded) or "nothing any more")
            self._degraded = subjects

    def _doubt_certificate(self) -> None:
        """Does it still hold? Withdrawn first, remembered then: a disk may be slow."""
        self._end_intent()
        authority = self._authority
        changed = authority.fingerprint.poll()
        if changed:
            LOG.warning("the fingerprint is now %s", authority.fingerprint.value or "missing")
        if authority.check(_moment()):
            LOG.warning("the certificate is void: %s", authority.void)
            self._comeback.voided(_now())
            changed = True
        if changed:
            self._refresh()
            self._tell()
        complaint = authority.remember()
        complaint = complaint or self._paths.mark_foreseen(there=authority.foreseen)
        self._comeback.beat(_now())
        if complaint and complaint != self._complaint:
            LOG.error("%s", complaint)
        self._complaint = complaint

    def _believed(self, found: Certificate) -> None:
        """What could not be verified at the start is now."""
        if self._authority.adopt(found):
            LOG.warning("the certificate was verified: %s", self._authority.void or f"signed by {found.signed_by}")
            self._doubt_certificate()
            self._refresh()
            self._tell()

    def _end_intent(self) -> None:
        """What was asked for until a time is over then."""
        before = self._authority.intent.mode
        if said := self._authority.intents.lapse(_moment()):
            LOG.warning("%s", said)
            self._node.intent_changed(before, self._authority.intent.mode, _now(), planned=False)
            self._refresh()
            self._tell()

    # What people and playbooks ask

    async def answer(self, request: dict[str, t.Any]) -> dict[str, t.Any]:
        """One request of the control socket; KeyError, TypeError or ValueError when it makes no sense."""
        verb = request["verb"]
        if verb == "status":
            await self._healthy(float(request.get("patience", 0)))
            self._doubt_certificate()
            return self.status()
        if verb == "wait":
            reached = await self._reached(Mode.parse(request["mode"]), float(request["timeout"]))
            return {"reached": reached, **self.status()}
        if verb == "step-aside":
            return await self._step_aside()
        if verb == "claim":
            self._claims.take(request["run"], request["by"], float(request["for"]), _now())
            return self.status()
        if verb == "release":
            return {"changed": self._claims.release(request["run"])}
        return await self._told(request)

    async def _told(self, request: dict[str, t.Any]) -> dict[str, t.Any]:
        """What came of a request that changes something."""
        try:
            request, signed = await self._signers.unseal(request, time.time())
        except NotSignedError as error:
            LOG.warning("%s: refused: %s", request["verb"], error)
            return {"changed": False, "refused": str(error)}
        self._doubt_certificate()
        result = self._change(request, signed)
        LOG.warning("%s%s: %s", request, f" signed by {signed.signer}" if signed else "", result)
        self._refresh()
        self._paths.mark_foreseen(there=self._authority.foreseen)
        if "wait" in request and "error" not in result and "mode" in result:
            result["reached"] = await self._reached(Mode.parse(result["mode"]), float(request["wait"]))
        return result

    def _change(self, request: dict[str, t.Any], signed: Signed | None) -> dict[str, t.Any]:
        """What is asked for or proven is now something else."""
        authority, verb = self._authority, request["verb"]
        if verb == "intent":
            before = authority.intent.mode
            result = authority.intents.answer(request, _moment())
            self._node.intent_changed(before, authority.intent.mode, _now(), planned=bool(request.get("planned")))
            if authority.intent.mode < before:
                self._claims.clear()
        elif verb == "certify":
            seconds = float(request["for"]) if "for" in request else None
            mode, proven = Mode.parse(request["mode"]), str(request["fingerprint"])
            sessions = marks.of_as(self._config.peering.asn, request.get("sessions") or ())
            result = authority.certify(mode, proven, sessions, _moment(), seconds, signed)
        elif verb == "trial":
            sessions = marks.of_as(self._config.peering.asn, request["sessions"])
            result = authority.trial(sessions, str(request["fingerprint"]), _moment(), float(request["for"]))
        elif verb == "foresee":
            proven, planned = str(request["from"]), str(request["fingerprint"])
            result = authority.foresee(planned, _moment(), min(float(request["for"]), self._config.foresee), proven)
        elif verb == "reinstate":
            result = self._comeback.reinstate(str(request["fingerprint"]), ask_only=bool(request.get("ask")))
            if result["changed"]:
                self._node.doubt("the configuration has just been put right", _now())
        elif verb == "revoke":
            self._signers.renew()
            result = authority.revoke()
        else:
            raise ValueError(f"{verb!r} is not a verb")
        return result

    async def _step_aside(self) -> dict[str, t.Any]:
        """The nameserver is about to end: withdraw, and answer when the peer's router can have moved on."""
        announced = bool(self._session.announced)
        self._evidence.step_aside()
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
            told = frozenset(self._session.announced) == self._prefixes
            return told and all(self._modes[family] is mode for family in self._node.families)

        return await self._until(there, seconds)

    async def _healthy(self, seconds: float) -> bool:
        """Until every family that has prefixes is healthy."""
        node = self._node
        return await self._until(
            lambda: not node.held(_now()) and all(node.health[family].healthy for family in node.families), seconds
        )

    def status(self) -> dict[str, t.Any]:
        """Everything there is to know, as ``imrs status --json`` prints it."""
        session = self._session
        return {
            "node": self._config.node,
            "mode": {family: str(mode) for family, mode in self._modes.items()},
            **status.report(self._authority, self._node, self._comeback, _now(), time.time()),
            "challenge": self._signers.challenge,
            "claims": self._claims.as_json(_now()),
            "session": {"state": session.state, "reason": session.reason, "announced": list(session.announced)},
            **self._evidence.status(),
        }

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Where the zones come from: what the masters have, and whether what is served follows from the trust anchors."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import pathlib
import sys
import typing as t

from .. import _addressing as addressing
from .._probes import refresh, trust
from . import verdict
from .config import Upstream, upstream
from .health import Outcome, Weight
from .table import ConfigError

if t.TYPE_CHECKING:
    from .config import NodeConfig
    from .questions import Observe

LOG = logging.getLogger("imrs.gate.upstream")
AGAIN, ANEW = 5.0, 600.0
"""Seconds until a zone that did not verify is looked at again, and one that did: its keys' signature may lapse."""
TOLD_EVERY = 1.0
SOONER = 10.0
"""Seconds until masters are asked again when one did not answer: at boot the network comes later than the gate."""
_LIBRARY = pathlib.Path(__file__).resolve().parents[1]
_CODE = "import sys; sys.path.insert(0, {!r}); from {}._probes.trust import main; sys.exit(main())"
VALIDATE = (sys.executable, "-I", "-c", _CODE.format(str(_LIBRARY.parent), _LIBRARY.name))
"""The command that verifies one zone: the library beside this file, wherever it is installed."""

Mark = tuple[int, ...]
"""The serial of a zone, when the signatures over its SOA expire, and when the anchors were written: another of these,
and the zone is verified anew.
"""
Heard = t.Callable[[str, str, int | None, str], None]


def read(path: str) -> Upstream | None:
    """Who the masters are and what is trusted, now; None, and a complaint in the log, when that cannot be told."""
    try:
        return upstream(pathlib.Path(path))
    except ConfigError as error:
        LOG.warning("%s", error)
        return None


def _written_at(path: str) -> int:
    """When the file was written last, in nanoseconds; 0 when it is not there."""
    try:
        return pathlib.Path(path).stat().st_mtime_ns
    except OSError:
        return 0


class Masters:
    """Asks every master for every zone, signed; ``heard`` is told address, zone, serial and failure."""

    def __init__(self, config: NodeConfig, heard: Heard) -> None:
        self._config = config
        self._heard = heard

    async def run(self) -> None:
        """For ever."""
        masters, zones = self._config.masters, [zone.name for zone in self._config.zones]
        while True:
            known = read(masters.path) or Upstream()
            asked = [self._ask(server, zone, secret) for server, secret in known.masters for zone in zones]
            well = all(await asyncio.gather(*asked))
            await asyncio.sleep(masters.every if well else min(masters.every, SOONER))

    async def _ask(self, server: refresh.Master, zone: str, secret: str) -> bool:
        answer = await refresh.ask(server, zone, secret)
        self._heard(server.address, zone, answer.serial, answer.failure)
        return not answer.failure


class Trust:
    """Has every signed zone verified at each new serial, in a process of its own."""

    def __init__(self, config: NodeConfig, observe: Observe) -> None:
        self._config = config
        self._observe = observe
        self._served: dict[str, Mark] = {}
        self._seen: dict[str, tuple[Mark | None, Outcome, float]] = {}

    def served(self, zone: str, mark: Mark) -> None:
        """The nameserver answers with this serial, signed until these times."""
        self._served[zone] = mark

    async def run(self) -> None:
        """For ever: tells what is known every second, as evidence does not last."""
        loop = asyncio.get_running_loop()
        while True:
            for zone in self._config.zones:
                if not zone.signed or zone.name not in self._served:
                    continue
                served = (*self._served[zone.name], _written_at(self._config.masters.path))
                mark, outcome, at = self._seen.get(zone.name, (None, Outcome(Weight.SOFT, "not verified yet"), 0.0))
                patience = ANEW if outcome.weight is Weight.GOOD else AGAIN
                if mark != served or loop.time() - at > patience:
                    found = await self._examine(zone.name)
                    if found.weight is not Weight.SOFT or mark != served:  # or what was known of it still holds
                        outcome = found
                    self._seen[zone.name] = served, outcome, loop.time()
                for family in addressing.FAMILIES:
                    if self._config.probe.addresses[family]:
                        self._observe(family, verdict.trust_source(zone), outcome)
            await asyncio.sleep(TOLD_EVERY)

    async def _examine(self, zone: str) -> Outcome:
        probe = self._config.probe
        private = next(probe.private[family] for family in addressing.FAMILIES if probe.addresses[family])
        known = read(self._config.masters.path)
        if known is None:
            return Outcome(Weight.SOFT, f"cannot be verified: {self._config.masters.path} cannot be read")
        request = {"address": private, "port": probe.port, "zone": zone, "anchors": list(known.trust_anchors)}
        answer: dict[str, t.Any] = {"verdict": trust.UNKNOWN, "reason": "the validator gave no answer"}
        with contextlib.suppress(OSError, ValueError, TimeoutError):
            answer = json.loads(await self._run(json.dumps(request).encode()))
        if answer["verdict"]:
            LOG.warning("%s: %s: %s", zone, answer["verdict"], answer["reason"])
        weight = {"": Weight.GOOD, trust.BOGUS: Weight.HARD}.get(answer["verdict"], Weight.SOFT)
        reason = f"cannot be verified: {answer['reason']}" if weight is Weight.SOFT else answer["reason"]
        return Outcome(weight, reason)

    async def _run(self, request: bytes) -> bytes:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*VALIDATE, stdin=pipe, stdout=pipe, stderr=None)
        try:
            async with asyncio.timeout(30):
                said, _nothing = await process.communicate(request)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
        return said

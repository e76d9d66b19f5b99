# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""A certificate that a change has voided, and files that are again as certified: when the node may come back.

The files may be back while what runs is not: a daemon may have read the others. So the gate does not come back by
itself. It asks root (``imrs-reinstate``), who makes what runs be as the files are, starts the gate anew, and tells it.
Pure: time is passed in.

Who can cause it: whoever changes certified files and puts them back, root that is. Nobody far away: no packet and no
zone changes a file that is certified. Who can hide it: the gate's own account, which then keeps its own node dark.
"""

from __future__ import annotations

import dataclasses
import logging
import typing as t

from .._routing.policy import Mode
from .authority import CHANGED
from .damping import Damping, HoldDown, remembered

if t.TYPE_CHECKING:
    from .authority import Authority

LOG = logging.getLogger("imrs.gate")
CONFIGURATION, ATTEMPTS = "configuration", "reinstate"
"""Names of what is remembered: certificates that a change has voided, and questions to root that led to nothing."""
TRIES = Damping(first=90.0, longest=720.0, forget_after=3600.0)
"""How long root is left alone after a question: it restarts daemons, which may not start."""
AGAIN = "it is again as certified"


class Comeback:
    """``damping``: how long the node stays dark after a change. ``ask``: leaves word for root."""

    def __init__(
        self,
        authority: Authority,
        damping: Damping,
        memory: t.Mapping[str, t.Any],
        ask: t.Callable[[], None],
        now: float,
    ) -> None:
        self._authority, self._damping, self._ask = authority, damping, ask
        self._voided = HoldDown(damping, remembered(memory.get(CONFIGURATION), now))
        self._tries = HoldDown(TRIES, remembered(memory.get(ATTEMPTS), now))
        self._since: float | None = None

    def memory(self) -> dict[str, t.Any]:
        """What the next gate is to know."""
        holds = ((CONFIGURATION, self._voided), (ATTEMPTS, self._tries))
        return {name: dataclasses.asdict(hold.falls) for name, hold in holds}

    @property
    def falls(self) -> int:
        """How often a change has voided the certificate lately."""
        return self._voided.falls.count

    def voided(self, now: float) -> None:
        """The certificate has become void just now; only what may come back is damped."""
        if self._authority.certificate.reason == CHANGED:
            self._voided.fell(now)

    def beat(self, now: float) -> None:
        """Call often: ask root when the files have been as certified for long enough."""
        if not self._authority.reinstatable:
            self._since = None
            return
        if self._since is None:
            self._since = now
            LOG.warning("the configuration: %s", self.say(now))
        if now >= self._due(now) and not self._refusal():
            self._tries.fell(now)
            LOG.warning("the configuration is again as certified: root is asked to make what runs be so, too")
            self._ask()

    def reinstate(self, fingerprint: str, *, ask_only: bool = False) -> dict[str, t.Any]:
        """Root's word that what runs is this configuration; with ``ask_only``: whether it may be made so now."""
        if ask_only:
            refused = self._authority.not_to_reinstate(fingerprint) or self._refusal()
            return {"changed": False, **({"refused": refused} if refused else {})}
        answer = self._authority.reinstate(fingerprint)
        if answer["changed"]:
            self._tries = HoldDown(TRIES)
        return answer

    def say(self, now: float) -> str:
        """What becomes of a configuration that is again as certified, for people; empty when it is not."""
        if not self._authority.reinstatable:
            return ""
        if refusal := self._refusal():
            return f"{AGAIN}, and stays dark: {refusal}"
        tried, wait = self._tries.falls.count, max(0.0, self._due(now) - now)
        if now < self._tries.until:
            asked = "once" if tried == 1 else f"{tried} times"
            return f"{AGAIN}; imrs-reinstate.service was asked {asked} to bring it back, and is again in {wait:.0f} s"
        return f"{AGAIN}, and comes back in {wait:.0f} s"

    def _due(self, now: float) -> float:
        """The longer it was otherwise again and again, the longer it has to be as certified."""
        since = now if self._since is None else self._since
        return max(since + self._damping.length(max(1, self.falls)), self._tries.until)

    def _refusal(self) -> str:
        """Why the node is not to come back, though it could; empty when it is."""
        return "dark is asked for" if self._authority.intent.mode is Mode.DARK else ""

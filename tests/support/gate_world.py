# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A world for the gate: what is really the case in it, and what may happen to it at random."""

from __future__ import annotations

import copy
import dataclasses
import pathlib
import typing as t

from ansible_collections.icann.imrs.plugins.module_utils._gate import config, until, verdict
from ansible_collections.icann.imrs.plugins.module_utils._gate.authority import Authority, Fingerprint
from ansible_collections.icann.imrs.plugins.module_utils._gate.certificate import Certificate, Expiry, Moment
from ansible_collections.icann.imrs.plugins.module_utils._gate.comeback import TRIES, Comeback
from ansible_collections.icann.imrs.plugins.module_utils._gate.health import Cause, Outcome, Weight
from ansible_collections.icann.imrs.plugins.module_utils._gate.intent import Intent, Layers
from ansible_collections.icann.imrs.plugins.module_utils._gate.node import Node
from ansible_collections.icann.imrs.plugins.module_utils._routing.policy import Mode
from gate_data import DATA, LATER, MARK
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

STEP = 0.5
HURRY = 5.0
"""Seconds of a step where only the end counts."""
HASTE = 25.0
"""Likewise, for what lasts."""
HELD = 200.0
"""Seconds in which every hold-down, and a planned end that did not come, is over, and all is proven again."""
COMEBACK = TRIES.longest + HELD
"""Seconds in which root, which has been asked in vain again and again, is asked once more, and all is proven."""
FAMILIES = ("ipv4", "ipv6")
CONFIG = config.parse(
    {
        **copy.deepcopy(DATA),
        "graceful": 2,
        "zones": DATA["zones"][:1],
        "hold_down": {"first": 1, "longest": 20, "forget_after": 600},
    }
)
SILENT, HARD = Outcome(Weight.SOFT, "no answer"), Outcome(Weight.HARD, "wrong")
WRONG = {"killed": HARD, "hangs": SILENT, "SERVFAIL": HARD}
SOURCES = {family: tuple(verdict.sources(CONFIG, family)) for family in FAMILIES}
HEX, OTHER = "a" * 64, "b" * 64
MEANWHILE = st.sampled_from(["", "changed", "changed and back", "killed on the way"])
"""What becomes of the files, or of root's helper, while that is at work."""


class World(RuleBasedStateMachine):
    """What is the case, the gate's two rooms, and time."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.wall = 1000.0, 1.8e9
        self.fault = ""
        self.flood = self.masters_silent = self.masters_newer = False
        self.since = self.now  # the last moment at which anything was wrong or asked for
        self.node = Node(CONFIG, {}, self.now)
        self.authority = Authority(pathlib.Path("/nonexistent"), Fingerprint(pathlib.Path("/nonexistent")))
        self.authority.fingerprint.value = HEX
        self.boot_id = "0"
        self.soonest = 0.0  # on this boot's clock, before which it does not end
        self.longest = self.now  # nothing that was asked for until a time may last longer on this boot's clock
        self.authority.fingerprint.met = {HEX}
        self.running = HEX  # what the daemons have read
        self.asked = False
        self._start_the_comeback({})

    @property
    def layers(self) -> Layers:
        """What was asked for, by whom and until when."""
        return self.authority.intents.layers

    @layers.setter
    def layers(self, layers: Layers) -> None:
        self.authority.intents.layers = layers

    @property
    def intent(self) -> Mode:
        """What is asked for now."""
        return self.layers.current.mode

    # What happens

    @rule(fault=st.sampled_from(["killed", "hangs", "SERVFAIL", "no way", "bogus"]))
    def break_it(self, fault: str) -> None:
        self.fault = fault
        if fault == "killed":
            self.node.service_ended("ended", self.now)

    @rule()
    def mend_it(self) -> None:
        self.fault = ""

    @rule(flood=st.booleans())
    def strangers(self, flood: bool) -> None:
        self.flood = flood

    @rule(silent=st.booleans(), newer=st.booleans())
    def distribution(self, silent: bool, newer: bool) -> None:
        self.masters_silent, self.masters_newer = silent, newer

    @rule(mode=st.sampled_from(list(Mode)), graceful=st.booleans())
    def ask(self, mode: Mode, graceful: bool) -> None:
        self._say(Intent(mode, "alice", "", mode, ""), planned=graceful)
        assert self.intent is mode

    @rule(mode=st.sampled_from(list(Mode)))
    def ask_by_playbook(self, mode: Mode) -> None:
        ceiling = self.layers.current.ceiling
        self._say(Intent(mode, "site.yml", "", mode, ""))
        assert self.intent <= min(ceiling, mode)

    @rule(mode=st.sampled_from([Mode.DARK, Mode.DRAINED]), seconds=st.floats(0.5, 300), lower_only=st.booleans())
    def ask_for_a_while(self, mode: Mode, seconds: float, lower_only: bool) -> None:
        before = self.layers
        self._say(
            Intent(mode, "bob", "", mode, ""),
            until.end(None, seconds, Moment(self.wall, self.now), self.boot_id),
            lower_only=lower_only,
        )
        assert self.intent <= before.standing.mode
        assert self.layers.standing == before.standing
        self.longest = max(self.longest, self.now + seconds)
        if self.layers.end != before.end:
            self.soonest = self.now + seconds

    @rule()
    def start_anew(self) -> None:
        """The machine's own clock begins again; the wall clock is what it happens to be."""
        self.boot_id, gone, self.now = str(int(self.boot_id) + 1), self.now, 10.0
        self.node = Node(CONFIG, {}, self.now)
        self._read_anew()
        self._start_the_comeback({})
        self.authority.fingerprint.met = {self.authority.fingerprint.value} - {""}
        end = self.layers.end
        self.longest, self.soonest = self.now + (end.seconds if end else 0.0), 0.0
        assert gone >= 10.0

    def _say(
        self, word: Intent, end: until.End | None = None, *, lower_only: bool = False, planned: bool = False
    ) -> None:
        before, self.layers = self.intent, self.layers.asked(word, end, lower_only=lower_only)
        self.node.intent_changed(before, self.intent, self.now, planned=planned)

    def _lapse(self) -> None:
        end, before = self.layers.end, self.intent
        if end and end.over(Moment(self.wall, self.now), self.boot_id):
            assert self.now >= self.soonest
            self.layers = Layers(self.layers.standing)
            self.node.intent_changed(before, self.intent, self.now, planned=False)

    @rule(mode=st.sampled_from([Mode.DRAINED, Mode.LIVE]))
    def certify(self, mode: Mode) -> None:
        """By acceptance, which judges what runs."""
        if self.authority.fingerprint.value == self.running == HEX:
            self.authority.certificate = Certificate(mode, HEX, "", "", sessions=(MARK,))

    @rule(seconds=st.floats(0.1, 30))
    def put_a_session_on_trial(self, seconds: float) -> None:
        until = Expiry.after(seconds, Moment(self.wall, self.now))
        certificate = self.authority.certificate
        if not self.authority.void:
            self.authority.certificate = dataclasses.replace(certificate, trial=(LATER,), trial_until=until)

    @rule()
    def wait_for_the_end_of_the_trial(self) -> None:
        """It takes nothing with it."""
        before = self.authority.certified
        self.now += 30
        self.wall += 30
        self.authority.check(Moment(self.wall, self.now))
        assert self.authority.certified is before
        assert self.authority.sessions == ((MARK,) if before else ())

    @rule()
    def revoke(self) -> None:
        self.authority.certificate = Certificate(reason="revoked")

    @rule(value=st.sampled_from([HEX, OTHER]), read=st.booleans())
    def change_a_file(self, value: str, read: bool) -> None:
        """And a daemon may read it, or not."""
        self.authority.fingerprint.value = value
        self.authority.fingerprint.met |= {value}
        self._doubt_the_certificate()
        if read:
            self.running = value

    @rule()
    def lose_the_fingerprint(self) -> None:
        self.authority.fingerprint.value = ""
        self._doubt_the_certificate()

    def _doubt_the_certificate(self) -> None:
        if self.authority.check(Moment(self.wall, self.now)):
            self.comeback.voided(self.now)
        self.comeback.beat(self.now)

    def _read_anew(self) -> None:
        """As a gate does that starts: from the disk, on what may be another boot's clock, which it looks at at once."""
        before = self.authority
        self.authority = Authority(pathlib.Path("/nonexistent"), before.fingerprint)
        self.authority.certificate = before.certificate
        self.layers = before.intents.layers
        self.authority.check(Moment(self.wall, self.now))

    def _start_the_comeback(self, memory: dict[str, t.Any]) -> None:
        def ask() -> None:
            self.asked = True

        self.comeback = Comeback(self.authority, CONFIG.hold_down, memory, ask, self.now)

    @rule()
    def restart_the_gate(self) -> None:
        self.node = Node(CONFIG, self.node.memory(), self.now)
        self._read_anew()
        self._start_the_comeback(self.comeback.memory())
        self.authority.fingerprint.met = {self.authority.fingerprint.value} - {""}

    @rule()
    def kill_the_gate(self) -> None:
        self.restart_the_gate()
        self.node.gate_fell("killed", self.now)

    @precondition(lambda self: self.authority.certified is not Mode.DARK)
    @rule(read=st.booleans(), meanwhile=MEANWHILE)
    def take_a_change_back(self, read: bool, meanwhile: str) -> None:
        self.ask(Mode.LIVE, graceful=False)
        self.change_a_file(OTHER, read=read)
        self.change_a_file(HEX, read=False)
        self.root_comes(meanwhile)

    @rule(meanwhile=MEANWHILE)
    def root_comes(self, meanwhile: str = "") -> None:
        """As ``imrs-reinstate`` does, whether it was asked or not."""
        proven, self.asked = self.authority.fingerprint.value, False
        if "refused" in self.comeback.reinstate(proven, ask_only=True):
            return
        if meanwhile == "killed on the way":
            return
        self.running = proven
        self.restart_the_gate()
        for value in {"changed": [OTHER], "changed and back": [OTHER, HEX]}.get(meanwhile, []):
            self.change_a_file(value, read=value == OTHER)
        if self.authority.fingerprint.value == proven and self.comeback.reinstate(proven)["changed"]:
            self.node.doubt("put right", self.now)

    @rule(mode=st.sampled_from([HEX, OTHER]))
    def somebody_says_that_it_is_put_right(self, mode: str) -> None:
        """Whoever is root may say so, but not of other files, nor to a gate that has met others."""
        if self.running == HEX and self.comeback.reinstate(mode)["changed"]:
            self.node.doubt("put right", self.now)

    @rule()
    def kill_the_routing_daemon(self) -> None:
        self.node.routing_fell(self.now)

    @rule()
    def step_aside(self) -> None:
        self.node.step_aside(self.now)

    @rule(seconds=st.floats(0, 20))
    def stand_still(self, seconds: float) -> None:
        self.now += seconds
        self.wall += seconds
        self.node.beat(seconds, self.now)

    @rule(seconds=st.floats(-1e6, 1e6))
    def set_the_clock(self, seconds: float) -> None:
        self.wall += seconds

    @rule(seconds=st.sampled_from([0.5, 3, 8]), lost=st.booleans())
    def go_on(self, seconds: float, lost: bool) -> None:
        """Time goes by; where messages are lost, every other answer is missing without an excuse."""
        for number in range(round(seconds / STEP)):
            self._tick(lost=lost and number % 2 == 1)

    def _tick(self, *, lost: bool = False, step: float = STEP) -> None:
        self.now += step
        self.wall += step
        self._lapse()
        for family in FAMILIES:
            for source in SOURCES[family]:
                if source.startswith("trust") and self.fault == "hangs":
                    continue
                self.node.observe(family, source, self._answer(source, lost), self.now)
        self.node.freshness.served(".", 1, self.now)
        for master in ("one", "two"):
            serial = None if self.masters_silent else 2 if self.masters_newer else 1
            self.node.freshness.heard(master, ".", serial, "no answer", self.now)
        self.node.beat(0, self.now)
        self._doubt_the_certificate()

    def _answer(self, source: str, lost: bool) -> Outcome:
        public = source.endswith((" udp", " tcp"))
        if source == verdict.WAY or source.startswith("trust"):
            told = {("no way", True): SILENT, ("bogus", False): HARD}
            return told.get((self.fault, source == verdict.WAY), Outcome(Weight.GOOD))
        if self.fault in WRONG:
            return WRONG[self.fault]
        if public and self.flood:
            return Outcome(Weight.SOFT, "no answer", Cause.FLOOD)
        return Outcome(Weight.SOFT, "no answer", Cause.BUSY) if lost and not public else Outcome(Weight.GOOD)

    def _modes(self) -> dict[str, Mode]:
        return self.node.modes(self.intent, self.authority.certified, self.now)

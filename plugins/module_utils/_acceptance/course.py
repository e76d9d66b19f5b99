# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The course of a node through the stages: what a certificate is worth, what comes next, and why.

``plot`` reads what the gate says and gives the course. ``judged`` and ``tried`` give the course after a report, and
``failed`` what is left to do after a failure. Role acceptance only carries out what they say, in this order.
"""

from __future__ import annotations

import dataclasses
import json
import typing as t

from .._routing.policy import Mode
from . import words
from .gate import DAY, VERBS, Command, Gate, Grant, Seal, seconds, unsigned

SOON = 600.0
"""A node that goes up by itself within so many seconds is not judged: it would go up in the middle."""
NOT_COMPARED = "no bundle was compared with what is rendered"
"""Why nothing is accepted when nothing is known of a node's bundles."""


@dataclasses.dataclass(frozen=True)
class Order:
    """What the run is to do with the node."""

    node: str
    """As the inventory has it, for messages."""
    mode: Mode
    """Where the sheet wants the node."""
    caller: str
    """Who asks the gate."""
    patience: int
    """Seconds in which the gate has to reach a mode."""
    lease: int
    """Seconds for which a mode is certified, or a session tried, until that has been judged."""
    peers: int
    """How many sessions the sheet has."""
    node_name: str = ""
    """The node's FQDN, for what is signed."""
    signing_key: str = ""
    """The file of the key that signs what the gate is to take, on the controller; empty where none has to."""
    days: int | None = None
    """For how many days a certificate counts; it is renewed in their second half. None: until something voids it."""
    check: bool = False
    """Check mode: nothing moves."""
    unrendered: tuple[str, ...] = ()
    """Why the node is not what is rendered for it, a sentence for each bundle."""


@dataclasses.dataclass(frozen=True)
class Course:
    """Where a node goes, and how far it has come. JSON-safe by ``to_wire``."""

    order: Order
    refusal: str = ""
    """Why the node is neither judged nor changed."""
    stages: tuple[Mode, ...] = ()
    """The stages to be judged, in this order; none where there is nothing to judge."""
    target: Mode = Mode.DARK
    """The last stage: what the sheet wants, but no more than the ceiling allows."""
    fingerprint: str = ""
    challenge: str = ""
    """The gate's, for what is signed."""
    proven: bool = False
    """Acceptance has judged exactly this configuration before: the node stays up after a failure without harm."""
    complete: bool = False
    """The certificate needs no renewal."""
    certified: Mode = Mode.DARK
    sessions: tuple[str, ...] = ()
    """Marks of the sessions that get something at the moment."""
    before_trial: tuple[str, ...] = ()
    """While a trial runs, marks of the sessions that were certified before it."""
    renewed: bool = False
    """This run has certified the target for good."""
    leaves: bool = False
    """The node is given back as soon as its evidence is collected: nothing more is asked of it."""
    commands: tuple[Command, ...] = ()
    """What the gate is told before the next look at the node."""
    certify: Command = ()
    """What the gate is told after the last stage."""
    keeps: bool = False
    """The node stays this run's after ``certify``."""
    ready: tuple[str, ...] = ()
    """Marks of the sessions to be tried after ``certify``."""
    waits: str = ""
    """Why a cluster's router goes no further than ``target`` for the time being."""

    def to_wire(self) -> dict[str, t.Any]:
        """As plain data; modes are words."""
        return t.cast("dict[str, t.Any]", _plain(dataclasses.asdict(self)))

    @classmethod
    def from_wire(cls, raw: t.Mapping[str, t.Any]) -> Course:
        """Back from ``to_wire``; other keys are left alone."""
        known = {field.name: raw[field.name] for field in dataclasses.fields(cls) if field.name in raw}
        order = dict(known["order"])
        order |= {"mode": Mode.parse(order["mode"]), "unrendered": tuple(order["unrendered"])}
        for name in ("sessions", "before_trial", "ready", "certify"):
            known[name] = tuple(known[name])
        known |= {name: Mode.parse(known[name]) for name in ("target", "certified")}
        known["stages"] = tuple(Mode.parse(stage) for stage in known["stages"])
        known["commands"] = tuple(tuple(command) for command in known["commands"])
        return cls(**{**known, "order": Order(**order)})


class Report(t.NamedTuple):
    """What the judge says that decides on the next step."""

    ready: tuple[str, ...] = ()
    """Marks of the sessions that are there and not certified."""
    harmful: tuple[str, ...] = ()
    """Failed checks for which even a live node has to go dark."""
    doubtful: tuple[str, ...] = ()
    """Checks that could show harm, and neither passed nor showed it."""
    judged: bool = False
    """Whether this is the report that failed; not where there is none, or where something else did."""


class End(t.NamedTuple):
    """What is left to do after a failure."""

    stays: bool
    """The node stays as it is; else it goes dark."""
    command: Command
    """What ends a trial, for a node that stays; empty without a trial."""
    outcome: str
    """For people, behind the node's name."""


def plot(answer: str, order: Order, now: float) -> Course:
    """The course of a node whose gate has printed ``answer``; ``now`` in seconds since 1970.

    ValueError when the answer is no status of a gate.
    """
    if order.check:  # nobody is going to certify anything
        order = dataclasses.replace(order, unrendered=())
    if "{" not in answer:
        return _refused(
            order,
            f"{order.node} has no gate, so there is nothing that could announce: provision it first (icann.imrs.site)",
        )
    status = json.loads(answer[answer.index("{") :])
    if "sessions" not in (status.get("certificate") or {}):  # it would take a session without a certificate for a leak
        return _refused(
            order,
            f"{order.node} has a gate of an earlier version, which knows nothing of sessions; nothing was judged or "
            "changed. Provision it first (icann.imrs.site)",
        )
    gate = Gate.parse(status)
    if not order.check and gate.rises_at and seconds(gate.rises_at) - now < SOON:
        # Judged at the lower stage, what it announces from then on would look like a leak.
        return _refused(
            order,
            f"{order.node} is left as it is: it goes back to {gate.standing} by itself at {gate.rises_at}, in the "
            "middle of its acceptance. Run icann.imrs.accept after that",
        )
    return _course(gate, order, now)


def _course(gate: Gate, order: Order, now: float) -> Course:
    """The course of a node that can be judged."""
    target, after = min(order.mode, gate.ceiling), min(order.mode, gate.standing_ceiling)
    # The certificate is for good and covers the target: the node is judged where it is, whatever its health is now.
    settled = gate.valid and not gate.provisional and gate.certified >= target
    waits = ""
    if not settled and gate.within < target:  # its nodes come after it, and then it is judged again
        target, waits = gate.within, gate.lacking
    proven = settled and gate.own
    up = settled and gate.intent >= target and gate.standing >= after
    there = settled and gate.intent == target and gate.standing == after and set(gate.mode) == {target}
    # Only what is rendered goes up; downwards always works.
    held_back = bool(order.unrendered) and target > Mode.DARK and not up
    fixed = order.check or held_back
    stages = (gate.mode[0],) if fixed else (target,) if settled else tuple(Mode)[: target + 1]
    kept = gate.valid and (settled or fixed)  # on the way up the node begins with no session
    course = Course(
        order=order,
        stages=stages,
        target=target,
        fingerprint=gate.fingerprint,
        challenge=gate.challenge,
        proven=proven,
        complete=proven and not gate.foreseen and not _to_renew(gate, order, now),
        certified=gate.certified,
        sessions=(*gate.sessions, *gate.trial) if kept else (),
        # A trial that an earlier run has left behind is judged to its end.
        before_trial=gate.sessions if kept and gate.trial else (),
        waits=waits,
    )
    leaves = there and course.complete and not course.before_trial and len(course.sessions) == order.peers
    return dataclasses.replace(
        course,
        leaves=leaves and not order.check,
        commands=() if there or fixed else (_ask(course, stages[0]),),
    )


def _to_renew(gate: Gate, order: Order, now: float) -> bool:
    """Whether a good certificate needs a later end, or one at all, or none: one for more than what is judged now, of a
    node that was drained since, can be renewed only when it is live again.
    """
    if gate.certified > order.mode or gate.certified > gate.ceiling:
        return False
    if order.days is None or not gate.ends:
        return (order.days is None) != (gate.ends == "")
    return seconds(gate.ends) - now < order.days * DAY / 2


def judged(course: Course, stage: Mode, report: Report, seal: Seal = unsigned) -> Course:
    """The course after a stage that has passed: what the gate is told next, or why it is told nothing."""
    order = course.order
    if order.unrendered:
        why = "; ".join(order.unrendered)
        refusal = f"{order.node} is not accepted: {why}. Run icann.imrs.site without tags on it"
        return dataclasses.replace(course, refusal=refusal, commands=())
    if stage is not course.target:
        if order.check:  # nothing moves
            return dataclasses.replace(course, commands=())
        higher = Mode(min(stage + 1, Mode.LIVE))
        sessions = (*course.sessions, *report.ready) if stage is Mode.DARK else course.sessions
        # For a while only: a run that breaks off before the next stage is judged leaves nothing announced for long.
        certify = _certify(course, higher, sessions, seal, order.lease)
        return dataclasses.replace(course, sessions=sessions, commands=(certify, _ask(course, higher)))
    if stage is Mode.DARK or order.check:  # with nothing announced, nothing is proven
        return dataclasses.replace(course, commands=(), certify=(), ready=())
    renews = not course.complete or bool(course.before_trial)
    known = renews or (course.proven and course.certified == stage)
    return dataclasses.replace(
        course,
        commands=(),
        certify=_certify(course, stage, course.sessions, seal) if renews else (),
        keeps=bool(report.ready),
        ready=report.ready if known else (),
    )


def tried(course: Course, seal: Seal = unsigned) -> Course:
    """The course of a certified node whose routers came later: these sessions get what the others have, on trial.

    It is no reason to take the node down the stages: whatever becomes of the trial, the others stay certified.
    """
    sessions = (*course.sessions, *course.ready)
    trial = seal(Grant("trial", None, course.fingerprint, course.ready, course.order.lease, course.challenge))
    return dataclasses.replace(
        course,
        before_trial=course.sessions,
        renewed=course.renewed or bool(course.certify),
        sessions=sessions,
        commands=(trial,),
        certify=(),
        keeps=False,
        ready=(),
    )


def admitted(course: Course, stage: Mode, seal: Seal = unsigned) -> Course:
    """The course after a trial that has passed: all sessions are certified."""
    return dataclasses.replace(course, commands=(), certify=_certify(course, stage, course.sessions, seal))


def failed(course: Course, stage: Mode, report: Report, seal: Seal = unsigned) -> End:
    """What is left to do after a failure at ``stage``; ``report`` is the last one, an empty one where there is none.

    A proven node stays up when what failed hurts nobody who asks it: silent masters, a session that is down or a
    vantage that cannot be reached must not take nodes from the constellation.
    """
    if course.order.check:
        return End(stays=True, command=(), outcome="is left as it is by a check")
    if not (course.proven or course.renewed) or report.harmful:
        return End(stays=False, command=(), outcome="is dark and stays so")
    outcome = words.stays(str(stage), report.doubtful, judged=report.judged)
    if not course.before_trial:
        return End(stays=True, command=(), outcome=outcome)
    try:
        command = _certify(course, stage, course.before_trial, seal)
    except ValueError:  # a key that cannot sign any more is no reason to take the node down: a trial has an end
        return End(stays=True, command=(), outcome=f"{outcome}. The trial of sessions ends by itself")
    return End(stays=True, command=command, outcome=f"{outcome}. The sessions that were on trial get nothing again")


def left_out(node: str, made: t.Sequence[str], answer: str, *, wanted: bool) -> str:
    """Why a run that left acceptance out is a failure: it has voided the node's certificate. Empty when it is none.

    ``made``: the bundles that it has changed; ``answer``: what the node's gate has printed after that, empty where it
    was not asked; ``wanted``: somebody has said that the node may stay dark.
    """
    if not made or wanted or "{" not in answer:
        return ""
    now = json.loads(answer[answer.index("{") :])["certificate"]
    if now["valid"] or not now.get("fingerprint"):  # it never had one
        return ""
    return (
        f"{node}: this run has changed {', '.join(made)} and left acceptance out. The certificate is void "
        f"({now['reason']}), so the node stays dark: run icann.imrs.site without tags"
    )


def _refused(order: Order, refusal: str) -> Course:
    """No course. A check before the first converge has nothing to judge, which is no failure."""
    return Course(order, refusal="" if order.check else refusal)


def _ask(course: Course, stage: Mode) -> Command:
    """Ask for a stage; at the last one for all that the sheet wants, so that a wish with an end may end by itself."""
    order = course.order
    mode = order.mode if stage is course.target else stage
    return ("imrs", VERBS[mode], "--by", order.caller, "--wait", str(order.patience), "--json")


def _certify(course: Course, mode: Mode, sessions: t.Iterable[str], seal: Seal, lasts: int | None = None) -> Command:
    """Certify what was judged, for exactly these sessions; for ``lasts`` seconds, or for good."""
    return seal(Grant("certify", mode, course.fingerprint, tuple(sessions), lasts, course.challenge))


def _plain(value: object) -> object:
    """JSON's own types only, since Ansible hands nothing else on."""
    if isinstance(value, Mode):
        return str(value)
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, (list, tuple)) else value

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a person tells a fleet to do, before any node is told: complete, and such that a gate will take it."""

from __future__ import annotations

import typing as t

from .._gate import intent, until
from .._routing.policy import Mode
from . import budget

if t.TYPE_CHECKING:
    from .budget import Node

VERBS = {"dark": "dark", "drain": "drained", "live": "live"}
"""Each playbook's verb, which is also that of ``imrs``, and the mode that it asks for."""


class Order(t.NamedTuple):
    """A verb of ``VERBS``, why, by whom, and until when (UTC, ISO 8601; empty: for good)."""

    verb: str
    reason: str
    by: str
    until: str = ""
    stray: str = ""
    """What Ansible has left over of ``-e imrs_reason=fibre work``, which it takes for ``fibre``."""


def refusals(order: Order, now: float) -> list[str]:
    """Everything that is wrong with it, in sentences; ``now`` is the controller's time in seconds since 1970."""
    found = []
    if order.stray:
        found.append(f"{order.stray!r} belongs to no variable: what has blanks is quoted twice, -e \"imrs_reason='…'\"")
    if not order.reason:
        found.append(
            "imrs_reason is missing: say why, on one line, for whoever finds the nodes so: -e \"imrs_reason='…'\""
        )
    elif wrong := intent.unprintable(order.reason):
        found.append(f"imrs_reason: {wrong}")
    if not order.by:
        found.append("imrs_by is missing, and the system does not say who you are: -e imrs_by=NAME")
    elif not intent.by_hand(order.by):
        found.append(
            f"imrs_by is {order.by}, which is a playbook's name: a person's word counts for more, so give a name"
        )
    elif wrong := intent.unprintable(order.by):
        found.append(f"imrs_by: {wrong}")
    if order.until and order.verb == "live":
        found.append("imrs_until is for icann.imrs.drain and icann.imrs.dark: live has no end")
    elif order.until:
        try:
            until.checked(order.until, now)
        except ValueError as error:
            found.append(f"imrs_until: {error}")
    return found


def of_status(status: t.Mapping[str, t.Any]) -> tuple[str, dict[str, str], str]:
    """A node's mode, the lowest of its families'; theirs; and by whom it is so and why; from ``imrs status --json``.

    What is to be withdrawn as planned is still announced for some seconds (RFC 8326), and counts as withdrawn.
    ValueError for what is no status: then nothing is known of the node.
    """
    try:
        asked = status["intent"]
        found = {str(family): _lowest({mode, asked["mode"]}) for family, mode in status["mode"].items()}
        mode = _lowest({*found.values(), asked["mode"]})
        if asked["mode"] == "live":
            reasons = [verdict.get("reason", "") for verdict in status["verdict"].values()]
            void = status["certificate"]["reason"]
            return mode, found, "" if mode == "live" else next(filter(None, [void, *reasons]), "")
        end = f" until {asked['until']}" if asked.get("until") and asked["mode"] == asked.get("at_most") else ""
        note = f": {asked['note']}" if asked.get("note") else ""
        return mode, found, f"asked for by {asked['by'] or 'nobody'}{end}{note}"
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("its gate's answer is not understood") from error


def _lowest(modes: t.Collection[str]) -> str:
    """The lowest of some modes; ValueError where one of them is none."""
    return str(min(map(Mode.parse, modes)))


def claimed(status: t.Mapping[str, t.Any], run: str) -> str:
    """Who else is about to take a node down, from ``imrs status --json``, for people; empty when nobody is.

    ``run`` is one's own. An older gate knows no claims.
    """
    try:
        others = [claim for claim in status.get("claims", ()) if claim["run"] != run]
        return "; ".join(f"{one['by']} is about to take it down, since {one['age']:.0f} s" for one in others)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError("its gate's answer is not understood") from error


def known(answer: t.Mapping[str, t.Any] | str | None, run: str, *, claims: bool = True) -> dict[str, t.Any]:
    """Modes and note of a ``budget.Node``, from what it has answered: its status, or why there is none.

    ``run`` is one's own; ``claims``: whether it counts that another run is about to take the node down.
    """
    if not isinstance(answer, t.Mapping):
        return {"mode": budget.NO_ANSWER, "note": answer or ""}
    try:
        mode, families, note = of_status(answer)
        if claims and mode != budget.DARK and (other := claimed(answer, run)):
            return {"mode": budget.CLAIMED, "note": other}
    except ValueError as error:
        return {"mode": budget.NO_ANSWER, "note": str(error)}
    return {"mode": mode, "families": families, "note": note}


def cannot_go_up(status: t.Mapping[str, t.Any], by: str, lift: t.Collection[str]) -> str:
    """Why a node may not be told to be live, from ``imrs status --json``; empty when it may.

    What somebody else took down for a reason is not for everybody to take up again, unless that person is named in
    ``lift``. ValueError for what is no status.
    """
    try:
        certificate, asked = status["certificate"], status["intent"]
        if not certificate["valid"] or certificate["mode"] != "live":
            why = certificate["reason"] or f"its certificate is for {certificate['mode']}"
            return f"{why}: have it accepted (icann.imrs.accept)"
        if certificate["expires_at"] is not None:
            return "it is being accepted now, and its certificate is not for good yet: see what becomes of that"
        foreign = intent.by_hand(asked["by"]) and asked["by"] not in ("", by, *lift)
        if foreign and asked["mode"] != "live":
            note = f": {asked['note']}" if asked.get("note") else ""
            return f"{asked['by']} has asked for {asked['mode']}{note}. Ask there, or say -e imrs_lift={asked['by']}"
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("its gate's answer is not understood") from error
    return ""


def options(order: Order, *, planned: bool) -> list[str]:
    """What ``imrs`` is given besides verb, name and reason.

    ``planned``: on the way to dark there is time for GRACEFUL_SHUTDOWN (RFC 8326). A node that is dark is not drained.
    """
    return [
        *(["--until", order.until] if order.until else []),
        *(["--lower-only"] if order.verb == "drain" else []),
        *(["--planned"] if order.verb == "dark" and planned else []),
    ]


def plan(order: Order, nodes: t.Iterable[Node], *, asked: bool = True) -> list[str]:
    """A line for each targeted node: from where to where it is to go; ``asked``: the nodes were asked before."""
    end = f" until {order.until}" if order.until else ""
    goal = VERBS[order.verb] + end
    moves = [
        f"{node.name}: {node.mode or 'unknown'}{f' ({node.note})' if node.note else ''} -> {goal}"
        for node in nodes
        if node.targeted
    ]
    return moves if asked else ["EMERGENCY: no other node was asked, and no budget looked at", *moves]

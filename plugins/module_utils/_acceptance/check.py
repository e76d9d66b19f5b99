# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a check is: an id, a severity, a title, a source, when it is due, what it needs, and a pure judge.

Metadata is enforced where a check is defined: a check that cannot say what it means does not import.
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
import re
import typing as t

from .._routing.policy import Mode

if t.TYPE_CHECKING:
    from .evidence import Evidence
    from .expected import Expected

SCOPES = ("node", "vantage", "router", "controller")
"""Whose evidence there is; the controller's is what it has on disk of the world's registries."""
EVERY_STAGE = (Mode.DARK, Mode.DRAINED, Mode.LIVE)
ANNOUNCED = (Mode.DRAINED, Mode.LIVE)
NODE, ROUTER = "node", "router"
"""What an appliance is for (``imrs_function``): it answers, or it is a cluster's own router."""
FUNCTIONS = (NODE, ROUTER)

_ID = re.compile(r"^[A-Z]{2}-\d{2}$")
_SHOWN = 3


class Status(enum.StrEnum):
    """The five ways a check can end (architecture, contract: acceptance)."""

    PASS = "pass"  # noqa: S105 - not a password
    FAIL = "fail"
    ERROR = "error"
    SKIPPED = "skipped"
    NOT_RUN = "not_run"


class Severity(enum.StrEnum):
    """F: the node may not announce. W: somebody should look."""

    FATAL = "F"
    WARNING = "W"


class Verdict(t.NamedTuple):
    """What a judge says."""

    status: Status
    message: str


Judge = t.Callable[["Evidence", "Expected"], Verdict]


@dataclasses.dataclass(frozen=True)
class Check:
    """One entry of the catalogue; the id is that of the requirement."""

    id: str
    severity: Severity
    title: str
    source: str
    stages: tuple[Mode, ...]
    scopes: tuple[str, ...]
    harm: bool
    judge: Judge
    functions: tuple[str, ...] = (NODE,)
    """The appliances that it is for."""
    also: tuple[str, ...] = ()
    """Scopes whose word it takes as well where there is one: without it, less is proven."""

    def __post_init__(self) -> None:
        problems = []
        if not _ID.match(self.id):
            problems.append("the id is not like DN-01")
        if not self.title.strip() or len(self.title) > 60:
            problems.append("a title of at most 60 characters is needed")
        if not self.source.strip():
            problems.append("a source is needed")
        if not self.stages:
            problems.append("it is due at no stage")
        if not self.scopes or not set(self.scopes) <= set(SCOPES):
            problems.append(f"scopes are some of {', '.join(SCOPES)}")
        if not self.functions or not set(self.functions) <= set(FUNCTIONS):
            problems.append(f"functions are some of {', '.join(FUNCTIONS)}")
        if not set(self.also) <= set(SCOPES) - set(self.scopes):
            problems.append(f"it also hears others of {', '.join(SCOPES)} than its scopes")
        if not (inspect.getdoc(self.judge) or "").strip():
            problems.append("the pass condition is missing: write it as docstring of the judge")
        if problems:
            raise TypeError(f"check {self.id!r}: {'; '.join(problems)}")

    @property
    def condition(self) -> str:
        """The pass condition in words."""
        return inspect.getdoc(self.judge) or ""


def check(  # noqa: PLR0913 - all but two are options
    ident: str,
    title: str,
    *,
    source: str,
    severity: str = "F",
    stages: tuple[Mode, ...] = EVERY_STAGE,
    scopes: tuple[str, ...] = ("node",),
    harm: bool = False,
    functions: tuple[str, ...] = (NODE,),
    also: tuple[str, ...] = (),
) -> t.Callable[[Judge], Check]:
    """Make a check of a pure function ``(evidence, expected) -> Verdict`` whose docstring is the pass condition.

    ``harm``: a live node that fails this hurts those who ask or route to it, so it must not stay live. What has no
    harm keeps a node from going up, but never takes down one that is: silent masters or a lost session are no reason
    to take a working node from the constellation.
    """

    def define(judge: Judge) -> Check:
        return Check(ident, Severity(severity), title, source, stages, scopes, harm, judge, functions, also)

    return define


def passed(message: str) -> Verdict:
    """All is as it should be."""
    return Verdict(Status.PASS, message)


def failed(message: str) -> Verdict:
    """Something is wrong."""
    return Verdict(Status.FAIL, message)


def skipped(reason: str) -> Verdict:
    """The check does not apply here; never for lack of an answer."""
    return Verdict(Status.SKIPPED, reason)


def verdict(problems: t.Iterable[str], good: str) -> Verdict:
    """``fail`` with the first few problems, or ``pass`` with ``good`` when there is none."""
    found = list(dict.fromkeys(problems))
    if not found:
        return passed(good)
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return failed("; ".join(found[:_SHOWN]) + more)

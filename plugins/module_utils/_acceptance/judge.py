# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""From evidence to a report: every check judged or explained, and one answer to "may this be certified?"."""

from __future__ import annotations

import dataclasses
import types
import typing as t

from .._routing.policy import Mode
from . import attested, effects, wire, words
from .attested import ATTESTATIONS
from .catalog import CATALOG, place
from .check import Check, Severity, Status, Verdict
from .evidence import Evidence, Missing
from .standing import Placed, Standing, all_of

if t.TYPE_CHECKING:
    from .._site.host_variables import Attested
    from .attested import Attestation, Tried
    from .expected import Expected

REQUIRED_SCOPES = {Mode.DARK: ("node",), Mode.DRAINED: ("node",), Mode.LIVE: ("node", "vantage")}
"""Whose evidence a stage cannot do without. The host's router is the host's: its evidence is welcome."""

SIGNS_OF_LIFE = ("soa", "zone_soa")
"""Probes whose silence does harm."""
LONGEST = 600


@dataclasses.dataclass(frozen=True)
class Result:
    """One check, judged."""

    id: str
    title: str
    severity: str
    status: str
    message: str
    seconds: float
    source: str
    condition: str
    waiver: str = ""
    raised: bool = False
    """The fleet has made it F (``raised_checks``)."""
    attestation: bool = False
    """People attest it; no software has run it."""
    by: str = ""
    """Who attests it. For engineers: not in what a host reads."""
    harm: bool = False
    """Whether a failure hurts those who ask the node or route to it."""

    @property
    def blocks(self) -> bool:
        """Does this result alone forbid a certificate?"""
        if self.severity != Severity.FATAL.value or self.status in {Status.PASS.value, Status.NOT_RUN.value}:
            return False
        return not (self.status == Status.SKIPPED.value and self.waiver)


@dataclasses.dataclass(frozen=True)
class Report:
    """The outcome of one run."""

    node: str
    stage: str
    mode: str
    started: float
    serial: int | None
    versions: dict[str, str]
    fingerprint: str
    results: tuple[Result, ...]
    reasons: tuple[str, ...]
    harmful: tuple[str, ...]
    """Failed checks for which even a node that is live has to go dark."""
    scopes: tuple[str, ...]
    sessions: tuple[Placed, ...] = ()
    """Where each session of the sheet stands."""
    unproven: tuple[str, ...] = ()
    """Which checks lacked the word of another machine than the node, and why."""
    hurt: tuple[str, ...] = ()
    """What users get of ``harmful``, a sentence each."""
    doubtful: tuple[str, ...] = ()
    """Checks with harm that neither passed nor are ``harmful``: seen from outside only, or not judged."""
    status: str = words.JUDGED
    """How far the run came: one of ``words.STATES``."""
    since: t.Mapping[str, t.Any] | None = None
    """What has changed since the report before it (``since.compare``)."""
    serials: t.Mapping[str, int] = dataclasses.field(default_factory=dict)
    """Of each zone that the node serves, by its name, the root zone among them."""
    installed: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    """By Debian package: its source package and that one's version; of kernels, only the one that runs."""
    candidate: bool = False
    """Whether what was judged is a system that goes away by itself unless the upgrade that made it is kept."""

    @property
    def warned(self) -> tuple[Result, ...]:
        """Warnings: what did not pass and stops nobody."""
        bad = {Status.FAIL.value, Status.ERROR.value}
        return tuple(one for one in self.results if one.severity == Severity.WARNING.value and one.status in bad)

    @property
    def ready(self) -> tuple[str, ...]:
        """Marks of the sessions that were judged as far as they can be without being certified."""
        return tuple(placed.peer.mark for placed in self.sessions if placed.standing is Standing.READY)

    @property
    def degraded(self) -> tuple[str, ...]:
        """Messages of the sessions that wait for their routers, which keeps nobody from serving (BG-20)."""
        return tuple(one.message for one in self.results if one.id == "BG-20" and one.status != Status.PASS)

    @property
    def unattested(self) -> tuple[str, ...]:
        """What nobody has attested, which is a warning where the fleet does not require it."""
        return tuple(one.id for one in self.results if one.attestation and one.status != Status.PASS)

    @property
    def certifiable(self) -> bool:
        """May a certificate up to the mode of this stage be issued?"""
        return not self.reasons

    @property
    def counts(self) -> dict[str, int]:
        """How many checks ended in which way."""
        return {status.value: sum(result.status == status.value for result in self.results) for status in Status}

    def as_dict(self) -> dict[str, t.Any]:
        """Everything, JSON-safe."""
        return {
            **dataclasses.asdict(self),
            "results": [dataclasses.asdict(result) for result in self.results],
            "reasons": list(self.reasons),
            "scopes": list(self.scopes),
            "unproven": list(self.unproven),
            "unattested": list(self.unattested),
            "sessions": [
                {
                    "name": placed.peer.name,
                    "address": placed.peer.address,
                    "mark": placed.peer.mark,
                    "standing": placed.standing.value,
                    "why": placed.why,
                }
                for placed in self.sessions
            ],
            "certifiable": self.certifiable,
            "since": None if self.since is None else dict(self.since),
            "harmful": list(self.harmful),
            "hurt": list(self.hurt),
            "doubtful": list(self.doubtful),
            "counts": self.counts,
        }


def judge_one(
    check: Check, evidence: Evidence, expected: Expected, why: t.Mapping[str, str] = types.MappingProxyType({})
) -> Verdict:
    """Run one check. A check that breaks is an error, and never stops the others.

    ``why``, by scope: why there is no evidence from it.
    """
    if evidence.stage not in check.stages:
        stages = " or ".join(str(stage) for stage in check.stages)
        return Verdict(Status.NOT_RUN, f"due at stage {stages}")
    absent = [scope for scope in check.scopes if scope not in evidence.scopes]
    if absent:
        because = "; ".join(why[scope] for scope in absent if why.get(scope))
        return Verdict(
            Status.SKIPPED, f"no evidence from the {' and the '.join(absent)}" + f": {because}" * (because > "")
        )
    try:
        return check.judge(evidence, expected)
    except Missing as error:
        return Verdict(Status.ERROR, str(error))
    except Exception as error:  # noqa: BLE001 - whatever breaks a check is an error of this check, not of the run
        return Verdict(Status.ERROR, f"the check broke: {type(error).__name__}: {error}")


def judge(  # noqa: PLR0913 - all but three are options
    documents: t.Sequence[t.Mapping[str, t.Any]],
    expected: Expected,
    stage: Mode,
    *,
    certified: t.Collection[str] = (),
    waivers: t.Sequence[t.Mapping[str, str]] = (),
    attestations: t.Sequence[Attested] = (),
    required: t.Collection[str] = (),
    tried: t.Mapping[str, Tried] = types.MappingProxyType({}),
    raised: t.Collection[str] = (),
    fingerprint: str = "",
    absent: t.Mapping[str, str] | None = None,
    catalog: t.Sequence[Check] = CATALOG,
    attestable: t.Sequence[Attestation] = ATTESTATIONS,
    now: float = 0.0,
    stopwatch: t.Callable[[], float] = lambda: 0.0,
) -> Report:
    """Judge every check of the catalogue that is for such an appliance. Pure but for the ``stopwatch``, which only
    measures.

    ``certified``: marks of the sessions that get what is announced at this moment. ``required``: what has to be
    attested before a node goes live; ``tried``: what drills of earlier runs have found; ``raised``: checks of severity
    W that are F in this fleet. ``now``: Unix time, of a report without evidence.
    """
    evidence = Evidence.gather(documents, expected, stage, certified)
    catalog = [check for check in catalog if expected.function in check.functions]
    waived = {str(waiver["check"]): str(waiver["reason"]) for waiver in waivers}
    results = []
    for check in catalog:
        before = stopwatch()
        status, message = judge_one(check, evidence, expected, absent or {})
        results.append(
            Result(
                id=check.id,
                title=check.title,
                severity=(Severity.FATAL if check.id in raised else check.severity).value,
                status=status.value,
                message=message[:LONGEST],
                seconds=round(stopwatch() - before, 4),
                source=check.source,
                condition=" ".join(check.condition.split()),
                waiver=waived.get(check.id, "") if status is Status.SKIPPED else "",
                raised=check.id in raised and check.severity is not Severity.FATAL,
                harm=check.harm,
            )
        )
    given = {each["check"]: each for each in attestations}
    said = [
        _attested(each, attested.judge(each, given, required, expected.mode, stage, tried))
        for each in attestable
        if expected.function in each.functions
    ]
    machine, serials = evidence.scopes.get("node", {}).get("host") or {}, _serials(evidence)
    near = Evidence.gather(_near(documents), expected, stage, certified)
    harmful = _harmful(near, catalog)
    return Report(
        node=expected.node_name,
        stage=str(stage),
        mode=expected.mode or str(stage),
        started=min((float(document["collected_at"]) for document in evidence.scopes.values()), default=now),
        serial=serials.get("."),
        serials=serials,
        versions=dict(sorted((machine.get("packages") or {}).items())),
        installed=machine.get("installed") or {},
        candidate=bool(machine.get("candidate")),
        fingerprint=fingerprint,
        results=tuple(sorted((*results, *said), key=lambda result: place(result.id))),
        reasons=tuple(_reasons(results, evidence, absent or {}, said)),
        harmful=tuple(harmful),
        hurt=tuple(effects.told(harmful, near)),
        doubtful=tuple(_doubtful(catalog, results, evidence, harmful)),
        scopes=tuple(sorted(evidence.scopes)),
        sessions=tuple(all_of(evidence, expected)),
        unproven=tuple(_unproven(catalog, results, evidence, absent or {})),
    )


def _attested(attestation: Attestation, said: attested.Said) -> Result:
    """An attestation as a result."""
    severity, status, message, by = said
    return Result(
        id=attestation.id,
        title=attestation.title,
        severity=severity.value,
        status=status.value,
        message=message[:LONGEST],
        seconds=0.0,
        source=attestation.source,
        condition=attestation.condition,
        attestation=True,
        by=by,
    )


def _unproven(
    catalog: t.Sequence[Check], results: t.Sequence[Result], evidence: Evidence, absent: t.Mapping[str, str]
) -> t.Iterator[str]:
    """Which checks that are due had no evidence from the vantage or the host's router, and why; in a sentence each."""
    status = {result.id: result.status for result in results}
    for scope, who in (("vantage", "the vantage"), ("router", "the host's router")):
        because = absent.get(scope, "")
        if scope == "vantage" and scope not in REQUIRED_SCOPES[evidence.stage]:
            continue  # it is asked when the node is live
        if scope in evidence.scopes:
            because = _unread(evidence) if scope == "router" else ""
            if not because:
                continue
        due = [each for each in catalog if evidence.stage in each.stages and scope in (*each.scopes, *each.also)]
        judged = [each.id for each in due if status[each.id] in {Status.PASS.value, Status.FAIL.value}]
        others = [each.id for each in due if each.id not in judged]
        told = [f"not judged: {', '.join(others)}"] if others else []
        told += [f"judged by what the node says alone: {', '.join(judged)}"] if judged else []
        if told:
            yield f"{who} was not read{f' ({because})' if because else ''}; {'; '.join(told)}"


def _unread(evidence: Evidence) -> str:
    """Why the host's router was reached, and its table could not be read; empty when it could."""
    try:
        evidence.section("router", "host_router")
    except Missing as error:
        return str(error)
    return ""


def _near(documents: t.Iterable[t.Mapping[str, t.Any]]) -> t.Iterator[t.Mapping[str, t.Any]]:
    """What the node and the host's router say.

    The vantage has no say in harm: a lost packet on its way, or another instance that attracts its questions, must not
    take a good node down. It has a say in whether a node goes up. Nor has a question of the node's own that was lost,
    as in a flood: who is silent is known by the SOA, and to the gate.
    """
    return (_answered(each) for each in documents if each.get("scope") != "vantage")


def _harmful(near: Evidence, catalog: t.Iterable[Check]) -> list[str]:
    """Checks of harm that fail on what the node and the host's router say."""
    harm = (check for check in catalog if check.harm)
    return [check.id for check in harm if judge_one(check, near, near.expected).status is Status.FAIL]


def _doubtful(
    catalog: t.Iterable[Check], results: t.Iterable[Result], evidence: Evidence, harmful: t.Container[str]
) -> t.Iterator[str]:
    """Checks of harm that are due and neither passed nor proven to do harm; one that does not apply is no doubt."""
    scopes = {check.id: check.scopes for check in catalog}
    for result in results:
        unseen = result.status == Status.SKIPPED.value and not set(scopes[result.id]) <= set(evidence.scopes)
        if result.harm and result.id not in harmful and (unseen or result.status in {"fail", "error"}):
            yield result.id


def _answered(document: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any]:
    """Evidence without the questions that had no answer, but for those for the SOA."""
    exchanges = document.get("exchanges")
    if not isinstance(exchanges, list):
        return document
    heard = [each for each in exchanges if each.get("answer") is not None or each.get("probe") in SIGNS_OF_LIFE]
    return {**document, "exchanges": heard}


def why_absent(result: t.Mapping[str, t.Any], scope: str = "") -> str:
    """Why a task of Ansible's brought no evidence, in a line, from what it returned; empty where that says nothing.

    That of the router (``scope``) is left out where there is nobody to ask.
    A module that broke says "non-zero return code", and what was wrong on the last line of its standard error.
    """
    if result.get("skipped") and scope == "router":
        return "the sheet names no looking_glass"
    texts = [result.get(key) for key in ("module_stderr", "stderr", "module_stdout", "msg")]
    if result.get("unreachable") or "module_stderr" not in result:
        texts = [result.get("msg"), *texts]
    lines = [line.strip() for text in texts if text for line in str(text).splitlines()[::-1] if line.strip()]
    said = "".join(letter for letter in lines[0] if letter.isprintable())[:LONGEST] if lines else ""
    return f"it cannot be reached ({said})" if result.get("unreachable") else said


def _reasons(
    results: t.Sequence[Result],
    evidence: Evidence,
    absent: t.Mapping[str, str] = types.MappingProxyType({}),
    said: t.Sequence[Result] = (),
) -> list[str]:
    """Why there can be no certificate; empty when there can be one. ``said``: what people attest, or do not."""
    reasons = list(evidence.refused)
    reasons += [
        f"no evidence from the {scope}, which stage {evidence.stage} requires"
        + (f": {why}" if (why := absent.get(scope)) else "")
        for scope in REQUIRED_SCOPES[evidence.stage]
        if scope not in evidence.scopes
    ]
    if not any(result.status in {Status.PASS.value, Status.FAIL.value} for result in results):
        reasons.append("no check ran")
    verbs = {"fail": "failed", "error": "could not be judged", "skipped": "was skipped without a waiver"}
    told: dict[tuple[str, str], list[str]] = {}
    for result in (*results, *said):
        if result.blocks:
            # One cause for many checks is told once; what failed is told of each.
            apart = result.id if result.status != Status.ERROR.value else ""
            told.setdefault((f"{verbs[result.status]}: {result.message}", apart), []).append(result.id)
    return reasons + [f"{', '.join(idents)} {words}" for (words, _apart), idents in told.items()]


def _serials(evidence: Evidence) -> dict[str, int]:
    """The serial of each zone that the node serves, where it is known."""
    known: dict[str, int] = {}
    for zone in evidence.expected.zones:
        try:
            asked = evidence.exchanges("soa" if zone == "." else "zone_soa", scopes=["node"])
        except Missing:
            continue
        found, _problems = wire.serials(each for each in asked if each.name == zone)
        if found:
            known[zone] = next(iter(found.values()))
    return known

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What acceptance has proven of a site, beside what its sheet plans: two words that are never mixed.

*Planned* is what the site's sheet asks for. *Proven* is the stage of the last report that was accepted. A test that
came later and was not accepted is told with it: what was proven before is then no longer sure.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime
import typing as t

from . import sheet_words as words
from .language import ENGLISH, Translator

if t.TYPE_CHECKING:
    from .._site.contract import SiteRecord

Report = t.Mapping[str, t.Any]
"""Content of ``acceptance.json``, or of a part of it."""

FRESH_DAYS = 7
"""A report that is older is told with its age."""


@dataclasses.dataclass(frozen=True)
class Tests:
    """The reports of a fleet's nodes, by the full names of the nodes."""

    latest: t.Mapping[str, Report] = dataclasses.field(default_factory=dict)
    accepted: t.Mapping[str, Report] = dataclasses.field(default_factory=dict)
    """The last one of each node that was accepted."""

    @classmethod
    def of(cls, latest: t.Iterable[Report], accepted: t.Iterable[Report] = ()) -> Tests:
        """From reports in any order. One that claims to be accepted, and is not, is passed over."""
        found = {str(report.get("node")): report for report in latest}
        sound = {str(report.get("node")): report for report in accepted if report.get("certifiable") is True}
        sound.update({name: report for name, report in found.items() if report.get("certifiable") is True})
        return cls(found, sound)


class Proof(t.NamedTuple):
    """What is proven of one node, or of all nodes of a site."""

    mode: str
    """``dark``, ``drained`` or ``live``; empty where nothing is proven, or not the same of all nodes."""
    said: str
    """For people; begins without a capital letter, ends without a full stop."""
    tone: str
    """``good``, ``bad`` (the last test was not accepted) or ``none``."""


def of_node(name: str, tests: Tests, day: str, tr: Translator = ENGLISH) -> Proof:
    """What is proven of the node with this full name. Ages of reports are as of ``day`` (``YYYY-MM-DD``)."""
    latest, accepted = tests.latest.get(name), tests.accepted.get(name)
    if latest is None and accepted is None:
        return Proof("", tr("not tested yet"), "none")
    mode = str(accepted.get("stage")) if accepted else ""
    mode = mode if mode in words.PROVEN else ""
    proven = tr("nothing")
    if accepted and mode:
        proven = tr("%(proven)s, tested %(date)s", proven=tr(words.PROVEN[mode]), date=_on(accepted, day, tr))
    if latest is None or latest.get("certifiable") is True:
        return Proof(mode, proven, "good" if mode else "none")
    said = tr("%(proven)s; not accepted at the last test, %(date)s", proven=proven, date=_on(latest, day, tr))
    return Proof(mode, said, "bad")


def of_site(record: SiteRecord, tests: Tests, tr: Translator = ENGLISH) -> Proof:
    """What is proven of all nodes of a site together."""
    proofs = [of_node(node["node_name"], tests, record["day"], tr) for node in record["nodes"]]
    counts = collections.Counter(proof.said for proof in proofs)
    count = len(proofs)
    said = (
        proofs[0].said
        if len(counts) == 1
        else "; ".join(
            tr("%(number)s of %(count)s nodes: %(proven)s", number=number, count=count, proven=text)
            for text, number in counts.items()
        )
    )
    modes, tones = {proof.mode for proof in proofs}, {proof.tone for proof in proofs}
    mode = proofs[0].mode if len(modes) == 1 else ""
    return Proof(mode, said, "bad" if "bad" in tones else "good" if tones == {"good"} else "none")


def _on(report: Report, day: str, tr: Translator) -> str:
    """The day of a report in UTC, with its age where it is not fresh."""
    tested = str(report.get("started") or "").partition("T")[0]
    try:
        age = (datetime.date.fromisoformat(day) - datetime.date.fromisoformat(tested)).days
    except ValueError:
        return tr("on an unknown day")
    return tr("%(date)s (%(age)s days old on %(day)s)", date=tested, age=age, day=day) if age > FRESH_DAYS else tested

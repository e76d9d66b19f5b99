# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a report says in words, once for all its forms: Markdown, HTML, the table, the run's last line.

Nothing here is better than what is proven: what a node announces is said of a node that was accepted only, and that
nobody is hurt only where everything that could show it was judged.
"""

from __future__ import annotations

import typing as t

from .standing import Standing

if t.TYPE_CHECKING:
    from .judge import Report

JUDGED, BROKEN, NOT_REACHED = "judged", "broken", "not_reached"
STATES = (JUDGED, BROKEN, NOT_REACHED)
"""How far the run came of which a report tells: to a verdict, to the node, or not to the node."""

SUBJECTS = {
    "HW": "Hardware",
    "OS": "Software",
    "TM": "Clock",
    "HD": "Hardening",
    "DN": "Answers to DNS questions",
    "ZI": "The root zone on this node",
    "BG": "Routing sessions with your network",
    "CL": "The cluster behind this router",
    "AR": "Anycast addresses",
    "PR": "Seen from your side",
    "FB": "What happens when something breaks",
    "MM": "Monitoring and measurement",
    "OB": "Access and people",
}
RESULTS = {"pass": "passed", "fail": "FAILED", "error": "NOT JUDGED", "skipped": "skipped", "not_run": "not due yet"}
STAGES = {
    "dark": "Nothing is announced to your network yet; other instances answer your users.",
    "drained": "The covering prefixes are announced; the node attracts almost no traffic.",
    "live": "All prefixes are announced; the node takes its share of the traffic.",
}
"""What an accepted node announces."""
DUE = {
    "dark": "nothing was to be announced",
    "drained": "the covering prefixes were to be announced",
    "live": "all prefixes were to be announced",
}
_COUNTS = {
    "fail": "failed",
    "error": "could not be judged",
    "skipped": "skipped",
    "not_run": "not due yet",
    "unattested": "not attested",
}

ZONES = "ZI-16"
"""The check whose sentences name the zones."""

EFFECTS = {
    "DN-01": "Resolvers get a wrong answer, or none, for the start of the root zone (SOA).",
    "DN-02": "Resolvers that do not use EDNS get a wrong answer, or none.",
    "DN-03": "Resolvers get a wrong list of the root servers, or none.",
    "DN-04": "Resolvers that start cannot learn the root servers here (priming).",
    "DN-05": "Resolvers get wrong addresses of l.root-servers.net, or none.",
    "DN-07": "Resolvers that validate cannot trust the keys of the root zone that they get here.",
    "DN-08": "Resolvers get a wrong answer, or none, for the keys of the root zone over UDP.",
    "DN-09": "Resolvers that can take small answers only are not told that one is cut short.",
    "DN-10": "Anyone who copies the root zone gets a wrong digest of it, or none.",
    "DN-11": "Resolvers are not led rightly to top-level domains that are signed.",
    "DN-12": "Resolvers are not led rightly to top-level domains that are not signed.",
    "DN-13": "Resolvers that validate get a wrong proof (DS) of a top-level domain, or none.",
    "DN-14": "Resolvers that ask for a name below a top-level domain are not led there.",
    "DN-15": "Resolvers get no proof that a name does not exist.",
    "DN-16": "Resolvers get no proof that a name has no record of a type.",
    "DN-17": "Resolvers that ask for a record type of a later standard get a wrong answer, or none.",
    "DN-18": "Resolvers do not get their question back as they asked it, and may drop the answer.",
    "DN-19": "Resolvers that use a later version of EDNS are not told rightly which one is spoken here.",
    "DN-21": "Resolvers that use a later EDNS option get a wrong answer, or none.",
    "DN-22": "Resolvers that set a later EDNS flag get a wrong answer, or none.",
    "DN-23": "Resolvers that ask for tiny answers get a wrong one, or none.",
    "DN-26": "Anyone who asks which instance answers gets a wrong name of it, or none (NSID).",
    "DN-27": "Anyone who asks which instance answers gets a wrong name of it, or none (hostname.bind, id.server).",
    "DN-33": "Anyone who asks for ANY does not get the one small answer, so others may be attacked with it.",
    "DN-34": "Strangers who ask for the whole zone are not refused as they should be.",
    "DN-35": "Strangers who ask for changes of the zone are not refused as they should be.",
    "DN-36": "Anyone who asks for zones of others is not refused as it should be.",
    "DN-37": "Resolvers are not told rightly that no recursion is offered here.",
    "DN-38": "Resolvers get bits of their question back that mean something else in an answer.",
    "DN-39": "Requests of a kind that is unknown here do not get the right refusal.",
    "DN-40": "Strangers who ask to change the zone are not refused as they should be.",
    "DN-43": "Resolvers that ask for a name of the greatest length get a wrong answer, or none.",
    "DN-51": "Resolvers get answers from another address than they asked, and drop them.",
    "ZI-04": "The zone that is served does not verify: resolvers that validate may refuse what they get.",
    "ZI-05": "Resolvers get other answers than the verified zone makes.",
    "ZI-06": "Resolvers that validate may refuse what they get here.",
    ZONES: "Resolvers get no answer for a zone.",
    "BG-05": "Your network is told routes that this instance must not announce.",
    "CL-04": "Questions are led to a cluster in which no server answers them.",
}
"""What those who ask a node get when a check with harm fails, as a resolver would see it, by its id."""


def verdict(report: Report) -> str:
    """The verdict as a title, such as ``Accepted for stage live, with 1 warning``."""
    if report.status != JUDGED:
        return "Not reached" if report.status == NOT_REACHED else "Not judged"
    if not report.certifiable:
        return f"Not accepted for stage {report.stage}"
    number = len(report.warned)
    return f"Accepted for stage {report.stage}" + (f", with {counted(number, 'warning')}" if number else "")


def checks(report: Report) -> str:
    """How many checks ended in which way, without a full stop."""
    counts = report.counts
    judged = counts["pass"] + counts["fail"] + counts["error"]
    first = f"{counts['pass']} of {counted(judged, 'check')} passed" if judged else "No check was judged"
    unattested = sum(result.attestation and result.status == "skipped" for result in report.results)
    counts = {**counts, "skipped": counts["skipped"] - unattested, "unattested": unattested}
    return ", ".join([first, *(f"{counts[key]} {word}" for key, word in _COUNTS.items() if counts[key])])


def users(report: Report) -> tuple[str, ...]:
    """What users get, a sentence each: harm first."""
    if report.status != JUDGED:
        return ("What users get is not known: this run came to no verdict.",)
    told = list(report.hurt)
    if report.doubtful:
        told.append(f"That nobody is hurt is not proven ({', '.join(report.doubtful)}).")
    if told:
        return tuple(told)
    if report.certifiable:
        return (announced(report),)
    return ("No wrong answer was seen.",)


def announced(report: Report) -> str:
    """What an accepted node announces, and over how many of its sessions."""
    sentence, sessions = STAGES[report.stage], report.sessions
    certified = sum(placed.standing is Standing.CERTIFIED for placed in sessions)
    if report.stage == "dark" or certified == len(sessions):
        return sentence
    return f"{sentence} It does so over {certified} of {counted(len(sessions), 'session')}."


def follows(report: Report) -> str:
    """What comes of the verdict; empty where the node is accepted, as ``users`` says it then."""
    if report.status != JUDGED:
        return "What an earlier report says was true when it was written, and need not be true now."
    if report.certifiable:
        return ""
    due = f"It was judged while {DUE[report.stage]}."
    if report.harmful:
        return f"{due} What hurts users takes it out of service until it is mended; other instances answer then."
    return (
        f"{due} It goes no further. If exactly this configuration was accepted before, the node stays as it was. "
        "If not, it announces nothing."
    )


def stays(stage: str, doubtful: t.Sequence[str], *, judged: bool) -> str:
    """Why a node that failed stays as it is, and no more than is known of it: the run's last line."""
    if not judged:
        return (
            f"stays {stage}, as it was accepted before; this run came to no verdict that counts; it needs an engineer"
        )
    if doubtful:
        return (
            f"stays {stage}, as neither the node nor the host's router shows harm; that nobody is hurt is not proven "
            f"({', '.join(doubtful)}): it needs an engineer now"
        )
    return f"stays {stage}, as nothing that failed hurts those who ask it; it needs an engineer"


def standing(standing: str, why: str) -> str:
    """Where a session stands (``Standing``), and why it is not there."""
    words = {
        Standing.CERTIFIED: "certified",
        Standing.READY: "established; nothing is announced over it yet",
        Standing.WAITING: "degraded; nothing is announced over it until it is there and has been tested",
    }
    return words[Standing(standing)] + (f": {why}" if why else "")


def counted(number: int, one: str) -> str:
    """``1 check``, ``2 checks``."""
    return f"{number} {one}{'s' * (number != 1)}"

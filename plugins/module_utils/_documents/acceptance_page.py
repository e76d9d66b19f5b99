# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The acceptance of a node for its host: from the content of ``acceptance.json`` to the data of a page.

The reader runs a network, and need not know DNS. What is withheld is withheld here: every text that a daemon or a
machine may have had a part in goes through ``Withheld``, and why somebody could not be asked is not told at all.
"""

from __future__ import annotations

import typing as t

from .._acceptance import words

if t.TYPE_CHECKING:
    from .withheld import Withheld

Document = t.Mapping[str, t.Any]
Page = dict[str, t.Any]

TONES = {"pass": "good", "fail": "bad", "error": "bad"}
MEANS = {
    "HW": "ICANN's engineers see to it, and ask for your hands where it takes some.",
    "OS": "ICANN's engineers see to it. You have nothing to do.",
    "TM": "The clock may be wrong. If your network filters NTP (UDP port 123), let it pass.",
    "HD": "ICANN's engineers see to it. You have nothing to do.",
    "DN": "ICANN's engineers see to it. You have nothing to do.",
    "ZI": "The instance fetches its zones over the Internet from servers of ICANN's. If your network filters what "
    "leaves it, look at the ports in your host sheet. Otherwise ICANN's engineers see to it.",
    "BG": "Look at the sessions on your router. The table of sessions below says where each of them stands.",
    "CL": "ICANN's engineers see to it. You have nothing to do.",
    "AR": "ICANN's engineers see to it. You have nothing to do.",
    "PR": "Look whether your router takes the prefixes, and passes them on to your network as your host sheet says.",
    "FB": "ICANN's engineers see to it. You have nothing to do.",
    "MM": "ICANN's engineers see to it. You have nothing to do.",
    "OB": "ICANN's engineers see to it, and ask you where it takes both.",
}
"""What the host can do, by subject."""
WEIGHTS = {
    "harm": "It hurts users, so the instance may not stay in service.",
    "doubt": "It may hurt users, which is not proven. The instance goes no further until this is mended.",
    "F": "The instance goes no further until this is mended.",
    "W": "It is a warning, which stops nothing.",
}
NOT_LOOKED = "The test could not look. ICANN's engineers read why in their own report."


def page(report: Document, withheld: Withheld) -> Page:
    """Data of the page. ``report`` is of the format that ``report_json.FORMAT`` says."""
    judged = report["status"] == words.JUDGED
    # What nobody has attested yet is the engineers' to do, unless the fleet requires it.
    shown = [each for each in report["results"] if not (each["attestation"] and each["status"] == "skipped")]
    warned = any(each["status"] in {"fail", "error"} for each in report["results"])
    return {
        "title": f"Acceptance of {report['node']}",
        "node": report["node"],
        "tone": ("warn" if warned else "good") if report["certifiable"] else "bad",
        "verdict": report["verdict"],
        "users": [withheld.text(sentence) for sentence in report["users"]],
        "follows": report["follows"],
        "summary": report["summary"] if judged else "",
        "when": when(report["started"]),
        "judged": judged,
        "changes": [withheld.text(sentence) for sentence in report["changes"]],
        "unseen": _unseen(report) if judged else [],
        "failed": [
            _failed(each, report, withheld) for each in report["results"] if each["status"] in {"fail", "error"}
        ],
        "subjects": [
            {"title": title, "checks": checks}
            for group, title in words.SUBJECTS.items()
            if (checks := [_row(each, withheld) for each in shown if each["id"].startswith(group)])
        ],
        "sessions": [
            {
                "name": each["name"],
                "address": withheld.text(each["address"]),
                "standing": withheld.text(words.standing(each["standing"], each["why"])),
            }
            for each in report["sessions"]
        ],
        "facts": [
            ("Root zone", str(report["serial"] or "unknown")),
            ("Software", ", ".join(f"{name} {version}" for name, version in report["versions"].items()) or "unknown"),
        ],
    }


def when(started: str) -> str:
    """``2026-11-21 06:40 UTC`` of ``2026-11-21T06:40:46Z``."""
    return f"{started[:10]} {started[11:16]} UTC"


def _seen(result: Document, withheld: Withheld) -> str:
    """What a check saw. Of one that did not look, no more than that: what kept it may name anything."""
    if result["status"] == "error":
        return NOT_LOOKED
    message = str(result["message"])
    return withheld.text(message.partition(":")[0] if result["status"] == "skipped" else message)


def _row(result: Document, withheld: Withheld) -> Page:
    """One check in the table of its subject."""
    return {
        "id": result["id"],
        "title": result["title"],
        "result": words.RESULTS[result["status"]],
        "tone": TONES.get(result["status"], "none"),
        "seen": _seen(result, withheld),
    }


def _failed(result: Document, report: Document, withheld: Withheld) -> Page:
    """One check that did not pass: what it means, and what the host can do."""
    ident = result["id"]
    harmful, doubtful = ident in report["harmful"], ident in report["doubtful"]
    weight = "harm" if harmful else "doubt" if doubtful else result["severity"]
    means = [words.EFFECTS[ident]] if harmful else []
    return {**_row(result, withheld), "means": " ".join([*means, WEIGHTS[weight], MEANS[ident[:2]]])}


def _unseen(report: Document) -> list[str]:
    """Who gave no evidence, where somebody was to give it."""
    told = []
    if report["stage"] == "live" and "vantage" not in report["scopes"]:
        told.append("The machine on your side, from which your users' view is judged, could not be asked.")
    if "router" not in report["scopes"]:
        told.append("Your router was not read, so what it received is judged by what the instance says of it.")
    return told

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""From interest to a live instance: the eight published steps, what they allow, and the Africa phase-2 funding.

Source: requirements section 1.5 (ICANN's page for hosts), and the programme's own announcement for the funding.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from . import contract
    from .contract import Interest, Onboarding, Provisioning, Reimbursement

Record = dict[str, t.Any]


class Step(t.NamedTuple):
    """One published step."""

    key: str
    title: str
    actor: str
    """Who acts."""


STEPS = (
    Step("contact", "Contact and company information", "host"),
    Step("documents", "Documents and due diligence", "host"),
    Step("nda", "Non-disclosure agreement", "host and ICANN"),
    Step("agreement", "IMRS agreement", "host and ICANN"),
    Step("purchase", "Appliance purchased", "host"),
    Step("rack", "Racked, powered, connected", "host"),
    Step("install", "Installed and tested", "ICANN"),
    Step("notify", "Host notified, live", "ICANN"),
)
"""In the order in which they are done."""

BEFORE_PROVISIONING = STEPS[:6]
"""What the host has to have done before ICANN installs."""

EVER = "9999-12-31"
"""A day by which every date has come."""

AFRICA_PHASE_2 = "africa_phase_2"
"""The funding programme for hosts in Africa."""
MOST_FUNDING = 6000
"""US dollars that the programme pays back at most, after a successful deployment."""


def done(site: Record, today: str) -> Record:
    """The steps that were done by ``today`` (``YYYY-MM-DD``): what is dated later is a plan."""
    return {key: step for key, step in site["onboarding"]["steps"].items() if step["date"] <= today}


def effective_mode(site: Record, today: str) -> str:
    """What the instance may announce once it is accepted: the sheet's mode; nothing where it may not be provisioned."""
    return str(site["mode"]) if provisioning(site, today)["allowed"] else "dark"


def state(site: Record, today: str) -> str:
    """Where the instance is in its life: its mode once it serves, or onboarding, suspended, decommissioned."""
    if "decommissioned" in site:
        return "decommissioned"
    if "notify" not in done(site, today):
        return "onboarding"
    return str(site["mode"]) if site["operational"] else "suspended"


def provisioning(site: Record, today: str) -> Provisioning:
    """Whether the appliance may be configured: ``{"allowed", "reason", "override"}``; the texts may be empty.

    An override that is dated after ``today`` allows nothing yet.
    """
    given, by_now = site["onboarding"]["steps"], done(site, today)
    recorded = site["onboarding"].get("override")
    recorded = recorded if recorded and recorded["date"] <= today else None
    override = f"{recorded['date']}, {recorded['by']}: {recorded['reason']}" if recorded else ""
    reason = ""
    if "decommissioned" in site:
        reason = f"The instance was decommissioned on {site['decommissioned']['date']}."
    elif not site["operational"]:
        reason = "The instance is not operational."
    elif not recorded:
        missing = next((number for number, step in enumerate(BEFORE_PROVISIONING, 1) if step.key not in by_now), 0)
        if missing:
            step = STEPS[missing - 1]
            wrong = f"is dated {given[step.key]['date']}, which is to come" if step.key in given else "is not done"
            reason = f"Onboarding step {missing}, {step.title} ({step.actor}), {wrong}."
    return {"allowed": not reason, "reason": reason, "override": override}


def progress(site: Record, today: str) -> Onboarding:
    """The record ``onboarding`` of a site: every step, what comes next and who acts, interest, and money."""
    onboarding = site["onboarding"]
    by_now = done(site, today)
    waiting = next((step for step in STEPS if step.key not in by_now), None)
    interest = onboarding.get("expression_of_interest")
    return {
        "steps": [_step(step, by_now.get(step.key)) for step in STEPS],
        "done": len(by_now),
        "next": {"step": waiting.key, "title": waiting.title, "actor": waiting.actor} if waiting else None,
        "expression_of_interest": _interest(interest) if interest else None,
        "reimbursement": _reimbursement(site, by_now),
        "provisioning": provisioning(site, today),
    }


def _interest(given: Record) -> Interest:
    return {
        "date": given["date"],
        "programme": given.get("programme", ""),
        "funding_usd": given.get("funding_usd"),
    }


def _step(step: Step, given: Record | None) -> contract.Step:
    return {
        "step": step.key,
        "title": step.title,
        "actor": step.actor,
        "done": given is not None,
        "date": given["date"] if given else None,
        "by": given["by"] if given else None,
    }


def _reimbursement(site: Record, by_now: Record) -> Reimbursement | None:
    """What the programme owes the host; None where nothing was asked for."""
    onboarding = site["onboarding"]
    interest = onboarding.get("expression_of_interest") or {}
    if not interest.get("funding_usd"):
        return None
    if "decommissioned" in site:
        due, reason = False, "The instance is decommissioned."
    elif "install" in by_now and "notify" in by_now:
        due, reason = (
            True,
            f"The instance was deployed successfully; the host was notified on {by_now['notify']['date']}.",
        )
    else:
        due, reason = False, "Due after a successful deployment: installed and tested, and the host notified."
    return {"programme": interest["programme"], "usd": interest["funding_usd"], "due": due, "reason": reason}

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Whether a host is to be told that its instance is in service, and who of it has not been told yet."""

from __future__ import annotations

import typing as t

from .._site.onboarding import BEFORE_PROVISIONING
from .record import MOMENT

if t.TYPE_CHECKING:
    from .._site.contract import SiteRecord
    from .record import Sent

Report = t.Mapping[str, t.Any]
"""The content of an ``acceptance.json``."""


class Decision(t.NamedTuple):
    """What is to be done for one site."""

    to: tuple[str, ...] = ()
    """Addresses that are to get the message now; none: nothing is sent."""
    why: str = ""
    """Why nothing is sent, in a sentence; empty when something is."""
    refused: bool = False
    """A person has to look first."""
    complete: str = ""
    """The day (``YYYY-MM-DD``, UTC) on which the last of the host's addresses was told; empty: not all are."""


def recipients(record: SiteRecord) -> tuple[str, ...]:
    """Who is told: those who run the host's network, first, and those who can touch the appliance; nobody twice."""
    contacts = record["host"]["contacts"]
    found = {contact["email"].casefold(): contact["email"] for contact in (contacts["remote_hands"],) if contact}
    found.pop(contacts["noc"]["email"].casefold(), None)
    return (contacts["noc"]["email"], *found.values())


def decide(
    record: SiteRecord,
    appliances: t.Mapping[str, str],
    reports: t.Mapping[str, Report],
    sent: Sent,
    *,
    again: bool = False,
) -> Decision:
    """Say who is to be told now.

    ``appliances``: full names of the site's nodes, and of its routers that are ours, by their inventory names.
    ``reports``: the latest acceptance, by inventory name. ``again``: somebody has made sure that what may have been
    sent has not arrived.
    """
    by_now = {step["step"]: step["date"] for step in record["onboarding"]["steps"] if step["done"]}
    if "notify" in by_now:
        return Decision(why=f"the sheet says that the host was notified on {by_now['notify']}")
    if (unknown := sent.unknown()) and not again:
        since = min(sent.addresses[address].at for address in unknown)
        return Decision(why=_unknown(sent, unknown, since), refused=True)
    wanted = recipients(record)
    told = {address: at for address in wanted if (at := sent.accepted(address))}
    if len(told) == len(wanted):
        last = max(told.values())
        return Decision(why=f"{' and '.join(wanted)} had it on {last[:10]}", complete=last[:10])
    if why := _not_due(record, by_now) or _not_certified(appliances, reports):
        return Decision(why=why)
    return Decision(to=tuple(address for address in wanted if address not in told))


def _unknown(sent: Sent, unknown: t.Sequence[str], since: str) -> str:
    return (
        f"a run that began to send the notice to {' and '.join(unknown)} at {since} broke off, and nobody knows "
        f"whether {sent.server} took it. Look for the message {sent.message_id} in the log of that server, or ask the "
        "host. If it has not arrived, say -e imrs_notice_again=true; if it has, write the step notify into the sheet"
    )


def _not_due(record: SiteRecord, by_now: t.Mapping[str, object]) -> str:
    """Why the sheet wants no notice; empty when it does."""
    if record["decommissioned"]:
        return f"the instance was decommissioned on {record['decommissioned']['date']}"
    if not record["operational"]:
        return "the instance is not operational"
    if missing := next((step for step in BEFORE_PROVISIONING if step.key not in by_now), None):
        return f"step {missing.key} of the onboarding ({missing.title}) is not done"
    if record["mode"] != "live":
        return f"its sheet wants it {record['mode']}, not live"
    return ""


def _not_certified(appliances: t.Mapping[str, str], reports: t.Mapping[str, Report]) -> str:
    """Which appliances have not passed at stage live; empty when all have."""
    wrong = [f"{name} {why}" for name, full in appliances.items() if (why := _why_not(full, reports.get(name)))]
    return "; ".join(wrong) if appliances else "it has no appliance"


def _why_not(full: str, report: Report | None) -> str:
    if report is None:
        return "has no acceptance report"
    if report.get("node") != full:
        return f"has the report of {report.get('node') or 'nobody'}, not of {full}"
    if report.get("stage") != "live":
        return f"was last judged at stage {report.get('stage') or 'unknown'}, not live"
    if report.get("certifiable") is not True:
        return "has not passed at stage live"
    if not MOMENT.fullmatch(str(report.get("started"))):
        return "has a report that does not say when it was judged"
    return ""


def since(record: SiteRecord, reports: t.Iterable[Report]) -> str:
    """The day (``YYYY-MM-DD``) since which the instance is in service: that of step ``install``, which is done when all
    has been tested; where the sheet does not have it yet, that of the last report.
    """
    installed = next((step for step in record["onboarding"]["steps"] if step["step"] == "install"), None)
    if installed and installed["done"] and installed["date"]:
        return installed["date"]
    return max(str(report["started"]) for report in reports)[:10]

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a host reads about the appliance in its rack. Pure: a site record and reports in, the page's data out.

`roles/documents/templates/host-sheet.html.j2` and `.md.j2` print it, section by section, in the order given here.
"""

from __future__ import annotations

import typing as t

from .. import _addressing as addressing
from .._routing.policy import Mode, announced
from . import acceptance_words, agreed, cabling, ports, proven, windows
from . import sheet_words as words

if t.TYPE_CHECKING:
    from .._site.contract import Contact, Next, NodeRecord, SiteRecord

Page = dict[str, t.Any]

TITLES = {
    "glance": "At a glance",
    "onboarding": "Onboarding",
    "removal": "What to take away",
    "appliance": "What stands in your rack",
    "modes": "What it announces, and when",
    "prefixes": "Prefixes to accept",
    "sessions": "BGP sessions",
    "configuration": "Configuration for your router",
    "registries": "IRR and RPKI",
    "network": "What we ask of your network",
    "ports": "Ports, in both directions",
    "cabling": "Cabling, rack and power",
    "checking": "Check it from your side",
    "acceptance": "Latest acceptance",
    "attack": "Under attack, or in doubt",
    "data": "What is measured, and what is not",
    "maintenance": "Maintenance",
    "contacts": "Contacts",
}
"""Sections by the name of their template in `parts/sheet/`."""

_SERVICE = [
    "appliance", "modes", "prefixes", "sessions", "configuration", "registries", "network", "ports", "cabling",
    "checking", "acceptance", "attack", "data", "maintenance",
]  # fmt: skip
ORDER = {
    "ready": ["glance", *_SERVICE, "onboarding", "contacts"],
    "onboarding": ["glance", "onboarding", *_SERVICE, "contacts"],
    "decommissioned": ["removal", "appliance", "maintenance", "onboarding", "contacts"],
}
"""A host that is still on its way sees first what is next; of one that has left, only what matters then."""


def page(record: SiteRecord, tests: proven.Tests | None = None) -> Page:
    """Data of the host sheet. ``tests``: the reports on the fleet's nodes, or None without any.

    Holds nothing but what the record and the reports say; reports of other nodes are left out.
    """
    state, tests = record["state"], tests or proven.Tests()
    judged = [acceptance_words.summary(node, tests.latest.get(node["node_name"])) for node in record["nodes"]]
    proof = proven.of_site(record, tests)
    kind = "decommissioned" if state == "decommissioned" else "onboarding" if _next(record) else "ready"
    return {
        "record": record,
        "site": record["site"],
        "code": record["site"].upper(),
        "place": words.place(record),
        "region": words.REGIONS.get(record["location"]["region"], record["location"]["region"]),
        "host_type": words.HOSTS.get(record["host"]["type"], record["host"]["type"]),
        "title": f"{record['site'].upper()}, {words.place(record)}: ICANN Managed Root Server",
        "planned": {"key": state, "title": words.STATES[state].title, "means": words.STATES[state].plan},
        "proven": proof._asdict(),
        "notice": _notice(record),
        "kind": _kind(record),
        "product": f"IMRS {record['kind']}",
        "mode": planned_mode(record),
        "announces": _announces(record),
        "sections": [{"id": section, "title": TITLES[section]} for section in ORDER[kind]],
        "in_service": kind != "decommissioned",
        "modes": _modes(record, proof),
        "prefixes": agreed.prefixes(record),
        "prefix_text": "\n".join(row["prefix"] for row in agreed.prefixes(record)),
        "neighbours": agreed.neighbours(record),
        "md5": _yes_no([session.md5 for session in record["sessions"]]),
        "registries": agreed.registries(record),
        "ports": ports.table(record),
        "groups": [{"name": name, "addresses": addresses} for name, addresses in ports.groups(record).items()],
        "drawings": [cabling.drawing(record, node) for node in record["nodes"]],
        "appliances": [_appliance(node) for node in record["nodes"]],
        "cluster": _cluster(record),
        "checking": _checking(record),
        "acceptance": judged,
        "onboarding": _onboarding(record),
        "windows": windows.told(record),
        "gse_region": words.REGIONS.get(
            record["host"]["gse"]["region"], record["host"]["gse"]["region"].replace("_", " ")
        ),
        "operator": _person(record["operator"]),
        "contacts": _contacts(record),
    }


def planned_mode(record: SiteRecord) -> str:
    """What the instance is to announce, once it has passed its tests."""
    return str(record["mode"])


def _next(record: SiteRecord) -> Next | None:
    return record["onboarding"]["next"]


def _notice(record: SiteRecord) -> Page | None:
    """What stands above everything else, where the instance is not what a host would take it for."""
    gone = record["decommissioned"]
    if gone:
        return {
            "tone": "bad",
            "title": f"Decommissioned on {gone['date']}",
            "text": f"By {gone['by']}: {gone['reason']}. Please remove the sessions and the filters. "
            "The hardware is yours.",
        }
    if record["state"] == "suspended":
        return {
            "tone": "bad",
            "title": "Suspended: not to be part of the service now",
            "text": "It is to announce nothing, whatever else stands here. Leave your side as it is, so that it can "
            "come back, which it does only after it has passed all its tests again.",
        }
    following = _next(record)
    if record["state"] == "onboarding" and following:
        number = [step["step"] for step in record["onboarding"]["steps"]].index(following["step"]) + 1
        return {
            "tone": "next",
            "title": f"Next: step {number} of 8, {following['title']}",
            "text": f"Who acts: {following['actor']}. "
            "Until the appliance has passed its tests in step 7, your users' queries go to other instances.",
        }
    if record["state"] == "drained":
        return {
            "tone": "next",
            "title": "Planned: drained for maintenance",
            "text": "It is to announce the covering prefixes only. There is nothing for you to do.",
        }
    return None


def _kind(record: SiteRecord) -> str:
    """What the instance is made of."""
    cluster = record["cluster"]
    if not cluster:
        return "One appliance in your rack, operated by ICANN alone."
    nodes, routers = len(record["nodes"]), len(cluster["routers"])
    return f"{nodes} servers behind {words.counted(routers, 'router')} of the site's own, operated by ICANN alone."


def _announces(record: SiteRecord) -> str:
    mode = planned_mode(record)
    later = ", once it has passed its tests" if record["state"] == "onboarding" and mode != "dark" else ""
    count = sum(len(announced(Mode.parse(mode), agreed.of_family(record, family))) for family in addressing.FAMILIES)
    return {"dark": "nothing", "drained": f"the {count} covering prefixes", "live": f"all {count} prefixes"}[
        mode
    ] + later


def _modes(record: SiteRecord, proof: proven.Proof) -> list[Page]:
    """One column for each mode: which prefixes it announces, and whether it is planned, and proven of every node."""
    return [
        {
            "mode": mode,
            "title": mode.capitalize(),
            "meaning": words.MODE_MEANING[mode],
            "planned": mode == planned_mode(record),
            "proven": mode == proof.mode,
            "announced": [
                prefix
                for family in addressing.FAMILIES
                for prefix in announced(Mode.parse(mode), agreed.of_family(record, family))
            ],
        }
        for mode in words.MODES
    ]


def _yes_no(values: t.Sequence[bool]) -> str:
    if not values:
        return "no sessions"
    return "yes" if all(values) else "on some" if any(values) else "no"


def _appliance(node: NodeRecord) -> Page:
    profile = node["profile"]
    return {
        "node": node["node"],
        "facts": [
            ("Name", node["node_name"]),
            ("Hardware", f"{words.name(profile['name'])}: {profile['description']}"),
            ("Serial number", node["serial"] or "not bought yet"),
            ("Link", words.bits(profile["link_mbps"])),
            ("Size", f"{profile['cores']} cores, {profile['memory_mib'] // 1024} GiB of memory"),
            ("Software", f"{words.PROVIDERS[node['nameserver']]} for DNS, {words.PROVIDERS[node['routing']]} for BGP"),
            ("Uplink", words.listed(node["uplink"]["addresses"])),
            ("Management", words.listed(node["management"]["addresses"])),
        ],
    }


def _cluster(record: SiteRecord) -> Page | None:
    cluster = record["cluster"]
    if not cluster:
        return None
    least, count = cluster["minimum_live"], len(record["nodes"])
    return {
        "minimum": f"At least {least} of {count} servers {'stays' if least == 1 else 'stay'} live, whatever we do.",
        "uplink": words.bits(cluster["uplink_mbps"]),
        "without_one": words.bits(cluster["links_without_one_mbps"]),
        "routers": cluster["routers"],
    }


def _checking(record: SiteRecord) -> Page:
    served = [address for family in addressing.FAMILIES for address in record["service_addresses"][family]]
    return {
        "names": [node["node_name"] for node in record["nodes"]],
        "commands": "\n".join(
            [f"dig @{address} . SOA +norec +nsid" for address in served]
            + [f"dig @{address} . SOA +norec +nsid +tcp" for address in served]
            + [f"dig @{served[0]} hostname.bind TXT CH +norec +short"]
        ),
    }


def _onboarding(record: SiteRecord) -> Page:
    onboarding = record["onboarding"]
    following = onboarding["next"]
    steps = [
        {
            **step,
            "number": number,
            "status": "done" if step["done"] else "next" if following and step["step"] == following["step"] else "open",
        }
        for number, step in enumerate(onboarding["steps"], 1)
    ]
    interest, money = onboarding["expression_of_interest"], onboarding["reimbursement"]
    facts = []
    if interest:
        programme = words.PROGRAMMES.get(interest["programme"], interest["programme"])
        asked = f", {words.usd(interest['funding_usd'])} asked for" if interest["funding_usd"] else ""
        under = f" under {programme}" if programme else ""
        facts.append(("Expression of interest", f"{interest['date']}{under}{asked}"))
    if money:
        standing = f"{words.usd(money['usd'])} {'due' if money['due'] else 'not due yet'}"
        if record["state"] == "decommissioned":
            standing = "none due"
        facts.append(("Reimbursement", f"{standing}. {money['reason']}"))
    provisioning = onboarding["provisioning"]
    if following and provisioning["reason"] and record["state"] == "onboarding":
        facts.append(("Installation", f"not possible yet. {provisioning['reason']}"))
    if provisioning["override"]:
        facts.append(("Installation allowed early", provisioning["override"]))
    return {"steps": steps, "done": onboarding["done"], "total": len(steps), "next": following, "facts": facts}


def _person(contact: Contact) -> Page:
    return {
        "name": contact.get("name", ""),
        "email": contact["email"],
        "phone": contact["phone"],
        "telephone": words.telephone(contact["phone"]),
        "hours": contact.get("hours", ""),
    }


def _contacts(record: SiteRecord) -> list[Page]:
    """Everybody who may have to talk to somebody; the operator first."""
    host = record["host"]
    found = [{"role": "ICANN, day and night", **_person(record["operator"])}]
    found.append({"role": "Your network operations", **_person(host["contacts"]["noc"])})
    if host["contacts"]["remote_hands"]:
        found.append({"role": "Your remote hands", **_person(host["contacts"]["remote_hands"])})
    return found

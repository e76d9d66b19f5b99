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
from .language import ENGLISH, LANGUAGES, Translator, msg

if t.TYPE_CHECKING:
    from .._site.contract import Contact, Next, NodeRecord, Reimbursement, SiteRecord

Page = dict[str, t.Any]

TITLES = {
    "glance": msg("At a glance"),
    "onboarding": msg("Onboarding"),
    "removal": msg("What to take away"),
    "appliance": msg("What stands in your rack"),
    "modes": msg("What it announces, and when"),
    "prefixes": msg("Prefixes to accept"),
    "sessions": msg("BGP sessions"),
    "configuration": msg("Configuration for your router"),
    "registries": msg("IRR and RPKI"),
    "network": msg("What we ask of your network"),
    "ports": msg("Ports, in both directions"),
    "cabling": msg("Cabling, rack and power"),
    "checking": msg("Check it from your side"),
    "acceptance": msg("Latest acceptance"),
    "attack": msg("Under attack, or in doubt"),
    "data": msg("What is measured, and what is not"),
    "maintenance": msg("Maintenance"),
    "contacts": msg("Contacts"),
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


def page(record: SiteRecord, tests: proven.Tests | None = None, tr: Translator = ENGLISH) -> Page:
    """Data of the host sheet. ``tests``: the reports on the fleet's nodes, or None without any; ``tr``: its language.

    Holds nothing but what the record and the reports say; reports of other nodes are left out.
    """
    state, tests = record["state"], tests or proven.Tests()
    judged = [acceptance_words.summary(node, tests.latest.get(node["node_name"]), tr) for node in record["nodes"]]
    proof = proven.of_site(record, tests, tr)
    kind = "decommissioned" if state == "decommissioned" else "onboarding" if _next(record) else "ready"
    return {
        "record": record,
        "site": record["site"],
        "code": record["site"].upper(),
        "place": words.place(record),
        "region": _named(words.REGIONS, record["location"]["region"], tr),
        "host_type": _named(words.HOSTS, record["host"]["type"], tr),
        "title": f"{record['site'].upper()}, {words.place(record)}: ICANN Managed Root Server",
        "language": tr.code,
        "translations": _translations(record, tr),
        "planned": {"key": state, "title": tr(words.STATES[state].title), "means": tr(words.STATES[state].plan)},
        "proven": proof._asdict(),
        "notice": _notice(record, tr),
        "kind": _kind(record, tr),
        "product": tr("IMRS cluster") if record["kind"] == "cluster" else tr("IMRS single"),
        "mode": planned_mode(record),
        "announces": _announces(record, tr),
        "sections": [{"id": section, "title": tr(TITLES[section])} for section in ORDER[kind]],
        "in_service": kind != "decommissioned",
        "modes": _modes(record, proof, tr),
        "prefixes": agreed.prefixes(record, tr),
        "prefix_text": "\n".join(row["prefix"] for row in agreed.prefixes(record, tr)),
        "neighbours": agreed.neighbours(record, tr),
        "md5": _yes_no([session.md5 for session in record["sessions"]], tr),
        "registries": agreed.registries(record),
        "ports": ports.table(record, tr),
        "groups": [{"name": tr(name), "addresses": addresses} for name, addresses in ports.groups(record).items()],
        "drawings": [cabling.drawing(record, node, tr) for node in record["nodes"]],
        "appliances": [_appliance(node, tr) for node in record["nodes"]],
        "cluster": _cluster(record, tr),
        "checking": _checking(record),
        "acceptance": judged,
        "onboarding": _onboarding(record, tr),
        "windows": windows.told(record, tr),
        "gse_region": _named(words.REGIONS, record["host"]["gse"]["region"], tr),
        "operator": _person(record["operator"]),
        "contacts": _contacts(record, tr),
    }


def planned_mode(record: SiteRecord) -> str:
    """What the instance is to announce, once it has passed its tests."""
    return str(record["mode"])


def _named(names: t.Mapping[str, str], key: str, tr: Translator) -> str:
    """What people call it; what has no name is written as words."""
    return tr(names[key]) if key in names else key.replace("_", " ")


def _translations(record: SiteRecord, tr: Translator) -> list[Page]:
    """The other languages that this sheet is there in."""
    there = dict.fromkeys(("en", record["language"]))
    return [{"language": code, "name": LANGUAGES[code], "suffix": suffix(code)} for code in there if code != tr.code]


def suffix(code: str) -> str:
    """What stands in a file's name between the site and its form: nothing for English, ``.fr``."""
    return "" if code == "en" else f".{code}"


def _next(record: SiteRecord) -> Next | None:
    return record["onboarding"]["next"]


def _notice(record: SiteRecord, tr: Translator) -> Page | None:
    """What stands above everything else, where the instance is not what a host would take it for."""
    gone = record["decommissioned"]
    if gone:
        return {
            "tone": "bad",
            "title": tr("Decommissioned on %(date)s", date=gone["date"]),
            "text": tr(
                "By %(by)s: %(reason)s. Please remove the sessions and the filters. The hardware is yours.",
                by=gone["by"],
                reason=gone["reason"],
            ),
        }
    if record["state"] == "suspended":
        return {
            "tone": "bad",
            "title": tr("Suspended: not to be part of the service now"),
            "text": tr(
                "It is to announce nothing, whatever else stands here. Leave your side as it is, so that it can "
                "come back, which it does only after it has passed all its tests again."
            ),
        }
    following = _next(record)
    if record["state"] == "onboarding" and following:
        number = [step["step"] for step in record["onboarding"]["steps"]].index(following["step"]) + 1
        return {
            "tone": "next",
            "title": tr("Next: step %(number)s of 8, %(title)s", number=number, title=tr(following["title"])),
            "text": tr(
                "Who acts: %(actor)s. Until the appliance has passed its tests in step 7, your users' queries go to "
                "other instances.",
                actor=tr(following["actor"]),
            ),
        }
    if record["state"] == "drained":
        return {
            "tone": "next",
            "title": tr("Planned: drained for maintenance"),
            "text": tr("It is to announce the covering prefixes only. There is nothing for you to do."),
        }
    return None


def _kind(record: SiteRecord, tr: Translator) -> str:
    """What the instance is made of."""
    cluster = record["cluster"]
    if not cluster:
        return tr("One appliance in your rack, operated by ICANN alone.")
    nodes, routers = len(record["nodes"]), len(cluster["routers"])
    return tr.plural(
        routers,
        "%(nodes)s servers behind %(number)s router of the site's own, operated by ICANN alone.",
        "%(nodes)s servers behind %(number)s routers of the site's own, operated by ICANN alone.",
        nodes=nodes,
    )


def _announces(record: SiteRecord, tr: Translator) -> str:
    mode = planned_mode(record)
    count = sum(len(announced(Mode.parse(mode), agreed.of_family(record, family))) for family in addressing.FAMILIES)
    said = {
        "dark": tr("nothing"),
        "drained": tr("the %(count)s covering prefixes", count=count),
        "live": tr("all %(count)s prefixes", count=count),
    }[mode]
    if record["state"] == "onboarding" and mode != "dark":
        return tr("%(prefixes)s, once it has passed its tests", prefixes=said)
    return said


def _modes(record: SiteRecord, proof: proven.Proof, tr: Translator) -> list[Page]:
    """One column for each mode: which prefixes it announces, and whether it is planned, and proven of every node."""
    return [
        {
            "mode": mode,
            "title": tr(words.MODE_TITLES[mode]),
            "meaning": tr(words.MODE_MEANING[mode]),
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


def _yes_no(values: t.Sequence[bool], tr: Translator) -> str:
    if not values:
        return tr("no sessions")
    return tr("yes") if all(values) else tr("on some") if any(values) else tr("no")


def _appliance(node: NodeRecord, tr: Translator) -> Page:
    profile = node["profile"]
    return {
        "node": node["node"],
        "facts": [
            (tr("Name"), node["node_name"]),
            (tr("Hardware"), f"{words.name(profile['name'])}: {profile['description']}"),
            (tr("Serial number"), node["serial"] or tr("not bought yet")),
            (tr("Link"), words.bits(profile["link_mbps"])),
            (
                tr("Size"),
                tr(
                    "%(cores)s cores, %(memory)s GiB of memory",
                    cores=profile["cores"],
                    memory=profile["memory_mib"] // 1024,
                ),
            ),
            (
                tr("Software"),
                tr(
                    "%(nameserver)s for DNS, %(routing)s for BGP",
                    nameserver=words.PROVIDERS[node["nameserver"]],
                    routing=words.PROVIDERS[node["routing"]],
                ),
            ),
            (tr("Uplink"), tr.listed(node["uplink"]["addresses"])),
            (tr("Management"), tr.listed(node["management"]["addresses"])),
        ],
    }


def _cluster(record: SiteRecord, tr: Translator) -> Page | None:
    cluster = record["cluster"]
    if not cluster:
        return None
    least, count = cluster["minimum_live"], len(record["nodes"])
    return {
        "minimum": tr.plural(
            least,
            "At least %(number)s of %(count)s servers stays live, whatever we do.",
            "At least %(number)s of %(count)s servers stay live, whatever we do.",
            count=count,
        ),
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


def _onboarding(record: SiteRecord, tr: Translator) -> Page:
    onboarding = record["onboarding"]
    following = onboarding["next"]
    steps = [
        {
            **step,
            "title": tr(step["title"]),
            "actor": tr(step["actor"]),
            "number": number,
            "status": "done" if step["done"] else "next" if following and step["step"] == following["step"] else "open",
        }
        for number, step in enumerate(onboarding["steps"], 1)
    ]
    interest, money = onboarding["expression_of_interest"], onboarding["reimbursement"]
    facts = []
    if interest:
        said = interest["date"]
        if interest["programme"]:
            programme = _named(words.PROGRAMMES, interest["programme"], tr)
            said = tr("%(date)s under %(programme)s", date=said, programme=programme)
        if interest["funding_usd"]:
            said = tr("%(interest)s, USD %(usd)s asked for", interest=said, usd=tr.number(interest["funding_usd"]))
        facts.append((tr("Expression of interest"), said))
    if money:
        facts.append((tr("Reimbursement"), _money(record, money, tr)))
    provisioning = onboarding["provisioning"]
    if following and provisioning["reason"] and record["state"] == "onboarding":
        facts.append((tr("Installation"), _not_yet(record, following, tr)))
    if provisioning["override"]:
        facts.append((tr("Installation allowed early"), provisioning["override"]))
    return {
        "steps": steps,
        "done": onboarding["done"],
        "total": len(steps),
        "next": {**following, "title": tr(following["title"]), "actor": tr(following["actor"])} if following else None,
        "facts": facts,
    }


def _money(record: SiteRecord, money: Reimbursement, tr: Translator) -> str:
    """What the programme pays back, and why; the record's own reason is in English."""
    if record["state"] == "decommissioned":
        return tr("none due. The instance is decommissioned.")
    usd = tr.number(money["usd"])
    if not money["due"]:
        return tr(
            "USD %(usd)s not due yet. Due after a successful deployment: installed and tested, and the host notified.",
            usd=usd,
        )
    return tr(
        "USD %(usd)s due. The instance was deployed successfully; the host was notified on %(date)s.",
        usd=usd,
        date=record["onboarding"]["steps"][-1]["date"],
    )


def _not_yet(record: SiteRecord, following: Next, tr: Translator) -> str:
    """Why the appliance may not be configured; the record's own reason is in English."""
    if not record["operational"]:
        return tr("not possible yet. The instance is not operational.")
    number = [step["step"] for step in record["onboarding"]["steps"]].index(following["step"]) + 1
    return tr(
        "not possible yet. Onboarding step %(number)s comes first: %(title)s (%(actor)s).",
        number=number,
        title=tr(following["title"]),
        actor=tr(following["actor"]),
    )


def _person(contact: Contact) -> Page:
    return {
        "name": contact.get("name", ""),
        "email": contact["email"],
        "phone": contact["phone"],
        "telephone": words.telephone(contact["phone"]),
        "hours": contact.get("hours", ""),
    }


def _contacts(record: SiteRecord, tr: Translator) -> list[Page]:
    """Everybody who may have to talk to somebody; the operator first."""
    host = record["host"]
    found = [{"role": tr("ICANN, day and night"), **_person(record["operator"])}]
    found.append({"role": tr("Your network operations"), **_person(host["contacts"]["noc"])})
    if host["contacts"]["remote_hands"]:
        found.append({"role": tr("Your remote hands"), **_person(host["contacts"]["remote_hands"])})
    return found

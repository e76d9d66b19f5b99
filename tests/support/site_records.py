# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Site records made by hand, and pages made of them: two hosts that have nothing in common but the fleet."""

from __future__ import annotations

import copy
import pathlib
import typing as t

import jinja2
from ansible_collections.icann.imrs.plugins.module_utils._documents import host_sheet, language, pages, proven, routers
from ansible_collections.icann.imrs.plugins.module_utils._site.fleet import Fleet
from ansible_collections.icann.imrs.plugins.module_utils._site.session import HostSession

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOADER = jinja2.FileSystemLoader(ROOT / "roles" / "documents" / "templates")
LOCALE = ROOT / "roles" / "documents" / "files" / "locale"
TRANSLATORS = {path.stem: language.Translator.of(path.stem, path.read_bytes()) for path in sorted(LOCALE.glob("*.mo"))}
TEXTS = routers.environment(LOADER)
PAGES = {"en": pages.environments(LOADER)} | {
    code: pages.environments(LOADER, translator) for code, translator in TRANSLATORS.items()
}

Record = dict[str, t.Any]

STEPS = (
    ("contact", "Contact and company information", "host"),
    ("documents", "Documents and due diligence", "host"),
    ("nda", "Non-disclosure agreement", "host and ICANN"),
    ("agreement", "IMRS agreement", "host and ICANN"),
    ("purchase", "Appliance purchased", "host"),
    ("rack", "Racked, powered, connected", "host"),
    ("install", "Installed and tested", "ICANN"),
    ("notify", "Host notified, live", "ICANN"),
)
PORTS = [
    {"port": "iDRAC", "role": "bmc", "medium": "1000BASE-T"},
    {"port": "eno1", "role": "management", "medium": "1000BASE-T"},
    {"port": "eno2", "role": "uplink", "medium": "1000BASE-T"},
    {"port": "eno3", "role": "uplink", "medium": "1000BASE-T"},
    {"port": "eno4", "role": "unused", "medium": "1000BASE-T"},
]
SHARED: Record = {
    "fleet": "test",
    "asn": 20144,
    "prefixes": {
        "ipv4": {"specific": ["199.7.83.0/24"], "covering": ["199.7.82.0/23"]},
        "ipv6": {"specific": ["2001:500:9f::/48", "2001:500:3::/48"], "covering": ["2001:500:9e::/47"]},
    },
    "service_addresses": {"ipv4": ["199.7.83.42"], "ipv6": ["2001:500:9f::42", "2001:500:3::42"]},
    "anycast_addresses": {"ipv4": ["199.7.83.42"], "ipv6": ["2001:500:9f::42", "2001:500:3::42"]},
    "operator": {"name": "ICANN DNS Engineering", "email": "noc@imrs.example", "phone": "+1 555 0100"},
    "operator_networks": {"ipv4": ["198.51.100.0/26"], "ipv6": ["2001:db8:f100::/48"]},
    "masters": [
        {"name": "dist1", "addresses": ["198.51.100.65", "2001:db8:f200::1"], "port": 53, "tls": None},
        {"name": "dist2", "addresses": ["198.51.100.66", "2001:db8:f200::2"], "port": 53, "tls": None},
    ],
    "maintenance_windows": [{"day": "tuesday", "start": "18:00", "end": "22:00"}],
    "time_signed": False,
    "log_server": None,
    "irr": {"source": "RIPE", "object": "AS20144"},
}


def session(family: str = "ipv4", **changes: t.Any) -> HostSession:
    """One eBGP session of the first host."""
    mine = {
        "ipv4": ("192.0.2.1", "192.0.2.2", "192.0.2.0/29"),
        "ipv6": ("2001:db8:1::1", "2001:db8:1::2", "2001:db8:1::/64"),
    }
    yours, ours, link = mine[family]
    made = {
        "description": "Savanna Research Network, router 1",
        "family": family,
        "asn": 64500,
        "address": yours,
        "local_address": ours,
        "our_name": "nbo01",
        "link": link,
        "md5": True,
    }
    return HostSession.read(made | changes)


def node(name: str = "nbo01", **changes: t.Any) -> Record:
    """One appliance of the first host."""
    profile = {
        "name": "calypso", "description": "1U appliance, 1 Gbit/s", "link_mbps": 1000, "cores": 4, "memory_mib": 16384,
        "tcp_clients": 250, "rack_units": 1, "power_supplies": 2, "power_watts": 150, "ports": PORTS,
    }  # fmt: skip
    made = {
        "node": name,
        "node_name": f"{name}.l.root-servers.org",
        "profile": profile,
        "serial": f"CLP-{name}",
        "bmc": "198.51.100.130",
        "nameserver": "knot",
        "routing": "bird",
        "uplink": {
            "interface": "eno2",
            "mtu": 1500,
            "addresses": ["192.0.2.2/29", "2001:db8:1::2/64"],
            "gateways": ["192.0.2.1", "2001:db8:1::1"],
            "vlan": None,
            "bond": None,
        },
        "management": {"interface": "eno1", "addresses": ["198.51.100.131/26"]},
        "keys": [],
    }
    return copy.deepcopy(made | changes)


def onboarding(done: int = 8, **changes: t.Any) -> Record:
    """So many of the eight steps done."""
    steps = [
        {
            "step": key, "title": title, "actor": actor, "done": number < done,
            "date": f"2026-01-{number + 1:02}" if number < done else None, "by": "J. Doe" if number < done else None,
        }
        for number, (key, title, actor) in enumerate(STEPS)
    ]  # fmt: skip
    following = None if done == 8 else {key: steps[done][key] for key in ("step", "title", "actor")}
    made = {
        "steps": steps,
        "done": done,
        "next": following,
        "expression_of_interest": None,
        "reimbursement": None,
        "provisioning": {"allowed": done >= 6, "reason": "", "override": ""},
    }
    return made | changes


def record(**changes: t.Any) -> Record:
    """The first host: a single in Nairobi, live."""
    made = {
        **SHARED,
        "language": "en",
        "day": "2026-04-06",
        "site": "nbo",
        "kind": "single",
        "state": "live",
        "operational": True,
        "mode": "live",
        "host": {
            "name": "Savanna Research Network",
            "type": "nren",
            "country": "KE",
            "contacts": {
                "noc": {"name": "Savanna operations", "email": "noc@savanna.example", "phone": "+254 20 555 0100"},
                "remote_hands": {
                    "name": "", "email": "hands@savanna.example", "phone": "+254 20 555 0101", "hours": "24/7",
                },
            },
            "gse": {"region": "africa", "coordinator": "GSE Africa"},
        },
        "location": {
            "iata": "nbo", "city": "Nairobi", "country": "KE", "region": "africa",
            "latitude": -1.3192, "longitude": 36.9278, "time_zone": "",
        },
        "nodes": [node()],
        "cluster": None,
        "sessions": [session("ipv4"), session("ipv6")],
        "onboarding": onboarding(),
        "maintenance": [{"date": "2026-03-02", "by": "DNS Engineering", "note": "Power supply B replaced"}],
        "decommissioned": None,
    }  # fmt: skip
    return copy.deepcopy(made | changes)


def other_host(**changes: t.Any) -> Record:
    """The second host: a single in Lima."""
    addresses = {"ipv4": ("203.0.113.1", "203.0.113.2"), "ipv6": ("2001:db8:2::1", "2001:db8:2::2")}
    made = record(
        site="lim",
        host={
            "name": "Rímac Fibra",
            "type": "isp",
            "country": "PE",
            "contacts": {
                "noc": {"name": "Centro de operaciones", "email": "redes@rimac.example", "phone": "+51 1 555 0100"},
                "remote_hands": None,
            },
            "gse": {"region": "latin_america", "coordinator": "GSE Lima"},
        },
        location={
            "iata": "lim", "city": "Lima", "country": "PE", "region": "latin_america",
            "latitude": -12.02, "longitude": -77.11, "time_zone": "",
        },
        nodes=[
            node(
                "lim01",
                bmc="198.51.100.140",
                uplink={
                    "interface": "eno2", "mtu": 1500, "addresses": ["203.0.113.2/29", "2001:db8:2::2/64"],
                    "gateways": ["203.0.113.1", "2001:db8:2::1"], "vlan": None, "bond": None,
                },
                management={"interface": "eno1", "addresses": ["198.51.100.141/26"]},
            )
        ],
        sessions=[
            session(
                family, description="Rímac border", asn=64501, our_name="lim01", address=yours,
                local_address=ours, link=None,
            )
            for family, (yours, ours) in addresses.items()
        ],
        maintenance=[],
    )  # fmt: skip
    return copy.deepcopy(made | changes)


def cluster(**changes: t.Any) -> Record:
    """The first host with a cluster: two servers, one router."""
    return record(
        kind="cluster",
        nodes=[node("nbo01"), node("nbo02", management={"interface": "eno1", "addresses": ["198.51.100.132/26"]})],
        cluster={
            "minimum_live": 1,
            "uplink_mbps": 10000,
            "links_without_one_mbps": 1000,
            "routers": [{"router": "nbo-r1", "addresses": ["192.0.2.9"], "uplink": ["198.51.100.193/31"]}],
        },
        sessions=[session("ipv4", our_name="nbo-r1"), session("ipv6", our_name="nbo-r1")],
        **changes,
    )


def fleet(*records: Record) -> Fleet:
    """A fleet of these sites."""
    return Fleet(name="test", hosts={}, sites=tuple(records), warnings=())


def judged(*latest: Record, accepted: t.Iterable[Record] = ()) -> proven.Tests:
    """What documents know of these reports."""
    return proven.Tests.of(latest, accepted)


def sheet(made: Record, *latest: Record, code: str = "en") -> tuple[str, str]:
    """HTML and Markdown of one site in one language, with these reports."""
    texts = dict(pages.site(made, [PAGES[code]], TEXTS, judged(*latest)))
    name = f"sites/{made['site']}{host_sheet.suffix(code)}"
    return texts[f"{name}.html"], texts[f"{name}.md"]


def report(name: str = "nbo01", **changes: t.Any) -> Record:
    """An ``acceptance.json``."""
    made = {
        "node": f"{name}.l.root-servers.org", "stage": "live", "certifiable": True, "started": "2026-04-05T06:07:08Z",
        "counts": {"pass": 44, "fail": 0, "error": 0, "skipped": 1, "not_run": 0}, "serial": 2026040500,
        "versions": {"knot": "3.4.6"}, "results": [], "reasons": [],
    }  # fmt: skip
    return made | changes

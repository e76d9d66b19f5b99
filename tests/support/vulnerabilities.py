# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file of Debian's security tracker, in its own form, and reports that name what nodes run.

The numbers of NSD's and BIRD's are real (June 2026), and so is what they need. Versions that mend them, and all of
CVE-2099, are made up.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.icann.imrs.plugins.module_utils._acceptance import report_json
from ansible_collections.icann.imrs.plugins.module_utils._site.session import Peer
from ansible_collections.icann.imrs.plugins.module_utils._vulnerabilities import judge

NOW = 1_796_086_800.0
"""2026-12-01T01:00:00Z."""
Json = dict[str, t.Any]


def resolved(fixed: str, archive: str, **more: t.Any) -> Json:
    """What the tracker has of one release."""
    return {"status": "resolved", "repositories": {"trixie": archive}, "fixed_version": fixed, "urgency": "low", **more}


def unfixed(archive: str, status: str = "open", **more: t.Any) -> Json:
    return {"status": status, "repositories": {"trixie": archive}, "urgency": "not yet assigned", **more}


def entry(trixie: Json | None, description: str = "A hole.", **more: Json) -> Json:
    """One vulnerability; ``more`` are other releases."""
    releases = {**({"trixie": trixie} if trixie else {}), **more}
    return {"description": description, "scope": "remote", "releases": releases}


SECURITY = {"trixie": "4.12.0-1", "trixie-security": "4.12.0-1+deb13u1"}
TRACKER: Json = {
    "nsd": {
        "CVE-2026-12244": entry(resolved("0", "4.12.0-1"), "Heap overflow and crash with crafted SVCB RR"),
        "CVE-2026-12246": entry(
            {
                "status": "resolved",
                "repositories": SECURITY,
                "fixed_version": "4.12.0-1+deb13u1",
                "urgency": "not yet assigned",
            },
            "Out of bounds stack write with crafted APL RR",
            bookworm=unfixed("4.6.1-1"),
        ),
        "CVE-2026-12490": entry(
            {
                "status": "resolved",
                "repositories": SECURITY,
                "fixed_version": "4.12.0-1+deb13u1",
                "urgency": "not yet assigned",
            },
            "Bypass of client certificate verification with transfer over TLS",
        ),
    },
    "bird2": {
        "CVE-2026-49943": entry(
            unfixed("2.17.1-1", nodsa="Minor issue", nodsa_reason=""), "Stack overflow in AS path matching"
        )
    },
    "linux": {"CVE-2099-0001": entry(resolved("6.12.63-1", "6.12.63-1")), "CVE-2099-0002": entry(unfixed("6.12.63-1"))},
    "openssl": {
        "CVE-2099-0003": entry(unfixed("3.5.4-1", urgency="unimportant")),
        "CVE-2099-0004": entry(None, bookworm=unfixed("3.0.17-1")),
    },
    "libreoffice": {"CVE-2099-0009": {"releases": "what nobody looks at"}},
}


def tracker(**more: Json) -> str:
    """As it is downloaded: one line."""
    return json.dumps({**TRACKER, **more}, separators=(",", ":"))


NSD = {"nsd": "nsd 4.12.0-1", "libc6": "glibc 2.41-12"}
BIRD = {"bird2": "bird2 2.17.1-1"}
KERNEL = {"linux-image-6.12.43+deb13-amd64": "linux 6.12.43-1"}
OPENSSL = {"libssl3t64": "openssl 3.5.1-1", "openssl": "openssl 3.5.1-1"}


def report(installed: t.Any = NSD, days: float = 1, **more: t.Any) -> str:
    """As much of ``acceptance.json`` as is read, so many days old."""
    started = report_json.moment(NOW - days * 86400)
    told = {"format": 1, "status": "judged", "started": started, "candidate": False, "installed": installed}
    return json.dumps({**told, **more})


def variables(**more: t.Any) -> Json:
    """Those host variables of an appliance that are read."""
    peer = Peer(name="a", mark="20144:0:4", family="ipv4", asn=64500, address="192.0.2.1", local_address="192.0.2.2")
    return {
        "imrs_peers": [peer.variables()],
        "imrs_members": [],
        "imrs_cluster": None,
        "imrs_uplink": {"bond": None, "vlan": None},
        "imrs_bmc": False,
        "imrs_nameserver": {"unit": "nsd.service"},
        "imrs_identity_zone": None,
        "imrs_masters": [{"name": "dist1", "tls": None}],
        "imrs_time_sources": [],
        "imrs_log_server": None,
        "imrs_held_packages": ["nsd", "bird2"],
        "imrs_provisioning": {"allowed": True, "reason": "", "override": ""},
        **more,
    }


def node(name: str, text: str | None = None, wrong: str = "", **more: t.Any) -> judge.Node:
    """One appliance, by default with a report of NSD's."""
    return judge.Node(name, variables(**more), report() if text is None and not wrong else text, wrong)


def assessed(number: str, *needs: str, reason: str = "its advisory says so") -> Json:
    """An entry of ``imrs_vulnerabilities``."""
    return {"id": number, "needs": list(needs), "reason": reason}

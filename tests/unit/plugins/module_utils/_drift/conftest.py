# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node that is as intended, of either pair of providers: what Debian 13's daemons said, recorded once."""

from __future__ import annotations

import copy
import dataclasses
import json
import pathlib
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils import _manifest as manifest
from ansible_collections.icann.imrs.plugins.module_utils import _products as products
from ansible_collections.icann.imrs.plugins.module_utils._drift import report
from ansible_collections.icann.imrs.plugins.module_utils._drift.intent import Intent

SSH = manifest.Unit("hardening", "ssh.service")
RECORDED = pathlib.Path(__file__).parent / "recorded"
NAME = "xlb01.l.root-servers.org"
NOW = 1_800_000_000.0
SYSCTL = "# Ansible managed\nnet.ipv4.ip_forward = 0\nnet.ipv4.ip_local_port_range = 49152 65535\n"
NSD = "server:\n    verbosity: 1\n    rrl-ratelimit: 200\n"
PACKAGES = {
    "installed": ["dbus", "nftables", "knot", "nsd", "bird2", "frr"],
    "held": ["knot", "nsd", "bird2", "frr", "ldnsutils"],
}
EXPECTED: dict[str, t.Any] = {
    "node_name": NAME,
    "asn": 20144,
    "service_addresses": {"ipv4": ["199.7.83.42"], "ipv6": ["2001:500:9f::42", "2001:500:3::42"]},
    "prefixes": {
        "ipv4": {"specific": ["199.7.83.0/24"], "covering": ["199.7.82.0/23"]},
        "ipv6": {"specific": ["2001:500:9f::/48", "2001:500:3::/48"], "covering": ["2001:500:9e::/47"]},
    },
    "peers": [],
    "zones": [{"name": "."}],
    "masters": ["203.0.113.1"],
    "trust_anchors": [],
    "mode": "live",
}


def recorded(name: str) -> dict[str, t.Any]:
    """``intended``: a file as rendered; ``said``: what the daemon told the probe when it ran that."""
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))


BUNDLES = {
    "/etc/sysctl.d": "hardening",
    "/etc/ssh": "hardening",
    "/etc/nftables.conf": "network",
    "/etc/knot": "nameserver",
    "/etc/nsd": "nameserver",
    "/etc/bird": "routing",
    "/etc/frr": "routing",
    "/etc/systemd/system/knot": "nameserver",
    "/etc/systemd/system/nsd": "nameserver",
}
"""By the beginning of a path the bundle that writes it; the others are the gate's."""


def owned(nameserver: str, routing: str) -> str:
    """What bundles own beside files, as they write it in the manifest."""
    runs = products.named("nameserver", nameserver), products.named("routing", routing)
    lines = [
        "exclusive gate /etc/imrs",
        "reload hardening ssh.service /etc/ssh/*",
        "restart gate imrs-gate.service /etc/imrs/gate.json /etc/systemd/*",
        "restart nameserver knot.service /etc/knot/knot.conf",
        "restart nameserver nsd.service /etc/nsd/nsd.conf */10-imrs.conf",
        "unit gate imrs-gate.service enabled started",
        "unit network nftables.service enabled started",
    ]
    for product in products.PRODUCTS:
        state = "enabled started" if product in runs else "disabled stopped"
        lines.append(f"unit {product.kind} {product.unit} {state}")
    return "".join(f"{line}\n" for line in lines)


def intent_of(files: t.Mapping[str, tuple[str, str]], others: str) -> Intent:
    """Files by path: attributes as in a manifest, and content; ``others`` are the manifest's other lines."""
    lines = []
    for path, (attributes, _content) in files.items():
        kept, secret, _nothing = attributes.partition(" secret")
        bundle = next((name for start, name in BUNDLES.items() if path.startswith(start)), "gate")
        lines.append(f"{kept} 000000000000 {bundle} {path}{secret}\n")
    return Intent.parse("".join(lines) + others, lambda path: files[path][1].encode(), PACKAGES, set(BUNDLES.values()))


def listening(nameserver: str, routing: str) -> list[dict[str, t.Any]]:
    """Sockets of a node that serves."""
    daemon = {"knot": "knotd", "nsd": "nsd: server 1"}[nameserver]
    addresses = ("199.7.83.42", "2001:500:9f::42", "2001:500:3::42")
    rows = [(how, address, 53, daemon) for how in ("udp", "tcp") for address in addresses]
    rows += [("tcp", "*", 22, "sshd"), ("tcp", "0.0.0.0", 179, {"bird": "bird", "frr": "bgpd"}[routing])]
    rows += [("udp", "127.0.0.1", 323, "chronyd")]
    return [dict(zip(("protocol", "address", "port", "process"), row, strict=True)) for row in rows]


@dataclasses.dataclass
class Scene:
    """Intent and evidence of one node, to be spoilt by tests."""

    intent: Intent
    evidence: dict[str, t.Any]
    expected: dict[str, t.Any]

    def compare(self, *known: str, keys: t.Sequence[t.Mapping[str, t.Any]] = ()) -> report.Report:
        """As the module does it."""
        return report.compare(self.intent.to_wire(), self.evidence, self.expected, known, keys)

    def found(self) -> list[tuple[str, str]]:
        """Kinds and subjects."""
        return [(finding.kind, finding.subject) for finding in self.compare().findings]


def scene(nameserver: str, routing: str) -> Scene:
    """Everything as it should be."""
    names = {"bird": "/etc/bird/bird.conf", "frr": "/etc/frr/frr.conf"}
    said = {routing: recorded(routing), nameserver: recorded(nameserver)}
    files = {
        "/etc/sysctl.d/60-imrs.conf": ("0644 root:root", SYSCTL),
        "/etc/ssh/sshd_config.d/00-imrs.conf": ("0600 root:root", "PermitRootLogin no\n"),
        "/etc/nftables.conf": ("0755 root:root", "flush ruleset\n"),
        "/etc/imrs/gate.json": ("0644 root:root", "{}\n"),
        "/etc/systemd/system/imrs-gate.service": ("0644 root:root", "[Service]\n"),
        names[routing]: ("0640 root:root secret", said[routing]["intended"]),
        f"/etc/systemd/system/{nameserver}.service.d/10-imrs.conf": ("0644 root:root", "[Service]\n"),
    }
    if nameserver == "knot":
        files["/etc/knot/knot.conf"] = ("0640 root:root secret", said["knot"]["intended"])
    else:
        files["/etc/nsd/nsd.conf"] = ("0640 root:root", NSD)
        files["/etc/nsd/nsd.conf.d/zones.conf"] = ("0640 root:root secret", said["nsd"]["intended"])
    intent = intent_of(files, owned(nameserver, routing))
    unit = {
        "load": "loaded",
        "active": "active",
        "enabled": "enabled",
        "need_reload": False,
        "fragment": "",
        "dropins": [],
        "process": 1,
        "started_at": NOW - 100,
        "changed_at": NOW - 100,
        "replaced": False,
    }
    off = {"load": "not-found", "active": "inactive", "enabled": ""}
    evidence = {
        "format": report.FORMAT,
        "scope": "node",
        "node": NAME,
        "collected_at": NOW,
        "files": {
            path: {
                "kind": "file",
                "mode": file.mode,
                "owner": file.owner,
                "group": file.group,
                "changed_at": NOW - 200,
                "same": True,
            }
            for path, file in intent.files.items()
        },
        "left": [],
        "unfinished": [],
        "strangers": [
            {
                "path": "/etc/imrs/fingerprint.salt",
                "kind": "file",
                "mode": "0600",
                "owner": "root",
                "group": "root",
                "package": "",
            }
        ],
        "packages": {name: {"status": "installed", "version": "1"} for name in PACKAGES["installed"]},
        "held": ["knot", "nsd", "bird2", "frr"],
        "altered": [],
        "unverified": [],
        "units": {
            name: {**copy.deepcopy(unit), **(off if intent.units.get(name, SSH).started is False else {})}
            for name in (*intent.units, SSH.unit)
        },
        "sysctls": {"net.ipv4.ip_forward": "0", "net.ipv4.ip_local_port_range": "49152\t65535"},
        "sysctl_files": [{"path": "/etc/sysctl.d/60-imrs.conf", "key": "net.ipv4.ip_forward", "value": "0"}],
        "sockets": listening(nameserver, routing),
        "nft": recorded("nftables"),
        "routing": said[routing]["said"],
        "nameserver": said[nameserver]["said"],
    }
    if routing == "bird":
        evidence["routing"]["configured_at"] = NOW - 100
    return Scene(
        intent, evidence, {**copy.deepcopy(EXPECTED), "nameserver_provider": nameserver, "routing_provider": routing}
    )


@pytest.fixture
def knot_bird() -> Scene:
    """Knot DNS and BIRD."""
    return scene("knot", "bird")


@pytest.fixture
def nsd_frr() -> Scene:
    """NSD and FRR."""
    return scene("nsd", "frr")


@pytest.fixture
def record() -> t.Callable[[str], dict[str, t.Any]]:
    """Recordings by name."""
    return recorded

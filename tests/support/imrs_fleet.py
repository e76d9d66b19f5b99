# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of made-up nodes, and real runs of the collection's playbooks against it, which notice any contact."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import typing as t

from ansible_collections.icann.imrs.plugins.module_utils._products import BIRD, KNOT, held
from ansible_collections.icann.imrs.plugins.module_utils._site import bogons, sessions
from ansible_collections.icann.imrs.plugins.module_utils._site.session import Peer

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNROUTABLE = "192.0.2.255"
"""In the documentation range (RFC 5737), and a broadcast address of its usual subnets."""

PREFIXES = {
    "ipv4": {"specific": ["199.7.83.0/24"], "covering": ["199.7.82.0/23"]},
    "ipv6": {"specific": ["2001:500:9f::/48", "2001:500:3::/48"], "covering": ["2001:500:9e::/47"]},
}


def peer(family: str, address: str, local: str, site: str) -> dict[str, t.Any]:
    """One session with a host's router, without BFD."""
    return Peer(
        name=f"as64500_{family}_1",
        mark=f"20144:0:{4 if family == 'ipv4' else 6}",
        family=family,
        asn=64500,
        address=address,
        local_address=local,
        password_variable=f"vault_bgp_{site}",
        description="Example Net",
    ).variables()


def node(name: str, **more: t.Any) -> dict[str, t.Any]:
    """The variables that the inventory plugin gives a node (docs/architecture.md); ``more`` replaces some of them."""
    site = name[:3]
    variables = {
        "ansible_host": UNROUTABLE,
        "imrs_fleet": "test",
        "imrs_site": site,
        "imrs_node": name,
        "imrs_node_name": f"{name}.l.root-servers.org",
        "imrs_function": "node",
        "imrs_kind": "single",
        "imrs_operational": True,
        "imrs_state": "live",
        "imrs_mode": "live",
        "imrs_provisioning": {"allowed": True, "reason": "", "override": ""},
        "imrs_vantage": "",
        "imrs_looking_glass": "",
        "imrs_unlimited_resolvers": [],
        "imrs_profile": {
            "name": "calypso",
            "link_mbps": 1000,
            "cores": 4,
            "memory_mib": 16384,
            "tcp_clients": 250,
            "rate_limit": 400,
            "peak_queries": 1000,
            "ecc": True,
            "power_supplies": 2,
            "firmware": {},
            "cards": {},
        },
        "imrs_nameserver_provider": "knot",
        "imrs_nameserver": KNOT.variables(),
        "imrs_routing_provider": "bird",
        "imrs_routing": BIRD.variables(),
        "imrs_held_packages": list(held()),
        "imrs_asn": 20144,
        "imrs_router_id": "192.0.2.2",
        "imrs_serial": "CLP-0001",
        "imrs_service_addresses": {"ipv4": ["199.7.83.42"], "ipv6": ["2001:500:9f::42", "2001:500:3::42"]},
        "imrs_anycast_addresses": {"ipv4": ["199.7.83.42"], "ipv6": ["2001:500:9f::42", "2001:500:3::42"]},
        "imrs_identity_zone": None,
        "imrs_prefixes": PREFIXES,
        "imrs_refused": bogons.refused(),
        "imrs_master_addresses": {"ipv4": ["203.0.113.1"], "ipv6": ["2001:db8:0:3::1"]},
        "imrs_uplink": {
            "interface": "eno2",
            "mtu": 1500,
            "addresses": ["192.0.2.2/29", "2001:db8:0:1::2/64"],
            "gateways": ["192.0.2.1", "2001:db8:0:1::1"],
            "vlan": None,
            "bond": None,
        },
        "imrs_link": sessions.link(["192.0.2.2/29", "2001:db8:0:1::2/64"]),
        "imrs_management": {"interface": "eno1", "addresses": ["198.51.100.11/24"]},
        "imrs_bmc": False,
        "imrs_bmc_address": "",
        "imrs_cluster": None,
        "imrs_inside": None,
        "imrs_members": [],
        "imrs_peers": [
            peer("ipv4", "192.0.2.1", "192.0.2.2", site),
            peer("ipv6", "2001:db8:0:1::1", "2001:db8:0:1::2", site),
        ],
        "imrs_zones": [{"name": ".", "zonemd": True, "dnssec": True}],
        "imrs_masters": [
            {
                "name": "dist1",
                "addresses": ["203.0.113.1", "2001:db8:0:3::1"],
                "port": 53,
                "tls": None,
                "tsig": {
                    "name": f"{name}-dist1.example.",
                    "algorithm": "hmac-sha256",
                    "secret_variable": f"vault_tsig_{name}_dist1",
                },
            }
        ],
        "imrs_trust_anchors": [". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"],
        "imrs_operator_networks": {"ipv4": ["198.51.100.0/24"], "ipv6": []},
        "imrs_maintenance_windows": [],
        "imrs_budget": [
            {"group_by": "fleet", "max_unavailable": 5},
            {"group_by": "region", "max_unavailable_percent": 25},
        ],
        "imrs_accepted_losses": [],
        "imrs_location": {"iata": site, "city": "Example City", "country": "KE", "region": "africa"},
        "imrs_time_sources": [],
        "imrs_log_server": None,
        "imrs_irr": {"source": "RIPE", "object": "AS20144"},
        "imrs_waivers": [],
        "imrs_attestations": [],
        "imrs_required_attestations": [],
        "imrs_raised_checks": [],
        "imrs_vulnerabilities": [],
    }
    return copy.deepcopy({**variables, **more})


@dataclasses.dataclass(frozen=True)
class Fleet:
    """Made-up nodes in an inventory of their own, and a way to run playbooks that notices any contact."""

    base: pathlib.Path
    longest: float = 300
    """Seconds that a run may take."""

    @property
    def inventory(self) -> pathlib.Path:
        return self.base / "fleet" / "imrs.yml"

    @property
    def called(self) -> pathlib.Path:
        """There after something tried to reach a node."""
        return self.base / "ssh-was-called"

    def write(self, nodes: dict[str, dict[str, t.Any]], **everywhere: t.Any) -> None:
        """Write the inventory, named like that of a fleet of sheets; ``everywhere`` are variables of all nodes."""
        self.inventory.parent.mkdir(exist_ok=True)
        ssh = self.base / "ssh"
        ssh.write_text(f"#!/bin/sh\necho \"$@\" >> '{self.called}'\nexit 255\n")
        ssh.chmod(0o755)
        # Too short for a digest to stand for them in what is rendered.
        vault = {f"vault_bgp_{name[:3]}": "not-a-secret" for name in nodes}
        vault |= {f"vault_tsig_{name}_dist1": "bm90LWEtc2VjcmV0LWtleQ==" for name in nodes}
        group = {"hosts": nodes, "vars": {"ansible_become": True, "ansible_user": "dnseng", **vault, **everywhere}}
        self.inventory.write_text(json.dumps({"all": {"children": {"appliances": group}}}))
        collections = self.base / "ansible_collections" / "icann"
        collections.mkdir(parents=True, exist_ok=True)
        if not (collections / "imrs").exists():
            (collections / "imrs").symlink_to(ROOT)

    def run(
        self,
        playbook: str,
        *options: str,
        inventory: pathlib.Path | None = None,
        config: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """``ansible-playbook icann.imrs.<playbook>``, or a file's, on this or another inventory."""
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "IMRS_"))}
        empty = self.base / "empty.cfg"
        empty.write_text("")
        environment = {
            **clean,
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg" if config else empty),
            "ANSIBLE_COLLECTIONS_PATH": str(self.base),
            **({"ANSIBLE_INVENTORY_ENABLED": "ansible.builtin.yaml"} if config else {}),
            "ANSIBLE_HOME": str(self.base / "home"),
            "ANSIBLE_LOCAL_TEMP": str(self.base / "tmp"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_SSH_EXECUTABLE": str(self.base / "ssh"),
        }
        named = playbook if playbook.endswith(".yml") else f"icann.imrs.{playbook}"
        command = [sys.executable, "-m", "ansible.cli.playbook", named, "-i"]
        return subprocess.run(
            [*command, str(inventory or self.inventory), *options],
            capture_output=True,
            text=True,
            env=environment,
            cwd=self.base,
            check=False,
            timeout=self.longest,
        )

    def render(self, *options: str, directory: str = "rendered") -> subprocess.CompletedProcess[str]:
        """Render the nodes' files; the documents, which need sheets, have tests of their own."""
        return self.run("render", "-e", f"documents_directory={directory}", "--skip-tags", "documents", *options)

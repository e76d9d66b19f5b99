# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the daemons around the gate are configured with in its tests."""

from __future__ import annotations

import typing as t

NODE_NAME = "xlb01.l.root-servers.org"
SERVICE = ("199.7.83.42", "2001:500:9f::42", "2001:500:3::42")
MARKS = ("20144:4:1", "20144:6:1", "20144:4:4294967295", "20144:6:4294967295")
"""Of all sessions in the rendered files: the host's, then those of a router two hops away."""
TCP_CLIENTS = 20
"""As many as Knot takes."""

# BIRD 2.0.12 acts on an expired timer only when its loop wakes up next, up to 3 s later: the device scan wakes it.
NODE_BIRD = """
log "{directory}/bird.log" all;
router id 192.0.2.2;
protocol device {{ scan time 1; }}
filter imrs_gate {{
  if net ~ [ 199.7.83.0/24, 199.7.82.0/23 ] then {{ dest = RTD_BLACKHOLE; accept; }}
  reject;
}}
filter imrs_gate6 {{
  if net ~ [ 2001:500:9f::/48, 2001:500:3::/48, 2001:500:9e::/47 ] then {{ dest = RTD_BLACKHOLE; accept; }}
  reject;
}}
protocol bgp gate {{
  local 127.0.0.1 as 20144;
  neighbor 127.0.0.2 as 20144;
  multihop;
  passive on;
  hold time 3;
  keepalive time 1;
  graceful restart off;
  error wait time 1, 2;
  error forget time 1;
  ipv4 {{ import filter imrs_gate; export none; gateway recursive; }};
  ipv6 {{ import filter imrs_gate6; export none; gateway recursive; next hop address 100::1; }};
}}
template bgp host {{
  local as 20144;
  graceful restart off;
  hold time 9;
  connect delay time 1;
  connect retry time 1;
}}
protocol bgp host4 from host {{
  neighbor 192.0.2.1 as 64500;
  ipv4 {{ import none; export where proto = "gate"; next hop self; }};
}}
protocol bgp host6 from host {{
  neighbor 2001:db8::1 as 64500;
  ipv6 {{ import none; export where proto = "gate"; next hop self; }};
}}
"""
ROUTER_BIRD = """
log "{directory}/router.log" all;
router id 192.0.2.1;
protocol device {{}}
template bgp host {{ local as 64500; hold time 9; connect delay time 1; connect retry time 1; error wait time 1, 2; }}
protocol bgp imrs4 from host {{ neighbor 192.0.2.2 as 20144; ipv4 {{ import all; export none; }}; }}
protocol bgp imrs6 from host {{ neighbor 2001:db8::2 as 20144; ipv6 {{ import all; export none; }}; }}
"""
KNOT = """
server:
    rundir: {directory}
    pidfile: {directory}/knot.pid
    listen: [ 199.7.83.42@53, 2001:500:9f::42@53, 2001:500:3::42@53, 127.0.0.3@53, ::1@53 ]
    nsid: {nsid}
    udp-workers: 1
    tcp-workers: 1
    tcp-max-clients: {clients}
    tcp-idle-timeout: 60
    background-workers: 1
log:
  - target: stderr
    any: warning
database:
    storage: {directory}/knot
policy:
  - id: lab
    algorithm: ecdsap256sha256
    single-type-signing: on
    zone-max-ttl: 86400
template:
  - id: default
    storage: {directory}
    zonefile-sync: -1
    zonefile-load: difference-no-serial
    journal-content: all
    dnssec-signing: on
    dnssec-policy: lab
zone:
  - domain: {zone}
    file: root.zone
  - domain: arpa.
    file: arpa.zone
"""
ZONE = """
$TTL 86400
@ IN SOA a.root-servers.net. nstld.verisign-grs.com. 2026010100 1800 900 604800 86400
@ IN NS l.root-servers.net.
l.root-servers.net. IN A 199.7.83.42
example. IN NS ns.example.
ns.example. IN A 192.0.2.53
"""
ARPA = """
$TTL 86400
@ IN SOA a.root-servers.net. nstld.verisign-grs.com. 2026010100 1800 900 604800 86400
@ IN NS l.root-servers.net.
in-addr.arpa. IN NS a.in-addr-servers.arpa.
a.in-addr-servers.arpa. IN A 192.0.2.53
"""

HOLD_TIME = 240
"""Seconds; longer than any wait here: what is withdrawn sooner was not withdrawn by the hold timer."""
CONFIG: dict[str, t.Any] = {
    "node": NODE_NAME,
    "asn": 20144,
    "router_id": "192.0.2.2",
    "session": {"local": "127.0.0.2", "peer": "127.0.0.1", "port": 179, "hold_time": HOLD_TIME},
    "prefixes": {
        "ipv4": {"specific": ["199.7.83.0/24"], "covering": ["199.7.82.0/23"]},
        "ipv6": {"specific": ["2001:500:9f::/48", "2001:500:3::/48"], "covering": ["2001:500:9e::/47"]},
    },
    "probe": {
        "addresses": {"ipv4": ["199.7.83.42"], "ipv6": ["2001:500:9f::42", "2001:500:3::42"]},
        "private": {"ipv4": "127.0.0.3", "ipv6": "::1"},
        "port": 53,
        "interval": 0.6,
        "timeout": 1.5,
        "silence": 3,
        "busy": 30,
        "deaf": 30,
        "udp_every": 1,
        "tcp_every": 1,
        "rise": 2,
    },
    "zones": [
        {"name": ".", "signed": True, "witness": "example."},
        {"name": "arpa.", "signed": True, "witness": "in-addr.arpa."},
    ],
    "masters": {"path": "", "every": 60, "limit": 3900},
    "way": {"devices": ["uplink"], "addresses": {"ipv4": ["198.41.0.4"], "ipv6": ["2001:503:ba3e::2:30"]}},
    "hold_down": {"first": 1, "longest": 300, "forget_after": 600},
    "service": "knot.service",
    "routing": "bird.service",
    "overload": "absorb",
    "fingerprint_paths": [],
}
"""What the gate is told. A machine that stalls for up to three seconds proves nothing about the nameserver here, and
costs no session: with the product's own times it would.
"""
LEASE: dict[str, t.Any] = {**CONFIG, "session": {**CONFIG["session"], "hold_time": 3}}
"""With the product's hold time."""
SWIFT: dict[str, t.Any] = {
    **LEASE,
    "probe": {
        **CONFIG["probe"],
        "interval": 0.1,
        "timeout": 0.1,
        "silence": 0.5,
        "busy": 10,
        "deaf": 5,
        "udp_every": 10,
        "tcp_every": 25,
        "rise": 5,
    },
}
"""With all times of the product, for measurements."""

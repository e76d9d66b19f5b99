# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's side in the tests of the providers' files: what its router says, and the zone that a master hands out."""

from __future__ import annotations

LOST = 4261412864
"""Metric of the static gateways of a node that learns routes: BIRD's are better by metric, FRR's because it reads the
topmost octet of a kernel route's metric as a distance (254 here)."""

HEAD = """
log "{directory}/router.log" all;
router id 192.0.2.1;
protocol device {{ scan time 1; }}
protocol direct {{ ipv4; ipv6; }}
protocol bfd {{ accept direct; }}
template bgp host {{ local as 64500; hold time 9; connect delay time 1; connect retry time 1; error wait time 1, 2;
  startup hold time 20;  # its own 240 s, for a handshake that its TTL security cut short, are more than tests wait
}}
"""
PLAIN = """
protocol static told4 {{ ipv4; route 0.0.0.0/0 blackhole; route 192.0.32.0/20 blackhole; }}
protocol static told6 {{ ipv6; route ::/0 blackhole; route 2620:0:2d0::/48 blackhole; }}
protocol bgp imrs4 from host {{
  neighbor 192.0.2.2 as 20144; ttl security on; authentication md5; password "bgp-password-of-the-host-00";
  ipv4 {{ import all; export where source = RTS_STATIC; next hop self; }};
}}
protocol bgp imrs6 from host {{
  neighbor 2001:db8::2 as 20144; ttl security on; authentication md5; password "bgp-password-of-the-host-00";
  ipv6 {{ import all; export where source = RTS_STATIC; next hop self; }};
}}
"""
FAR = """
log "{directory}/far.log" all;
router id 198.51.100.9;
protocol device {{}}
protocol bfd {{ accept multihop; }}
protocol static told4 {{ ipv4; route 0.0.0.0/0 blackhole; route 192.0.32.0/20 blackhole; }}
protocol static told6 {{ ipv6; route ::/0 blackhole; route 2620:0:2d0::/48 blackhole; }}
protocol bgp far4 {{
  strict bind on; bfd {{ interval 300 ms; multiplier 50; }};
  local 198.51.100.9 as 64501; neighbor 192.0.2.2 as 20144; multihop 2; hold time 9;
  connect delay time 1; connect retry time 1; error wait time 1, 2;
  ipv4 {{ import all; export where source = RTS_STATIC; next hop self; }};
}}
protocol bgp far6 {{
  strict bind on; local 2001:db8:0:7::9 as 64501; neighbor 2001:db8::2 as 20144; multihop 2; hold time 9;
  connect delay time 1; connect retry time 1; error wait time 1, 2;
  ipv6 {{ import all; export where source = RTS_STATIC; next hop self; }};
}}
"""
"""A router of another network, behind the host's."""
OPTIONS = """
protocol static told4 {{ ipv4; route 0.0.0.0/0 blackhole; route 192.0.32.0/20 blackhole; }}
protocol static told6 {{ ipv6; route ::/0 blackhole; route 2620:0:2d0::/48 blackhole; }}
protocol bgp imrs4 from host {{
  strict bind on; local 192.0.2.1 as 64500; neighbor 192.0.2.2 as 20144; ttl security on;
  ipv4 {{ import all; export where source = RTS_STATIC; next hop self; }};
}}
protocol bgp imrs6 from host {{
  strict bind on; local 2001:db8::1 as 64500; neighbor 2001:db8::2 as 20144; ttl security on;
  ipv6 {{ import all; export where source = RTS_STATIC; next hop self; }};
}}
"""
NEAR = """
protocol bgp imrs4 from host {{
  neighbor 192.0.2.2 as 20144; ttl security on;
  bfd {{ interval 300 ms; multiplier 3; }}; ipv4 {{ import all; export none; }};
}}
protocol bgp imrs6 from host {{
  neighbor 2001:db8::2 as 20144; ttl security on;
  bfd {{ interval 300 ms; multiplier 3; }}; ipv6 {{ import all; export none; }};
}}
"""
LOCAL = """
protocol bgp imrs4 from host {{
  neighbor 192.0.2.2 as 20144; ttl security on;
  ipv4 {{ import all; export none; }};
}}
protocol bgp imrs6 from host {{
  local fe80::1 as 64500; neighbor fe80::2 as 20144; interface "host"; ttl security on;
  bfd {{ interval 300 ms; multiplier 3; }}; ipv6 {{ import all; export none; }};
}}
"""
"""It has nothing but a link-local address for its IPv6 session."""
REFUSED = {
    "ipv4": [
        "0.0.0.0/0",
        "10.1.0.0/16",
        "192.0.2.0/24",
        "192.0.2.0/30",
        "192.0.34.0/25",
        "199.7.83.0/24",
        "199.7.82.0/24",
    ],
    "ipv6": ["::/0", "2001:db8:9::/48", "2001:500:9f::/48", "2001:500:3:1::/64", "2620:0:2d0:1::/64", "fd00:1::/32"],
}
"""Nobody learns these from a peer that may tell of the whole world: default, bogons, the link, too long, ours."""
LEARNT = {"ipv4": ["192.0.32.0/20", "192.0.48.0/21"], "ipv6": ["2620:0:2d0::/48", "2620:0:2830::/47"]}
ONE_MORE = {"ipv4": "192.0.40.0/23", "ipv6": "2620:0:cc0::/43"}
TABLE = """
protocol static told4 {{ ipv4; {ipv4} }}
protocol static told6 {{ ipv6; {ipv6} }}
protocol bgp imrs4 from host {{
  neighbor 192.0.2.2 as 20144; ttl security on;
  ipv4 {{ import all; export where source = RTS_STATIC; next hop self; }};
}}
protocol bgp imrs6 from host {{
  neighbor 2001:db8::2 as 20144; ttl security on;
  ipv6 {{ import all; export where source = RTS_STATIC; next hop self; }};
}}
"""
CLUSTER = """
protocol static told4 {{ ipv4; route 0.0.0.0/0 blackhole; }}
protocol static told6 {{ ipv6; route ::/0 blackhole; }}
protocol bgp imrs4 from host {{
  local as 20144; neighbor 192.0.2.2 as 20144; direct; ttl security on;
  authentication md5; password "bgp-password-of-the-host-00";
  ipv4 {{ import all; export where source = RTS_STATIC; next hop self; }};
}}
protocol bgp imrs6 from host {{
  local as 20144; neighbor 2001:db8::2 as 20144; direct; ttl security on;
  ipv6 {{ import all; export where source = RTS_STATIC; next hop self; }};
}}
"""


def table(more: bool = False) -> str:
    """The host's router that tells what may be learned and what may not; with ``more`` a prefix too many."""
    routes = {
        family: " ".join(
            f"route {prefix} blackhole;"
            for prefix in (*REFUSED[family], *LEARNT[family], *([ONE_MORE[family]] if more else []))
        )
        for family in REFUSED
    }
    return TABLE.replace("{ipv4}", routes["ipv4"]).replace("{ipv6}", routes["ipv6"])


CHANGES = PLAIN.replace("told4 {{ ipv4;", "told4 {{ ipv4; route 198.18.0.0/16 blackhole;")
"""It tells of a bogon, too."""
ROUTERS = {
    "plain": PLAIN,
    "changes": CHANGES,
    "options": OPTIONS,
    "bfd": NEAR,
    "local": LOCAL,
    "table": table(),
    "cluster": CLUSTER,
    "router": PLAIN.replace(' authentication md5; password "bgp-password-of-the-host-00";', ""),
}
"""The host's router beside each case of tests/unit/roles/imrs_role_cases.py."""

SIGN = """set -eu
cd "$1"
if [ ! -e key.key ]; then
  made=$(ldns-keygen -a ECDSAP256SHA256 -k .)
  for end in key private ds; do mv $made.$end key.$end; done
fi
sign() { ldns-signzone -o . -f root.signed "$@"; }
digest="-z simple:sha384"
"""
SOUND = "sign $digest root.zone key"
SPOILT = {
    "glue altered": f"{SOUND}; sed -i 's/192.0.2.53$/192.0.2.66/' root.signed; grep -q 192.0.2.66 root.signed",
    "no digest": "sign root.zone key",
    "expired": "sign $digest -i 20260101000000 -e 20260201000000 root.zone key",
    "not yet valid": "sign $digest -i 20360101000000 -e 20360201000000 root.zone key",
    "no signatures": "sign $digest -Z root.zone",
    "a foreign key": "other=$(ldns-keygen -a ECDSAP256SHA256 -k .); sign $digest root.zone $other",
}
"""What may be wrong with a zone, and how it is made, by what is behind SIGN."""
MASTER = """
server:
    ip-address: 203.0.113.1
    ip-address: 2001:db8:0:3::1
    username: ""
    zonesdir: "{directory}"
    xfrdfile: ""
    zonelistfile: "{directory}/zone.list"
    xfrdir: "{directory}"
    pidfile: ""
    rrl-ratelimit: 0
remote-control:
    control-enable: yes
    control-interface: {directory}/master.ctl
key:
    name: "xlb01-dist1.example."
    algorithm: hmac-sha256
    secret: "ZGlzdDEtdHJhbnNmZXIta2V5LTAwMDAwMDAwMDAwMDA="
zone:
    name: "."
    zonefile: "root.signed"
    provide-xfr: 0.0.0.0/0 xlb01-dist1.example.
    provide-xfr: ::/0 xlb01-dist1.example.
    notify: 192.0.2.2 xlb01-dist1.example.
    outgoing-interface: 203.0.113.1
"""

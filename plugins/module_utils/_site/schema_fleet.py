# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The shape of fleet.yml: JSON Schema (draft 2020-12) as Python data. Rules that it cannot say are in ``rules``."""

from __future__ import annotations

from . import features, lifetimes, parts
from .parts import Schema, choice, field, many, number, record, text

DEFAULT_BUDGET = [
    {"group_by": "fleet", "max_unavailable": 5},
    {"group_by": "region", "max_unavailable_percent": 25},
]
"""Of a fleet that does not say how many of its nodes may be not available at a time."""
GROUPINGS = ("fleet", "region", "country", "nameserver", "routing")
"""What nodes can be counted by (``_fleet/effect.py``)."""

DEFAULT_RATE_LIMIT = 400
"""Answers a second to one source, of a profile that says nothing (docs/answers.md, what one source gets)."""

DEFAULT_DISKS = 2
DEFAULT_PEAK_QUERIES = 1000
"""Questions a second of all sources at the expected peak, of a profile that says nothing (docs/load.md, where it comes
from)."""

LOG_PORT = 19532
"""Where systemd-journal-remote listens by itself (systemd-journal-remote.service(8))."""

PORT = record(
    "a port of the appliance",
    {
        "port": field(
            text(r"[A-Za-z0-9][A-Za-z0-9 ._/-]{0,31}", "the label of a port"), "What is printed beside the port", "eno1"
        ),
        "role": field(choice("bmc", "management", "uplink", "unused"), "What is plugged in there"),
        "medium": field(parts.PROSE, "Cable or optics", "1000BASE-T"),
    },
)
FIRMWARE = many(
    text(r"[A-Za-z0-9][A-Za-z0-9 ._:/()+-]{0,63}", 'a version of firmware in quotes, such as "1.10.2"'),
    "a list of versions of firmware",
)
BASELINE = record(
    "a baseline of firmware",
    {},
    {
        "bios": field(FIRMWARE, "As /sys/class/dmi/id/bios_version has it", ["1.10.2"]),
        "bmc": field(FIRMWARE, "As ipmitool mc info has it, with its four octets behind or without", ["6.10"]),
        "network": field(FIRMWARE, "As ethtool -i has it, of the uplink's cards and the management's", ["22.31.6"]),
    },
)
CARDS = record(
    "settings of network cards",
    {},
    {
        "queues": field(number(1, 1024, "a number of queues"), "Queues that receive, each with an interrupt", 16),
        "receive_ring": field(number(64, 65536, "a number of packets"), "Packets that wait in each queue", 4096),
        "transmit_ring": field(number(64, 65536, "a number of packets"), "Answers that wait in each queue", 1024),
        "hash_ports": field(parts.FLAG, "Questions over UDP are spread by port, too, not by address alone"),
    },
)
PROFILE = record(
    "a hardware profile",
    {
        "name": field(parts.NAME, "The name that sheets use", "calypso"),
        "description": field(parts.PROSE, "What it is, in the words of a host", "1U appliance, 1 Gbit/s"),
        "link_mbps": number(1, 1_000_000, "a link speed in Mbit/s"),
        "cores": number(1, 1024, "a number of cores"),
        "memory_mib": number(512, 2**24, "an amount of memory in MiB"),
        "tcp_clients": field(
            number(1, 1_000_000, "a number of TCP clients"), "TCP clients served at a time; 10,000 a core that answers"
        ),
        "rack_units": number(1, 48, "a height in rack units"),
        "power_supplies": number(1, 4, "a number of power supplies"),
        "power_watts": field(number(1, 10_000, "a power in W"), "What each feed has to carry, alone"),
        "ports": field(many(PORT, "a list of ports"), "The rear side, from left to right"),
    },
    {
        "rate_limit": field(
            number(100, 100_000, "a number of answers a second"),
            "Answers a second over UDP to one source; what is above is truncated",
            default=DEFAULT_RATE_LIMIT,
        ),
        "peak_queries": field(
            number(10, 1_000_000, "a number of questions a second"),
            "Questions a second of all sources at the expected peak; ten times as many are to be answered",
            default=DEFAULT_PEAK_QUERIES,
        ),
        "disks": field(
            number(1, 4, "a number of disks"),
            "Disks of the system; several are a mirror (RAID-1)",
            default=DEFAULT_DISKS,
        ),
        "ecc": field(parts.FLAG, "Whether its memory corrects errors and counts them (ECC)", default=True),
        "firmware": field(BASELINE, "The versions of firmware that may run; acceptance warns of any other"),
        "cards": field(CARDS, "How the uplink's network cards are set; what is not here stays as the driver has it"),
    },
)
ZONE = record("a zone", {"name": parts.DNS_NAME, "zonemd": parts.FLAG, "dnssec": parts.FLAG})
CERTIFICATES = many(text(r"[A-Za-z0-9+/=\n -]{1,10000}", "a certificate in PEM"), "a list of certificates in PEM")
TLS = record(
    "zone transfer over TLS",
    {
        "name": field(parts.DNS_NAME, "The master's name in its certificates", "dist1.example.org."),
        "certificates": field(CERTIFICATES, "Each signed by itself; two while the master changes its own"),
    },
    {"port": field(number(1, 65535, "a port number"), "Port of transfers over TLS", default=853)},
)
MASTER = record(
    "a distribution master",
    {"name": parts.NAME, "addresses": parts.ADDRESSES},
    {
        "port": field(number(1, 65535, "a port number"), "Port of questions and of zone transfers", default=53),
        "tls": field(TLS, "Zones are transferred over TLS (RFC 9103), signed with the key of the node as without"),
    },
)
WAIVER = record(
    "a waiver",
    {"check": parts.CHECK, "reason": parts.PROSE},
)
RISK = record(
    "an accepted risk",
    {
        "risk": field(
            choice(
                *("wide_operator_network", "zone_left_out", "zone_unproven", "long_maintenance", "waived_proof"),
                "fewer_nodes",
            ),
            "What is accepted",
        ),
        "what": field(
            text(r"[A-Za-z0-9.:/_-]{1,64}", "what the message about the risk names"), "Which one", "203.0.0.0/12"
        ),
        "reason": field(parts.PROSE, "Why it has to be"),
    },
)
VULNERABILITY = record(
    "an assessed vulnerability",
    {
        "id": field(
            text(r"[A-Z]{2,8}-[0-9A-Za-z-]{4,30}", "the number of a vulnerability, such as CVE-2026-12490"),
            "Its number, as Debian's security tracker has it",
            "CVE-2026-12490",
        ),
        "needs": field(
            many(choice(*features.FEATURES), "a list of features"),
            "What it needs: a node that lacks one of these is not affected",
            ["transfer_out"],
        ),
        "reason": field(parts.PROSE, "Where that is said, or who has looked"),
    },
)
OPERATOR = record(
    "the operator's contact", {"name": parts.PROSE, "email": parts.EMAIL, "phone": field(parts.PHONE, "Answered 24/7")}
)
WINDOW = record(
    "a maintenance window",
    {
        "day": choice("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
        "start": parts.TIME,
        "end": parts.TIME,
    },
)
LIMIT = record(
    "a limit of the budget",
    {"group_by": field(choice(*GROUPINGS), "What nodes are counted by, for each prefix", "region")},
    {
        "max_unavailable": field(
            number(1, 100_000, "a number of nodes"), "Of each group, not announcing the prefix at a time", 5
        ),
        "max_unavailable_percent": field(
            number(1, 100, "a percentage"), "The same in percent of the group; always one node", 25
        ),
        "min_available": field(
            number(1, 100_000, "a number of nodes"), "Of each group, announcing the prefix at any time", 2
        ),
    },
)
IRR = record(
    "where route objects are registered",
    {
        "source": text(r"[A-Z][A-Z0-9-]{1,31}", "the name of a routing registry, such as RIPE"),
        "object": text(r"AS[A-Z0-9:_-]{1,80}", "an AS or AS set, such as AS20144"),
    },
)
SIGNER = record(
    "a key that signs certificates",
    {
        "name": field(parts.NAME, "Whose key it is, for people", "dns_engineering"),
        "key": field(
            {
                **text(
                    r"(?:sk-)?(?:ssh-ed25519|ecdsa-sha2-nistp256)(?:@openssh\.com)? [A-Za-z0-9+/]{60,300}={0,2}",
                    "a public key of OpenSSH, of type ed25519 or ecdsa nistp256, in hardware (sk-) or not",
                ),
                "format": "imrs-ssh-key",
            },
            "Its public half: the first two words of the .pub file",
        ),
    },
)
CERTIFICATE = record(
    "how certificates are signed",
    {
        "signers": field(
            many(SIGNER, "a list of keys"), "Each of these keys may sign; keep one for emergencies in a safe"
        )
    },
    {
        "days": field(
            number(30, 3660, "a number of days"), "After so many a certificate is not taken up again; without it, never"
        )
    },
)
TIME_SOURCE = record(
    "a source of time",
    {
        "name": field(
            parts.DNS_NAME, "The server's name; with nts, as it stands in its certificate", "ntp1.example.org."
        ),
        "addresses": field(
            parts.ADDRESSES, "That server's own: it is asked at one of them, and has one voice", ["203.0.113.1"]
        ),
    },
    {"nts": field(parts.FLAG, "Its answers are signed (NTS, RFC 8915)", default=False)},
)
LOG_SERVER = record(
    "a log server",
    {
        "name": field(parts.DNS_NAME, "The server's name in its certificates", "log.example.org."),
        "addresses": field(parts.ADDRESSES, "That server's own: one of them is enough", ["203.0.113.10"]),
        "certificates": field(CERTIFICATES, "Each signed by itself; two while the server changes its own"),
    },
    {"port": field(number(1, 65535, "a port number"), "Port of systemd-journal-remote", default=LOG_PORT)},
)
ACCOUNT = record(
    "an operator's account",
    {
        "name": field(
            text(r"[a-z][a-z0-9_]{0,30}", "the name of an account (lower-case letters, digits and _, a letter first)"),
            "Name of the account on the nodes",
            "anna",
        ),
        "keys": field(
            many(
                {
                    **text(
                        r"(?:ssh-ed25519|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com"
                        r"|ecdsa-sha2-nistp(?:256|384|521)|ssh-rsa) [A-Za-z0-9+/]{60,3000}={0,2}",
                        "a public key of OpenSSH: the first two words of the .pub file, of type ed25519, ecdsa or rsa,"
                        " in hardware (sk-) or not",
                    ),
                    "title": "Public half of a key",
                    "format": "imrs-ssh-key",
                    "x-imrs-secret": True,  # a private one may be pasted
                },
                "a list of public keys",
            ),
            "Each of them lets in; keep a second one in hardware in a safe",
        ),
    },
)
IDENTITY_ZONE = record(
    "an identity zone",
    {
        "name": field(parts.DNS_NAME, "Name of the zone", "identity.l.root-servers.org."),
        "server": field(parts.DNS_NAME, "The server that it is delegated to", "beacon.l.root-servers.org."),
        "addresses": field(parts.ADDRESSES, "That server's addresses, in the specific prefixes", ["199.7.83.53"]),
    },
)

FLEET: Schema = {
    "$schema": parts.DIALECT,
    "title": "Fleet of the IMRS: what is true of all sites",
    **record(
        "a fleet",
        {
            "fleet": field(parts.NAME, "Name of the fleet", "lab"),
            "asn": field(parts.ASN, "Our AS number", 20144),
            "node_name_pattern": field(parts.PATTERN, "What a node may be called, domain included (RFC 7108)"),
            "service_addresses": field(parts.ADDRESSES, "The addresses that answer for l.root-servers.net"),
            "prefixes": record("the two lists specific and covering", {
                "specific": field(parts.NETWORKS, "Announced only by a live node"),
                "covering": field(parts.NETWORKS, "Announced by a live and by a drained node"),
            }),
            "profiles": field(many(PROFILE, "a list of hardware profiles"), "Hardware classes"),
            "zones": many(ZONE, "a list of zones"),
            "masters": field(many(MASTER, "a list of distribution masters"), "Where the zones come from"),
            "operator_networks": field(parts.NETWORKS, "From where operators reach the management interface"),
            "operator": field(OPERATOR, "Whom hosts call, day and night"),
        },
        {
            "maintenance_windows": field(many(WINDOW, "a list of maintenance windows", least=0), "When we may work"),
            "budget": field(
                many(LIMIT, "a list of limits"), "How few nodes may announce a prefix at a time", default=DEFAULT_BUDGET
            ),
            "certificate": field(CERTIFICATE, "Certificates are signed by one of these keys, which no node has"),
            "operators": field(
                many(ACCOUNT, "a list of operators' accounts"), "Who may log in to the nodes, as well as Ansible"
            ),
            "identity_zone": field(IDENTITY_ZONE, "Tells who asks it which node answers (RFC 7108 section 4.4)"),
            "time_sources": field(
                many(TIME_SOURCE, "a list of sources of time"),
                "NTP servers that set the clocks, 4 or more (RFC 8633 section 3.2); without, the clocks are left alone",
            ),
            "log_server": field(
                LOG_SERVER, "Where the nodes send their log, over TLS; without, it stays on them"
            ),
            "key_days": field(
                record(
                    "how long keys are in use",
                    {},
                    {kind: number(1, 36_600, "a number of days") for kind in lifetimes.KINDS},
                ),
                "After so many days a key is to be rolled; it is said, and nothing comes of it", {"tsig": 365},
            ),
            "irr": field(IRR, "Where the route objects are"),
            "ixp_exceptions": field(many(parts.NAME, "a list of site names", least=0), "Whose host may be an IXP"),
            "trust_anchors": field(
                many({"type": "string", "description": "a DS record"}, "a list of DS records"),
                "Trust anchors of the root zone",
            ),
            "trust_anchor_file": field(parts.FILE, "A file of DS records instead, relative to this file"),
            "waivers": field(many(WAIVER, "a list of waivers", least=0), "Acceptance checks that may be skipped"),
            "required_attestations": field(
                many(parts.CHECK, "a list of checks", least=0),
                "What has to be attested before a node goes live", ["OB-01"],
            ),
            "raised_checks": field(
                many(parts.CHECK, "a list of checks", least=0),
                "Warnings that keep a node from announcing here, as checks of severity F do", ["TM-03"],
            ),
            "vulnerabilities": field(
                many(VULNERABILITY, "a list of assessed vulnerabilities", least=0),
                "Which feature a vulnerability needs (docs/vulnerabilities.md); what is not here counts as in use",
            ),
            "accepted_risks": field(
                many(RISK, "a list of accepted risks", least=0), "What would be refused without this"
            ),
        },
    ),
}  # fmt: skip

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Acceptance checks as fleets and sheets name them: what people attest, and the ids of what software runs.

The checks themselves are in ``_acceptance``, which reads this room, so it cannot be read here:
``tests/unit/contracts/test_check_names.py`` holds both together.
"""

from __future__ import annotations

import typing as t

FATAL = frozenset(
    f"{group}-{number}"
    for group, numbers in {
        "HW": "01 02 03 04",
        "OS": "01 02 03 05",
        "TM": "01 02 04",
        "HD": "01 02 03 04 05 06",
        "DN": "01 02 03 04 05 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 26 27 29 30 33 34 35 36 37 38 39 40"
        " 41 42 43 44 45 46 48 49 50 51 53",
        "ZI": "01 02 04 05 06 07 08 12 16",
        "BG": "01 02 03 04 05 06 07 08 09 10 11 12 13 15",
        "CL": "01 03 04 05",
        "AR": "01 02 03",
        "PR": "01 02 04",
    }.items()
    for number in numbers.split()
)
"""Run by software, of severity F: nothing raises them further, and nothing lowers them."""

WARNINGS = frozenset(
    {
        "AR-04",
        "BG-14",
        "BG-19",
        "BG-20",
        "CL-02",
        "DN-06",
        "DN-25",
        "DN-28",
        "DN-31",
        "DN-32",
        "DN-47",
        "DN-54",
        "HD-09",
        "HD-10",
        "HD-11",
        "HD-12",
        "HD-13",
        "HD-14",
        "HD-15",
        "HD-17",
        "HD-18",
        "HW-05",
        "HW-07",
        "HW-09",
        "OS-06",
        "TM-03",
        "TM-05",
    }
)
"""Run by software, of severity W: a fleet may raise them to F (``raised_checks``)."""


class Attestation(t.NamedTuple):
    """A check that no software here can run: somebody does it, and says so in the site's sheet."""

    id: str
    """That of the requirement."""
    severity: str
    """The requirement's, F or W; whether it keeps a node from going live is for the fleet to say."""
    title: str
    condition: str
    """What is attested."""
    source: str
    functions: tuple[str, ...] = ("node", "router")
    """The appliances that it is for (``imrs_function``)."""


_DRILLS = (
    (
        "BG-17",
        "F",
        "A reload keeps the sessions",
        "The routing daemon read its configuration again, and nothing was withdrawn.",
    ),
    (
        *("BG-18", "F", "The sessions of both families are apart"),
        "With the session of IPv6 cut, its prefixes went within the hold time, and those of IPv4 stayed.",
    ),
    (
        *("ZI-15", "F", "Silent masters stop no answers"),
        "While no master could be reached for two minutes, everything was announced as before.",
    ),
    (
        "FB-01",
        "F",
        "A planned stop of the nameserver withdraws first",
        "All prefixes were gone at the host's router within 10 s, and came back with the nameserver.",
    ),
    (
        "FB-02",
        "F",
        "A dead or hung nameserver is withdrawn",
        "Killed, hung, without UDP over IPv6: withdrawn within 15 s, and nothing else was.",
    ),
    (
        "FB-03",
        "F",
        "A nameserver with wrong answers is withdrawn",
        "With SERVFAIL, REFUSED or an empty zone, all prefixes were gone within 15 s.",
    ),
    (
        "FB-04",
        "F",
        "A stale zone drains the node",
        "With newer zones at the masters for longer than the limit, the specific prefixes were withdrawn.",
    ),
    (
        "FB-05",
        "F",
        "Silent masters withdraw nothing",
        "While no master could be reached for two minutes, everything was announced as before.",
    ),
    (
        "FB-06",
        "F",
        "A killed routing daemon is withdrawn at once",
        "The host's router had dropped its routes within 1 s, and had them again when the node was healthy.",
    ),
    (
        "FB-07",
        "F",
        "A hung routing daemon is withdrawn",
        "The host's router had dropped its routes when the hold time was over.",
    ),
    (
        "FB-08",
        "F",
        "A dead line is withdrawn, and mends itself",
        "The host's router had dropped the routes when the hold time was over; they came back with the line.",
    ),
    ("FB-09", "F", "A gate that is killed or hangs is withdrawn", "All prefixes were gone within 30 s."),
    (
        "FB-10",
        "F",
        "A nameserver that comes and goes is held down",
        "While it was killed again and again for 5 minutes, what was announced changed twice at most.",
    ),
    (
        "FB-11",
        "F",
        "Routing without a nameserver announces nothing",
        "The routing daemon was started while the nameserver was down: nothing was announced.",
    ),
    (
        "FB-12",
        "F",
        "A dead nameserver keeps no covering prefix",
        "With the nameserver stopped, killed or hung, the covering prefixes were withdrawn, too.",
    ),
    (
        "FB-13",
        "F",
        "A configuration with a mistake changes nothing",
        "It was refused before anything read it, and no session dropped.",
    ),
    (
        "FB-14",
        "W",
        "A full disk stops no answers",
        "With the file systems of logs and data full, the node answered as before.",
    ),
    (
        "FB-15",
        "W",
        "A wrong clock stops no answers",
        "Without time servers for a day, and with a clock an hour off, the node answered.",
    ),
    (
        "FB-16",
        "F",
        "What failed or was skipped cannot be marked live",
        "With a check of severity F failed, and with one skipped, the node went no further up.",
    ),
)
"""Id, severity, title, condition. Those that a machine can try on itself in minutes are tried by ``icann.imrs.drill``,
whose record stands for somebody's word.
"""

_LOADS = (
    (
        "DN-52",
        "W",
        "One source gets no more than its share",
        "What was too much was truncated or dropped; TCP was answered.",
    ),
    (
        "DN-55",
        "W",
        "Answers come soon",
        "Of 1,000 answers each, 99 % came within 1 ms over UDP, and within 3 ms over TCP.",
    ),
    (
        *("DN-56", "W", "Ten times the expected peak is answered"),
        "Ten times the peak of the profile was asked: no answer was wrong, and less than 0.1 % were missing.",
    ),
)
"""The same, by ``icann.imrs.load``."""

_OTHERS = (
    (
        "HD-07",
        "W",
        "No secret is in logs",
        "Logs, facts and diffs of the run were searched for the keys: none was found.",
    ),
    (
        *("ZI-03", "F", "Other letters have the same zone"),
        "Asked from outside, three other root servers had a serial that was at most two ahead of the masters'.",
    ),
    (
        *("ZI-09", "F", "NOTIFY has the zone looked at"),
        "A NOTIFY from each master was followed by a question for the SOA within 5 s.",
    ),
    (
        "ZI-10",
        "F",
        "A lost NOTIFY costs no more than the refresh",
        "Without NOTIFY, a new zone was served within 30 minutes.",
    ),
    (
        *("ZI-11", "F", "One master is enough, by either family"),
        "With one master after the other cut off, and with one family alone, new zones came.",
    ),
    (
        *("ZI-13", "F", "A zone with an altered record is refused"),
        "A lab's master gave out a zone with another address in glue: it was not served, or the node withdrew.",
    ),
    (
        *("ZI-14", "F", "An altered zone file is not announced"),
        "With another address in the file's glue, the nameserver was started while dark: nothing was announced.",
    ),
    (
        *("BG-16", "W", "A planned withdrawal is told before"),
        "At a drain, the host's router saw GRACEFUL_SHUTDOWN (RFC 8326) on the routes before they went.",
    ),
    (
        *("PR-03", "F", "Questions come by both families"),
        "Within an hour of the announcement there were questions over IPv4 and IPv6, and their ratio was written down.",
    ),
    (
        *("PR-08", "F", "Old and new instances answer alike"),
        "While both were announced, the new instance and the one that answered before gave the same answers.",
    ),
)
"""Id, severity, title, condition. Software could look at these, but not while a node is accepted: that takes hours,
another machine, or a master that does wrong. The lab tries ZI-13 on every change of this collection.
"""

ATTESTATIONS = (
    Attestation(
        *("OS-04", "F", "A reboot ends as it should"),
        "Rebooted, the node came back by itself in 10 minutes, and announced nothing before its zones were current.",
        "requirements OS-04; RSSAC047 section 5.3",
    ),
    Attestation(
        *("HD-08", "W", "The disks can be wiped"),
        "What erases the disks when the instance ends is at hand, and was looked at.",
        "requirements HD-08; ICANN FAQ q21",
    ),
    Attestation(
        *("HD-16", "F", "The BMC is out of reach from outside"),
        "Nothing of it answers outside the operator's networks, the host's included; HD-05 and HD-17 see the rest.",
        "HD-16, from requirements HD-05",
    ),
    Attestation(
        *("HW-06", "W", "The hardware is under warranty"), "The vendor's warranty has not ended.", "requirements HW-06"
    ),
    Attestation(
        *("HW-08", "W", "Each power supply has its own feed"),
        "Where there are two, each is fed by a feed of its own; pulled one after the other, the node ran on.",
        "HW-08, from requirements HW-05",
    ),
    *(Attestation(*each, f"requirements {each[0]}", ("node",)) for each in _OTHERS),
    *(Attestation(*each, f"requirements {each[0]}; docs/load.md", ("node",)) for each in _LOADS),
    *(Attestation(*each, f"requirements {each[0]}; docs/drills.md", ("node",)) for each in _DRILLS),
    Attestation(
        *("PR-05", "W", "The host filters forged sources"),
        "A packet with a foreign source address from the host's side was dropped, tried with the host's consent.",
        "requirements PR-05; ICANN FAQ q13; BCP 38",
    ),
    Attestation(
        *("PR-06", "W", "Upstreams announce as agreed"),
        "Route collectors see our AS behind the host's where that was agreed, and nowhere else.",
        "requirements PR-06",
    ),
    Attestation(
        *("PR-07", "W", "The catchment is no worse"),
        "Median round trips by country, before and after, from measurement probes: none is worse by more than 20 ms.",
        "requirements PR-07",
    ),
    Attestation(
        *("MM-01", "F", "Monitoring sees the node"),
        "The node is in monitoring, and a drill has fired every alert once.",
        "requirements MM-01; RSSAC001 section 3.7",
    ),
    Attestation(
        *("MM-02", "F", "RSSAC002 counters are right"),
        "For a day of tests each counter was there, and was the injected load within 1 %.",
        "requirements MM-02; RSSAC002",
        ("node",),
    ),
    Attestation(
        *("MM-03", "W", "Load times are recorded"),
        "From NOTIFY to a new serial that is answered: the 95th percentile is recorded.",
        "requirements MM-03; RSSAC002",
        ("node",),
    ),
    Attestation(
        *("MM-04", "W", "Captures can be taken and sent"),
        "A test capture was uploaded, and there is room for 50 hours of them.",
        "requirements MM-04",
        ("node",),
    ),
    Attestation(
        *("MM-05", "W", "Statistics cost no answers"),
        "Under load, statistics took less than 5 % of the processor, and no question was dropped.",
        "requirements MM-05; RSSAC024 answer 3.6.1",
        ("node",),
    ),
    Attestation(
        *("MM-06", "W", "The node is published"),
        "The list of locations, root-servers.org and the TXT records of all nodes have it.",
        "requirements MM-06; RSSAC001 section 3.1",
    ),
    Attestation(
        *("OB-01", "F", "The BMC works while the system is down"),
        "Login, serial console, power cycle and virtual media, from the operator's network.",
        "requirements OB-01; RSSAC024 answer 3.2.1",
    ),
    Attestation(
        *("OB-02", "F", "Operators get in without the service"),
        "SSH by the management interface, with the prefixes withdrawn and the uplink's sessions down.",
        "requirements OB-02",
    ),
    Attestation(
        *("OB-03", "F", "Host and operator reach each other"),
        "The host's remote hands were called; the host has the telephone and address of our NOC.",
        "requirements OB-03; RSSAC024 answer 3.5.2",
    ),
    Attestation(
        *("OB-04", "F", "The host has no way in"),
        "The host has no account, no key and no password, of the system or of the BMC.",
        "requirements OB-04; ICANN FAQ q15",
    ),
    Attestation(
        *("OB-05", "W", "The host knows how to disconnect"),
        "The host knows how the appliance is disconnected safely, and whom to tell.",
        "requirements OB-05; ICANN FAQ q18",
    ),
)

ATTESTED = frozenset(each.id for each in ATTESTATIONS)

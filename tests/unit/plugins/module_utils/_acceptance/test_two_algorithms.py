# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""While the root zone is signed with two algorithms, some answers fit no datagram (docs/zone-states.md)."""

from __future__ import annotations

import typing as t

import dns.message
import dns.rdatatype
from recordings import Scene, flags, message

TC = 0x0200


def doubled(section: str) -> t.Callable[[dns.message.Message], None]:
    """Each signature of a section a second time, as of another algorithm."""

    def change(parsed: dns.message.Message) -> None:
        for rrset in [each for each in getattr(parsed, section) if each.rdtype == dns.rdatatype.RRSIG]:
            rrset.add(rrset[0].replace(algorithm=13, key_tag=1))

    return change


def test_a_proof_that_fits_no_datagram_is_judged_over_tcp() -> None:
    """As it will be when the root zone is signed with two algorithms."""
    scene = Scene()
    message("nxdomain", doubled("authority"), transport="tcp")(scene)
    assert scene.judge("DN-15").status.value == "pass"
    message("nxdomain", lambda parsed: parsed.authority.clear(), transport="udp")(scene)
    flags("nxdomain", on=TC, transport="udp")(scene)
    assert scene.judge("DN-15").status.value == "pass"

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spoilt answers about EDNS, sizes, refusals and denial, and what the checks say of them; a part of test_checks.py."""

from __future__ import annotations

import typing as t

import dns.edns
import dns.flags
import dns.message
from recordings import Scene, Spoil, count, flags, message, octets, put, silence, with_record, without
from zone_cases import other, served

AA, TC, RA, AD, Z = 0x0400, 0x0200, 0x0080, 0x0020, 0x0040
NOERROR_FROM = 15
"""Bits to clear for response code NOERROR."""
NXDOMAIN, NOTIMP, REFUSED = 3, 4, 5


def changed(code: int, data: bytes = b"\1\2", flag: int = 0) -> t.Callable[[dns.message.Message], None]:
    """An answer with an EDNS option, or with an EDNS flag."""

    def change(parsed: dns.message.Message) -> None:
        options = [dns.edns.GenericOption(code, data)] if code else []
        rcode = parsed.rcode()
        parsed.use_edns(0, dns.flags.DO | flag, 1232, options=options)
        parsed.set_rcode(rcode)

    return change


def _longer(probe: str, by: int) -> Spoil:
    """So many octets more, of which nobody knows what they are."""

    def spoil(scene: Scene) -> None:
        exchange = scene.exchange(probe)
        put(exchange, octets(exchange))
        exchange["size"] += by

    return spoil


def _an_answer(parsed: dns.message.Message) -> None:
    with_record("answer", f"{parsed.question[0].name} 60 IN A 198.51.100.1")(parsed)


FAILS: list[tuple[str, str, Spoil, str]] = [
    ("DN-08", "too long", _longer("dnskey_udp", 800), "octets for an asker with room for 1232"),
    ("DN-08", "half of it", message("dnskey_udp", without("answer", "RRSIG", "DNSKEY")), "no RRSIG of the DNSKEY"),
    ("DN-09", "too long", _longer("dnskey_512", 800), "octets for an asker with room for 512"),
    ("DN-09", "cut, and nobody is told", flags("dnskey_512", off=TC), "no DNSKEY of ."),
    (
        "DN-12",
        "no proof",
        served(other(b"\0\x2f\0\1\0\1\x51\x80", b"\0\x10\0\1\0\1\x51\x80"), "unsigned", "NS", ""),
        "[mkl] authority: ",
    ),
    ("DN-14", "an answer", message("deep", _an_answer), "answer section not empty"),
    ("DN-14", "no DS", message("deep", without("authority", "DS")), "no DS of com."),
    ("DN-16", "NXDOMAIN", flags("nodata", on=NXDOMAIN), "NXDOMAIN instead of NOERROR"),
    ("DN-16", "no proof", message("nodata", without("authority", "NSEC")), "no NSEC of ."),
    ("DN-20", "ignored", message("edns1_option", lambda m: m.set_rcode(0)), "NOERROR instead of BADVERS"),
    ("DN-21", "refused", flags("option", on=REFUSED), "REFUSED instead of NOERROR"),
    ("DN-21", "echoed", message("option", changed(100)), "the unknown option is echoed"),
    ("DN-22", "echoed", message("edns_flag", changed(0, flag=0x0080)), "the unknown flag is echoed"),
    ("DN-23", "too long", _longer("size_100", 800), "octets for an asker with room for 512"),
    ("DN-23", "silent", silence("size_0"), "timeout"),
    (
        "DN-24",
        "answered",
        flags("two_opt", off=NOERROR_FROM),
        "two_opt: 199.7.83.42 udp: . SOA: response code 0 with 0 records",
    ),
    ("DN-24", "silent", silence("overrun"), "overrun: 199.7.83.42 udp: timeout"),
    ("DN-30", "one", message("cookie", changed(10, b"\0" * 24)), "a cookie"),
    ("DN-29", "answered", flags("other_class", off=NOERROR_FROM), "foo.bar. TXT: response code 0"),
    (
        "DN-35",
        "open",
        lambda scene: (flags("ixfr", off=NOERROR_FROM)(scene), count("ixfr", 6, 2)(scene)),
        "with 2 records",
    ),
    ("DN-36", "open", flags("axfr_other", off=NOERROR_FROM), "example.net. AXFR: response code 0"),
    ("DN-36", "recursive", flags("recursive", on=RA), "ra=1"),
    ("DN-36", "answered", message("recursive", _an_answer), "answer section not empty"),
    ("DN-38", "AD", flags("bits", on=AD), "ad=1"),
    ("DN-38", "Z", flags("bits", on=Z), "z=1"),
    ("DN-40", "done", flags("update", off=NOERROR_FROM), ". SOA: response code 0"),
    ("DN-41", "heard", flags("notify", off=NOERROR_FROM), ". SOA: response code 0"),
    ("DN-43", "too long for it", flags("longest", off=NOERROR_FROM), "NOERROR instead of NXDOMAIN"),
]

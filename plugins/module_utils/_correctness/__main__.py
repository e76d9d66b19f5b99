# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
"""Ask a server, and say of each answer whether it is right. Exit status: 0 yes, 1 no, 2 it could not be asked."""

from __future__ import annotations

import argparse
import ipaddress
import pathlib
import random
import sys
import time
import typing as t

from . import ask, compare
from .zone import HAS_DNSPYTHON, Zone

RIGHT, WRONG, SILENT = "right", "wrong", "silent"


class _Stop(Exception):  # noqa: N818 - no error of this program
    """Why nothing can be said, in a sentence."""


def main(argv: t.Sequence[str] | None = None) -> int:
    """Run it."""
    options = _options(argv)
    if not HAS_DNSPYTHON:
        return _refuse("the Python library dnspython is missing; install it")
    try:
        zones = [_read(text) for text in options.zone or []]
        return max(_server(address, zones, options) for address in options.server)
    except _Stop as stop:
        return _refuse(str(stop))


def _options(argv: t.Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="_correctness", description=__doc__)
    parser.add_argument("server", nargs="+", help="address of a server that has the zone")
    parser.add_argument(
        "--zone",
        action="append",
        required=True,
        metavar="[ORIGIN=]FILE",
        help="the zone that it serves, verified before (ldns-verify-zone -ZZ); of the root if no origin is given. The "
        "first one is asked for; those below it that the server has, too, have to be given as well",
    )
    parser.add_argument("--port", type=int, default=53)
    parser.add_argument("--number", type=int, default=50, help="questions over UDP and over TCP each (default: 50)")
    parser.add_argument("--all", action="store_true", help="ask for every delegation instead")
    parser.add_argument("--per-second", type=float, default=20.0, help="questions a second at most (default: 20)")
    parser.add_argument("--complete", action="store_true", help="over TCP, no address may be left out")
    parser.add_argument("--seed", type=int, help="ask the same as another time")
    return parser.parse_args(argv)


def _refuse(why: str) -> int:
    sys.stderr.write(f"error: {why}\n")
    return 2


def _read(text: str) -> Zone:
    origin, equals, file = text.rpartition("=")
    try:
        return Zone.read(pathlib.Path(file).read_text(encoding="ascii"), origin if equals else ".")
    except (OSError, ValueError) as error:
        raise _Stop(f"{file}: {error}; give the zone as a master file with full names") from None


def _server(address: str, zones: list[Zone], options: argparse.Namespace) -> int:
    """Ask one server; its exit status."""
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise _Stop(f"{address} is no IP address; give the server's address") from None
    zone, served = zones[0], {each.origin for each in zones[1:]}
    _same_serial(address, zone, options)
    if options.all:
        questions = list(ask.everything(zone, served=served))
    else:
        questions = ask.sample(zone, options.number, random.Random(options.seed), served=served)  # noqa: S311 - no secret: which questions
    results: list[str] = []
    for question in questions:
        for tcp in (False, True):
            started = time.monotonic()
            results.append(_told(address, zones, ask.ask(address, options.port, question, tcp=tcp), options))
            # It may be somebody else's server: never faster than that.
            time.sleep(max(0.0, started + 1 / options.per_second - time.monotonic()))
    wrong, silent = results.count(WRONG), results.count(SILENT)
    if wrong:
        _same_serial(address, zone, options)  # or they were right meanwhile
    without = f", {silent} questions without an answer" if silent else ""
    heard = len(results) - silent
    sys.stdout.write(f"{address}: {heard} answers of serial {zone.serial}: {wrong or 'none'} wrong{without}\n")
    return 1 if wrong else 2 if silent else 0


def _same_serial(address: str, zone: Zone, options: argparse.Namespace) -> None:
    """The server and the file have the same zone, or nothing can be said."""
    exchange = ask.ask(address, options.port, ask.Question(zone.origin, "SOA"), tcp=True)
    if exchange.error:
        raise _Stop(f"{address}: {exchange.error}")
    there = compare.serial(exchange.answer, zone.origin)
    if there is None:
        raise _Stop(f"{address} gives no SOA of {zone.origin}")
    if there != zone.serial:
        raise _Stop(f"{address} has serial {there}, and the file has {zone.serial}; give the file of the same serial")


def _told(address: str, zones: list[Zone], exchange: ask.Exchange, options: argparse.Namespace) -> str:
    """What became of a question, after what is wrong was printed."""
    where = f"{address} {'tcp' if exchange.tcp else 'udp'} {exchange.question.name} {exchange.question.kind}"
    if exchange.error:
        sys.stdout.write(f"{where}: no answer: {exchange.error}\n")
        return SILENT
    differences = compare.differences(
        zones, exchange.query, exchange.answer, tcp=exchange.tcp, now=time.time(), complete=options.complete
    )
    sys.stdout.write("".join(f"{where}: {each}\n" for each in differences))
    return WRONG if differences else RIGHT


if __name__ == "__main__":
    sys.exit(main())

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""``imrs-cards``: set the network cards as ``/etc/imrs/cards.json`` says, and back where it says nothing any more.

Runs as root, at each boot when the ports are up (some drivers forget what was set before, or refuse it), and whenever
the file changes. Most cards lose their link for some seconds meanwhile; where nothing differs, nothing is set. How a
card was before the first change is kept until the next boot, so that a file that is put back takes the card with it.

A card that cannot be set is told of in the log, and is no failure: the node serves with what it has, and acceptance
warns (HW-09).
"""

from __future__ import annotations

import argparse
import functools
import json
import pathlib
import sys
import time
import typing as t

from .._probes import cards
from .settings import NOTHING, Settings, State, lacking, target

PATIENCE, PAUSE = 15.0, 0.2
"""Seconds that ports may take to be up at a boot, and between two looks."""
UP = 0x1
"""``IFF_UP`` (netdevice(7))."""


class Machine(t.NamedTuple):
    """What the program works on; tests hand in their own."""

    network: pathlib.Path = pathlib.Path("/sys/class/net")
    ask: cards.Ask = cards.ask
    now: t.Callable[[], float] = time.monotonic
    pause: t.Callable[[float], None] = time.sleep

    def up(self, port: str) -> bool:
        """Whether a port is there and not shut down; a cable is another matter."""
        try:
            return bool(int((self.network / port / "flags").read_text(encoding="ascii"), 16) & UP)
        except OSError:
            return False

    def wait(self, ports: t.Iterable[str]) -> None:
        """Until these are up, or for some seconds."""
        end = self.now() + PATIENCE
        while not all(map(self.up, ports)) and self.now() < end:
            self.pause(PAUSE)

    def read(self, port: str) -> State:
        """How a card is set."""
        try:
            hashed = {family: cards.fields(port, flow, asked=self.ask) for family, flow in cards.UDP.items()}
        except OSError:
            hashed = {}
        return State(cards.channels(port, self.ask), cards.rings(port, self.ask), hashed or None)

    def change(self, port: str, found: State, wanted: State) -> t.Iterator[str]:
        """Set what differs, each by itself, and say what came of it."""
        for what, before, after, command in (
            ("queues", found.channels, wanted.channels, cards.SET_CHANNELS),
            ("ring buffers", found.rings, wanted.rings, cards.SET_RINGS),
        ):
            if after is not None and after != before:
                yield self._set(port, what, functools.partial(cards.numbers, port, command, after, self.ask))
        for family, fields in (wanted.hashed or {}).items():
            if fields != (found.hashed or {}).get(family):
                change = functools.partial(cards.fields, port, cards.UDP[family], fields, self.ask)
                yield self._set(port, f"what spreads UDP over {family}", change)

    def _set(self, port: str, what: str, change: t.Callable[[], object]) -> str:
        try:
            change()
        except OSError as error:
            return f"{port}: {what}: not set: {error.strerror}"
        return f"{port}: {what}: set"


def main(arguments: list[str] | None = None, machine: Machine | None = None) -> int:
    """0, whatever the cards can; 1 when the file cannot be read. A line for each thing that was done, or was not."""
    parser = argparse.ArgumentParser(prog="imrs-cards", description="Set the network cards as the profile says.")
    parser.add_argument("--config", type=pathlib.Path, default=pathlib.Path("/etc/imrs/cards.json"), metavar="FILE")
    parser.add_argument("--memory", type=pathlib.Path, default=pathlib.Path("/run/imrs-cards"), metavar="DIRECTORY")
    given = parser.parse_args(arguments)
    try:
        ports = _read(given.config)
        for line in _apply(ports, given.memory, machine or Machine()):
            sys.stdout.write(f"{line}\n")
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        sys.stderr.write(f"imrs-cards: {error}\n")
        return 1
    return 0


def _read(path: pathlib.Path) -> dict[str, Settings]:
    """By port, what it is to be set to. Without the file nothing is: role network comes after the gate's."""
    if not path.exists():
        return {}
    found = json.loads(path.read_text(encoding="utf-8"))
    return dict.fromkeys(map(str, found["ports"]), Settings.read(found["settings"]))


def _apply(ports: t.Mapping[str, Settings], memory: pathlib.Path, machine: Machine) -> t.Iterator[str]:
    remembered = {path.stem for path in memory.glob("*.json")} if memory.is_dir() else set()
    wanted = {port: settings for port, settings in ports.items() if settings != NOTHING}
    machine.wait(wanted)
    for port in sorted(wanted.keys() | remembered):
        settings, found = wanted.get(port, NOTHING), machine.read(port)
        if not machine.up(port) and found == State():
            yield f"{port}: there is no such port, or it is not up"
            continue
        yield from (f"{port}: the card has {what}" for what in lacking(settings, found))
        yield from machine.change(port, found, target(settings, found, _first(memory, port, found)))


def _first(memory: pathlib.Path, port: str, found: State) -> State:
    """How a card was at first; from now on that is kept."""
    path = memory / f"{port}.json"
    if path.exists():
        return State.parse(json.loads(path.read_text(encoding="utf-8")))
    memory.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found.data()) + "\n", encoding="utf-8")
    return found

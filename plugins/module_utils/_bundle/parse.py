# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""From a task's arguments to a Bundle; every complaint names the bundle, the place and the remedy."""

from __future__ import annotations

import os
import re
import shlex
import typing as t

from .model import DISRUPTIONS, SOURCES, Activation, Bundle, BundleError, Command, Confirm, Directory, File, Unit
from .windows import Window, window

KEYS = {
    "bundle": (
        *("name", "directories", "files", "absent", "check", "activate", "ensure", "probe", "probe_timeout"),
        *("confirm", "in_service", "windows", "disrupt", "foresee"),
    ),
    "directories": ("path", "owner", "group", "mode", "exclusive"),
    "files": (*SOURCES, "dest", "owner", "group", "mode", "secret"),
    "activate": ("command", "when_changed", "disruption", "unit", "reload_lines"),
    "ensure": ("unit", "enabled", "started"),
    "confirm": ("seconds", "when_changed", "token"),
    "windows": ("day", "start", "end"),
}
"""Every key that may be given, by the list it stands in."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_TAKEN = ("last-rollback",)  # the state directory has a file of that name
_MODE = re.compile(r"0?[0-7]{3,4}")
_TOKEN = re.compile(r"[0-9a-f]{16}")
_TRUTH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


class _Reader:
    """Reads one bundle; knows its name for the complaints."""

    def __init__(self, name: str) -> None:
        self.name = name

    def wrong(self, place: str, problem: str) -> BundleError:
        return BundleError(f"bundle {self.name}: {place}: {problem}")

    def items(self, raw: t.Mapping[str, t.Any], key: str) -> list[t.Any]:
        value = raw.get(key)
        if value is None:
            return []
        if not isinstance(value, (list, tuple)):
            raise self.wrong(key, "must be a list; write its entries with a dash in front, also when there is only one")
        return list(value)

    def mappings(self, raw: t.Mapping[str, t.Any], key: str) -> t.Iterator[tuple[str, t.Mapping[str, t.Any]]]:
        for index, item in enumerate(self.items(raw, key)):
            place = f"{key}[{index}]"
            if not isinstance(item, t.Mapping):
                raise self.wrong(place, "must be a mapping of keys to values")
            label = item.get("dest") or item.get("path") or item.get("unit")
            place = f"{place} ({label})" if label else place
            self.known(item, key, place)
            yield place, {name: value for name, value in item.items() if value is not None}

    def known(self, item: t.Mapping[str, t.Any], kind: str, place: str) -> None:
        unknown = sorted(str(key) for key in item if key not in KEYS[kind])
        if unknown:
            raise self.wrong(place, f"unknown key {', '.join(unknown)}; known are {', '.join(KEYS[kind])}")

    def text(self, item: t.Mapping[str, t.Any], key: str, place: str, default: str | None = None) -> str:
        value = item.get(key, default)
        if not isinstance(value, (str, int)) or isinstance(value, bool) or not str(value):
            raise self.wrong(place, f"{key} must be given, as text")
        return str(value)

    def truth(self, item: t.Mapping[str, t.Any], key: str, place: str) -> bool | None:
        value = item.get(key)
        if value is None or isinstance(value, bool):
            return value
        if str(value).lower() in _TRUTH:
            return _TRUTH[str(value).lower()]
        raise self.wrong(place, f"{key} must be true or false, not {value!r}")

    def path(self, value: object, place: str) -> str:
        if not isinstance(value, str) or not value.startswith("/"):
            raise self.wrong(
                place, f"{value!r} is not an absolute path; write it from the root, as in /etc/nftables.conf"
            )
        if value == "/" or os.path.normpath(value) != value or any(character < " " for character in value):
            raise self.wrong(place, f"{value!r} is not a plain path; leave out '..', '//' and the slash at the end")
        return str(value)

    def mode(self, item: t.Mapping[str, t.Any], place: str, default: str) -> int:
        value = item.get("mode", default)
        if not isinstance(value, str) or not _MODE.fullmatch(value):
            raise self.wrong(place, f'mode {value!r} is not octal text; write it in quotes, as in "0644"')
        return int(value, 8)

    def command(self, value: object, place: str) -> Command:
        try:
            argv = (
                shlex.split(value) if isinstance(value, str) else [str(word) for word in t.cast("list[object]", value)]
            )
        except ValueError as error:
            raise self.wrong(place, f"{value!r} cannot be split into words: {error}") from None
        except TypeError:
            raise self.wrong(place, f"{value!r} is neither text nor a list of words") from None
        if not argv:
            raise self.wrong(place, "the command is empty")
        return Command(tuple(argv))

    def commands(self, raw: t.Mapping[str, t.Any], key: str) -> tuple[Command, ...]:
        return tuple(self.command(value, f"{key}[{index}]") for index, value in enumerate(self.items(raw, key)))

    def directories(self, raw: t.Mapping[str, t.Any]) -> tuple[Directory, ...]:
        found = [
            Directory(
                path=self.path(item.get("path"), place),
                owner=self.text(item, "owner", place, "root"),
                group=self.text(item, "group", place, "root"),
                mode=self.mode(item, place, "0755"),
                exclusive=bool(self.truth(item, "exclusive", place)),
            )
            for place, item in self.mappings(raw, "directories")
        ]
        return tuple(sorted(found, key=lambda directory: directory.path))

    def files(self, raw: t.Mapping[str, t.Any], contents: t.Sequence[bytes] | None) -> tuple[File, ...]:
        found = []
        for index, (place, item) in enumerate(self.mappings(raw, "files")):
            sources = [source for source in SOURCES if source in item]
            if contents is None and len(sources) != 1:
                raise self.wrong(place, f"give exactly one of {', '.join(SOURCES)}, not {len(sources)}")
            if contents is not None and index >= len(contents):
                raise self.wrong(place, "its content did not arrive; run the task again")
            secret = bool(self.truth(item, "secret", place))
            found.append(
                File(
                    dest=self.path(item.get("dest"), place),
                    content=contents[index] if contents is not None else b"",
                    owner=self.text(item, "owner", place, "root"),
                    group=self.text(item, "group", place, "root"),
                    mode=self.mode(item, place, "0640" if secret else "0644"),
                    secret=secret,
                )
            )
        return tuple(found)

    def activations(self, raw: t.Mapping[str, t.Any]) -> tuple[Activation, ...]:
        found = []
        for place, item in self.mappings(raw, "activate"):
            disruption = item.get("disruption", "none")
            if disruption not in DISRUPTIONS:
                raise self.wrong(place, f"disruption {disruption!r} is none of {', '.join(DISRUPTIONS)}")
            patterns = tuple(str(pattern) for pattern in self.items(item, "when_changed"))
            unit = self.text(item, "unit", place) if "unit" in item else ""
            soft = tuple(str(pattern) for pattern in self.items(item, "reload_lines"))
            found.append(Activation(self.command(item.get("command"), place), patterns, str(disruption), unit, soft))
        return tuple(found)

    def units(self, raw: t.Mapping[str, t.Any]) -> tuple[Unit, ...]:
        return tuple(
            Unit(
                unit=self.text(item, "unit", place),
                enabled=self.truth(item, "enabled", place),
                started=self.truth(item, "started", place),
            )
            for place, item in self.mappings(raw, "ensure")
        )

    def confirm(self, raw: t.Mapping[str, t.Any]) -> Confirm | None:
        given = raw.get("confirm")
        if given is None:
            return None
        if not isinstance(given, t.Mapping):
            raise self.wrong("confirm", "must be a mapping, as in {seconds: 60, when_changed: [/etc/ssh/*]}")
        self.known(given, "confirm", "confirm")
        seconds = given.get("seconds")
        try:
            whole = 0 if isinstance(seconds, bool) else int(str(seconds))
        except ValueError:
            whole = 0
        if not 5 <= whole <= 3600:
            raise self.wrong("confirm", f"seconds {seconds!r} is not a whole number between 5 and 3600")
        token = str(given.get("token") or "")
        if token and not _TOKEN.fullmatch(token):
            raise self.wrong("confirm", "token is not for you to give; leave it out")
        return Confirm(whole, tuple(str(pattern) for pattern in self.items(given, "when_changed")), token)

    def windows(self, raw: t.Mapping[str, t.Any]) -> tuple[Window, ...]:
        found = []
        for place, item in self.mappings(raw, "windows"):
            try:
                found.append(window(item.get("day"), item.get("start"), item.get("end")))
            except ValueError as error:
                raise self.wrong(place, str(error)) from None
        return tuple(found)

    def optional(self, raw: t.Mapping[str, t.Any], key: str) -> Command | None:
        return self.command(raw[key], key) if raw.get(key) else None

    def timeout(self, raw: t.Mapping[str, t.Any]) -> float:
        value = raw.get("probe_timeout")
        try:
            seconds = 15.0 if value is None else float(value)
        except (TypeError, ValueError):
            seconds = -1.0
        if not 0 <= seconds <= 3600:
            raise self.wrong("probe_timeout", f"{value!r} is not a number of seconds between 0 and 3600")
        return seconds


def parse(raw: t.Mapping[str, t.Any], contents: t.Sequence[bytes] | None = None) -> Bundle:
    """Read a task's arguments.

    Without ``contents`` each file must say where its content comes from; with them, the content of ``files[n]``
    is ``contents[n]``.
    """
    name = raw.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in _TAKEN:
        raise BundleError(f"bundle {name!r}: name must be lower case letters, digits, '-' and '_', as in nameserver")
    reader = _Reader(str(name))
    reader.known(raw, "bundle", "arguments")
    bundle = Bundle(
        name=str(name),
        directories=reader.directories(raw),
        files=reader.files(raw, contents),
        absent=tuple(reader.path(path, f"absent[{index}]") for index, path in enumerate(reader.items(raw, "absent"))),
        check=reader.commands(raw, "check"),
        activate=reader.activations(raw),
        ensure=reader.units(raw),
        probe=reader.commands(raw, "probe"),
        probe_timeout=reader.timeout(raw),
        confirm=reader.confirm(raw),
        in_service=reader.optional(raw, "in_service"),
        windows=reader.windows(raw),
        disrupt=bool(reader.truth(raw, "disrupt", "arguments")),
        foresee=reader.optional(raw, "foresee"),
    )
    seen: dict[str, str] = {}
    for kind, paths in (
        ("directories", [directory.path for directory in bundle.directories]),
        ("files", [file.dest for file in bundle.files]),
        ("absent", list(bundle.absent)),
    ):
        for path in paths:
            if path in seen:
                raise reader.wrong(kind, f"{path} is listed twice (also in {seen[path]}); keep one of them")
            seen[path] = kind
    return bundle

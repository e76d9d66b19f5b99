# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Decoded JSON, taken apart key by key: every value is checked, and every complaint names its place."""

from __future__ import annotations

import contextlib
import ipaddress
import typing as t

from .. import _addressing as addressing


class ConfigError(ValueError):
    """The data cannot be used; the text names the place and what was expected there."""


_REQUIRED: t.Any = object()


class Table:
    """One JSON object: hands out checked values, and refuses what nobody asked for."""

    def __init__(self, data: t.Any, path: str) -> None:
        if not isinstance(data, dict):
            raise ConfigError(f"{path or 'top level'}: must be an object")
        self._data = dict(data)
        self._path = path

    def finish(self) -> None:
        """Nothing may be left; ConfigError that names a key nobody took."""
        if self._data:
            raise ConfigError(f"{self._at(next(iter(self._data)))}: is not a known key")

    def has(self, key: str) -> bool:
        """Whether it is there and not taken yet."""
        return key in self._data

    def table(self, key: str, default: t.Any = _REQUIRED) -> Table:
        """An object inside."""
        return Table(self._take(key, default), self._at(key))

    def tables(self, key: str) -> list[Table]:
        """A list of objects."""
        value = self._take(key)
        if not isinstance(value, list):
            raise ConfigError(f"{self._at(key)}: must be a list of objects, not {value!r}")
        return [Table(item, f"{self._at(key)}[{number}]") for number, item in enumerate(value)]

    def choice(self, key: str, among: tuple[str, ...]) -> str:
        """One of these texts."""
        value = self.text(key)
        if value not in among:
            raise ConfigError(f"{self._at(key)}: must be one of {', '.join(among)}, not {value!r}")
        return value

    def flag(self, key: str) -> bool:
        """True or false."""
        value = self._take(key)
        if not isinstance(value, bool):
            raise ConfigError(f"{self._at(key)}: must be true or false, not {value!r}")
        return value

    def text(self, key: str, default: t.Any = _REQUIRED) -> str:
        """A text that is not empty, unless the default is."""
        value = self._take(key, default)
        if not isinstance(value, str) or not (value or default == ""):
            raise ConfigError(f"{self._at(key)}: must be text, not {value!r}")
        return value

    def texts(self, key: str, among: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """A list of texts, each one of ``among`` where that is given."""
        value = self._take(key)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ConfigError(f"{self._at(key)}: must be a list of texts, not {value!r}")
        for item in value:
            if among is not None and item not in among:
                raise ConfigError(f"{self._at(key)}: {item} is not one of the IMRS's ({', '.join(among)})")
        return tuple(value)

    def integer(self, key: str, least: int, most: int, default: t.Any = _REQUIRED) -> int:
        """A whole number within bounds."""
        value = self._take(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ConfigError(f"{self._at(key)}: must be a whole number from {least} to {most}, not {value!r}")
        return value

    def number(self, key: str, least: float, most: float, default: t.Any = _REQUIRED) -> float:
        """A number within bounds."""
        value = self._take(key, default)
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not least <= value <= most:
            raise ConfigError(f"{self._at(key)}: must be a number from {least:g} to {most:g}, not {value!r}")
        return float(value)

    def address(self, key: str, family: str, default: t.Any = _REQUIRED) -> str:
        """An address of that family, in its one spelling."""
        return self._address(self._take(key, default), key, family)

    def any_address(self, key: str) -> str:
        """An address of either family."""
        value = self._take(key)
        for family in addressing.FAMILIES:
            with contextlib.suppress(ConfigError):
                return self._address(value, key, family)
        raise ConfigError(f"{self._at(key)}: must be an IP address, not {value!r}")

    def addresses(self, family: str) -> tuple[str, ...]:
        """Addresses of that family, under its name."""
        return tuple(self._address(item, family, family) for item in self.texts(family))

    def _address(self, value: t.Any, key: str, family: str) -> str:
        try:
            address = ipaddress.ip_address(value)
        except ValueError:
            address = None
        if address is None or not isinstance(value, str) or f"ipv{address.version}" != family:
            raise ConfigError(f"{self._at(key)}: must be an {family} address, not {value!r}")
        return str(address)

    def _take(self, key: str, default: t.Any = _REQUIRED) -> t.Any:
        value = self._data.pop(key, default)
        if value is _REQUIRED:
            raise ConfigError(f"{self._at(key)}: is missing")
        return value

    def _at(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

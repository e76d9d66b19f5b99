# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a machine's BMC (baseboard management controller) says, asked from within by ``ipmitool``: sensors, accounts,
LAN.

The way is the kernel's (``/dev/ipmi0``), so no password is needed and no packet is sent. Nothing is set, and no other
way of the BMC's is tried. What a question had for an answer stands for itself: one that failed is ``{"error": why}``.
How it is asked, and what ipmitool prints: ipmitool(1), and its source, release 1.8.19.
"""

from __future__ import annotations

import functools
import pathlib
import re
import time
import typing as t

from . import host

DEVICES = ("dev/ipmi0", "dev/ipmi/0", "dev/ipmidev/0")
"""The kernel's way to the first BMC, as ipmitool looks for it."""
PATIENCE, SENSORS = 60.0, 45.0
"""Seconds for all questions together, and for those to all sensors. A slow BMC takes 0.1 s for each of 200 sensors."""
CHANNELS = range(1, 12)
"""Those that may be a LAN (IPMI 2.0 section 6.3). Which one is, is the vendor's choice: 1, 2 and 8 have been seen."""
LAN = "802.3 LAN"

NO_SUCH_CHANNEL = re.compile(
    "Invalid command|Invalid data field in request|Parameter out of range|Destination unavailable"
)
"""Completion codes by which a BMC says that it has no such channel, or no channels at all (IPMI 2.0 table 5-2)."""
NOBODY = "(Empty User)"
"""What iLO calls an account without a name."""

_FIELD = re.compile(r"\s*([^:]+?)\s*:\s?(.*?)\s*$")
_AUXILIARY = re.compile(r"\s*0x([0-9a-f]{2})\s*$", re.IGNORECASE)
_LEVEL = re.compile(r"\s*(?:Auth Type Enable\s*)?:?\s*(Callback|User|Operator|Admin|OEM)\s*:\s*(.*?)\s*$")

Json = dict[str, t.Any]
Runner = t.Callable[[t.Sequence[str], float], Json]
"""``host.run`` with its time limit; tests hand in their own."""


class NoAnswerError(Exception):
    """A question to the BMC came to nothing; with why."""


def _fields(text: str) -> dict[str, str]:
    """The lines ``name : value``; of a name that comes again, the first one."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if match := _FIELD.match(line):
            found.setdefault(match[1], match[2])
    return found


def parse_info(text: str) -> Json:
    """``ipmitool mc info``: the firmware's ``revision``, such as ``2.51``, and what the vendor has besides it
    (``auxiliary``: four octets such as ``00 3c 1e 1e``, or nothing).
    """
    found = _fields(text)
    if "Firmware Revision" not in found:
        raise NoAnswerError("ipmitool mc info does not say which firmware there is")
    octets = [match[1].lower() for line in text.splitlines() if (match := _AUXILIARY.match(line))]
    return {"revision": found["Firmware Revision"], "auxiliary": " ".join(octets)}


def parse_sensors(text: str) -> list[Json]:
    """``ipmitool sdr elist``: each sensor with its ``status`` (``ok``, ``ns`` for one that is not read, or the
    threshold that is passed, such as ``lcr`` for lower critical), its ``entity`` (``10.2``: of power supply 2) and its
    ``reading``.
    """
    rows = [[part.strip() for part in line.split("|", 4)] for line in text.splitlines()]
    return [{"name": row[0], "status": row[2], "entity": row[3], "reading": row[4]} for row in rows if len(row) == 5]


def parse_chassis(text: str) -> list[str]:
    """``ipmitool chassis status``: the faults that it tells of, such as ``Cooling/Fan Fault``."""
    found = _fields(text)
    if "System Power" not in found:
        raise NoAnswerError("ipmitool chassis status says nothing of the power")
    faults = ("Power Overload", "Main Power Fault", "Power Control Fault", "Drive Fault", "Cooling/Fan Fault")
    return [name for name in faults if found.get(name) == "true"]


def parse_lan(text: str) -> Json:
    """``ipmitool lan print N``: address and where it is from; ``suites``, the cipher suites that are offered (None
    where they are not told), with the highest privilege of each by its place (``privileges``: a letter each, X for
    none; empty where that is not told); ``open``, the privilege levels for which no password is asked.

    Suite 0 is the first one, if it is there at all. A vendor may count the other places by the list or by the suite.
    """
    found = _fields(text)
    if "IP Address" not in found or "Cipher Suite Priv Max" not in found:
        raise NoAnswerError("ipmitool lan print broke off")  # it ends at the first answer that does not come
    levels = [match for line in text.splitlines() if (match := _LEVEL.match(line))]
    suites, privileges = found.get("RMCP+ Cipher Suites"), found["Cipher Suite Priv Max"]
    listed = [int(part) for part in (suites or "").split(",") if part.strip().isdigit()]
    return {
        "address": found["IP Address"],
        "source": found.get("IP Address Source", ""),
        "suites": listed if listed or suites is None else None,  # without the line it has no RMCP+
        "privileges": privileges if re.fullmatch("[XcuoaO]+", privileges) else "",
        "open": [level[1] for level in levels if "NONE" in level[2].split()],
    }


def parse_lan6(text: str) -> list[str]:
    """``ipmitool lan6 print N``: every IPv6 address that is in use, without its length."""
    found = re.findall(r"Address:\s+([0-9a-fA-F:.]+)/\d+", text)
    return [address for address in dict.fromkeys(found) if address != "::"]


def parse_accounts(text: str) -> list[Json]:
    """``ipmitool channel getaccess N``: each account with its name (it may be empty), whether it is ``enabled`` (None
    where the BMC does not say), whether it may speak IPMI (``messaging``), and its ``privilege`` on that channel.
    """
    found = []
    for part in text.split("\n\n"):
        fields = _fields(part)
        if "User ID" in fields:
            said = {"enabled": True, "disabled": False}.get(fields.get("Enable Status", ""))
            found.append(
                {
                    "number": fields["User ID"],
                    "name": fields.get("User Name", "").replace(NOBODY, ""),
                    "enabled": said,
                    "messaging": fields.get("IPMI Messaging") == "enabled",
                    "privilege": fields.get("Privilege Level", ""),
                }
            )
    if not found:
        raise NoAnswerError("ipmitool channel getaccess names no account")
    return found


class _Asked:
    """Questions to one BMC, one after the other, as it has one ear."""

    def __init__(self, runner: Runner, patience: float) -> None:
        self._run, self._until = runner, time.monotonic() + patience

    def ask(self, *words: str, most: float = 20.0) -> Json:
        """One answer; NoAnswerError where the time is over, or ipmitool is not there or did not come to an end."""
        left = min(most, self._until - time.monotonic())
        if left <= 0:
            raise NoAnswerError(f"not asked, as the other questions took {PATIENCE:g} s")
        done = self._run(["ipmitool", *words], left)
        if done["rc"] in host.NO_ANSWER:
            raise NoAnswerError(done["stderr"].strip()[:200] or f"ipmitool ended with {done['rc']}")
        return done

    def told(self, *words: str, most: float = 20.0) -> str:
        """The text of one answer; NoAnswerError where there is none."""
        done = self.ask(*words, most=most)
        if done["rc"] == 0:
            return str(done["stdout"])
        said = (done["stderr"].strip() or done["stdout"].strip()).splitlines()
        raise NoAnswerError(f"ipmitool {' '.join(words)}: {said[0] if said else done['rc']}"[:200])

    def channel(self, number: int) -> Json | None:
        """One channel, if it is a LAN; None where there is no such channel, or it is something else."""
        done = self.ask("channel", "info", str(number))
        fields = _fields(done["stdout"])
        if fields.get("Channel Medium Type") != LAN:
            if done["rc"] == 0 or NO_SUCH_CHANNEL.search(done["stderr"]):
                return None
            raise NoAnswerError(f"ipmitool channel info {number}: {done['stderr'].strip()}"[:200])
        found = {"number": number, "mode": fields.get("Access Mode", ""), "addresses": []}
        found |= parse_lan(self.ask("lan", "print", str(number))["stdout"])
        six = self.ask("lan6", "print", str(number))  # many a BMC knows no IPv6, or does not tell of it so
        return {
            **found,
            "addresses": [found["address"], *parse_lan6(six["stdout"])],
            "accounts": parse_accounts(self.told("channel", "getaccess", str(number))),
        }

    def channels(self) -> list[Json]:
        """Every channel that is a LAN."""
        return [found for number in CHANNELS if (found := self.channel(number))]


def _part(read: t.Callable[[], t.Any]) -> t.Any:
    """One answer, or why there is none."""
    try:
        return read()
    except NoAnswerError as error:
        return {"error": str(error)}
    except Exception as error:  # noqa: BLE001 - whatever is odd about one answer must not lose the others
        return {"error": f"not understood: {type(error).__name__} {error}"[:200]}


def read(root: pathlib.Path = pathlib.Path("/"), runner: Runner = host.run, patience: float = PATIENCE) -> Json:
    """Everything that is asked of the BMC. ``there``: the kernel has found one. ``device``: it has a way to it.
    ``installed``: there is an ipmitool; None where nobody looked.
    """
    there = any(root.glob("sys/devices/platform/ipmi_bmc.*"))
    if not any((root / name).exists() for name in DEVICES):
        return {"there": there, "device": False, "installed": None}
    asked = _Asked(runner, patience)
    if runner(["ipmitool", "-V"], 10.0)["rc"] == host.MISSING:
        return {"there": True, "device": True, "installed": False}
    return {
        "there": True,
        "device": True,
        "installed": True,
        "info": _part(lambda: parse_info(asked.told("mc", "info"))),
        "channels": _part(asked.channels),
        "chassis": _part(lambda: parse_chassis(asked.told("chassis", "status"))),
        # Last, as they take the longest.
        "sensors": _part(functools.partial(_sensors, asked)),
    }


def _sensors(asked: _Asked) -> list[Json]:
    """All sensors. That one of them cannot be read makes ipmitool end with 1, and print the others all the same."""
    done = asked.ask("sdr", "elist", most=SENSORS)
    found = parse_sensors(done["stdout"])
    if not found and done["rc"]:
        raise NoAnswerError(f"ipmitool sdr elist: {done['stderr'].strip() or done['rc']}"[:200])
    return found

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The BMC, as the machine itself sees it: who is let in, where it is, what its sensors say, and which firmware runs.

None of it does harm: a fan that fails, or an account too many in the BMC, answers no question wrongly and announces
nothing, and whoever could bring it about from afar would take nodes down by it. A node that is live stays so.

What only others see, as whether the BMC can be reached from outside, is attested by people (HD-16, HW-08).
"""

from __future__ import annotations

import ipaddress
import re
import typing as t

from .. import machine
from ..check import FUNCTIONS, Status, Verdict, check, failed, passed, skipped, verdict
from ..evidence import Missing

if t.TYPE_CHECKING:
    from ..evidence import Evidence
    from ..expected import Expected

Row = t.Mapping[str, t.Any]

VENDORS_NAMES = frozenset(
    {"admin", "administrator", "guest", "root", "superuser", "supervisor", "sysadmin", "user", "userid"}
)
"""Names, in small letters, under which vendors deliver BMCs: ADMIN (Supermicro, Fujitsu, Gigabyte), Administrator (HPE,
Huawei), root (Dell, Intel, OpenBMC), USERID (Lenovo), sysadmin and superuser (AMI's firmware). The passwords of many
are in their manuals, and who tries others knows half of what is needed.
"""
NO_ACCESS = re.compile(r"NO ACCESS|Unknown|^$")
OPEN, CLOSED, UNUSED = "no password", "disabled", "X"
STATIC = "Static Address"

UNREAD, SOUND = "ns", "ok"
"""States of a sensor: it is not read, as that of a fan that is not built in, or all is well."""
SUPPLY = "10."
"""How the entity of a power supply begins (IPMI 2.0 table 43-13)."""
PRESENT = "Presence detected"
WRONG = (
    *("Failure detected", "Predictive failure", "Power Supply AC lost", "AC lost or out-of-range"),
    *("AC out-of-range, but present", "Config Error"),  # of power supplies: table 42-3, sensor type 08h
    *("Transition to Non-critical", "Transition to Critical", "Transition to Non-recoverable"),
    *("Transition to Degraded", "Predictive Failure Asserted", "Thermal Trip"),
)
"""What a sensor with states instead of a number says when something is wrong (IPMI 2.0 tables 42-2 and 42-3, in
ipmitool's words). To ipmitool such a sensor is ``ok`` in any state, so its words count.
"""
UNSPARED = ("Redundancy Lost", "Redundancy Degraded", "Non-Redundant")
"""The same, of parts that are there more than once."""


def _asked(evidence: Evidence, expected: Expected) -> Row | Verdict:
    """What the BMC says, or why nobody can know. ``skipped`` is what keeps a new node from going up until it is waived;
    passed, that there is none.
    """
    if found := machine.container(evidence):
        return found
    said, named = machine.part(evidence, "bmc"), machine.wanted(expected).bmc
    if not said["there"] and not said["device"]:
        if named:
            return skipped("profile or sheet name a BMC, and the kernel has found none")
        return passed("no BMC: neither profile nor sheet name one, and the kernel has found none")
    if not said["device"]:
        return skipped("the kernel has no way to the BMC that it has found (/dev/ipmi0): load the module ipmi_devintf")
    if not said["installed"]:
        unnamed = "" if named else "; neither profile nor sheet name a BMC, but there is one: name it"
        return skipped(f"the BMC cannot be asked without ipmitool (package ipmitool){unnamed}")
    return t.cast("Row", said)


def _answer(asked: Row, name: str) -> t.Any:
    """One answer of the BMC; Missing with why there is none."""
    found = asked[name]
    if isinstance(found, dict) and found.get("error"):
        raise Missing(f"the BMC's {name} could not be read: {found['error']}")
    return found


def _lets_in(account: Row) -> str:
    """What is wrong with an account of the BMC's; empty where nothing is.

    One that is enabled may log in to the BMC's web pages whatever its privilege for IPMI is.
    """
    called = f"account {account['number']}"
    enabled = account["enabled"]
    if enabled is None:  # an older BMC does not say
        enabled = not NO_ACCESS.search(account["privilege"])
    if not enabled:
        return ""
    if account["name"].casefold() in VENDORS_NAMES:
        return f"{called} is enabled under a vendor's name ({account['name']})"
    if not account["name"] and account["messaging"] and not NO_ACCESS.search(account["privilege"]):
        return f"{called} is enabled and has no name"
    return ""


def _suite_zero(channel: Row) -> str:
    """What is wrong with cipher suite 0, by which any password is taken (IPMI 2.0 section 13.28); or nothing."""
    if channel["mode"] == CLOSED or (channel["suites"] is not None and 0 not in channel["suites"]):
        return ""
    if not channel["privileges"]:
        raise Missing(f"channel {channel['number']} of the BMC does not tell for whom cipher suite 0 is")
    if channel["privileges"][0] == UNUSED:
        return ""
    return f"channel {channel['number']} takes cipher suite 0, with which any password is right"


@check(
    "HD-05",
    "The BMC lets nobody else in",
    source="requirements HD-05; IPMI 2.0 sections 13.28, 22.23 to 22.28 and 23.2",
    functions=FUNCTIONS,
)
def closed(evidence: Evidence, expected: Expected) -> Verdict:
    """On every LAN channel of the BMC no account is enabled that has a vendor's name (root, ADMIN, USERID and their
    like, in any letters) or none, and where IPMI is spoken over the LAN, cipher suite 0 is unused and each level asks
    for a password. A machine without a BMC passes, if neither profile nor sheet name one.

    This is what the machine sees from within. Who can reach the BMC is HD-16, where it is, HD-17. The community in its
    settings is what its alarms carry (IPMI 2.0 table 23-4), and lets nobody in.
    """
    asked = _asked(evidence, expected)
    if isinstance(asked, Verdict):
        return asked
    channels = _answer(asked, "channels")
    if not channels:
        return passed("no channel of the BMC is a LAN, so it has no accounts for one")
    problems = []
    for channel in channels:
        problems += [wrong for account in channel["accounts"] if (wrong := _lets_in(account))]
        problems += [wrong] if (wrong := _suite_zero(channel)) else []
        if channel["open"] and channel["mode"] != CLOSED:
            levels = ", ".join(channel["open"])
            problems.append(f"channel {channel['number']} asks for no password (authentication type NONE: {levels})")
    enabled = {account["number"] for channel in channels for account in channel["accounts"] if account["enabled"]}
    return verdict(
        problems, f"{len(channels)} LAN channel, {len(enabled)} accounts enabled, none under a vendor's name"
    )


@check(
    "HD-17",
    "The BMC is where the sheet says",
    source="requirements HD-05; IPMI 2.0 section 23.2",
    severity="W",
    functions=FUNCTIONS,
)
def placed(evidence: Evidence, expected: Expected) -> Verdict:
    """A LAN channel of the BMC has the sheet's address (``bmc``), and its addresses do not come by DHCP, with which
    whoever is on its link could move it. A warning: operators who cannot reach it notice that themselves.
    """
    asked = _asked(evidence, expected)
    if isinstance(asked, Verdict):
        return asked
    address = machine.wanted(expected).bmc_address
    channels = [each for each in _answer(asked, "channels") if any(map(_address, each["addresses"]))]
    if not address:
        return skipped("the sheet has no address of the BMC")
    has = {_address(text): text for channel in channels for text in channel["addresses"] if _address(text)}
    if ipaddress.ip_address(address) not in has:
        return failed(f"the sheet says {address}, the BMC has {', '.join(has.values()) or 'no address'}")
    moved = [each for each in channels if each["source"] != STATIC and _address(each["addresses"][0])]
    problems = [f"channel {each['number']} has its address from elsewhere ({each['source']})" for each in moved]
    return verdict(problems, f"the BMC has {address}")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address; None for what is none, or says that there is none (``0.0.0.0``, ``::``)."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return None if found.is_unspecified else found


def _unwell(sensor: Row, *, several: bool) -> str:
    """What is wrong with a sensor; empty where nothing is, or where it is not read.

    ``several``: there is more than one power supply. Where there is one, nobody misses the others.
    """
    if sensor["status"] == UNREAD:
        return ""
    called = f"{sensor['name']} ({sensor['entity']})"
    if sensor["status"] != SOUND:
        return f"{called} is {sensor['status']}: {sensor['reading']}"
    spare = several or "fan" in sensor["name"].casefold()
    words = (*WRONG, *(UNSPARED if spare else ()))
    return f"{called}: {sensor['reading']}" if any(word in sensor["reading"] for word in words) else ""


@check(
    "HW-05",
    "Power supplies, fans and temperatures are in order",
    source="requirements HW-05; IPMI 2.0 tables 42-2, 42-3 and 43-13",
    severity="W",
    functions=FUNCTIONS,
)
def powered(evidence: Evidence, expected: Expected) -> Verdict:
    """Every sensor that the BMC reads is within its thresholds and tells of no fault, as many power supplies are there
    and fed as the profile has, and the chassis tells of no fault of power, fans or drives. By which feed each of them
    is fed, only people see (HW-08).
    """
    asked = _asked(evidence, expected)
    if isinstance(asked, Verdict):
        return skipped("no BMC, so nobody reads fans and temperatures") if asked.status is Status.PASS else asked
    due = machine.wanted(expected).power_supplies
    sensors, faults = _answer(asked, "sensors"), _answer(asked, "chassis")
    problems = [f"the chassis tells of a fault: {name}" for name in faults]
    problems += [wrong for sensor in sensors if (wrong := _unwell(sensor, several=due > 1))]
    supplies = [each for each in sensors if each["entity"].startswith(SUPPLY) and each["status"] != UNREAD]
    present = {each["entity"] for each in supplies if PRESENT in each["reading"]}
    if present and len(present) < due:
        problems.append(f"{len(present)} of {due} power supplies of the profile are there")
    if problems:
        return verdict(problems, "")
    if not any(each["status"] == SOUND and each["reading"][:1].isdigit() for each in sensors):
        return skipped(f"none of the {len(sensors)} sensors of the BMC is read as a number")
    if not present and due > 1:
        return skipped(f"the BMC has no sensor of its power supplies, and the profile has {due}")
    read = sum(each["status"] == SOUND for each in sensors)
    return passed(f"{read} sensors in order, {len(sensors) - read} not read; {len(present) or due} power supplies")


@check(
    "HW-07",
    "Firmware is of the baseline",
    source="requirements HW-07; SMBIOS type 0; IPMI 2.0 section 20.1; ethtool(8)",
    severity="W",
    functions=FUNCTIONS,
)
def current(evidence: Evidence, expected: Expected) -> Verdict:
    """What runs in BIOS, BMC and network cards (of uplink and management) is among the versions of the profile's
    ``firmware``, letter by letter, as no rule tells which of two vendors' versions is newer. What the profile has no
    versions of is told and not judged; without ``firmware`` all is skipped.
    """
    if found := machine.container(evidence):
        return found
    baseline = machine.wanted(expected).firmware
    product = machine.part(evidence, "product") or {}
    date = product.get("bios_date") or "an unknown date"
    running = [_Firmware("BIOS", "bios", product.get("bios_version", ""), f" of {date}")]
    running.append(_controller(evidence, judged="bmc" in baseline))
    for name, card in machine.part(evidence, "links")["cards"].items():
        running.append(_Firmware(f"{name} ({card['driver'] or 'no driver'})", "network", card["firmware"]))
    told = "; ".join(map(str, running))
    if not baseline:
        return skipped(f"the profile has no firmware to compare with ({told})")
    judged = [each for each in running if each.kind in baseline]
    if unknown := [each.of for each in judged if not each.version]:
        raise Missing(f"the firmware of {', '.join(unknown)} is not known")
    others = [each for each in judged if not each.spelt & set(baseline[each.kind])]
    return verdict((f"{each}, the profile has {' or '.join(baseline[each.kind])}" for each in others), told)


class _Firmware(t.NamedTuple):
    """What runs in a part of the machine."""

    of: str
    kind: str
    """As the profile has it: ``bios``, ``bmc`` or ``network``."""
    version: str
    more: str = ""
    """What is told besides it, as its date."""
    octets: str = ""
    """What a BMC's vendor has behind the version; the profile may have it, or not."""

    @property
    def spelt(self) -> set[str]:
        return {self.version, f"{self.version} {self.octets}".strip()}

    def __str__(self) -> str:
        return f"{self.of} {self.version}{self.more}" if self.version else f"{self.of} unknown"


def _controller(evidence: Evidence, *, judged: bool) -> _Firmware:
    """The BMC's firmware; Missing where it is judged and did not say."""
    said = machine.part(evidence, "bmc")
    if not said["installed"] or ("error" in said["info"] and not judged):
        return _Firmware("BMC", "bmc", "")
    found = _answer(said, "info")
    octets = found["auxiliary"]
    return _Firmware("BMC", "bmc", found["revision"], f" ({octets})" if octets else "", octets)


CHECKS = (closed, placed, powered, current)

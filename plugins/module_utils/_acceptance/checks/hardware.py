# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The hardware (requirements section 3.1): the machine of the sheet, as large as its profile, disks and ports sound.

None of it does harm: a disk that dies or a port that is slow is no reason to take a node that answers from the
constellation. What nobody can read is skipped with the reason, which keeps a node from going up unless it is waived.
"""

# ruff: noqa: ARG001 - every judge has the one signature (evidence, expected)

from __future__ import annotations

import re
import typing as t

from .. import machine
from ..check import FUNCTIONS, Verdict, check, failed, passed, skipped, verdict
from ..evidence import Missing

if t.TYPE_CHECKING:
    from ..evidence import Evidence
    from ..expected import Expected

SPARE = 0.9
"""Of the profile's memory, what has to be there for the kernel to give away. Firmware, the kernel itself and its list
of pages (64 octets for each 4 KiB, 1.6 %) take 3 to 6 % at boot, a crash kernel some more. Where one module of up to
twelve equal ones is missing, that is noticed.
"""

PLACEHOLDERS = frozenset(
    {
        *("", "to be filled by o.e.m.", "to be filled by o.e.m", "default string", "system serial number"),
        *("chassis serial number", "serial number", "not specified", "not applicable", "not available", "none", "n/a"),
        *("na", "unknown", "invalid", "empty", "oem", "o.e.m.", "0123456789", "123456789", "1234567890", "12345678"),
    }
)
"""What vendors leave in the firmware where a serial number was to be written, in small letters; so is one character,
however often (``00000000``).
"""

_NAMES = (
    *(
        "PERC",
        r"\w*RAID\w*",
        r"MR\d{3,4}\S*",
        r"\w*SMC\d+\w*",
        r"SAS\d{4}\S*",
        r"RS3\w+",
        "Virtual Disk",
        "LogicalDrv",
        "LOGICAL VOLUME",
        "Smart Array",
        r"ASR\d\w*",
        "Adaptec",
        "Areca",
    ),
    *("DELLBOSS", r"BOSS-\w+", r"NS204i\S*", "VD"),  # two small disks for the system, as one
)
VOLUME = re.compile(rf"\b({'|'.join(_NAMES)})\b", re.IGNORECASE)
"""What volumes of RAID controllers call themselves, as a vendor and a model. The disks in them, and whether all are
there, are known to the controller alone.
"""

SOUND_POOL = "ONLINE"
DAMAGED = 10
"""So many damaged packets within the seconds of a stage are the link's own fault."""


def _placeholder(serial: str) -> bool:
    known = serial.strip().casefold()
    return known in PLACEHOLDERS or len(set(known)) == 1


@check(
    "HW-01", "The machine is that of the sheet", source="requirements HW-01; SMBIOS types 1 and 3", functions=FUNCTIONS
)
def identified(evidence: Evidence, expected: Expected) -> Verdict:
    """The serial number in the firmware is the sheet's, in capital letters or small ones: the system's, or the chassis'
    where the vendor has left a placeholder for that. Sheets name no model, so it is told and not judged.

    A container has no hardware of its own: HW-01 to HW-04 are skipped there. A virtual machine is judged as any other.
    """
    if container := machine.container(evidence):
        return container
    wanted, found = machine.wanted(expected).serial, machine.part(evidence, "product")
    if found is None:
        return skipped("the firmware of this machine tells no serial number (the kernel has no DMI table)")
    model = f"{found['vendor']} {found['model']}".strip() or "a machine without a model"
    for whose, key in (("the machine", "serial"), ("its chassis", "chassis_serial")):
        if not _placeholder(found[key]):
            serial = found[key].strip()
            if not wanted:
                return failed(f"the sheet has no serial number; {whose} says {serial} ({model})")
            if serial.casefold() != wanted.strip().casefold():
                return failed(f"{whose} says serial number {serial}, the sheet {wanted} ({model})")
            return passed(f"{model}, serial number {serial}")
    said = found["serial"] or "nothing"
    return skipped(f"the vendor of this machine has left a placeholder for its serial number ({said}; {model})")


@check("HW-02", "Processors and memory are the profile's", source="requirements HW-02", functions=FUNCTIONS)
def large(evidence: Evidence, expected: Expected) -> Verdict:
    """As many cores as the profile has, or more (not threads); 90 % of its memory or more is the kernel's to give away,
    as firmware and kernel take some at boot; since then no error in memory that ECC could not correct, where the
    profile has ECC.
    """
    if container := machine.container(evidence):
        return container
    wanted = machine.wanted(expected)
    memory, processors = machine.part(evidence, "memory"), machine.part(evidence, "processors")
    cores, controllers = processors["cores"], memory["controllers"]
    problems = []
    if cores < wanted.cores:
        problems.append(f"{cores} cores ({processors['threads']} threads), {wanted.cores} in the profile")
    if memory["mib"] < SPARE * wanted.memory_mib:
        problems.append(f"{memory['mib']} MiB of memory, {wanted.memory_mib} in the profile")
    problems += [
        f"memory controller {each['name']} has counted {each['uncorrected']} errors that ECC could not correct"
        for each in controllers
        if each["uncorrected"]
    ]
    if problems:
        return verdict(problems, "")
    if unread := [each["name"] for each in controllers if each["uncorrected"] is None]:
        raise Missing(f"errors of memory controller {', '.join(unread)} could not be read")
    if not controllers and not wanted.ecc:
        return passed(f"{cores} cores, {memory['mib']} MiB of memory; the profile has no ECC")
    if not controllers:
        return skipped("no memory controller counts errors (EDAC): no ECC memory, or no driver for it")
    corrected = sum(each["corrected"] or 0 for each in controllers)
    return passed(f"{cores} cores, {memory['mib']} MiB of memory with ECC, {corrected} errors corrected")


def _unsound(arrays: t.Iterable[t.Mapping[str, t.Any]]) -> t.Iterator[str]:
    """What is wrong with the kernel's arrays."""
    for array in arrays:
        name = array["name"]
        if not array["active"] and not array["container"]:
            yield f"{name} is not active"
        for disk in array["faulty"]:
            yield f"{disk} of {name} has failed"
        if array["disks"] is not None and array["working"] < array["disks"]:
            yield f"{name} ({array['level']}) has {array['working']} of {array['disks']} disks"
        if array["doing"] == "recovery":  # not a resync, as after a power cut: all disks are there
            yield f"{name} is being rebuilt ({array['done']})"


def _called(disk: t.Mapping[str, t.Any]) -> str:
    model = f"{disk['vendor']} {disk['model']}".strip() or (disk["health"] or {}).get("model")
    return f"{disk['name']} ({model})" if model else disk["name"]


def _volume(disk: t.Mapping[str, t.Any]) -> bool:
    """Whether it is a RAID controller's; a disk behind one has no model that the kernel knows."""
    return bool(VOLUME.search(f"{disk['vendor']} {disk['model']}"))


def _unknown(disk: t.Mapping[str, t.Any], *, installed: bool) -> str:
    """Why nobody can know how a disk is; empty where it says so itself, or should have."""
    if _volume(disk):
        return f"{_called(disk)} is a volume of a RAID controller, which alone knows its disks"
    if not installed:
        return f"{_called(disk)} cannot be asked without smartctl (package smartmontools)"
    health = disk["health"]
    if health["asleep"]:
        return f"{_called(disk)} is asleep, and is not woken"
    if health["able"] is False:
        return f"{_called(disk)} has no SMART"
    if disk["kind"] and health["passed"] is None:  # it may be a place without a disk
        return f"{_called(disk)} could not be asked by way of its controller ({health['error']})"
    return ""


@check(
    "HW-03",
    "Disks are healthy, mirrors are whole",
    source="requirements HW-03; md(4); smartctl(8)",
    functions=FUNCTIONS,
)
def whole(evidence: Evidence, expected: Expected) -> Verdict:
    """Every array (md) and pool (ZFS) is active and has all its disks, and none is being rebuilt; every disk says of
    itself that it is not failing (SMART). What a RAID controller keeps to itself is skipped, and so is a disk that
    cannot be asked.
    """
    if container := machine.container(evidence):
        return container
    arrays, pools, disks = (machine.part(evidence, name) for name in ("arrays", "pools", "disks"))
    problems = list(_unsound(arrays))
    problems += [f"pool {pool['name']} is {pool['state']}" for pool in pools if pool["state"] != SOUND_POOL]
    asked = [disk for disk in disks["found"] if disk["health"]]
    problems += [f"{_called(disk)} says that it is failing" for disk in asked if disk["health"]["passed"] is False]
    if problems:
        return verdict(problems, "")
    if disks["scan"]:
        raise Missing(f"the disks could not be listed: {disks['scan']}")
    if not disks["found"]:
        return skipped("no disk was found that cannot be taken out")
    unknown = {disk["name"]: _unknown(disk, installed=disks["installed"]) for disk in disks["found"]}
    for disk in asked:
        if disk["health"]["passed"] is None and not unknown[disk["name"]]:
            raise Missing(f"{_called(disk)} could not be read: {disk['health']['error']}")
    if reasons := [reason for reason in unknown.values() if reason]:
        return skipped("; ".join(reasons))
    mirrors = [*(array["name"] for array in arrays if array["disks"]), *(pool["name"] for pool in pools)]
    return passed(f"{len(asked)} healthy disks, {', '.join(mirrors) or 'no mirror'}")


@check("HW-04", "The uplink is as fast as the profile", source="requirements HW-04; ICANN FAQ q11", functions=FUNCTIONS)
def fast(evidence: Evidence, expected: Expected) -> Verdict:
    """Every physical port of the uplink (each member of a bond, the parent of a VLAN) is below its interface, has a
    link at the profile's speed or more and full duplex, is in the one link that a bond with LACP and the host's switch
    have agreed on, and received fewer than 10 damaged packets (CRC) between two looks: a single one may be another's on
    the same switch.

    These are when the evidence of a stage is begun and when it is all there: what was damaged before, as when a cable
    was plugged in, does not count. How many packets came in meanwhile is told: with few, little is proven.
    """
    if container := machine.container(evidence):
        return container
    wanted, found = machine.wanted(expected), machine.part(evidence, "links")
    problems, told = list[str](), list[str]()
    unknown: list[str] = []
    hurt = sum(_more(port, "crc_errors") or 0 for port in found["ports"].values() if port)
    for name in dict.fromkeys((*wanted.ports, *found["below"])):
        port = found["ports"].get(name)
        if port is None:
            problems.append(f"there is no interface {name}")
            continue
        if name not in found["below"]:
            problems.append(f"{name} is not below {wanted.uplink}")
        if not port["carrier"]:
            problems.append(f"{name} has no link ({port['state'] or 'unknown'})")
            continue
        problems += _unsound_port(name, port, wanted.link_mbps, found["seconds"])
        unknown += _unread(name, port)
        told.append(f"{name} {port['speed']} Mbit/s, {_more(port, 'packets') or 0} packets")
    if unknown and not problems:
        raise Missing(f"{'; '.join(unknown)} could not be read")
    return verdict(problems, f"{'; '.join(told)}, {hurt or 'none'} damaged in {found['seconds']:g} s")


def _unread(name: str, port: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    """What nobody knows of a port with a link."""
    if port["speed"] is None or _more(port, "crc_errors") is None:
        yield f"speed and counters of {name}"
    if port["lacp"] == "unknown":
        yield f"what {name} has agreed on with the host's switch (LACP)"


def _unsound_port(name: str, port: t.Mapping[str, t.Any], least: int, seconds: float) -> t.Iterator[str]:
    """What is wrong with a port that has a link."""
    if port["speed"] is not None and port["speed"] < least:
        yield f"{name} has {port['speed']} Mbit/s, {least} in the profile"
    if port["speed"] is not None and port["duplex"] != "full":
        yield f"{name} has {port['duplex'] or 'unknown'} duplex"
    if port["lacp"] == "alone":
        yield f"{name} is in no link that the bond and the host's switch have agreed on (LACP)"
    damaged = _more(port, "crc_errors")
    if damaged is not None and damaged >= DAMAGED:
        yield f"{name} received {damaged} damaged packets (CRC) in {seconds:g} s"


def _more(port: t.Mapping[str, t.Any], counter: str) -> int | None:
    """By how much a counter has grown; all of it where it was set back meanwhile, None where it was not read twice."""
    first, last = port["first"][counter], port["last"][counter]
    if first is None or last is None:
        return None
    return int(last - first if last >= first else last)


CHECKS = (identified, large, whole, fast)

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways in which the hardware is not as it has to be; a part of test_checks.py. All begin with a sound machine."""

from __future__ import annotations

import copy
import dataclasses
import functools
import pathlib
import tempfile
import typing as t

import bmc_outputs
import card_outputs
import hardware_outputs as outputs
from ansible_collections.icann.imrs.plugins.module_utils._probes import bmc, cards, hardware

if t.TYPE_CHECKING:
    from recordings import Document, Scene, Spoil

GIVEN = {
    "serial": outputs.SERIAL,
    "cores": 4,
    "memory_mib": 16384,
    "link_mbps": 1000,
    "ecc": True,
    "uplink": "eno1",
    "ports": ["eno1"],
    "power_supplies": 2,
    "bmc": True,
    "bmc_address": "10.145.1.21",
    "firmware": {"bios": ["1.10.2"], "bmc": ["3.30"]},
    "cards": {"queues": 4, "receive_ring": 512},
}
"""What the sheet of that machine says (``projection.project``)."""
PERC = {
    "/dev/sda": outputs.VOLUME,
    "megaraid,0 /dev/bus/0": outputs.BEHIND,
    "megaraid,1 /dev/bus/0": outputs.BEHIND,
}


def controller(answers: bmc_outputs.Answers, *names: str) -> Document:
    """What the probe says of a BMC that answers so; ``names``: the kernel's files, if others than usual."""
    with tempfile.TemporaryDirectory() as folder:
        root = outputs.tree(pathlib.Path(folder), bmc_outputs.devices(*names))
        return bmc.read(root, bmc_outputs.runner(answers))


@functools.cache
def _read(uplink: str) -> Document:
    with tempfile.TemporaryDirectory() as folder:
        root = outputs.tree(pathlib.Path(folder), outputs.MACHINE)
        given = {"uplink": uplink, "ports": hardware.below(uplink, root)}
        first = hardware.look(given, root)
        found = hardware.read(root, outputs.runner(outputs.SCAN_NVME, outputs.NVMES))
        links = hardware.links(given, first, root)
        links["cards"] = {name: card(_igb()) for name in links["cards"]}
        links["seconds"] = 0.0  # a busy machine takes its time
        return {**found, "bmc": controller(bmc_outputs.DELL), "links": links}


def _igb() -> card_outputs.Card:
    """A card that does not say what it is, and is set as the profile says."""
    found = card_outputs.igb()
    assert found.channels
    assert found.rings
    channels, rings = found.channels._replace(combined=4), found.rings._replace(receive=512)
    return dataclasses.replace(found, driver="", channels=channels, rings=rings)


def card(like: card_outputs.Card, processors: t.Sequence[int] | None = (0, 1, 2, 3)) -> Document:
    """What the probe says of a card, and which processors take its interrupts."""
    read = cards.read("eno1", card_outputs.Kernel({"eno1": like}))
    return {**read, "processors": None if processors is None else list(processors)}


def machine(uplink: str = "eno1") -> Document:
    """The evidence of a sound machine, as the probe reads it from its files."""
    return copy.deepcopy(_read(uplink))


def sound(uplink: str = "eno1") -> Spoil:
    """A machine of its own, sound, with its uplink on one port or on two (``vlan120``, on ``bond0``)."""

    def put(scene: Scene) -> None:
        found = machine(uplink)
        scene.scope("node")["hardware"] = found
        scene.expected["hardware"] = {**GIVEN, "uplink": uplink, "ports": list(found["links"]["below"])}

    return put


def but(part: str, uplink: str = "eno1", **values: t.Any) -> Spoil:
    """The same, but for a part: other values of it, or another one altogether (``instead``)."""

    def spoil(scene: Scene) -> None:
        sound(uplink)(scene)
        if "instead" in values:
            scene.hardware[part] = values["instead"]
        else:
            scene.hardware[part].update(values)

    return spoil


def sheet(**values: t.Any) -> Spoil:
    """The same machine, and another sheet."""
    return lambda scene: (sound()(scene), scene.expected["hardware"].update(values))


def arrays(text: str) -> Spoil:
    return but("arrays", instead=hardware.parse_mdstat(text))


def disks(
    answers: t.Mapping[str, Document], vendor: str = "ATA", model: str = "Some disk", *, scan: bool = True
) -> Spoil:
    """Other disks, by device (and type) of smartctl's; those that the kernel has are called so."""
    run = outputs.runner(outputs.SCAN_PERC if len(answers) > 2 else outputs.SCAN_NOTHING if scan else None, answers)
    with tempfile.TemporaryDirectory() as folder:
        names = [name.removeprefix("/dev/") for name in answers if name.startswith("/dev/")]
        files = {key: text for name in names for key, text in outputs.disk(name, vendor, model).items()}
        found = hardware.disks(outputs.tree(pathlib.Path(folder), files), run)
    return but("disks", instead=found)


def port(uplink: str = "eno1", name: str = "eno1", **values: t.Any) -> Spoil:
    def spoil(scene: Scene) -> None:
        sound(uplink)(scene)
        scene.hardware["links"]["ports"][name].update(values)

    return spoil


def damaged(first: int, last: int, name: str = "eno1", uplink: str = "eno1") -> Spoil:
    counted = [{"packets": packets, "crc_errors": errors} for packets, errors in ((1000, first), (1400, last))]
    return port(uplink, name, first=counted[0], last=counted[1])


FAILS: list[tuple[str, str, Spoil, str]] = [
    (
        "HW-01",
        "another machine",
        sheet(serial="7XK9WT4"),
        "the machine says serial number 7XK9WT3, the sheet 7XK9WT4 (Dell Inc. PowerEdge R260)",
    ),
    ("HW-01", "the sheet has none", sheet(serial=""), "the sheet has no serial number; the machine says 7XK9WT3"),
    (
        "HW-01",
        "another chassis",
        but("product", serial="To be filled by O.E.M.", chassis_serial="C9000"),
        "its chassis says serial number C9000, the sheet 7XK9WT3",
    ),
    ("HW-02", "cores", but("processors", cores=2, threads=4), "2 cores (4 threads), 4 in the profile"),
    ("HW-02", "memory", but("memory", mib=14745), "14745 MiB of memory, 16384 in the profile"),
    (
        "HW-02",
        "ECC",
        but("memory", controllers=[{"name": "mc1", "uncorrected": 1, "corrected": 40}]),
        "memory controller mc1 has counted 1 errors that ECC could not correct",
    ),
    (
        "HW-02",
        "cores, though ECC is not told of",
        lambda scene: (but("processors", cores=1)(scene), scene.hardware["memory"].update(controllers=[])),
        "1 cores",
    ),
    ("HW-03", "a failed disk", arrays(outputs.MDSTAT_DEGRADED), "sdb1 of md0 has failed; md0 (raid1) has 1 of 2 disks"),
    ("HW-03", "rebuilding", arrays(outputs.MDSTAT_REBUILDING), "md0 is being rebuilt (12.6%)"),
    ("HW-03", "not active", arrays(outputs.MDSTAT_INACTIVE), "md9 is not active"),
    ("HW-03", "ZFS", but("pools", instead=[{"name": "rpool", "state": "DEGRADED"}]), "pool rpool is DEGRADED"),
    (
        "HW-03",
        "SATA",
        disks({"/dev/sda": outputs.SATA, "/dev/sdb": outputs.SATA_FAILING}),
        "sdb (ATA Some disk) says that it is failing",
    ),
    (
        "HW-03",
        "NVMe",
        disks({"/dev/nvme0n1": outputs.NVME_FAILING}, "", "A model"),
        "nvme0n1 (A model) says that it is failing",
    ),
    ("HW-03", "SAS", disks({"/dev/sdb": outputs.SAS_FAILING}), "sdb (ATA Some disk) says that it is failing"),
    (
        "HW-03",
        "behind a controller",
        disks({**PERC, "megaraid,1 /dev/bus/0": outputs.SATA_FAILING}, "DELL", "PERC H755 Front"),
        "/dev/bus/0 megaraid,1 (SAMSUNG MZ7L3480HCHQ-00A07) says that it is failing",
    ),
    ("HW-04", "slow", port(speed=100), "eno1 has 100 Mbit/s, 1000 in the profile"),
    ("HW-04", "half duplex", port(duplex="half"), "eno1 has half duplex"),
    ("HW-04", "no link", port(carrier=False, state="down"), "eno1 has no link (down)"),
    ("HW-04", "damaged", damaged(3, 15), "eno1 received 12 damaged packets (CRC) in "),
    ("HW-04", "damaged, and set back", damaged(300, 11), "eno1 received 11 damaged packets (CRC)"),
    ("HW-04", "one of a bond", port("vlan120", "eno3", speed=100), "eno3 has 100 Mbit/s, 1000 in the profile"),
    ("HW-04", "one of a bond has no link", port("vlan120", "eno2", carrier=False, state=""), "no link (unknown)"),
    ("HW-04", "one is damaged", damaged(0, 10, "eno3", "vlan120"), "eno3 received 10 damaged"),
    (
        "HW-04",
        "one of a bond that the switch knows nothing of",
        port("vlan120", "eno3", lacp="alone"),
        "eno3 is in no link that the bond and the host's switch have agreed on (LACP)",
    ),
    ("HW-04", "not there", sheet(ports=["eno7"]), "there is no interface eno7"),
    (
        "HW-04",
        "not in the bond",
        lambda scene: (sound("vlan120")(scene), scene.hardware["links"].update(below=["eno2"])),
        "eno3 is not below vlan120",
    ),
]

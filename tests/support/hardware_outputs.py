# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tools and kernels print of hardware, and a machine's files. No machine of the tests has such hardware.

So these were written by hand, after the formats that are documented, but for those that say so: ``/proc/mdstat`` as
Linux 6.12 prints it (drivers/md/md.c, ``md_seq_show``), smartctl's JSON as of smartmontools 7.4, Debian 13's
(smartctl.cpp, ataprint.cpp, nvmeprint.cpp, scsiprint.cpp). Only what is needed is kept of the latter.
"""

from __future__ import annotations

import json
import typing as t

if t.TYPE_CHECKING:
    import pathlib

Json = dict[str, t.Any]

# Two mirrors of two disks, whole and at rest.
MDSTAT_CLEAN = """\
Personalities : [raid1] [raid0] [raid6] [raid5] [raid4] [raid10]
md1 : active raid1 nvme1n1p2[1] nvme0n1p2[0]
      936512512 blocks super 1.2 [2/2] [UU]
      bitmap: 1/7 pages [4KB], 65536KB chunk

md0 : active (auto-read-only) raid1 nvme0n1p1[0] nvme1n1p1[1]
      1047552 blocks super 1.2 [2/2] [UU]

unused devices: <none>
"""

# One of two disks has failed, and is still listed.
MDSTAT_DEGRADED = """\
Personalities : [raid1]
md0 : active raid1 sdb1[1](F) sda1[0]
      976630464 blocks super 1.2 [2/1] [U_]
      bitmap: 4/8 pages [16KB], 65536KB chunk

unused devices: <none>
"""

# The new disk is being filled; a RAID 5 has a spare.
MDSTAT_REBUILDING = """\
Personalities : [raid1] [raid6] [raid5] [raid4]
md1 : active raid5 sdf1[4](S) sde1[3] sdd1[1] sdc1[0]
      1953258496 blocks super 1.2 level 5, 512k chunk, algorithm 2 [3/3] [UUU]

md0 : active raid1 sdb1[2] sda1[0]
      976630464 blocks super 1.2 [2/1] [U_]
      [==>..................]  recovery = 12.6% (123055616/976630464) finish=71.2min speed=199712K/sec
      bitmap: 4/8 pages [16KB], 65536KB chunk

unused devices: <none>
"""

# All disks are there and one is copied to the other, as after a crash; the other array waits for that.
MDSTAT_RESYNC = """\
Personalities : [raid1]
md1 : active raid1 sdb2[1] sda2[0]
      488254464 blocks super 1.2 [2/2] [UU]
      \tresync=DELAYED

md0 : active raid1 sdb1[1] sda1[0]
      976630464 blocks super 1.2 [2/2] [UU]
      [>....................]  resync =  0.4% (4198400/976630464) finish=81.0min speed=199923K/sec

unused devices: <none>
"""

# The monthly check of Debian's (checkarray); the other array waits for its turn.
MDSTAT_CHECK = """\
Personalities : [raid1]
md1 : active raid1 sdb2[1] sda2[0]
      488254464 blocks super 1.2 [2/2] [UU]
      \tresync=DELAYED

md0 : active raid1 sdb1[1] sda1[0]
      976630464 blocks super 1.2 [2/2] [UU]
      [=========>...........]  check = 46.3% (452183040/976630464) finish=43.6min speed=199998K/sec

unused devices: <none>
"""

# A mirror that the firmware knows, too (Intel VROC): its container is never active. And a leftover of another machine.
MDSTAT_INACTIVE = """\
Personalities : [raid1]
md126 : active raid1 sda[1] sdb[0]
      936701952 blocks super external:/md127/0 [2/2] [UU]

md127 : inactive sda[1](S) sdb[0](S)
      10402 blocks super external:imsm

md9 : inactive sdc1[0](S)
      976630464 blocks super 1.2

unused devices: <none>
"""


def smartctl(status: int, *messages: tuple[str, str], **rest: t.Any) -> Json:
    """What each answer has."""
    said: Json = {"version": [7, 4], "svn_revision": "5530", "build_info": "(local build)", "exit_status": status}
    if messages:
        said["messages"] = [{"string": text, "severity": severity} for text, severity in messages]
    return {"json_format_version": [1, 0], "smartctl": said, **rest}


# A SATA SSD that is well.
SATA = smartctl(
    0,
    device={"name": "/dev/sda", "info_name": "/dev/sda [SAT]", "type": "sat", "protocol": "ATA"},
    model_family="Samsung based SSDs",
    model_name="SAMSUNG MZ7L3480HCHQ-00A07",
    serial_number="S6XXNXXXX00001",
    firmware_version="JXTC404Q",
    rotation_rate=0,
    smart_support={"available": True, "enabled": True},
    power_mode={"ata_value": 255, "ata_string": "ACTIVE or IDLE"},
    smart_status={"passed": True},
)
# The same, failing: bit 3 of the status (8), and bit 4, as an attribute is below its threshold.
SATA_FAILING = {**smartctl(24), **{key: SATA[key] for key in ("device", "model_name", "smart_support")}}
SATA_FAILING["smart_status"] = {"passed": False}
# A disk that rests; smartctl asks no more of it.
SATA_ASLEEP = smartctl(
    2,
    ("Device is in STANDBY mode, exit(2)", "information"),
    device={"name": "/dev/sdc", "info_name": "/dev/sdc [SAT]", "type": "sat", "protocol": "ATA"},
    power_mode={"ata_value": 0, "ata_string": "STANDBY"},
)
# A disk that is so ill that it does not say what it is.
SATA_SILENT = smartctl(
    2,
    ("Read Device Identity failed: scsi error medium or hardware error (serious)", "error"),
    device={"name": "/dev/sda", "info_name": "/dev/sda [SAT]", "type": "sat", "protocol": "ATA"},
)
# An NVMe SSD that is well, and one with a critical warning (NVMe specification: bit 2, reliability degraded).
NVME = smartctl(
    0,
    device={"name": "/dev/nvme0n1", "info_name": "/dev/nvme0n1", "type": "nvme", "protocol": "NVMe"},
    model_name="Dell Ent NVMe CM6 RI 960GB",
    serial_number="Y1A0A0XXXXXX",
    nvme_pci_vendor={"id": 7695, "subsystem_id": 4136},
    smart_support={"available": True, "enabled": True},
    smart_status={"passed": True, "nvme": {"value": 0}},
)
NVME_FAILING = {**NVME, "smartctl": smartctl(8)["smartctl"], "smart_status": {"passed": False, "nvme": {"value": 4}}}
# A SAS disk that foresees its end.
SAS_FAILING = smartctl(
    8,
    device={"name": "/dev/sdb", "info_name": "/dev/sdb", "type": "scsi", "protocol": "SCSI"},
    scsi_vendor="SEAGATE",
    scsi_product="ST600MM0069",
    scsi_model_name="SEAGATE ST600MM0069",
    smart_support={"available": True, "enabled": True},
    smart_status={
        "passed": False,
        "scsi": {"asc": 93, "ascq": 16, "ie_string": "HARDWARE IMPENDING FAILURE GENERAL HARD DRIVE FAILURE"},
    },
)
# A volume of a PERC (MegaRAID), which smartctl does not ask, and one of a Smart Array, which has nothing to say.
VOLUME = smartctl(
    2,
    (
        "Smartctl open device: /dev/sda failed: DELL or MegaRaid controller, please try adding '-d megaraid,N'",
        "error",
    ),
)
LOGICAL_VOLUME = smartctl(
    0,
    device={"name": "/dev/sda", "info_name": "/dev/sda", "type": "scsi", "protocol": "SCSI"},
    scsi_vendor="HP",
    scsi_product="LOGICAL VOLUME",
    scsi_model_name="HP LOGICAL VOLUME",
    smart_support={"available": False},
)
# One of the disks behind the PERC: SATA, by way of the controller.
BEHIND = {
    **SATA,
    "device": {
        "name": "/dev/bus/0",
        "info_name": "/dev/bus/0 [megaraid_disk_01] [SAT]",
        "type": "sat+megaraid,1",
        "protocol": "ATA",
    },
}
# Recorded: smartctl 7.3 of Debian 12 on a virtual machine, asked for a disk that it knows no way to, and for one that
# is not there; and its list of the disks where there is none that it knows.
VIRTIO = smartctl(1, ("/dev/vda: Unable to detect device type", "error"))
GONE = smartctl(2, ("Smartctl open device: /dev/sda failed: No such device", "error"))
SCAN_NOTHING = smartctl(0)

# `--scan` opens no disk, so those of SATA are called scsi.
SCAN_SATA = smartctl(
    0,
    devices=[
        {"name": f"/dev/{name}", "info_name": f"/dev/{name}", "type": "scsi", "protocol": "SCSI"}
        for name in ("sda", "sdb")
    ],
)
SCAN_NVME = smartctl(
    0,
    devices=[
        {"name": f"/dev/nvme{number}", "info_name": f"/dev/nvme{number}", "type": "nvme", "protocol": "NVMe"}
        for number in range(2)
    ],
)
# One volume, and the two disks in it.
SCAN_PERC = smartctl(
    0,
    devices=[
        {"name": "/dev/sda", "info_name": "/dev/sda", "type": "scsi", "protocol": "SCSI"},
        *(
            {
                "name": "/dev/bus/0",
                "info_name": f"/dev/bus/0 [megaraid_disk_0{number}]",
                "type": f"megaraid,{number}",
                "protocol": "SCSI",
            }
            for number in range(2)
        ),
    ],
)


def printed(answer: Json, rc: int | None = None) -> Json:
    """As ``host.run`` gives it."""
    status = answer["smartctl"]["exit_status"] if rc is None else rc
    return {"rc": status, "stdout": json.dumps(answer, indent=2), "stderr": ""}


def runner(scan: Json | None, disks: t.Mapping[str, Json], virtual: tuple[str, str] = ("none", "none")) -> t.Any:
    """Commands of a machine with these disks, by device and type of smartctl's; ``scan`` None: there is no smartctl."""

    def run(command: t.Sequence[str], timeout: float = 10.0) -> Json:
        assert timeout > 0
        if command[0] == "systemd-detect-virt":
            said = virtual[command[1] == "--vm"]
            return {"rc": int(said == "none"), "stdout": f"{said}\n", "stderr": ""}
        assert command[:2] == ["smartctl", "--json"]
        if scan is None:
            return {"rc": 127, "stdout": "", "stderr": "smartctl: No such file or directory"}
        if command[2:] == ["--scan"]:
            return printed(scan)
        assert command[2:6] == ["-n", "standby", "-H", "-i"]
        return printed(disks[" ".join(each for each in command[6:] if each != "-d")])

    return run


def tree(root: pathlib.Path, files: t.Mapping[str, str]) -> pathlib.Path:
    """Files of a kernel's below ``root``."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n", encoding="utf-8")
    return root


def port(name: str, *, speed: int = 10000, lower: t.Iterable[str] = ()) -> dict[str, str]:
    """The files of an interface that is up."""
    folder = f"sys/class/net/{name}"
    found = {"operstate": "up", "carrier": "1", "speed": str(speed), "duplex": "full"}
    found |= {"statistics/rx_packets": "120000", "statistics/rx_crc_errors": "3"}
    found |= {f"lower_{each}/ifindex": "2" for each in lower}
    return {f"{folder}/{key}": value for key, value in found.items()}


def member(name: str, mode: str, *, state: int = 61, aggregator: int = 1) -> dict[str, str]:
    """The files of a member of a bond; ``state``: its own of LACP, by default distributing (63 with the fast rate)."""
    own = {"ad_actor_oper_port_state": str(state), "ad_aggregator_id": str(aggregator)}
    found = {f"sys/class/net/{name}/bonding_slave/{key}": value for key, value in own.items()}
    # The kernel has a link to the bond there.
    return found | {f"sys/class/net/{name}/master/{key}": value for key, value in bonding(mode).items()}


def bonding(mode: str) -> dict[str, str]:
    """The files of a bond of a mode, below its folder."""
    return {"bonding/mode": mode, "bonding/ad_aggregator": "1" if mode.startswith("802.3ad") else ""}


def disk(name: str, vendor: str, model: str, **more: str) -> dict[str, str]:
    """The files of a block device."""
    found = {"size": "1875385008", "removable": "0", "device/vendor": vendor, "device/model": model, **more}
    return {f"sys/block/{name}/{key}": value for key, value in found.items()}


SERIAL = "7XK9WT3"
MACHINE = {
    # Dell leaves blanks behind some of its texts.
    "sys/class/dmi/id/sys_vendor": "Dell Inc.",
    "sys/class/dmi/id/product_name": "PowerEdge R260 ",
    "sys/class/dmi/id/product_serial": SERIAL,
    "sys/class/dmi/id/chassis_serial": SERIAL,
    "sys/class/dmi/id/bios_version": "1.10.2",
    "sys/class/dmi/id/bios_date": "06/18/2024",
    **{f"sys/devices/system/cpu/cpu{n}/topology/thread_siblings_list": f"{n % 4},{n % 4 + 4}" for n in range(8)},
    "proc/meminfo": "MemTotal:       16075968 kB\nMemFree:        12000000 kB",
    "sys/devices/system/edac/mc/mc0/ue_count": "0",
    "sys/devices/system/edac/mc/mc0/ce_count": "2",
    "proc/mdstat": MDSTAT_CLEAN,
    **disk("nvme0n1", "", "Dell Ent NVMe CM6 RI 960GB"),
    **disk("nvme1n1", "", "Dell Ent NVMe CM6 RI 960GB"),
    **disk("loop0", "", ""),
    **disk("sr0", "iDRAC", "Virtual CD", removable="1"),
    **disk("sda", "iDRAC", "Virtual Floppy", removable="1"),
    **port("eno1", speed=1000),
    **port("eno2"),
    **port("eno3"),
    **member("eno2", "802.3ad 4"),
    **member("eno3", "802.3ad 4", state=63),
    **port("bond0", speed=20000, lower=("eno2", "eno3")),
    **port("vlan120", speed=20000, lower=("bond0",)),
}
"""A machine of the profile Calypso: two NVMe disks in mirrors, and ports with which a bond and a VLAN can be tried."""
NVMES = {"/dev/nvme0n1": NVME, "/dev/nvme1n1": NVME}

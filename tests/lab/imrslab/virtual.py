# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual machines: QEMU with Debian's own kernel, a disk of their own, and the lab's bridges as their network.

What a container borrows of its host, they have: kernel, clock, memory, disk, network cards, and a power switch. Without
hardware's help (KVM) QEMU translates every instruction, and all takes many times as long.
"""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import shlex
import shutil
import socket
import subprocess
import sys
import time

from . import shell, switch, topology

QEMU = "qemu-system-x86_64"
DISK = "disk.raw"
SIZE = "4G"
"""Sparse: what is not written takes no room."""
LABEL = "imrs-root"
SIZE_OF_BARE = "8G"
CODE, VARIABLES = (pathlib.Path(f"/usr/share/OVMF/OVMF_{part}_4M.ms.fd") for part in ("CODE", "VARS"))
"""UEFI's firmware with Secure Boot (package ovmf), and its variables with the keys that vendors enrol."""
BIOS, BMC = "1.2.3", (2, 0x51)
"""What the firmware says that it is; the BMC's minor number is a BCD (IPMI 2.0 section 20.1), so it is 2.51."""
FIRST_SLOT = 2
"""Of the network cards on the PCI bus: udev calls them ``enp0s2``, ``enp0s3`` (systemd.net-naming-scheme(7))."""
USB_SLOT = 0x10
"""Of the USB controller, where a machine has one: far behind the cards, whose slots have names."""
FIRST_SOCKET = 50
"""The file descriptor of the first card's socket, where a switch is between it and the bridge."""
MONITOR = "monitor"
"""The socket of QEMU's monitor (QMP), in the machine's folder."""

MAKE = r"""set -eu
image=$1 state=$2 label=$3 size=$4
mount --make-rprivate /
mkdir -p "$state/merged" "$state/work"
mount -t overlay overlay -o "lowerdir=$image,upperdir=$state/upper,workdir=$state/work" "$state/merged"
echo "LABEL=$label / ext4 defaults 0 1" > "$state/merged/etc/fstab"
mke2fs -q -t ext4 -L "$label" -d "$state/merged" "$state/disk.new" "$size"
mv "$state/disk.new" "$state/$5"
"""


def is_one(lab: topology.Lab, name: str) -> bool:
    """Whether a machine that has been booted is a virtual one."""
    return (lab.machine_state(name) / DISK).exists()


def interface(number: int) -> str:
    """What udev calls a machine's network card."""
    return f"enp0s{FIRST_SLOT + number}"


def hardware_address(lab: topology.Lab, machine: str, number: int) -> str:
    """The same at each boot, another for each card: locally administered (IEEE 802, U/L bit)."""
    digest = hashlib.sha256(f"{lab.name} {machine} {number}".encode()).hexdigest()
    return ":".join(["52", "54", *(digest[at : at + 2] for at in range(0, 8, 2))])


def disks(hardware: topology.Hardware) -> list[str]:
    """The files of a machine's disks."""
    return [DISK, *(f"disk{number}.raw" for number in range(2, hardware.disks + 1))]


def command(
    lab: topology.Lab, machine: topology.Machine, hardware: topology.Hardware, image: pathlib.Path
) -> list[str]:
    """The command line that runs it; its disk is made of the image and the machine's own layer when there is none."""
    state = lab.machine_state(machine.name)
    if not shutil.which(QEMU):
        raise shell.LabError(
            f"{machine.name} is a virtual machine, and there is no {QEMU}: tests/setup.sh vm installs it"
        )
    before, cards = wiring(lab, machine)
    accelerator = accelerated(image, lab.cache)
    boots = _firmware(lab, machine, hardware) if hardware.disks else _kernel(state, image, accelerator)
    drives: list[str] = []  # with an index even if none is booted from: OVMF does not look at others
    for number, name in enumerate(disks(hardware)):
        # What the machine has flushed survives its power; what it has not does not.
        drive = f"if=none,id=disk{number},file={state / name},format=raw,cache=writeback,discard=unmap"
        disk = f"ide-hd,drive=disk{number},serial=disk{number},bus=ide.{number},bootindex={number + 1}"
        drives += ["-drive", drive, "-device", disk]
    return [
        *("ip", "netns", "exec", lab.outer, *before, QEMU),
        *("-name", machine.name, "-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio"),
        *accelerator,
        *boots,
        *("-smp", str(hardware.cores), "-m", f"{hardware.memory_mib}M"),
        *("-smbios", f"type=1,manufacturer=icann.imrs,product=lab,serial={hardware.serial}"),
        *("-smbios", f"type=0,vendor=icann.imrs,version={BIOS},date=11/02/2026"),
        *("-rtc", "base=utc,driftfix=slew"),
        *drives,
        *("-qmp", f"unix:{state / MONITOR},server=on,wait=off"),
        *("-device", "virtio-rng-pci"),
        *cards,
        *("-device", "i6300esb", "-action", "watchdog=reset"),  # behind the cards, whose slots have names
        # A BMC that the machine alone can ask: it has no LAN, no account, and no sensor but its watchdog's.
        *("-device", f"ipmi-bmc-sim,id=bmc,fwrev1={BMC[0]},fwrev2={BMC[1]}", "-device", "isa-ipmi-kcs,bmc=bmc"),
    ]


def wiring(lab: topology.Lab, machine: topology.Machine) -> tuple[list[str], list[str]]:
    """Words before QEMU's command that start the switch of a bond or a VLAN, if there is one; and QEMU's for the cards.

    A card's cable is a tap interface on the lab's bridge, or a socket to the switch, which has the tap.
    """
    before: list[str] = []
    words: list[str] = []
    for at, link in enumerate(machine.links):
        sockets: list[str] = []
        for _ in link.cards or (link.interface,):
            number = len(words) // 4
            cable = f"tap,id=net{number},ifname={plug(machine.name, at)},script=no,downscript=no"
            if link.cards:
                sockets.append(str(FIRST_SOCKET + number))
                cable = f"socket,id=net{number},fd={sockets[-1]}"
            card = f"e1000e,netdev=net{number},bus=pcie.0,addr={FIRST_SLOT + number:#x}"
            words += ["-netdev", cable, "-device", f"{card},mac={hardware_address(lab, machine.name, number)}"]
        if link.cards:
            tagged = (f"--vlan={link.vlan}",) if link.vlan else ()
            before += [sys.executable, switch.__file__, plug(machine.name, at), *sockets, *tagged]
            before += [*(("--lacp",) if link.lacp else ()), "--"]
    return before, words


def pull(lab: topology.Lab, name: str, card: str, *, out: bool = True) -> None:
    """From now on nothing passes a card of a running machine (``enp0s3``), as behind a dead line; or again all does.

    QEMU 7.2 does not have an e1000e with MSI-X tell its driver so: the card still has light, and only LACP sees it.
    """
    number = int(card.removeprefix("enp0s")) - FIRST_SLOT
    with socket.socket(socket.AF_UNIX) as monitor:
        monitor.connect(str(lab.machine_state(name) / MONITOR))
        with monitor.makefile("rw", encoding="utf-8") as speaks:
            speaks.readline()  # its greeting
            for said, given in (("qmp_capabilities", {}), ("set_link", {"name": f"net{number}", "up": not out})):
                speaks.write(json.dumps({"execute": said, "arguments": given}))
                speaks.flush()
                while not {"return", "error"} & set(answer := json.loads(speaks.readline())):
                    pass  # an event
                if "error" in answer:
                    raise shell.LabError(f"the monitor of {name}: {said}: {answer['error']['desc']}")


def kernel_options(accelerator: list[str]) -> list[str]:
    """Words for the kernel's command line that a machine without KVM needs."""
    if "kvm" in accelerator:
        return []
    # QEMU's timer has the frequency that it says; the processor's own counter has to be measured at each boot. And
    # a machine whose every instruction is translated lets systemd's watchdogs wait for longer than they do.
    return ["clocksource=acpi_pm", "systemd.service_watchdogs=no"]


def _kernel(state: pathlib.Path, image: pathlib.Path, accelerator: list[str]) -> list[str]:
    """Boots the image's kernel; its disk is made of the image and the machine's own layer when there is none."""
    if not (state / DISK).exists():
        shell.run("unshare", "--mount", "sh", "-c", MAKE, "make", str(image), str(state), LABEL, SIZE, DISK)
    (kernel,), (initrd,) = (image / "boot").glob("vmlinuz-*"), (image / "boot").glob("initrd.img-*")
    words = (f"root=LABEL={LABEL}", "rw", "console=ttyS0", "panic=10", "quiet", *kernel_options(accelerator))
    return ["-machine", "q35", "-kernel", str(kernel), "-initrd", str(initrd), "-append", " ".join(words)]


def _firmware(lab: topology.Lab, machine: topology.Machine, hardware: topology.Hardware) -> list[str]:
    """Boots by UEFI with Secure Boot, as a real one does: from its medium while its disks are empty."""
    state = lab.machine_state(machine.name)
    if not CODE.exists():
        raise shell.LabError(f"{machine.name} boots by UEFI, and there is no {CODE}: tests/setup.sh vm installs it")
    for name in disks(hardware):
        if not (state / name).exists():
            shell.run("truncate", f"--size={SIZE_OF_BARE}", str(state / name))
    if not (state / "firmware.fd").exists():
        shutil.copy(VARIABLES, state / "firmware.fd")
    return [
        *("-machine", "q35,smm=on", "-global", "driver=cfi.pflash01,property=secure,value=on"),
        *("-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={CODE}"),
        *("-drive", f"if=pflash,unit=1,format=raw,file={state / 'firmware.fd'}"),
        *_medium(lab, machine, hardware),
    ]


def _medium(lab: topology.Lab, machine: topology.Machine, hardware: topology.Hardware) -> list[str]:
    """What a machine boots from before anything else: its medium as a disc, or as a USB stick."""
    drive = f"if=none,id=medium,file={lab.media / machine.name}.iso,format=raw,readonly=on"
    if hardware.stick:
        controller = f"qemu-xhci,id=usb,bus=pcie.0,addr={USB_SLOT:#x}"
        stick = "usb-storage,bus=usb.0,drive=medium,removable=on,bootindex=0"
        return ["-drive", drive, "-device", controller, "-device", stick]
    return ["-drive", f"{drive},media=cdrom", "-device", f"ide-cd,drive=medium,bus=ide.{hardware.disks},bootindex=0"]


def plug(name: str, number: int) -> str:
    """The lab's end of a machine's cable, by number: the kernel takes 15 characters at most."""
    return f"{name}-{number}"


def inside(lab: topology.Lab, name: str, *command: str) -> list[str]:
    """The command line that runs a command inside one, as root: by the way that operators have."""
    entered = ("ssh", "-F", str(lab.state / "ssh_config"), "-o", "LogLevel=ERROR")
    terminal = ("-t",) if sys.stdin.isatty() and command[:1] == ("bash",) else ()
    return [*entered, *terminal, name, "sudo", "--", shlex.join(command)]


def accelerated(image: pathlib.Path, cache: pathlib.Path) -> list[str]:
    """QEMU's accelerator: KVM only where it has been seen to boot this kernel, as some hosts' KVM does not.

    What was seen is kept beside the images. IMRS_LAB_ACCEL=kvm or tcg: without a look.
    """
    chosen = os.environ.get("IMRS_LAB_ACCEL", "")
    if chosen not in ("", "kvm", "tcg"):
        raise shell.LabError(f"IMRS_LAB_ACCEL={chosen}: kvm or tcg")
    if not chosen:
        seen = cache / f"{image.name}.accelerator"
        if not seen.exists():
            seen.write_text("kvm" if _kvm_boots(image) else "tcg", encoding="ascii")
        chosen = seen.read_text(encoding="ascii")
    if chosen == "kvm":
        return ["-accel", "kvm", "-cpu", "host"]
    # Five levels of page tables only make translation slower.
    # One thread for all processors: with one for each, QEMU 7.2 had one run an instruction of the kernel that another
    # had changed by half (a jump label), and the kernel panicked.
    return ["-accel", "tcg,thread=single", "-cpu", "max,la57=off"]


def _kvm_boots(image: pathlib.Path) -> bool:
    """Whether the kernel says its first words within some seconds: a KVM that cannot run it stops, and says no word."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    (kernel,) = (image / "boot").glob("vmlinuz-*")
    with subprocess.Popen(
        [QEMU, "-accel", "kvm", "-cpu", "host", "-machine", "q35", "-m", "512M", "-nodefaults",
         "-display", "none", "-serial", "stdio", "-no-reboot", "-kernel", str(kernel),
         "-append", "console=ttyS0 earlyprintk=serial panic=-1"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as tried:  # fmt: skip
        assert tried.stdout is not None
        os.set_blocking(tried.stdout.fileno(), False)
        said, began = b"", time.monotonic()
        # Without a root file system it ends in a panic, and with that QEMU.
        while b"Kernel panic" not in said and tried.poll() is None and time.monotonic() - began < 30:
            said += tried.stdout.read() or b""
            time.sleep(0.1)
        tried.kill()
    return b"Kernel panic" in said

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From bare metal to live: a medium installs a machine with empty disks, and what it must not touch it does not."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import pathlib
import re
import shutil
import typing as t
import warnings

import pytest
from imrslab import machine, medium, network, shell, topology, virtual
from imrslab.drill import ALL, SLOW, Drill

RAW = "data of a program that needs no file system"
STRAY = "stray"
"""A machine that the medium of another one is put into."""
INSTALLS = 1800.0
"""Seconds for an installation without KVM."""
MAKES_HASH = "grub-mkpasswd-pbkdf2 --iteration-count=10000"
WITHOUT_IDS = "grep -v -e ^label-id -e ^device | sed 's/, uuid=[^,]*//'"
KEY = "/etc/ssh/ssh_host_ed25519_key.pub"
SECURE_BOOT = "tail -c 1 /sys/firmware/efi/efivars/SecureBoot-* | od -A n -t u1"


@pytest.fixture(scope="module")
def drill() -> Drill:
    """The lab in which a medium has just installed the appliance."""
    lab = Drill(site="xbm")
    lab.up()
    return lab


@pytest.fixture(autouse=True)
def live() -> None:
    """It is bare when the first story begins."""


@contextlib.contextmanager
def booted(drill: Drill, medium_: pathlib.Path, content: str = "", **hardware: t.Any) -> t.Iterator[topology.Machine]:
    """The stray machine, with a medium in it, and on its first disk a file system of this label, or RAW."""
    lab, own = drill.lab, drill.lab.plan.machine(drill.appliance.name)
    links = hardware.pop("links", own.links)
    assert own.hardware
    parts = dataclasses.replace(own.hardware, **hardware)
    stray = dataclasses.replace(own, name=STRAY, links=links, hardware=parts)
    state = lab.machine_state(STRAY)
    state.mkdir(parents=True)
    shutil.copy(medium_, lab.media / f"{STRAY}.iso")
    if content == RAW:
        (state / virtual.DISK).write_bytes(b"\0" * 4096 + content.encode())
        shell.run("truncate", f"--size={virtual.SIZE_OF_BARE}", str(state / virtual.DISK))
    elif content:
        shell.run("mke2fs", "-q", "-t", "ext4", "-L", content, str(state / virtual.DISK), virtual.SIZE_OF_BARE)
    try:
        start(drill, stray)
        yield stray
    finally:
        machine.stop(lab, STRAY)
        network.unplug(lab, STRAY)
        shutil.rmtree(state)
        (lab.media / f"{STRAY}.iso").unlink()


def start(drill: Drill, stray: topology.Machine) -> None:
    """Power on, with an empty log of its console."""
    (drill.lab.machine_state(STRAY) / "console.log").unlink(missing_ok=True)
    network.plug_in(drill.lab, stray)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it outlives us, as it shall
        machine.boot(drill.lab, stray, medium.kernel(drill.lab))


def says(drill: Drill, what: str, name: str = STRAY) -> str:
    """Wait until a machine has said this on its console; all that it has said."""
    log = drill.lab.machine_state(name) / "console.log"

    def said() -> str:
        return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""

    shell.wait_for(f"{what!r} on the console of {name}", lambda: re.search(what, said()), INSTALLS)
    return said()


def written(drill: Drill) -> dict[str, int]:
    """When the stray machine's disks were written to."""
    return {path.name: path.stat().st_mtime_ns for path in sorted(drill.lab.machine_state(STRAY).glob("disk*.raw"))}


def own_medium(drill: Drill) -> pathlib.Path:
    """The medium that has installed the appliance."""
    return drill.lab.media / f"{drill.appliance.name}.iso"


def test_it_arrives_as_its_sheet_says(drill: Drill) -> None:
    """By UEFI with Secure Boot, on a mirror, and nothing listens but sshd."""
    assert drill.node("sh", "-c", SECURE_BOOT).strip() == "1"
    assert drill.node("hostname", "-f").strip() == "xbm01.l.root-servers.org"
    assert re.findall(r"\[(\d/\d)\]", drill.node("cat", "/proc/mdstat")) == ["2/2", "2/2"]
    for place, options in (("/var/log", {"nodev", "nosuid", "noexec"}), ("/tmp", {"nodev", "nosuid"})):
        assert options <= set(drill.node("findmnt", "-n", "-o", "OPTIONS", place).strip().split(",")), place
    listening = drill.node("ss", "-H", "-lntu").splitlines()
    assert {line.split()[4].rpartition(":")[2] for line in listening} == {"22"}, listening
    assert drill.node("systemctl", "--failed", "--no-legend", "--plain").strip() == ""
    assert drill.node("cat", KEY).split()[1] in (drill.lab.media / "xbm01.known_hosts").read_text()
    assert drill.node("sh", "-c", "ls /etc/ssh/ssh_host_*_key").split() == [KEY.removesuffix(".pub")]


@pytest.mark.parametrize(
    ("content", "hardware", "told"),
    [
        ("", {"serial": "LAB-0815"}, "serial number LAB-0006. This machine says: lab-0815"),
        ("precious", {}, "/dev/sda is not empty: ext4 precious"),
        (RAW, {}, "/dev/sda is not empty: something that has no name"),
        ("", {"disks": 3}, r"has 2 disk\(s\), and this machine has 3: /dev/sda /dev/sdb /dev/sdc"),
        ("", {"links": ()}, "management interface enp0s2 of xbm01's sheet is not in this machine"),
    ],
    ids=[
        "another machine",
        "a disk with a file system",
        "a disk with data alone",
        "another number of disks",
        "another interface",
    ],
)
def test_what_it_is_not_meant_for_it_leaves_alone(
    drill: Drill, content: str, hardware: dict[str, t.Any], told: str
) -> None:
    with booted(drill, own_medium(drill), content, **hardware):
        shell.wait_for("its disks", lambda: written(drill), SLOW)
        before = written(drill)
        said = says(drill, "Nothing was changed")
        assert re.search(told, said), said[-1000:]
        assert written(drill) == before


def test_the_same_medium_is_a_stick(drill: Drill) -> None:
    """It is no disk of the machine's, though the kernel may call it sda; left in, it boots what it has installed."""
    with booted(drill, own_medium(drill), stick=True):
        said = says(drill, "imrs: (xbm01 is installed|Nothing was changed|The installation broke off|The profile of)")
        assert "imrs: xbm01 is installed" in said, said[-1000:]
        says(drill, "xbm01 login:")


def test_a_person_may_have_it_erase(drill: Drill, tmp_path: pathlib.Path) -> None:
    """As the menu's last line does. Then the power fails, and it begins anew without being told."""
    erases = tmp_path / "erases.iso"
    menu = tmp_path / "grub.cfg"
    shell.run(
        "xorriso", "-osirrox", "on", "-indev", str(own_medium(drill)), "-extract", "/boot/grub/grub.cfg", str(menu)
    )
    menu.chmod(0o644)
    menu.write_text(menu.read_text().replace("set default=install", "set default=erase"))
    shell.run(
        "xorriso", "-indev", str(own_medium(drill)), "-outdev", str(erases), "-boot_image", "any", "replay",
        "-map", str(menu), "/boot/grub/grub.cfg",
    )  # fmt: skip
    with booted(drill, erases, "precious") as stray:
        says(drill, "imrs: unpacking")
        machine.stop(drill.lab, STRAY)
        network.unplug(drill.lab, STRAY)
        shutil.copy(own_medium(drill), drill.lab.media / f"{STRAY}.iso")
        start(drill, stray)
        said = says(drill, "imrs: (xbm01 is installed|.*not empty|The installation broke off)")
        assert "imrs: xbm01 is installed" in said, said[-1000:]


def test_the_first_run_takes_it_live_and_has_it_make_its_own_key(drill: Drill) -> None:
    """What is on the medium is worth nothing any more; the controller knows the new key, and no other."""
    brought = drill.node("cat", KEY).split()[1]
    done = drill.play("site")
    assert done.status == 0, done.output[-5000:]
    drill.wait(ALL)
    own = drill.node("cat", KEY).split()[1]
    assert own != brought
    for path in (drill.lab.secrets / "known_hosts", drill.lab.media / "xbm01.known_hosts"):
        known = [line.split() for line in path.read_text().splitlines() if line.startswith("xbm01 ")]
        assert [words[2] for words in known] == [own], path
    assert drill.node("sh", "-c", "ls /etc/ssh").split().count("imrs-one-time-key") == 0
    again = drill.play("site")
    assert again.status == 0, again.output[-5000:]
    assert re.search(r"xbm01 .*changed=0 ", again.output), again.output[-500:]


def test_the_boot_loader_takes_a_password_for_all_but_the_newest_kernel(drill: Drill) -> None:
    made = drill.node("sh", "-c", f"printf 'lab\\nlab\\n' | {MAKES_HASH} | grep -o 'grub[.]pbkdf2.*'").strip()
    told = {"hardening_boot_password_variable": "vault_boot", "vault_boot": made}
    done = drill.play("site", "-e", json.dumps(told))
    assert done.status == 0, done.output[-5000:]
    assert made not in done.output
    menu = drill.node("cat", "/boot/grub/grub.cfg")
    assert f'set superusers="imrs"\npassword_pbkdf2 imrs {made}\n' in menu
    first, *others = re.findall(r"^\s*menuentry .*", menu, re.MULTILINE)
    assert "--unrestricted" in first, first
    assert not [entry for entry in others if "--unrestricted" in entry]
    assert drill.node("stat", "-c", "%a %U", "/boot/grub/grub.cfg").split() == ["600", "root"]

    before = drill.node("cat", "/proc/sys/kernel/random/boot_id")
    drill.node("systemctl", "reboot", "--no-block")
    shell.wait_for("the end of its routes", lambda: not drill.received(), SLOW)
    drill.wait(ALL)
    assert drill.node("cat", "/proc/sys/kernel/random/boot_id") != before


def test_a_disk_fails(drill: Drill) -> None:
    """The node serves on; acceptance tells it (HW-03), and takes nothing down. It boots from either disk."""
    system = "/dev/md/system"
    rows = [line.split() for line in drill.node("lsblk", "-dnro", "NAME,SERIAL").splitlines()]
    (lost,) = {row[0] for row in rows if row[1:] == ["disk0"]}
    drill.node("mdadm", "--quiet", system, "--fail", f"/dev/{lost}2")
    done = drill.play("accept")
    assert done.status != 0
    assert re.search(r"HW-03 +F +fail", done.output), done.output[-3000:]
    assert drill.received() == ALL
    drill.node("mdadm", "--quiet", system, "--remove", f"/dev/{lost}2")
    drill.node("mdadm", "--quiet", "--zero-superblock", f"/dev/{lost}2")

    # It is taken out, and the machine boots from the other one.
    drill.switch_off()
    first = drill.lab.machine_state(drill.appliance.name) / virtual.DISK
    shell.run("truncate", "--size=0", str(first))
    shell.run("truncate", f"--size={virtual.SIZE_OF_BARE}", str(first))
    drill.switch_on()
    drill.wait(ALL)

    # The new one, as docs/image.md has it. The kernel may call it by the other's name.
    rows = [line.split() for line in drill.node("lsblk", "-nro", "NAME,TYPE,PKNAME").splitlines()]
    (left,) = {row[2] for row in rows if row[1] == "part"}
    (new,) = {row[0] for row in rows if row[1] == "disk"} - {left}
    drill.node("sh", "-c", f"sfdisk --dump /dev/{left} | {WITHOUT_IDS} | sfdisk --quiet /dev/{new}")
    for array, number in (("esp", 1), ("system", 2)):
        drill.node("mdadm", "--quiet", f"/dev/md/{array}", "--add", f"/dev/{new}{number}")
    shell.wait_for("whole mirrors", lambda: drill.node("cat", "/proc/mdstat").count("[UU]") == 2, SLOW)
    done = drill.play("accept")
    assert done.status == 0, done.output[-3000:]

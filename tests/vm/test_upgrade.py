# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrades of a machine that a medium has installed: kept once accepted, and gone by themselves otherwise."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import time
import typing as t

import pytest
from imrslab import shell
from imrslab.drill import ALL, PATIENCE, ROOT, SLOW, Drill

CANDIDATE = ROOT / "roles/upgrade/files/candidate"

PLACE = "/root/newer"
"""Packages that the stories make, in the system in use; a candidate is a copy of it, and finds them there."""
MAKE = r"""set -eu
rm -rf {place}; mkdir -p {place}/tree; cd {place}
apt-get download -qq {package}
dpkg-deb -R {package}_*.deb tree
sed -i 's/^Version: .*/&+imrs1/' tree/DEBIAN/control
rm -f tree/DEBIAN/md5sums
{change}
dpkg-deb -b tree newer.deb >/dev/null
dpkg-deb -f newer.deb Version
"""
NOTHING = ":"
CRASHES = r"printf '#!/bin/sh\nexit 1\n' > tree/usr/sbin/knotd"
PANICS = (
    "mkdir -p tree/etc/default/grub.d && "
    "echo 'GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX rdinit=/nowhere\"' > tree/etc/default/grub.d/zz.cfg"
)
UNREACHABLE = (
    "mkdir -p tree/etc/systemd/network && printf '[Match]\\nName=*\\n' > tree/etc/systemd/network/00-none.network"
)
TRIES = int(os.environ.get("IMRS_TRIES", "2"))
"""How often the power fails, each time at another instant."""
LENGTH = 600.0
"""Seconds that an upgrade takes: instants are of these."""
EMERGENCY = (
    "mkdir -p tree/etc/systemd/system/local-fs.target.requires && cd tree/etc/systemd/system && "
    "printf '[Mount]\\nWhat=/dev/none\\nWhere=/srv\\n' > srv.mount && "
    "ln -s ../srv.mount local-fs.target.requires && cd {place}"
)


@pytest.fixture(scope="module")
def drill() -> Drill:
    """The lab with a machine that a medium has installed."""
    lab = Drill(site="xbm")
    lab.up()
    return lab


@pytest.fixture(autouse=True)
def live(drill: Drill) -> None:
    """Every story begins with a machine that is live."""
    drill.forget_falls()
    with contextlib.suppress(shell.LabError):  # a machine that a medium has just installed has no gate
        if drill.status()["intent"]["mode"] == "live":  # else nothing comes by waiting
            drill.wait(ALL)
    if drill.received() != ALL:
        done = drill.play("site")
        assert done.status == 0, done.output[-5000:]
    drill.wait(ALL)


def newer(drill: Drill, package: str, change: str) -> str:
    """Make a newer version of a package on the machine, with something changed in it; its version."""
    return drill.node("sh", "-c", MAKE.format(place=PLACE, package=package, change=change.format(place=PLACE))).split()[
        -1
    ]


def upgrade(drill: Drill, **more: t.Any) -> tuple[int, str]:
    """Run the playbook with the package that was made; its exit status and what it said."""
    told = {"upgrade_packages": [f"{PLACE}/newer.deb"], "imrs_disrupt": True} | more
    done = drill.play("upgrade", "-e", json.dumps(told))
    return done.status, done.output


def systems(drill: Drill) -> dict[str, t.Any]:
    """What the machine runs, and what it boots."""
    root = drill.node("findmnt", "-no", "SOURCE", "/").strip().rpartition("-")[2]
    mark = drill.node("sh", "-c", "test -e /boot/efi/EFI/debian/boot-second && echo second || echo root").strip()
    return {"running": root, "booted": mark}


def installed(drill: Drill, package: str) -> str:
    return drill.node("dpkg-query", "-W", "-f", "${Version}", package).strip()


def test_what_is_accepted_is_kept(drill: Drill) -> None:
    """It is live with the newer package, which stays held; and after a reboot, too."""
    before = systems(drill)
    version = newer(drill, "knot", NOTHING)
    status, said = upgrade(drill)
    assert status == 0, said[-5000:]
    assert f"→ {version}" in said
    drill.wait(ALL)
    after = systems(drill)
    assert after["running"] == after["booted"] != before["running"]
    assert installed(drill, "knot") == version
    assert "knot" in drill.node("apt-mark", "showhold").split()
    drill.node("systemctl", "reboot", "--no-block")
    shell.wait_for("the end of its routes", lambda: not drill.received(), SLOW)
    drill.wait(ALL)
    assert systems(drill) == after


def next_boot(drill: Drill) -> str:
    """The entry that the firmware starts next, and then no more; empty for none."""
    return drill.node("sh", "-c", "efibootmgr | sed -n 's/^BootNext: //p'").strip()


def test_the_firmware_forgets_a_candidate_that_nobody_boots(drill: Drill) -> None:
    """By itself, when the controller has died before the reboot; when it is told to; and nothing of anybody else's."""
    drill.node("sh", "-c", 'printf %s "$1" > /root/candidate', "sh", CANDIDATE.read_text())
    drill.node("apt-get", "install", "-qq", "efibootmgr")
    if not drill.node("sh", "-c", "ls -d /dev/imrs/second 2>/dev/null || true"):
        drill.node("sh", "/root/candidate", "make", "45")
    drill.node("sh", "/root/candidate", "once", "20")
    assert (entry := next_boot(drill))
    shell.wait_for("a firmware that has forgotten it", lambda: not next_boot(drill), PATIENCE)

    drill.node("sh", "/root/candidate", "once", "600")
    assert next_boot(drill) == entry
    drill.node("sh", "/root/candidate", "forget")
    assert not next_boot(drill)

    other = drill.node("sh", "-c", "efibootmgr | sed -n 's/^BootOrder: //p'").strip().split(",")[0]
    drill.node("efibootmgr", "--quiet", "--bootnext", other)
    drill.node("sh", "/root/candidate", "forget")
    assert next_boot(drill) == other != entry
    drill.node("efibootmgr", "--quiet", "--delete-bootnext")


@pytest.mark.parametrize(
    ("package", "change", "minutes"),
    [("knot", CRASHES, 45), ("hostname", PANICS, 45), ("hostname", UNREACHABLE, 6), ("hostname", EMERGENCY, 6)],
    ids=[
        "a daemon that crashes",
        "a kernel that panics",
        "a network that is lost",
        "a system that stops in emergency mode",
    ],
)
def test_what_is_not_accepted_goes_away(drill: Drill, package: str, change: str, minutes: int) -> None:
    """The machine is back on the system before, and live by itself."""
    before, version = systems(drill), installed(drill, package)
    newer(drill, package, change)
    status, said = upgrade(drill, upgrade_minutes=minutes)
    assert status != 0
    assert re.search(
        r"xbm01 was not upgraded: .*It runs the system before, and announces what it did", said, re.DOTALL
    ), said[-5000:]
    drill.wait(ALL)
    assert systems(drill) == before
    assert installed(drill, package) == version
    assert drill.status()["certificate"]["valid"]


def boots(drill: Drill) -> int:
    """How often it has booted, with either system: they have one log."""
    return len(drill.node("journalctl", "--list-boots", "--quiet", "--no-pager").splitlines())


@pytest.mark.parametrize("seed", range(TRIES))
def test_power_that_fails_at_any_instant_leaves_a_node_that_is_live(drill: Drill, seed: int) -> None:
    """It runs the system before, or the one that was accepted; nobody has helped, but for switching the power on."""
    newer(drill, "hostname", NOTHING)
    before, booted = systems(drill), boots(drill)
    told = {"upgrade_packages": [f"{PLACE}/newer.deb"], "imrs_disrupt": True, "upgrade_minutes": 15}
    instant = random.Random(seed).uniform(0, LENGTH)  # noqa: S311 - no secret
    began = time.monotonic()
    run = drill.begin("upgrade", "-e", json.dumps(told))
    shell.wait_for("the instant", lambda: run.ended() or time.monotonic() - began > instant, 2 * LENGTH)
    drill.cut_power()
    drill.switch_on()
    said = run.end().output
    drill.wait(ALL, 15 * 60 + 2 * SLOW)
    after = systems(drill)
    assert after["running"] == after["booted"], (instant, said[-3000:])
    assert drill.status()["certificate"]["valid"], (instant, said[-3000:])
    assert boots(drill) - booted <= 3, (instant, said[-3000:])
    assert after == before or "was not upgraded" not in said, (instant, said[-3000:])

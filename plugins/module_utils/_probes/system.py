# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What the operating system says of itself: release, pending reboot, failed units, room, and who runs as whom.

Of files with secrets only their owners and modes are read, never their content.
"""

from __future__ import annotations

import glob
import grp
import os
import pathlib
import platform
import pwd
import re
import stat
import time
import typing as t

from .. import _products as products
from . import host

GATE = "imrs-gate"
"""Process and account of the gate."""

SECRETS = ("/etc/imrs/upstream.json", "/run/imrs/upstream.json", "/etc/imrs-console")
"""Files of ours that hold secrets; those of the daemons are in their descriptors."""

ROOM = ("/", "/var")

_EXPOSURE = re.compile(r"Overall exposure level for (\S+): ([0-9]+\.[0-9])(?= )")

FAILED = ("systemctl", "list-units", "--state=failed", "--all", "--plain", "--no-legend", "--full")


def release() -> dict[str, str]:
    """``os-release``: distribution and version, empty where it does not say; and the kernel that runs."""
    try:
        said = platform.freedesktop_os_release()
    except OSError:
        said = {}
    return {"id": said.get("ID", ""), "version": said.get("VERSION_ID", ""), "kernel": platform.release()}


def pending(mark: str = "/run/reboot-required", next_kernel: str = "/vmlinuz", running: str = "") -> dict[str, t.Any]:
    """Whether a reboot is due, and for which packages: Debian's mark, or a kernel that is not the one that runs.

    For a kernel, Debian writes the mark by the package unattended-upgrades alone, so it is looked at which one boots
    next (linux-update-symlinks(1)). A container has none.
    """
    path, link = pathlib.Path(mark), pathlib.Path(next_kernel)
    try:
        named = path.with_name(f"{path.name}.pkgs").read_text(encoding="utf-8", errors="replace").split()
    except OSError:
        named = []
    newer = link.readlink().name.removeprefix("vmlinuz-") if link.is_symlink() else ""
    other = bool(newer) and newer != (running or platform.release())
    return {
        "pending": path.exists() or other,
        "packages": sorted({*named, *([f"linux-image-{newer}"] if other else [])}),
    }


def parse_units(text: str) -> list[str]:
    """``systemctl list-units --plain --no-legend``: the names of the units."""
    return [line.split()[0] for line in text.splitlines() if line.strip()]


def parse_exposures(text: str) -> dict[str, float]:
    """``systemd-analyze security --no-pager UNIT…``: by unit its exposure, from 0.0 to 10.0.

    That number is in the text alone: as JSON there is one only of services that run for long, and without units. A unit
    that systemd does not know is not there.
    """
    return {unit: float(exposure) for unit, exposure in _EXPOSURE.findall(text)}


def room(paths: t.Sequence[str] = ROOM) -> list[dict[str, t.Any]]:
    """How much of each file system is free for everybody, in per cent: space and inodes.

    Null where a file system counts no inodes, as it makes them when they are needed.
    """
    found = []
    for path in paths:
        said = os.statvfs(path)
        inodes = round(100 * said.f_favail / said.f_files, 1) if said.f_files else None
        found.append({"path": path, "space": round(100 * said.f_bavail / said.f_blocks, 1), "inodes": inodes})
    return found


def _user(number: int) -> str:
    """An account by its name; by its number where it has none, as that of a unit with DynamicUser= may."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def processes(names: t.Collection[str]) -> list[dict[str, str]]:
    """The accounts that processes of these names run as: one entry for each name and account, by the effective one.

    A daemon's processes may call themselves ``NAME: part``.
    """
    found = set()
    for status in glob.glob("/proc/[0-9]*/status"):
        try:
            lines = pathlib.Path(status).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:  # it has ended
            continue
        said = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        name = said.get("Name", "").partition(":")[0]
        if name in names:
            found.add((name, _user(int(said["Uid"].split()[1]))))
    return [{"name": name, "user": user} for name, user in sorted(found)]


def profiles(names: t.Collection[str]) -> list[dict[str, str]]:
    """The AppArmor profiles that processes of these names are under: one entry for each name and profile.

    As the kernel has them: ``imrs-gate (enforce)``, or ``unconfined``; empty where it has no AppArmor
    (apparmor(7), ``/proc/PID/attr``).
    """
    found = set()
    for comm in glob.glob("/proc/[0-9]*/comm"):
        process = pathlib.Path(comm).parent
        try:
            name = (process / "comm").read_text(encoding="utf-8", errors="replace").strip().partition(":")[0]
            label = process / "attr/apparmor/current"
            if name in names:
                found.add((name, label.read_text(encoding="utf-8").strip("\0\n") if label.exists() else ""))
        except (FileNotFoundError, ProcessLookupError):  # it has ended
            continue
        except OSError:  # without AppArmor the file is there, and says nothing
            found.add((name, ""))
    return [{"name": name, "profile": profile} for name, profile in sorted(found)]


def accounts(names: t.Collection[str]) -> list[dict[str, str]]:
    """``processes``, asked again while one is root's: a daemon that was just started is, until it has its sockets."""
    for _again in range(host.LOOKS - 1):
        found = processes(names)
        if all(row["user"] != "root" for row in found):
            return found
        time.sleep(host.LOOK_AFTER)
    return processes(names)


def owners(patterns: t.Iterable[str]) -> list[dict[str, str]]:
    """Owner, group and mode (as ``0640``) of every file that matches."""
    found = []
    for path in sorted({path for pattern in patterns for path in glob.glob(pattern)}):
        try:
            said = pathlib.Path(path).stat()
        except OSError:  # gone meanwhile, or a link to nothing
            continue
        mode = f"{stat.S_IMODE(said.st_mode):04o}"
        found.append({"path": path, "mode": mode, "owner": _user(said.st_uid), "group": _group(said.st_gid)})
    return found


def read(daemons: t.Sequence[products.Product], runner: host.Runner = host.run) -> dict[str, t.Any]:
    """Everything about the system that checks judge, with the processes and the secrets of these daemons.

    ``failed``: units that have failed and were not started again since; null where systemd does not say. ``exposure``:
    as ``parse_exposures``, of our units as systemd has loaded them, with all drop-ins; empty where it does not say.
    """
    failed = runner(FAILED)
    confined = runner(["systemd-analyze", "security", "--no-pager", *products.exposures(daemons)])
    names = {GATE, *(daemon.process for daemon in daemons), *(each.bfd.process for each in daemons if each.bfd)}
    return {
        "release": release(),
        "reboot": pending(),
        "failed": parse_units(failed["stdout"]) if failed["rc"] == 0 else None,
        "exposure": parse_exposures(confined["stdout"]),
        "room": room(),
        "processes": accounts(names),
        "profiles": profiles(names),
        "secrets": owners((*SECRETS, *(pattern for daemon in daemons for pattern in daemon.secrets))),
    }

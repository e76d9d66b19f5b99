# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Booting and stopping machines: nspawn containers with a real systemd over a cached image, or virtual machines.

Mounts live in a private mount namespace per machine and end with it; every process of a machine is in one
control group, which the kernel can empty at once.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import signal
import subprocess
import time

from . import shell, topology, virtual

STARTS = 30.0
"""Seconds after which a machine that runs no process has ended, and not just begun."""

IN_A_GROUP = r"""set -eu
group=$1
shift
mount --make-rprivate /
while umount -R /sys/fs/cgroup 2>/dev/null; do :; done
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p "/sys/fs/cgroup/$group"
echo $$ > "/sys/fs/cgroup/$group/cgroup.procs"
exec "$@"
"""
CONTAINER = r"""set -eu
lower=$1 state=$2 namespace=$3 name=$4
mkdir -p /run/systemd
mount -t tmpfs tmpfs /run/systemd
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$state/upper,workdir=$state/work" "$state/root"
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
exec systemd-nspawn --quiet --keep-unit --register=no --boot --console=pipe --link-journal=no \
  --capability=CAP_NET_ADMIN,CAP_NET_RAW --resolv-conf=off --timezone=off --kill-signal=SIGRTMIN+3 \
  --directory="$state/root" --machine="$name" --network-namespace-path="/run/netns/$namespace"
"""


def _cgroup_root() -> pathlib.Path:
    """Where this machine mounts cgroup v2 (beside v1 on older set-ups)."""
    for line in pathlib.Path("/proc/self/mounts").read_text().splitlines():
        _, where, kind, *_ = line.split()
        if kind == "cgroup2":
            return pathlib.Path(where)
    raise shell.LabError("no cgroup v2 hierarchy is mounted: mount -t cgroup2 cgroup2 /sys/fs/cgroup")


def _group(lab: topology.Lab, name: str) -> pathlib.Path:
    return _cgroup_root() / lab.namespace(name)


def boot(lab: topology.Lab, machine: topology.Machine, image: pathlib.Path) -> None:
    """Start a machine over an image, or one that has run before from its own disk; returns at once.

    Its own layer must be laid out by then (guests.lay_out).
    """
    state, namespace = lab.machine_state(machine.name), lab.namespace(machine.name)
    if machine.hardware:
        command = virtual.command(lab, machine, machine.hardware, image)
    else:
        for folder in ("upper", "work", "root"):
            (state / folder).mkdir(parents=True, exist_ok=True)
        command = ["sh", "-c", CONTAINER, "boot", str(image), str(state), namespace, machine.name]
    with (state / "console.log").open("a") as log:
        process = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", IN_A_GROUP, "boot", namespace, *command],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    shell.write(state / "pid", f"{process.pid}\n")


def running(lab: topology.Lab, name: str) -> bool:
    """Whether any process of a machine is alive."""
    processes = _group(lab, name) / "cgroup.events"
    return processes.exists() and "populated 1" in processes.read_text()


def ssh_answers(lab: topology.Lab, machine: topology.Machine) -> bool:
    """Whether the machine's SSH server greets on its management address, asked from the outer namespace."""
    probe = (
        "import socket,sys; s = socket.create_connection((sys.argv[1], 22), 1); s.settimeout(2);"
        "sys.exit(not s.recv(64).startswith(b'SSH'))"
    )
    command = ["ip", "netns", "exec", lab.outer, "python3", "-c", probe, machine.management]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def await_ssh(lab: topology.Lab, machine: topology.Machine, seconds: float) -> None:
    """Until ``ssh_answers``. LabError with the end of its console when it ends instead, or takes longer.

    One that was just started is not in its control group yet.
    """
    began = time.monotonic()

    def answers() -> bool:
        if not running(lab, machine.name) and time.monotonic() - began > STARTS:
            console = lab.machine_state(machine.name) / "console.log"
            said = console.read_text(encoding="utf-8", errors="replace") if console.exists() else ""
            raise shell.LabError(f"{machine.name} has ended instead of letting in: {said[-500:].strip()}")
        return ssh_answers(lab, machine)

    shell.wait_for(f"SSH on {machine.name}", answers, seconds)


def stop(lab: topology.Lab, name: str) -> None:
    """End a machine at once: the kernel empties its control group. Its disk is thrown away anyway."""
    group = _group(lab, name)
    pid_file = lab.machine_state(name) / "pid"
    if running(lab, name):
        pid = int(pid_file.read_text()) if pid_file.exists() else 0
        if pid and _is_nspawn(pid):
            os.kill(pid, signal.SIGKILL)
        (group / "cgroup.kill").write_text("1")
        shell.wait_for(f"the end of {name}", lambda: not running(lab, name), 120)  # it may wait for a disk
    pid_file.unlink(missing_ok=True)
    if group.exists():
        _remove_group(group)


def _is_nspawn(pid: int) -> bool:
    command = pathlib.Path(f"/proc/{pid}/cmdline")
    return command.exists() and b"systemd-nspawn" in command.read_bytes()


def _remove_group(group: pathlib.Path) -> None:
    def removed() -> bool:
        try:
            folders = sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True)
            for folder in [*folders, group]:
                folder.rmdir()
        except OSError:  # a process is still being reaped
            return False
        return True

    shell.wait_for(f"the end of {group}, which is busy", removed, 60)


def disk(lab: topology.Lab, name: str) -> pathlib.Path:
    """What a machine has on its disk: of a container a folder, beyond its image; of a virtual machine a file, whole."""
    state = lab.machine_state(name)
    return state / virtual.DISK if virtual.is_one(lab, name) else state / "upper"


def put_disk(lab: topology.Lab, name: str, kept: pathlib.Path) -> None:
    """Give a machine that is off a copy of a disk that was kept."""
    own = disk(lab, name)
    for path in (own, own.with_name("work")):  # the latter is the overlay's
        if path.is_dir():
            shutil.rmtree(path)
    copy_disk(kept, own)


def copy_disk(disk: pathlib.Path, to: pathlib.Path) -> None:
    """With owners, modes, times, the marks of the overlay, and the holes of a file."""
    shell.run("cp", "--archive", "--sparse=always", str(disk), str(to))


def leader(lab: topology.Lab, name: str) -> int:
    """Process id of a machine's own systemd."""
    pid = (lab.machine_state(name) / "pid").read_text().strip()
    return int(shell.run("pgrep", "-P", pid).split()[0])


def inside(lab: topology.Lab, name: str, *command: str) -> list[str]:
    """The command line that runs a command inside a machine, as root."""
    if virtual.is_one(lab, name):
        return virtual.inside(lab, name, *command)
    return ["nsenter", "--target", str(leader(lab, name)), "--all", "--", *command]

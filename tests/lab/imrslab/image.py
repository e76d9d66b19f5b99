# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian 13 images, built once with mmdebstrap and kept: `base` is a bare appliance, `lab` everybody else."""

from __future__ import annotations

import concurrent.futures
import fcntl
import hashlib
import pathlib
import shutil

from . import packages, shell, topology

BASE = (
    "systemd systemd-sysv dbus libnss-systemd openssh-server sudo python3 iproute2 ca-certificates"
).split()
LAB = [*BASE, *"bind9-dnsutils dns-root-data frr knot ldnsutils nsd python3-dnspython procps".split()]
IMAGES = {"base": BASE, "lab": LAB}
NOT_AT_BOOT = "frr knot nsd systemd-timesyncd apt-daily.timer apt-daily-upgrade.timer"

CUSTOMIZE = f"""set -eu
chroot "$1" useradd --create-home --shell /bin/bash {topology.OPERATOR}
echo '{topology.OPERATOR} ALL=(ALL) NOPASSWD: ALL' > "$1/etc/sudoers.d/{topology.OPERATOR}"
chmod 0440 "$1/etc/sudoers.d/{topology.OPERATOR}"
chroot "$1" systemctl enable --quiet systemd-networkd.service ssh.service
chroot "$1" systemctl disable --quiet ssh.socket systemd-networkd-wait-online.service || true # not in every release
for unit in {NOT_AT_BOOT}; do chroot "$1" systemctl disable --quiet "$unit" 2>/dev/null || true; done # not in every image
rm -f "$1"/etc/ssh/ssh_host_*
rm -f "$1/etc/resolv.conf" "$1/etc/machine-id" "$1/etc/hostname"
: > "$1/etc/machine-id"
: > "$1/etc/resolv.conf"
"""


def build(lab: topology.Lab, name: str) -> pathlib.Path:
    """Folder of a ready image; built when there is none for this recipe. Safe against a kill in the middle."""
    mirror = packages.mirror()
    recipe = "\n".join([*IMAGES[name], CUSTOMIZE, *mirror.sources("trixie", mirror.main, mirror.security)])
    folder = lab.cache / f"{name}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    lab.cache.mkdir(parents=True, exist_ok=True)
    with (lab.cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            return folder
        shell.say(f"building the {name} image ({len(IMAGES[name])} packages and what they need, Debian 13)")
        for old in lab.cache.glob(f"{name}-*"):
            shutil.rmtree(old)
        unfinished = folder.with_name(f"{name}-unfinished")
        hook = lab.cache / f"{name}-hook.sh"
        shell.write(hook, f"#!/bin/sh\n{CUSTOMIZE}", 0o755)
        shell.run(
            "mmdebstrap", "--variant=minbase", f"--include={','.join(IMAGES[name])}",
            "--aptopt=APT::Install-Recommends false", *mirror.apt_options(),
            f"--customize-hook={hook}", "trixie", str(unfinished),
            *mirror.sources("trixie", mirror.main, mirror.security),
        )  # fmt: skip
        hook.unlink()
        _use_the_lab_proxy(unfinished, mirror)
        unfinished.rename(folder)
    return folder


def _use_the_lab_proxy(image: pathlib.Path, mirror: packages.Mirror) -> None:
    sources = mirror.sources("trixie", packages.LAB_MAIN, packages.LAB_SECURITY if mirror.security else None)
    shell.write(image / "etc/apt/sources.list", "\n".join(sources) + "\n")
    proxy = f"http://{topology.MANAGEMENT_GATEWAY}:{packages.PORT}"
    shell.write(image / "etc/apt/apt.conf.d/90lab", f'Acquire::http::Proxy "{proxy}";\nAPT::Install-Recommends "false";\nAcquire::Languages "none";\n')


def build_all(lab: topology.Lab) -> dict[str, pathlib.Path]:
    """Both images, side by side."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        return dict(zip(IMAGES, pool.map(lambda name: build(lab, name), IMAGES), strict=True))

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian images, built once with mmdebstrap and kept.

`base` is a bare appliance in a container, `kernel` one that boots a kernel of its own, `lab` everybody else: Debian 13.
`bookworm` is a bare appliance of the release before, in a container.
"""

from __future__ import annotations

import concurrent.futures
import fcntl
import hashlib
import pathlib
import shutil
import stat
import subprocess
import tempfile

from . import packages, shell, topology

BASE = (
    *("systemd", "systemd-sysv", "dbus", "libnss-systemd", "iproute2", "ca-certificates"),
    *("openssh-server", "sudo", "python3", "python3-apt"),  # what Ansible needs of a node
)
LAB = (
    *BASE,
    *("bird2", "frr", "frr-pythontools", "openbgpd", "gobgpd", "stayrtr", "knot", "nsd", "chrony"),
    *("bind9-dnsutils", "dnsperf", "ldnsutils", "dns-root-data", "procps"),
    *("python3-cryptography", "python3-dnspython", "python3-pytest"),
    "systemd-journal-remote",  # the fleet's log server
)
KERNEL = (*BASE, "linux-image-amd64", "initramfs-tools", "zstd", "udev", "kmod", "e2fsprogs")
NAMESPACES = pathlib.Path("/run/netns")
IMAGES = {"base": BASE, "lab": LAB, "kernel": KERNEL, "bookworm": BASE}
RELEASES = {"bookworm": "bookworm"}
"""Images of another release than the usual one."""
NOT_AT_BOOT = (
    "bird frr openbgpd gobgpd stayrtr knot nsd chrony systemd-timesyncd apt-daily.timer apt-daily-upgrade.timer "
    "systemd-journal-remote.socket systemd-journal-upload.service systemd-journal-gatewayd.socket"
)

CUSTOMIZE = f"""set -eu
chroot "$1" useradd --create-home --shell /bin/bash {topology.OPERATOR}
echo '{topology.OPERATOR} ALL=(ALL) NOPASSWD: ALL' > "$1/etc/sudoers.d/{topology.OPERATOR}"
chmod 0440 "$1/etc/sudoers.d/{topology.OPERATOR}"
chroot "$1" systemctl enable --quiet systemd-networkd.service ssh.service
chroot "$1" systemctl disable --quiet ssh.socket systemd-networkd-wait-online.service || true # not in every release
# Not every image has every unit.
for unit in {NOT_AT_BOOT}; do chroot "$1" systemctl disable --quiet "$unit" 2>/dev/null || true; done
rm -f "$1"/etc/ssh/ssh_host_*
rm -f "$1/etc/resolv.conf" "$1/etc/machine-id" "$1/etc/hostname"
: > "$1/etc/machine-id"
: > "$1/etc/resolv.conf"
"""
SMALL_INITRD = r"""
# What the lab's disk takes, and no more: without KVM each MiB takes its time.
if [ -d "$1/etc/initramfs-tools" ]; then
  echo MODULES=list > "$1/etc/initramfs-tools/conf.d/lab.conf"
  printf '%s\n' ahci sd_mod ext4 crc32c >> "$1/etc/initramfs-tools/modules"
  chroot "$1" update-initramfs -u
fi
"""
HOOKS = {"kernel": CUSTOMIZE + SMALL_INITRD}


def build(lab: topology.Lab, name: str) -> pathlib.Path:
    """Folder of a ready image; built when there is none for this recipe. Safe against a kill in the middle."""
    mirror, release = packages.mirror(), RELEASES.get(name, topology.RELEASE)
    customize = HOOKS.get(name, CUSTOMIZE)
    recipe = "\n".join([*IMAGES[name], customize, *mirror.sources(release, mirror.main, mirror.security)])
    folder = lab.cache / f"{name}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    lab.cache.mkdir(parents=True, exist_ok=True)
    with (lab.cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_whole(folder):
            return folder
        if folder.exists():
            shell.say(f"{folder} is not as it was built: copied without owners or modes, or in part")
            folder.rename(tempfile.mkdtemp(prefix=f"{folder.name}-damaged-", dir=lab.cache))  # somebody may stand on it
        shell.say(f"building the {name} image ({len(IMAGES[name])} packages and what they need, {release})")
        if not list(NAMESPACES.glob("*-lab")) and not _entered(lab, name):  # nobody stands on an older image
            for old in lab.cache.glob(f"{name}-*"):
                shutil.rmtree(old) if old.is_dir() else old.unlink()
        unfinished = folder.with_name(f"{name}-unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        hook = lab.cache / f"{name}-hook.sh"
        shell.write(hook, f"#!/bin/sh\n{customize}", 0o755)
        shell.run(
            "unshare", "--mount",  # or one that is killed leaves the machine's own /sys and /dev mounted in the image
            "mmdebstrap", "--variant=minbase", f"--include={','.join(IMAGES[name])}",
            "--aptopt=APT::Install-Recommends false", "--aptopt=Acquire::Retries 3", *mirror.apt_options(),
            f"--customize-hook={hook}", release, str(unfinished),
            *mirror.sources(release, mirror.main, mirror.security),
        )  # fmt: skip
        hook.unlink()
        _use_the_lab_proxy(unfinished, mirror, release)
        sealed(folder).write_text(seal(unfinished), encoding="ascii")
        unfinished.rename(folder)
    return folder


def seal(image: pathlib.Path) -> str:
    """A digest of what is in an image: path, mode, owner and, of a file, size. A copy that has lost one has another."""
    digest = hashlib.sha256()
    for path in sorted(image.rglob("*")):
        found = path.lstat()
        size = found.st_size if stat.S_ISREG(found.st_mode) else 0
        digest.update(f"{path.relative_to(image)}\0{found.st_mode}:{found.st_uid}:{found.st_gid}:{size}\n".encode())
    return digest.hexdigest()


def sealed(image: pathlib.Path) -> pathlib.Path:
    """Where the digest of an image is kept."""
    return image.with_name(f"{image.name}.seal")


def is_whole(image: pathlib.Path) -> bool:
    """Whether an image is as it was built: the cache may have been copied without owners, or in part."""
    return image.exists() and sealed(image).exists() and sealed(image).read_text(encoding="ascii") == seal(image)


def _use_the_lab_proxy(image: pathlib.Path, mirror: packages.Mirror, release: str) -> None:
    sources = mirror.sources(release, packages.LAB_MAIN, packages.LAB_SECURITY if mirror.security else None)
    shell.write(image / "etc/apt/sources.list", "\n".join(sources) + "\n")
    proxy = f"http://{topology.MANAGEMENT_GATEWAY}:{packages.PORT}"
    shell.write(
        image / "etc/apt/apt.conf.d/90lab",
        f'Acquire::http::Proxy "{proxy}";\nAPT::Install-Recommends "false";\nAcquire::Languages "none";\n',
    )


def build_all(lab: topology.Lab, plan: topology.Plan) -> dict[str, pathlib.Path]:
    """The images that a lab's machines boot, side by side."""
    names = sorted({each.image for each in plan.machines})
    with concurrent.futures.ThreadPoolExecutor() as pool:
        return dict(zip(names, pool.map(lambda name: build(lab, name), names), strict=True))


ENTER = r"""set -eu
image=$1 root=$2 checkout=$3 shared=$4
shift 4
mount --make-rprivate /
mount -t tmpfs tmpfs "$root"
mkdir "$root/upper" "$root/work" "$root/merged"
mount -t overlay overlay -o "lowerdir=$image,upperdir=$root/upper,workdir=$root/work" "$root/merged"
cd "$root/merged"
mkdir checkout
mount --rbind "$checkout" checkout
[ ! -d "$shared" ] || { mkdir shared && mount --bind -o ro "$shared" shared; }
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs tmpfs run
exec chroot . env -C /checkout --unset=TMPDIR "$@"
"""


def _entered(lab: topology.Lab, name: str) -> bool:
    """Whether somebody is in an image, perhaps in an older one."""
    with _users(lab, name).open("w") as users:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _users(lab: topology.Lab, name: str) -> pathlib.Path:
    """What everybody locks who is in an image."""
    return lab.cache / f"{name}.users"


def enter(lab: topology.Lab, command: list[str]) -> int:
    """Run a command on the `lab` image, in a mount and a network namespace of its own; its exit status.

    What it writes outside the checkout is gone with it. The daemons there are those of the nodes: Debian 13's.
    """
    folder = build(lab, "lab")
    # The stored data is beside the checkout there, too: where topology.SHARED looks.
    with _users(lab, "lab").open("w") as users, tempfile.TemporaryDirectory() as root:
        fcntl.flock(users, fcntl.LOCK_SH)
        isolated = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child"]
        done = subprocess.run(
            [*isolated, "sh", "-c", ENTER, "enter", folder, root, topology.ROOT, topology.SHARED, *command], check=False
        )
    return done.returncode

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""On the node: what answers and announces is silenced for good, and secrets and state are wiped.

| after a power cut here | the node | the next run |
|---|---|---|
| before the mark | dark by its gate's intent, which it keeps | begins anew |
| the mark is there | taken by no other run; daemons may still start, and the gate stays dark | goes on |
| units are masked | starts nothing that answers or announces, ever again | goes on |
| some files are wiped | the same | wipes the rest: bundles' manifests, which name them, go last |

Files are overwritten once with zeros and removed. That is no erasure of the disk: what the file system, a mirror or a
flash drive has kept of them elsewhere, and what was freed before, is still there (``trim`` helps where a drive obeys).
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import stat
import typing as t

from .. import _products as products
from .._bundle import BundleError, journal
from .._bundle.entry import Entry, sync, write
from .._bundle.lease import DECOMMISSIONED
from .._bundle.places import STATE
from . import DecommissionError

Run = t.Callable[[t.Sequence[str]], t.Mapping[str, t.Any]]
"""Runs a command: ``rc``, ``stdout``, ``stderr`` (``_probes.host.run``)."""

BEGUN, DONE = "begun", "done"
LARGEST = 1 << 20
"""Octets of a file that is overwritten; a larger one, as a database of zones, holds no secret, and may be sparse."""

UNITS = "etc/systemd/system"
PATTERNS = ("imrs-*.service", "imrs-*.path", "imrs-*.timer", "imrs-*.socket")
"""Units of ours, also those that were made for a while, as the timer of a change that is not confirmed."""
_RUNS = {"active", "activating", "reloading", "refreshing", "deactivating"}

CONSOLE = "imrs-console"
GRUB = "boot/grub/grub.cfg"
_GRUB_PASSWORD = "password_pbkdf2 imrs "  # noqa: S105 - what stands before one

SYSTEMS = {"/dev/mapper/imrs-root": "imrs/root", "/dev/mapper/imrs-second": "imrs/second"}
"""The two root volumes of a node that is upgraded in a copy of its system (docs/upgrade.md)."""

KEPT = (
    (
        "the SSH host keys, operators' accounts and their public keys, the management interface and the packet filter: "
        "without them nobody could finish, or look"
    ),
    "the system itself, programs and logs",
)


def trees() -> tuple[str, ...]:
    """Folders of which everything is wiped, in this order. The bundles' is last: it names secret files elsewhere.

    Beside what the daemons read, their zones and state: a node's own, and worth nothing without it.
    """
    return (
        *(product.directory for product in products.PRODUCTS),
        "/etc/imrs",  # with the random file of the fingerprint, and keys that masters know
        *("/etc/imrs-identity", "/etc/imrs-log"),
        "/run/imrs",
        *(f"/var/lib/{product.name}" for product in products.PRODUCTS),
        *("/var/lib/imrs", "/var/lib/imrs-log", "/var/lib/private/imrs-log"),
        "/var/lib/systemd/coredump",
        STATE,
    )


class Machine:
    """The node; ``root`` and ``own`` for tests: the top of its files, and paths of the program that runs now."""

    def __init__(self, run: Run, root: str = "/", own: t.Iterable[str] = ()) -> None:
        self._run, self._root = run, pathlib.Path(root)
        self._own = [os.path.realpath(path) for path in own if path]

    def mark(self) -> dict[str, t.Any]:
        """What an earlier run has left; empty where none has begun. Raises BundleError for a damaged one."""
        return journal.load(self._at(DECOMMISSIONED))

    def end(self, about: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Everything, or the rest of it; ``about``: by whom, why, when, for the mark.

        Raises DecommissionError where the node is not silent, before anything is wiped; OSError, BundleError.
        """
        before = self.mark()
        paths = sorted({*before.get("paths", ()), *self.secret_files(), *self._below()})
        mark = {**about, **before, "paths": paths}
        if not before:
            mark["state"] = BEGUN
        if mark != before:
            journal.save(self._at(DECOMMISSIONED), mark)
        units, silenced = self.silence()
        wiped = self.wipe()
        left = [path for path in paths if os.path.lexists(self._at(path))]
        if left or self._below():
            raise DecommissionError(f"not wiped: {', '.join(left or self._below())}; see why, and run again")
        if (finished := {**mark, "state": DONE}) != mark:
            journal.save(self._at(DECOMMISSIONED), finished)
        os.sync()
        changed = silenced or wiped or finished != before
        return {"changed": changed, "mark": finished, "units": units, "kept": list(KEPT)}

    def silence(self) -> tuple[list[str], bool]:
        """Mask and then stop what answers and announces: the units, and whether anything was changed."""
        folder = self._root / UNITS
        ours = {path.name for pattern in PATTERNS for path in folder.glob(pattern)}
        units = sorted({*ours, *(product.unit for product in products.PRODUCTS)})
        open_ = [unit for unit in units if not self._masked(unit)]
        for unit in open_:
            write(str(folder / unit), Entry("link", b"/dev/null", os.geteuid(), os.getegid(), 0o777))
        os.sync()
        running = self._running(units)
        if open_ or running:
            self._systemctl("daemon-reload")
            self._run(["systemctl", "stop", "--", *PATTERNS, *units])  # its outcome is looked at
            if running := self._running(units):
                raise DecommissionError(
                    f"{', '.join(running)} still run{'s' * (len(running) == 1)}: nothing is wiped yet, and nothing of "
                    "it starts at the next boot. Stop it, or reboot the machine, and run again"
                )
        return units, bool(open_)

    def wipe(self) -> bool:
        """Secrets and state; whether there was anything."""
        found = [path for path in self.secret_files() if self._erase(path)]
        found += [path for top in trees() for path in self._empty(top)]
        found += self._leftovers()
        return any([found, self._boot_loader(), self._console(), self._other_system()])

    def secret_files(self) -> list[str]:
        """Files with secrets, wherever they are: by the bundles' manifests, and by the daemons' descriptors."""
        found = set()
        for path in self._at(STATE).glob("*.json"):
            with contextlib.suppress(BundleError, AttributeError, TypeError):  # a damaged one goes with its folder
                files = journal.load(path).get("files", {})
                found |= {name for name, entry in files.items() if entry.get("secret")}
        return sorted(name for name in found if os.path.lexists(self._at(name)))

    def _at(self, path: str) -> pathlib.Path:
        return self._root / path.lstrip("/")

    def _below(self) -> list[str]:
        """All that there is in the folders that are emptied, but folders."""
        found = []
        for top in trees():
            for where, folders, names in os.walk(self._at(top)):
                links = [name for name in folders if os.path.islink(os.path.join(where, name))]
                found += [os.path.join(where, name) for name in (*names, *links)]
        return sorted(f"/{os.path.relpath(path, self._root)}" for path in found)

    def _masked(self, unit: str) -> bool:
        path = self._root / UNITS / unit
        return path.is_symlink() and os.readlink(path) == os.devnull

    def _systemctl(self, *words: str) -> str:
        done = self._run(["systemctl", *words])
        if done["rc"]:
            said = (done["stderr"].strip() or done["stdout"].strip()).splitlines()[-1:]
            raise DecommissionError(f"systemctl {words[0]}: {' '.join(said) or done['rc']}")
        return str(done["stdout"])

    def _running(self, units: t.Sequence[str]) -> list[str]:
        """The units among those that are ours which run, by systemd."""
        listed = self._systemctl("list-units", "--all", "--plain", "--no-legend", "--full", "--", *PATTERNS, *units)
        rows = [line.split() for line in listed.splitlines()]
        return sorted(row[0] for row in rows if len(row) > 2 and row[2] in _RUNS)

    def _erase(self, path: str) -> bool:
        """Overwrite and remove a file; whether it was there."""
        place = self._at(path)
        try:
            folder = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            return False
        try:
            return _erase(place.name, folder)
        finally:
            os.close(folder)

    def _empty(self, top: str) -> list[str]:
        """Everything in a folder, at any depth; no link is followed."""
        found: list[str] = []
        place = self._at(top)
        if not place.is_dir() or place.is_symlink():
            return found
        for where, folders, names, descriptor in os.fwalk(place, topdown=False, follow_symlinks=False):
            found += [os.path.join(where, name) for name in names if _erase(name, descriptor)]
            for name in folders:
                if not stat.S_ISDIR(os.lstat(name, dir_fd=descriptor).st_mode):
                    os.unlink(name, dir_fd=descriptor)
                else:
                    os.rmdir(name, dir_fd=descriptor)
                found.append(os.path.join(where, name))
        sync(str(place))
        return found

    def _leftovers(self) -> list[str]:
        """What runs of Ansible that were killed have left in accounts' homes: arguments of modules, with secrets."""
        found = []
        for home in (self._root / "root", *sorted((self._root / "home").glob("*"))):
            for path in sorted((home / ".ansible/tmp").glob("*")):
                if path.is_dir() and not path.is_symlink() and not self._ours(path):
                    found += self._empty(f"/{path.relative_to(self._root)}")
                    path.rmdir()
                    found.append(str(path))
        return found

    def _ours(self, path: pathlib.Path) -> bool:
        here = os.path.realpath(path)
        return any(own == here or own.startswith(here + os.sep) for own in self._own)

    def _boot_loader(self) -> bool:
        """Its password is in what update-grub(8) has made of the bundle's file."""
        file = self._root / GRUB
        if not file.is_file() or _GRUB_PASSWORD not in file.read_text(encoding="utf-8", errors="replace"):
            return False
        self._run(["update-grub"])
        if _GRUB_PASSWORD in file.read_text(encoding="utf-8", errors="replace"):
            raise DecommissionError("the boot loader's password is still in /boot/grub/grub.cfg: run update-grub there")
        return True

    def _other_system(self) -> bool:
        """The root volume that is not in use is a copy of this system, with all its secrets. Zeros, as no file of it is
        open, and then no volume any more: whoever makes it again gets zeros.
        """
        there = {device: name for device, name in SYSTEMS.items() if os.path.lexists(self._at(f"/dev/{name}"))}
        if len(there) < len(SYSTEMS):
            return False
        used = str(self._run(["findmnt", "--noheadings", "--output", "SOURCE", "/"])["stdout"]).strip()
        if used not in there:
            raise DecommissionError(f"root is on {used or 'an unknown volume'}: of {', '.join(there)} no one is wiped")
        (name,) = {name for device, name in there.items() if device != used}
        for command in (["blkdiscard", "--force", "--zeroout", f"/dev/{name}"], ["lvremove", "--quiet", "--yes", name]):
            if (done := self._run(command))["rc"]:
                raise DecommissionError(f"the volume {name} is not wiped: {done['stderr'].strip() or command[0]}")
        return True

    def _console(self) -> bool:
        """The hash of the console account's password, also in the copy that usermod(8) leaves."""
        rows = {}
        for name in ("etc/shadow", "etc/shadow-"):
            with contextlib.suppress(FileNotFoundError):
                text = (self._root / name).read_text(encoding="utf-8", errors="replace")
                rows[name] = [line for line in text.splitlines() if line.startswith(f"{CONSOLE}:")]
        hashed = {name for name, lines in rows.items() if any("$" in line.split(":")[1] for line in lines)}
        if "etc/shadow" in hashed and (done := self._run(["usermod", "--password", "*", CONSOLE]))["rc"]:
            raise DecommissionError(f"the hash of {CONSOLE}'s password is still there: {done['stderr'].strip()}")
        if hashed:
            self._erase("/etc/shadow-")
        return bool(hashed)


def _erase(name: str, folder: int) -> bool:
    """Overwrite and remove what is no folder, below an open one; whether it was there. No link is followed."""
    with contextlib.suppress(FileNotFoundError):
        info = os.lstat(name, dir_fd=folder)
        if stat.S_ISREG(info.st_mode) and info.st_nlink == 1 and 0 < info.st_size <= LARGEST:
            file = os.open(name, os.O_WRONLY | os.O_NOFOLLOW, dir_fd=folder)
            try:
                os.write(file, bytes(info.st_size))
                os.fsync(file)
            finally:
                os.close(file)
        os.unlink(name, dir_fd=folder)
        return True
    return False


def trim(run: Run) -> str:
    """Tell the drives which blocks are free (fstrim(8)); what came of it, in a line."""
    done = run(["fstrim", "--all", "--verbose"])
    lines = [line.strip() for line in (done["stdout"] or done["stderr"]).splitlines() if line.strip()]
    if done["rc"]:
        return f"fstrim did not work: {' '.join(lines[-1:]) or done['rc']}"
    return "; ".join(lines) or "fstrim found no drive that can be told"

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node that is a directory, a daemon that remembers what it read, and a run that is killed.

The child that is killed runs the library as it is: an audit hook (PEP 578) counts what it asks of the system (opening,
renaming, removing, making, linking, locking, starting a command ...) and kills it at the n-th time, or the parent does
at some instant.
"""

from __future__ import annotations

import dataclasses
import grp
import json
import os
import pathlib
import pwd
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import typing as t

from ansible_collections.icann.imrs.plugins.module_utils import _bundle
from ansible_collections.icann.imrs.plugins.module_utils._bundle import recovery

SEEN = ("open", "os.", "shutil.", "subprocess.", "fcntl.", "tempfile.", "syslog.")
"""Audit events that count; the others (imports, attribute look-ups) do not touch the node."""

TOKEN = "5eed5eed5eed5eed"

_DAEMON = """\
#!/bin/sh
# Takes over its configuration, in one step.
cd "$(dirname "$0")/etc" || exit 9
cat a b d/c 2>/dev/null > ../running.$$
stat -c %a m >> ../running.$$
mv ../running.$$ ../running
"""

_SYSTEMCTL = """\
#!/bin/sh
cd "$(dirname "$0")/../units" || exit 9
case $2 in *.timer) exit 5 ;; esac
case $1 in
  show) echo "ActiveState=$(cat active)"; echo "UnitFileState=$(cat file)" ;;
  start) echo active > active.$$; mv active.$$ active ;;
  stop) echo inactive > active.$$; mv active.$$ active ;;
  enable) echo enabled > file.$$; mv file.$$ file ;;
  disable) echo disabled > file.$$; mv file.$$ file ;;
esac
"""


class Timers:
    """A scheduler that only remembers, on disk, so that a test can let time pass."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path

    def arm(self, _name: str, _seconds: int, command: t.Sequence[str]) -> None:
        self.path.write_text(json.dumps(list(command)))

    def disarm(self, _name: str) -> None:
        self.path.unlink(missing_ok=True)

    def armed(self) -> list[str]:
        return json.loads(self.path.read_text()) if self.path.exists() else []


@dataclasses.dataclass(frozen=True)
class Machine:
    """Everything below ``base``; ``reset`` makes it what it was when it had the old configuration."""

    base: pathlib.Path

    @property
    def etc(self) -> pathlib.Path:
        return self.base / "node/etc"

    @property
    def places(self) -> _bundle.Places:
        return _bundle.Places.below(str(self.base / "node/state"))

    @property
    def timers(self) -> Timers:
        return Timers(self.base / "node/timer")

    @classmethod
    def build(cls, base: pathlib.Path) -> Machine:
        """A node with the old configuration, and a copy of it to go back to."""
        machine = cls(base)
        for name in ("node/etc", "node/bin", "node/units", "node/tmp"):
            (base / name).mkdir(parents=True)
        for name, text in (("node/daemon", _DAEMON), ("node/bin/systemctl", _SYSTEMCTL)):
            (base / name).write_text(text)
            (base / name).chmod(0o755)
        (base / "node/units/active").write_text("inactive\n")
        (base / "node/units/file").write_text("disabled\n")
        (machine.etc / "gone").write_text("by hand\n")
        os.environ["PATH"] = f"{base}/node/bin{os.pathsep}{os.environ['PATH']}"
        os.environ["TMPDIR"] = tempfile.tempdir = str(base / "node/tmp")
        machine.apply("old")
        shutil.copytree(base / "node", base / "copy", symlinks=True)
        return machine

    def reset(self) -> None:
        shutil.rmtree(self.base / "node")
        shutil.copytree(self.base / "copy", self.base / "node", symlinks=True)

    def bundle(self, text: str, *, confirmed: bool = False) -> _bundle.Bundle:
        """The configuration of that name: files new, changed and removed, a mode, a directory, a unit."""
        new = text == "new"
        mine = {"owner": pwd.getpwuid(os.geteuid()).pw_name, "group": grp.getgrgid(os.getegid()).gr_name}
        files = [
            ({"dest": f"{self.etc}/a"}, f"{text} a\n"),
            ({"dest": f"{self.etc}/b", "secret": True}, f"{text} b\n"),
            ({"dest": f"{self.etc}/m", "mode": "0600" if new else "0644"}, "same\n"),
            ({"dest": f"{self.etc}/d/c"} if new else {"dest": f"{self.etc}/listed"}, f"{text} c\n"),
        ]
        raw: dict[str, t.Any] = {
            "name": "test",
            "files": [{**mine, **item} for item, _ in files],
            "directories": [{"path": f"{self.etc}/d", "mode": "0750", **mine}] if new else [],
            "absent": [f"{self.etc}/gone"] if new else [],
            "check": ["true"],
            "activate": [{"command": [f"{self.base}/node/daemon"]}],
            "ensure": [{"unit": "test.service", "enabled": new, "started": new}],
            "probe": ["true"],
            "confirm": {"seconds": 3600, "token": TOKEN} if confirmed else None,
        }
        return _bundle.parse(raw, [content.encode() for _, content in files])

    def apply(self, text: str, *, confirmed: bool = False) -> _bundle.Outcome:
        bundle = self.bundle(text, confirmed=confirmed)
        return _bundle.apply(bundle, places=self.places, scheduler=self.timers)

    def confirm(self) -> str:
        return _bundle.keep(self.places.state, "test", TOKEN, self.timers)

    def recover(self, *arguments: str) -> None:
        """As the node's own command does."""
        assert recovery.main(["--state", self.places.state, *arguments]) == 0

    def wholly(self, *, forward: bool = False) -> str:
        """Which configuration the node has: old or new; an error when it is a mixture or has leftovers.

        ``forward``: from new to old, which brings no file of somebody else's back, and removes no directory.
        """
        found = {str(p.relative_to(self.etc)): p.read_text() for p in self.etc.rglob("*") if p.is_file()}
        same = {"m": "same\n"}
        old = {"a": "old a\n", "b": "old b\n", "listed": "old c\n", "gone": "by hand\n", **same}
        new = {"a": "new a\n", "b": "new b\n", "d/c": "new c\n", **same}
        mode = (self.etc / "m").stat().st_mode & 0o777
        left = [p.name for p in (self.base / "node/state").glob("*.journal")]
        left += [str(p) for p in (self.base / "node/tmp").iterdir() if p.name.startswith("imrs")]
        left += [p.name for pattern in (".test.*", "*.owed") for p in (self.base / "node/state").glob(pattern)]
        left += ["kept"] if (self.base / "node/state/kept").exists() else []
        assert not left, left
        if mode == 0o644:
            if forward and "gone" not in found:
                del old["gone"]
            else:
                assert not (self.etc / "d").exists()
            assert found == old
            return "old"
        assert (found, mode) == (new, 0o600), (found, oct(mode))
        return "new"

    def runs(self, text: str, *, boot: bool = False) -> None:
        """The daemon runs what is on disk. At boot only its unit counts: it starts afterwards."""
        body = (f"{text} a\n{text} b\n" + ("new c\n600\n" if text == "new" else "644\n")).encode()
        units = [(self.base / "node/units" / name).read_text().strip() for name in ("file", "active")]
        assert units[0] == ("enabled" if text == "new" else "disabled")
        if not boot:
            assert (self.base / "node/running").read_bytes() == body
            assert units[1] == ("active" if text == "new" else "inactive")

    def converges(self) -> None:
        """The next run makes it new, and the one after it has nothing to do."""
        self.apply("new")
        assert self.wholly() == "new"
        self.runs("new")
        assert not self.apply("new").changed
        assert not list((self.base / "node").rglob(".*.imrs-new"))


def _counted(at: int, seen: list[str]) -> None:
    """Count from here on; die at the n-th."""

    def hook(event: str, _arguments: tuple[t.Any, ...]) -> None:
        if event.startswith(SEEN) and not event.startswith("os.putenv"):
            seen.append(event)
            if len(seen) == at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def child(do: t.Callable[[], object], *, at: int = 0, after: float = 0.0) -> bool:
    """Do it in a child that is killed at the n-th event, or after that many seconds; whether it was killed."""
    pid = os.fork()
    if not pid:
        code = 1
        try:
            sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - this process ends below
            if at:
                _counted(at, [])
            do()
            code = 0
        finally:
            os._exit(code)
    if after:
        time.sleep(after)
        os.kill(pid, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code in (0, -signal.SIGKILL), code
    return code != 0


def events(do: t.Callable[[], object]) -> list[str]:
    """What there is to be counted, in a child that lives."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        seen: list[str] = []
        _counted(0, seen)
        do()
        said = json.dumps(list(seen)).encode()
        os.write(writing, said)
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as file:
        found = json.loads(file.read())
    os.waitpid(pid, 0)
    return list(found)


WAYS = ("new", "old", "recover", "boot", "program")
"""How a node is put right: the next run, which wants the one or the other, its own command, or its next boot."""


def put_right(machine: Machine, way: str) -> None:
    """In that way; afterwards all is old or all is new, and what runs is what is on disk."""
    if way in ("new", "old"):
        machine.apply(way)
    elif way == "program" and pathlib.Path(machine.places.program).exists():
        subprocess.run(machine.places.recover, check=True, capture_output=True)
    else:
        machine.recover(*(["--boot"] if way == "boot" else []))
    text = machine.wholly(forward=way == "old")
    assert text == way or way not in ("new", "old")
    machine.runs(text, boot=way == "boot")
    if way == "boot":
        subprocess.run([machine.base / "node/daemon"], check=True)
        enabled = "enabled" in (machine.base / "node/units/file").read_text()
        (machine.base / "node/units/active").write_text("active\n" if enabled else "inactive\n")


def kill_and_put_right(machine: Machine, way: str, chance: random.Random | None = None, **when: t.Any) -> bool:
    """Old, on the way to new, killed, put right, converged; ``chance``: the recovery may be killed as well."""
    machine.reset()
    killed = child(lambda: machine.apply("new"), **when)
    for _ in range(chance.randrange(3) if chance else 0):
        child(machine.recover, at=chance.randrange(1, 60) if chance else 0)
    put_right(machine, way)
    machine.converges()
    return killed

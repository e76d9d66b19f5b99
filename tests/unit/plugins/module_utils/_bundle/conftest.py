# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node that is a directory: real files, real commands, no Ansible."""

from __future__ import annotations

import dataclasses
import datetime
import grp
import hashlib
import importlib
import os
import pathlib
import pwd
import signal
import stat
import subprocess
import tempfile
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils import _bundle

if t.TYPE_CHECKING:
    from ansible_collections.icann.imrs.plugins.module_utils._bundle.transaction import Mode

USER = pwd.getpwuid(os.geteuid()).pw_name
GROUP = grp.getgrgid(os.getegid()).gr_name


@dataclasses.dataclass
class Timers:
    """A scheduler that runs nothing; ``broken``: and says that it cannot."""

    armed: dict[str, tuple[int, tuple[str, ...]]] = dataclasses.field(default_factory=dict)
    told: list[str] = dataclasses.field(default_factory=list)
    broken: bool = False

    def arm(self, name: str, seconds: int, command: t.Sequence[str]) -> None:
        if self.broken:
            raise _bundle.BundleError("the node cannot be made to go back by itself (no timers here)")
        self.told.append(f"arm {name}")
        self.armed[name] = seconds, tuple(command)

    def disarm(self, name: str) -> None:
        self.told.append(f"disarm {name}")
        self.armed.pop(name, None)


def _tuesday() -> list[datetime.datetime]:
    return [datetime.datetime(2026, 3, 3, 12, 0, tzinfo=datetime.UTC)]


@dataclasses.dataclass(frozen=True)
class Node:
    """Paths below ``root`` play the node; ``log`` is where test commands leave their mark."""

    root: pathlib.Path
    state: pathlib.Path
    log: pathlib.Path
    timers: Timers = dataclasses.field(default_factory=Timers)
    now: list[datetime.datetime] = dataclasses.field(default_factory=_tuesday)

    def path(self, name: str) -> str:
        return str(self.root / name)

    def write(self, name: str, content: str, mode: int = 0o644) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        path.chmod(mode)

    def file(self, name: str, content: str, **more: t.Any) -> tuple[dict[str, t.Any], bytes]:
        return {"dest": self.path(name), "owner": USER, "group": GROUP, **more}, content.encode()

    def apply(
        self, *files: tuple[dict[str, t.Any], bytes], mode: Mode = "change", show: bool = False, **more: t.Any
    ) -> _bundle.Outcome:
        raw = {"name": "test", "files": [item for item, _ in files], "probe_timeout": 0, **more}
        bundle = _bundle.parse(raw, [content for _, content in files])
        return _bundle.apply(
            bundle,
            places=self.places,
            scheduler=self.timers,
            now=lambda: self.now[0],
            mode=mode,
            show=show,
        )

    @property
    def places(self) -> _bundle.Places:
        return _bundle.Places.below(str(self.state))

    def killed(self, *files: tuple[dict[str, t.Any], bytes], at: str, **more: t.Any) -> None:
        """A run that dies by SIGKILL when that function of the library is called: ``swap.swap`` for example."""
        module, _, name = at.partition(".")
        child = os.fork()
        if not child:

            def die(*_: object, **__: object) -> None:
                os.kill(os.getpid(), signal.SIGKILL)

            owner = importlib.import_module(f"{_bundle.__name__}.{module}")
            *path, last = name.split(".")
            for part in path:
                owner = getattr(owner, part)
            setattr(owner, last, die)
            self.apply(*files, **more)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL

    def recover(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command, as the node has it."""
        return subprocess.run(
            [*self.places.recover, *arguments], capture_output=True, text=True, check=False, timeout=60
        )

    def journals(self) -> list[str]:
        return sorted(path.name for path in self.state.glob("*.journal"))

    def mark(self, text: str, rc: int = 0) -> list[str]:
        """A command that appends a line to the log."""
        return ["sh", "-c", f"echo {text} >> {self.log}; exit {rc}"]

    def marks(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []

    def fingerprint(self) -> str:
        """Hash of everything below the root and the state: names, contents, owners, modes, inodes, times."""
        digest = hashlib.sha256()
        for top in (self.root, self.state):
            for path in sorted([top, *top.rglob("*")]) if top.exists() else []:
                info = path.lstat()
                times = info.st_mtime_ns, info.st_ctime_ns
                digest.update(repr((str(path), info.st_mode, info.st_uid, info.st_gid, info.st_ino, times)).encode())
                digest.update(path.read_bytes() if stat.S_ISREG(info.st_mode) else b"")
        return digest.hexdigest()

    def tree(self) -> dict[str, tuple[int, bytes]]:
        """Modes and contents below the root."""
        return {
            str(path.relative_to(self.root)): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
            for path in sorted(self.root.rglob("*"))
        }


@pytest.fixture
def node(tmp_path: pathlib.Path) -> Node:
    (tmp_path / "node").mkdir()
    return Node(tmp_path / "node", tmp_path / "state", tmp_path / "log")


SYSTEMCTL = """\
#!/bin/sh
cd "$(dirname "$0")" || exit 9
verb=$1
if [ "$verb" = show ]; then
  shift 3
  for unit; do
    printf 'ActiveState=%s\\n' "$(cat "$unit.active" 2>/dev/null || echo inactive)"
    printf 'UnitFileState=%s\\n\\n' "$(cat "$unit.file" 2>/dev/null)"
  done
  exit
fi
echo "$*" >> called
case $verb in
  start) echo active > "$2.active" ;;
  stop) echo inactive > "$2.active" ;;
  enable) echo enabled > "$2.file" ;;
  disable) echo disabled > "$2.file" ;;
  restart) [ ! -e "$2.broken" ] ;;
esac
"""


@dataclasses.dataclass(frozen=True)
class Systemctl:
    """A systemctl that knows what it was told, and nothing runs."""

    folder: pathlib.Path

    def set(self, unit: str, active: str, file: str = "") -> None:
        (self.folder / f"{unit}.active").write_text(active)
        (self.folder / f"{unit}.file").write_text(file)

    def called(self) -> list[str]:
        """What it was told since the last time."""
        path = self.folder / "called"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines


@pytest.fixture
def systemctl(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Systemctl:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "systemctl").write_text(SYSTEMCTL)
    (folder / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return Systemctl(folder)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails on the way back is tried again as often as on a node, but at once."""
    monkeypatch.setattr(_bundle.undo, "PAUSES", (0.0,) * len(_bundle.undo.PAUSES))


@pytest.fixture
def scratch(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """Staged trees go here, so that tests see what is left of them."""
    path = tmp_path / "scratch"
    path.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(path))
    monkeypatch.setenv("TMPDIR", str(path))
    return path

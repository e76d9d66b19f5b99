# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of Ansible, measured from outside: time, what the relays passed on, memory, and who was reached."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import typing as t

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/lab"))

from imrslab import shell, topology  # noqa: E402 - the lab is no installed package

CALLBACKS = ROOT / "tests/bench/callback"
PAUSE = 0.5
"""Seconds between two looks at the controller's memory; a look costs some milliseconds."""


@dataclasses.dataclass
class Run:
    """What one run took. Seconds, bytes, MiB."""

    began: float
    wall: float
    cpu: float
    memory: float
    """Most that the controller's processes held at once: shared pages are counted once (PSS)."""
    connections: int
    round_trips: int
    up: int
    down: int
    tasks: list[dict[str, t.Any]]
    output: str

    def reached(self, target: str) -> int:
        """Executions on one machine."""
        return sum(task["times"] for task in self.tasks if task["target"] == target)

    def elsewhere(self, target: str) -> int:
        """Executions on other machines."""
        return sum(task["times"] for task in self.tasks if task["target"] not in ("", target))

    def changed(self) -> list[str]:
        """Names of the tasks that changed something."""
        return [task["task"] for task in self.tasks if task["changed"]]

    def spent(self, role: str) -> float:
        """Seconds between the first task of a role and its last, in its last turn."""
        later = [number for number, task in enumerate(self.tasks) if task["role"] == role]
        if not later:
            return 0.0
        first = last = later[-1]
        while first and self.tasks[first - 1]["role"] == role:
            first -= 1
        return float(self.tasks[last]["ended"] - self.tasks[first]["begun"])

    def kinds(self, node: str) -> dict[str, tuple[int, float]]:
        """How many tasks of each kind ran, and how long they took together; what is left over lies between tasks."""
        found: dict[str, tuple[int, float]] = {"start, inventory": (1, self.tasks[0]["begun"] - self.began)}
        for task in self.tasks:
            kind = task["action"].removeprefix("icann.imrs.")
            if not task["target"] and kind != "acceptance":
                kind = "on the controller"
            elif kind == "acceptance":
                where = {"": "judge", node: "collect on the node"}.get(task["target"], "collect elsewhere")
                kind = f"{kind}, {where}"
            count, seconds = found.get(kind, (0, 0.0))
            found[kind] = count + task["times"], seconds + task["ended"] - task["begun"]
        found["between tasks, end"] = 1, self.wall - sum(seconds for _, seconds in found.values())
        return found


def environment(lab: topology.Lab) -> dict[str, str]:
    """What Ansible is told: nothing of the caller's own settings."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "IMRS_"))}
    return clean | {
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache"),
        "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
        "ANSIBLE_CALLBACKS_ENABLED": "imrs_reached",
        "IMRS_LAB": lab.name,
        "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}",
    }


def end_orderly() -> None:
    """From now on SIGTERM is an exception, too, so that the lab is taken down."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def play(lab: topology.Lab, *arguments: str, rtt: int = 0, may_fail: bool = False, **more: str) -> Run:
    """Run ``ansible-playbook`` from no connection at all; its connections have ended when this returns."""
    with tempfile.TemporaryDirectory(prefix="imrs-") as top:
        sockets, counts, reached = (pathlib.Path(top, name) for name in ("cp", "counts", "reached.json"))
        counts.mkdir()
        settings = environment(lab) | {
            "IMRS_LAB_RTT": str(rtt), "IMRS_LAB_COUNT": str(counts), "IMRS_REACHED": str(reached)
        } | more  # fmt: skip
        command = ["ansible-playbook", *arguments, "-e", f"ansible_control_path_dir={sockets}"]
        began, start = time.time(), time.perf_counter()
        with subprocess.Popen(
            command, cwd=ROOT, env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        ) as process:  # fmt: skip
            watch = Watch(process.pid)
            watch.start()
            try:
                output = process.stdout.read() if process.stdout else ""
                _, status, used = os.wait4(process.pid, 0)  # of this child alone: machines may be children, too
                process.returncode = os.waitstatus_to_exitcode(status)
            except BaseException:
                os.killpg(process.pid, signal.SIGTERM)  # or the context would wait for it
                raise
            finally:
                watch.ended.set()
        wall = time.perf_counter() - start
        watch.join()
        hang_up(sockets, counts)
        if process.returncode and not may_fail:
            raise shell.LabError(f"{' '.join(command)}: exit status {process.returncode}\n{output[-4000:]}")
        lines = [json.loads(path.read_text()) for path in counts.glob("*.json")]
        return Run(
            began=began,
            wall=wall,
            cpu=used.ru_utime + used.ru_stime,
            memory=watch.most / 1024,
            connections=len(lines),
            round_trips=sum(line["round_trips"] for line in lines),
            up=sum(line["up_bytes"] for line in lines),
            down=sum(line["down_bytes"] for line in lines),
            tasks=json.loads(reached.read_text()) if reached.exists() else [],
            output=output,
        )


def hang_up(sockets: pathlib.Path, counts: pathlib.Path) -> None:
    """End the connections that Ansible keeps open, and wait until every relay has told its count."""
    for path in sockets.glob("*") if sockets.exists() else ():
        subprocess.run(["ssh", "-O", "exit", "-o", f"ControlPath={path}", "x"], capture_output=True, check=False)
    shell.wait_for("the end of all relays", lambda: not any(counts.glob("*.open")), 20)


class Watch(threading.Thread):
    """Looks at the memory of Ansible's own processes until told that they have ended."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.most, self.ended = pid, 0, threading.Event()

    def run(self) -> None:
        """KiB."""
        while not self.ended.wait(PAUSE):
            self.most = max(self.most, sum(map(_held, _family(self.pid))))


def _family(pid: int) -> list[int]:
    """A process and what descends from it, as far as it is Ansible's: not the connections, nor the lab's relays."""
    children: dict[int, list[int]] = {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError):
            name, _, rest = path.read_text().partition("(")[2].rpartition(")")
            if name.startswith(("ansible", "python")):
                children.setdefault(int(rest.split()[1]), []).append(int(path.parent.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def _held(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0

#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make test` runs, in four lanes at once, and how long each part took. Started by tests/run.sh.

The first three lanes need no lab, and write to files. The last has the labs, and the screen. What fails ends all at
once.
Everything that a run starts carries its mark in the environment, and ends with it; so do the labs.
The last line of all is the one of the last lane's last step: pytest's own, which CI reads.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import typing as t
import xml.etree.ElementTree as ET

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lab"))

from imrslab import host, shell, topology

ROOT = pathlib.Path(__file__).resolve().parents[1]
MARK = "IMRS_TEST_RUN"
GRACE = 10.0
"""Seconds that what is told to end has for it."""
NICE = 5
"""What gives way has a third of the weight: less, and on a busy machine it would come to nothing."""
SLOWEST = 15
LABS = 2
"""Labs side by side, for the drills."""
SHOWN = 400
"""Lines of a failed session's output that are shown; all of them are in its file."""


@dataclasses.dataclass(frozen=True)
class Step:
    """One part of a lane."""

    name: str
    command: tuple[str, ...]
    gives_way: bool = False
    """To the other lanes: nothing in it depends on the time that it gets."""
    checkout: pathlib.Path = ROOT
    """Where it sees this checkout."""


def session(name: str, **how: t.Any) -> Step:
    """One of nox's sessions."""
    return Step(name, ("nox", "--session", name), **how)


IN_FILES = (
    tuple(
        session(name, gives_way=True)
        for name in ("lint", "unit", "glue", "golden", "matrix", "browser", "ansible_lint")
    ),
    *((session(name, checkout=pathlib.Path("/checkout")),) for name in ("daemons", "changes")),
)
"""The first lane works, cheapest first; the others wait most of the time, for daemons and machines."""


def on_screen(labs: int) -> tuple[Step, ...]:
    """The drills begin with the lab that the scenario left, and bring the others up themselves."""
    drills = ("pytest", "--verbose", f"--numprocesses={labs}", "--dist=loadfile", "tests/drills")
    return session("molecule"), Step("drills", drills)


@dataclasses.dataclass(frozen=True)
class Took:
    """How a step ended, after how many seconds, and how much of the processors it had."""

    lane: int
    step: Step
    status: int
    seconds: float
    cpu: float


class Run:
    """The lanes, their processes and their results; ``folder`` takes what they say."""

    def __init__(self, folder: pathlib.Path) -> None:
        """Begin with an empty folder."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.folder = folder
        self.took: list[Took] = []
        self.failed: Took | None = None
        self.screen = 0
        """The number of the lane that has it."""
        self._began = processors()
        self.mark = f"{MARK}={os.getpid()}-{time.monotonic_ns()}"
        self._lock = threading.Lock()
        self._over = False
        self._leaders: set[int] = set()

    def lanes(self, in_files: t.Sequence[t.Sequence[Step]], on_screen: t.Sequence[Step]) -> bytes:
        """Run the lanes to their end or to the first failure; returns the last line, which was not printed."""
        self._held = b""
        self.screen = len(in_files) + 1
        with contextlib.ExitStack() as stack:
            # Drills look at what is in /tmp.
            rooms = [stack.enter_context(tempfile.TemporaryDirectory(prefix="imrs-lane-")) for _ in in_files]
            pool = stack.enter_context(concurrent.futures.ThreadPoolExecutor(len(in_files)))
            try:
                others = [
                    pool.submit(self._lane, number, steps, self._to_file, {"TMPDIR": room})
                    for number, (steps, room) in enumerate(zip(in_files, rooms, strict=True), 1)
                ]
                self._lane(self.screen, on_screen, self._to_screen, {})
                if not all(each.done() for each in others):
                    put(f"\nOther lanes are still at work, see {self.folder}/\n".encode())
                for each in concurrent.futures.as_completed(others):
                    each.result()
            finally:
                self.end()
        return self._held

    def _lane(
        self, number: int, steps: t.Sequence[Step], to: t.Callable[[t.IO[bytes], t.IO[bytes]], None],
        settings: dict[str, str],
    ) -> None:  # fmt: skip
        for step in steps:
            began = time.monotonic()
            with self.log(step).open("wb") as log:
                with self._lock:
                    if self._over:
                        return
                    process = self._start(step, settings)
                    self._leaders.add(process.pid)
                assert process.stdout
                with process.stdout:
                    to(process.stdout, log)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            with self._lock:
                self._leaders.discard(process.pid)
                if self._over:
                    return  # it was ended
                cpu = used.ru_utime + used.ru_stime
                self.took.append(Took(number, step, process.returncode, time.monotonic() - began, cpu))
                if process.returncode:
                    self.failed = self.took[-1]
            if process.returncode:
                self.end()
                return

    def _start(self, step: Step, settings: dict[str, str]) -> subprocess.Popen[bytes]:
        name, _, value = self.mark.partition("=")
        junit = step.checkout / self.folder.relative_to(ROOT) / f"{step.name}.xml"
        environment = {**os.environ, "PYTEST_ADDOPTS": f"--junitxml={junit}", **settings, name: value}
        command = ("nice", f"--adjustment={NICE}", *step.command) if step.gives_way else step.command
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        if step.gives_way:
            with contextlib.suppress(OSError):  # where the kernel groups processes by session, that has a weight, too
                pathlib.Path(f"/proc/{process.pid}/autogroup").write_text(str(NICE), encoding="ascii")
        return process

    def log(self, step: Step) -> pathlib.Path:
        """What it has said."""
        return self.folder / f"{step.name}.log"

    def _to_file(self, said: t.IO[bytes], log: t.IO[bytes]) -> None:
        for chunk in chunks(said):
            log.write(chunk)
            log.flush()

    def _to_screen(self, said: t.IO[bytes], log: t.IO[bytes]) -> None:
        """And to the file; a line that begins as pytest's last one is held until another one comes."""
        put(self._held)
        held = b""
        for chunk in chunks(said):
            log.write(chunk)
            log.flush()
            held += chunk
            last = held.rstrip(b"\n").rfind(b"\n") + 1
            end = last if held[last:].startswith((b"=", b"\x1b")) else len(held)
            put(held[:end])
            held = held[end:]
        self._held = held

    def end(self) -> None:
        """End everything that was started: it is told, and after a while made to."""
        with self._lock:
            self._over = True
            for leader in self._leaders:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(leader, signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        while any(map(alive, self._leaders.copy())) and time.monotonic() < deadline:
            time.sleep(0.1)
        while left := list(self._marked()):
            for process in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.1)

    def _marked(self) -> t.Iterator[int]:
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if self.mark.encode() in (process / "environ").read_bytes().split(b"\0"):
                    yield int(process.name)

    def times(self) -> str:
        """The table of what took how long, as Markdown, and the slowest tests."""
        rows = ["| lane | part | result | time (s) | processor time (s) |", "|--:|---|---|--:|--:|"]
        for took in sorted(self.took, key=lambda took: took.lane):
            result = f"exit status {took.status}" if took.status else "passed"
            rows.append(f"| {took.lane} | {took.step.name} | {result} | {took.seconds:.0f} | {took.cpu:.0f} |")
        busy, all_time = (now - then for now, then in zip(processors(), self._began, strict=True))
        rows += ["", f"The machine's processors were busy for {busy / max(all_time, 1):.0%} of the time."]
        tests = sorted(self._tests(), reverse=True)[:SLOWEST]
        if tests:
            rows += ["", "| slowest tests | time (s) |", "|---|--:|"]
            rows += [f"| {name} | {seconds:.1f} |" for seconds, name in tests]
        return "\n".join(rows) + "\n"

    def _tests(self) -> t.Iterator[tuple[float, str]]:
        for path in self.folder.glob("*.xml"):
            for case in ET.parse(path).iter("testcase"):  # noqa: S314 - our own pytest wrote it
                yield float(case.get("time", 0)), f"{path.stem}: {case.get('classname')}.{case.get('name')}"


def processors() -> tuple[int, int]:
    """What all processors of the machine have worked since it started, and what they could have, in ticks (proc(5))."""
    first, _, _ = pathlib.Path("/proc/stat").read_text(encoding="ascii").partition("\n")
    user, nice, system, idle, waiting, *others = map(int, first.split()[1:9])
    busy = user + nice + system + sum(others)
    return busy, busy + idle + waiting


def alive(process: int) -> bool:
    """Whether a process has not ended; one that nobody has asked about yet has."""
    try:
        return pathlib.Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def chunks(said: t.IO[bytes]) -> t.Iterator[bytes]:
    """What is said, as it comes."""
    while chunk := os.read(said.fileno(), 65536):
        yield chunk


def put(text: bytes) -> None:
    """Print at once."""
    sys.stdout.buffer.write(text)
    sys.stdout.buffer.flush()


def closing(log: pathlib.Path) -> str:
    """The last line of a pytest in what a session said, if there is one."""
    lines = [line.strip("= ") for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
    return next((line for line in reversed(lines) if " passed" in line or " failed" in line), "")


def report(run: Run, last: bytes) -> None:
    """Print what the quiet lanes did and the times; at the end what failed there, or the last lane's last line."""
    times = run.times()
    (run.folder / "times.md").write_text(times, encoding="utf-8")
    mine = sorted((took for took in run.took if took.lane != run.screen), key=lambda took: took.lane)
    told = [f"  {took.step.name}: {closing(run.log(took.step)) or 'done'}" for took in mine if not took.status]
    text = ["", "Without a lab:", *told, "", times, f"Kept in {run.folder}/", ""]
    failed = run.failed
    if failed:
        text += [f"Failed: {failed.step.name} ({run.log(failed.step)})", ""]
    put("\n".join(text).encode())
    if failed and failed.lane != run.screen:
        lines = run.log(failed.step).read_bytes().splitlines(keepends=True)
        put(b"".join(lines[-SHOWN:]))
    else:
        put(last)


def how_many_labs() -> int:
    """As many as are wanted, or one where the machine does not bear more."""
    try:
        host.make_room(
            LABS * host.WATCHERS + host.OF_TWO_SITES + host.OF_A_CLUSTER + host.SPARE
        )  # for the drills of other sites, too
    except shell.LabError as error:
        put(f"One lab for the drills, not {LABS}: {error}\n".encode())
        return 1
    return LABS


def down() -> None:
    """Take the labs down."""
    for name in (of(number) for number in range(LABS) for of in (topology.name_for, topology.name_beside)):
        subprocess.run([ROOT / "tests/lab/lab.py", "down"], check=False, env={**os.environ, "IMRS_LAB": name})


def main() -> int:
    """Run all of it, and leave no lab; 0 when everything passed."""

    def told_to_end(number: int, _: object) -> None:
        for each in signals:
            signal.signal(each, signal.SIG_IGN)  # once is enough: the end takes some seconds
        sys.exit(128 + number)

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for each in signals:
        signal.signal(each, told_to_end)
    run = Run(ROOT / ".lab" / f"{os.environ['IMRS_LAB']}-reports" / "run")
    try:
        last = run.lanes(IN_FILES, on_screen(how_many_labs()))
    finally:
        down()
    report(run, last)
    return 1 if run.failed else 0


if __name__ == "__main__":
    sys.exit(main())

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Stage, check, swap, activate, probe; keep it, or put everything back."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import secrets
import signal
import threading
import time
import types
import typing as t
from dataclasses import dataclass, field

from . import owed, swap
from .commands import Answer, retry, run
from .confirm import Scheduler, Systemd
from .disruption import disruptions, in_service, refusal, worst
from .entry import explain
from .install import install
from .journal import Journal, Past
from .memory import Memory
from .model import HARMLESS, Activation, Bundle, BundleError, Command, concerns
from .places import Places
from .plan import Change, Plan, diff, make_plan
from .recovery import Settled, settle
from .redact import Redactor
from .stage import staged, sweep
from .undo import put_back, say, tell
from .units import Step, between, look, steps

Mode = t.Literal["change", "plan", "check"]
"""``check`` changes nothing, and lets pass what is not there yet; ``plan`` changes no node in service."""

UNTOUCHED = "The node was not touched."
"""What everything says that fails before the first rename."""


@dataclass(frozen=True)
class Outcome:
    """What was done, or in check mode would be done; holds no content of a secret file."""

    changed: bool
    changes: tuple[Change, ...] = ()
    disruptions: t.Mapping[str, str] = field(default_factory=dict)
    refused: bool = False
    planned: bool = False
    """The node is in service, and was left as it is: the change is for a run that does not only plan."""
    in_service: bool | None = None
    """What the node said when it was planned for; None: it was not."""
    confirmed: bool | None = None
    """False: the controller has to get in again before it counts; None: it need not."""
    activated: tuple[str, ...] = ()
    ensured: tuple[str, ...] = ()
    recovered: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    diff: list[dict[str, t.Any]] = field(default_factory=list)

    @property
    def disruption(self) -> str:
        """The worst of all."""
        return worst(self.disruptions.values())

    def to_dict(self) -> dict[str, t.Any]:
        """For the result."""
        return {
            "changed": self.changed,
            "changes": [change.to_dict() for change in self.changes],
            "disruption": self.disruption,
            "disruptions": [{"unit": unit, "disruption": what} for unit, what in self.disruptions.items()],
            "refused": self.refused,
            "planned": self.planned,
            "in_service": self.in_service,
            "confirmed": self.confirmed,
            "activated": list(self.activated),
            "ensured": list(self.ensured),
            "recovered": list(self.recovered),
            "rolled_back": False,
            "diff": self.diff,
        }


class _Failed(Exception):  # noqa: N818 - never leaves this file
    """A step after the first swap did not work."""


@contextlib.contextmanager
def _deaf() -> t.Iterator[None]:
    """A line that breaks does not stop us half-way; being told to end leads through the way back."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _frame: types.FrameType | None) -> None:
        signal.signal(signal.SIGTERM, wait)
        raise SystemExit(128 + number)

    def wait(_number: int, _frame: types.FrameType | None) -> None:
        """Handlers, other than SIG_IGN, are not passed on to the commands that we start."""

    before = {signal.SIGHUP: signal.signal(signal.SIGHUP, wait), signal.SIGTERM: signal.signal(signal.SIGTERM, end)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Transaction:
    def __init__(self, bundle: Bundle, plan: Plan, memory: Memory) -> None:
        self.bundle, self.plan, self.memory = bundle, plan, memory
        self.owed = owed.owed(memory.directory).get(bundle.name, [])
        self.activations = bundle.activations(plan.paths, self.owed)
        self.attempted: list[Activation] = []
        self.ensured: list[Step] = []
        self.warnings: list[str] = []
        self.units = look(bundle.ensure)
        self.due = between(self.units, bundle.ensure)
        hidden = {file.dest for file in bundle.files if file.secret}
        secret = [file.content for file in bundle.files if file.secret]
        secret += [change.before.content for change in plan.changes if change.secret or change.path in hidden]
        public = [file.content for file in bundle.files if not file.secret]
        commands = (*bundle.check, *bundle.probe, *(a.command for a in bundle.activate))
        names = [*plan.wanted, *plan.paths, *map(str, commands)]
        self.redactor = Redactor(secret, [*public, *(name.encode() for name in names)])
        asked = bundle.confirm
        self.seconds = asked.seconds if asked and concerns(asked.when_changed, plan.paths) else 0
        self.journal = Journal(
            bundle=bundle.name,
            transaction=(asked.token if asked else "") or secrets.token_hex(8),
            past=tuple(Past(c.path, c.before, c.secret or c.path in hidden) for c in plan.changes),
            activations=tuple(activation.command for activation in self.activations),
            units=self.units,
            seconds=self.seconds,
        )

    def said(self, what: str, command: Command | Step, answer: Answer, root: str = "") -> str:
        """One failed command, with the paths as they are on the node."""
        output = answer.output.replace(root, "") if root else answer.output
        return say(self.bundle.name, what, command, Answer(answer.rc, output), self.redactor)

    def check(self, found: t.Mapping[str, str], mode: Mode) -> None:
        """Show the whole bundle, as it shall be, to the daemons' own parsers; then to whom it is foretold."""
        foresee = self.bundle.foresee if worst(found.values()) in HARMLESS and mode == "change" else None
        if not self.bundle.check and not foresee:
            return
        try:
            with staged(self.bundle, self.plan.wanted) as root:
                for command in self.bundle.check:
                    answer = run(command.staged(root))
                    if answer.missing and mode == "check":
                        self.warnings.append(
                            f"bundle {self.bundle.name}: not checked, program not installed yet: {command}"
                        )
                    elif answer.rc:
                        raise BundleError(f"{self.said('check', command, answer, root)}\n{UNTOUCHED}")
                if foresee:
                    removed = [change.path for change in self.plan.changes if change.after.kind == "absent"]
                    answer = run(foresee.staged(root, removed))
                    if answer.rc and not answer.missing:  # what is not there yet covers nothing
                        self.warnings.append(self.said("foreseeing", foresee, answer, root))
        except OSError as error:
            raise BundleError(f"bundle {self.bundle.name}: {explain(error)}\n{UNTOUCHED}") from None

    def prepare(self, places: Places, scheduler: Scheduler) -> None:
        """Everything that may lack space or systemd: afterwards only renames are left."""
        journal = self.journal = dataclasses.replace(self.journal, until=time.monotonic() + self.seconds)
        opened = False
        try:
            install(places)
            opened = True
            self.memory.open_journal(journal)
            if self.seconds:
                scheduler.arm(
                    self.bundle.name,
                    self.seconds,
                    (*places.recover, "--unconfirmed", journal.bundle, journal.transaction),
                )
            swap.prepare(self.plan.changes, self.memory.kept)
            self.memory.stage(self.bundle, journal.transaction)
            owed.reserve(self.memory.directory, self.bundle.name, journal.activations)
            self.journal = self.memory.advance(journal, "changing")
        except BaseException as error:
            told = _told(error)
            if opened:
                told += "".join(f"\n{trouble}" for trouble in put_back(self.memory, journal).missing)
                if self.seconds:
                    scheduler.disarm(self.bundle.name)
            if not isinstance(error, (BundleError, OSError)):
                raise  # told to end
            raise BundleError(f"bundle {self.bundle.name}: {told}\n{UNTOUCHED}") from None

    def go(self) -> None:
        """From the first rename to the last probe."""
        swap.swap(self.plan.changes)
        for activation in self.activations:
            self.attempted.append(activation)
            answer = run(activation.command.argv, inherit=self.memory.commands)
            if answer.rc:
                raise _Failed(self.said("activation", activation.command, answer))
        for step in steps(self.bundle.ensure) if self.activations else self.due:
            self.ensured.append(step)
            answer = run(step.forward, inherit=self.memory.commands)
            if answer.rc:
                raise _Failed(self.said("ensuring a unit", step, answer))
        if self.plan.changes or self.activations or self.ensured:
            self.probe()

    def probe(self) -> None:
        deadline = time.monotonic() + self.bundle.probe_timeout
        for command in self.bundle.probe:
            answer = retry(command.argv, deadline)
            if answer.rc:
                raise _Failed(self.said("probe", command, answer))

    def keep(self) -> None:
        """It counts from here, or from the controller's confirmation."""
        # What is no longer among the activations is no longer meant, either.
        with contextlib.suppress(OSError):  # then it is done once more
            owed.note(self.memory.directory, self.bundle.name, done=self.owed)
        if not self.plan.changes:
            self.memory.remember(self.bundle)
        elif not self.seconds:
            self.memory.commit()
            self.memory.close_journal(self.journal)
        elif time.monotonic() > self.journal.until:
            raise _Failed(
                f"bundle {self.bundle.name}: it took longer than the {self.seconds} seconds after which the change had "
                "to be confirmed; give confirm more seconds"
            )
        else:
            self.journal = self.memory.advance(self.journal, "unconfirmed")

    def undo(self, reason: str, scheduler: Scheduler) -> BundleError:
        """Roll back and say how that went."""
        if not self.plan.changes and not self.ensured:
            return BundleError(reason)
        journal = (
            self.journal if self.plan.changes else Journal(self.bundle.name, "", units=self.units, state="changing")
        )
        if self.plan.changes and self.memory.committed(journal):
            return BundleError(reason)  # the change counts; only its journal could not be removed
        again = [activation.command for activation in self.attempted]
        undone = put_back(self.memory, journal, again, redactor=self.redactor)
        if undone.missing:
            left = "\n".join((*undone.missing, *undone.troubles))
            return BundleError(
                f"{reason}\nRolling back failed too; the next run tries again, but look at the node:\n{left}"
            )
        if self.seconds:
            scheduler.disarm(self.bundle.name)
        if self.plan.changes:
            tell(self.memory, journal, reason.partition("\n")[0], undone)
        told = [reason, "Rolled back: the previous files are in place.", *undone.troubles]
        return BundleError("\n".join(told), rolled_back=True)

    def commit(self, places: Places, scheduler: Scheduler) -> None:
        """Everything from the first byte written to the manifest."""
        with _deaf():
            if self.plan.changes:
                self.prepare(places, scheduler)
            try:
                self.go()
                self.keep()
            except _Failed as error:
                reason = str(error)
            except OSError as error:
                reason = f"bundle {self.bundle.name}: {_told(error)}"
            except BaseException:
                self.undo(f"bundle {self.bundle.name}: the run was told to end", scheduler)
                raise
            else:
                return
            raise self.undo(reason, scheduler)


def _told(error: BaseException) -> str:
    return explain(error) if isinstance(error, OSError) else str(error)


def _open_change(memory: Memory) -> list[str]:
    """What check mode says of a change that is open."""
    return [
        f"bundle {journal.bundle}: a change is {journal.state} on this node; the next run without --check puts back: "
        + ", ".join(past.path for past in journal.past)
        for journal in memory.open_journals()
        if not memory.of(journal.bundle).committed(journal)
    ]


def _utc() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def apply(
    bundle: Bundle,
    *,
    places: Places | None = None,
    scheduler: Scheduler | None = None,
    now: t.Callable[[], datetime.datetime] = _utc,
    mode: Mode = "change",
    show: bool = False,
) -> Outcome:
    """Make the node as the bundle says, or leave it as it was and raise BundleError.

    To ``check`` changes nothing on the node, but the checks run on a staged tree; ``show`` fills ``diff``. To ``plan``
    leaves a node in service as it is, too, after the same checks and refusals as to ``change``; any other it changes.
    ``now`` gives the time (UTC) that maintenance windows are held against.
    """
    places, scheduler = places or Places(), scheduler or Systemd(run)
    memory = Memory(places.state, bundle.name)
    if mode == "check":
        transaction, found, refused = _judge(bundle, memory, now, lenient=True)
        pending = _open_change(memory)
        transaction.warnings += [*pending, *([f"{refused}; this run would be refused"] if refused else [])]
        if transaction.plan.changes:
            transaction.check(found, mode)
        transaction.ensured = transaction.due
        outcome = _outcome(transaction, found, show=show)
        return dataclasses.replace(outcome, changed=outcome.changed or bool(pending), refused=bool(refused))
    with memory.locked():
        sweep()
        settled = settle(memory, scheduler)
        transaction, found, refused = _judge(bundle, memory, now, lenient=False)
        if refused:
            raise BundleError(f"{refused}\n{UNTOUCHED}", refused=True)
        serves = in_service(bundle) if mode == "plan" else None
        planned = bool(serves and (transaction.plan.changes or transaction.due or transaction.activations))
        if transaction.plan.changes:
            transaction.check(found, "plan" if planned else "change")
        if planned:
            transaction.ensured = transaction.due
            outcome = _outcome(transaction, found, settled=settled, show=False)
            return dataclasses.replace(outcome, changed=bool(settled), planned=True, in_service=True)
        transaction.commit(places, scheduler)
    return dataclasses.replace(_outcome(transaction, found, settled=settled, show=show), in_service=serves)


def _judge(
    bundle: Bundle, memory: Memory, now: t.Callable[[], datetime.datetime], *, lenient: bool
) -> tuple[_Transaction, dict[str, str], str]:
    """What is to be done, what that does to the service, and why it may not be done now."""
    plan = make_plan(bundle, memory.owned(), memory.elsewhere(), lenient=lenient)
    transaction = _Transaction(bundle, plan, memory)
    transaction.warnings += [owed.tell(bundle.name, command) for command in transaction.owed]
    found = disruptions(bundle, plan.lines, transaction.due, transaction.owed)
    return transaction, found, refusal(bundle, found, now)


def _outcome(
    transaction: _Transaction,
    found: t.Mapping[str, str],
    *,
    settled: t.Sequence[Settled] = (),
    show: bool,
) -> Outcome:
    plan = transaction.plan
    return Outcome(
        changed=bool(plan.changes or transaction.activations or transaction.ensured or settled),
        changes=plan.changes,
        disruptions=found,
        confirmed=False if transaction.journal.state == "unconfirmed" else None,
        activated=tuple(str(activation.command) for activation in transaction.activations),
        ensured=tuple(str(step) for step in transaction.ensured),
        recovered=tuple(path for one in settled for path in one.paths),
        warnings=(*map(str, settled), *plan.warnings, *transaction.warnings),
        diff=[entry for change in plan.changes for entry in diff(change)] if show else [],
    )

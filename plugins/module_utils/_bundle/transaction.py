# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Stage, check, swap, activate, probe; keep it, or put everything back."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import time
import typing as t
from dataclasses import dataclass, field

from .commands import Answer, retry, run, shorten
from .entry import Entry, forget, put, temporary_name
from .memory import Memory
from .model import Activation, Bundle, BundleError, Command
from .plan import Change, Plan, diff, make_plan
from .redact import Redactor
from .units import Step, steps

STATE = "/var/lib/imrs-bundle"
"""Where a node remembers its bundles."""


@dataclass(frozen=True)
class Outcome:
    """What was done, or in check mode would be done; holds no content of a secret file."""

    changed: bool
    changes: tuple[Change, ...] = ()
    disruption: str = "none"
    activated: tuple[str, ...] = ()
    ensured: tuple[str, ...] = ()
    recovered: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    diff: list[dict[str, t.Any]] = field(default_factory=list)

    def to_dict(self) -> dict[str, t.Any]:
        """For the result."""
        return {
            "changed": self.changed,
            "changes": [change.to_dict() for change in self.changes],
            "disruption": self.disruption,
            "activated": list(self.activated),
            "ensured": list(self.ensured),
            "recovered": list(self.recovered),
            "rolled_back": False,
            "diff": self.diff,
        }


class _Failed(Exception):  # noqa: N818 - never leaves this file
    """A step after the first swap did not work."""


class _Transaction:
    def __init__(self, bundle: Bundle, plan: Plan, memory: Memory, touched: t.Collection[str]) -> None:
        self.bundle, self.plan, self.memory = bundle, plan, memory
        self.activations = bundle.activations(touched)
        self.attempted: list[Activation] = []
        self.ensured: list[Step] = []
        self.warnings: list[str] = []
        hidden = {file.dest for file in bundle.files if file.secret}
        secret = [file.content for file in bundle.files if file.secret]
        secret += [change.before.content for change in plan.changes if change.secret or change.path in hidden]
        public = [file.content for file in bundle.files if not file.secret]
        names = [
            *plan.wanted,
            *plan.paths,
            *map(str, (*bundle.check, *bundle.probe, *(a.command for a in bundle.activate))),
        ]
        self.redactor = Redactor(secret, [*public, *(name.encode() for name in names)])

    def said(self, what: str, command: Command | Step, answer: Answer, staged: str = "") -> str:
        """One failed command, for people; without secrets, and with the paths as they are on the node."""
        output = answer.output.replace(staged, "") if staged else answer.output
        output = self.redactor.clean(shorten(output)) or "(it said nothing)"
        return f"bundle {self.bundle.name}: {what} failed: {command} (rc {answer.rc}): {output}"

    def check(self, *, lenient: bool) -> None:
        """Show the whole bundle, as it shall be, to the daemons' own parsers."""
        if not self.bundle.check:
            return
        staged = tempfile.mkdtemp(prefix="imrs-bundle-")
        try:
            for directory in self.bundle.directories:
                os.makedirs(staged + directory.path, mode=0o755, exist_ok=True)
            for path, entry in self.plan.wanted.items():
                os.makedirs(os.path.dirname(staged + path), mode=0o755, exist_ok=True)
                put(staged + path, entry)
            for command in self.bundle.check:
                answer = run(command.staged(staged))
                if answer.missing and lenient:
                    self.warnings.append(
                        f"bundle {self.bundle.name}: not checked, program not installed yet: {command}"
                    )
                elif answer.rc:
                    raise BundleError(self.said("check", command, answer, staged) + "\nThe node was not touched.")
        finally:
            shutil.rmtree(staged)

    def swap(self) -> None:
        for change in self.plan.changes:
            try:
                put(change.path, change.after)
            except OSError as error:
                raise _Failed(f"bundle {self.bundle.name}: cannot change {change.path}: {error.strerror}") from None

    def activate(self) -> None:
        for activation in self.activations:
            self.attempted.append(activation)
            answer = run(activation.command.argv)
            if answer.rc:
                raise _Failed(self.said("activation", activation.command, answer))

    def ensure(self) -> None:
        for step in steps(self.bundle.ensure):
            self.ensured.append(step)
            answer = run(step.forward)
            if answer.rc:
                raise _Failed(self.said("ensuring a unit", step, answer))

    def probe(self) -> None:
        deadline = time.monotonic() + self.bundle.probe_timeout
        for command in self.bundle.probe:
            answer = retry(command.argv, deadline)
            if answer.rc:
                raise _Failed(self.said("probe", command, answer))

    def roll_back(self) -> list[str]:
        """Put everything back, in reverse; what could not be put back is returned."""
        troubles = _restore([(change.path, change.before) for change in self.plan.changes])
        for step in reversed(self.ensured):
            answer = run(step.back)
            if answer.rc:
                troubles.append(self.said("undoing a unit's change", step, answer))
        return troubles

    def activate_again(self) -> list[str]:
        """Make the daemons see the previous files."""
        answers = [(activation.command, run(activation.command.argv)) for activation in self.attempted]
        return [
            self.said("activation of the previous files", command, answer) for command, answer in answers if answer.rc
        ]


def _restore(entries: t.Sequence[tuple[str, Entry]]) -> list[str]:
    troubles = []
    for path, entry in reversed(entries):
        try:
            forget(temporary_name(path))
            put(path, entry)
        except OSError as error:
            troubles.append(f"{path} could not be put back: {error.strerror}")
    return troubles


def _undo(transaction: _Transaction, reason: str) -> BundleError:
    """Roll back and say how that went."""
    if not transaction.plan.changes and not transaction.ensured:
        return BundleError(reason)
    troubles = transaction.roll_back()
    if troubles:
        left = "\n".join(troubles)
        return BundleError(
            f"{reason}\nRolling back failed too; the next run tries again, but look at the node:\n{left}"
        )
    transaction.memory.close_journal()
    again = transaction.activate_again()
    return BundleError("\n".join([reason, "Rolled back: the previous files are in place.", *again]), rolled_back=True)


def _commit(transaction: _Transaction, *, touched: bool) -> None:
    """Everything from the first swap to the manifest."""
    token = secrets.token_hex(8) if transaction.plan.changes else ""
    if token:
        transaction.memory.open_journal(transaction.plan.changes, token)
    try:
        transaction.swap()
        transaction.activate()
        transaction.ensure()
        if touched or transaction.ensured:
            transaction.probe()
        transaction.memory.remember(transaction.bundle, transaction.plan.wanted, token)
    except _Failed as error:
        reason = str(error)
    except OSError as error:
        reason = f"bundle {transaction.bundle.name}: {error.filename}: {error.strerror}"
    except BaseException:
        _undo(transaction, "")
        raise
    else:
        transaction.memory.close_journal()
        return
    raise _undo(transaction, reason)


def _recover(memory: Memory, entries: t.Sequence[tuple[str, Entry]]) -> None:
    """A run was killed between old and new: back to old."""
    troubles = _restore(entries)
    if troubles:
        raise BundleError(
            f"bundle {memory.name}: an earlier run was killed while it changed files, and they cannot be put back: "
            + "; ".join(troubles)
        )


def apply(bundle: Bundle, *, state: str = STATE, check_mode: bool = False, show: bool = False) -> Outcome:
    """Make the node as the bundle says, or leave it as it was and raise BundleError.

    In check mode nothing on the node changes, but the checks run on a staged tree; ``show`` fills ``diff``.
    """
    memory = Memory(state, bundle.name)
    if check_mode:
        return _apply(bundle, memory, memory.interrupted(), check_mode=True, show=show)
    with memory.locked():
        interrupted = memory.interrupted()
        if interrupted:
            _recover(memory, interrupted)  # the journal stays until the daemons have seen the files too
        else:
            memory.close_journal()
        return _apply(bundle, memory, interrupted, check_mode=False, show=show)


def _apply(
    bundle: Bundle, memory: Memory, interrupted: t.Sequence[tuple[str, Entry]], *, check_mode: bool, show: bool
) -> Outcome:
    plan = make_plan(bundle, memory.owned(), memory.elsewhere(), lenient=check_mode)
    recovered = [path for path, _ in interrupted]
    touched = {*plan.paths, *recovered}
    transaction = _Transaction(bundle, plan, memory, touched)
    if plan.changes:
        transaction.check(lenient=check_mode)
    if check_mode:
        ensured = steps(bundle.ensure)
    else:
        _commit(transaction, touched=bool(touched))
        ensured = transaction.ensured
    return Outcome(
        changed=bool(touched or ensured),
        changes=plan.changes,
        disruption=bundle.disruption(touched),
        activated=tuple(str(activation.command) for activation in transaction.activations),
        ensured=tuple(str(step) for step in ensured),
        recovered=tuple(recovered),
        warnings=(*plan.warnings, *transaction.warnings),
        diff=[entry for change in plan.changes for entry in diff(change)] if show else [],
    )

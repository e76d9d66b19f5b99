# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of "one run at a time a node": who this run is, and whether another one is gone."""

from __future__ import annotations

import dataclasses
import getpass
import os
import pathlib
import socket
import typing as t

from ansible import constants as C  # noqa: N812 - its name everywhere in Ansible
from ansible import context
from ansible_collections.icann.imrs.plugins.module_utils._bundle.lease import ANYBODY, Run

TAKE_OVER = "imrs_take_over"
"""The variable with which a person says that another run's hold does not count."""

LEAVE_DARK = "imrs_leave_dark"
"""The variable with which a person says that a node may stay dark after a change, without acceptance."""

FACT = "imrs_lease"
"""The id of the run that holds the host, as far as this controller knows; of another run, it counts for nothing."""

Ask = t.Callable[[dict[str, t.Any]], dict[str, t.Any]]


def run_id() -> str:
    """Of this ansible-playbook alone: the name of its own directory, which no other has."""
    return f"{os.path.basename(C.DEFAULT_LOCAL_TMP)}@{socket.gethostname()}"


def this_run(node: str) -> Run:
    """This run, as it holds that host."""
    playbooks = [os.path.basename(str(name)) for name in context.CLIARGS.get("args") or ()]
    process = str(os.getppid())  # a worker asks, and ansible-playbook is its parent
    return Run(
        id=run_id(),
        node=node,
        who=whoever(),
        playbook=" ".join(playbooks),
        machine=_machine(),
        process=f"{process} {_start(process)}",
    )


def gone(run: Run) -> bool:
    """Whether that run's process is known to have ended: only of a process of this very machine can that be said."""
    process, _blank, start = run.process.partition(" ")
    return bool(run.machine) and run.machine == _machine() and bool(start) and _start(process) != start


def had(facts: t.Mapping[str, t.Any]) -> bool:
    """Whether this run holds the host already."""
    return bool(facts.get(FACT)) and facts.get(FACT) == run_id()


def hold(ask: Ask, node: str, facts: t.Mapping[str, t.Any], *, take_over: bool) -> tuple[dict[str, t.Any], str]:
    """Have the module take the node, or renew: what it returned, and what is to be said of it.

    ``ask`` runs the module with these arguments for its option ``lease``. The hold of a run on this machine whose
    process is gone is taken over, which costs one question more. What this run has once lost it does not take back:
    two that both take over would never come to an end.
    """
    mine = {**dataclasses.asdict(this_run(node)), "strict": had(facts)}
    result = ask({**mine, "over": ANYBODY if take_over and not had(facts) else ""})
    other = result.get("held_by")
    if not other or had(facts) or not gone(Run.parse(other)):
        return result, ""
    result = ask({**mine, "over": other["id"]})
    return result, f"{Run.parse(other)} held the node, and its process is gone" if not result.get("held_by") else ""


def whoever() -> str:
    """Who this is, and on which machine."""
    return f"{account() or f'user {os.getuid()}'} on {socket.gethostname()}"


def account() -> str:
    """Who runs this, on the controller, also by sudo; empty for an account without a name."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return ""


def _machine() -> str:
    """This boot of this kernel, and this namespace of processes; empty where they cannot be told."""
    try:
        boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _start(process: str) -> str:
    """When that process was started, in the kernel's own count; empty when there is none, or it has ended."""
    try:
        # The name, in brackets, may hold anything; fields 3 and 22 of proc(5) are state and start.
        fields = (
            pathlib.Path("/proc", process, "stat")
            .read_text(encoding="utf-8", errors="replace")
            .rpartition(")")[2]
            .split()
        )
    except OSError:
        return ""
    return "" if fields[0] in ("Z", "X") else fields[19]

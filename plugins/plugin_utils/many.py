# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One command on many hosts at once, also on those that ``--limit`` leaves out.

A loop with ``delegate_to`` asks one after the other, and a play knows no hosts but those of the limit: 200 nodes over
slow lines would take a quarter of an hour. The connections are Ansible's own, with each host's variables.
"""

from __future__ import annotations

import json
import os
import queue
import threading
import time
import typing as t

from ansible import constants as C  # noqa: N812 - as Ansible itself has it
from ansible.errors import AnsibleError
from ansible.module_utils.common.text.converters import to_text
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.loader import become_loader, connection_loader

AT_ONCE = 50


class Said(t.NamedTuple):
    """What came back: the output of a command that ended well, or else why there is none."""

    output: str
    error: str = ""


def status(said: Said) -> dict[str, t.Any] | str:
    """What a gate has answered (``imrs status --json``), whatever stands before it; or why there is no answer."""
    try:
        found = json.loads(said.output[said.output.index("{") :]) if not said.error else said.error
        return found if isinstance(found, dict) else str(found)
    except ValueError:
        return "its gate's answer is not understood"


class Asker:
    """Asks hosts. ``task`` and ``play_context`` are those of the action that wants to know."""

    def __init__(self, task: t.Any, play_context: t.Any, hostvars: t.Mapping[str, t.Any]) -> None:
        self._task = task
        self._play_context = play_context
        self._hostvars = hostvars

    def ask(self, hosts: t.Sequence[str], command: str, seconds: float) -> dict[str, Said]:
        """What each of them says. Who has not answered after ``seconds`` has no answer, and is not waited for."""
        found: dict[str, Said] = {}
        ready: queue.SimpleQueue[tuple[str, t.Any]] = queue.SimpleQueue()
        for host in hosts:  # here, as templates are for one thread
            try:
                ready.put((host, self._connection(host, seconds)))
            except (AnsibleError, KeyError, TypeError, ValueError) as error:
                found[host] = Said("", _last_line(error))

        def work() -> None:
            while True:
                try:
                    host, connection = ready.get_nowait()
                except queue.Empty:
                    return
                said = _said(connection, command)
                found[host] = said

        threads = [threading.Thread(target=work, daemon=True) for _number in range(min(AT_ONCE, ready.qsize()))]
        for thread in threads:
            thread.start()
        over = time.monotonic() + seconds * (1 + len(hosts) // AT_ONCE)
        for thread in threads:
            thread.join(max(0.0, over - time.monotonic()))
        late = Said("", f"no answer within {seconds:g} s")
        return {host: found.get(host, late) for host in hosts}

    def _connection(self, host: str, seconds: float) -> t.Any:
        """A connection that is not made yet."""
        variables = self._hostvars[host]
        context = self._play_context.copy()
        name = variables.get("ansible_connection", C.DEFAULT_TRANSPORT)
        connection = connection_loader.get("ssh" if name == "smart" else name, context, os.devnull)
        if connection is None:
            raise AnsibleError(f"there is no connection plugin {name}")
        keys = {**self._task.dump_attrs(), "timeout": max(1, int(seconds / 2)), "password": context.password}
        keys.pop("retries", None)  # of the task, not of the connection
        connection.set_options(task_keys=keys, var_options=_options("connection", connection._load_name, variables))
        if boolean(variables.get("ansible_become", self._task.become)):
            become = become_loader.get(variables.get("ansible_become_method", self._task.become_method or "sudo"))
            if context.become_pass:
                keys["become_pass"] = context.become_pass
            become.set_options(task_keys=keys, var_options=_options("become", become._load_name, variables))
            connection.set_become_plugin(become)
        return connection


def _options(kind: str, name: str, variables: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The variables that such a plugin reads."""
    return {key: variables[key] for key in C.config.get_plugin_vars(kind, name) if key in variables}


def _said(connection: t.Any, command: str) -> Said:
    try:
        if connection.become:
            command = connection.become.build_become_command(command, connection._shell)
        status, output, error = connection.exec_command(command, sudoable=True)
    except Exception as error:  # noqa: BLE001 - whatever a plugin raises: this host has not answered
        return Said("", _last_line(error))
    text = to_text(output, errors="replace")
    return Said(text) if status == 0 else Said("", _last_line(to_text(error, errors="replace")) or f"status {status}")


def _last_line(error: object) -> str:
    """What can be shown of it: one line, printable, and not long."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return "".join(letter for letter in lines[-1] if letter.isprintable())[:120] if lines else ""

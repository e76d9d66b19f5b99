# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A line that is opened before it is needed, since its handshakes take eight round trips."""

from __future__ import annotations

import os
import typing as t


class Connection(t.Protocol):
    """What is needed of Ansible's connection plugins."""

    transport: str

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Run a command there."""


def open_ahead(connection: Connection) -> bool:
    """Have a process of its own open the connection, and return at once; whether there is one to open.

    SSH then keeps it for the next task (``ControlPersist``). Nobody hears what became of it: a task that finds no
    connection opens its own, as ever, and says what is wrong with it.
    """
    if connection.transport != "ssh":  # no other one is kept
        return False
    if os.fork() == 0:
        try:
            os.setsid()  # what ends the task's own process is not meant for this one
            nothing = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):  # or who reads what the playbook says would wait for this process, too
                os.dup2(nothing, descriptor)
            connection.exec_command("true", sudoable=False)
        finally:
            os._exit(0)  # nothing of the task's ends twice
    return True

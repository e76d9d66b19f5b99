# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection plugin for tests: like ``local``, over a wire that notes what happens to it, and that can be cut."""

from __future__ import annotations

import os
import pathlib
import typing as t

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import local

DOCUMENTATION = """
    name: wire
    short_description: local, with a wire that can be cut
    description: For tests.
    author: tests
    options:
        become_success_timeout: {type: int, default: 10, description: As for local.}
        become_strip_preamble: {type: bool, default: true, description: As for local.}
    extends_documentation_fragment: [connection_pipelining]
"""

BASE = pathlib.Path(os.environ["WIRE_BASE"])


class Connection(local.Connection):
    """Breaks once when there is a file ``break``, and does not come about while there is a file ``cut``."""

    transport = "wire"

    @staticmethod
    def note(what: str) -> None:
        with (BASE / "wire.log").open("a") as file:
            file.write(f"{what}\n")

    def _connect(self) -> Connection:
        if not self._connected:
            self.note("connect")
        return super()._connect()

    def close(self) -> None:
        self._connected = False

    def reset(self) -> None:
        self.note("reset")
        self.close()

    def exec_command(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        self._connect()
        if (BASE / "cut").exists():
            raise AnsibleConnectionFailure("Connection timed out")
        said = super().exec_command(*args, **kwargs)
        if (BASE / "break").exists():
            (BASE / "break").unlink()
            raise AnsibleConnectionFailure("Connection reset by peer")
        return said

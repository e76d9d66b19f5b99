# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Where a node keeps what belongs to bundles."""

from __future__ import annotations

import os
from dataclasses import dataclass

STATE = "/var/lib/imrs-bundle"
"""Where a node remembers its bundles."""


@dataclass(frozen=True)
class Places:
    """Directories on the node; tests have theirs elsewhere."""

    state: str = STATE
    library: str = "/usr/lib/imrs-bundle"
    units: str = "/etc/systemd/system"
    programs: str = "/usr/sbin"
    boot: str = "/run/imrs-bundle"
    """What ends with the boot: the lease (``lease``)."""

    @classmethod
    def below(cls, directory: str) -> Places:
        """Everything below one directory, which is itself the state."""
        return cls(directory, *(os.path.join(directory, name) for name in ("library", "units", "programs", "boot")))

    @property
    def program(self) -> str:
        """What puts things right without Ansible."""
        return os.path.join(self.library, "imrs-bundle-recover")

    @property
    def recover(self) -> tuple[str, ...]:
        """The command that puts things right here."""
        return (self.program,) if self.state == STATE else (self.program, "--state", self.state)

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Which Debian packages are installed, by source package: Debian's security tracker speaks of these."""

from __future__ import annotations

import os
import platform
import typing as t

FORMAT = "${Package} ${db:Status-Status} ${Version} ${source:Package} ${source:Version}\\n"
KERNEL, KERNEL_SOURCE = "linux-image-", "linux"
DEADLINE = "/etc/systemd/system/imrs-candidate.timer"
"""There while the system that runs goes away by itself, unless the upgrade that made it is kept
(``roles/upgrade/files/candidate``)."""


def parse(text: str, kernel: str) -> dict[str, str]:
    """``dpkg-query -W -f FORMAT``: by package, its source package and that one's version.

    Of kernels only the one that runs, ``kernel`` as uname(1) has its release: what is installed and not booted mends
    nothing. Its own version counts, as Debian's signed images are of a source package of their own
    (``linux-signed-amd64``, ``6.12.43+1``), and the tracker knows ``linux``, ``6.12.43-1``. Where kernels are
    installed, but not this one, it has a source package without a version.
    """
    found, kernels = {}, False
    for line in text.splitlines():
        words = line.split()
        if len(words) != 5 or words[1] != "installed":
            continue
        name, _status, version, source, source_version = words
        if not name.startswith(KERNEL):
            found[name] = f"{source} {source_version}"
            continue
        kernels = True
        if name == f"{KERNEL}{kernel}":
            found[name] = f"{KERNEL_SOURCE} {version}"
    if kernels:
        found.setdefault(f"{KERNEL}{kernel}", KERNEL_SOURCE)
    return dict(sorted(found.items()))


def read(runner: t.Callable[[t.Sequence[str]], dict[str, t.Any]]) -> dict[str, str] | None:
    """Of this machine; null where dpkg did not say. ``runner`` runs a command, as ``host.run``."""
    said = runner(["dpkg-query", "-W", "-f", FORMAT])
    return parse(said["stdout"], platform.release()) if said["rc"] == 0 else None


def candidate(deadline: str = DEADLINE) -> bool:
    """Whether the system that runs is one that an upgrade has made, and not kept yet."""
    return os.path.lexists(deadline)

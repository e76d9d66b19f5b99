# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Debian packages come from: this machine's own mirror, through a caching proxy handed into the lab.

Only the proxy's listening socket reaches into the lab, and it knows nothing but the Debian archives, so packages
are the one thing that can be asked for from inside.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import pathlib
import signal
import subprocess
import sys

from . import shell, topology

PORT = 3142
LAB_MAIN = "http://debian.lab.invalid/debian"
LAB_SECURITY = "http://debian.lab.invalid/debian-security"


@dataclasses.dataclass(frozen=True)
class Mirror:
    """The Debian mirror of this machine: base URIs of the archive and of its security archive (or None)."""

    main: str
    security: str | None
    proxy: str

    def sources(self, release: str, main: str, security: str | None) -> list[str]:
        """Lines of a sources.list for a release."""
        lines = [f"deb {main} {release} main", f"deb {main} {release}-updates main"]
        return [*lines, f"deb {security} {release}-security main"] if security else lines

    def apt_options(self) -> list[str]:
        """What mmdebstrap must be told of this machine's own proxy."""
        return [f'--aptopt=Acquire::http::Proxy "{self.proxy}"'] if self.proxy else []


@functools.cache
def mirror() -> Mirror:
    """Read the mirror from this machine's APT configuration; LabError when it names no Debian archive."""
    main = security = None
    listing = shell.run("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT) $(CREATED_BY)")
    for line in listing.splitlines():
        uri, release, component, created_by = line.split(" ", 3)
        if created_by != "Packages" or component != "main":
            continue
        if release in ("bookworm", "trixie"):
            main = main or uri.rstrip("/")
        if release in ("bookworm-security", "trixie-security"):
            security = security or uri.rstrip("/")
    if not main:
        raise shell.LabError("this machine's APT sources name no Debian 12 or 13 archive (component main)")
    proxy = shell.run("apt-config", "shell", "proxy", "Acquire::http::Proxy").partition("=")[2].strip().strip("'")
    return Mirror(main, security, proxy if proxy.startswith("http") else "")


def start_proxy(lab: topology.Lab) -> None:
    """Start the caching proxy of one lab instance."""
    store = lab.cache / "packages"
    store.mkdir(parents=True, exist_ok=True)
    source = mirror()
    archives = [f"{LAB_MAIN}={source.main}"]
    if source.security:
        archives.append(f"{LAB_SECURITY}={source.security}")
    environment = os.environ | ({"http_proxy": source.proxy} if source.proxy else {})
    with (lab.state / "proxy.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, str(topology.ROOT / "tests/lab/proxy.py"), lab.outer, str(store), *archives],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, env=environment,
        )  # fmt: skip
    shell.write(lab.state / "proxy.pid", f"{process.pid}\n")


def stop_proxy(lab: topology.Lab) -> None:
    """Stop the proxy, if it runs."""
    pid_file = lab.state / "proxy.pid"
    if not pid_file.exists():
        return
    pid = int(pid_file.read_text())
    command = pathlib.Path(f"/proc/{pid}/cmdline")
    if command.exists() and b"proxy.py" in command.read_bytes():
        os.kill(pid, signal.SIGTERM)
        shell.wait_for("the package proxy's end", lambda: not shell.alive(pid), 60)
    pid_file.unlink()

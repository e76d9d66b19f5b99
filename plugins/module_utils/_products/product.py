# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What is true of one daemon on every node that runs it: its unit, packages, programs and paths."""

from __future__ import annotations

import dataclasses
import typing as t

NAMESERVER = "nameserver"
ROUTING = "routing"
KINDS = (NAMESERVER, ROUTING)
"""What a daemon is for. A node runs one of each kind."""


class Bfd(t.NamedTuple):
    """Which process holds the sockets of BFD, and the UDP ports on which it listens once any session has BFD."""

    process: str
    ports: frozenset[int]


class Variables(t.TypedDict):
    """What roles read of the daemon that a node runs; the fields of ``Product`` of the same names."""

    unit: str
    packages: list[str]
    directory: str
    defaults_file: str
    programs: list[str]
    libraries: list[str]


@dataclasses.dataclass(frozen=True)
class Product:
    """One daemon that a sheet can choose. Paths are absolute; patterns are those of ``fnmatch``."""

    name: str
    """As sheets and host variables spell it: ``imrs_nameserver_provider``, ``imrs_routing_provider``."""
    kind: str
    """One of ``KINDS``."""
    title: str
    """For people."""
    unit: str
    """Its systemd unit. Its folders of drop-ins have this name and ``.d``."""
    process: str
    """The process that holds its sockets, as the kernel names it."""
    packages: tuple[str, ...]
    """What has to be installed."""
    held: tuple[str, ...]
    """What of these only an engineer upgrades."""
    versions: tuple[str, ...]
    """Debian packages of which one has the daemon, as there are several main versions. Reports tell its version."""
    directory: str
    """Its configuration: ours and the packages' alone, and certified as a whole."""
    programs: tuple[str, ...]
    """Programs that are certified: those that answer, announce or verify."""
    control: tuple[str, ...]
    """The command that asks the running daemon, and changes nothing."""
    account: str
    """The account that it runs as, once it has its sockets; the group has the same name."""
    exposure: float
    """The most that ``systemd-analyze security`` may give its unit, from 0.0 to 10.0: what the drop-ins of its role
    come to with the systemd of Debian 13. Raise it only with the reason beside it."""
    keys: str = ""
    """The file that has the transfer keys (nameservers)."""
    secrets: tuple[str, ...] = ()
    """Files in ``directory`` that hold keys or passwords: nobody but root and ``account`` may read them."""
    defaults_file: str = ""
    """What its unit reads for the daemon's command line, outside ``directory``; certified."""
    libraries: tuple[str, ...] = ()
    """Names of libraries from the daemon's own source; certified wherever the loader looks."""
    canonical: tuple[str, ...] = ()
    """Files whose content drift takes to the node: the daemon itself brings them into canonical form."""
    generated: tuple[str, ...] = ()
    """Files in ``directory`` that are made when the package is installed."""
    bfd: Bfd | None = None
    excess: str = ""
    """What becomes of routes beyond a session's limit, in the words of evidence: the mildest that keeps them out
    (routing daemons)."""
    bfd_inside: bool = True
    """Whether it watches a router of its own AS with BFD."""
    limit_exempt: bool = True
    """Whether some sources can be left out of its rate limit (nameservers)."""

    @property
    def profile(self) -> str:
        """The AppArmor profile of its unit (``/etc/apparmor.d``)."""
        return f"imrs-{self.name}"

    def variables(self) -> Variables:
        """What roles read: ``imrs_nameserver`` and ``imrs_routing`` (docs/architecture.md, host variables)."""
        return {
            "unit": self.unit,
            "packages": list(self.packages),
            "directory": self.directory,
            "defaults_file": self.defaults_file,
            "programs": list(self.programs),
            "libraries": list(self.libraries),
        }

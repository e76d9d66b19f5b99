# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What the host's router has from the node, in one shape whatever its daemon: no sheet says which one a host has."""

from __future__ import annotations

import typing as t

from . import host, readers


def received(
    addresses: t.Mapping[str, t.Sequence[str]], runner: host.Runner = host.run, command: t.Sequence[str] = ()
) -> dict[str, t.Any]:
    """What a router knows of the node, whose addresses are given by family; its first daemon that answers counts.

    ``sessions``, by the node's address: ``state``, ``local_as`` (None where it is not told), and the router's own
    ``address``, empty while the session is down. ``routes``, by the same: ``to``, ``as_path``, ``origin``,
    ``next_hops``, ``valid``. Or ``error``, with what each daemon's program said.

    ``command``: another way to ask, for tests; the program's name says which daemon it is.
    """
    errors = []
    for control, reader in readers.host_routers():
        if command and command[0].rpartition("/")[2] != control[0]:
            continue
        seen = reader.received(addresses, runner, command or control)
        if "error" not in seen:
            return seen
        errors.append(f"{control[0]}: {seen['error']}")
    return {"error": "; ".join(errors)}

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""``imrs-foresee``: a bundle is about to change files; may the node stay announced until acceptance has judged that?

The operator has to want it (``foresee`` in gate.json). Without it, and whenever something is not as it should be, the
change voids the certificate, as every other does.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
import typing as t

from . import config as configuration
from .cli import PATIENCE, ask
from .fingerprint import fingerprint


def main(arguments: list[str] | None = None) -> int:
    """0 when it is foreseen or need not be, 1 when it should have been and is not; one line says which."""
    parser = argparse.ArgumentParser(prog="imrs-foresee", description="Tell the gate of a change that comes.")
    parser.add_argument("staged", metavar="ROOT", help="tree that holds the files as they will be")
    parser.add_argument("--removed", action="append", default=[], metavar="PATH", help="a file that will be gone")
    parser.add_argument("--config", type=pathlib.Path, default=pathlib.Path("/etc/imrs/gate.json"), metavar="FILE")
    parser.add_argument("--runtime", type=pathlib.Path, default=pathlib.Path("/run/imrs"), metavar="DIRECTORY")
    given = parser.parse_args(arguments)
    try:
        config = configuration.load(given.config)
        said = _foresee(config, given.runtime / "gate.sock", given.staged, given.removed)
    except (OSError, ValueError, KeyError) as error:
        sys.stderr.write(f"imrs-foresee: this change voids the certificate: {error}\n")
        return 1
    sys.stdout.write(f"{said}\n")
    return 0


def _foresee(config: configuration.Config, door: pathlib.Path, staged: str, removed: t.Collection[str]) -> str:
    """What was done; OSError or ValueError when it could not be."""
    if not config.foresee:
        return "nothing is foreseen on this node (gate_foresee is 0)"
    try:
        certificate = ask(door, {"verb": "status"}, PATIENCE)["certificate"]
    except (FileNotFoundError, ConnectionRefusedError):
        return "the gate does not run, so there is nothing to keep"
    if not certificate["valid"] or certificate["expires_at"] is not None:
        return f"there is no certificate for good to keep ({certificate['reason'] or 'it is provisional'})"
    present, planned = fingerprint(config.fingerprint_paths), fingerprint(config.fingerprint_paths, staged, removed)
    if planned == present:
        return "nothing that is certified changes"
    request = {"verb": "foresee", "fingerprint": planned, "from": present, "for": config.foresee}
    answer = ask(door, request, PATIENCE)
    for key in ("usage", "refused", "error"):
        if key in answer:
            raise ValueError(answer[key])
    return f"{planned} is foreseen" if answer["changed"] else f"{planned} is covered already"

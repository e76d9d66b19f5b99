# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""``imrs-gate``: the command line of the daemon."""

from __future__ import annotations

import argparse
import asyncio
import logging
import pathlib
import sys

from .._probes import soa
from . import config as configuration
from . import watch
from .daemon import Gate, Paths


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop; 0 after an orderly end, 1 after a failure, 2 when it cannot start."""
    given = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    try:
        soa.require()
        config = configuration.load(given.config)
    except (configuration.ConfigError, RuntimeError) as error:
        sys.stderr.write(f"imrs-gate: {error}\n")
        return 2
    find = watch.by_file(given.service_pid_file) if given.service_pid_file else watch.by_service(config.service)
    return asyncio.run(_run(config, Paths(given.state, given.runtime), find))


async def _run(config: configuration.Config, paths: Paths, find: watch.Find) -> int:
    return await Gate(config, paths, find).run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="imrs-gate", description="Announce what this node may announce, and no more.")
    add = parser.add_argument
    add("--config", type=pathlib.Path, default=pathlib.Path("/etc/imrs/gate.json"), metavar="FILE")
    add("--state", type=pathlib.Path, default=pathlib.Path("/var/lib/imrs"), metavar="DIRECTORY")
    add("--runtime", type=pathlib.Path, default=pathlib.Path("/run/imrs"), metavar="DIRECTORY")
    add(
        "--service-pid-file",
        type=pathlib.Path,
        metavar="FILE",
        help="where the nameserver's process id is, without systemd",
    )
    return parser

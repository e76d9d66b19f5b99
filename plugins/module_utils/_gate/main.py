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

from .._probes import nameserver
from . import config as configuration
from . import evidence, watch
from .daemon import Gate
from .paths import Paths
from .table import ConfigError


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop; 0 after an orderly end, 1 after a failure, 2 when it cannot start."""
    given = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    try:
        nameserver.require()
        config = configuration.load(given.config)
    except (ConfigError, RuntimeError) as error:
        sys.stderr.write(f"imrs-gate: {error}\n")
        return 2
    return asyncio.run(_run(config, given))


async def _run(config: configuration.NodeConfig | configuration.RouterConfig, given: argparse.Namespace) -> int:
    files = given.service_pid_file, given.routing_pid_file
    find, find_routing = (
        watch.by_file(file) if file else watch.by_service(unit)
        for file, unit in zip(files, (config.units[0], config.routing), strict=True)
    )
    return await Gate(config, Paths(given.state, given.runtime), evidence.source(config, find), find_routing).run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="imrs-gate", description="Announce what this node may announce, and no more.")
    add = parser.add_argument
    add("--config", type=pathlib.Path, default=pathlib.Path("/etc/imrs/gate.json"), metavar="FILE")
    add("--state", type=pathlib.Path, default=pathlib.Path("/var/lib/imrs"), metavar="DIRECTORY")
    add("--runtime", type=pathlib.Path, default=pathlib.Path("/run/imrs"), metavar="DIRECTORY")
    for option, daemon in (("--service-pid-file", "nameserver"), ("--routing-pid-file", "routing daemon")):
        add(option, type=pathlib.Path, metavar="FILE", help=f"where the {daemon}'s process id is, without systemd")
    return parser

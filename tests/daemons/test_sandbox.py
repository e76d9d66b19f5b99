# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How exposed each unit is with the roles' files over Debian's, as Debian 13's own systemd counts it; and what shows
only when a capability is missing.

The files are the golden ones, one of each shape: tests/golden keeps them equal to what is rendered. No systemd runs.
Needs root and the lab image.
"""

from __future__ import annotations

import pathlib
import re
import shutil
import subprocess

import pytest
from ansible_collections.icann.imrs.plugins.module_utils import _products as products
from ansible_collections.icann.imrs.plugins.module_utils._probes import system
from imrs_gate_bench import until
from imrs_provider_bench import RENDERED, Node

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests/golden/example"
UNITS = "systemd/system"
BOUNDS = products.exposures(products.PRODUCTS)


@pytest.fixture
def machine(tmp_path: pathlib.Path) -> pathlib.Path:
    """The root of a tree that has Debian's units of all daemons, and of the roles' units and drop-ins one each."""
    debian = tmp_path / "usr/lib" / UNITS
    debian.mkdir(parents=True)
    for product in products.PRODUCTS:
        shutil.copy(pathlib.Path("/usr/lib") / UNITS / product.unit, debian)
    for node in sorted(GOLDEN.iterdir()):
        for path in sorted((node / "etc" / UNITS).rglob("*")) if node.is_dir() else ():
            target = tmp_path / path.relative_to(node)
            if path.is_file() and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
    return tmp_path


def exposures(machine: pathlib.Path, *units: str) -> dict[str, float]:
    """What systemd says of these units, or of all that have a bound."""
    command = ["systemd-analyze", "security", "--offline=yes", f"--root={machine}", "--no-pager", *(units or BOUNDS)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={"LC_ALL": "C"})
    return system.parse_exposures(done.stdout)


def test_every_unit_is_as_exposed_as_its_bound_says(machine: pathlib.Path) -> None:
    """One that is less exposed gets a lower bound: what is above it is to be noticed."""
    assert exposures(machine) == BOUNDS


@pytest.mark.parametrize("product", products.PRODUCTS, ids=lambda product: product.name)
def test_a_daemon_without_its_sandbox_is_above_its_bound(machine: pathlib.Path, product: products.Product) -> None:
    """The guard: the number is not Debian's unit's own."""
    (machine / "etc" / UNITS / f"{product.unit}.d/30-sandbox.conf").unlink()
    assert exposures(machine, product.unit)[product.unit] > product.exposure


@pytest.mark.parametrize("unit", BOUNDS)
@pytest.mark.parametrize("opened", ["CapabilityBoundingSet=~", "SystemCallFilter=", "RestrictAddressFamilies="])
def test_another_file_that_opens_a_sandbox_is_seen(machine: pathlib.Path, unit: str, opened: str) -> None:
    """The guard: as whoever is looking for a fault may leave one behind."""
    folder = machine / "etc" / UNITS / f"{unit}.d"
    folder.mkdir(exist_ok=True)
    (folder / "99-by-hand.conf").write_text(f"[Service]\n{opened}\n", encoding="ascii")
    assert exposures(machine, unit)[unit] > BOUNDS[unit]


RAW = "net_raw"
REFUSED = b"Incoming connection: SO_BINDTODEVICE: Operation not permitted"


class Bounded(Node):
    """BIRD has the capabilities of its sandbox, but for ``missing``, and waits for the host's router to connect."""

    missing = ""

    def start(self, name: str, namespace: str, *command: str) -> None:
        if name == "bird":
            sandbox = (RENDERED / self.case / f"etc/{UNITS}/bird.service.d/30-sandbox.conf").read_text()
            (words,) = re.findall(r"(?m)^CapabilityBoundingSet=(.+)$", sandbox)
            left = {word.removeprefix("CAP_").lower() for word in words.split()} - {self.missing}
            bound = ",".join(["-all", *(f"+{word}" for word in sorted(left))])
            command = ("setpriv", f"--inh-caps={bound}", f"--bounding-set={bound}", *command)
            path = pathlib.Path("/etc/bird/bird.conf")
            text = path.read_text().replace("log syslog all;", "log stderr all;")
            path.write_text(text.replace("  neighbor fe80::1 as", "  passive on;\n  neighbor fe80::1 as"))
        super().start(name, namespace, *command)

    def waiting(self) -> bool:
        """Whether the session over link-local addresses is not there, and why is known."""
        return self.state("imrs6") != "Established" and REFUSED in (self.directory / "bird.out").read_bytes()


@pytest.mark.parametrize("missing", ["", RAW])
def test_bird_takes_a_connection_over_link_local_addresses(tmp_path: pathlib.Path, missing: str) -> None:
    """It ties such a connection to its interface, to which the kernel has tied it: that takes CAP_NET_RAW."""
    node = Bounded(tmp_path, "bird", "local")
    node.missing = missing
    with node:
        until(node.waiting if missing else lambda: node.state("imrs6") == "Established", what="a session, or none")

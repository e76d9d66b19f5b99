# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drills on a lab whose appliance is live. What counts is what the host's router holds."""

from __future__ import annotations

import json
import os
import shutil
import typing as t

import pytest
from imrslab import topology
from imrslab.drill import ALL, ROOT, Drill

if t.TYPE_CHECKING:
    import pathlib


class AtOnce:
    """Shows why a drill has failed when it has: another part of `make test` may end all before the last one."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A worker has no terminal; its controller tells."""
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and reporter:
            reporter.write_line(f"\n{report.longreprtext}")


def pytest_configure(config: pytest.Config) -> None:
    """Each worker has a lab of its own; the first one that which IMRS_LAB names."""
    config.pluginmanager.register(AtOnce(config))
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    if number:
        os.environ["IMRS_LAB"] = topology.name_for(number)


@pytest.fixture(scope="session")
def drill() -> Drill:
    """The worker's lab. The first one's may be there, with its appliance live (the scenario `single`, tests/run.sh)."""
    lab = Drill()
    lab.up()
    if lab.received() != ALL:
        lab.mend()
    lab.freeze()
    return lab


@pytest.fixture
def elsewhere(tmp_path: pathlib.Path) -> pathlib.Path:
    """An inventory of others: to be live by their sheets, at addresses of the management network that nobody has."""
    where = {"imrs_fleet": "lab", "imrs_mode": "live", "imrs_location": {"region": "europe"}}
    hosts = {
        name: {"ansible_host": f"198.51.100.{200 + number}", **where} for number, name in enumerate(("xaa01", "xab01"))
    }
    path = tmp_path / "others.yml"
    path.write_text(json.dumps({"all": {"children": {"appliances": {"hosts": hosts}}}}))
    return path


@pytest.fixture(autouse=True)
def live(drill: Drill) -> None:
    """Every drill begins with an appliance that is live at host-router, and with a clean record."""
    down = drill.received() != ALL
    drill.forget_falls()  # or a gate that is held down for long lets no acceptance in
    if down:
        drill.restore()
        drill.forget_falls()
    drill.wait(ALL)


@pytest.fixture
def edited(drill: Drill, request: pytest.FixtureRequest) -> t.Iterator[t.Callable[..., pathlib.Path]]:
    """The lab's inventory with edits (old text, new text) in the appliance's sheet."""
    folder = ROOT / ".lab" / f"{drill.lab.name}-{request.node.originalname}"

    def inventory(*edits: tuple[str, str]) -> pathlib.Path:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(drill.lab.inventory, folder)
        sheet = folder / f"sites/{drill.site}.yml"
        text = sheet.read_text(encoding="utf-8")
        for old, new in edits:
            assert old in text, old
            text = text.replace(old, new, 1)
        sheet.write_text(text, encoding="utf-8")
        return folder

    try:
        yield inventory
    finally:
        shutil.rmtree(folder, ignore_errors=True)

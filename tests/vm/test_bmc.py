# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A BMC as the machine sees it: Debian's kernel finds QEMU's, Debian's ipmitool asks it, and acceptance judges that."""

from __future__ import annotations

import json
import subprocess
import typing as t

from ansible_collections.icann.imrs.plugins.module_utils._probes import bmc
from imrslab import virtual

if t.TYPE_CHECKING:
    import pathlib

    from imrslab.drill import Drill

CHECKS = ("HD-05", "HD-17", "HW-05", "HW-07")
REVISION = f"{virtual.BMC[0]}.{virtual.BMC[1]:x}"
FILES = ("dev/ipmi0", "sys/devices/platform/ipmi_bmc.0/firmware_revision")


def test_the_bmc_is_asked_from_within(drill: Drill, tmp_path: pathlib.Path) -> None:
    """The package is there because the profile has a port for a BMC; nobody loaded a module by hand."""

    def run(command: t.Sequence[str], timeout: float) -> dict[str, t.Any]:
        whole = [*drill.way_in, *command]
        done = subprocess.run(whole, check=False, capture_output=True, text=True, timeout=timeout + 60)
        return {"rc": done.returncode, "stdout": done.stdout, "stderr": done.stderr}

    for name in FILES:  # what the kernel of the machine has, in a folder of this one
        drill.node("test", "-e", f"/{name}")
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert bmc.read(tmp_path, run, patience=600.0) == {
        **dict.fromkeys(("there", "device", "installed"), True),
        "info": {"revision": REVISION, "auxiliary": ""},
        "channels": [],
        "chassis": [],
        "sensors": [{"name": "Watchdog", "status": "ok", "entity": "35.1", "reading": ""}],
    }


def test_asking_started_no_daemon(drill: Drill) -> None:
    """The package brings ipmievd, which would wake the disk for each event."""
    # systemctl(1) fails for what is not so, and its words are what is judged.
    assert drill.node("sh", "-c", "systemctl is-active ipmievd.service || true").strip() == "inactive"
    assert drill.node("sh", "-c", "systemctl is-enabled ipmievd.service || true").strip() == "disabled"


def test_what_acceptance_made_of_it(drill: Drill) -> None:
    path = drill.lab.state.parent / f"{drill.lab.name}-reports" / drill.appliance.name / "acceptance.json"
    report = json.loads(path.read_text(encoding="utf-8"))
    found = {each["id"]: (each["status"], each["message"]) for each in report["results"] if each["id"] in CHECKS}
    assert found["HD-05"] == ("pass", "no channel of the BMC is a LAN, so it has no accounts for one")
    assert found["HD-17"] == ("skipped", "the sheet has no address of the BMC")
    assert found["HW-05"] == ("skipped", "none of the 1 sensors of the BMC is read as a number")
    assert found["HW-07"][0] == "pass"
    assert f"BIOS {virtual.BIOS} of 11/02/2026; BMC {REVISION}; enp0s3 (e1000e) " in found["HW-07"][1]

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""icann.imrs.decommission: refused while the node is needed, then done over two power cuts, and silent ever after."""

from __future__ import annotations

import json
import pathlib
import shlex
import shutil
import subprocess
import typing as t

import pytest
from imrslab import cuts, shell
from imrslab.drill import ALL, PATIENCE
from imrslab.keys import SIGNER

if t.TYPE_CHECKING:
    from imrslab.drill import Drill
    from imrslab.runs import Play, Run

SERIAL = "LAB-0001"
MARK = "/etc/imrs-decommissioned"
ENDED = ("operational: true", "operational: false")
WIPED = ("/etc/bird/bird.conf", "/etc/knot/keys.conf", "/etc/imrs/fingerprint.salt", "/etc/imrs/upstream.json")
SEARCHED = "/boot /etc /home /opt /root /run /srv /tmp /usr /var"
RUNNING = "systemctl list-units --plain --no-legend --state=active,activating 'imrs-*' knot.service bird.service"


@pytest.fixture
def reports(drill: Drill, tmp_path: pathlib.Path) -> t.Iterator[pathlib.Path]:
    """Where this drill's records go; afterwards the appliance is as it was."""
    yield tmp_path / "reports"
    drill.restore()


def begin(drill: Drill, reports: pathlib.Path, inventory: pathlib.Path, *options: str, **more: str) -> Run:
    words = {
        "imrs_by": "alice",
        "imrs_reason": "the data centre closes",
        "imrs_confirm_serial": SERIAL,
        "imrs_ask_seconds": "5",
        "acceptance_report_directory": str(reports),
        **more,
    }
    return drill.begin("decommission", "--limit", "xlb01", "-e", json.dumps(words), *options, inventory=inventory)


def found(drill: Drill, secrets: t.Sequence[str]) -> set[str]:
    """The files on the appliance that have one of these."""
    words = " ".join(f"-e {shlex.quote(secret)}" for secret in secrets)
    # The search's own words are no file, and what a process has in its memory is none either.
    return set(drill.node("sh", "-c", f"grep -rlFs {words} {SEARCHED} || true").split())


def is_silent(drill: Drill) -> None:
    """Nothing of ours runs, and the host's router has nothing."""
    assert drill.received() == set()
    assert drill.node("sh", "-c", RUNNING).strip() == ""


def stopped(drill: Drill, run: Run, place: str) -> None:
    """The power fails when the run is about to put a file there."""
    shell.wait_for(f"a module that stands still before {place}", lambda: cuts.stands_still(drill), PATIENCE)
    drill.cut_power()
    run.kill()
    drill.switch_on()


def words(play: Play) -> str:
    return " ".join(play.output.replace("\\n", " ").split())


def refused(drill: Drill, inventory: pathlib.Path, why: str, *options: str, **more: str) -> None:
    """Nothing is changed on the node, and there is no record."""
    nowhere = drill.lab.state / "no-reports"
    done = begin(drill, nowhere, inventory, *options, **more).end()
    assert done.status != 0, done.output
    assert why in words(done), done.output[-3000:]
    assert drill.received() == ALL
    assert not nowhere.exists()


def test_a_node_that_is_needed_or_not_meant_stays_as_it_is(
    drill: Drill, edited: t.Callable[..., pathlib.Path], elsewhere: pathlib.Path
) -> None:
    wanted = "the sheet of site xlb wants it to serve: write operational: false there"
    refused(drill, drill.lab.inventory, wanted)
    folder = edited(ENDED)
    another = "imrs_confirm_serial is LAB-0002, and xlb01 has another serial number"
    refused(drill, folder, another, imrs_confirm_serial="LAB-0002")
    tight = json.dumps({"imrs_budget": [{"group_by": "fleet", "max_unavailable": 2}]})
    needed = "0 of 3 nodes of fleet"
    refused(drill, folder, needed, "-i", str(elsewhere), "-e", tight)
    checked = begin(drill, drill.lab.state / "no-reports", folder, "--check").end()
    assert checked.status == 0, checked.output
    assert "xlb01: live -> dark, for good" in words(checked)
    assert drill.received() == ALL


def test_a_node_is_decommissioned(drill: Drill, edited: t.Callable[..., pathlib.Path], reports: pathlib.Path) -> None:
    folder, neighbors = edited(ENDED), set(drill.neighbors())
    files = [path for path in drill.lab.secrets.iterdir() if path.name.startswith(("bgp_", "tsig_xlb"))]
    secrets = [path.read_text().strip() for path in sorted(files)]
    assert set(WIPED) & found(drill, secrets) == {*WIPED} - {"/etc/imrs/fingerprint.salt"}, "the search finds them"
    over_two_power_cuts(drill, reports, folder, secrets)

    done = begin(drill, reports, folder).end()
    assert done.status == 0, done.output
    said = words(done)
    assert "xlb01: an earlier run has begun, and is continued" in said
    assert "master dist1: take away the TSIG key xlb01-dist1.lab.example. (hmac-sha256)" in said
    is_silent(drill)
    assert found(drill, secrets) == set()
    assert [path for path in WIPED if drill.node("sh", "-c", f"ls {path} 2>/dev/null || true").strip()] == []
    assert set(drill.neighbors()) == neighbors, "the host's sessions are the host's own"
    record = json.loads((reports / "decommission.json").read_text())
    recorded(drill, record, reports, secrets)
    patch = (reports / "decommission.patch").read_text()
    assert '+decommissioned: {date: "' in patch
    applied = pathlib.Path(shutil.copytree(folder, reports.parent / "patched", symlinks=False))
    subprocess.run(("patch", "--dry-run", "-p1"), input=patch, text=True, check=True, cwd=applied)

    # A reboot changes nothing, and a second run has nothing to do.
    drill.switch_off()
    drill.switch_on()
    drill.node("sh", "-c", "systemctl is-system-running --wait || true")
    is_silent(drill)
    again = begin(drill, reports, folder).end()
    assert again.status == 0, again.output
    assert again.changed == 0
    assert f"is decommissioned, since {record['when']}" in words(again)
    assert json.loads((reports / "decommission.json").read_text()) == record

    site = drill.play("site", inventory=folder)
    assert site.status != 0
    assert "It is dark: its routing daemon does not run" in words(site), site.output[-3000:]
    is_silent(drill)


def over_two_power_cuts(drill: Drill, reports: pathlib.Path, folder: pathlib.Path, secrets: list[str]) -> None:
    """Power fails when some units are masked and others are not, and when all is wiped, and the node does not know."""
    cuts.stop_at(drill, "/etc/systemd/system/knot.service")
    stopped(drill, begin(drill, reports, folder), "the mask of knot.service")
    assert json.loads(drill.node("cat", MARK))["state"] == "begun"
    assert drill.received() == set()
    assert not (reports / "decommission.json").exists()
    site = drill.play("site")
    assert site.status != 0
    assert f"xlb01 is decommissioned ({MARK} says since when)" in words(site), site.output[-3000:]

    cuts.stop_at(drill, MARK)
    stopped(drill, begin(drill, reports, folder), "the end")
    is_silent(drill)
    assert found(drill, secrets) == set()


def recorded(drill: Drill, record: dict[str, t.Any], reports: pathlib.Path, secrets: list[str]) -> None:
    """It says what was seen and done, no secret, and is signed."""
    assert set(WIPED) <= set(record["wiped"])
    assert record["disk"]["erased"] is False
    assert (record["serial"], record["by"], record["signed_by"]) == (SERIAL, "alice", "lab")
    assert all("nothing from the node" in line for line in record["seen"]["peer_after"]), record["seen"]
    assert not [secret for secret in secrets for path in reports.iterdir() if secret in path.read_text()]
    signed(drill, reports)


def signed(drill: Drill, reports: pathlib.Path) -> None:
    """The record is signed by the fleet's key, for this purpose."""
    key = subprocess.run(
        ("ssh-keygen", "-y", "-f", drill.lab.secrets / SIGNER), capture_output=True, text=True, check=True
    ).stdout
    (reports.parent / "signers").write_text(f"lab {key}")
    verify = ("ssh-keygen", "-Y", "verify", "-f", str(reports.parent / "signers"), "-I", "lab")
    for purpose, status in (("decommission@imrs.icann.org", 0), ("certificate@imrs.icann.org", 255)):
        with (reports / "decommission.json").open() as text:
            done = subprocess.run(
                (*verify, "-n", purpose, "-s", str(reports / "decommission.json.sig")),
                stdin=text, capture_output=True, text=True, check=False,
            )  # fmt: skip
        assert (done.returncode == 0) == (status == 0), done.stderr

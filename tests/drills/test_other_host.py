# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host whose router runs BIRD: the usual site goes live from bare; its looking glass is read, or said to be unread.

It has a lab of its own meanwhile, with HOST_ROUTER=bird.
"""

from __future__ import annotations

import json
import shutil
import typing as t

import pytest
from imrslab import shell, topology
from imrslab.drill import ALL, COVERING, PATIENCE, ROOT, Drill

if t.TYPE_CHECKING:
    import pathlib

    from imrslab.runs import Play

USER = topology.OPERATOR
BIRDC = "/usr/sbin/birdc"
CANNOT = ("-e", json.dumps({"acceptance_patience": 5}))
"""What is not there is waited for so long: nothing comes."""


@pytest.fixture(scope="module")
def site() -> t.Iterator[Drill]:
    """A bare appliance, and what is around it."""
    lab = Drill(topology.Lab(topology.name_beside()))
    try:
        lab.up(host_router="bird")
        yield lab
    finally:
        lab.down()


@pytest.fixture(autouse=True)
def live() -> None:
    """Nothing of the usual lab is needed (conftest.py)."""


@pytest.fixture
def inventory(site: Drill, tmp_path: pathlib.Path) -> t.Callable[..., pathlib.Path]:
    """The lab's inventory with something else in its sheet, and more variables of host-router."""

    def made(edit: tuple[str, str] = ("", ""), **of_router: t.Any) -> pathlib.Path:
        folder = tmp_path / "inventory"
        shutil.copytree(site.lab.inventory, folder)
        sheet = folder / "sites/xlb.yml"
        text = sheet.read_text(encoding="utf-8")
        assert edit[0] in text
        sheet.write_text(text.replace(*edit, 1), encoding="utf-8")
        shell.write(folder / "host_vars/host-router.yml", json.dumps(of_router) + "\n")
        return folder

    return made


def latest(site: Drill) -> pathlib.Path:
    """Where the latest report of acceptance is."""
    return ROOT / f".lab/{site.lab.name}-reports/{site.appliance.name}/acceptance.json"


def report(site: Drill) -> dict[str, t.Any]:
    """The latest one of acceptance."""
    return dict(json.loads(latest(site).read_text(encoding="utf-8")))


def accept(site: Drill, *arguments: str, inventory: pathlib.Path) -> Play:
    """Judge it anew: there is no other report than that which comes of it."""
    latest(site).unlink()
    done = site.play("accept", *arguments, inventory=inventory)
    assert latest(site).exists(), done.output[-6000:]
    return done


def verdict(site: Drill, ident: str) -> tuple[str, str]:
    """What the latest report has of a check."""
    (found,) = (each for each in report(site)["results"] if each["id"] == ident)
    return found["status"], found["message"]


def answered(site: Drill, address: str) -> bool:
    """Whether the node answers those at the vantage: host-router forwards by what it has learnt."""
    # No answer is one of the two things that are looked for; dig ends with 9 then.
    ask = f"dig @{address} . SOA +norec +nsid +time=1 +tries=1 || true"
    return '("xlb01.l.root-servers.org")' in site.inside("vantage", "sh", "-c", ask)


def test_the_usual_site_goes_live_behind_it(site: Drill) -> None:
    assert site.router("systemctl", "is-active", "bird.service").strip() == "active"
    done = site.play("site")
    assert done.status == 0, done.output[-6000:]
    site.wait(ALL)
    assert len(site.status()["certificate"]["sessions"]) == 2
    assert report(site)["unproven"] == []
    assert verdict(site, "PR-02") == ("pass", "every prefix accepted over 2 of 2 sessions")
    bfd = site.router("birdc", "-r", "show", "bfd", "sessions")
    assert all(address in bfd for address in site.appliance.uplink), bfd
    for address in ("199.7.83.42", "2001:500:9f::42"):
        shell.wait_for(f"an answer of {address}", lambda address=address: answered(site, address), PATIENCE)


def test_drained_fallen_and_back(site: Drill) -> None:
    site.node("imrs", "drain")
    site.wait(COVERING)
    site.node("imrs", "live")
    site.wait(ALL)
    site.node("systemctl", "kill", "--signal=KILL", "knot.service")
    site.wait(set())
    site.wait(ALL)


def test_an_account_that_may_only_ask_is_enough(site: Drill, inventory: t.Callable[..., pathlib.Path]) -> None:
    """It is no root, and may speak to the daemon: it is in BIRD's group."""
    # Connections that are kept open have the groups of the time when they were opened; there may be none.
    less = f"rm /etc/sudoers.d/{USER}; usermod --append --groups=bird {USER}; pkill --euid {USER} || true"
    site.router("sh", "-ec", less)
    done = accept(site, inventory=inventory(ansible_become=False))
    assert done.status == 0, done.output[-6000:]
    assert verdict(site, "PR-02")[0] == "pass"
    assert report(site)["unproven"] == []


def test_a_router_that_cannot_be_read_is_said_to_be_unread(
    site: Drill, inventory: t.Callable[..., pathlib.Path]
) -> None:
    """The play is red, and the node stays: it does no harm."""
    site.router("mv", BIRDC, f"{BIRDC}.away")
    try:
        done = accept(site, *CANNOT, inventory=inventory(ansible_become=False))
    finally:
        site.router("mv", f"{BIRDC}.away", BIRDC)
    assert done.status != 0, done.output[-6000:]
    (said,) = report(site)["unproven"]
    assert said.startswith("the host's router was not read (host_router of the router could not be read: vtysh: ")
    assert "birdc: birdc: No such file or directory" in said
    assert said.endswith("; not judged: BG-03, BG-04, BG-05, PR-02")
    assert verdict(site, "BG-05")[0] == "error"
    assert "stays live" in " ".join(done.output.split())
    assert site.received() == ALL


def test_a_sheet_without_a_looking_glass(site: Drill, inventory: t.Callable[..., pathlib.Path]) -> None:
    """The fleet waives what nobody can look at; the report says what that leaves unproven."""
    sheet = inventory(("looking_glass:", "# looking_glass:"))
    checks = ("HD-05", "HW-01", "HW-02", "HW-03", "HW-04", "OS-02", "PR-02", "TM-01", "TM-02")
    waived = json.dumps({"acceptance_waivers": [{"check": each, "reason": "agreed"} for each in checks]})
    done = accept(site, "-e", waived, inventory=sheet)
    assert done.status == 0, done.output[-6000:]
    why = "the sheet names no looking_glass"
    (said,) = report(site)["unproven"]
    assert said.startswith(f"the host's router was not read ({why}); not judged: PR-02; ")
    assert said.endswith("; judged by what the node says alone: BG-03, BG-04, BG-05")
    assert verdict(site, "PR-02") == ("skipped", f"no evidence from the router: {why}")
    assert site.received() == ALL

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The FRR text of the host sheet, pasted into host-router in place of its own neighbours."""

from __future__ import annotations

import json
import typing as t

import jinja2
import pytest
from ansible_collections.icann.imrs.plugins.module_utils._documents import router_view, routers
from ansible_collections.icann.imrs.plugins.plugin_utils import fleet_files
from imrslab import keys, machine, shell
from imrslab.drill import ALL, COVERING, PATIENCE, ROOT

if t.TYPE_CHECKING:
    from imrslab.drill import Drill

FILE = "/run/host-router-text.conf"


def vtysh(drill: Drill, *commands: str) -> str:
    """Give host-router's FRR commands, one after the other."""
    return drill.inside("host-router", "vtysh", *(word for command in commands for word in ("-c", command)))


def installed(drill: Drill) -> set[str]:
    """What host-router forwards by BGP."""
    routes: list[dict[str, t.Any]] = []
    for family in ("-4", "-6"):
        routes += json.loads(
            drill.inside("host-router", "ip", family, "-json", "route", "show", "proto", "bgp") or "[]"
        )
    return {route["dst"] for route in routes}


def neighbor_of_bfd(drill: Drill, address: str) -> tuple[str, bool]:
    """The status of BFD with this neighbour, and whether it is run as if over several hops."""
    seen = json.loads(vtysh(drill, "show bfd peers json"))
    return next(((each["status"], each["multihop"]) for each in seen if each["peer"] == address), ("none", False))


@pytest.fixture
def text(drill: Drill) -> str:
    """What the host of site xlb is given for FRR."""
    fleet = fleet_files.read(drill.lab.inventory / "imrs.yml")
    (record,) = (site for site in fleet.sites if site["site"] == "xlb")
    environment = routers.environment(jinja2.FileSystemLoader(ROOT / "roles/documents/templates"))
    return next(each.text for each in routers.configurations(record, environment) if each.key == "frr")


@pytest.fixture
def pasted(drill: Drill, text: str) -> t.Iterator[str]:
    """host-router without its own neighbours, and with the text; afterwards as it was."""
    secret = keys.read(drill.lab, "bgp_xlb")
    assert secret not in text
    assert router_view.PASSWORD in text
    neighbors = [f"no neighbor {address}" for address in drill.appliance.uplink]
    try:
        vtysh(drill, "configure terminal", f"router bgp {drill.lab.plan.asns[drill.appliance.router]}", *neighbors)
        drill.wait(set())
        filled = text.replace(router_view.PASSWORD, secret)
        paste = f"umask 077; cat > {FILE}; vtysh -f {FILE}; status=$?; rm {FILE}; exit $status"
        shell.run(*machine.inside(drill.lab, "host-router", "sh", "-c", paste), input=filled)
        yield text
    finally:
        drill.inside("host-router", "systemctl", "reset-failed", "frr.service")  # its unit counts restarts, and stops
        drill.inside("host-router", "systemctl", "restart", "frr.service")  # its own file was not touched
        drill.wait(ALL)


def test_the_text_brings_the_sessions_up_and_takes_exactly_the_five(drill: Drill, pasted: str) -> None:
    shell.wait_for("the five prefixes installed", lambda: installed(drill) == ALL, PATIENCE)
    assert drill.received() == ALL
    for address in drill.appliance.uplink:
        neighbor = drill.neighbors()[address]
        assert neighbor["bgpState"] == "Established"
        assert neighbor["nbrDesc"] in pasted
        assert neighbor["bgpTimerHoldTimeMsecs"] == 9000
        shell.wait_for(
            "BFD",
            lambda address=address: neighbor_of_bfd(drill, address) == ("up", False),
            PATIENCE,  # type: ignore[misc]
        )
    answer = drill.inside("vantage", "dig", "@199.7.83.42", ".", "SOA", "+norec", "+short")
    assert answer.startswith("a.root-servers.net.")

    drill.node("imrs", "drain")
    shell.wait_for("the covering prefixes alone", lambda: installed(drill) == COVERING, PATIENCE)
    drill.node("imrs", "live")
    shell.wait_for("the five prefixes again", lambda: installed(drill) == ALL, PATIENCE)


def test_a_wrong_password_keeps_the_session_down(drill: Drill, pasted: str) -> None:
    """The guard: it is this text's session that came up, and it is the agreed password that brings it up."""
    wrong = [f"neighbor {address} password not-the-agreed-one" for address in drill.appliance.uplink]
    shell.wait_for("the five prefixes installed", lambda: installed(drill) == ALL, PATIENCE)
    vtysh(drill, "configure terminal", f"router bgp {drill.lab.plan.asns[drill.appliance.router]}", *wrong)
    shell.wait_for("the end of the session", lambda: installed(drill) == set(), PATIENCE)

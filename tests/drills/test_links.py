# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another bond or VLAN is in force after the change, or the change goes back.

A kernel may know neither. So what networkd makes of the role's commands is tried with MACVLANs, which hang on another
interface as VLANs do; and of a bond the way back, which is the same whether the kernel knows bonds or not. Real ones
are in tests/vm/test_bond.py.
"""

from __future__ import annotations

import json
import typing as t

import pytest
import yaml
from imrslab import shell
from imrslab.drill import ALL, ROOT

if t.TYPE_CHECKING:
    from imrslab.drill import Drill

BOND = {"name": "bond9", "members": ["nosuch9"], "mode": "active-backup"}
"""Without a member it has no link, so that nothing leaves by it."""
NETWORK = "/etc/systemd/network"


def role_commands() -> list[list[str]]:
    """What role `network` does when a file of a bond or a VLAN changes."""
    (task,) = yaml.safe_load((ROOT / "roles/network/tasks/files.yml").read_text(encoding="utf-8"))
    group = str(task["vars"]["__network_group"])
    commands = [
        each["command"] for each in task["icann.imrs.bundle"]["activate"] if "networkctl" not in each["command"]
        and any(pattern.endswith(".netdev") for pattern in each["when_changed"])
    ]  # fmt: skip
    words = [command if isinstance(command, list) else command.split() for command in commands]
    return [[word.replace("{{ __network_group }}", group) for word in command] for command in words]


def links(drill: Drill) -> dict[str, t.Any]:
    """The appliance's MACVLANs by name: mode and addresses."""
    found = json.loads(drill.node("ip", "-json", "-details", "address", "show", "type", "macvlan"))
    return {
        link["ifname"]: (
            link["linkinfo"]["info_data"]["mode"],
            [each["local"] for each in link["addr_info"] if each["family"] == "inet"],
        )
        for link in found
        if link
    }


def write(drill: Drill, name: str = "", mode: str = "") -> None:
    """The files of a MACVLAN on an interface of the drill's own, or of that interface alone."""
    texts = {
        "99-drill.netdev": f"[NetDev]\nName={name}\nKind=macvlan\n[MACVLAN]\nMode={mode}\n",
        "99-drill.network": f"[Match]\nName={name}\n[Link]\nGroup=20144\n[Network]\nAddress=192.0.2.129/29\n",
        "99-drill-parent.network": f"[Match]\nName=drill0\n[Network]\nLinkLocalAddressing=no\nMACVLAN={name}\n",
    }
    drill.node("sh", "-c", f"rm -f {NETWORK}/99-drill*")
    for file, text in texts.items() if name else ():
        drill.node("sh", "-c", f"printf '%s' '{text}' > {NETWORK}/{file}")


@pytest.fixture
def cable(drill: Drill) -> t.Iterator[Drill]:
    """An appliance with a cable to itself; afterwards as it was, and accepted anew."""
    drill.node("ip", "link", "add", "drill0", "type", "veth", "peer", "name", "drill1")
    drill.node("ip", "link", "set", "drill1", "up")
    yield drill
    write(drill)
    drill.node("ip", "link", "delete", "drill0")
    drill.node("networkctl", "reload")
    drill.restore()


def test_what_is_there_is_made_anew_and_what_is_no_longer_listed_goes(cable: Drill) -> None:
    commands = role_commands()
    assert [command[0] for command in commands] == ["sh", "systemctl"]

    def activate() -> None:
        for command in (*commands, ["networkctl", "reload"]):
            cable.node(*command)

    def becomes(wanted: dict[str, tuple[str, list[str]]]) -> None:
        shell.wait_for(f"{wanted}", lambda: links(cable) == wanted, 20)

    write(cable, "drill2", "bridge")
    activate()
    becomes({"drill2": ("bridge", ["192.0.2.129"])})
    write(cable, "drill2", "vepa")
    cable.node("networkctl", "reload")
    assert links(cable)["drill2"][0] == "bridge", "networkd changes what is there: deleting it is no longer needed"
    activate()
    becomes({"drill2": ("vepa", ["192.0.2.129"])})
    write(cable, "drill3", "vepa")
    activate()
    becomes({"drill3": ("vepa", ["192.0.2.129"])})
    write(cable)
    activate()
    becomes({})


def test_a_bond_that_does_not_come_up_goes_back(drill: Drill) -> None:
    before = drill.node("ip", "-brief", "address", "show", "uplink")
    files = drill.node("sh", "-c", f"sha256sum {NETWORK}/*")
    uplink = {**drill.host_variables()["imrs_uplink"], "interface": BOND["name"], "bond": BOND}
    done = drill.play(
        *("site", "--tags", "network", "-e", "imrs_disrupt=true", "-e", "imrs_leave_dark=true"),
        *("-e", json.dumps({"network_uplink": uplink})),
    )
    assert done.status != 0
    assert "bundle network: probe failed: " in done.output, done.output[-3000:]
    assert "Rolled back: the previous files are in place." in done.output, done.output[-3000:]
    assert drill.node("sh", "-c", f"sha256sum {NETWORK}/*") == files
    shell.wait_for("the addresses", lambda: drill.node("ip", "-brief", "address", "show", "uplink") == before, 20)
    assert BOND["name"] not in drill.node("ip", "-brief", "link")
    drill.restore()
    assert drill.received() == ALL


def test_the_routing_daemon_s_routes_are_left_alone(drill: Drill) -> None:
    """Also when networkd takes in all files anew; it took them away, and BIRD had them back at its next look only."""

    def routes() -> str:
        return "".join(drill.node("ip", family, "route", "show", "proto", "bird") for family in ("-4", "-6"))

    before = routes()
    assert before
    monitor = "timeout 300 ip monitor route > /run/drill-routes 2>&1 & echo $! > /run/drill-monitor"
    drill.node("sh", "-c", monitor)
    try:
        for command in ("networkctl reload", "systemctl restart systemd-networkd.service"):
            drill.node("sh", "-c", f"touch {NETWORK}/20-imrs-*; {command}")
            drill.node("/usr/lib/systemd/systemd-networkd-wait-online", "--timeout=60")
            assert routes() == before, command
    finally:
        drill.node("sh", "-c", "kill $(cat /run/drill-monitor)")
    assert "proto bird" not in drill.node("cat", "/run/drill-routes")
    shell.wait_for("what is announced", lambda: drill.received() == ALL, 60)

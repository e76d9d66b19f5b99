# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The rear of an appliance: which port goes where, and which supply hangs on which feed; as a drawing and as a table.

All numbers of the drawing are worked out here, in units of which 480 are its width: it is read on a telephone.
"""

from __future__ import annotations

import typing as t

from .language import Translator, msg

if t.TYPE_CHECKING:
    from .._site.contract import NodeRecord, Port, Profile, SiteRecord

Drawing = dict[str, t.Any]

WIDTH = 480
_ROLES_SHORT = {"bmc": msg("BMC"), "management": msg("management"), "uplink": msg("uplink")}
ROLES = {
    "bmc": msg("Remote console (BMC)"),
    "management": msg("Management"),
    "uplink": msg("Uplink"),
    "unused": msg("Not used"),
}

_CHASSIS_X, _CHASSIS_WIDTH = 18, 444
_FEED_HEIGHT = 44
_CHASSIS_TOP = 92
_UNIT_HEIGHT, _MOST_UNITS = 58, 3
_PSU_PITCH, _PSU_SPAN = 52, 156
_PORT_PITCH, _PORT_SPAN = 44, 222
_LEADER = 50
_LETTER = 9.5
"""Width of a letter, as wide as fonts have it."""


def physical_uplinks(node: NodeRecord) -> list[str]:
    """The ports that the uplink is plugged into: the bond's members, the VLAN's parent, or the interface itself."""
    uplink = node["uplink"]
    if uplink["bond"]:
        return list(uplink["bond"]["members"])
    return [uplink["vlan"]["parent"] if uplink["vlan"] else uplink["interface"]]


def rows(record: SiteRecord, node: NodeRecord, tr: Translator) -> list[Drawing]:
    """The table: one row for each port, rear side, left to right."""
    ports = node["profile"]["ports"]
    plugged = {
        "uplink": _plugged(ports, "uplink", physical_uplinks(node)),
        "management": _plugged(ports, "management", [node["management"]["interface"]]),
        "bmc": {port["port"] for port in ports if port["role"] == "bmc"},
        "unused": set(),
    }
    return [
        _row(record, node, number, port, tr, used=port["port"] in plugged[port["role"]])
        for number, port in enumerate(ports, 1)
    ]


def _plugged(ports: t.Sequence[Port], role: str, names: t.Sequence[str]) -> set[str]:
    """The ports of a role that are in use. Where the system calls them otherwise than the rear does: the first ones."""
    labels = [port["port"] for port in ports if port["role"] == role]
    return {label for label in labels if label in names} or set(labels[: len(names)])


def _row(record: SiteRecord, node: NodeRecord, number: int, port: Port, tr: Translator, *, used: bool) -> Drawing:
    to, details = _goes_to(record, node, port["role"], tr) if used else (tr("nothing"), [])
    members = physical_uplinks(node)
    if used and port["role"] == "uplink" and port["port"] in members[1:]:
        details = [tr("as %(port)s, in one bond with it", port=members[0])]
    if not used and port["role"] != "unused":
        details = [tr("%(role)s, spare", role=tr(ROLES[port["role"]]))]
    return {
        "number": number,
        "port": port["port"],
        "role": port["role"] if used else "unused",
        "role_title": tr(ROLES[port["role"] if used else "unused"]),
        "medium": port["medium"],
        "used": used,
        "to": to,
        "end": tr("the site's routers") if used and port["role"] == "uplink" and record["cluster"] else to,
        "details": details,
    }


def _goes_to(record: SiteRecord, node: NodeRecord, role: str, tr: Translator) -> tuple[str, list[str]]:
    """The other end of a cable, and what is spoken on it."""
    if role == "bmc":
        address = tr("address %(address)s", address=node["bmc"]) if node["bmc"] else tr("address still to be agreed")
        return tr("out-of-band network"), [address]
    if role == "management":
        return tr("management network"), [tr.listed(node["management"]["addresses"])]
    uplink, cluster = node["uplink"], record["cluster"]
    to = tr("your router")
    if cluster:
        to = tr("site routers %(routers)s", routers=tr.listed(each["router"] for each in cluster["routers"]))
    details = [tr.listed(uplink["addresses"]), tr("gateways %(list)s", list=tr.listed(uplink["gateways"]))]
    if uplink["bond"]:
        members, mode = tr.listed(uplink["bond"]["members"]), uplink["bond"]["mode"]
        details.append(tr("bond of %(members)s, %(mode)s", members=members, mode=mode))
    details.append(tr("VLAN %(id)s, tagged", id=uplink["vlan"]["id"]) if uplink["vlan"] else tr("untagged"))
    details.append(f"MTU {uplink['mtu']}")
    return to, details


def power(node: NodeRecord, tr: Translator) -> str:
    """What the rack must have, in one sentence."""
    profile = node["profile"]
    units = tr.plural(profile["rack_units"], "%(number)s rack unit", "%(number)s rack units")
    supplies, watts = profile["power_supplies"], profile["power_watts"]
    if supplies == 1:
        return tr(
            "19-inch rack, %(units)s. One power supply; its feed must carry %(watts)s W.", units=units, watts=watts
        )
    return tr(
        "19-inch rack, %(units)s. %(supplies)s power supplies on two independent feeds (A and B); either feed alone "
        "must carry %(watts)s W.",
        units=units,
        supplies=supplies,
        watts=watts,
    )


def drawing(record: SiteRecord, node: NodeRecord, tr: Translator) -> Drawing:
    """Everything that the picture of one appliance shows, placed."""
    profile, ports = node["profile"], rows(record, node, tr)
    height = _UNIT_HEIGHT * min(profile["rack_units"], _MOST_UNITS)
    bottom = _CHASSIS_TOP + height
    pitch = min(_PORT_PITCH, _PORT_SPAN // max(len(ports), 1))
    used = [row for row in ports if row["used"]]
    sockets = [_socket(row, pitch, _CHASSIS_TOP + height / 2) for row in ports]
    return {
        "node": node["node"],
        "node_name": node["node_name"],
        "width": WIDTH,
        "height": bottom + _LEADER * len(used) + 18,
        "chassis": {"x": _CHASSIS_X, "y": _CHASSIS_TOP, "width": _CHASSIS_WIDTH, "height": height},
        "units": f"{profile['rack_units']}U",
        "sockets": sockets,
        "leaders": _leaders([socket for socket in sockets if socket["row"]["used"]], bottom, tr),
        **_power_drawing(profile, height),
        "rows": ports,
        "power": power(node, tr),
        "alternative": _alternative(node, ports, tr),
    }


def _socket(row: Drawing, pitch: int, middle: float) -> Drawing:
    size = pitch - 8
    left = _CHASSIS_X + 40 + (row["number"] - 1) * pitch
    return {
        "row": row,
        "x": left,
        "y": middle - 17,
        "width": size,
        "height": 34,
        "center": left + size / 2,
        "middle": middle,
    }


def _leaders(sockets: t.Sequence[Drawing], bottom: float, tr: Translator) -> list[Drawing]:
    """A line from each socket down and to the right, to its words; the rightmost port comes first, so none cross.

    Words begin beside their own line: what is left of them are only lines that end further down.
    """
    found = []
    for number, socket in enumerate(reversed(sockets)):
        row, y = socket["row"], bottom + 34 + number * _LEADER
        column = socket["center"] + 26
        found.append(
            {
                "row": row,
                "label": _short(f"{row['port']}: {tr(_ROLES_SHORT[row['role']])}", WIDTH - column),
                "end": _short(tr("to %(end)s", end=row["end"]), WIDTH - column),
                "path": f"M{socket['center']:g} {socket['y'] + socket['height']:g}V{y - 8:g}q0 8 8 8H{column - 6:g}",
                "x": column,
                "y": y,
            }
        )
    return found


def _short(text: str, room: float) -> str:
    """As much of a text as there is room for; the table beside the picture has all of it."""
    most = int(room / _LETTER)
    return text if len(text) <= most else text[: most - 1] + "…"


def _power_drawing(profile: Profile, height: int) -> Drawing:
    """Feeds above, supplies in the chassis on the right, and a cord from one to the other."""
    count = profile["power_supplies"]
    pitch = min(_PSU_PITCH, _PSU_SPAN // count)
    first = _CHASSIS_X + _CHASSIS_WIDTH - 24 - count * pitch
    names = "AB" if count > 1 else "A"
    width = 96
    feeds: list[Drawing] = [
        {"name": name, "x": _CHASSIS_X + _CHASSIS_WIDTH - (len(names) - index) * (width + 12) + 12, "y": 6}
        for index, name in enumerate(names)
    ]
    supplies, cords = [], []
    for index in range(count):
        feed = feeds[index * len(names) // count]
        x = first + index * pitch
        supplies.append(
            {
                "name": f"PSU{index + 1}" if pitch == _PSU_PITCH else f"P{index + 1}",
                "x": x,
                "y": _CHASSIS_TOP + 8,
                "width": pitch - 6,
                "height": height - 16,
            }
        )
        start, end = feed["x"] + width / 2, x + (pitch - 6) / 2
        bends = f"{start:g} {_CHASSIS_TOP - 12} {end:g} {_CHASSIS_TOP - 32}"
        cords.append(
            {
                "feed": feed["name"],
                "path": f"M{start:g} {6 + _FEED_HEIGHT}C{bends} {end:g} {_CHASSIS_TOP + 8}",
            }
        )
    return {
        "feeds": [{**feed, "width": width, "height": _FEED_HEIGHT} for feed in feeds],
        "supplies": supplies,
        "cords": cords,
        "watts": profile["power_watts"],
    }


def _alternative(node: NodeRecord, ports: t.Sequence[Drawing], tr: Translator) -> str:
    """The picture in words, for those who do not see it."""
    said = [
        tr("port %(number)s, %(port)s, to %(end)s", number=row["number"], port=row["port"], end=row["to"])
        for row in ports
        if row["used"]
    ]
    cables = tr("Rear of %(node)s, ports from left to right: %(cables)s.", node=node["node"], cables="; ".join(said))
    return f"{cables} {power(node, tr)}"

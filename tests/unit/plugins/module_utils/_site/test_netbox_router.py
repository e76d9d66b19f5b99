# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routers that are ours to provision, from NetBox's objects."""

from __future__ import annotations

import typing as t

from .test_netbox import complaints, judged, node, port, router, sheet

if t.TYPE_CHECKING:
    from .test_netbox import Record

MACHINE = {"routing": "frr", "gateways": ["203.0.113.131", "2001:db8:0:9::3"]}


def own_router(**more: t.Any) -> Record:
    """A router that is ours to provision: operators come to its primary IP."""
    found = {**router(), "primary_ip4": "198.51.100.200", "device_type": "calypso", "serial": "CLP-9"}
    found["interfaces"][0]["mtu"] = 1500
    found["interfaces"][2]["mgmt_only"] = False
    found["config_context"]["imrs_router"]["machine"] = {**MACHINE, **more}
    return found


def test_a_router_may_be_ours_to_provision() -> None:
    (found,) = sheet(acc01=node(), acc_r1=own_router())["cluster"]["routers"]
    assert found == {
        "router": "acc-r1",
        "addresses": ["192.0.2.33", "2001:db8:0:2::1"],
        "uplink": ["203.0.113.130/31", "2001:db8:0:9::2/64"],
        "md5": "vault_bgp_acc_r1",
        "machine": {
            **MACHINE,
            "profile": "calypso",
            "serial": "CLP-9",
            "mtu": 1500,
            "interfaces": {"nodes": "irb.0", "uplink": "xe-0"},
            "management": {"interface": "fxp0", "addresses": ["198.51.100.200/24"]},
        },
    }


def test_what_a_router_of_ours_lacks_is_told() -> None:
    bare = own_router()
    bare["interfaces"] = bare["interfaces"][1:2]
    missing = [
        message for message in judged(acc01=node(), acc02=node(last=5), acc_r1=bare) if "device acc-r1" in message
    ]
    where = "netbox: device acc-r1: "
    assert f"{where}Primary IPv4, its interface: is missing; give the name of a network interface that a cable is " in (
        " ".join(missing)
    )
    assert f"{where}Interface of the uplink, MTU: is missing; give an MTU in bytes (1280\u20139216)" in missing
    second = own_router(profile="pandora")
    second["interfaces"].append(port("xe-1", "203.0.113.140/31"))
    assert complaints(acc01=node(), acc_r1=second) == [
        (
            f"{where}Config context: imrs_router.machine.profile: belongs into NetBox's own field "
            "'Device type (slug)'; remove it here"
        ),
        f"{where}Interfaces: xe-0 and xe-1 have addresses of the uplink; only one interface can",
    ]

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""By which ways operators reach a machine."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from .conftest import Lab


def test_operators_that_are_not_on_the_link_are_reached_by_the_gateway_of_their_family(lab: Lab) -> None:
    networks = [("operator_networks:\n", "operator_networks:\n  - 203.0.113.128/25\n  - 2001:db8:77::/48\n")]
    edits = [("198.51.100.11/24]", "198.51.100.11/24], gateways: [198.51.100.1]")]
    routes = lab.hosts(sheet=edits, fleet_=networks)["xlb01"]["imrs_management_routes"]
    assert routes == [{"destination": "203.0.113.128/25", "gateway": "198.51.100.1"}]

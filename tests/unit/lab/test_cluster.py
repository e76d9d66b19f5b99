# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the nodes of a cluster count as being there: all that is asked for, over IPv4 and over IPv6."""

from __future__ import annotations

import pytest
from imrslab import cluster, sheets, shell, topology


class Planned(topology.Lab):
    """A lab that is not up."""

    plan = sheets.plan((cluster.SITE,))


class Routers(cluster.Cluster):
    """A cluster whose routers have these gateways, by prefix."""

    def __init__(self, hops: dict[str, set[str]]) -> None:
        super().__init__(Planned("none"))
        nodes = {each.name: each.uplink for each in self.lab.plan.appliances if each.name in cluster.NODES}
        self.gateways = {
            prefix: {address for name in names for address in nodes[name] if (":" in address) == (":" in prefix)}
            for prefix, names in hops.items()
        }

    def _hops(self, machine: str, prefix: str) -> set[str]:
        assert machine in cluster.ROUTERS
        return self.gateways[prefix]


def both(four: set[str], six: set[str]) -> dict[str, set[str]]:
    return {prefix: six if ":" in prefix else four for prefix in topology.SPECIFIC}


def test_a_node_is_waited_for_in_both_families(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 0)
    everyone = set(cluster.NODES)
    Routers(both(everyone, everyone)).wait(*everyone)
    Routers(both({"xlc01"}, {"xlc01"})).wait("xlc01")
    for four, six in ((everyone, {"xlc02"}), ({"xlc02"}, everyone), (everyone, set()), ({"xlc01"}, {"xlc02"})):
        with pytest.raises(shell.LabError, match=r"to send to xlc0.*alone: not within"):
            Routers(both(four, six)).wait(*cluster.NODES)

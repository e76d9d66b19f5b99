# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong in ``gate.json`` of a cluster's router, named."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._gate import config
from ansible_collections.icann.imrs.plugins.module_utils._gate.table import ConfigError
from gate_data import DATA, router_data


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda found: found.update(probe=DATA["probe"]), "probe: is not a known key"),
        (lambda found: found.update(service="knot.service"), "service: is not a known key"),
        (lambda found: found["members"].update(minimum=4), "members.minimum: must not be more than the 3 nodes"),
        (lambda found: found["members"].update(minimum=0), "members.minimum: must be a whole number from 1"),
        (lambda found: found["members"].update(below="live"), "members.below: must be one of drained, dark"),
        (lambda found: found["members"]["nodes"][0].pop("ipv6"), "members.nodes[0].ipv6: is missing"),
        (lambda found: found["members"]["nodes"][0].update(node="n02"), "members.nodes: n02 is the node of two nodes"),
        (
            lambda found: found["members"]["nodes"][1].update(ipv4="192.0.2.1"),
            "members.nodes: 192.0.2.1 is the ipv4 of two nodes",
        ),
        (lambda found: found["members"]["nodes"][0].update(weight=1), "members.nodes[0].weight: is not a known key"),
    ],
)
def test_what_is_wrong_is_named(change: t.Callable[[dict[str, t.Any]], t.Any], complaint: str) -> None:
    found = router_data()
    change(found)
    with pytest.raises(ConfigError) as refused:
        config.parse(found)
    assert complaint in str(refused.value)

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles see to beside files: the tables of drift say the same as the roles' tasks."""

from __future__ import annotations

import pathlib
import typing as t

import yaml
from ansible_collections.icann.imrs.plugins.module_utils import _products as products
from ansible_collections.icann.imrs.plugins.module_utils._drift import wanted

if t.TYPE_CHECKING:
    from conftest import Scene  # type: ignore[import-not-found]

ROOT = pathlib.Path(__file__).resolve().parents[5]
ROLES = ("hardening", "gate", "network", "nameserver", "routing")
PRODUCTS = {product.name: product for product in products.PRODUCTS}


def tasks() -> t.Iterator[tuple[str, dict[str, t.Any]]]:
    """Every task of the roles of site.yml; with the daemon that its file is named after, or nothing."""
    for role in ROLES:
        for path in sorted((ROOT / "roles" / role / "tasks").glob("*.yml")):
            name = path.stem.removeprefix("files_")
            for task in yaml.safe_load(path.read_text(encoding="utf-8")):
                yield name if name in PRODUCTS else "", task


def test_units() -> None:
    on: dict[str, set[str]] = {}
    off: dict[str, set[str]] = {}
    for name, task in tasks():
        for unit in task.get("icann.imrs.bundle", {}).get("ensure", ()):
            (on if unit["started"] else off).setdefault(name, set()).add(unit["unit"])
    everywhere = on.pop("")
    for product in PRODUCTS.values():
        assert product.unit in on[product.name]
        everywhere |= on.pop(product.name) - {product.unit}
        rivals = {other.unit for other in products.of_kind(product.kind)} - {product.unit}
        assert off.pop(product.name) == rivals, "both would answer or announce"
    assert (on, off) == ({}, {})
    assert everywhere == set(wanted.UNITS)


def test_the_node_is_asked_for_few_contents(knot_bird: Scene) -> None:
    request = wanted.request(knot_bird.intent, products.KNOT, products.BIRD)
    told = {file["path"] for file in request["files"] if file["content"] is not None}
    assert told == {"/etc/bird/bird.conf", "/etc/knot/knot.conf", "/etc/nftables.conf"}
    assert request["sysctls"] == ["net.ipv4.ip_forward", "net.ipv4.ip_local_port_range"]
    assert {"knot.service", "nsd.service", "ssh.service"} <= set(request["units"])
    assert request["placeholders"] == {
        "<vault_0 keyed:0123456789ab>": "vault_0",
        "<vault_1 keyed:0123456789ab>": "vault_1",
    }

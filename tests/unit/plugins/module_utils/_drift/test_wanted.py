# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node is asked for, and what its manifest has to say for that."""

from __future__ import annotations

import dataclasses
import pathlib
import typing as t

import pytest
import yaml
from ansible_collections.icann.imrs.plugins.module_utils import _manifest as manifest
from ansible_collections.icann.imrs.plugins.module_utils import _products as products
from ansible_collections.icann.imrs.plugins.module_utils._drift import wanted

if t.TYPE_CHECKING:
    from ansible_collections.icann.imrs.plugins.module_utils._drift.intent import Intent
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


def without(intent: Intent, word: str) -> Intent:
    """A manifest that says nothing of this."""
    others = tuple(each for each in intent.owned.others if word not in str(each))
    return dataclasses.replace(intent, owned=manifest.Manifest(others=others))


def test_a_daemon_s_bundle_starts_it_and_stops_the_others_of_its_kind() -> None:
    on: dict[str, set[str]] = {}
    off: dict[str, set[str]] = {}
    for name, task in tasks():
        ensured = task.get("icann.imrs.bundle", {}).get("ensure", ())
        for unit in () if isinstance(ensured, str) else ensured:  # a template: of no daemon
            (on if unit["started"] else off).setdefault(name, set()).add(unit["unit"])
    for product in PRODUCTS.values():
        assert product.unit in on[product.name]
        rivals = {other.unit for other in products.of_kind(product.kind)} - {product.unit}
        assert off.pop(product.name) == rivals, "both would answer or announce"
    assert off == {}


def test_a_manifest_that_does_not_start_a_daemon_of_the_sheet_is_refused(knot_bird: Scene) -> None:
    with pytest.raises(ValueError, match=r"MANIFEST: no bundle starts nsd\.service; render"):
        wanted.request(knot_bird.intent, products.NSD, products.BIRD)
    with pytest.raises(ValueError, match=r"MANIFEST: no bundle starts bird\.service; render"):
        wanted.request(without(knot_bird.intent, "bird.service"), products.KNOT, products.BIRD)


def test_what_the_manifest_says_is_asked_for_and_nothing_else(knot_bird: Scene) -> None:
    request = wanted.request(knot_bird.intent, products.KNOT, products.BIRD)
    assert request["units"] == sorted(
        ["imrs-gate.service", "nftables.service", "ssh.service", *(product.unit for product in products.PRODUCTS)]
    )
    assert set(request["directories"]) - {product.directory for product in products.PRODUCTS} == {"/etc/imrs"}
    bare = without(knot_bird.intent, "ssh.service")
    assert "ssh.service" not in wanted.request(bare, products.KNOT, products.BIRD)["units"]


def test_the_node_is_asked_for_few_contents(knot_bird: Scene) -> None:
    request = wanted.request(knot_bird.intent, products.KNOT, products.BIRD)
    told = {file["path"] for file in request["files"] if file["content"] is not None}
    assert told == {"/etc/bird/bird.conf", "/etc/knot/knot.conf", "/etc/nftables.conf"}
    assert request["sysctls"] == ["net.ipv4.ip_forward", "net.ipv4.ip_local_port_range"]
    assert request["placeholders"] == {
        "<vault_0 keyed:0123456789ab>": "vault_0",
        "<vault_1 keyed:0123456789ab>": "vault_1",
    }

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The generator of the benchmark: what is measured is a sound fleet of full sheets."""

from __future__ import annotations

import importlib.util
import pathlib
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site import document, fleet

from .conftest import ANCHORS, LAB, SHEETS

BENCH = pathlib.Path(__file__).resolve().parents[5] / "tests" / "bench" / "sites.py"


@pytest.fixture(scope="module")
def bench() -> t.Any:
    spec = importlib.util.spec_from_file_location("bench_sites", BENCH)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_sheets_are_sound_and_share_nothing(bench: t.Any) -> None:
    numbers = [0, 1, 25, 26, 675, 676, 17_575, 17_576, bench.MOST - 1]
    sheets = [document.parse(f"sites/{number}.yml", bench.sheet(number)[1]) for number in numbers]
    found = fleet.load(document.parse("fleet.yml", (LAB / "fleet.yml").read_bytes()), sheets, ANCHORS)
    assert len(found.hosts) == len(found.sites) == len(numbers)
    assert found.warnings == ()


def test_a_generated_sheet_is_as_large_as_one_with_every_field(bench: t.Any) -> None:
    def scalars(text: str) -> int:
        def count(value: object) -> int:
            if isinstance(value, dict):
                return sum(count(item) for item in value.values())
            return sum(count(item) for item in value) if isinstance(value, list) else 1

        return count(document.parse("x.yml", text).data)

    assert scalars(bench.sheet(0)[1]) > 0.85 * scalars(SHEETS["nbo"].read_text(encoding="utf-8"))


def test_the_whole_inventory_is_written(bench: t.Any, tmp_path: pathlib.Path) -> None:
    bench.generate(tmp_path / "fleet", 3)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()) == [
        "fleet/ansible.cfg", "fleet/fleet.yml", "fleet/imrs.yml", "fleet/root.ds",
        "fleet/sites/aaa0.yml", "fleet/sites/aab0.yml", "fleet/sites/aac0.yml",
    ]  # fmt: skip

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was tried on a node is kept beside its reports, and is read only for that node with the same daemons."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.plugin_utils import records

if t.TYPE_CHECKING:
    import pathlib

EXPECTED = {
    "node_name": "xlb01.l.root-servers.org.",
    "nameserver_provider": "knot",
    "routing_provider": "bird",
    "hardware": {"serial": "LAB-0001"},
}
NODE, DAEMONS = "xlb01.l.root-servers.org", ("knot", "bird")


def result(ident: str, status: str = "pass") -> dict[str, str]:
    return {"id": ident, "status": status, "message": "it went well"}


def test_what_is_written_is_read(tmp_path: pathlib.Path) -> None:
    folder = str(tmp_path / "reports")
    for name, ident in ((records.DRILL, "FB-01"), (records.LOAD, "DN-56")):
        record = {**records.about(EXPECTED, "ab"), "results": [result(ident), result("ZI-99", "melted")]}
        written = records.write(folder, name, record, "a line")
        assert [path.rpartition("/")[2] for path in written] == [f"{name}.json", f"{name}.txt"]
    found = records.read(folder, NODE, DAEMONS, "LAB-0001")
    assert set(found) == {"FB-01", "DN-56"}
    assert (found["FB-01"].status, found["FB-01"].message) == ("pass", "it went well")
    assert " on " in found["FB-01"].by


@pytest.mark.parametrize(
    "more",
    [
        {"node": "xnf01.l.root-servers.org"},
        {"daemons": ["nsd", "bird"]},
        {"format": 2},
        {"results": None},
        {"serial": "X"},
    ],
)
def test_what_is_of_others_counts_for_nothing(tmp_path: pathlib.Path, more: dict[str, t.Any]) -> None:
    record = {**records.about(EXPECTED), "results": [result("FB-01")], **more}
    records.write(str(tmp_path), records.DRILL, record, "")
    assert records.read(str(tmp_path), NODE, DAEMONS, "LAB-0001") == {}


@pytest.mark.parametrize("text", ["", "[]", "{}", "no json", json.dumps({"format": 1})])
def test_a_file_that_is_no_record_stops_nobody(tmp_path: pathlib.Path, text: str) -> None:
    (tmp_path / "load.json").write_text(text)
    assert records.read(str(tmp_path), NODE, DAEMONS) == {}
    assert records.read("", NODE, DAEMONS) == records.read(None, NODE, DAEMONS) == {}


def test_where_reports_are() -> None:
    host = {"inventory_dir": "/fleet", "inventory_hostname": "xlb01"}
    assert records.directory(host) == "/fleet/reports/xlb01"
    assert records.directory({**host, "acceptance_report_directory": "/else/where"}) == "/else/where"

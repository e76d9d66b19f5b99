# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written down, for programs, for a terminal and for the site's sheet."""

from __future__ import annotations

import json
import typing as t

import yaml
from ansible_collections.icann.imrs.plugins.module_utils._drill import record
from ansible_collections.icann.imrs.plugins.module_utils._drill.faults import Fault, Kind
from ansible_collections.icann.imrs.plugins.module_utils._drill.judge import Result
from ansible_collections.icann.imrs.plugins.module_utils._site.checks import ATTESTED

RESULTS = [Result("FB-01", "pass", "it's back: after 1.0 s"), Result("FB-06", "fail", "too late " * 30)]


ABOUT = {"format": 1, "node": "xlb01.l.root-servers.org", "when": "2026-11-30T04:00:00Z", "fingerprint": "ab"}


def document() -> dict[str, t.Any]:
    return record.document(ABOUT, RESULTS, RESULTS)


def test_the_document_is_json_and_says_what_it_is_of() -> None:
    found = json.loads(json.dumps(document()))
    assert (found["format"], found["node"], found["fingerprint"]) == (1, "xlb01.l.root-servers.org", "ab")
    assert found["results"][0] == {"id": "FB-01", "status": "pass", "message": "it's back: after 1.0 s"}


def test_the_table_fits_a_terminal_and_ends_with_all() -> None:
    lines = record.table(document()).splitlines()
    assert max(map(len, lines)) <= 110
    assert lines[-1] == "  passed: FB-01; not passed: FB-06"
    assert "passed: none; not passed: FB-06" in record.table({**document(), "results": document()["results"][1:]})


def test_the_sheet_may_attest_what_has_passed_and_nothing_else() -> None:
    (found,) = yaml.safe_load(record.attestations(document(), "xlb01"))["attestations"]
    assert found == {
        "check": "FB-01",
        "node": "xlb01",
        "by": "icann.imrs.drill",
        "date": "2026-11-30",
        "what": "it's back: after 1.0 s",
    }
    assert found["check"] in ATTESTED
    assert record.attestations({**document(), "results": []}, "xlb01") == ""


def test_until_it_has_ended_a_drill_has_not_passed() -> None:
    made = [Fault("one", ("FB-02", "FB-12"), "it broke", Kind.FALLS, ()), Fault("two", ("FB-02",), "", Kind.FALLS, ())]
    found = record.begun(ABOUT, made)
    assert [(each["id"], each["status"]) for each in found["results"]] == [("FB-02", "error"), ("FB-12", "error")]
    assert record.table(found).endswith("passed: none; not passed: FB-02, FB-12")

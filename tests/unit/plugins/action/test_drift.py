# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook icann.imrs.drift: a node that is no appliance at all (this machine), and one that does not answer."""

from __future__ import annotations

import json
import sys
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._products import FRR, NSD

SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQ="


@pytest.fixture(scope="module")
def compared(shared_fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]) -> t.Any:
    """One run: its words, and where the reports are."""
    here = {"ansible_connection": "local", "ansible_become": False, "ansible_python_interpreter": sys.executable}
    secrets = {"vault_bgp_xaa": SECRET, "vault_tsig_xaa01_dist1": SECRET}
    providers = {
        "imrs_nameserver_provider": "nsd",
        "imrs_nameserver": NSD.variables(),
        "imrs_routing_provider": "frr",
        "imrs_routing": FRR.variables(),
    }
    nodes = {"xaa01": make_node("xaa01", **providers, **here, **secrets), "xab01": make_node("xab01")}
    shared_fleet.write(nodes)
    inventory = json.loads(shared_fleet.inventory.read_text())
    inventory["all"]["children"]["provisionable"] = {"hosts": dict.fromkeys(nodes)}
    shared_fleet.inventory.write_text(json.dumps(inventory))
    for name in nodes:
        (shared_fleet.inventory.parent / "reports" / name).mkdir(parents=True)
        (shared_fleet.inventory.parent / "reports" / name / "drift.json").write_text("{}")
    return shared_fleet.run("drift", "-vvvv")


def test_a_node_that_does_not_answer_is_an_error_and_has_no_report(shared_fleet: t.Any, compared: t.Any) -> None:
    assert compared.returncode == 4, compared.stdout + compared.stderr
    assert not list((shared_fleet.inventory.parent / "reports/xab01").iterdir())


def test_the_other_node_is_compared_all_the_same(shared_fleet: t.Any, compared: t.Any) -> None:
    reports = shared_fleet.inventory.parent / "reports/xaa01"
    report = json.loads((reports / "drift.json").read_text())
    table = (reports / "drift.txt").read_text()
    assert (report["node"], report["drift"], report["format"]) == ("xaa01.l.root-servers.org", True, 1)
    assert len(report["findings"]) == sum(report["counts"].values())
    kinds = {(finding["kind"], finding["subject"]) for finding in report["findings"]}
    assert {("file", "/etc/frr/frr.conf"), ("package", "nsd")} <= kinds
    assert {("unread", "FRR"), ("unread", "NSD")} <= kinds
    assert table.splitlines()[-1] in compared.stdout
    assert "changed=0    unreachable=0    failed=1" in compared.stdout


def test_no_secret_is_told(shared_fleet: t.Any, compared: t.Any) -> None:
    texts = [path.read_text() for path in (shared_fleet.inventory.parent / "reports").rglob("*.*")]
    assert not [text for text in (*texts, compared.stdout, compared.stderr) if SECRET in text]


@pytest.mark.parametrize(
    "options", [("--tags", "nameserver"), ("--skip-tags", "routing"), ("-e", "imrs_render_directory=", "--check")]
)
def test_what_would_compare_a_part_or_change_a_node_is_refused(
    fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]], options: tuple[str, ...]
) -> None:
    fleet.write({"xaa01": make_node("xaa01")})
    inventory = json.loads(fleet.inventory.read_text())
    inventory["all"]["children"]["provisionable"] = {"hosts": {"xaa01": None}}
    fleet.inventory.write_text(json.dumps(inventory))
    done = fleet.run("drift", *options)
    assert done.returncode == 2, done.stdout
    assert "Drift takes no tags" in done.stdout + done.stderr
    assert not fleet.called.exists()

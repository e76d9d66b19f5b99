# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of docs/changes.md say what the bundles say. What the daemons do is in tests/daemons."""

from __future__ import annotations

import pathlib

import pytest
import yaml
from ansible_collections.icann.imrs.plugins.module_utils._bundle import disruption, parse
from imrs_changes_table import PROVIDERS, promises
from imrs_role_cases import CASES, EVERYBODY
from imrs_role_changes import CASE, CHANGES, ROUTER, ROWS, changed, wanted
from imrs_role_render import ROLES, ROOT, bundle, files

WHEN = {"provider", "windows", "disrupt", "confirm_seconds"}
"""Variables of the roles that are not about a daemon's configuration: who runs at all, and when it may be disturbed."""

WITHOUT = {
    ("knot", "nameserver_trust_anchors"),
    ("nsd", "nameserver_tcp_time_limit"),
    ("nsd", "nameserver_rate_limit_exempt"),
    ("nsd", "nameserver_tcp_idle_timeout"),
    ("nsd", "nameserver_tcp_workers"),
}
"""What a provider does not know."""


@pytest.mark.parametrize("provider", EVERYBODY)
def test_the_page_says_what_the_bundle_says(provider: str) -> None:
    said = {row: promise.disruption for row, promise in promises(provider).items()}
    assert said == {row: changed(provider, row).disruption for row in ROWS[ROLES[provider]]}


@pytest.mark.parametrize("role", PROVIDERS)
def test_every_variable_and_every_option_of_a_session_has_a_row(role: str) -> None:
    declared = yaml.safe_load((ROOT / f"roles/{role}/meta/argument_specs.yml").read_text(encoding="utf-8"))
    variables = set(declared["argument_specs"]["main"]["options"]) - {f"{role}_{name}" for name in WHEN}
    assert {row.partition(":")[0] for row in ROWS[role]} == variables
    if role == "routing":
        said = {word for row in ROWS[role] for word in row.partition(": ")[2].split(", ")}
        never = {"name", "mark", "family", "internal"}  # another session altogether
        never |= {"next_hop", "next_hop_interface", "global_address"}  # follow from the others and the uplink
        assert set(CASES[CASE][1]["imrs_peers"][0]) - never <= said
        said = {
            word
            for row in ROWS[role]
            if row.startswith("routing_members")
            for word in row.partition(": ")[2].split(", ")
        }
        assert set(CASES[ROUTER][1]["imrs_members"][0]) - never - {"node"} <= said


def test_the_tcp_clients_are_shared_out_also_when_the_numbers_come_as_text() -> None:
    """As they do on the command line: ``-e nameserver_tcp_clients=249``."""
    given = {"nameserver_tcp_clients": "249", "nameserver_workers": "2"}
    assert "    tcp-count: 125\n" in files("nameserver", "nsd", given)["etc/nsd/nsd.conf"]


@pytest.mark.parametrize("provider", EVERYBODY)
def test_every_row_changes_something(provider: str) -> None:
    for row in ROWS[ROLES[provider]]:
        if (provider, row) not in WITHOUT:
            assert changed(provider, row).files, row


def test_the_stored_changes_are_what_the_roles_render() -> None:
    kept = {path.name: path.read_text(encoding="utf-8") for path in CHANGES.iterdir()}
    assert kept == wanted(), "run tests/unit/roles/imrs_role_changes.py, and read the difference"


@pytest.mark.parametrize("provider", EVERYBODY)
def test_every_file_that_a_daemon_reads_is_activated(provider: str) -> None:
    """Without the first file of a bundle, the service would not see it."""
    role = ROLES[provider]
    activations = bundle(role, provider, CASES[CASE][1])["activate"]
    patterns = [pattern for each in activations for pattern in each.get("when_changed", [])]
    for path in files(role, provider, CASES[CASE][1]):
        read_anew = path == "etc/nsd/trust-anchors"  # by the verifier, each time
        assert read_anew or any(
            pathlib.PurePath(f"/{path}").match(pattern) or f"/{path}".startswith(pattern.rstrip("*"))
            for pattern in patterns
        ), path


@pytest.mark.parametrize(
    ("provider", "taken"),
    [("knot", "restart"), ("nsd", "restart"), ("bird", "session reset"), ("frr", "session reset")],
)
def test_another_sandbox_starts_the_daemon_anew(provider: str, taken: str) -> None:
    """A process that runs stays in the one that it was started in; so the plan waits for a window."""
    role, unit = ROLES[provider], f"{provider}.service"
    arguments = bundle(role, provider, CASES[CASE][1])
    arguments["files"] = [{**item, "content": "", "src": None} for item in arguments["files"]]
    arguments.pop("confirm", None)
    made, path = parse(arguments), f"/etc/systemd/system/{unit}.d/30-sandbox.conf"
    assert path in {item["dest"] for item in arguments["files"]}
    for lines in (None, ["NoNewPrivileges=yes"]):  # a new file, and one that has another line
        assert disruption.disruptions(made, {path: lines}, ())[unit] == taken
    commands = [list(activation.command.argv) for activation in made.activations({path: None})]
    assert ["systemctl", "restart", unit] in commands


def test_another_name_in_a_masters_certificate_restarts_nsd() -> None:
    """It would not read that name again, and transfers with a name that it does not know are in clear text."""
    case = CASES["tls"][1]
    named, *others = case["imrs_masters"]
    other = {**named, "tls": {**named["tls"], "name": "dist9.example"}}
    before, after = (files("nameserver", "nsd", {**case, "imrs_masters": [each, *others]}) for each in (named, other))
    restart = next(
        each for each in bundle("nameserver", "nsd", CASES[CASE][1])["activate"] if each.get("disruption") == "restart"
    )
    changed_files = {f"/{path}" for path in before if before[path] != after[path]}
    assert changed_files & set(restart["when_changed"]), changed_files

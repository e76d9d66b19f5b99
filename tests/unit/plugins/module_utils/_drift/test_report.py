# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How findings are told, what is known, and what is refused."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._bundle.record import BUNDLES
from ansible_collections.icann.imrs.plugins.module_utils._drift import bird, frr, nftables, report
from ansible_collections.icann.imrs.plugins.module_utils._drift.intent import Intent, Packages
from ansible_collections.icann.imrs.plugins.module_utils._manifest import Manifest

if t.TYPE_CHECKING:
    from conftest import Scene  # type: ignore[import-not-found]

NAMES = {"installed": ["knot"], "held": ["knot"]}
LINES = [f"0644 root:root 000000000000 {name} /etc/{name} x\n" for name in BUNDLES]


def test_the_table_and_the_json_of_no_drift(knot_bird: Scene) -> None:
    found = knot_bird.compare()
    assert report.table(found) == "xlb01.l.root-servers.org: as intended"
    value = json.loads(report.to_json(found))
    assert (value["drift"], value["findings"], value["collected"]) == (False, [], "2027-01-15T08:00:00Z")


def test_the_table_is_for_people(knot_bird: Scene) -> None:
    knot_bird.evidence["sysctls"]["net.ipv4.ip_forward"] = "1"
    knot_bird.evidence["held"].remove("knot")
    text = report.table(knot_bird.compare())
    assert text.splitlines()[0] == "package    knot"
    assert "           found     not on hold, version 1" in text.splitlines()
    assert text.splitlines()[-1] == "xlb01.l.root-servers.org: 2 differences (1 package, 1 sysctl)"
    assert max(map(len, text.splitlines())) <= report.WIDTH


def test_when_keys_are_to_be_rolled_is_told_and_is_no_drift(knot_bird: Scene) -> None:
    """On 2027-01-15, by the evidence's own clock."""
    keys = [
        {"kind": "tsig", "rolled": "2026-01-15", "roll_by": "2027-01-14"},
        {"kind": "bgp", "rolled": "2026-01-20", "roll_by": "2027-01-20"},
        {"kind": "host_key", "rolled": None, "roll_by": None},
    ]
    found = knot_bird.compare(keys=keys)
    assert report.table(found).splitlines() == [
        "key        tsig: in use since 2026-01-15, to be rolled by 2027-01-14: OVERDUE by 1 days",
        "key        bgp: in use since 2026-01-20, to be rolled by 2027-01-20: in 5 days",
        "key        host_key: the sheet does not say since when (rolled)",
        "xlb01.l.root-servers.org: as intended",
    ]
    value = json.loads(report.to_json(found))
    assert (value["drift"], [each["days"] for each in value["keys"]]) == (False, [-1, 5, None])


def test_control_characters_do_not_reach_the_terminal(knot_bird: Scene) -> None:
    row = {"protocol": "tcp", "address": "*", "port": 8080, "process": "evil\x1b[2J"}
    knot_bird.evidence["sockets"].append(row)
    assert "\x1b" not in report.table(knot_bird.compare())


def test_the_difference_of_a_public_file_is_kept_and_of_a_secret_one_not(knot_bird: Scene) -> None:
    for path in ("/etc/imrs/gate.json", "/etc/bird/bird.conf"):
        knot_bird.evidence["files"][path].update(same=False, content="hunter22\n")
    by_path = {finding.subject: finding for finding in knot_bird.compare().findings}
    assert by_path["/etc/imrs/gate.json"].detail == ("--- found", "+++ intended", "@@ -1 +1 @@", "-hunter22", "+{}")
    assert by_path["/etc/imrs/gate.json"].found == "other content (2 lines differ)"
    assert by_path["/etc/bird/bird.conf"].detail == ()
    assert "hunter22" not in repr(by_path["/etc/bird/bird.conf"])


@pytest.mark.parametrize(
    ("path", "package", "expected"),
    [
        ("/etc/nsd/nsd_server.key", "", 0),
        ("/usr/lib/imrs/imrs/__pycache__/x.pyc", "", 0),
        ("/etc/frr/vtysh.conf", "frr", 0),
        ("/etc/systemd/network/10-mgmt.network", "", 0),
        ("/etc/frr/frr.conf.sav", "", 1),
    ],
)
def test_who_may_put_files_into_our_directories(knot_bird: Scene, path: str, package: str, expected: int) -> None:
    entry = {"path": path, "kind": "file", "mode": "0644", "owner": "root", "group": "root", "package": package}
    knot_bird.evidence["strangers"].append(entry)
    assert len(knot_bird.compare("/etc/systemd/network/10-mgmt.network").findings) == expected


def test_a_setting_that_is_overridden_by_the_same_value_is_no_drift(knot_bird: Scene) -> None:
    knot_bird.evidence["sysctl_files"] += [
        {"path": "/etc/sysctl.d/98-x.conf", "key": "net.ipv4.ip_forward", "value": "1"},
        {"path": "/etc/sysctl.d/99-x.conf", "key": "net.ipv4.ip_forward", "value": "0"},
    ]
    knot_bird.evidence["sysctl_files"].insert(0, {"path": "/a", "key": "net.ipv4.ip_forward", "value": "1"})
    assert knot_bird.found() == []


def test_counters_handles_and_learnt_elements_are_no_drift(knot_bird: Scene) -> None:
    loaded = knot_bird.evidence["nft"]["loaded"]["nftables"]
    flood = {"family": "inet", "table": "imrs", "name": "flood", "flags": ["dynamic"], "handle": 77}
    knot_bird.evidence["nft"]["intended"]["nftables"].append({"set": {**flood}})
    loaded.append({"set": {**flood, "elem": ["192.0.2.77"]}})
    for number, entry in enumerate(loaded):
        next(iter(entry.values()))["handle"] = 1000 + number
    assert knot_bird.found() == []


def test_rules_in_another_order_are_drift() -> None:
    rules = [
        {"rule": {"family": "inet", "table": "t", "chain": "c", "expr": [{word: None}]}} for word in ("accept", "drop")
    ]
    finding = nftables.compare({"nft": {"intended": {"nftables": rules}, "loaded": {"nftables": rules[::-1]}}})[0]
    assert finding.found == "2 rules, repeated or in another order"


def test_options_of_bird_and_frr_are_no_drift(record: t.Any) -> None:
    said = record("frr_options")
    wanted, running = frr.parse(said["intended"]), frr.parse(said["said"]["running"])
    assert {line[-1] for line in wanted ^ running} == {
        "detect-multiplier 3",
        "transmit-interval 300",
        "receive-interval 300",
    }
    assert ("route-map as64500_ipv4_1_out permit 20", "set as-path prepend 20144 20144") in running
    evidence = {"files": {}, "routing": record("bird_options")["said"]}
    assert bird.compare(Intent({}, Manifest(), Packages((), ())), evidence, ()) == []


@pytest.mark.parametrize(
    ("manifest", "complaint"),
    [
        ("", "no file of bundle gate, hardening, nameserver, network, routing, time; render all roles anew"),
        ("".join(LINES[1:]), "no file of bundle hardening; render"),
        ("".join(LINES).replace(" gate ", " "), "no file of bundle gate; render"),
        ("".join([*LINES, "unit gate imrs-gate.service\n"]), "not a line of a manifest: 'unit gate imrs-gate.service'"),
        ("0640 root:root /etc/x\n", "not a line of a manifest"),
    ],
)
def test_a_manifest_that_lacks_something_is_refused(manifest: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Intent.parse(manifest, lambda _path: b"", NAMES, BUNDLES)


def test_a_file_with_a_placeholder_is_secret_whatever_its_manifest_says() -> None:
    text = b'secret: "<vault_bgp_xlb keyed:0123456789ab>"\n'
    intent = Intent.parse("".join(LINES), lambda _path: text, NAMES, BUNDLES)
    assert intent.files["/etc/gate x"].secret
    assert intent.placeholders() == {"<vault_bgp_xlb keyed:0123456789ab>": "vault_bgp_xlb"}


def test_evidence_of_another_node_or_format_is_refused(knot_bird: Scene) -> None:
    knot_bird.evidence["node"] = "nbo01.l.root-servers.org"
    with pytest.raises(ValueError, match="is of nbo01"):
        knot_bird.compare()
    knot_bird.evidence["format"] = 0
    with pytest.raises(ValueError, match="format 0"):
        knot_bird.compare()
    with pytest.raises(ValueError, match="not as collected"):
        report.compare({"files": [{}]}, knot_bird.evidence, knot_bird.expected)


@pytest.mark.parametrize(
    ("names", "complaint"),
    [({**NAMES, "installed": []}, "none is to be installed"), ({"installed": ["knot"]}, "not as described")],
)
def test_packages_that_say_nothing_are_refused(names: t.Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Intent.parse("".join(LINES), lambda _path: b"", names, BUNDLES)

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which nodes have which vulnerability, in which order that is told, and the commands."""

from __future__ import annotations

import json
import typing as t

import pytest
import vulnerabilities as made
from ansible_collections.icann.imrs.plugins.module_utils._vulnerabilities import judge, report, tracker
from hypothesis import given, settings
from hypothesis import strategies as st

if t.TYPE_CHECKING:
    from collections.abc import Sequence

ABOUT = report.About("tracker.json", made.NOW - 86400, made.NOW, "trixie", ("fleet",))
TLS = [{"name": "dist1", "tls": {"port": 853}}]


def judged(nodes: Sequence[judge.Node], *assessed: dict[str, t.Any], text: str = made.tracker()) -> judge.Report:
    software, unknown = judge.known(nodes)
    sources = {package.source for each in software.values() for package in each.packages}
    found = tracker.read(text, "tracker.json", sources, "trixie") if sources else {}
    return judge.judge(nodes, software, unknown, found, assessed)


def rows(found: judge.Report) -> list[tuple[str, str, list[str], list[str]]]:
    return [
        (row.kind, row.source, [each.id for each, _use in row.vulnerabilities], list(row.nodes)) for row in found.rows
    ]


def uses(found: judge.Report) -> dict[str, str]:
    return {each.id: use for row in found.rows for each, use in row.vulnerabilities}


def test_what_comes_first_is_told_first() -> None:
    nodes = [
        made.node("xaa01", made.report({**made.NSD, **made.KERNEL, **made.OPENSSL})),
        made.node("xab01", made.report({**made.BIRD, **made.KERNEL})),
    ]
    found = judged(nodes, made.assessed("CVE-2026-12490", "transfer_tls"))
    assert rows(found) == [
        ("upgrade", "nsd", ["CVE-2026-12246"], ["xaa01"]),  # what answers comes before what more nodes have
        ("upgrade", "linux", ["CVE-2099-0001"], ["xaa01", "xab01"]),
        ("no fix", "bird2", ["CVE-2026-49943"], ["xab01"]),
        ("no fix", "linux", ["CVE-2099-0002"], ["xaa01", "xab01"]),
        ("not in use", "nsd", ["CVE-2026-12490"], ["xaa01"]),
        ("unimportant", "openssl", ["CVE-2099-0003"], ["xaa01"]),
    ]
    assert not found.sound


def test_the_sheet_decides_whether_it_is_in_use() -> None:
    nodes = [made.node("xaa01", imrs_masters=TLS), made.node("xab01")]
    found = judged(nodes, made.assessed("CVE-2026-12490", "transfer_tls", reason="see the advisory"))
    told = [row for row in found.rows if row.vulnerabilities[0][0].id == "CVE-2026-12490"]
    assert [(row.kind, row.nodes, row.vulnerabilities[0][1]) for row in told] == [
        ("upgrade", ("xaa01",), "in use: transfer_tls"),
        ("not in use", ("xab01",), "no transfer_tls: see the advisory"),
    ]


def test_one_feature_that_is_missing_is_enough() -> None:
    found = judged([made.node("xaa01", imrs_masters=TLS)], made.assessed("CVE-2026-12490", "transfer_tls", "ospf"))
    assert uses(found)["CVE-2026-12490"] == "no ospf: its advisory says so"
    assert ("not in use", "nsd", ["CVE-2026-12490"], ["xaa01"]) in rows(found)


def test_an_engineers_own_word_is_told_as_that() -> None:
    found = judged([made.node("xaa01")], made.assessed("CVE-2026-12490", "unused", reason="we hand out nothing"))
    assert uses(found)["CVE-2026-12490"] == "not used: we hand out nothing"


def test_what_nobody_has_assessed_counts_as_in_use() -> None:
    found = judged([made.node("xaa01")])
    assert uses(found) == dict.fromkeys(("CVE-2026-12246", "CVE-2026-12490"), "not assessed")
    assert rows(found) == [("upgrade", "nsd", ["CVE-2026-12490", "CVE-2026-12246"], ["xaa01"])]


def test_what_is_unimportant_counts_once_it_is_assessed() -> None:
    nodes = [made.node("xaa01", made.report(made.OPENSSL))]
    assert [row.kind for row in judged(nodes).rows] == ["unimportant"]
    assert judged(nodes).sound
    found = judged(nodes, made.assessed("CVE-2099-0003", "dns"))
    assert [row.kind for row in found.rows] == ["no fix"]
    assert not found.sound


def test_what_is_undetermined_is_told_as_that() -> None:
    text = made.tracker(nsd={"CVE-2099-0005": made.entry(made.unfixed("4.12.0-1", "undetermined"))})
    assert uses(judged([made.node("xaa01")], text=text)) == {
        "CVE-2099-0005": "not assessed; Debian has not decided whether it is affected"
    }


def test_a_node_that_is_mended_has_nothing() -> None:
    nodes = [made.node("xaa01", made.report({"nsd": "nsd 4.12.0-1+deb13u1"}))]
    found = judged(nodes)
    assert (found.rows, found.commands, found.sound) == ((), (), True)
    assert report.lines(found, ABOUT)[-1] == "1 node: none has a vulnerability that is in use"


def test_two_versions_of_a_source_are_two_rows() -> None:
    nodes = [made.node("xaa01", made.report({"nsd": "nsd 4.12.0-1+deb13u1", "libnsd": "nsd 4.11.0-1"}))]
    found = judged(nodes)
    assert [(row.version, row.packages) for row in found.rows] == [("4.11.0-1", ("libnsd",))]


# A node of which nothing is known.


def test_a_node_without_a_report_is_never_safe() -> None:
    nodes = [
        made.node("xaa01", made.report({"nsd": "nsd 4.12.0-1+deb13u1"})),
        judge.Node("xab01", made.variables(), None),
        made.node("xac01", wrong="cannot be read (Permission denied)"),
        made.node("xad01", made.report(candidate=True)),
    ]
    found = judged(nodes)
    assert not found.sound
    assert found.unknown["xab01"] == "has no report: judge it again (icann.imrs.accept)"
    assert found.unknown["xac01"] == "its report cannot be read (Permission denied)"
    assert "has tried and not kept" in found.unknown["xad01"]
    lines = report.lines(found, ABOUT)
    assert "NOT KNOWN xab01: has no report: judge it again (icann.imrs.accept)" in lines
    assert lines[-1] == "4 nodes: 3 not known"


def test_where_nothing_is_known_nothing_is_looked_up() -> None:
    found = judged([judge.Node("xaa01", made.variables(), None)], text="broken")
    assert report.summary(found) == "1 node: 1 not known"


def test_a_version_that_is_none_is_refused_with_its_node() -> None:
    with pytest.raises(ValueError, match="xaa01: nsd: 'soon' is no version of a Debian package"):
        judged([made.node("xaa01", made.report({"nsd": "nsd soon"}))])


# What one has to know beside the rows.


def notes(found: judge.Report, about: report.About = ABOUT) -> list[str]:
    return report.notes(found, about)


def test_a_file_older_than_the_nodes_is_noticed() -> None:
    found = judged([made.node("xaa01", made.report({"nsd": "nsd 4.15.0-1"}))])
    assert notes(found) == ["nsd: newer on xaa01 than in the file, which is older, or the package is not Debian's"]


def test_what_the_file_has_nothing_of_is_named_where_it_serves() -> None:
    found = judged([made.node("xaa01", made.report({**made.BIRD, **made.OPENSSL, "libc6": "glibc 2.41-12"}))])
    assert notes(found) == []
    text = json.dumps({"openssl": made.TRACKER["openssl"]})
    (told,) = notes(judged([made.node("xaa01", made.report({**made.BIRD, **made.OPENSSL}))], text=text))
    assert told.startswith("The file has nothing of bird2 in trixie: none was ever known, or the file is not whole")


def test_old_reports_and_an_old_file_are_told() -> None:
    found = judged([made.node("xaa01", made.report(days=31)), made.node("xab01", made.report(days=29))])
    assert notes(found) == ["OLD xaa01: its report is of 31 days ago"]
    assert report.lines(found, ABOUT)[0] == "tracker.json: 1 day old by the date of its file"
    old = ABOUT._replace(modified=made.NOW - 8 * 86400)
    assert report.lines(found, old)[0] == "tracker.json: OLD: 8 days old by the date of its file"
    future = ABOUT._replace(modified=made.NOW + 7200)
    assert report.lines(found, future)[0] == "tracker.json: from 2 hours in the future by the date of its file"


# The commands.


def commands(found: judge.Report) -> list[str]:
    return report.commands(found, ABOUT)


def test_nodes_that_need_the_same_have_one_command() -> None:
    nodes = [
        made.node("xaa01"),
        made.node("xab01"),
        made.node("xac01", made.report({**made.BIRD, **made.KERNEL})),
        made.node("xad01", made.report(made.BIRD)),  # nothing mends that
    ]
    found = judged(nodes)
    assert commands(found) == [
        "ansible-playbook icann.imrs.upgrade -i fleet --limit xaa01,xab01 -e '{upgrade_packages: [nsd]}'",
        "ansible-playbook icann.imrs.upgrade -i fleet --limit xac01 -e '{upgrade_packages: [linux-image-amd64]}'",
    ]
    assert report.lines(found, ABOUT)[-2:] == commands(found)
    assert json.loads(report.to_json(found, ABOUT))["commands"] == commands(found)


def test_a_package_that_a_node_has_not_is_not_installed_by_the_way() -> None:
    """apt-get install would: a second routing daemon, say."""
    text = made.tracker(bird2={"CVE-2099-0006": made.entry(made.resolved("2.17.1-2", "2.17.1-2"))})
    found = judged([made.node("xaa01"), made.node("xab01", made.report(made.BIRD))], text=text)
    assert [(each.nodes, each.packages) for each in found.commands] == [
        (("xaa01",), ("nsd",)),
        (("xab01",), ("bird2",)),
    ]


def test_nor_is_another_package_of_the_same_source() -> None:
    nodes = [made.node("xaa01", made.report({**made.NSD, "nsd-tools": "nsd 4.12.0-1"})), made.node("xab01")]
    found = judged(nodes)
    assert found.rows[0].nodes == ("xaa01", "xab01")
    assert [(each.nodes, each.packages) for each in found.commands] == [
        (("xaa01",), ("nsd", "nsd-tools")),
        (("xab01",), ("nsd",)),
    ]


def test_the_boot_loader_is_in_no_command() -> None:
    text = made.tracker(grub2={"CVE-2099-0007": made.entry(made.resolved("2.12-10", "2.12-10"))})
    grub = {"grub-common": "grub2 2.12-9"}
    found = judged([made.node("xaa01", made.report({**made.NSD, **grub}))], text=text)
    assert [each.packages for each in found.commands] == [("nsd",)]
    assert notes(found) == [
        "By hand, as no upgrade here touches the boot loader (docs/upgrade.md): grub-common",
    ]
    assert judged([made.node("xaa01", made.report(grub))], text=text).commands == ()


def test_a_node_that_may_not_be_provisioned_is_in_no_command() -> None:
    refused = {"allowed": False, "reason": "suspended", "override": ""}
    found = judged([made.node("xaa01"), made.node("xab01", imrs_provisioning=refused)])
    assert [each.nodes for each in found.commands] == [("xaa01",)]
    assert notes(found) == ["In no command, as they may not be provisioned: xab01"]
    assert found.rows[0].nodes == ("xaa01", "xab01")


@pytest.mark.parametrize(
    ("package", "asked"),
    [
        ("linux-image-6.12.43+deb13-amd64", "linux-image-amd64"),
        ("linux-image-6.12.43+deb13-cloud-amd64", "linux-image-cloud-amd64"),
        ("linux-image-amd64", "linux-image-amd64"),
        ("nsd", "nsd"),
    ],
)
def test_of_a_kernel_the_newest_one_is_asked_for(package: str, asked: str) -> None:
    assert judge._asked(package) == asked


# The table.


def test_the_table_fits_and_names_what_matters() -> None:
    many = {f"CVE-2099-1{number:03}": made.entry(made.unfixed("4.12.0-1")) for number in range(40)}
    nodes = [made.node(f"x{letter}{other}01") for letter in "abcde" for other in "abcdef"]
    lines = report.lines(judged(nodes, text=made.tracker(nsd=many)), ABOUT)
    assert [line for line in lines if len(line) > report.WIDTH] == []
    assert "    and 34 more" in lines
    assert any(line.endswith("and 18 more") for line in lines)
    assert lines[-1] == "30 nodes: 30 with what no version mends"


def test_what_is_unimportant_is_counted_in_a_line() -> None:
    lines = report.lines(judged([made.node("xaa01", made.report(made.OPENSSL))]), ABOUT)
    assert "Unimportant, as Debian says, and not assessed here: openssl (1)" in lines


@settings(derandomize=True, max_examples=200, deadline=None, database=None)
@given(
    st.lists(st.sampled_from(["4.11.0-1", "4.12.0-1", "4.12.0-1+deb13u1", "4.15.0-1", None]), min_size=1, max_size=6),
    st.lists(st.sampled_from(["transfer_tls", "ospf", "dns", "unused"]), max_size=2, unique=True),
)
def test_every_node_is_accounted_for(found: list[str | None], needs: list[str]) -> None:
    """Each is not known, or each vulnerability of its version is told of it once; nothing else is."""
    nodes = [
        made.node(f"xa{number}01", made.report({"nsd": f"nsd {each}"} if each else {}))
        for number, each in enumerate(found)
    ]
    told = judged(nodes, *([made.assessed("CVE-2026-12246", *needs)] if needs else []))
    for node, version in zip(nodes, found, strict=True):
        named = [each.id for row in told.rows if node.name in row.nodes for each, _use in row.vulnerabilities]
        old = version in {"4.11.0-1", "4.12.0-1"}
        assert (node.name in told.unknown) == (version is None)
        assert sorted(named) == (["CVE-2026-12246", "CVE-2026-12490"] if old else [])
        assert any(node.name in each.nodes for each in told.commands) == old

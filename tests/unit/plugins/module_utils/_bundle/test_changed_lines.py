# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which lines of a file change, and what they take: a reload only where each is known to take no more."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._bundle import disruption, parse
from ansible_collections.icann.imrs.plugins.module_utils._bundle.entry import ABSENT, Entry
from ansible_collections.icann.imrs.plugins.module_utils._bundle.model import Bundle, Command
from ansible_collections.icann.imrs.plugins.module_utils._bundle.plan import Change, changed_lines

FILE = """\
! a comment
route-map out permit 10
 match tag 1
 set community 1:1
exit
route-map out permit 20
 match tag 1
exit
router bgp 1
 neighbor a remote-as 2
 neighbor b remote-as 3
"""


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("community 1:1", "community 1:2", ["set community 1:1", "set community 1:2"]),
        (" set community 1:1\n", "", ["set community 1:1"]),
        ("remote-as 3\n", "remote-as 3\n neighbor b password x\n", ["neighbor b password x"]),
        (" neighbor b remote-as 3\n", " neighbor b remote-as 3\n neighbor b remote-as 3\n", ["neighbor b remote-as 3"]),
        (FILE, FILE.replace("permit 20\n match tag 1\n", "permit 20\n") + " match tag 1\n", ["match tag 1"]),
        (
            " neighbor a remote-as 2\n neighbor b remote-as 3\n",
            " neighbor b remote-as 3\n neighbor a remote-as 2\n",
            ["neighbor a remote-as 2", "neighbor b remote-as 3"],
        ),
        ("\nexit\nroute-map out permit 20", "\n\nexit\nroute-map out permit 20", []),
    ],
    ids=["another value", "one less", "one more", "twice", "below another", "another order", "an empty one"],
)
def test_the_lines_that_change(old: str, new: str, lines: list[str]) -> None:
    assert old in FILE
    assert changed_lines(FILE, FILE.replace(old, new, 1)) == lines
    assert changed_lines(FILE.replace(old, new, 1), FILE) == lines
    assert changed_lines(FILE, FILE) == []


def bundle() -> Bundle:
    """One file of a daemon that is reloaded, and whose sessions may end by it."""
    return parse(
        {
            "name": "routing",
            "files": [{"dest": "/etc/frr/frr.conf", "content": ""}],
            "activate": [
                {
                    "command": "frr-reload",
                    "unit": "frr.service",
                    "when_changed": ["/etc/frr/frr.conf"],
                    "disruption": "session reset",
                    "reload_lines": ["!*", "set community *"],
                }
            ],
        }
    )


def found(lines: dict[str, list[str] | None], **more: t.Any) -> str:
    """What a change of these lines does to the daemon."""
    return disruption.disruptions(bundle(), lines, (), **more).get("frr.service", "")


@pytest.mark.parametrize(
    ("lines", "due"),
    [
        (["set community 1:1", "! a comment"], "reload"),
        (["set community 1:1", "neighbor a password x"], "session reset"),
        (["never seen before"], "session reset"),
        (None, "session reset"),
    ],
    ids=["soft", "one that is not", "unknown", "nobody can say"],
)
def test_a_reload_is_only_what_is_known_to_be_one(lines: list[str] | None, due: str) -> None:
    assert found({"/etc/frr/frr.conf": lines}) == due
    assert found({"/etc/frr/daemons": ["set community 1:1"]}) == "", "that is another file"


def test_what_is_owed_since_a_way_back_counts_as_the_worst() -> None:
    soft: dict[str, list[str] | None] = {"/etc/frr/frr.conf": ["set community 1:1"]}
    assert found(soft, owed=[Command(("frr-reload",))]) == "session reset"
    assert found({}, owed=[Command(("frr-reload",))]) == "session reset"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ABSENT, Entry("file", b"a\n", 0, 0, 0o644)),
        (Entry("file", b"a\n", 0, 0, 0o644), ABSENT),
        (Entry("file", b"a\n", 0, 0, 0o644), Entry("file", b"b\n", 0, 0, 0o600)),
        (Entry("file", b"a\n", 0, 0, 0o644), Entry("file", b"\na\n", 0, 0, 0o644)),
        (Entry("link", b"a", 0, 0, 0o777), Entry("file", b"a\n", 0, 0, 0o644)),
    ],
    ids=["new", "removed", "attributes", "no line", "a link"],
)
def test_nobody_can_say_what_else_changes_takes(before: Entry, after: Entry) -> None:
    assert Change("/etc/frr/frr.conf", before, after).lines is None


def test_the_lines_of_a_file_that_changes() -> None:
    before, after = (Entry("file", text, 0, 0, 0o644) for text in (b"a\nb\n", b"a\nc\n"))
    assert Change("/etc/frr/frr.conf", before, after).lines == ["b", "c"]

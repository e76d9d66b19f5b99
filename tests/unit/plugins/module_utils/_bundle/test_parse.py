# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a bundle may say, and how it is told what it may not."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._bundle import (
    HIDDEN,
    BundleError,
    Redactor,
    pack,
    parse,
    unpack,
)

FILE = {"dest": "/etc/a", "content": "x"}


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({}, "bundle None: name must be"),
        ({"name": "../x"}, r"bundle '../x': name must be"),
        ({"fils": []}, r"bundle b: arguments: unknown key fils; known are name, "),
        ({"files": "x"}, "files: must be a list"),
        ({"files": ["x"]}, r"files\[0\]: must be a mapping"),
        ({"files": [{**FILE, "onwer": "x"}]}, r"files\[0\] \(/etc/a\): unknown key onwer"),
        ({"files": [{**FILE, "src": "x"}]}, "exactly one of src, copy, content, not 2"),
        ({"files": [{"dest": "/etc/a"}]}, "exactly one of src, copy, content, not 0"),
        ({"files": [{**FILE, "dest": "etc/a"}]}, "'etc/a' is not an absolute path"),
        ({"files": [{**FILE, "dest": "/etc/../a"}]}, "not a plain path"),
        ({"files": [{**FILE, "mode": 420}]}, "mode 420 is not octal text"),
        ({"files": [{**FILE, "secret": "maybe"}]}, "secret must be true or false"),
        ({"files": [FILE, FILE]}, "files: /etc/a is listed twice"),
        ({"files": [FILE], "absent": ["/etc/a"]}, "absent: /etc/a is listed twice"),
        ({"check": ["echo 'x"]}, r"check\[0\]: .* cannot be split"),
        ({"check": [""]}, "the command is empty"),
        ({"activate": [{"command": "x", "disruption": "boom"}]}, "disruption 'boom' is none of none, reload"),
        ({"ensure": [{"enabled": True}]}, "unit must be given"),
        ({"probe_timeout": "soon"}, "not a number of seconds"),
    ],
)
def test_mistakes_are_named(raw: dict[str, t.Any], message: str) -> None:
    with pytest.raises(BundleError, match=message):
        parse(raw if raw == {} or "name" in raw else {"name": "b", **raw})


def test_defaults() -> None:
    bundle = parse({"name": "b", "files": [FILE, {"dest": "/etc/b", "content": "y", "secret": True}]})
    assert [(file.owner, file.group, oct(file.mode), file.secret) for file in bundle.files] == [
        ("root", "root", "0o644", False),
        ("root", "root", "0o640", True),
    ]
    assert bundle.probe_timeout == 15


def test_packing_is_binary_safe() -> None:
    contents = [b"", b"a\nb", bytes(range(256)), b""]
    assert unpack(pack(contents)) == contents


@pytest.mark.parametrize("text", ["", "x", "AAAA", pack([b"abc"])[:-8]])
def test_damaged_contents_are_refused(text: str) -> None:
    with pytest.raises(BundleError, match="did not arrive whole"):
        unpack(text)


@pytest.mark.parametrize(
    ("line", "hidden"),
    [
        ("/etc/k.conf:3: error: unexpected token", False),
        ("invalid base64 'c2VjcmV0LXNlY3JldA=='", True),
        ("near '2VjcmV0L'", True),
        ("near '2VjcmV0'", False),
        ("wrong password hunter2", True),
        ("key xlb01-dist1.lab.example. is not used", False),
    ],
)
def test_lines_that_quote_a_secret_are_hidden(line: str, hidden: bool) -> None:
    secret = b"id: xlb01-dist1.lab.example.\n secret: c2VjcmV0LXNlY3JldA==\npassword hunter2\n"
    cleaned = Redactor([secret], [b"key: xlb01-dist1.lab.example.\n"]).clean(f"before\n{line}\nafter")
    assert cleaned == f"before\n{HIDDEN if hidden else line}\nafter"


def test_a_secret_alone_on_its_line_is_hidden_even_when_short() -> None:
    assert Redactor([b"abcde\n"]).clean("bad word abcde here") == HIDDEN

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who could log in to a machine, read from a tree of files that stands for it."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import host, logins

if t.TYPE_CHECKING:
    import pathlib

PASSWD = """\
root:x:0:0:root:/root:/bin/bash
toor:x:0:0::/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
anna:x:990:990:IMRS operator:/home/anna:/bin/bash
bob:x:991:991::/home/bob:/bin/bash
+broken
"""
SHADOW = "root:!$y$h:1::::::\ntoor:*:1::::::\nanna:!*:1::::::\nbob:$y$hash:1::::::\nempty::1::::::\n"
SSHD = "port 22\nallowusers bob\nallowusers anna\nauthorizedkeysfile /etc/ssh/authorized_keys/%u .ssh/authorized_keys\n"


@pytest.fixture
def machine(tmp_path: pathlib.Path) -> pathlib.Path:
    tmp_path.chmod(0o755)
    for path, text in {
        "etc/passwd": PASSWD,
        "etc/shadow": SHADOW,
        "etc/ssh/authorized_keys/anna": "ssh-ed25519 AAAA\n",
    }.items():
        (tmp_path / path).parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
        (tmp_path / path).chmod(0o644)
    return tmp_path


def test_names_and_no_more_are_told(machine: pathlib.Path) -> None:
    found = logins.read(SSHD, machine)
    assert found == {
        "allowed": {"users": ["anna", "bob"], "groups": []},
        "passwords": ["bob", "empty"],
        "superusers": ["toor"],
        "own_keys": [],
    }
    assert "$y$" not in json.dumps(found)


@pytest.mark.parametrize(
    ("path", "mode"),
    [("etc/ssh/authorized_keys/anna", 0o666), ("etc/ssh/authorized_keys", 0o775), ("etc", 0o777)],
)
def test_a_file_that_others_write_or_replace(path: str, mode: int, machine: pathlib.Path) -> None:
    (machine / path).chmod(mode)
    assert logins.read(SSHD, machine)["own_keys"] == ["/etc/ssh/authorized_keys/anna"]


def test_a_folder_like_tmp_lets_nobody_replace_a_file(machine: pathlib.Path) -> None:
    (machine / "etc/ssh/authorized_keys").chmod(0o1777)
    assert logins.read(SSHD, machine)["own_keys"] == []


def test_groups_and_everybody() -> None:
    assert logins.parse_allowed("allowgroups imrs-operators\n") == {"users": [], "groups": ["imrs-operators"]}
    assert logins.parse_allowed("port 22\n") == {"users": [], "groups": []}


def test_a_file_that_cannot_be_read_is_no_file_without_passwords(machine: pathlib.Path) -> None:
    (machine / "etc/shadow").unlink()
    assert logins.read(SSHD, machine)["passwords"] is None


@pytest.mark.parametrize(
    ("pattern", "files"),
    [
        ("/etc/ssh/authorized_keys/%u", ["/etc/ssh/authorized_keys/anna"]),
        (".ssh/authorized_keys %h/k%%", ["/home/anna/.ssh/authorized_keys", "/home/anna/k%"]),
        ("none", []),
    ],
)
def test_where_sshd_looks(pattern: str, files: list[str]) -> None:
    assert logins.key_files(pattern, "anna", "/home/anna") == files


def test_without_sshd_nobody_says() -> None:
    assert host.read(lambda _command: {"rc": 127, "stdout": "", "stderr": "x"})["logins"] is None

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook icann.imrs.roll up to the first change: masters that do not prove a key keep every node as it is."""

from __future__ import annotations

import json
import os
import pathlib
import socket
import sys
import typing as t

import pytest

HERE = {"ansible_connection": "local", "ansible_become": False, "ansible_python_interpreter": sys.executable}
LIVE = json.dumps({"mode": {"ipv4": "live", "ipv6": "live"}})


@pytest.fixture
def run(
    fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> t.Callable[..., t.Any]:
    """This machine as the node, with a gate that says that it is live, and a master at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]

    def run(playbook: str, *options: str) -> t.Any:
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "imrs").write_text(f"#!/bin/sh\necho '{LIVE}'\n")
        (folder / "imrs").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        node = make_node("xaa01", **HERE)
        (master,) = node["imrs_masters"]
        master |= {"addresses": ["127.0.0.1"], "port": port}
        fleet.write({"xaa01": node})
        done = fleet.run(playbook, "-e", "imrs_roll_seconds=0", *options)
        done.said = " ".join((done.stdout + done.stderr).split())
        return done

    return run


def test_a_master_that_does_not_answer_is_named_and_nothing_goes_on(run: t.Callable[..., t.Any]) -> None:
    done = run("roll", "--check")
    assert done.returncode == 2, done.said
    assert "xaa01: dist1: master 127.0.0.1: . SOA, signed: connection refused; nothing is changed before" in done.said
    assert "its gate lets no planned change be there before it is accepted (gate_foresee is 0)" in done.said
    assert "take the TSIG key xaa01-dist1.example. (hmac-sha256; vault: vault_tsig_xaa01_dist1)" in done.said
    assert "bm90LWEtc2VjcmV0LWtleQ" not in done.said  # the secret, and the secret in base64
    assert "Take the node" not in done.said
    assert "changed=0" in done.said


def test_a_part_of_a_roll_is_none(run: t.Callable[..., t.Any]) -> None:
    done = run("roll", "--tags", "nameserver")
    assert done.returncode == 2
    assert "a roll has no parts that can be left out" in done.said


def test_a_secret_that_is_missing_is_named_before_anybody_is_asked(run: t.Callable[..., t.Any], fleet: t.Any) -> None:
    done = run("roll", "--check", "-e", "vault_tsig_xaa01_dist1=")
    assert done.returncode == 2
    assert "the secret vault_tsig_xaa01_dist1 is not one text, or an empty one" in done.said
    assert "signed: " not in done.said


@pytest.mark.parametrize("option", [("--check",), ("--tags", "image"), ("--skip-tags", "image")])
def test_a_host_key_is_rolled_in_earnest_and_whole(run: t.Callable[..., t.Any], option: tuple[str, ...]) -> None:
    done = run("roll_host_key", *option, "-e", "imrs_take=true")
    assert done.returncode == 2
    assert "a roll cannot be tried (--check) and has no parts (--tags, --skip-tags)" in done.said
    assert "Take the node" not in done.said

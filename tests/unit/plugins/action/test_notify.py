# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook icann.imrs.notify: from an inventory to a real mail server, and killed on its way there."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import typing as t

import imrs_mail
import imrs_notices
import pytest
from imrs_notices import HANDS, NOC, Bench

PASSWORD = "correct horse battery staple"


@pytest.fixture
def bench(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Bench]:
    with imrs_notices.world(tmp_path, monkeypatch) as made:
        yield made


def playbook(fleet: t.Any, bench: Bench, *options: str, **words: t.Any) -> tuple[int, str]:
    """``ansible-playbook icann.imrs.notify``: how it ended, and all it said."""
    fleet.write({})  # the collection's place
    given = {"imrs_notice_host": "127.0.0.1", "imrs_notice_port": bench.post.port, **words}
    done = fleet.run(
        "notify",
        "--limit",
        "site_yfb",
        "-e",
        json.dumps(given),
        *options,
        inventory=bench.fleet / "imrs.yml",
        config=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def ours(tmp_path_factory: pytest.TempPathFactory, fleet: t.Any) -> t.Any:
    """The place to run playbooks from; the bench's fleet is another folder of it."""
    return dataclasses.replace(fleet, base=tmp_path_factory.mktemp("playbooks"))


def test_the_playbook_tells_the_host_and_contacts_no_node(bench: Bench, ours: t.Any) -> None:
    status, said = playbook(ours, bench, "--check")
    assert status == 0, said
    assert "PLEASE DO NOT" in said
    assert bench.sent() == []
    status, said = playbook(ours, bench)
    assert status == 0, said
    assert "changed=1" in said
    assert bench.sent() == [[NOC, HANDS]]
    status, said = playbook(ours, bench)
    assert status == 0, said
    assert "changed=0" in said
    assert f"{NOC} and {HANDS} had it on " in said
    assert len(bench.sent()) == 1
    assert not ours.called.exists()


def test_a_password_is_given_by_name_and_never_shown(bench: Bench, ours: t.Any, tmp_path: pathlib.Path) -> None:
    authority = imrs_mail.authority(tmp_path / "ca")
    words = {
        "imrs_notice_ca_file": authority.file,
        "imrs_notice_username": "imrs",
        "imrs_notice_password_variable": "vault_notice_password",
    }
    with imrs_mail.running(imrs_mail.Post(password=PASSWORD), authority.server("127.0.0.1")) as bench.post:
        status, said = playbook(ours, bench, "-vvvv", **words)
        assert status == 2, said
        assert "the secret vault_notice_password is not defined" in " ".join(said.split())
        assert not bench.record.exists()
        (bench.fleet / "group_vars").mkdir()
        for value, shown in ((f"wrong {PASSWORD}", "does not take this user name and password"), (PASSWORD, "sent to")):
            (bench.fleet / "group_vars/all.yml").write_text(f"vault_notice_password: {value}\n")
            status, said = playbook(ours, bench, "-vvvv", **words)
            assert shown in said
            assert PASSWORD not in said
    assert status == 0, said
    assert [(message.user, message.encrypted) for message in bench.post.messages] == [("imrs", True)]
    assert PASSWORD not in bench.record.read_text()


def descendants(process: int) -> list[int]:
    """The processes that it has started, and those that these have: Ansible's workers have sessions of their own."""
    found = []
    for task in pathlib.Path(f"/proc/{process}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *descendants(int(child))]
    return found


def test_a_run_that_is_killed_while_the_server_has_the_message_leaves_its_mark(bench: Bench, ours: t.Any) -> None:
    bench.post.keeps_waiting = True
    ours.write({})
    words = {"imrs_notice_host": "127.0.0.1", "imrs_notice_port": bench.post.port, "imrs_notice_timeout": 300}
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "IMRS_"))}
    (ours.base / "empty.cfg").touch()
    places = {
        "ANSIBLE_CONFIG": str(ours.base / "empty.cfg"), "ANSIBLE_COLLECTIONS_PATH": str(ours.base),
        "ANSIBLE_HOME": str(ours.base / "home"), "ANSIBLE_LOCAL_TEMP": str(ours.base / "tmp"),
    }  # fmt: skip
    command = [sys.executable, "-m", "ansible.cli.playbook", "icann.imrs.notify", "-i", str(bench.fleet / "imrs.yml")]
    run = subprocess.Popen(
        [*command, "-e", json.dumps(words)], env=clean | places, cwd=ours.base,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert bench.post.arrived.wait(120)
    finally:
        for process in [run.pid, *descendants(run.pid)]:
            os.kill(process, signal.SIGKILL)
        run.wait()
    bench.post.keeps_waiting = False
    assert bench.outcomes() == {NOC: "sending", HANDS: "sending"}
    status, said = playbook(ours, bench)
    assert status == 2
    assert "-e imrs_notice_again=true" in said
    assert len(bench.sent()) == 1
    status, said = playbook(ours, bench, imrs_notice_again=True)
    assert status == 0, said
    assert len(bench.sent()) == 2


def test_an_inventory_without_sheets_is_refused(fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]) -> None:
    fleet.write({"xaa01": make_node("xaa01")})
    other = fleet.inventory.rename(fleet.inventory.with_name("hosts.json"))
    done = fleet.run("notify", inventory=other)
    assert done.returncode == 2
    assert "A notice is made from the sheets of one fleet" in " ".join((done.stdout + done.stderr).split())

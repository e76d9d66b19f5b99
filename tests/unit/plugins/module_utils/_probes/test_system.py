# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operating system says of itself, read from this machine's own processes and files."""

from __future__ import annotations

import json
import os
import pathlib
import pwd
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils import _products as products
from ansible_collections.icann.imrs.plugins.module_utils._probes import host, system

FAILED = """\
imrs-reinstate.service       loaded failed failed Reinstates an IMRS node
systemd-networkd-wait-online.service loaded failed failed Wait for Network to be Configured
"""


ANALYSED = """\
  NAME                         DESCRIPTION                                  EXPOSURE
- RootDirectory=/RootImage=    Service runs within the host's root directory     0.1
- UMask=                       Files created by service are world-readable       0.1

-> Overall exposure level for knot.service: 1.8 OK :-)

  NAME                         DESCRIPTION                                  EXPOSURE
- User=/DynamicUser=           Service runs as root user                         0.4

-> Overall exposure level for imrs-fingerprint-due.service: 10.0 DANGEROUS :-{
"""


def _silent(command: t.Sequence[str]) -> dict[str, t.Any]:
    return {"rc": 1, "stdout": "", "stderr": f"{command[0]}: System has not been booted with systemd"}


def test_failed_units() -> None:
    assert system.parse_units(FAILED) == ["imrs-reinstate.service", "systemd-networkd-wait-online.service"]
    assert system.parse_units("") == []
    told = system.read([], lambda _command: {"rc": 0, "stdout": FAILED, "stderr": ""})
    assert told["failed"] == ["imrs-reinstate.service", "systemd-networkd-wait-online.service"]


def test_how_exposed_units_are() -> None:
    assert system.parse_exposures(ANALYSED) == {"knot.service": 1.8, "imrs-fingerprint-due.service": 10.0}
    assert system.parse_exposures("Unit nosuch.service not found.\n") == {}


def test_every_unit_that_has_a_bound_is_asked_for_even_when_one_is_not_known() -> None:
    asked: list[list[str]] = []

    def runner(command: t.Sequence[str]) -> dict[str, t.Any]:
        asked.append(list(command))
        return {"rc": 1, "stdout": ANALYSED, "stderr": "Unit bird.service not found."}

    found = system.read([products.KNOT, products.BIRD], runner)["exposure"]
    assert found == {"knot.service": 1.8, "imrs-fingerprint-due.service": 10.0}
    (command,) = [words for words in asked if words[0] == "systemd-analyze"]
    assert command == ["systemd-analyze", "security", "--no-pager", *products.exposures([products.KNOT, products.BIRD])]


def test_a_reboot_that_is_due(tmp_path: pathlib.Path) -> None:
    mark, none = tmp_path / "reboot-required", str(tmp_path / "vmlinuz")
    assert system.pending(str(mark), none) == {"pending": False, "packages": []}
    mark.touch()
    assert system.pending(str(mark), none) == {"pending": True, "packages": []}
    (tmp_path / "reboot-required.pkgs").write_text("linux-image-amd64\ndbus\ndbus\n", encoding="ascii")
    assert system.pending(str(mark), none) == {"pending": True, "packages": ["dbus", "linux-image-amd64"]}


@pytest.mark.parametrize(
    ("running", "due"),
    [("6.12.118+deb13-amd64", []), ("6.12.111+deb13-amd64", ["linux-image-6.12.118+deb13-amd64"])],
)
def test_a_kernel_that_was_installed_and_does_not_run_wants_a_reboot(
    running: str, due: list[str], tmp_path: pathlib.Path
) -> None:
    """Where there is no unattended-upgrades, nobody else says so."""
    (tmp_path / "vmlinuz").symlink_to("boot/vmlinuz-6.12.118+deb13-amd64")
    found = system.pending(str(tmp_path / "none"), str(tmp_path / "vmlinuz"), running)
    assert found == {"pending": bool(due), "packages": due}


def test_room_is_what_is_free_for_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    (root,) = system.room(["/"])
    assert 0 <= root["space"] <= 100
    said = os.statvfs_result((4096, 4096, 1000, 300, 123, 0, 0, 0, 0, 255))  # 300 free, 123 of them not for root alone
    monkeypatch.setattr(system.os, "statvfs", lambda _path: said)
    assert system.room(["/var"]) == [{"path": "/var", "space": 12.3, "inodes": None}]


def test_processes_by_their_own_names_and_accounts() -> None:
    (name,) = pathlib.Path("/proc/self/comm").read_text(encoding="utf-8").splitlines()
    me = pwd.getpwuid(os.geteuid()).pw_name
    assert {"name": name.partition(":")[0], "user": me} in system.processes([name.partition(":")[0]])
    assert system.processes(["no-such-daemon"]) == []


def test_the_profile_of_a_process() -> None:
    (name,) = pathlib.Path("/proc/self/comm").read_text(encoding="utf-8").splitlines()
    name = name.partition(":")[0]
    try:
        mine = pathlib.Path("/proc/self/attr/apparmor/current").read_text(encoding="utf-8").strip("\0\n")
    except OSError:
        mine = ""
    assert {"name": name, "profile": mine} in system.profiles([name])
    assert system.profiles(["no-such-daemon"]) == []


@pytest.mark.parametrize(("root_for", "asked", "user"), [(0, 1, "knot"), (1, 2, "knot"), (9, host.LOOKS, "root")])
def test_a_daemon_that_has_just_been_started_is_looked_at_again(
    monkeypatch: pytest.MonkeyPatch, root_for: int, asked: int, user: str
) -> None:
    looks: list[t.Collection[str]] = []

    def processes(names: t.Collection[str]) -> list[dict[str, str]]:
        looks.append(names)
        return [{"name": "knotd", "user": "root" if len(looks) <= root_for else "knot"}]

    monkeypatch.setattr(system, "processes", processes)
    monkeypatch.setattr(system.time, "sleep", lambda _seconds: None)
    assert system.accounts({"knotd"}) == [{"name": "knotd", "user": user}]
    assert len(looks) == asked


def test_owners_and_modes_without_a_look_inside(tmp_path: pathlib.Path) -> None:
    for name, mode in (("a.key", 0o640), ("b.key", 0o400), ("c.txt", 0o644)):
        path = tmp_path / name
        path.write_text("a secret", encoding="ascii")
        path.chmod(mode)
    (tmp_path / "gone.key").symlink_to("nowhere")
    found = system.owners([f"{tmp_path}/*.key", f"{tmp_path}/no-such"])
    assert [(row["path"], row["mode"]) for row in found] == [
        (f"{tmp_path}/a.key", "0640"),
        (f"{tmp_path}/b.key", "0400"),
    ]
    assert {row["owner"] for row in found} == {pwd.getpwuid(os.geteuid()).pw_name}
    assert "a secret" not in json.dumps(found)


def test_an_account_without_a_name_is_its_number(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_number: int) -> t.Any:
        raise KeyError

    monkeypatch.setattr(system.pwd, "getpwuid", nobody)
    monkeypatch.setattr(system.grp, "getgrgid", nobody)
    (found,) = system.owners([str(tmp_path)])
    assert (found["owner"], found["group"]) == (str(os.geteuid()), str(tmp_path.stat().st_gid))


def test_a_machine_without_systemd_can_be_read() -> None:
    found = system.read(products.PRODUCTS, _silent)
    assert found["failed"] is None
    assert found["exposure"] == {}
    assert [row["path"] for row in found["room"]] == ["/", "/var"]
    assert set(found["release"]) == {"id", "version", "kernel"}
    json.dumps(found)

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Root's helper: what runs is made to be what is certified, and the gate is told only if it is; with fake commands."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import pathlib
import time
import typing as t

import pytest
import yaml
from ansible_collections.icann.imrs.plugins.module_utils._bundle import lease, places
from ansible_collections.icann.imrs.plugins.module_utils._gate import bundles, reinstate
from ansible_collections.icann.imrs.plugins.module_utils._gate.control import Control
from ansible_collections.icann.imrs.plugins.module_utils._gate.fingerprint import fingerprint
from gate_data import without_a_network

ROLES = pathlib.Path(__file__).resolve().parents[5] / "roles"
AGREED: dict[str, t.Any] = {"changed": False}
DONE: dict[str, t.Any] = {"changed": True, "mode": "live"}
RESTARTED = "systemctl try-restart imrs-gate.service"


class Node:
    """One certified file, a gate that answers as it is told to, and commands that only are noted."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root, self.file = root, root / "etc/bird.conf"
        (root / "etc").mkdir()
        (root / "run").mkdir()
        self.file.write_text("certified")
        self.paths = [str(root / "etc")]
        (root / "gate.json").write_text(json.dumps({**without_a_network(), "fingerprint_paths": self.paths}))
        self.answers = [AGREED, DONE]
        self.asked: list[dict[str, t.Any]] = []
        self.ran: list[str] = []
        self.started_before = 0.0
        self.meanwhile: t.Callable[[str], None] = lambda _command: None

    def now(self) -> str:
        return fingerprint(self.paths)

    def run(self, argv: t.Sequence[str]) -> str:
        command = " ".join(argv)
        if argv[:2] == ("systemctl", "show"):
            return str(int((time.monotonic() - self.started_before) * 1e6))
        self.ran.append(command)
        self.meanwhile(command)
        return ""

    async def _answer(self, request: dict[str, t.Any]) -> dict[str, t.Any]:
        self.asked.append(request)
        return self.answers.pop(0)

    def main(self) -> int:
        places = ["--config", "gate.json", "--runtime", "run", "--bundles", "bundles", "--lease", "lease.json"]
        arguments = [each if each.startswith("--") else str(self.root / each) for each in places]

        async def story() -> int:
            control = Control(self.root / "run/gate.sock", self._answer)
            await control.start()
            try:
                return await asyncio.to_thread(reinstate.main, arguments, self.run)
            finally:
                control.stop()
                await asyncio.sleep(0.01)

        return asyncio.run(story())


@pytest.fixture
def node(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    monkeypatch.setattr(reinstate, "read_at_start", lambda _run: "")
    monkeypatch.setattr(reinstate, "BUSY", 0)
    return Node(tmp_path)


def test_everything_is_made_to_read_its_files_again_and_then_the_gate_is_told(
    node: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    assert node.main() == 0
    first, last = node.asked
    assert first == {"verb": "reinstate", "fingerprint": node.now(), "ask": True}
    assert last == {"verb": "reinstate", "fingerprint": node.now()}
    assert node.ran == [" ".join(command) for command in reinstate.commands(["bird.service", "knot.service"])]
    assert node.ran[-1] == RESTARTED
    assert (node.root / "run/fingerprint").read_text() == node.now() + "\n"
    assert "counts again, up to live" in capsys.readouterr().out


@pytest.mark.parametrize("why", ["revoked", "dark is asked for"])
def test_nothing_is_touched_when_the_gate_does_not_want_it(
    node: Node, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    node.answers = [{"changed": False, "refused": why}]
    assert (node.main(), node.ran) == (0, [])
    assert f"not now: {why}" in capsys.readouterr().out


@pytest.mark.parametrize("answer", [{"changed": False, "refused": "no"}, {"error": "full"}, {"usage": "what?"}])
def test_a_gate_that_does_not_take_it_makes_the_helper_fail(node: Node, answer: dict[str, t.Any]) -> None:
    node.answers = [AGREED, answer]
    assert node.main() == 1


def test_files_that_change_meanwhile_are_not_told_as_certified(node: Node, capsys: pytest.CaptureFixture[str]) -> None:

    def change(_command: str) -> None:
        node.file.write_text("otherwise")

    node.meanwhile = change
    assert (node.main(), len(node.asked)) == (1, 1)
    assert "has changed meanwhile" in capsys.readouterr().err
    assert (node.root / "run/fingerprint").read_text() == node.now() + "\n", "the gate is to know"


@pytest.mark.parametrize(
    "broken", ["daemon-reload", "ldconfig", "sysctl", "nft", "networkctl", "ssh", "bird.service", "imrs-gate"]
)
def test_what_cannot_be_made_so_leaves_the_node_dark(
    node: Node, broken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(command: str) -> None:
        if broken in command:
            raise ValueError(f"{command} (rc 1): no")

    node.meanwhile = fail
    assert (node.main(), len(node.asked)) == (1, 1)
    assert broken in node.ran[-1], "nothing is done after a failure"
    assert "stays dark" in capsys.readouterr().err


def test_a_node_without_a_gate_is_one_sentence(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    node = Node(tmp_path)
    arguments = ["--config", str(tmp_path / "gate.json"), "--runtime", str(tmp_path / "run")]
    assert (
        reinstate.main(
            [*arguments, "--bundles", str(tmp_path / "bundles"), "--lease", str(tmp_path / "lease.json")], node.run
        )
        == 1
    )
    assert (capsys.readouterr().err.count("\n"), node.ran) == (1, [])


@pytest.mark.parametrize("left", ["network.changing.journal", "network.unconfirmed.journal", "routing.owed", "lock"])
def test_a_bundle_that_has_begun_and_not_ended_comes_first(
    node: Node, left: str, capsys: pytest.CaptureFixture[str]
) -> None:
    state = node.root / "bundles"
    state.mkdir()
    with (state / ".lock").open("a") as lock:
        if left == "lock":
            fcntl.flock(lock, fcntl.LOCK_EX)
        else:
            (state / left).touch()
        assert (node.main(), node.asked, node.ran) == (0, [], [])
    assert "not now: a " in capsys.readouterr().out


RUN = lease.Run("id", "xlb01", "alice@here", "site.yml")


def test_a_run_that_holds_the_node_comes_first_and_its_end_is_waited_for(
    node: Node, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = lease.Place(str(node.root))
    place.take(RUN)
    assert (node.main(), node.asked, node.ran) == (0, [], [])
    assert "a run of a playbook holds this node (site.yml by alice@here)" in capsys.readouterr().out
    monkeypatch.setattr(reinstate, "BUSY", 60)
    monkeypatch.setattr(reinstate.time, "sleep", lambda _seconds: place.leave(RUN))
    assert node.main() == 0
    assert node.ran[-1] == RESTARTED


def test_a_run_that_ended_without_a_word_is_waited_for_no_longer_than_so(node: Node) -> None:
    """It may have locked itself out, and left the hold on the node."""
    lease.Place(str(node.root), lambda: time.clock_gettime(time.CLOCK_BOOTTIME) - bundles.AT_WORK).take(RUN)
    assert node.main() == 0
    assert node.ran[-1] == RESTARTED


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"until": "x"}', '{"until": 1e18, "run": []}'])
def test_a_lease_that_nobody_can_read_keeps_the_node_dark(
    node: Node, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (node.root / "lease.json").write_text(content)
    assert (node.main(), node.ran) == (0, [])
    assert "nobody knows whether a run holds this node" in capsys.readouterr().out


def test_no_bundle_begins_meanwhile(node: Node) -> None:
    taken: list[bool] = []

    def bundle(_command: str) -> None:
        for name in (".helper", ".lock"):
            with (node.root / "bundles" / name).open("a") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    taken.append(True)
                except BlockingIOError:
                    taken.append(False)

    node.meanwhile = bundle
    assert node.main() == 0
    assert taken
    assert not any(taken)


@pytest.mark.parametrize("what", ["20-imrs-uplink.netdev", "networkd.conf.d/20-imrs.conf", "networkd.conf.d"])
def test_what_networkd_takes_in_only_at_its_start_must_be_older(tmp_path: pathlib.Path, what: str) -> None:
    """The time of a change of the inode counts: the file's own can be put back."""
    node = Node(tmp_path)
    (tmp_path / "networkd.conf.d").mkdir()
    path = tmp_path / what
    if what != "networkd.conf.d":
        path.touch()
        os.utime(path, (0, 0))
    patterns = [f"{tmp_path}/*.netdev", f"{tmp_path}/networkd.conf.d", f"{tmp_path}/networkd.conf.d/*"]
    node.started_before = 60
    assert str(path) in reinstate.read_at_start(node.run, patterns)
    node.started_before = -60
    assert reinstate.read_at_start(node.run, patterns) == ""


def test_a_networkd_of_which_nothing_is_known_leaves_the_node_dark(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    node = Node(tmp_path)
    monkeypatch.setattr(reinstate, "READ_AT_START", [])
    monkeypatch.setattr(reinstate, "read_at_start", lambda _run: "/etc/systemd/network/x.netdev")
    assert (node.main(), node.ran) == (1, [])
    assert "x.netdev. Start the node anew" in capsys.readouterr().err


def test_a_command_that_fails_or_is_missing_or_hangs_is_one_sentence(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reinstate.run(["echo", "well"]) == "well"
    with pytest.raises(ValueError, match=r"sh -c .* \(rc 3\): no"):
        reinstate.run(["sh", "-c", "echo no; exit 3"])
    with pytest.raises(FileNotFoundError):
        reinstate.run([str(tmp_path / "none")])
    monkeypatch.setattr(reinstate, "LONGEST", 0.05)
    with pytest.raises(ValueError, match="no end after"):
        reinstate.run(["sleep", "60"])


def test_both_rooms_mean_the_same_lease() -> None:
    assert str(bundles.LEASE.parent) == places.Places().boot
    assert bundles.LEASED == lease.SECONDS


def _activations(tasks: t.Any) -> t.Iterator[str]:
    """Every command of every bundle that is told to a daemon when its files have changed."""
    for task in tasks:
        for activation in task.get("icann.imrs.bundle", {}).get("activate", []):
            command = activation["command"]
            yield command if isinstance(command, str) else " ".join(command)


WATCHES = "imrs-fingerprint-due.path imrs-fingerprint.path imrs-fingerprint-absent.path"
FRR_RELOAD = "/usr/lib/frr/frr-reload.py --reload --stdout --log-level error /etc/frr/frr.conf"
PROFILE = (
    'sh -c "if [ -e /etc/apparmor.d/imrs-{0} ] && aa-enabled --quiet; then'
    ' apparmor_parser --replace --write-cache /etc/apparmor.d/imrs-{0}; fi"'
)
ELSEWHERE = {
    **{PROFILE.format(name): "is not certified" for name in ("bird", "frr", "gate", "knot", "nsd")},
    'sh -c "if aa-enabled --quiet; then systemctl reload-or-restart apparmor.service; fi"': "is not certified",
    "systemd-tmpfiles --create /etc/tmpfiles.d/61-imrs-lockdown.conf": "is not certified",
    "systemctl daemon-reexec": "is not certified",
    "systemd-sysusers /etc/sysusers.d/imrs.conf": "is not certified",
    "systemd-sysusers": "is not certified",
    "systemd-tmpfiles --create --prefix=/home": "is not certified",
    (
        """sh -c 'if [ -e /etc/imrs-console ]; then chpasswd --encrypted < /etc/imrs-console && usermod --expiredate ""
 imrs-console; else usermod --lock --expiredate 1 imrs-console; fi'"""
    ).replace("\n", ""): "is not certified",
    "sh -c 'if command -v update-grub; then update-grub; fi'": "is not certified",
    (
        "sh -c 'if [ -e /etc/imrs-log/server.pem ]; then systemctl try-restart imrs-log.service; "
        "else systemctl disable --now imrs-log.service; fi'"
    ): "is not certified",
    "systemctl restart systemd-journald.service": "is not certified",
    "journalctl --flush": "is not certified",
    "systemctl try-restart apt-daily-upgrade.timer": "is not certified",
    (
        "sh -c 'if systemctl is-active --quiet smartmontools.service; then systemctl restart smartmontools.service; fi'"
    ): "is not certified",
    (
        "sh -c 'if systemctl is-active --quiet auditd.service; then systemctl restart auditd.service; fi'"
    ): "is not certified",
    "systemctl restart chrony.service": "is not certified",
    f"systemctl restart {WATCHES}": "is not certified",
    "systemctl reload imrs-gate.service": "is restarted",
    "knotc reload": "is restarted",
    "knotc zone-refresh": "is restarted",
    "nsd-control reconfig": "is restarted",
    f"""sh -c "try='{FRR_RELOAD}'; $try || $try\"""": "is restarted",
    "sh -c ip link delete group {{ __network_group }} || :": "never: read_at_start()",
    "systemctl try-restart imrs-identity.service": "is not certified",
    "systemctl restart systemd-networkd.service": "never: read_at_start()",
}
"""Activations that the helper has no counterpart of, and why."""


def test_no_activation_of_a_role_is_forgotten() -> None:
    helped = [" ".join(each) for names in (("bird", "knot"), ("frr", "nsd")) for each in reinstate.commands(names)]
    words = {word.removesuffix(".service") for command in helped for word in command.split()}
    found = {
        command
        for path in ROLES.glob("*/tasks/files*.yml")
        for command in _activations(yaml.safe_load(path.read_text(encoding="utf-8")))
    }
    assert len(found) > 15
    for command in found - ELSEWHERE.keys():
        program, *rest = command.split()
        unit = rest[-1].removesuffix(".service") if rest else ""
        assert command in helped or (program == "systemctl" and unit in words), command
    assert ELSEWHERE.keys() <= found

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a signed question to a master proves: Knot DNS and NSD as masters, with the right key and with wrong ones."""

from __future__ import annotations

import base64
import pathlib
import socket
import subprocess
import time
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import signed
from imrs_gate_bench import run, until

NAME = "xlb01-dist1.lab.example."
SECRET = base64.b64encode(b"the secret that both sides have!").decode()
OTHER = base64.b64encode(b"another secret, as valid as that").decode()
ZONE = "example. 60 IN SOA ns.example. mail.example. 7 1800 900 604800 86400\nexample. 60 IN NS ns.example.\n"

KNOT = """
server:
    rundir: {directory}
    listen: 127.0.0.1@{port}
database:
    storage: {directory}
control:
    listen: {directory}/knot.sock
key:
  - id: {name}
    algorithm: hmac-sha256
    secret: {secret}
acl:
  - id: node
    key: {name}
    action: transfer
  - id: stranger
    address: 192.0.2.66
    action: transfer
zone:
  - domain: example.
    file: {directory}/zone
    acl: [ {acl} ]
    journal-content: none
    zonefile-load: whole
"""
NSD = """server:
  username: ""
  chroot: ""
  port: {port}
  ip-address: 127.0.0.1
  zonesdir: "{directory}"
  pidfile: "{directory}/nsd.pid"
  xfrdfile: "{directory}/xfrd"
  zonelistfile: "{directory}/zonelist"
  xfrdir: "{directory}"
  server-count: 1
remote-control:
  control-enable: no
key:
  name: {name}
  algorithm: hmac-sha256
  secret: "{secret}"
zone:
  name: example.
  zonefile: "{directory}/zone"
  provide-xfr: {acl}
"""
MASTERS = {
    "knot": (KNOT, ("knotd", "-c"), "node", "stranger"),
    "nsd": (NSD, ("nsd", "-d", "-c"), f"0.0.0.0/0 {NAME}", "192.0.2.66 NOKEY"),
}


PORT = 5353
"""The network of these tests is their own."""


@pytest.fixture(autouse=True, scope="module")
def loopback() -> None:
    run("ip", "link", "set", "lo", "up")


class Master:
    """One master daemon on loopback."""

    def __init__(self, directory: pathlib.Path, provider: str, *, transfers: bool = True) -> None:
        template, self.command, granted, denied = MASTERS[provider]
        (directory / "zone").write_text(ZONE)
        self.file = directory / "master.conf"
        acl = granted if transfers else denied
        self.file.write_text(
            template.format(directory=directory, port=PORT, name=NAME, secret=SECRET, acl=acl), encoding="ascii"
        )
        self.keys = directory / "keys.conf"

    def __enter__(self) -> t.Self:
        self.process = subprocess.Popen([*self.command, str(self.file)])
        until(self._answers, what="the master")
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        finally:
            self.process.kill()

    def _answers(self) -> bool:
        assert self.process.poll() is None, "the master ended"
        try:
            socket.create_connection(("127.0.0.1", PORT), 1).close()
        except OSError:
            return False
        return True

    def asked(self, kind: str, name: str = NAME, secret: str = SECRET, deadline: float = 0) -> dict[str, t.Any]:
        """The evidence of one question, with a key file as the nameserver has it."""
        self.keys.write_text(f'key:\n  - id: "{name}"\n    algorithm: hmac-sha256\n    secret: "{secret}"\n')
        question: signed.Question = {
            "name": "example.",
            "type": kind,
            "server": "127.0.0.1",
            "port": PORT,
            "key": name,
            "tls": None,
        }
        (found,) = signed.ask_all([question], str(self.keys), {"example.": 7}, deadline)
        assert secret not in str(found)
        return found


@pytest.fixture(params=list(MASTERS))
def master(tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> t.Iterator[Master]:
    with Master(tmp_path, request.param) as running:
        until(lambda: running.asked("SOA")["result"] == signed.VERIFIED, what="the zone")
        yield running


@pytest.mark.parametrize("kind", ["SOA", "IXFR"])
def test_an_answer_signed_with_our_key_is_verified(master: Master, kind: str) -> None:
    found = master.asked(kind)
    assert (found["result"], found["rcode"]) == ("verified", "NOERROR")


@pytest.mark.parametrize("kind", ["SOA", "IXFR"])
def test_another_secret_is_told_from_another_key(master: Master, kind: str) -> None:
    assert master.asked(kind, secret=OTHER)["result"] == "BADSIG"
    found = master.asked(kind, name="nobody.lab.example.")
    assert (found["result"], found["rcode"]) in [("BADKEY", ""), ("unsigned", "NOTAUTH")]  # Knot does not say BADKEY


def test_a_secret_that_is_none_is_told_without_its_words(master: Master) -> None:
    assert master.asked("SOA", secret="not-base-64!")["result"] == "unusable key"


@pytest.mark.parametrize("provider", list(MASTERS))
def test_a_key_that_may_not_transfer_is_told(tmp_path: pathlib.Path, provider: str) -> None:
    with Master(tmp_path, provider, transfers=False) as master:
        found = master.asked("IXFR")
        assert (found["result"], found["rcode"]) != ("verified", "NOERROR"), found
        assert found["result"] in {"verified", "unsigned", "BADKEY"}, found


def test_a_master_that_comes_late_is_waited_for(tmp_path: pathlib.Path) -> None:
    master = Master(tmp_path, "knot")
    assert master.asked("SOA")["result"] == "connection refused"
    with master:
        found = master.asked("SOA", deadline=time.monotonic() + 30)
    assert found["result"] == "verified"

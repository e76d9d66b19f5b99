# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd-journal-upload, with what role hardening writes, sends the log to whom the fleet names and to nobody else.

The server is systemd-journal-remote, or, where a handshake is enough, a TLS server of Python's. What a node sends after
an outage is the drill tests/drills/test_forwarded.py. Needs root and the lab image; no systemd runs.
"""

from __future__ import annotations

import contextlib
import pathlib
import re
import shutil
import subprocess
import typing as t

import imrs_clock_authority as made
import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import forwarded
from ansible_collections.icann.imrs.plugins.module_utils._site import certificates
from imrs_gate_bench import run, until

if t.TYPE_CHECKING:
    from collections.abc import Iterator

NODE = pathlib.Path(__file__).parents[1] / "golden/example/acc01"
UNIT = (NODE / "etc/systemd/system/imrs-log.service").read_text(encoding="ascii")
FOLDER, CONF = pathlib.Path("/etc/imrs-log"), pathlib.Path("/etc/systemd/journal-upload.conf.d/60-imrs.conf")
REMOTE = "/usr/lib/systemd/systemd-journal-remote"
MACHINE, BOOT = 32 * "a", 32 * "b"
JOURNAL = pathlib.Path(f"/var/log/journal/{MACHINE}/system.journal")
NAME, PORT = "log.imrs.example", 19532
TRUSTED = "/etc/ssl/certs"
COUNT = 1000


def entries(first: int, last: int) -> bytes:
    """Lines as journalctl exports them (systemd.journal-export-formats), a millisecond apart, and years old."""
    each = "__REALTIME_TIMESTAMP={}\n__MONOTONIC_TIMESTAMP={}\n_BOOT_ID={}\nMESSAGE={}\n\n"
    numbers = range(first, last + 1)
    return "".join(each.format(1_700_000_000_000_000 + n * 1000, n * 1000, BOOT, n) for n in numbers).encode()


@pytest.fixture(autouse=True)
def node(tmp_path: pathlib.Path) -> Iterator[pathlib.Path]:
    """The role's files in their places, the log server's addresses, and a log; the state file."""
    pathlib.Path("/etc/machine-id").write_text(f"{MACHINE}\n")
    shutil.copytree(NODE / "etc/imrs-log", FOLDER)
    CONF.parent.mkdir(exist_ok=True)
    shutil.copy(NODE / CONF.relative_to("/"), CONF)
    run("ip", "link", "set", "lo", "up")
    hosts = (FOLDER / "hosts").read_text().splitlines()
    addresses = [line.split()[0] for line in hosts if line.endswith(f" {NAME}")]
    for text in addresses:
        run("ip", "address", "add", text, "dev", "lo", *(["nodad"] if ":" in text else []))
    JOURNAL.parent.mkdir(parents=True)
    subprocess.run([REMOTE, f"--output={JOURNAL}", "-"], input=entries(1, COUNT), check=True, capture_output=True)
    yield tmp_path / "state"
    for text in addresses:
        run("ip", "address", "delete", text, "dev", "lo")
    for folder in (FOLDER, CONF.parent, JOURNAL.parent):
        shutil.rmtree(folder)


def certified(folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    """A key and a certificate, by the command that a refusal of the sheet prints."""
    folder.mkdir()
    command = certificates.COMMAND.format(name=NAME).split()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "server.key", folder / "server.pem"


@contextlib.contextmanager
def server(folder: pathlib.Path, key: pathlib.Path, certificate: pathlib.Path) -> Iterator[None]:
    """systemd-journal-remote, once it listens."""
    (folder / "received").mkdir(exist_ok=True)
    options = (f"--key={key}", f"--cert={certificate}", f"--output={folder / 'received'}", "--split-mode=host")
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen([REMOTE, f"--listen-https=[::]:{PORT}", *options], stdout=log, stderr=log)
    try:
        until(lambda: f":{PORT} " in subprocess.check_output(["ss", "-Hlnt"], text=True), 20, "the log server")
        yield
    finally:
        process.terminate()
        process.wait(20)


def sent(state: pathlib.Path, *, sees_authorities: bool = False) -> str:
    """Send what there is, as the unit does: with its hosts, and without what it may not see; what was said."""
    (command,) = re.findall(r"(?m)^ExecStart=(\S+) ", UNIT)
    (hosts,) = re.findall(r"(?m)^BindReadOnlyPaths=-(\S+):/etc/hosts$", UNIT)
    (hidden,) = re.findall(r"(?m)^InaccessiblePaths=-(\S+)$", UNIT)
    assert hidden == TRUSTED
    hide = "" if sees_authorities else f"mount -t tmpfs tmpfs {hidden}; "
    script = f'mount --bind {hosts} /etc/hosts; {hide}exec "$@"'
    command = ["unshare", "--mount", "sh", "-ec", script, "sh", command, f"--save-state={state}", "--follow=no"]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60).stderr


def received(folder: pathlib.Path) -> list[int]:
    command = ["journalctl", f"--directory={folder / 'received'}", "--output=cat", "--quiet", "--no-pager"]
    return [int(line) for line in subprocess.check_output(command, text=True).splitlines()]


def test_every_line_arrives_and_the_next_start_goes_on_there(node: pathlib.Path, tmp_path: pathlib.Path) -> None:
    key, certificate = certified(tmp_path / "own")
    shutil.copy(certificate, FOLDER / "server.pem")
    with server(tmp_path, key, certificate):
        said = sent(node)
    assert "Unknown" not in said, "a line of the file that it does not know"
    assert received(tmp_path) == list(range(1, COUNT + 1)), said
    assert forwarded.read(state=str(node))["waits"] == 0.0
    subprocess.run([REMOTE, f"--output={JOURNAL}", "-"], input=entries(COUNT + 1, COUNT + 9), check=True)
    assert "Could not connect" in sent(node)
    assert forwarded.read(state=str(node))["waits"] > 1e6
    with server(tmp_path, key, certificate):
        sent(node)
    # 257 begins with the last line that was acknowledged, not behind it (docs/hardening.md).
    assert received(tmp_path) == [*range(1, COUNT + 1), *range(COUNT, COUNT + 10)]


def test_who_has_another_certificate_gets_nothing(node: pathlib.Path, tmp_path: pathlib.Path) -> None:
    _key, certificate = certified(tmp_path / "own")
    shutil.copy(certificate, FOLDER / "server.pem")
    with server(tmp_path, *certified(tmp_path / "other")):
        assert "SSL certificate problem" in sent(node)
    assert received(tmp_path) == []
    assert not node.exists()


@pytest.mark.parametrize("sees_authorities", [False, True])
def test_no_authority_of_the_system_vouches_for_another_one(
    node: pathlib.Path, tmp_path: pathlib.Path, sees_authorities: bool
) -> None:
    """The guard: a unit that sees them takes a certificate of theirs, whatever it was told to trust."""
    authority = made.authority()
    secret, certificate = authority.certify(NAME)
    key, pem, trusted = tmp_path / "server.key", tmp_path / "server.pem", pathlib.Path(TRUSTED) / "of-a-test.pem"
    key.write_bytes(secret)
    pem.write_bytes(certificate)
    trusted.write_bytes(authority.pem)
    number = subprocess.check_output(["openssl", "x509", "-noout", "-hash", "-in", str(trusted)], text=True).strip()
    link = trusted.with_name(f"{number}.0")
    link.symlink_to(trusted.name)
    try:
        with server(tmp_path, key, pem):
            said = sent(node, sees_authorities=sees_authorities)
    finally:
        link.unlink()
        trusted.unlink()
    assert ("SSL certificate problem" in said, received(tmp_path) == []) == (2 * (not sees_authorities,))

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Throw-away secrets of one lab instance, made at run time and kept under its secrets folder (0700)."""

from __future__ import annotations

import base64
import secrets
import sys

from . import shell, topology

SIGNER = "certificates"
"""The file of the key that signs certificates."""
LOG_SERVER = "log_server"
"""The file of the log server's key."""


def make(lab: topology.Lab, plan: topology.Plan, others: tuple[topology.Machine, ...] = ()) -> None:
    """TSIG keys, BGP passwords, Ansible's SSH key, and a host key for every machine and ``others``; old ones stay."""
    lab.secrets.mkdir(parents=True, exist_ok=True)
    lab.secrets.chmod(0o700)
    for appliance in plan.appliances:
        for key in appliance.keys:
            _once(lab, key.secret, base64.b64encode(secrets.token_bytes(32)).decode())
    for session in (session for each in plan.appliances for session in each.sessions):
        if session.secret:
            _once(lab, session.secret, secrets.token_urlsafe(24))
    _ssh_key(lab, "id_ed25519", f"{topology.OPERATOR}@{lab.name}")
    known, machines = [], (*plan.machines, *others)
    for machine in machines:
        if machine.hardware and machine.hardware.disks:  # its medium has one
            continue
        public = _ssh_key(lab, f"host_{machine.name}", machine.name)
        known.append(f"{machine.name} {public}")
    shell.write(lab.secrets / "known_hosts", "\n".join(known) + "\n", 0o600)
    shell.write(lab.state / "ssh_config", _ssh_config(lab, machines))


def _ssh_config(lab: topology.Lab, machines: tuple[topology.Machine, ...]) -> str:
    """``ssh -F .lab/imrs/ssh_config xlb01``: the one description of how machines are entered."""
    entries = "".join(
        f"Host {each.name} {each.management}\n  HostName {each.management}\n  HostKeyAlias {each.name}\n"
        for each in machines
    )
    return f"""{entries}Host *
  User {topology.OPERATOR}
  IdentityFile {lab.secrets}/id_ed25519
  IdentitiesOnly yes
  StrictHostKeyChecking yes
  UserKnownHostsFile {lab.secrets}/known_hosts
  GlobalKnownHostsFile /dev/null
  ProxyCommand {sys.executable} {topology.ROOT}/tests/lab/relay.py {lab.outer} %h %p
"""


def read(lab: topology.Lab, name: str) -> str:
    """A secret's text."""
    return (lab.secrets / name).read_text().strip()


def signer(lab: topology.Lab) -> str:
    """The public half of the key that signs certificates, in two words."""
    lab.secrets.mkdir(0o700, parents=True, exist_ok=True)
    return _ssh_key(lab, SIGNER, f"certificates of {lab.name}")


def log_server(lab: topology.Lab) -> tuple[str, str]:
    """The log server's key, and its certificate, signed by itself; both in PEM."""
    key, certificate = lab.secrets / LOG_SERVER, lab.secrets / f"{LOG_SERVER}.pem"
    if not certificate.exists():
        lab.secrets.mkdir(0o700, parents=True, exist_ok=True)
        shell.run(*self_signed(str(key), str(certificate)))
    return key.read_text(), certificate.read_text()


def self_signed(key: str, certificate: str) -> list[str]:
    """The command that makes a key, and a certificate of the log server's name."""
    return [
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
        *("-days", "3650", "-keyout", key, "-out", certificate, "-subj", f"/CN={topology.LOG_NAME}"),
        *("-addext", f"subjectAltName=DNS:{topology.LOG_NAME}", "-addext", "basicConstraints=critical,CA:FALSE"),
    ]


def _once(lab: topology.Lab, name: str, value: str) -> None:
    path = lab.secrets / name
    if not path.exists():
        shell.write(path, value + "\n", 0o600)


def _ssh_key(lab: topology.Lab, name: str, comment: str) -> str:
    path = lab.secrets / name
    if not path.exists():
        shell.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path))
    return " ".join(path.with_suffix(".pub").read_text().split()[:2])

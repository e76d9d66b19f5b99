# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of signed certificates: a key signs, by OpenSSH, and nobody is asked for a passphrase.

The file is a private key, which Ansible Vault may have encrypted, or a public key whose other half is in an agent.
"""

from __future__ import annotations

import hashlib
import os
import pathlib
import subprocess
import typing as t

import yaml
from ansible.errors import AnsibleError
from ansible_collections.icann.imrs.plugins.module_utils._statement import NAMESPACE

PATIENCE = 60.0
"""Seconds for a signature: a key in hardware waits to be touched."""
_ROOT = pathlib.Path(__file__).resolve().parents[2]
_SIGNED_PARTS = ("plugins", "roles", "playbooks")


class Loader(t.Protocol):
    """What is needed of Ansible's loader of files."""

    def get_real_file(self, file_path: str, decrypt: bool = True) -> str:
        """A file that can be read, decrypted where it has to be."""

    def cleanup_tmp_file(self, file_path: str) -> None:
        """Remove what the other one has made."""


def sign(text: str, key: str, loader: Loader, namespace: str = NAMESPACE) -> str:
    """The signature of a text for a purpose (``namespace``), in OpenSSH's armour; ValueError says why there is none."""
    return _keygen(key, loader, "-Y", "sign", "-n", namespace, "-q", text=text)


def signer(key: str, signers: t.Sequence[t.Mapping[str, str]], loader: Loader) -> str:
    """The name of the key in the fleet, once it has proven that it can sign; ValueError says why it is of no use."""
    _refuse_content(key)
    if not key:
        raise ValueError(
            "certificates of this fleet are signed (certificate in fleet.yml): say which key signs, with "
            "-e imrs_signing_key=FILE. FILE is a private key, also one that Ansible Vault has encrypted, or the public "
            "key of one in an agent"
        )
    collection()  # what is signed tells it, and a run must not fail for that when all is done
    public = pathlib.Path(_path(key)).read_text("utf-8") if key.endswith(".pub") else _keygen(key, loader, "-y")
    found = [each["name"] for each in signers if each["key"].split()[:2] == public.split()[:2]]
    if not found:
        known = ", ".join(each["name"] for each in signers)
        raise ValueError(f"{key} is none of the keys of the fleet ({known}; certificate.signers in fleet.yml)")
    sign("can it sign?", key, loader)
    return found[0]


def collection() -> dict[str, str]:
    """Version of the collection, and the SHA-256 of what it runs: plugins, roles and playbooks, file by file.

    ValueError when that cannot be read.
    """
    try:
        return _collection()
    except (OSError, yaml.YAMLError) as error:
        raise ValueError(f"the collection itself cannot be read, so nothing is signed: {error}") from error


def _refuse_content(key: str) -> None:
    """A key in place of a file's name must not come into a message."""
    if "\n" in key or "PRIVATE KEY" in key:
        raise ValueError(
            "imrs_signing_key is the name of a file, and no key; put the key into a file, which Ansible Vault "
            "may encrypt"
        )


def _path(key: str) -> str:
    """The file, as seen from where the command was given; Ansible itself looks beside the playbook."""
    try:
        return str(pathlib.Path(key).expanduser().absolute())
    except RuntimeError as error:  # ~ of nobody
        raise ValueError(f"the signing key {key} cannot be found: {error}") from error


def _collection() -> dict[str, str]:
    digest = hashlib.sha256()
    files = sorted(path for part in _SIGNED_PARTS for path in (_ROOT / part).rglob("*") if path.is_file())
    for path in files:
        if "__pycache__" not in path.parts:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{content} {path.relative_to(_ROOT)}\n".encode())
    return {"version": _version(), "digest": f"sha256:{digest.hexdigest()}"}


def _version() -> str:
    """From what Galaxy installs, or from a checkout."""
    for name in ("MANIFEST.json", "galaxy.yml"):
        if (path := _ROOT / name).is_file():
            data = yaml.safe_load(path.read_text("utf-8"))
            return str(data.get("collection_info", data).get("version", "unknown"))
    return "unknown"


def _keygen(key: str, loader: Loader, *words: str, text: str = "") -> str:
    """What ssh-keygen prints for a key. It has no terminal, so it cannot ask for anything."""
    _refuse_content(key)
    try:
        file = _path(key) if key.endswith(".pub") else loader.get_real_file(_path(key))
    except AnsibleError as error:
        raise ValueError(f"the signing key {key} cannot be read: {error}") from error
    try:
        done = subprocess.run(
            ("ssh-keygen", *words, "-f", file),
            input=text,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE,
            start_new_session=True,
            env={**os.environ, "SSH_ASKPASS_REQUIRE": "never"},
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ValueError(f"the signing key {key} cannot be used: {error}") from error
    finally:
        loader.cleanup_tmp_file(file)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"ssh-keygen ended with {done.returncode}"])[-1].replace(file, key)
        raise ValueError(f"the signing key {key} cannot be used: {said}. A key with a passphrase has to be in an agent")
    return done.stdout

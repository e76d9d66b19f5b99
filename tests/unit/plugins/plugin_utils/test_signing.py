# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the key that signs may be, and what is said of one that is of no use."""

from __future__ import annotations

import os
import pathlib
import subprocess

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultEditor, VaultLib, VaultSecret
from ansible_collections.icann.imrs.plugins.plugin_utils import signing


def key(folder: pathlib.Path, name: str, passphrase: str = "") -> pathlib.Path:
    words = ("ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", str(folder / name))
    subprocess.run(words, check=True)
    return folder / name


def signers(path: pathlib.Path) -> list[dict[str, str]]:
    return [{"name": "dnseng", "key": " ".join(path.with_suffix(".pub").read_text().split()[:2])}]


def test_a_key_in_a_file(tmp_path: pathlib.Path) -> None:
    mine = key(tmp_path, "mine")
    assert signing.signer(str(mine), signers(mine), DataLoader()) == "dnseng"
    assert signing.sign("text", str(mine), DataLoader()).startswith("-----BEGIN SSH SIGNATURE-----")


@pytest.mark.parametrize("name", ["mine", "./mine", "~/mine"])
def test_a_path_is_seen_from_where_the_command_is_given(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    mine = key(tmp_path, "mine")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert signing.signer(name, signers(mine), DataLoader()) == "dnseng"
    with pytest.raises(ValueError, match="the signing key ~nobody-here/key cannot be found"):
        signing.signer("~nobody-here/key", signers(mine), DataLoader())


def test_a_key_that_ansible_vault_has_encrypted(tmp_path: pathlib.Path) -> None:
    mine, secret = key(tmp_path, "mine"), VaultSecret(b"only here")
    VaultEditor(VaultLib([("default", secret)])).encrypt_file(str(mine), secret)
    assert mine.read_text().startswith("$ANSIBLE_VAULT")
    loader = DataLoader()
    with pytest.raises(ValueError, match="cannot be read"):
        signing.sign("text", str(mine), loader)
    loader.set_vault_secrets([("default", secret)])
    assert signing.signer(str(mine), signers(mine), loader) == "dnseng"


def test_a_key_in_an_agent(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = key(tmp_path, "mine", "a long passphrase")
    words = ("ssh-agent", "-D", "-a", str(tmp_path / "agent"))
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as agent:
        try:
            assert agent.stdout is not None
            agent.stdout.readline()  # it says where it listens once it does
            monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
            asked = tmp_path / "ask"
            asked.write_text("#!/bin/sh\necho a long passphrase\n")
            asked.chmod(0o700)
            environment = {**os.environ, "SSH_ASKPASS": str(asked), "SSH_ASKPASS_REQUIRE": "force"}
            subprocess.run(("ssh-add", "-q", str(mine)), env=environment, check=True)
            assert signing.signer(f"{mine}.pub", signers(mine), DataLoader()) == "dnseng"
        finally:
            agent.terminate()


def test_nobody_is_asked_for_a_passphrase(tmp_path: pathlib.Path) -> None:
    mine = key(tmp_path, "mine", "a long passphrase")
    with pytest.raises(ValueError, match="A key with a passphrase has to be in an agent"):
        signing.sign("text", str(mine), DataLoader())


@pytest.mark.parametrize("name", ["mine", "mine.pub"])
def test_a_key_that_is_not_the_fleet_s_is_refused_before_anything_begins(tmp_path: pathlib.Path, name: str) -> None:
    key(tmp_path, "mine")
    with pytest.raises(ValueError, match=r"is none of the keys of the fleet \(dnseng;"):
        signing.signer(str(tmp_path / name), signers(key(tmp_path, "other")), DataLoader())


def test_a_public_key_whose_other_half_is_nowhere_is_refused(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    mine = key(tmp_path, "mine")
    mine.unlink()
    with pytest.raises(ValueError, match="cannot be used"):
        signing.signer(f"{mine}.pub", signers(mine), DataLoader())


def test_no_key_is_named_with_the_way_to_give_one() -> None:
    with pytest.raises(ValueError, match="-e imrs_signing_key=FILE"):
        signing.signer("", [], DataLoader())


def test_a_key_in_place_of_a_files_name_comes_into_no_message(tmp_path: pathlib.Path) -> None:
    content = key(tmp_path, "mine").read_text()
    for ask in (lambda: signing.signer(content, [], DataLoader()), lambda: signing.sign("text", content, DataLoader())):
        with pytest.raises(ValueError, match="is the name of a file, and no key") as caught:
            ask()
        assert content.splitlines()[1] not in str(caught.value)


def test_a_collection_that_cannot_be_read_is_told_before_anything_begins(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = key(tmp_path, "mine")
    (tmp_path / "plugins").mkdir()
    (tmp_path / "galaxy.yml").write_text("version: [")
    monkeypatch.setattr(signing, "_ROOT", tmp_path)
    with pytest.raises(ValueError, match="the collection itself cannot be read"):
        signing.signer(str(mine), signers(mine), DataLoader())


def test_a_certificate_names_the_collection_by_what_it_runs() -> None:
    found = signing.collection()
    assert found == signing.collection()
    assert found["digest"].startswith("sha256:")
    assert found["version"][0].isdigit()

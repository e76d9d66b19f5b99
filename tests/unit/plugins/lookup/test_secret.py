# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one way of secrets into templates: values for nodes, names for readers, and never a value in an error."""

from __future__ import annotations

import hashlib
import pathlib
import re
import typing as t

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.icann.imrs.plugins.lookup import secret

KEY = "c2VjcmV0LXNlY3JldC1zZWNyZXQ="
KNOWN = "<vault_x>"
RENDER = {"imrs_render_directory": "/somewhere"}


def look_up(*names: t.Any, use: str | None = None, **variables: t.Any) -> list[str]:
    """Ask for names on host nbo01; texts with braces are templates, as those of an inventory are."""
    known = {
        name: trust_as_template(value) if isinstance(value, str) else value
        for name, value in {"inventory_hostname": "nbo01", **variables}.items()
    }
    templar = Templar(loader=DataLoader(), variables=known)
    return secret.LookupModule(loader=templar._loader, templar=templar).run(
        list(names), known, **({"use": use} if use else {})
    )


def refusal(*names: t.Any, **variables: t.Any) -> str:
    with pytest.raises(secret.SecretError) as caught:
        look_up(*names, **variables)
    assert KEY not in str(caught.value)
    return str(caught.value)


def test_values_for_nodes() -> None:
    assert look_up("vault_x", "vault_y", vault_x=KEY, vault_y=12345678) == [KEY, "12345678"]
    assert look_up("vault_x", vault_x=KEY, imrs_render_directory="") == [KEY]


def test_a_template_of_the_inventory_is_resolved(tmp_path: pathlib.Path) -> None:
    (tmp_path / "key").write_text(KEY + "\n")
    template = "{{ lookup('file', where ~ '/key') }}"
    assert look_up("vault_x", vault_x=template, where=str(tmp_path)) == [KEY]
    assert look_up("vault_x", vault_x=template, where=str(tmp_path), **RENDER) == [KNOWN]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (KEY, KNOWN),
        ("short", "<vault_x>"),
        ("", "<vault_x>"),
        ("{{ lookup('file', '/nowhere') }}", "<vault_x>"),
        ("{{ nothing }}", "<vault_x>"),
        ([KEY], "<vault_x>"),
    ],
)
def test_names_for_readers(value: t.Any, shown: str) -> None:
    assert look_up("vault_x", vault_x=value, **RENDER) == [shown]


def test_two_renders_with_one_key_show_a_change_and_nothing_that_can_be_guessed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("IMRS_RENDER_KEY", "k" * 32)
    (one,), (same,), (other,) = (look_up("vault_x", vault_x=value, **RENDER) for value in (KEY, KEY, "changed"))
    assert one == same != other
    assert re.fullmatch(r"<vault_x keyed:[0-9a-f]{12}>", one)
    assert hashlib.sha256(KEY.encode()).hexdigest()[:12] not in one
    monkeypatch.setenv("IMRS_RENDER_KEY", "j" * 32)
    assert look_up("vault_x", vault_x=KEY, **RENDER) != [one]
    monkeypatch.setenv("IMRS_RENDER_KEY", "short")
    assert "IMRS_RENDER_KEY has 5 octets" in refusal("vault_x", vault_x=KEY, **RENDER)


def test_a_secret_that_is_not_defined_has_a_name_for_readers() -> None:
    assert look_up("vault_x", **RENDER) == ["<vault_x>"]


def test_the_variable_of_render_mode_may_be_a_template() -> None:
    assert look_up("vault_x", vault_x=KEY, imrs_render_directory="{{ where }}", where="/x") == [KNOWN]


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, "nbo01: the secret vault_x is not defined; define it in the vault of this inventory, or correct the name"),
        ({"vault_x": "{{ nothing }}"}, "nbo01: the secret vault_x cannot be resolved (AnsibleUndefinedVariable)"),
        ({"vault_x": "{{ '" + KEY + "' | from_json }}"}, "nbo01: the secret vault_x cannot be resolved ("),
        ({"vault_x": ""}, "nbo01: the secret vault_x is not one text"),
        ({"vault_x": " \n"}, "nbo01: the secret vault_x is not one text"),
        ({"vault_x": None}, "nbo01: the secret vault_x is not one text"),
        ({"vault_x": [KEY]}, "nbo01: the secret vault_x is not one text"),
        ({"vault_x": {"key": KEY}}, "nbo01: the secret vault_x is not one text"),
    ],
)
def test_what_is_missing_is_named_with_its_host_and_the_remedy(variables: dict[str, t.Any], words: str) -> None:
    assert words in refusal("vault_x", **variables)


@pytest.mark.parametrize("mode", [{}, RENDER])
@pytest.mark.parametrize("name", [KEY, "imrs_site", "vault_", "vault_X", "vault_x;", "vault_x\n", 7, None, ["vault_x"]])
def test_what_is_no_name_is_refused_and_not_repeated(name: t.Any, mode: dict[str, str]) -> None:
    assert "is not the name of a vault variable" in refusal(name, vault_x=KEY, **mode)


def test_options_are_refused() -> None:
    module = secret.LookupModule(loader=None, templar=None)
    with pytest.raises(secret.SecretError, match="takes names and use only; leave out default"):
        module.run(["vault_x"], {}, default="x")


def test_one_line_end_is_left_out_a_7() -> None:
    assert look_up("vault_x", use="tsig", vault_x=f"{KEY}\n") == [KEY]
    assert "is not base64" in refusal("vault_x", use="tsig", vault_x=f"{KEY}\n\n")


@pytest.mark.parametrize(
    ("use", "value", "words"),
    [
        ("bgp", KEY * 3, "nbo01: the secret vault_x has 84 characters, and TCP MD5 takes 80 at most"),
        ("bgp", f'{KEY}"', "nbo01: the secret vault_x holds a blank, quote"),
        ("bgp", f"{KEY} x", "nbo01: the secret vault_x holds a blank, quote"),
        ("grub", "hunter2", "nbo01: the secret vault_x is not a hash as grub-mkpasswd-pbkdf2"),
        ("crypt", "hunter2", "nbo01: the secret vault_x is not a hash as mkpasswd"),
        ("tsig", f"{KEY[:-1]} ", "nbo01: the secret vault_x is not base64"),
    ],
    ids=lambda value: f"A-7 {value[:6]}",
)
def test_what_a_daemon_would_not_read_is_refused_by_its_name(use: str, value: str, words: str) -> None:
    said = refusal("vault_x", use=use, vault_x=value)
    assert said.startswith(words)
    assert value not in said
    assert look_up("vault_x", use=use, vault_x=value, **RENDER)[0].startswith("<vault_x")


def test_a_use_that_nobody_knows_is_refused() -> None:
    with pytest.raises(secret.SecretError, match="use is one of bgp, tsig, crypt"):
        look_up("vault_x", use="ssh", vault_x=KEY)

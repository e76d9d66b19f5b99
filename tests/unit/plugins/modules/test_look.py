# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look reads from a node's own programs and files; without them it has seen nothing.

And whom it refuses: a machine of another release than nodes have.
"""

from __future__ import annotations

import grp
import pathlib
import pwd
import types
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.modules import look


class Module:
    """Stands for AnsibleModule: every program gives this answer."""

    def __init__(self, status: int, output: str) -> None:
        self.answer = status, output, ""

    def run_command(self, _words: list[str]) -> tuple[int, str, str]:
        return self.answer


def test_packages_are_installed_or_held_or_neither() -> None:
    rows = "knot hold installed\ntar install installed\nfrr deinstall config-files\nnsd hold not-installed\n"
    assert look._packages(Module(0, rows)) == {"installed": ["knot", "tar"], "held": ["knot", "nsd"]}
    assert look._packages(Module(2, rows)) == {"installed": [], "held": []}


def test_transfer_keys_are_told_by_their_names_alone(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "keys.conf"
    product = types.SimpleNamespace(keys=str(here))
    monkeypatch.setattr(look.products, "of_kind", {look.products.NAMESERVER: [product]}.__getitem__)
    assert look._transfer_keys() == []
    here.write_text('key:\n  - id: "Xlb01-dist1.example"\n    algorithm: hmac-sha256\n    secret: "b25l"\n')
    assert look._transfer_keys() == ["xlb01-dist1.example."]


def test_an_account_is_locked_by_an_exclamation_mark(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "SHADOW", tmp_path / "shadow")
    assert look._locked() == []
    (tmp_path / "shadow").write_text("root:!:1::::::\nanna:!$y$hash:1::::::\nbob:$y$hash:1::::::\ndaemon:*:1::::::\n")
    assert look._locked() == ["anna", "root"]


def test_operators_are_a_group_and_some_of_their_accounts_are_ours(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "SHADOW", tmp_path / "shadow")
    (tmp_path / "shadow").write_text("dnseng:!:1:::::1:\nbob:!*:1:::::1:\nanna:!*:1::::::\nroot:!\n")
    group = grp.struct_group(("imrs-operators", "x", 990, ["dnseng", "anna"]))
    accounts = [
        pwd.struct_passwd((name, "x", 990, 990, gecos, f"/home/{name}", "/bin/bash"))
        for name, gecos in {"anna": "IMRS operator", "dnseng": "", "bob": "IMRS operator"}.items()
    ]
    monkeypatch.setattr(look.grp, "getgrnam", {"imrs-operators": group}.__getitem__)
    monkeypatch.setattr(look.pwd, "getpwall", lambda: accounts)
    assert look._operators("imrs-operators", look.MADE) == {
        "operators": ["anna", "dnseng"],
        "made": ["anna"],
        "expired": ["bob"],
    }
    assert look._operators("nobodys", look.MADE) == {"operators": [], "made": [], "expired": ["bob"]}


@pytest.mark.parametrize(
    ("status", "output", "facts"),
    [
        (1, "none\n", {"virtualization_type": "none", "virtualization_role": "host"}),
        (0, "systemd-nspawn\n", {"virtualization_type": "systemd-nspawn", "virtualization_role": "guest"}),
        (127, "", {}),
    ],
)
def test_the_kind_of_machine_has_the_names_of_ansible(status: int, output: str, facts: dict[str, str]) -> None:
    assert look._machine(Module(status, output)) == facts


class EndedError(Exception):
    """The module said this, or took the node."""


def run(monkeypatch: pytest.MonkeyPatch, distribution: str, version: str, **params: t.Any) -> str:
    """What becomes of a look at a machine of this release."""

    def end(**said: t.Any) -> t.NoReturn:
        raise EndedError(said["msg"])

    def take(*_of: t.Any) -> t.NoReturn:
        raise EndedError("taken")

    given = {"any_release": False, "lease": {"id": "x"}, **params}
    module = type("Module", (), {"params": given, "check_mode": False, "fail_json": staticmethod(end)})
    monkeypatch.setattr(look, "AnsibleModule", lambda **_words: module)
    monkeypatch.setattr(look.distro, "os_release_attr", {"id": distribution, "version_id": version}.__getitem__)
    monkeypatch.setattr(look.lease, "Hold", take)
    with pytest.raises(EndedError) as ended:
        look.main()
    return str(ended.value)


@pytest.mark.parametrize(
    ("distribution", "version", "told"),
    [
        ("debian", "12", "debian 12"),
        ("debian", "14", "debian 14"),
        ("debian", "", "debian"),  # one that is not released yet says no number
        ("ubuntu", "13", "ubuntu 13"),
        ("", "", "an unknown system"),
    ],
)
def test_a_machine_of_another_release_is_not_even_taken(
    distribution: str, version: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = run(monkeypatch, distribution, version)
    assert said.startswith(f"look: this machine runs {told}, and nodes run debian 13 alone: it is not touched. ")
    assert "docs/releases.md" in said
    assert run(monkeypatch, distribution, version, any_release=True) == "taken"


def test_a_machine_of_the_nodes_release_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "debian", "13") == "taken"

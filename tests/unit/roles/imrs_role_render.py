# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the files of roles `nameserver`, `routing` and `time` as the bundle would; run it to renew the stored ones."""

from __future__ import annotations

import functools
import itertools
import pathlib
import typing as t

import jinja2
import jinja2.nativetypes
import yaml
from ansible.plugins.filter.core import FilterModule
from ansible.plugins.test.core import TestModule
from imrs_role_cases import CASES, NODE, SECRETS

ROOT = pathlib.Path(__file__).resolve().parents[3]
STORED = ROOT / "tests/daemons/rendered"
"""Where tests/daemons finds them: the lab image, on which they are shown to the daemons, has no Jinja."""
ROLES = {"knot": "nameserver", "nsd": "nameserver", "bird": "routing", "frr": "routing"}
"""Daemons of which a sheet chooses."""
EVERY = {**ROLES, "chrony": "time"}
"""And the one that there is no choice of, whose files are in the role's own task."""


def tree(case: str) -> dict[str, str]:
    """Every file of a case's providers: its path on the node, without the first slash, and its text."""
    providers, node = CASES[case]
    return {path: text for provider in providers for path, text in files(EVERY[provider], provider, node).items()}


def files(
    role: str, provider: str, node: t.Mapping[str, t.Any], secrets: t.Mapping[str, str] = SECRETS
) -> dict[str, str]:
    """The files of one provider, as the role's own task lists them; ``secrets`` is what the vault holds."""
    variables = bound(role, provider, node) | {"lookup": functools.partial(lookup, secrets)}
    environment = kept(jinja2.Environment, role)
    return {
        item["dest"].lstrip("/"): environment.get_template(item["src"]).render(variables)
        for item in bundle(role, provider, node)["files"]
    }


def bundle(role: str, provider: str, node: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The arguments of a provider's bundle on a node."""
    arguments: dict[str, t.Any] = told(role, task(role, provider)["icann.imrs.bundle"], bound(role, provider, node))
    return arguments


@functools.cache
def task(role: str, provider: str) -> dict[str, t.Any]:
    """The task that hands over a provider's bundle, as it is written; for reading only."""
    name = f"files_{provider}" if provider in ROLES else "files"
    (found,) = yaml.safe_load((ROOT / f"roles/{role}/tasks/{name}.yml").read_text(encoding="utf-8"))
    return t.cast("dict[str, t.Any]", found)


def bound(role: str, provider: str, node: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """All variables of a node's role and of its task."""
    variables = {**NODE, **node, f"imrs_{role}_provider": provider}
    found = variables | defaults(role, variables) | task(role, provider).get("vars", {})
    own = {name: value for name, value in task(role, provider).get("vars", {}).items() if isinstance(value, str)}
    return found | {name: told(role, value, found) for name, value in own.items()}


def told(role: str, value: t.Any, variables: dict[str, t.Any]) -> t.Any:
    """A value of a task as Ansible hands it over: what is in it, and what that gives, filled in."""
    if isinstance(value, dict):
        return {key: told(role, each, variables) for key, each in value.items()}
    if isinstance(value, list):
        return [told(role, each, variables) for each in value]
    if isinstance(value, str) and "{{" in value:
        return told(role, expression(role, value).render(variables), variables)
    return value


OPTIONS: dict[str, t.Any] = {"trim_blocks": True, "keep_trailing_newline": True, "undefined": jinja2.StrictUndefined}
"""As ansible.builtin.template has them."""


def defaults(role: str, variables: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The role's variables, bound to a node's."""
    return {
        name: expression(role, value).render(variables) if isinstance(value, str) else value
        for name, value in declared(role).items()
        if name not in variables
    }


@functools.cache
def declared(role: str) -> dict[str, t.Any]:
    """The role's defaults, as they are written; for reading only."""
    found: dict[str, t.Any] = yaml.safe_load((ROOT / f"roles/{role}/defaults/main.yml").read_text(encoding="utf-8"))
    return found


@functools.cache
def expression(role: str, text: str) -> jinja2.Template:
    """One of them that is a text."""
    return kept(jinja2.nativetypes.NativeEnvironment, role).from_string(text)


@functools.cache
def kept(kind: type[jinja2.Environment], role: str) -> jinja2.Environment:
    """One for all renderings: to read the templates takes longer than to render them."""
    return configured(kind(**OPTIONS), role)


def configured(environment: jinja2.Environment, role: str) -> jinja2.Environment:
    """With Ansible's own filters and tests."""
    environment.loader = jinja2.FileSystemLoader(ROOT / f"roles/{role}/templates")
    environment.filters.update(FilterModule().filters())
    environment.tests.update(TestModule().tests())
    environment.globals.update(ansible_managed="Ansible managed")
    return environment


def lookup(secrets: t.Mapping[str, str], plugin: str, name: str, use: str) -> str:
    """The one lookup that a template may use for a secret, which says what for."""
    if plugin != "icann.imrs.secret" or use not in {"bgp", "tsig"}:
        raise ValueError(f"{plugin} is no way to a secret")
    return secrets[name]


def store() -> None:
    """Write every file of every case to where tests/daemons finds it, and remove what is no longer rendered."""
    wanted = {STORED / case / path: text for case in CASES for path, text in tree(case).items()}
    for path in set(stored()) - set(wanted):
        path.unlink()
        for folder in itertools.takewhile(lambda each: not any(each.iterdir()), path.parents):
            folder.rmdir()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def stored() -> list[pathlib.Path]:
    """What is stored now."""
    return sorted(path for path in STORED.rglob("*") if path.is_file())


if __name__ == "__main__":
    store()

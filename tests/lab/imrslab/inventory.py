# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory that Ansible reads of a lab."""

from __future__ import annotations

import json
import pathlib
import re
import shutil
import textwrap
import types
import typing as t

from . import host_daemons, keys, shell, topology

ANCHORS = re.compile(r"(?m)^trust_anchor_file:.*$")
CERTIFICATE = re.compile(r"( +)-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n")
SIGNER = re.compile(r'key: "ssh-ed25519 [^"]*"')


def write(
    lab: topology.Lab,
    plan: topology.Plan,
    source: pathlib.Path = topology.SOURCE,
    given: t.Mapping[str, object] = types.MappingProxyType({}),
) -> None:
    """The inventory of a lab: the chosen sheets, what is this lab's own, and the variables ``given``.

    Paths are absolute: copies work, too.
    """
    shutil.rmtree(lab.inventory, ignore_errors=True)
    text = (source / "fleet.yml").read_text(encoding="utf-8")
    anchors = f"trust_anchor_file: {json.dumps(str(lab.state / 'trust-anchor.ds'))}"
    signer = f'key: "{keys.signer(lab)}"'
    _key, certificate = keys.log_server(lab)
    text = CERTIFICATE.sub(lambda found: textwrap.indent(certificate, found[1]), text)
    shell.write(lab.inventory / "fleet.yml", SIGNER.sub(signer, ANCHORS.sub(anchors, text)))
    shell.write(lab.inventory / "imrs.yml", "plugin: icann.imrs.sites\n")
    chosen = [pathlib.Path(f"sites/{site}.yml") for site in plan.sites]
    for name in [*chosen, *(path.relative_to(source) for path in (source / "group_vars").glob("*/*.yml"))]:
        link = lab.inventory / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(source / name)
    host_daemons.rewrite(plan, lab.inventory, source)
    values: dict[str, object] = {"lab_name": lab.name, "lab_root": str(topology.ROOT), "lab_state": str(lab.state)}
    values["imrs_signing_key"] = f"{{{{ lab_state }}}}/secrets/{keys.SIGNER}"
    for name in _secrets(plan):
        values[f"vault_{name}"] = f"{{{{ lookup('ansible.builtin.file', lab_state ~ '/secrets/{name}') }}}}"
    values |= given
    lines = [f"{name}: {json.dumps(value)}" for name, value in values.items()]
    shell.write(lab.inventory / "group_vars/all/lab.yml", "\n".join(lines) + "\n")


def _secrets(plan: topology.Plan) -> list[str]:
    keys = [key.secret for each in plan.appliances for key in each.keys]
    passwords = [session.secret for each in plan.appliances for session in each.sessions if session.secret]
    return list(dict.fromkeys([*keys, *passwords]))

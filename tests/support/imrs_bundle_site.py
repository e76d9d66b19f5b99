# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A playbook of one role with icann.imrs.bundle, and a node that is a directory of this machine."""

from __future__ import annotations

import dataclasses
import grp
import json
import os
import pathlib
import pwd
import subprocess
import sys
import typing as t

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQ="

TEMPLATE = """\
# {{ ansible_managed }}
{% for zone in zones %}
zone: {{ zone }}\\n
{% endfor %}
  {% if true %}
indented
  {% endif %}
{% include 'etc/part.j2' %}
unicode: zażółć {{ lookup('env', 'HOME') }}
{{ zones }}


"""
NO_NEWLINE = "{{ zones | join(' ') }}"
WHOLE = "{{ zones }}"


@dataclasses.dataclass(frozen=True)
class Site:
    """A playbook with one role, and a node that is a directory."""

    base: pathlib.Path
    settings: str = ""
    """Lines of the controller's ansible.cfg."""

    @property
    def node(self) -> pathlib.Path:
        return self.base / "node"

    @property
    def templates(self) -> pathlib.Path:
        return self.base / "roles" / "one" / "templates"

    def play(
        self, tasks: list[dict[str, t.Any]], *options: str, variables: dict[str, t.Any] | None = None
    ) -> subprocess.CompletedProcess[str]:
        role = self.base / "roles" / "one" / "tasks"
        role.mkdir(parents=True, exist_ok=True)
        (role / "main.yml").write_text(json.dumps(tasks))
        owned = {"owner": pwd.getpwuid(os.geteuid()).pw_name, "group": grp.getgrgid(os.getegid()).gr_name}
        known = {"zones": [".", "arpa."], "node": str(self.node), "key": SECRET, "owned": owned, **(variables or {})}
        play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "roles": ["one"], "vars": known}
        (self.base / "ansible.cfg").write_text(f"[defaults]\ninternal_poll_interval = 0.01\n{self.settings}")
        (self.base / "play.yml").write_text(json.dumps([play]))
        environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache"),
            "ANSIBLE_LOCAL_TEMP": str(self.base / "tmp"),
            "ANSIBLE_HOME": str(self.base / "home"),
            "ANSIBLE_CONFIG": str(self.base / "ansible.cfg"),
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_NOCOLOR": "1",
            "IMRS_BUNDLE_STATE": str(self.base / "state"),
        }
        program = pathlib.Path(sys.executable).with_name("ansible-playbook")
        command = [str(program), "-i", "localhost,", "-e", f"ansible_python_interpreter={sys.executable}"]
        return subprocess.run(
            [*command, *options, str(self.base / "play.yml")],
            capture_output=True,
            text=True,
            env=environment,
            cwd=self.base,
            check=False,
        )


def make_site(base: pathlib.Path) -> Site:
    """Its templates are there, its node is empty."""
    site = Site(base)
    (site.templates / "etc").mkdir(parents=True)
    site.node.mkdir()
    (site.templates / "etc" / "full.j2").write_text(TEMPLATE)
    (site.templates / "etc" / "part.j2").write_text("part of {{ zones[0] }}\n")
    (site.templates / "etc" / "bare.j2").write_text(NO_NEWLINE)
    (site.templates / "etc" / "whole.j2").write_text(WHOLE)
    (site.templates / "etc" / "empty.j2").write_text("")
    (site.templates / "etc" / "keys.j2").write_text("secret: {{ key }}\n")
    (site.templates / "etc" / "typo.j2").write_text("first\nsecret: {{ kye }} {{ key }}\n")
    (site.templates / "etc" / "filter.j2").write_text("{{ key | mandatory | from_json }}\n")
    return site


def bundle(*files: dict[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    """A task."""
    owned = {"owner": "{{ owned.owner }}", "group": "{{ owned.group }}"}
    return {
        "name": "main | Hand over",
        "icann.imrs.bundle": {"name": "one", "files": [{**owned, **f} for f in files], **more},
    }


KEYS = {"src": "etc/keys.j2", "dest": "{{ node }}/keys", "secret": True}
PLAIN = {"content": "zones {{ zones | join(' ') }}\n", "dest": "{{ node }}/plain"}

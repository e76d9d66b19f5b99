# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that are directories of this machine, where a program that stands for SSH finds them."""

from __future__ import annotations

import json
import subprocess
import typing as t

SSH = """#!/bin/sh
# Stands for SSH: the host is the one argument that is the name of a directory, and the last argument is its command.
for word; do [ -d "{base}/at/$word" ] && host=$word; done
case " $* " in *" -O "*) exit 0;; esac
cd "{base}/at/$host" || exit 255
echo "$host" >> "{base}/asked"
[ -e gone ] && {{ echo "ssh: connect to host $host: No route to host" >&2; exit 255; }}
[ -e hangs ] && exec sleep 30
for command; do :; done
PATH="{base}/at/$host:$PATH" exec sh -c "$command"
"""
IMRS = """#!/bin/sh
# Stands for a node's gate, which does what it is told.
cd "$(dirname "$0")"
case "$*" in
  "status --json") echo noise; exec cat status;;
  claim*|release*) [ -e old ] && exit 2; echo "$*" >> claims; exec cat status;;
  live*|drain*|dark*) ;;
  *) exit 2;;
esac
case "$*" in *--reason*) [ -e old ] && {{ echo "imrs: error: unrecognized arguments: --reason" >&2; exit 2; }};; esac
echo "$*" >> told
[ -e silent ] && {{ echo "imrs: no answer from the gate" >&2; exit 2; }}
verb=$1
[ -e "$verb" ] && exec cat "$verb"
[ "$verb" = drain ] && verb=drained
echo '{{"changed": true, "mode": "'$verb'", "reached": true}}'
"""


class Done(t.NamedTuple):
    """How a run ended, and all it said on one line."""

    status: int
    said: str


class World:
    """Nodes that say ``status`` and note what they are told."""

    ssh = SSH

    def __init__(self, fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]) -> None:
        self._fleet, self._make_node = fleet, make_node
        self.nodes: dict[str, dict[str, t.Any]] = {}

    def node(self, name: str, mode: str = "live", *marks: str, status: t.Any = None, **more: t.Any) -> None:
        """One more; ``marks`` are the ways in which it is not as it should be."""
        place = self._fleet.base / "at" / f"{name}.example"
        place.mkdir(parents=True)
        for mark in marks:
            (place / mark).touch()
        found = {
            "mode": {"ipv4": mode, "ipv6": mode},
            "intent": {"mode": mode, "by": "site.yml" if mode == "live" else "alice", "note": "", "until": None},
            "certificate": {"mode": "live", "valid": True, "reason": "", "expires_at": None},
            "verdict": {},
            **(status or {}),
        }
        (place / "status").write_text(json.dumps(found))
        (place / "imrs").write_text(IMRS.format())
        (place / "imrs").chmod(0o755)
        local = {"ansible_host": f"{name}.example", "ansible_become": False, "ansible_user": "root"}
        self.nodes[name] = self._make_node(name, **local, **more)

    def says(self, name: str, verb: str, **answer: t.Any) -> None:
        """What its gate answers to a verb."""
        (self._fleet.base / "at" / f"{name}.example" / verb).write_text(json.dumps(answer))

    def run(self, verb: str, *options: str, reason: str = "fibre work") -> Done:
        """Run the playbook of the verb, as alice."""
        self._fleet.write(self.nodes)
        (self._fleet.base / "ssh").write_text(self.ssh.format(base=self._fleet.base))
        words = {"imrs_by": "alice"} | ({"imrs_reason": reason} if reason else {})
        done: subprocess.CompletedProcess[str] = self._fleet.run(verb, "-e", json.dumps(words), *options)
        return Done(done.returncode, " ".join((done.stdout + done.stderr).split()))

    def told(self, name: str) -> list[str]:
        """What this node was told, of the verbs that change something."""
        told = self._fleet.base / "at" / f"{name}.example" / "told"
        return told.read_text().splitlines() if told.exists() else []

    def claims(self, name: str) -> list[str]:
        """The verbs with which runs claimed this node and gave it back."""
        claims = self._fleet.base / "at" / f"{name}.example" / "claims"
        return [line.split()[0] for line in claims.read_text().splitlines()] if claims.exists() else []

    def asked_in_turn(self) -> list[str]:
        """The nodes that anything was sent to, the first first."""
        return [line.removesuffix(".example") for line in (self._fleet.base / "asked").read_text().split()]

    def asked(self) -> set[str]:
        """The nodes that anything was sent to."""
        asked = self._fleet.base / "asked"
        return {line.removesuffix(".example") for line in asked.read_text().split()} if asked.exists() else set()

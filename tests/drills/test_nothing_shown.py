# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A check changes no byte, and no run shows a secret: not in what it says, and not in what it leaves anywhere."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import pathlib
import subprocess
import threading
import typing as t

import pytest
from imrslab import cuts, keys
from imrslab.drill import ROOT

if t.TYPE_CHECKING:
    from imrslab.drill import Drill

ALIVE = (
    *("var/cache", "var/log", "var/lib/apt/lists", "var/lib/systemd"),
    *("var/lib/imrs", "var/lib/knot"),  # the gate's intent and certificate, and the zones
    "var/lib/private/imrs-log",  # how far the log has gone to the log server
)
"""What lives by itself: not a run's doing."""

THEIRS = ("etc/knot", "etc/bird", "etc/imrs")
"""Where the secrets belong."""

NEW = ("-e", cuts.variables("new"), "-e", "imrs_disrupt=true")


def tree(drill: Drill) -> dict[str, tuple[t.Any, ...]]:
    """Everything on the appliance's disk: kind and mode, owner, time of its last change, checksum."""
    found = {}
    for folder, _, names in os.walk(drill.disk):
        for name in (".", *names):
            path = pathlib.Path(folder, name)
            place = str(path.relative_to(drill.disk))
            if any(f"{place}/".startswith(f"{alive}/") for alive in ALIVE):
                continue
            info = path.lstat()
            content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
            found[place] = (
                info.st_mode,
                info.st_uid,
                info.st_gid,
                info.st_mtime_ns,
                hashlib.sha256(content).hexdigest(),
            )
    return found


def test_a_check_changes_no_byte(drill: Drill) -> None:
    """A file or more of each bundle would change; ordinary ones are shown line by line."""
    masters = drill.host_variables()["imrs_masters"]
    masters = [{**each, "tsig": {**each["tsig"], "algorithm": "hmac-sha512"}} for each in masters]
    before = tree(drill)
    assert {"etc/nftables.conf", "usr/sbin/imrs", "var/lib/imrs-bundle/network.json"} <= set(before)
    done = drill.play("site", "--check", "--diff", *NEW, "-e", json.dumps({"nameserver_masters": masters}))
    assert done.changed == len(cuts.BUNDLES), done.output[-3000:]
    after = tree(drill)
    assert {place for place in {*before, *after} if before.get(place) != after.get(place)} == set()
    assert "+AllowUsers dnseng dnseng\n" in done.output
    assert "-AllowUsers dnseng\n" in done.output
    assert "--- before: /etc/nftables.conf" in done.output
    assert done.output.count("content is secret; it changed") == 2


def spellings(secret: str) -> set[bytes]:
    """As it is, in hex, and in base64 wherever it may stand in what is encoded."""
    plain = secret.encode()
    found = {plain, plain.hex().encode(), plain.hex().upper().encode()}
    for offset in range(3):
        text = base64.b64encode(b"\0" * offset + plain)
        found.add(text[4 if offset else 0 : -4])  # what does not depend on its neighbours
    return found


@pytest.fixture
def needles(drill: Drill) -> list[bytes]:
    names = ("tsig_xlb01_dist1", "tsig_xlb01_dist2", "bgp_xlb")
    return sorted(spelling for name in names for spelling in spellings(keys.read(drill.lab, name)))


class Watch(threading.Thread):
    """Looks at the arguments and the environment of every process of all machines, again and again."""

    def __init__(self, needles: list[bytes]) -> None:
        super().__init__(daemon=True)
        self.needles, self.found, self.rounds, self.seen = needles, set[str](), 0, set[bytes]()
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.is_set():
            self.rounds += 1
            for place in pathlib.Path("/proc").glob("[0-9]*"):
                for name in ("cmdline", "environ"):
                    try:
                        text = (place / name).read_bytes()
                    except OSError:
                        continue
                    if name == "cmdline":
                        self.seen |= {word.rpartition(b"/")[2] for word in text.split(b"\0")}
                    if any(needle in text for needle in self.needles):
                        self.found.add(f"{place}/{name}: {text[:80]!r}")

    def end(self) -> None:
        self._over.set()
        self.join()


def holding(needles: list[bytes], *places: str | pathlib.Path, inside: t.Sequence[str] = ()) -> list[str]:
    """Files that hold a needle; the needles are told on standard input, so that nobody sees them in a list."""
    command = ["grep", "--recursive", "--files-with-matches", "--text", "--fixed-strings", "--file=-", "--no-messages"]
    done = subprocess.run(
        [*inside, *command, "--devices=skip", *map(str, places)],
        input=b"\n".join(needles),
        capture_output=True,
        check=False,
    )
    return done.stdout.decode().splitlines()


TALKATIVE = """#!/bin/sh
# Says all that it knows.
case " $* " in *" {passes} "*) exec /usr/sbin/{name} "$@" ;; esac
cat /etc/{files}/*.conf /tmp/imrs-bundle-*/etc/{files}/*.conf
exit 1
"""


@pytest.fixture
def talkative(drill: Drill) -> t.Iterator[t.Callable[[str, str], None]]:
    """Put a program before the real one, that fails and quotes its configuration, but for one of its verbs."""

    def put(name: str, passes: str) -> None:
        text = TALKATIVE.format(name=name, passes=passes, files=name.removesuffix("c"))
        drill.node("sh", "-ec", 'printf %s "$2" > "$1"; chmod 755 "$1"', "sh", f"/usr/local/sbin/{name}", text)

    yield put
    drill.node("rm", "-f", "/usr/local/sbin/knotc", "/usr/local/sbin/bird")
    drill.restore()


def test_no_secret_is_anywhere(
    drill: Drill,
    needles: list[bytes],
    talkative: t.Callable[[str, str], None],
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A check, a change, a parser and a daemon that quote what they read, and a rollback, as verbose as it gets."""
    monkeypatch.setenv("ANSIBLE_CACHE_PLUGIN", "ansible.builtin.jsonfile")
    monkeypatch.setenv("ANSIBLE_CACHE_PLUGIN_CONNECTION", str(tmp_path / "facts"))
    monkeypatch.setenv("ANSIBLE_LOG_PATH", str(tmp_path / "ansible.log"))
    assert holding(needles, drill.lab.secrets), "the search finds nothing where there is something"
    watch = Watch(needles)
    watch.start()
    try:
        said = [drill.play("site", "--check", "--diff", "-vvvv", *NEW)]
        said.append(drill.play("site", *cuts.PROVISION, "--diff", "-vvvv", *NEW))
        assert (said[1].status, said[1].changed) == (0, len(cuts.BUNDLES)), said[1].output[-3000:]

        talkative("bird", "no-such-verb")
        said.append(drill.play("site", "--tags", "routing", "--diff", "-vvvv"))
        assert "bundle routing: check failed" in said[2].output
        talkative("knotc", "conf-check")
        said.append(drill.play("site", "--tags", "nameserver", "--diff", "-vvvv"))
        assert "Rolled back: the previous files are in place." in said[3].output
        for done in said[2:]:
            assert "[hidden: this line quotes a secret file]" in done.output
    finally:
        watch.end()
    rendered = tmp_path / "rendered"
    said.append(drill.play("render", "-e", f"documents_directory={rendered}"))
    assert list(rendered.rglob("knot.conf")), said[-1].output[-3000:]

    for number, done in enumerate(said):
        assert not [needle for needle in needles if needle in done.output.encode()], f"run {number}"
    assert watch.found == set()
    assert watch.rounds > 20
    assert {b"ansible-playbook", b"sudo", b"python3", b"knotd"} <= watch.seen
    journal = drill.node("journalctl", "--no-pager", "--output=export").encode()
    assert b"imrs-bundle" in journal
    assert not [needle for needle in needles if needle in journal]

    known = [drill.disk / place for place in THEIRS]
    files = [pathlib.Path(path) for path in holding(needles, drill.disk)]
    assert files, "the node has no secret at all"
    assert [path for path in files if not any(path.is_relative_to(place) for place in known)] == []
    # What is in memory only, from inside: the way of `drill.node`, without its words among the arguments.
    found = holding(needles, "/tmp", "/var/tmp", "/run", "/dev/shm", "/root", "/home", inside=drill.way_in)
    assert found == ["/run/imrs/upstream.json"], "the gate asks the masters with its keys"
    assert drill.node("stat", "--format=%U %a", *found) == "imrs-gate 400\n"
    state = [pathlib.Path.home() / ".ansible", tmp_path, *pathlib.Path("/tmp").glob("ansible*")]
    reports = ROOT / ".lab" / f"{drill.lab.name}-reports"
    assert list(reports.rglob("acceptance.json"))
    assert holding(needles, *state, reports, drill.lab.state / "proxy.log", drill.lab.state / "ssh_config") == []

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What acceptance sees of TCP connections and odd datagrams, and says of it, with both nameservers and the files that
the roles render; and what it says when they are not as they should be. Needs root and the lab image.
"""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import sys
import typing as t

import imrs_parity_bench
import pytest
from imrs_gate_bench import PATIENCE, ROOT
from imrs_gate_config import SERVICE
from imrs_parity_bench import PROVIDERS, Nameserver
from imrs_provider_bench import install
from recordings import Scene

STREAMS, DATAGRAMS = ("DN-44", "DN-45", "DN-46", "DN-47", "DN-48"), ("DN-42", "DN-51")
CLIENTS = 250
"""TCP clients that the case's nameserver serves at a time."""
CONFIGURED = {"knot": 5.0, "nsd": 10.0}
ASK = """
import json, sys
from _probes import datagrams, streams
addresses, clients, wait = sys.argv[4:], int(sys.argv[1]), sys.argv[2] == "wait"
first = addresses[:2]
with streams.Idle(first) as idle:
    talks = streams.ask(first, clients)
    odd = datagrams.ask(addresses)
    if wait:
        idle._watcher.join(float(sys.argv[3]))
    json.dump({"streams": talks + idle.read(), "datagrams": odd}, sys.stdout)
"""


@pytest.fixture(params=PROVIDERS)
def nameserver(request: pytest.FixtureRequest, signed: pathlib.Path, tmp_path: pathlib.Path) -> t.Iterator[Nameserver]:
    with Nameserver(tmp_path, request.param) as found:
        found.serve(signed)
        yield found


def asked(nameserver: Nameserver, wait: str = "", clients: int = CLIENTS) -> Scene:
    """What is seen on the node, in a recording; ``wait``: for the end of the idle connections."""
    enter = ("ip", "netns", "exec", nameserver.node, sys.executable, "-c", ASK)
    done = subprocess.run(
        [*enter, str(clients), wait, str(PATIENCE), *SERVICE],
        cwd=ROOT / "plugins/module_utils",
        check=True,
        capture_output=True,
        text=True,
    )
    scene = Scene(nameserver.provider)
    found = json.loads(done.stdout)
    for row in found["streams"]:
        if row["probe"] == "idle":
            row["configured"] = CONFIGURED[nameserver.provider]
    scene.scope("node").update(found)
    return scene


class Otherwise(t.NamedTuple):
    """A nameserver whose files are not as they should be, and what is said of it; ``said`` empty: nothing wrong."""

    provider: str
    ident: str
    said: str
    edits: tuple[tuple[str, str, str], ...]
    """File, pattern, and what stands there instead."""


WRONG = {
    "nsd on a wildcard": Otherwise("nsd", "DN-51", "answered from", (("nsd.conf", r"(?m)^ +ip-address: .*\n", ""),)),
    "knot on a wildcard": Otherwise(
        "knot", "DN-51", "", (("knot.conf", r"listen: \[.*?\]", "listen: [ 0.0.0.0, :: ]"),)
    ),
    "nsd with few": Otherwise("nsd", "DN-48", "connections", (("nsd.conf", r"tcp-count: \d+", "tcp-count: 10"),)),
    "knot with few": Otherwise(
        *("knot", "DN-48", "connections"),
        (
            ("answers.conf", r"tcp-max-clients: \d+", "tcp-max-clients: 10"),
            ("knot.conf", r"tcp-workers: \d+", "tcp-workers: 1"),
        ),
    ),
    "knot in a hurry": Otherwise(
        "knot", "DN-45", "0 of 1 questions", (("answers.conf", r"tcp-io-timeout: \d+", "tcp-io-timeout: 20"),)
    ),
}


def test_all_is_as_it_should_be(nameserver: Nameserver) -> None:
    scene = asked(nameserver, wait="wait")
    said = {ident: scene.judge(ident) for ident in (*STREAMS, *DATAGRAMS)}
    assert {ident: verdict.status.value for ident, verdict in said.items()} == dict.fromkeys(said, "pass"), said
    assert "closed after" in said["DN-46"].message
    kept = [row for row in scene.scope("node")["streams"] if row["probe"] == "idle"]
    assert all(row["closed"] and row["seconds"] > CONFIGURED[nameserver.provider] - 1 for row in kept), kept
    (many,) = (row for row in scene.scope("node")["streams"] if row["probe"] == "many")
    assert (many["held"], many["closed"]) == (CLIENTS // 10, 0)


@pytest.mark.parametrize("case", WRONG)
def test_what_is_not_as_it_should_be(
    case: str, signed: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = WRONG[case]

    def installed(name: str, *folders: str) -> None:
        install(name, *folders)
        for file, pattern, by in wrong.edits:
            path = pathlib.Path(f"/etc/{wrong.provider}", file)
            text, count = re.subn(pattern, by, path.read_text(encoding="utf-8"))
            assert count, f"{pattern} is not in {path}"
            path.write_text(text, encoding="utf-8")

    monkeypatch.setattr(imrs_parity_bench, "install", installed)
    dig = Nameserver.dig  # over UDP, nobody has an answer from another address
    monkeypatch.setattr(Nameserver, "dig", lambda self, *words: dig(self, "+tcp", *words))
    with Nameserver(tmp_path, wrong.provider) as nameserver:
        nameserver.serve(signed)
        verdict = asked(nameserver).judge(wrong.ident)
    assert verdict.status.value == ("fail" if wrong.said else "pass"), verdict
    assert wrong.said in verdict.message

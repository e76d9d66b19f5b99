# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Knot and NSD side by side, each in its own namespaces with the files that the roles render, and the lab's zones."""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
import sys
import typing as t

import imrs_parity_asking
from imrs_gate_bench import Bench, run, until
from imrs_gate_config import SERVICE
from imrs_provider_bench import install
from imrslab import zone_states, zones

if t.TYPE_CHECKING:
    from imrs_parity_questions import Question

CASE = "answers"
"""All three zones, and no limit of rates: every question is to be answered."""
COMMANDS = {"knot": ("knotd", "-c", "/etc/knot/knot.conf"), "nsd": ("nsd", "-d", "-P", "")}
PROVIDERS = tuple(COMMANDS)
MINUTES = 10 * 60
EXCHANGE = """
import socket, sys
query, tcp = sys.stdin.buffer.read(), int(sys.argv[2])
made = socket.create_connection((sys.argv[1], 53), 10) if tcp else socket.socket(type=socket.SOCK_DGRAM)
made.settimeout(10)
if tcp:
    made.sendall(len(query).to_bytes(2, "big") + query)
    file = made.makefile("rb")
    answer = file.read(int.from_bytes(file.read(2), "big"))
else:
    made.sendto(query, (sys.argv[1], 53))
    answer = made.recv(65535)
sys.stdout.buffer.write(answer)
"""


def sign(folder: pathlib.Path, state: zone_states.State = zone_states.STATES[zones.USUAL]) -> str:
    """Make the three signed zones, the root in this state, and `anchor.ds` with the anchors of all states, in a folder
    that has no zones; the text of the root before that. Keys that are there already stay.
    """
    texts, _origin = zones.unsigned(pathlib.Path("/"))
    keys = folder / "keys"
    keys.mkdir(exist_ok=True)
    for zone, text in texts.items():
        (folder / zones.FILES[zone]).write_text(text, encoding="ascii")
    run("sh", "-c", zones.signing(state), "sign", str(keys), str(folder))
    anchors = sorted(keys.glob("ksk-*.ds"))
    (folder / "anchor.ds").write_text("".join(each.read_text(encoding="ascii") for each in anchors), encoding="ascii")
    return texts["."]


class Nameserver(Bench):
    """One nameserver that has its zones from its disk, and who asks it from the host's side."""

    def __init__(self, directory: pathlib.Path, provider: str, case: str = CASE) -> None:
        super().__init__(directory)
        self.provider, self.case = provider, case
        self.node, self.router = f"{self.node}-{provider}", f"{self.router}-{provider}"

    def start_bird(self) -> None:
        """No routing here."""

    def start_router(self) -> None:
        """Nor there: the ways are made by hand."""

    def __enter__(self) -> t.Self:
        super().__enter__()
        for address in SERVICE:
            gateway = "2001:db8::2" if ":" in address else "192.0.2.2"
            run("ip", "-n", self.router, "route", "add", address, "via", gateway)
        return self

    def _clean(self) -> None:
        super()._clean()
        self.forget()

    def forget(self) -> None:
        """Nothing is left of what a nameserver had before: the tests that come next start from that."""
        for folder in (f"/run/{self.provider}", f"/var/lib/{self.provider}"):
            shutil.rmtree(folder, ignore_errors=True)
            pathlib.Path(folder).mkdir()
            shutil.chown(folder, self.provider, self.provider)

    def serve(self, signed: pathlib.Path) -> None:
        """Start it, and wait until it answers for every zone."""
        install(self.case, self.provider)
        self.forget()
        for file in zones.FILES.values():
            shutil.copy(signed / file, f"/var/lib/{self.provider}/{file}")
        if self.provider == "nsd":
            shutil.copyfile(signed / "anchor.ds", "/etc/nsd/trust-anchors")
        self.start(self.provider, self.node, *COMMANDS[self.provider])
        for zone in zones.FILES:
            until(lambda zone=zone: "SOA" in self.dig(zone, "SOA"), what=lambda zone=zone: self.dig(zone, "SOA"))

    def dig(self, *words: str) -> str:
        """Ask it from the host's side."""
        command = ("ip", "netns", "exec", self.router, "dig", "+norec", "+noall", "+answer", f"@{SERVICE[0]}", *words)
        return subprocess.run(command, check=False, capture_output=True, text=True).stdout

    def exchange(self, query: bytes, over_tcp: bool) -> bytes:
        """The answer to one query, from the host's side."""
        command = ("ip", "netns", "exec", self.router, sys.executable, "-c", EXCHANGE, SERVICE[0], str(int(over_tcp)))
        return subprocess.run(command, input=query, check=True, capture_output=True, timeout=20).stdout

    def ask(self, questions: t.Sequence[Question]) -> None:
        """Begin to ask."""
        asked = [{"wire": each.wire.hex(), "tcp": each.tcp, "alone": each.alone} for each in questions]
        (self.directory / "questions.json").write_text(json.dumps(asked), encoding="ascii")
        files = (str(self.directory / "questions.json"), str(self.directory / "answers.json"))
        self.start("asker", self.router, sys.executable, imrs_parity_asking.__file__, *files, *SERVICE)

    def answers(self) -> list[str]:
        """What it said, question by question, once all are asked."""
        assert self.processes["asker"].wait(MINUTES) == 0, (self.directory / "asker.out").read_text()
        self.processes.pop("asker")
        said: list[str] = json.loads((self.directory / "answers.json").read_text(encoding="ascii"))
        return said

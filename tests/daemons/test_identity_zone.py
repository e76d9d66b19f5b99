# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that serves the identity zone, beside the one of the same nameserver that answers for the root.

Needs root and the lab image. Its sandbox is seen in the molecule scenarios, as it takes systemd.
"""

from __future__ import annotations

import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import typing as t

import pytest
from imrs_gate_bench import ROOT, run, until
from imrs_parity_bench import PROVIDERS, Nameserver
from imrs_provider_bench import RENDERED

CASE = RENDERED / "changes"
FILES = pathlib.Path("/etc/imrs-identity")
RUNTIME = pathlib.Path("/run/imrs-identity")
ADDRESSES = {"199.7.83.53": "192.0.2.2", "2001:500:9f::53": "2001:db8::2"}
"""Each with the node's own address that leads to it from the host's side."""
ZONE = "identity.l.root-servers.org."
TXT = r'"xlb01.l.root-servers.org" "S\195\163o Tom\195\169; the city" "" "ST" "Africa"'
CAPABILITY = "-all,+net_bind_service"
NOBODY = ("setpriv", "--reuid=nobody", "--clear-groups", "--no-new-privs")


class Told(Nameserver):
    """A nameserver with the process beside it, which has the account of a stranger, and the right to port 53."""

    def place(self) -> None:
        """Its files and addresses."""
        shutil.copytree(CASE / "etc/imrs-identity", FILES, dirs_exist_ok=True)
        RUNTIME.mkdir()
        shutil.chown(RUNTIME, "nobody")
        for address, way in ADDRESSES.items():
            run("ip", "-n", self.node, "address", "add", address, "dev", "lo", *(["nodad"] if ":" in address else []))
            run("ip", "-n", self.router, "route", "add", address, "via", way)

    def tell(self) -> None:
        """Start it, as its unit does."""
        task = (ROOT / f"roles/nameserver/tasks/files_{self.provider}.yml").read_text(encoding="utf-8")
        (command,) = re.findall("__nameserver_identity_program: (.*)", task)
        rights = [f"--{kind}={CAPABILITY}" for kind in ("inh-caps", "ambient-caps", "bounding-set")]
        self.start("identity", self.node, *NOBODY, *rights, *shlex.split(command))
        until(lambda: self.asked(ZONE, "SOA") != "", what="the identity zone")

    def asked(self, *words: str, address: str = "199.7.83.53") -> str:
        """What it answers to the host's side: the records, or the response code where there is none."""
        command = ("dig", "+norec", "+noall", "+answer", "+comments", f"@{address}", *words)
        enter = ("ip", "netns", "exec", self.router)
        said = subprocess.run([*enter, *command], check=False, capture_output=True, text=True).stdout
        records = [line for line in said.splitlines() if line and not line.startswith(";")]
        (code,) = re.findall(r"status: (\w+)", said) or [""]
        return "\n".join(records) or code

    def _clean(self) -> None:
        super()._clean()
        for folder in (FILES, RUNTIME):
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=PROVIDERS)
def told(request: pytest.FixtureRequest, signed: pathlib.Path, tmp_path: pathlib.Path) -> t.Iterator[Told]:
    with Told(tmp_path, request.param) as nameserver:
        nameserver.serve(signed)
        nameserver.place()
        nameserver.tell()
        yield nameserver


def test_each_answers_for_its_own_zones_and_for_no_other(told: Told) -> None:
    for address in ADDRESSES:
        for transport in ("+notcp", "+tcp"):
            assert TXT in told.asked(ZONE, "TXT", transport, address=address)
            assert told.asked(ZONE, "A", transport, address=address).split()[1:] == ["10", "IN", "A", "192.0.2.2"]
            assert told.asked(".", "SOA", transport, address=address) == "REFUSED"
    assert told.asked(f"www.{ZONE}", "A") == "NXDOMAIN"
    assert "BADVERS" in told.asked("+edns=1", "+noednsneg", ZONE, "TXT")
    assert "xlb01.l.root-servers.org" in told.asked("hostname.bind", "TXT", "CH")
    assert TXT not in told.asked(ZONE, "AXFR")
    assert told.asked(ZONE, "TXT", address="199.7.83.42") == "NOERROR"  # a referral: the root knows nothing of it


def test_one_ends_and_the_other_goes_on(told: Told) -> None:
    told.kill("identity", signal.SIGTERM)
    assert told.asked(ZONE, "TXT", "+time=1", "+tries=1") == ""
    assert "SOA" in told.dig(".", "SOA")
    told.tell()
    told.kill(told.provider, signal.SIGTERM)
    assert "SOA" not in told.dig(".", "SOA", "+time=1", "+tries=1")
    assert TXT in told.asked(ZONE, "TXT")

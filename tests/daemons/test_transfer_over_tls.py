# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zone transfer over TLS (RFC 9103): from the master whose certificate stands in the sheet, and from nobody else.

The master is NSD, and listens for TLS alone or in clear text as well. Needs root and the lab image.
"""

from __future__ import annotations

import base64
import hashlib
import pathlib
import re
import subprocess
import typing as t

import pytest
from imrs_gate_bench import run, until
from imrs_parity_bench import PROVIDERS
from imrs_reload_bench import CASE, Changing

ROW = "nameserver_masters: tls"
NAME = "dist1.example"
TLS = """
server:
    tls-port: 853
    tls-service-key: "{key}"
    tls-service-pem: "{pem}"
"""
FAILED = "(?i)tls.*(?:fail|error)|certificate verify failed"
"""What NSD says then."""
FILE = pathlib.Path("/var/lib/nsd/root.zone")
BESIDE = "    ip-address: 203.0.113.1@853\n    ip-address: 2001:db8:0:3::1@853\n"


class Master(t.NamedTuple):
    """A key of a master, and its certificate."""

    key: pathlib.Path
    pem: pathlib.Path

    @classmethod
    def make(cls, folder: pathlib.Path, name: str = NAME, until: str = "20360101000000Z") -> t.Self:
        """At the time of the test."""
        number = len(list(folder.glob("*.pem")))
        made = cls(folder / f"{number}.key", folder / f"{number}.pem")
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        times = ("-not_before", "20250101000000Z", "-not_after", until)
        names = ("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}")
        run("openssl", "req", "-x509", *curve, *times, *names, "-keyout", str(made.key), "-out", str(made.pem))
        return made

    @property
    def pin(self) -> str:
        """SHA-256 of the public key, as the sheet's certificate gives it."""
        spki = ("sh", "-c", f"openssl x509 -in {self.pem} -noout -pubkey | openssl pkey -pubin -outform DER")
        digest = hashlib.sha256(subprocess.run(spki, check=True, capture_output=True).stdout).digest()
        return base64.b64encode(digest).decode("ascii")


@pytest.fixture
def bench(tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> t.Iterator[Changing]:
    """A nameserver that has its zone from a master in clear text; ``request.param`` is which."""
    with Changing(tmp_path, "bird", CASE) as running:
        FILE.unlink(missing_ok=True)
        running.serve(request.param)
        yield running
        FILE.unlink(missing_ok=True)


both = pytest.mark.parametrize(("bench", "provider"), [(each, each) for each in PROVIDERS], indirect=["bench"])


def trust(bench: Changing, provider: str, *masters: Master) -> None:
    """The sheet has these certificates; the nameserver's files say so."""
    bench.put(provider, ROW)
    if provider == "nsd":
        pathlib.Path("/etc/nsd/masters.pem").write_text("".join(each.pem.read_text() for each in masters))
        return
    path = pathlib.Path("/etc/knot/zones.conf")
    text = path.read_text()
    (remote,) = re.findall(r'  - id: "dist1/1"\n(?:    .*\n)+', text)
    each = [
        re.sub("cert-key: .*", f"cert-key: {one.pin}", remote).replace("/1", f"/{at}") for at, one in enumerate(masters)
    ]
    names = "".join(f'    master: "dist1/{at}"\n' for at in range(len(masters)))
    path.write_text(text.replace(remote, "".join(each)).replace('    master: "dist1/1"\n', names))


def take(bench: Changing, provider: str) -> None:
    """Have it do what the bundle would."""
    if provider == "nsd":
        run("nsd-control", "write")  # it has been there for less than a minute (zonefiles-write)
        until(FILE.exists, what="the zone's file")
        bench.restart(provider)
    else:
        bench.reload(provider)


def hand_out(bench: Changing, serial: int, master: Master, *, clear: bool = False) -> None:
    """The master has a newer zone, and this certificate; ``clear``: it would hand it out without TLS as well."""
    bench.kill("master")
    bench.processes.pop("master", None)
    (bench.directory / "master.ctl").unlink(missing_ok=True)
    more = TLS.format(key=master.key, pem=master.pem)
    bench.start_master(serial, port=53 if clear else 853, more=more + BESIDE if clear else more)


def fetches(bench: Changing, provider: str) -> bool:
    """Have it ask its masters now, and wait until it has a zone, or has had enough of the one with TLS."""
    if provider == "knot":
        command = ("knotc", "--blocking", "zone-refresh", ".")
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    before = len(bench.said_by("nsd"))
    run("nsd-control", "transfer", ".")
    said: list[str] = []

    def judged() -> bool:
        said[:] = re.findall(FAILED + "|verifier for zone .* exited with 0", bench.said_by("nsd")[before:])
        return bool(said)

    until(judged, what=lambda: f"a transfer or a failure: {bench.said_by('nsd')[before:]}")
    return said[0].endswith("0")


@both
def test_a_zone_comes_over_tls_also_while_the_master_changes_its_certificate(
    bench: Changing, provider: str, tmp_path: pathlib.Path
) -> None:
    old, new = Master.make(tmp_path), Master.make(tmp_path)
    trust(bench, provider, old, new)
    take(bench, provider)
    for serial, master in ((2026010101, old), (2026010102, new)):
        hand_out(bench, serial, master)
        until(
            lambda serial=str(serial): fetches(bench, provider) or bench.serial_served() == serial,
            what=lambda: f"a transfer: {bench.said_by(provider)}",
        )
        until(lambda serial=str(serial): bench.serial_served() == serial, what=f"zone {serial}")


@both
def test_another_certificate_is_told_no_zone_and_there_is_no_way_back_to_clear_text(
    bench: Changing, provider: str, tmp_path: pathlib.Path
) -> None:
    mine, foreign = Master.make(tmp_path), Master.make(tmp_path)
    trust(bench, provider, mine)
    take(bench, provider)
    hand_out(bench, 2026010101, foreign, clear=True)
    assert not fetches(bench, provider)
    assert bench.serial_served() == "2026010100"


@pytest.mark.parametrize("bench", ["nsd"], indirect=True)
def test_nsd_takes_no_certificate_for_another_name(bench: Changing, tmp_path: pathlib.Path) -> None:
    """Knot DNS has its pin, and does not look at the name: the sheet is refused before (test_certificates.py)."""
    other = Master.make(tmp_path, "dist2.example")
    trust(bench, "nsd", other)
    take(bench, "nsd")
    hand_out(bench, 2026010101, other)
    assert not fetches(bench, "nsd")
    assert bench.serial_served() == "2026010100"


@both
def test_the_end_of_a_certificate_is_one_for_nsd_and_none_for_a_pin(
    bench: Changing, provider: str, tmp_path: pathlib.Path
) -> None:
    """Sixty days before, the fleet's file is warned about (test_certificates.py)."""
    ended = Master.make(tmp_path, until="20260101000000Z")
    trust(bench, provider, ended)
    take(bench, provider)
    hand_out(bench, 2026010101, ended)
    if provider == "nsd":
        assert not fetches(bench, provider)
        assert bench.serial_served() == "2026010100"
    else:
        until(lambda: fetches(bench, provider) or bench.serial_served() == "2026010101", what="a transfer")


@pytest.mark.parametrize("bench", ["nsd"], indirect=True)
def test_nsd_knows_new_certificates_only_after_a_restart(bench: Changing, tmp_path: pathlib.Path) -> None:
    old, new = Master.make(tmp_path), Master.make(tmp_path)
    trust(bench, "nsd", old)
    take(bench, "nsd")
    trust(bench, "nsd", new)
    bench.reload("nsd")
    hand_out(bench, 2026010101, new)
    assert not fetches(bench, "nsd"), "this need not be a restart"
    take(bench, "nsd")
    until(lambda: bench.serial_served() == "2026010101", what="the zone")

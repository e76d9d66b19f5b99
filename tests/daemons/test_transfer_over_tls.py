# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zone transfer over TLS (RFC 9103): from the master whose certificate stands in the sheet, and from nobody else.

The master is NSD, and listens for TLS alone or in clear text as well. Needs root and the lab image.
"""

from __future__ import annotations

import base64
import hashlib
import os
import pathlib
import re
import ssl
import subprocess
import time
import typing as t
from concurrent import futures

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import signed
from imrs_gate_bench import run, until
from imrs_parity_bench import PROVIDERS
from imrs_reload_bench import CASE, Changing

ROW = "nameserver_masters: tls"
NAME = "dist1.example"
AUTHORITY = "authority.example"
SYSTEM = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
"""Whom OpenSSL trusts when nobody says otherwise."""
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
    def make(
        cls, folder: pathlib.Path, name: str = NAME, until: str = "20360101000000Z", by: t.Self | None = None
    ) -> t.Self:
        """At the time of the test; signed ``by`` another one, or by itself."""
        number = len(list(folder.glob("*.pem")))
        made = cls(folder / f"{number}.key", folder / f"{number}.pem")
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        times = ("-not_before", "20250101000000Z", "-not_after", until)
        names = ("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}")
        kind = ("-addext", f"basicConstraints=critical,CA:{'TRUE' if name == AUTHORITY else 'FALSE'}")
        signer = ("-CA", str(by.pem), "-CAkey", str(by.key)) if by else ()
        files = ("-keyout", str(made.key), "-out", str(made.pem))
        run("openssl", "req", "-x509", *curve, *times, *names, *kind, *signer, *files)
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


def comes(bench: Changing, provider: str, serial: int, master: Master) -> None:
    """The master has a newer zone, and the nameserver has it then."""
    hand_out(bench, serial, master)
    until(
        lambda: fetches(bench, provider) or bench.serial_served() == str(serial),
        what=lambda: f"a transfer: {bench.said_by(provider)}",
    )
    until(lambda: bench.serial_served() == str(serial), what=f"zone {serial}")


def asked(bench: Changing, provider: str, master: Master, port: int = 853) -> str:
    """What acceptance finds when it asks the master for an IXFR, with this certificate in the sheet."""
    der = ssl.PEM_cert_to_DER_cert(master.pem.read_text())
    tls = {"name": NAME, "certificates": [hashlib.sha256(der).hexdigest()]}
    key = "xlb01-dist1.example."
    question: signed.Question = {
        "name": ".",
        "type": "IXFR",
        "server": "203.0.113.1",
        "port": port,
        "key": key,
        "tls": tls,
    }
    keys = {"knot": "/etc/knot/keys.conf", "nsd": "/etc/nsd/nsd.conf.d/zones.conf"}[provider]

    def there() -> dict[str, t.Any]:
        with open(f"/run/netns/{bench.node}") as network:
            os.setns(network.fileno(), os.CLONE_NEWNET)  # for this thread alone
        return signed.ask_all([question], keys, {}, time.monotonic())[0]

    with futures.ThreadPoolExecutor(max_workers=1) as pool:
        found = pool.submit(there).result()
    return f"{found['result']} {found['rcode']}"


@both
def test_a_zone_comes_over_tls_also_while_the_master_changes_its_certificate(
    bench: Changing, provider: str, tmp_path: pathlib.Path
) -> None:
    old, new = Master.make(tmp_path), Master.make(tmp_path)
    trust(bench, provider, old, new)
    take(bench, provider)
    comes(bench, provider, 2026010101, old)
    comes(bench, provider, 2026010102, new)


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
    comes(bench, provider, 2026010102, mine)


@pytest.mark.parametrize("bench", ["nsd"], indirect=True)
def test_nsd_trusts_none_of_the_systems_authorities(
    bench: Changing, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Knot DNS has its pin. Without what the unit says in Environment=, NSD takes the zone."""
    mine, authority = Master.make(tmp_path), Master.make(tmp_path, AUTHORITY)
    other = Master.make(tmp_path, by=authority)
    before = SYSTEM.read_bytes() if SYSTEM.exists() else None
    SYSTEM.parent.mkdir(parents=True, exist_ok=True)
    try:
        SYSTEM.write_bytes((before or b"") + authority.pem.read_bytes())
        trust(bench, "nsd", mine)
        take(bench, "nsd")
        hand_out(bench, 2026010101, other)
        assert not fetches(bench, "nsd")
        assert bench.serial_served() == "2026010100"
        monkeypatch.setattr(bench, "environment", lambda: [f"SSL_CERT_FILE={SYSTEM}"])
        take(bench, "nsd")
        until(lambda: bench.serial_served() == "2026010101", what="the zone of a master that was not meant")
    finally:
        if before is None:
            SYSTEM.unlink(missing_ok=True)
        else:
            SYSTEM.write_bytes(before)


@both
def test_acceptance_asks_as_the_nameserver_does(bench: Changing, provider: str, tmp_path: pathlib.Path) -> None:
    """Requirement ZI-12: over TLS, and of nobody else."""
    mine, foreign = Master.make(tmp_path), Master.make(tmp_path)
    trust(bench, provider, mine)
    take(bench, provider)
    hand_out(bench, 2026010101, mine)
    assert asked(bench, provider, mine) == "verified NOERROR"
    assert asked(bench, provider, foreign) == "another certificate "
    assert asked(bench, provider, mine, port=53) == "connection refused "


@pytest.mark.parametrize("bench", ["nsd"], indirect=True)
def test_nsd_takes_no_certificate_for_another_name(bench: Changing, tmp_path: pathlib.Path) -> None:
    """Knot DNS has its pin, and does not look at the name: the sheet is refused before (test_certificates.py)."""
    mine, other = Master.make(tmp_path), Master.make(tmp_path, "dist2.example")
    trust(bench, "nsd", mine, other)
    take(bench, "nsd")
    hand_out(bench, 2026010101, other)
    assert not fetches(bench, "nsd")
    assert bench.serial_served() == "2026010100"
    comes(bench, "nsd", 2026010102, mine)


@both
def test_the_end_of_a_certificate_is_one_for_nsd_and_none_for_a_pin(
    bench: Changing, provider: str, tmp_path: pathlib.Path
) -> None:
    """Sixty days before, the fleet's file is warned about (test_certificates.py)."""
    mine, ended = Master.make(tmp_path), Master.make(tmp_path, until="20260101000000Z")
    trust(bench, provider, mine, ended)
    take(bench, provider)
    hand_out(bench, 2026010101, ended)
    if provider == "nsd":
        assert not fetches(bench, provider)
        assert bench.serial_served() == "2026010100"
        comes(bench, provider, 2026010102, mine)
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

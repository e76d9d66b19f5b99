# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real mail server on 127.0.0.1 (aiosmtpd), at a port that the system gives, and what is wrong with it."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime
import ipaddress
import pathlib
import ssl
import threading
import typing as t

from aiosmtpd import smtp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Message(t.NamedTuple):
    """What the server has taken."""

    sender: str
    to: list[str]
    octets: bytes
    encrypted: bool
    user: str


@dataclasses.dataclass
class Post:
    """The server's mind: what it refuses, and what it has taken."""

    refuses: dict[str, str] = dataclasses.field(default_factory=dict)
    """Answers by address; under ``MAIL`` and ``DATA`` of these commands."""
    hangs_up: bool = False
    """After it has the message, without a word."""
    keeps_waiting: bool = False
    """After it has the message, until the other end is gone."""
    arrived: threading.Event = dataclasses.field(default_factory=threading.Event)
    """Set when a message is there."""
    password: str = ""
    messages: list[Message] = dataclasses.field(default_factory=list)
    port: int = 0

    async def handle_MAIL(self, _server: t.Any, _session: t.Any, envelope: t.Any, address: str, _given: t.Any) -> str:  # noqa: N802
        if "MAIL" in self.refuses:
            return self.refuses["MAIL"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, _server: t.Any, _session: t.Any, envelope: t.Any, address: str, _given: t.Any) -> str:  # noqa: N802
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: t.Any, session: t.Any, envelope: t.Any) -> str:  # noqa: N802
        if "DATA" in self.refuses:
            return self.refuses["DATA"]
        user = (session.auth_data or b"").decode() if session.authenticated else ""
        took = Message(envelope.mail_from, envelope.rcpt_tos, envelope.original_content, bool(session.ssl), user)
        self.messages.append(took)
        self.arrived.set()
        if self.hangs_up:
            server.transport.abort()
        while self.keeps_waiting and not server.transport.is_closing():  # noqa: ASYNC110 - set by another thread
            await asyncio.sleep(0.01)
        return f"250 taken as {len(self.messages)}"

    def check(self, _server: t.Any, _session: t.Any, _envelope: t.Any, _way: str, data: t.Any) -> smtp.AuthResult:
        good = data.password.decode() == self.password
        return smtp.AuthResult(success=good, handled=False, auth_data=data.login if good else None)


@contextlib.contextmanager
def running(post: Post, tls: ssl.SSLContext | None = None) -> t.Iterator[Post]:
    """The server while the block runs; ``tls``: what it offers STARTTLS with."""
    loop, up = asyncio.new_event_loop(), threading.Event()

    def make() -> smtp.SMTP:
        return smtp.SMTP(
            post, hostname="mail.example", tls_context=tls, loop=loop, ident="test",
            auth_required=False, auth_require_tls=bool(tls) or not post.password,
            authenticator=post.check if post.password else None,
        )  # fmt: skip

    def work() -> None:
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(loop.create_server(make, "127.0.0.1", 0))
        post.port = server.sockets[0].getsockname()[1]
        up.set()
        loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    thread = threading.Thread(target=work)
    thread.start()
    up.wait()
    try:
        yield post
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


@dataclasses.dataclass(frozen=True)
class Authority:
    """A certification authority of this test run, and a server's certificate by it."""

    folder: pathlib.Path

    @property
    def file(self) -> str:
        return str(self.folder / "ca.pem")

    def server(self, *names: str) -> ssl.SSLContext:
        """What a server of these names offers."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(_issue(self.folder, names))
        return context


def authority(folder: pathlib.Path) -> Authority:
    """Make one, in files of this folder."""
    folder.mkdir()
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority.example")])
    made = _certificate(name, name, key.public_key()).add_extension(x509.BasicConstraints(True, 0), critical=True)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    usage = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    made = made.add_extension(x509.KeyUsage(**usage, key_cert_sign=True, crl_sign=True), critical=True)
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (folder / "ca.pem").write_bytes(pem)
    (folder / "ca.key").write_bytes(_plain(key))
    return Authority(folder)


def _issue(folder: pathlib.Path, names: t.Sequence[str]) -> pathlib.Path:
    """Key and certificate of a server, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    signer = t.cast(
        ec.EllipticCurvePrivateKey, serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
    )
    issuer = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    known = [x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names]
    made = _certificate(subject, issuer.subject, key.public_key())
    made = made.add_extension(x509.SubjectAlternativeName(known), critical=False)
    made = made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    path = folder / f"{names[0]}.pem"
    path.write_bytes(_plain(key) + made.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path


def _certificate(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
    return made.not_valid_after(now + datetime.timedelta(days=1))


def _plain(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

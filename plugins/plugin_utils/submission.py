# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A message given to a mail server (RFC 5321, RFC 6409), so that afterwards it is known who has it.

There is one moment at which nobody knows: the message is on its way, and the server's answer has not come. The caller
is asked right before it, to leave a mark that outlives this process.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import smtplib
import ssl
import typing as t

LONGEST = 300


class SubmissionError(Exception):
    """The server has nothing of the message. The text says why, and what to do; it holds no password."""


class UnknownError(Exception):
    """The server may have the message or not."""


@dataclasses.dataclass(frozen=True)
class Server:
    """Where messages go, and how."""

    host: str
    port: int
    cleartext: bool = False
    """Whether the message may go over a line that is not encrypted. On this machine itself it always may."""
    ca_file: str = ""
    """Certificates (PEM) that the server's has to be signed by; empty: those that the system trusts."""
    username: str = ""
    password: str = dataclasses.field(default="", repr=False)
    timeout: float = 30.0
    """Seconds for each answer."""

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Answer(t.NamedTuple):
    """What the server said of each address: those that it has the message for, and the others."""

    accepted: dict[str, str]
    refused: dict[str, str]


def submit(
    server: Server,
    sender: str,
    to: t.Sequence[str],
    octets: bytes,
    before: t.Callable[[list[str], dict[str, str]], object],
) -> Answer:
    """Send ``octets`` once, for all addresses that the server takes.

    ``before`` is called right before the message goes, with these addresses, and with the others and what was said of
    them. Raises SubmissionError and UnknownError.
    """
    client = _open(server)
    try:
        accepted, refused = _envelope(server, client, sender, to, len(octets))
        if not accepted:
            return Answer({}, refused)
        before(accepted, refused)
        try:
            answer: tuple[int, bytes | str] = client.data(octets)
        except smtplib.SMTPDataError as error:  # it did not want the message to begin
            answer = error.smtp_code, error.smtp_error
        except (smtplib.SMTPException, OSError) as error:
            raise UnknownError(f"{server}: {_reason(error)}") from None
        outcome = dict.fromkeys(accepted, _said(*answer))
        return Answer(outcome, refused) if answer[0] == 250 else Answer({}, {**refused, **outcome})
    finally:
        _leave(client)


def _open(server: Server) -> smtplib.SMTP:
    """A connection that is ready for the envelope."""
    client = None
    try:
        context = ssl.create_default_context(cafile=server.ca_file or None)
    except OSError as error:
        raise SubmissionError(
            f"{server.ca_file}: {_reason(error)}; give certificates in PEM, or leave it out"
        ) from None
    try:
        client = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
        safe = _secured(server, client, context)
        if server.username:
            _log_in(server, client, safe=safe)
    except (SubmissionError, smtplib.SMTPException, OSError, UnicodeError) as error:  # the last: a name that is none
        if client:
            client.close()
        if isinstance(error, SubmissionError):
            raise
        raise SubmissionError(f"{server}: {_reason(error)}") from None
    return client


def _secured(server: Server, client: smtplib.SMTP, context: ssl.SSLContext) -> bool:
    """Encrypt the line; whether it is. What a server offers is taken, and has to be right, whatever is allowed."""
    client.ehlo_or_helo_if_needed()
    if client.has_extn("starttls"):
        client.starttls(context=context)
        client.ehlo_or_helo_if_needed()
        return True
    if server.cleartext or _here(server.host):
        return False
    raise SubmissionError(
        f"{server}: offers no STARTTLS, so the message would go in clear text; take another server or port, or say "
        "-e imrs_notice_cleartext=true"
    )


def _log_in(server: Server, client: smtplib.SMTP, *, safe: bool) -> None:
    """Nothing that comes back is repeated: a server may repeat what it was sent."""
    if not (safe or _here(server.host)):
        raise SubmissionError(f"{server}: offers no STARTTLS, and a password never goes in clear text")
    try:
        client.login(server.username, server.password)
    except smtplib.SMTPAuthenticationError as error:
        wrong = f"does not take this user name and password ({error.smtp_code})"
    except smtplib.SMTPNotSupportedError:
        wrong = "takes no user names and passwords; leave them out"
    except UnicodeError:
        wrong = "user name and password have to be ASCII"
    else:
        return
    raise SubmissionError(f"{server}: {wrong}")


def _envelope(
    server: Server, client: smtplib.SMTP, sender: str, to: t.Sequence[str], size: int
) -> tuple[list[str], dict[str, str]]:
    """The addresses that the server takes, and what it said of the others."""
    accepted, refused = [], {}
    try:
        code, said = client.mail(sender, [f"size={size}"] if client.has_extn("size") else [])
        if code != 250:
            raise SubmissionError(f"{server}: does not take the sender {sender}: {_said(code, said)}")
        for address in to:
            code, said = client.rcpt(address)
            if code == 421:  # it is about to close the line (RFC 5321 section 3.8)
                raise SubmissionError(f"{server}: {_said(code, said)}")
            if code in {250, 251}:
                accepted.append(address)
            else:
                refused[address] = _said(code, said)
    except (smtplib.SMTPException, OSError) as error:
        raise SubmissionError(f"{server}: {_reason(error)}") from None
    return accepted, refused


def _leave(client: smtplib.SMTP) -> None:
    """What the server says to that changes nothing any more."""
    try:
        client.quit()
    except (smtplib.SMTPException, OSError):
        client.close()


def _here(host: str) -> bool:
    """Whether a server is on this machine, so that nobody is on the way."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def _said(code: int, answer: bytes | str) -> str:
    """``550 no such user``: one printable line."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return f"{code} {' '.join(shown.split())}"[:LONGEST]


def _reason(error: Exception) -> str:
    """What an exception tells a reader."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _said(error.smtp_code, error.smtp_error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not taken: {error.verify_message}"
    return str(getattr(error, "strerror", None) or error) or type(error).__name__

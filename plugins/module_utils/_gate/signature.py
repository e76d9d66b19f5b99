# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Certificates that a key of the fleet has signed: what this gate takes, and what it believes at its start.

The keys are in a file of OpenSSH's form (ssh-keygen(1), "ALLOWED SIGNERS") that only root writes, and that belongs to
what is certified. Without such a file the gate takes the word of root on the node, as there is nobody else to ask.

| who could want | answer |
|---|---|
| to raise a node without acceptance: root of the node | takes a key of the fleet, which is not there. Who replaces the gate itself needs none: a host who owns the machine can announce by any program, and the host's filters decide |
| to bring back an old certificate, or that of another node | the name, the fingerprint (of a random file, too) and the challenge are signed; a revocation changes the challenge |
| to have a whole fleet dark at once: an end that comes for all | an end takes no node down that is up; it counts when one is issued or the gate starts |
| to have a node dark at its start: one that overloads it so that OpenSSH does not end | it is tried again until it does |
| the same: a clock that is far ahead | only where the fleet sets an end (``certificate.days``), and a clock can be set by who answers for NTP. By default there is none |
"""  # noqa: E501 - a table

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import os
import secrets
import subprocess
import time
import typing as t

from .._statement import CERTIFY, NAMESPACE, TRIAL, Seal, Statement
from . import certificate, marks

if t.TYPE_CHECKING:
    from .certificate import Certificate

PATIENCE = 5.0
"""Seconds that a verification may take; it takes some hundredths."""
AGAIN = 5.0
"""Seconds until a signature is verified again that could not be."""
_SSH_KEYGEN = "/usr/bin/ssh-keygen"


class NotSignedError(ValueError):
    """It is not what a key of the fleet has signed for this node, and why."""


class UnverifiedError(NotSignedError):
    """Nobody could tell for now: OpenSSH did not run, or did not come to an end."""


class Signed(t.NamedTuple):
    """What was verified."""

    statement: Statement
    seal: Seal
    signer: str
    """The name of the key in the fleet."""


class Signers:
    """The keys whose word counts on ``node``. ``path`` is empty where none has to sign."""

    def __init__(self, path: str, node: str) -> None:
        self._path, self._node = path, node
        self._taken: set[str] = set()
        self._doubted: Certificate | None = None
        self.challenge = secrets.token_hex(16)

    @property
    def needed(self) -> bool:
        """Whether a certificate has to be signed."""
        return self._path != ""

    def renew(self) -> None:
        """Nothing that was signed until now is taken any more."""
        self._taken.clear()
        self.challenge = secrets.token_hex(16)

    async def unseal(self, request: dict[str, t.Any], wall: float) -> tuple[dict[str, t.Any], Signed | None]:
        """A request as it came, or the one that a signed statement stands for (``take``). NotSignedError for a
        statement that does not count, and for a certificate that needs one. ``wall``: seconds since 1970.
        """
        if request["verb"] in {CERTIFY, TRIAL} and self.needed:
            raise NotSignedError("a key of the fleet has to sign that; run icann.imrs.accept (docs/certificate.md)")
        if request["verb"] != "take":
            return request, None
        if not self.needed:
            raise NotSignedError("this gate knows no keys of a fleet; provision it first (icann.imrs.site)")
        seal = Seal(str(request["statement"]), str(request["signature"]))
        signed = await asyncio.to_thread(self.verify, seal, wall)
        return self.admit(signed), signed  # a revocation that came meanwhile counts

    def admit(self, signed: Signed) -> dict[str, t.Any]:
        """The request that a statement stands for, each only once; NotSignedError for one that is of before."""
        statement = signed.statement
        digest = hashlib.sha256(signed.seal.statement.encode()).hexdigest()
        if statement.challenge != self.challenge or digest in self._taken:
            raise NotSignedError(
                "the statement was taken before, or is older than the last revocation or start of this gate; run "
                "icann.imrs.accept"
            )
        self._taken.add(digest)
        request = {"verb": statement.verb, "fingerprint": statement.fingerprint, "sessions": list(statement.sessions)}
        request |= {"mode": statement.mode} if statement.verb == CERTIFY else {}
        return request | ({} if statement.seconds is None else {"for": statement.seconds})

    def believe(self, found: Certificate, wall: float) -> Certificate:
        """A certificate as a gate that starts has found it: void where it is not what a key of the fleet has signed.

        What is not signed ends with the gate before: a trial, what was foreseen, and the time in which a certificate
        was to be confirmed, which the next statement could not do, as the challenge is another one.
        """
        if not self.needed or not found.mode:
            return found
        found = dataclasses.replace(found, trial=(), trial_until=None, foreseen=(), foreseen_until=None)
        self._doubted = None
        try:
            return self._believed(found, wall)
        except UnverifiedError as error:
            self._doubted = found
            return found.voided(str(error))
        except NotSignedError as error:
            return found.voided(str(error))

    def _believed(self, found: Certificate, wall: float) -> Certificate:
        if not found.statement:
            raise NotSignedError("no key of the fleet has signed it; accept the node anew")
        if found.expiry is not None:
            raise NotSignedError("it was not confirmed before the gate started anew; accept the node anew")
        signed = self.verify(Seal(found.statement, found.signature), wall)
        of = signed.statement
        said = (of.verb, of.mode, of.fingerprint, marks.canonical(of.sessions), of.seconds)
        if said != (CERTIFY, str(found.mode), found.fingerprint, found.sessions, None):
            raise NotSignedError(f"the file does not have what {signed.signer} has signed; accept the node anew")
        return dataclasses.replace(found, signed_by=signed.signer, ends=of.ends)

    async def again(self, adopt: t.Callable[[Certificate], object]) -> None:
        """Work of the gate: what could not be verified at its start is verified again until somebody can tell. Never
        ends. ``adopt`` is given the certificate then.
        """
        while self._doubted is not None:
            await asyncio.sleep(AGAIN)
            found = await asyncio.to_thread(self.believe, self._doubted, time.time())
            if self._doubted is None:
                adopt(found)
        await asyncio.Event().wait()

    def verify(self, seal: Seal, wall: float) -> Signed:
        """A statement for this node that one of the keys has signed, and that has not ended."""
        signer = self._signer(seal)
        try:
            statement = Statement.parse(seal.statement)
        except ValueError as error:
            raise NotSignedError(f"what {signer} has signed is not understood: {error}") from error
        if statement.node != self._node:
            raise NotSignedError(f"the statement is for {statement.node}, not for {self._node}")
        try:
            over = bool(statement.ends) and wall >= certificate.seconds(statement.ends)
        except ValueError as error:
            raise NotSignedError(f"{statement.ends!r} is no time") from error
        if over:
            raise NotSignedError(f"the statement has ended at {statement.ends}; run icann.imrs.accept")
        return Signed(statement, seal, signer)

    def _signer(self, seal: Seal) -> str:
        """Whose signature it is; NotSignedError when it is nobody's that counts."""
        try:
            statement, signature = (text.encode("utf-8") for text in seal)
        except UnicodeEncodeError as error:
            raise NotSignedError(f"what was signed is no text: {error}") from error
        with _in_memory(signature) as descriptor:
            of = ("-f", self._path, "-s", f"/proc/self/fd/{descriptor}")
            found = _run(("-Y", "find-principals", *of), b"", descriptor)
            if found.returncode or not found.stdout.strip():
                raise NotSignedError(f"no key of the fleet has signed the statement: {_said(found)}")
            signer = found.stdout.split()[0].decode("ascii", "replace")
            done = _run(("-Y", "verify", *of, "-I", signer, "-n", NAMESPACE), statement, descriptor)
        if done.returncode:
            raise NotSignedError(f"the signature of {signer} is not of this statement: {_said(done)}")
        return signer


@contextlib.contextmanager
def _in_memory(octets: bytes) -> t.Iterator[int]:
    """A descriptor for a child to read from: a full disk must not keep a gate from its certificate."""
    descriptor = os.memfd_create("signature")
    try:
        os.write(descriptor, octets)
        yield descriptor
    finally:
        os.close(descriptor)


def _run(words: t.Sequence[str], octets: bytes, fd: int) -> subprocess.CompletedProcess[bytes]:
    """What OpenSSH says; UnverifiedError when it could not say anything."""
    try:
        done = subprocess.run(
            (_SSH_KEYGEN, *words), input=octets, capture_output=True, timeout=PATIENCE, pass_fds=(fd,), check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnverifiedError(f"the signature cannot be verified: {error}") from error
    if done.returncode < 0:
        raise UnverifiedError(f"the signature cannot be verified: ssh-keygen was ended by signal {-done.returncode}")
    return done


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = [line.strip() for line in (done.stderr + done.stdout).decode("utf-8", "replace").splitlines()]
    return next(filter(None, lines), f"ssh-keygen ended with {done.returncode}")[:200]

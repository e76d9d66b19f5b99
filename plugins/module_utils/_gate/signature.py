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
| to have a node dark at its start: a clock that is far ahead | only where the fleet sets an end (``certificate.days``), and a clock can be set by who answers for NTP. By default there is none |
"""  # noqa: E501 - a table

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime
import hashlib
import os
import secrets
import subprocess
import typing as t

from .._statement import CERTIFY, NAMESPACE, TIME, TRIAL, Seal, Statement
from . import marks

if t.TYPE_CHECKING:
    from .certificate import Certificate

PATIENCE = 5.0
"""Seconds that a verification may take; it takes some hundredths."""
_SSH_KEYGEN = "ssh-keygen"


class NotSignedError(ValueError):
    """It is not what a key of the fleet has signed for this node, and why."""


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

        A trial is not in the statement, so it ends with the gate.
        """
        if not self.needed or not found.mode:
            return found
        found = dataclasses.replace(found, trial=(), trial_until=None)
        if not found.statement:
            return found.voided("no key of the fleet has signed it; accept the node anew")
        try:
            signed = self.verify(Seal(found.statement, found.signature), wall)
        except NotSignedError as error:
            return found.voided(str(error))
        of = signed.statement
        said = (of.verb, of.mode, of.fingerprint, marks.canonical(of.sessions), of.seconds is None)
        if said != (CERTIFY, str(found.mode), found.fingerprint, found.sessions, found.expiry is None):
            return found.voided(f"the file does not have what {signed.signer} has signed; accept the node anew")
        return dataclasses.replace(found, signed_by=signed.signer, ends=of.ends)

    def verify(self, seal: Seal, wall: float) -> Signed:
        """A statement for this node that one of the keys has signed, and that has not ended."""
        signer = self._signer(seal)
        try:
            statement = Statement.parse(seal.statement)
        except ValueError as error:
            raise NotSignedError(f"what {signer} has signed is not understood: {error}") from error
        if statement.node != self._node:
            raise NotSignedError(f"the statement is for {statement.node}, not for {self._node}")
        if statement.ends and wall >= _seconds(statement.ends):
            raise NotSignedError(f"the statement has ended at {statement.ends}; run icann.imrs.accept")
        return Signed(statement, seal, signer)

    def _signer(self, seal: Seal) -> str:
        """Whose signature it is; NotSignedError when it is nobody's that counts."""
        with _in_memory(seal.signature) as descriptor:
            of = ("-f", self._path, "-s", f"/proc/self/fd/{descriptor}")
            found = _run(("-Y", "find-principals", *of), "", descriptor)
            if found.returncode or not found.stdout.strip():
                raise NotSignedError(f"no key of the fleet has signed the statement: {_said(found)}")
            signer = found.stdout.split()[0]
            done = _run(("-Y", "verify", *of, "-I", signer, "-n", NAMESPACE), seal.statement, descriptor)
        if done.returncode:
            raise NotSignedError(f"the signature of {signer} is not of this statement: {_said(done)}")
        return signer


@contextlib.contextmanager
def _in_memory(text: str) -> t.Iterator[int]:
    """A descriptor for a child to read the text from: a full disk must not keep a gate from its certificate."""
    descriptor = os.memfd_create("signature")
    try:
        os.write(descriptor, text.encode())
        yield descriptor
    finally:
        os.close(descriptor)


def _run(words: t.Sequence[str], text: str, fd: int) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            (_SSH_KEYGEN, *words),
            input=text,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE,
            pass_fds=(fd,),
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotSignedError(f"the signature cannot be verified: {error}") from error


def _said(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in (done.stderr + done.stdout).splitlines() if line.strip()]
    return lines[0][:200] if lines else f"ssh-keygen ended with {done.returncode}"


def _seconds(text: str) -> float:
    """Seconds since 1970; NotSignedError for what is no time."""
    try:
        return datetime.datetime.strptime(text, TIME).replace(tzinfo=datetime.UTC).timestamp()
    except ValueError as error:
        raise NotSignedError(f"{text!r} is no time") from error

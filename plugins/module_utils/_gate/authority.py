# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Who may say what is announced: the operator's intent, and the certificate that acceptance left.

Dark by default: what is missing, damaged or void counts as dark, and says why. An intent set by hand is a ceiling that
playbooks cannot lift, even after they lowered the node for a while. A certificate that was void once stays so, and
only a new one helps. There is one exception: a certificate that was for good and that nothing but a change has voided
counts again when root has made sure that the files and what runs are again exactly what was certified (``comeback``).

A planned change that needs no more than a reload may be *foreseen*: for minutes, until acceptance has proven the new
configuration, the certificate covers it too. What was not foreseen voids the certificate as ever.

Sessions are certified one by one, by their marks. One that comes later is put on *trial* for minutes: it gets what the
others have, to be judged by it. When nobody certifies it in time, it gets nothing again, and the certificate stays.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
import typing as t

from .._routing.policy import Mode
from . import certificate as certificates
from . import marks, store
from .certificate import Certificate, Expiry, Moment
from .intent import Intents

if t.TYPE_CHECKING:
    import pathlib

    from .intent import Intent
    from .signature import Signed

LONGEST_PROVISIONAL = 86400.0
"""Seconds that a certificate may wait for its confirmation at most."""
SOON = 60 * 86400.0
"""Seconds before the end of a certificate from which on that is told."""
CHANGED = "the configuration has changed since acceptance"
UNCONFIRMED = "not confirmed in time"
MOST_FORESEEN = 16
"""Configurations that one planned change may pass through: a run of ``site.yml`` has a bundle for each role."""
_FINGERPRINT = re.compile(r"[0-9a-f]{64}\Z")


class Fingerprint:
    """The configuration's fingerprint as the root helper last wrote it; read again when the file changed."""

    def __init__(self, path: pathlib.Path) -> None:
        self._path = path
        self._seen: tuple[int, ...] = ()
        self.value = ""
        self.met: set[str] = set()
        """All that it has been since this gate started."""

    def poll(self) -> bool:
        """Look at the file; True when the fingerprint is now another."""
        before = self.value
        try:
            stat = self._path.stat()
            seen = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
            if seen != self._seen:
                text = self._path.read_text(encoding="ascii").strip()
                self.value = text if _FINGERPRINT.match(text) else ""
                self._seen = seen
        except (OSError, ValueError):
            self.value, self._seen = "", ()
        self.met |= {self.value} - {""}
        return self.value != before


class Authority:
    """Intent and certificate, in memory and on disk."""

    def __init__(
        self,
        state: pathlib.Path,
        fingerprint: Fingerprint,
        believe: t.Callable[[Certificate], Certificate] = lambda found: found,
    ) -> None:
        self._certificate_path = state / "certificate.json"
        self.fingerprint = fingerprint
        self.intents = Intents(state / "intent.json")
        self.certificate = believe(certificates.read(self._certificate_path))
        self._fresh = True
        self._unsaved = False

    @property
    def intent(self) -> Intent:
        """The mode that was asked for."""
        return self.intents.current

    @property
    def void(self) -> str:
        """Why the certificate does not count; empty when it does."""
        if self.certificate.reason:
            return self.certificate.reason
        if not self.fingerprint.value:
            return "the fingerprint of the configuration is missing"
        return "" if self.certificate.covers(self.fingerprint.value) else CHANGED

    @property
    def foreseen(self) -> bool:
        """Whether the certificate covers a planned change, too, at the moment."""
        return bool(self.certificate.foreseen) and not self.certificate.reason

    @property
    def reinstatable(self) -> bool:
        """Whether a change has voided a certificate that was for good, and the files are again those that it is for."""
        certificate = self.certificate
        same = self.fingerprint.value != "" and self.fingerprint.value == certificate.fingerprint
        return same and bool(certificate.sessions) and certificate.reason == CHANGED and certificate.expiry is None

    @property
    def sessions(self) -> tuple[str, ...]:
        """Marks of the sessions that get what is announced now, those on trial included."""
        return () if self.void else tuple(sorted({*self.certificate.sessions, *self.certificate.trial}))

    @property
    def certified(self) -> Mode:
        """The highest mode that the certificate allows now."""
        return Mode.DARK if self.void else self.certificate.mode

    def check(self, now: Moment) -> bool:
        """Call often: void for good what no longer holds; True when that was just now. ``remember()`` comes after."""
        certificate, current = self.certificate, self.fingerprint.value
        if self._fresh:
            certificate = self.certificate = certificate.capped(now.boot)
        self._fresh = False
        if certificate.reason:
            return False
        if certificate.trial_until and certificate.trial_until.over(now):
            certificate = self.certificate = dataclasses.replace(certificate, trial=(), trial_until=None)
            self._unsaved = True
        if certificate.foreseen_until and certificate.foreseen_until.over(now):
            reason = "" if current == certificate.fingerprint else UNCONFIRMED
            certificate = self.certificate = dataclasses.replace(certificate, foreseen=(), foreseen_until=None)
            self._unsaved = True
        elif current and not certificate.covers(current):
            reason = CHANGED
        elif certificate.expiry and certificate.expiry.over(now):
            reason = UNCONFIRMED
        else:
            reason = ""
        if not reason:
            return False
        self.certificate = certificate.voided(reason, str(now))
        self._unsaved = True
        return True

    def remember(self) -> str:
        """Bring what ``check()`` found to the disk, if it is not there yet; the answer says why that failed.

        Where nothing can be written any more, to have no certificate is as good as to have a void one.
        """
        if not self._unsaved:
            return ""
        try:
            with contextlib.suppress(OSError):
                store.write(self._certificate_path, certificates.record(self.certificate))
                self._unsaved = False
                return ""
            store.remove(self._certificate_path)
        except OSError as error:
            return f"cannot remember that the certificate is void: {error}"
        self._unsaved = False
        return ""

    def certify(
        self,
        mode: Mode,
        fingerprint: str,
        sessions: t.Sequence[str],
        now: Moment,
        seconds: float | None = None,
        signed: Signed | None = None,
    ) -> dict[str, t.Any]:
        """Accept what acceptance proved, if it proved the configuration that is there now: exactly these sessions, by
        their marks. A trial ends with it.

        With ``seconds`` it has to be confirmed by another one before they are over. A mode that is already certified
        for good is never lowered. ``signed``: what a key of the fleet has signed, which says just that.
        """
        if seconds is not None and not 0 < seconds <= LONGEST_PROVISIONAL:
            raise ValueError(f"a certificate cannot wait {seconds:g} s for its confirmation")
        given = marks.canonical(sessions)
        if mode and not given:
            return {"changed": False, "refused": f"a certificate for {mode} has to name the sessions that were judged"}
        if reason := self._not_there(fingerprint):
            return {"changed": False, "refused": reason}
        self.check(now)
        before, current = self.certificate, self.fingerprint.value
        settled = before.fingerprint == current and not before.expiry and not before.foreseen and not self.void
        same = before.sessions == given and not before.trial and (not signed or signed.statement.ends == before.ends)
        if settled and (mode < before.mode or (mode == before.mode and same)):
            return {"changed": False, "mode": str(before.mode)}
        expiry = None if seconds is None else Expiry.after(seconds, now)
        after = Certificate(mode, current, str(now), "", expiry, sessions=given)
        if signed:
            by, ends = signed.signer, signed.statement.ends
            statement, signature = signed.seal
            after = dataclasses.replace(after, statement=statement, signature=signature, signed_by=by, ends=ends)
        return self._take(after) or {"changed": True, "mode": str(mode)}

    def trial(self, sessions: t.Sequence[str], fingerprint: str, now: Moment, seconds: float) -> dict[str, t.Any]:
        """For ``seconds``, sessions that are not certified get what the others have, so that acceptance can judge them
        by it. It takes a certificate that is valid, for good, and of the very configuration that is there.
        """
        given = marks.canonical(sessions)
        if not 0 < seconds <= LONGEST_PROVISIONAL or not given:
            raise ValueError(f"a trial of {len(given)} sessions cannot last {seconds:g} s")
        if reason := self._not_there(fingerprint):
            return {"changed": False, "refused": reason}
        self.check(now)
        before = self.certificate
        if self.void or before.expiry or before.fingerprint != self.fingerprint.value:
            why = self.void or ("it is provisional" if before.expiry else "the configuration was only foreseen")
            return {"changed": False, "refused": f"no certificate that is for good: {why}"}
        new = tuple(mark for mark in given if mark not in before.sessions)
        if not new:
            return {"changed": False}
        marks.canonical((*before.sessions, *new))
        after = dataclasses.replace(before, trial=new, trial_until=Expiry.after(seconds, now))
        return self._take(after) or {"changed": True}

    def _not_there(self, fingerprint: str) -> str:
        """Why this is not the fingerprint of the configuration that is there; empty when it is."""
        current = self.fingerprint.value
        if current and fingerprint.lower() == current:
            return ""
        return f"the fingerprint of the configuration {f'is {current}' if current else 'is missing'}, not {fingerprint}"

    def _take(self, after: Certificate) -> dict[str, t.Any]:
        """Remember a certificate, and then go by it; the answer says why that failed, or is empty."""
        try:
            store.write(self._certificate_path, certificates.record(after))
        except OSError as error:
            return {"changed": False, "error": f"refused, for it cannot be remembered: {error}"}
        self.certificate, self._unsaved = after, False
        return {}

    def foresee(self, fingerprint: str, now: Moment, seconds: float, present: str) -> dict[str, t.Any]:
        """A planned change leads from the configuration that is ``present`` to this one: for ``seconds`` it is covered,
        too, by a certificate that is valid, for good, and covers the present one. A further change within that time
        does not prolong it.
        """
        if not 0 < seconds <= LONGEST_PROVISIONAL or not all(map(_FINGERPRINT.match, (fingerprint, present))):
            raise ValueError(f"{fingerprint} after {present} cannot be foreseen for {seconds:g} s")
        self.check(now)
        before = self.certificate
        if self.void or before.expiry:
            return {"changed": False, "refused": f"no certificate that is for good: {self.void or 'it is provisional'}"}
        if not before.covers(present):  # systemd does not notice everything
            return {"changed": False, "refused": f"{CHANGED}: its fingerprint is {present}"}
        if before.covers(fingerprint):
            return {"changed": False}
        if len(before.foreseen) >= MOST_FORESEEN:
            return {"changed": False, "refused": f"{MOST_FORESEEN} changes are foreseen already; accept the node first"}
        until = before.foreseen_until or Expiry.after(seconds, now)
        after = dataclasses.replace(before, foreseen=(*before.foreseen, fingerprint), foreseen_until=until)
        return self._take(after) or {"changed": True}

    def adopt(self, found: Certificate) -> bool:
        """A certificate that could not be verified at the start, and now was; False when there is another one."""
        if found.statement != self.certificate.statement or not self.certificate.reason:
            return False
        self.certificate = found
        return True

    def ending(self, wall: float) -> list[str]:
        """What is to be said of an end that is near or over, for people. ``wall``: seconds since 1970."""
        ends = self.certificate.ends
        if not ends or self.void or certificates.seconds(ends) - wall > SOON:
            return []
        return [f"certificate: the gate does not take it up again after {ends}; run icann.imrs.accept"]

    def not_to_reinstate(self, fingerprint: str) -> str:
        """Why the certificate cannot count again for the files of this fingerprint; empty when it can."""
        if self.certificate.reason != CHANGED:
            return f"no change has voided the certificate ({self.void or 'it is valid'})"
        if self.certificate.expiry is not None:
            return "the certificate was not for good"
        if not self.certificate.sessions:
            return certificates.NO_SESSION
        if not self.reinstatable or fingerprint.lower() != self.certificate.fingerprint:
            present = self.fingerprint.value or "unknown"
            return f"{self.certificate.fingerprint} is certified; {present} is there, and {fingerprint} is asked for"
        return ""

    def reinstate(self, fingerprint: str) -> dict[str, t.Any]:
        """What runs is again what is certified, says root: the certificate counts again.

        A gate that has seen other files cannot tell what it has read itself, so it has to be started anew first.
        """
        refused = self.not_to_reinstate(fingerprint)
        if not refused and self.fingerprint.met != {self.fingerprint.value}:
            refused = "this gate has seen another configuration; start it anew first"
        if refused:
            return {"changed": False, "refused": refused}
        after = dataclasses.replace(self.certificate, reason="", void_at="")
        return self._take(after) or {"changed": True, "mode": str(after.mode)}

    def revoke(self) -> dict[str, t.Any]:
        """There is no certificate any more, whatever the disk says."""
        changed = not self.certificate.reason
        self.certificate, self._unsaved = Certificate(reason="revoked"), False
        try:
            store.remove(self._certificate_path)
        except OSError as error:
            return {"changed": changed, "error": f"in force, but cannot be remembered: {error}"}
        return {"changed": changed}

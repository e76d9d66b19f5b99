# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""A node's files on the controller, for people and for tests: what may stand in them, and how they are written."""

from __future__ import annotations

import hashlib
import hmac
import pathlib
import re
import stat
import typing as t

from .. import _manifest as manifest
from .model import Bundle, BundleError, File

KEY_VARIABLE = "IMRS_RENDER_KEY"
"""Environment variable with the key under which two renders compare secrets; see ``placeholder``."""

KEY_LENGTH = 32
"""Fewest octets of that key: one that could be guessed would let the secrets be guessed."""

TOO_SHORT = 6
"""Secrets shorter than this many characters are not looked for: they stand in ordinary text by chance."""

_FILE, _DIRECTORY = 0o644, 0o755
_HOST = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")


def placeholder(name: str, value: str | None, key: bytes = b"") -> str:
    """What stands for the secret ``name`` in a rendered file; ``value`` is None where it is not known.

    Nothing of the secret itself, since 10^6 guesses at a digest take a second or two. With a ``key``, which whoever
    compares two renders makes for this once and throws away, 12 hexadecimal digits of the HMAC-SHA-256 (RFC 2104)
    of the secret under it, so that a change is seen. BundleError when the key is short.
    """
    if not key or value is None:
        return f"<{name}>"
    if len(key) < KEY_LENGTH:
        raise BundleError(f"{KEY_VARIABLE} has {len(key)} octets; make it of at least {KEY_LENGTH} random ones")
    return f"<{name} keyed:{hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:12]}>"


def find_leak(files: t.Iterable[File], secrets: t.Mapping[str, t.Iterable[str]]) -> tuple[str, str] | None:
    """Path of the first file that holds a secret, and the secret's name; None when there is none.

    ``secrets``: by name, its texts; each line of a text is a secret of its own.
    """
    lines = [
        (line.strip().encode(), name)
        for name in sorted(secrets)
        for text in secrets[name]
        for line in text.splitlines()
        if len(line.strip()) >= TOO_SHORT
    ]
    for file in files:
        for line, name in lines:
            if line in file.content:
                return file.dest, name
    return None


def owned(bundle: Bundle) -> manifest.Manifest:
    """What a bundle says of a node in its manifest."""
    files = [
        manifest.File(
            bundle.name,
            file.dest,
            f"{file.mode:04o}",
            file.owner,
            file.group,
            hashlib.sha256(file.content).hexdigest()[:12],
            file.secret,
        )
        for file in bundle.files
    ]
    others: list[manifest.Other] = [
        *(manifest.Exclusive(bundle.name, each.path) for each in bundle.directories if each.exclusive),
        *(manifest.Unit(bundle.name, each.unit, each.enabled, each.started) for each in bundle.ensure),
    ]
    told: dict[tuple[str, str], list[str]] = {}
    for each in bundle.activate:
        verb, units = each.told
        for unit in units:
            told.setdefault((verb, unit), []).extend(each.when_changed or ["*"])
    others += [manifest.Told(bundle.name, verb, unit, tuple(patterns)) for (verb, unit), patterns in told.items()]
    return manifest.Manifest(tuple(files), tuple(others))


def _put(root: pathlib.Path, path: pathlib.Path, content: bytes, *, check_mode: bool) -> bool:
    """Make the file say this; whether it did not before."""
    if path.is_file() and path.read_bytes() == content and stat.S_IMODE(path.lstat().st_mode) == _FILE:
        return False
    if not check_mode:
        # Whoever runs this may have any umask; the tree is for everybody to read.
        for directory in reversed([parent for parent in path.parents if parent == root or root in parent.parents]):
            directory.mkdir(parents=True, exist_ok=True)
            directory.chmod(_DIRECTORY)
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        path.chmod(_FILE)
    return True


def write(directory: str, host: str, bundle: Bundle, *, check_mode: bool = False) -> list[str]:
    """Write ``<directory>/<host>/<path on the node>`` and the manifest; returns what changed, or would in check mode.

    Raises BundleError when something is in the way.
    """
    if not _HOST.fullmatch(host):
        raise BundleError(f"{host!r} cannot be the name of a directory; rename the host in the inventory")
    root = pathlib.Path(directory, host)
    listed = root / manifest.NAME
    try:
        wanted = {root / file.dest.lstrip("/"): file.content for file in bundle.files}
        if listed in wanted:
            raise BundleError(f"/{manifest.NAME} cannot be rendered: the list of files has that name; rename the file")
        before = manifest.parse(listed.read_text(encoding="utf-8")) if listed.is_file() else manifest.Manifest()
        wanted[listed] = str(before.having(bundle.name, owned(bundle))).encode()
        return [str(path) for path, content in wanted.items() if _put(root, path, content, check_mode=check_mode)]
    except OSError as error:
        raise BundleError(
            f"{error.filename}: {error.strerror}; move away what is in the way, and render again"
        ) from None
    except ValueError as error:
        raise BundleError(f"{listed}: {error} into an empty directory") from None

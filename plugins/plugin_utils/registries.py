# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller has on disk of the world's registries, for the library to judge (docs/registration.md)."""

from __future__ import annotations

import pathlib
import typing as t

from ansible_collections.icann.imrs.plugins.module_utils._registration import report


def read(given: t.Any) -> dict[str, dict[str, t.Any]]:
    """``inputs`` and ``bounds`` as the library takes them, of ``acceptance_registration``.

    A file that cannot be read is an input with an ``error``, and what is no file is a bound; nothing is raised.
    """
    if not given:
        return {"inputs": {}, "bounds": {}}
    if not isinstance(given, dict):
        wrong = {"name": "acceptance_registration", "error": f"is no mapping; name files by {', '.join(report.KEYS)}"}
        return {"inputs": {report.KEYS[0]: wrong}, "bounds": {}}
    files = {key: str(given[key]) for key in report.KEYS if given.get(key)}
    bounds = {key: value for key, value in given.items() if key not in report.KEYS and value is not None}
    return {"inputs": {key: _file(name) for key, name in files.items()}, "bounds": bounds}


def _file(name: str) -> dict[str, t.Any]:
    """One file. Registries write names of people in several encodings, and these are not looked at."""
    found: dict[str, t.Any] = {"name": name}
    try:
        path = pathlib.Path(name).expanduser()
        if path.exists() and not path.is_file():
            return {**found, "error": "is no file; name one that can be read"}
        text = path.read_text(encoding="utf-8", errors="replace")
        return {**found, "modified": path.stat().st_mtime, "text": text}
    except (OSError, ValueError, RuntimeError) as error:  # the last: ~ of nobody
        said = getattr(error, "strerror", None) or str(error)
        return {**found, "error": f"{said}; fetch it, or take it out of acceptance_registration"}

# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""icann.imrs.documents: reads a fleet's files, has the library make documents of them, and writes these."""

from __future__ import annotations

import json
import os
import pathlib
import typing as t

import jinja2
from ansible.plugins.action import ActionBase
from ansible_collections.icann.imrs.plugins.module_utils._documents import language, pages, proven
from ansible_collections.icann.imrs.plugins.module_utils._site import fleet
from ansible_collections.icann.imrs.plugins.module_utils._site.errors import SiteError
from ansible_collections.icann.imrs.plugins.plugin_utils import fleet_files

TEMPLATES = pathlib.Path(__file__).parents[2] / "roles" / "documents" / "templates"
CATALOGUES = pathlib.Path(__file__).parents[2] / "roles" / "documents" / "files" / "locale"

_OPTIONS = {"inventory": True, "directory": True, "reports": False}
"""Whether each is required."""


class _UserError(Exception):
    """Something that the reader can mend; the text says how."""


class ActionModule(ActionBase):
    """Everything on the controller."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """One call for the whole fleet."""
        super().run(tmp, task_vars)
        try:
            given = self._given()
            found = _fleet(pathlib.Path(given["inventory"]))
            names = [node["node"] for record in found.sites for node in record["nodes"]]
            tests = _tests(pathlib.Path(given["reports"]), names) if given["reports"] else None
            used = {record["language"] for record in found.sites} - {language.ENGLISH.code}
            translators = {code: _translator(code) for code in sorted(used)}
            texts = pages.documents(found, jinja2.FileSystemLoader(TEMPLATES), tests, translators)
            root, known = pathlib.Path(given["directory"]), []
            written = []
            for name, text in texts:  # one after the other: a large fleet's documents are more than fits into memory
                known.append(name)
                if _write(root / name, text.encode(), check_mode=self._task.check_mode):
                    written.append(name)
            removed = _remove_stale(root, known, check_mode=self._task.check_mode)
        except SiteError as error:
            count = len(error.problems)
            return _failed(
                f"{count} problem{'s' if count > 1 else ''} in the site data, so there are no documents:\n{error}"
            )
        except _UserError as error:
            return _failed(str(error))
        except jinja2.TemplateError as error:
            place = getattr(error, "name", None) or getattr(error, "filename", None) or "a template"
            return _failed(f"documents: {TEMPLATES}: {place}: {type(error).__name__}: {error}; mend the template")
        except OSError as error:
            return _failed(
                f"documents: {error.filename}: {error.strerror}; move away what is in the way, and render again"
            )
        return {"changed": bool(written or removed), "documents": sorted(known), "written": written, "removed": removed}

    def _given(self) -> dict[str, str]:
        """The arguments, checked."""
        arguments = dict(self._task.args)
        unknown = sorted(set(arguments) - set(_OPTIONS))
        if unknown:
            raise _UserError(f"documents: unknown options {', '.join(unknown)}; the options are {', '.join(_OPTIONS)}")
        given = {name: str(arguments.get(name) or "").strip() for name in _OPTIONS}
        missing = [name for name, required in _OPTIONS.items() if required and not given[name]]
        if missing:
            raise _UserError(f"documents: {' and '.join(missing)} must be given")
        return {name: str(pathlib.Path(value).expanduser()) if value else "" for name, value in given.items()}


def _failed(message: str) -> dict[str, t.Any]:
    return {"failed": True, "changed": False, "msg": message}


def _fleet(config: pathlib.Path) -> fleet.Fleet:
    """The fleet that an ``imrs.yml`` stands for."""
    missing = fleet.missing_libraries()
    if missing:
        raise _UserError(
            f"documents: needs {' and '.join(missing)}; install with: python3 -m pip install {' '.join(missing)}"
        )
    if not config.is_file():
        raise _UserError(f"documents: inventory: {config} is not a file; name the fleet's imrs.yml")
    anchors = os.environ.get("IMRS_TRUST_ANCHOR_FILE")  # as for the inventory plugin
    return fleet_files.read(config, trust_anchor_file=str(pathlib.Path.cwd() / anchors) if anchors else None)


def _translator(code: str) -> language.Translator:
    """Words of a language, from its compiled catalogue."""
    path = CATALOGUES / f"{code}.mo"
    try:
        return language.Translator.of(code, path.read_bytes())
    except ValueError as error:
        raise _UserError(f"documents: {path}: {error}; make it anew with make messages") from None


def _tests(directory: pathlib.Path, nodes: t.Collection[str]) -> proven.Tests:
    """The reports on these nodes. No directory: no node has one yet."""
    if directory.exists() and not directory.is_dir():
        raise _UserError(f"documents: reports: {directory} is not a directory; name the one that reports are in")
    latest, accepted = (_reports(directory, nodes, name) for name in ("acceptance.json", "accepted.json"))
    return proven.Tests.of(latest, accepted)


def _reports(directory: pathlib.Path, nodes: t.Iterable[str], name: str) -> list[dict[str, t.Any]]:
    """Content of ``<node>/<name>``, of the nodes that have one."""
    found = []
    for node in nodes:
        path = directory / node / name
        if not path.is_file():
            continue
        try:
            report = json.loads(path.read_bytes())
        except ValueError as error:
            raise _UserError(
                f"documents: {path}: is not JSON ({error}); have the node judged again, or remove it"
            ) from None
        if not isinstance(report, dict) or not isinstance(report.get("results", []), list):
            raise _UserError(
                f"documents: {path}: is not an acceptance report; have the node judged again, or remove it"
            )
        found.append(report)
    return found


def _write(path: pathlib.Path, content: bytes, *, check_mode: bool) -> bool:
    """Make the file say this; whether it did not before."""
    if path.is_file() and path.read_bytes() == content:
        return False
    if not check_mode:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o644)
    return True


def _remove_stale(root: pathlib.Path, known: t.Collection[str], *, check_mode: bool) -> list[str]:
    """Remove the sheets of sites that are gone; whatever this plugin did not write stays."""
    folder, known = root / "sites", set(known)
    stale = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        name = f"sites/{path.name}"
        if name in known or path.suffix not in {".html", ".md"} or not path.is_file():
            continue
        if pages.MARK.encode() in path.read_bytes()[:2000]:
            stale.append(name)
            if not check_mode:
                path.unlink()
    return stale

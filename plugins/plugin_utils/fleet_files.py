# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a fleet, read from the controller's disk: the one place that knows where they are."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import pathlib
import typing as t

from ansible_collections.icann.imrs.plugins.module_utils import _addressing, _site
from ansible_collections.icann.imrs.plugins.module_utils._site import anchors, document
from ansible_collections.icann.imrs.plugins.module_utils._site import fleet as fleet_
from ansible_collections.icann.imrs.plugins.module_utils._site.errors import Problem


class File(t.NamedTuple):
    """A file and what it holds."""

    name: str
    """As messages give it: relative to the inventory."""
    content: bytes


@dataclasses.dataclass(frozen=True)
class Files:
    """Everything that a fleet is made from, read once."""

    fleet: File
    sites: tuple[File, ...]
    anchors: File | None
    """The trust anchors, where they are in a file of their own."""
    problems: tuple[Problem, ...]
    """What could not be read."""
    today: str
    """The day on which they were read: what is dated later is a plan."""

    def load(self) -> fleet_.Fleet:
        """Parse, check and derive; raises SiteError with every problem of every file."""
        trusted = anchors.parse(*self.anchors) if self.anchors else None
        if trusted is None and any(problem.field == "trust_anchor_file" for problem in self.problems):
            trusted = anchors.Anchors(())
        sheets = (document.parse(*file) for file in self.sites)
        return fleet_.load(document.parse(*self.fleet), sheets, trusted, self.problems, self.today)

    def digest(self) -> str:
        """A fingerprint of files, day, and the program that reads them: equal only if the answer is the same."""
        top = pathlib.Path(_site.__file__).parent
        program = [pathlib.Path(_addressing.__file__), pathlib.Path(__file__), *sorted(top.rglob("*.py"))]
        code = [File(path.name, path.read_bytes()) for path in program]
        found = hashlib.sha256()
        day = File("today", self.today.encode())
        for file in (self.fleet, *self.sites, self.anchors or File("", b""), day, *code):
            for part in (file.name.encode("utf-8", "surrogateescape"), file.content):
                found.update(b"%d:" % len(part) + part)
        return found.hexdigest()


def read(
    config: pathlib.Path, fleet: str = "fleet.yml", sites: str = "sites", trust_anchor_file: str | None = None
) -> fleet_.Fleet:
    """The fleet whose inventory is configured by the file ``config``; raises SiteError with every problem.

    ``fleet``, ``sites`` and ``trust_anchor_file`` are relative to that file. The last one is used instead of the trust
    anchors that the fleet names.
    """
    return gather(config, fleet, sites, trust_anchor_file).load()


def gather(
    config: pathlib.Path, fleet: str = "fleet.yml", sites: str = "sites", trust_anchor_file: str | None = None
) -> Files:
    """Read all files and understand none of them, but for where the fleet has its trust anchors."""
    base = config.parent
    problems: list[Problem] = []
    fleet_file = _file(base, fleet, problems)
    sheets = [_file(base, name, problems) for name in _sheets(base, sites, problems)]
    trusted: File | None = None
    parsed = document.parse(*fleet_file) if fleet_file else document.Document(fleet, None)
    if trust_anchor_file:
        place = Problem(config.name, 0, "trust_anchor_file", "")
        trusted = _anchors(base, trust_anchor_file, place, problems)
    elif named := fleet_.anchor_file(parsed):
        place = parsed.problem(("trust_anchor_file",), "")
        trusted = _anchors((base / fleet).parent, named, place, problems)
    return Files(
        fleet=fleet_file or File(fleet, b""),
        sites=tuple(sheet for sheet in sheets if sheet),
        anchors=trusted,
        problems=tuple(problems),
        today=today(),
    )


def today() -> str:
    """The day (``YYYY-MM-DD``) that has begun somewhere on Earth: hosts write the dates of their own places."""
    return datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=14))).date().isoformat()


def missing_libraries() -> str:
    """What to install before a fleet can be read, as a sentence without its subject; empty when nothing is missing."""
    missing = fleet_.missing_libraries()
    if not missing:
        return ""
    return (
        f"needs {' and '.join(missing)} in the Python that runs Ansible; "
        f"install with: python3 -m pip install {' '.join(missing)}"
    )


def _file(base: pathlib.Path, name: str, problems: list[Problem]) -> File | None:
    """One file; one that cannot be read is a problem like any other."""
    try:
        return File(name, (base / name).read_bytes())
    except (OSError, ValueError) as error:
        problems.append(Problem(name, 0, "", f"cannot be read: {_reason(error)}"))
        return None


def _anchors(base: pathlib.Path, name: str, place: Problem, problems: list[Problem]) -> File | None:
    try:
        return File(name, (base / name).read_bytes())
    except FileNotFoundError:
        wrong = f"{name} does not exist; put the DS records of the root zone there (in the lab, make live creates it)"
    except (OSError, ValueError) as error:
        wrong = f"{name} cannot be read: {_reason(error)}"
    problems.append(place._replace(message=wrong))
    return None


def _sheets(base: pathlib.Path, directory: str, problems: list[Problem]) -> list[str]:
    """The names of the site sheets, in order."""
    try:
        names = sorted(entry.name for entry in (base / directory).iterdir() if not entry.name.startswith("."))
    except (OSError, ValueError) as error:
        problems.append(Problem(directory, 0, "", f"cannot be read: {_reason(error)}"))
        return []
    problems.extend(
        Problem(f"{directory}/{name}", 0, "", "would be ignored; the name of a sheet ends in .yml")
        for name in names
        if name.endswith((".yaml", ".YML", ".YAML"))
    )
    sheets = [f"{directory}/{name}" for name in names if name.endswith(".yml")]
    if not sheets:
        problems.append(Problem(directory, 0, "", "holds no site sheet (*.yml)"))
    return sheets


def _reason(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)

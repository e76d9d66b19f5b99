# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make test` runs before the drills, cheapest first.

A tool that is missing fails its session; nothing is skipped.
The sessions use the locked environment that tests/setup.sh made; `unit` has one of its own, without Ansible.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import tempfile

import nox

ROOT = pathlib.Path(__file__).parent
PLUGINS = "ansible_collections.icann.imrs.plugins"
WITHOUT_ANSIBLE = ("tests/unit/plugins/module_utils", "tests/unit/contracts")
CHANGES = "tests/daemons/test_reload.py"
nox.options.error_on_external_run = False
nox.options.stop_on_first_error = True


@nox.session(venv_backend="none")
def lint(session: nox.Session) -> None:
    """Format, lint, types, licences, documentation, and what execution environments are made from."""
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("mypy", "-p", PLUGINS)
    session.run("antsibull-changelog", "lint")
    with tempfile.TemporaryDirectory(prefix="imrs-ours-") as folder:
        _copy_ours(pathlib.Path(folder))
        session.run("reuse", "--root", folder, "lint", "--lines")
    session.run("bindep", "--brief", "--file", "meta/bindep.txt")
    session.run("ansible-builder", "introspect", ".cache")
    session.run(
        *("antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs", "dependent", "."),
        env={"ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache")},
    )


def _copy_ours(folder: pathlib.Path) -> None:
    """All that is or may be committed: ``reuse`` looks at every file, and in a lab that comes up beside it files go."""
    ask = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = subprocess.run(ask, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)


@nox.session
def unit(session: nox.Session) -> None:
    """The library and the contracts, in an environment that has no Ansible."""
    session.install("--quiet", "--require-hashes", "-r", "tests/requirements/unit.txt")
    session.run("python", "-c", "import importlib.util as u; assert u.find_spec('ansible') is None")
    session.run("pytest", "--quiet", *WITHOUT_ANSIBLE)


@nox.session(venv_backend="none")
def glue(session: nox.Session) -> None:
    """What joins the library to Ansible."""
    session.run("pytest", "--quiet", *(f"--ignore={path}" for path in WITHOUT_ANSIBLE), "tests/unit")


@nox.session(venv_backend="none")
def golden(session: nox.Session) -> None:
    """The example fleet renders as it did when somebody last looked at it."""
    session.run("pytest", "--quiet", "tests/golden")


@nox.session(venv_backend="none")
def matrix(session: nox.Session) -> None:
    """The collection as others get it, on the oldest and the newest ansible-core; `-- --cores=all`: on all of them."""
    session.run("pytest", "--quiet", "tests/matrix", *session.posargs)


@nox.session(venv_backend="none")
def browser(session: nox.Session) -> None:
    """The pages that hosts read, in headless Chromium."""
    session.run("pytest", "--quiet", "tests/browser")


@nox.session(venv_backend="none")
def ansible_lint(session: nox.Session) -> None:
    """ansible-lint's production profile, without a network."""
    session.run("ansible-lint", "--offline", env={"ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache")})


@nox.session(venv_backend="none")
def daemons(session: nox.Session) -> None:
    """The gate against the nodes' own daemons, on the lab image: Debian 13's Knot, BIRD, Python and dnspython."""
    _draw_sheets(session, 200)
    _in_image(session, "tests/daemons", f"--ignore={CHANGES}")


@nox.session(venv_backend="none")
def sheets(session: nox.Session) -> None:
    """2,000 valid sheets instead of 200: through the site model, and through the daemons' parsers; some taken live.

    SEED=n draws others; IMRS_SHEETS_LIVE=2000 takes all of them live.
    """
    number, live = 2000, os.environ.get("IMRS_SHEETS_LIVE", "400")
    session.run(
        "pytest", "--quiet", "tests/unit/plugins/module_utils/_site/test_valid_sheets.py",
        env={"IMRS_SHEETS_NUMBER": str(number)},
    )  # fmt: skip
    _draw_sheets(session, number)
    _in_image(session, "tests/daemons/test_sheets.py", IMRS_SHEETS_LIVE=live)


@nox.session(venv_backend="none")
def schedules(session: nox.Session) -> None:
    """20,000 schedules of the gate's simulated world instead of 2,500."""
    session.run(
        "pytest", "--quiet", "tests/unit/plugins/module_utils/_gate/test_node_schedules.py",
        env={"IMRS_SCHEDULES": "20000"},
    )  # fmt: skip


def _draw_sheets(session: nox.Session, number: int) -> None:
    """For tests/daemons/test_sheets.py, which has no Jinja."""
    session.run(
        "python", "tests/unit/roles/imrs_sheet_render.py", str(number), ".cache/sheets.jsonl",
        env={"PYTHONPATH": ".cache:tests/support"},
    )  # fmt: skip


@nox.session(venv_backend="none")
def changes(session: nox.Session) -> None:
    """The table of docs/changes.md, row by row, against these daemons: half of their tests, and on its own."""
    _in_image(session, CHANGES)


def _in_image(session: nox.Session, *what: str, **environment: str) -> None:
    given = [f"{name}={value}" for name, value in environment.items()]
    command = ("python3", "-m", "pytest", "--quiet", "-p", "no:cacheprovider", *what)
    session.run("tests/lab/lab.py", "in-image", "env", *given, *command)


@nox.session(venv_backend="none")
def molecule(session: nox.Session) -> None:
    """The scenario `single`: create, check, converge, idempotence, check, verify. The lab stays for the drills.

    The other scenarios are begun by the drills of their sites (tests/drills/test_pairs.py, test_cluster.py).
    """
    if "IMRS_LAB" not in os.environ:
        session.error("start it through tests/run.sh, which names a lab of the tests' own")
    session.run("tests/scenario.sh", "single", "--destroy", "never")


@nox.session(venv_backend="none")
def docs(session: nox.Session) -> None:
    """The site of the plugins' and roles' documentation, in .cache/docs/html/."""
    folder = ROOT / ".cache/docs"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "rst").mkdir(parents=True, mode=0o755)
    environment = {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache")}
    made = ("--use-current", "--fail-on-error", "--dest-dir")
    words = ("--project", "icann.imrs", "--title", "icann.imrs", "--copyright", "The icann.imrs authors")
    session.run("antsibull-docs", "sphinx-init", *made, str(folder), *words, "icann.imrs", env=environment)
    session.run("antsibull-docs", "collection", *made, str(folder / "rst"), "icann.imrs", env=environment)
    # References to Ansible's own site would take a network; those within the collection are checked in session lint.
    session.run(
        *("sphinx-build", "-q", "-b", "html", "-W", "--keep-going", "-c", str(folder), "-d", str(folder / "doctrees")),
        *("-D", "extensions=sphinx_antsibull_ext", "-D", "suppress_warnings=ref.ref,ref.envvar"),
        *(str(folder / "rst"), str(folder / "html")),
    )


def _tarball(folder: str) -> str:
    """What `ansible-galaxy collection build` makes of this checkout, in a folder."""
    subprocess.run(("ansible-galaxy", "collection", "build", "--output-path", folder, str(ROOT)), check=True)
    (built,) = pathlib.Path(folder).glob("*.tar.gz")
    return str(built)


@nox.session(venv_backend="none")
def sanity(session: nox.Session) -> None:
    """ansible-test sanity, with exceptions in tests/sanity/. It makes an environment for each of its tools.

    `-- 2.21 python3.13`: that of another ansible-core, with a Python that it supports.
    """
    with tempfile.TemporaryDirectory(prefix="imrs-sanity-") as folder:
        python = "python"
        if session.posargs:
            core, other = session.posargs
            session.run(other, "-m", "venv", f"{folder}/core")
            python, locks = f"{folder}/core/bin/python", ROOT / "tests/requirements/cores"
            wanted = (word for lock in (core, "libraries") for word in ("-r", str(locks / f"{lock}.txt")))
            session.run(python, "-m", "pip", "install", "--quiet", "--require-hashes", *wanted)
        session.run(python, "tests/ansible_test.py", _tarball(folder))


@nox.session
def importer(session: nox.Session) -> None:
    """What Ansible Galaxy does with a collection that is uploaded."""
    session.install("--quiet", "--require-hashes", "-r", "tests/requirements/importer.txt")
    # It looks for ansible-doc and ansible-lint beside its own Python, and for a configuration in the working directory.
    with tempfile.TemporaryDirectory(prefix="imrs-importer-") as folder, session.chdir(folder):
        session.run("python", "-m", "galaxy_importer.main", _tarball(folder))

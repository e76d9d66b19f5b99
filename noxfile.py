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

import nox

ROOT = pathlib.Path(__file__).parent
PLUGINS = "ansible_collections.icann.imrs.plugins"
WITHOUT_ANSIBLE = ("tests/unit/plugins/module_utils", "tests/unit/contracts")
nox.options.error_on_external_run = False
nox.options.stop_on_first_error = True


@nox.session(venv_backend="none")
def lint(session: nox.Session) -> None:
    """Format, lint, types, licences, documentation, and what execution environments are made from."""
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("mypy", "-p", PLUGINS)
    session.run("antsibull-changelog", "lint")
    session.run("reuse", "lint", "--lines")
    session.run("bindep", "--brief", "--file", "meta/bindep.txt")
    session.run("ansible-builder", "introspect", ".cache")
    session.run(
        *("antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs", "dependent", "."),
        env={"ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache")},
    )


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
    session.run(
        "tests/lab/lab.py", "in-image", "python3", "-m", "pytest", "--quiet", "-p", "no:cacheprovider", "tests/daemons"
    )


@nox.session(venv_backend="none")
def molecule(session: nox.Session) -> None:
    """The scenario `single`: create, check, converge, idempotence, check, verify. The lab stays for the drills."""
    if "IMRS_LAB" not in os.environ:
        session.error("start it through tests/run.sh, which names a lab of the tests' own")
    ephemeral = ROOT / ".cache/molecule"
    shutil.rmtree(ephemeral, ignore_errors=True)  # what a run before left would make this one skip `create`
    environment = {
        "MOLECULE_EPHEMERAL_DIRECTORY": str(ephemeral),
        "MOLECULE_GLOB": "molecule/*/molecule.yml",
        "PY_COLORS": os.environ.get("PY_COLORS", "0"),
    }
    session.run("molecule", "test", "--scenario-name", "single", "--destroy", "never", env=environment)


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

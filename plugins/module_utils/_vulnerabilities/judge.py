# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Which nodes have which vulnerability, whether they use what it needs, and what to do first.

What nobody has assessed counts as in use, and a node of which nothing is known is never called safe.
"""

from __future__ import annotations

import collections
import dataclasses
import typing as t

from .._site import features
from . import installed, tracker, versions

UPGRADE, NO_FIX, NOT_USED, UNIMPORTANT = "upgrade", "no fix", "not in use", "unimportant"
KINDS = {
    UPGRADE: "upgrade: a newer version mends it",
    NO_FIX: "no version mends it yet",
    NOT_USED: "not in use on these nodes",
    UNIMPORTANT: "unimportant, as Debian says, and not assessed here",
}
"""Of rows, in the order in which one deals with them."""
BY_HAND = ("grub", "shim")
"""How packages begin that an upgrade leaves out, as both systems of a node have them in common (docs/upgrade.md)."""
NOT_ASSESSED = "not assessed"
_KERNEL = "linux-image-"


class Node(t.NamedTuple):
    """One appliance of the inventory."""

    name: str
    variables: features.Variables
    report: str | None
    """The text of its latest report; None where there is none."""
    wrong: str = ""
    """Why its report cannot be read, after "its report"."""


class Row(t.NamedTuple):
    """Vulnerabilities of one version of a source package, on the same nodes."""

    kind: str
    """One of KINDS."""
    source: str
    version: str
    fixed: str
    """The version that mends all of them; empty where there is none."""
    vulnerabilities: tuple[tuple[tracker.Vulnerability, str], ...]
    """Each with what is known of its use, in words."""
    nodes: tuple[str, ...]
    packages: tuple[str, ...]
    """The Debian packages of it, on any of these nodes."""
    serves: bool
    """Whether it is of what answers or announces, which nothing upgrades by itself."""


class Command(t.NamedTuple):
    """What has to be upgraded where."""

    nodes: tuple[str, ...]
    packages: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Report:
    """What was found."""

    rows: tuple[Row, ...]
    judged: dict[str, float]
    """By node: when its report was made, in Unix time."""
    unknown: dict[str, str]
    """By node: why nothing is known of it."""
    newer: dict[str, tuple[str, ...]]
    """By source package: nodes with a newer version than the file's archive has."""
    silent: tuple[str, ...]
    """Source packages of what answers or announces that the file has nothing of."""
    by_hand: tuple[str, ...]
    """Packages that no upgrade of the collection touches."""
    refused: tuple[str, ...]
    """Nodes to upgrade that may not be provisioned."""
    commands: tuple[Command, ...]

    @property
    def sound(self) -> bool:
        """Whether every node is known, and has nothing that is, or may be, in use."""
        return not (self.unknown or any(row.kind in {UPGRADE, NO_FIX} for row in self.rows))


def known(nodes: t.Iterable[Node]) -> tuple[dict[str, installed.Software], dict[str, str]]:
    """By node what it ran, and why that is not known. Half of ``judge``, as it says which packages to look up."""
    software: dict[str, installed.Software] = {}
    unknown: dict[str, str] = {}
    for node in nodes:
        if node.report is None:
            unknown[node.name] = f"its report {node.wrong}" if node.wrong else f"has no report: {installed.JUDGE}"
            continue
        try:
            software[node.name] = installed.read(node.report)
        except ValueError as error:
            unknown[node.name] = f"its report {error}"
    return software, unknown


def judge(
    nodes: t.Sequence[Node],
    software: t.Mapping[str, installed.Software],
    unknown: t.Mapping[str, str],
    sources: t.Mapping[str, tracker.Source],
    assessed: t.Iterable[t.Mapping[str, t.Any]],
) -> Report:
    """All of it. ``software`` and ``unknown`` of ``known``; ``sources`` of the tracker.

    ``assessed``: entries of ``imrs_vulnerabilities``.
    ValueError for a version that is none, with its node.
    """
    variables = {node.name: node.variables for node in nodes}
    words = {each["id"]: each for each in assessed}
    spread = _spread(software)
    rows = [
        row
        for (source, version), found in spread.items()
        for row in _rows(source, version, found, sources, words, variables)
    ]
    order = list(KINDS)
    rows.sort(key=lambda row: (order.index(row.kind), not row.serves, -len(row.nodes), row.source, row.version))
    newer: dict[str, list[str]] = collections.defaultdict(list)
    for (source, version), found in spread.items():
        archive = sources[source].archive if source in sources else ""
        if archive and versions.older(archive, version):
            newer[source] += list(found)
    serving = {
        source
        for (source, _version), found in spread.items()
        for name in found
        if _serves(found[name], variables[name])
    }
    due = [row for row in rows if row.kind == UPGRADE]
    return Report(
        rows=tuple(rows),
        judged={name: each.judged for name, each in software.items()},
        unknown=dict(unknown),
        newer={source: tuple(sorted(names)) for source, names in sorted(newer.items())},
        silent=tuple(sorted(serving - set(sources))),
        by_hand=tuple(sorted({name for row in due for name in row.packages if name.startswith(BY_HAND)})),
        refused=tuple(sorted({name for row in due for name in row.nodes if not _allowed(variables[name])})),
        commands=_commands(due, spread, variables),
    )


_Spread: t.TypeAlias = dict[tuple[str, str], dict[str, list[str]]]


def _spread(software: t.Mapping[str, installed.Software]) -> _Spread:
    """By source package and version: by node, its packages of that. What is the same on many nodes is judged once."""
    found: _Spread = collections.defaultdict(lambda: collections.defaultdict(list))
    for name, each in software.items():
        for package in each.packages:
            if not versions.is_version(package.version):
                raise ValueError(f"{name}: {package.name}: {package.version[:80]!r} is no version of a Debian package")
            found[package.source, package.version][name].append(package.name)
    return found


def _rows(
    source: str,
    version: str,
    found: t.Mapping[str, list[str]],
    sources: t.Mapping[str, tracker.Source],
    words: t.Mapping[str, t.Mapping[str, t.Any]],
    variables: t.Mapping[str, features.Variables],
) -> t.Iterator[Row]:
    """What this version has, by kind and nodes."""
    grouped: dict[tuple[str, tuple[str, ...]], list[tuple[tracker.Vulnerability, str]]] = collections.defaultdict(list)
    every = tuple(sorted(found))
    for vulnerability in sources[source].vulnerabilities if source in sources else ():
        if not vulnerability.affects(version):
            continue
        word = words.get(vulnerability.id)
        if word is None:
            minor = vulnerability.urgency == tracker.UNIMPORTANT
            grouped[UNIMPORTANT if minor else _kind(vulnerability), every].append(
                (vulnerability, _said(vulnerability, NOT_ASSESSED))
            )
            continue
        unused = {name: features.unused(word["needs"], variables[name]) for name in every}
        using = tuple(name for name in every if not unused[name])
        others = tuple(name for name in every if unused[name])
        if using:
            grouped[_kind(vulnerability), using].append(
                (vulnerability, _said(vulnerability, f"in use: {', '.join(word['needs'])}"))
            )
        if others:
            missing = [need for need in word["needs"] if any(need in unused[name] for name in others)]
            why = "not used" if missing == ["unused"] else f"no {', '.join(missing)}"
            grouped[NOT_USED, others].append((vulnerability, _said(vulnerability, f"{why}: {word['reason']}")))
    for (kind, nodes), vulnerabilities in grouped.items():
        fixes = [vulnerability.fixed for vulnerability, _said in vulnerabilities if vulnerability.fixed]
        yield Row(
            kind=kind,
            source=source,
            version=version,
            fixed=versions.newest(fixes) if fixes else "",
            vulnerabilities=tuple(sorted(vulnerabilities, key=lambda pair: pair[0].id, reverse=True)),
            nodes=nodes,
            packages=tuple(sorted({name for node in nodes for name in found[node]})),
            serves=any(_serves(found[node], variables[node]) for node in nodes),
        )


def _kind(vulnerability: tracker.Vulnerability) -> str:
    return UPGRADE if vulnerability.fixed else NO_FIX


def _said(vulnerability: tracker.Vulnerability, use: str) -> str:
    more = "; Debian has not decided whether it is affected" if vulnerability.status == tracker.UNDETERMINED else ""
    return f"{use}{more}"


def _serves(packages: t.Iterable[str], variables: features.Variables) -> bool:
    return not set(variables["imrs_held_packages"]).isdisjoint(packages)


def _allowed(variables: features.Variables) -> bool:
    return bool(variables["imrs_provisioning"]["allowed"])


def _commands(
    due: t.Iterable[Row], spread: _Spread, variables: t.Mapping[str, features.Variables]
) -> tuple[Command, ...]:
    """Nodes that need the same packages together. Never one that a node has not: apt would install it."""
    needed: dict[str, set[str]] = collections.defaultdict(set)
    for row in due:
        for name in row.nodes:
            own = spread[row.source, row.version][name]
            needed[name] |= {_asked(package) for package in own if not package.startswith(BY_HAND)}
    together: dict[tuple[str, ...], list[str]] = collections.defaultdict(list)
    for name, packages in needed.items():
        if packages and _allowed(variables[name]):
            together[tuple(sorted(packages))].append(name)
    found = [Command(tuple(sorted(names)), packages) for packages, names in together.items()]
    return tuple(sorted(found, key=lambda command: (-len(command.nodes), command)))


def _asked(package: str) -> str:
    """What apt is asked for: of a kernel the package that always is the newest one's (``linux-image-amd64``)."""
    if not package.startswith(_KERNEL):
        return package
    release, _dash, flavour = package.removeprefix(_KERNEL).partition("-")
    return f"{_KERNEL}{flavour}" if flavour and release[:1].isdigit() else package

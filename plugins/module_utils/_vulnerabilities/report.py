# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What was found, for a terminal and for programs; at its end the commands that upgrade."""

from __future__ import annotations

import json
import shlex
import textwrap
import typing as t

from .judge import KINDS, NO_FIX, UNIMPORTANT, UPGRADE, Command, Report, Row

FORMAT = 1
WIDTH = 110
DAY = 86400
OLD_FILE, OLD_REPORT = 7 * DAY, 30 * DAY
"""Seconds, from which on a file, or a node's report, is called old."""
MANY_NODES, MANY = 12, 6
"""So many are named in the table; the JSON has all."""
_INDENT = "    "


class About(t.NamedTuple):
    """What the report is about."""

    file: str
    modified: float
    """Unix time of the file's last change."""
    now: float
    """Unix time."""
    release: str
    inventory: tuple[str, ...]
    """As ``ansible-playbook -i`` takes them."""


def lines(report: Report, about: About) -> list[str]:
    """The table, and the commands. A command is one line, however long it is, so that it can be copied."""
    told = [f"{about.file}: {_old(about.now - about.modified, OLD_FILE)} by the date of its file", ""]
    for kind, title in KINDS.items():
        rows = [row for row in report.rows if row.kind == kind]
        if kind == UNIMPORTANT:
            told += [f"{title[:1].upper()}{title[1:]}: {_minor(rows)}", ""] if rows else []
        elif rows:
            told += [_row(title.upper(), "installed", "mended by", "CVEs", "nodes")]
            told += [line for row in rows for line in _told(row)] + [""]
    told += [line for note in notes(report, about) for line in _wrapped(note, "")]
    told.append(summary(report))
    return [*told, *commands(report, about)]


def notes(report: Report, about: About) -> list[str]:
    """What is not known, and what one has to know beside the rows; a sentence each."""
    told = [f"NOT KNOWN {name}: {why}" for name, why in sorted(report.unknown.items())]
    old = {name: about.now - moment for name, moment in report.judged.items() if about.now - moment > OLD_REPORT}
    told += [f"OLD {name}: its report is of {_age(since)} ago" for name, since in sorted(old.items())]
    told += [
        f"{source}: newer on {_named(names)} than in the file, which is older, or the package is not Debian's"
        for source, names in report.newer.items()
    ]
    if report.silent:
        told.append(
            f"The file has nothing of {', '.join(report.silent)} in {about.release}: none was ever known, "
            "or the file is not whole, or it is not Debian's"
        )
    if report.by_hand:
        told.append(
            f"By hand, as no upgrade here touches the boot loader (docs/upgrade.md): {', '.join(report.by_hand)}"
        )
    if report.refused:
        told.append(f"In no command, as they may not be provisioned: {_named(report.refused)}")
    return told


def summary(report: Report) -> str:
    """All of it in a line."""
    number = len(report.judged) + len(report.unknown)
    told = []
    for kind, what in ((UPGRADE, "to upgrade"), (NO_FIX, "with what no version mends")):
        names = {name for row in report.rows if row.kind == kind for name in row.nodes}
        told += [f"{len(names)} {what}"] if names else []
    told += [f"{len(report.unknown)} not known"] if report.unknown else []
    return f"{number} node{'' if number == 1 else 's'}: {', '.join(told) or 'none has a vulnerability that is in use'}"


def commands(report: Report, about: About) -> list[str]:
    """What upgrades them, as typed into a shell."""
    return [_command(command, about.inventory) for command in report.commands]


def to_json(report: Report, about: About) -> str:
    """The text of ``vulnerabilities.json``."""
    value = {
        "format": FORMAT,
        "judged": about.now,
        "file": about.file,
        "modified": about.modified,
        "release": about.release,
        "sound": report.sound,
        "summary": summary(report),
        "notes": notes(report, about),
        "rows": [
            {
                **row._asdict(),
                "vulnerabilities": [
                    {**vulnerability._asdict(), "use": use} for vulnerability, use in row.vulnerabilities
                ],
            }
            for row in report.rows
        ],
        "reports": report.judged,
        "unknown": report.unknown,
        "commands": commands(report, about),
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _command(command: Command, inventory: t.Sequence[str]) -> str:
    # YAML without quotes, as Ansible's screen would put a backslash before each of JSON's.
    variables = f"{{upgrade_packages: [{', '.join(command.packages)}]}}"
    words = [word for path in inventory for word in ("-i", path)]
    return shlex.join(
        ["ansible-playbook", "icann.imrs.upgrade", *words, "--limit", ",".join(command.nodes), "-e", variables]
    )


def _told(row: Row) -> t.Iterator[str]:
    yield _row(row.source, row.version, row.fixed or "-", str(len(row.vulnerabilities)), str(len(row.nodes)))
    yield from _wrapped(_named(row.nodes), _INDENT)
    for vulnerability, use in row.vulnerabilities[:MANY]:
        yield from _wrapped(
            f"{vulnerability.id} {use}{f' ({vulnerability.note})' if vulnerability.note else ''}", _INDENT
        )
    if len(row.vulnerabilities) > MANY:
        yield f"{_INDENT}and {len(row.vulnerabilities) - MANY} more"


def _row(*cells: str) -> str:
    source, version, fixed, vulnerabilities, nodes = cells
    return f"{source:<42} {version:<24} {fixed:<24} {vulnerabilities:>6} {nodes:>6}".rstrip()


def _minor(rows: t.Sequence[Row]) -> str:
    numbers: dict[str, int] = {}
    for row in rows:
        numbers[row.source] = max(numbers.get(row.source, 0), len(row.vulnerabilities))
    return ", ".join(f"{source} ({number})" for source, number in sorted(numbers.items()))


def _named(names: t.Sequence[str]) -> str:
    more = len(names) - MANY_NODES
    return ", ".join(names[:MANY_NODES]) + (f" and {more} more" if more > 0 else "")


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_on_hyphens=False,
        break_long_words=False,
    )


def _age(seconds: float) -> str:
    days, hours = int(seconds // DAY), int(seconds // 3600)
    number, what = (days, "day") if days else (max(hours, 0), "hour")
    return f"{number} {what}{'' if number == 1 else 's'}"


def _old(seconds: float, bound: float) -> str:
    told = f"{_age(seconds)} old" if seconds >= 0 else f"from {_age(-seconds)} in the future"
    return f"OLD: {told}" if seconds > bound else told

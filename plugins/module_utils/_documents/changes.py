# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What changes between two rendered trees, as text for a change ticket: per host and per node, and once what is alike.

A tree is what `icann.imrs.render` writes: `<node>/<path on the node>`, `<node>/MANIFEST` (owner and mode of the files),
`sites/<site>.html|md`, `index.html`. A host's document is compared by its Markdown.
"""

from __future__ import annotations

import collections.abc as c
import dataclasses
import difflib
import re

from .. import _manifest
from .host_sheet import TITLES

MANIFEST = _manifest.NAME
CONTEXT = 2
"""Lines around a changed one."""
LONGEST = 60
"""Lines shown of one file; the rest is counted."""
WIDTH = 100

Tree = c.Mapping[str, str]
Files = dict[str, str]


@dataclasses.dataclass(frozen=True)
class Change:
    """What happens to one file. Changes with the same title and the same changed lines are told once."""

    title: str
    """``changed /etc/nftables.conf``."""
    lines: tuple[str, ...] = ()
    """Hunks of a unified diff without line numbers, or nothing."""

    @property
    def bare(self) -> Change:
        """Without the unchanged lines around."""
        return Change(self.title, tuple(line for line in self.lines if not line.startswith(" ")))


Shared = dict[Change, tuple[Change, list[str]]]
"""By the bare change: the change as it is shown, and the names of the places that see it."""


@dataclasses.dataclass(frozen=True)
class Place:
    """A node, or a site's sheet, with everything that changes there."""

    name: str
    site: str
    """Site that the node belongs to; empty where no sheet names it."""
    whole: str
    """``added`` or ``removed`` when all of it is; else empty."""
    changes: tuple[Change, ...]


def describe(before: Tree, after: Tree) -> str:
    """Readable text, ending in a newline: a summary, what several sites share, then site by site, node by node."""
    site_of = {**_site_of(before), **_site_of(after)}
    nodes = [
        found
        for name in sorted(set(_nodes(before)) | set(_nodes(after)))
        if (found := _node(name, site_of.get(name, ""), _nodes(before).get(name, {}), _nodes(after).get(name, {})))
    ]
    old, new = _sheets(before), _sheets(after)
    sheets = [found for name in sorted(set(old) | set(new)) if (found := _sheet(name, old.get(name), new.get(name)))]
    layout = _layout(before, after, {place.name for place in sheets})
    if not nodes and not sheets:
        return f"No node and no host sees a change. {layout}\n" if layout else "Nothing changes.\n"
    blocks = [_summary(nodes, sheets)]
    if layout:
        blocks.append(layout)
    shared_nodes, shared_sheets = _shared(nodes), _shared(sheets)
    blocks += _alike(shared_nodes, "node", len(set(_nodes(after)) | set(_nodes(before))))
    blocks += _alike(shared_sheets, "host", len(set(old) | set(new)))
    sites = sorted(
        {place.site for place in nodes} | {place.name for place in sheets}, key=lambda site: (not site, site)
    )
    for site in sites:
        blocks += _of_site(site, sheets, nodes, (shared_nodes, shared_sheets), {**old, **new}.get(site, ""))
    return "\n\n".join(blocks) + "\n"


def _nodes(tree: Tree) -> dict[str, Files]:
    """The files of every node, by path on the node."""
    found: dict[str, Files] = {}
    for path in sorted(tree):
        top, separator, rest = path.partition("/")
        if separator and top != "sites" and not top.startswith("."):
            found.setdefault(top, {})[rest] = tree[path]
    return found


def _sheets(tree: Tree) -> Files:
    """The hosts' documents as Markdown, in English, by site."""
    return {match[1]: tree[path] for path in sorted(tree) if (match := re.fullmatch(r"sites/([^/.]+)\.md", path))}


def _site_of(tree: Tree) -> dict[str, str]:
    """Which site a node belongs to: the one whose document names it, as no document names another host's nodes."""
    words = {site: set(re.findall(r"[\w-]+(?=\.)", text)) for site, text in _sheets(tree).items()}
    return {node: site for node in _nodes(tree) for site in sorted(words, reverse=True) if node in words[site]}


def _layout(before: Tree, after: Tree, told: c.Container[str]) -> str:
    """Pages that look different while what they say is told elsewhere, or stays."""
    changed = [path for path in sorted(set(before) | set(after)) if before.get(path) != after.get(path)]
    pages = [
        path
        for path in changed
        if re.fullmatch(r"sites/[^/]+\.html", path) and path[6:-5].partition(".")[0] not in told
    ]
    said = ["The page of the fleet (index.html) changes."] if "index.html" in changed else []
    if pages:
        what = "looks different and says the same" if len(pages) == 1 else "look different and say the same"
        said.append(f"{_count(len(pages), 'host sheet')} {what}.")
    return " ".join(said)


def _node(name: str, site: str, old: Files, new: Files) -> Place | None:
    """What changes on a node; None when nothing does."""
    if old == new:
        return None
    if not old or not new:
        what = "added" if new else "removed"
        paths = sorted(path for path in (new or old) if path != MANIFEST)
        return Place(name, site, what, tuple(Change(f"{what} /{path}") for path in paths))
    metadata, old_metadata = _metadata(new.get(MANIFEST, "")), _metadata(old.get(MANIFEST, ""))
    changes = []
    for path in sorted((set(old) | set(new)) - {MANIFEST}):
        known, wanted = old_metadata.get(f"/{path}", ""), metadata.get(f"/{path}", "")
        rights = f" ({known} → {wanted})" if known and wanted and known != wanted else ""
        if path not in old:
            changes.append(
                Change(
                    f"added /{path}{f' ({wanted})' if wanted else ''}",
                    _capped(["+" + line for line in new[path].splitlines()]),
                )
            )
        elif path not in new:
            changes.append(Change(f"removed /{path}"))
        elif old[path] != new[path]:
            changes.append(Change(f"changed /{path}{rights}", _hunks(old[path], new[path])))
        elif rights:
            changes.append(Change(f"owner or mode of /{path}{rights}"))
    return Place(name, site, "", tuple(changes)) if changes else None


def _metadata(text: str) -> dict[str, str]:
    """``0640 root:root`` by path. The sums that the manifest also holds say nothing that the files do not."""
    return {
        file.path: f"{file.mode} {file.owner}:{file.group}{', secret' if file.secret else ''}"
        for file in _manifest.parse(text).files
    }


def _sheet(site: str, old: str | None, new: str | None) -> Place | None:
    """What changes in a host's document; None when it says the same."""
    if old == new:
        return None
    if old is None or new is None:
        return Place(site, site, "added" if old is None else "removed", ())
    changes = []
    before, after = _sections(old), _sections(new)
    for title in dict.fromkeys([*before, *after]):
        if before.get(title) == after.get(title):
            continue
        if title not in before or title not in after:
            changes.append(Change(f"section “{title}” {'added' if title in after else 'removed'}"))
        elif title == TITLES["configuration"]:
            changes.append(_configurations(title, before[title], after[title]))
        else:
            changes.append(Change(f"section “{title}”", _hunks(before[title], after[title])))
    return Place(site, site, "", tuple(changes)) if changes else None


def _configurations(title: str, old: str, new: str) -> Change:
    """The same change in the words of eleven router systems: the first is shown, the others are named."""
    before, after = _sections(old, "### "), _sections(new, "### ")
    changed = [name for name in dict.fromkeys([*before, *after]) if before.get(name) != after.get(name)]
    others = f"; also in {', '.join(changed[1:])}" if changed[1:] else ""
    hunks = _hunks(before.get(changed[0], ""), after.get(changed[0], ""))
    return Change(f"section “{title}”, {changed[0]}{others}", hunks)


def _sections(text: str, mark: str = "## ") -> dict[str, str]:
    """A document by its headings of one level; what stands before them is called ``Head``."""
    found: dict[str, list[str]] = {"Head": []}
    title, fenced = "Head", False
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        if line.startswith(mark) and not fenced:
            title = line.removeprefix(mark).strip()
        found.setdefault(title, []).append(line)
    return {name: "\n".join(lines) for name, lines in found.items()}


def _hunks(old: str, new: str) -> tuple[str, ...]:
    """A unified diff without its head; line numbers are left out, as they differ where the change is the same."""
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=CONTEXT))[2:]
    shown = ["@@" if line.startswith("@@") else line for line in lines]
    return _capped(shown[1:]) if shown else ("(only the end of the file: its last newline)",)


def _capped(lines: c.Sequence[str]) -> tuple[str, ...]:
    if len(lines) <= LONGEST:
        return tuple(lines)
    return (*lines[:LONGEST], f"… {len(lines) - LONGEST} more lines")


def _shared(places: c.Sequence[Place]) -> Shared:
    """Changes that places of more than one site have in common; most common first."""
    found: dict[Change, list[tuple[Place, Change]]] = {}
    for place in places:
        for change in place.changes if not place.whole else ():
            found.setdefault(change.bare, []).append((place, change))
    common: Shared = {}
    for bare, there in found.items():
        if len({place.site for place, _change in there}) > 1:
            same = len({change for _place, change in there}) == 1
            common[bare] = (there[0][1] if same else bare, [place.name for place, _change in there])
    return dict(sorted(common.items(), key=lambda item: (-len(item[1][1]), item[1][1], item[0].title)))


def _alike(shared: Shared, kind: str, total: int) -> list[str]:
    """One block for each set of places that have changes in common."""
    together: dict[tuple[str, ...], list[Change]] = {}
    for change, there in shared.values():
        together.setdefault(tuple(there), []).append(change)
    blocks = []
    for names, changes in together.items():
        who = f"All {_count(total, kind)}" if len(names) == total else _count(len(names), kind).capitalize()
        sees = "change alike" if kind == "node" else "read the same change"
        body = [_told(change) for change in changes]
        blocks.append("\n".join([f"## {who} {sees}", "", *_wrapped(names), "", "\n\n".join(body)]))
    return blocks


def _of_site(
    site: str,
    sheets: c.Sequence[Place],
    nodes: c.Sequence[Place],
    shared: tuple[Shared, Shared],
    text: str,
) -> list[str]:
    """What is left of one site: its document first, then its nodes; nothing when all of it is told already."""
    blocks = []
    for sheet in (place for place in sheets if place.name == site):
        own = [change for change in sheet.changes if change.bare not in shared[1]]
        if sheet.whole:
            blocks.append(f"The host sheet is {sheet.whole} (sites/{site}.html, sites/{site}.md).")
        elif own:
            blocks.append("\n\n".join([f"### What the host reads (sites/{site}.md)", *map(_told, own)]))
    alike: dict[tuple[str, tuple[Change, ...]], list[str]] = {}
    for node in (place for place in nodes if place.site == site):
        own = [change for change in node.changes if change.bare not in shared[0]]
        if own:
            alike.setdefault((node.whole, tuple(own)), []).append(node.name)
    for (whole, changes), names in alike.items():
        title = f"### {_count(len(names), 'node').split()[1].capitalize()} {', '.join(names)}"
        if whole:
            paths = [change.title for change in changes]
            blocks.append("\n".join([f"{title}: {whole}, {_count(len(paths), 'file')}", "", *paths]))
        else:
            blocks.append("\n\n".join([title, *map(_told, changes)]))
    heading = re.search(r"^# (.+)$", text, re.MULTILINE)
    place = f" · {heading[1].partition(' · ')[2]}" if heading else ""
    return [f"## {f'Site {site}{place}' if site else 'Nodes that no host sheet names'}", *blocks] if blocks else []


def _told(change: Change) -> str:
    """A change with its hunks, as a fenced block that tickets show as it is."""
    if not change.lines:
        return change.title
    fence = "````" if any("```" in line for line in change.lines) else "```"
    return "\n".join([change.title, f"{fence}diff", *change.lines, fence])


def _summary(nodes: c.Sequence[Place], sheets: c.Sequence[Place]) -> str:
    counted = [_count(len(places), kind) for places, kind in ((nodes, "node"), (sheets, "host")) if places]
    one = len(counted) == 1 and len([*nodes, *sheets]) == 1
    return f"# {' and '.join(counted)} see{'s' if one else ''} a change"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing if number == 1 else thing + 's'}"


def _wrapped(names: c.Sequence[str]) -> list[str]:
    """Names separated by commas, in lines that a ticket shows whole."""
    lines = [""]
    for index, name in enumerate(names):
        piece = name + ("," if index + 1 < len(names) else "")
        if lines[-1] and len(lines[-1]) + 1 + len(piece) > WIDTH:
            lines.append("")
        lines[-1] = f"{lines[-1]} {piece}".strip()
    return lines

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What one run knows of a node's bundles, and what follows from it: what was certified is what was rendered.

The controller keeps a record as a fact of the host. Facts may come from a cache: a record of another run counts for
nothing.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .model import HARMLESS

BUNDLES = ("hardening", "gate", "network", "time", "nameserver", "routing")
"""All bundles of a node, by the roles that hand them over, in the order in which they are changed."""
OF_NODES = frozenset({"nameserver"})
"""Those that a cluster's own router does not have."""
SHOWN = 3
"""So many paths of a bundle are named where it is not as rendered."""


OF_CLOCKS = frozenset({"time"})
"""Those that only an appliance has whose clock is ours to set."""


def bundles_of(function: str, *, clock: bool) -> list[str]:
    """All bundles of an appliance of this function (``imrs_function``), in the order of ``BUNDLES``.

    ``clock``: whether its fleet has sources of time (``imrs_time_sources``).
    """
    without = (OF_NODES if function != "node" else frozenset()) | (frozenset() if clock else OF_CLOCKS)
    return [name for name in BUNDLES if name not in without]


@dataclasses.dataclass(frozen=True)
class Record:
    """Of one run and one node."""

    run: str
    in_service: bool = False
    """Whether the node was when one of its bundles was planned."""
    bundles: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    """What is planned and not carried out yet: its disruption by bundle."""
    found: t.Mapping[str, t.Sequence[str]] = dataclasses.field(default_factory=dict)
    """By bundle that this run has applied or compared: what is not as rendered."""
    changed: tuple[str, ...] = ()
    """Bundles that this run has changed."""
    seen: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    """What stands on the node as it was left, by bundle (``intact``); nothing once this run has changed something."""

    @classmethod
    def of(cls, known: t.Mapping[str, t.Any], run: str) -> Record:
        """The fact, if this very run has left it; else an empty record."""
        if known.get("run") != run:
            return cls(run)
        return cls(
            run,
            bool(known["in_service"]),
            dict(known["bundles"]),
            dict(known["found"]),
            tuple(known["changed"]),
            dict(known["seen"]),
        )

    def to_fact(self) -> dict[str, t.Any]:
        """For the host."""
        return {**vars(self), "changed": list(self.changed)}

    def allowed(self, bundle: str) -> bool:
        """Whether its disruption was allowed in the plan: it may be made, even if the window has closed."""
        return self.bundles.get(bundle, "none") not in HARMLESS

    def after(self, bundle: str, result: t.Mapping[str, t.Any], *, compared: bool = False) -> Record:
        """With what a bundle has come to; ``compared``: it was only looked at (check mode), as what is left out is."""
        planned, found = dict(self.bundles), dict(self.found)
        planned.pop(bundle, None)
        found.pop(bundle, None)
        changed = bool(result.get("changed"))
        if result.get("planned"):
            planned[bundle] = str(result["disruption"])
        elif compared and changed:
            found[bundle] = _differences(result)
        else:
            found[bundle] = []
        does = changed and not compared
        made = {*self.changed, bundle} if does and not result.get("planned") else self.changed
        seen = {} if does else self.seen
        serves = self.in_service or bool(result.get("in_service"))
        return Record(self.run, serves, planned, found, tuple(sorted(made)), seen)

    def planned(self, wanted: t.Iterable[str]) -> list[str]:
        """Bundles of these that are planned and not carried out yet, in the same order."""
        return [name for name in wanted if name in self.bundles]

    def missing(self, wanted: t.Iterable[str]) -> list[str]:
        """Bundles of these that the run has neither applied, nor planned, nor compared."""
        return [name for name in wanted if name not in self.found and name not in self.bundles]

    def unrendered(self, wanted: t.Sequence[str]) -> list[str]:
        """Why the node is not what is rendered for it, bundle by bundle; empty when it is."""
        return [
            *(f"bundle {name} was planned and not carried out" for name in self.planned(wanted)),
            *(f"bundle {name} was not compared" for name in self.missing(wanted)),
            *(
                f"bundle {name} is not as rendered ({_few(self.found[name])})"
                for name in wanted
                if self.found.get(name)
            ),
        ]

    def refusal(self, wanted: t.Sequence[str], *, accepted: bool, dark: bool = False) -> str:
        """Why what is planned for a node in service must not be carried out, or nothing; before anything changes.

        ``accepted``: acceptance follows in this run; ``dark``: somebody has said that the node may stay dark. A changed
        configuration voids the certificate: without acceptance the node would go dark, and the run would look like a
        success; and acceptance certifies nothing that is not as rendered, so what the run leaves out must be.
        """
        names = ", ".join(sorted(self.bundles))
        if not self.bundles or dark:
            return ""
        if not accepted:
            return (
                f"the node is in service, and a change of {names} would take it dark and leave it so, as these tags "
                "leave acceptance out. Add the tag acceptance, or say -e imrs_leave_dark=true. Nothing was changed"
            )
        left = [name for name in wanted if self.found.get(name)]
        if left:
            return (
                f"the node is in service, and a change of {names} would take it dark and leave it so, as it would not "
                f"be accepted: {'; '.join(self.unrendered(left))}, and these tags leave that out. Run without "
                "tags. Nothing was changed"
            )
        return ""


def accepts(run_tags: t.Collection[str], skip_tags: t.Collection[str]) -> bool:
    """Whether these tags of a run include acceptance."""
    names = {"all", "tagged", "acceptance"}
    return not names.isdisjoint(run_tags) and names.isdisjoint(skip_tags)


def _differences(result: t.Mapping[str, t.Any]) -> list[str]:
    """What a bundle in check mode would do, in names; never empty."""
    paths = [str(change["path"]) for change in result.get("changes") or ()]
    steps = [str(step) for key in ("activated", "ensured") for step in result.get(key) or ()]
    return paths or steps or ["a change that was left half-way"]


def _few(names: t.Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more

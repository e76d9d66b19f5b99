# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""May these nodes be provisioned? From the inventory and the command line alone, before any node is contacted."""

from __future__ import annotations

import typing as t


class Node(t.NamedTuple):
    """One node that the run is about, as its host variables have it."""

    name: str
    operational: bool = True
    """Whether its sheet wants it to serve at all."""
    allowed: bool | None = None
    """Whether its sheet allows to provision it; None where the inventory does not say."""
    reason: str = ""
    """Why it is not allowed."""
    override: str = ""
    """In whose name it is allowed although its onboarding is not complete; empty where none is needed."""
    withdrawn: str = ""
    """What came of taking it dark in this run; empty where nobody tried."""
    renders: bool = False
    """``imrs_render_directory`` is set: its files would be written on the controller."""
    plans: bool = False
    """``imrs_plan`` is set: it would never be changed while it is in service."""
    others: tuple[str, ...] = ()
    """Providers that are not those of its sheet, in words."""
    unattested: tuple[str, ...] = ()
    """What the fleet requires people to attest before it goes live, as its sheet wants, and nobody has."""


def withdrawals(nodes: t.Iterable[Node], *, check: bool) -> list[str]:
    """The nodes that are to be taken dark first, by name. With ``check`` (check mode) there are none.

    Both facts follow from the sheet: a variable on the command line alone takes nothing down.
    """
    return [] if check else [node.name for node in nodes if not node.operational and node.allowed is False]


def refusal(nodes: t.Sequence[Node], *, accepted: bool, check: bool) -> str:
    """Why nothing is provisioned; empty when it may be.

    ``accepted``: the tags of the run include acceptance. ``check``: check mode.
    """
    if any(node.renders for node in nodes):
        return (
            "imrs_render_directory is set: files would be written on the controller, and the rest of the run would "
            "reach the nodes. Take it out of the inventory and the command line, or render with icann.imrs.render"
        )
    if any(node.plans for node in nodes):
        return (
            "imrs_plan is set: a node in service would never be changed. Take it out of the inventory and the command "
            "line; site.yml sets it itself, and --check changes nothing"
        )
    if others := other_providers(nodes, "provisioned"):
        return others
    if refused := [node for node in sorted(nodes) if not node.allowed]:
        reasons = "".join(f"{node.name}: {_why(node)}\n" for node in refused)
        return (
            f"Nothing is provisioned, because of {len(refused)} of {len(nodes)} nodes:\n{reasons}Complete the steps of "
            "the onboarding in the site sheet, or record an onboarding.override there, or leave these nodes out: "
            "--limit provisionable\n"
        )
    if accepted or check or len(nodes) == 1:
        return _unattested(nodes) if accepted and not check else ""
    return (
        "These tags leave acceptance out. A changed configuration voids a node's certificate, and without "
        f"acceptance it stays dark: so would all {len(nodes)} nodes, one after another. Add the tag acceptance, or "
        "take one node: --limit"
    )


def _unattested(nodes: t.Sequence[Node]) -> str:
    """Why nothing is begun for want of attestations. A node that is live would be changed, could not be accepted any
    more, and would stay dark.
    """
    missing = [node for node in sorted(nodes) if node.unattested]
    told = "".join(f"{node.name}: {', '.join(node.unattested)} not attested\n" for node in missing)
    return told and (
        f"Nothing is provisioned or judged, so all nodes stay as they are:\n{told}The fleet requires that "
        "(required_attestations in fleet.yml) before a node goes live. Do it and write it into the site sheet "
        "(attestations), or leave these nodes out by --limit\n"
    )


def incomparable(nodes: t.Sequence[Node], *, whole: bool) -> str:
    """Why nodes are not compared with their intent; empty when they may be.

    ``whole``: the run has no tags, and no ``imrs_render_directory``: on a command line, even an empty one would have
    the bundles handed over to the nodes.
    """
    if whole:
        return other_providers(nodes, "compared")
    return (
        "Drift takes no tags, as what was left out would not be missed, and no imrs_render_directory, as it renders "
        "into a place of its own: take them out of the command line and the inventory"
    )


def other_providers(nodes: t.Iterable[Node], done: str) -> str:
    """Why nothing is ``done`` (provisioned, compared); empty when all go by their sheets.

    The roles' own variables are for use without a sheet. Beside one, another provider is true for some roles only.
    """
    others = [f"{node.name}: {other}" for node in sorted(nodes) for other in node.others]
    if not others:
        return ""
    return (
        f"Nothing is {done}: {'; '.join(others)}. The gate, the packages and acceptance go by the sheet: take the "
        "variable out of the inventory and the command line, and write nameserver or routing into the site sheet"
    )


def remarks(nodes: t.Iterable[Node], *, accepted: bool, check: bool) -> list[str]:
    """What has to be known of a run that may begin."""
    left_out = (
        "Acceptance is left out. A node in service is not changed then, unless you say -e imrs_leave_dark=true. Any "
        "other that is changed is dark until icann.imrs.accept has judged it"
    )
    return [
        *([] if accepted or check else [left_out]),
        *(
            f"{node.name} goes ahead by an override in its sheet: {node.override}"
            for node in sorted(nodes)
            if node.override
        ),
    ]


def _why(node: Node) -> str:
    """Why one node is not provisioned, and whether it is dark."""
    reason = node.reason or "its inventory does not say whether it may be provisioned"
    return f"{reason} {node.withdrawn}" if node.withdrawn else reason

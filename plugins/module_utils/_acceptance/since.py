# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What has changed since an earlier report of the same node: from two contents of ``acceptance.json``. Pure."""

from __future__ import annotations

import typing as t

Document = t.Mapping[str, t.Any]

_BAD = ("fail", "error")


def compare(before: Document, now: Document) -> dict[str, t.Any]:
    """What is different now. Checks that were not due then, or are not now, are no difference.

    ``failed``: ids of checks that passed then and do not now; ``mended``: the reverse. ``versions`` by package and
    ``serial``: then and now, None for what was not known. ``configuration``: whether the fingerprint is another one.
    """
    then = {each["id"]: each["status"] for each in before["results"]}
    today = {each["id"]: each["status"] for each in now["results"]}
    packages = sorted({*before["versions"], *now["versions"]})
    versions = {name: [before["versions"].get(name), now["versions"].get(name)] for name in packages}
    return {
        **last(before),
        "failed": [one for one, status in today.items() if status in _BAD and then.get(one) == "pass"],
        "mended": [one for one, status in today.items() if status == "pass" and then.get(one) in _BAD],
        "versions": {name: pair for name, pair in versions.items() if pair[0] != pair[1]},
        "serial": [before["serial"], now["serial"]] if before["serial"] != now["serial"] else None,
        "configuration": bool(before["fingerprint"] and now["fingerprint"])
        and before["fingerprint"] != now["fingerprint"],
    }


def last(before: Document) -> dict[str, t.Any]:
    """The last verdict, where there is no later one that could be compared with it."""
    told = {key: before[key] for key in ("started", "stage", "verdict")}
    return {**told, "failed": [], "mended": [], "versions": {}, "serial": None, "configuration": False}


def sentences(since: Document | None, *, judged: bool) -> list[str]:
    """The same for people, a sentence each; none where nothing is known of an earlier report."""
    if since is None:
        return []
    before = f"{since['verdict']}, {since['started']}"
    if not judged:
        return [f"The last verdict was: {before}."]
    told = [f"{', '.join(since['failed'])} passed then and {_do(since['failed'])} not pass now."] * bool(
        since["failed"]
    )
    told += [f"{', '.join(since['mended'])} did not pass then and {_pass(since['mended'])} now."] * bool(
        since["mended"]
    )
    told += [
        f"{name} {old or '(not there)'} is now {new or 'not there'}." for name, (old, new) in since["versions"].items()
    ]
    if since["serial"]:
        old, new = (serial or "unknown" for serial in since["serial"])
        told.append(f"The serial of the root zone was {old} and is {new}.")
    told += ["The configuration is another one."] * since["configuration"]
    return [f"Compared with the report before it at this stage ({before}):", *(told or ["Nothing has changed."])]


def _do(those: t.Sequence[str]) -> str:
    return "does" if len(those) == 1 else "do"


def _pass(those: t.Sequence[str]) -> str:
    return "passes" if len(those) == 1 else "pass"

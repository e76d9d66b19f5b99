# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The transfer keys of a node (TSIG, RFC 8945) while they are rolled: what is asked of the masters, and what follows.

The overlap is at both ends: a master takes the new key besides the previous one, and a node takes NOTIFY with both.
Who is who is told by names, so a key that is rolled has a name of its own (RFC 8945 section 5.2).
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._acceptance import plan, transfers

if t.TYPE_CHECKING:
    from .._acceptance.expected import Expected

Key = tuple[str, str]
"""Algorithm, and secret in base64."""
Keys = t.Mapping[str, Key]
"""By name, as ``canonical`` writes it."""
Answer = t.Mapping[str, t.Any]
"""What came of one signed question (``_probes/signed.py``)."""
Master = t.Mapping[str, t.Any]
"""An entry of ``imrs_masters``."""

_FORGOTTEN = ("BADKEY", "BADSIG", "unsigned", "signed otherwise")
"""What a master says of a key that it does not take."""
NOBODY = "No key is rolled: the node has those of the sheet, and none has a previous one"


def canonical(name: str) -> str:
    """The name of a key, as names are compared (RFC 8945 section 5.2)."""
    return name.rstrip(".").lower() + "."


@dataclasses.dataclass(frozen=True)
class Standing:
    """How the node is: whether it attracts traffic, and for how many seconds its gate lets a planned change be there
    without acceptance (``gate_foresee``); 0: not at all.
    """

    in_service: bool
    foresees: int

    @classmethod
    def read(cls, status: t.Mapping[str, t.Any] | None, gate: t.Mapping[str, t.Any]) -> Standing:
        """From ``imrs status --json`` and the gate's file; None: there is a gate, and it does not answer. What is not
        known counts as in service.
        """
        if status is None:
            return cls(in_service=True, foresees=int(gate.get("foresee") or 0))
        modes = status.get("mode", {"": "unknown"})
        return cls(any(mode != "dark" for mode in modes.values()), int(gate.get("foresee") or 0))


NO_GATE = Standing(in_service=False, foresees=0)
"""A machine that has no gate announces nothing."""


@dataclasses.dataclass(frozen=True)
class Roll:
    """``masters`` as the sheet has them, ``wanted`` with the secrets of the vault, and ``there`` in the node's file."""

    masters: t.Sequence[Master]
    wanted: Keys
    there: Keys

    @classmethod
    def of(cls, masters: t.Sequence[Master], secrets: t.Mapping[str, str], there: Keys) -> Roll:
        """``secrets`` by the names of their variables. KeyError where one is missing."""
        entries = [entry for master in masters for entry in (master["tsig"], master["tsig"].get("previous")) if entry]
        wanted = {canonical(each["name"]): (each["algorithm"], secrets[each["secret_variable"]]) for each in entries}
        return cls(masters, wanted, there)

    @property
    def new(self) -> list[Master]:
        """The masters whose key the node does not have, or has with another secret."""
        names = [(canonical(master["tsig"]["name"]), master) for master in self.masters]
        return [master for name, master in names if self.there.get(name) != self.wanted[name]]

    @property
    def gone(self) -> list[str]:
        """Names of keys that the node has, and the sheet has no more."""
        return sorted(set(self.there) - set(self.wanted))

    def questions(self, expected: Expected, *, all_keys: bool) -> list[dict[str, t.Any]]:
        """Signed SOA and IXFR of every zone for every address of the masters: of those with a new key, or of all. And
        one SOA with each previous key, to see whether it is taken still, where ``all_keys`` are asked about.
        """
        asked = {canonical(master["tsig"]["name"]) for master in (self.masters if all_keys else self.new)}
        found = [question for question in plan.signed(expected) if canonical(question["key"]) in asked]
        previous = {
            canonical(master["tsig"]["name"]): master["tsig"]["previous"]["name"]
            for master in self.masters
            if all_keys and master["tsig"].get("previous")
        }
        first = expected.zones[0] if expected.zones else ""
        return found + [
            {**question, "key": previous[canonical(question["key"])]}
            for question in found
            if canonical(question["key"]) in previous and (question["name"], question["type"]) == (first, "SOA")
        ]

    def unproven(self, answers: t.Sequence[Answer]) -> list[str]:
        """Which masters with a new key do not prove it, and why; a line for each reason. A master that was not asked
        has proven nothing.
        """
        found = []
        for master in self.new:
            mine = _about(answers, master, master["tsig"]["name"])
            silent = [address for address in master["addresses"] if address not in {each["server"] for each in mine}]
            found += [f"{master['name']}: master {address}: was not asked" for address in silent]
            found += [f"{master['name']}: {said}" for each in mine if (said := transfers.problem(each))]
        return list(dict.fromkeys(found))

    def refusals(self, answers: t.Sequence[Answer], standing: Standing, *, whole: bool) -> list[str]:
        """Why the node must not get its new keys now. Nothing is refused of one that is out of service, which may wait
        for its masters; ``whole``: but for what the roll itself is there to prove.
        """
        if not self.new or not (whole or standing.in_service):
            return []
        found = [f"{each}; nothing is changed before every address of every master takes the new key"
                 for each in self.unproven(answers)]  # fmt: skip
        if whole and standing.in_service and not standing.foresees:
            found.append(
                "the node is in service, and its gate lets no planned change be there before it is accepted "
                "(gate_foresee is 0), so the new key would take it dark; set gate_foresee in a maintenance window, or "
                "take the node dark first (docs/keys.md)"
            )
        return found

    def told(self, answers: t.Sequence[Answer]) -> list[str]:
        """What people have to do at the masters and in the sheet: names of keys and variables, and no secret."""
        lines: list[str] = []
        new = {master["name"] for master in self.new}
        unproven = {line.partition(":")[0] for line in self.unproven(answers)}
        for master in self.masters:
            key, previous = master["tsig"], master["tsig"].get("previous")
            if master["name"] in new:
                lines += self._before(master, proven=master["name"] not in unproven)
            elif previous:
                lines.append(_after(master, key, previous, answers))
        lines += [f"node: forgets the key {name}, with which it takes NOTIFY until then" for name in self.gone]
        return lines or [NOBODY]

    def _before(self, master: Master, *, proven: bool) -> list[str]:
        key = master["tsig"]
        who = f"master {master['name']} ({', '.join(master['addresses'])})"
        new = f"{key['name']} ({key['algorithm']}; vault: {key['secret_variable']})"
        if canonical(key["name"]) in self.there:
            return [f"{who}: {key['name']} has another secret on the node: there is no overlap under one name"]
        if proven:
            return [f"{who}: takes the TSIG key {new}"]
        old = (key.get("previous") or {}).get("name") or "the key before"
        return [f"{who}: take the TSIG key {new} besides {old}; go on with {old} for NOTIFY until the node has both"]


def _about(answers: t.Sequence[Answer], master: Master, key: str) -> list[Answer]:
    """The answers of a master to questions with this key."""
    name = canonical(key)
    return [each for each in answers if each["server"] in master["addresses"] and canonical(each["key"]) == name]


def _after(master: Master, key: Master, previous: Master, answers: t.Sequence[Answer]) -> str:
    who = f"master {master['name']} ({', '.join(master['addresses'])})"
    old = _about(answers, master, previous["name"])
    if any(not transfers.problem(each) for each in old):
        return (
            f"{who}: sign NOTIFY with {key['name']}, then take away the TSIG key {previous['name']}; "
            f"vault: {previous['secret_variable']}"
        )
    if old and all(each["result"] in _FORGOTTEN for each in old):
        return (
            f"{who}: has forgotten {previous['name']}; take `previous` out of the sheet and "
            f"{previous['secret_variable']} out of the vault, and roll once more, so that the node forgets it, too"
        )
    said = "; ".join(dict.fromkeys(transfers.problem(each) for each in old)) or "it was not asked"
    return f"{who}: does not say at every address whether it still takes {previous['name']}: {said}"

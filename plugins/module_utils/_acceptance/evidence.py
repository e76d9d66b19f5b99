# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Evidence as verdicts read it: sections by scope, exchanges by probe, and a loud word when one is missing."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import typing as t

from . import plan

if t.TYPE_CHECKING:
    from .._routing.policy import Mode
    from .expected import Expected

FORMAT = 3


class Missing(Exception):  # noqa: N818 - reads as what it says: evidence is missing
    """A check needs something that was not collected: the check did not run, which is an error."""


@dataclasses.dataclass(frozen=True)
class Exchange:
    """One question and what came back."""

    scope: str
    probe: str
    name: str
    rdtype: str
    server: str
    transport: str
    wire: bytes
    answer: bytes | None
    size: int
    error: str
    seconds: float

    @property
    def where(self) -> str:
        """The exchange in three words, for messages."""
        return f"{self.server} {self.transport}" + (f" from {self.scope}" if self.scope != "node" else "")

    @classmethod
    def parse(cls, scope: str, data: t.Mapping[str, t.Any]) -> Exchange:
        """Read one exchange of an evidence document."""
        try:
            answer = data["answer"]
            return cls(
                scope=scope,
                probe=data["probe"],
                name=data["query"]["name"],
                rdtype=data["query"]["type"],
                server=data["server"],
                transport=data["transport"],
                wire=base64.b64decode(data["wire"]),
                answer=None if answer is None else base64.b64decode(answer),
                size=int(data["size"]),
                error=str(data["error"] or ""),
                seconds=float(data["seconds"]),
            )
        except (KeyError, TypeError, binascii.Error) as error:
            raise Missing(f"an exchange of {scope} cannot be read: {error}") from error


@dataclasses.dataclass(frozen=True)
class Evidence:
    """All evidence of one stage, by scope."""

    stage: Mode
    expected: Expected
    scopes: dict[str, t.Mapping[str, t.Any]]
    refused: tuple[str, ...] = ()
    """Why documents were not taken."""
    certified: frozenset[str] = frozenset()
    """Marks of the sessions that the gate gives its prefixes to at this moment."""

    @classmethod
    def gather(
        cls,
        documents: t.Iterable[t.Mapping[str, t.Any]],
        expected: Expected,
        stage: Mode,
        certified: t.Iterable[str] = (),
    ) -> Evidence:
        """Take the documents that are of this node and this stage; say of the others why they are not taken."""
        scopes: dict[str, t.Mapping[str, t.Any]] = {}
        refused = []
        for document in documents:
            scope = str(document.get("scope", "?"))
            if document.get("format") != FORMAT:
                refused.append(f"evidence of the {scope} has format {document.get('format')!r}, not {FORMAT}")
            elif document.get("node") != expected.node_name:
                refused.append(f"evidence of the {scope} is of {document.get('node')}, not of {expected.node_name}")
            elif document.get("stage") != str(stage):
                refused.append(f"evidence of the {scope} is of stage {document.get('stage')}, not {stage}")
            else:
                scopes[scope] = document
        return cls(stage, expected, scopes, tuple(refused), frozenset(certified))

    def section(self, scope: str, name: str) -> t.Any:
        """One section of one scope; Missing when it was not collected, or when the probe says it could not."""
        found = self.scopes.get(scope, {}).get(name)
        if found is None:
            raise Missing(f"the {scope} gave no evidence on {name}")
        if isinstance(found, dict) and found.get("error"):
            raise Missing(f"{name} of the {scope} could not be read: {found['error']}")
        return found

    def readable(self, scope: str, name: str) -> bool:
        """Whether there is such a section."""
        try:
            self.section(scope, name)
        except Missing:
            return False
        return True

    def now(self, scope: str = "node") -> float:
        """When the evidence was collected, in Unix time."""
        return float(self.section(scope, "collected_at"))

    def exchanges(self, *probes: str, scopes: t.Sequence[str] = ("node", "vantage")) -> list[Exchange]:
        """Every planned exchange of these probes, from every scope there is; Missing when one was not made."""
        found: list[Exchange] = []
        for scope in scopes:
            if scope not in self.scopes:
                continue
            made: dict[tuple[str, ...], Exchange] = {}
            for data in self.section(scope, "exchanges"):
                if data.get("probe") in probes:
                    exchange = Exchange.parse(scope, data)
                    made[_key(data["probe"], data["query"], exchange.server, exchange.transport)] = exchange
            for question in plan.questions(self.expected, self.stage, scope):
                if question["probe"] in probes:
                    key = _key(question["probe"], question, question["server"], question["transport"])
                    if key not in made:
                        raise Missing(
                            f"{question['server']} {question['transport']}: not asked for {question['probe']}"
                        )
                    found.append(made[key])
        if not found:
            raise Missing(f"no exchange of {', '.join(probes)}")
        return found


def _key(probe: str, query: t.Mapping[str, t.Any], server: str, transport: str) -> tuple[str, ...]:
    """What tells planned questions apart; the name of the NXDOMAIN probe is random."""
    name = "" if probe == "nxdomain" else str(query["name"])
    return (probe, name, str(query["type"]), str(query.get("opcode", 0)), server, transport)

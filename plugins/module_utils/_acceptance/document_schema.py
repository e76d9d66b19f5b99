# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The JSON Schema of ``acceptance.json``, for programs that read it; docs/schema/acceptance.schema.json is its text."""

from __future__ import annotations

import json
import typing as t

from .._routing.policy import Mode
from . import words
from .check import Severity, Status
from .report_json import FORMAT
from .standing import Standing

RENEW = "make schema"
"""The command that writes the file anew."""
NAME = "acceptance.schema.json"

Schema = dict[str, t.Any]


def _object(description: str, **properties: Schema) -> Schema:
    """All keys are there, and no other."""
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }


def _text(description: str, **more: t.Any) -> Schema:
    return {"type": "string", "description": description, **more}


def _texts(description: str, **more: t.Any) -> Schema:
    return {"type": "array", "items": {"type": "string", **more}, "description": description}


def _of(values: t.Iterable[str], description: str) -> Schema:
    return {"enum": [str(value) for value in values], "description": description}


_CHECK = {"pattern": "^[A-Z]{2}-[0-9]{2}$"}
_MOMENT = {"pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"}
_STAGES = [*map(str, Mode), ""]
_SERIAL = {"type": ["integer", "null"], "minimum": 0, "maximum": 2**32 - 1}
_NUMBER = {"type": "integer", "minimum": 0}

RESULT = _object(
    "One check.",
    id=_text("Its id in docs/checks.md.", **_CHECK),
    title=_text("What it is about."),
    severity=_of(Severity, "F: the node may not announce. W: a warning."),
    status=_of(Status, "How it ended; not_run: not due at this stage."),
    message=_text("What was seen, for engineers."),
    seconds={"type": "number", "minimum": 0, "description": "How long it took to judge."},
    source=_text("The standard or document that demands it."),
    condition=_text("It passes when this is so."),
    raised={"type": "boolean", "description": "Whether the fleet has made it F (raised_checks)."},
    attestation={"type": "boolean", "description": "Whether people attest it; no software has run it."},
    by=_text("Who attests it; empty where nobody does, or software runs it."),
    waiver=_text("Why it may be skipped; empty where it was not, or may not be."),
    harm={"type": "boolean", "description": "Whether a failure hurts those who ask the node or route to it."},
)
SESSION = _object(
    "One BGP session of the sheet.",
    name=_text("As the routing daemon has it."),
    address=_text("The peer's."),
    mark=_text("The large community of the session."),
    standing=_of(Standing, "Certified: it gets what is announced. Ready: it may. Waiting: it is not there."),
    why=_text("Why it is not there; empty when it is."),
)
SINCE = _object(
    "What has changed since the report before it at this stage. Of a run without a verdict: the last one there was.",
    started=_text("When that one was made.", **_MOMENT),
    stage=_of(_STAGES, "Its stage."),
    verdict=_text("Its verdict."),
    failed=_texts("Checks that passed then and do not now.", **_CHECK),
    mended=_texts("Checks that did not pass then and do now.", **_CHECK),
    versions={
        "type": "object",
        "description": "By package, its version then and now; null where it was not there.",
        "additionalProperties": {"type": "array", "items": {"type": ["string", "null"]}, "minItems": 2, "maxItems": 2},
    },
    serial={"type": ["array", "null"], "items": _SERIAL, "minItems": 2, "maxItems": 2, "description": "Then and now."},
    configuration={"type": "boolean", "description": "Whether the fingerprint is another one."},
)

ACCEPTANCE = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Report of an acceptance (acceptance.json)",
    **_object(
        "One node, judged at one stage, or why it was not judged.",
        format={"const": FORMAT, "description": "Another number when a key goes or means something else."},
        status=_of(words.STATES, "How far the run came; all but judged have no results."),
        node=_text("Full name of the node."),
        stage=_of(_STAGES, "What was to be announced while it was judged; may be empty where it was not judged."),
        mode=_of(_STAGES, "What the sheet wants to be announced."),
        started=_text(
            "When the oldest evidence was collected, or when the run told that it has no verdict.", **_MOMENT
        ),
        certifiable={"type": "boolean", "description": "Whether a certificate up to this stage may be issued."},
        verdict=_text("The verdict in words."),
        summary=_text("How many checks ended in which way, in words."),
        users=_texts("What users get, a sentence each."),
        follows=_text("What comes of the verdict; empty where the node is accepted."),
        reasons=_texts("Why it is not certifiable."),
        harmful=_texts("Checks for which even a node that is live has to go dark.", **_CHECK),
        hurt=_texts("What users get of these, a sentence each."),
        doubtful=_texts("Checks with harm that neither passed nor are harmful.", **_CHECK),
        unproven=_texts("Which checks lacked the word of the vantage or of the host's router, and why."),
        unattested=_texts("What nobody has attested.", **_CHECK),
        counts=_object("How many checks ended in which way.", **{str(status): _NUMBER for status in Status}),
        serial={**_SERIAL, "description": "Of the root zone that the node serves."},
        serials={
            "type": "object",
            "additionalProperties": _SERIAL,
            "description": "By zone, the root zone among them.",
        },
        versions={"type": "object", "additionalProperties": {"type": "string"}, "description": "By package."},
        installed={
            "type": "object",
            "additionalProperties": {"type": "string", "pattern": "^[^ ]+( [^ ]+)?$"},
            "description": "By Debian package, its source package and that one's version, as Debian's security tracker"
            " names them. Of kernels, only the one that runs; without a version where it is of no package. Empty where"
            " nobody could ask.",
        },
        candidate={
            "type": "boolean",
            "description": "Whether what was judged is a system that goes away by itself unless the upgrade that made"
            " it is kept; false once it was.",
        },
        fingerprint=_text("Of the configuration that was judged; may be empty."),
        scopes=_texts("Who gave evidence: controller, node, router, vantage."),
        results={"type": "array", "items": RESULT, "description": "Every check."},
        sessions={"type": "array", "items": SESSION, "description": "Every session of the sheet."},
        since={"anyOf": [SINCE, {"type": "null"}], "description": "Null where there is no earlier report."},
        changes=_texts("The same in words."),
    ),
}


def files() -> dict[str, str]:
    """The content of the file in docs/schema/, by its name."""
    comment = f"Generated from plugins/module_utils/_acceptance/document_schema.py: change it there, then run {RENEW}."
    return {NAME: json.dumps({"$comment": comment, **ACCEPTANCE}, ensure_ascii=False, indent=2) + "\n"}

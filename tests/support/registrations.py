# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the world's registries could say of the prefixes: all well, and in the formats that their programs write."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.icann.imrs.plugins.module_utils import _addressing as addressing
from ansible_collections.icann.imrs.plugins.module_utils._registration import report
from ansible_collections.icann.imrs.plugins.module_utils._registration.finding import DAY, HOUR, Bounds, Wanted

if t.TYPE_CHECKING:
    from recordings import Scene

ASN = 20144
NOW = 1_796_086_800.0
"""2026-12-01T01:00:00Z."""
FIVE = ("199.7.82.0/23", "199.7.83.0/24", "2001:500:3::/48", "2001:500:9e::/47", "2001:500:9f::/48")
IRR = {"source": "RIPE", "object": "AS20144"}
EVERY = {f: (*addressing.SPECIFIC[f], *addressing.COVERING[f]) for f in addressing.FAMILIES}
WANTED = Wanted.of(ASN, EVERY, IRR)
Json = dict[str, t.Any]


def roa(prefix: str, longest: int | None = None, /, **more: t.Any) -> Json:
    """One of ``roas``, as rpki-client writes it; of ours and as long as its prefix, unless said otherwise."""
    length = int(prefix.partition("/")[2]) if longest is None else longest
    return {"asn": ASN, "prefix": prefix, "maxLength": length, "ta": "arin", "expires": int(NOW) + 6 * HOUR, **more}


def rpki(*roas: Json, instead: bool = False, made: str = "2026-12-01T00:14:51Z") -> str:
    """The file ``json`` of rpki-client: these beside the five of ours, or ``instead`` of them."""
    metadata = {"buildmachine": "rpki.imrs.example", "buildtime": made, "elapsedtime": 133, "failedroas": 0}
    others = {"asn": 64500, "prefix": "192.0.2.0/24", "maxLength": 24, "ta": "ripe", "expires": 1796083200}
    ours = [] if instead else [roa(prefix) for prefix in FIVE]
    return json.dumps({"metadata": metadata, "roas": [others, *ours, *roas]}, indent="\t")


def route(prefix: str, origin: str = "AS20144", source: str = "RIPE") -> str:
    """A route object, as the RIPE Database writes it."""
    key = "route6:" if ":" in prefix else "route: "
    lines = (
        f"{key}         {prefix}",
        "descr:          IMRS, anycast",
        "                on all continents",
        "+",
        "\tand one more line",
        f"origin:         {origin} # as announced",
        "mnt-by:         IMRS-MNT",
        "created:        2011-03-01T10:00:00Z",
        f"source:         {source} # Filtered",
    )
    return "\n".join(lines) + "\n"


def irr(*objects: str, instead: bool = False) -> str:
    """The answer of a whois server: these beside ours, or ``instead`` of them."""
    ours = [] if instead else [route(prefix) for prefix in FIVE]
    head = "% This is the RIPE Database query service.\n% The objects are in RPSL format.\n%\n\n"
    person = (
        "person:         E. X. Ample\naddress:        1 Example Way\nnic-hdl:        EX1-RIPE\nsource:         RIPE\n"
    )
    return head + "\n".join([*ours, *objects, person]) + "\n% This query was served in 3 ms\n"


def peeringdb(meta: Json | None = None, **record: t.Any) -> str:
    """The answer of PeeringDB's API to ``net?asn=20144``."""
    ours = {
        "id": 1,
        "name": "ICANN Managed Root Server",
        "asn": ASN,
        "irr_as_set": "RIPE::AS20144",
        "info_prefixes4": 10,
        "info_prefixes6": 10,
        "policy_general": "Open",
        "updated": "2016-03-14T21:23:37Z",
        "status": "ok",
        **record,
    }
    return json.dumps({"data": [ours], "meta": {} if meta is None else meta})


def inputs(**texts: str) -> dict[str, Json]:
    """Files of an hour ago, with these texts instead of good ones."""
    every = {"rpki": rpki(), "irr": irr(), "peeringdb": peeringdb(), **texts}
    return {key: {"name": f"/in/{key}", "modified": NOW - HOUR, "text": text} for key, text in every.items()}


def judged(wanted: Wanted = WANTED, now: float = NOW, bounds: Bounds = Bounds(), **texts: str) -> report.Report:  # noqa: B008
    """The report on good inputs, but for these."""
    return report.judge(inputs(**texts), wanted, now, bounds)


def document(node: str, stage: str) -> Json:
    """The controller's evidence, all well."""
    of = {"format": 3, "scope": "controller", "node": node, "stage": stage, "collected_at": NOW}
    return {**of, "registration": {"inputs": inputs(), "bounds": {}}}


def _said(key: str, **values: t.Any) -> t.Callable[[Scene], None]:
    return lambda scene: scene.scope("controller")["registration"]["inputs"][key].update(values)


SPOILT: tuple[tuple[str, t.Callable[[Scene], None], str], ...] = (
    ("no ROA", _said("rpki", text=rpki(instead=True)), "RPKI: 199.7.82.0/23: no ROA covers it: publish a ROA"),
    ("another origin", _said("irr", text=irr(route("199.7.83.0/24", "AS64500"))), "has origin AS64500"),
    ("a low limit", _said("peeringdb", text=peeringdb(info_prefixes6=2)), "info_prefixes6 is 2, and 3 are announced"),
    ("old", _said("irr", modified=NOW - 40 * DAY), "IRR: 40 days old"),
)
"""Ways for BG-19 to fail, with what is said then."""

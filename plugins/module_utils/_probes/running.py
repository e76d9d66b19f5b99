# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What the kernel runs, whatever its files say: the packet filter. What daemons run is in the file of each."""

from __future__ import annotations

import json
import typing as t

from . import apart, host

NFTABLES = "/etc/nftables.conf"
_NFT = 'nft -f "$1/nftables.conf"; nft -j list ruleset'


def nftables(contents: t.Mapping[str, str], runner: host.Runner = host.run) -> apart.Json:
    """The intended ruleset as this kernel would have it, and the one that it has."""
    intended = apart.run({"nftables.conf": contents.get(NFTABLES, "")}, _NFT, runner)
    loaded = runner(["nft", "-j", "list", "ruleset"])
    for done in (intended, loaded):
        if done["rc"] != 0:
            return {"error": apart.said(done, "nft")}
    try:
        return {"intended": json.loads(intended["stdout"]), "loaded": json.loads(loaded["stdout"])}
    except ValueError:
        return {"error": "what nft listed is no JSON"}

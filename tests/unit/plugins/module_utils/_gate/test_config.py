# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""gate.json: read whole, or refused with the place and the reason."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._gate import config
from ansible_collections.icann.imrs.plugins.module_utils._gate.table import ConfigError
from gate_data import DATA, GONE, UPSTREAM, changed


def test_the_contract_is_understood(tmp_path: pathlib.Path) -> None:
    (tmp_path / "gate.json").write_text(json.dumps(DATA))
    found = config.load(tmp_path / "gate.json")
    assert found.peering.next_hops == {"ipv4": "127.0.0.2", "ipv6": "100::1"}
    assert found.prefixes["ipv6"].specific == ("2001:500:9f::/48",)
    assert (found.drain, found.probe.interval, found.hold_down.longest) == (1.0, 0.1, 300)
    assert (found.zones[2].witness, found.graceful) == ("", 0.0)
    assert (found.foresee, config.parse(changed("foresee", 300)).foresee) == (0, 300)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("node", GONE, "node: is missing"),
        ("node", "", "node: must be text"),
        ("asn", 64500, "asn: must be a whole number from 20144 to 20144, not 64500"),
        ("asn", True, "asn: must be a whole number"),
        ("router_id", "127.0.0.2", "session.local: must differ from router_id"),
        ("router_id", "2001:db8::1", "router_id: must be an ipv4 address"),
        ("router_id", 1, "router_id: must be an ipv4 address"),
        ("session", [], "session: must be an object"),
        ("session.hold_time", 2, "session.hold_time: must be a whole number from 3"),
        ("session.colour", "red", "session.colour: is not a known key"),
        ("session.next_hop", {"ipv6": "192.0.2.1"}, "session.next_hop.ipv6: must be an ipv6 address"),
        ("prefixes.ipv4.specific", ["192.0.2.0/24"], "prefixes.ipv4.specific: 192.0.2.0/24 is not one of the IMRS's"),
        ("prefixes.ipv4.covering", ["199.7.83.0/24"], "prefixes.ipv4.covering: 199.7.83.0/24 is not one of the IMRS's"),
        ("prefixes.ipv6", GONE, "prefixes.ipv6: is missing"),
        ("probe.addresses.ipv6", [], "probe.addresses.ipv6: must not be empty"),
        ("probe.addresses.ipv4", ["::1"], "probe.addresses.ipv4: must be an ipv4 address, not '::1'"),
        ("probe.addresses.ipv4", "199.7.83.42", "probe.addresses.ipv4: must be a list of texts"),
        ("probe.interval", 0, "probe.interval: must be a number from 0.01 to 10, not 0"),
        ("probe.interval", float("nan"), "probe.interval: must be a number"),
        ("probe.rise", 1.5, "probe.rise: must be a whole number"),
        ("hold_down.first", "5", "hold_down.first: must be a number"),
        ("fingerprint_paths", [1], "fingerprint_paths: must be a list of texts"),
        ("foresee", -1, "foresee: must be a whole number from 0 to 86400, not -1"),
        ("foresee", 0.5, "foresee: must be a whole number"),
        ("foresee", None, "foresee: must be a whole number"),
        ("foresee", 86401, "foresee: must be a whole number"),
        ("extra", 1, "extra: is not a known key"),
        ("probe.private.ipv6", "127.0.0.3", "probe.private.ipv6: must be an ipv6 address"),
        ("probe.silence", 0, "probe.silence: must be a number from 0.1 to 60, not 0"),
        ("zones", [], "zones: must not be empty"),
        ("zones", {}, "zones: must be a list of objects"),
        ("zones.1.signed", "yes", "zones[1].signed: must be true or false, not 'yes'"),
        ("zones.1.name", "", "zones[1].name: must be text"),
        ("masters.path", "", "masters.path: must be text"),
        ("masters.limit", 0, "masters.limit: must be a number from 1"),
        ("way.addresses.ipv4", ["::1"], "way.addresses.ipv4: must be an ipv4 address"),
        ("overload", "panic", "overload: must be one of absorb, shed, not 'panic'"),
        ("graceful", -1, "graceful: must be a number from 0 to 600"),
    ],
)
def test_what_is_wrong_is_named(path: str, value: t.Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config.parse(changed(path, value))
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("content", [None, "", "[]", "{"])
def test_a_file_that_is_none_is_refused(tmp_path: pathlib.Path, content: str | None) -> None:
    path = tmp_path / "gate.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match=r"gate\.json: "):
        config.load(path)


def test_where_zones_come_from_is_understood(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "upstream.json"
    path.write_text(json.dumps(UPSTREAM))
    found = config.upstream(path)
    assert [(master.address, secret[:4]) for master, secret in found.masters] == [
        ("203.0.113.1", "c2Vj"),
        ("2001:db8::2", "c2Vj"),
    ]
    assert found.trust_anchors[0].startswith(". IN DS 20326")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("masters.0.address", "dist1", "masters[0].address: must be an IP address, not 'dist1'"),
        ("masters.0.secret", GONE, "masters[0].secret: is missing"),
        ("masters.0.colour", "red", "masters[0].colour: is not a known key"),
        ("trust_anchors", ".", "trust_anchors: must be a list of texts"),
        ("more", 1, "more: is not a known key"),
    ],
)
def test_what_is_wrong_there_is_named(tmp_path: pathlib.Path, path: str, value: t.Any, message: str) -> None:
    file = tmp_path / "upstream.json"
    file.write_text(json.dumps(changed(path, value, UPSTREAM)))
    with pytest.raises(ConfigError) as caught:
        config.upstream(file)
    assert str(caught.value).startswith(f"{file}: {message}")

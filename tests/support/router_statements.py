# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a session comes to in each router system's words, and how to find it in a text. For test_routers.py."""

from __future__ import annotations

import re

from ansible_collections.icann.imrs.plugins.module_utils._documents import router_view, routers

STATEMENTS: dict[str, dict[str, str | None]] = {
    "ios_xe": {
        "md5": "password <the-agreed-MD5-password>",
        "gtsm": "ttl-security hops 1",
        "multihop": "ebgp-multihop {multihop}",
        "bfd": "fall-over bfd",
        "timers": "timers {keepalive_time} {hold_time}",
        "limit": "maximum-prefix {limit} 100 restart 15",
        "in": "route-map {policy_in} in",
        "out": "route-map {policy_out} out",
    },
    "ios_xr": {
        "md5": "password clear <the-agreed-MD5-password>",
        "gtsm": "ttl-security",
        "multihop": "ebgp-multihop {multihop}",
        "bfd": "bfd minimum-interval {bfd.interval_ms}",
        "timers": "timers {keepalive_time} {hold_time}",
        "limit": "maximum-prefix {limit} 100 restart 15",
        "in": "route-policy {policy_in} in",
        "out": "route-policy {policy_out} out",
    },
    "nx_os": {
        "md5": "password 0 <the-agreed-MD5-password>",
        "gtsm": "ttl-security hops 1",
        "multihop": "ebgp-multihop {multihop}",
        "bfd": "bfd",
        "timers": "timers {keepalive_time} {hold_time}",
        "limit": "maximum-prefix {limit} 100 restart 15",
        "in": "route-map {policy_in} in",
        "out": "route-map {policy_out} out",
    },
    "junos": {
        "md5": 'authentication-key "<the-agreed-MD5-password>"',
        "gtsm": "ttl 255",
        "multihop": "multihop ttl {multihop}",
        "bfd": "bfd-liveness-detection minimum-interval {bfd.interval_ms}",
        "timers": "hold-time {hold_time}",
        "limit": "prefix-limit maximum {limit}",
        "in": "import {policy_in}",
        "out": "export {policy_out}",
    },
    "eos": {
        "md5": "password 0 <the-agreed-MD5-password>",
        "gtsm": "ttl maximum-hops 1",
        "multihop": "ebgp-multihop {multihop}",
        "bfd": "bfd interval {bfd.interval_ms} min-rx {bfd.interval_ms} multiplier {bfd.multiplier}",
        "timers": "timers {keepalive_time} {hold_time}",
        "limit": "maximum-routes {limit}",
        "in": "route-map {policy_in} in",
        "out": "route-map {policy_out} out",
    },
    "sr_os": {
        "md5": 'authentication-key "<the-agreed-MD5-password>"',
        "gtsm": "ttl-security 255",
        "multihop": "multihop {multihop}",
        "bfd": "bfd-liveness true",
        "timers": "hold-time seconds {hold_time}",
        "limit": "prefix-limit {family} maximum {limit}",
        "in": 'import policy ["{policy_in}"]',
        "out": 'export policy ["{policy_out}"]',
    },
    "vrp": {
        "md5": "password cipher <the-agreed-MD5-password>",
        "gtsm": "valid-ttl-hops 1",
        "multihop": "ebgp-max-hop {multihop}",
        "bfd": "bfd enable",
        "timers": "timer keepalive {keepalive_time} hold {hold_time}",
        "limit": "route-limit {limit} 100 idle-timeout 15",
        "in": "route-policy {policy_in} import",
        "out": "route-policy {policy_out} export",
    },
    "routeros": {
        "md5": 'tcp-md5-key="<the-agreed-MD5-password>"',
        "gtsm": "local.ttl=255 remote.ttl=255",
        "multihop": "multihop=yes local.ttl={multihop}",
        "bfd": "use-bfd=yes",
        "timers": "hold-time={hold_time}s keepalive-time={keepalive_time}s",
        "limit": "input.limit-process-routes-{family}={limit}",
        "in": "input.filter=imrs-in-{family}",
        "out": "output.filter-chain=imrs-out-{inbound}",
    },
    "frr": {
        "md5": "password <the-agreed-MD5-password>",
        "gtsm": "peer-group IMRS-DIRECT",
        "multihop": "ebgp-multihop {multihop}",
        "bfd": "bfd profile imrs-{bfd.interval_ms}-{bfd.multiplier}",
        "timers": "timers {keepalive_time} {hold_time}",
        "limit": "maximum-prefix {limit} restart 15",
        "in": "route-map {policy_in} in",
        "out": "route-map {policy_out} out",
    },
    "bird": {
        "md5": 'password "<the-agreed-MD5-password>"',
        "gtsm": "ttl security on",
        "multihop": "multihop {multihop}",
        "bfd": "bfd {{ interval {bfd.interval_ms} ms; multiplier {bfd.multiplier}; }}",
        "timers": "keepalive time {keepalive_time}",
        "limit": "receive limit {limit} action restart",
        "in": "import filter imrs_in_{family}",
        "out": "export ",
    },
    "openbgpd": {
        "md5": 'tcp md5sig password "<the-agreed-MD5-password>"',
        "gtsm": "ttl-security yes",
        "multihop": "multihop {multihop}",
        "bfd": None,
        "timers": "holdtime {hold_time}",
        "limit": "max-prefix {limit} restart 15",
        "in": None,  # rules of the whole group, see test_openbgpd_filters_the_group
        "out": None,
    },
}
"""By system and subject; {x} is a field of `router_view.Session`. None: the system has no such thing."""


def commands(configuration: routers.Configuration, text: str | None = None) -> list[str]:
    """The lines that are no comment."""
    mark = next(system.mark for system in routers.ROUTERS if system.key == configuration.key)
    lines = (configuration.text if text is None else text).splitlines()
    return [line for line in lines if line.strip() and not line.lstrip().startswith(mark)]


def said(key: str, lines: list[str], one: router_view.Session) -> str:
    """What the commands say of one session: the lines that name it, or the block that it opens."""
    address = re.compile(rf"(?<![0-9a-f:.]){re.escape(one.neighbor)}(?![0-9a-f:.])")
    if key == "routeros":
        adds = re.split(r"\n(?=\S)", "\n".join(lines))
        return "\n".join(add for add in adds if add.startswith("add name=") and address.search(add))
    if key == "bird":
        blocks = re.split(r"\n(?=protocol )", "\n".join(lines))
        return "\n".join(block for block in blocks if address.search(block) and one.local in block)
    if key not in ("ios_xr", "nx_os", "openbgpd"):
        return "\n".join(line for line in lines if address.search(line))
    found, depth = [], None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if depth is not None and indent > depth:
            found.append(line)
        else:
            depth = indent if line.lstrip().startswith("neighbor ") and address.search(line) else None
    return "\n".join(found)

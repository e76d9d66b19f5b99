# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Driver and firmware of a network card, as the kernel fills them in."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import cards

if t.TYPE_CHECKING:
    import array

# Recorded of an e1000e of the lab's virtual machine (Linux 6.12): five texts of 32 octets behind the command's number.
E1000E = b"e1000e".ljust(32, b"\0") + b"6.12.118+deb13-amd64".ljust(32, b"\0") + b"2.1-0".ljust(32, b"\0")


def told(texts: bytes) -> cards.Ask:
    def ask(interface: str, into: array.array[int]) -> None:
        assert (interface, into[0], len(into)) == ("eno1", 3, 196), "struct ethtool_drvinfo has 196 octets"
        into[4 : 4 + len(texts)] = type(into)("B", texts)

    return ask


def silent(_interface: str, _into: array.array[int]) -> None:
    raise OSError(95, "Operation not supported")


@pytest.mark.parametrize(
    ("ask", "found"),
    [
        (told(E1000E), {"driver": "e1000e", "firmware": "2.1-0"}),
        (told(b"veth".ljust(64, b"\0") + b"N/A".ljust(32, b"\0")), {"driver": "veth", "firmware": ""}),
        (told(b"x" * 96), {"driver": "x" * 32, "firmware": "x" * 32}),  # no octet is left for an end
        (silent, {"driver": "", "firmware": ""}),
    ],
)
def test_cards(ask: cards.Ask, found: dict[str, str]) -> None:
    assert cards.read("eno1", ask) == found


@pytest.mark.parametrize("interface", ["lo", "imrs-not-there"])
def test_this_machine_s_kernel_answers(interface: str) -> None:
    """No firmware, and no error: of an interface without a driver, and of none."""
    assert cards.read(interface)["firmware"] == ""

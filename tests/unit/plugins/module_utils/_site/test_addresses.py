# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Subnets and what they have in common, held against Python's own ipaddress."""

from __future__ import annotations

import importlib.util
import ipaddress
import sys
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site import addresses
from hypothesis import given, settings
from hypothesis import strategies as st

SETTINGS = settings(derandomize=True, max_examples=300, deadline=None, database=None)
ADDRESSES = st.ip_addresses()
Address = ipaddress.IPv4Address
"""Or one of IPv6: both are used alike."""


def interface(address: Address, length: int) -> str:
    """An interface address; a length that the family has not is that of the whole address."""
    return f"{address}/{min(length, address.max_prefixlen)}"


@SETTINGS
@given(ADDRESSES, ADDRESSES, st.integers(0, 128))
def test_sharing_a_link_is_being_in_its_subnet(one: Address, other: Address, length: int) -> None:
    own = interface(one, length)
    for near in (other, one, type(one)(int(one) ^ 1)):
        inside = near.version == one.version and near in ipaddress.ip_interface(own).network
        assert addresses.on_link(str(near), [own]) == (own if inside else None)


@SETTINGS
@given(ADDRESSES, ADDRESSES, st.tuples(st.integers(0, 128), st.integers(0, 128)))
def test_subnets_overlap_when_they_have_an_address_in_common(
    one: Address, other: Address, lengths: tuple[int, int]
) -> None:
    for near in (other, type(one)(int(one) ^ 1)):
        mine, theirs = interface(one, lengths[0]), interface(near, lengths[1])
        nets: list[t.Any] = [ipaddress.ip_interface(text).network for text in (mine, theirs)]
        common = nets[0].version == nets[1].version and nets[0].overlaps(nets[1])
        assert addresses.overlap(mine, theirs) == addresses.overlap(theirs, mine) == common


@SETTINGS
@given(ADDRESSES, st.integers(0, 128))
def test_a_subnets_own_address_is_no_hosts(address: Address, length: int) -> None:
    network: t.Any = ipaddress.ip_interface(interface(address, length)).network
    own = {network.network_address, network.broadcast_address} if network.version == 4 else {network.network_address}
    for each in (address, network.network_address, network.broadcast_address):
        wrong = addresses.not_a_host(f"{each}/{network.prefixlen}")
        assert (wrong is not None) == (network.num_addresses > 2 and each in own)


@pytest.mark.parametrize(
    ("prefixes", "found"),
    [
        ([], []),
        (["2001:db8::/33", "192.0.2.128/25", "192.0.2.0/25"], ["192.0.2.0/24", "2001:db8::/33"]),
        (["198.51.100.0/24", "198.51.100.64/26"], ["198.51.100.0/24"]),
    ],
)
def test_prefixes_are_merged(prefixes: list[str], found: list[str]) -> None:
    assert [str(each) for each in addresses.merged(prefixes)] == found


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("10.255.255.255", "a private address (RFC 1918)"),
        ("100.127.0.1", "a shared address of carriers (RFC 6598)"),
        ("fdff::1", "a unique local address (RFC 4193)"),
        ("255.255.255.255", "not the address of a host"),
        ("199.7.82.9", "inside 199.7.82.0/23"),
        ("2001:500:9f::1", "inside 2001:500:9e::/47"),
        ("2001:500:3::1", "inside 2001:500:3::/48"),
    ],
)
def test_what_may_not_be_on_the_service_side(text: str, why: str) -> None:
    assert why in (addresses.unfit(text) or "")


@pytest.mark.parametrize(
    "text", ["9.255.255.255", "11.0.0.0", "100.128.0.1", "199.7.84.0", "2001:500:a0::1", "fe00::1"]
)
def test_what_may(text: str) -> None:
    assert addresses.unfit(text) is None


def test_without_netaddr_it_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that whoever lacks the package gets a sentence, and no traceback."""
    monkeypatch.setitem(sys.modules, "netaddr", None)
    spec = importlib.util.spec_from_file_location(f"{addresses.__name__}_alone", addresses.__file__)
    assert spec
    assert spec.loader
    alone = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(alone)
    assert (alone.HAS_NETADDR, addresses.HAS_NETADDR) == (False, True)

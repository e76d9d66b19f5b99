# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How addresses are read, held against Python's own ipaddress."""

from __future__ import annotations

import ipaddress

import pytest
from ansible_collections.icann.imrs.plugins.module_utils import _addressing as addressing
from hypothesis import given, settings
from hypothesis import strategies as st

SETTINGS = settings(derandomize=True, max_examples=300, deadline=None, database=None)
ADDRESSES = st.ip_addresses()


def test_the_numbers_of_the_imrs() -> None:
    """Requirements section 1.1: five prefixes, three addresses, one AS; the addresses are in the specific prefixes."""
    assert addressing.ASN == 20144
    assert addressing.SPECIFIC == {"ipv4": ("199.7.83.0/24",), "ipv6": ("2001:500:9f::/48", "2001:500:3::/48")}
    assert addressing.COVERING == {"ipv4": ("199.7.82.0/23",), "ipv6": ("2001:500:9e::/47",)}
    for family, texts in addressing.SERVICE_ADDRESSES.items():
        inside = [ipaddress.ip_network(prefix) for prefix in addressing.SPECIFIC[family]]
        assert all(any(ipaddress.ip_address(text) in network for network in inside) for text in texts)


@SETTINGS
@given(ADDRESSES, st.data())
def test_an_address_is_read_as_ipaddress_reads_it(address: ipaddress.IPv4Address, data: st.DataObject) -> None:
    length = data.draw(st.integers(0, address.max_prefixlen))
    found = addressing.parse(f"{address}/{length}")
    assert found == (f"ipv{address.version}", length, str(address))
    assert found.interface == str(ipaddress.ip_interface(f"{address}/{length}"))
    assert addressing.parse(str(address)).length == address.max_prefixlen
    network = ipaddress.ip_interface(found.interface).network
    assert addressing.canonical(str(network)) == str(network)


@SETTINGS
@given(ADDRESSES)
def test_what_is_link_local(address: ipaddress.IPv4Address) -> None:
    for each in (address, ipaddress.ip_address("fe80::1"), ipaddress.ip_address("169.254.0.1")):
        assert addressing.is_link_local(str(each)) == (each.version == 6 and each.is_link_local)
    assert addressing.is_link_local("fe80::1/64")


@pytest.mark.parametrize(
    "text",
    ["", "x", "192.0.2", "192.0.2.01", "192.0.2.1/", "192.0.2.1/33", "192.0.2.1/-1", "192.0.2.1/255.255.255.0",
     "192.0.2.1/\u0661", "::1/129", "fe80::1%eth0", "fe80::1%eth0/64", " 192.0.2.1", "192.0.2.1/24/24", "1::1::"],
)  # fmt: skip
def test_anything_else_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        addressing.parse(text)


@SETTINGS
@given(st.text(max_size=20))
def test_any_text_is_an_address_or_a_value_error(text: str) -> None:
    try:
        found = addressing.parse(text)
    except ValueError:
        return
    assert addressing.parse(found.interface) == found


def test_families_are_sorted_in_order() -> None:
    assert addressing.by_family(["::2", "192.0.2.1/24", "::1/64"]) == {
        "ipv4": ["192.0.2.1/24"],
        "ipv6": ["::2", "::1/64"],
    }
    assert addressing.family_of("2001:db8::/32") == "ipv6"


def test_a_network_with_host_bits_has_no_spelling() -> None:
    with pytest.raises(ValueError, match="host bits"):
        addressing.canonical("192.0.2.1/24")

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends of sentences that several rules share."""

from __future__ import annotations

AS_RANGE = "an AS number (1\u20134294967295)"
SHORT = "a short name (lower-case letters, digits and _, a letter first)"
PROSE = "one line of text without double quotes, braces and backslashes"
FEWER = "give one of each family (dual stack)"
ROUTED = "the service side takes addresses that the Internet routes"
REACHED = "give one that operators can reach"
COUNTRY = "a country code of ISO 3166-1, or XK for Kosovo (two capital letters, such as KE)"
DATE = "a date, such as 2026-01-31"
QUOTES = "is read as a number or as true or false; put it in quotes"
COORDINATES = "latitude (\u221290\u201390) and longitude (\u2212180\u2013180) in degrees, such as -1.3192, 36.9278"
COMMUNITY = "a BGP community in quotes: a:b (each 0\u201365535) or, large, a:b:c (each 0\u20134294967295)"
WITH_LENGTH = "an IP address with its prefix length, such as 192.0.2.2/29"
VAULT = "the name of a vault variable (vault_ and then lower-case letters, digits and _)"
NOT_REPEATED = "the value is not repeated here, because it may be a secret: keep secrets in the vault"

EDGE = "is the subnet's own address; give the address of the machine in it"


def ours(prefix: str) -> str:
    return f"is inside {prefix}, a prefix of the service itself; take an address of another network"

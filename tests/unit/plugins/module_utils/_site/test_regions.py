# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Countries and their ICANN regions."""

from __future__ import annotations

import re

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site import regions


def test_every_country_is_in_one_of_five_regions() -> None:
    assert regions.REGIONS == ("africa", "asia_pacific", "europe", "latin_america", "north_america")
    assert set(regions.REGION_OF.values()) == set(regions.REGIONS)
    assert len(set(regions.REGION_OF) - {"XK"}) == 249, "ISO 3166-1 has 249 officially assigned codes"
    assert all(re.fullmatch("[A-Z]{2}", country) for country in regions.REGION_OF)


def test_no_country_is_listed_twice() -> None:
    listed = " ".join(regions._COUNTRIES.values()).split()
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize(
    ("region", "countries"),
    [
        ("africa", "KE GH ZA EG MU EH"),
        ("asia_pacific", "AU JP IN AE IL TR AM GE CY KZ FJ TW"),
        ("europe", "DE RU GB IS XK"),
        ("latin_america", "BR MX CU JM"),
        ("north_america", "US CA"),
    ],
)
def test_countries_are_where_the_united_nations_have_them(region: str, countries: str) -> None:
    assert {regions.REGION_OF[country] for country in countries.split()} == {region}


@pytest.mark.parametrize(
    ("territory", "mother"),
    [("RE", "FR"), ("GF", "FR"), ("NC", "FR"), ("BM", "GB"), ("KY", "GB"), ("GL", "DK"), ("CW", "NL"), ("GU", "US"),
     ("PR", "US"), ("VI", "US"), ("HK", "CN"), ("CK", "NZ"), ("NF", "AU"), ("SJ", "NO")],
)  # fmt: skip
def test_a_territory_goes_with_its_citizenship(territory: str, mother: str) -> None:
    assert regions.REGION_OF[territory] == regions.REGION_OF[mother]

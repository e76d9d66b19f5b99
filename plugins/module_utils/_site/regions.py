# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Countries (ISO 3166-1 alpha-2), and the ICANN geographic region of each.

ICANN knows five regions (Bylaws, section 7.5). Its board allocates countries by the United Nations' "Composition of
macro geographical (continental) regions", and a dependent territory goes with the country of its citizenship
(resolutions 00.64 and 03.100): so Bermuda, Greenland and Réunion are in Europe, and Guam in North America, which is the
United States and Canada. This table applies that method to the codes of ISO 3166-1 as of 2025; ICANN's own list
(icann.org, "Geographic Regions") decides where the two differ. Kosovo is in no list of the United Nations; ``XK``, a
code that ISO 3166-1 leaves to its users and that the European Union and banks use for it, is taken to be in Europe.
"""

from __future__ import annotations

AFRICA = "africa"

_COUNTRIES = {
    AFRICA: (
        "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW KE KM LR LS LY MA MG ML MR MU "
        "MW MZ NA NE NG RW SC SD SL SN SO SS ST SZ TD TG TN TZ UG ZA ZM ZW"
    ),
    "asia_pacific": (
        "AE AF AM AQ AU AZ BD BH BN BT CC CK CN CX CY FJ FM GE HK HM ID IL IN IQ IR JO JP KG KH KI KP KR KW "
        "KZ LA LB LK MH MM MN MO MV MY NF NP NR NU NZ OM PG PH PK PS PW QA SA SB SG SY TH TJ TK TL TM TO TR "
        "TV TW UZ VN VU WS YE"
    ),
    "europe": (
        "AD AI AL AT AW AX BA BE BG BL BM BQ BV BY CH CW CZ DE DK EE ES FI FK FO FR GB GF GG GI GL GP GR GS "
        "HR HU IE IM IO IS IT JE KY LI LT LU LV MC MD ME MF MK MQ MS MT NC NL NO PF PL PM PN PT RE RO RS RU "
        "SE SH SI SJ SK SM SX TC TF UA VA VG WF XK YT"
    ),
    "latin_america": (
        "AG AR BB BO BR BS BZ CL CO CR CU DM DO EC GD GT GY HN HT JM KN LC MX NI PA PE PY SR SV TT UY VC VE"
    ),
    "north_america": "AS CA GU MP PR UM US VI",
}

REGIONS = tuple(_COUNTRIES)
"""The five regions, as spelt in groups (``region_africa``) and records."""

REGION_OF: dict[str, str] = {
    country: region for region, countries in _COUNTRIES.items() for country in countries.split()
}
"""Region by country code; its keys are all the countries there are."""

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of what people attest and of the checks that a fleet raises; and where both of them go."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site import errors
from ansible_collections.icann.imrs.plugins.module_utils._site.checks import ATTESTED, WARNINGS

if t.TYPE_CHECKING:
    from .conftest import Lab

ENTRY = "{{check: {check}, by: A. Person, date: {date}, what: Tried{more}}}"
ALL = ", ".join(sorted(ATTESTED))


def attested(check: str = "OB-01", date: str = "2026-03-01", more: str = "") -> str:
    """An entry of a sheet's list."""
    return ENTRY.format(check=check, date=date, more=more)


def sheet(*entries: str) -> tuple[str, str]:
    return "maintenance:", f"attestations: [{', '.join(entries)}]\nmaintenance:"


FLEETS: dict[str, tuple[str, list[str]]] = {
    "a check that software runs": ("required_attestations: [OB-01, DN-01]", [
        "required_attestations[1]: DN-01 is judged by acceptance itself, and nobody can attest it; remove it"
    ]),
    "an unknown one": ("required_attestations: [OB-99]", [
        f"required_attestations[0]: OB-99 is no check that is attested; these are {ALL}"
    ]),
    "twice": ("required_attestations: [OB-01, OB-01]", [
        "required_attestations[1]: OB-01 was already given in required_attestations[0]"
    ]),
    "raised what is F": ("raised_checks: [TM-03, DN-01]", [
        "raised_checks[1]: DN-01 is of severity F already; remove it"
    ]),
    "raised what nobody runs": ("raised_checks: [OB-05]", [
        "raised_checks[0]: OB-05 is attested by people; name it in required_attestations instead"
    ]),
    "raised what there is not": ("raised_checks: [ZZ-01]", [
        f"raised_checks[0]: ZZ-01 is no acceptance check; those that can be raised are {', '.join(sorted(WARNINGS))}"
    ]),
    "raised twice": ("raised_checks: [TM-03, TM-03]", [
        "raised_checks[1]: TM-03 was already given in raised_checks[0]"
    ]),
    "no id": ("raised_checks: [time]", [
        "raised_checks[0]: time is not the name of an acceptance check, such as TM-01"
    ]),
}  # fmt: skip


@pytest.mark.parametrize("name", FLEETS)
def test_a_fleet_names_checks_that_there_are(name: str, lab: Lab) -> None:
    line, messages = FLEETS[name]
    found = lab.messages(fleet_=[("waivers:", f"{line}\nwaivers:")])
    assert found == [f"fleet.yml: {message}" for message in messages]


SHEETS: dict[str, tuple[tuple[str, ...], list[str]]] = {
    "a check that software runs": ((attested("TM-01"),), [
        "attestations[0].check: TM-01 is judged by acceptance itself, and nobody can attest it; remove it"
    ]),
    "an unknown one": ((attested("OB-99"),), [
        f"attestations[0].check: OB-99 is no check that is attested; these are {ALL}"
    ]),
    "a machine of another site": ((attested(more=", node: xlb01"),), [
        "attestations[0].node: xlb01 is no machine of this site; these are nbo01. Leave it out where all are meant"
    ]),
    "twice": ((attested(), attested(date="2026-03-02")), [
        "attestations[1].check: OB-01 was already given in attestations[0]"
    ]),
    "nobody": ((attested().replace("by: A. Person, ", ""),), [
        "attestations[0].by: is missing; give one line of text without double quotes, braces and backslashes"
    ]),
}  # fmt: skip


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_attests_what_people_have_done(name: str, single: Lab) -> None:
    entries, messages = SHEETS[name]
    assert single.wrong(sheet(*entries)) == messages


def test_what_is_to_come_is_not_attested(single: Lab) -> None:
    edit = sheet(attested(date="2026-03-02"))
    assert single.load([edit], today="2026-03-02").hosts["nbo01"]["imrs_attestations"]
    with pytest.raises(
        errors.SiteError, match=r"sites/nbo.yml:80: attestations\[0\].date: 2026-03-02 is to come; attest what"
    ):
        single.load([edit], today="2026-03-01")


def test_both_go_to_the_host_variables_of_each_machine(lab: Lab) -> None:
    found = lab.load().hosts["xlb01"]
    assert found["imrs_attestations"] == found["imrs_required_attestations"] == found["imrs_raised_checks"] == []
    lines = "required_attestations: [OB-01]\nraised_checks: [TM-03]\nwaivers:"
    found = lab.load(fleet_=[("waivers:", lines)]).hosts["xlb01"]
    assert (found["imrs_required_attestations"], found["imrs_raised_checks"]) == (["OB-01"], ["TM-03"])


def test_one_of_a_machines_own_counts_more_than_one_of_its_site(cluster: Lab) -> None:
    loaded = cluster.load()
    first, *others = [name for name, found in loaded.hosts.items() if found["imrs_function"] == "node"]
    own = attested(date="2026-02-01", more=f", node: {first}")
    hosts = cluster.load([("onboarding:", f"attestations: [{own}, {attested()}]\nonboarding:")]).hosts
    assert [hosts[first]["imrs_attestations"][0]["date"]] == ["2026-02-01"]
    for name in others:
        assert hosts[name]["imrs_attestations"] == [
            {"check": "OB-01", "by": "A. Person", "date": "2026-03-01", "what": "Tried"}
        ]


def test_who_attests_is_in_no_record_that_documents_are_made_of(single: Lab) -> None:
    (record,) = single.load([sheet(attested())]).sites
    assert "A. Person" not in repr(record)
    assert "Tried" not in repr(record)

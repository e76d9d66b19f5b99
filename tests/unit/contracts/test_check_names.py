# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sheets may name is what there is: the ids of `_site/checks.py` are those of the catalogue, by severity."""

from __future__ import annotations

from ansible_collections.icann.imrs.plugins.module_utils._acceptance import catalog, words
from ansible_collections.icann.imrs.plugins.module_utils._site import checks


def _of(severity: str) -> set[str]:
    return {each.id for each in catalog.CATALOG if each.severity == severity}


def test_every_check_is_known_to_the_fleets_file() -> None:
    """A new check is added to the table of its severity in `_site/checks.py`."""
    assert (set(checks.FATAL), set(checks.WARNINGS)) == (_of("F"), _of("W"))


def test_what_people_attest_no_software_runs() -> None:
    assert not checks.ATTESTED & (checks.FATAL | checks.WARNINGS)
    assert len(checks.ATTESTED) == len(checks.ATTESTATIONS)


def test_an_attestation_can_say_what_it_means() -> None:
    for each in checks.ATTESTATIONS:
        assert each.severity in {"F", "W"}
        assert 0 < len(each.title) <= 60
        assert each.condition.endswith(".")
        assert each.id in each.source


def test_every_group_has_its_place_and_its_words() -> None:
    groups = {ident[:2] for ident in checks.ATTESTED | checks.FATAL | checks.WARNINGS}
    assert groups == set(catalog.ORDER) == set(words.SUBJECTS)


def test_no_requirement_is_left_out() -> None:
    """The list numbers each group from 1 on. What no software here runs is in the catalogue as attested by people."""
    known = checks.ATTESTED | checks.FATAL | checks.WARNINGS
    last = {group: max(int(ident[3:]) for ident in known if ident.startswith(group)) for group in catalog.ORDER}
    assert known == {f"{group}-{number:02}" for group, most in last.items() for number in range(1, most + 1)}

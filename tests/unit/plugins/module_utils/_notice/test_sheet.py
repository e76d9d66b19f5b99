# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The patch of a sheet: git takes it, it changes the steps and nothing else, and the fleet loads with it."""

from __future__ import annotations

import pathlib
import re
import subprocess
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._notice import NoticeError, sheet
from ansible_collections.icann.imrs.plugins.module_utils._notice.sheet import Step
from ansible_collections.icann.imrs.plugins.module_utils._site import document, fleet
from ansible_collections.icann.imrs.plugins.module_utils._site.onboarding import STEPS

EXAMPLE = pathlib.Path(__file__).resolve().parents[5] / "inventories/example"
KEYS = [step.key for step in STEPS]
NOTIFY = {"notify": Step("2026-11-30", "DNS Engineering")}
BOTH = {"install": Step("2026-11-29", "DNS Engineering"), **NOTIFY}


def applied(tmp_path: pathlib.Path, before: str, patch: str) -> str:
    """What real git makes of a sheet, in a fleet's folder within a repository."""
    folder = tmp_path / "repository/inventories/made"
    path = folder / "sites/xaa.yml"
    path.parent.mkdir(parents=True)
    path.write_bytes(before.encode())
    (folder / "a.patch").write_bytes(patch.encode())
    for command in (("init", "-q", str(tmp_path / "repository")), ("apply", "--whitespace=nowarn", "a.patch")):
        subprocess.run(("git", *command), cwd=folder, check=True, capture_output=True)
    return path.read_bytes().decode()


def of(steps: str) -> str:
    return f"site: xaa\nonboarding:\n  # the way\n{steps}# end\nmaintenance: []\n"


BLOCK = of("  steps:\n" + "".join(f"    {key}: {{date: 2026-01-01, by: A}} # {key}\n" for key in KEYS[:7]) + "\n")
FLOW = of("  steps: {" + ", ".join(f"{key}: {{date: 2026-01-01, by: A}}" for key in KEYS[:7]) + "} # all\n")
LONG = of(
    "  steps: {\n" + "".join(f"      {key}: {{date: 2026-01-01, by: A}}, # {key}\n" for key in KEYS[:7]) + "  }\n"
)
OPEN = of("  steps:\n" + "".join(f"    {key}:\n       by: A # who\n       date: 2026-01-01\n" for key in KEYS[:7]))
LITERAL = OPEN.replace("by: A # who\n       date: 2026-01-01", "date: 2026-01-01\n       by: >-\n         A\n\n")
LAST = BLOCK.partition("\n# end")[0].rstrip("\n")
FORMS = {
    "block": BLOCK,
    "flow": FLOW,
    "long flow": LONG,
    "open": OPEN,
    "literal": LITERAL,
    "the last line, without an end": LAST,
    "the last line": LAST + "\n",
    "the lines of another system": BLOCK.replace("\n", "\r\n"),
    "a mark of the order of octets": "\ufeff" + BLOCK,
}


@pytest.mark.parametrize("before", FORMS.values(), ids=FORMS)
def test_git_takes_it_and_it_adds_the_step_alone(tmp_path: pathlib.Path, before: str) -> None:
    after = sheet.edited("sites/xaa.yml", before, NOTIFY)
    patch = sheet.patch("sites/xaa.yml", before, after, ["The host was notified."])
    assert applied(tmp_path, before, patch) == after
    old, new = (document.parse("x", text.removeprefix("\ufeff")).data or {} for text in (before, after))
    assert new["onboarding"]["steps"].pop("notify") == {"date": "2026-11-30", "by": "DNS Engineering"}
    assert new == old
    assert len(re.findall(r"(?m)^-(?!-).*$", patch)) <= 1, (
        "a line is written anew only where the step stands in it, or where it had no end"
    )
    assert patch.startswith("The host was notified.\n--- a/sites/xaa.yml\n+++ b/sites/xaa.yml\n@@ ")


def test_a_step_is_written_as_the_one_before_it() -> None:
    assert (
        "    install: {date: 2026-01-01, by: A} # install\n    notify: {date: 2026-11-30, by: DNS Engineering}\n\n"
        in (sheet.edited("x", BLOCK, NOTIFY))
    )
    assert "    notify:\n       date: 2026-11-30\n       by: DNS Engineering\n# end" in sheet.edited("x", OPEN, NOTIFY)
    assert "notify: {date: 2026-11-30, by: DNS Engineering}} # all" in sheet.edited("x", FLOW, NOTIFY)


def test_two_steps_come_in_their_order(tmp_path: pathlib.Path) -> None:
    before = re.sub(r"    install: .*\n", "", BLOCK)
    after = sheet.edited("x", before, BOTH)
    assert re.findall(r"(?m)^    (\w+): ", after) == KEYS
    assert applied(tmp_path, before, sheet.patch("sites/xaa.yml", before, after)) == after


def test_a_planned_step_is_dated_anew_and_keeps_who_does_it() -> None:
    before = BLOCK.replace("# install\n", "# install\n    notify: {by: Ops, date: 2027-01-01} # plan\n")
    given = (document.parse("x", before).data or {})["onboarding"]["steps"]
    missing = sheet.steps(given, "2026-11-29", "2026-11-30", "2026-12-01", "DNS Engineering")
    assert missing == {"notify": Step("2026-11-30", "Ops")}
    assert sheet.edited("x", before, missing) == before.replace("2027-01-01", "2026-11-30")


def steps(*dates: str) -> dict[str, dict[str, str]]:
    return {key: {"date": date, "by": "A"} for key, date in zip(KEYS, dates, strict=False)}


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        (steps(*["2026-01-01"] * 8), {}),
        (steps(*["2026-01-01"] * 7), {"notify": Step("2026-11-30", "B")}),
        (steps(*["2026-01-01"] * 6), {"install": Step("2026-11-29", "B"), "notify": Step("2026-11-30", "B")}),
        (steps(*["2026-01-01"] * 5), {}),
        (steps(*["2026-12-01"] * 6), {"install": Step("2026-12-01", "B"), "notify": Step("2026-12-01", "B")}),
        (steps(*["2026-01-01"] * 5, "2027-01-01"), {}),
    ],
    ids=["all there", "notify", "install and notify", "too early", "no date goes back", "a plan before them"],
)
def test_what_is_missing(given: t.Any, missing: t.Any) -> None:
    assert sheet.steps(given, "2026-11-29", "2026-11-30", "2026-12-01", "B") == missing


def test_what_is_there_makes_no_patch() -> None:
    assert sheet.edited("x", BLOCK, {}) == BLOCK
    assert sheet.patch("sites/xaa.yml", BLOCK, BLOCK, ["heading"]) == ""


@pytest.mark.parametrize(
    "by", ["Yes", "A: b", "# c", "N'Djamena, Tchad", "[x]", "São Tomé", "12", "- a", "& b", "a #b", "~"]
)
@pytest.mark.parametrize("form", ["block", "flow", "open"])
def test_whoever_did_it_is_read_as_written(by: str, form: str) -> None:
    after = sheet.edited("x", FORMS[form], {"notify": Step("2026-11-30", by)})
    assert (document.parse("x", after).data or {})["onboarding"]["steps"]["notify"]["by"] == by


def test_a_text_that_cannot_be_edited_here_is_left_to_a_person() -> None:
    with pytest.raises(NoticeError, match=r"sites/xaa.yml: its steps are written in a way"):
        sheet.edited("sites/xaa.yml", BLOCK, {"notify": Step("2026-11-30", "a\nb: c")})
    with pytest.raises(NoticeError, match="its steps are written in a way"):
        sheet.edited("x", "a: [", NOTIFY)


@pytest.mark.parametrize("name", ["sites/a b.yml", "../x.yml", "sites/\n.yml", "/etc/x.yml"])
def test_a_name_that_a_patch_cannot_have_is_refused(name: str) -> None:
    with pytest.raises(NoticeError, match="cannot be named in a patch"):
        sheet.patch(name, "a\n", "b\n")


FINISHED = sorted(path for path in (EXAMPLE / "sites").glob("*.yml") if "\n    notify: " in path.read_text())


@pytest.mark.parametrize("path", FINISHED, ids=lambda path: path.stem)
@pytest.mark.parametrize("done", [6, 7])
def test_every_sheet_of_the_example_gets_its_steps_back(path: pathlib.Path, done: int) -> None:
    """Without its last steps, a sheet is given the same ones: the very text comes back, comments and all."""
    whole = path.read_text()
    given = (document.parse("x", whole).data or {})["onboarding"]["steps"]
    missing = {key: Step(**given[key]) for key in KEYS[done:]}
    before = re.sub(rf"(?m)^    (?:{'|'.join(missing)}): .*\n?", "", whole)
    assert sheet.edited("x", before, missing) == whole.rstrip("\n") + "\n"


def test_the_fleet_loads_with_it_and_the_money_is_due() -> None:
    """Accra's reimbursement is due because of these two steps: no field of the sheet says it."""
    whole = (EXAMPLE / "sites/acc.yml").read_text()
    before = re.sub(r"(?m)^    (?:install|notify): .*\n?", "", whole)
    after = sheet.edited("sites/acc.yml", before, BOTH)
    records = []
    for text in (before, after):
        fleet_file = document.parse("fleet.yml", (EXAMPLE / "fleet.yml").read_bytes())
        records.append(fleet.load(fleet_file, [document.parse("sites/acc.yml", text)], today="2026-12-01").sites[0])
    assert [(each["state"], each["onboarding"]["done"]) for each in records] == [("onboarding", 6), ("live", 8)]
    assert [(each["onboarding"]["reimbursement"] or {})["due"] for each in records] == [False, True]

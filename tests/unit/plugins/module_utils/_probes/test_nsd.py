# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""NSD answers ``nsd-control write`` before the file is there: what is read is the zone that it serves, or an error."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import host, nsd

ZONE = (
    ".\t86400\tIN\tSOA\ta.root-servers.net. nstld.verisign-grs.com. (\n\t\t{} 1800 900 604800 86400 )\n"
    "\t86400\tIN\tRRSIG\tSOA 8 0 86400 20261211050000 20261128040000 26116 . AAAA\n"
)


@pytest.fixture
def answers(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What each command prints; `write` says nothing."""
    given = {
        "tcp-timeout": "10\n",
        "zonesdir": f"{tmp_path}\n",
        "zonefile": "%s.zone\n",
        "zonestatus": 'served-serial: "7 since today"\n',
    }

    def run(command: t.Sequence[str], *_: float) -> dict[str, t.Any]:
        named = next((name for name in given if name in command), "")
        return {"rc": 0, "stdout": given.get(named, ""), "stderr": ""}

    monkeypatch.setattr(host, "run", run)
    return given


def read(timeout: float) -> tuple[str, str]:
    return nsd.zone_text("arpa", ("nsd-control",), timeout)


@pytest.mark.usefixtures("answers")
def test_the_file_is_waited_for(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_at_last(_seconds: float) -> None:
        serial = "6" if not (tmp_path / "arpa.zone").exists() else "7"
        (tmp_path / "arpa.zone").write_text(ZONE.format(serial))

    monkeypatch.setattr(nsd.time, "sleep", write_at_last)
    assert read(30) == (ZONE.format(7), "")


@pytest.mark.usefixtures("answers")
def test_a_file_that_does_not_come_is_named(tmp_path: pathlib.Path) -> None:
    assert read(0) == ("", f"{tmp_path}/arpa.zone: No such file or directory, 0 s after nsd-control write")


@pytest.mark.usefixtures("answers")
def test_another_zone_than_the_one_that_is_served_is_no_evidence(tmp_path: pathlib.Path) -> None:
    (tmp_path / "arpa.zone").write_text(ZONE.format(6))
    text, why = read(0)
    assert (text, "it has serial 6, and 7 is served" in why) == ("", True)


def test_where_nsd_says_no_serial_the_file_counts(tmp_path: pathlib.Path, answers: dict[str, str]) -> None:
    answers["zonestatus"] = ""
    (tmp_path / "arpa.zone").write_text(ZONE.format(6))
    assert read(0) == (ZONE.format(6), "")


@pytest.mark.parametrize(("printed", "seconds"), [("10\n", 10.0), ("", None), ("error: no file\n", None)])
def test_how_long_an_idle_connection_is_kept(answers: dict[str, str], printed: str, seconds: float | None) -> None:
    answers["tcp-timeout"] = printed
    assert nsd.idle_timeout(("nsd-control",)) == seconds


@pytest.mark.parametrize(
    ("rate", "slip", "limit"),
    [
        ("400\n", "1\n", {"rate": 400, "slip": 1, "exempt": []}),
        ("0\n", "2\n", {"rate": 0, "slip": 2, "exempt": []}),
        ("", "1\n", None),
        ("error: no file\n", "error: no file\n", None),
    ],
)
def test_the_limit_of_what_one_source_gets(
    answers: dict[str, str], rate: str, slip: str, limit: dict[str, t.Any] | None
) -> None:
    answers["rrl-ratelimit"], answers["rrl-slip"] = rate, slip
    assert nsd.rate_limit(("nsd-control",)) == limit

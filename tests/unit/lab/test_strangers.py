# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bounds of strangers' traffic: nothing is sent without them, nor outside of a network namespace."""

from __future__ import annotations

import pytest
from imrslab import strangers


@pytest.fixture(autouse=True)
def _nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def sends(_bounds: strangers.Bounds) -> int:
        raise AssertionError("it would have sent")

    monkeypatch.setattr(strangers, "KINDS", {"half": sends})


@pytest.mark.parametrize(
    ("bounds", "told"),
    [
        (["--count", str(strangers.MOST + 1)], "at most"),
        (["--count", "0"], "at most"),
        (["--seconds", str(strangers.MOST_SECONDS + 1)], "at most"),
        (["--seconds", "0"], "at most"),
        ([], "not a network namespace"),
    ],
)
def test_what_is_out_of_bounds_sends_nothing(
    bounds: list[str], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(strangers, "in_the_lab", lambda: False)
    with pytest.raises(SystemExit) as refused:
        strangers.main(["half", "199.7.83.42", *bounds])
    assert refused.value.code == 2
    assert told in capsys.readouterr().err


def test_a_checksum_makes_the_sum_zero() -> None:
    header = bytes.fromhex("45000073000040004011 0000 c0a80001c0a800c7".replace(" ", ""))
    assert strangers.checksum(header) == 0xB861
    assert strangers.checksum(header[:10] + (0xB861).to_bytes(2, "big") + header[12:]) == 0

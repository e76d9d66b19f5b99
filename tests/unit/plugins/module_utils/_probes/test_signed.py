# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transfer keys as the nameservers' files have them. What comes of them: tests/daemons/test_signed_questions.py."""

from __future__ import annotations

import pathlib

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import signed

KNOT = """
key:
  - id: "xlb01-dist1.lab.example."
    algorithm: hmac-sha256
    secret: "b25l"
  - id: "XLB01-dist2.lab.example"
    algorithm: hmac-sha512
    secret: "dHdv"
"""
NSD = """
key:
    name: "xlb01-dist1.lab.example."
    algorithm: hmac-sha256
    secret: "b25l"

key:
    name: "xlb01-dist2.lab.example."
    algorithm: hmac-sha512
    secret: "dHdv"

pattern:
    name: "secondary"
    request-xfr: 203.0.113.1@53 xlb01-dist1.lab.example.
zone:
    name: "."
    zonefile: "root.zone"
"""


@pytest.mark.parametrize("text", [KNOT, NSD], ids=["knot", "nsd"])
def test_keys_are_found_by_name(text: str) -> None:
    assert signed.parse_keys(text) == {
        "xlb01-dist1.lab.example.": ("hmac-sha256", "b25l"),
        "xlb01-dist2.lab.example.": ("hmac-sha512", "dHdv"),
    }


def test_without_the_file_every_answer_says_so(tmp_path: pathlib.Path) -> None:
    question: signed.Question = {
        "name": ".",
        "type": "SOA",
        "server": "192.0.2.66",
        "port": 53,
        "key": "a.example.",
        "tls": None,
    }
    (found,) = signed.ask_all([question], str(tmp_path / "none"), {}, 0)
    assert (found["result"], found["rcode"]) == ("no such key", "")

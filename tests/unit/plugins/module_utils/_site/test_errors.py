# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Problems read like a compiler's."""

from __future__ import annotations

from ansible_collections.icann.imrs.plugins.module_utils._site.errors import Problem, SiteError


def test_a_problem_names_file_line_and_field() -> None:
    problem = Problem("sites/xlb.yml", 41, "peers[1].asn", "0 is not an AS number")
    assert str(problem) == "sites/xlb.yml:41: peers[1].asn: 0 is not an AS number"


def test_what_is_not_known_is_left_out() -> None:
    assert str(Problem("sites/xlb.yml", 0, "", "is empty")) == "sites/xlb.yml: is empty"


def test_the_error_has_one_sorted_line_for_each_problem() -> None:
    first, second, third = (Problem("a.yml", 2, "", "x"), Problem("a.yml", 10, "", "x"), Problem("b.yml", 1, "", "x"))
    error = SiteError([third, second, first, first])
    assert error.problems == (first, second, third)
    assert str(error) == "a.yml:2: x\na.yml:10: x\nb.yml:1: x"

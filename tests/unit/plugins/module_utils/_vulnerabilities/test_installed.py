# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node runs by its report: every report that does not tell is refused, and never read as a safe node's."""

from __future__ import annotations

import json
import typing as t

import pytest
import vulnerabilities as made
from ansible_collections.icann.imrs.plugins.module_utils._vulnerabilities import installed


def test_packages_and_their_sources() -> None:
    found = installed.read(made.report(made.OPENSSL, days=2))
    assert found.judged == made.NOW - 2 * 86400
    assert found.packages == (
        installed.Package("libssl3t64", "openssl", "3.5.1-1"),
        installed.Package("openssl", "openssl", "3.5.1-1"),
    )


WITHOUT = {key: value for key, value in json.loads(made.report()).items() if key != "installed"}
WRONG: dict[str, tuple[t.Any, str]] = {
    "no JSON": ("{", "is not JSON"),
    "too deep": ("[" * 200_000, "is not JSON"),
    "another format": (made.report(format=2), "is of another format than 1"),
    "a list": ("[]", "is of another format than 1"),
    "no verdict": (made.report(status="not_reached"), "has no verdict, as a run broke off"),
    "an earlier version": (json.dumps(WITHOUT), "is of an earlier version of the collection, and names no packages"),
    "dpkg said nothing": (made.report({}), "names no packages, as the node could not be asked"),
    "a candidate": (made.report(candidate=True), "is of a system that an upgrade has tried and not kept"),
    "no mapping": (made.report(["nsd"]), "is no report: installed is no mapping"),
    "a kernel of no package": (
        made.report({"linux-image-6.12.43": "linux"}),
        "has a running kernel of no package that is installed (linux-image-6.12.43): reboot it, and judge it again",
    ),
    "a package with a strange name": (made.report({"x; reboot": "nsd 1"}), "has 'x; reboot', which is no name of a"),
    "a source with a strange name": (made.report({"nsd": "N{{SD}} 1"}), "which is no name of a package"),
    "no time": (made.report(started="yesterday"), "is no report: started is no time"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_tell_is_not_known(name: str) -> None:
    text, told = WRONG[name]
    with pytest.raises(ValueError, match=r"icann\.imrs\.accept") as caught:
        installed.read(text)
    assert told in str(caught.value)

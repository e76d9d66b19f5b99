# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What acceptance is told that a daemon would take (BG-09) is what it takes, when the host's router says all of it.

Needs root and the lab image.
"""

from __future__ import annotations

import json
import pathlib
import re
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._acceptance import examples
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.expected import Expected
from ansible_collections.icann.imrs.plugins.module_utils._probes import bird, frr_sessions, host
from imrs_gate_bench import FIVE, until
from imrs_provider_config import ROUTERS
from imrs_reload_bench import CASE, Changing

HOSTS = {"ipv4": "192.0.2.1", "ipv6": "2001:db8::1"}
RECORDED = pathlib.Path(__file__).parents[1] / "unit/plugins/module_utils/_acceptance/recorded/knot_live.json"
SHEET = Expected.parse(
    {
        **json.loads(RECORDED.read_text(encoding="utf-8"))["expected"],
        "peers": [],
        "refused": {"ipv4": ["10.0.0.0/8", "100.64.0.0/10", "203.0.113.0/24"], "ipv6": ["2001:db8::/32", "3fff::/20"]},
        "link": {"ipv4": [{"address": "192.0.2.2", "length": 29}], "ipv6": [{"address": "2001:db8::2", "length": 64}]},
    }
)
FILES = {"bird": "/etc/bird/policy.conf", "frr": "/etc/frr/frr.conf"}
OPENED = {
    "bird": (
        r"(function as64500_ipv4_1_takes\(prefix told\) -> bool\n\{\n)",
        r"\1  if told = 199.7.83.0/24 then return true;\n",
    ),
    "frr": (r"(ip prefix-list learnable_ipv4 seq) 10 ", r"\1 5 permit 199.7.83.0/24\n\1 10 "),
}
"""A hole in the filter."""


@pytest.fixture
def node(tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> t.Iterator[Changing]:
    """A node that takes in as many routes as examples are; ``request.param`` is its routing daemon."""
    with Changing(tmp_path, request.param, CASE) as running:
        running.start_knot()
        running.start_gate()
        running.raise_to_live()
        running.rest()
        yield running


def edit(node: Changing, old: str, new: str) -> None:
    """Another file, which the daemon reads."""
    path = pathlib.Path(FILES[node.routing])
    text = re.sub(old, new, path.read_text())
    assert text != path.read_text()
    path.write_text(text)
    node.take_in()


def taken(node: Changing) -> set[str]:
    """What acceptance is told."""

    def run(command: t.Sequence[str]) -> dict[str, t.Any]:
        return dict(host.run(["ip", "netns", "exec", node.node, *command]))

    reader = bird if node.routing == "bird" else frr_sessions
    command = ["birdc", "-r", "-s", str(node.directory / "bird.ctl")] if node.routing == "bird" else ["vtysh"]
    sessions = [each for each in reader.read(run, command)["sessions"] if each["neighbor"] in HOSTS.values()]
    found = reader.takes(sessions, examples.of(SHEET), run, command)
    answers = {prefix: answer for session in found.values() for prefix, answer in session.items()}
    assert len(answers) == sum(map(len, examples.of(SHEET).values()))
    assert None not in answers.values(), answers
    return {prefix for prefix, answer in answers.items() if answer}


def learned(node: Changing) -> set[str]:
    """The prefixes alone."""
    return {prefix for prefix, _gateway in node.learned()}


@pytest.mark.parametrize("node", ["bird", "frr"], indirect=True)
def test_a_daemon_takes_what_it_says_that_it_would(node: Changing) -> None:
    world = {each for family in HOSTS for each in examples.learnable(SHEET, family)}
    assert taken(node) == world
    text = ROUTERS[CASE]
    for family, each in examples.of(SHEET).items():
        routes = " ".join(f"route {prefix} blackhole;" for prefix in each)
        text = re.sub(rf"(protocol static told{family[-1]} {{{{ {family};).*?}}}}", rf"\1 {routes} }}}}", text)
    assert text.count("199.7.83.0/24 blackhole") == text.count("2001:500:3::/48 blackhole") == 1
    node.reconfigure_router(text)
    until(lambda: learned(node) == world, what=lambda: f"{world}, not {node.learned()}; {node.why()}")
    node.await_routes(FIVE)
    edit(node, *OPENED[node.routing])
    assert taken(node) == world | {"199.7.83.0/24"}, "a hole is seen before anybody says so"

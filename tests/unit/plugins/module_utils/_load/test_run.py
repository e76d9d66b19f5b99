# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A load is judged by the zones of the moment, ends when the gate says otherwise, and begins with no wrong answer.

The nameserver's answers are made up here; tests/daemons/test_load.py has real ones.
"""

from __future__ import annotations

import base64
import random
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._load import judge, plan, run
from ansible_collections.icann.imrs.plugins.module_utils._probes import burst, readers, under_load
from load_cases import KNOWN, NOW, TEXT, soa, status

EXPECTED = {
    "nameserver_provider": "knot",
    "zones": [{"name": "."}],
    "service_addresses": {"ipv4": ["199.7.83.42"], "ipv6": ["2001:500:9f::42"]},
    "notify_addresses": ["192.0.2.2"],
}
STEPS = [plan.Step(100, 10, 5.0), plan.Step(1000, 100, 5.0)]
SERIAL = 7


class Reader:
    """A nameserver with the zones of these serials, one after the other; the last one stays."""

    def __init__(self, *serials: int, limit: dict[str, t.Any] | None = None) -> None:
        self._serials, self._limit = list(serials), limit

    def zone_text(self, _zone: str, _command: t.Sequence[str], _timeout: float) -> tuple[str, str]:
        serial = self._serials[0]
        del self._serials[: len(self._serials) > 1]
        return (TEXT.format(serial=serial), "") if serial else ("", "no such zone")

    def rate_limit(self, _command: t.Sequence[str]) -> dict[str, t.Any] | None:
        return self._limit


LIMIT = {"rate": 400, "slip": 1, "exempt": []}
Made = t.Callable[..., run.Node]


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Made:
    """Made of a reader, the serial of the answers before any load, and what the steps find."""

    def made(reader: Reader, serial: int = SERIAL, *, found: t.Sequence[burst.Counts] = ()) -> run.Node:
        def references(asked: t.Sequence[t.Any], addresses: t.Sequence[str], transport: str, _pace: float) -> t.Any:
            answer = KNOWN._replace(answer=soa(serial)[1])
            wire, octets = (base64.b64encode(b"\0\0" + each).decode() for each in answer)
            one = {"query": {"name": ".", "type": "SOA"}, "server": addresses[0], "transport": transport}
            return [{**one, "wire": wire, "answer": octets, "error": None} for _question in asked]

        left = list(found)
        monkeypatch.setattr(under_load, "references", references)
        monkeypatch.setattr(burst, "offer", lambda *_args, **_options: left.pop(0))
        monkeypatch.setattr(readers, "nameserver", lambda _name: reader)
        return run.Node(EXPECTED, random.Random(1), lambda: NOW)  # noqa: S311 - the same each time

    return made


def counts(step: plan.Step, other: bytes = b"", number: int = 0) -> burst.Counts:
    """All of a step's questions answered, some of them otherwise."""
    others = {(0, other): number} if number else {}
    return burst.Counts(step.questions, step.questions - number, seconds=step.seconds, others=others)


def test_all_steps_are_offered_and_judged(node: Made) -> None:
    found = node(Reader(SERIAL, limit=LIMIT), found=[counts(step) for step in STEPS])
    assert found.load(STEPS, 100, status(), status)["status"] == "pass"
    assert found.limit == plan.Limit(400)


def test_a_zone_that_comes_amid_the_load_makes_no_answer_wrong(node: Made) -> None:
    newer = soa(SERIAL + 1)[1]
    renewed = Reader(SERIAL, SERIAL + 1, limit=LIMIT)
    found = node(renewed, found=[counts(STEPS[0], newer, 100), counts(STEPS[1], newer, 5000)])
    assert found.load(STEPS, 100, status(), status)["status"] == "pass"


def test_a_wrong_answer_ends_it(node: Made) -> None:
    found = node(Reader(SERIAL, limit=LIMIT), found=[counts(STEPS[0], soa(ttl=1)[1], 1)])
    told = found.load(STEPS, 100, status(), status)
    assert (told["status"], told["message"][:12]) == ("fail", "wrong: [vnk]")


@pytest.mark.parametrize(
    ("now", "ends", "said"),
    [
        (status(intent={"mode": "live"}), "skipped", "broken off: it is not out of service any more"),
        (status(verdict__ipv4__falls=1), "fail", "the gate fell under it: ipv4"),
    ],
)
def test_the_gate_s_word_ends_it(node: Made, now: dict[str, t.Any], ends: str, said: str) -> None:
    found = node(Reader(SERIAL, limit=LIMIT), found=[counts(STEPS[0])])
    told = found.load(STEPS, 100, status(), lambda: now)
    assert (told["status"], said in told["message"]) == (ends, True)


def test_nothing_is_offered_where_answers_are_wrong_before(node: Made) -> None:
    told = node(Reader(SERIAL, limit=LIMIT), SERIAL - 1).load(STEPS, 100, status(), status)
    assert told["status"] == "fail"
    assert told["message"].startswith("before any load: . SOA over udp: ")


def test_answers_of_a_zone_that_came_since_it_was_read_are_asked_for_again(node: Made) -> None:
    found = node(Reader(SERIAL, SERIAL + 1, limit=LIMIT), SERIAL + 1, found=[counts(step) for step in STEPS])
    assert found.load(STEPS, 100, status(), status)["status"] == "pass"


@pytest.mark.parametrize(
    ("reader", "said"),
    [
        (Reader(0, limit=LIMIT), r"its nameserver gives no zone \.: no such zone"),
        (Reader(SERIAL), "its nameserver does not tell its rate limit; see that it runs"),
    ],
)
def test_a_nameserver_that_tells_nothing_is_not_loaded(node: Made, reader: Reader, said: str) -> None:
    with pytest.raises(run.StopError, match=said):
        node(reader)


def test_without_a_limit_nothing_is_tried(node: Made) -> None:
    told = node(Reader(SERIAL, limit={**LIMIT, "rate": 0})).limited()
    assert told == judge.result("DN-52", "skipped", "there is no limit")

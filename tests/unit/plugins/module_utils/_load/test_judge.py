# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What numbers prove, and what they do not: each way to pass, to fail and to prove nothing."""

from __future__ import annotations

import base64
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._load import judge, plan
from ansible_collections.icann.imrs.plugins.module_utils._probes import burst, under_load
from load_cases import KNOWN, NOW, soa, zone

ANSWERS = judge.Answers([[zone()]], NOW)
ADDRESS = "199.7.83.42"
WRONG = soa(ttl=1)[1]
NEWER = soa(serial=8)[1]


def exchange(answer: bytes | None, transport: str = "udp") -> dict[str, t.Any]:
    wire, octets = b"\0\1" + KNOWN.question, None if answer is None else b"\0\1" + answer
    return {
        "query": {"name": ".", "type": "SOA"},
        "transport": transport,
        "wire": base64.b64encode(wire).decode(),
        "answer": None if octets is None else base64.b64encode(octets).decode(),
    }


def test_right_answers_are_the_measure_of_others() -> None:
    assert judge.before([exchange(KNOWN.answer), exchange(KNOWN.answer, "tcp")], ANSWERS) == ""
    assert judge.before([*[exchange(KNOWN.answer)] * 9, exchange(None)], ANSWERS) == "", "a lost one is left out"


def test_a_wrong_answer_is_none() -> None:
    said = judge.before([exchange(KNOWN.answer), exchange(WRONG, "tcp")], ANSWERS)
    assert said.startswith(". SOA over tcp: [vnk] answer: . 1 SOA")


def test_a_nameserver_that_is_silent_is_no_measure() -> None:
    assert judge.before([exchange(KNOWN.answer), exchange(None)], ANSWERS) == "1 of 2 questions had no answer"


def latency(seconds: t.Sequence[float], transport: str = "udp", **more: t.Any) -> judge.Result:
    found = under_load.Latencies(ADDRESS, transport, tuple(seconds), more.get("lost", 0), more.get("others", ()))
    return judge.latency([found], 100, {"udp": KNOWN, "tcp": KNOWN}, ANSWERS)


def test_99_of_100_answers_in_time_pass_whatever_the_last_one_is() -> None:
    found = latency([*[0.0002] * 98, 0.0009, 5.0])
    assert found["status"] == "pass"
    assert f"99 % of 100 SOA each: {ADDRESS} udp 0.90 ms (half 0.20); bounds 1 ms UDP, 3 ms TCP" in found["message"]
    assert latency([0.0029] * 100, "tcp")["status"] == "pass"


@pytest.mark.parametrize(
    ("seconds", "transport", "more", "said"),
    [
        ([*[0.0002] * 98, 0.001, 0.001], "udp", {}, "99 % within 1.00 ms, and it has to be less than 1 ms"),
        ([0.003] * 100, "tcp", {}, "99 % within 3.00 ms, and it has to be less than 3 ms"),
        ([0.0002] * 99, "udp", {"lost": 1}, "1 of 100 questions had no answer"),
        ([], "udp", {"lost": 100}, "100 of 100 questions had no answer"),
        ([0.0002] * 100, "tcp", {"others": (WRONG,)}, "wrong: [vnk] answer: . 1 SOA"),
    ],
)
def test_latencies_that_fail(seconds: list[float], transport: str, more: dict[str, t.Any], said: str) -> None:
    found = latency(seconds, transport, **more)
    assert (found["id"], found["status"]) == ("DN-55", "fail")
    assert said in found["message"]


def test_no_address_proves_nothing() -> None:
    assert judge.latency([], 100, {}, ANSWERS)["status"] == "skipped"


def limited(slip: int, full: int, truncated: int, answers: t.Sequence[bytes | None] = (KNOWN.answer,)) -> judge.Result:
    """Of 2,000 questions."""
    query = b"\0\1" + KNOWN.question
    talks = tuple((query, None if each is None else b"\0\1" + each) for each in answers)
    got = under_load.Limited(ADDRESS, plan.SOURCE, 2000, full, truncated, talks)
    return judge.limited([(plan.Trial(ADDRESS, plan.SOURCE, 1000), got)], plan.Limit(400, slip), ANSWERS)


@pytest.mark.parametrize(("slip", "full", "truncated"), [(1, 800, 1200), (2, 800, 600), (3, 800, 410), (0, 800, 0)])
def test_a_limit_that_works_passes_whatever_the_slip(slip: int, full: int, truncated: int) -> None:
    found = limited(slip, full, truncated)
    assert (found["id"], found["status"]) == ("DN-52", "pass"), found
    assert f"2000 asked in 2 s: {full} in full, {truncated} truncated, " in found["message"]
    assert f"over TCP 1 of 1 answered (limit 400 a second, slip {slip})" in found["message"]


@pytest.mark.parametrize(
    ("slip", "full", "truncated", "answers", "said"),
    [
        (1, 2000, 0, (KNOWN.answer,), "nothing was limited"),
        (1, 1900, 100, (KNOWN.answer,), "more was answered in full than the limit lets pass (1760)"),
        (1, 800, 1100, (KNOWN.answer,), "with slip 1 all that is limited has to be truncated"),
        (2, 800, 1200, (KNOWN.answer,), "with slip 2 something has to be dropped"),
        (2, 800, 200, (KNOWN.answer,), "with slip 2 the share has to be about 0.50"),
        (0, 800, 100, (KNOWN.answer,), "with slip 0 nothing is to be truncated"),
        (1, 800, 1200, (KNOWN.answer, None), "over TCP it has to be answered: "),
        (1, 800, 1200, (WRONG,), "over TCP it has to be answered: [vnk]"),
    ],
)
def test_limits_that_fail(slip: int, full: int, truncated: int, answers: t.Sequence[bytes | None], said: str) -> None:
    found = limited(slip, full, truncated, answers)
    assert found["status"] == "fail"
    assert found["message"].startswith(said), found["message"]


def step(wanted: int = 10_000, *, answers: judge.Answers = ANSWERS, **counts: t.Any) -> judge.Step:
    found = burst.Counts(**{"sent": 50_000, "same": 50_000, "seconds": 5.0, **counts})
    return judge.step(wanted, found, [KNOWN.question], answers)


def test_all_as_before_is_right() -> None:
    found = step()
    assert (found.right, found.reached, found.wrong, found.lost) == (True, True, 0, 0)
    assert str(found) == "10000 a second: 50000 asked, 0 wrong, 0 without a whole answer (0.000 %)"


def test_another_answer_that_is_right_is_right() -> None:
    """Here the same octets as the known ones: what they are made of counts, not that they differ."""
    assert step(same=49_990, others={(0, KNOWN.answer): 10}).right


@pytest.mark.parametrize(
    ("counts", "wrong", "told"),
    [
        ({"same": 49_990, "others": {(0, WRONG): 10}}, 10, "[vnk] answer: . 1 SOA"),
        ({"same": 49_999, "others": {(0, b"\x84"): 1}}, 1, "[RFC 1035 s. 4] no DNS message"),
        ({"same": 49_999, "more": 1}, 1, "1 more answers that are not as before"),
        ({"strays": 3}, 3, "3 answers that nobody waited for"),
        ({"same": 49_999, "others": {(0, NEWER): 1}}, 1, "[obw]"),
    ],
)
def test_one_wrong_answer_is_one_too_many(counts: dict[str, t.Any], wrong: int, told: str) -> None:
    found = step(**counts)
    assert (found.right, found.wrong) == (False, wrong)
    assert found.told[0].startswith(told)


def test_an_answer_out_of_a_zone_that_came_meanwhile_is_right() -> None:
    both = judge.Answers([[zone()], [zone(8)]], NOW)
    assert step(answers=both, same=49_999, others={(0, NEWER): 1}).right


@pytest.mark.parametrize(("lost", "right"), [(49, True), (50, False)])
def test_less_than_a_thousandth_may_be_lost(lost: int, right: bool) -> None:
    assert step(same=50_000 - lost).right == right
    assert step(same=50_000 - lost, cut=lost).right == right, "what is truncated is not whole"


def test_a_step_that_asked_nothing_is_not_right() -> None:
    assert not step(sent=0, same=0).right


def test_ten_times_the_peak_and_all_right_passes() -> None:
    found = judge.load([step(1000, sent=5000, same=5000), step()], 1000)
    assert (found["id"], found["status"]) == ("DN-56", "pass")
    assert found["message"].startswith("10.0 times the expected peak: 1000 a second: 5000 asked, 0 wrong, 0 without")
    assert "(bounds: 10 times the expected peak of 1000, none wrong, less than 0.1 % lost)" in found["message"]


@pytest.mark.parametrize(
    ("steps", "ill", "said"),
    [
        ([step(others={(0, WRONG): 1}, same=49_999)], [], "wrong: [vnk] answer"),
        ([step(1000, sent=5000, same=4000), step()], [], "20.000 % lost at 1000 a second: "),
        ([step()], ["gate"], "the gate fell under it: gate: "),
    ],
)
def test_loads_that_fail(steps: list[judge.Step], ill: list[str], said: str) -> None:
    found = judge.load(steps, 1000, ill=ill)
    assert found["status"] == "fail"
    assert found["message"].startswith(said)


@pytest.mark.parametrize(
    ("steps", "stopped", "said"),
    [
        (
            [step(sent=26_000, same=26_000)],
            "",
            "5200 answers a second, 5.2 times the expected peak, as the machine could",
        ),
        (
            [step(500, sent=2500, same=2500)],
            "",
            "500 answers a second, 0.5 times the expected peak, as no more was to be",
        ),
        ([step()], "it is live", "not proven, as it was broken off: it is live; 10000 a second"),
        ([], "", "not proven: nothing was asked"),
    ],
)
def test_less_than_was_to_be_proven_is_no_pass(steps: list[judge.Step], stopped: str, said: str) -> None:
    found = judge.load(steps, 1000, stopped)
    assert found["status"] == "skipped"
    assert said in found["message"]


def test_nothing_was_tried_for_each_of_them_and_why() -> None:
    found = judge.skipped("a router has no nameserver")
    assert [each["id"] for each in found] == ["DN-52", "DN-55", "DN-56"]
    assert judge.table(found).splitlines()[0] == "DN-52 skipped: a router has no nameserver"


def test_quantiles() -> None:
    assert judge.quantile(range(1, 1001), 0.99) == 990
    assert judge.quantile([], 0.99) == 0

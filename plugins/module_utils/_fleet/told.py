# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What came of telling one node to go dark, drained or live, from what its gate has answered."""

from __future__ import annotations

import json
import typing as t


class Word(t.NamedTuple):
    """What one node was told."""

    node: str
    verb: str
    """``dark``, ``drain`` or ``live``."""
    options: tuple[str, ...]
    """What ``imrs`` was given besides."""
    wait: int
    """Seconds in which the mode had to be reached."""
    unit: str
    """The unit of the node's routing daemon, for people."""


class Result(t.NamedTuple):
    """How the command ``imrs`` ended on the node."""

    stdout: str = ""
    stderr: str = ""

    @property
    def answer(self) -> dict[str, t.Any]:
        """The gate's answer; empty where there is none."""
        try:
            found = json.loads(self.stdout)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


class Outcome(t.NamedTuple):
    """What became of the node."""

    reached: bool
    """It is in the mode that was asked for, or in a lower one where that was enough."""
    said: str
    """For people, with the node's name."""
    again: bool = False
    """Its gate is an older one, and has to be told once more, in words that every version knows."""


def outcome(word: Word, asked: Result | None, again: Result | None) -> Outcome:
    """What became of a node that was told ``word``.

    ``asked``: how that ended, None where the node cannot be reached; ``again``: how it ended in the words of older
    gates, None where these were not needed.
    """
    if asked is None:
        why = "it cannot be reached. If it does harm, have its host shut the BGP session"
        return Outcome(False, f"{word.node}: IT IS AS IT WAS: {why}")
    result = asked if again is None else again
    answer = result.answer
    endless = again is not None and "--until" in word.options
    return Outcome(
        reached=bool(answer.get("reached")) and "error" not in answer,
        said=f"{word.node}: {_words(word, answer, result.stderr)}"
        + (", WITHOUT AN END: its gate knows none" if endless and _went_well(answer) else ""),
        # It ends so for words that it does not know. A reason is worth less than a node that is dark.
        again=again is None and word.verb == "dark" and "unrecognized arguments" in asked.stderr,
    )


def _went_well(answer: t.Mapping[str, t.Any]) -> bool:
    """Whether the node is in the very mode that was asked for."""
    return bool(answer.get("reached")) and not {"error", "refused", "kept"} & answer.keys()


def _words(word: Word, answer: t.Mapping[str, t.Any], complaint: str) -> str:
    """What became of a node that was reached."""
    if "error" in answer:
        return f"NOT DONE: {answer['error']}"
    if "refused" in answer:
        return f"IT IS AS IT WAS: {answer['refused']}"
    if "reached" not in answer:
        last = complaint.splitlines()[-1] if complaint.strip() else "it said nothing"
        return (
            f"NOT DONE: its gate gives no answer ({last}). Without a gate nothing is announced; make sure on the node, "
            f"or stop {word.unit}"
        )
    if not answer["reached"]:
        return f"ASKED FOR, BUT NOT {str(answer['mode']).upper()} within {word.wait} s: imrs status says why"
    if "kept" in answer:
        return f"stays {answer['kept']}: {answer['reason']}"
    end = answer.get("until")
    return f"{answer['mode']} until {end}" if end else str(answer["mode"])

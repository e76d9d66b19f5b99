# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""``imrs``: what people and playbooks say to the gate, and what it answers.

Exit status: 0 done, 1 refused or not reached, 2 wrong usage or no gate to talk to.
``in-service`` only asks: 0 yes, 3 no, as `systemctl is-active` has it. No other number means no: 1 is also what a
program ends with that cannot even start.
"""

from __future__ import annotations

import argparse
import base64
import datetime
import json
import os
import pathlib
import socket
import sys
import typing as t

from . import bundles, fingerprint
from .intent import OPERATOR

DONE, REFUSED, UNREACHABLE, NOT_IN_SERVICE = 0, 1, 2, 3
PATIENCE = 10.0
"""Seconds that a gate may take to answer what needs no waiting."""
_MODES = ("dark", "drained", "live")
_INTENTS = {"live": "live", "drain": "drained", "dark": "dark"}
_ONLY_IF_GIVEN = ("planned", "note", "until", "lower_only")


def main(arguments: list[str] | None = None) -> int:
    """One request, one answer."""
    given = _parser().parse_args(arguments)
    if given.verb == "in-service":
        return _in_service(given.socket)
    if given.verb == "status" and given.anew and not _compute(given.socket.parent):
        return UNREACHABLE
    request, patience = _request(given)
    try:
        answer = ask(given.socket, request, patience)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"imrs: no answer from the gate at {given.socket}: {error}\n")
        return UNREACHABLE
    if given.json:
        print(json.dumps(answer, indent=2))  # noqa: T201 - the output of a command
    elif given.verb in {"status", "claim"} and "usage" not in answer:
        print(screen(answer))  # noqa: T201
    else:
        _say(given, answer)
    if "usage" in answer:
        return UNREACHABLE
    failed = "refused" in answer or "error" in answer or answer.get("reached") is False
    return REFUSED if failed else DONE


def ask(path: pathlib.Path, request: t.Mapping[str, t.Any], patience: float) -> dict[str, t.Any]:
    """Send one request over the control socket; OSError or ValueError when no answer came back."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(patience)
        connection.connect(str(path))
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile("rb") as lines:
            answer = json.loads(lines.readline())
    if not isinstance(answer, dict):
        raise ValueError(f"{answer!r} is no answer")  # noqa: TRY004 - what came over the wire is data, not code
    return answer


def _compute(runtime: pathlib.Path) -> bool:
    """Bring the fingerprint up to date; who cannot read all files must not try, as that would leave none.

    Who asks for that judges the node: root's helper, which restarts daemons, comes to its end first. None begins later,
    as the run holds the node.
    """
    if os.geteuid():
        sys.stderr.write("imrs: to compute the fingerprint takes root\n")
        return False
    bundles.await_helper(bundles.STATE)
    return fingerprint.main(["--runtime", str(runtime)]) == 0


def _in_service(path: pathlib.Path) -> int:
    """Whether the node attracts traffic. Without a gate it announces nothing; what cannot be told counts as yes."""
    try:
        modes = ask(path, {"verb": "status"}, PATIENCE)["mode"]
        serving = any(mode != "dark" for mode in modes.values())
        said = ", ".join(f"{family} {mode}" for family, mode in modes.items())
    except (FileNotFoundError, ConnectionRefusedError):
        serving, said = False, "the gate does not run"
    except (OSError, ValueError, KeyError) as error:
        serving, said = True, f"taken for it, as the gate gives no answer: {error}"
    print(f"{'in service' if serving else 'not in service'}: {said}")  # noqa: T201 - the output of a command
    return DONE if serving else NOT_IN_SERVICE


def screen(status: t.Mapping[str, t.Any]) -> str:
    """The state of a node, or of a cluster's router, on one screen."""
    intent, certificate, session = (status[key] for key in ("intent", "certificate", "session"))
    lines = [status["node"], ""]
    for family, mode in status["mode"].items():
        verdict = status["verdict"][family]
        health = "healthy" if verdict["healthy"] else "not healthy"
        lines.append(
            f"  {family:<12} {mode.upper():<8} {health} for {verdict['since']:.0f} s {_bracket(verdict['reason'])}"
        )
    asked = _asked(intent)
    valid = f"{certificate['mode']}, issued {certificate['issued_at']}" if certificate["valid"] else "not valid"
    if certificate["valid"] and certificate["expires_at"] is not None:
        valid += f", to be confirmed before {_time(certificate['expires_at'])}"
    if certificate["valid"] and certificate["foreseen_until"] is not None:
        there = certificate["fingerprint"] != status["fingerprint"]
        what = "a planned change is there, to be accepted" if there else "a planned change may come"
        valid += f"; {what} before {_time(certificate['foreseen_until'])}"
    if certificate["valid"] and certificate.get("signed_by"):
        valid += f", signed by {certificate['signed_by']}"
        valid += f", counts until {ends}" if (ends := certificate["ends_at"]) else ""
    trial = certificate["trial"] and f"on trial until {_time(certificate['trial_until'])}: " + ", ".join(
        certificate["trial"]
    )
    lines += [
        f"  {'asked for':<12} {asked} {_bracket(intent['reason'])}",
        f"  {'certificate':<12} {valid} {_bracket(_void(certificate))}",
        f"  {'for sessions':<12} {', '.join(certificate['sessions']) or 'none'} {_bracket(trial)}",
        *_behind(status),
        f"  {'session':<12} {session['state']} {_bracket(session['reason'])}",
        f"  {'announced':<12} {', '.join(session['announced']) or 'nothing'}",
        *(
            f"  {'CLAIMED':<12} {one['by']} is about to take it down ({one['age']:.0f} s)"
            for one in status.get("claims", ())
        ),
        *(f"  {'DEGRADED':<12} {text}" for text in status["degraded"]),
    ]
    return "\n".join(line.rstrip() for line in lines)


def _behind(status: t.Mapping[str, t.Any]) -> list[str]:
    """What the verdict is about: a nameserver, or the nodes of a cluster."""
    if (service := status["service"]) is not None:
        process = f"process {service['pid'] or 'unknown'}"
        return [f"  {'nameserver':<12} {service['unit']} {process} {_bracket(service['reason'])}"]
    members = status["members"]
    low = f"else {members['below']}"
    return [
        f"  {'live nodes':<12} {', '.join(names) or 'none'} in {family} ({members['minimum']} have to be, {low})"
        for family, names in members["live"].items()
    ]


def _asked(intent: t.Mapping[str, t.Any]) -> str:
    """By whom, until when, and why."""
    if not intent["by"]:
        return str(intent["mode"])
    until, after = intent.get("until"), intent.get("standing", intent)
    low = f" until {until} (then {after['mode']})" if until and intent["mode"] == intent["at_most"] else ""
    cap = f"; at most {intent['at_most']} until {until}" if until and not low else ""
    note = f": {intent['note']}" if intent.get("note") else ""
    return f"{intent['mode']} by {intent['by']} at {intent['at']}{low}{note}{cap}"


def _time(seconds: float) -> str:
    return f"{datetime.datetime.fromtimestamp(seconds, datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"


def _void(certificate: t.Mapping[str, t.Any]) -> str:
    """Why it does not count, since when, and what becomes of that."""
    reason, since, then = (certificate.get(key) or "" for key in ("reason", "void_since", "comeback"))
    return (f"void since {since}: " if since else "") + reason + (f"; {then}" if then else "")


def _bracket(reason: str) -> str:
    return f"({reason})" if reason else ""


def _say(given: argparse.Namespace, answer: t.Mapping[str, t.Any]) -> None:
    for key in ("usage", "error", "refused"):
        if key in answer:
            sys.stderr.write(f"imrs: {answer[key]}\n")
            return
    if given.verb == "wait":
        modes = ", ".join(f"{family} {mode}" for family, mode in answer["mode"].items())
        text = "" if answer["reached"] else f"imrs: not {given.mode} after {given.timeout:g} s: "
        (sys.stdout if answer["reached"] else sys.stderr).write(f"{text}{modes}\n")
        return
    said = "changed" if answer.get("changed") else "nothing to change"
    said += f" until {answer['until']}" if "until" in answer else ""
    kept = f": kept {answer['kept']}, {answer['reason']}" if "kept" in answer else ""
    late = f"; not there after {given.wait:g} s" if answer.get("reached") is False else ""
    sys.stdout.write(f"{said}{kept}{late}\n")


def _request(given: argparse.Namespace) -> tuple[dict[str, t.Any], float]:
    if given.verb in _INTENTS:
        more = {} if given.wait is None else {"wait": given.wait}
        more |= {key: value for key in _ONLY_IF_GIVEN if (value := vars(given).get(key))}
        if vars(given).get("seconds") is not None:
            more["for"] = given.seconds
        return {"verb": "intent", "mode": _INTENTS[given.verb], "by": given.by, **more}, PATIENCE + (given.wait or 0)
    if given.verb in {"certify", "trial"}:
        said = {"for": given.seconds, "sessions": given.sessions}
        mode = {"mode": given.mode} if given.verb == "certify" else {}
        given_ones = {key: value for key, value in said.items() if value is not None}
        return {"verb": given.verb, **mode, "fingerprint": given.fingerprint, **given_ones}, PATIENCE
    if given.verb in {"foresee", "reinstate"}:
        present = {"from": given.present, "for": given.seconds} if given.verb == "foresee" else {}
        return {"verb": given.verb, "fingerprint": given.fingerprint, **present}, PATIENCE
    if given.verb == "wait":
        return {"verb": "wait", "mode": given.mode, "timeout": given.timeout}, PATIENCE + given.timeout
    if given.verb == "status" and given.patience:
        return {"verb": "status", "patience": given.patience}, PATIENCE + given.patience
    # Of claim, release and take; the others have none.
    words = {"run": "run", "by": "by", "seconds": "for", "statement": "statement", "signature": "signature"}
    return {"verb": given.verb, **{word: vars(given)[key] for key, word in words.items() if key in given}}, PATIENCE


def _base64(text: str) -> str:
    """A text in base64; argparse says what is wrong with another one."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"no text in base64: {error}") from error


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="answer as JSON")
    parser = argparse.ArgumentParser(prog="imrs", description="Ask and tell this node's gate.")
    parser.add_argument(
        "--socket", type=pathlib.Path, default=pathlib.Path("/run/imrs/gate.sock"), help=argparse.SUPPRESS
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    helps = {
        "status": "what is announced, and why",
        "live": "announce the covering and the specific prefixes",
        "drain": "announce the covering prefixes only",
        "dark": "announce nothing",
        "certify": "record what acceptance proved",
        "take": "record what acceptance proved, as a key of the fleet has signed it",
        "trial": "give sessions that are not certified what the others have, until acceptance has judged them by it",
        "foresee": "let the certificate cover a planned configuration, too, until acceptance has judged it",
        "reinstate": "let a certificate that a change has voided count again: what runs is what it is for",
        "revoke": "drop the certificate",
        "claim": "say that a run is about to take this node down; its status, with the claims of all runs",
        "release": "say that this run does not do it",
        "wait": "until every family is in a mode",
        "in-service": "whether the node announces anything: exit status 0 if so, 3 if not",
        "step-aside": "withdraw until the nameserver has ended and come back; its unit asks for this before it stops",
    }
    parsers = {verb: verbs.add_parser(verb, help=text, parents=[common]) for verb, text in helps.items()}
    for verb in _INTENTS:
        parsers[verb].add_argument("--by", default=OPERATOR, metavar="NAME", help="who asks; a playbook gives its file")
        parsers[verb].add_argument("--wait", type=float, metavar="SECONDS", help="until every family is there")
        parsers[verb].add_argument("--reason", dest="note", metavar="TEXT", help="why, for whoever reads the status")
    for verb in ("drain", "dark"):
        end = parsers[verb].add_mutually_exclusive_group()
        end.add_argument("--until", metavar="TIME", help="go back by itself then; UTC, such as 2026-12-01T04:00Z")
        end.add_argument("--for", type=float, dest="seconds", metavar="SECONDS", help="go back by itself after that")
    parsers["drain"].add_argument("--lower-only", action="store_true", help="a node that is to be dark stays so")
    parsers["dark"].add_argument("--planned", action="store_true", help="announce it as going away first (RFC 8326)")
    for verb in ("certify", "wait"):
        parsers[verb].add_argument("mode", choices=_MODES, metavar="MODE")
    ends = {
        "certify": "void unless certified again without this in time",
        "trial": "at most",
        "foresee": "and no longer",
    }
    for verb, text in ends.items():
        parsers[verb].add_argument("--fingerprint", required=True, metavar="HEX")
        parsers[verb].add_argument(
            "--for", type=float, dest="seconds", metavar="SECONDS", required=verb != "certify", help=text
        )
    for verb in ("certify", "trial"):
        parsers[verb].add_argument(
            "--session",
            action="append",
            dest="sessions",
            metavar="MARK",
            required=verb == "trial",
            help="a session that was judged, or is to be, by its mark (imrs_peers); give it once for each",
        )
    for verb in ("claim", "release"):
        parsers[verb].add_argument("--run", required=True, metavar="ID", help="of this run alone")
    parsers["claim"].add_argument("--by", default=OPERATOR, metavar="NAME", help="who asks")
    parsers["claim"].add_argument("--for", required=True, type=float, dest="seconds", metavar="SECONDS", help="at most")
    for part in ("statement", "signature"):
        parsers["take"].add_argument(f"--{part}", required=True, type=_base64, metavar="BASE64")
    parsers["reinstate"].add_argument("--fingerprint", required=True, metavar="HEX")
    parsers["foresee"].add_argument(
        "--from", required=True, dest="present", metavar="HEX", help="the configuration that is there now"
    )
    parsers["status"].add_argument("--anew", action="store_true", help="compute the fingerprint first; takes root")
    parsers["status"].add_argument(
        "--patience", type=float, default=0, metavar="SECONDS", help="until every family is healthy, or that long"
    )
    parsers["wait"].add_argument("--timeout", type=float, required=True, metavar="SECONDS")
    return parser

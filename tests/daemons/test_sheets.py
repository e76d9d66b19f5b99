# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a valid sheet says, the daemons load what is rendered of it, and its peers receive what the mode has.

The sheets are drawn by tests/support/valid_sheets.py and rendered before this runs. Needs root and the lab image.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import subprocess
import tempfile
import typing as t

import pytest
from imrs_gate_bench import until
from imrs_provider_bench import FRR
from imrs_sheet_bench import MODES, Record, SheetBench, diverse, features, records, wanted

LIVE = int(os.environ.get("IMRS_SHEETS_LIVE", "24"))
"""Sheets that are taken live with each routing daemon."""
AT_ONCE = 8
"""Nodes side by side: they wait for sessions most of the time."""
EVERY_DRY_RUN = 5
"""bgpd takes longer to start than all others to read: one of so many sheets."""
PARSERS = {
    "bird": ["bird -p -c etc/bird/bird.conf"],
    "frr": ["vtysh -C -f etc/frr/frr.conf"],
    "knot": ["knotc -c etc/knot/knot.conf conf-check"],
    "nsd": [f"nsd-checkconf etc/nsd/{name}.conf" for name in ("nsd", "nsd.conf.d/limits", "nsd.conf.d/zones")],
}
"""As the bundles call them."""
OTHERS = re.compile(
    r"No such command on config line \d+: *((no )?ip(v6)? (nht|forwarding|route)|no zebra |bfd$"
    r"|service integrated-vtysh-config|profile |detect-multiplier|(transmit|receive)-interval|minimum-ttl)"
    r"|Graceful restart configuration changed"
    r"|^Configuration is valid$|^$"
)
"""What bgpd says of lines that are for FRR's other daemons, and of an option that it always says something of; and what
knotc says when all is well."""


@pytest.fixture
def folder() -> t.Iterator[pathlib.Path]:
    """One that bgpd may read, too, which is not root's for long."""
    with tempfile.TemporaryDirectory() as made:
        pathlib.Path(made).chmod(0o755)
        yield pathlib.Path(made)


def parsed(folder: pathlib.Path, files: dict[str, str], *command: str) -> list[str]:
    """Show files to a parser, in a folder; what it had to say against them."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, timeout=120)
    said = [line for line in (done.stdout + done.stderr).splitlines() if not OTHERS.search(line)]
    return said or ([f"exit status {done.returncode}"] if done.returncode else [])


def complaints(provider: str, every: t.Iterable[Record], folder: pathlib.Path) -> t.Iterator[str]:
    """What a daemon's own parsers have to say against sheets, with the sheet."""
    for number, record in enumerate(every):
        said = []
        commands = [command.split() for command in PARSERS[provider]]
        if provider == "frr" and number % EVERY_DRY_RUN == 0:
            commands.append([str(FRR / "bgpd"), "-C", "-f", "etc/frr/frr.conf"])
        for command in commands:
            said += parsed(folder, record["files"][provider], *command)
        if said:
            yield f"sheet {number}: {said[:3]}\n{json.dumps(record['sheet'])}"


@pytest.mark.parametrize("provider", sorted(PARSERS))
def test_the_daemons_parsers_take_what_is_rendered_of_every_sheet(provider: str, folder: pathlib.Path) -> None:
    found = list(complaints(provider, records(), folder))
    assert not found, f"{len(found)} sheets, such as\n" + "\n".join(found[:3])


@pytest.mark.parametrize(
    ("provider", "right", "wrong"),
    [
        ("bird", "hold time 3;", "hold time 2 1;"),
        ("frr", "bgp graceful-restart-disable", "bgp graceful-restart-maybe"),
        ("frr", "neighbor gate remote-as 20144", "neighbor gate description x"),  # only bgpd knows what is missing
        ("knot", "algorithm: hmac-", "algorithm: hmac_"),
        ("knot", "acl: [ notify_", "acl: [ notified_"),
        ("nsd", "algorithm: hmac-", "algorithm: hmac_"),
        ("nsd", "request-xfr: ", "request-xfr: x"),
    ],
)
def test_a_parser_that_takes_anything_would_be_seen(
    provider: str, right: str, wrong: str, folder: pathlib.Path
) -> None:
    record = next(records())
    broken = {name: text.replace(right, wrong) for name, text in record["files"][provider].items()}
    assert broken != record["files"][provider]
    assert list(complaints(provider, [{**record, "files": {provider: broken}}], folder))


def together(benches: t.Sequence[SheetBench], holds: t.Callable[[SheetBench], bool], what: str) -> None:
    """Wait until something holds for all of them."""
    left = list(benches)

    def none_left() -> bool:
        left[:] = [bench for bench in left if not holds(bench)]
        return not left

    def shown() -> str:
        bench, said = left[0], left[0].shown("protocols")
        return f"{what}: {len(left)} nodes; one has {bench.held()}\n{said}\n{json.dumps(bench.record['sheet'])}"

    until(none_left, what=shown)


@pytest.mark.parametrize("provider", ["bird", "frr"])
def test_peers_receive_what_the_mode_has_and_nothing_else(provider: str, tmp_path: pathlib.Path) -> None:
    chosen = diverse(records(provider), LIVE)
    for start in range(0, len(chosen), AT_ONCE):
        with contextlib.ExitStack() as stack:
            benches = [
                stack.enter_context(SheetBench(tmp_path / f"{start + at}", record, provider))
                for at, record in enumerate(chosen[start : start + AT_ONCE])
            ]
            together(benches, SheetBench.loaded, "files to be loaded")
            together(benches, SheetBench.established, "sessions")
            for mode in MODES:
                for bench in benches:
                    bench.say(mode)
                together(benches, lambda bench, mode=mode: bench.held() == wanted(bench.record, mode), mode)
        for bench in benches:
            bench.remove()


def test_the_sheets_that_are_taken_live_have_everything() -> None:
    """Among them is what any of the sheets has, but for some pairs of options."""
    every = list(records())
    single = {name for record in every for name in features(record) if " with " not in name}
    assert single - {name for record in diverse(every, LIVE) for name in features(record)} == set()

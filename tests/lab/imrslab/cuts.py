# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines or power cut during a run: what is then on the appliance's disk, and what its daemons run."""

from __future__ import annotations

import json
import tempfile
import typing as t

from . import shell
from .drill import ALL

if t.TYPE_CHECKING:
    import pathlib

    from .drill import Drill
    from .runs import Play

_OF_PACKETS = r"/flags .*dynamic/ {d = 1} /^\t}/ {d = 0} d && /elements = {/ {s = 1} !s {print} s && /}/ {s = 0}"
"""Of a ruleset, without the elements of dynamic sets: these are the sources of the last seconds' packets."""
RULES = ("sh", "-c", f"nft --stateless list ruleset | awk '{_OF_PACKETS}'")

LOADED = "nft -f /etc/nftables.conf && nft --stateless list ruleset"
"""What the packet filter's file would load; to be run where no packets are."""

VARIABLES = {
    "old": {},
    "new": {
        "hardening_operators": ["dnseng", "dnseng"],
        "gate_drain_seconds": 2,
        "network_operator_networks": {"ipv4": ["198.51.100.0/24", "203.0.113.64/29"], "ipv6": []},
        "time_sources": [
            {"name": f"other{number}.imrs.example", "addresses": [f"203.0.113.{number}"], "nts": False}
            for number in range(1, 5)
        ],
        "nameserver_rate_limit": 199,
        "nameserver_workers": 2,
        "routing_router_id": "192.0.2.3",
    },
}
"""Two configurations of the appliance, which differ in a file or more of each bundle."""

HOOK = "/usr/local/lib/python3.13/dist-packages/drill.pth"
STOPS = (
    "import os, sys; sys.addaudithook(lambda event, words: os.kill(os.getpid(), 19) "
    "if event == 'os.rename' and str(words[1]).startswith('{}') and os.path.exists('/run/drill') else None)"
)
"""Python stops itself when it is about to rename such a file into its place; not any more after a boot."""
STOPPED = "grep -l '^State:.T' /proc/[0-9]*/status || true"  # grep fails when it finds none, and that is an answer

ELSEWHERE = '{"network_operator_networks": {"ipv4": ["203.0.113.64/29"], "ipv6": []}}'
"""For ``-e``: a packet filter that lets in nobody whom the lab has, and no operator."""
BEFORE = ("systemd-networkd", "nftables", "ssh", "knot", "bird", "imrs-gate")
"""What must not have started before the way back was gone."""

BUNDLES = ("hardening", "gate", "network", "time", "nameserver", "routing")

PROVISION = ("--tags", ",".join(BUNDLES), "-e", "imrs_disrupt=true", "-e", "imrs_leave_dark=true")
"""Files and daemons only: acceptance changes none."""


def variables(name: str) -> str:
    """The configuration of that name, for ``-e``."""
    return json.dumps(VARIABLES[name])


def owned(drill: Drill, *bundles: str) -> list[str]:
    """The files that bundles look after, by default all."""
    manifests = (drill.node("cat", f"/var/lib/imrs-bundle/{bundle}.json") for bundle in bundles or BUNDLES)
    return sorted(path for manifest in manifests for path in json.loads(manifest)["files"])


def files(drill: Drill, paths: t.Sequence[str]) -> str:
    """Checksum, owner and mode of each."""
    return drill.node("sh", "-c", 'sha256sum "$@"; stat -c "%n %U %G %a" "$@"', "sh", *paths)


def runs_what_is_on_disk(drill: Drill) -> None:
    """Each daemon that was told of a change has taken it over; the kernel, too."""
    limit = drill.node("knotc", "conf-read", "mod-rrl.rate-limit").strip().rpartition(" ")[2]
    assert f"rate-limit: {limit}\n" in _below(drill.disk / "etc/knot"), limit
    identity = drill.node("birdc", "show", "status").partition("Router ID is ")[2].split()[0]
    assert f"router id {identity};" in _below(drill.disk / "etc/bird"), identity
    assert drill.node(*RULES) == drill.node("unshare", "--net", "sh", "-c", LOADED)
    needed = "systemctl show --value --property=NeedDaemonReload knot bird ssh nftables imrs-gate imrs-fingerprint.path"
    assert set(drill.node("sh", "-c", needed).split()) == {"no"}
    for name, value in _settings(drill):
        assert drill.node("sysctl", "--values", name).split() == value.split(), name


def _below(folder: pathlib.Path) -> str:
    return "".join(path.read_text() for path in sorted(folder.rglob("*.conf")))


def _settings(drill: Drill) -> t.Iterator[tuple[str, str]]:
    for line in (drill.disk / "etc/sysctl.d/60-imrs.conf").read_text().splitlines():
        name, _, value = line.partition("=")
        if value and "*" not in name and not line.lstrip().startswith("#"):  # patterns are HD-11's
            yield name.strip(" -"), value


def look(drill: Drill) -> dict[str, str]:
    """All files, by bundle."""
    return {bundle: files(drill, owned(drill, bundle)) for bundle in BUNDLES}


def stop_at(drill: Drill, place: str) -> None:
    """Have the next module that is about to put a file there stand still."""
    drill.node("sh", "-c", f'echo "$1" > {HOOK}; touch /run/drill', "sh", STOPS.format(place))


def stands_still(drill: Drill) -> bool:
    """Whether one does."""
    return bool(drill.node("sh", "-c", STOPPED))


def go_on(drill: Drill) -> None:
    """Have it go on, and stand still no more."""
    drill.node(
        "sh", "-c", f"rm -f /run/drill {HOOK}; for each in $({STOPPED}); do kill -CONT $(basename ${{each%/*}}); done"
    )


def comes_back_as_it_was(drill: Drill, before: tuple[str, str], reason: str) -> None:
    """Power on: before anything else ran, all files were as before; the node announces by its rules, and converges.

    ``before``: its files, and the packet filter's rules.
    """
    drill.switch_on()
    drill.node("systemctl", "is-system-running", "--wait")
    assert drill.journals() == []
    assert (files(drill, owned(drill)), drill.node(*RULES)) == before
    noted = json.loads(drill.node("cat", "/var/lib/imrs-bundle/last-rollback.json"))
    assert (noted["reason"], noted["complete"], noted["troubles"]) == (reason, True, [])
    assert reason in drill.node("journalctl", "--boot", "--unit=imrs-bundle-recover", "--output=cat", "--no-pager")

    def moment(unit: str, which: str) -> int:
        return int(drill.node("systemctl", "show", "--value", f"--property={which}TimestampMonotonic", unit))

    ended = moment("imrs-bundle-recover", "ExecMainExit")
    assert ended
    for unit in BEFORE:
        assert moment(unit, "ExecMainStart") > ended, unit
    assert not drill.node("systemctl", "list-units", "--all", "--plain", "--no-legend", "imrs-bundle-confirm-*").strip()
    drill.wait(ALL if drill.status()["certificate"]["valid"] else set())


def at_rest(drill: Drill) -> bool:
    """Whether nothing runs that a cut run has started, and nothing is to come."""
    free = "flock --nonblock /var/lib/imrs-bundle/.lock true && echo free || true"
    return not drill.journals() and "free" in drill.node("sh", "-c", free)


def cut(drill: Drill, name: str, due: t.Callable[[], bool], then: t.Callable[[], None] = lambda: None) -> Play:
    """Cut the line of a run towards that configuration, from the other one, once that holds; and ``then`` go on.

    The node comes to rest, with all old or all new files of each bundle and daemons that run them, and the next run
    converges. Returns how the run ended whose line was cut; afterwards the appliance wants to be restored.
    """
    before = look(drill)
    with tempfile.TemporaryDirectory(prefix="imrs-cp-", dir="/tmp") as sockets:
        arguments = (*PROVISION, "-e", variables(name))
        run = drill.begin("site", *arguments, "-e", f"ansible_control_path_dir={sockets}")
        shell.wait_for("the moment to cut", lambda: due() or run.ended(), 600, closely=True)
        run.cut()
        then()
        done = run.end()
        run.cut()  # what it opened afterwards would stay for a minute
    assert "Traceback" not in done.output, done.output[-3000:]
    shell.wait_for("a node at rest", lambda: at_rest(drill), 120)
    found = look(drill)
    runs_what_is_on_disk(drill)
    again = drill.play("site", *arguments)
    assert again.status == 0, again.output[-6000:]
    runs_what_is_on_disk(drill)
    after = look(drill)
    for bundle in BUNDLES:
        assert before[bundle] != after[bundle], f"nothing was to change in bundle {bundle}"
        assert found[bundle] in (before[bundle], after[bundle]), f"bundle {bundle} was a mixture"
    return done

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts are given for FRR, BIRD and OpenBGPD, read by these daemons' own parsers, and then run against a node.

The texts are the golden ones: the unit tests keep them equal to what is rendered. Needs root, frr, bird2 and openbgpd.
"""

from __future__ import annotations

import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import host_router
from imrs_gate_bench import COVERING, FIVE, PATIENCE, ROOT, run, until

GOLDEN = ROOT / "tests/unit/plugins/module_utils/_documents/routers"
RECORDS = ("single", "distant", "cluster")
PASSWORD = "<the-agreed-MD5-password>"
PARSERS: dict[str, tuple[str, list[str]]] = {
    "frr": ("", ["vtysh", "-C", "-f"]),
    "bird": ("router id 192.0.2.1;\nprotocol device { }\n", ["bird", "-p", "-c"]),
    "openbgpd": ("AS 64500\nrouter-id 192.0.2.1\n", ["/usr/sbin/bgpd", "-n", "-f"]),
}
"""What a router that runs already has of its own, and the parser."""
COUNT = itertools.count()
"""FRR keeps sockets by name: no two runs have one."""


def parts(system: str, record: str) -> list[str]:
    """The text of each of the host's routers."""
    text = (GOLDEN / record / f"{system}.txt").read_text(encoding="utf-8")
    return re.split(r"(?m)^(?=[!#] ==== part )", text)[1:]


def parse(system: str, text: str, directory: pathlib.Path) -> subprocess.CompletedProcess[str]:
    """Have the system's own parser read a text."""
    before, command = PARSERS[system]
    path = directory / f"{system}.conf"
    path.touch(mode=0o600)  # OpenBGPD wants its secrets unreadable for others
    path.write_text(before + text, encoding="utf-8")
    assert shutil.which(command[0]), f"{command[0]} is not installed"
    return subprocess.run([*command, str(path)], check=False, capture_output=True, text=True)


@pytest.mark.parametrize("record", RECORDS)
@pytest.mark.parametrize("system", PARSERS)
def test_the_systems_own_parser_accepts_every_part(system: str, record: str, tmp_path: pathlib.Path) -> None:
    texts = parts(system, record)
    assert len(texts) == (2 if record == "cluster" else 1)
    for text in texts:
        done = parse(system, text, tmp_path)
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        kind = "Missing authentication option, assuming MD5"  # BIRD 2.0 takes no such option, BIRD 2.17 misses it
        assert [line for line in said.splitlines() if line != "configuration OK" and kind not in line] == []


@pytest.mark.parametrize(
    ("system", "right", "wrong"),
    [
        ("frr", "permit 199.7.83.0/24", "permit 199.7.83.0/33"),
        ("frr", "route-map IMRS-IN-IPV4 in", "route-map IMRS-IN-IPV4 inwards"),
        ("frr", "ttl-security hops 1", "ttl-security hops 0"),
        ("frr", PASSWORD, "the agreed MD5 password"),
        ("bird", "199.7.83.0/24", "199.7.83.0/33"),
        ("bird", "import filter imrs_in_ipv4", "import filter imrs_in_ipv5"),
        ("bird", "ttl security on", "ttl secure on"),
        ("openbgpd", "199.7.83.0/24", "199.7.83.0/24 or-longer-still"),
        ("openbgpd", 'prefix-set "imrs_ipv4"\n', 'prefix-set "imrs_ipv5"\n'),
        ("openbgpd", "ttl-security yes", "ttl-security maybe"),
    ],
)
def test_a_parser_that_accepts_anything_would_be_seen(
    system: str, right: str, wrong: str, tmp_path: pathlib.Path
) -> None:
    (text,) = parts(system, "single")
    assert right in text
    assert parse(system, text.replace(right, wrong), tmp_path).returncode != 0


class Side(t.NamedTuple):
    """One end of the cable between the host's router and the node."""

    namespace: str
    link: str
    addresses: tuple[str, ...]


NODE_BIRD = """router id 192.0.2.2;
protocol device {{ scan time 1; }}
protocol static static4 {{ ipv4; {ipv4} }}
protocol static static6 {{ ipv6; {ipv6} }}
filter announced {{ {prepends} accept; }}
template bgp host {{
  local as 20144;
  direct;
  ttl security on;
  password "secret";
  hold time 9;
  connect delay time 1;
  connect retry time 1;
  error wait time 1, 2;
}}
protocol bgp host4 from host {{ neighbor 192.0.2.1 as 64500; ipv4 {{ import none; export filter announced; }}; }}
protocol bgp host6 from host {{ neighbor 2001:db8:0:1::1 as 64500; ipv6 {{ import none; export filter announced; }}; }}
"""


class Wire:
    """A host's router that runs a generated text, and a node of AS 20144 that announces what a test wants."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory
        name = f"imrs-h-{os.getpid()}-{next(COUNT)}"
        self.host = Side(f"{name}-r", "host", ("192.0.2.1/29", "2001:db8:0:1::1/64"))
        self.node = Side(f"{name}-n", "uplink", ("192.0.2.2/29", "2001:db8:0:1::2/64"))
        self.processes: list[subprocess.Popen[bytes]] = []
        self.table: t.Callable[[], set[str]] = set
        self.control: tuple[str, ...] = ()
        """The command that asks the host's router."""

    def __enter__(self) -> t.Self:
        for side in (self.host, self.node):
            run("ip", "netns", "add", side.namespace)
        plug, far = self.host, self.node
        peer = ("type", "veth", "peer", "name", far.link, "netns", far.namespace)
        run("ip", "-n", plug.namespace, "link", "add", plug.link, *peer)
        for side in (self.host, self.node):
            for address in side.addresses:
                run("ip", "-n", side.namespace, "address", "add", address, "dev", side.link, "nodad")
            for link in (side.link, "lo"):
                run("ip", "-n", side.namespace, "link", "set", link, "up")
        return self

    def __exit__(self, *_details: object) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGKILL)
            process.wait(PATIENCE)
        for side in (self.host, self.node):
            run("ip", "netns", "del", side.namespace)

    def start(self, side: Side, *command: str) -> None:
        """Run a daemon at one end."""
        with (self.directory / "out").open("ab") as out:
            self.processes.append(
                subprocess.Popen(
                    ["ip", "netns", "exec", side.namespace, *command], stdout=out, stderr=out, stdin=subprocess.DEVNULL
                )
            )

    def ask(self, *command: str) -> str:
        """Ask the host's router; nothing while it does not answer."""
        return str(self.run_there(command)["stdout"])

    def run_there(self, command: t.Sequence[str]) -> dict[str, t.Any]:
        """A command at the host's router."""
        full = ["ip", "netns", "exec", self.host.namespace, *command]
        done = subprocess.run(full, check=False, capture_output=True, text=True)
        return {"rc": done.returncode, "stdout": done.stdout, "stderr": done.stderr}

    def announce(self, *networks: str, prepends: str = "") -> None:
        """Start the node, or have it announce something else. ``prepends`` are lines of a BIRD filter."""
        lines = dict.fromkeys(("ipv4", "ipv6"), "")
        for network in networks:
            lines["ipv6" if ":" in network else "ipv4"] += f"route {network} blackhole; "
        path, control = self.directory / "node.conf", str(self.directory / "node.ctl")
        path.write_text(NODE_BIRD.format(prepends=prepends, **lines))
        self.start(self.node, "bird", "-f", "-c", str(path), "-s", control)

    def run(self, system: str, text: str) -> None:
        """Start the host's router with this text."""
        {"frr": self._frr, "bird": self._bird, "openbgpd": self._openbgpd}[system](text)

    def _frr(self, text: str) -> None:
        """The text is pasted into a FRR that runs."""
        name = self.host.namespace
        for folder in (pathlib.Path("/etc/frr", name), pathlib.Path("/run/frr", name)):
            folder.mkdir(parents=True)
            shutil.chown(folder, "frr", "frr")
            shutil.chown(folder.parent, "frr", "frr")
        for daemon in ("zebra", "bgpd"):
            self.start(self.host, f"/usr/lib/frr/{daemon}", "-N", name, "-A", "127.0.0.1")
        until(lambda: all(pathlib.Path("/run/frr", name, f"{each}.vty").exists() for each in ("zebra", "bgpd")))
        path = self.directory / "frr.conf"
        path.write_text(text)
        done = subprocess.run(["vtysh", "-N", name, "-f", str(path)], check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

        def table() -> set[str]:
            found: set[str] = set()
            for family in ("ipv4", "ipv6"):
                answer = self.ask("vtysh", "-N", name, "-c", f"show bgp {family} unicast json")
                found |= set(json.loads(answer or "{}").get("routes", {}))
            return found

        self.table, self.control = table, ("vtysh", "-N", name)

    def _bird(self, text: str) -> None:
        path, control = self.directory / "bird.conf", str(self.directory / "bird.ctl")
        path.write_text(PARSERS["bird"][0] + text)
        self.start(self.host, "bird", "-f", "-c", str(path), "-s", control)
        self.control = ("birdc", "-r", "-s", control)
        self.table = lambda: set(re.findall(r"(?m)^(\S+/\d+)", self.ask(*self.control, "show", "route")))

    def _openbgpd(self, text: str) -> None:
        path, control = self.directory / "bgpd.conf", str(self.directory / "bgpd.sock")
        path.touch(mode=0o600)
        path.write_text(f'{PARSERS["openbgpd"][0]}socket "{control}"\n{text}')
        pathlib.Path("/run/openbgpd").mkdir(exist_ok=True)
        self.start(self.host, "/usr/sbin/bgpd", "-d", "-f", str(path))

        self.control = ("bgpctl", "-s", control)

        def table() -> set[str]:
            answer = self.ask(*self.control, "-j", "show", "rib")
            return {route["prefix"] for route in json.loads(answer or "{}").get("rib", [])}

        self.table = table

    def await_too_many(self) -> None:
        """Until the node was told that it sent too many IPv4 prefixes (RFC 4486, section 4)."""
        question = ["birdc", "-r", "-s", str(self.directory / "node.ctl"), "show", "protocols", "all", "host4"]

        def told() -> bool:
            said = subprocess.run(question, check=False, capture_output=True, text=True).stdout
            return "Maximum number of prefixes reached" in said

        until(told, what="too many prefixes")

    def await_table(self, wanted: set[str]) -> None:
        """Until the host's router has accepted exactly these."""
        until(lambda: self.table() == wanted, what=lambda: f"{sorted(wanted)}, not {sorted(self.table())}")


SIXTH = "192.0.2.128/25"
IPV6 = {prefix for prefix in FIVE if ":" in prefix}
LOST = {
    "frr": (" match ip address prefix-list IMRS-IPV4\n match as-path IMRS-ORIGIN\n", ""),
    "bird": ("import filter imrs_in_ipv4", "import all"),
    "openbgpd": ('deny from group "imrs" AS != 20144', 'allow from group "imrs"'),
}
"""How each text loses its filter of IPv4 prefixes."""


@pytest.fixture(params=PARSERS)
def system(request: pytest.FixtureRequest) -> str:
    """Each system in turn."""
    return str(request.param)


@pytest.fixture
def text(system: str) -> str:
    """What the host of the record `single` is given, with an agreed password."""
    (only,) = parts(system, "single")
    assert PASSWORD in only
    return only.replace(PASSWORD, "secret")


@pytest.fixture
def wire(tmp_path: pathlib.Path) -> t.Iterator[Wire]:
    """The cable; nothing runs yet."""
    with Wire(tmp_path) as running:
        yield running


def test_the_five_are_accepted_with_prepends_too(wire: Wire, system: str, text: str) -> None:
    wire.run(system, text)
    prepend = "bgp_path.prepend(20144); bgp_path.prepend(20144);"
    wire.announce(*FIVE, prepends=f"if net ~ [199.7.83.0/24] || net ~ [2001:500:3::/48] then {{ {prepend} }}")
    wire.await_table(FIVE)


def test_acceptance_reads_what_it_has(wire: Wire, system: str, text: str) -> None:
    """The neutral reader, whatever the host's daemon."""
    wire.run(system, text)
    wire.announce(*FIVE, prepends="if net ~ [199.7.83.0/24] then { bgp_path.prepend(20144); }")
    wire.await_table(FIVE)
    addresses = {"ipv4": ["192.0.2.2", "192.0.2.7"], "ipv6": ["2001:db8:0:1::2"]}
    seen = host_router.received(addresses, wire.run_there, wire.control)
    ends = {"192.0.2.2": "192.0.2.1", "2001:db8:0:1::2": "2001:db8:0:1::1"}
    asn = None if system == "openbgpd" else 64500  # which does not tell it
    for address, end in ends.items():
        assert seen["sessions"][address] == {"state": "Established", "local_as": asn, "address": end}
        routes = {route["to"]: route for route in seen["routes"][address]}
        assert set(routes) == {prefix for prefix in FIVE if (":" in prefix) == (":" in address)}
        assert {route["origin"] for route in routes.values()} == {"IGP"}
        assert all(address in route["next_hops"] for route in routes.values()), routes
    paths = {route["to"]: route["as_path"] for route in seen["routes"]["192.0.2.2"]}
    assert paths == {"199.7.83.0/24": "20144 20144", "199.7.82.0/23": "20144"}
    assert seen["sessions"]["192.0.2.7"] == {"state": "", "local_as": None, "address": ""}
    assert seen["routes"]["192.0.2.7"] == []
    wire.processes[1 if system == "frr" else 0].kill()  # of FRR's, bgpd
    wire.processes[1 if system == "frr" else 0].wait()
    assert "error" in host_router.received(addresses, wire.run_there, wire.control)


def test_other_lengths_and_other_paths_are_refused(wire: Wire, system: str, text: str) -> None:
    """A more specific prefix, one that another AS originates, one that passed through another AS."""
    wire.run(system, text)
    paths = (
        "if net = 2001:500:9f::/48 then bgp_path.prepend(64511);"
        "if net = 2001:500:3::/48 then { bgp_path.prepend(20144); bgp_path.prepend(64511); }"
    )
    wire.announce(*COVERING, "199.7.83.0/25", "2001:500:9f::/48", "2001:500:3::/48", prepends=paths)
    wire.await_table(COVERING)


def test_a_sixth_prefix_is_refused(wire: Wire, system: str, text: str) -> None:
    """FRR counts what it accepts; the others count what they are sent, and end the session of that family."""
    wire.run(system, text)
    wire.announce(*FIVE, SIXTH)
    if system == "frr":
        question = ("vtysh", "-N", wire.host.namespace, "-c", "show bgp neighbors 192.0.2.2")
        until(lambda: "Inbound filtered: 1" in wire.ask(*question), what="a filtered prefix")
        wire.await_table(FIVE)
    else:
        wire.await_too_many()
        wire.await_table(IPV6)


def test_the_limit_ends_a_session_whose_filter_is_lost(wire: Wire, system: str, text: str) -> None:
    filtering, lost = LOST[system]
    assert filtering in text
    wire.run(system, text.replace(filtering, lost))
    wire.announce(*FIVE, SIXTH)
    wire.await_too_many()
    wire.await_table(IPV6)

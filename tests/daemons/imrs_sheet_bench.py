# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node of any sheet and all routers that it has sessions with, each in a network namespace.

The sheets are drawn and rendered outside the image, by tests/unit/roles/imrs_sheet_render.py. FRR's folders are
mounted for its own processes alone, so that several nodes run side by side.
"""

from __future__ import annotations

import ipaddress
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import typing as t

from ansible_collections.icann.imrs.plugins.module_utils import _addressing as addressing
from ansible_collections.icann.imrs.plugins.module_utils._routing import policy
from imrs_gate_bench import Bench, lengthened, run, until
from imrs_gate_config import CONFIG, HOLD_TIME, SERVICE
from imrs_host_bench import GATE
from imrs_provider_bench import FRR
from imrs_provider_config import LOST

SHEETS = pathlib.Path(os.environ.get("IMRS_SHEETS", pathlib.Path(__file__).parents[2] / ".cache/sheets.jsonl"))
MODES = ("dark", "drained", "live", "drained", "dark")
ASN = "20144"
NO_EXPORT = (65535, 65281)
_COUNT = itertools.count()
FOLDERS = ("etc", "run", "var/lib", "var/tmp")
START_FRR = """set -eu
for place in {folders}; do mkdir -p /$place/frr; mount --bind {directory}/$place/frr /$place/frr; done
for daemon in zebra mgmtd bgpd staticd bfdd; do {frr}/$daemon -d -F traditional -A 127.0.0.1 -P 0; done
while status=0; vtysh -b > {directory}/said 2>&1 || status=$?; grep -q 'locked by another' {directory}/said; do
  sleep 0.1
done
cat {directory}/said
[ $status = 0 ]
echo loaded
exec sleep infinity
"""
"""The daemons as the unit starts them, but without watchfrr, which takes longer to start than all of them.

While the daemons make themselves known to mgmtd, its configuration may be locked for a moment.
"""
ROUTERS = """
log "LOG" all;
router id 198.18.0.1;
protocol device { scan time 1; }
protocol direct { ipv4; ipv6; }
protocol bfd { strict bind on; }
protocol static told4 { ipv4; route 0.0.0.0/0 blackhole; route 199.0.0.0/16 blackhole; }
protocol static told6 { ipv6; route ::/0 blackhole; route 2620:0:2d0::/48 blackhole; }
"""
"""What all routers tell, whether it is taken or not: the default route and another one."""

Record = dict[str, t.Any]


def records(provider: str = "bird") -> t.Iterator[Record]:
    """The sheets that were drawn, with what is rendered of each. ``peers`` are those of this routing daemon."""
    assert SHEETS.exists(), f"{SHEETS} is not there; make it with tests/unit/roles/imrs_sheet_render.py"
    with SHEETS.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            yield {**record, "peers": record["peers"][provider]}


def features(record: Record) -> set[str]:
    """What a node's routing has to do with, of all that sheets may say."""
    uplink = record["uplink"]
    lengths = {each.partition("/")[2] for each in uplink["addresses"]}
    found = {f"/{length}" for length in lengths & {"31", "127"}} | {f"{min(len(record['peers']), 6)} sessions"}
    found |= {name for name in ("vlan", "bond") if uplink[name]}
    found |= {"several BIRDs" for _ in routers(record)[1:]}
    for family in addressing.FAMILIES:
        wide = [each for each in map(ipaddress.ip_interface, uplink["addresses"]) if not each.is_link_local]
        wide = [each for each in wide if each.version == int(family[-1])]
        found |= {f"more {family} addresses" for _ in wide[1:]}
        found |= {f"more {family} subnets" for each in wide[1:] if each.network != wide[0].network}
    found |= {"link-local gateway" for each in uplink["gateways"] if addressing.is_link_local(each)}
    found |= {"link-local first" for each in uplink["addresses"][:1] if addressing.is_link_local(each)}
    for peer in record["peers"]:
        flags = ("multihop", "bfd", "password_variable", "communities", "large_communities", "no_export")
        flags += ("bgp_role", "route_server")
        mine = {name for name in (*flags, "interface", "internal") if peer[name]}
        mine |= {f"prepend {peer['prepend']}", f"inbound {peer['inbound']}"} | {
            "AS4" for _ in [0] if peer["asn"] > 65535
        }
        # Two options of one session meet in its filters.
        found |= mine | {" with ".join(pair) for pair in itertools.combinations(sorted(mine), 2)}
    return found


def routers(record: Record) -> list[list[Record]]:
    """The sessions, by the BIRD that is their router: one has one BFD session with an address on a link, one beyond."""
    found: list[list[Record]] = [[]]
    watched: list[set[tuple[str, bool]]] = [set()]
    for peer in record["peers"]:
        way = (peer["local_address"], bool(peer["multihop"]))
        at = next((at for at, known in enumerate(watched) if not peer["bfd"] or way not in known), len(found))
        if at == len(found):
            found.append([])
            watched.append(set())
        found[at].append(peer)
        watched[at] |= {way} if peer["bfd"] else set()
    return found


def diverse(every: t.Iterable[Record], number: int) -> list[Record]:
    """So many of the sheets, each one with the most features that those before it have not."""
    left = [(features(record), record) for record in every]
    if number >= len(left):
        return [record for _features, record in left]
    seen: set[str] = set()
    chosen = []
    for _ in range(number):
        best = max(range(len(left)), key=lambda at: _worth(left[at][0] - seen))
        mine, record = left.pop(best)
        seen |= mine
        chosen.append(record)
    return chosen


def _worth(new: set[str]) -> tuple[int, int]:
    """Options count before pairs of them."""
    pairs = sum(" with " in name for name in new)
    return len(new) - pairs, pairs


def wanted(record: Record, mode: str) -> dict[str, dict[str, Record]]:
    """What each session's router has to hold, by its name and by prefix. By what the sheet says, not the templates."""
    sheet = record["sheet"]
    options = {addressing.parse(each).text: peer for peer in sheet["peers"] for each in peer["addresses"]}
    inside = sheet["kind"] == "cluster"
    found: dict[str, dict[str, Record]] = {}
    for peer in record["peers"]:
        agreed: Record = {} if inside else options[peer["address"]]
        path = [] if inside else [ASN]
        spelt = [tuple(map(int, each.split(":"))) for each in agreed.get("communities", [])]
        spelt += [NO_EXPORT] if agreed.get("no_export") else []
        dressed = {
            "path": path + [ASN] * agreed.get("prepend", 0),
            "standard": sorted(each for each in spelt if len(each) == 2),
            "large": sorted(each for each in spelt if len(each) == 3),
        }
        prefixes = policy.IMRS_PREFIXES[peer["family"]]
        announced = policy.announced(policy.Mode.parse(mode), prefixes)
        bare = {"path": path, "standard": [], "large": []}
        found[peer["name"]] = {each: dressed if each in prefixes.specific else bare for each in announced}
    return found


def suited(text: str) -> str:
    """A routing daemon's file for machines that stall: nothing that a silence of some seconds would end."""
    text = re.sub(r"(?m)^(  hold time) \d+;\n  keepalive time \d+;", rf"\1 {HOLD_TIME};\n  keepalive time 3;", text)
    text = re.sub(r"(?m)^( neighbor [\da-f.:]+ timers) \d+ \d+$", rf"\1 3 {HOLD_TIME}", lengthened(text))
    text = re.sub(r"\binterval \d+ ms; multiplier \d+;", "interval 300 ms; multiplier 50;", text)
    text = re.sub(r"(?m)^(  (?:transmit|receive)-interval) \d+$", r"\1 300", text)
    return re.sub(r"(?m)^(  detect-multiplier) \d+$", r"\1 50", text)


class SheetBench(Bench):
    """One sheet with one routing daemon."""

    def __init__(self, directory: pathlib.Path, record: Record, routing: str) -> None:
        """``record`` is one of ``records``."""
        directory.mkdir(parents=True)
        super().__init__(directory, CONFIG)
        self.record, self.routing = record, routing
        number = next(_COUNT)
        self.node, self.router = (f"imrs-t-{os.getpid()}-{number}{end}" for end in "nr")
        self.gate = 0

    def __enter__(self) -> t.Self:
        try:
            self._link()
            (self.directory / "lib").mkdir()
            (self.directory / "lib/imrs").symlink_to(pathlib.Path(__file__).parents[2] / "plugins/module_utils")
            for name, text in self._routers().items():
                self._start(name, self.router, text)
            if self.routing == "bird":
                self.write("bird")
                self._bird_at("bird", self.node, self.directory / "etc/bird/bird.conf")
            else:
                self._start_frr()
            self.say("dark")
        except BaseException:
            self._clean()
            raise
        return self

    def _clean(self) -> None:
        pids = subprocess.run(["ip", "netns", "pids", self.node], check=False, capture_output=True, text=True).stdout
        for pid in map(int, pids.split()):  # FRR's daemons, which are nobody's children
            os.kill(pid, signal.SIGKILL)
        super()._clean()

    def _link(self) -> None:
        """The cable, and the addresses of both ends: the sheet's."""
        uplink, peers = self.record["uplink"], self.record["peers"]
        for name in (self.node, self.router):
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        port = uplink["interface"]
        run("ip", "-n", self.node, "link", "add", port, *f"type veth peer name host netns {self.router}".split())
        near = [*uplink["gateways"], *(peer["address"] for peer in peers if not peer["multihop"])]
        own = list(map(ipaddress.ip_interface, uplink["addresses"]))
        theirs = {f"{each}/{link.network.prefixlen}" for each in map(ipaddress.ip_address, near) for link in own
                  if each in link.network or (each.is_link_local and link.is_link_local)}  # fmt: skip
        for link in own:
            # BIRD takes no next hop from outside its own subnets, so the router has an address of each.
            if not any(ipaddress.ip_interface(one).network == link.network for one in theirs):
                ours = {each.ip for each in own}
                theirs.add(f"{next(one for one in link.network.hosts() if one not in ours)}/{link.network.prefixlen}")
        far = {f"{peer['address']}/{128 if peer['family'] == 'ipv6' else 32}" for peer in peers if peer["multihop"]}
        for name, place in ((self.node, port), (self.router, "host")):
            if any(each.is_link_local for each in own):  # the one that the sheet gives, and no other
                run("ip", "-n", name, "link", "set", place, "addrgenmode", "none")
            run("ip", "-n", name, "link", "set", place, "up")
        places = (
            (self.node, port, uplink["addresses"]),
            (self.router, "host", theirs),
            (self.router, "lo", far),
            (self.node, "lo", SERVICE),
        )
        for name, link, addresses in places:
            for each in sorted(addresses):
                more = ["nodad"] if ":" in each else []
                run("ip", "-n", name, "address", "add", each, "dev", link, *more)
        for each in uplink["gateways"]:
            way = ("default", "via", each, "dev", port, "metric", str(LOST))
            run("ip", "-n", self.node, "-6" if ":" in each else "-4", "route", "add", *way)

    def write(self, provider: str) -> None:
        """The rendered files, below a folder of our own."""
        for path, text in self.record["files"][provider].items():
            place = self.directory / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(suited(text))

    def _start_frr(self) -> None:
        self.write("frr")
        (self.directory / "etc/frr/vtysh.conf").touch()
        for folder in FOLDERS:
            (self.directory / folder / "frr").mkdir(parents=True, exist_ok=True)
        run("chown", "-R", "frr:frr", *(str(self.directory / folder / "frr") for folder in FOLDERS))
        run("chmod", "755", str(self.directory))
        script = START_FRR.format(folders=" ".join(FOLDERS), directory=self.directory, frr=FRR)
        self.start("frr", self.node, "sh", "-c", script)

    def loaded(self) -> bool:
        """Whether the routing daemon has read its file; fails when it took exception to a line of it."""
        if self.routing == "bird":
            return True  # or it would not have a socket
        said = (self.directory / "frr.out").read_text(errors="replace")
        complaints = [line for line in said.splitlines() if "%" in line or "line" in line or "rror" in line]
        assert not complaints, "\n".join(complaints)
        assert self.processes["frr"].poll() is None, said
        return said.endswith("loaded\n")

    def _start(self, name: str, namespace: str, text: str) -> None:
        path = self.directory / f"{name}.conf"
        path.write_text(text)
        self._bird_at(name, namespace, path)

    def _bird_at(self, name: str, namespace: str, path: pathlib.Path) -> None:
        socket = self.directory / f"{name}.ctl"
        self.start(name, namespace, "bird", "-f", "-c", str(path), "-s", str(socket), "-P", f"{socket}.pid")

        def there() -> bool:
            said = (self.directory / f"{name}.out").read_text(errors="replace")
            assert self.processes[name].poll() is None, said
            return socket.exists()

        until(there, what=f"{name} to listen")

    def _routers(self) -> dict[str, str]:
        """BIRDs that are all of the routers: they speak what the sheet says, and tell more than anybody may take."""
        found = {}
        for number, peers in enumerate(routers(self.record), 1):
            name = f"router{number}"
            parts = [ROUTERS.replace("LOG", f"{self.directory}/{name}.log"), *map(self._router, peers)]
            found[name] = "".join(parts)
        return found

    def shown(self, *words: str) -> str:
        """What all routers show."""
        return "".join(self.birdc(name, "show", *words) for name in self._routers())

    def _router(self, peer: Record) -> str:
        secret = peer["password_variable"] and self.record["secrets"][peer["password_variable"]]
        lines = [
            f"local {peer['address']} as {peer['asn']}; neighbor {peer['local_address']} as {ASN}; strict bind on",
            f"hold time {HOLD_TIME}; keepalive time 3",
            "connect delay time 1; connect retry time 1; error wait time 1, 2",
            f"multihop {peer['multihop']}" if peer["multihop"] else "direct; ttl security on",
            peer["interface"] and 'interface "host"',
            secret and f'authentication md5; password "{secret}"',
            peer["bgp_role"] and "local role provider",
            peer["bfd"] and "bfd { interval 300 ms; multiplier 50; }",
            f"{peer['family']} {{ import all; export where source = RTS_STATIC; next hop self; }}",
        ]
        return f"protocol bgp {peer['name']} {{ {' '.join(f'{line};' for line in lines if line)} }}\n"

    def say(self, mode: str) -> None:
        """From now on the gate announces what this mode has, for all sessions of the node."""
        path = self.directory / "said.json"
        prefixes = [
            each
            for family in addressing.FAMILIES
            for each in policy.announced(policy.Mode.parse(mode), policy.IMRS_PREFIXES[family])
        ]
        marks = [peer["mark"] for peer in self.record["peers"]]
        written = path.with_suffix(".new")
        written.write_text(json.dumps({"prefixes": prefixes, "graceful": False, "more": [], "sessions": marks}))
        written.replace(path)
        if "gate" not in self.processes:
            self.start("gate", self.node, sys.executable, "-c", GATE, str(self.directory / "lib"), str(path))

    def established(self) -> bool:
        """Whether every session of the sheet is up."""
        return len(re.findall(r"(?m) Established\s*$", self.shown("protocols"))) == len(self.record["peers"])

    def held(self) -> dict[str, dict[str, Record]]:
        """What each session's router holds: as ``wanted`` has it."""
        found: dict[str, dict[str, Record]] = {peer["name"]: {} for peer in self.record["peers"]}
        prefix, entry = "", {}
        for line in self.shown("route", "all").splitlines():
            if match := re.match(r"(\S+/\d+)?\s+\w+ \[(\w+) ", line):
                prefix, entry = match[1] or prefix, {"path": [], "standard": [], "large": []}
                if match[2] in found:
                    found[match[2]][prefix] = entry
            elif match := re.match(r"\s+BGP\.(as_path|community|large_community): ?(.*)", line):
                if match[1] == "as_path":
                    entry["path"] = match[2].split()
                else:
                    numbers = sorted(tuple(map(int, each.split(","))) for each in re.findall(r"\(([^)]*)\)", match[2]))
                    entry["standard" if match[1] == "community" else "large"] = numbers
        return found

    def remove(self) -> None:
        """What is on the disk."""
        shutil.rmtree(self.directory)

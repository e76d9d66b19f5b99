#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record evidence from real daemons, for the tables of the acceptance tests.

    unshare --mount --net --pid --fork --mount-proc \
        python3 record.py --zone root.zone.gz --provider knot --collection CHECKOUT --out DIRECTORY

Needs root and knot (as node or as master), nsd for ``--provider nsd``, bird2, frr, ldnsutils, nftables, dnspython. All
happens inside namespaces of its own, but for packages on hold and the settings of sshd, which are read as they are:
a node with the service addresses on its loopback and Knot DNS or NSD, BIRD, and a stand-in of the gate; behind a veth
the host's side with FRR and the two masters. When the process ends, so do they.
The zone is a root zone, signed again with throw-away keys. Passwords are made up here and appear in no evidence.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import importlib
import json
import pathlib
import shutil
import subprocess
import sys
import time
import types
import typing as t

WORK = pathlib.Path("/run/record")
NODE = "xlb01.l.root-servers.org"
MASTERS = ("203.0.113.1", "2001:db8:0:3::1")
SERVICE = {"ipv4": ["199.7.83.42"], "ipv6": ["2001:500:9f::42", "2001:500:3::42"]}
BEACON = {"ipv4": ["199.7.83.53"], "ipv6": ["2001:500:9f::53"]}
IDENTITY_ZONE = {  # that of the files in tests/daemons/rendered/options
    "name": "identity.l.root-servers.org.",
    "addresses": BEACON,
    "strings": ["xlb01.l.root-servers.org", r"S\195\163o Tom\195\169; the city", "", "ST", "Africa"],
    "address": "192.0.2.2",
}
PREFIXES = {
    "ipv4": {"specific": ["199.7.83.0/24"], "covering": ["199.7.82.0/23"]},
    "ipv6": {"specific": ["2001:500:9f::/48", "2001:500:3::/48"], "covering": ["2001:500:9e::/47"]},
}
PEERS = {"ipv4": ("192.0.2.1", "192.0.2.2"), "ipv6": ("2001:db8:0:1::1", "2001:db8:0:1::2")}
KEY = "xlb01-dist1.lab.example."
SECRET = "bm90IGEgc2VjcmV0LCBub3QgYSBzZWNyZXQsIG5vbmUh"
ZONE_OF_OUR_OWN = "root-servers.net."


def run(*command: str, stdin: str | None = None, check: bool = True) -> str:
    """Run a command; its output."""
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


def spawn(*command: str) -> subprocess.Popen[bytes]:
    """Start a daemon in the foreground; it ends with this PID namespace."""
    log = (WORK / "log").open("ab")
    return subprocess.Popen(command, stdout=log, stderr=log, cwd=WORK)


def write(name: str, text: str) -> str:
    """A file in the work directory; its path."""
    path = WORK / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii")
    return str(path)


def until(test: t.Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(Exception):
            if test():
                return
        time.sleep(0.2)
    shown = "".join(raw_outputs().values())
    raise SystemExit(f"{what}: not within {seconds} s\n{shown}\n{(WORK / 'log').read_text()}")


def zones(source: str) -> tuple[list[str], dict[str, str]]:
    """The root zone signed again, its DS records, and a small zone beside it."""
    with gzip.open(source, "rt", encoding="ascii") as stream:
        dropped = {"RRSIG", "NSEC", "DNSKEY", "ZONEMD"}
        lines = [line for line in stream if line.split() and line.split()[3] not in dropped]
    seen_soa, kept = False, []
    for line in lines:  # the published file ends with a second SOA
        soa = line.split()[3] == "SOA"
        if not (soa and seen_soa):
            kept.append(line)
        seen_soa = seen_soa or soa
    write("root.plain", "".join(kept))
    zsk = run("sh", "-c", f"cd {WORK} && ldns-keygen -a RSASHA256 -b 2048 .").strip()
    ksk = run("sh", "-c", f"cd {WORK} && ldns-keygen -k -a RSASHA256 -b 2048 .").strip()
    times = (time.time() - 3600, time.time() + 13 * 86400)
    stamps = [time.strftime("%Y%m%d%H%M%S", time.gmtime(when)) for when in times]
    signing = f"ldns-signzone -o . -z 1:1 -i {stamps[0]} -e {stamps[1]} -f root.zone root.plain {zsk} {ksk}"
    run("sh", "-c", f"cd {WORK} && {signing}")
    ds = run("sh", "-c", f"cd {WORK} && ldns-key2ds -n -2 {ksk}.key").split()
    soa = "a.root-servers.net. nstld.verisign-grs.com. 2026073100 14400 7200 1209600 3600000"
    small = f"{ZONE_OF_OUR_OWN} 3600000 IN SOA {soa}\n"
    small += "".join(f"{ZONE_OF_OUR_OWN} 3600000 IN NS {letter}.root-servers.net.\n" for letter in "abcdefghijklm")
    glue = [line.split() for line in kept if line.split()[0].lower().endswith(f".{ZONE_OF_OUR_OWN}")]
    small += "".join(f"{name} 3600000 IN {kind} {data}\n" for name, _ttl, _class, kind, data in glue)
    write("small.zone", small)
    return [f". IN DS {' '.join(ds[-4:])}"], {".": "root.zone", ZONE_OF_OUR_OWN: "small.zone"}


class Outside:
    """The network namespace of the host's side."""

    def __init__(self) -> None:
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        until(lambda: self._net(self.holder.pid) != self._net("self"), "a second network namespace")
        self.enter = ("nsenter", "--net", "--target", str(self.holder.pid))

    @staticmethod
    def _net(pid: object) -> str:
        return str(pathlib.Path(f"/proc/{pid}/ns/net").readlink())

    def run(self, *command: str) -> str:
        return run(*self.enter, *command)

    def spawn(self, *command: str) -> None:
        spawn(*self.enter, *command)


def network(outside: Outside) -> None:
    """Two machines and a wire."""
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "uplink", "type", "veth", "peer", "name", "node", "netns", str(outside.holder.pid))
    ipv4, ipv6 = (SERVICE[family] + BEACON[family] for family in ("ipv4", "ipv6"))
    for address in (*(f"{a}/32" for a in ipv4), *(f"{a}/128" for a in ipv6), "127.0.0.2/32"):
        run("ip", "addr", "add", address, "dev", "lo", "nodad" if ":" in address else "noprefixroute")
    outside.run("ip", "link", "set", "lo", "up")
    for family, (theirs, ours) in PEERS.items():
        length = "29" if family == "ipv4" else "64"
        run("ip", "addr", "add", f"{ours}/{length}", "dev", "uplink", "nodad")
        outside.run("ip", "addr", "add", f"{theirs}/{length}", "dev", "node", "nodad")
    for master in MASTERS:
        outside.run("ip", "addr", "add", f"{master}/{128 if ':' in master else 32}", "dev", "lo", "nodad")
    run("ip", "link", "set", "uplink", "up")
    outside.run("ip", "link", "set", "node", "up")
    for theirs, _ours in PEERS.values():
        run("ip", "route", "add", "default", "via", theirs)

    def settled() -> bool:
        shown = outside.run("ip", "-6", "addr", "show", "dev", "node", "scope", "link")
        return "fe80:" in shown and "tentative" not in shown

    until(settled, "a link-local address, which FRR wants")


def knot_conf(name: str, listen: t.Sequence[str], files: dict[str, str], **more: str) -> str:
    """A configuration of Knot DNS, for the node or for the masters."""
    (WORK / name).mkdir()
    lines = ["server:", f"    rundir: {WORK}/{name}", f"    listen: [ {', '.join(f'{a}@53' for a in listen)} ]"]
    lines += [f"    {key}: {value}" for key, value in more.items()]
    if name == "masters":
        lines += ["key:", f"  - id: {KEY}", "    algorithm: hmac-sha256", f"    secret: {SECRET}"]
        lines += ["acl:", "  - id: node", f"    key: {KEY}", "    action: transfer"]
    lines += ["database:", f"    storage: {WORK}/{name}", "control:", f"    listen: {WORK}/{name}/knot.sock", "zone:"]
    for zone, file in files.items():
        lines += [f"  - domain: {zone}", f"    file: {WORK}/{file}", "    zonefile-load: whole"]
        lines += ["    journal-content: none"] + (["    acl: node"] if name == "masters" else [])
    return write(f"{name}.conf", "\n".join(lines) + "\n")


def name_servers(outside: Outside, provider: str, files: dict[str, str]) -> dict[str, list[str]]:
    """The masters, and the node's own; how to call its control program."""
    outside.spawn("knotd", "-c", knot_conf("masters", MASTERS, files))
    addresses = SERVICE["ipv4"] + SERVICE["ipv6"]
    if provider == "knot":
        limits = {"udp-max-payload": "1232", "tcp-idle-timeout": "5", "tcp-max-clients": "1000"}
        conf = knot_conf("node", addresses, files, identity=NODE, nsid=NODE, version='""', **limits)
        spawn("knotd", "-c", conf)
        return {"nameserver": ["knotc", "-c", conf]}
    server = {"username": '""', "chroot": '""', "zonesdir": f'"{WORK}"', "pidfile": f'"{WORK}/nsd.pid"'}
    server |= {"xfrdfile": f'"{WORK}/xfrd"', "zonelistfile": f'"{WORK}/zonelist"', "xfrdir": f'"{WORK}"'}
    server |= {"identity": f'"{NODE}"', "nsid": f'"ascii_{NODE}"', "tcp-timeout": "10", "tcp-count": "1000"}
    server |= {"minimal-responses": "yes", "hide-version": "yes", "answer-cookie": "no"}
    server |= dict.fromkeys(("ipv4-edns-size", "ipv6-edns-size"), "1232")
    text = "server:\n" + "".join(f"  {key}: {value}\n" for key, value in server.items())
    text += "".join(f"  ip-address: {address}\n" for address in addresses)
    text += f"remote-control:\n  control-enable: yes\n  control-interface: {WORK}/nsd.ctl\n"
    text += "".join(f"zone:\n  name: {zone}\n  zonefile: {WORK}/{file}\n" for zone, file in files.items())
    conf = "/etc/nsd/nsd.conf"
    pathlib.Path(conf).write_text(text, encoding="ascii")
    spawn("nsd", "-d", "-c", conf)
    return {"nameserver": ["nsd-control", "-c", conf]}


def identity_zone(provider: str, collection: str) -> None:
    """The process that serves the identity zone, with its files as they are rendered."""
    shutil.copytree(f"{collection}/tests/daemons/rendered/options/etc/imrs-identity", "/etc/imrs-identity")
    pathlib.Path("/run/imrs-identity").mkdir()
    program = ("knotd",) if provider == "knot" else ("nsd", "-d", "-P", "")
    spawn(*program, "-c", f"/etc/imrs-identity/{provider}.conf")


def _static(prefixes: t.Iterable[str], name: str, family: str) -> str:
    routes = "".join(f"  route {prefix} blackhole;\n" for prefix in prefixes)
    return f"protocol static {name} {{\n  {family};\n{routes}}}\n"


def gate_conf(announced: dict[str, tuple[str, ...]]) -> str:
    """A second BIRD that stands in for the gate: one iBGP session on loopback with both families."""
    text = "router id 127.0.0.2;\nprotocol device {}\n"
    for family, prefixes in announced.items():
        text += _static(prefixes, f"own_{family}", family)
    hops = {family: ours for family, (_theirs, ours) in PEERS.items()}
    channels = "".join(f"  {f} {{ import none; export all; next hop address {hops[f]}; }};\n" for f in announced)
    text += "protocol bgp up {\n  local 127.0.0.2 as 20144;\n  neighbor 127.0.0.1 as 20144;\n  strict bind on;\n"
    return text + f"  hold time 3;\n{channels}}}\n"


def bird_conf(secret: str) -> str:
    """The node's BIRD: passes on what the gate gives it."""
    text = "router id 192.0.2.2;\nprotocol device {}\nprotocol bgp gate {\n  local 127.0.0.1 as 20144;\n"
    text += "  neighbor 127.0.0.2 as 20144;\n  strict bind on;\n  passive on;\n  hold time 3;\n"
    text += "  ipv4 { import all; export none; };\n  ipv6 { import all; export none; };\n}\n"
    text += 'filter from_gate { if proto = "gate" then accept; reject; }\n'
    text += "template bgp peer {\n  ttl security on;\n  hold time 9;\n  graceful restart aware;\n}\n"
    for family, (theirs, ours) in PEERS.items():
        text += f"protocol bgp as64500_{family}_1 from peer {{ # not a secret: {{ \n  local {ours} as 20144;\n"
        text += f'  strict bind on;\n  neighbor {theirs} as 64500;\n  password "{secret}";\n'
        text += f"  {family} {{ import none; export filter from_gate; next hop self; }};\n}}\n"
    return text


def frr_conf(secret: str) -> str:
    """The host's router."""
    text = "router bgp 64500\n bgp router-id 192.0.2.1\n no bgp ebgp-requires-policy\n no bgp default ipv4-unicast\n"
    for _theirs, ours in PEERS.values():
        text += f" neighbor {ours} remote-as 20144\n neighbor {ours} password {secret}\n"
        text += f" neighbor {ours} ttl-security hops 1\n neighbor {ours} timers 3 9\n"
    for family, (_theirs, ours) in PEERS.items():
        text += f" address-family {family} unicast\n  neighbor {ours} activate\n exit-address-family\n"
    return text


def routers(outside: Outside, secret: str) -> None:
    """BIRD on the node, FRR at the host."""
    spawn("bird", "-f", "-c", write("bird.conf", bird_conf(secret)), "-s", f"{WORK}/bird.ctl")
    pathlib.Path("/run/frr").mkdir(exist_ok=True)
    shutil.chown("/run/frr", "frr", "frr")
    for name, text in (("mgmtd", ""), ("zebra", ""), ("bgpd", frr_conf(secret))):
        conf = write(f"{name}.conf", text)
        shutil.chown(conf, "frr", "frr")
        chosen = () if name == "mgmtd" else ("-f", conf)
        outside.spawn(f"/usr/lib/frr/{name}", *chosen, "-A", "127.0.0.1", "--log", "stdout")
    # a packet filter as a node has it
    ports = "meta l4proto {{ tcp, udp }} th"
    raw = "chain {0} {{ type filter hook {0} priority raw; " + ports + " {1} 53 notrack; }}\n"
    rules = raw.format("prerouting", "dport") + raw.format("output", "sport")
    rules += "chain input { type filter hook input priority filter; policy drop; "
    rules += "iif lo accept; ct state established accept; }\n"
    run("nft", "-f", "-", stdin=f"table inet imrs {{\n{rules}}}\n")


def expected(anchors: list[str], provider: str) -> dict[str, t.Any]:
    """The host variables of the node, as the module takes them."""
    peers = [
        {
            "name": f"as64500_{family}_1",
            "mark": f"as64500_{family}_1",  # nothing here attaches one
            "family": family,
            "asn": 64500,
            "address": theirs,
            "local_address": ours,
            "multihop": None,
            "password_variable": "vault_xlb_bgp",
            "hold_time": 9,
            "description": "Example Net",
        }
        for family, (theirs, ours) in PEERS.items()
    ]
    return {
        "node_name": NODE,
        "asn": 20144,
        "router_id": "192.0.2.2",
        "service_addresses": SERVICE,
        "identity_zone": IDENTITY_ZONE,
        "prefixes": PREFIXES,
        "peers": peers,
        "zones": [{"name": ".", "zonemd": True, "dnssec": True}, {"name": ZONE_OF_OUR_OWN}],
        "masters": [{"name": "dist1", "addresses": list(MASTERS), "port": 53, "tsig": {"name": KEY}}],
        "trust_anchors": anchors,
        "uplink": {"interface": "uplink", "addresses": ["192.0.2.2/29", "2001:db8:0:1::2/64"]},
        "operator_networks": {"ipv4": ["198.51.100.0/24"], "ipv6": []},
        "nameserver_provider": provider,
        "routing_provider": "bird",
        "mode": "live",
        "tcp_clients": 1000,
    }


def library(checkout: str) -> types.SimpleNamespace:
    """The collection's library out of a checkout."""
    parents = ("ansible_collections", "ansible_collections.icann")
    for name, path in (*((parent, "") for parent in parents), (f"{parents[-1]}.imrs", checkout)):
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__path__ = [path] if path else []
    base = "ansible_collections.icann.imrs.plugins.module_utils"
    names = ("_probes.collect", "_acceptance.plan", "_acceptance.expected", "_routing.policy")
    return types.SimpleNamespace(**{name.split(".")[1]: importlib.import_module(f"{base}.{name}") for name in names})


def from_outside(outside: Outside, argv: list[str], scope: str, stage: str, data: dict[str, t.Any]) -> dict[str, t.Any]:
    """Collect in the other network namespace, by running this file there."""
    path = write("expected.json", json.dumps(data))
    output = outside.run(sys.executable, __file__, *argv, "--inside", f"{scope}:{stage}:{path}")
    return dict(json.loads(output))


def raw_outputs() -> dict[str, str]:
    """What birdc prints, for the parsers' tests."""
    commands = ("show status", "show protocols all", "show route all", "show route export as64500_ipv6_1 all")
    return {command: run("birdc", "-r", "-s", f"{WORK}/bird.ctl", *command.split()) for command in commands}


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("--zone", "--collection", "--out"):
        parser.add_argument(name, required=True)
    parser.add_argument("--provider", choices=["knot", "nsd"], default="knot")
    parser.add_argument("--inside")
    options = parser.parse_args()
    imrs = library(options.collection)
    if options.inside:
        inside(imrs, *options.inside.split(":", 2))
    else:
        record(imrs, options)


def inside(imrs: types.SimpleNamespace, scope: str, stage: str, path: str) -> None:
    """Collect what the host's side sees, and print it."""
    data = json.loads(pathlib.Path(path).read_text())
    expected_, mode = imrs.expected.Expected.parse(data), imrs.policy.Mode.parse(stage)
    if scope == "router":
        json.dump(imrs.collect.router(stage, data, expected_.announced(mode)), sys.stdout)
    else:
        asked = imrs.plan.questions(expected_, mode, scope, "qwertyuiop")
        together = imrs.plan.together(expected_, mode, scope)
        json.dump(imrs.collect.vantage(stage, data, asked, together=together), sys.stdout)


def record(imrs: types.SimpleNamespace, options: argparse.Namespace) -> None:
    """Build the place, and collect from it at every stage."""
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    WORK.mkdir()
    pathlib.Path("/run/sshd").mkdir()
    anchors, files = zones(options.zone)
    outside = Outside()
    network(outside)
    commands: dict[str, list[str]] = name_servers(outside, options.provider, files)
    identity_zone(options.provider, options.collection)
    routers(outside, "not-a-real-password")
    keys = f'key:\n  - id: "{KEY}"\n    algorithm: hmac-sha256\n    secret: "{SECRET}"\n'
    commands["keys"] = [write("keys.conf", keys)]
    commands |= {"routing": ["birdc", "-r", "-s", f"{WORK}/bird.ctl"], "configuration": [f"{WORK}/bird.conf"]}
    data = expected(anchors, options.provider)
    parsed = imrs.expected.Expected.parse(data)
    up = ("birdc", "-s", f"{WORK}/bird.ctl", "show", "protocols")
    argv = ["--zone", options.zone, "--collection", options.collection, "--out", options.out]
    conf = write("gate.conf", gate_conf({"ipv4": (), "ipv6": ()}))
    spawn("bird", "-f", "-c", conf, "-s", f"{WORK}/gate.ctl")
    until(lambda: run(*up).count("Established") == 3, "three BGP sessions", 30)
    until(lambda: "noerror" in run("kdig", f"@{SERVICE['ipv4'][0]}", ".", "SOA").lower(), "an answer", 60)
    for stage in ("dark", "drained", "live"):
        mode = imrs.policy.Mode.parse(stage)
        announced = parsed.announced(mode)
        write("gate.conf", gate_conf(announced))
        run("birdc", "-s", f"{WORK}/gate.ctl", "configure")
        if mode:
            table = ("vtysh", "-c", "show bgp ipv6 unicast json")
            last = announced["ipv6"][0]
            until(lambda last=last, table=table: last in outside.run(*table), f"{last} at the host's router")  # type: ignore[misc]
        time.sleep(2)
        asked = imrs.plan.questions(parsed, mode, "node", "qwertyuiop")
        documents = [imrs.collect.node(stage, data, asked, imrs.plan.signed(parsed), commands=commands)]
        documents.append(from_outside(outside, argv, "router", stage, data))
        if stage == "live":
            documents.append(from_outside(outside, argv, "vantage", stage, data))
        out = pathlib.Path(options.out, f"{options.provider}_{stage}.json")
        out.write_text(json.dumps({"expected": data, "evidence": documents}, separators=(",", ":")) + "\n")
        took = ", ".join(f"{document['scope']} {document['seconds']} s" for document in documents)
        sys.stdout.write(f"{out.name}: {out.stat().st_size} octets; {took}\n")
    outputs = raw_outputs()
    version = outputs["show status"].split()[1].replace(".", "_")
    pathlib.Path(options.out, f"bird_{version}.json").write_text(json.dumps(outputs, indent=1) + "\n")


if __name__ == "__main__":
    main()

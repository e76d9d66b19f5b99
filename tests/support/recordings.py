# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded evidence of real daemons, and ways to spoil it. ``recorded/record*.py`` make the recordings."""

from __future__ import annotations

import base64
import copy
import functools
import json
import pathlib
import struct
import typing as t

import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
import registrations
from ansible_collections.icann.imrs.plugins.module_utils import _products as products
from ansible_collections.icann.imrs.plugins.module_utils._acceptance import catalog, examples, judge
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.evidence import Evidence
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.expected import Expected
from ansible_collections.icann.imrs.plugins.module_utils._bundle import record
from ansible_collections.icann.imrs.plugins.module_utils._routing.policy import Mode
from ansible_collections.icann.imrs.plugins.module_utils._site import bogons

if t.TYPE_CHECKING:
    from ansible_collections.icann.imrs.plugins.module_utils._acceptance.check import Verdict

LINK = {
    "ipv4": [{"address": "192.0.2.2", "length": 29, "link_local": False}],
    "ipv6": [{"address": "2001:db8::2", "length": 64, "link_local": False}],
}
"""The uplink of recordings, as ``imrs_link`` has it."""
DIRECTORY = pathlib.Path(__file__).resolve().parents[1] / "unit/plugins/module_utils/_acceptance/recorded"
WAIVED = [
    {"check": ident, "reason": "a container"}
    for ident in ("HD-05", "HW-01", "HW-02", "HW-03", "HW-04", "OS-02", "TM-01", "TM-02")
]
"""What a machine of its own has, and a container has not."""
AUDIT = {"enabled": "1", "failure": "1", "pid": "213", "lost": "0", "backlog_wait_time": "0"}
RULES = ("-a always,exclude -F msgtype=BPF", "-a never,task -F auid=-1")
"""What a kernel of its own says of its audit."""
CHECKS = {check.id: check for check in catalog.CATALOG}
Document = dict[str, t.Any]
Spoil = t.Callable[["Scene"], None]


@functools.cache
def _text(name: str) -> str:
    return (DIRECTORY / name).read_text(encoding="utf-8")


def load(provider: str, stage: str) -> Document:
    """One recording: ``{"expected": ..., "evidence": [...]}``."""
    recording = dict(json.loads(_text(f"{provider}_{stage}.json")))
    recording["expected"] |= {"refused": bogons.refused(), "link": LINK, "log_server": {"name": "log.imrs.example"}}
    recording["expected"]["peers"] = _marked(recording["expected"]["peers"])
    for document in recording["evidence"]:
        if document["scope"] == "vantage":
            document.update(json.loads(_text(f"vantage_{provider}.json")))
        if document["scope"] == "node":  # no role wrote the files of the daemons that were recorded
            document["zones"].setdefault("served", json.loads(_text(f"served_{provider}.json")))
            for file in ("streams", "checksums"):
                for name, rows in json.loads(_text(f"{file}_{provider}.json")).items():
                    document.setdefault(name, rows)
            document["log"] = {"active": "active", "waits": 0.2}  # there was no log server
            document["audit"] = {"status": {**AUDIT}, "loaded": [*RULES], "wanted": [*RULES], "error": ""}
            document["bundles"] = {name: {"files": 3, "other": {}} for name in record.BUNDLES}
            if "system" not in document:
                _with_system(document, json.loads(_text(f"system_{provider}.json")), provider)
            # What the probe says of hardware in a container: it does not look at the machine around it.
            container = {"container": document["host"]["container"], "machine": ""}
            document.setdefault("hardware", {"virtual": container})
            for session in document["routing"]["sessions"]:  # recorded before the probe read it
                if "hold_time" in session:
                    session.setdefault("keepalive_time", session["hold_time"] // 3)
            _nothing_taken(document["routing"], Expected.parse(recording["expected"]))
    return recording


def _nothing_taken(routing: Document, expected: Expected) -> None:
    """What BIRD was not asked yet: with ``import none`` it takes nothing."""
    asked = examples.of(expected)
    for session in routing["sessions"]:
        (channel, *more) = session["channels"]
        if not more:
            assert channel["filters"]["input"] == "REJECT"
            routing.setdefault("takes", {})[session["name"]] = dict.fromkeys(asked[channel["family"]], False)


def _with_system(document: Document, recorded: Document, provider: str) -> None:
    """What ``record_system.py`` recorded, without systemd and gate, and what is newer than the clock's recording."""
    gate = {"name": "imrs-gate", "user": "imrs-gate"}
    system = recorded["system"]
    daemons = [product for product in products.PRODUCTS if product.name in {provider, "bird"}]
    exposure = products.exposures(daemons)
    processes = [*system["processes"], gate]
    enforced = {daemon.process: daemon.profile for daemon in daemons} | {"imrs-gate": "imrs-gate"}
    profiles = [{"name": name, "profile": f"{profile} (enforce)"} for name, profile in enforced.items()]
    document["system"] = {**system, "failed": [], "exposure": exposure, "processes": processes, "profiles": profiles}
    document["host"] |= {"proxied": recorded["proxied"], "forwarding": recorded["forwarding"], "sources": None}
    document["host"] |= {name: copy.deepcopy(recorded[name]) for name in ("redirects", "logins")}
    for name in ("sysctls", "sshd"):
        document["host"][name] = {**recorded[name], **document["host"][name]}
    document["host"]["clock"].setdefault("offset", 0.0)


def _marked(peers: list[Document]) -> list[Document]:
    """Sessions with marks. Recordings are older than these: a name does for one here."""
    return [{"mark": peer["name"], **peer} for peer in peers]


class Scene:
    """A copy of a recording that a test may spoil."""

    def __init__(self, provider: str = "knot", stage: str = "live") -> None:
        recording = load(provider, stage)
        self.stage = Mode.parse(stage)
        self.expected: Document = recording["expected"]
        self.uncertified: set[str] = set()
        """Names of sessions that do not get what is announced; all others do."""
        self.documents: list[Document] = copy.deepcopy(recording["evidence"])
        self.documents.append(registrations.document(self.expected["node_name"], stage))

    @property
    def sheet(self) -> Expected:
        """What the sheet says."""
        return Expected.parse(self.expected)

    @property
    def certified(self) -> list[str]:
        """The marks of the sessions that get what is announced."""
        return [peer.mark for peer in self.sheet.peers if peer.name not in self.uncertified]

    def scope(self, name: str) -> Document:
        """The evidence of one scope."""
        return next(document for document in self.documents if document["scope"] == name)

    @property
    def machine(self) -> Document:
        """The node's own word on itself."""
        return dict.__getitem__(self.scope("node"), "host")

    @property
    def system(self) -> Document:
        """The node's operating system."""
        return dict.__getitem__(self.scope("node"), "system")

    @property
    def hardware(self) -> Document:
        """What the node is made of."""
        return dict.__getitem__(self.scope("node"), "hardware")

    @property
    def routing(self) -> Document:
        """The node's routing daemon."""
        return dict.__getitem__(self.scope("node"), "routing")

    @property
    def session(self) -> Document:
        """The first session with the host."""
        return next(s for s in self.routing["sessions"] if s["neighbor"] == self.expected["peers"][0]["address"])

    @property
    def exports(self) -> list[Document]:
        """What the first session exports."""
        return self.routing["exports"][self.session["name"]]

    def exchange(self, probe: str, scope: str = "node", **wanted: str) -> Document:
        """The first exchange of a probe."""
        return next(
            exchange
            for exchange in self.scope(scope)["exchanges"]
            if exchange["probe"] == probe and all(exchange[key] == value for key, value in wanted.items())
        )

    def drop(self, scope: str) -> None:
        """As if a scope could not be reached."""
        self.documents = [document for document in self.documents if document["scope"] != scope]

    def judge(self, ident: str) -> Verdict:
        """The verdict of one check."""
        evidence = Evidence.gather(self.documents, self.sheet, self.stage, self.certified)
        return judge.judge_one(CHECKS[ident], evidence, self.sheet)

    def report(self, **options: t.Any) -> judge.Report:
        """The whole report; what a container has from its host is waived."""
        options.setdefault("waivers", WAIVED)
        options.setdefault("certified", self.certified)
        return judge.judge(self.documents, self.sheet, self.stage, **options)


def _named(routing: Document, peers: list[Document]) -> Document:
    """A routing daemon whose sessions have the names of the sheet: FRR names none, so they have their addresses."""
    names = {peer["address"]: peer["name"] for peer in peers}
    for session in routing["sessions"]:
        session["name"] = names.get(session["neighbor"], session["name"])
    for section in ("exports", "imports", "options", "takes"):
        routing[section] = {names.get(name, name): value for name, value in routing[section].items()}
    return routing


def sessions(case: str, routing: str = "bird") -> Scene:
    """A node with other sessions (``recorded/record_sessions.py``): its sheet, its routing daemon, its sockets.

    With the host's router only where an FRR stood in its place.
    """
    recording = dict(json.loads(_text(f"sessions_{routing}_{case}.json")))
    scene = Scene()
    scene.expected["routing_provider"] = routing
    scene.machine["sockets"] = recording["sockets"]
    scene.expected["peers"] = _marked(recording["peers"])
    scene.scope("node")["routing"] = _named(recording["routing"], recording["peers"])
    scene.routing.setdefault("router_id", scene.expected["router_id"])  # recorded before it was read of FRR
    if "host_router" in recording:
        scene.scope("router")["host_router"] = recording["host_router"]
    else:
        scene.drop("router")
    return scene


def printed(case: str) -> dict[str, str]:
    """What ``birdc`` printed on that node."""
    return dict(json.loads(_text(f"sessions_bird_{case}.json"))["printed"])


def octets(exchange: Document) -> bytearray:
    """The recorded answer."""
    return bytearray(base64.b64decode(exchange["answer"]))


def put(exchange: Document, wire: bytes) -> None:
    """Replace the recorded answer."""
    exchange["answer"], exchange["size"] = base64.b64encode(bytes(wire)).decode(), len(wire)


def silence(probe: str, **wanted: str) -> Spoil:
    """No answer."""
    return lambda scene: scene.exchange(probe, **wanted).update(answer=None, size=0, error="timeout")


def flags(probe: str, *, on: int = 0, off: int = 0, **wanted: str) -> Spoil:
    """Set and clear bits of the flags word of an answer, in the octets themselves."""

    def spoil(scene: Scene) -> None:
        exchange = scene.exchange(probe, **wanted)
        wire = octets(exchange)
        wire[2:4] = struct.pack("!H", (struct.unpack("!H", wire[2:4])[0] | on) & ~off)
        put(exchange, wire)

    return spoil


def count(probe: str, field: int, value: int, **wanted: str) -> Spoil:
    """Overwrite a counter of the header (6: answers)."""

    def spoil(scene: Scene) -> None:
        exchange = scene.exchange(probe, **wanted)
        wire = octets(exchange)
        wire[field : field + 2] = struct.pack("!H", value)
        put(exchange, wire)

    return spoil


def message(probe: str, change: t.Callable[[dns.message.Message], None], **wanted: str) -> Spoil:
    """Parse an answer, change it, and write it again."""

    def spoil(scene: Scene) -> None:
        exchange = scene.exchange(probe, **wanted)
        parsed = dns.message.from_wire(bytes(octets(exchange)))
        parsed.request_payload = 65535
        change(parsed)
        put(exchange, parsed.to_wire(max_size=65535))

    return spoil


def without(section: str, rdtype: str, covers: str = "NONE") -> t.Callable[[dns.message.Message], None]:
    """Drop an RRset from a section."""

    def change(parsed: dns.message.Message) -> None:
        rrsets = getattr(parsed, section)
        wanted = (dns.rdatatype.from_text(rdtype), dns.rdatatype.from_text(covers))
        gone = [rrset for rrset in rrsets if (rrset.rdtype, rrset.covers) == wanted]
        assert gone, f"no {rdtype} in {section} to drop"
        for rrset in gone:
            rrsets.remove(rrset)

    return change


def with_record(section: str, text: str) -> t.Callable[[dns.message.Message], None]:
    """Add a record: ``name ttl IN type data``."""

    def change(parsed: dns.message.Message) -> None:
        name, ttl, rdclass, rdtype, data = text.split(None, 4)
        getattr(parsed, section).append(dns.rrset.from_text(name, int(ttl), rdclass, rdtype, data))

    return change


def replaced(section: str, rdtype: str, **fields: t.Any) -> t.Callable[[dns.message.Message], None]:
    """Change fields of the first record of a type, keeping its signature: what tampering looks like."""

    def change(parsed: dns.message.Message) -> None:
        for rrset in getattr(parsed, section):
            if rrset.rdtype == dns.rdatatype.from_text(rdtype):
                first = rrset[0].replace(**fields)
                rest = list(rrset)[1:]
                rrset.clear()
                for rdata in (first, *rest):
                    rrset.add(rdata)
                return
        raise AssertionError(f"no {rdtype} in {section} to change")

    return change

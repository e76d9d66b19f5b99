# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways in which a machine is not as it has to be: system, clock, accounts, wires; a part of test_checks.py."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from recordings import Scene, Spoil


def _written(key: str, value: t.Any) -> Spoil:
    return lambda scene: scene.scope("node")["bundles"]["gate"].update({key: value})


def _listen(**row: t.Any) -> Spoil:
    return lambda scene: scene.machine["sockets"].append(row)


def _on_the_uplink(scene: Scene) -> None:
    row = next(row for row in scene.machine["addresses"] if row["address"] == "2001:500:9f::42")
    row.update(device="uplink", kind="veth")


def tracking(**values: t.Any) -> Spoil:
    known = {"stratum": 2, "offset": 0.0001, "leap": "Normal", **values}
    sources = [{"name": f"203.0.113.{number}", "reached": number != 4} for number in range(1, 5)]
    return lambda scene: scene.machine.update(container="", tracking=known, sources=sources)


def kernel(**values: t.Any) -> Spoil:
    """A machine whose clock the kernel alone tells of."""
    known = {"state": 0, "status": 0x2001, "offset": 0.0001, **values}
    return lambda scene: scene.machine.update(container="", tracking=None, sources=None, clock=known)


def _sources(*reached: bool) -> Spoil:
    rows = [{"name": f"203.0.113.{number}", "reached": answers} for number, answers in enumerate(reached)]
    return lambda scene: scene.machine.update(container="", sources=rows)


def fleets(*others: str, wrong: int = 0) -> Spoil:
    """A container, whose fleet names four sources: of chrony's, ``others`` take the place of the last ones, and of
    those that answer so many disagree with the rest.
    """
    named = [f"ntp{number}.imrs.example" for number in range(1, 5)]
    rows = [{"name": name, "reached": True, "wrong": False} for name in [*named[: 4 - len(others)], *others]]
    for row in rows[:wrong]:
        row["wrong"] = True

    def spoil(scene: Scene) -> None:
        scene.expected["time_sources"] = [{"name": name, "addresses": [], "nts": False} for name in named]
        scene.machine.update(sources=rows)

    return spoil


def system(**values: t.Any) -> Spoil:
    return lambda scene: (scene.machine.update(container=""), scene.system.update(values))


def _room(**values: t.Any) -> Spoil:
    return system(room=[{"path": "/", "space": 60.0, "inodes": None}, {"path": "/var", "space": 60.0, **values}])


def _root_process(name: str) -> Spoil:
    return lambda scene: next(row for row in scene.system["processes"] if row["name"] == name).update(user="root")


def _profile(name: str, profile: str) -> Spoil:
    def spoil(scene: Scene) -> None:
        scene.machine.update(container="")
        next(row for row in scene.system["profiles"] if row["name"] == name).update(profile=profile)

    return spoil


def _without_apparmor(scene: Scene) -> None:
    scene.machine.update(container="")
    for row in scene.system["profiles"]:
        row.update(profile="")


def _secret(**values: str) -> Spoil:
    """Of the file with the transfer keys."""
    path = "/etc/knot/keys.conf"
    return lambda scene: next(row for row in scene.system["secrets"] if row["path"] == path).update(values)


def _exposed(**values: float) -> Spoil:
    """Of units, without their ending."""
    return lambda scene: scene.system["exposure"].update({f"{name}.service": each for name, each in values.items()})


def _exposure_unknown_beside_another(scene: Scene) -> None:
    scene.system["exposure"] = {"knot.service": 9.6}


def _ssh(setting: str, change: t.Callable[[str], str]) -> Spoil:
    def spoil(scene: Scene) -> None:
        scene.machine["sshd"][setting] = change(scene.machine["sshd"][setting])

    return spoil


def _sysctl(name: str, value: str | None) -> Spoil:
    return lambda scene: scene.machine["sysctls"].update({name: value})


def _logins(**values: t.Any) -> Spoil:
    return lambda scene: scene.machine["logins"].update(values)


def _redirected(*settings: str) -> Spoil:
    return lambda scene: scene.machine.update(redirects=list(settings))


def audit(part: str = "", **values: t.Any) -> Spoil:
    """What a machine of its own says of its audit, or of that part of it."""

    def spoil(scene: Scene) -> None:
        scene.machine["container"] = ""
        found = scene.scope("node")["audit"]
        (found[part] if part else found).update(values)

    return spoil


def sent(**values: t.Any) -> Spoil:
    """How far the log has gone to the log server."""
    return lambda scene: scene.scope("node")["log"].update(values)


def _proxied(**values: t.Any) -> Spoil:
    return lambda scene: scene.machine["proxied"].update(values)


FAILS: list[tuple[str, str, Spoil, str]] = [
    (
        "OS-01",
        "another release",
        system(release={"id": "debian", "version": "12", "kernel": "6.1"}),
        "debian 12, not d",
    ),
    ("OS-01", "unknown", system(release={"id": "", "version": "", "kernel": "6.1"}), "this is an unknown system"),
    (
        "OS-06",
        "a reboot",
        system(reboot={"pending": True, "packages": ["linux-image-amd64"]}),
        "a reboot is due (linux-image-amd64)",
    ),
    ("OS-01", "daemon", system(failed=["cron.service", "bird.service"]), "bird.service has failed"),
    ("OS-01", "watch", system(failed=["imrs-fingerprint.path"]), "imrs-fingerprint.path has failed"),
    ("OS-06", "identity", system(failed=["imrs-identity.service"]), "imrs-identity.service has failed"),
    ("OS-06", "another unit", system(failed=["nsd.service", "knot.service"]), "nsd.service has failed"),
    ("OS-02", "space", _room(space=20.0, inodes=60.0), "/var has 20 % of its space free"),
    ("OS-02", "inodes", _room(inodes=3.5), "/var has 3.5 % of its inodes free"),
    ("OS-03", "not held", lambda scene: scene.machine.update(held=["knot"]), "bird2 is not on hold"),
    (
        "OS-05",
        "a file",
        _written("other", {"/etc/knot/knot.conf": "other content"}),
        "/etc/knot/knot.conf: other content",
    ),
    ("OS-05", "no files", _written("files", 0), "role gate has written nothing"),
    ("OS-05", "no bundle", lambda scene: scene.scope("node").update(bundles={}), "role gate has written nothing"),
    ("OS-03", "not installed", lambda scene: scene.machine.update(packages={}), "no package of knot is installed"),
    ("TM-01", "stratum 16", tracking(stratum=16, leap="Not synchronised"), "stratum 16; leap status Not"),
    ("TM-02", "a second", tracking(offset=-1.0), "the clock is off by -1.000 s"),
    ("TM-02", "not known for sure", tracking(error=1.0), "the clock may be off by 1.0 s"),
    ("TM-02", "the kernel's word", kernel(offset=2.5), "the clock is off by 2.500 s"),
    ("TM-02", "not kept", kernel(state=5), "nobody keeps the clock"),
    ("TM-02", "chrony lost all", tracking(leap="Not synchronised", offset=0.0), "nobody keeps the clock"),
    ("TM-03", "three", _sources(True, True, True), "3 sources of time, 3 of them answer"),
    ("TM-03", "silent", _sources(True, True, False, False), "4 sources of time, 2 of them answer"),
    ("TM-03", "liars", fleets(wrong=2), "4 of them answer, and ntp1.imrs.example, ntp2.imrs.example"),
    ("TM-03", "another's", fleets("ntp.other.example"), "ntp4.imrs.example; chrony asks ntp.other.example, which the"),
    ("TM-03", "no chrony", kernel(), "how many sources of time there are is not known"),
    ("TM-04", "everywhere", _listen(protocol="udp", address="*", port=123, process="ntpd"), "ntpd on udp * port 123"),
    (
        "TM-04",
        "the service",
        _listen(protocol="udp", address="2001:500:9f::42", port=123, process="chronyd"),
        "chronyd on udp 2001:500:9f::42 port 123",
    ),
    (
        "TM-04",
        "the identity zone",
        _listen(protocol="udp", address="199.7.83.53", port=123, process=""),
        "something on udp 199.7.83.53 port 123",
    ),
    ("TM-05", "50 ms", tracking(offset=0.05), "the clock is off by 0.050 s"),
    ("TM-01", "no chrony", lambda scene: scene.machine.update(container=""), "not synchronised, and chrony"),
    ("HD-03", "the nameserver", _root_process("knotd"), "knotd runs as root"),
    ("HD-03", "the gate", _root_process("imrs-gate"), "imrs-gate runs as root"),
    ("HD-03", "not there", system(processes=[{"name": "bird", "user": "bird"}]), "no process knotd runs"),
    ("HD-03", "others read", _secret(mode="0644"), "/etc/knot/keys.conf has mode 0644"),
    ("HD-03", "the group writes", _secret(mode="0660"), "/etc/knot/keys.conf has mode 0660"),
    ("HD-03", "another's", _secret(owner="dnseng"), "/etc/knot/keys.conf belongs to dnseng"),
    ("HD-03", "another group", _secret(group="staff"), "/etc/knot/keys.conf may be read by group staff"),
    ("HD-09", "the routing daemon", _exposed(bird=9.4), "bird.service has an exposure of 9.4, above 1.6"),
    ("HD-09", "a line less", _exposed(knot=1.9), "knot.service has an exposure of 1.9, above 1.8"),
    (
        "HD-09",
        "not all is known",
        _exposure_unknown_beside_another,
        "knot.service has an exposure of 9.6, above 1.8; sy",
    ),
    (
        "AR-04",
        "an interface forwards",
        lambda scene: scene.machine["forwarding"].append("net/ipv6/conf/uplink/forwarding"),
        "2001:500:9e::/47 has no route that drops, and /proc/sys/net/ipv6/conf/uplink/forwarding is on",
    ),
    (
        "BG-14",
        "not running",
        lambda scene: scene.expected["peers"][0].update(bfd={"interval_ms": 300, "multiplier": 3}),
        "as64500_ipv4_1: BFD is not running",
    ),
    (
        "BG-15",
        "another router id",
        lambda scene: scene.routing.update(router_id="127.0.0.1"),
        "router id 127.0.0.1, 192.0.2.2 in the inventory",
    ),
    (
        "BG-15",
        "another AS",
        lambda scene: scene.session.update(local_as=26710),
        "as64500_ipv4_1: of AS26710, not of AS20144",
    ),
    ("AR-02", "on the uplink", _on_the_uplink, "2001:500:9f::42 is on uplink"),
    (
        "AR-02",
        "ARP",
        _proxied(on=["net/ipv4/conf/eno1.120/proxy_arp"]),
        "/proc/sys/net/ipv4/conf/eno1.120/proxy_arp is",
    ),
    (
        "AR-02",
        "one neighbour",
        _proxied(addresses=[{"address": "2001:500:9f::1", "device": "uplink"}]),
        "uplink answers for 2001:500:9f::1",
    ),
    (
        "HD-10",
        "integers",
        _ssh("kexalgorithms", "{},diffie-hellman-group14-sha256".format),
        "kexalgorithms has diffie-hellman-group14-sha256",
    ),
    ("HD-10", "CBC", _ssh("ciphers", "{},aes256-cbc,3des-cbc".format), "ciphers has aes256-cbc, 3des-cbc"),
    ("HD-10", "SHA-1", _ssh("macs", "{},hmac-sha1-etm@openssh.com".format), "macs has hmac-sha1-etm@openssh.com"),
    ("HD-10", "its own RSA", _ssh("hostkeyalgorithms", "{},ssh-rsa".format), "hostkeyalgorithms has ssh-rsa"),
    ("HD-10", "RSA", _ssh("pubkeyacceptedalgorithms", "ssh-rsa,{}".format), "pubkeyacceptedalgorithms has ssh-rsa"),
    ("HD-10", "of today", _ssh("kexalgorithms", lambda _all: "curve25519-sha256"), "none that a quantum computer does"),
    ("HD-10", "short keys", _ssh("requiredrsasize", lambda _all: "2048"), "requiredrsasize is 2048"),
    ("HD-11", "IPv4", _redirected("net/ipv4/conf/eno1.120/accept_redirects"), "ipv4/conf/eno1.120/accept_redirects is"),
    ("HD-11", "IPv6", _redirected("net/ipv6/conf/uplink/accept_redirects"), "ipv6/conf/uplink/accept_redirects is on"),
    ("HD-12", "answers", _sysctl("net.ipv4.conf.all.arp_ignore", "0"), "arp_ignore is 0"),
    ("HD-12", "questions", _sysctl("net.ipv4.conf.all.arp_announce", "1"), "arp_announce is 1"),
    ("HD-13", "everybody", _logins(allowed={"users": [], "groups": []}), "sshd lets in every account that has a key"),
    (
        "HD-13",
        "his own keys",
        _logins(own_keys=["/home/anna/.ssh/authorized_keys"]),
        "authorized_keys can be written by",
    ),
    ("HD-13", "a password", _logins(passwords=["support"]), "support has a password"),
    ("HD-13", "a second root", _logins(superusers=["toor"]), "toor is root by its number"),
    ("HD-14", "unconfined", _profile("knotd", "unconfined"), "knotd is unconfined, not imrs-knot (enforce)"),
    (
        "HD-14",
        "complains only",
        _profile("imrs-gate", "imrs-gate (complain)"),
        "imrs-gate is imrs-gate (complain), not",
    ),
    ("HD-14", "another's", _profile("bird", "imrs-frr (enforce)"), "bird is imrs-frr (enforce), not imrs-bird"),
    ("HD-14", "none", _without_apparmor, "the kernel has no AppArmor"),
    ("HD-15", "not running", sent(active="failed"), "imrs-log.service is failed"),
    ("HD-15", "no systemd", sent(active=""), "imrs-log.service is unknown"),
    ("HD-15", "nothing yet", sent(waits=None), "log.imrs.example has taken nothing yet"),
    ("HD-15", "late", sent(waits=300.0), "a line has waited for log.imrs.example for 300 s"),
    ("HD-18", "off", audit("status", enabled="0"), "enabled is 0: nothing is recorded"),
    ("HD-18", "panics", audit("status", failure="2"), "failure is 2: the kernel panics"),
    ("HD-18", "waits", audit("status", backlog_wait_time="15000"), "backlog_wait_time is 15000: programs wait when"),
    ("HD-18", "nobody", audit("status", pid="0"), "nobody takes the records: systemctl status auditd"),
    ("HD-18", "deleted", audit(loaded=[]), "not loaded: -a never,task -F auid=-1"),
    ("HD-18", "another's", audit(wanted=[]), "not ours: -a always,exclude -F msgtype=BPF"),
    ("HD-12", "unread", _sysctl("net.ipv4.conf.all.arp_announce", None), "arp_announce is unknown"),
]

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each lab machine finds on its disk when it boots: addresses, keys, and the masters' and router's settings."""

from __future__ import annotations

import ipaddress
import pathlib
import shutil
import typing as t

from . import keys, shell, topology


def lay_out(lab: topology.Lab, machine: topology.Machine) -> None:
    """Write a machine's own layer from nothing."""
    state = lab.machine_state(machine.name)
    if state.exists():
        shutil.rmtree(state)
    root = state / "upper"
    root.mkdir(parents=True)
    root.chmod(0o755)
    shell.write(root / "etc/hostname", f"{machine.name}\n")
    shell.write(root / "etc/hosts", f"127.0.0.1 localhost {machine.name}\n::1 localhost\n")
    for link in machine.links:
        if link.addresses:
            shell.write(root / f"etc/systemd/network/10-{link.interface}.network", _network(link))
    _ssh(lab, machine, root)
    for unit in machine.services:
        for path, text in SETTINGS[unit](lab, machine).items():
            shell.write(root / path, text, 0o644 if path.startswith(("etc/sysctl", "etc/tmpfiles")) else 0o640)
        wants = root / "etc/systemd/system/multi-user.target.wants"
        wants.mkdir(parents=True, exist_ok=True)
        (wants / unit).symlink_to(f"/usr/lib/systemd/system/{unit}")


def _network(link: topology.Link) -> str:
    lines = ["[Match]", f"Name={link.interface}", "", "[Network]", "IPv6AcceptRA=no", "LinkLocalAddressing=ipv6"]
    lines += [f"Address={address}" for address in link.addresses]
    lines += [f"Gateway={gateway}" for gateway in link.gateways]
    return "\n".join(lines) + "\n"


def _ssh(lab: topology.Lab, machine: topology.Machine, root: pathlib.Path) -> None:
    for suffix, mode in (("", 0o600), (".pub", 0o644)):
        source = lab.secrets / f"host_{machine.name}{suffix}"
        shell.write(root / f"etc/ssh/ssh_host_ed25519_key{suffix}", source.read_text(), mode)
    # Outside the home folder, so that no owner has to be known before the machine has run.
    shell.write(root / f"etc/ssh/authorized_keys/{topology.OPERATOR}", (lab.secrets / "id_ed25519.pub").read_text())
    shell.write(
        root / "etc/ssh/sshd_config.d/10-installer.conf", "AuthorizedKeysFile /etc/ssh/authorized_keys/%u\nUseDNS no\n"
    )


def _keys(lab: topology.Lab, master: str) -> t.Iterator[tuple[topology.Appliance, topology.Key]]:
    """Each appliance, and its key with this master."""
    for appliance in lab.plan.appliances:
        yield from ((appliance, key) for key in appliance.keys if key.master == master)


def _served_at(machine: topology.Machine) -> list[str]:
    """Where a master listens."""
    return [address.partition("/")[0] for address in machine.link("dist").addresses]


def _knot(lab: topology.Lab, machine: topology.Machine) -> dict[str, str]:
    """Knot DNS as a TSIG master that signs its NOTIFY."""
    found = list(_keys(lab, machine.name))
    secrets = "".join(
        f"  - id: {key.name}\n    algorithm: {key.algorithm}\n    secret: {keys.read(lab, key.secret)}\n"
        for _, key in found
    )
    remotes = "".join(
        f"  - id: {appliance.name}\n    address: [ {', '.join(appliance.uplink)} ]\n    key: {key.name}\n"
        for appliance, key in found
    )
    text = f"""server:
    listen: [ {", ".join(f"{address}@53" for address in _served_at(machine))} ]
    rundir: /run/knot
log:
  - target: syslog
    any: info
database:
    storage: /var/lib/knot
key:
{secrets}remote:
{remotes}acl:
  - id: transfer
    key: [ {", ".join(key.name for _, key in found)} ]
    action: transfer
template:
  - id: default
    storage: /var/lib/lab-zones
    file: "%s.zone"
    acl: transfer
    notify: [ {", ".join(appliance.name for appliance, _ in found)} ]
    zonefile-load: whole
    journal-content: none
zone:
  - domain: .
    file: root.zone
  - domain: arpa.
    file: arpa.zone
  - domain: root-servers.net.
    file: root-servers.net.zone
"""
    return {"etc/knot/knot.conf": text} | _own("etc/knot/knot.conf", "root", "knot")


def _nsd(lab: topology.Lab, machine: topology.Machine) -> dict[str, str]:
    """NSD as another. Its rate limit is on by default and would hit transfers' SOA queries in a test."""
    found = list(_keys(lab, machine.name))
    zones = "".join(
        f"""zone:
    name: "{zone}"
    zonefile: "/var/lib/lab-zones/{name}.zone"
    include-pattern: appliances
"""
        for zone, name in ((".", "root"), ("arpa.", "arpa"), ("root-servers.net.", "root-servers.net"))
    )
    secrets = "".join(
        f"""key:
    name: "{key.name}"
    algorithm: {key.algorithm}
    secret: "{keys.read(lab, key.secret)}"
"""
        for _, key in found
    )
    transfers = "".join(f"    provide-xfr: {all_} {key.name}\n" for _, key in found for all_ in ("0.0.0.0/0", "::0/0"))
    notify = "".join(f"    notify: {address} {key.name}\n" for each, key in found for address in each.uplink)
    text = f"""server:
{"".join(f"    ip-address: {address}" + chr(10) for address in _served_at(machine))}\
    ip-freebind: yes
    rrl-ratelimit: 0
    zonesdir: ""
remote-control:
    control-enable: yes
    control-interface: /run/nsd/nsd.ctl
{secrets}pattern:
    name: "appliances"
{transfers}{notify}{zones}"""
    return {"etc/nsd/nsd.conf": text} | _own("etc/nsd/nsd.conf", "root", "nsd")


def _frr(lab: topology.Lab, machine: topology.Machine) -> dict[str, str]:
    """A host's router."""
    # Of several ways, each flow keeps to one: packets are spread by addresses and ports.
    spread = "".join(f"net.{family}.fib_multipath_hash_policy=1\n" for family in ("ipv4", "ipv6"))
    return {
        "etc/frr/frr.conf": _host_router(lab, machine),
        "etc/frr/daemons": "bgpd=yes\nbfdd=yes\nvtysh_enable=yes\n"
        + "".join(f'{daemon}_options="-A 127.0.0.1"\n' for daemon in ("zebra", "bgpd", "bfdd")),
        "etc/sysctl.d/50-router.conf": f"net.ipv4.ip_forward=1\nnet.ipv6.conf.all.forwarding=1\n{spread}",
    } | _own("etc/frr", "frr", "frr")


def _host_router(lab: topology.Lab, machine: topology.Machine) -> str:
    """A host's router. It takes whatever we send, so that a leak would be seen here, and sends nothing.

    Hosts' routers tell each other all they know, as in an internet: what one has lost, it has from another.
    """
    sessions = lab.plan.sessions(machine.name)
    others = [
        (address.partition("/")[0], lab.plan.asns[other.name])
        for other in lab.plan.machines
        if other.name in lab.plan.asns and other.name != machine.name
        for address in other.link("dist").addresses
    ]
    neighbors = "".join(_neighbor(lab, speaker, session) for speaker, session in sessions)
    neighbors += "".join(
        f" neighbor {address} remote-as {asn}\n neighbor {address} timers 3 9\n" for address, asn in others
    )
    families = "".join(
        _family(
            family,
            {session.address: _told(session) for _, session in sessions}
            | {address: ("everything", "everything") for address, _ in others},
            _networks(machine) if others else (),
        )
        for family in ("ipv4", "ipv6")
    )
    # TTL security comes by a group: set on a neighbour itself, FRR runs its BFD as if over several hops.
    return f"""frr defaults traditional
log syslog informational
{_ways(lab, sessions)}bfd
{_profiles(sessions)}exit
router bgp {lab.plan.asns[machine.name]}
 bgp router-id {_router_id(machine)}
 no bgp default ipv4-unicast
 neighbor direct peer-group
 neighbor direct ttl-security hops 1
{neighbors}{families}route-map everything permit 10
route-map nothing deny 10
"""


def _ways(lab: topology.Lab, sessions: t.Sequence[tuple[topology.Appliance, topology.Session]]) -> str:
    """How a host's router reaches the nodes of a cluster: by the cluster's routers."""
    return "".join(
        f"{'ipv6' if ':' in address else 'ip'} route {ipaddress.ip_interface(address).network} {session.address}\n"
        for router, session in sessions
        for address in router.inside
        if (":" in address) == (session.family == "ipv6")
    )


def _router_id(machine: topology.Machine) -> str:
    """The first address of a router's first link to an appliance."""
    return next(address for address in machine.links[1].addresses if ":" not in address).partition("/")[0]


def _networks(machine: topology.Machine) -> list[str]:
    """What a router tells other hosts' routers of: its clients and its links to appliances."""
    links = [link for link in machine.links if link.interface not in ("mgmt", "dist")]
    return [str(ipaddress.ip_interface(address).network) for link in links for address in link.addresses]


def _profiles(sessions: t.Iterable[tuple[topology.Appliance, topology.Session]]) -> str:
    """BFD as each sheet agrees on it, under the name of our end."""
    found = {each.name: session.bfd for each, session in sessions if session.bfd}
    return "".join(
        f""" profile {name}
  detect-multiplier {bfd["multiplier"]}
  transmit-interval {bfd["interval_ms"]}
  receive-interval {bfd["interval_ms"]}
 exit
"""
        for name, bfd in found.items()
    )


def _neighbor(lab: topology.Lab, speaker: topology.Appliance, session: topology.Session) -> str:
    """Our end as a neighbour."""
    words = [
        f"remote-as {session.asn}",
        "peer-group direct",
        *([f"password {keys.read(lab, session.secret)}"] if session.secret else []),
        f"timers {session.keepalive_time} {session.hold_time}",
        "timers connect 1",
        *(["bfd", f"bfd profile {speaker.name}"] if session.bfd else []),
    ]
    return "".join(f" neighbor {session.address} {each}\n" for each in words)


def _told(session: topology.Session) -> tuple[str, ...]:
    """What a host's router does with one of our sessions: takes all, tells nothing or a default route of its own."""
    return ("everything", "nothing", *(["default-originate"] if session.default_route else []))


def _family(family: str, neighbors: dict[str, tuple[str, ...]], networks: t.Iterable[str] = ()) -> str:
    """One address family: sessions carry the routes of their own family alone.

    ``neighbors``: by address, the route-maps in and out, and what else is said of it.
    """

    def mine(text: str) -> bool:
        return (":" in text) == (family == "ipv6")

    lines = [f"network {each}" for each in dict.fromkeys(networks) if mine(each)]
    for address, (inwards, outwards, *more) in neighbors.items():
        words = [
            "activate",
            f"route-map {inwards} in",
            f"route-map {outwards} out",
            "soft-reconfiguration inbound",
            *more,
        ]
        if mine(address):
            lines += [f"neighbor {address} {each}" for each in words]
    return "\n".join(
        [f" address-family {family} unicast", *(f"  {each}" for each in lines), " exit-address-family", ""]
    )


SETTINGS = {"knot.service": _knot, "nsd.service": _nsd, "frr.service": _frr}
"""What a machine has to be told that runs this."""


def _own(path: str, owner: str, group: str) -> dict[str, str]:
    """A tmpfiles.d line that gives a path to its daemon at boot: accounts exist only inside the image."""
    name = path.replace("/", "-")
    return {f"etc/tmpfiles.d/{name}.conf": f"Z /{path} - {owner} {group}\n"}

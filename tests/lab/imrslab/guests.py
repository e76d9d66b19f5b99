# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each lab machine finds on its disk when it boots: addresses, keys, and the masters' and router's settings."""

from __future__ import annotations

import pathlib
import shutil

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
    for path, text in {"dist1": _knot, "dist2": _nsd, "host-router": _frr}.get(machine.name, _nothing)(lab).items():
        shell.write(root / path, text, 0o644 if path.startswith(("etc/sysctl", "etc/tmpfiles")) else 0o640)
    for unit in machine.services:
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


def _nothing(_lab: topology.Lab) -> dict[str, str]:
    return {}


def _knot(lab: topology.Lab) -> dict[str, str]:
    """dist1: Knot DNS as a TSIG master that signs its NOTIFY."""
    key = topology.MASTERS["dist1"]
    v4, v6 = topology.APPLIANCE_UPLINK
    text = f"""server:
    listen: [ 203.0.113.1@53, 2001:db8:0:3::1@53 ]
    rundir: /run/knot
log:
  - target: syslog
    any: info
database:
    storage: /var/lib/knot
key:
  - id: {key}
    algorithm: hmac-sha256
    secret: {keys.read(lab, "tsig_xlb01_dist1")}
remote:
  - id: xlb01
    address: [ {v4}, {v6} ]
    key: {key}
acl:
  - id: transfer
    key: {key}
    action: transfer
template:
  - id: default
    storage: /var/lib/lab-zones
    file: "%s.zone"
    acl: transfer
    notify: xlb01
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


def _nsd(lab: topology.Lab) -> dict[str, str]:
    """dist2: NSD. Its rate limit is on by default and would hit transfers' SOA queries in a test."""
    key = topology.MASTERS["dist2"]
    zones = "".join(
        f"""zone:
    name: "{zone}"
    zonefile: "/var/lib/lab-zones/{name}.zone"
    include-pattern: appliances
"""
        for zone, name in ((".", "root"), ("arpa.", "arpa"), ("root-servers.net.", "root-servers.net"))
    )
    notify = "".join(f"    notify: {address} {key}\n" for address in topology.APPLIANCE_UPLINK)
    text = f"""server:
    ip-address: 203.0.113.2
    ip-address: 2001:db8:0:3::2
    ip-freebind: yes
    rrl-ratelimit: 0
    zonesdir: ""
remote-control:
    control-enable: yes
    control-interface: /run/nsd/nsd.ctl
key:
    name: "{key}"
    algorithm: hmac-sha256
    secret: "{keys.read(lab, "tsig_xlb01_dist2")}"
pattern:
    name: "appliances"
    provide-xfr: 0.0.0.0/0 {key}
    provide-xfr: ::0/0 {key}
{notify}{zones}"""
    return {"etc/nsd/nsd.conf": text} | _own("etc/nsd/nsd.conf", "root", "nsd")


def _frr(lab: topology.Lab) -> dict[str, str]:
    """host-router: AS 64500. It takes whatever the appliance sends, so that a leak would be seen here."""
    v4, v6 = topology.APPLIANCE_UPLINK
    password = keys.read(lab, "bgp_xlb")
    neighbors = "".join(
        f""" neighbor {address} remote-as 20144
 neighbor {address} peer-group direct
 neighbor {address} password {password}
 neighbor {address} timers 3 9
 neighbor {address} timers connect 1
 neighbor {address} bfd
 neighbor {address} bfd profile imrs
"""
        for address in (v4, v6)
    )
    families = "".join(
        f""" address-family {family} unicast
{"".join(f"  no neighbor {other} activate" + chr(10) for other in (v4, v6) if other != address)}\
  neighbor {address} activate
  neighbor {address} route-map everything in
  neighbor {address} route-map nothing out
  neighbor {address} soft-reconfiguration inbound
 exit-address-family
"""
        for family, address in (("ipv4", v4), ("ipv6", v6))
    )
    # TTL security comes by a group: set on a neighbour itself, FRR runs its BFD as if over several hops.
    text = f"""frr defaults traditional
log syslog informational
bfd
 profile imrs
  detect-multiplier {topology.BFD["multiplier"]}
  transmit-interval {topology.BFD["interval_ms"]}
  receive-interval {topology.BFD["interval_ms"]}
 exit
exit
router bgp {topology.HOST_ASN}
 bgp router-id 192.0.2.1
 no bgp default ipv4-unicast
 neighbor direct peer-group
 neighbor direct ttl-security hops 1
{neighbors}{families}route-map everything permit 10
route-map nothing deny 10
"""
    forwarding = "net.ipv4.ip_forward=1\nnet.ipv6.conf.all.forwarding=1\n"
    return {
        "etc/frr/frr.conf": text,
        "etc/frr/daemons": "bgpd=yes\nbfdd=yes\nvtysh_enable=yes\n"
        + "".join(f'{daemon}_options="-A 127.0.0.1"\n' for daemon in ("zebra", "bgpd", "bfdd")),
        "etc/sysctl.d/50-router.conf": forwarding,
    } | _own("etc/frr", "frr", "frr")


def _own(path: str, owner: str, group: str) -> dict[str, str]:
    """A tmpfiles.d line that gives a path to its daemon at boot: accounts exist only inside the image."""
    name = path.replace("/", "-")
    return {f"etc/tmpfiles.d/{name}.conf": f"Z /{path} - {owner} {group}\n"}

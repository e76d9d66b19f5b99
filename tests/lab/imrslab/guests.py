# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each lab machine finds on its disk when it boots: addresses, keys, and the masters' and router's settings."""

from __future__ import annotations

import pathlib
import shutil
import typing as t

from . import host_daemons, host_router, keys, shell, topology


def lay_out(lab: topology.Lab, machine: topology.Machine) -> None:
    """Write a machine's own layer from nothing."""
    state = lab.machine_state(machine.name)
    if state.exists():
        shutil.rmtree(state)
    if machine.hardware and machine.hardware.disks:  # it is all on its medium
        state.mkdir(parents=True)
        return
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
    # It tells what has changed (IXFR), whatever the file before said.
    zonefile-load: difference
    journal-content: changes
zone:
  - domain: .
    file: root.zone
  - domain: arpa.
    file: arpa.zone
  - domain: root-servers.net.
    file: root-servers.net.zone
"""
    return {"etc/knot/knot.conf": text} | host_router.own("etc/knot/knot.conf", "root", "knot")


def _nsd(lab: topology.Lab, machine: topology.Machine) -> dict[str, str]:
    """NSD as another. Its rate limit is on by default and would hit transfers' SOA queries in a test."""
    found = list(_keys(lab, machine.name))
    zones = "".join(
        f"""zone:
    name: "{zone}"
    zonefile: "/var/lib/lab-zones/{name}.zone"
    include-pattern: appliances
    create-ixfr: yes
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
    return {"etc/nsd/nsd.conf": text} | host_router.own("etc/nsd/nsd.conf", "root", "nsd")


def _clock(_lab: topology.Lab, _machine: topology.Machine) -> dict[str, str]:
    """A server of time that gives out this machine's clock as it is, and sets none: a container has no clock."""
    return {
        "etc/chrony/chrony.conf": "local stratum 2\nallow\n",
        f"etc/systemd/system/{topology.CLOCK}.d/lab.conf": (
            "[Unit]\nConditionCapability=\n[Service]\nExecStart=\nExecStart=!/usr/sbin/chronyd -F 1 -x\n"
        ),
    }


def _log(lab: topology.Lab, _machine: topology.Machine) -> dict[str, str]:
    """systemd-journal-remote as the log server; it takes what it is sent, by a file for each sender."""
    key, certificate = keys.log_server(lab)
    found = {
        "etc/lab-log/key.pem": key,
        "etc/lab-log/certificate.pem": certificate,
        "etc/systemd/journal-remote.conf.d/lab.conf": (
            "[Remote]\nServerKeyFile=/etc/lab-log/key.pem\nServerCertificateFile=/etc/lab-log/certificate.pem\n"
        ),
    }
    owned = [host_router.own(path, "root", "systemd-journal-remote") for path in found]
    return found | {path: text for each in owned for path, text in each.items()}


_OURS = {"knot.service": _knot, "nsd.service": _nsd, topology.CLOCK: _clock, topology.LOG: _log}
SETTINGS = _OURS | {each.UNIT: each.settings for each in host_daemons.DAEMONS}
"""What a machine has to be told that runs this."""

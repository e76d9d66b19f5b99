# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults planted on a node that was accepted: each is caught by the check that is meant for it, and by no other.

Faults that have nothing to do with each other are planted together, as an acceptance takes its time: what fails has to
be all that they are meant to make fail, and nothing else. Acceptance only looks (``--check``), and leaves the node.
"""

from __future__ import annotations

import re
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.checks.time import REACHED
from ansible_collections.icann.imrs.plugins.module_utils._probes import host
from imrslab import shell
from imrslab.drill import PATIENCE

if t.TYPE_CHECKING:
    from imrslab.drill import Drill


class Fault(t.NamedTuple):
    """What is done as root on the appliance, and which checks have to fail."""

    plant: str
    caught: str


def knot(file: str, script: str, caught: str) -> Fault:
    """Other lines in a file of Knot's, by sed; it starts anew when all are there."""
    return Fault(f"sed -i -E '{script}' /etc/knot/{file}.conf", f"{caught} OS-05")


def bird(family: str, old: str, new: str, caught: str) -> Fault:
    """Other words in the session of a family, by sed."""
    script = f"/^protocol bgp as64500_{family}_1 /,/^}}/ s|{old}|{new}|"
    return Fault(f"sed -i '{script}' /etc/bird/bird.conf", f"{caught} OS-05")


STRANGER = (
    "protocol bgp planted { local 192.0.2.2 as 20144; neighbor 192.0.2.6 as 64999;"
    " ipv4 { import none; export none; }; }"
)
FAULTS: dict[str, tuple[str, dict[str, Fault]]] = {
    "machine": (
        "true",
        {
            "a package that is not held": Fault("apt-mark unhold knot", "OS-03"),
            "a unit that was edited": Fault("echo '# edited' >> /etc/systemd/system/imrs-gate.service", "OS-05"),
            "a packet filter that does not start": Fault(
                "echo nonsense >> /etc/nftables.conf; systemctl restart nftables.service || true", "OS-01 OS-05 HD-02"
            ),
            "another unit that has failed": Fault("systemd-run --quiet --unit=planted-unit false", "OS-06"),
            "a stranger's socket": Fault("systemd-run --quiet --unit=planted python3 -m http.server 8080", "HD-01"),
            "a time server": Fault(
                'systemd-run --quiet --unit=planted-ntp python3 -c "import socket, time; s = socket.socket(type=2);'
                " s.bind(('199.7.83.42', 123)); time.sleep(600)\"",
                "TM-04 HD-01",
            ),
            "no SYN cookies": Fault("sysctl -q -w net.ipv4.tcp_syncookies=0", "HD-06"),
            "logins with a password": Fault(
                "echo 'PasswordAuthentication yes' > /etc/ssh/sshd_config.d/00-a.conf", "HD-04 OS-05"
            ),
            "weak algorithms of SSH": Fault("echo 'MACs hmac-sha1' > /etc/ssh/sshd_config.d/00-b.conf", "HD-10"),
            "redirects on one interface": Fault("sysctl -q -w net.ipv6.conf.uplink.accept_redirects=1", "HD-11"),
            "ARP from anycast addresses": Fault("sysctl -q -w net.ipv4.conf.all.arp_announce=0", "HD-12"),
            "an account of a host's": Fault("useradd support; echo support:support | chpasswd", "HD-13"),
            "a key that everybody reads": Fault("chmod 0644 /etc/knot/keys.conf", "HD-03 OS-05"),
            "a sandbox that was opened": Fault(
                "mkdir /run/systemd/system/bird.service.d; printf '[Service]\\nSystemCallFilter=\\n'"
                " > /run/systemd/system/bird.service.d/planted.conf; systemctl daemon-reload",
                "HD-09",
            ),
            "proxy ARP": Fault("sysctl -q -w net.ipv4.conf.uplink.proxy_arp=1", "AR-02"),
        },
    ),
    "answers": (
        "knotc conf-check; systemctl restart knot.service",
        {
            "another node's NSID": knot("answers", "s/nsid: .*/nsid: xlb02/", "DN-26"),
            "another node's name": knot("answers", "s/identity: .*/identity: xlb02/", "DN-27"),
            "a version that is told": knot("answers", 's/version: .*/version: "3.4"/', "DN-28"),
            "answers of 4096 octets": knot("answers", "s/udp-max-payload: .*/udp-max-payload: 4096/", "DN-50"),
            "idle connections that stay": knot("answers", "s/tcp-idle-timeout: .*/tcp-idle-timeout: 900/", "DN-46"),
            "cookies": knot(
                "zones",
                "s|global-module: .*|global-module: [ mod-rrl/imrs, mod-cookies/all ]|;"
                r" s|^template:|mod-cookies:\n  - id: all\n\ntemplate:|",
                "DN-30 DN-31 DN-32",
            ),
            "transfers for everybody": knot(
                "zones",
                r"s|acl: \[ (.*) \]|acl: [ \1, all ]|;"
                r" s|^acl:|acl:\n  - id: all\n    address: [ 0.0.0.0/0, \"::/0\" ]\n    action: transfer|",
                "DN-34 DN-35",
            ),
            "a zone that is not served": knot(
                "zones", r"/domain: .root-servers/,/dnssec-validation/ d", "DN-06 DN-12 ZI-01 ZI-05 ZI-16"
            ),
            "another secret": knot("keys", "0,/secret: /s/secret: .*/secret: d3Jvbmctd3Jvbmctd3Jvbmc=/", "ZI-12"),
            "a glue address that was changed": Fault(
                "sed -i 's/zonemd-verify: on/zonemd-verify: off/' /etc/knot/zones.conf;"
                r" sed -i -E 's/^(a\.nic\.\S+\s.*\sA\s).*/\1192.0.2.53/' /var/lib/knot/root.zone",
                "ZI-04 OS-05",
            ),
        },
    ),
    "routing": (
        "birdc configure",
        {
            "graceful restart": bird("ipv4", "  graceful restart off", "  graceful restart on", "BG-13"),
            "everything is learned": bird("ipv6", "import none", "import all", "BG-06 BG-09"),
            "a session that is not in the sheet": Fault(f"echo '{STRANGER}' >> /etc/bird/bird.conf", "BG-05 OS-05"),
            "another router id": Fault("sed -i 's/^router id .*/router id 192.0.2.99;/' /etc/bird/bird.conf", "BG-15"),
            "a service address that is gone": Fault(
                "ip address del 2001:500:3::42/128 dev lo", "AR-01 DN-01 DN-26 DN-27 DN-51 ZI-01 ZI-05 ZI-16"
            ),
        },
    ),
}


def failing(output: str) -> set[str]:
    """The checks of the table that did not pass; what is skipped has its reason in the sheet."""
    return set(re.findall(r"(?m)^ *([A-Z]{2}-\d{2}) [FW] +(?:fail|error) ", output))


def time_is_known(drill: Drill) -> bool:
    """Whether TM-03 has nothing to warn of: three sources answer, and are not wrong. They are asked at each look, as
    chrony's first questions after a boot may go out before the network is there, and the next ones minutes later.
    """
    drill.node("chronyc", "burst", "4/8")
    rows = host.parse_sources(drill.node("chronyc", "-c", "-N", "sources", "-a"))
    return sum(row["reached"] and not row["wrong"] for row in rows) >= REACHED


@pytest.mark.parametrize("group", FAULTS)
def test_each_fault_is_caught_by_its_check_and_by_no_other(drill: Drill, group: str) -> None:
    after, faults = FAULTS[group]
    shell.wait_for("a clock with sources enough", lambda: time_is_known(drill), PATIENCE)
    try:
        for fault in faults.values():
            drill.node("sh", "-ec", fault.plant)
        drill.node("sh", "-ec", after)
        # Faults of BIRD reset its sessions, and BFD comes back later than BGP: it is not what was planted.
        done = drill.play("accept", "--check", "-e", "acceptance_patience=20")
        meant = {ident for fault in faults.values() for ident in fault.caught.split()}
        assert failing(done.output) == meant, done.output[-6000:]
    finally:
        drill.restore()

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of drift, planted on a live appliance, is found by drift.yml, which itself changes nothing."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import pathlib
import tempfile
import typing as t

import pytest
from imrslab import shell
from imrslab.drill import ALL, PATIENCE

if t.TYPE_CHECKING:
    from imrslab.drill import Drill
    from imrslab.runs import Play

MANIFEST = "/var/lib/imrs-bundle/gate.json"
UPGRADES = "/etc/apt/apt.conf.d/52imrs-upgrades"
MISSING = "/etc/systemd/system/imrs-fingerprint.service"
FOREIGN = ("/etc/systemd/network/99-drill.network", "/etc/ssh/sshd_config.d/99-drill.conf", "/etc/bird/drill.conf")
LIBRARY = "/usr/lib/python3/dist-packages/dns/version.py"
REMEMBER = (
    "import json, sys; path = sys.argv[1]; value = json.load(open(path)); "
    "value['files']['/etc/drill-left'] = dict(value['files']['/etc/imrs/gate.json']); json.dump(value, open(path, 'w'))"
)


@dataclasses.dataclass(frozen=True)
class Planted:
    """Shell commands that plant drift and put it back, and the findings (kind, subject) that it must give."""

    plant: str
    undo: str
    found: tuple[tuple[str, str], ...]


PLANTED = {
    # First, and undone last: whatever else is planted does not void the certificate, and the node stays live.
    "stopped": Planted(
        "systemctl stop imrs-fingerprint.path",
        "systemctl start imrs-fingerprint.path",
        (("service", "imrs-fingerprint.path"),),
    ),
    "content": Planted(
        f"cp -a {UPGRADES} /root/drill-apt; echo '// drill' >>{UPGRADES}",
        f"mv /root/drill-apt {UPGRADES}",
        (("file", UPGRADES),),
    ),
    "mode": Planted(
        "chmod 0644 /etc/ssh/sshd_config.d/00-imrs.conf",
        "chmod 0600 /etc/ssh/sshd_config.d/00-imrs.conf",
        (("file", "/etc/ssh/sshd_config.d/00-imrs.conf"),),
    ),
    "owner": Planted(
        "chown nobody /etc/sysusers.d/imrs.conf",
        "chown root /etc/sysusers.d/imrs.conf",
        (("file", "/etc/sysusers.d/imrs.conf"),),
    ),
    "missing": Planted(
        f"mv {MISSING} /root/drill-missing",
        f"mv /root/drill-missing {MISSING}; systemctl daemon-reload",
        (("file", MISSING),),
    ),
    "left by a bundle": Planted(
        f'cp -a {MANIFEST} /root/drill-manifest; echo x >/etc/drill-left; python3 -c "{REMEMBER}" {MANIFEST}',
        f"mv /root/drill-manifest {MANIFEST}; rm /etc/drill-left",
        (("file", "/etc/drill-left"),),
    ),
    "foreign": Planted(
        f"for path in {' '.join(FOREIGN)}; do echo '# drill' >$path; done",
        f"rm {' '.join(FOREIGN)}",
        tuple(("foreign", path) for path in FOREIGN),
    ),
    "hold": Planted("apt-mark unhold knot", "apt-mark hold knot", (("package", "knot"),)),
    "altered package": Planted(
        f"cp -a {LIBRARY} /root/drill-dns; echo '# drill' >>{LIBRARY}",
        f"mv /root/drill-dns {LIBRARY}",
        (("package", LIBRARY),),
    ),
    "disabled": Planted(
        "systemctl disable nftables.service",
        "systemctl enable nftables.service",
        (("service", "nftables.service"),),
    ),
    "masked": Planted(
        "systemctl mask --runtime systemd-networkd.service",
        "systemctl unmask --runtime systemd-networkd.service",
        (("service", "systemd-networkd.service"),),
    ),
    "stale": Planted(
        "cp -a /etc/imrs/gate.json /root/drill-gate; touch /etc/imrs/gate.json",
        "touch --reference=/root/drill-gate /etc/imrs/gate.json; rm /root/drill-gate",
        (("service", "imrs-gate.service"),),
    ),
    "sysctl": Planted(
        "echo 1 >/proc/sys/net/ipv4/conf/all/send_redirects",
        "echo 0 >/proc/sys/net/ipv4/conf/all/send_redirects",
        (("sysctl", "net.ipv4.conf.all.send_redirects"),),
    ),
    "sysctl at the next boot": Planted(
        "echo net.ipv4.tcp_syncookies=0 >/etc/sysctl.d/99-drill.conf",
        "rm /etc/sysctl.d/99-drill.conf",
        (("sysctl", "net.ipv4.tcp_syncookies"),),
    ),
    "rules, one more and one less": Planted(
        "nft add rule inet imrs input tcp dport 8080 accept; nft flush chain inet imrs forward; "
        "nft add element inet imrs operators_ipv4 '{ 203.0.113.0/24 }'; nft add table ip drill",
        "nft -f /etc/nftables.conf",
        (
            ("nftables", "chain inet imrs input"),
            ("nftables", "set inet imrs operators_ipv4"),
            ("nftables", "table ip drill"),
        ),
    ),
    "socket": Planted(
        "systemd-run --quiet --unit=drill-listener python3 -m http.server 8080 --bind 0.0.0.0",
        "systemctl stop drill-listener",
        (("socket", "tcp 0.0.0.0 port 8080"),),
    ),
    # The files are as rendered all the while: BIRD has read others, in which a filter lets more through.
    "BGP as running, not on disk": Planted(
        "cp -r /etc/bird /run/bird/drill; chown -R bird /run/bird/drill; "
        "sed -i '/export limit/d; s|, 199.7.83.0/24 ];|, 199.7.83.0/24, 203.0.113.0/24 ];|' /run/bird/drill/*; "
        "birdc 'configure \"/run/bird/drill/bird.conf\"'; birdc disable as64500_ipv6_1",
        "rm -r /run/bird/drill; birdc configure; birdc enable as64500_ipv6_1",
        (
            ("bgp", "as64500_ipv4_1 ipv4 export limit"),
            ("bgp", "as64500_ipv6_1"),
            ("bgp", "as64500_ipv6_1 ipv6 export limit"),
            ("bgp", "function is_imrs_ipv4"),
        ),
    ),
    "nameserver as running, not on disk": Planted(
        "knotc conf-begin; knotc conf-set server.tcp-idle-timeout 9; knotc conf-commit",
        "knotc reload",
        (("nameserver", "server.tcp-idle-timeout"),),
    ),
}


class Compared(t.NamedTuple):
    """How drift.yml ended, and what it left."""

    play: Play
    report: dict[str, t.Any]
    table: str

    @property
    def found(self) -> set[tuple[str, str]]:
        """Kinds and subjects of all findings."""
        return {(finding["kind"], finding["subject"]) for finding in self.report["findings"]}


def everything(drill: Drill) -> str:
    """Mode, owner, times and content of whatever a comparison could change, and names of what it could leave behind."""
    places = "/etc /usr/lib/imrs /var/lib/imrs /var/lib/imrs-bundle /var/lib/knot/confdb"
    script = f"find {places} -printf '%p %m %u:%g %T@ %C@\\n' 2>/dev/null | sort; "
    script += f"find {places} -type f 2>/dev/null | sort | xargs sha256sum; "
    return drill.node("sh", "-c", f"{script} find /run/bird /run/imrs-drift* /tmp -printf '%p %m %u:%g\\n' | sort")


@pytest.fixture
def compare(drill: Drill, tmp_path: pathlib.Path) -> t.Callable[..., Compared]:
    """Run drift.yml; whatever it finds, it changes nothing, and leaves nothing."""

    def run(*options: str) -> Compared:
        before, room = everything(drill), set(pathlib.Path(tempfile.gettempdir()).glob("imrs-drift.*"))
        play = drill.play("drift", "-e", f"drift_report_directory={tmp_path}", *options)
        assert (tmp_path / "drift.json").exists(), play.output
        assert everything(drill) == before
        assert set(pathlib.Path(tempfile.gettempdir()).glob("imrs-drift.*")) <= room
        assert play.changed == 0, play.output
        report = json.loads((tmp_path / "drift.json").read_text(encoding="utf-8"))
        return Compared(play, report, (tmp_path / "drift.txt").read_text(encoding="utf-8"))

    return run


@pytest.fixture
def planted(drill: Drill) -> t.Iterator[set[tuple[str, str]]]:
    """All of it at once, and what should be found; whatever becomes of the drill, it is put back."""
    # The file with the TSIG keys: what is in it is never shown, so that it differs is all that can be told.
    keys = drill.node("grep", "-rl", "secret:", "/etc/knot").split()[0]
    secret = Planted(
        f"cp -a {keys} /root/drill-keys; sed -i 's/secret: \"/secret: \"AAAA/' {keys}; "
        f"touch --reference=/root/drill-keys {keys}",  # Knot has not been started since, but that is another kind
        f"mv /root/drill-keys {keys}",
        (("file", keys),),
    )
    with contextlib.ExitStack() as back:
        back.callback(lambda: drill.received() == ALL or drill.restore())
        back.callback(shell.wait_for, "the listener's end", lambda: ":8080" not in drill.node("ss", "-lnt"), PATIENCE)
        for one in (*PLANTED.values(), secret):
            back.callback(drill.node, "sh", "-c", one.undo)
            drill.node("sh", "-e", "-c", one.plant)
        shell.wait_for("the listener", lambda: ":8080" in drill.node("ss", "-lnt"), PATIENCE)
        yield {found for one in (*PLANTED.values(), secret) for found in one.found}


def test_a_live_appliance_has_no_drift(drill: Drill, compare: t.Callable[..., Compared]) -> None:
    compared = compare()
    assert compared.report["findings"] == [], compared.table
    assert compared.play.status == 0
    assert compared.table.endswith(": as intended\n")
    assert drill.status()["certificate"]["valid"]


def test_every_kind_of_drift_is_found(
    drill: Drill, compare: t.Callable[..., Compared], planted: set[tuple[str, str]]
) -> None:
    compared = compare("--check", "-vvvv")
    assert compared.found == planted, compared.table
    assert compared.play.status == 2
    assert "tcp 0.0.0.0 port 8080" in compared.play.output, "the table is on the screen"
    told = compared.play.output + compared.table + json.dumps(compared.report)
    secrets = [
        path.read_text(encoding="utf-8").strip() for path in drill.lab.secrets.glob("*_xlb*") if path.stem[:4] != "host"
    ]
    assert secrets
    assert not [secret for secret in secrets if secret in told or base64.b64encode(secret.encode()).decode() in told]


def test_what_was_put_back_is_no_drift_and_a_lost_node_hides_no_other(drill: Drill, tmp_path: pathlib.Path) -> None:
    """A node that cannot be reached is an error of its own, and has no report, not even one of an earlier run."""
    lost = tmp_path / "lost.yml"
    options = "-o ProxyCommand=false -o ControlPath=none"
    host = {"ansible_ssh_common_args": options, "ansible_user": "nobody", "ansible_become": False}
    lost.write_text(json.dumps({"provisionable": {"hosts": {"lost01": host}}}), encoding="utf-8")
    (tmp_path / "lost01").mkdir()
    (tmp_path / "lost01/drift.json").write_text("{}", encoding="utf-8")
    play = drill.play("drift", "-i", str(lost), "-e", f"drift_report_directory={tmp_path}/{{{{ inventory_hostname }}}}")
    assert play.status == 4, play.output
    assert not (tmp_path / "lost01/drift.json").exists()
    report = json.loads((tmp_path / "xlb01/drift.json").read_text(encoding="utf-8"))
    assert report["findings"] == []

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of drift, planted on a live appliance, is found by drift.yml, which itself changes nothing."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import typing as t

import pytest
from imrslab import shell

if t.TYPE_CHECKING:
    from imrslab.drill import Drill, Play

MANIFEST = "/var/lib/imrs-bundle/gate.json"
UPGRADES = "/etc/apt/apt.conf.d/52imrs-upgrades"
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
    "left by a bundle": Planted(
        f'cp -a {MANIFEST} /root/drill-manifest; echo x >/etc/drill-left; python3 -c "{REMEMBER}" {MANIFEST}',
        f"mv /root/drill-manifest {MANIFEST}; rm /etc/drill-left",
        (("file", "/etc/drill-left"),),
    ),
    "foreign": Planted(
        "echo >/etc/systemd/network/99-drill.network",
        "rm /etc/systemd/network/99-drill.network",
        (("foreign", "/etc/systemd/network/99-drill.network"),),
    ),
    "hold": Planted("apt-mark unhold knot", "apt-mark hold knot", (("package", "knot"),)),
    "altered package": Planted(
        f"cp -a {LIBRARY} /root/drill-dns; echo '# drill' >>{LIBRARY}",
        f"mv /root/drill-dns {LIBRARY}",
        (("package", LIBRARY),),
    ),
    "stopped": Planted(
        "systemctl stop imrs-fingerprint.path",
        "systemctl start imrs-fingerprint.path",
        (("service", "imrs-fingerprint.path"),),
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
    "rule": Planted(
        "nft add rule inet imrs input tcp dport 8080 accept",
        "nft -f /etc/nftables.conf",
        (("nftables", "chain inet imrs input"),),
    ),
    "socket": Planted(
        "systemd-run --quiet --unit=drill-listener python3 -m http.server 8080 --bind 0.0.0.0",
        "systemctl stop drill-listener",
        (("socket", "tcp 0.0.0.0 port 8080"),),
    ),
    "BGP as running, not on disk": Planted(
        "sed '/export limit/d' /etc/bird/bird.conf >/run/bird/drill.conf; chown bird /run/bird/drill.conf; "
        "birdc 'configure \"/run/bird/drill.conf\"'; birdc disable as64500_ipv6_1",
        "rm /run/bird/drill.conf; birdc configure; birdc enable as64500_ipv6_1",
        (
            ("bgp", "as64500_ipv4_1 ipv4 export limit"),
            ("bgp", "as64500_ipv6_1"),
            ("bgp", "as64500_ipv6_1 ipv6 export limit"),
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


@pytest.fixture
def compare(drill: Drill, tmp_path: pathlib.Path) -> t.Callable[..., Compared]:
    """Run drift.yml."""

    def run(*options: str) -> Compared:
        play = drill.play("drift", "-e", f"drift_report_directory={tmp_path}", *options)
        assert (tmp_path / "drift.json").exists(), play.output
        report = json.loads((tmp_path / "drift.json").read_text(encoding="utf-8"))
        table = (tmp_path / "drift.txt").read_text(encoding="utf-8")
        for path in tmp_path.iterdir():
            path.unlink()
        assert play.changed == 0, play.output
        return Compared(play, report, table)

    return run


@pytest.fixture
def planted(drill: Drill) -> t.Iterator[None]:
    """All of it at once; whatever becomes of the drill, it is put back, and the appliance goes live again."""
    done: list[Planted] = []
    try:
        for one in PLANTED.values():
            done.append(one)
            drill.node("sh", "-e", "-c", one.plant)
        shell.wait_for("the planted listener", lambda: ":8080" in drill.node("ss", "-lnt"), 10)
        yield
    finally:
        for one in reversed(done):
            drill.node("sh", "-c", one.undo)
        drill.restore()


def test_a_live_appliance_has_no_drift(compare: t.Callable[..., Compared]) -> None:
    compared = compare()
    assert compared.report["findings"] == [], compared.table
    assert compared.play.status == 0
    assert compared.table.endswith(": as intended\n")


@pytest.mark.usefixtures("planted")
def test_every_kind_of_drift_is_found(drill: Drill, compare: t.Callable[..., Compared]) -> None:
    wanted = {found for one in PLANTED.values() for found in one.found}
    states = drill.node("sh", "-c", "find /etc /usr/lib/imrs /var/lib/imrs-bundle -type f | sort | xargs sha256sum")
    compared, checked = compare(), compare("--check")
    assert compared.found == wanted, compared.table
    assert checked.found == wanted, checked.table
    assert compared.play.status == checked.play.status == 2
    assert "tcp 0.0.0.0 port 8080" in compared.play.output, "the table is on the screen"
    after = drill.node("sh", "-c", "find /etc /usr/lib/imrs /var/lib/imrs-bundle -type f | sort | xargs sha256sum")
    assert after == states, "the comparison itself changed something"


def test_what_was_put_back_is_no_drift_any_more(compare: t.Callable[..., Compared]) -> None:
    assert compare().report["findings"] == []


def test_a_secret_is_found_changed_and_never_shown(drill: Drill, compare: t.Callable[..., Compared]) -> None:
    """A TSIG key that somebody changed on disk: the file differs; what runs does not, and no key is shown."""
    keys = [path.read_text(encoding="utf-8").strip() for path in drill.lab.secrets.glob("tsig_*")]
    drill.node("cp", "-a", "/etc/knot/knot.conf", "/root/drill-knot")
    try:
        drill.node("sed", "-i", 's/secret: "/secret: "AAAA/', "/etc/knot/knot.conf")
        compared = compare("-vvv")
        assert compared.found == {("file", "/etc/knot/knot.conf")}, compared.table
        told = compared.play.output + compared.table + json.dumps(compared.report)
        assert keys
        assert not any(key in told for key in keys)
    finally:
        drill.node("mv", "/root/drill-knot", "/etc/knot/knot.conf")
        drill.restore()

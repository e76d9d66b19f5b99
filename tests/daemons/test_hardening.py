# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What role hardening writes, read by the programs of Debian 13 that it is for. Needs root and the lab image."""

from __future__ import annotations

import glob
import json
import pathlib
import re
import subprocess

import pytest
from ansible_collections.icann.imrs.plugins.module_utils import _products as products
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.checks import hardening
from ansible_collections.icann.imrs.plugins.module_utils._probes import host

NODE = pathlib.Path(__file__).parents[1] / "golden/example/acc01"
SSHD = "etc/ssh/sshd_config.d/00-imrs.conf"
UPGRADES = NODE / "etc/apt/apt.conf.d/52imrs-upgrades"
PROC = pathlib.Path("/proc/sys/net")


def settings(folder: pathlib.Path, *before: str) -> dict[str, str]:
    """``sshd -T`` of the rendered file, with lines in front of it, as a file that is read earlier has them."""
    pathlib.Path("/run/sshd").mkdir(exist_ok=True)
    key = folder / "key"
    if not key.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    file = folder / "sshd_config"
    file.write_text("".join(f"{line}\n" for line in before) + (NODE / SSHD).read_text())
    done = host.run(["sshd", "-T", "-f", str(file), "-h", str(key)])
    assert (done["rc"], done["stderr"]) == (0, "")
    return host.parse_sshd(done["stdout"])


def judged(found: dict[str, str]) -> tuple[str, str]:
    """What HD-10 says of it."""
    section = {"sshd": found, "sshd_error": "", "sockets": []}
    evidence = type("Evidence", (), {"section": staticmethod(lambda *_where: section)})()
    status, said = hardening.algorithms.judge(evidence, None)  # type: ignore[arg-type] - a part of it is enough
    return status.value, said


def test_sshd_takes_them_and_offers_the_hybrid_exchange_first(tmp_path: pathlib.Path) -> None:
    found = settings(tmp_path)
    assert judged(found) == ("pass", "mlkem768x25519-sha256 first")
    assert "sk-ssh-ed25519@openssh.com" in found["pubkeyacceptedalgorithms"].split(",")
    assert "sk-ecdsa-sha2-nistp256@openssh.com" in found["pubkeyacceptedalgorithms"].split(",")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("KexAlgorithms +diffie-hellman-group14-sha1", "kexalgorithms has diffie-hellman-"),
        ("Ciphers +aes256-cbc", "ciphers has aes256-cbc"),
        ("MACs hmac-sha1,umac-64@openssh.com", "macs has hmac-sha1, umac-64@openssh.com"),
        ("HostKeyAlgorithms +ssh-rsa", "hostkeyalgorithms has ssh-rsa"),
        ("PubkeyAcceptedAlgorithms +ssh-rsa", "pubkeyacceptedalgorithms has ssh-rsa"),
        ("KexAlgorithms curve25519-sha256", "none that a quantum computer does not undo"),
        ("RequiredRSASize 2048", "requiredrsasize is 2048"),
    ],
)
def test_what_somebody_has_weakened_is_seen(line: str, said: str, tmp_path: pathlib.Path) -> None:
    status, words = judged(settings(tmp_path, line))
    assert (status, said in words) == ("fail", True), words


def test_an_sshd_without_ml_kem_takes_the_same_file(tmp_path: pathlib.Path) -> None:
    """A name that it does not know would make it refuse the whole file; taken away, any name is fine."""
    text = (NODE / SSHD).read_text()
    (line,) = re.findall("(?m)^KexAlgorithms .*$", text)
    found = settings(tmp_path, f"{line},mlkem*,no-such-exchange@example.org")
    assert found["kexalgorithms"].startswith("sntrup761x25519-sha512")


def test_systemd_knows_the_times_of_the_windows() -> None:
    text = (NODE / "etc/systemd/system/apt-daily-upgrade.timer.d/60-imrs.conf").read_text()
    times = re.findall("(?m)^OnCalendar=(.+)$", text)
    assert times
    assert host.run(["systemd-analyze", "calendar", *times])["rc"] == 0
    assert host.run(["systemd-analyze", "calendar", "someday *-*-* 18:00 UTC"])["rc"] != 0


def said(*command: str) -> list[str]:
    """The lines that a program prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def setting(name: str, file: pathlib.Path) -> list[str]:
    """The values of a list in a file of apt, as apt reads it."""
    return said("apt-config", "dump", "--no-empty", "--format", "%v%n", name, f"--config-file={file}")


def test_unattended_upgrades_take_security_fixes_alone_and_ask_nobody(tmp_path: pathlib.Path) -> None:
    """Debian's own file comes before, and its list would only be added to."""
    file = tmp_path / "apt.conf"
    file.write_text(
        'Unattended-Upgrade::Origins-Pattern { "origin=Debian,codename=${distro_codename},label=Debian"; };\n'
        + UPGRADES.read_text()
    )
    assert setting("Unattended-Upgrade::Origins-Pattern", file) == [
        "origin=Debian,codename=${distro_codename}-security,label=Debian-Security"
    ]
    assert {"--force-confold", "--force-confdef"} <= set(setting("Dpkg::Options", file))
    for name in ("Automatic-Reboot", "InstallOnShutdown"):
        assert setting(f"Unattended-Upgrade::{name}", file) == ["false"]


def certified() -> set[str]:
    """The files in this image that are in the fingerprint of a node, whatever daemons it runs."""
    patterns = json.loads((NODE / "etc/imrs/gate.json").read_text())["fingerprint_paths"]
    for product in products.PRODUCTS:
        patterns += [product.directory, *product.programs, f"/usr/lib/systemd/system/{product.unit}"]
        patterns += [f"/usr/lib/*/{name}" for name in product.libraries]
    found = set()
    for path in (pathlib.Path(each) for pattern in patterns for each in glob.glob(pattern, recursive=True)):
        found |= {each for each in (path, *path.rglob("*")) if each.is_file() and "__pycache__" not in each.parts}
    return {str(path) for path in found}


def packages_of(paths: set[str]) -> set[str]:
    """The packages that bring these files anew when they are upgraded. A conffile that somebody changed stays."""
    lines = [line.split() for line in said("dpkg-query", "--show", "--showformat=${Conffiles}\n") if line.strip()]
    asked = sorted(paths - {words[0] for words in lines})
    # It fails for files that are of no package.
    done = subprocess.run(["dpkg-query", "--search", *asked], check=False, capture_output=True, text=True)
    owners = [line.rpartition(": ")[0].split(", ") for line in done.stdout.splitlines()]
    return {name.partition(":")[0] for names in owners for name in names}


def test_nothing_that_is_certified_is_upgraded_unattended() -> None:
    """It would void the certificate of a node in service, and nobody is there to judge it anew."""
    found = packages_of(certified())
    assert {"bird2", "frr", "knot", "nsd", "python3-dnspython"} <= found
    left = setting("Unattended-Upgrade::Package-Blacklist", UPGRADES)
    held = sorted(found & set(products.held()))
    depends = "\n".join(said("dpkg-query", "--show", "--showformat=${Depends}\n", *held))
    taken = {name for name in found if not any(re.match(pattern, name) for pattern in left)}
    # What is held holds what it wants in one version alone.
    assert {name for name in taken if f"{name} (= " not in depends} == set()


def test_sudo_takes_its_file() -> None:
    path = NODE / "etc/sudoers.d/60-imrs"
    assert host.run(["visudo", "-c", "-f", str(path)])["rc"] == 0


def test_sudo_refuses_what_it_cannot_read(tmp_path: pathlib.Path) -> None:
    """The guard of the bundle: such a file would leave nobody root."""
    (tmp_path / "60-imrs").write_text((NODE / "etc/sudoers.d/60-imrs").read_text() + "Defaults use_tty_of_my_own=yes\n")
    assert host.run(["visudo", "-c", "-s", "-f", str(tmp_path / "60-imrs")])["rc"] != 0


def test_an_interface_that_was_there_before_takes_no_redirects() -> None:
    """With ``all`` and ``default`` alone, as it was, IPv6 goes on taking them."""
    subprocess.run(["ip", "link", "add", "older", "type", "veth", "peer", "name", "other"], check=True)
    try:
        for family in ("ipv4", "ipv6"):
            (PROC / family / "conf/older/accept_redirects").write_text("1")
            for which in ("all", "default"):
                (PROC / family / f"conf/{which}/accept_redirects").write_text("0")
        taken = host._switched_on(host.REDIRECTS)
        assert "net/ipv6/conf/older/accept_redirects" in taken
        # What of it belongs to the machine that runs the tests is none of ours.
        lines = [
            line
            for line in (NODE / "etc/sysctl.d/60-imrs.conf").read_text().splitlines()
            if re.match("net.ipv[46]", line)
        ]
        file = pathlib.Path("/run/60-imrs.conf")
        file.write_text("\n".join(lines) + "\n")
        subprocess.run(["/usr/lib/systemd/systemd-sysctl", str(file)], check=True)
        assert host._switched_on(host.REDIRECTS) == []
        assert (PROC / "ipv4/conf/all/arp_announce").read_text().strip() == "2"
    finally:
        subprocess.run(["ip", "link", "delete", "older"], check=True)

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What role hardening hands over: who gets in, what a change of that touches, and what holds for each interface."""

from __future__ import annotations

import fnmatch
import re
import subprocess
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._bundle import disruption
from imrs_role_machine import AS_NODE, ROUTER, Role

if t.TYPE_CHECKING:
    import pathlib

ANNA = {"name": "anna", "keys": ["ssh-ed25519 AAAA1", "sk-ssh-ed25519@openssh.com AAAA2"]}
BOB = {"name": "bob", "keys": ["ssh-ed25519 AAAA3"]}
SSHD = "etc/ssh/sshd_config.d/00-imrs.conf"
SUDO = "etc/sudoers.d/60-imrs"
UPGRADES = "/etc/apt/apt.conf.d/52imrs-upgrades"
PERIODIC = re.compile(r'(?m)^APT::Periodic::Unattended-Upgrade "(.)";$')
BARE = {
    *("/etc", "/etc/apt/apt.conf.d", "/etc/profile.d", "/etc/security/limits.d", "/etc/ssh", "/etc/sudoers.d"),
    *("/etc/sysctl.d", "/etc/systemd", "/etc/systemd/system", "/etc/tmpfiles.d"),
}
"""Folders that a bare Debian 13 has, with sudo and an SSH server."""


def role(*accounts: dict[str, t.Any]) -> Role:
    return Role("hardening", {**AS_NODE, "imrs_operators": list(accounts)})


def contents(of: Role) -> dict[str, str]:
    """By path on the node what the bundle would write there."""
    found = {}
    for item in of.arguments()["files"]:
        source = item.get("src")
        found[item["dest"]] = of.file(source.removesuffix(".j2")) if source else item["content"]
    return found


def test_without_operators_of_the_fleet_the_installers_account_alone_gets_in() -> None:
    files = contents(role())
    assert "AllowUsers dnseng\n" in files[f"/{SSHD}"]
    assert "AllowGroups" not in files[f"/{SSHD}"]
    assert "NOPASSWD" not in files[f"/{SUDO}"]
    assert not [
        path for path in files if path.startswith(("/etc/sysusers.d", "/etc/tmpfiles.d/60", "/etc/ssh/authorized"))
    ]


def test_operators_get_an_account_a_file_of_keys_and_root() -> None:
    files = contents(role(ANNA, BOB))
    assert files["/etc/ssh/authorized_keys/anna"] == "ssh-ed25519 AAAA1\nsk-ssh-ed25519@openssh.com AAAA2\n"
    assert files["/etc/ssh/authorized_keys/bob"] == "ssh-ed25519 AAAA3\n"
    assert "AllowGroups imrs-operators\n" in files[f"/{SSHD}"]
    assert "AllowUsers" not in files[f"/{SSHD}"]
    assert "%imrs-operators ALL=(ALL:ALL) NOPASSWD: ALL\n" in files[f"/{SUDO}"]
    lines = files["/etc/sysusers.d/60-imrs.conf"].splitlines()
    assert 'u anna - "IMRS operator" /home/anna /bin/bash' in lines
    assert [line for line in lines if line.startswith("m ")] == [
        f"m {name} imrs-operators" for name in ("dnseng", "anna", "bob")
    ]
    assert "d /home/bob 0700 bob bob -" in files["/etc/tmpfiles.d/60-imrs.conf"]


def test_nobody_far_from_the_vault_reads_what_was_typed() -> None:
    """Ansible hands files with secrets over through sudo."""
    assert re.search(r"(?m)^Defaults !log_input, !log_output$", contents(role())[f"/{SUDO}"])


def test_one_operator_more_touches_nothing_that_is_certified() -> None:
    certified = Role("gate", AS_NODE)["gate_fingerprint_paths"]
    before, after = contents(role(ANNA)), contents(role(ANNA, BOB))
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert changed == {
        "/etc/ssh/authorized_keys/bob",
        "/etc/sysusers.d/60-imrs.conf",
        "/etc/tmpfiles.d/60-imrs.conf",
    }
    assert not [path for path in changed for one in certified if f"{path}/".startswith(f"{one.rstrip('/')}/")]
    bundle = role(ANNA, BOB).bundle()
    assert disruption.worst(disruption.disruptions(bundle, dict.fromkeys(changed), ()).values()) == "none"
    assert bundle.confirm is not None
    assert all(
        any(fnmatch.fnmatch(path, one) for one in bundle.confirm.when_changed) for path in changed if "tmp" not in path
    )


def test_the_accounts_are_there_before_sshd_lets_in_by_their_group() -> None:
    bundle = role(ANNA).bundle()
    commands = [each.command.argv[0:2] for each in bundle.activate]
    assert commands.index(("systemd-sysusers",)) < commands.index(("systemctl", "reload"))
    assert ("test", "-s", "/etc/ssh/authorized_keys/dnseng") in [each.argv for each in bundle.check]
    assert not [each.argv for each in bundle.check if "/etc/ssh/authorized_keys/anna" in each.argv], (
        "it is not there yet"
    )


def test_keys_of_the_fleet_take_the_place_of_the_installers() -> None:
    of = role({"name": "dnseng", "keys": ["ssh-ed25519 AAAA4"]})
    assert contents(of)["/etc/ssh/authorized_keys/dnseng"] == "ssh-ed25519 AAAA4\n"
    assert not [each for each in of.arguments()["check"] if each.startswith("test ")]


def test_every_folder_is_there_or_made() -> None:
    """A bundle makes none that it does not list."""
    arguments = Role(
        "hardening", {**AS_NODE, "imrs_operators": [ANNA]}, hardening_console_password_variable="vault_console"
    ).arguments()
    made = [directory["path"] for directory in arguments["directories"]]
    needed = {path.rpartition("/")[0] for path in (*made, *(item["dest"] for item in arguments["files"]))}
    assert needed - BARE - set(made) == set()


def test_nobody_has_a_password_but_the_console_that_is_given_one() -> None:
    without, given = role(), Role("hardening", AS_NODE, hardening_console_password_variable="vault_console")
    files = {item["dest"]: item for item in given.arguments()["files"]}
    assert files["/etc/imrs-console"] | {"src": ""} == {
        "src": "",
        "dest": "/etc/imrs-console",
        "mode": "0600",
        "secret": True,
    }
    assert "/etc/imrs-console" not in {item["dest"] for item in without.arguments()["files"]}
    assert "\nimrs-console ALL=(ALL:ALL) ALL\n" in given.file(SUDO)
    assert "imrs-console" not in without.file(SUDO)
    assert "imrs-console" not in given.file(SSHD)
    (command,) = [each.command.argv for each in given.bundle().activate if "chpasswd" in each.command.argv[-1]]
    assert command[:2] == ("sh", "-c")


def test_the_boot_loader_has_a_password_if_it_is_given_one() -> None:
    without, given = role(), Role("hardening", AS_NODE, hardening_boot_password_variable="vault_boot")
    files = {item["dest"]: item for item in given.arguments()["files"]}
    assert (files["/etc/grub.d/09-imrs"]["mode"], files["/etc/grub.d/09-imrs"]["secret"]) == ("0700", True)
    assert "/etc/grub.d/09-imrs" not in {item["dest"] for item in without.arguments()["files"]}


def test_upgrades_wait_for_a_window() -> None:
    windows = [
        {"day": "tuesday", "start": "18:00", "end": "22:00"},
        {"day": "sunday", "start": "01:30", "end": "03:00"},
    ]
    of = Role("hardening", {**AS_NODE, "imrs_maintenance_windows": windows})
    text = contents(of)["/etc/systemd/system/apt-daily-upgrade.timer.d/60-imrs.conf"]
    found = re.findall("(?m)^OnCalendar=(.*)$", text)
    assert found == ["", "tuesday *-*-* 18:00 UTC", "sunday *-*-* 01:30 UTC"], "the empty one forgets each morning's"
    assert {"Persistent=false", "RandomizedDelaySec=2700s", "FixedRandomDelay=true"} <= set(text.splitlines())
    assert PERIODIC.findall(contents(of)[UPGRADES]) == ["1"]


def test_without_a_window_there_is_no_time_for_upgrades() -> None:
    """A timer that has no time at all is an error to systemd. Debian's own has each morning: they are switched off."""
    of = Role("hardening", {**AS_NODE, "imrs_maintenance_windows": []})
    files = contents(of)
    assert not [path for path in files if "apt-daily-upgrade" in path]
    assert PERIODIC.findall(files[UPGRADES]) == ["0"]


@pytest.mark.parametrize("machine", [AS_NODE, ROUTER], ids=["node", "router"])
def test_every_interface_is_told_and_not_only_those_to_come(machine: dict[str, t.Any]) -> None:
    """IPv6 asks the interface alone about redirects, and one that is older than `default` has kept its own."""
    text = Role("hardening", machine).file("etc/sysctl.d/60-imrs.conf")
    settings = dict(re.findall(r"(?m)^(\S+) = (.*)$", text))
    for family in ("ipv4", "ipv6"):
        for what in ("accept_redirects", "accept_source_route"):
            assert [settings[f"net.{family}.conf.{which}.{what}"] for which in ("all", "default", "*")] == ["0"] * 3
    assert (settings["net.ipv4.conf.all.arp_ignore"], settings["net.ipv4.conf.all.arp_announce"]) == ("1", "2")


def test_settings_of_the_whole_machine_are_its_hosts_in_a_container() -> None:
    facts = {"virtualization_role": "guest", "virtualization_type": "systemd-nspawn"}
    text = Role("hardening", AS_NODE, ansible_facts=facts).file("etc/sysctl.d/60-imrs.conf")
    for name in ("kernel.core_pattern", "kernel.panic_on_oops", "net.core.bpf_jit_harden", "fs.suid_dumpable"):
        assert f"\n# {name} = " in text
    assert "\nnet.ipv4.conf.all.arp_ignore = 1" in text


@pytest.mark.parametrize(("options", "seconds"), [(["-i"], "900"), ([], "")], ids=["prompt", "script"])
def test_a_shell_ends_at_its_prompt_and_no_script_does(
    options: list[str], seconds: str, tmp_path: pathlib.Path
) -> None:
    file = tmp_path / "60-imrs.sh"
    file.write_text(role().file("etc/profile.d/60-imrs.sh"))
    # Twice, as a login shell in a login shell reads it; and somebody would rather not.
    script = f'. {file}; . {file}; [ "$1" ] && TMOUT=0; echo "<$TMOUT>"'
    command = ["bash", "--norc", *options, "-c", script, "bash"]
    told = [subprocess.run([*command, way], capture_output=True, text=True, check=False) for way in ("", "change")]
    assert told[0].stdout == f"<{seconds}>\n"
    assert told[1].stdout == ("" if seconds else "<0>\n"), "nobody sets it again"


def test_each_module_is_blocked_by_name_and_by_what_it_serves_and_has_a_reason() -> None:
    """`blacklist` alone stops what the kernel asks for by an alias, `install` what asks for the module by its name."""
    of = role()
    lines = of.file("etc/modprobe.d/60-imrs.conf").splitlines()
    for reason, names in of["hardening_modules_blocked"].items():
        assert f"# {reason}" in lines
        for name in names:
            assert {f"blacklist {name}", f"install {name} /bin/false"} <= set(lines)
    assert not [line for line in lines if "usb-storage" in line], "some machines boot by it"


CONTAINER = {"virtualization_role": "guest", "virtualization_type": "container"}


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        ({}, ["w- /sys/kernel/security/lockdown - - - - integrity"]),
        ({"hardening_lockdown": "none"}, []),
        # Its kernel is that of its host, and of everybody there.
        ({"ansible_facts": CONTAINER}, []),
    ],
    ids=["by itself", "none", "container"],
)
def test_a_kernel_is_locked_down_that_is_the_nodes_own(given: dict[str, t.Any], lines: list[str]) -> None:
    files = contents(Role("hardening", AS_NODE, **given))
    written = files["/etc/tmpfiles.d/61-imrs-lockdown.conf"].splitlines()
    assert [line for line in written if not line.startswith("#")] == lines


def log_files(of: Role) -> set[str]:
    return {path for path in contents(of) if path.startswith(("/etc/imrs-log/", "/etc/systemd/journal-upload.conf.d/"))}


def test_the_log_is_sent_where_the_fleet_says_and_stays_where_it_says_nothing() -> None:
    """The unit is there all the same: its file has to be, when it is to be stopped and disabled."""
    given, without = role(), Role("hardening", {**AS_NODE, "imrs_log_server": None})
    assert log_files(given) == {
        "/etc/imrs-log/hosts",
        "/etc/imrs-log/server.pem",
        "/etc/systemd/journal-upload.conf.d/60-imrs.conf",
    }
    assert log_files(without) == set()
    (unit,) = given.bundle().ensure
    assert (unit.unit, unit.enabled, unit.started) == ("imrs-log.service", True, True)
    assert without.bundle().ensure == ()
    assert "/etc/systemd/system/imrs-log.service" in contents(without)


def test_the_log_servers_certificates_and_addresses_are_all_that_is_believed() -> None:
    server = {
        "name": "log.other.example",
        "addresses": ["203.0.113.9", "2001:db8::9"],
        "port": 6514,
        "certificates": ["ONE", "TWO"],
    }
    files = contents(Role("hardening", {**AS_NODE, "imrs_log_server": server}))
    assert re.findall("(?m)^[^#].*$", files["/etc/imrs-log/server.pem"]) == ["ONE", "TWO"]
    hosts = re.findall("(?m)^[^#].*$", files["/etc/imrs-log/hosts"])
    assert hosts == ["203.0.113.9 log.other.example", "2001:db8::9 log.other.example"]
    settings = files["/etc/systemd/journal-upload.conf.d/60-imrs.conf"]
    assert "\nURL=https://log.other.example:6514\n" in settings
    assert "\nTrustedCertificateFile=/etc/imrs-log/server.pem\n" in settings


@pytest.mark.parametrize("server", [AS_NODE["imrs_log_server"], None], ids=["another", "none any more"])
def test_another_log_server_or_none_waits_for_no_window(server: dict[str, t.Any] | None) -> None:
    """Its unit serves nobody: as the unit is stopped by an activation, no window is waited for."""
    bundle = Role("hardening", {**AS_NODE, "imrs_log_server": server}).bundle()
    changed = ("/etc/imrs-log/server.pem", "/etc/imrs-log/hosts", "/etc/systemd/journal-upload.conf.d/60-imrs.conf")
    (told,) = bundle.activations(changed)
    assert "systemctl disable --now imrs-log.service" in told.command.argv[-1]
    assert not [unit for unit in bundle.ensure if unit.started is False]
    assert set(disruption.disruptions(bundle, dict.fromkeys(changed), ()).values()) == {"none"}


RULES = "/etc/imrs-audit/imrs.rules"


def test_what_is_recorded_is_what_people_do_whoever_made_their_account() -> None:
    """Operators' accounts are made by systemd-sysusers, with numbers below 1000: a rule for those above sees none."""
    rules = [line for line in contents(role())[RULES].splitlines() if line.startswith("-a always,exit")]
    assert rules
    assert all(" -F auid!=-1 " in line for line in rules)
    assert not [line for line in rules if re.search("auid[<>]", line)]


def test_what_serves_pays_nothing_for_records() -> None:
    """Without that rule each call of each daemon took twice its time, and was looked up in all rules."""
    lines = contents(role())[RULES].splitlines()
    assert lines.index("-a never,task -F auid=-1") < min(lines.index(each) for each in lines if "always,exit" in each)


def test_nobody_stops_the_node_by_filling_a_log() -> None:
    files = contents(role())
    settings = dict(re.findall(r"(?m)^(\w+) = (\S+)$", files["/etc/imrs-audit/auditd.conf"]))
    actions = {name: value for name, value in settings.items() if name.endswith("_action")}
    assert {"disk_full_action", "disk_error_action", "space_left_action", "admin_space_left_action"} <= set(actions)
    assert set(actions.values()) <= {"IGNORE", "ROTATE", "SUSPEND"}
    lines = files[RULES].splitlines()
    assert {"-f 1", "--backlog_wait_time 0", "-r 1000", "-b 4096"} <= set(lines)
    assert "-e 2" not in lines, "locked, a new file could not be loaded before the next boot"


def test_records_touch_nothing_that_serves_nor_is_certified() -> None:
    certified = Role("gate", AS_NODE)["gate_fingerprint_paths"]
    bundle = role().bundle()
    changed = tuple(path for path in contents(role()) if "audit" in path)
    assert len(changed) == 5
    assert not [path for path in changed for one in certified if f"{path}/".startswith(f"{one.rstrip('/')}/")]
    assert set(disruption.disruptions(bundle, dict.fromkeys(changed), ()).values()) == {"none"}
    assert ["auditd" in told.command.argv[-1] for told in bundle.activations((RULES,))] == [True]


def test_a_container_has_the_records_of_its_host() -> None:
    files = contents(role())
    for unit in ("auditd", "audit-rules"):
        assert "ConditionVirtualization=!container" in files[f"/etc/systemd/system/{unit}.service.d/60-imrs.conf"]

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way, from a playbook to the files: ansible-playbook against localhost."""

from __future__ import annotations

import datetime
import os
import pathlib
import re
import subprocess
import typing as t

import pytest
from imrs_bundle_site import KEYS, PLAIN, ROOT, SECRET, Site, bundle, make_site


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Site:
    return make_site(tmp_path)


def test_renders_byte_for_byte_like_the_template_module(site: Site) -> None:
    names = ["full", "bare", "whole", "empty"]
    ours = bundle(*({"src": f"etc/{name}.j2", "dest": f"{{{{ node }}}}/{name}"} for name in names))
    theirs = [
        {"ansible.builtin.template": {"src": f"etc/{name}.j2", "dest": f"{{{{ node }}}}/{name}", "mode": "0644"}}
        for name in names
    ]
    assert site.play([ours]).returncode == 0
    rendered = {name: (site.node / name).read_bytes() for name in names}
    assert b"zone: arpa." in rendered["full"]
    result = site.play(theirs)
    assert "changed=0" in result.stdout, result.stdout
    assert {name: (site.node / name).read_bytes() for name in names} == rendered


def test_what_tells_of_the_controller_is_in_no_file(site: Site) -> None:
    site = Site(site.base, "ansible_managed = by {uid} on {host}\nerror_on_undefined_vars = false\n")
    (site.templates / "etc/head.j2").write_text("# {{ ansible_managed }}\n")
    (site.templates / "etc/told.j2").write_text("{{ template_host }}\n")
    head, told = ({"src": f"etc/{name}.j2", "dest": f"{{{{ node }}}}/{name}"} for name in ("head", "told"))
    assert site.play([bundle(head)], variables={"ansible_managed": "another"}).returncode == 0
    assert (site.node / "head").read_text() == "# Ansible managed\n"
    result = site.play([bundle(told)])
    assert result.returncode != 0
    assert "'template_host' is undefined" in result.stdout, result.stdout
    assert not (site.node / "told").exists()


def test_copies_binary_files(site: Site) -> None:
    data = bytes(range(256)) * 3
    (site.base / "blob").write_bytes(data)
    result = site.play([bundle({"copy": str(site.base / "blob"), "dest": "{{ node }}/blob", "mode": "0755"})], "--diff")
    assert result.returncode == 0, result.stdout
    assert (site.node / "blob").read_bytes() == data
    assert (site.node / "blob").stat().st_mode & 0o777 == 0o755


def test_second_run_is_unchanged(site: Site) -> None:
    assert "changed=1" in site.play([bundle(KEYS, PLAIN)]).stdout
    assert "changed=0" in site.play([bundle(KEYS, PLAIN)]).stdout


def test_check_and_diff_are_truthful_and_keep_the_secret(site: Site) -> None:
    before = {"key": "b2xkLW9sZC1vbGQtb2xkLW9sZA==", "zones": ["."]}
    assert site.play([bundle(KEYS, PLAIN)], variables=before).returncode == 0
    old = {path.name: path.read_bytes() for path in site.node.iterdir()}
    tell = {"ansible.builtin.debug": {"var": "told"}}
    task = {**bundle(KEYS, PLAIN, activate=[{"command": "true", "disruption": "reload"}]), "register": "told"}
    for options in (["--check", "--diff", "-vvvv"], ["--diff", "-vvvv"]):
        result = site.play([task, tell], *options)
        shown = result.stdout + result.stderr
        assert result.returncode == 0, shown
        assert "changed=1" in shown
        assert "-zones .\n+zones . arpa.\n" in shown
        assert "content is secret; it changed" in shown
        assert '"disruption": "reload"' in shown
        assert SECRET not in shown
        assert before["key"] not in shown
        if "--check" in options:
            assert {path.name: path.read_bytes() for path in site.node.iterdir()} == old
    assert SECRET in (site.node / "keys").read_text()


def test_a_failing_check_that_echoes_the_secret_does_not_show_it(site: Site) -> None:
    check = [["sh", "-c", "echo line 1: unexpected; cat {staged}{{ node }}/keys; exit 1"]]
    for options in (["-vvvv"], ["-vvvv", "--check"]):
        result = site.play([bundle(KEYS, PLAIN, check=check)], *options)
        shown = result.stdout + result.stderr
        assert result.returncode != 0
        assert "line 1: unexpected" in shown
        assert "hidden: this line quotes a secret file" in shown
        assert SECRET not in shown
        assert not list(site.node.iterdir())


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (
            {"src": "etc/typo.j2", "dest": "/x", "secret": True},
            ["bundle one: etc/typo.j2 for /x", "'kye' is undefined", "define the"],
        ),
        (
            {"src": "etc/filter.j2", "dest": "/x", "secret": True},
            ["bundle one: etc/filter.j2 for /x", "the file is secret"],
        ),
        ({"src": "etc/none.j2", "dest": "/x"}, ["bundle one: etc/none.j2 for /x", "Could not find"]),
        ({"copy": "no-such-file", "dest": "/x"}, ["bundle one: no-such-file for /x", "Could not find"]),
        ({"content": "x", "dest": "x"}, ["'x' is not an absolute path"]),
        ({"content": "x", "dest": "/x", "mod": "1"}, ["unknown key mod"]),
    ],
)
def test_mistakes_are_told_in_one_sentence(site: Site, file: dict[str, t.Any], words: list[str]) -> None:
    for option in ("-v", "-vvvv"):
        result = site.play([bundle(file)], option)
        shown = result.stdout + result.stderr
        assert result.returncode != 0
        for word in words:
            assert word in shown.replace('\\"', '"'), shown
        assert "Traceback" not in shown
        assert SECRET not in shown


def test_a_missing_interpreter_is_told_in_one_sentence(site: Site) -> None:
    result = site.play([bundle(KEYS)], "-e", "ansible_python_interpreter=/no/such/python", "-vvvv")
    shown = result.stdout + result.stderr
    assert "bundle one: Python did not run on the node" in shown, shown
    assert "Traceback" not in shown
    assert SECRET not in shown


def test_a_run_that_is_killed_on_the_node_is_told_as_such(site: Site) -> None:
    killed = site.base / "python3"
    killed.write_text("#!/bin/sh\nkill -KILL $$\n")
    killed.chmod(0o755)
    result = site.play([bundle(KEYS)], "-e", f"ansible_python_interpreter={killed}", "-vvvv")
    shown = result.stdout + result.stderr
    assert "bundle one: the run on the node was killed" in shown, shown
    assert "install python3" not in shown
    assert "Traceback" not in shown
    assert SECRET not in shown


VAULTED = {"src": "etc/vaulted.j2", "dest": "{{ node }}/vaulted", "secret": True}
NOWHERE = ["-e", "ansible_python_interpreter=/no/such/python"]


@pytest.fixture
def vault(site: Site) -> dict[str, t.Any]:
    """Variables of the vault: one as a file of the controller, as in the lab, and a short one."""
    (site.base / "secret").write_text(f"{SECRET}\n")
    (site.templates / "etc" / "vaulted.j2").write_text(
        "vault_key = {{ lookup('icann.imrs.secret', 'vault_key') }}\n"
        "vault_short = {{ lookup('icann.imrs.secret', 'vault_short') }}\n"
    )
    return {"vault_key": "{{ lookup('ansible.builtin.file', playbook_dir ~ '/secret') }}", "vault_short": "hunter22"}


def test_secrets_reach_the_node_and_nothing_else(site: Site, vault: dict[str, t.Any]) -> None:
    result = site.play([bundle(VAULTED)], "--diff", "-vvvv", variables=vault)
    assert result.returncode == 0, result.stdout
    assert (site.node / "vaulted").read_text() == f"vault_key = {SECRET}\nvault_short = hunter22\n"
    shown = result.stdout + result.stderr
    assert SECRET not in shown
    assert "hunter22" not in shown


def test_a_secret_that_is_not_defined_is_named_with_its_host(site: Site, vault: dict[str, t.Any]) -> None:
    del vault["vault_short"]
    result = site.play([bundle(VAULTED)], "-vvvv", variables=vault)
    shown = result.stdout + result.stderr
    assert result.returncode != 0
    assert "bundle one: etc/vaulted.j2 for" in shown
    assert "localhost: the secret vault_short is not defined; define it in the vault" in shown
    assert "Traceback" not in shown
    assert SECRET not in shown
    assert not list(site.node.iterdir())


def test_render_mode_writes_on_the_controller_only(site: Site, vault: dict[str, t.Any]) -> None:
    rendering = {"imrs_render_directory": str(site.base / "rendered"), **vault}
    result = site.play([bundle(VAULTED, PLAIN)], *NOWHERE, variables=rendering)
    assert "changed=1" in result.stdout, result.stdout
    top = pathlib.Path(f"{site.base}/rendered/localhost{site.node}")
    assert (top / "plain").read_text() == "zones . arpa.\n"
    assert (top / "vaulted").read_text() == "vault_key = <vault_key>\nvault_short = <vault_short>\n"
    assert f"{site.node}/vaulted secret\n" in (site.base / "rendered/localhost/MANIFEST").read_text()
    assert SECRET not in result.stdout + result.stderr
    assert not list(site.node.iterdir())
    assert "changed=0" in site.play([bundle(VAULTED, PLAIN)], *NOWHERE, variables=rendering).stdout


def test_a_rendering_that_is_not_for_keeps_is_no_change(site: Site) -> None:
    rendering = {"imrs_render_directory": str(site.base / "rendered"), "imrs_render_quietly": True}
    assert "changed=0" in site.play([bundle(PLAIN)], *NOWHERE, variables=rendering).stdout
    assert pathlib.Path(f"{site.base}/rendered/localhost{site.node}/plain").read_text() == "zones . arpa.\n"


def test_render_mode_refuses_a_secret_that_came_another_way(site: Site, vault: dict[str, t.Any]) -> None:
    rendering = {"imrs_render_directory": str(site.base / "rendered"), **vault}
    files = [VAULTED, {"content": "x = {{ vault_key }}\n", "dest": "/etc/leak"}]
    result = site.play([bundle(*files)], *NOWHERE, "-vvvv", variables=rendering)
    shown = result.stdout + result.stderr
    assert result.returncode != 0
    assert "bundle one: /etc/leak would show the value of vault_key, so nothing of this bundle is rendered" in shown
    assert "Traceback" not in shown
    assert SECRET not in shown
    assert not (site.base / "rendered").exists()


@pytest.fixture
def wire(site: Site, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """The site over a connection that can break, on a node whose systemd is two scripts; its folder."""
    folder = ROOT / "tests/faults/wire"
    monkeypatch.setenv("WIRE_BASE", str(site.base))
    monkeypatch.setenv("PATH", f"{folder}/bin:{os.environ['PATH']}")
    monkeypatch.setenv("ANSIBLE_CONNECTION_PLUGINS", str(folder))
    return site.base


def _risky(site: Site, seconds: int = 60, **more: t.Any) -> subprocess.CompletedProcess[str]:
    """A change after which the wire is cut, if the file says so."""
    rule = {"content": "{{ rule }}\n", "dest": "{{ node }}/rule"}
    load = ["sh", "-c", f"if grep -q cut {site.node}/rule; then touch {site.base}/cut; else rm -f {site.base}/cut; fi"]
    task = bundle(rule, activate=[{"command": load}], confirm={"seconds": seconds, "when_changed": ["{{ node }}/r*"]})
    tasks = [{**task, "register": "told"}, {"ansible.builtin.debug": {"var": "told"}}]
    variables = {"ansible_connection": "wire", "rule": "open", **more}
    return site.play(tasks, *(["--check"] if variables.pop("check", False) else []), variables=variables)


def test_a_risky_change_is_confirmed_over_a_new_connection(site: Site, wire: pathlib.Path) -> None:
    result = _risky(site)
    assert result.returncode == 0, result.stdout
    assert '"confirmed": true' in result.stdout
    assert "token" not in result.stdout
    assert (wire / "wire.log").read_text().split() == ["connect", "reset", "connect"]
    assert (wire / "armed").read_text().startswith(f"60 {wire}/state/library/imrs-bundle-recover --state ")
    assert not list((wire / "state").glob("*.journal"))
    (wire / "armed").unlink()
    result = _risky(site, rule="new", check=True)
    assert "changed=1" in result.stdout
    result = _risky(site)
    assert ("changed=0" in result.stdout, '"confirmed": null' in result.stdout) == (True, True)
    assert not (wire / "armed").exists()


def test_a_change_that_cuts_the_controller_off_is_undone_by_the_node(site: Site, wire: pathlib.Path) -> None:
    assert _risky(site).returncode == 0
    (wire / "time-passes").touch()
    # The node's time runs from before the change, and must be long enough for all of it on a slow machine. The
    # controller's begins later: it may hear of the node's end just before its own.
    result = _risky(site, 20, rule="cut")
    assert result.returncode != 0
    late = "(the controller did not get in again over a new connection within 20 seconds|not confirmed)"
    told = f"bundle one: {late}: the previous files are in place: nobody confirmed the change"
    assert re.search(told, result.stdout), result.stdout
    assert '"rolled_back": true' in result.stdout
    assert "Traceback" not in result.stdout + result.stderr
    assert (site.node / "rule").read_text() == "open\n"
    assert not (wire / "cut").exists()


def test_check_mode_says_what_happens_to_each_daemon(site: Site) -> None:
    reset = {"command": "true bird.service", "disruption": "session reset"}
    day = f"{datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=3):%A}"
    windows = [{"day": day.lower(), "start": "18:00", "end": "22:00"}]
    task = bundle(PLAIN, activate=[reset], in_service="true", windows=windows)
    result = site.play([task], "--check")
    assert "localhost: bundle one would do: bird.service session reset (refused now)" in result.stdout
    assert f"the node is in service; next maintenance window: {day} 18:00" in result.stdout + result.stderr
    result = site.play([task])
    assert result.returncode != 0
    assert '"refused": true' in result.stdout
    assert not list(site.node.iterdir())
    task["icann.imrs.bundle"]["disrupt"] = True
    assert site.play([task]).returncode == 0


def test_variables_named_after_the_bundle_say_when_the_node_may_be_disturbed(site: Site) -> None:
    task = bundle(PLAIN, activate=[{"command": "true bird.service", "disruption": "restart"}], in_service="true")
    refused = site.play([task], variables={"one_windows": [], "one_disrupt": "{{ never | default(false) }}"})
    assert refused.returncode != 0
    assert '"refused": true' in refused.stdout, refused.stdout
    wrong = site.play([task], variables={"one_windows": "always"})
    assert "bundle one: windows: must be a list" in wrong.stdout, wrong.stdout
    assert not list(site.node.iterdir())
    assert site.play([task], variables={"one_disrupt": "{{ not never | default(false) }}"}).returncode == 0


def test_without_a_timer_nothing_changes(site: Site, wire: pathlib.Path) -> None:
    (wire / "no-timers").touch()
    result = _risky(site)
    assert result.returncode != 0
    assert "(systemd-run: Failed to connect to bus)" in result.stdout
    assert "The node was not touched." in result.stdout
    assert not list(site.node.iterdir())


def test_a_connection_that_breaks_during_the_change_need_not_be_its_end(site: Site, wire: pathlib.Path) -> None:
    (wire / "break").touch()
    result = _risky(site)
    assert result.returncode == 0, result.stdout
    assert "the connection broke while the bundle was at work on the node (Connection reset by peer)" in result.stdout
    assert '"confirmed": true' in result.stdout
    assert (site.node / "rule").read_text() == "open\n"
    assert not list((wire / "state").glob("*.journal"))

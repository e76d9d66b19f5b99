# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands on disk and what systemd and daemons say, from files and answers made here; and that no secret leaves."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import (
    apart,
    bird_running,
    frr,
    knot,
    nsd,
    running,
    state,
)
from ansible_collections.icann.imrs.plugins.module_utils._probes.seal import OTHER, Seal

KEY = "c2VjcmV0LXNlY3JldC1zZWNyZXQ="
HOLE = "<vault_key keyed:0123456789ab>"
SEAL = Seal({HOLE: "vault_key"}, {"vault_key": KEY})
Answers = dict[str, str]


@pytest.fixture(autouse=True)
def room(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is staged outside of the test's own directory."""
    monkeypatch.setattr(apart, "ROOM", str(tmp_path_factory.mktemp("room")))


def runner(answers: Answers, rc: int = 0) -> t.Callable[[t.Sequence[str]], dict[str, t.Any]]:
    """Commands by their beginning; what is not among them does not exist."""

    def run(command: t.Sequence[str]) -> dict[str, t.Any]:
        line = " ".join(command)
        for begin, said in answers.items():
            if line.startswith(begin):
                return {"rc": rc, "stdout": said, "stderr": ""}
        return {"rc": 127, "stdout": "", "stderr": f"{command[0]}: No such file or directory"}

    return run


def wanted(path: pathlib.Path, text: str, *, secret: bool = False) -> dict[str, t.Any]:
    return {
        "path": str(path),
        "secret": secret,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "content": text if secret else None,
    }


def test_files(tmp_path: pathlib.Path) -> None:
    (tmp_path / "same").write_text("a\n")
    (tmp_path / "other").write_text("b\n")
    (tmp_path / "link").symlink_to("same")
    names = ("same", "other", "link", "none")
    found = state.files([wanted(tmp_path / name, "a\n") for name in names], SEAL)
    told = {
        pathlib.Path(path).name: (entry["kind"], entry.get("same"), entry.get("content"))
        for path, entry in found.items()
    }
    assert told == {
        "same": ("file", True, None),
        "other": ("file", False, "b\n"),
        "link": ("link", None, None),
        "none": ("absent", None, None),
    }
    (tmp_path / "same").chmod(0o604)
    os.utime(tmp_path / "same", (5, 5))
    entry = state.files([wanted(tmp_path / "same", "a\n")], SEAL)[str(tmp_path / "same")]
    assert (entry["mode"], entry["changed_at"]) == ("0604", 5.0)


def test_a_secret_file_is_compared_as_it_should_be_and_never_told(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "keys.conf"
    file = wanted(path, f"secret: {HOLE}\n", secret=True)
    for text, same in ((f"secret: {KEY}\n", True), ("secret: hunter22\n", False), (f"secret: {HOLE}\n", False)):
        path.write_text(text)
        entry = state.files([file], SEAL)[str(path)]
        assert entry["same"] is same
        assert "content" not in entry


def test_what_bundles_left(tmp_path: pathlib.Path) -> None:
    written = [tmp_path / name for name in ("listed", "left", "gone")]
    for path in written[:2]:
        path.write_text("")
    memory = tmp_path / "state"
    memory.mkdir()
    (memory / "gate.json").write_text(json.dumps({"files": {str(path): {} for path in written}}))
    (memory / "broken.json").write_text("{")
    (memory / "gate.changing.journal").write_text("{}")
    assert state.left(str(memory), {str(written[0])}) == [{"path": str(written[1]), "bundle": "gate", "kind": "file"}]
    assert state.unfinished(str(memory)) == [str(memory / "gate.changing.journal")]


def test_what_bundles_wrote_and_what_is_not_so_any_more(tmp_path: pathlib.Path) -> None:
    memory = tmp_path / "state"
    memory.mkdir()
    names = ("same", "edited", "opened", "gone", "link")
    for name in names:
        (tmp_path / name).write_text("as written")
        (tmp_path / name).chmod(0o600)
    same = state._entry(str(tmp_path / "same"))
    entry = {
        **{key: same[key] for key in ("mode", "owner", "group")},
        "sha256": wanted(tmp_path, "as written")["sha256"],
    }
    manifest = {str(tmp_path / name): {**entry, "secret": True} for name in names}
    (memory / "gate.json").write_text(json.dumps({"files": manifest}))
    (memory / "broken.json").write_text("{")
    (memory / "strange.json").write_text(json.dumps({"files": {str(tmp_path / "same"): {}}}))
    (memory / state.NO_MANIFEST).write_text(json.dumps({"reason": "a run was killed"}))
    (tmp_path / "edited").write_text("by hand")
    (tmp_path / "opened").chmod(0o644)
    (tmp_path / "gone").unlink()
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to(tmp_path / "same")
    found = state.manifests(str(memory))
    assert found["gate"] == {
        "files": 5,
        "other": {
            str(tmp_path / "edited"): "other content",
            str(tmp_path / "gone"): "missing",
            str(tmp_path / "link"): "a link",
            str(tmp_path / "opened"): f"0644 {same['owner']}:{same['group']}",
        },
    }
    assert found["broken"] == {"files": 0, "other": {}}
    assert str(tmp_path / "same") in found["strange"]["other"]
    assert set(found) == {"gate", "broken", "strange"}
    assert entry["sha256"] not in json.dumps(found)


def test_strangers_at_any_depth(tmp_path: pathlib.Path) -> None:
    (tmp_path / "deep/er").mkdir(parents=True)
    for name in ("ours", "deep/er/.hidden", "packaged"):
        (tmp_path / name).write_text("")
    (tmp_path / "link").symlink_to("/etc")
    answers = {"dpkg-query -S": f"diversion by x from: /y\nnsd, nsd-x:amd64: {tmp_path}/packaged\n"}
    found = state.strangers([str(tmp_path), "/does/not/exist"], {str(tmp_path / "ours")}, runner(answers))
    told = [(pathlib.Path(entry["path"]).name, entry["kind"], entry["package"]) for entry in found]
    assert told == [(".hidden", "file", ""), ("link", "link", ""), ("packaged", "file", "nsd")]


def test_packages() -> None:
    assert state.parse_packages("knot installed 3.4.6-2\nnsd not-installed \n") == {
        "knot": {"status": "installed", "version": "3.4.6-2"},
        "nsd": {"status": "not-installed", "version": ""},
    }
    text = "??5?????? c /etc/frr/daemons\nmissing     /usr/share/doc/x\n??5??????   /usr/sbin/bird\nnoise\n"
    assert [tuple(entry.values()) for entry in state.parse_verified(text, "p")] == [
        ("/etc/frr/daemons", "p", False, True),
        ("/usr/share/doc/x", "p", True, False),
        ("/usr/sbin/bird", "p", False, False),
    ]


def test_units_with_their_times() -> None:
    text = (
        "Id=knot.service\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\nNeedDaemonReload=yes\nMainPID=7\n"
        "FragmentPath=/usr/lib/systemd/system/knot.service\nDropInPaths=/etc/a.conf /run/b.conf\n"
        "ExecMainStartTimestampMonotonic=40000000\nStateChangeTimestampMonotonic=50000000\n"
        "\nId=nsd.service\nLoadState=not-found\nActiveState=inactive\nExecMainStartTimestampMonotonic=0\n"
    )
    units = state.parse_units(text, now=1000.0, monotonic=60.0)
    assert units["knot.service"] == {
        "load": "loaded",
        "active": "active",
        "enabled": "enabled",
        "need_reload": True,
        "fragment": "/usr/lib/systemd/system/knot.service",
        "dropins": ["/etc/a.conf", "/run/b.conf"],
        "process": 7,
        "started_at": 980.0,
        "changed_at": 990.0,
    }
    assert (units["nsd.service"]["load"], units["nsd.service"]["started_at"]) == ("not-found", None)


def test_a_pattern_of_settings_has_all_their_values(tmp_path: pathlib.Path) -> None:
    for name, value in {"all": "2", "eno1.120": "1", "lo": "0"}.items():
        (tmp_path / "conf" / name).mkdir(parents=True)
        (tmp_path / "conf" / name / "accept_redirects").write_text(f"{value}\n")
    assert state._sysctl("conf.*.accept_redirects", tmp_path) == "0, 1, 2"
    assert state._sysctl("conf.all.accept_redirects", tmp_path) == "2"
    assert state._sysctl("conf.*.forwarding", tmp_path) is None
    named = ("conf.*.accept_redirects", "conf.all.accept_redirects")
    assert state._sysctl(named[0], tmp_path, named) == "0, 1", "what is named itself is no part of the pattern"


def test_sysctl_files_in_the_order_of_the_boot(tmp_path: pathlib.Path) -> None:
    early, late = tmp_path / "etc", tmp_path / "usr"
    for directory in (early, late):
        directory.mkdir()
    (early / "60-imrs.conf").write_text("# x\nnet.ipv4.ip_forward = 0\n")
    (early / "99-link.conf").symlink_to("/does/not/exist")
    (late / "60-imrs.conf").write_text("net.ipv4.ip_forward = 7\n")
    (late / "99-x.conf").write_text("-net/ipv4/ip_forward=1\nnet.ipv4.conf.*.rp_filter=1\nnet.core.x=1\n; c = 1\n")
    found = state.sysctl_files([str(early), str(late)], {"net.ipv4.ip_forward"})
    assert [(pathlib.Path(entry["path"]).name, entry["value"]) for entry in found] == [
        ("60-imrs.conf", "0"),
        ("99-x.conf", "1"),
    ]


def test_seal() -> None:
    assert SEAL.open(f"a {HOLE} b") == f"a {KEY} b"
    assert (SEAL.close(KEY), SEAL.close("hunter22")) == (HOLE, OTHER)
    assert SEAL.guard({"x": [f"said {KEY}", 1, None]}) == {"x": [f"said {HOLE}", 1, None]}
    with pytest.raises(ValueError, match="vault_key missing") as caught:
        Seal({HOLE: "vault_key"}, {})
    assert KEY not in str(caught.value)


def test_what_frr_runs_is_sealed_also_where_the_password_is_another_one() -> None:
    text = f"router bgp 20144\n neighbor 192.0.2.1 password {KEY}\n neighbor 192.0.2.9 password hunter22\n"
    text += "enable password 8 xyz\n"
    said = frr.running({}, SEAL, runner({"vtysh": text}))
    assert said["running"].splitlines() == [
        "router bgp 20144",
        f" neighbor 192.0.2.1 password {HOLE}",
        f" neighbor 192.0.2.9 password {OTHER}",
        f"enable password 8 {OTHER}",
    ]
    assert frr.running({}, SEAL, runner({"vtysh": "!\n"})) == {"error": "bgpd has no configuration"}
    assert "No such file" in frr.running({}, SEAL, runner({}))["error"]


def test_what_knot_runs_is_sealed() -> None:
    answers = {
        "unshare": f'key:\n  - id: "k"\n    secret: "{KEY}"\n',
        "knotc conf-read": "key.id = k\nkey[k].secret = hunter22\n",
    }
    said = knot.running({"/etc/knot/knot.conf": f'key:\n  - id: k\n    secret: "{HOLE}"\n'}, SEAL, runner(answers))
    assert said["intended"].endswith(f'secret: "{HOLE}"\n')
    assert said["running"].endswith(f"key[k].secret = {OTHER}\n")
    assert KEY not in repr(said)
    failed = knot.running({}, SEAL, runner({"unshare": f"error: {KEY}\n"}, rc=1))
    assert failed == {"error": f"error: {HOLE}"}


def test_intended_files_are_staged_for_root_alone_and_removed() -> None:
    seen: list[dict[str, tuple[int, str]]] = []
    places: list[pathlib.Path] = []

    def run(command: t.Sequence[str]) -> dict[str, t.Any]:
        if command[0] == "unshare":
            places.append(pathlib.Path(command[len(apart.COMMAND) + 2]))
            found = [path for path in places[-1].rglob("*") if path.is_file()]
            seen.append({path.name: (path.stat().st_mode & 0o777, path.read_text()) for path in found})
            assert places[-1].stat().st_mode & 0o777 == 0o700
            assert {"--net", "--mount", "--pid", "--kill-child"} <= set(command)
        return {"rc": 0, "stdout": "", "stderr": ""}

    contents = {
        "/etc/knot/knot.conf": "include: keys.d/keys.conf\n",
        "/etc/knot/keys.d/keys.conf": f"secret: {HOLE}\n",
        "/etc/bird/bird.conf": f'password "{HOLE}";\n',
        "/etc/nftables.conf": "flush ruleset\n",
    }
    knot.running(contents, SEAL, run)
    bird_running.running(contents, SEAL, run)
    running.nftables(contents, run)
    assert seen == [
        {"knot.conf": (0o600, "include: keys.d/keys.conf\n"), "keys.conf": (0o600, f"secret: {KEY}\n")},
        {"bird.conf": (0o600, f'password "{KEY}";\n')},
        {"nftables.conf": (0o600, "flush ruleset\n")},
    ]
    assert not any(place.exists() for place in places)


def test_what_nsd_runs_is_sealed() -> None:
    answers = {
        "nsd-control status": "version: 4.12.0\nverbosity: 1\nratelimit: 200\n",
        "nsd-control zonestatus": "zone:\t.\n\tstate: ok\nzone:\tarpa.\n",
        "nsd-control print_tsig": f'key: name: "k." secret: "{KEY}" algorithm: hmac-sha256\n',
    }
    assert nsd.running({}, SEAL, runner(answers)) == {
        "status": {"version": "4.12.0", "verbosity": "1", "ratelimit": "200"},
        "zones": [".", "arpa."],
        "keys": {"k.": {"secret": HOLE, "algorithm": "hmac-sha256"}},
    }


STATUS = """\
BIRD 2.17.5
Current server time is 2026-11-21 09:14:00.677
Last reboot on 2026-11-21 09:13:59.666
Last reconfiguration on 2026-11-21 09:13:30.677
"""


def test_what_bird_runs() -> None:
    protocols = "BIRD 2.17.5 ready.\nAccess restricted\nName       Proto      Table      State  Since         Info\n"
    protocols += "device1    Device     ---        up     09:13:59.666  \n"
    protocols += "gate       BGP        ---        down   09:13:59.666  \n"
    answers = {
        "birdc -r show status": STATUS,
        "sh -e -c": f"{protocols}{bird_running.MARK}\nFunction x:\n Instruction\n",
        "unshare": protocols.replace("down", "start"),
        "birdc -r show route export gate": "199.7.82.0/23        unicast [gate 09:00:00] * (100)\n",
    }
    said = bird_running.running({}, SEAL, runner(answers))
    assert said["running"]["protocols"] == [
        {"name": "device1", "kind": "Device", "state": "up"},
        {"name": "gate", "kind": "BGP", "state": "down"},
    ]
    assert said["running"]["filters"] == "Function x:\n Instruction\n"
    assert (said["intended"]["protocols"][1]["state"], said["intended"]["filters"]) == ("start", "")
    assert said["exported"] == {"gate": ["199.7.82.0/23"]}
    assert bird_running.configured_at(STATUS, 1000.0) == 970.0
    assert bird_running.configured_at("BIRD 9\n", 1000.0) is None
    assert bird_running.running({}, SEAL, runner({})) == {"error": "birdc: No such file or directory"}


def test_a_bird_that_does_not_take_what_was_rendered() -> None:
    def run(command: t.Sequence[str]) -> dict[str, t.Any]:
        said = f"bird: /etc/bird/bird.conf:3:1 syntax error near {KEY}"
        return {"rc": int(command[0] == "unshare"), "stdout": STATUS, "stderr": said}

    assert bird_running.running({}, SEAL, run) == {
        "error": f"it does not take what was rendered: bird: /etc/bird/bird.conf:3:1 syntax error near {HOLE}"
    }


def test_the_packet_filter_twice() -> None:
    answers = {"unshare": '{"nftables": [1]}', "nft -j list": '{"nftables": [2]}'}
    assert running.nftables({}, runner(answers)) == {"intended": {"nftables": [1]}, "loaded": {"nftables": [2]}}
    assert "No such file" in running.nftables({}, runner({}))["error"]
    assert running.nftables({}, runner({"unshare": "x", "nft": "x"})) == {"error": "what nft listed is no JSON"}


def test_all_of_it_without_the_secret(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "gate.json"
    path.write_text(f"somebody put {KEY} here\n")
    request = {
        "files": [wanted(path, "{}\n")],
        "placeholders": {HOLE: "vault_key"},
        "directories": [str(tmp_path)],
        "packages": ["knot"],
        "units": ["knot.service"],
        "sysctls": ["net.ipv4.ip_forward", "no.such.setting"],
        "nameserver": "knot",
        "routing": "frr",
        "state": str(tmp_path / "state"),
    }
    answers = {"dpkg --verify": "??5??????   /usr/sbin/knotd\n", "vtysh": f"router bgp 1\n neighbor x password {KEY}\n"}
    evidence = state.read("xlb01", request, {"vault_key": KEY}, runner(answers))
    assert {
        "files",
        "left",
        "strangers",
        "packages",
        "held",
        "units",
        "sockets",
        "nft",
        "routing",
        "nameserver",
    } <= set(evidence)
    assert evidence["sysctls"]["no.such.setting"] is None
    assert HOLE in evidence["files"][str(path)]["content"]
    assert KEY not in json.dumps(evidence)

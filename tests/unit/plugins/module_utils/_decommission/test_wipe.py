# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""On a made-up node: what is silenced, what is wiped, what is kept, and a power cut at each step."""

from __future__ import annotations

import json
import os
import pathlib
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils import _products as products
from ansible_collections.icann.imrs.plugins.module_utils._decommission import DecommissionError, wipe

SECRET = "c2VjcmV0LXNlY3JldA=="
FILES = {
    "etc/knot/keys.conf": SECRET,
    "etc/knot/keys.conf.bak": SECRET,
    "etc/bird/bird.conf": SECRET,
    "etc/imrs/upstream.json": SECRET,
    "etc/imrs/fingerprint.salt": "salt",
    "etc/imrs-console": f"imrs-console:{SECRET}",
    "etc/grub.d/09-imrs": SECRET,
    "boot/grub/grub.cfg": f"password_pbkdf2 imrs {SECRET}\n",
    "etc/shadow": f"root:!:1::::::\nimrs-console:$y${SECRET}:1::::::\n",
    "etc/shadow-": f"imrs-console:$y${SECRET}:1::::::\n",
    "run/imrs/upstream.json": SECRET,
    "var/lib/imrs/intent.json": "{}",
    "var/lib/knot/zones/root.zone": ". SOA",
    "var/lib/imrs-bundle/.nameserver.abc/etc/knot/keys.conf": SECRET,
    "var/lib/imrs-bundle/last-rollback.json": "{}",
    "var/lib/imrs-bundle/damaged.json": "{",
    "root/.ansible/tmp/ansible-tmp-1/AnsiballZ_bundle.py": SECRET,
    "root/.ansible/tmp/ansible-tmp-2/AnsiballZ_decommission.py": "this run's own",
    "home/dnseng/.ansible/tmp/ansible-tmp-3/args": SECRET,
    # Not ours to take away.
    "etc/ssh/ssh_host_ed25519_key": "host key",
    "etc/ssh/authorized_keys/dnseng": "ssh-ed25519 AAAA",
    "etc/nftables.conf": "table inet imrs {}",
    "etc/systemd/system/imrs-gate.service": "[Service]",
    "etc/systemd/system/imrs-fingerprint.path": "[Path]",
    "etc/systemd/system/imrs-bundle-recover.service": "[Service]",
    "etc/systemd/system/ssh.service.d/x.conf": "[Service]",
}
MANIFESTS = {"hardening": {"/etc/imrs-console": True, "/etc/grub.d/09-imrs": True, "/etc/nftables.conf": False}}
KEPT = ("etc/ssh/ssh_host_ed25519_key", "etc/ssh/authorized_keys/dnseng", "etc/nftables.conf")
ABOUT = {"when": "2026-11-30T10:00:00Z", "by": "alice", "reason": "closed", "serial": "CLP-1"}
UNITS = {"imrs-gate.service", "imrs-fingerprint.path", "imrs-bundle-recover.service"} | {
    product.unit for product in products.PRODUCTS
}


class Node:
    """A node's files below a folder, and its systemd."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root, self.running, self.stuck, self.said = root, set(UNITS), set[str](), list[str]()
        for name, text in FILES.items():
            self.put(name, text)
        for name, files in MANIFESTS.items():
            known = {path: {"secret": secret} for path, secret in files.items()}
            self.put(f"var/lib/imrs-bundle/{name}.json", json.dumps({"files": known}))
        (root / "etc/knot/link").symlink_to("/etc/passwd")
        (root / "var/lib/imrs-log").symlink_to("private/imrs-log")

    def put(self, name: str, text: str) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def run(self, command: t.Sequence[str]) -> dict[str, t.Any]:
        self.said.append(" ".join(command[:2]))
        output = ""
        if command[:2] == ["systemctl", "stop"]:
            masked = {path.name for path in (self.root / wipe.UNITS).iterdir() if path.is_symlink()}
            assert masked >= UNITS, "what is stopped has to be masked before"
            self.running &= self.stuck
        elif command[:2] == ["systemctl", "list-units"]:
            output = "".join(f"{unit} masked active running {unit}\n" for unit in sorted(self.running))
        elif command[0] == "update-grub":
            self.put("boot/grub/grub.cfg", SECRET if (self.root / "etc/grub.d/09-imrs").exists() else "menuentry\n")
        elif command[0] == "findmnt":
            output = "/dev/mapper/imrs-second\n"
        elif command[0] == "blkdiscard":
            self.put(command[-1].lstrip("/"), "zeros")
        elif command[0] == "lvremove":
            assert (self.root / "dev" / command[-1]).read_text() == "zeros"
            (self.root / "dev" / command[-1]).unlink()
        elif command[0] == "usermod":
            (self.root / "etc/shadow-").write_text((self.root / "etc/shadow").read_text())
            (self.root / "etc/shadow").write_text("root:!:1::::::\nimrs-console:*:1::::::\n")
        return {"rc": 0, "stdout": output, "stderr": ""}

    @property
    def machine(self) -> wipe.Machine:
        return wipe.Machine(self.run, str(self.root), [str(self.root / "root/.ansible/tmp/ansible-tmp-2/a.py"), ""])

    def having(self, text: str) -> list[str]:
        files = (path for path in self.root.rglob("*") if path.is_file() and not path.is_symlink())
        return [str(path.relative_to(self.root)) for path in files if text in path.read_text()]


@pytest.fixture
def node(tmp_path: pathlib.Path) -> Node:
    return Node(tmp_path)


def test_everything_secret_is_gone_and_what_lets_people_in_stays(node: Node) -> None:
    assert len(node.having(SECRET)) > 10
    found = node.machine.end(ABOUT)
    assert (found["changed"], set(found["units"])) == (True, UNITS)
    assert node.having(SECRET) == []
    assert node.running == set()
    for name in KEPT:
        assert (node.root / name).read_text() == FILES[name]
    assert (node.root / "etc/systemd/system/ssh.service.d/x.conf").exists()
    assert (node.root / "root/.ansible/tmp/ansible-tmp-2").exists(), "what runs now needs its own files"
    for top in wipe.trees():
        assert not list((node.root / top.lstrip("/")).glob("**/*")), top
    for unit in UNITS:
        assert os.readlink(node.root / wipe.UNITS / unit) == "/dev/null"
    mark = node.machine.mark()
    assert (mark["state"], mark["by"], mark["serial"]) == ("done", "alice", "CLP-1")
    wiped = {
        "/etc/knot/keys.conf",
        "/etc/knot/link",
        "/etc/imrs-console",
        "/etc/imrs/fingerprint.salt",
        "/run/imrs/upstream.json",
    }
    assert wiped <= set(mark["paths"])
    assert SECRET not in json.dumps(found)


def test_a_second_run_has_nothing_to_do(node: Node) -> None:
    first = node.machine.end(ABOUT)
    node.said.clear()
    again = node.machine.end({**ABOUT, "by": "bob", "when": "2026-12-01T10:00:00Z"})
    assert again == {**first, "changed": False}
    assert node.said == ["systemctl list-units"]


def test_a_file_is_overwritten_before_it_goes(node: Node) -> None:
    kept = os.open(node.root / "etc/knot/keys.conf", os.O_RDONLY)
    twice = node.root / "etc/other"
    os.link(node.root / "etc/bird/bird.conf", twice)
    node.machine.end(ABOUT)
    assert os.read(kept, 100) == bytes(len(SECRET))
    os.close(kept)
    assert twice.read_text() == SECRET, "of a file with two names, the other one is somebody else's"


def test_what_does_not_end_is_not_wiped(node: Node) -> None:
    node.stuck = {"bird.service"}
    with pytest.raises(DecommissionError, match=r"bird\.service still runs: nothing is wiped yet"):
        node.machine.end(ABOUT)
    assert SECRET in node.having(SECRET) or len(node.having(SECRET)) > 10
    assert node.machine.mark()["state"] == "begun"
    node.stuck = set()
    assert node.machine.end(ABOUT)["changed"]
    assert node.having(SECRET) == []


class PowerCutError(Exception):
    """Nothing more is done."""


@pytest.mark.parametrize("after", range(1, 45))
def test_power_may_fail_at_any_step(node: Node, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """After so many files were put or removed. The next run ends it, and the mark names all that was wiped."""
    steps = 0

    def counted(real: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
        def step(*words: t.Any, **options: t.Any) -> t.Any:
            nonlocal steps
            steps += 1
            if steps > after:
                raise PowerCutError
            return real(*words, **options)

        return step

    everything = set(node.machine._below()) | set(node.machine.secret_files())
    with monkeypatch.context() as patched:
        patched.setattr(wipe, "write", counted(wipe.write))
        patched.setattr(wipe, "_erase", counted(wipe._erase))
        patched.setattr(wipe.journal, "save", counted(wipe.journal.save))
        try:
            node.machine.end(ABOUT)
        except PowerCutError:
            assert node.machine.mark().get("state") in (None, "begun")
    if node.machine.mark():
        node.running = {unit for unit in UNITS if not node.machine._masked(unit)}  # a boot
    found = node.machine.end({**ABOUT, "by": "bob"})
    assert node.having(SECRET) == []
    assert node.running == set()
    assert found["mark"]["state"] == "done"
    assert set(found["mark"]["paths"]) >= everything
    assert found["mark"]["by"] == ("alice" if after > 1 else found["mark"]["by"])


def test_the_root_volume_that_is_not_in_use_is_wiped(node: Node) -> None:
    """It is a copy of the system, from an upgrade; the one in use stays."""
    for name in ("root", "second"):
        node.put(f"dev/imrs/{name}", f"{name} with {SECRET}")
    node.machine.end(ABOUT)
    assert [path.name for path in (node.root / "dev/imrs").iterdir()] == ["second"]
    assert not node.machine.end(ABOUT)["changed"]


@pytest.mark.parametrize(
    ("failing", "said"),
    [
        ("blkdiscard", "the volume imrs/root is not wiped: busy"),
        ("lvremove", "the volume imrs/root is not wiped: busy"),
        ("findmnt", "root is on an unknown volume"),
    ],
)
def test_a_root_volume_that_is_not_wiped_is_told(node: Node, failing: str, said: str) -> None:
    for name in ("root", "second"):
        node.put(f"dev/imrs/{name}", SECRET)
    run, failed = node.run, {"rc": 1, "stdout": "", "stderr": "busy"}
    machine = wipe.Machine(lambda command: failed if command[0] == failing else run(command), str(node.root))
    with pytest.raises(DecommissionError, match=said):
        machine.end(ABOUT)
    assert node.machine.mark()["state"] == "begun"


def test_a_boot_loader_that_keeps_its_password_is_told(node: Node) -> None:
    run = node.run
    machine = wipe.Machine(
        lambda command: {"rc": 1, "stdout": "", "stderr": ""} if command[0] == "update-grub" else run(command),
        str(node.root),
    )
    with pytest.raises(DecommissionError, match="the boot loader's password is still in"):
        machine.end(ABOUT)
    assert node.machine.mark()["state"] == "begun"


@pytest.mark.parametrize(
    ("done", "said"),
    [
        (
            {"rc": 0, "stdout": "/: 5 GiB (5368709120 bytes) trimmed on /dev/vda1\n", "stderr": ""},
            "/: 5 GiB (5368709120 bytes)",
        ),
        ({"rc": 0, "stdout": "", "stderr": ""}, "fstrim found no drive that can be told"),
        (
            {"rc": 64, "stdout": "", "stderr": "fstrim: /: not permitted\n"},
            "fstrim did not work: fstrim: /: not permitted",
        ),
    ],
)
def test_what_the_drives_were_told(done: dict[str, t.Any], said: str) -> None:
    assert wipe.trim(lambda _command: done).startswith(said)

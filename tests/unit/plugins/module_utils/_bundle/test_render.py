# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node's files on the controller: what stands for secrets, what is refused, and that the same gives the same."""

from __future__ import annotations

import hashlib
import os
import pathlib
import stat

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._bundle import Bundle, BundleError, File, parse, render

KEY = "c2VjcmV0LXNlY3JldC1zZWNyZXQ="
FILES = [
    File("/etc/b.conf", b"b\n", "root", "bird", 0o640, secret=True),
    File("/etc/a/a.conf", b"a\n", mode=0o755),
]
BUNDLE = Bundle("routing", files=tuple(FILES))


OWNS = {
    "name": "gate",
    "directories": [{"path": "/etc/imrs", "exclusive": True}, {"path": "/etc/a"}],
    "activate": [
        {"command": "systemctl daemon-reload"},
        {"command": "systemctl restart imrs-a.path imrs-b.path", "when_changed": ["/etc/with a space/*"]},
        {"command": "/usr/bin/systemctl restart imrs-a.path", "when_changed": ["/usr/*"]},
        {"command": "systemctl reload ssh.service"},
        {"command": "systemctl try-reload-or-restart bird.service", "disruption": "reload"},
        {"command": "networkctl reload systemd-networkd.service"},
    ],
    "ensure": [
        {"unit": "imrs-a.path", "enabled": True, "started": True},
        {"unit": "nsd.service", "enabled": False},
    ],
}


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def tree(root: pathlib.Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(root)): (
            stat.S_IMODE(path.lstat().st_mode),
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(root.rglob("*"))
    }


@pytest.mark.parametrize("value", [KEY, "short", "", None])
def test_nothing_of_a_secret_is_shown(value: str | None) -> None:
    assert render.placeholder("vault_x", value) == "<vault_x>"


@pytest.mark.parametrize(
    ("content", "secrets", "found"),
    [
        (b"password hunter22;\n", {"vault_a": ["other-one"], "vault_b": ["hunter22"]}, ("/etc/x", "vault_b")),
        (b"password hunter22;\n", {"vault_b": [" hunter22\n"]}, ("/etc/x", "vault_b")),
        (b"-BEGIN-\n  c2Vjcm\n", {"vault_key": ["-START-\nc2Vjcm\n"]}, ("/etc/x", "vault_key")),
        (b"mode short\n", {"vault_b": ["short"]}, None),
        (b"password <vault_b>;\n", {"vault_b": ["hunter22"]}, None),
        ("password zażółć\n".encode(), {"vault_b": ["zażółć"]}, ("/etc/x", "vault_b")),
        (b"\xff\xfe hunter22", {"vault_b": ["hunter22"]}, ("/etc/x", "vault_b")),
    ],
)
def test_a_secret_in_a_file_is_found(
    content: bytes, secrets: dict[str, list[str]], found: tuple[str, str] | None
) -> None:
    assert render.find_leak([File("/etc/first", b"nothing"), File("/etc/x", content)], secrets) == found


def test_files_and_their_manifest_are_for_everybody_to_read(tmp_path: pathlib.Path) -> None:
    before = os.umask(0o077)
    try:
        written = render.write(str(tmp_path), "nbo01", BUNDLE)
    finally:
        os.umask(before)
    lines = [
        f"0755 root:root {sha(FILES[1].content)} routing /etc/a/a.conf",
        f"0640 root:bird {sha(FILES[0].content)} routing /etc/b.conf secret",
        "",
    ]
    assert tree(tmp_path) == {
        "nbo01": (0o755, b""),
        "nbo01/MANIFEST": (0o644, "\n".join(lines).encode()),
        "nbo01/etc": (0o755, b""),
        "nbo01/etc/a": (0o755, b""),
        "nbo01/etc/a/a.conf": (0o644, b"a\n"),
        "nbo01/etc/b.conf": (0o644, b"b\n"),
    }
    assert {str(pathlib.Path(path).relative_to(tmp_path)) for path in written} == {
        "nbo01/MANIFEST",
        "nbo01/etc/a/a.conf",
        "nbo01/etc/b.conf",
    }


def test_the_same_again_changes_nothing_and_a_wrong_mode_is_repaired(tmp_path: pathlib.Path) -> None:
    render.write(str(tmp_path), "nbo01", BUNDLE)
    assert render.write(str(tmp_path), "nbo01", BUNDLE) == []
    (tmp_path / "nbo01/etc/b.conf").chmod(0o600)
    assert render.write(str(tmp_path), "nbo01", BUNDLE) == [str(tmp_path / "nbo01/etc/b.conf")]


def test_bundles_share_the_manifest_in_any_order(tmp_path: pathlib.Path) -> None:
    more = parse({**OWNS, "files": [{"dest": "/etc/a/b.conf"}, {"dest": "/usr/sbin/with a space"}]}, [b"x", b"y"])
    for name, order in (("one", [BUNDLE, more]), ("two", [more, BUNDLE]), ("three", [more, BUNDLE, more])):
        for bundle in order:
            render.write(str(tmp_path / name), "nbo01", bundle)
    assert tree(tmp_path / "one") == tree(tmp_path / "two") == tree(tmp_path / "three")
    lines = (tmp_path / "one/nbo01/MANIFEST").read_text().splitlines()
    assert [line.split(" ", 3)[3] for line in lines[:4]] == [
        "routing /etc/a/a.conf",
        "gate /etc/a/b.conf",
        "routing /etc/b.conf secret",
        "gate /usr/sbin/with a space",
    ]
    assert lines[4:] == [
        "exclusive gate /etc/imrs",
        "reload gate ssh.service *",
        "restart gate imrs-a.path /etc/with?a?space/* /usr/*",
        "restart gate imrs-b.path /etc/with?a?space/*",
        "unit gate imrs-a.path enabled started",
        "unit gate nsd.service disabled -",
    ]


def test_check_mode_predicts_and_writes_nothing(tmp_path: pathlib.Path) -> None:
    assert len(render.write(str(tmp_path), "nbo01", BUNDLE, check_mode=True)) == 3
    assert tree(tmp_path) == {}


def test_a_link_is_replaced_and_what_it_points_to_is_left_alone(tmp_path: pathlib.Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "out/nbo01/etc").mkdir(parents=True)
    (tmp_path / "out/nbo01/etc/b.conf").symlink_to(tmp_path / "mine")
    render.write(str(tmp_path / "out"), "nbo01", BUNDLE)
    assert (tmp_path / "mine").read_text() == "mine"
    assert (tmp_path / "out/nbo01/etc/b.conf").read_bytes() == b"b\n"


@pytest.mark.parametrize("host", ["", ".", "..", "../x", "a/b", ".git"])
def test_a_host_that_is_no_directory_is_refused(tmp_path: pathlib.Path, host: str) -> None:
    with pytest.raises(BundleError, match="cannot be the name of a directory; rename the host"):
        render.write(str(tmp_path / "out"), host, BUNDLE)
    assert tree(tmp_path) == {}


def test_what_is_in_the_way_is_named(tmp_path: pathlib.Path) -> None:
    (tmp_path / "nbo01").mkdir()
    (tmp_path / "nbo01/etc").write_text("a file")
    with pytest.raises(BundleError, match=r"nbo01/etc.*; move away what is in the way, and render again"):
        render.write(str(tmp_path), "nbo01", BUNDLE)
    with pytest.raises(BundleError, match="/MANIFEST cannot be rendered"):
        render.write(str(tmp_path), "nbo02", Bundle("gate", files=(File("/MANIFEST", b"x"),)))
    (tmp_path / "nbo03").mkdir()
    (tmp_path / "nbo03/MANIFEST").write_text("shopping\n")
    with pytest.raises(
        BundleError, match=r"not a line of a manifest: 'shopping'; render again into an empty directory"
    ):
        render.write(str(tmp_path), "nbo03", BUNDLE)


def test_what_a_bundle_does_not_own_any_more_is_not_in_the_manifest(tmp_path: pathlib.Path) -> None:
    before, after = parse(OWNS), parse({**OWNS, "ensure": [], "activate": []})
    for bundle in (BUNDLE, before, after):
        render.write(str(tmp_path), "nbo01", bundle)
    lines = (tmp_path / "nbo01/MANIFEST").read_text().splitlines()
    assert lines[2:] == ["exclusive gate /etc/imrs"]

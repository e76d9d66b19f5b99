# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Full disks, read-only file systems, immutable files, links and labels: what the node puts in our way."""

from __future__ import annotations

import ctypes
import errno
import os
import pathlib
import shutil
import subprocess
import tempfile
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils import _bundle
from ansible_collections.icann.imrs.plugins.module_utils._bundle import entry, recovery, swap

if t.TYPE_CHECKING:
    from .conftest import Node

pytestmark = pytest.mark.usefixtures("scratch")

_NEW_USERS, _NEW_MOUNTS = 0x10000000, 0x20000  # sched.h
_PRIVATE, _READ_ONLY, _REMOUNT = 1 << 18 | 0x4000, 1, 32  # sys/mount.h
_LIBC = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: object) -> None:
    given = [os.fsencode(argument) if isinstance(argument, str) else argument for argument in arguments]
    if getattr(_LIBC, name)(*given):
        raise OSError(ctypes.get_errno(), name)


def _mount(path: str, options: str, flags: int = 0) -> None:
    _call("mount", "tmpfs", path, "tmpfs", ctypes.c_ulong(flags), options)


def _own_mounts() -> None:
    """Whoever is not root becomes it in a user namespace, under the same number."""
    user, group = os.geteuid(), os.getegid()
    _call("unshare", _NEW_MOUNTS | (_NEW_USERS if user else 0))
    if user:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            pathlib.Path("/proc/self", name).write_text(text)


def _apart(do: t.Callable[[], object]) -> str:
    """What it says, in a child with mounts of its own; every assertion in it counts."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        said = "cannot mount here"
        try:
            _own_mounts()
            _call("mount", "none", "/", None, ctypes.c_ulong(_PRIVATE), None)
            said = "failed"
            said = f"done: {do()}"
        except BaseException as error:  # noqa: BLE001 - told by the parent
            said = f"{said}: {type(error).__name__}: {error}"
        finally:
            os.write(writing, said.encode())
            os._exit(0)
    os.close(writing)
    with open(reading) as file:
        said = file.read()
    os.waitpid(child, 0)
    if said.startswith("cannot mount here: ") and os.geteuid():
        pytest.skip("needs root, or user namespaces, for a file system of its own")
    assert said.startswith("done: "), said
    return said.removeprefix("done: ")


def _failure(node: Node, *files: tuple[dict[str, t.Any], bytes], **more: t.Any) -> _bundle.BundleError:
    with pytest.raises(_bundle.BundleError) as caught:
        node.apply(*files, **more)
    assert "Traceback" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("where", ["etc", "state", "scratch"])
def test_a_disk_that_is_too_small_changes_nothing(node: Node, where: str, scratch: pathlib.Path) -> None:
    """While staging beside, while writing the journal, while staging for the checks."""
    place = {"etc": node.root, "state": node.state, "scratch": scratch}[where]

    def do() -> str:
        place.mkdir(exist_ok=True)
        _mount(str(place), "size=512k")
        node.apply(node.file("a", "old\n"), node.file("b", "old\n"))
        big = "x" * 600_000
        if where == "state":  # the journal holds what was there before
            node.write("b", "y" * 600_000)
        before, marks = node.tree(), node.marks()
        error = _failure(
            node, node.file("a", "new\n"), node.file("b", big), check=["true"], activate=[{"command": node.mark("x")}]
        )
        assert "The node was not touched." in str(error)
        assert "the disk is full; make room on it, then run again" in str(error)
        assert not error.rolled_back
        assert (node.tree(), node.marks()) == (before, marks)
        assert not node.journals()
        assert not list(place.rglob(".*.imrs-new"))
        if where == "state":
            node.write("b", "small enough\n")
        assert node.apply(node.file("a", "new\n"), node.file("b", "new\n"), check=["true"]).changed
        return "fine"

    assert _apart(do) == "fine"


def test_a_disk_that_fills_up_after_the_swap_does_not_hinder_the_way_back(node: Node) -> None:
    def do() -> str:
        _mount(str(node.root), "size=512k")
        inside = type(node)(node.root / "etc", node.root / "state", node.log)
        inside.root.mkdir()
        old = [inside.file("a", "old\n" * 2000), inside.file("b", "old\n" * 2000)]
        inside.apply(*old)
        before = inside.tree()
        fill = ["sh", "-c", f"cat /dev/zero > {node.root}/filler; exit 1"]
        error = _failure(inside, *(inside.file(name, "new\n" * 2000) for name in "ab"), activate=[{"command": fill}])
        assert error.rolled_back
        assert inside.tree() == before
        assert not inside.journals()
        os.unlink(node.root / "filler")
        assert not inside.apply(*old).changed
        return "fine"

    assert _apart(do) == "fine"


def test_a_node_without_room_for_temporary_files_goes_back(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the timer or the boot does, which never had room for one, unlike the run before it."""
    activate = [{"command": ["cp", node.path("a"), str(node.log)]}]
    node.apply(node.file("a", "old\n"), activate=activate)
    node.killed(node.file("a", "new\n"), at="memory.Memory.commit", activate=activate)
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", list)
    with pytest.raises(FileNotFoundError, match="No usable temporary directory"):
        tempfile.gettempdir()
    assert recovery.main(["--state", str(node.state)]) == 0
    assert (node.root / "a").read_text() == node.log.read_text() == "old\n"
    assert not node.journals()


@pytest.mark.parametrize("where", ["etc", "state"])
def test_a_read_only_file_system_is_told_in_one_sentence(node: Node, where: str) -> None:
    place = {"etc": node.root, "state": node.state}[where]

    def do() -> str:
        place.mkdir(exist_ok=True)
        _mount(str(place), "size=512k")
        node.apply(node.file("a", "old\n"))
        before = node.fingerprint()
        _mount(str(place), "size=512k", _READ_ONLY | _REMOUNT)
        assert node.apply(node.file("a", "new\n"), mode="check", check=["true"]).changed
        with pytest.raises((_bundle.BundleError, OSError)) as caught:
            node.apply(node.file("a", "new\n"))
        told = _bundle.explain(caught.value) if isinstance(caught.value, OSError) else str(caught.value)
        assert "is on a read-only file system; see why in the kernel's log, remount it writable, then run again" in told
        assert str(place) in told
        if where == "state":
            assert node.fingerprint() == before
        assert (node.root / "a").read_text() == "old\n"
        assert not node.journals()
        return "fine"

    assert _apart(do) == "fine"


@pytest.mark.parametrize("flag", ["+i", "+a"])
def test_an_immutable_file_is_refused_before_anything_changes(node: Node, flag: str) -> None:
    node.apply(node.file("a", "old\n"), node.file("b", "old\n"))
    if shutil.which("chattr") is None or subprocess.run(["chattr", flag, node.path("b")], check=False).returncode:
        pytest.skip("needs root and a file system that knows immutable files")
    try:
        assert entry.immutable(node.path("b"))
        assert not entry.immutable(node.path("a"))
        before = node.tree()
        for mode in ("check", "change"):
            error = _failure(node, node.file("a", "new\n"), node.file("b", "new\n"), mode=mode)
            assert f"{node.path('b')}: the file is immutable or append-only (lsattr shows it)" in str(error)
            assert f"chattr -i -a {node.path('b')}" in str(error)
            assert node.tree() == before
        assert node.apply(node.file("a", "new\n"), node.file("b", "old\n")).changed
    finally:
        subprocess.run(["chattr", "-i", "-a", node.path("b")], check=True)


def test_links_among_the_directories_above_are_followed(node: Node) -> None:
    (node.root / "real").mkdir()
    (node.root / "etc").symlink_to("real")
    node.apply(node.file("etc/a", "old\n"))
    with pytest.raises(_bundle.BundleError, match="previous files are in place"):
        node.apply(node.file("etc/a", "new\n"), node.file("etc/b", "b\n"), probe=["false"])
    assert (node.root / "etc").is_symlink()
    assert (node.root / "real/a").read_text() == "old\n"
    assert [path.name for path in (node.root / "real").iterdir()] == ["a"]


@pytest.fixture
def shadow(node: Node) -> pathlib.Path:
    """A file that nothing here may touch, of somebody else where we may give it away."""
    path = node.root.parent / "shadow"
    path.write_text("precious\n")
    path.chmod(0o600)
    if not os.geteuid():
        os.chown(path, 65534, 65534)
    return path


def _replaces(owner: t.Any, name: str, monkeypatch: pytest.MonkeyPatch, place: str, target: pathlib.Path) -> list[str]:
    """Just before that function is called, a link takes the place, as a daemon can do it in a directory of its own."""
    real, met = getattr(owner, name), list[str]()

    def hook(*given: t.Any, **more: t.Any) -> t.Any:
        if not met and os.path.lexists(place):
            met.append(place)
            os.unlink(place)
            os.symlink(target, place)
        return real(*given, **more)

    monkeypatch.setattr(owner, name, hook)
    return met


def _kept(path: pathlib.Path) -> tuple[int, ...]:
    info = path.stat()
    return info.st_uid, info.st_gid, info.st_mode, info.st_ctime_ns


def test_a_link_that_takes_the_staged_files_place_is_not_followed(
    node: Node, monkeypatch: pytest.MonkeyPatch, shadow: pathlib.Path
) -> None:
    node.apply(node.file("a", "old\n"))
    _attribute(node.root / "a", "user.note", b"1")
    before = _kept(shadow)
    met = _replaces(entry, "_label", monkeypatch, entry.temporary_name(node.path("a")), shadow)
    node.apply(node.file("a", "new\n"))
    assert met
    assert _kept(shadow) == before


@pytest.mark.parametrize("way", ["swap", "put"])
def test_a_link_that_takes_a_files_place_is_not_followed_for_its_mode(
    node: Node, monkeypatch: pytest.MonkeyPatch, shadow: pathlib.Path, way: str
) -> None:
    node.apply(node.file("a", "old\n"))
    before = _kept(shadow)
    if way == "put":
        wanted = entry.Entry("file", b"old\n", os.geteuid(), os.getegid(), 0o640)
        met = _replaces(entry, "own", monkeypatch, node.path("a"), shadow)
        with pytest.raises(OSError, match=r"[Ll]inks"):
            entry.put(node.path("a"), wanted)
    else:
        met = _replaces(swap, "own", monkeypatch, node.path("a"), shadow)
        error = _failure(node, node.file("a", "old\n", mode="0640"))
        assert error.rolled_back
        assert (node.root / "a").read_text() == "old\n"
        assert not (node.root / "a").is_symlink()
    assert met
    assert _kept(shadow) == before


def test_a_link_that_takes_a_files_place_is_not_read(
    node: Node, monkeypatch: pytest.MonkeyPatch, shadow: pathlib.Path
) -> None:
    """What it leads to would be shown, or written there on the way back, for the daemon to read."""
    node.apply(node.file("a", "old\n"))
    met = _replaces(entry.stat, "S_ISREG", monkeypatch, node.path("a"), shadow)
    with pytest.raises(OSError, match=r"[Ll]inks"):
        entry.read(node.path("a"))
    assert met


def test_a_link_to_a_directory_of_the_bundle_is_followed_and_one_in_the_place_of_a_new_one_is_not(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    (node.root / "real").mkdir(mode=0o755)
    (node.root / "d").symlink_to("real")
    mine = {"owner": str(os.geteuid()), "group": str(os.getegid()), "mode": "0750"}
    node.apply(directories=[{"path": node.path("d"), **mine}])
    assert (node.root / "d").is_symlink()
    assert (node.root / "real").stat().st_mode & 0o777 == 0o750
    real = os.mkdir

    def mkdir(path: str, *more: t.Any, **further: t.Any) -> None:
        if path == node.path("e"):
            os.symlink(node.path("real"), path)
        else:
            real(path, *more, **further)

    monkeypatch.setattr(os, "mkdir", mkdir)
    _failure(node, directories=[{"path": node.path("e"), **mine, "mode": "0700"}])
    assert (node.root / "real").stat().st_mode & 0o777 == 0o750


def test_a_link_in_the_place_comes_back_as_it_was(node: Node) -> None:
    node.write("target", "precious\n")
    (node.root / "a").symlink_to("target")
    inode = (node.root / "a").lstat().st_ino
    with pytest.raises(_bundle.BundleError, match="previous files are in place"):
        node.apply(node.file("a", "new\n"), probe=["false"])
    assert (node.root / "a").readlink() == pathlib.Path("target")
    assert (node.root / "a").lstat().st_ino == inode
    assert (node.root / "target").read_text() == "precious\n"


def _attribute(path: pathlib.Path, name: str, value: bytes) -> None:
    try:
        os.setxattr(path, name, value)
    except OSError as error:
        if error.errno in (errno.ENOTSUP, errno.EPERM):
            pytest.skip(f"no {name} on this file system, or not for us")
        raise


@pytest.mark.parametrize("name", ["user.note", "security.selinux"])
def test_a_replaced_file_keeps_its_label_and_a_new_one_gets_none_of_it(node: Node, name: str) -> None:
    node.apply(node.file("a", "old\n"))
    _attribute(node.root / "a", name, b"system_u:object_r:etc_t:s0")
    _attribute(node.root / "a", "user.other", b"1")
    node.apply(node.file("a", "new\n"), node.file("b", "b\n"))
    assert os.getxattr(node.root / "a", name) == b"system_u:object_r:etc_t:s0"
    assert name not in os.listxattr(node.root / "b")
    with pytest.raises(_bundle.BundleError, match="previous files"):
        node.apply(node.file("a", "third\n"), probe=["false"])
    assert os.getxattr(node.root / "a", name) == b"system_u:object_r:etc_t:s0"


def test_a_file_that_somebody_changed_goes_too_when_it_is_no_longer_listed(node: Node) -> None:
    node.apply(node.file("a", "ours\n"), node.file("b", "b\n"))
    node.write("a", "edited by hand\n")
    outcome = node.apply(node.file("b", "b\n"), show=True)
    assert outcome.diff[0]["before"] == "edited by hand\n"
    assert sorted(node.tree()) == ["b"]


def test_a_file_that_is_gone_already_and_one_that_became_a_directory_are_no_trouble(node: Node) -> None:
    node.apply(node.file("a", "a\n"), node.file("b", "b\n"))
    (node.root / "a").unlink()
    (node.root / "b").unlink()
    (node.root / "b").mkdir()
    assert not node.apply().changed
    assert sorted(node.tree()) == ["b"]


@pytest.mark.parametrize("first", ["giver", "taker"])
def test_a_file_that_moves_between_bundles_ends_up_with_the_one_that_lists_it(node: Node, first: str) -> None:
    node.apply(node.file("a", "x\n"), name="giver")
    for name in ("giver", "taker") if first == "giver" else ("taker", "giver"):
        node.apply(*([node.file("a", "x\n")] if name == "taker" else []), name=name)
    assert sorted(node.tree()) == ["a"]
    assert not node.apply(name="giver").changed
    assert not node.apply(node.file("a", "x\n"), name="taker").changed


def test_a_directory_goes_with_what_is_listed_with_it(node: Node) -> None:
    node.write("d/e/x", "x\n")
    paths = [node.path(name) for name in ("d", "d/e", "d/e/x")]
    assert node.apply(absent=paths).changed
    assert node.tree() == {}


def test_a_directory_that_goes_comes_back_with_what_was_in_it(node: Node) -> None:
    node.write("d/x", "x\n", 0o600)
    node.apply(node.file("d/ours", "o\n"))
    before = node.tree()
    with pytest.raises(_bundle.BundleError, match="previous files"):
        node.apply(absent=[node.path("d"), node.path("d/x")], probe=["false"])
    assert node.tree() == before

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fingerprint that will be is the one that is, once the staged files have taken their places."""

from __future__ import annotations

import json
import os
import pathlib
import shutil

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._gate.fingerprint import fingerprint, main


@pytest.fixture
def tree(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "etc/more").mkdir(parents=True)
    (tmp_path / "etc/one.conf").write_text("one")
    (tmp_path / "etc/more/two.conf").write_text("two")
    return tmp_path


@pytest.mark.parametrize("which", ["etc/one.conf", "etc", "etc/*.conf", "etc/**/*.conf", "etc/new.conf", "etc/none*"])
@pytest.mark.parametrize("name", ["etc/one.conf", "etc/new.conf", "etc/more/two.conf", "etc/none.txt"])
def test_staged_files_count_as_if_they_were_in_their_places(tree: pathlib.Path, which: str, name: str) -> None:
    paths = [str(tree / which)]
    staged = tree.parent / f"{tree.name}-staged"
    target = pathlib.Path(f"{staged}{tree / name}")
    target.parent.mkdir(parents=True)
    target.write_text("new")
    target.chmod(0o640)
    foreseen = fingerprint(paths, str(staged))
    shutil.copy2(target, tree / name)
    assert fingerprint(paths) == foreseen


@pytest.mark.parametrize("which", ["etc/one.conf", "etc", "etc/*.conf"])
def test_removed_files_count_as_gone(tree: pathlib.Path, tmp_path_factory: pytest.TempPathFactory, which: str) -> None:
    paths, gone = [str(tree / which)], str(tree / "etc/one.conf")
    foreseen = fingerprint(paths, str(tmp_path_factory.mktemp("staged")), [gone])
    assert foreseen != fingerprint(paths)
    pathlib.Path(gone).unlink()
    assert fingerprint(paths) == foreseen


def test_the_command_only_prints_what_will_be(
    tree: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, runtime = tmp_path / "gate.json", tmp_path / "run"
    config.write_text(json.dumps({"fingerprint_paths": [str(tree / "etc")]}))
    common = ["--config", str(config), "--runtime", str(runtime)]
    assert main([*common, "--staged", str(tmp_path / "nothing")]) == 0
    assert capsys.readouterr().out.strip() == fingerprint([str(tree / "etc")])
    assert not runtime.exists()
    assert main(common) == 0
    before = (runtime / "fingerprint").read_text()
    config.write_text("{}")
    assert main([*common, "--staged", str(tmp_path)]) == 2
    assert (runtime / "fingerprint").read_text() == before
    assert main(common) == 2
    assert not (runtime / "fingerprint").exists()


def test_who_knows_all_files_does_not_know_the_fingerprint(tree: pathlib.Path, tmp_path: pathlib.Path) -> None:
    found, modes = [], set()
    for node in ("one", "other"):  # the same files on both
        folder = tmp_path / node
        folder.mkdir()
        salt, config = folder / "fingerprint.salt", folder / "gate.json"
        config.write_text(json.dumps({"fingerprint_paths": [str(salt), str(tree / "etc")]}))
        for _again in range(2):  # the file stays
            assert main(["--config", str(config), "--runtime", str(folder)]) == 0
            found.append((folder / "fingerprint").read_text())
        modes.add(salt.stat().st_mode & 0o777)
    assert found[0] == found[1] != found[2] == found[3]
    assert modes == {0o600}
    assert len(salt.read_bytes()) == 32


def test_a_fingerprint_covers_path_mode_and_content(tmp_path: pathlib.Path) -> None:
    file, missing = tmp_path / "file", str(tmp_path / "missing")
    seen = []
    file.write_text("a")
    seen.append(fingerprint([str(file), missing]))
    assert fingerprint([missing, str(file), str(file)]) == seen[0]
    file.chmod(0o600)
    seen.append(fingerprint([str(file), missing]))
    file.write_text("b")
    seen.append(fingerprint([str(file), missing]))
    file.unlink()
    seen.append(fingerprint([str(file), missing]))
    assert len(set(seen)) == 4


def test_a_fingerprint_of_a_directory_covers_all_below_it(tmp_path: pathlib.Path) -> None:
    top = tmp_path / "top"
    of = lambda: fingerprint([str(top)])  # noqa: E731
    seen = [of()]
    (top / "a" / "b").mkdir(parents=True)
    seen.append(of())
    deep = top / "a" / "b" / "deep"
    for content in ("1", "2"):
        deep.write_text(content)
        seen.append(of())
    deep.chmod(0o600)
    seen.append(of())
    deep.rename(top / "a" / "deep")
    seen.append(of())
    for name in ("file-link", "directory-link"):
        for target in (tmp_path / "nothing", tmp_path, top / "a"):
            (top / name).unlink(missing_ok=True)
            (top / name).symlink_to(target)
            seen.append(of())
    assert len(set(seen)) == len(seen)
    (tmp_path / "outside").write_text("does not count")
    (top / "a" / "__pycache__").mkdir()
    (top / "a" / "__pycache__" / "x.pyc").write_text("does not count")
    assert of() == seen[-1]
    os.mkfifo(top / "pipe")
    assert of() != seen[-1]


def test_a_fingerprint_of_a_pattern_covers_what_matches(tmp_path: pathlib.Path) -> None:
    pattern, names = str(tmp_path / "*.conf"), [str(tmp_path / "a.conf"), str(tmp_path / "b.conf")]
    none = fingerprint([pattern])
    assert none == fingerprint([pattern, pattern])
    assert none != fingerprint([])
    for name in names:
        pathlib.Path(name).write_text(name)
    assert fingerprint([pattern]) == fingerprint(reversed(names)) != none
    (tmp_path / "other").write_text("does not match")
    assert fingerprint([pattern]) == fingerprint(names)
    odd = tmp_path / "[a].conf"
    odd.write_text("1")
    assert fingerprint([str(odd)]) != fingerprint([names[0]])


def test_a_fingerprint_that_cannot_be_told_is_none(tmp_path: pathlib.Path) -> None:
    config, target = tmp_path / "gate.json", tmp_path / "run" / "fingerprint"
    arguments = ["--config", str(config), "--runtime", str(tmp_path / "run")]
    config.write_text('{"fingerprint_paths": []}')
    assert main(arguments) == 0
    assert (len(target.read_text()), target.stat().st_mode & 0o777) == (65, 0o644)
    config.write_text("{}")
    assert main(arguments) == 2
    assert not target.exists()

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook icann.imrs.render: every node's files, without a node, a fact or a secret."""

from __future__ import annotations

import hashlib
import os
import pathlib
import subprocess
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils import _manifest as manifest

ROOT = pathlib.Path(__file__).resolve().parents[4]
KEY = "c2VjcmV0LXNlY3JldC1zZWNyZXQ="
PASSWORD = "hunter22hunter22"
REFUSED = {"allowed": False, "reason": "the step rack is not done", "override": ""}
MakeNode = t.Callable[..., dict[str, t.Any]]


def nodes(make_node: MakeNode) -> dict[str, dict[str, t.Any]]:
    return {
        "xaa01": make_node("xaa01"),
        "xab01": make_node("xab01", imrs_state="onboarding", imrs_mode="dark", imrs_provisioning=REFUSED),
        "xac01": make_node("xac01", imrs_state="suspended", imrs_mode="dark", imrs_provisioning=REFUSED),
        "xad01": make_node("xad01", imrs_state="decommissioned", imrs_mode="dark", imrs_provisioning=REFUSED),
    }


def vault() -> dict[str, str]:
    """One long secret, one short one; the others are not defined, as where people have no key of the vault."""
    return {"vault_tsig_xaa01_dist1": KEY, "vault_bgp_xaa": PASSWORD}


def tree(root: pathlib.Path) -> dict[str, tuple[int, str]]:
    """Mode and sum of every file and directory."""
    return {
        str(path.relative_to(root)): (
            path.lstat().st_mode,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in sorted(root.rglob("*"))
    }


@pytest.fixture(scope="module")
def rendered(shared_fleet: t.Any, make_node: MakeNode) -> t.Any:
    """A fleet, rendered once."""
    shared_fleet.write(nodes(make_node), **vault())
    done = shared_fleet.render()
    assert done.returncode == 0, done.stdout + done.stderr
    return shared_fleet


def test_nothing_is_contacted_and_no_fact_is_asked_for(rendered: t.Any) -> None:
    # tests/unit/plugins/action/test_permit.py shows that this would be noticed.
    assert not rendered.called.exists()
    sysctl = (rendered.base / "rendered/xaa01/etc/sysctl.d/60-imrs.conf").read_text()
    assert "\nnet.core.rmem_max = " in sysctl, "a node is no container"


def test_all_nodes_have_files_but_for_a_decommissioned_one(rendered: t.Any) -> None:
    assert sorted(path.name for path in (rendered.base / "rendered").iterdir()) == [
        ".imrs-rendered",
        "xaa01",
        "xab01",
        "xac01",
    ]
    for name in ("xaa01", "xab01", "xac01"):
        listed = [
            file.path for file in manifest.parse((rendered.base / "rendered" / name / "MANIFEST").read_text()).files
        ]
        found = [path for path in (rendered.base / "rendered" / name).rglob("*") if path.is_file()]
        assert listed == sorted(listed)
        assert {rendered.base / "rendered" / name / path[1:] for path in listed} == {
            path for path in found if path.name != "MANIFEST"
        }
        for part in ("/etc/ssh/", "/etc/imrs/gate.json", "/etc/nftables.conf", "/etc/knot/", "/etc/bird/"):
            assert any(path.startswith(part) for path in listed), part


def test_the_manifest_says_what_bundles_own_beside_files(rendered: t.Any) -> None:
    lines = (rendered.base / "rendered/xaa01/MANIFEST").read_text().splitlines()
    assert {
        "exclusive gate /etc/imrs",
        "exclusive hardening /etc/ssh/sshd_config.d",
        "exclusive network /etc/systemd/network",
        "reload gate imrs-gate.service /etc/imrs/upstream.json",
        "reload hardening ssh.service /etc/ssh/sshd_config.d/*",
        "restart gate imrs-gate.service /etc/imrs/gate.json /etc/systemd/* /etc/sysusers.d/* /usr/*",
        "restart nameserver knot.service /etc/knot/knot.conf */30-sandbox.conf",
        "unit nameserver knot.service enabled started",
        "unit nameserver nsd.service disabled stopped",
        "unit network nftables.service enabled started",
        "unit routing bird.service enabled started",
        "unit routing frr.service disabled stopped",
        "unit routing imrs-routing-hung.path enabled started",
    } <= set(lines)


def test_secrets_have_names_and_no_values(rendered: t.Any) -> None:
    texts = {path: path.read_text() for path in (rendered.base / "rendered").rglob("*") if path.is_file()}
    for path, text in texts.items():
        assert KEY not in text, path
        assert PASSWORD not in text, path
    together = "\n".join(texts.values())
    assert "<vault_tsig_xaa01_dist1>" in together
    assert "<vault_bgp_xaa>" in together
    assert "<vault_tsig_xab01_dist1>" in together


def test_rendering_again_gives_the_same_bytes_and_modes(rendered: t.Any) -> None:
    before = os.umask(0o077)
    try:
        assert rendered.render(directory="again/and").returncode == 0
    finally:
        os.umask(before)
    assert tree(rendered.base / "again/and") == tree(rendered.base / "rendered")


def test_what_is_rendered_now_begins_anew_and_the_rest_stays(fleet: t.Any, make_node: MakeNode) -> None:
    fleet.write(nodes(make_node))
    top = fleet.base / "rendered"
    for name in ("xaa01", "xab01", "xad01", "xzz01"):
        (top / name / "etc").mkdir(parents=True)
        (top / name / "MANIFEST").touch()
        (top / name / "etc" / "stale").touch()
    (top / "notes").mkdir()
    (top / ".imrs-rendered").touch()
    done = fleet.render("--limit", "xaa01:xad01")
    assert done.returncode == 0, done.stdout + done.stderr
    # xab01 is not rendered now, xad01 is decommissioned, xzz01 has left the fleet, and notes is none of ours.
    assert sorted(path.name for path in top.iterdir()) == [".imrs-rendered", "notes", "xaa01", "xab01"]
    assert (top / "xab01/etc/stale").exists()
    assert not (top / "xaa01/etc/stale").exists()
    assert (top / "xaa01/etc/nftables.conf").exists()


def test_a_directory_of_somebody_else_is_left_alone(fleet: t.Any, make_node: MakeNode) -> None:
    fleet.write({"xaa01": make_node("xaa01")})
    (fleet.base / "mine/xaa01").mkdir(parents=True)
    (fleet.base / "mine/xaa01/MANIFEST").write_text("mine")
    before = tree(fleet.base / "mine")
    done = fleet.render(directory="mine")
    assert done.returncode != 0
    assert f"{fleet.base}/mine holds files that no rendering made, and they are left alone" in done.stdout + done.stderr
    assert tree(fleet.base / "mine") == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-e", "network_uplnk=x"], "network: no such variable: network_uplnk; known are "),
        (["-e", "imrs_render_directory=/elsewhere"], "give documents_directory instead"),
        (["-e", "documents_inventory=/nowhere"], "Documents are made from the sheets of one fleet, and "),
    ],
)
def test_mistakes_are_told_in_one_sentence_before_anything_is_written(
    fleet: t.Any, make_node: MakeNode, options: list[str], message: str
) -> None:
    fleet.write({"xaa01": make_node("xaa01"), "xab01": make_node("xab01")})
    done = fleet.render(*options)
    shown = done.stdout + done.stderr
    assert done.returncode != 0
    assert message in shown
    assert "Traceback" not in shown
    assert not (fleet.base / "rendered").exists()


@pytest.mark.parametrize(
    ("sources", "sound"),
    [
        (["fleet"], True),
        (["fleet/imrs.yml"], True),
        (["fleet", "more.yml"], True),
        (["more.yml"], False),
        (["fleet", "other"], False),
    ],
)
def test_the_sheets_are_those_of_the_inventory_given(
    fleet: t.Any, make_node: MakeNode, sources: list[str], sound: bool
) -> None:
    fleet.write({"xaa01": make_node("xaa01")})
    (fleet.base / "more.yml").write_text(fleet.inventory.read_text())
    (fleet.base / "other").mkdir()
    (fleet.base / "other" / "imrs.yml").write_text(fleet.inventory.read_text())
    first, *more = [fleet.base / source for source in sources]
    options = ["-e", "documents_directory=rendered", "--skip-tags", "documents"]
    done = fleet.run("render", *options, *(word for path in more for word in ("-i", str(path))), inventory=first)
    assert (done.returncode == 0) == sound, done.stdout + done.stderr
    told = (
        f"Documents are made from the sheets of one fleet, and {', '.join(str(fleet.base / one) for one in sources)} is"
    )
    assert (told in done.stdout + done.stderr) != sound
    assert (fleet.base / "rendered").exists() == sound


def test_a_template_that_shows_a_secret_is_refused(fleet: t.Any, make_node: MakeNode) -> None:
    leaking = make_node("xaa01")
    leaking["imrs_peers"][0]["description"] = f"Call us, the password is {PASSWORD}"
    fleet.write({"xaa01": leaking}, **vault())
    done = fleet.render("-vvvv")
    shown = done.stdout + done.stderr
    assert done.returncode != 0
    assert "would show the value of vault_bgp_xaa, so nothing of this bundle is rendered" in shown
    assert not [
        path for path in (fleet.base / "rendered").rglob("*") if path.is_file() and PASSWORD in path.read_text()
    ]


@pytest.mark.parametrize(
    ("revision", "message"),
    [
        ("no-such-revision", "render: git knows no revision no-such-revision\n"),
        ("--output=x", "render: git knows no revision --output=x\n"),
        ("{first}", "has no playbooks/render.yml, so it cannot be rendered and compared; name a later one\n"),
    ],
)
def test_a_revision_that_cannot_be_compared_is_told_in_one_sentence(revision: str, message: str) -> None:
    roots = subprocess.run(
        ["git", "rev-list", "--max-parents=0", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    first = roots.stdout.split()[0]
    done = subprocess.run(
        [ROOT / "tests/render.sh", revision.format(first=first)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.endswith(message)
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet with a site that is about to go live, its reports, and a mail server, for icann.imrs.notice."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import pathlib
import re
import shutil
import types
import typing as t

import imrs_mail
from ansible_collections.icann.imrs.plugins.action import notice

if t.TYPE_CHECKING:
    import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "inventories" / "example"
NOC, HANDS = "noc@qikiqtani.example", "hands@qikiqtani.example"
AT = 1_700_000_000.0
DAY = "2023-11-14"


@dataclasses.dataclass
class Bench:
    """A fleet of Iqaluit, which is about to go live, and what else a test puts there."""

    base: pathlib.Path
    post: imrs_mail.Post

    @property
    def fleet(self) -> pathlib.Path:
        return self.base / "fleet"

    @property
    def reports(self) -> pathlib.Path:
        return self.fleet / "reports"

    @property
    def record(self) -> pathlib.Path:
        return self.reports / "yfb/notice.json"

    def sheet(self, site: str = "yfb", *changes: tuple[str, str]) -> None:
        """A sheet of the example, so long ago that nothing in it is to come."""
        text = (EXAMPLE / f"sites/{site}.yml").read_text()
        text = re.sub(r"\b(20\d\d)-(?=\d\d-\d\d\b)", lambda found: f"{int(found[1]) - 10}-", text)
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (self.fleet / f"sites/{site}.yml").write_text(text)

    def judged(self, name: str = "yfb01", stage: str = "live", **changes: t.Any) -> None:
        report = {
            "node": f"{name}.l.root-servers.org",
            "stage": stage,
            "certifiable": True,
            "started": f"{DAY}T08:00:00Z",
        }
        folder = self.reports / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "acceptance.json").write_text(json.dumps({**report, **changes}))
        (folder / "acceptance.md").write_text(f"# {name}: accepted, São Tomé\n")
        (folder / "acceptance.html").write_text(f"<p>{name}: accepted, São Tomé</p>\n")

    def run(self, *nodes: str, check_mode: bool = False, **options: t.Any) -> dict[str, t.Any]:
        """The plugin, as a task calls it."""
        arguments = {
            "inventory": str(self.fleet / "imrs.yml"), "reports": str(self.reports), "nodes": list(nodes or ("yfb01",)),
            "host": "127.0.0.1", "port": self.post.port, "timeout": 20, **options,
        }  # fmt: skip
        task = types.SimpleNamespace(
            args=arguments, check_mode=check_mode, async_val=0, environment=[], action="notice"
        )
        plugin = notice.ActionModule.__new__(notice.ActionModule)
        plugin._task = task
        plugin._connection = types.SimpleNamespace(_shell=types.SimpleNamespace(tmpdir=None))
        return plugin.run(task_vars={})

    def outcomes(self) -> dict[str, str]:
        addresses = json.loads(self.record.read_text())["addresses"]
        return {address: outcome["state"] for address, outcome in addresses.items()}

    def sent(self) -> list[list[str]]:
        return [message.to for message in self.post.messages]

    def files(self) -> set[str]:
        return {str(path.relative_to(self.reports)) for path in self.reports.rglob("*") if path.is_file()}


@contextlib.contextmanager
def world(base: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Bench]:
    """Iqaluit has passed, and nobody has told its host; what runs in this process has one time."""
    monkeypatch.delenv("IMRS_TRUST_ANCHOR_FILE", raising=False)  # make test sets it, for its lab
    monkeypatch.setattr(notice.time, "time", lambda: AT)
    (base / "fleet/sites").mkdir(parents=True)
    for name in ("fleet.yml", "imrs.yml"):
        shutil.copy(EXAMPLE / name, base / "fleet" / name)
    with imrs_mail.running(imrs_mail.Post()) as post:
        made = Bench(base, post)
        made.sheet(
            "yfb", ("remote_hands: {email: noc@", "remote_hands: {email: hands@"), ("city: Iqaluit", "city: ᐃᖃᓗᐃᑦ")
        )
        made.judged()
        yield made

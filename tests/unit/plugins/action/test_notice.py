# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts are told once, whatever becomes of the mail server, the run, or an address; the mail server is a real one."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import types
import typing as t

import imrs_mail
import pytest
from ansible_collections.icann.imrs.plugins.action import notice
from ansible_collections.icann.imrs.plugins.plugin_utils import fleet_files

ROOT = pathlib.Path(__file__).resolve().parents[4]
EXAMPLE = ROOT / "inventories" / "example"
NOC, HANDS = "noc@qikiqtani.example", "hands@qikiqtani.example"
AT = 1_700_000_000.0
DAY = "2023-11-14"
PASSWORD = "correct horse battery staple"


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


@pytest.fixture
def bench(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Bench]:
    monkeypatch.delenv("IMRS_TRUST_ANCHOR_FILE", raising=False)  # make test sets it, for its lab
    monkeypatch.setattr(notice.time, "time", lambda: AT)
    (tmp_path / "fleet/sites").mkdir(parents=True)
    for name in ("fleet.yml", "imrs.yml"):
        shutil.copy(EXAMPLE / name, tmp_path / "fleet" / name)
    with imrs_mail.running(imrs_mail.Post()) as post:
        made = Bench(tmp_path, post)
        made.sheet(
            "yfb", ("remote_hands: {email: noc@", "remote_hands: {email: hands@"), ("city: Iqaluit", "city: ᐃᖃᓗᐃᑦ")
        )
        made.judged()
        yield made


def test_a_host_is_told_once(bench: Bench) -> None:
    result = bench.run()
    assert (result["changed"], result.get("failed", False)) == (True, False)
    assert bench.sent() == [[NOC, HANDS]]
    (message,) = bench.post.messages
    assert message.sender == "noc@imrs.example"
    for part in (b"=?utf-8?", b"Message-ID: <imrs-notice.", b'filename="yfb01-acceptance.md"', b"text/markdown"):
        assert part in message.octets
    assert "ᐃᖃᓗᐃᑦ" in result["sites"][0]["text"]
    again = bench.run()
    assert (again["changed"], again.get("failed", False), bench.sent()) == (False, False, [[NOC, HANDS]])
    assert again["said"][0].startswith(
        f"yfb: no notice is due: {NOC} and {HANDS} had it on {DAY}. The sheet does not say so"
    )


def test_what_was_sent_is_on_record(bench: Bench) -> None:
    bench.run()
    found = json.loads(bench.record.read_text())
    assert bench.record.stat().st_mode & 0o777 == 0o600
    assert found["message_id"].encode() in bench.post.messages[0].octets
    assert (found["go_live"], found["sender"], len(found["sha256"])) == ("yfb/notify", "noc@imrs.example", 64)
    assert found["server"] == f"127.0.0.1:{bench.post.port}"
    outcome = {"state": "accepted", "at": f"{DAY}T22:13:20Z", "said": "250 taken as 1"}
    assert found["addresses"] == {NOC: outcome, HANDS: outcome}


def test_both_reports_of_every_appliance_are_attached(bench: Bench) -> None:
    (bench.reports / "yfb01/acceptance.html").write_text("<p>good</p>")
    bench.run()
    octets = bench.post.messages[0].octets
    assert b'filename="yfb01-acceptance.md"' in octets
    assert b'filename="yfb01-acceptance.html"' in octets


def test_git_applies_the_patch_and_the_host_is_told_no_more(bench: Bench) -> None:
    result = bench.run()
    sheet = bench.fleet / "sites/yfb.yml"
    before = sheet.read_text()
    assert result["sites"][0]["patch"] == str(bench.reports / "yfb/onboarding.patch")
    command = result["said"][0].partition("The sheet does not say so yet: ")[2].rstrip(".")
    subprocess.run(command.split(), check=True, cwd=bench.base)
    assert sheet.read_text() == before.rstrip("\n") + f"\n    notify: {{date: {DAY}, by: ICANN DNS Engineering}}\n"
    again = bench.run()
    assert again["said"] == [f"yfb: no notice is due: the sheet says that the host was notified on {DAY}"]
    assert fleet_files.read(bench.fleet / "imrs.yml").sites[0]["state"] == "live"


def test_money_that_becomes_due_is_told(bench: Bench) -> None:
    bench.sheet("acc", *[(f"    {step}: {{date", f"    # {step}: {{date") for step in ("install", "notify")])
    bench.judged("acc01")
    result = bench.run("acc01")
    assert "With this, USD 6,000 of the programme africa_phase_2 are due." in result["said"][0]
    patch = (bench.reports / "acc/onboarding.patch").read_text()
    assert "With this, USD 6,000" in patch.partition("---")[0]
    assert [line for line in patch.splitlines() if line[0] == "+"][1:] == [
        f"+    {step}: {{date: {DAY}, by: ICANN DNS Engineering}}" for step in ("install", "notify")
    ]


def test_a_cluster_is_told_when_all_of_it_has_passed(bench: Bench) -> None:
    bench.sheet("nbo")
    text = (bench.fleet / "sites/nbo.yml").read_text()
    (bench.fleet / "sites/nbo.yml").write_text(re.sub(r"(?m)^    notify: .*\n?", "", text))
    fleet = fleet_files.read(bench.fleet / "imrs.yml")
    names = [name for name, host in fleet.hosts.items() if host["imrs_site"] == "nbo"]
    assert len(names) >= 2
    for name in names:
        result = bench.run(names[0])
        assert (result["changed"], bench.sent()) == (False, [])
        assert f"{name} has no acceptance report" in result["said"][0]
        bench.judged(name)
    assert bench.run(names[0])["changed"]
    assert len(bench.sent()) == 1


@pytest.mark.parametrize("change", [{"stage": "drained"}, {"certifiable": False}, {"node": "xxx01.l.root-servers.org"}])
def test_what_has_not_passed_is_not_announced_and_no_failure(bench: Bench, change: dict[str, t.Any]) -> None:
    bench.judged(**change)
    result = bench.run()
    assert (result["changed"], result.get("failed", False), bench.sent()) == (False, False, [])
    assert result["said"][0].startswith("yfb: no notice is due: yfb01 ")
    assert bench.files() == {"yfb01/acceptance.json", "yfb01/acceptance.md"}


def test_a_check_says_what_would_be_sent_and_sends_nothing(bench: Bench) -> None:
    before = bench.files()
    result = bench.run(check_mode=True, host="")
    assert result["changed"]
    assert result["said"] == [f"yfb: would be sent to {NOC} and {HANDS}: IMRS instance YFB, ᐃᖃᓗᐃᑦ: in service"]
    assert "To the network operations of Qikiqtani Networks" in result["sites"][0]["text"]
    assert (bench.sent(), bench.files()) == ([], before)
    bench.run()
    assert not bench.run(check_mode=True)["changed"]


def test_one_address_that_is_refused_is_red_and_the_repeat_goes_there_alone(bench: Bench) -> None:
    bench.post.refuses = {NOC: "550 no such user"}
    result = bench.run()
    assert (result["changed"], result["failed"], bench.sent()) == (True, True, [[HANDS]])
    assert f"REFUSED: {NOC}: 550 no such user" in result["msg"]
    assert bench.outcomes() == {HANDS: "accepted", NOC: "refused"}
    assert "yfb/onboarding.patch" not in bench.files()
    assert (bench.run()["failed"], bench.sent()) == (True, [[HANDS]])
    bench.post.refuses = {}
    assert not bench.run().get("failed")
    assert bench.sent() == [[HANDS], [NOC]]
    first, second = (re.search(rb"Message-ID: (\S+)", message.octets) for message in bench.post.messages)
    assert first
    assert second
    assert first[1] == second[1]
    assert "yfb/onboarding.patch" in bench.files()


def test_an_address_that_is_corrected_gets_it_alone(bench: Bench) -> None:
    bench.post.refuses = {NOC: "550 no such user"}
    bench.run()
    sheet = bench.fleet / "sites/yfb.yml"
    sheet.write_text(sheet.read_text().replace(NOC, "duty@qikiqtani.example"))
    assert not bench.run().get("failed")
    assert bench.sent() == [[HANDS], ["duty@qikiqtani.example"]]


def test_a_message_that_is_refused_may_be_repeated(bench: Bench) -> None:
    bench.post.refuses = {"DATA": "554 looks like spam"}
    assert "554 looks like spam" in bench.run()["msg"]
    assert bench.outcomes() == {NOC: "refused", HANDS: "refused"}
    bench.post.refuses = {}
    assert bench.run()["changed"]
    assert bench.sent() == [[NOC, HANDS]]


def test_a_server_that_is_down_is_red_and_the_repeat_sends(bench: Bench) -> None:
    with imrs_mail.running(imrs_mail.Post()) as gone:
        port = gone.port
    result = bench.run(port=port)
    assert result["failed"]
    assert "nothing is sent: 127.0.0.1:" in result["msg"]
    assert "Connection refused" in result["msg"]
    assert not bench.record.exists()
    assert bench.run()["changed"]
    assert bench.sent() == [[NOC, HANDS]]


def test_one_that_hangs_up_with_the_message_is_asked_no_more_until_somebody_has_looked(bench: Bench) -> None:
    bench.post.hangs_up = True
    result = bench.run()
    assert "it is not known whether the notice was sent" in result["msg"]
    assert bench.outcomes() == {NOC: "sending", HANDS: "sending"}
    bench.post.hangs_up = False
    result = bench.run()
    assert result["failed"]
    for words in ("refused: a run that began to send the notice", "<imrs-notice.", "-e imrs_notice_again=true"):
        assert words in result["msg"]
    assert len(bench.sent()) == 1
    assert bench.run(again=True)["changed"]
    assert len(bench.sent()) == 2
    assert not bench.run(again=True)["changed"], "what is known to have been sent is not sent again"


def test_what_cannot_be_noted_is_not_sent(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: t.Any, **_options: t.Any) -> list[str]:
        raise OSError(28, "No space left on device", "notice.json")

    with monkeypatch.context() as patched:
        patched.setattr(notice.reports_, "write", full)
        assert "notice.json: No space left on device" in bench.run()["msg"]
    assert bench.sent() == []
    assert bench.run()["changed"]


def test_what_was_sent_and_cannot_be_noted_is_not_sent_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    write, calls = notice.reports_.write, []

    def full_after_the_first(*given: t.Any, **options: t.Any) -> list[str]:
        calls.append(given)
        if len(calls) > 1:
            raise OSError(28, "No space left on device", "notice.json")
        return write(*given, **options)

    with monkeypatch.context() as patched:
        patched.setattr(notice.reports_, "write", full_after_the_first)
        assert bench.run()["failed"]
    assert len(bench.sent()) == 1
    assert bench.outcomes() == {NOC: "sending", HANDS: "sending"}
    assert "refused: " in bench.run()["msg"]


def test_two_runs_at_once_send_one_message(bench: Bench) -> None:
    bench.record.parent.mkdir()
    descriptor = os.open(bench.record.parent, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    assert "nothing is sent: another run is sending it" in bench.run()["msg"]
    os.close(descriptor)
    assert bench.run()["changed"]
    assert len(bench.sent()) == 1


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"host": ""}, "there is no mail server to send it; give one with imrs_notice_host"),
        ({"port": 70000}, "a port is a number from 1 to 65535"),
        ({"timeout": 0}, "a timeout is more than 0 seconds"),
        ({"username": "imrs"}, "a user name and the variable of its password are given together"),
        ({"ca_file": "/nowhere/ca.pem"}, "/nowhere/ca.pem: No such file or directory"),
    ],
)
def test_a_server_that_is_not_told_right_is_not_asked(bench: Bench, options: dict[str, t.Any], why: str) -> None:
    result = bench.run(**options)
    assert why in result["msg"]
    assert (bench.sent(), bench.record.exists()) == ([], False)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("yfb01/acceptance.json", b"{", "acceptance.json: is not JSON"),
        ("yfb01/acceptance.json", b"[]", "acceptance.json: is not an acceptance report"),
        ("yfb01/acceptance.json", b"\xff", "acceptance.json: is not UTF-8"),
        ("yfb01/acceptance.md", b"\xff", "acceptance.md: is not UTF-8"),
        ("yfb01/acceptance.md", b"on 10.144.30.11", "yfb01-acceptance.md: names 10.144.30.11, where operators reach"),
        ("yfb/notice.json", b"{}", "notice.json: is no record of a notice"),
    ],
)
def test_what_is_not_understood_is_named_and_nothing_is_sent(bench: Bench, name: str, content: bytes, why: str) -> None:
    path = bench.reports / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    result = bench.run()
    assert result["failed"]
    assert why in result["msg"]
    assert bench.sent() == []


def test_one_site_keeps_no_other_from_it(bench: Bench) -> None:
    bench.sheet("acc", ("    notify: {date", "    # notify: {date"))
    bench.judged("acc01")
    (bench.reports / "acc01/acceptance.json").write_text("{")
    result = bench.run("acc01", "yfb01")
    assert result["failed"]
    assert result["msg"].splitlines()[0].startswith("acc: nothing is sent: ")
    assert result["msg"].splitlines()[1].startswith("yfb: sent to ")


def test_a_sheet_that_cannot_be_edited_keeps_nobody_from_being_told(bench: Bench) -> None:
    (bench.fleet / "sites/yfb.yml").rename(bench.fleet / "sites/y fb.yml")
    result = bench.run()
    assert not result.get("failed")
    assert "There is no patch of the sheet: sites/y fb.yml: cannot be named in a patch" in result["said"][0]
    assert len(bench.sent()) == 1


def test_wrong_sheets_are_told_and_nothing_is_sent(bench: Bench) -> None:
    bench.sheet("yfb", ("asn: 20144", "asn: 20414"))
    result = bench.run()
    assert "Nothing is sent, as the site data is wrong:\nsites/yfb.yml:" in result["msg"]
    (bench.fleet / "imrs.yml").unlink()
    assert "imrs.yml is not a file" in bench.run()["msg"]
    assert bench.sent() == []


def playbook(fleet: t.Any, bench: Bench, *options: str, **words: t.Any) -> tuple[int, str]:
    """``ansible-playbook icann.imrs.notify``: how it ended, and all it said."""
    fleet.write({})  # the collection's place
    given = {"imrs_notice_host": "127.0.0.1", "imrs_notice_port": bench.post.port, **words}
    done = fleet.run(
        "notify",
        "--limit",
        "site_yfb",
        "-e",
        json.dumps(given),
        *options,
        inventory=bench.fleet / "imrs.yml",
        config=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def ours(tmp_path_factory: pytest.TempPathFactory, fleet: t.Any) -> t.Any:
    """The place to run playbooks from; the bench's fleet is another folder of it."""
    return dataclasses.replace(fleet, base=tmp_path_factory.mktemp("playbooks"))


def test_the_playbook_tells_the_host_and_contacts_no_node(bench: Bench, ours: t.Any) -> None:
    status, said = playbook(ours, bench, "--check")
    assert status == 0, said
    assert "PLEASE DO NOT" in said
    assert bench.sent() == []
    status, said = playbook(ours, bench)
    assert status == 0, said
    assert "changed=1" in said
    assert bench.sent() == [[NOC, HANDS]]
    status, said = playbook(ours, bench)
    assert status == 0, said
    assert "changed=0" in said
    assert f"{NOC} and {HANDS} had it on " in said
    assert len(bench.sent()) == 1
    assert not ours.called.exists()


def test_a_password_is_given_by_name_and_never_shown(bench: Bench, ours: t.Any, tmp_path: pathlib.Path) -> None:
    authority = imrs_mail.authority(tmp_path / "ca")
    words = {
        "imrs_notice_ca_file": authority.file,
        "imrs_notice_username": "imrs",
        "imrs_notice_password_variable": "vault_notice_password",
    }
    with imrs_mail.running(imrs_mail.Post(password=PASSWORD), authority.server("127.0.0.1")) as bench.post:
        status, said = playbook(ours, bench, "-vvvv", **words)
        assert status == 2, said
        assert "the secret vault_notice_password is not defined" in " ".join(said.split())
        assert not bench.record.exists()
        (bench.fleet / "group_vars").mkdir()
        for value, shown in ((f"wrong {PASSWORD}", "does not take this user name and password"), (PASSWORD, "sent to")):
            (bench.fleet / "group_vars/all.yml").write_text(f"vault_notice_password: {value}\n")
            status, said = playbook(ours, bench, "-vvvv", **words)
            assert shown in said
            assert PASSWORD not in said
    assert status == 0, said
    assert [(message.user, message.encrypted) for message in bench.post.messages] == [("imrs", True)]
    assert PASSWORD not in bench.record.read_text()


def descendants(process: int) -> list[int]:
    """The processes that it has started, and those that these have: Ansible's workers have sessions of their own."""
    found = []
    for task in pathlib.Path(f"/proc/{process}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *descendants(int(child))]
    return found


def test_a_run_that_is_killed_while_the_server_has_the_message_leaves_its_mark(bench: Bench, ours: t.Any) -> None:
    bench.post.keeps_waiting = True
    ours.write({})
    words = {"imrs_notice_host": "127.0.0.1", "imrs_notice_port": bench.post.port, "imrs_notice_timeout": 300}
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "IMRS_"))}
    (ours.base / "empty.cfg").touch()
    places = {
        "ANSIBLE_CONFIG": str(ours.base / "empty.cfg"), "ANSIBLE_COLLECTIONS_PATH": str(ours.base),
        "ANSIBLE_HOME": str(ours.base / "home"), "ANSIBLE_LOCAL_TEMP": str(ours.base / "tmp"),
    }  # fmt: skip
    command = [sys.executable, "-m", "ansible.cli.playbook", "icann.imrs.notify", "-i", str(bench.fleet / "imrs.yml")]
    run = subprocess.Popen(
        [*command, "-e", json.dumps(words)], env=clean | places, cwd=ours.base,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert bench.post.arrived.wait(120)
    finally:
        for process in [run.pid, *descendants(run.pid)]:
            os.kill(process, signal.SIGKILL)
        run.wait()
    bench.post.keeps_waiting = False
    assert bench.outcomes() == {NOC: "sending", HANDS: "sending"}
    status, said = playbook(ours, bench)
    assert status == 2
    assert "-e imrs_notice_again=true" in said
    assert len(bench.sent()) == 1
    status, said = playbook(ours, bench, imrs_notice_again=True)
    assert status == 0, said
    assert len(bench.sent()) == 2


def test_an_inventory_without_sheets_is_refused(fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]) -> None:
    fleet.write({"xaa01": make_node("xaa01")})
    other = fleet.inventory.rename(fleet.inventory.with_name("hosts.json"))
    done = fleet.run("notify", inventory=other)
    assert done.returncode == 2
    assert "A notice is made from the sheets of one fleet" in " ".join((done.stdout + done.stderr).split())

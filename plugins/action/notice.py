# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""icann.imrs.notice: reads sheets and reports, has the library decide and compose, and gives mail to a server."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import pathlib
import time
import typing as t
from email.message import EmailMessage

from ansible.plugins.action import ActionBase
from ansible.plugins.loader import lookup_loader
from ansible_collections.icann.imrs.plugins.module_utils import _reports as reports_
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.report_json import moment
from ansible_collections.icann.imrs.plugins.module_utils._notice import NoticeError, due, message, record, sheet
from ansible_collections.icann.imrs.plugins.module_utils._notice.record import Outcome, Sent
from ansible_collections.icann.imrs.plugins.module_utils._site import document
from ansible_collections.icann.imrs.plugins.module_utils._site.errors import SiteError
from ansible_collections.icann.imrs.plugins.plugin_utils import fleet_files, submission
from ansible_collections.icann.imrs.plugins.plugin_utils.submission import Server, SubmissionError, UnknownError

if t.TYPE_CHECKING:
    from ansible_collections.icann.imrs.plugins.module_utils._site.contract import SiteRecord

_OPTIONS: dict[str, dict[str, t.Any]] = {
    "inventory": {"type": "path", "required": True},
    "reports": {"type": "path", "required": True},
    "nodes": {"type": "list", "elements": "str", "required": True},
    "host": {"type": "str", "default": ""},
    "port": {"type": "int", "default": 587},
    "cleartext": {"type": "bool", "default": False},
    "ca_file": {"type": "path", "default": ""},
    "username": {"type": "str", "default": ""},
    "password_variable": {"type": "str", "default": "", "no_log": False},
    "timeout": {"type": "float", "default": 30.0},
    "sender": {"type": "str", "default": ""},
    "again": {"type": "bool", "default": False},
}
_ATTACHED = ("acceptance.html",)
"""The host's report; the others have addresses that are the engineers' affair."""


@dataclasses.dataclass(frozen=True)
class _Site:
    """What there is of one site on the controller's disk."""

    record: SiteRecord
    appliances: dict[str, str]
    reports: pathlib.Path
    again: bool

    @property
    def name(self) -> str:
        return self.record["site"]

    @property
    def folder(self) -> pathlib.Path:
        return self.reports / self.name

    def sent(self) -> Sent:
        """The record; that of a site that was sent nothing, where there is none."""
        path = self.folder / record.NAME
        return record.parse(_text(path), str(path), self.record) if path.exists() else record.new(self.record)

    def note(self, sent: Sent) -> None:
        reports_.write(str(self.folder), {record.NAME: sent.render()}, os.replace, private=True)

    def judged(self) -> dict[str, due.Report]:
        """The acceptance reports that there are, by the name of the appliance."""
        paths = {name: self.reports / name / "acceptance.json" for name in self.appliances}
        return {name: _report(path) for name, path in paths.items() if path.exists()}

    def attached(self) -> dict[str, str]:
        """The reports for people, by the name that they have in the message."""
        paths = {f"{name}-{file}": self.reports / name / file for name in self.appliances for file in _ATTACHED}
        return {name: _text(path) for name, path in paths.items() if path.exists()}

    def decide(self, sent: Sent, judged: t.Mapping[str, due.Report]) -> due.Decision:
        return due.decide(self.record, self.appliances, judged, sent, again=self.again)


class ActionModule(ActionBase):
    """Everything on the controller; no node is contacted."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """One call for all sites: each is told of, and one that cannot be notified keeps no other from it."""
        super().run(tmp, task_vars)
        _checked, given = self.validate_argument_spec(_OPTIONS)
        self._given, self._variables = given, task_vars or {}
        try:
            files = _files(pathlib.Path(given["inventory"]))
            fleet = files.load()
        except SiteError as error:
            return {"failed": True, "changed": False, "msg": f"Nothing is sent, as the site data is wrong:\n{error}"}
        except NoticeError as error:
            return {"failed": True, "changed": False, "msg": str(error)}
        wanted = {fleet.hosts[name]["imrs_site"] for name in given["nodes"] if name in fleet.hosts}
        results = []
        for found in fleet.sites:
            if found["site"] in wanted:
                hosts = {name: host for name, host in fleet.hosts.items() if host["imrs_site"] == found["site"]}
                names = {name: host["imrs_node_name"] for name, host in hosts.items()}
                site = _Site(found, names, pathlib.Path(given["reports"]), given["again"])
                results.append(self._result(site, files))
        said = [f"{result['site']}: {result['said']}" for result in results]
        failed = any(result["failed"] for result in results)
        told = {"changed": any(result["changed"] for result in results), "sites": results, "said": said}
        return {**told, "failed": True, "msg": "\n".join(said)} if failed else told

    def _result(self, site: _Site, files: fleet_files.Files) -> dict[str, t.Any]:
        """What is done for one site, and what is to be said of it."""
        result = {"site": site.name, "changed": False, "failed": False, "to": [], "text": "", "patch": ""}
        try:
            judged = site.judged()
            found = site.decide(site.sent(), judged)
            if found.to:
                return {**result, **self._notify(site, judged, files)}
            patch = self._patch(site, judged, found.complete, files) if found.complete else {"patch": "", "said": ""}
            said = f"{'refused' if found.refused else 'no notice is due'}: {found.why}{patch['said']}"
            return {**result, "failed": found.refused, "patch": patch["patch"], "said": said}
        except (NoticeError, SubmissionError) as error:
            said = f"nothing is sent: {error}"
        except UnknownError as error:
            said = f"it is not known whether the notice was sent. {error}. The next run says what to look for"
        except OSError as error:
            said = f"{error.filename or site.folder}: {error.strerror}; see that it can be written and read"
        return {**result, "failed": True, "said": said}

    def _notify(self, site: _Site, judged: dict[str, due.Report], files: fleet_files.Files) -> dict[str, t.Any]:
        """Send, or in check mode say what would be sent."""
        if self._task.check_mode:
            to, composed = site.decide(site.sent(), judged).to, self._compose(site, judged, time.time())
            told = f"would be sent to {' and '.join(to)}: {composed['Subject']}"
            return {"changed": True, "to": list(to), "text": message.text(composed), "said": told}
        site.folder.mkdir(parents=True, exist_ok=True)
        with _held(site.folder):
            return self._send(site, judged, files)

    def _compose(self, site: _Site, judged: t.Mapping[str, due.Report], at: float) -> EmailMessage:
        return message.compose(site.record, judged, site.attached(), at)

    def _send(self, site: _Site, judged: dict[str, due.Report], files: fleet_files.Files) -> dict[str, t.Any]:
        before = site.sent()  # anew: another run may have sent it meanwhile
        to = site.decide(before, judged).to
        if not to:
            raise NoticeError("another run was faster; see what the next run says")
        server, at = self._server(), time.time()
        composed, sender = self._compose(site, judged, at), self._given["sender"] or site.record["operator"]["email"]
        if not message.is_address(sender):
            raise NoticeError("imrs_notice_sender is no e-mail address")
        header = {"subject": str(composed["Subject"]), "sender": sender, "server": str(server)}
        header["sha256"] = message.digest(composed)

        def outcomes(state: str, said: t.Mapping[str, str]) -> dict[str, Outcome]:
            return {address: Outcome(state, moment(at), words) for address, words in said.items()}

        def begin(accepted: list[str], refused: dict[str, str]) -> None:
            sending = outcomes(record.SENDING, dict.fromkeys(accepted, ""))
            site.note(before.told({**sending, **outcomes(record.REFUSED, refused)}, **header))

        answer = submission.submit(server, sender, to, composed.as_bytes(), begin)
        told = {**outcomes(record.ACCEPTED, answer.accepted), **outcomes(record.REFUSED, answer.refused)}
        site.note(before.told(told, **header))
        said = [f"sent to {' and '.join(answer.accepted)} ({composed['Message-ID']})"] if answer.accepted else []
        said += [f"REFUSED: {address}: {words}" for address, words in answer.refused.items()]
        complete = site.decide(site.sent(), judged).complete
        patch = self._patch(site, judged, complete, files) if complete else {"patch": "", "said": ""}
        return {
            "changed": bool(answer.accepted),
            "failed": bool(answer.refused),
            "to": list(answer.accepted),
            "text": message.text(composed),
            "patch": patch["patch"],
            "said": "; ".join(said) + patch["said"],
        }

    def _server(self) -> Server:
        given = self._given
        if not given["host"]:
            raise NoticeError("there is no mail server to send it; give one with imrs_notice_host")
        if not 1 <= given["port"] <= 65535 or given["timeout"] <= 0:
            raise NoticeError("a port is a number from 1 to 65535, and a timeout is more than 0 seconds")
        if bool(given["username"]) != bool(given["password_variable"]):
            raise NoticeError("a user name and the variable of its password are given together, or not at all")
        password = ""
        if given["password_variable"]:
            lookup = lookup_loader.get("icann.imrs.secret", loader=self._loader, templar=self._templar)
            (password,) = lookup.run([given["password_variable"]], variables=self._variables)
        options = {name: given[name] for name in ("host", "port", "cleartext", "ca_file", "username", "timeout")}
        return Server(**options, password=password)

    def _patch(
        self, site: _Site, judged: t.Mapping[str, due.Report], complete: str, files: fleet_files.Files
    ) -> dict[str, str]:
        """The sheet's next state beside the reports: its path, and what is to be said of it."""
        try:
            name, text, steps = _sheet(files, site.name)
            tested = min(complete, max((str(report["started"])[:10] for report in judged.values()), default=complete))
            missing = sheet.steps(steps, tested, complete, files.today, site.record["operator"]["name"])
            heading = [f"{site.name}: the host was notified on {complete}, {record.message_id(site.record)}."]
            if money := site.record["onboarding"]["reimbursement"]:
                heading.append(f"With this, USD {money['usd']:,} of the programme {money['programme']} are due.")
            changed = sheet.edited(name, text, missing)
            found = sheet.patch(name, text, changed, [*heading, "To be applied in the folder of the fleet."])
        except NoticeError as error:
            return {"patch": "", "said": f". There is no patch of the sheet: {error}"}
        if not found or self._task.check_mode:
            return {"patch": "", "said": ""}
        (path,) = reports_.write(str(site.folder), {sheet.NAME: found}, os.replace)
        base = pathlib.Path(self._given["inventory"]).resolve().parent
        due_now = f" {heading[1]}" if len(heading) > 1 else ""
        return {"patch": path, "said": f". The sheet does not say so yet: git -C {base} apply {path}.{due_now}"}


@contextlib.contextmanager
def _held(folder: pathlib.Path) -> t.Iterator[None]:
    """The site, for this run alone, as long as it sends. Whatever ends the run gives it back."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise NoticeError("another run is sending it") from None
    finally:
        os.close(descriptor)


def _files(config: pathlib.Path) -> fleet_files.Files:
    """The files of the fleet that an ``imrs.yml`` stands for."""
    if missing := fleet_files.missing_libraries():
        raise NoticeError(f"notice: {missing}")
    if not config.is_file():
        raise NoticeError(f"notice: inventory: {config} is not a file; name the imrs.yml of a fleet of sheets")
    anchors = os.environ.get("IMRS_TRUST_ANCHOR_FILE")  # as for the inventory plugin
    return fleet_files.gather(config, trust_anchor_file=str(pathlib.Path.cwd() / anchors) if anchors else None)


def _sheet(files: fleet_files.Files, site: str) -> tuple[str, str, dict[str, dict[str, t.Any]]]:
    """Name and text of the sheet of a site, and the steps in it."""
    for file in files.sites:
        data = document.parse(*file).data
        if data and data.get("site") == site:
            return file.name, file.content.decode("utf-8"), data["onboarding"]["steps"]
    raise NoticeError("its sheet is not found")


def _report(path: pathlib.Path) -> due.Report:
    try:
        found = json.loads(_text(path))
    except ValueError as error:
        raise NoticeError(f"{path}: is not JSON ({error}); have the node judged again") from None
    if not isinstance(found, dict):
        raise NoticeError(f"{path}: is not an acceptance report; have the node judged again")
    return found


def _text(path: pathlib.Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise NoticeError(f"{path}: is not UTF-8; find out what it is, and move it away") from None

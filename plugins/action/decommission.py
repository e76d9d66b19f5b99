# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of icann.imrs.decommission: asks the fleet, has the library judge, keeps the record."""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import shlex
import time
import typing as t

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.icann.imrs.plugins.module_utils import _reports as reports
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.judge import why_absent
from ansible_collections.icann.imrs.plugins.module_utils._bundle.lease import DECOMMISSIONED
from ansible_collections.icann.imrs.plugins.module_utils._decommission import (
    DecommissionError,
    peer,
    record,
    revoke,
    sheet,
)
from ansible_collections.icann.imrs.plugins.module_utils._fleet import budget, needed, order
from ansible_collections.icann.imrs.plugins.module_utils._gate import intent
from ansible_collections.icann.imrs.plugins.module_utils._notice import NoticeError
from ansible_collections.icann.imrs.plugins.module_utils._notice.sheet import patch
from ansible_collections.icann.imrs.plugins.module_utils._site import document
from ansible_collections.icann.imrs.plugins.plugin_utils import fleet_files, hold, many, records, signing

Json = dict[str, t.Any]
STATUS = "imrs status --json"


class ActionModule(ActionBase):
    """Two verbs have a module on the node; the others are the controller's."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: Json | None = None) -> Json:
        """What the verb says; a refusal is a failure in words."""
        super().run(tmp, task_vars)
        variables, given = task_vars or {}, dict(self._task.args)
        verbs: dict[str, t.Callable[[Json, Json], Json]] = {
            "ready": self._ready,
            "look": self._look,
            "proven": _proven,
            "wipe": self._on_the_node,
            "record": self._record,
        }
        if (verb := given.get("verb")) not in verbs:
            return _failed(f"decommission: {verb!r} is no verb ({', '.join(verbs)})")
        try:
            return verbs[verb](variables, given)
        except (DecommissionError, NoticeError, ValueError) as error:
            return _failed(str(error))
        except OSError as error:
            return _failed(f"decommission: {error.filename}: {error.strerror}; see that it can be read and written")

    def _on_the_node(self, variables: Json, given: Json) -> Json:
        found: Json = self._execute_module(
            module_name="icann.imrs.decommission", module_args=given, task_vars=variables
        )
        return found

    def _ready(self, variables: Json, given: Json) -> Json:
        """Refuse what is not meant, before anything is contacted; then what the fleet cannot spare."""
        said = order.Order(
            "dark", _text(given, "reason"), _text(given, "by") or hold.account(), "", _text(given, "stray")
        )
        names, every = [str(name) for name in given["nodes"]], variables["hostvars"]
        limited = boolean(given.get("limited", False))
        meant = [_candidate(name, every[name]) for name in names]
        wrong = order.refusals(said, time.time())
        if why := intent.unprintable(_text(given, "peer_says")):
            wrong.append(f"imrs_peer_says: {why}")
        wrong += needed.beforehand(meant, _text(given, "confirm_serial"), limited=limited)
        limits = budget.Budget(())
        try:
            limits = budget.parse(given.get("budget"))
            signer = self._signer(given) if not wrong else ""
        except ValueError as error:
            wrong.append(str(error))
        if wrong:
            return _failed(f"Nothing is changed: {'; '.join(wrong)}")
        nodes, begun = self._ask(variables, meant[0], said.by, float(given.get("patience", 20)))
        goes_on = meant[0].operational and str(every[meant[0].name].get("imrs_mode")) == "live"
        if not begun and (found := needed.refusals(nodes, limits, goes_on=goes_on)):
            self._release(variables, meant[0].name, float(given.get("patience", 20)))
            return _failed(needed.words(nodes, limits, found))
        (node,) = [node for node in nodes if node.targeted]
        how = "an earlier run has begun, and is continued" if begun else f"{node.mode or 'no answer'} -> dark, for good"
        plan = [
            f"{node.name}: {how}",
            "then its daemons are masked, and secrets and state wiped: that cannot be undone",
        ]
        return {"changed": False, "begun": begun, "by": said.by, "plan": plan, "signer": signer}

    def _signer(self, given: Json) -> str:
        """The name of the key that signs, once it has proven that it can; empty where none has to."""
        certificate = given.get("certificate") or {}
        if not certificate or self._task.check_mode:
            return ""
        return signing.signer(_text(given, "signing_key"), certificate["signers"], self._loader)

    def _ask(self, variables: Json, meant: needed.Candidate, by: str, seconds: float) -> tuple[list[budget.Node], bool]:
        """How the fleet is now, the node first, claimed for this run; and whether it is being given up already."""
        every = variables["hostvars"]
        asker = many.Asker(self._task, self._play_context, every)
        mark, claim = f"cat {DECOMMISSIONED} 2>/dev/null", f"{STATUS}"
        if not self._task.check_mode:
            lasts = f"{60 + 3 * seconds:g}"
            words = ["imrs", "claim", "--json", "--run", hold.run_id(), "--by", by, "--for", lasts]
            claim = f"{shlex.join(words)} || {STATUS}"
        answers = {
            name: many.status(said) for name, said in asker.ask([meant.name], f"{mark} || {claim}", seconds).items()
        }
        own = answers[meant.name]
        if isinstance(own, dict) and "state" in own and "paths" in own:
            return [budget.node(meant.name, every[meant.name], targeted=True)._replace(mode=budget.DARK)], True
        names = [meant.name, *variables["groups"].get("appliances", [])]
        nodes = [budget.node(str(name), every[name], targeted=name == meant.name) for name in dict.fromkeys(names)]
        asked = [node.name for node in nodes if not node.targeted and (node.sheet or node.cluster)]
        answers |= {name: many.status(said) for name, said in asker.ask(asked, STATUS, seconds).items()}
        run = hold.run_id()
        known = {name: order.known(answers.get(name), run, claims=name != meant.name) for name in answers}
        return [node._replace(**known.get(node.name, {})) for node in nodes], False

    def _release(self, variables: Json, name: str, seconds: float) -> None:
        """This run does not go on. Where that does not arrive, the claim ends by itself."""
        if not self._task.check_mode:
            words = shlex.join(["imrs", "release", "--json", "--run", hold.run_id()])
            many.Asker(self._task, self._play_context, variables["hostvars"]).ask([name], words, seconds)

    def _look(self, variables: Json, given: Json) -> Json:
        """The machine's own serial number has to be the sheet's."""
        found = self._on_the_node(variables, given)
        if found.get("failed") or "machine" not in found:
            return found
        why = record.other_machine(str(variables.get("imrs_serial") or ""), found["machine"])
        return {**found, **_failed(why)} if why else found

    def _record(self, variables: Json, given: Json) -> Json:
        """The record and the patch of the sheet; of a node that was wiped before, the record that there is."""
        node = str(variables["imrs_node_name"]).rstrip(".")
        serial, folder = str(variables["imrs_serial"]), str(given["report_directory"])
        ended, file = dict(given["ended"]), pathlib.Path(folder) / f"{record.NAME}.json"
        before = file.read_text(encoding="utf-8") if file.is_file() else ""
        if not ended["changed"] and record.complete(before, node, serial):
            found, written = json.loads(before), [str(file)]
        else:
            found = record.document(self._facts(variables, given), self._about(given), self._signer(given))
            written = reports.write(folder, self._texts(found, given), os.replace)
        try:
            patched, said = _patch(variables, given, found)
        except (DecommissionError, NoticeError) as error:
            patched, said = "", f"There is no patch of the sheet: {error}"
        if patched:
            written += reports.write(folder, {sheet.NAME: patched}, os.replace)
        since = found["when"] if not ended["changed"] else "now"
        held = [f"STILL ANNOUNCED: {line}. Have the host shut it" for line in _proof(given, "after").held]
        lines = [f"{node} is decommissioned, since {since}.", *held, *record.masters(found)]
        lines += [f"The disk is {found['disk']['said']}. {found['disk']['remedy']}", f"Record: {', '.join(written)}"]
        signed = f"signed by {found['signed_by']}" if found["signed_by"] else "not signed, as the fleet has no keys"
        return {"changed": ended["changed"], "said": [*lines, f"The record is {signed}.", said], "reports": written}

    def _facts(self, variables: Json, given: Json) -> record.Facts:
        every = variables["hostvars"]
        name = str(variables["inventory_hostname"])
        fleet = {str(other): every[other] for other in variables["groups"].get("appliances", [name])}
        return record.Facts(
            node=str(variables["imrs_node_name"]).rstrip("."),
            name=name,
            serial=str(variables["imrs_serial"]),
            machine=given["looked"]["machine"],
            withdrawn=_text(given, "withdrawn"),
            before=_proof(given, "router"),
            after=_proof(given, "after"),
            peer_says=_text(given, "peer_says"),
            ended=given["ended"],
            revoked=revoke.keys(name, fleet),
            reached_as=str(every[name].get("ansible_host", name)),
        )

    def _about(self, given: Json) -> Json:
        return {
            "when": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}",
            "by": _text(given, "by"),
            "reason": _text(given, "reason"),
            "on": hold.whoever(),
            "collection": signing.collection(),
        }

    def _texts(self, found: Json, given: Json) -> dict[str, str]:
        """By file name; the JSON last, as it is what a later run goes by."""
        text = record.text(found)
        texts = {f"{record.NAME}.md": record.markdown(found)}
        if found["signed_by"]:
            key = _text(given, "signing_key")
            texts[f"{record.NAME}.json.sig"] = signing.sign(text, key, self._loader, record.NAMESPACE)
        return {**texts, f"{record.NAME}.json": text}


def _patch(variables: Json, given: Json, found: Json) -> tuple[str, str]:
    """The sheet's next state as a patch, and what is to be said of it."""
    config, every = _text(given, "inventory"), variables["hostvars"]
    name, site = str(variables["inventory_hostname"]), str(variables["imrs_site"])
    if not config:
        return "", f"The fleet has no sheets: write at the source of its data that {name} is decommissioned"
    file, text = _sheet(pathlib.Path(config), site)
    if variables.get("imrs_operational"):
        after = sheet.without(file, text, name)
    else:
        beside = [str(other) for other in variables["groups"]["appliances"] if every[other].get("imrs_site") == site]
        if left := [other for other in beside if other != name and not _over(every[other])]:
            return "", f"When {', '.join(left)} of site {site} are decommissioned, too, there is a patch of its sheet"
        end = sheet.End(str(found["when"])[:10], str(found["by"]), str(found["reason"]))
        after = sheet.ended(file, text, end)
    heading = [f"{found['node']} was decommissioned on {found['when']}.", "To be applied in the folder of the fleet."]
    made = patch(file, text, after, heading)
    if not made:
        return "", "The sheet says so already."
    path = pathlib.Path(_text(given, "report_directory")) / sheet.NAME
    return made, f"The sheet does not say so yet: git -C {pathlib.Path(config).resolve().parent} apply {path}"


def _sheet(config: pathlib.Path, site: str) -> tuple[str, str]:
    """Name and text of the sheet of a site."""
    if missing := fleet_files.missing_libraries():
        raise DecommissionError(missing)
    anchors = os.environ.get("IMRS_TRUST_ANCHOR_FILE")  # as for the inventory plugin
    files = fleet_files.gather(config, trust_anchor_file=str(pathlib.Path.cwd() / anchors) if anchors else None)
    for file in files.sites:
        data = document.parse(*file).data
        if data and data.get("site") == site:
            return file.name, file.content.decode("utf-8")
    raise DecommissionError(f"the sheet of {site} is not found")


def _over(variables: t.Mapping[str, t.Any]) -> bool:
    """Whether there is a record of this appliance."""
    file = pathlib.Path(records.directory(variables)) / f"{record.NAME}.json"
    node, serial = str(variables["imrs_node_name"]).rstrip("."), str(variables.get("imrs_serial") or "")
    return file.is_file() and record.complete(file.read_text(encoding="utf-8"), node, serial)


def _proven(_variables: Json, given: Json) -> Json:
    """What the host's router has, and whether that is enough."""
    found = _proof(given, "router")
    why = peer.refusal(str(_variables["inventory_hostname"]), found, _text(given, "peer_says"))
    return {**_failed(why), "seen": found.words()} if why else {"changed": False, "seen": found.words()}


def _proof(given: Json, key: str) -> peer.Proof:
    seen = dict(given.get(key) or {})
    return peer.look(given["peers"], seen.get("evidence"), why_absent(seen, "router"))


def _candidate(name: str, variables: t.Mapping[str, t.Any]) -> needed.Candidate:
    _cluster, least, alike = budget.alike(variables)
    return needed.Candidate(
        name=name,
        site=str(variables.get("imrs_site", "")),
        operational=bool(variables.get("imrs_operational", True)),
        function=str(variables.get("imrs_function", "node")),
        serial=str(variables.get("imrs_serial") or ""),
        alike=tuple(alike),
        least=least,
    )


def _text(given: t.Mapping[str, t.Any], key: str) -> str:
    return str(given.get(key) or "").strip()


def _failed(message: str) -> Json:
    return {"failed": True, "changed": False, "msg": message}

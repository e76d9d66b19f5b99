# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of icann.imrs.bundle: gathers the files' contents, and calls the module once.

Twice when the change has to be confirmed: the second time over a new connection.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import secrets
import time
import typing as t

from ansible import constants as C  # noqa: N812 - its name everywhere in Ansible
from ansible import template as ansible_template
from ansible.errors import AnsibleConnectionFailure, AnsibleError, AnsibleUndefinedVariable
from ansible.module_utils.common.text.converters import to_bytes, to_text
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.plugins.connection import ConnectionBase
from ansible.utils.display import Display
from ansible_collections.icann.imrs.plugins.lookup.secret import SecretError, texts
from ansible_collections.icann.imrs.plugins.module_utils._bundle import (
    SOURCES,
    Bundle,
    BundleError,
    File,
    Outcome,
    Redactor,
    intact,
    pack,
    parse,
    render,
)
from ansible_collections.icann.imrs.plugins.module_utils._bundle.record import Record
from ansible_collections.icann.imrs.plugins.plugin_utils import hold

_display = Display()

_TRUST = getattr(ansible_template, "trust_as_template", None)
"""Only since ansible-core 2.19: marks text as meant to be a template."""

_MANAGED = "Ansible managed"
"""What templates have as ``ansible_managed``, whatever the controller's ansible.cfg says: nodes are certified by it."""

_TOLD = 200

_MODULE = "icann.imrs.bundle"

_GRACE = 20.0
"""Seconds for which the node is asked what became of it, when the time for its confirmation is over."""

_KILLED = (137, 143)
"""What a shell returns for a program that SIGKILL or SIGTERM has ended."""

_UNGUARDED = "--skip-tags always leaves out what is asked before a node is changed; name other tags"

_GATE = {"in_service": "imrs in-service", "foresee": "/usr/lib/imrs/imrs-foresee {staged} {removed}"}
"""How a bundle asks the gate whether the node is in service, and foretells a change: the same for all bundles."""

_WHEN = ("windows", "disrupt")
"""Options that come from the variables of the bundle's role, as in ``gate_windows``: a bundle has its role's name."""

_PAUSE = 1.0
"""Seconds between two tries to get in."""


def _secret_error(error: BaseException | None) -> str:
    """What the lookup of a secret said, if that is behind the error: it may be shown for a secret file, too."""
    while error is not None:
        if isinstance(error, SecretError):
            return str(to_text(error))
        error = error.__cause__
    return ""


def _foretold(bundle: Bundle, result: dict[str, t.Any], verb: str) -> str:
    """What the change does to each daemon, in a line: seen without -v."""
    told = ", ".join(f"{one['unit']} {one['disruption']}" for one in result["disruptions"])
    return f"bundle {bundle.name} {verb}: {told}{' (refused now)' if result.get('refused') else ''}"


def _with_contents(bundle: Bundle, contents: t.Sequence[bytes]) -> Bundle:
    """As the node, or who reads what is rendered, gets it."""
    pairs = zip(bundle.files, contents, strict=True)
    return dataclasses.replace(bundle, files=tuple(dataclasses.replace(file, content=text) for file, text in pairs))


def _line(said: object) -> str:
    """The first line of what a connection said."""
    return next(iter(to_text(said).strip().splitlines()), "")[:_TOLD]


class ActionModule(ActionBase):
    """Renders templates, reads plain files, and hands both to the node in one piece."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """One module execution, or none in render mode and when something is wrong with the bundle."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        arguments = self._with_defaults(dict(self._task.args), variables)
        try:
            bundle = parse(arguments)
            items = arguments.get("files") or []
            contents = [
                self._content(bundle, file, item, variables) for file, item in zip(bundle.files, items, strict=True)
            ]
            rendered = self._templar.template(variables.get("imrs_render_directory"))
            if rendered:
                return self._render(bundle, contents, str(rendered), variables)
        except BundleError as error:
            return {"failed": True, "changed": False, "rolled_back": False, "msg": str(error)}
        if "always" in variables.get("ansible_skip_tags", ()):
            told = f"bundle {bundle.name}: {_UNGUARDED}"
            return {"failed": True, "changed": False, "rolled_back": False, "msg": told}
        arguments["files"] = [{key: item[key] for key in item if key not in SOURCES} for item in items]
        arguments["contents"] = pack(contents)
        arguments["plan"] = boolean(self._templar.template(variables.get("imrs_plan", False)), strict=False)
        whole = _with_contents(bundle, contents)
        return self._as_seen(whole, variables) or self._hand_over(bundle, arguments, variables)

    def _with_defaults(self, arguments: dict[str, t.Any], variables: dict[str, t.Any]) -> dict[str, t.Any]:
        """The task's arguments, and what no task has to say since it is alike in all."""
        role = str(arguments.get("name")).replace("-", "_")
        said = {option: variables[f"{role}_{option}"] for option in _WHEN if f"{role}_{option}" in variables}
        return {**_GATE, **self._templar.template(said), **arguments}

    def _as_seen(self, bundle: Bundle, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        """The result without a contact, where icann.imrs.look has seen just this bundle on the node; else empty."""
        record = Record.of(variables.get("ansible_facts", {}).get("imrs_planned", {}), hold.run_id())
        if record.seen.get(bundle.name) != intact.digest(bundle.state):
            return {}
        result = {**Outcome(changed=False).to_dict(), "seen": True}
        if not variables.get("ansible_check_mode"):
            compared = bool(self._task.check_mode)
            record = record.after(bundle.name, result, compared=compared)
            result["ansible_facts"] = {"imrs_planned": record.to_fact()}
        return result

    def _hand_over(self, bundle: Bundle, arguments: dict[str, t.Any], variables: dict[str, t.Any]) -> dict[str, t.Any]:
        """Take the node for this run, have the module do its work, and remember what came of it."""
        facts = variables.get("ansible_facts", {})
        record = Record.of(facts.get("imrs_planned", {}), hold.run_id())
        compared = self._task.check_mode and not variables.get("ansible_check_mode")  # nobody is going to change it
        if arguments["plan"] and record.in_service and bundle.in_service and not compared:
            arguments["in_service"] = ["true"]  # or bundles that are planned would come after those that follow
        elif compared or (not arguments["plan"] and record.allowed(bundle.name)):
            arguments["disrupt"] = True  # it was allowed, and others may have been made since

        def ask(lease: dict[str, t.Any]) -> dict[str, t.Any]:
            arguments["lease"] = lease
            if bundle.confirm and not self._task.check_mode:
                return self._confirmed(bundle, arguments, variables)
            return self._explained(bundle, self._execute(arguments, variables), arguments["contents"])

        host = str(variables.get("inventory_hostname"))
        take_over = self._templar.template(variables.get(hold.TAKE_OVER, False))
        result, told = hold.hold(ask, host, facts, take_over=boolean(take_over, strict=False))
        if told:
            _display.warning(f"{host}: {told}; it is taken over")
        if result.get("disruptions") and (self._task.check_mode or result.get("planned")):
            told = _foretold(bundle, result, "would do" if self._task.check_mode else "is going to do")
            _display.display(f"{host}: {told}", color=C.COLOR_HIGHLIGHT)
        if not variables.get("ansible_check_mode") and not result.get("failed"):
            record = record.after(bundle.name, result, compared=compared)
            result["ansible_facts"] = {"imrs_planned": record.to_fact()}
            if not compared:
                result["ansible_facts"][hold.FACT] = hold.run_id()
        return result

    def _execute(self, arguments: dict[str, t.Any], variables: dict[str, t.Any]) -> dict[str, t.Any]:
        """Run the module."""
        result: dict[str, t.Any] = self._execute_module(module_name=_MODULE, module_args=arguments, task_vars=variables)
        return result

    def _confirmed(self, bundle: Bundle, arguments: dict[str, t.Any], variables: dict[str, t.Any]) -> dict[str, t.Any]:
        """Run the module, and confirm what it did when that is called for: the node waits for it and else goes back."""
        token = secrets.token_hex(8)
        arguments["confirm"] = {**arguments["confirm"], "token": token}
        broken = ""
        try:
            result = self._explained(bundle, self._execute(arguments, variables), arguments["contents"])
        except AnsibleConnectionFailure as error:
            # The change itself may have cut the connection, and the node may be reachable all the same.
            broken = f"the connection broke while the bundle was at work on the node ({_line(error)})"
            result = {"changed": True, "rolled_back": False, "warnings": [f"bundle {bundle.name}: {broken}"]}
        if not broken and (result.get("failed") or result.get("confirmed") is not False):
            return result
        kept, refusal = self._get_in_again(bundle, token, variables)
        result["confirmed"] = bool(kept)
        if not kept:
            told = f"bundle {bundle.name}: {broken}; {refusal}" if broken else f"bundle {bundle.name}: {refusal}"
            result.update({"failed": True, "changed": kept is None, "rolled_back": kept is False, "msg": told})
        return result

    def _get_in_again(self, bundle: Bundle, token: str, variables: dict[str, t.Any]) -> tuple[bool | None, str]:
        """Over a new connection: whether the change is kept, and if not, why not; None: the node does not answer."""
        seconds = bundle.confirm.seconds if bundle.confirm else 0
        started = time.monotonic()
        arguments = {"name": bundle.name, "confirm_token": token}
        late = f"the controller did not get in again over a new connection within {seconds} seconds"
        last = ""
        while True:
            self._renew()
            try:
                answer = self._execute(arguments, variables)
            except AnsibleConnectionFailure as error:
                last = _line(error)
            else:
                if answer.get("confirmed"):
                    return True, ""
                in_time = time.monotonic() - started < seconds
                if "confirmed" in answer:
                    reason = to_text(answer.get("reason")).removeprefix(f"bundle {bundle.name}: ")
                    return False, f"{'not confirmed' if in_time else late}: {reason}"
                last = _line(answer.get("msg") or answer.get("module_stderr") or "nothing was said")
            if time.monotonic() - started > seconds + _GRACE:
                return None, (
                    f"{late} ({last}); the node goes back to its previous files by itself, but does not answer yet"
                )
            time.sleep(_PAUSE)

    def _renew(self) -> None:
        """Whatever connection there is, the next one is another."""
        if type(self._connection).reset is ConnectionBase.reset:  # the plugin has none
            self._connection.close()
        else:
            self._connection.reset()

    def _content(self, bundle: Bundle, file: File, item: t.Mapping[str, t.Any], variables: dict[str, t.Any]) -> bytes:
        """The bytes of one file; what goes wrong is told without what a secret file says."""
        told = refused = ""
        try:
            if item.get("src") is not None:
                return self._from_template(str(item["src"]), variables)
            if item.get("copy") is not None:
                return self._from_file(str(item["copy"]))
            return bytes(to_bytes(str(item["content"]), errors="surrogate_or_strict"))
        except AnsibleUndefinedVariable as error:
            told = f"{to_text(error)}; define the variable for this host, or correct its name in the template"
        except (AnsibleError, OSError) as error:
            told, refused = to_text(error), _secret_error(error)
        except Exception as error:  # noqa: BLE001 - a filter may raise anything; nobody wants its traceback
            told = f"{type(error).__name__}: {to_text(error)}"
        if refused:
            told = refused
        elif file.secret and "define the variable" not in told and "Could not find" not in told:
            told = "it cannot be rendered; the reason is not shown because the file is secret"
        source = next(str(item[key]) for key in ("src", "copy", "content") if item.get(key) is not None)
        place = f"{source if item.get('content') is None else 'content'} for {file.dest}"
        raise BundleError(f"bundle {bundle.name}: {place}: {told}")

    def _from_template(self, source: str, variables: dict[str, t.Any]) -> bytes:
        """What ansible.builtin.template would write, without what that tells of the controller, user and paths."""
        path = self._find_needle("templates", source)
        places = [*variables.get("ansible_search_path", []), self._loader.get_basedir(), os.path.dirname(path)]
        search = [found for place in places for found in (os.path.join(place, "templates"), place)]
        available = {**variables, "ansible_managed": _MANAGED}
        options = {"trim_blocks": True, "lstrip_blocks": False}
        if _TRUST is not None:
            templar = self._templar.copy_with_new_env(searchpath=search, available_variables=available)
            text = templar.template(
                _TRUST(self._loader.get_text_file_contents(path)), escape_backslashes=False, overrides=options
            )
        else:
            templar = self._templar.copy_with_new_env(
                environment_class=ansible_template.AnsibleEnvironment, searchpath=search, available_variables=available
            )
            text = templar.do_template(
                to_text(self._from_file(path), errors="surrogate_or_strict"),
                preserve_trailing_newlines=True,
                escape_backslashes=False,
                fail_on_undefined=True,
                overrides=options,
            )
        return bytes(to_bytes("" if text is None else text, errors="surrogate_or_strict"))

    def _from_file(self, source: str) -> bytes:
        """A plain file, decrypted when it is a vault."""
        real = self._loader.get_real_file(self._find_needle("files", source))
        try:
            return pathlib.Path(real).read_bytes()
        finally:
            self._loader.cleanup_tmp_file(real)

    def _render(
        self, bundle: Bundle, contents: list[bytes], directory: str, variables: dict[str, t.Any]
    ) -> dict[str, t.Any]:
        """Write the files on the controller, for people and for tests; nothing when one of them holds a secret."""
        bundle = _with_contents(bundle, contents)
        leak = render.find_leak(list(bundle.files), self._secrets(variables))
        if leak:
            raise BundleError(
                f"bundle {bundle.name}: {leak[0]} would show the value of {leak[1]}, so nothing of this bundle is "
                f"rendered; take it into the template with lookup('icann.imrs.secret', '{leak[1]}')"
            )
        host = str(variables["inventory_hostname"])
        written = render.write(directory, host, bundle, check_mode=self._task.check_mode)
        # icann.imrs.drift renders into a directory that is gone when it ends: no change that a run should count.
        quietly = variables.get("imrs_render_quietly")
        return {"changed": bool(written) and not quietly, "rendered": written}

    def _secrets(self, variables: dict[str, t.Any]) -> dict[str, list[str]]:
        """The texts of the host's vault variables, as far as they can be resolved: without, no template has them."""
        found = {}
        for name, value in variables.items():
            if name.startswith("vault_"):
                with contextlib.suppress(Exception):
                    found[name] = texts(self._templar.template(value))
        return found

    @staticmethod
    def _explained(bundle: Bundle, result: dict[str, t.Any], sent: str) -> dict[str, t.Any]:
        """When the module did not even start, one sentence instead of what a shell made of its source."""
        if not result.get("failed") or "rolled_back" in result or result.get("unreachable"):
            return result
        if "module_stdout" not in result and "invocation" in result:
            return result  # the module ran, and said why it failed
        said = [to_text(result.get(key) or "").strip() for key in ("module_stderr", "module_stdout")]
        lines = next((text for text in said if text), "").splitlines()
        if not lines or result.get("rc") in _KILLED:
            return {
                "failed": True,
                "changed": False,
                "rolled_back": False,
                "msg": f"bundle {bundle.name}: the run on the node was killed, or ended without a word; "
                "run again: what it may have left half-way is put right first",
            }
        last = lines[-1] if any(line.startswith("Traceback") for line in lines) else lines[0]
        last = Redactor([sent.encode()]).clean(last)[:_TOLD]
        return {
            "failed": True,
            "changed": False,
            "rolled_back": False,
            "msg": f"bundle {bundle.name}: Python did not run on the node: {last}; install python3 there, "
            "or correct ansible_python_interpreter",
        }

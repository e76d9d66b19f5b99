#!/usr/bin/python
# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run asks a node once, so that it need not ask again role by role."""

from __future__ import annotations

DOCUMENTATION = r"""
module: look
short_description: Hold a node for one run of a playbook, and see what stands there already
version_added: 0.1.0
author: The icann.imrs authors (@icann)
description:
  - Takes the node for this run, as M(icann.imrs.run) does, and looks at what stands there, in one round trip. Changes
    nothing.
  - M(icann.imrs.bundle) contacts no node in the rest of the run for a bundle that this module has seen intact, and that
    is rendered just so. That ends once the run has changed something on the node.
  - A machine of another release of Debian than the roles are written for is refused, before it is taken.
  - It sets the facts C(virtualization_type) and C(virtualization_role), from C(systemd-detect-virt). Nothing else is
    gathered.
options:
  any_release:
    description: Look at a machine of another release, too. For what changes nothing on it.
    type: bool
    default: false
  lease:
    description: Filled in by the action plugin; do not set it.
    type: dict
attributes:
  check_mode:
    description: The node is not taken. That another run holds it is a warning.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing), when in diff mode.
    support: none
seealso:
  - module: icann.imrs.run
  - module: icann.imrs.bundle
"""

EXAMPLES = r"""
- name: Take the node, and see what stands there
  icann.imrs.look:
  register: __site_look

- name: Install what is missing
  ansible.builtin.apt:
    name: "{{ packages_installed }}"
  when: packages_installed is not subset(__site_look.installed)
"""

RETURN = r"""
intact:
  description: By bundle that stands as its manifest on the node says, the digest of that.
  returned: success
  type: dict
  sample: {gate: 5f2c…}
installed:
  description: Names of the packages that are installed.
  returned: success
  type: list
  elements: str
held:
  description: Names of the packages whose versions are held.
  returned: success
  type: list
  elements: str
locked:
  description: Accounts that have no password that could be used.
  returned: success
  type: list
  elements: str
account:
  description: The account by which the run has come in and become root; empty where sudo(8) does not say.
  returned: success
  type: str
operators:
  description: Members of the group C(imrs-operators).
  returned: success
  type: list
  elements: str
made:
  description: Those of them whose accounts role C(hardening) made, by their GECOS field.
  returned: success
  type: list
  elements: str
expired:
  description: Accounts that role C(hardening) made, and that have an end.
  returned: success
  type: list
  elements: str
transfer_keys:
  description: Names of the transfer keys (TSIG) in the files of its nameservers, in lower case and with the last dot.
  returned: success
  type: list
  elements: str
one_time_key:
  description: Whether its host key of SSH is still the one that came with the medium of role C(image).
  returned: success
  type: bool
held_by:
  description: The run that holds the node.
  returned: when another run does
  type: dict
"""

import grp
import os
import pathlib
import pwd
import typing as t

from ansible.module_utils import distro
from ansible.module_utils.basic import AnsibleModule

from ..module_utils import _products as products
from ..module_utils._bundle import BundleError, Places, explain, intact, lease
from ..module_utils._probes import signed

PACKAGES = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Want} ${db:Status-Status}\\n"]
OPERATORS = "imrs-operators"
MADE = "IMRS operator"
EXPIRES = 7
ONE_TIME_KEY = pathlib.Path("/etc/ssh/imrs-one-time-key")
SHADOW = pathlib.Path("/etc/shadow")


def main() -> None:
    """Wire the library to Ansible."""
    arguments = {"any_release": {"type": "bool", "default": False}, "lease": {"type": "dict"}}
    module = AnsibleModule(argument_spec=arguments, supports_check_mode=True)
    if not module.params["lease"]:
        module.fail_json(msg="look: this needs its action plugin; call it as icann.imrs.look")
    if refused := "" if module.params["any_release"] else _refused():
        module.fail_json(msg=refused)
    elsewhere = os.environ.get("IMRS_BUNDLE_STATE")  # tests keep theirs there
    places = Places.below(elsewhere) if elsewhere else Places()
    hold, told = lease.Hold(places.boot, module.params["lease"]), ""
    try:
        if module.check_mode:
            told = hold.look()
        else:
            hold.take()
    except lease.HeldError as error:
        module.fail_json(msg=str(error), held_by=error.holder)
    except BundleError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"look: {explain(error)}")
    if told:
        module.warn(told)
    module.exit_json(
        changed=False,
        intact=intact.intact(places.state),
        **_packages(module),
        locked=_locked(),
        account=os.environ.get("SUDO_USER", ""),
        transfer_keys=_transfer_keys(),
        one_time_key=ONE_TIME_KEY.exists(),
        **_operators(OPERATORS, MADE),
        ansible_facts=_machine(module),
    )


def _refused() -> str:
    """Why a run must not begin here; empty where it may.

    Daemons of another release refuse files when others are changed already.
    """
    other = products.other_release(*map(distro.os_release_attr, ("id", "version_id")))
    return other and (
        f"look: this machine runs {other}, and nodes run {products.DISTRIBUTION} {products.VERSION} alone: it is not "
        "touched. Install it anew, by a medium of icann.imrs.image or by Debian's own (docs/releases.md says why)"
    )


def _packages(module: AnsibleModule) -> dict[str, list[str]]:
    """By dpkg; none where that cannot be asked."""
    status, output, _complaint = module.run_command(PACKAGES)
    rows = [line.split() for line in output.splitlines()] if not status else []
    return {
        "installed": sorted(name for name, _want, is_ in rows if is_ == "installed"),
        "held": sorted(name for name, want, _is in rows if want == "hold"),
    }


def _transfer_keys() -> list[str]:
    """Names alone; none where no nameserver has a file."""
    files = [product.keys for product in products.of_kind(products.NAMESERVER)]
    return sorted({name for file in files for name in signed.keys_of(file)})


def _shadow() -> list[str]:
    """The lines of shadow(5); none where it cannot be read."""
    try:
        return SHADOW.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _locked() -> list[str]:
    """By shadow(5): a password that begins with an exclamation mark fits nothing."""
    return sorted(line.split(":")[0] for line in _shadow() if line.partition(":")[2].startswith("!"))


def _operators(group: str, gecos: str) -> dict[str, list[str]]:
    """Members of a group, none where there is no such group; and those whose account has this GECOS field."""
    try:
        members = sorted(grp.getgrnam(group).gr_mem)
    except KeyError:
        members = []
    found = {account.pw_name for account in pwd.getpwall() if account.pw_gecos == gecos}
    rows = [line.split(":") for line in _shadow()]
    ended = {row[0] for row in rows if len(row) > EXPIRES and row[EXPIRES]}
    return {
        "operators": members,
        "made": [name for name in members if name in found],
        "expired": sorted(found & ended),
    }


def _machine(module: AnsibleModule) -> dict[str, t.Any]:
    """What the roles ask of it, under the names of Ansible's own facts."""
    _status, output, _complaint = module.run_command(["systemd-detect-virt"])
    kind = output.strip()
    if not kind:
        return {}
    return {"virtualization_type": kind, "virtualization_role": "guest" if kind != "none" else "host"}


if __name__ == "__main__":
    main()

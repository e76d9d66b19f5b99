# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: secret
short_description: A secret of this host, or what stands for it in rendered files
version_added: 0.1.0
author:
  - The icann.imrs authors (@icann)
description:
  - The only way in which secrets come into templates of this collection.
  - Returns the value of a vault variable of the host.
  - When the variable C(imrs_render_directory) is set, as it is by the playbook C(icann.imrs.render), returns the
    variable's name in angle brackets instead, so that rendered files show where a secret stands and never the secret.
  - Nothing of the secret itself is shown then, no digest either, because it could be guessed back. Two renders that
    have the same random key in the environment variable E(IMRS_RENDER_KEY), of at least 32 octets, have 12 digits of
    a keyed digest behind the name, so that a change is seen; C(make render REV=) makes such a key and throws it away.
  - Site sheets name their secrets by these variables.
  - One line end behind the value, as files and vaults have it, is left out.
options:
  _terms:
    description: Names of variables. Each begins with C(vault_), and goes on with lower-case letters, digits and C(_).
    type: list
    elements: str
    required: true
  use:
    description:
      - What the secrets are for. A value that a daemon would not read as it is meant is refused by its variable's name.
      - V(bgp) is the password of a BGP session. At most 80 printable ASCII characters; no blank, quote, backslash.
      - V(tsig) is a TSIG key in base64.
      - V(crypt) is a hash of a password, of yescrypt or SHA-512.
      - V(grub) is a hash of a password for the boot loader, of C(grub-mkpasswd-pbkdf2).
    type: str
    choices: [bgp, tsig, crypt, grub]
"""

EXAMPLES = r"""
# In a template:
#   password "{{ lookup('icann.imrs.secret', peer.password_variable, use='bgp') }}";
- name: Tell whether all secrets of the host are defined, without showing them
  ansible.builtin.assert:
    that: query('icann.imrs.secret', 'vault_bgp_nbo', 'vault_tsig_nbo01_dist1') | length == 2
    quiet: true
"""

RETURN = r"""
_raw:
  description: The secrets, or in render mode what stands for them, in the order of the names.
  type: list
  elements: str
"""

import os
import re
import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.icann.imrs.plugins.module_utils._bundle import BundleError, render
from ansible_collections.icann.imrs.plugins.module_utils._site import secrets

_NAME = re.compile(r"vault_[a-z0-9_]{1,100}")


class SecretError(AnsibleLookupError):
    """A secret that cannot be had; the message names the variable and the host, and never a value.

    Before ansible-core 2.19, any other kind of error of a lookup becomes an unhandled one, with a traceback.
    """


def texts(value: object) -> list[str]:
    """Every text in a value, however deep; numbers count as text."""
    if isinstance(value, t.Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [text for inner in value for text in texts(inner)]
    return [] if value is None or isinstance(value, bool) else [str(value)]


class LookupModule(LookupBase):
    """Takes variables of the host, and hands out their values or what stands for them."""

    def run(self, terms: list[str], variables: dict[str, t.Any] | None = None, **kwargs: object) -> list[str]:
        """One text for each name."""
        known = variables or {}
        use = kwargs.pop("use", None)
        if kwargs:
            raise SecretError(f"icann.imrs.secret takes names and use only; leave out {', '.join(sorted(kwargs))}")
        if use is not None and use not in secrets.USES:
            raise SecretError(f"icann.imrs.secret: use is one of {', '.join(secrets.USES)}")
        rendering = self._templar.template(known.get("imrs_render_directory"))
        return [self._one(term, known, use, rendering=bool(rendering)) for term in terms]

    def _one(self, name: object, variables: dict[str, t.Any], use: str | None, *, rendering: bool) -> str:
        host = variables.get("inventory_hostname", "this host")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            shown = "what was given" if isinstance(name, str) else f"a {type(name).__name__}"
            raise SecretError(
                f"{host}: {shown} is not the name of a vault variable (vault_ and then lower-case letters, digits and "
                "_), and is not repeated here, because it may be a secret; put the secret into the vault, and give the "
                "name of its variable"
            )
        value, wrong = None, ""
        if name not in variables:
            wrong = "is not defined; define it in the vault of this inventory, or correct the name in the site sheet"
        else:
            try:
                found = self._templar.template(variables[name])
            except Exception as error:  # noqa: BLE001 - any filter or lookup may have failed, and may quote the value
                wrong = (
                    f"cannot be resolved ({type(error).__name__}); correct the files and variables that it refers to"
                )
            else:
                if not isinstance(found, (t.Mapping, list, tuple)) and "".join(texts(found)).strip():
                    value = secrets.clean(str(found))
                else:
                    wrong = "is not one text, or an empty one; give it one text in the vault of this inventory"
        if rendering:
            try:
                return render.placeholder(name, value, os.environb.get(render.KEY_VARIABLE.encode(), b""))
            except BundleError as error:
                raise SecretError(f"{host}: {error}") from None
        if value is not None and use:
            wrong = secrets.USES[use](value) or ""
        if value is None or wrong:
            raise SecretError(f"{host}: the secret {name} {wrong}")
        return value

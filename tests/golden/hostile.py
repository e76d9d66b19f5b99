# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rendering on a controller whose settings are all unlike ours, and may not change a byte."""

from __future__ import annotations

import pathlib

import rendering

CONFIGURATION = """\
[defaults]
ansible_managed = Managed by {uid} on {host}, %Y-%m-%d %H:%M:%S, from {file}
hash_behaviour = merge
jinja2_native = true
jinja2_extensions = jinja2.ext.do,jinja2.ext.loopcontrols,jinja2.ext.debug
error_on_undefined_vars = false
string_type_filters = none_at_all
string_conversion_action = ignore
private_role_vars = true
inject_facts_as_vars = true
gathering = implicit
strategy = free
force_handlers = true
fact_caching = jsonfile
fact_caching_connection = {{CWD}}/facts
module_name = ansible.builtin.setup

[inventory]
enable_plugins = host_list, script, auto, yaml, ini, toml
cache = true
cache_plugin = ansible.builtin.jsonfile
cache_connection = {{CWD}}/inventory

[diff]
always = true
"""
"""Of 2.16 to 2.21; a version leaves alone what it does not know."""

ENVIRONMENT = {
    "ANSIBLE_FORKS": "3",
    "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
    "ANSIBLE_PRECEDENCE": "all_inventory,groups_inventory,all_plugins_inventory,groups_plugins_inventory",
    "ANSIBLE_VERBOSITY": "1",
    "LANGUAGE": "tr",
    "LC_ALL": "C.UTF-8",
    "LOGNAME": "somebody",
    "PYTHONHASHSEED": "20144",
    "PYTHONOPTIMIZE": "2",
    "TZ": "Pacific/Kiritimati",
    "USER": "somebody",
}


def render(root: pathlib.Path, folder: pathlib.Path, *options: str) -> None:
    """Render the copy of the collection at ``root`` into ``rendered`` below ``folder``, which is the working directory.

    The fleet is given by the file of its inventory, with another path.
    """
    (folder / "ansible.cfg").write_text(CONFIGURATION)
    collections = root.parents[2]
    rendering.render(
        "rendered",
        *options,
        inventory=root / rendering.INVENTORY / "imrs.yml",
        environment={
            **rendering.settings(root),
            **ENVIRONMENT,
            "HOME": str(folder / "home"),  # which is not there
            "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
        },
        folder=folder,
        umask=0o077,
    )

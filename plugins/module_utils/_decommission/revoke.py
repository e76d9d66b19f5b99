# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What others know the node by, and have to forget: names of keys and variables, never what is in them.

A node has no certificate of its own: masters and the log server know it by addresses and keys (docs/hardening.md).
"""

from __future__ import annotations

import typing as t

Variables = t.Mapping[str, t.Any]
"""The host variables of one appliance."""

PASSWORDS = {
    "hardening_console_password_variable": "console account imrs-console",
    "hardening_boot_password_variable": "boot loader",
}


def keys(name: str, every: t.Mapping[str, Variables]) -> dict[str, t.Any]:
    """What is revoked with the appliance ``name`` of ``every``, all of the fleet by inventory name.

    ``also``: who else has the same secret, which has to be changed there, as this machine leaves.
    """
    own = every[name]
    used = {other: _variables(variables) for other, variables in every.items() if other != name}

    def also(variable: str) -> list[str]:
        return sorted(other for other, theirs in used.items() if variable in theirs)

    passwords: dict[str, list[str]] = {}
    for session in (*own.get("imrs_peers", ()), *own.get("imrs_members", ())):
        if variable := session.get("password_variable"):
            whom = f"AS{session['asn']}" if "asn" in session else session.get("node", "node")
            passwords.setdefault(str(variable), []).append(f"{whom} {session['address']}")
    transfer = [
        {
            "master": str(master["name"]),
            "key": str(key["name"]),
            "algorithm": str(key["algorithm"]),
            "variable": str(key["secret_variable"]),
            "also": also(str(key["secret_variable"])),
        }
        for master in own.get("imrs_masters") or ()
        for key in _transfer_keys(master)
    ]
    return {
        "transfer_keys": transfer,
        "session_passwords": [
            {"variable": variable, "sessions": sessions, "also": also(variable)}
            for variable, sessions in sorted(passwords.items())
        ],
        "passwords": [
            {"what": what, "variable": str(own[variable]), "also": also(str(own[variable]))}
            for variable, what in PASSWORDS.items()
            if own.get(variable)
        ],
        "addresses": _addresses(own),
    }


def _variables(variables: Variables) -> set[str]:
    """The names of the secrets of an appliance."""
    sessions = (*variables.get("imrs_peers", ()), *variables.get("imrs_members", ()))
    return {
        *(str(each.get("password_variable") or "") for each in sessions),
        *(
            str(key["secret_variable"])
            for master in variables.get("imrs_masters") or ()
            for key in _transfer_keys(master)
        ),
        *(str(variables.get(name) or "") for name in PASSWORDS),
    } - {""}


def _transfer_keys(master: Variables) -> list[Variables]:
    """The key for a master, and while it is rolled the one before."""
    return [key for key in (master["tsig"], master["tsig"].get("previous")) if key]


def _addresses(own: Variables) -> list[str]:
    """By which masters, the log server and sources of time let it in, and operators reach it."""
    found = [
        *(own.get("imrs_uplink") or {}).get("addresses", ()),
        *(own.get("imrs_management") or {}).get("addresses", ()),
        *([own["imrs_bmc_address"]] if own.get("imrs_bmc_address") else ()),
    ]
    return [str(address).partition("/")[0] for address in found]


def words(revoked: t.Mapping[str, t.Any], host_keys: t.Sequence[str], reached_as: str) -> list[str]:
    """A line for each thing that somebody has to take away, for people. ``reached_as``: its name in known_hosts."""
    lines = [
        f"master {each['master']}: take away the TSIG key {each['key']} ({each['algorithm']}); "
        f"vault: {each['variable']}{_also(each)}"
        for each in revoked["transfer_keys"]
    ]
    lines += [
        f"BGP password {each['variable']}: the host takes away {', '.join(each['sessions'])}{_also(each)}"
        for each in revoked["session_passwords"]
    ]
    lines += [f"password of the {each['what']}, {each['variable']}{_also(each)}" for each in revoked["passwords"]]
    lines += [f"known_hosts of controllers: take away {reached_as}, {key}" for key in host_keys]
    if revoked["addresses"]:
        lines.append(
            f"filters of masters, the log server and sources of time: take away {', '.join(revoked['addresses'])}"
        )
    lines.append("certificates: the node has none of its own towards masters and the log server; its gate's is revoked")
    lines.append("operators' keys: not touched, as no private half was ever on the node")
    return lines


def _also(each: t.Mapping[str, t.Any]) -> str:
    return f"; ALSO ON {', '.join(each['also'])}: change it there, as it was on this machine" if each["also"] else ""

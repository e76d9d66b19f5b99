# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The record of an appliance that was given up: what was seen, done and not done. ``decommission.json``, and for people
``decommission.md``. Where the fleet has keys, one of them signs the JSON as it stands on the disk (``.json.sig``).
"""

from __future__ import annotations

import json
import typing as t

from . import revoke, wipe

if t.TYPE_CHECKING:
    from .peer import Proof

NAME = "decommission"
NAMESPACE = "decommission@imrs.icann.org"
"""What the signature is for (``ssh-keygen -Y verify -n``): no certificate can be made of it."""
FORMAT = 1

NOT_ERASED = (
    "not erased. Files were overwritten once and removed; a machine cannot erase the disk that it runs from, and a "
    "drive or a mirror may keep older blocks"
)
REMEDY = (
    "before the machine, or a disk of it, leaves for good: boot a rescue system and erase each drive by its own "
    "command (nvme format --ses=1, hdparm --security-erase, blkdiscard --secure), or have it destroyed, and keep the "
    "proof of that beside this record. The medium of icann.imrs.image does not overwrite disks"
)
UNSIGNED = "NOT SIGNED: the fleet has no keys"


class Facts(t.NamedTuple):
    """What the record is made of, besides who and when."""

    node: str
    """The FQDN."""
    name: str
    """In the inventory."""
    serial: str
    """By the sheet, and as the person has given it."""
    machine: t.Mapping[str, t.Any]
    """What the machine says of itself: ``container``, ``serial``, ``chassis_serial``."""
    withdrawn: str
    """What came of taking it dark, by the node itself."""
    before: Proof
    after: Proof
    peer_says: str
    """What a person says of the peer; empty where it was seen."""
    ended: t.Mapping[str, t.Any]
    """What ``wipe.Machine.end`` has returned, and ``host_keys``, ``trim``, ``swap``."""
    revoked: t.Mapping[str, t.Any]
    reached_as: str


def other_machine(serial: str, machine: t.Mapping[str, t.Any]) -> str:
    """Why this may be another machine than that of the sheet, by its own serial numbers; empty when it is not.

    A container tells of the machine around it: there is none of its own to compare.
    """
    if machine.get("container"):
        return ""
    own = [str(machine[key]) for key in ("serial", "chassis_serial") if machine.get(key)]
    if serial.lower() in [each.lower() for each in own]:
        return ""
    said = " and ".join(own) or "no serial number"
    return f"Nothing is changed: this machine says {said}, and the sheet says another one. See which machine is reached"


def document(facts: Facts, about: t.Mapping[str, t.Any], signer: str) -> dict[str, t.Any]:
    """The record. ``about``: ``when`` (UTC), ``by``, ``reason``, ``on`` (account and controller), ``collection``."""
    ended, mark = facts.ended, facts.ended["mark"]
    return {
        "format": FORMAT,
        "node": facts.node,
        "name": facts.name,
        "serial": facts.serial,
        "machine": dict(facts.machine),
        **about,
        "begun": {key: mark.get(key, "") for key in ("when", "by", "reason")},
        "signed_by": signer,
        "seen": {
            "node": facts.withdrawn,
            "peer_before": facts.before.words(),
            "peer_after": facts.after.words(),
            "peer_says": facts.peer_says,
        },
        "silenced": list(ended["units"]),
        "revoke": {**facts.revoked, "host_keys": list(ended["host_keys"]), "known_as": facts.reached_as},
        "wiped": list(mark["paths"]),
        "kept": list(ended["kept"]),
        "disk": {
            "erased": False,
            "said": NOT_ERASED,
            "trim": ended["trim"],
            "swap": list(ended["swap"]),
            "remedy": REMEDY,
        },
    }


def text(record: t.Mapping[str, t.Any]) -> str:
    """What is on the disk, octet by octet what is signed."""
    return json.dumps(record, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def complete(found: str, node: str, serial: str) -> bool:
    """Whether a file's text is the record of this appliance on this machine."""
    try:
        record = json.loads(found)
        return (record["format"], record["node"], record["serial"]) == (FORMAT, node, serial)
    except (KeyError, TypeError, ValueError):
        return False


def masters(record: t.Mapping[str, t.Any]) -> list[str]:
    """The list of what others have to take away, a line each."""
    return revoke.words(record["revoke"], record["revoke"]["host_keys"], record["revoke"]["known_as"])


def markdown(record: t.Mapping[str, t.Any]) -> str:
    """The record for people."""
    seen, disk, machine = record["seen"], record["disk"], record["machine"]
    own = machine.get("serial") or machine.get("chassis_serial") or ""
    what = f"a container ({machine['container']}), which has none" if machine.get("container") else own
    swap = f" Swap that may hold copies: {', '.join(disk['swap'])}." if disk["swap"] else ""
    signed = f"signed by {record['signed_by']} ({NAME}.json.sig)" if record["signed_by"] else UNSIGNED
    begun = f"Begun {record['begun']['when']} by {record['begun']['by']}"
    return "\n".join(
        [
            f"# {record['node']} is decommissioned",
            "",
            f"{record['when']}, by {record['by']} ({record['on']}): {record['reason']}. {begun}.",
            f"Serial number {record['serial']}; the machine says: {what}.",
            f"This record is {signed}.",
            "",
            "## Withdrawn",
            "",
            f"- by the node: {seen['node']}",
            *(f"- by the host's router, before it was stopped: {line}" for line in seen["peer_before"]),
            *(f"- by the host's router, afterwards: {line}" for line in seen["peer_after"]),
            *([f"- by somebody's word: {seen['peer_says']}"] if seen["peer_says"] else []),
            f"- silenced for good: {', '.join(record['silenced'])}",
            "",
            "## To be revoked",
            "",
            *(f"- {line}" for line in masters(record)),
            "",
            "## Wiped",
            "",
            *(f"- `{path}`" for path in record["wiped"]),
            "",
            *(f"Kept: {line}." for line in record["kept"]),
            "",
            "## The disk",
            "",
            f"{disk['said'][0].upper()}{disk['said'][1:]}. Free blocks: {disk['trim']}.{swap}",
            f"To be done: {disk['remedy']}.",
            "",
        ]
    )


def done(mark: t.Mapping[str, t.Any]) -> bool:
    """Whether an earlier run has come to its end on the node."""
    return mark.get("state") == wipe.DONE

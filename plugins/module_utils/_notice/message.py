# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The notice as an e-mail (RFC 5322, MIME). Nothing of a sheet can become a header, or another recipient."""

from __future__ import annotations

import datetime
import email.message
import email.policy
import hashlib
import re
import typing as t
from email.headerregistry import Address

from . import NoticeError, due, record, words

if t.TYPE_CHECKING:
    from .._site.contract import Desk, NodeRecord, SiteRecord

POLICY = email.policy.SMTP.clone(cte_type="7bit")
"""Lines end in CRLF, and all octets have seven bits: no server has to be able to take more (RFC 6152)."""
_ADDRESS = re.compile(r"([A-Za-z0-9._%+-]{1,64})@([A-Za-z0-9.-]{1,255})")
"""What the sheets' schema lets through: no blank, line end, comma or bracket."""
_TYPES = {".md": "markdown", ".html": "html"}


def compose(
    site: SiteRecord,
    reports: t.Mapping[str, due.Report],
    attached: t.Mapping[str, str],
    at: float,
) -> email.message.EmailMessage:
    """The message to all of the host's contacts.

    ``reports``: the acceptance of the site's appliances; ``attached``: texts by file name (``.md`` or ``.html``);
    ``at``: now, Unix time. The same input makes the same octets. Raises NoticeError.
    """
    _keep_private(site, attached)
    contacts, wanted = site["host"]["contacts"], due.recipients(site)
    made = email.message.EmailMessage(policy=POLICY)
    made["From"] = _address(site["operator"])
    made["To"] = _address(contacts["noc"])
    if contacts["remote_hands"] and contacts["remote_hands"]["email"] in wanted[1:]:
        made["Cc"] = _address(contacts["remote_hands"])
    made["Subject"] = words.subject(site)
    made["Date"] = datetime.datetime.fromtimestamp(int(at), datetime.UTC)
    made["Message-ID"] = record.message_id(site)
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation notices, please
    made.set_content(words.body(site, reports, attached))
    for name, text in attached.items():
        subtype = _TYPES.get(name[name.rfind(".") :])
        if not subtype:
            raise NoticeError(f"{name}: is not attached; what is ends in {' or '.join(_TYPES)}")
        made.add_attachment(text, subtype=subtype, filename=name)
    if attached:
        made.set_boundary("imrs-" + hashlib.sha256("".join((*attached, *attached.values())).encode()).hexdigest()[:40])
    return made


def text(message: email.message.EmailMessage) -> str:
    """What people read of it, without what is attached; lines end in LF."""
    part = message.get_body(("plain",))
    return str(part.get_content()).replace("\r\n", "\n") if part else ""


def digest(message: email.message.EmailMessage) -> str:
    """SHA-256 of what people read."""
    return hashlib.sha256(text(message).encode()).hexdigest()


def is_address(text: str) -> bool:
    """Whether this is one e-mail address, and nothing else."""
    return bool(_ADDRESS.fullmatch(text))


def _address(desk: Desk) -> Address:
    found = _ADDRESS.fullmatch(desk["email"])
    if not found:
        raise NoticeError(f"{words.clean(desk['email'])!r} is no e-mail address; correct it in the sheet")
    return Address(words.clean(desk.get("name", "")), found[1], found[2])


def _keep_private(site: SiteRecord, attached: t.Mapping[str, str]) -> None:
    """Refuse reports that tell where the operators get in: mail goes through machines of others."""
    private = {address for node in site["nodes"] for address in _private(node)}
    for name, told in attached.items():
        found = private & {word.strip(".:") for word in re.findall(r"[0-9A-Za-z.:]+", told)}
        if found:
            raise NoticeError(
                f"{name}: names {min(found)}, where operators reach the appliance, and is to be sent by e-mail; "
                "have the node judged again, or move the report away"
            )


def _private(node: NodeRecord) -> t.Iterator[str]:
    yield from (address.partition("/")[0] for address in node["management"]["addresses"])
    if node["bmc"]:
        yield node["bmc"]

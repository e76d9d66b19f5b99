# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Ready configuration for the host's side of the sessions, one text for each router system.

Made of a site record alone: no secret, nothing of another site, and the same bytes every time. The templates are
`roles/documents/templates/routers/<key>.j2`; they print, and what they print is worked out in `router_view` and
`router_words`. Filters list exactly the five prefixes (requirements section 1.1; PR-02, PR-03), every session has a
policy in both directions (RFC 8212), and nothing keeps the prefixes from the host's customers and peers.
"""

from __future__ import annotations

import dataclasses
import typing as t

import jinja2

from . import router_view as view
from . import router_words as words

if t.TYPE_CHECKING:
    from .._site.contract import SiteRecord


@dataclasses.dataclass(frozen=True)
class RouterSystem:
    """A router's operating system, or a routing daemon."""

    key: str
    title: str
    mark: str
    """Begins a line of comment."""
    bgpq4: str
    """bgpq4's option for its syntax; empty where it is the default."""
    identifiers: bool = False
    """Whether names of lists are identifiers: small letters and underscores."""

    def spell(self, name: str) -> str:
        """A list's name as this system takes it."""
        return name.lower().replace("-", "_") if self.identifiers else name


ROUTERS: tuple[RouterSystem, ...] = (
    RouterSystem("ios_xe", "Cisco IOS XE", "!", ""),
    RouterSystem("ios_xr", "Cisco IOS XR", "!", "-X"),
    RouterSystem("nx_os", "Cisco NX-OS", "!", ""),
    RouterSystem("junos", "Juniper Junos", "#", "-J"),
    RouterSystem("eos", "Arista EOS", "!", "-e"),
    RouterSystem("sr_os", "Nokia SR OS (MD-CLI)", "#", "-n"),
    RouterSystem("vrp", "Huawei VRP", "#", "-U"),
    RouterSystem("routeros", "MikroTik RouterOS 7", "#", "-K7"),
    RouterSystem("frr", "FRR", "!", ""),
    RouterSystem("bird", "BIRD 2", "#", "-b", identifiers=True),
    RouterSystem("openbgpd", "OpenBGPD", "#", "-B", identifiers=True),
)
"""Every system that there is a text for, in the order of the page."""


@dataclasses.dataclass(frozen=True)
class Configuration:
    """The text for one system."""

    key: str
    title: str
    text: str
    """All parts, one after the other."""
    notes: list[str]
    """Short sentences for the page."""
    parts: list[tuple[str, str]]
    """Title and text for each of the host's routers, which takes its own part only."""


def environment(loader: jinja2.BaseLoader) -> jinja2.Environment:
    """What the templates are written for: block tags leave no trace, an unknown name is an error, no HTML."""
    return jinja2.Environment(
        loader=loader,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - command lines; the page that shows them escapes
    )


def configurations(record: SiteRecord, environment: jinja2.Environment) -> list[Configuration]:
    """The texts for one site, in the order of ROUTERS. ``environment`` finds ``routers/<key>.j2``."""
    routers = view.host_routers(record)
    found = []
    for system in ROUTERS:
        template = environment.get_template(f"routers/{system.key}.j2")
        bodies = [_body(record, system, router, template) for router in routers]
        parts = [
            (_title(router), _part(record, system, router, body, f"{number} of {len(routers)}"))
            for number, (router, body) in enumerate(zip(routers, bodies, strict=True), 1)
        ]
        notes = words.notes(system.key, routers, blanks=any(_has_blanks(system, body) for body in bodies))
        found.append(Configuration(system.key, system.title, "\n".join(part for _, part in parts), notes, parts))
    return found


def _title(router: view.HostRouter) -> str:
    return f"{router.description}, AS{router.asn}"


def _body(record: SiteRecord, system: RouterSystem, router: view.HostRouter, template: jinja2.Template) -> str:
    """What the template makes of one router."""

    def comment(lines: list[str]) -> str:
        return words.comment(system.mark, lines)

    return template.render(
        router=router,
        asn=record["asn"],
        password=view.PASSWORD,
        restart=view.RESTART_MINUTES,
        spell=system.spell,
        accepting=comment(words.accepting()),
        sending=comment(words.sending(router)),
        passing_on=comment(words.passing_on(router)),
        registries=comment(words.registries(record, system.bgpq4, system.spell)),
        expecting=comment(words.expecting(router)),
    )


def _has_blanks(system: RouterSystem, body: str) -> bool:
    """Whether a line that counts asks for something only the host knows."""
    return any("<" in line for line in body.splitlines() if not line.lstrip().startswith(system.mark))


def _part(record: SiteRecord, system: RouterSystem, router: view.HostRouter, body: str, number: str) -> str:
    """One router's text: banner, head, and what the template made."""
    about = words.about(record, system.title, system.key, router, blanks=_has_blanks(system, body))
    head = words.comment(system.mark, [f"==== part {number}: {_title(router)} ====", *about])
    return "\n".join(line.rstrip() for line in f"{head}\n{body}".splitlines()) + "\n"

# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""All documents of a fleet as text, by path. Each HTML page is one file that loads nothing."""

from __future__ import annotations

import base64
import hashlib
import re
import typing as t

import jinja2
import markupsafe

from . import acceptance_fleet, acceptance_page, host_sheet, overview, routers
from .language import ENGLISH, Translator, marked_up

if t.TYPE_CHECKING:
    from .._site.contract import SiteRecord
    from .._site.fleet import Fleet
    from .proven import Report, Tests
    from .withheld import Withheld


MARK = "icann.imrs.documents"
"""Stands in every page, so that pages of sites that are gone can be told from anybody else's files."""


class Environments(t.NamedTuple):
    """Of one language. In HTML a text's ``**`` and backticks become tags; in Markdown they are right as they are."""

    language: Translator
    html: jinja2.Environment
    markdown: jinja2.Environment


def environments(loader: jinja2.BaseLoader, tr: Translator = ENGLISH) -> Environments:
    """What the page templates are written for, in this language."""
    return Environments(tr, _environment(loader, tr, marked_up), _environment(loader, tr, str))


def _environment(loader: jinja2.BaseLoader, tr: Translator, form: t.Callable[[str], str]) -> jinja2.Environment:
    """HTML is escaped, block tags leave no trace, unknown names are errors."""
    made = jinja2.Environment(
        loader=loader,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(enabled_extensions=("html.j2", "svg.j2")),
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_callables(  # type: ignore[attr-defined] # the extension brings it
        lambda text: form(tr.catalogue.gettext(text)),
        lambda one, many, number: form(tr.catalogue.ngettext(one, many, number)),
        newstyle=True,
    )
    made.filters["md"] = markdown
    made.filters["code"] = code
    made.globals["mark"] = MARK
    return made


def markdown(value: object) -> str:
    """Text of a sheet that stays text in Markdown: breaks out of no table and becomes no link, picture or tag."""
    text = " ".join(str(value).split())
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", text)


def code(value: object) -> str:
    """The same as a code span."""
    text = " ".join(str(value).split()).replace("`", "'").replace("|", "\\|")
    return f"`{text}`"


def documents(
    fleet: Fleet,
    loader: jinja2.BaseLoader,
    tests: Tests | None = None,
    translators: t.Mapping[str, Translator] | None = None,
) -> t.Iterator[tuple[str, str]]:
    """``(path, text)`` of every document, in order. ``tests``: the reports on the nodes, or None without any.

    ``translators``: of every language that a sheet names, but English, by its code.

    Raises jinja2.TemplateError when a template is missing or broken.
    """
    english, texts = environments(loader), routers.environment(loader)
    used = {record["language"] for record in fleet.sites} - {"en"}
    others = {code: environments(loader, (translators or {})[code]) for code in used}
    yield "index.html", _html(english.html, "index", {"page": overview.page(fleet, tests)})
    for record in fleet.sites:
        own = [others[record["language"]]] if record["language"] in others else []
        yield from site(record, [english, *own], texts, tests)


def site(
    record: SiteRecord, languages: t.Sequence[Environments], texts: jinja2.Environment, tests: Tests | None = None
) -> t.Iterator[tuple[str, str]]:
    """``(path, text)`` of one site's sheet, as HTML and as Markdown, in each of these languages."""
    configurations: list[routers.Configuration] | None = None  # the same in all of them
    for language in languages:
        tr = language.language
        page = host_sheet.page(record, tests, tr)
        if configurations is None:
            shown = any(section["id"] == "configuration" for section in page["sections"])
            configurations = routers.configurations(record, texts) if shown else []
        page["configurations"] = [{**vars(each), "notes": [tr(note) for note in each.notes]} for each in configurations]
        name = f"sites/{record['site']}{host_sheet.suffix(tr.code)}"
        yield f"{name}.html", _html(language.html, "host-sheet", {"page": page})
        yield f"{name}.md", _tidy(language.markdown.get_template("host-sheet.md.j2").render(page=page))


def acceptance(report: Report, withheld: Withheld, loader: jinja2.BaseLoader) -> str:
    """``acceptance.html``, from the content of ``acceptance.json``: for the host, without what strangers need not know.

    Raises jinja2.TemplateError when a template is missing or broken.
    """
    page = acceptance_page.page(report, withheld)
    return _html(environments(loader).html, "acceptance", {"page": page}, scripted=False)


def fleet_acceptance(page: acceptance_fleet.Page, loader: jinja2.BaseLoader) -> dict[str, str]:
    """The latest acceptance of all nodes as a page and as a table, by file name, from ``acceptance_fleet.page``.

    Raises jinja2.TemplateError when a template is missing or broken.
    """
    made = environments(loader)
    markdown_text = _tidy(made.markdown.get_template("reports.md.j2").render(page=page))
    return {"index.html": _html(made.html, "reports", {"page": page}, scripted=False), "index.md": markdown_text}


def _html(pages: jinja2.Environment, name: str, variables: dict[str, t.Any], *, scripted: bool = True) -> str:
    """A page with its own style and script, if it has one, and a policy that allows these two and nothing else."""
    style = _clean(pages.get_template(f"parts/{name}.css.j2").render())
    script = _clean(pages.get_template(f"parts/{name}.js.j2").render()) if scripted else ""
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; "
        + (f"script-src '{_hash(script)}'; " if scripted else "")
        + "img-src data:; base-uri 'none'; form-action 'none'"
    )
    template = pages.get_template(f"{name}.html.j2")
    safe = markupsafe.Markup  # our own files, in which nothing of a sheet stands
    return _clean(template.render(**variables, style=safe(style), script=safe(script), policy=policy)) + "\n"


def _clean(text: str) -> str:
    """No blanks at the ends of lines, and no empty lines but in preformatted text."""
    kept: list[str] = []
    literal = False
    for line in text.split("\n"):
        if literal or line.strip():
            kept.append(line.rstrip())
        literal = "</pre>" not in line and (literal or "<pre" in line)
    return "\n".join(kept)


def _hash(text: str) -> str:
    """As a content security policy names a text (CSP level 3, section 2.3.1)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _tidy(text: str) -> str:
    """Markdown without blanks at the ends of lines; outside of code an empty line before headings, and never two."""
    out: list[str] = []
    fenced = False
    for raw in text.splitlines():
        line = raw.rstrip()
        fenced ^= line.startswith("```")
        if line.startswith("#") and not fenced and out and out[-1] and not out[-1].startswith("<!--"):
            out.append("")
        if line or fenced or (out and out[-1]):
            out.append(line)
    return "\n".join(out).rstrip("\n") + "\n"

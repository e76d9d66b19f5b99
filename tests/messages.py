# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogues of the host sheet's texts (GNU gettext): find the texts, bring every ``.po`` up to date, compile it.

Usage: PYTHONPATH=.cache python tests/messages.py. A new text comes into the catalogues empty, one that is gone leaves
them; nothing is guessed from a similar text. Translate what is empty, and run it again.
"""

from __future__ import annotations

import io
import pathlib
import sys

from ansible_collections.icann.imrs.plugins.module_utils._site import onboarding
from babel.messages import Catalog, extract, mofile, pofile

ROOT = pathlib.Path(__file__).resolve().parents[1]
LOCALE = ROOT / "roles/documents/files/locale"
TEMPLATES = ROOT / "roles/documents/templates"
LIBRARY = ROOT / "plugins/module_utils/_documents"
KEYWORDS = {"tr": None, "msg": None, "plural": (2, 3), "_": None, "gettext": None, "ngettext": (1, 2)}
"""What marks a text: in the library, and in templates (``{% trans %}`` is ``gettext`` to Babel)."""
PLURALS = {"fr": "nplurals=2; plural=(n > 1);", "pt": "nplurals=2; plural=(n != 1);"}
"""As GNU gettext's manual has them (section 11.2.6)."""
HEAD = """# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Texts of the host sheet. Brought up to date, and compiled, by tests/messages.py.
msgid ""
msgstr ""
"Language: {code}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plurals}\\n"

"""


def found() -> dict[str | tuple[str, ...], str]:
    """Every text of the sheet, once, in the order of the files; the value is its file's name."""
    texts: dict[str | tuple[str, ...], str] = {}
    sources = [
        *((path, "python", {}) for path in sorted(LIBRARY.glob("*.py"))),
        *(
            (path, "jinja2.ext:babel_extract", {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"})
            for pattern in ("host-sheet.*.j2", "parts/*.j2", "parts/sheet/*.j2")
            for path in sorted(TEMPLATES.glob(pattern))
        ),
    ]
    for path, method, options in sources:
        with path.open("rb") as file:
            for _line, text, _comments, _context in extract.extract(method, file, KEYWORDS, (), options):
                texts.setdefault(text, path.name)
    for step in onboarding.STEPS:  # of a room that knows no languages
        for text in (step.title, step.actor):
            texts.setdefault(text, "onboarding.py")
    return texts


def read(path: pathlib.Path) -> Catalog:
    """A catalogue as it is committed."""
    with path.open("rb") as file:
        return pofile.read_po(file, abort_invalid=True)


def head(code: str) -> str:
    """What stands before the texts of a language: no date and no program's version, which change by themselves."""
    return HEAD.format(code=code, plurals=PLURALS[code])


def renewed(old: Catalog, code: str) -> bytes:
    """The text of a ``.po`` with the same translations, for the texts that there are now."""
    new, out = pofile.read_po(io.BytesIO(head(code).encode())), io.BytesIO()
    for text, file in found().items():
        known = old.get(text[0] if isinstance(text, tuple) else text)
        same = known is not None and known.id == text
        new.add(text, known.string if known and same else "", auto_comments=[file])
    pofile.write_po(out, new, width=120, omit_header=True)
    return head(code).encode() + out.getvalue()


class _Plain(Catalog):
    """A catalogue whose header says what a reader needs, and nothing that changes by itself."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        lines = [
            line.strip('"').removesuffix("\\n")
            for line in head(str(self.locale)).splitlines()
            if ": " in line and line[0] == '"'
        ]
        return [(name, value) for name, _colon, value in (line.partition(": ") for line in lines)]


def compiled(path: pathlib.Path) -> bytes:
    """The ``.mo`` of a ``.po``, which the library reads with the stdlib alone. The same bytes every time."""
    catalog, out = read(path), io.BytesIO()
    plain = _Plain(locale=path.stem, charset="utf-8", fuzzy=False)
    for message in catalog:
        if message.id and all(message.string if isinstance(message.string, tuple) else [message.string]):
            plain.add(message.id, message.string)
    mofile.write_mo(out, plain)
    return out.getvalue()


def main() -> None:
    """Every language that has a ``.po``."""
    for path in sorted(LOCALE.glob("*.po")):
        path.write_bytes(renewed(read(path), path.stem))
        path.with_suffix(".mo").write_bytes(compiled(path))
        empty = sum(
            not any(message.string if isinstance(message.string, tuple) else [message.string])
            for message in read(path)
            if message.id
        )
        sys.stdout.write(f"{path.relative_to(ROOT)}: {len(found())} texts, {empty} to translate\n")


if __name__ == "__main__":
    main()

"""What pages say, in the language of whoever reads: ``python -m api.console.words`` brings the catalogues up to date.

Templates and modules of the console are written in English; ``locale/<code>.po`` holds the translations.
"""

import sys
from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from domain.language import LANGUAGES, spoken

HERE = Path(__file__).parent
OTHERS = LANGUAGES[1:]

_METHODS = [("**.html", "jinja2"), ("**.py", "python")]
_KEYWORDS: Mapping[str, Any] = {"_": None, "gettext": None, "ngettext": (1, 2), "mark": None}
_OPTIONS = {"**.html": {"trimmed": "true", "newstyle_gettext": "true"}}


@cache
def _translations(code: str) -> NullTranslations:
    if code not in OTHERS:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, catalogue(code))
    compiled.seek(0)
    return GNUTranslations(compiled)


def catalogue(code: str) -> Catalog:
    """Return the catalogue of a language as it is kept."""
    path = HERE / "locale" / f"{code}.po"
    return read_po(BytesIO(path.read_bytes()), locale=code) if path.exists() else Catalog(locale=code)


def gettext(message: str) -> str:
    """Return a message in the language that is spoken."""
    return _translations(spoken().code).gettext(message)


def ngettext(one: str, many: str, n: int) -> str:
    """Return the form of a message that goes with the number `n`."""
    return _translations(spoken().code).ngettext(one, many, n)


def mark(message: str) -> str:
    """Return `message` as it is: it is translated where it is shown, and found here by the catalogues."""
    return message


def messages() -> Catalog:
    """Return a catalogue of all messages of templates and modules, without translations."""
    found = Catalog()
    rows = extract_from_dir(HERE, method_map=_METHODS, options_map=_OPTIONS, keywords=_KEYWORDS)
    for file, _line, message, comments, context in sorted(rows, key=lambda row: str(row[2])):
        found.add(message, None, [(file, 0)], auto_comments=comments, context=context)
    return found


def update() -> dict[str, list[str]]:
    """Bring the catalogues up to date, keep what is translated, and return what is not, by language."""
    missing = {}
    for code in OTHERS:
        known = catalogue(code)
        known.update(messages(), no_fuzzy_matching=True)  # its own: catalogues keep what they are given
        known.obsolete.clear()
        missing[code] = [str(entry.id) for entry in known if entry.id and not _is_whole(entry.string)]
        with (HERE / "locale" / f"{code}.po").open("wb") as file:
            write_po(file, known, omit_header=False, sort_output=True, no_location=True, width=120)
    return missing


def _is_whole(translation: str | tuple[str, ...] | list[str] | None) -> bool:
    return all(translation) if isinstance(translation, tuple | list) else bool(translation)


if __name__ == "__main__":
    for code, lacking in update().items():
        sys.stdout.write(f"{code}: {len(lacking)} without translation\n" + "".join(f"  {one}\n" for one in lacking))

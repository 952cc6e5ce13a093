"""Languages that the service speaks to people: sentences, plurals, numbers and dates.

Every sentence is written in English where it is made; ``domain/locale/<code>.po`` holds its translations
(GNU gettext). English needs no catalogue. Machines never read these texts: codes and names stay as they are.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from functools import cache, cached_property
from gettext import GNUTranslations, NullTranslations
from importlib import resources
from io import BytesIO

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import get_decimal_symbol, get_group_symbol

from domain.errors import InvalidInput

LANGUAGES = ("en", "pt", "es", "pl")
"""Codes of the languages (ISO 639-1), the default first."""

_FRACTION = "fraction"  # message context: the plural form after a number with decimals


class Language:
    """What a person reads, in one language.

    Parameters
    ----------
    code : str
        One of `LANGUAGES`.

    Examples
    --------
    >>> language_of("pl").plural("{n} day", "{n} days", 5)
    '5 dni'
    >>> language_of("es").day(date(2026, 10, 6))
    '6 de octubre'
    >>> language_of("pt").number(1234.5, ",.1f")
    '1.234,5'
    """

    def __init__(self, code: str) -> None:
        self.code = code

    def text(self, message: str) -> str:
        """Translate a message, its fields left as they are; English where there is no translation."""
        return self._catalogue.gettext(message) if message else ""

    def plural(self, one: str, many: str, n: float) -> str:
        """Return the form that goes with the number `n`, which replaces ``{n}`` in it."""
        if n == int(n):
            form = self._catalogue.ngettext(one, many, abs(int(n)))
        else:
            form = self._catalogue.pgettext(_FRACTION, many)
        return form.replace("{n}", self.number(n, ",.0f" if n == int(n) else ",.1f"))

    def number(self, value: float, pattern: str) -> str:
        """Format a number by a format specification with this language's separators."""
        shown = format(value, pattern)
        return shown if self.code == "en" else shown.translate(self._separators)

    def day(self, day: date, *, year: bool = False) -> str:
        """Return a day of a month, with its year if asked."""
        pattern = self.text("{day} {month} {year}" if year else "{day} {month}")
        return pattern.format(day=day.day, month=self._months[day.month], year=day.year)

    def month(self, day: date, *, year: bool = False) -> str:
        """Return the month of a day, with its year if asked."""
        pattern = self.text("{month} {year}" if year else "{month}")
        return pattern.format(month=self._months[day.month], year=day.year)

    @cached_property
    def _catalogue(self) -> NullTranslations:
        if self.code == "en":
            return NullTranslations()
        source = resources.files("domain").joinpath("locale", f"{self.code}.po").read_bytes()
        compiled = BytesIO()
        write_mo(compiled, read_po(BytesIO(source), locale=self.code))
        compiled.seek(0)
        return GNUTranslations(compiled)

    @cached_property
    def _separators(self) -> dict[int, str]:
        return str.maketrans({",": get_group_symbol(self.code), ".": get_decimal_symbol(self.code)})

    @cached_property
    def _months(self) -> dict[int, str]:
        return dict(Locale(self.code).months["format"]["wide"])


@cache
def language_of(code: str) -> Language:
    """Return a language.

    Raises
    ------
    InvalidInput
        If it is none of `LANGUAGES`.
    """
    if code not in LANGUAGES:
        raise InvalidInput(f"No language {code!r}; there is {', '.join(LANGUAGES)}.", field="language")
    return Language(code)


ENGLISH = language_of("en")
_spoken: ContextVar[Language] = ContextVar("spoken", default=ENGLISH)


def spoken() -> Language:
    """Return the language of whoever is being answered: of this request, command or job."""
    return _spoken.get()


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Answer in a language until the end of the block, in this thread or task alone.

    Examples
    --------
    >>> with speaking(language_of("es")):
    ...     spoken().plural("{n} day", "{n} days", 2)
    '2 días'
    """
    token = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(token)


def negotiate(accepted: str, default: str = "en") -> Language:
    """Choose the language that an ``Accept-Language`` header (RFC 9110, section 12.5.4) likes best.

    Parameters
    ----------
    accepted : str
        The header; empty if none was sent.
    default : str, default="en"
        Language where none of those accepted is spoken.

    Examples
    --------
    >>> negotiate("fr, pt-BR;q=0.8, en;q=0.5").code
    'pt'
    """
    best, most = default, 0.0
    for part in accepted.split(","):
        name, _, rest = part.strip().partition(";")
        code = name.strip().lower().split("-")[0]
        weight = _weight(rest)
        if code in LANGUAGES and weight > most:
            best, most = code, weight
    return language_of(best)


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0

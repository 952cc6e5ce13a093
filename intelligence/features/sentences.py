"""Facts in words: templates of features filled with the values of a row.

A template holds fields ``{feature:format}`` and optional parts in ``[ ]``, which are dropped when a field in
them has no value. Formats: ``n`` (rounded number), ``days`` (``47 days``), ``date`` (the day that lies so many
days before as_of), ``until`` (so many days after), ``pct`` (share as per cent), ``amount``, ``times``,
``ratio`` (times, from a log ratio), ``text``,
``#deal`` (``1 deal``, ``3 deals``). ``{=name}`` is the user's own word, shown as it is.

Templates are translated as a whole, by their `message`: fields numbered in the order of their names' first
appearance, so that one message serves every attribute and every kind of activity.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from domain.language import ENGLISH, Language
from intelligence.features.registry import Feature

_FIELD = re.compile(
    r"\{(?:=(?P<word>[^{}]*)|(?P<name>.+?):(?P<style>n|days|date|until|pct|amount|times|ratio|text|#[a-z ]+))\}"
)
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_NUMBERED = re.compile(r"\{(\d+)(:[^{}]+)?\}")


def literal(text: str) -> str:
    """Return user text such that it can stand in a template.

    Examples
    --------
    >>> literal("a{b}[c]")
    'a(b)(c)'
    """
    return text.translate(str.maketrans("{}[]", "()()")).strip()


def message(template: str) -> str:
    """Return what is translated of a template: its fields by number instead of by name.

    Examples
    --------
    >>> message("{=webinar}: last {kind_days:webinar:days} ago ({kind_days:webinar:date})")
    '{0}: last {1:days} ago ({1:date})'
    """
    return _numbered(template)[0]


@lru_cache(maxsize=4096)
def _numbered(template: str) -> tuple[str, tuple[str, ...]]:
    """Return the message of a template, and by number what a field of it stands for: a name, or ``=word``."""
    names: list[str] = []

    def number(field: re.Match[str]) -> str:
        name = field["name"] if field["word"] is None else f"={field['word']}"
        if name not in names:
            names.append(name)
        return f"{{{names.index(name)}{'' if field['word'] is not None else ':' + field['style']}}}"

    return _FIELD.sub(number, template), tuple(names)


def translate(template: str, language: Language) -> str:
    """Return a template in another language, its fields by name again."""
    if language is ENGLISH or not template:
        return template
    numbered, names = _numbered(template)

    def named(field: re.Match[str]) -> str:
        return f"{{{names[int(field[1])]}{field[2] or ''}}}"

    return _NUMBERED.sub(named, language.text(numbered))


@dataclass(frozen=True)
class Fact:
    """What there is to say of a feature of a row: can be kept as JSON, and be told later in any language.

    Parameters
    ----------
    template : str
        In English.
    values : mapping, optional
        Of the fields by name, those that are there; None: the text has none, but for the user's own words.
    """

    template: str
    values: Mapping[str, object] | None

    def tell(self, as_of: np.datetime64, language: Language) -> str:
        """Return the fact in a language, days counted from `as_of`."""
        template = translate(self.template, language)
        if self.values is None:
            return _FIELD.sub(lambda field: field["word"] or "", template)
        values = self.values
        template = _OPTIONAL.sub(lambda part: _render(part[1], values, as_of, language) or "", template)
        return _render(template, values, as_of, language) or ""


def fact(feature: Feature, row: Mapping[str, object]) -> Fact | None:
    """Return the fact behind a feature of a row; None when there is nothing to say.

    Parameters
    ----------
    feature : Feature
        What the fact is about.
    row : mapping
        Values of the row's features by `literal` name.
    """
    if _is_missing(row.get(literal(feature.name))):
        return Fact(feature.missing, None) if feature.missing else None
    if not feature.sentence:
        return None
    named = _names(feature.sentence)
    values = {name: row[name] for name in named if not _is_missing(row.get(name))}
    if not set(_names(_OPTIONAL.sub("", feature.sentence))) <= set(values):
        return Fact(literal(feature.description), None)
    return Fact(feature.sentence, values)


def fill(feature: Feature, row: Mapping[str, object], as_of: np.datetime64, language: Language = ENGLISH) -> str:
    """Return the fact behind a feature of a row, without a full stop; empty when there is nothing to say.

    Parameters
    ----------
    feature : Feature
        What the fact is about.
    row : mapping
        Values of the row's features by `literal` name.
    as_of : datetime64[us]
        What days ago are counted from.
    language : Language, optional
        Default: English.

    Examples
    --------
    >>> feature = Feature("silent", "", "Last seen {silent:days} ago ({silent:date})[; usually {gap:days}]")
    >>> fill(feature, {"silent": 46.8, "gap": float("nan")}, np.datetime64("2026-11-22", "us"))
    'Last seen 47 days ago (6 October)'
    """
    found = fact(feature, row)
    return "" if found is None else found.tell(as_of, language)


@lru_cache(maxsize=4096)
def _names(template: str) -> tuple[str, ...]:
    return tuple(field["name"] for field in _FIELD.finditer(template) if field["name"])


def _render(template: str, values: Mapping[str, object], as_of: np.datetime64, language: Language) -> str | None:
    if any(_is_missing(values.get(name)) for name in _names(template)):
        return None

    def shown(field: re.Match[str]) -> str:
        if field["word"] is not None:
            return str(field["word"])
        return _format(values[field["name"]], field["style"], as_of, language)

    return _FIELD.sub(shown, template)


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value))


def _format(value: object, style: str, as_of: np.datetime64, language: Language) -> str:
    if style == "text" or isinstance(value, str):
        return str(value)
    number = float(value)  # type: ignore[arg-type]  # what is not text is a number here
    if style.startswith("#"):
        return language.plural(f"{{n}} {style[1:]}", f"{{n}} {style[1:]}s", number)
    if style in ("date", "until"):
        return _date(number if style == "date" else -number, as_of, language)
    return _NUMBERS[style](number, language)


def _date(days_ago: float, as_of: np.datetime64, language: Language) -> str:
    day = pd.Timestamp(as_of - np.timedelta64(round(days_ago * 86_400_000_000), "us"))
    return language.day(day.date(), year=abs(days_ago) >= 300)


def days(number: float, language: Language) -> str:
    """Return a number of days in words; with a decimal below two."""
    return language.plural("{n} day", "{n} days", round(number, 1) if 0 < number < 2 else round(number))


def plain(number: float, language: Language) -> str:
    """Return a number as short as a reader wants it."""
    return language.number(number, ",.0f" if abs(number) >= 100 or number == round(number) else ",.3g")


def times(number: float, language: Language) -> str:
    """Return how many times as much."""
    return language.plural("{n} time", "{n} times", round(number, 1) if number < 10 else round(number))


_NUMBERS: Mapping[str, Callable[[float, Language], str]] = {
    "n": plain,
    "days": days,
    "pct": lambda number, language: language.number(100 * number, ".0f") + " %",
    "amount": lambda number, language: language.number(number, ",.0f"),
    "times": times,
    "ratio": lambda number, language: times(float(np.exp(number)), language),
}


def messages(features: Iterable[Feature]) -> set[str]:
    """Return all messages that the sentences of some features need, for the catalogues."""
    return {message(text) for feature in features for text in (feature.sentence, feature.missing) if text}

"""Facts in words: templates of features filled with the values of a row.

A template holds fields ``{feature:format}`` and optional parts in ``[ ]``, which are dropped when a field in
them has no value. Formats: ``n`` (rounded number), ``days`` (``47 days``), ``date`` (the day that lies
so many days before as_of), ``pct`` (share as per cent), ``amount``, ``times``, ``text``,
``#deal`` (``1 deal``, ``3 deals``).
"""

import re
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from intelligence.features.registry import Feature

_FIELD = re.compile(r"\{(.+?):(n|days|date|pct|amount|times|text|#[a-z ]+)\}")
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_MONTHS = "January February March April May June July August September October November December".split()


def literal(text: str) -> str:
    """Return user text such that it can stand in a template.

    Examples
    --------
    >>> literal("a{b}[c]")
    'a(b)(c)'
    """
    return text.translate(str.maketrans("{}[]", "()()")).strip()


def fill(feature: Feature, row: Mapping[str, object], as_of: np.datetime64) -> str:
    """Return the fact behind a feature of a row, without a full stop; empty when there is nothing to say.

    Parameters
    ----------
    feature : Feature
        What the fact is about.
    row : mapping
        Values of the row's features by `literal` name.
    as_of : datetime64[us]
        What days ago are counted from.

    Examples
    --------
    >>> feature = Feature("silent", "", "Last seen {silent:days} ago ({silent:date})[; usually {gap:days}]")
    >>> fill(feature, {"silent": 46.8, "gap": float("nan")}, np.datetime64("2026-11-22", "us"))
    'Last seen 47 days ago (6 October)'
    """
    if _is_missing(row.get(literal(feature.name))):
        return feature.missing
    if not feature.sentence:
        return ""
    template = _OPTIONAL.sub(lambda part: _render(part[1], row, as_of) or "", feature.sentence)
    return _render(template, row, as_of) or feature.description


def _render(template: str, values: Mapping[str, object], as_of: np.datetime64) -> str | None:
    if any(_is_missing(values.get(field[1])) for field in _FIELD.finditer(template)):
        return None
    return _FIELD.sub(lambda field: _format(values[field[1]], field[2], as_of), template)


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value))


def _format(value: object, style: str, as_of: np.datetime64) -> str:
    if style == "text" or isinstance(value, str):
        return str(value)
    number = float(value)  # type: ignore[arg-type]  # what is not text is a number here
    if style.startswith("#"):
        return f"{_number(number)} {style[1:]}{'' if number == 1 else 's'}"
    return _date(number, as_of) if style == "date" else _NUMBERS[style](number)


def _date(days_ago: float, as_of: np.datetime64) -> str:
    day = pd.Timestamp(as_of - np.timedelta64(round(days_ago * 86_400_000_000), "us"))
    year = "" if abs(days_ago) < 300 else f" {day.year}"
    return f"{day.day} {_MONTHS[day.month - 1]}{year}"


def _days(number: float) -> str:
    shown = f"{number:.1f}" if 0 < number < 2 and round(number) != number else f"{number:,.0f}"
    return f"{shown} {'day' if shown == '1' else 'days'}"


def _number(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 100 or number == round(number) else f"{number:,.3g}"


_NUMBERS: Mapping[str, Callable[[float], str]] = {
    "n": _number,
    "days": _days,
    "pct": lambda number: f"{100 * number:.0f} %",
    "amount": lambda number: f"{number:,.0f}",
    "times": lambda number: f"{number:.1f} times" if number < 10 else f"{number:.0f} times",
}

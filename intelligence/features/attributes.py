"""Custom attributes as features: numbers, dates and few-valued words, without code by the user."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from domain.settings import Settings
from intelligence.features.profile import numbers_as_of, words_as_of
from intelligence.features.registry import Feature, FeatureSet, Group, register
from intelligence.features.sentences import literal
from intelligence.features.timeline import days_between
from intelligence.features.work import Work

PREFIX = "attributes."
MAX_LEVELS = 200
LONG_TEXT = 40
AttributeKind = Literal["number", "category", "date", "text", "other"]

_DATE_FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d")
_ID_NAME = re.compile(r"(^|[_\W])(id|uuid|guid|key|no|nr|ref)$", re.IGNORECASE)
_FEW_ROWS = 20


@dataclass(frozen=True)
class Attribute:
    """How a custom attribute enters a model.

    Parameters
    ----------
    column : str
        ``attributes.<name>``.
    kind : str
        ``number``, ``category``, ``date``, ``text`` (through the encoder) or ``other`` (left out: ids, unique words).
    format : str, default=""
        Of dates.
    """

    column: str
    kind: AttributeKind
    format: str = ""

    @property
    def name(self) -> str:
        """Name without the prefix."""
        return self.column.removeprefix(PREFIX)


def classify_attributes(frame: pd.DataFrame, settings: Settings, *, excluded: Sequence[str] = ()) -> list[Attribute]:
    """Decide how each custom attribute of `frame` enters a model.

    Parameters
    ----------
    frame : DataFrame
        Of one resource, custom attributes as columns ``attributes.<name>``.
    settings : Settings
        ``protected_attributes`` and a ``fit_outcome`` that is an attribute are left out.
    excluded : sequence of str, optional
        Further names that must not enter.
    """
    closed = {PREFIX + name.removeprefix(PREFIX) for name in (*settings.protected_attributes, *excluded)}
    folded = {name.casefold() for name in closed | {settings.fit_outcome}}
    names = sorted(str(name) for name in frame.columns if str(name).startswith(PREFIX))
    return [_classify(name, frame[name].dropna()) for name in names if name.casefold() not in folded]


def _classify(column: str, values: pd.Series) -> Attribute:
    distinct = values.nunique()
    looks_like_id = bool(_ID_NAME.search(column)) and distinct > max(_FEW_ROWS, 0.5 * len(values))
    if not distinct or looks_like_id:
        return Attribute(column, "other")
    if pd.api.types.is_numeric_dtype(values.dtype):
        return Attribute(column, "number")
    format_ = _date_format(values)
    if format_:
        return Attribute(column, "date", format_)
    if distinct <= MAX_LEVELS and (distinct <= len(values) / 3 or len(values) < _FEW_ROWS):
        return Attribute(column, "category")
    if values.str.len().mean() >= LONG_TEXT:
        return Attribute(column, "text")
    # Words that repeat, but of too many values to be levels, still serve outcome rates.
    return Attribute(column, "other")


def _date_format(values: pd.Series) -> str:
    sample = values.drop_duplicates().head(1_000)
    if not sample.str.fullmatch(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}").all():
        return ""
    fitting = [form for form in _DATE_FORMATS if pd.to_datetime(sample, format=form, errors="coerce").notna().all()]
    return fitting[0] if fitting else ""


def attributes_of(set_: FeatureSet) -> list[Attribute]:
    """Return the custom attributes that a feature set holds."""
    return [Attribute(*item) for item in set_.parameters.get("attributes", ())]


def _features(set_: FeatureSet) -> tuple[Feature, ...]:
    made = {"number": ("number", "n"), "category": ("category", "text"), "date": ("number", "date")}
    features = []
    for attribute in attributes_of(set_):
        if attribute.kind in made:
            kind, style = made[attribute.kind]
            name, column = literal(attribute.name.replace("_", " ")), literal(attribute.column)
            unit = ", in days before as_of" if attribute.kind == "date" else ""
            features.append(
                Feature(
                    attribute.column,
                    f"Custom attribute {attribute.name}{unit}",
                    f"{{={name}}}: {{{column}:{style}}}",
                    "category" if kind == "category" else "number",
                )
            )
    return tuple(features)


def _compute(work: Work) -> Mapping[str, Any]:
    columns: dict[str, Any] = {}
    for attribute in attributes_of(work.set):
        if attribute.kind == "number":
            columns[attribute.column] = numbers_as_of(work.history, attribute.column, work.ids, work.as_of)
        elif attribute.kind == "category":
            columns[attribute.column] = words_as_of(work.history, attribute.column, work.ids, work.as_of)
        elif attribute.kind == "date":
            words = words_as_of(work.history, attribute.column, work.ids, work.as_of)
            when = pd.to_datetime(pd.Series(words, dtype="str"), format=attribute.format, errors="coerce")
            columns[attribute.column] = days_between(when.to_numpy().astype("datetime64[us]"), work.as_of)
    return columns


def learn_attributes(frame: pd.DataFrame, settings: Settings) -> Mapping[str, Any]:
    """Return the parameters that a feature set keeps of custom attributes."""
    found = classify_attributes(frame, settings)
    return {"attributes": [[item.column, item.kind, item.format] for item in found]}


register(Group("attributes", _features, _compute))

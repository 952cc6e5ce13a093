"""Fields that are too good to be true: found before training, named, and left out unless the user insists.

A custom attribute, or a descriptive field without history, holds what it became by the time of the export. One that was
filled in or changed because of the outcome predicts it well in training and not at all in use (Kaufman et al. 2012).
"""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from domain.settings import Settings, closing
from domain.terms import ModelName
from models.artefact import LeakRecord
from store.history import History
from training.groups import RowWords
from training.leak_questions import Asked, Question, ask
from training.leak_statistics import Ground, Power, filled, ground, power
from training.leak_winners import names_the_winner
from training.task import TrainingContext

__all__ = ["Guarded", "find_leaks", "guarded"]

_PREFIX = "attributes."
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "partners": (
        *("tier", "kind", "country", "region", "city", "account_manager", "employees", "annual_revenue", "description"),
        *("founded_on", "website", "max_open_leads"),
    ),
    "leads": (
        *("industry", "source", "description", "employees", "estimated_amount", "product", "country", "region", "city"),
        "domain",
    ),
    "items": ("form", "language"),
    "deals": (),
}
"""Descriptive fields of the format, judged like custom attributes."""
_NOT_USED = {ModelName.FIT: ("tier",)}
_RESOURCES = {
    "partners": ("partners",),
    "leads": ("leads", "deals"),
    "items": ("assets", "offers"),
    "deals": ("deals",),
}

_TOO_GOOD_AUC = 0.9
_TOO_MUCH_GAIN, _TOO_MUCH_BESIDE_EVENTS = 0.2, 0.08
"""Share of the remaining log loss; less where the entity's own dated events speak already of what is asked."""
_TOO_MUCH_FILLED = 0.15
_MOSTLY, _HARDLY, _ENOUGH = 0.5, 0.02, 30


@dataclass(frozen=True, eq=False)
class Guarded:
    """A history and a context to train with: protected and leaking fields are not in them.

    Parameters
    ----------
    history : History
        Without the columns.
    context : TrainingContext
        Its settings close them in serving too, where a feature set is made of settings.
    leaks : tuple of LeakRecord
        What was found, also what the user trusts.
    """

    history: History
    context: TrainingContext
    leaks: tuple[LeakRecord, ...]


def guarded(name: str, history: History, context: TrainingContext) -> Guarded:
    """Look for leaks before training the model `name`, and take them and the protected attributes away.

    Parameters
    ----------
    name : str
        The model.
    history : History
        Everything known at the training's instant.
    context : TrainingContext
        ``settings.trusted_attributes`` are named but stay.
    """
    settings = context.settings
    leaks = find_leaks(name, history, settings)
    for leak in leaks:
        context.report(leak.sentence)
    closed = [leak for leak in leaks if leak.left_out]
    custom = [leak.field.removeprefix(_PREFIX) for leak in closed if leak.field.startswith(_PREFIX)]
    hidden = {(resource, leak.field) for leak in closed for resource in _RESOURCES[leak.table]}
    hidden |= _protected_columns(history, settings)
    rows = RowWords(name, history, settings)
    return Guarded(
        hide(history, hidden),
        replace(context, settings=closing(settings, custom), rows=rows, hidden=frozenset(hidden)),
        leaks,
    )


def find_leaks(name: str, history: History, settings: Settings) -> tuple[LeakRecord, ...]:
    """Return the fields that say more of the outcome than anything known at the time could.

    Parameters
    ----------
    name : str
        Whose outcome: fit, churn, match, recommend.
    history : History
        Everything known at the training's instant.
    settings : Settings
        Horizons, outcome; protected attributes are not judged, trusted ones are named but not left out.
    """
    asked = ask(name, history, settings)
    grounds = [(one, ground(one.label, one.facts, one.row)) for one in asked.questions]
    found: list[LeakRecord] = []
    for table, field in _candidates(name, asked, settings):
        values = asked.tables[table][field]
        doubt = _doubt(asked, field, [pair for pair in grounds if pair[0].table == table], history)
        if doubt is None and table == "leads":
            doubt = _changed_since(asked, field, grounds, history)
        if doubt is None and table == "leads" and asked.winners is not None and field.startswith(_PREFIX):
            sentence = names_the_winner(asked.tables["leads"], field, asked.winners, asked.tables["partners"])
            doubt = _Doubt("names the winner", sentence) if sentence else None
        if doubt is None and field.startswith(_PREFIX):
            doubt = _only_known(asked, table, values)
        if doubt is not None and not any(leak.field == field and table == "deals" for leak in found):
            found.append(_record(table, field, doubt, settings))
    return tuple(found)


def hide(history: History, fields: Set[tuple[str, str]]) -> History:
    """Return the history without fields, each given as (resource, column); custom attributes lose their column."""
    if not fields:
        return history
    frames: dict[str, Any] = {}
    for resource in sorted({resource for resource, _ in fields}):
        frame = history.frame(resource)
        columns = {"kind" if column == "form" else column for owner, column in fields if owner == resource}
        columns = {f"{column}_id" if f"{column}_id" in frame else column for column in columns} & set(frame.columns)
        custom = [column for column in columns if column.startswith(_PREFIX)]
        blank = {column: _blank(frame[column]) for column in columns if column not in custom}
        frames[resource] = frame.drop(columns=custom).assign(**blank)
    names = {(resource, column.removeprefix(_PREFIX)) for resource, column in fields}
    changes = history.changes
    if len(changes):
        pairs = zip(changes["resource"], changes["field"].str.removeprefix(_PREFIX), strict=True)
        frames["changes"] = changes[[pair not in names for pair in pairs]]
    return replace(history, **frames)


def _blank(column: pd.Series) -> pd.Series:
    if pd.api.types.is_integer_dtype(column):
        return pd.Series(-1, index=column.index, dtype=column.dtype)
    return pd.Series(np.nan, index=column.index).astype(column.dtype)


def _protected_columns(history: History, settings: Settings) -> set[tuple[str, str]]:
    folded = {(_PREFIX + name.removeprefix(_PREFIX)).casefold() for name in settings.protected_attributes}
    folded.discard(settings.fit_outcome.casefold())
    resources = [resource for group in _RESOURCES.values() for resource in group]
    columns = ((resource, str(name)) for resource in resources for name in history.frame(resource).columns)
    return {(resource, name) for resource, name in columns if name.casefold() in folded}


@dataclass(frozen=True)
class _Doubt:
    """Why a field is not believed."""

    kind: str
    sentence: str
    outcome: str = ""
    auc: float = float("nan")
    facts_auc: float = float("nan")
    gain: float = float("nan")


def _candidates(name: str, asked: Asked, settings: Settings) -> Iterator[tuple[str, str]]:
    closed = {_PREFIX + item.removeprefix(_PREFIX) for item in settings.protected_attributes} | {settings.fit_outcome}
    folded = {item.casefold() for item in closed}
    for table, frame in asked.tables.items():
        custom = [str(column) for column in frame.columns if str(column).startswith(_PREFIX)]
        built_in = [column for column in _FIELDS[table] if column in frame and column not in _NOT_USED.get(name, ())]  # type: ignore[call-overload]
        for field in (*custom, *built_in):
            if field.casefold() not in folded and frame[field].nunique(dropna=False) > 1:
                yield table, field


def _doubt(asked: Asked, field: str, grounds: list[tuple[Question, Ground]], history: History) -> _Doubt | None:
    """Return the gravest doubt over all questions, of the value as it was at each row's instant."""
    found = []
    for question, known in grounds:
        mine = _as_words(_values(asked, question, field, history))
        if mine.nunique(dropna=False) < 2:
            continue
        doubt = _judge(question, known, mine)
        if doubt is not None:
            found.append(doubt)
    return max(found, key=lambda doubt: doubt.gain, default=None)


def _changed_since(asked: Asked, field: str, grounds: list[tuple[Question, Ground]], history: History) -> _Doubt | None:
    """Doubt a field of leads whose later values say more than those of the time: it was edited after the outcome."""
    changes = history.changes[history.changes["resource"] == "leads"] if len(history.changes) else history.changes
    if not len(changes) or field.removeprefix(_PREFIX) not in set(changes["field"].str.removeprefix(_PREFIX)):
        return None
    for question, known in grounds:
        if question.table != "leads":
            continue
        table = asked.tables["leads"]
        late = _as_words(_values(asked, question, field, history))
        ids = table["lead_id"].to_numpy(np.int64)[question.row]
        then = _as_words(history.value_as_of("leads", field, ids, question.as_of))
        differs = (late.astype(object).fillna("") != then.astype(object).fillna("")).to_numpy() & (ids >= 0)
        if differs.mean() < _HARDLY or late.nunique(dropna=False) < 2:
            continue
        now, before = power(known, late), power(known, then)
        if now.gain_low > max(before.gain, 0.0) + _HARDLY:
            said = f"{differs.mean():.0%} of its values were edited after the row's instant and say more than before"
            return _doubt_of("changes after the outcome", now, known, question.what, said)
    return None


def _values(asked: Asked, question: Question, field: str, history: History) -> pd.Series:
    table = asked.tables[question.table]
    if question.table == "partners":
        return history.value_as_of("partners", field, table["id"].to_numpy(np.int64)[question.row], question.as_of)
    return table[field].iloc[question.row]


def _judge(question: Question, known: Ground, values: pd.Series) -> _Doubt | None:
    what, whole = question.what, power(known, values)
    most = _TOO_MUCH_BESIDE_EVENTS if question.dated else _TOO_MUCH_GAIN
    facts = f"dated facts reach {known.auc:.2f}" if known.facts.shape[1] else "nothing dated is known"
    if _too_good(whole, known, most):
        return _doubt_of(
            "too good",
            whole,
            known,
            what,
            f"its AUC alone is {whole.auc:.2f} where {facts}, "
            f"and it takes {whole.gain:.0%} of the doubt away that they leave",
        )
    if whole.pure:
        share = f"{whole.pure_share:.0%} of such rows"
        return _doubt_of("too good", whole, known, what, f"{whole.pure!r} goes with one outcome alone, in {share}")
    if values.isna().any():
        there = power(known, filled(values))
        if there.gain_low >= min(most, _TOO_MUCH_FILLED) or there.pure:
            return _doubt_of("missingness", there, known, what, "whether it is filled in follows the outcome")
    return None


def _too_good(one: Power, known: Ground, most: float) -> bool:
    alone = one.auc_low >= _TOO_GOOD_AUC and one.auc >= known.auc
    return alone or one.gain_low >= most


def _doubt_of(kind: str, one: Power, known: Ground, what: str, sentence: str) -> _Doubt:
    return _Doubt(kind, sentence, what, one.auc, known.auc, one.gain)


def _only_known(asked: Asked, table: str, values: pd.Series) -> _Doubt | None:
    """Doubt a field that is filled in where the outcome is known and empty where it is to be predicted."""
    rows = [one.row for one in asked.questions if one.table == table]
    unknown = asked.unknown.get(table)
    if not rows or unknown is None or unknown.sum() < _ENOUGH:
        return None
    there = values.notna().to_numpy()
    share_known, share_unknown = there[np.unique(np.concatenate(rows))].mean(), there[unknown].mean()
    if share_known < _MOSTLY or share_unknown > _HARDLY:
        return None
    sentence = f"it is filled in for {share_known:.0%} where the outcome is known and {share_unknown:.0%} elsewhere"
    return _Doubt("missingness", sentence)


def _as_words(values: pd.Series) -> pd.Series:
    plain = values.reset_index(drop=True).infer_objects()
    if pd.api.types.is_datetime64_any_dtype(plain):
        days = (plain - pd.Timestamp("1970-01-01")).dt.total_seconds() / 86_400
        return days.astype(np.float64)
    if plain.dtype != object:
        return plain
    present = plain.where(plain.notna())
    return present.astype("str").where(plain.notna())


def _record(table: str, field: str, doubt: _Doubt, settings: Settings) -> LeakRecord:
    folded = {name.casefold().removeprefix(_PREFIX) for name in settings.trusted_attributes}
    bare = field.removeprefix(_PREFIX)
    trusted = bool({bare.casefold(), f"{table}.{bare}".casefold()} & folded)
    after = "it stays, as trusted_attributes asks" if trusted else "left out; trusted_attributes would keep it"
    of = f" of '{doubt.outcome}'" if doubt.outcome else ""
    return LeakRecord(
        table=table,
        field=field,
        kind=doubt.kind,
        outcome=doubt.outcome,
        auc=doubt.auc,
        facts_auc=doubt.facts_auc,
        gain=doubt.gain,
        left_out=not trusted,
        sentence=f"{table}: {bare} knows too much{of}: {doubt.sentence}; {after}.",
    )

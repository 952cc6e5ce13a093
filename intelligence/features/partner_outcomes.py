"""Which partners turned out productive, since when that is known, and how often their like did."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import InvalidInput
from intelligence.features.attributes import PREFIX, attributes_of
from intelligence.features.partner_times import instants, numbers, per_history, references, times_of
from intelligence.features.profile import program_names, words_as_of
from intelligence.features.registry import Feature, FeatureSet, Group, register
from intelligence.features.sentences import literal
from intelligence.features.timeline import DAY_US, FloatArray, IntArray, TimeArray, Timeline
from intelligence.features.work import Work
from store.history import History

_TELLING = 1.5
"""Standard errors by which partners of the same value must go with earlier ones, for its rate to be a feature."""
_SHRINKAGE = (5.0, 200.0)
"""Fewest and most partners that the overall rate counts as in a value's rate."""
_PAIRS = 30
_PERIOD = 40
_PERIODS = 10
_CODES = 30
_ONE_BY_ONE = 40
"""Levels up to which a model tells the values of a category apart by itself: a rate would only say it again, late."""
_ATTAINED = ("actual", "achieved", "attained", "reached", "result", "value")
_FIELDS = ("kind", "country", "region", "city", "program", "account_manager")
_SEEN = ("kind", "country", "region", "program")


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Partners whose outcome can be known, and when it was.

    Attributes
    ----------
    ids : ndarray of int64, shape (n,)
        Partners.
    recruited_at, known_at : ndarray of datetime64[us], shape (n,)
        Instant that the outcome is predicted from; instant from which it counts as known.
    label : ndarray of float64, shape (n,)
        1 productive, 0 not.
    value : ndarray of float64, shape (n,)
        What it was worth: amount won within the horizon, or the outcome's own number; 0 for unproductive ones.
    """

    ids: IntArray
    recruited_at: TimeArray
    known_at: TimeArray
    label: FloatArray
    value: FloatArray

    def take(self, rows: npt.NDArray[np.bool_]) -> "Outcomes":
        """Return the chosen partners."""
        return Outcomes(
            self.ids[rows], self.recruited_at[rows], self.known_at[rows], self.label[rows], self.value[rows]
        )


def partner_outcomes(history: History, outcome: str, horizon_days: float) -> Outcomes:
    """Return outcomes of all recruited partners, known ``horizon_days`` after recruitment.

    Parameters
    ----------
    history : History
        Everything known at its ``until``; outcomes known later are not in the result.
    outcome : str
        Empty: a first won deal within the horizon; ``attributes.NAME`` or ``goals.METRIC``: that number, where filled.
    horizon_days : float
        Days after recruitment.

    Raises
    ------
    InvalidInput
        If `outcome` is none of these.
    """
    key = (outcome, float(horizon_days))
    kept = _CACHE.setdefault(history, {})
    if key not in kept:
        kept[key] = _outcomes(history, outcome, horizon_days)
    return kept[key]


def _outcomes(history: History, outcome: str, horizon_days: float) -> Outcomes:
    partners = history.partners
    recruited = instants(partners, "recruited_at")
    ids = partners["id"].to_numpy(np.int64)
    if outcome.startswith(PREFIX):
        value = numbers(partners, outcome)
    elif outcome.startswith("goals."):
        value = _goal_values(history, outcome.removeprefix("goals."), ids)
    elif outcome:
        raise InvalidInput(
            f"fit_outcome is {outcome!r}; it must be empty, attributes.NAME or goals.METRIC.",
            field="fit_outcome",
            value=outcome,
        )
    else:
        label, value = _won_within(history, ids, recruited, horizon_days)
        return _known(history, ids, recruited, label, value, horizon_days, stated=False)
    return _known(
        history,
        ids,
        recruited,
        np.where(value > 0, 1.0, np.where(np.isnan(value), np.nan, 0.0)),
        value,
        horizon_days,
        stated=True,
    )


def _known(
    history: History,
    ids: IntArray,
    recruited: TimeArray,
    label: FloatArray,
    value: FloatArray,
    horizon_days: float,
    *,
    stated: bool,
) -> Outcomes:
    known = recruited + np.timedelta64(round(horizon_days * DAY_US), "us")
    keep = ~np.isnat(recruited) & ~np.isnan(label)
    if not stated:
        keep &= known <= history.until
    return Outcomes(ids, recruited, known, label, np.maximum(np.nan_to_num(value), 0.0)).take(keep)


def _won_within(
    history: History, ids: IntArray, recruited: TimeArray, horizon_days: float
) -> tuple[FloatArray, FloatArray]:
    line = times_of(history).won
    start = np.where(np.isnat(recruited), history.until, recruited)
    view = line.at(ids, start + np.timedelta64(round(horizon_days * DAY_US), "us"))
    return (view.count(horizon_days) > 0).astype(np.float64), view.sum("amount", horizon_days)


def _goal_values(history: History, metric: str, ids: IntArray) -> FloatArray:
    """Return the number of a goal per partner: what was attained where a custom attribute says so, else the target."""
    goals = history.goals[history.goals["metric"] == metric] if len(history.goals) else history.goals
    attained = next((PREFIX + name for name in _ATTAINED if PREFIX + name in goals), "target")
    frame = pd.DataFrame({"partner": references(goals, "partner_id"), "value": numbers(goals, attained)}).dropna()
    return frame.groupby("partner")["value"].sum().reindex(ids).to_numpy(float)


def outcomes_of(work: Work) -> Outcomes:
    """Return the outcomes that a feature set's parameters speak of."""
    return partner_outcomes(work.history.others, *_outcome(work))


def _outcome(work: Work) -> tuple[str, float]:
    return str(work.parameters.get("outcome", "")), float(work.parameters.get("outcome_days", 365))


@per_history
def _outcomes_by(history: History, field: str, outcome: str, horizon_days: float) -> tuple[pd.Index, Timeline]:
    """Return the values that partners had in a field as they were recruited, and their outcomes by place among them."""
    known = partner_outcomes(history, outcome, horizon_days)
    past = pd.Series([*_values(history, field, known.ids, known.recruited_at)], dtype=object)
    codes, values = pd.factorize(past)
    return pd.Index(values), Timeline(codes.astype(np.int64), known.known_at, values={"y": known.label})


def _rates(set_: FeatureSet) -> Mapping[str, float]:
    return {str(field): float(shrinkage) for field, shrinkage in set_.parameters.get("rates", {}).items()}


def _features(set_: FeatureSet) -> tuple[Feature, ...]:
    return tuple(
        Feature(
            f"rate:{field}",
            f"Points by which earlier partners of the same {field} were more often productive than all, shrunk",
            f"Earlier partners with this {{={literal(_spoken(field))}}}: {{rate:{literal(field)}:n}} points from all",
            topic=f"rate:{field}",
        )
        for field in _rates(set_)
    )


def _spoken(field: str) -> str:
    return field.removeprefix(PREFIX).replace("_", " ")


def _compute(work: Work) -> Mapping[str, Any]:
    known = outcomes_of(work)
    nobody = np.zeros(len(known.ids), dtype=np.int64)
    everyone = Timeline(nobody, known.known_at, values={"y": known.label}).at(np.zeros_like(work.ids), work.as_of)
    n, yes = everyone.count(), everyone.sum("y")
    overall = (yes + 0.5) / (n + 1.0)
    columns: dict[str, Any] = {}
    for field, shrinkage in _rates(work.set).items():
        own = _values(work.history, field, work.ids, work.as_of)
        values, line = _outcomes_by(work.history.others, field, *_outcome(work))
        view = line.at(values.get_indexer(pd.Index(own, dtype=object)).astype(np.int64), work.as_of)
        rate = (view.sum("y") + shrinkage * overall) / (view.count() + shrinkage)
        # Against the overall rate of the time, which moves with the programme and says nothing of the partner.
        columns[f"rate:{field}"] = np.where([value is None for value in own], np.nan, 100 * (rate - overall))
    return columns


def _values(history: History, field: str, ids: IntArray, as_of: TimeArray) -> Any:
    return program_names(history, ids, as_of) if field == "program" else words_as_of(history, field, ids, as_of)


def _learn(work: Work) -> Mapping[str, Any]:
    """Choose the fields by whose values earlier outcomes told later ones, with how far a rate is to be shrunk."""
    known = outcomes_of(work)
    rest = _apart_from_their_time(known)
    rates = {}
    seen = {*_SEEN, *(item.column for item in attributes_of(work.set) if item.kind == "category")}
    for field in (*_FIELDS, *_repeating(work)):
        values = pd.Series(_values(work.history, field, known.ids, known.recruited_at), dtype=object)
        codes, levels = pd.factorize(values)
        if field in seen and len(levels) <= _ONE_BY_ONE:
            continue
        telling, shrinkage = carried_over(codes.astype(np.int64), known, rest)
        if telling >= _TELLING:
            rates[field] = round(shrinkage, 1)
    return {"rates": rates}


def carried_over(codes: IntArray, known: Outcomes, rest: FloatArray) -> tuple[float, float]:
    """Tell whether partners of one value turn out as earlier ones of it did, whose outcome was known in time.

    Parameters
    ----------
    codes : ndarray of int64, shape (n,)
        Value of each partner, -1 for none.
    known : Outcomes
        Of those partners.
    rest : ndarray of float64, shape (n,)
        Their outcomes less what was usual at the time.

    Returns
    -------
    tuple of float
        Covariance of such pairs in standard errors, as it would be by chance; variance over covariance, which is
        how many partners the overall rate is worth in a value's rate (empirical Bayes, Robbins 1956).
    """
    # Timelines add up exactly, whatever the rows; the shift keeps what they add positive.
    line = Timeline(codes, known.known_at, values={"rest": rest + 1.0})
    view = line.at(codes, known.recruited_at)
    pairs, earlier = view.count(), view.sum("rest") - view.count()
    variance = float(np.mean(rest**2)) if len(rest) else 0.0
    if pairs.sum() < _PAIRS or variance <= 0:
        return 0.0, _SHRINKAGE[1]
    covariance = float(rest @ earlier / pairs.sum())
    error = variance / np.sqrt(pairs.sum())
    return covariance / error, float(np.clip(variance / max(covariance, 1e-9), *_SHRINKAGE))


def _apart_from_their_time(known: Outcomes) -> FloatArray:
    """Return outcomes less the mean of their period: a value common in good times would seem good itself."""
    order = np.argsort(known.recruited_at, kind="stable")
    periods = int(np.clip(len(order) // _PERIOD, 1, _PERIODS))
    rest = known.label.copy()
    for rows in np.array_split(order, periods):
        rest[rows] -= known.label[rows].mean() if len(rows) else 0.0
    return rest


def _repeating(work: Work) -> list[str]:
    """Return the custom attributes whose values repeat: words of any number of levels, and codes among the numbers."""
    partners = work.history.partners
    chosen = []
    for item in attributes_of(work.set):
        values = partners[item.column].dropna()
        distinct = values.nunique()
        repeats = 2 < distinct <= len(values) / 5 and len(values) >= 50
        code = item.kind != "number" or (bool((values == values.round()).all()) and distinct > _CODES)
        if item.kind in ("number", "category", "date", "other") and repeats and code:
            chosen.append(item.column)
    return chosen


register(Group("outcome_rates", _features, _compute, _learn))

_CACHE: "WeakKeyDictionary[History, dict[tuple[str, float], Outcomes]]" = WeakKeyDictionary()

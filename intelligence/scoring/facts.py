"""Dated facts about partners that a person checks a risk against: last sign of life, usual gap, what ends when."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.settings import Settings
from intelligence.features.partner_terms import agreement_spans, certificate_spans, spans_in_force
from intelligence.features.partner_times import instants, references, times_of
from intelligence.features.timeline import DAY_US, FloatArray, IntArray, TimeArray, Timeline, TimelineView
from intelligence.scoring.served import naive
from store.history import History

COLUMNS = (
    "last_sign_at",
    "last_sign_kind",
    "usual_gap_days",
    "agreement_ends_on",
    "agreement_days_left",
    "certificate_expires_on",
    "certificate_days_left",
    "unanswered_leads",
    "last_deal_at",
    "last_won_at",
)
_GAPS = 10
_LEAST_GAPS = 2


def partner_facts(
    history: History, partner_id: npt.ArrayLike, as_of: npt.ArrayLike, life_signs: Sequence[str] = ()
) -> pd.DataFrame:
    """Return what is known of partners at an instant, in dates and days.

    Parameters
    ----------
    history : History
        Known at any instant not before the latest `as_of`.
    partner_id : array-like of int, shape (n,)
        Ours; unknown ones get empty facts.
    as_of : array-like of datetime64, shape (n,) or one instant
        Naive UTC; nothing known later is told.
    life_signs : sequence of str, optional
        As in the settings.

    Returns
    -------
    DataFrame, shape (n, 10)
        Columns ``COLUMNS``, in the order of `partner_id`:

        - ``last_sign_at`` (datetime64[us]) and ``last_sign_kind`` (kind of activity, ``deal registered`` or
          ``deal won``; str, NaN for none);
        - ``usual_gap_days``: median of up to ten latest gaps between active days, NaN with fewer than two;
        - ``agreement_ends_on`` and ``agreement_days_left``: last day of the last agreement in force, days to its end;
        - ``certificate_expires_on`` and ``certificate_days_left``: of the certification that expires next;
        - ``unanswered_leads`` (float64): leads offered and not answered;
        - ``last_deal_at``, ``last_won_at`` (datetime64[us]): latest deal registered, latest deal won.

        Dates are ``NaT`` and numbers NaN where there is nothing to tell.
    """
    ids = np.asarray(partner_id, dtype=np.int64)
    when = np.broadcast_to(np.asarray(as_of, dtype="datetime64[us]"), ids.shape)
    times = times_of(history, life_signs)
    signs = times.signs.at(ids, when)
    _, agreement_left, _ = spans_in_force(ids, when, *agreement_spans(history))
    _, _, certificate_left = spans_in_force(ids, when, *certificate_spans(history))
    facts = {
        "last_sign_at": signs.instant(1),
        "last_sign_kind": _kinds(times.sign_kinds.at(ids, when), times.sign_kind_names),
        "usual_gap_days": _usual_gap(times.sign_days.at(ids, when)),
        "agreement_ends_on": _last_day(when, agreement_left),
        "agreement_days_left": agreement_left,
        "certificate_expires_on": _last_day(when, certificate_left),
        "certificate_days_left": certificate_left,
        "unanswered_leads": _unanswered(history, ids, when),
        "last_deal_at": times.registered.at(ids, when).instant(1),
        "last_won_at": times.won.at(ids, when).instant(1),
    }
    return pd.DataFrame(facts)[list(COLUMNS)]


def _kinds(view: TimelineView, names: Sequence[str]) -> pd.Series:
    code = view.value("kind")
    return pd.Series([np.nan if np.isnan(value) else names[int(value)] for value in code], dtype="str")


def _usual_gap(days: TimelineView) -> FloatArray:
    back = np.column_stack([days.days_since(n) for n in range(1, _GAPS + 2)])
    gaps = np.sort(np.diff(back, axis=1), axis=1)  # NaN last
    n = (~np.isnan(gaps)).sum(axis=1)
    rows = np.arange(len(gaps))
    low, high = np.maximum((n - 1) // 2, 0), np.minimum(n // 2, gaps.shape[1] - 1)
    return np.where(n >= _LEAST_GAPS, (gaps[rows, low] + gaps[rows, high]) / 2, np.nan)


def _last_day(as_of: TimeArray, left: FloatArray) -> TimeArray:
    """Give the day that is the last one, from the days left until its end."""
    known = ~np.isnan(left)
    span = (np.where(known, left, 0.0) * DAY_US).round().astype("timedelta64[us]")
    day = (as_of + span - np.timedelta64(1, "D")).astype("datetime64[D]").astype("datetime64[us]")
    return np.where(known, day, np.datetime64("NaT", "us"))


def _unanswered(history: History, ids: IntArray, as_of: TimeArray) -> FloatArray:
    rows = history.assignments
    partner, offered = references(rows, "partner_id"), instants(rows, "offered_at")
    answered = np.maximum(instants(rows, "responded_at"), offered)
    given = Timeline(partner, offered).at(ids, as_of).count() - Timeline(partner, answered).at(ids, as_of).count()
    return np.asarray(np.maximum(given, 0.0))


def facts_of(history: History, settings: Settings, partners: Sequence[str], as_of: datetime) -> pd.DataFrame:
    """Return `partner_facts` of partners by external id, in their order."""
    known = history.partners.set_index("external_id")["id"]
    ids = known.reindex(list(partners)).fillna(-1).to_numpy(np.int64)
    return partner_facts(history, ids, naive(as_of), settings.life_signs)

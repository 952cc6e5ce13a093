"""What partners have signed and passed, and how long it still holds."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from intelligence.features.partner_times import instants, is_word, references
from intelligence.features.registry import Feature, Group, register, static
from intelligence.features.timeline import DAY_US, FloatArray, IntArray, TimeArray, Timeline
from intelligence.features.work import Work
from store.history import History

_DAY = np.timedelta64(DAY_US, "us")
_FOREVER = np.datetime64("2200-01-01", "us")
_SLACK_DAYS = 3.0
_REGULAR_SHARE = 0.05
_ALIKE = 4
_MORE_ODD = 0.1
_MIN_AGREEMENTS = 10

_TERMS = (
    Feature("agreements", "Agreements in force", "{agreements:#agreement} in force", topic="agreement"),
    Feature(
        "agreement_days_left",
        "Days until the last agreement in force ends",
        "Agreement ends in {agreement_days_left:days} ({agreement_days_left:until})",
        topic="agreement",
    ),
    Feature("certificates", "Certifications in force", "{certificates:#certification} in force", topic="certificate"),
    Feature(
        "certificate_days_left",
        "Days until the next certification expires",
        "Next certification expires in {certificate_days_left:days} ({certificate_days_left:until})",
        topic="certificate",
    ),
    Feature(
        "days_since_certified",
        "Days since the last course was passed",
        "Last course passed {days_since_certified:days} ago ({days_since_certified:date})",
        topic="certificate",
    ),
)


def _compute_terms(work: Work) -> Mapping[str, Any]:
    partner, start, end = agreement_spans(work.history)
    in_force, left_last, _ = spans_in_force(work.ids, work.as_of, partner, start, end)
    known_terms = work.parameters.get("agreement_terms")
    if known_terms is not None:
        planned = start + _planned_days(_days(end - start), known_terms).astype("timedelta64[D]")
        left_last = spans_in_force(work.ids, work.as_of, partner, start, planned)[1]
        left_last = np.where(in_force > 0, left_last, np.nan)
    valid, _, left_next = spans_in_force(work.ids, work.as_of, *certificate_spans(work.history))
    certificates = work.history.certifications
    passed = Timeline(references(certificates, "partner_id"), instants(certificates, "passed_on"))
    return {
        "agreements": in_force,
        "agreement_days_left": left_last,
        "certificates": valid,
        "certificate_days_left": left_next,
        "days_since_certified": passed.at(work.ids, work.as_of).days_since(1),
    }


def _learn_terms(work: Work) -> Mapping[str, Any]:
    """Find out whether ends of agreements were moved after the fact.

    An agreement that was broken off often carries the day of that as its end, as if it had been known from the start.
    It shows: agreements whose end has passed then have odd lengths, those whose end is still to come have regular ones.
    Training on such ends would tell who leaves; each then counts to the regular term that it was made for.
    """
    _, start, end = agreement_spans(work.history)
    known = ~np.isnat(start) & ~np.isnat(end)
    length, over = _days(end - start)[known], (end <= work.history.until)[known]
    if over.sum() < _MIN_AGREEMENTS or (~over).sum() < _MIN_AGREEMENTS:
        return {}
    regular = _regular(length[~over])
    odd = ~_near(length, regular)
    if odd[over].mean() - odd[~over].mean() < _MORE_ODD:
        return {}
    return {"agreement_terms": regular}


def _regular(length: FloatArray) -> list[float]:
    """Lengths that at least one in twenty, and more than a few, have within days; the commonest of each cluster."""
    values, counts = np.unique(np.round(length), return_counts=True)
    found: list[float] = []
    for value in values[np.argsort(-counts, kind="stable")].tolist():
        alike = int((np.abs(length - value) <= _SLACK_DAYS).sum())
        if alike >= max(_REGULAR_SHARE * len(length), _ALIKE) and not any(
            abs(value - other) <= 2 * _SLACK_DAYS for other in found
        ):
            found.append(float(value))
    return sorted(found)


def _near(length: FloatArray, regular: list[float]) -> npt.NDArray[np.bool_]:
    if not regular:
        return np.ones(len(length), dtype=bool)
    return np.asarray(np.abs(length[:, None] - np.array(regular)).min(axis=1) <= _SLACK_DAYS)


def _planned_days(length: FloatArray, regular: list[float]) -> FloatArray:
    """Shortest regular term that is not shorter; the length itself beyond the longest, NaN (no end) without any."""
    terms = np.array([*regular, np.inf])
    term = terms[np.searchsorted(terms, np.nan_to_num(length) - _SLACK_DAYS)]
    return np.where(
        np.isnan(length) | (not regular), np.nan, np.where(np.isinf(term), length, np.maximum(term, length))
    )


def _days(span: npt.NDArray[np.timedelta64]) -> FloatArray:
    return np.asarray(span / _DAY, dtype=np.float64)


def agreement_spans(history: History) -> tuple[Any, TimeArray, TimeArray]:
    """Return partner, start and last day of each agreement that is no draft; ``NaT`` for no end."""
    rows = history.agreements
    started = np.fmax(instants(rows, "valid_from"), instants(rows, "signed_on"))
    keep = ~is_word(rows, "status", "draft")
    return references(rows, "partner_id")[keep], started[keep], instants(rows, "valid_to")[keep]


def certificate_spans(history: History) -> tuple[Any, TimeArray, TimeArray]:
    """Return partner, day passed and last day of each certification; ``NaT`` for no end."""
    rows = history.certifications
    return references(rows, "partner_id"), instants(rows, "passed_on"), instants(rows, "expires_on")


def spans_in_force(
    partner_id: IntArray, as_of: TimeArray, partner: Any, start: TimeArray, end: TimeArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Count spans that hold as of each row, with days until the last and the next of them ends (inclusive days).

    Parameters
    ----------
    partner_id, as_of : arrays of shape (n,)
        Rows asked.
    partner, start, end : arrays of shape (m,)
        Spans with their last day; ``NaT`` for no end.

    Returns
    -------
    tuple of three float64 arrays of shape (n,)
        Number, days until the last ends, days until the next ends; NaN where none ends.
    """
    rows = pd.DataFrame({"partner": partner_id, "as_of": as_of, "row": np.arange(len(partner_id))})
    spans = pd.DataFrame({"partner": partner, "start": start, "end": np.where(np.isnat(end), _FOREVER, end + _DAY)})
    pairs = rows.merge(spans[spans["start"].notna()], on="partner")
    pairs = pairs[(pairs["start"] <= pairs["as_of"]) & (pairs["as_of"] < pairs["end"])]
    left = (pairs["end"] - pairs["as_of"]).dt.total_seconds() / 86_400
    left = left.where(pairs["end"] < pd.Timestamp(_FOREVER))
    count = np.bincount(pairs["row"], minlength=len(rows)).astype(np.float64)
    grouped = left.groupby(pairs["row"])
    index = pd.RangeIndex(len(rows))
    last, following = (np.asarray(part.reindex(index), dtype=np.float64) for part in (grouped.max(), grouped.min()))
    return count, last, following


register(Group("terms", static(*_TERMS), _compute_terms, _learn_terms))

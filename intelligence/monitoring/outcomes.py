"""Realised outcomes beside what was predicted: by band and month, calibration with an interval, champion and shadow."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import beta

from intelligence.context import Intelligence
from intelligence.monitoring.realised import realised, scores_frame
from models.metrics import compare
from store.unit_of_work import UnitOfWork

Floats = npt.NDArray[np.float64]

MIN_OUTCOMES = 100
"""Outcomes that a verdict on calibration needs."""

_GAP = 0.02
"""A gap between predicted and realised share that is too small to matter."""
_DRAWS = 400
_ABSENT: Mapping[str, str] = {
    "recommend": "Recommendations are not stored, so what came of them cannot be told; see the card's own comparison.",
}


def outcomes_report(context: Intelligence, name: str, as_of: datetime | None = None) -> dict[str, Any]:
    """Return what came of a model's stored predictions, as JSON-serialisable data.

    Parameters
    ----------
    context : Intelligence
        Store and settings.
    name : str
        The model.
    as_of : datetime, optional
        Nothing known later counts; default: now.

    Returns
    -------
    dict
        ``months``: horizon_days, month, band, n, predicted, realised with its 80 % interval low-high (Jeffreys);
        ``calibration``: by horizon and version; ``shadow``: the version in shadow against what answered.
    """
    instant = context.instant(as_of)
    rows = realised(context, name, instant)
    return {
        "name": name,
        "as_of": instant.isoformat(),
        "note": _ABSENT.get(name, "" if len(rows) else "No stored prediction has a known outcome yet."),
        "outcomes": len(rows),
        "months": by_band_and_month(rows),
        "calibration": calibration(rows),
        "shadow": against_shadow(context, name, instant),
    }


def by_band_and_month(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return predicted and realised share by horizon, month of prediction and band."""
    if not len(rows):
        return []
    month = rows["as_of"].dt.strftime("%Y-%m")
    keys = ["horizon_days", "month", "band"]
    table = []
    for (_, when, band), part in rows.assign(month=month).groupby(keys, sort=True):
        n, hits = len(part), float(part["label"].sum())
        low, high = np.asarray(beta.ppf([0.1, 0.9], hits + 0.5, n - hits + 0.5)).tolist()
        table.append(
            {
                "horizon_days": _horizon(part),
                "month": str(when),
                "band": str(band),
                "n": n,
                "predicted": float(part["p"].mean()),
                "realised": hits / n,
                "low": min(float(low), hits / n),
                "high": max(float(high), hits / n),
            }
        )
    return table


def calibration(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return predicted less realised share by horizon and version, with a 99 % interval by drawing partners.

    ``drifted`` when the interval excludes zero, the gap is larger than 0.02 and there are 100 outcomes. It is looked
    at every night: a 95 % interval would call chance drift every few weeks.
    """
    if not len(rows):
        return []
    found = []
    for (_, version), part in rows.groupby(["horizon_days", "model_version"], sort=True):
        gap = (part["p"] - part["label"]).to_numpy(dtype=np.float64)
        low, high = _mean_interval(gap, part["group"].to_numpy())
        beyond = (low > 0 or high < 0) and abs(gap.mean()) > _GAP
        verdict = "too few" if len(part) < MIN_OUTCOMES else "drifted" if beyond else "stable"
        found.append(
            {
                "horizon_days": _horizon(part),
                "model_version": str(version),
                "n": len(part),
                "predicted": float(part["p"].mean()),
                "realised": float(part["label"].mean()),
                "gap": float(gap.mean()),
                "low": low,
                "high": high,
                "verdict": verdict,
            }
        )
    return found


def _horizon(rows: pd.DataFrame) -> int:
    return int(rows["horizon_days"].iloc[0])


def _mean_interval(values: Floats, group: npt.NDArray[Any], level: float = 0.99) -> tuple[float, float]:
    """Interval of the mean, by drawing groups with replacement."""
    _, codes = np.unique(group, return_inverse=True)
    sums, sizes = np.bincount(codes, values), np.bincount(codes)
    draws = np.random.default_rng(7).integers(0, len(sizes), (_DRAWS, len(sizes)))
    means = sums[draws].sum(axis=1) / sizes[draws].sum(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def against_shadow(context: Intelligence, name: str, as_of: datetime) -> list[dict[str, Any]]:
    """Return, by version in shadow and horizon, how it compares with what answered for the same partners and instants.

    ``loss_difference`` is the log loss of the shadow less that of what answered, on outcomes known by now, with a 95 %
    interval (negative: the shadow is better); None before 100 outcomes are known.
    """
    with UnitOfWork(context.engine, read_only=True) as work:
        shadow = [row for row in work.scores.said(name, shadow=True) if row.as_of <= as_of]
        served = [row for row in work.scores.said(name) if row.as_of <= as_of] if shadow else []
    if not shadow:
        return []
    key = ["group", "horizon_days", "as_of"]
    both = scores_frame(shadow).merge(scores_frame(served), on=key, suffixes=("", "_served"))
    known = realised(context, name, as_of)[[*key, "label"]].drop_duplicates(key)
    both = both.drop(columns=["label", "label_served"]).merge(known, on=key, how="left")
    return [
        _compared(str(version), part)
        for (version, _), part in both.groupby(["model_version", "horizon_days"], sort=True)
    ]


def _compared(version: str, rows: pd.DataFrame) -> dict[str, Any]:
    judged = rows[rows["label"].notna()]
    difference: Sequence[float | None] = (None, None, None)
    if len(judged) >= MIN_OUTCOMES:
        found = compare(judged["label"], judged["p"], judged["p_served"], group=judged["group"].to_numpy())
        difference = (found.difference, found.low, found.high)
    ranks = rows["p"].rank().corr(rows["p_served"].rank()) if len(rows) > 1 else float("nan")
    return {
        "model_version": version,
        "horizon_days": _horizon(rows),
        "compared_with": sorted(set(rows["model_version_served"].astype(str))),
        "n": len(rows),
        "mean_p": float(rows["p"].mean()),
        "mean_p_served": float(rows["p_served"].mean()),
        "rank_correlation": None if np.isnan(ranks) else float(ranks),
        "outcomes": len(judged),
        **dict(zip(("loss_difference", "low", "high"), difference, strict=True)),
    }

"""What the match model must beat: base rate, partner's win rate, popularity, naive Bayes as in Odoo."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from training.dataset import Dataset, Floats
from training.tabular import Baseline

_PSEUDO_OUTCOMES = 10.0
_UNSEEN = 0.1


def partner_rate(train: Dataset, test: Dataset) -> Floats:
    """Win rate of the partner in the training rows, shrunk to everybody's by ten pseudo-outcomes."""
    rate = (train.label.sum() + 1.0) / (len(train) + 2.0)
    rows = pd.DataFrame({"partner": train.extra["partner"].to_numpy(), "won": train.label})
    totals = rows.groupby("partner")["won"].agg(["sum", "count"]).reindex(test.extra["partner"].to_numpy()).fillna(0.0)
    shrunk = (totals["sum"] + _PSEUDO_OUTCOMES * rate) / (totals["count"] + _PSEUDO_OUTCOMES)
    return np.asarray(shrunk, dtype=np.float64)


def base_rate(train: Dataset, test: Dataset) -> Floats:
    """Share of winners in the training rows."""
    return np.full(len(test), (train.label.sum() + 0.5) / (len(train) + 1.0))


def naive_bayes(train: Dataset, test: Dataset) -> Floats:
    """Naive Bayes over the lead's categorical attributes, as Odoo's predictive lead scoring counts them.

    Counts start at 0.1; the likelihood of a value is its share among all won (lost) counts of its field; values
    never seen are skipped.
    """
    won, lost = train.label.sum(), len(train) - train.label.sum()
    if won == 0 or lost == 0:
        return base_rate(train, test)
    log_won, log_lost = (np.full(len(test), np.log(total / len(train))) for total in (won, lost))
    for name in test.features.columns:
        if name.startswith("lead.") and isinstance(test.features[name].dtype, pd.CategoricalDtype):
            counts = _counts(train.features[name], train.label)
            shares = (counts / counts.sum()).map(np.log).reindex(test.features[name].astype(object))
            log_won += shares["won"].fillna(0.0).to_numpy()
            log_lost += shares["lost"].fillna(0.0).to_numpy()
    return np.asarray(1.0 / (1.0 + np.exp(np.clip(log_lost - log_won, -500, 500))))


def _counts(values: pd.Series, label: Floats) -> pd.DataFrame:
    rows = pd.DataFrame({"value": values.astype(object), "won": label, "lost": 1.0 - label})
    return rows.dropna(subset=["value"]).groupby("value")[["won", "lost"]].sum() + _UNSEEN


def popularity(train: Dataset, test: Dataset) -> Floats:
    """Partner's recent wins as a share of all candidates' of the lead."""
    return _shares(train, test, "wins_365", fallback="tries")


def stage_one(train: Dataset, test: Dataset) -> Floats:
    """Naive Bayes per partner over lead attributes, recency-weighted: the first stage alone."""
    return _shares(train, test, "affinity", fallback="wins_365")


def _shares(train: Dataset, test: Dataset, name: str, fallback: str) -> Floats:
    column = name if name in test.features else fallback
    if column not in test.features:
        return base_rate(train, test)
    winners_per_lead = train.label.sum() / max(len(np.unique(train.group)), 1)
    score = test.features[column].fillna(-20.0).to_numpy(np.float64)
    groups = pd.Series(test.group)
    weight = np.exp(score - pd.Series(score).groupby(groups).transform("max").to_numpy())
    total = pd.Series(weight).groupby(groups).transform("sum").to_numpy()
    return np.asarray(np.clip(weight / total * winners_per_lead, 1e-6, 1 - 1e-6), dtype=np.float64)


BASELINES: Mapping[str, Baseline] = {
    "partner win rate": partner_rate,
    "base rate": base_rate,
    "naive Bayes": naive_bayes,
}
"""On offers or deals with an outcome; the first answers when no model serves."""

WINS_BASELINES: Mapping[str, Baseline] = {
    "stage 1": stage_one,
    "popularity": popularity,
    "base rate": base_rate,
}
"""On wins alone."""

"""Whether training corrects for the earlier router's choice of pairs, where it logged its propensities."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from training.dataset import Dataset, Floats
from training.evaluation import Evaluation
from training.measures import log_losses
from training.splits import time_split
from training.tabular import MODEL, fit_model
from training.task import TrainingContext

PROPENSITY = "propensity"
_MOST_KNOWN = 0.5
"""Share of the first offers whose propensity must be known."""
_POWER = 0.5
"""Of the inverse propensity: half of the correction costs a third of the sample, all of it half and more."""
_CLIP = 10.0
"""By how much a weight differs from the middle one at most."""
_SURE = 2.0
"""Standard errors."""
UNKNOWN = (
    "The history names no propensity of its offers: what the earlier router knew and the store does not know "
    "cannot be corrected for (docs/models/match.md)."
)


@dataclass(frozen=True, eq=False)
class Correction:
    """Data set as it is to be learned from, whether it is weighted, and what to say of it."""

    dataset: Dataset
    weighted: bool
    note: str


def importance(propensity: Floats, power: float = _POWER) -> Floats:
    """Return weights of rows by the propensity of their offer, clipped, with mean 1; shape (n,).

    Rows without a known one (NaN, or not in (0, 1]) weigh 1.

    Examples
    --------
    >>> importance(np.array([0.4, 0.1, np.nan, 0.4])).round(3).tolist()
    [0.75, 1.5, 1.0, 0.75]
    """
    known = (propensity > 0) & (propensity <= 1)
    weight = np.ones(len(propensity))
    if known.any():
        inverse = propensity[known] ** -power
        inverse = np.clip(inverse / np.median(inverse), 1 / _CLIP, _CLIP)
        weight[known] = inverse / inverse.mean()
    return weight


def effective(weight: Floats) -> float:
    """Return how many evenly weighted rows tell as much (Kish 1965).

    Examples
    --------
    >>> effective(np.array([1.0, 1.0, 2.0])).__round__(2)
    2.67
    """
    return float(weight.sum() ** 2 / np.maximum((weight**2).sum(), 1e-300))


def corrected(dataset: Dataset, evaluation: Evaluation, context: TrainingContext) -> Correction:
    """Weight rows by inverse propensities if that serves later offers better, weighted back to all candidates.

    Parameters
    ----------
    dataset : Dataset
        Of pairs; propensities stand in ``extra``.
    evaluation : Evaluation
        Of the model without weights, on the rows that `time_split` sets aside.
    context : TrainingContext
        Seed, threads.

    Notes
    -----
    The plain loss of offered pairs favours no correction, so the later rows are weighted by full inverse propensities
    (self-normalised); better means by more than two standard errors.
    """
    known = dataset.known_by(context.until)
    if PROPENSITY not in known.extra or not _mostly_known(known):
        return Correction(dataset, False, UNKNOWN)
    weighted = _weighted(dataset)
    split = time_split(known.as_of, known.known_at, label=known.label, group=known.group, seed=context.seed)
    told = _told(known.extra)
    rows = f"Propensities are known of {int(told.sum()):,} offers; weighting by them"
    weights = importance(known.extra[PROPENSITY].to_numpy(np.float64))[told]
    rows += f" leaves an effective sample of {effective(weights):,.0f}"
    if evaluation.predictions is None or not told[split.test].any():
        return Correction(dataset, False, f"{rows}: too few later offers to try it, p_win is not corrected.")
    if not np.ptp(weights):
        return Correction(dataset, False, f"{rows}: they are all alike, and there is nothing to correct.")
    model = fit_model(weighted.known_by(context.until).take(split.train), context, members=0)
    ours = np.asarray(model.predict(known.features.iloc[split.test]).p, dtype=np.float64)
    plain = evaluation.predictions[MODEL].to_numpy(np.float64)
    gain, error = _difference(known.take(split.test), ours, plain)
    better = gain < -_SURE * error
    verdict = "corrected for the earlier router's choice" if better else "not corrected: it does not serve better"
    note = (
        f"{rows}. Loss on later offers, weighted back to all candidates, {gain:+.4f} ± {error:.4f}: p_win is {verdict}."
    )
    return Correction(weighted if better else dataset, better, note)


def _mostly_known(known: Dataset) -> bool:
    first = known.extra.assign(lead=known.group, at=known.as_of).sort_values("at", kind="stable")
    first = first.drop_duplicates("lead")
    return len(first) > 0 and bool(_told(first).mean() >= _MOST_KNOWN)


def _told(rows: pd.DataFrame) -> np.ndarray:
    propensity = rows[PROPENSITY].to_numpy(np.float64)
    return np.asarray((propensity > 0) & (propensity <= 1))


def _weighted(dataset: Dataset) -> Dataset:
    weight = importance(dataset.extra[PROPENSITY].to_numpy(np.float64))
    sooner = dataset.sooner
    if sooner is not None and PROPENSITY in sooner.extra:
        sooner = replace(sooner, weight=importance(sooner.extra[PROPENSITY].to_numpy(np.float64)))
    return replace(dataset, weight=weight, sooner=sooner)


def _difference(test: Dataset, ours: Floats, plain: Floats) -> tuple[float, float]:
    """Weighted mean of the difference in loss on the rows with propensities, and its standard error."""
    told = _told(test.extra)
    weight = importance(test.extra[PROPENSITY].to_numpy(np.float64), 1.0)[told]
    difference = (log_losses(test.label, ours) - log_losses(test.label, plain))[told]
    mean = float(np.average(difference, weights=weight))
    return mean, float(np.sqrt(((weight * (difference - mean)) ** 2).sum()) / weight.sum())

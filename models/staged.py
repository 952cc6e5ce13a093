"""Probability of an event that takes two steps: that the first is taken, times that the second follows.

Each step has its own model. Where the first is seen far more often than the event (offers are answered before deals
are won), and depends on other things, two models learn more from the same rows than one of the event itself.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from models.columns import Features
from models.frame import Floats
from models.intervals import Belief
from models.probability import Factors, Prediction, ProbabilityModel

FIRST, SECOND = "first", "second"
ENOUGH = 100
"""Rows of the rarer outcome of each step, below which one model of the event knows more than two of its steps."""
MOST_TREES = 0.25
"""What trees weigh at most. Pairs that are asked about differ from those that somebody chose to try: a line goes on
where trees stand still, and validation on tried pairs cannot see it."""
ALIKE = 0.8
"""Of what is thought hidden of subjects: pairs are described from two sides, and those that look alike differ less."""
_CLOSE = 1e-6


def worth_staging(first: Floats, y: Floats) -> bool:
    """Whether both steps have been seen to succeed and to fail often enough.

    Parameters
    ----------
    first, y : ndarray of float64, shape (n,)
        1 where the first step was taken; 1 where the event happened.

    Examples
    --------
    >>> worth_staging(np.ones(1000), np.arange(1000.0) % 2)
    False
    """
    taken = first > 0
    of_second = min(y[taken].sum(), (1 - y[taken]).sum())
    return bool(min(taken.sum(), (~taken).sum(), of_second) >= ENOUGH)


@dataclass(frozen=True, eq=False)
class Sooner:
    """Rows of which only the first step is known yet; none when the model was asked about before them.

    Parameters
    ----------
    X : DataFrame
        Columns as of the other rows.
    first, as_of, group : arrays of shape (n,)
        1 where the first step was taken; instant; group.
    weight : array of shape (n,), optional
        On the scale of the other rows' weights.
    days : float
        After which the first step is known.
    """

    X: pd.DataFrame
    first: Floats
    as_of: Any
    group: Any
    weight: Any = None
    days: float = 0.0


class StagedModel:
    """P(first step) times P(event | first step), each a `ProbabilityModel`.

    Parameters
    ----------
    seed, threads, members : int
        As for `ProbabilityModel`.

    Notes
    -----
    Contributions: the log-odds of the product are a function of the log-odds of both steps; what each step moved is
    its Shapley value (Shapley 1953; of two players, so two orders), shared among the features as within the step. They
    add up exactly. Intervals: both errors by the delta method, as if independent.
    """

    def __init__(self, *, seed: int = 7, threads: int = 2, members: int = 5) -> None:
        self.first = ProbabilityModel(seed=seed, threads=threads, members=members)
        self.second = ProbabilityModel(seed=seed, threads=threads, members=members)

    def fit(
        self,
        X: pd.DataFrame,
        y: Any,
        first: Any,
        *,
        as_of: Any,
        group: Any = None,
        weight: Any = None,
        embargo_days: float = 0.0,
        sooner: Sooner | None = None,
    ) -> Self:
        """Fit both steps.

        Parameters as for `ProbabilityModel.fit`; `first` is 1 where the first step was taken, `sooner` holds rows that
        tell of the first step only.
        """
        taken = np.asarray(first, dtype=np.float64) > 0
        rows = np.flatnonzero(taken)
        at, outcome = np.asarray(as_of), np.asarray(y, dtype=np.float64)
        groups = None if group is None else np.asarray(group)
        weights = None if weight is None else np.asarray(weight)
        self._fit_first(X, taken.astype(np.float64), at, groups, weights, embargo_days, sooner)
        self.second.fit(
            X.iloc[rows],
            outcome[rows],
            as_of=at[rows],
            group=None if groups is None else groups[rows],
            weight=None if weights is None else weights[rows],
            embargo_days=embargo_days,
        )
        for step in (self.first, self.second):
            step.cap_trees(MOST_TREES)
            step.draw_together(ALIKE)
        return self

    def _fit_first(
        self, X: pd.DataFrame, taken: Floats, at: Any, group: Any, weight: Any, days: float, sooner: Sooner | None
    ) -> None:
        if sooner is not None and len(sooner.X):
            if weight is not None or sooner.weight is not None:
                parts = ((taken, weight), (sooner.first, sooner.weight))
                weight = np.concatenate([np.ones(len(y)) if own is None else own for y, own in parts])
            if group is not None:
                group = np.concatenate([group, sooner.group])
            X, taken = pd.concat([X, sooner.X], ignore_index=True), np.concatenate([taken, sooner.first])
            at, days = np.concatenate([at, np.asarray(sooner.as_of)]), min(days, sooner.days)
        self.first.fit(X, taken, as_of=at, group=group, weight=weight, embargo_days=days)

    @property
    def choice_(self) -> str:
        """What validation chose, for the second step if the two differ."""
        return self.second.choice_

    @property
    def feature_names_(self) -> list[str]:
        """Columns seen in ``fit``."""
        return self.first.feature_names_

    @property
    def validation_(self) -> dict[str, float]:
        """Log-loss of each candidate of each step."""
        return {
            f"{step}: {name}": loss
            for step, model in ((FIRST, self.first), (SECOND, self.second))
            for name, loss in model.validation_.items()
        }

    def predict(self, X: Features) -> Prediction:
        """Probabilities with 80 % intervals; raises as `ProbabilityModel.predict` does."""
        return self.believe(X).prediction()

    def believe(self, X: Features) -> Belief:
        """Return what is thought of the true log-odds of the product; raises as `ProbabilityModel.believe` does."""
        return self.believe_steps(X)[0]

    def believe_steps(self, X: Features) -> tuple[Belief, Belief]:
        """Return what is thought of the true log-odds of the product, and of those of the first step."""
        one, two = self.first.believe(X), self.second.believe(X)
        a, c = expit(one.z), expit(two.z)
        z, slopes = _product(one.z, two.z), ((1 - a) / (1 - a * c), (1 - c) / (1 - a * c))
        moved = sum(slope * (step.middle - step.z) for slope, step in zip(slopes, (one, two), strict=True))
        deviation = np.hypot(slopes[0] * one.deviation, slopes[1] * two.deviation)
        return Belief(z, z + moved, deviation), one

    def explain(self, X: Features) -> Factors:
        """Contribution of each feature to the log-odds of the product."""
        (one_base, one), (two_base, two) = self.first.contributions(X), self.second.contributions(X)
        a, c = one_base + one.sum(axis=1), two_base + two.sum(axis=1)
        shares = _shares(one_base, a, two_base, c), _shares(two_base, c, one_base, a)
        parts = one * shares[0][:, None] + two * shares[1][:, None]
        z = logit(Prediction(*([expit(a) * expit(c)] * 3)).p)
        index = X.index if isinstance(X, pd.DataFrame) else None
        return Factors(z - parts.sum(axis=1), pd.DataFrame(parts, columns=self.feature_names_, index=index))

    def save(self, folder: Path) -> None:
        """Write both steps into folders below `folder`."""
        self.first.save(folder / FIRST)
        self.second.save(folder / SECOND)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote; predictions are the same."""
        model = cls()
        model.first = ProbabilityModel.load(folder / FIRST)
        model.second = ProbabilityModel.load(folder / SECOND)
        return model


AnyProbability = ProbabilityModel | StagedModel


def load_probability(folder: Path) -> AnyProbability:
    """Read whichever of the two was saved into `folder`."""
    return StagedModel.load(folder) if (folder / FIRST).is_dir() else ProbabilityModel.load(folder)


def _product(a: Floats, c: Floats) -> Floats:
    """Log-odds of the product of two probabilities given by their log-odds."""
    return np.asarray(-np.logaddexp(np.logaddexp(-a, -c), -a - c))


def _shares(base: Floats, z: Floats, other_base: Floats, other: Floats) -> Floats:
    """Return what a unit of log-odds of a step adds to those of the product: its Shapley value over its move."""
    moved = z - base
    here = _product(z, other_base) - _product(base, other_base)
    there = _product(z, other) - _product(base, other)
    slope = (1 - expit(z)) / (1 - expit(z) * expit(other))
    still = np.abs(moved) < _CLOSE
    return np.where(still, slope, 0.5 * (here + there) / np.where(still, 1.0, moved))

"""Calibrated probability of an event from a mixed frame, with intervals and additive factors."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy.special import logit

from domain.errors import InvalidInput
from models.calibration import LOGIT_LIMIT, Platt
from models.columns import Features
from models.frame import Floats, Ints, Schema, Table
from models.intervals import (
    DISAGREEMENT,
    LEVEL,
    LINEAR,
    TREES,
    Z80,
    Belief,
    Prediction,
    belief,
    hidden,
    interval,
    smooth,
    spread,
    unseen,
)
from models.linear import LinearModel, fit_linear
from models.prior import BaseRate, base_rate, design_effect
from models.probability_offset import Offset, offset_column
from models.probability_search import Plan, Rows, search
from models.probability_splits import DAY, Fold, group_codes, microseconds, random_folds, telling, time_folds
from models.trees import TreesModel, fit_trees, presets

__all__ = ["Factors", "Prediction", "ProbabilityModel"]

FILE = "probability.json"
FORMAT = 1
MIN_FOR_FEATURES = 5  # rows of the rarer class, below which only the base rate is used
MIN_FOR_TREES = 100
DRAWS = 20
REFERENCE_ROWS = 500


@dataclass(frozen=True)
class Factors:
    """What moved each probability, on the log-odds scale.

    Attributes
    ----------
    base : ndarray of float64, shape (n,)
        Log-odds before any feature is looked at.
    contributions : DataFrame, shape (n, features)
        Signed; ``base + contributions.sum(axis=1) == logit(p)``.
    """

    base: Floats
    contributions: pd.DataFrame


class ProbabilityModel:
    """Calibrated probability of an event: prior, regularised linear, LightGBM or a blend, by time-split validation.

    Parameters
    ----------
    seed : int, default=7
        Of everything random; the same seed and rows give the same model.
    threads : int, default=2
        Threads of LightGBM.
    members : int, default=5
        Bootstrap members of the trees, for the intervals.
    trees : bool, default=True
        Whether trees are tried at all; without them it extrapolates.

    Attributes
    ----------
    choice_ : str
        What validation chose: ``prior``, ``linear``, ``trees`` or ``blend``.
    feature_names_ : list of str
        Columns seen in ``fit``.
    n_rows_, n_positive_ : int
        Rows and positive rows seen in ``fit``.
    validation_ : dict of str to float
        Log-loss of each candidate on the inner validation rows; empty where there was none.

    Notes
    -----
    The inner validation rows are the latest ones (Bergmeir & Benítez 2012 for why), or grouped random folds where
    the instants hardly differ. Blends are linear on the log-odds scale, and so is the calibration (Platt 1999, shrunk
    to the identity): contributions of the parts, coefficients for the linear model and TreeSHAP for the trees,
    therefore add up exactly. All is then refitted on all rows. Intervals hold the spread of bootstrap members (groups
    resampled whole), the posterior of the linear model, the disagreement of the candidates and the uncertainty of the
    calibration.

    Examples
    --------
    >>> x = pd.DataFrame({"visits": np.arange(200.0) % 20})
    >>> y = (x["visits"] > 12).astype(float)
    >>> days = pd.Series(pd.date_range("2024-01-01", periods=200, unit="us"))
    >>> prediction = ProbabilityModel(members=2).fit(x, y, as_of=days).predict(x.head(20))
    >>> bool(prediction.p[19] > 0.9 and prediction.p[0] < 0.1)
    True
    """

    choice_: str
    feature_names_: list[str]
    n_rows_: int
    n_positive_: int
    validation_: dict[str, float]

    def __init__(self, *, seed: int = 7, threads: int = 2, members: int = 5, trees: bool = True) -> None:
        self.seed = seed
        self.threads = threads
        self.members = members
        self.trees = trees

    def fit(
        self,
        X: pd.DataFrame,
        y: Any,
        *,
        as_of: Any,
        group: Any = None,
        weight: Any = None,
        embargo_days: float = 0.0,
        offset: str | None = None,
        linear_only: Collection[str] = (),
    ) -> Self:
        """Choose and fit.

        Parameters
        ----------
        X : DataFrame, shape (n, features)
            ``float64`` columns (NaN missing) and ``category`` columns of strings.
        y : array-like, shape (n,)
            Outcomes, 0 or 1.
        as_of : array-like of datetime64, shape (n,)
            Instant of each row: gives the order in time for inner validation.
        group : array-like, shape (n,), optional
            Rows of one group (a partner) are resampled and held out together.
        weight : array-like, shape (n,), optional
            Non-negative row weights; only their ratios matter.
        embargo_days : float, default=0
            In the inner time split, rows less than this before the validation rows are not fitted on. The label
            horizon is right where label windows overlap.
        offset : str, optional
            Numeric column with log-odds of the event known from elsewhere (a buy-till-you-die model): all candidates
            start from it instead of the base rate, and learn what is to be added. Its contribution stands under
            its own name.
        linear_only : collection of str, optional
            Numeric columns that trees do not see: many weak ones of a kind, among which trees with few rows find
            little but chance.

        Raises
        ------
        InvalidInput
            If lengths differ, an outcome is not 0 or 1, a weight is negative or not finite, a column stands twice, or
            the offset is no numeric column.
        """
        outcome, weights = _outcome(y, len(X)), _weights(weight, len(X))
        if len(np.asarray(as_of)) != len(X):
            raise InvalidInput(f"as_of has {len(np.asarray(as_of))} values for {len(X)} rows.")
        schema = Schema.learn(X)
        start = None if offset is None else offset_column(schema, offset)
        hidden = tuple(j for j, i in enumerate(schema.numeric_positions) if schema.names[i] in linear_only)
        rows = Rows(schema, schema.table(X), outcome, weights, start, hidden)
        groups = np.arange(len(X)) if group is None else group_codes(group)
        deff = design_effect(outcome, weights, groups) if group is not None else 1.0
        self._schema, self._rate = schema, base_rate(outcome, weights, deff)
        level = rows.level(np.arange(len(X)), deff)
        self._offset = level if isinstance(level, Offset) else None
        self.feature_names_ = list(schema.names)
        self.n_rows_, self.n_positive_ = len(X), int(outcome.sum())
        self._linear: LinearModel | None = None
        self._trees: TreesModel | None = None
        self._platt, self._shares, self._average, self._hidden = Platt(), (0.0, 0.0), 0.0, 0.0
        plan = self._search(rows, microseconds(as_of), groups, deff, round(embargo_days * DAY))
        self.choice_, self.validation_ = "prior", {}
        if plan is not None:
            self._refit(rows, groups, plan, deff)
        return self

    def cap_trees(self, most: float) -> None:
        """Give what the trees weigh beyond `most` to the linear model: for rows unlike those of the fit."""
        linear, trees = self._shares
        if trees > most and self._linear is not None:
            self._shares = (linear + trees - most, most)

    def draw_together(self, share: float) -> None:
        """Hold that those who look alike differ by this share of what is otherwise thought of them."""
        self._hidden *= share

    def predict(self, X: Features) -> Prediction:
        """Probabilities with 80 % intervals.

        Raises
        ------
        FeatureSetMismatch
            If a column of the fit is missing or of another kind.
        """
        if self._linear is not None or self._offset is not None:
            return self.believe(X).prediction()
        low, high = (np.full(len(X), bound) for bound in self._rate.interval(LEVEL))
        return Prediction(interval(self._z(self._said(X)), np.zeros(len(X))).p, low, high)

    def believe(self, X: Features) -> Belief:
        """Return what is thought of the true log-odds, of which `predict` gives probabilities and intervals.

        Raises
        ------
        FeatureSetMismatch
            If a column of the fit is missing or of another kind.
        """
        said = self._said(X)
        z = self._z(said)
        if self._linear is not None:
            return belief(z, self._variance(said, z), self._hidden)
        if self._offset is not None:
            return belief(z, self._offset.platt.variance(self._offset.raw(said.table)) + self._missed)
        low, high = (float(logit(bound)) for bound in self._rate.interval(LEVEL))
        return belief(z, np.full(len(z), ((high - low) / (2 * Z80)) ** 2))

    def explain(self, X: Features) -> Factors:
        """Contribution of each feature on the log-odds scale; with the base they add up to ``logit(p)``.

        Raises
        ------
        FeatureSetMismatch
            If a column of the fit is missing or of another kind.
        """
        base, parts = self.contributions(X)
        index = X.index if isinstance(X, pd.DataFrame) else None
        return Factors(base, pd.DataFrame(parts, columns=self.feature_names_, index=index))

    def contributions(self, X: Features) -> tuple[Floats, Floats]:
        """Return what `explain` says as arrays: base (n,), and contributions (n, features) in their order."""
        said = self._said(X)
        parts = np.zeros((len(said.table), len(self.feature_names_)))
        linear, trees = self._shares
        if self._linear is not None and linear:
            parts += self._platt.slope * linear * self._linear.contributions_of(said.design)
        if self._trees is not None and trees:
            parts += self._platt.slope * trees * self._trees.contributions(said.table)
        if self._offset is not None:
            parts[:, self._offset.feature] += self._platt.slope * self._offset.contributions(said.table)
        z = self._z(said)
        return np.clip(z, -LOGIT_LIMIT, LOGIT_LIMIT) - parts.sum(axis=1), parts

    def save(self, folder: Path) -> None:
        """Write ``probability.json`` and LightGBM text files into a folder, which is made if need be."""
        folder.mkdir(parents=True, exist_ok=True)
        data = {
            "format": FORMAT,
            "seed": self.seed,
            "threads": self.threads,
            "members": self.members,
            "try_trees": self.trees,
            "choice": self.choice_,
            "rows": self.n_rows_,
            "positive": self.n_positive_,
            "validation": self.validation_,
            "schema": self._schema.to_json(),
            "rate": [self._rate.successes, self._rate.failures],
            "offset": None if self._offset is None else self._offset.to_json(),
            "platt": self._platt.to_json(),
            "shares": list(self._shares),
            "average": self._average,
            "hidden": self._hidden,
            "linear": None if self._linear is None else self._linear.to_json(),
            "trees": None if self._trees is None else len(self._trees.members),
        }
        (folder / FILE).write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        if self._trees is not None:
            self._trees.save(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote; predictions are the same."""
        data = json.loads((folder / FILE).read_text(encoding="utf-8"))
        model = cls(seed=data["seed"], threads=data["threads"], members=data["members"], trees=data["try_trees"])
        model.choice_, model.validation_ = data["choice"], data["validation"]
        model.n_rows_, model.n_positive_ = data["rows"], data["positive"]
        model._schema = Schema.from_json(data["schema"])
        model.feature_names_ = list(model._schema.names)
        model._rate = BaseRate(*data["rate"])
        model._offset = None if data["offset"] is None else Offset.from_json(data["offset"])
        model._platt = Platt.from_json(data["platt"])
        model._shares = (data["shares"][0], data["shares"][1])
        model._average, model._hidden = data["average"], data["hidden"]
        model._linear = None if data["linear"] is None else LinearModel.from_json(data["linear"])
        trees = data["trees"]
        model._trees = None if trees is None else TreesModel.load(folder, model._schema, trees, data["threads"])
        return model

    def _search(self, rows: Rows, as_of: Ints, groups: Ints, deff: float, embargo: int) -> Plan | None:
        minority = _minority(rows.y)
        if minority < MIN_FOR_FEATURES or not rows.schema.names:
            return None
        folds, keep_shift = self._folds(rows.y, as_of, groups, minority, embargo)
        if not folds:
            return None
        size = min(len(fold.train) for fold in folds)
        rarer = min(_minority(rows.y[fold.train]) for fold in folds)
        tried = self.trees and minority >= MIN_FOR_TREES
        candidates = presets(size, rarer, seed=self.seed, threads=self.threads) if tried else []
        return search(rows, folds, candidates, keep_shift=keep_shift, deff=deff)

    def _folds(self, y: Floats, as_of: Ints, groups: Ints, minority: int, embargo: int) -> tuple[list[Fold], float]:
        by_time = time_folds(as_of, y, embargo)
        if by_time and telling(by_time, y):
            # The refit sees the validation rows, and so moves its level by their share of the drift itself.
            return by_time, 1.0 - len(by_time[0].valid) / len(y)
        at_random = random_folds(groups, y, 3 if minority >= 500 else 5, self.seed)
        return at_random or by_time, 1.0

    def _refit(self, rows: Rows, groups: Ints, plan: Plan, deff: float) -> None:
        start = None if self._offset is None else self._offset.logits(rows.table)
        self._linear = fit_linear(
            rows.schema, rows.table, rows.y, rows.weight, plan.stiffness, worth=1 / deff,
            start=start, group=groups, draws=DRAWS, seed=self.seed,
        )  # fmt: skip
        if plan.params and plan.trees_weight:
            params = presets(len(rows.y), _minority(rows.y), seed=self.seed, threads=self.threads)
            chosen = plan.params if len(params) == 1 else params[0 if plan.params["num_leaves"] == 4 else -1]
            draws = np.random.default_rng(self.seed).exponential(size=(self.members, int(groups.max()) + 1))
            self._trees = fit_trees(
                rows.schema, rows.for_trees(rows.table), rows.y, rows.weight, chosen, round(1.1 * plan.rounds),
                threads=self.threads, member_weights=draws[:, groups], start=start,
            )  # fmt: skip
        self.choice_, self.validation_ = plan.choice, plan.losses
        self._platt, self._shares = plan.platt, (plan.linear_weight, plan.trees_weight)
        sample = np.random.default_rng(self.seed).permutation(len(rows.y))[:REFERENCE_ROWS]
        table = rows.table.take(sample)
        if self._trees is not None:
            self._average = float(spread(self._trees.member_logits(table), self._trees.logits(table)).mean())
        said = _Said(table, self._linear, self._trees)
        z = self._z(said)
        own = self._variance(said, z) - self._missed
        self._hidden = hidden(float(z.var() + own.mean())) if self.choice_ != "prior" or self._offset else 0.0

    def _said(self, X: Features) -> "_Said":
        return _Said(self._schema.table(X), self._linear, self._trees)

    def _z(self, said: "_Said") -> Floats:
        """Calibrated log-odds before clipping."""
        linear, trees = self._shares
        if self._offset is not None:
            z = self._offset.logits(said.table)
        elif self.choice_ == "prior":
            return np.full(len(said.table), float(logit(self._rate.p)))
        else:
            z = np.full(len(said.table), (1 - linear - trees) * float(logit(self._rate.p)))
        if self._linear is not None and linear:
            z += linear * said.by_line
        if self._trees is not None and trees:
            z += trees * said.by_trees
        return self._platt.apply(z)

    @property
    def _missed(self) -> float:
        return unseen(min(self._rate.successes, self._rate.failures))

    def _variance(self, said: "_Said", z: Floats) -> Floats:
        """Variance of the calibrated log-odds z; the errors of the parts count as going together."""
        missed = self._missed
        own = LINEAR * spread(said.lines, said.by_line)
        if self.choice_ == "prior":
            return own + self._rate.logit_variance + missed
        share = self._shares[1]
        # What the base rate takes of the blend is no better known than what the linear model says of it.
        deviation = (1 - share) * np.sqrt(own)
        apart = np.zeros(len(z))
        if self._trees is not None and share:
            own = spread(self._trees.member_logits(said.table), said.by_trees)
            deviation += share * np.sqrt(TREES * smooth(own, len(self._trees.members), self._average))
            apart = DISAGREEMENT * share * (said.by_line - said.by_trees) ** 2
        return self._platt.slope**2 * (deviation**2 + apart) + self._platt.variance(z) + missed


@dataclass(frozen=True, eq=False)
class _Said:
    """What the parts say of some rows; each is asked once, however often its answer is needed."""

    table: Table
    linear: LinearModel | None
    trees: TreesModel | None

    @cached_property
    def design(self) -> Floats:
        """The rows as the linear model takes them."""
        return self._line.matrix(self.table)

    @cached_property
    def by_line(self) -> Floats:
        """Log-odds of the linear model."""
        return self._line.logits_of(self.design)

    @cached_property
    def lines(self) -> Floats:
        """Log-odds of its draws."""
        return self._line.member_logits_of(self.design)

    @cached_property
    def by_trees(self) -> Floats:
        """Log-odds of the trees."""
        if self.trees is None:
            raise RuntimeError("a model without trees was asked for theirs")
        return self.trees.logits(self.table)

    @property
    def _line(self) -> LinearModel:
        if self.linear is None:
            raise RuntimeError("a model without a linear part was asked for its own")
        return self.linear


def _outcome(y: Any, rows: int) -> Floats:
    values = np.asarray(pd.to_numeric(pd.Series(np.asarray(y))), dtype=np.float64)
    if len(values) != rows:
        raise InvalidInput(f"y has {len(values)} values for {rows} rows.")
    if not np.isin(values, (0.0, 1.0)).all():
        raise InvalidInput("y holds values other than 0 and 1; rows without a known outcome must be left out.")
    return values


def _weights(weight: Any, rows: int) -> Floats:
    if weight is None:
        return np.ones(rows)
    values = np.asarray(weight, dtype=np.float64)
    if values.shape != (rows,) or not np.isfinite(values).all() or (values < 0).any():
        raise InvalidInput(f"weight needs {rows} finite non-negative values.")
    mean = float(values.mean()) if rows else 1.0
    return values / mean if mean > 0 else np.ones(rows)


def _minority(y: Floats) -> int:
    positives = int(y.sum())
    return min(positives, len(y) - positives)

"""Expected amount given that the event happens: log scale, smeared back, shrunk to what is known of the segment."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import InvalidInput
from models.amount_parts import Ridge, SegmentMeans
from models.columns import Features
from models.frame import Floats, Ints, Schema, Table
from models.trees import TreesModel, fit_trees, presets, validate_trees

FILE = "amount.json"
TREES = "amount-trees"
FORMAT = 1
MIN_FOR_FEATURES = 20
MIN_FOR_TREES = 150
FOLDS = 5
PENALTIES = (3.0, 30.0, 300.0)
WINSOR = (0.01, 0.99)
STEPS = 10
QUANTILES = 101


class AmountModel:
    """Expected amount of an event, given that it happens.

    Parameters
    ----------
    seed : int, default=7
        Of everything random.
    threads : int, default=2
        Threads of LightGBM.

    Attributes
    ----------
    choice_ : str
        Parts with a weight, such as ``segment+trees``; ``constant`` where there is none.
    feature_names_ : list of str
        Columns seen in ``fit``.
    n_rows_ : int
        Amounts seen in ``fit``.
    overall_ : float
        Mean of the winsorised amounts, 0 without any.

    Notes
    -----
    ``log1p`` of the amounts, winsorised at their 1st and 99th percentile, is predicted by the shrunk means of the best
    segment, a ridge regression and LightGBM, weighted on held-out folds against the plain mean: what does not help out
    of sample gets no weight. Back to money by the smearing estimate (Duan 1983) over the held-out residuals, and a
    last factor that makes the held-out total right.

    Examples
    --------
    >>> deals = pd.DataFrame({"seats": np.arange(200.0)})
    >>> model = AmountModel().fit(deals, 100 + 10 * deals["seats"])
    >>> bool(model.predict(deals)[180] > 2 * model.predict(deals)[20])
    True
    """

    choice_: str
    feature_names_: list[str]
    n_rows_: int
    overall_: float

    def __init__(self, *, seed: int = 7, threads: int = 2) -> None:
        self.seed = seed
        self.threads = threads

    def fit(self, X: pd.DataFrame, amount: npt.ArrayLike) -> Self:
        """Choose and fit.

        Parameters
        ----------
        X : DataFrame, shape (n, features)
            ``float64`` and ``category`` columns.
        amount : array-like, shape (n,)
            Non-negative amounts in one currency; rows where it is missing are left out.

        Raises
        ------
        InvalidInput
            If lengths differ or an amount is negative.
        """
        values = np.asarray(amount, dtype=np.float64)
        if values.shape != (len(X),):
            raise InvalidInput(f"amount has shape {values.shape} for {len(X)} rows.")
        if (values < 0).any():
            raise InvalidInput("An amount is negative.")
        known = np.flatnonzero(np.isfinite(values))
        kept = _winsorised(values[known])
        self._schema = Schema.learn(X)
        self.feature_names_, self.n_rows_ = list(self._schema.names), len(known)
        self.overall_ = float(kept.mean()) if len(kept) else 0.0
        self._cap = float(kept.max()) if len(kept) else 0.0
        self._mean = float(np.log1p(kept).mean()) if len(kept) else 0.0
        self._parts: dict[str, SegmentMeans | Ridge | TreesModel] = {}
        self._shares: dict[str, float] = {}
        self._residuals, self._factor = np.zeros(1), 1.0
        if len(kept) >= MIN_FOR_FEATURES and self._schema.names and np.ptp(kept) > 0:
            self._learn(self._schema.table(X).take(known), kept)
        self.choice_ = "+".join(self._shares) or "constant"
        return self

    def predict(self, X: Features) -> Floats:
        """Give the expected amounts, shape (n,).

        Raises
        ------
        FeatureSetMismatch
            If a column of the fit is missing or of another kind.
        """
        table = self._schema.table(X)
        if not self._shares:
            return np.full(len(table), self.overall_)
        log_value = np.full(len(table), (1 - sum(self._shares.values())) * self._mean)
        for name, share in self._shares.items():
            log_value += share * _values(self._parts[name], table)
        return np.clip(self._factor * self._money(log_value), 0.0, self._cap)

    def save(self, folder: Path) -> None:
        """Write ``amount.json``, and LightGBM text in a folder ``amount-trees`` beside it."""
        folder.mkdir(parents=True, exist_ok=True)
        parts = {name: part.to_json() for name, part in self._parts.items() if not isinstance(part, TreesModel)}
        data: dict[str, Any] = {
            "format": FORMAT,
            "seed": self.seed,
            "threads": self.threads,
            "choice": self.choice_,
            "rows": self.n_rows_,
            "overall": self.overall_,
            "schema": self._schema.to_json(),
            "shares": self._shares,
            "parts": parts,
            "residuals": self._residuals.tolist(),
            "factor": self._factor,
            "cap": self._cap,
            "mean": self._mean,
        }
        (folder / FILE).write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        trees = self._parts.get("trees")
        if isinstance(trees, TreesModel):
            (folder / TREES).mkdir(exist_ok=True)
            trees.save(folder / TREES)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote; predictions are the same."""
        data = json.loads((folder / FILE).read_text(encoding="utf-8"))
        model = cls(seed=data["seed"], threads=data["threads"])
        model.choice_, model.n_rows_, model.overall_ = data["choice"], data["rows"], data["overall"]
        model._schema = Schema.from_json(data["schema"])
        model.feature_names_ = list(model._schema.names)
        model._shares = data["shares"]
        model._residuals, model._factor = np.array(data["residuals"]), data["factor"]
        model._cap, model._mean = data["cap"], data["mean"]
        kinds: dict[str, Callable[[Any], SegmentMeans | Ridge]] = {
            "segment": SegmentMeans.from_json,
            "linear": Ridge.from_json,
        }
        model._parts = {name: kinds[name](part) for name, part in data["parts"].items()}
        if "trees" in model._shares:
            model._parts["trees"] = TreesModel.load(folder / TREES, model._schema, 0, model.threads)
        return model

    def _learn(self, table: Table, amount: Floats) -> None:
        """Weigh the parts on held-out rows, then fit those with a weight on all rows."""
        target = np.log1p(amount)
        place = np.random.default_rng(self.seed).permutation(len(target)) % FOLDS
        folds = [(np.flatnonzero(place != k), np.flatnonzero(place == k)) for k in range(FOLDS)]
        level = np.empty_like(target)
        for train, valid in folds:
            level[valid] = target[train].mean()
        found = self._candidates(table, target, folds)
        shares, held = _weigh(target, level, {name: values for name, (values, _) in found.items()})
        self._shares = shares
        self._parts = {name: found[name][1](table, target) for name in shares}
        self._residuals = np.quantile(target - held, (np.arange(QUANTILES) + 0.5) / QUANTILES)
        total = float(np.minimum(self._money(held), self._cap).sum())
        self._factor = float(amount.sum()) / total if total > 0 else 1.0

    def _candidates(
        self, table: Table, target: Floats, folds: list[tuple[Ints, Ints]]
    ) -> dict[str, tuple[Floats, "Learner"]]:
        """Held-out values of each part, and how to fit it."""
        schema = self._schema
        learners: dict[str, list[Learner]] = {
            "segment": [
                lambda t, y, j=j, levels=levels: SegmentMeans.learn(j, levels, t, y)  # type: ignore[misc]
                for j, levels in enumerate(schema.level_counts)
            ],
            "linear": [lambda t, y, c=c: Ridge.learn(schema, c, t, y) for c in PENALTIES],  # type: ignore[misc]
        }
        if len(target) >= MIN_FOR_TREES:
            learners["trees"] = self._tree_learners(table, target, folds)
        found = {}
        for name, choices in learners.items():
            held = [_held_out(learner, table, target, folds) for learner in choices]
            if held:
                best = int(np.argmin([np.mean((target - values) ** 2) for values in held]))
                found[name] = (held[best], choices[best])
        return found

    def _tree_learners(self, table: Table, target: Floats, folds: list[tuple[Ints, Ints]]) -> list["Learner"]:
        """One learner for each preset, with its rounds chosen on one fold."""
        schema, threads, (train, valid) = self._schema, self.threads, folds[0]
        part = (table.take(train), target[train], np.ones(len(train)))
        held = (table.take(valid), target[valid], np.ones(len(valid)))
        learners: list[Learner] = []
        for params in presets(len(train), len(train), seed=self.seed, threads=self.threads, objective="regression"):
            rounds, _ = validate_trees(schema, params, [(*part, *held)])
            learners.append(
                lambda t, y, p=params, r=rounds: fit_trees(schema, t, y, np.ones(len(y)), p, r, threads=threads)  # type: ignore[misc]
            )
        return learners

    def _money(self, log_value: Floats) -> Floats:
        """Mean amount over the residuals, never negative."""
        return np.asarray(np.maximum(np.expm1(log_value[:, None] + self._residuals), 0.0).mean(axis=1))


Learner = Callable[[Table, Floats], SegmentMeans | Ridge | TreesModel]


def _values(part: SegmentMeans | Ridge | TreesModel, table: Table) -> Floats:
    return part.logits(table) if isinstance(part, TreesModel) else part.values(table)


def _held_out(learner: Learner, table: Table, target: Floats, folds: list[tuple[Ints, Ints]]) -> Floats:
    held = np.empty_like(target)
    for train, valid in folds:
        held[valid] = _values(learner(table.take(train), target[train]), table.take(valid))
    return held


def _weigh(target: Floats, level: Floats, held: dict[str, Floats]) -> tuple[dict[str, float], Floats]:
    """Weights (in tenths, the rest is the plain mean's) of least squared error, and the held-out blend."""
    parts = np.array([values - level for values in held.values()])
    grid = np.array([w for w in itertools.product(range(STEPS + 1), repeat=len(parts)) if sum(w) <= STEPS]) / STEPS
    gap = target - level
    # The squared error of every weighting from one small quadratic form.
    errors = np.einsum("gi,ij,gj->g", grid, parts @ parts.T, grid) - 2 * grid @ (parts @ gap)
    best = grid[int(np.argmin(errors))]
    return {name: float(w) for name, w in zip(held, best, strict=True) if w}, level + best @ parts


def _winsorised(amount: Floats) -> Floats:
    if len(amount) < MIN_FOR_FEATURES:
        return amount
    low, high = np.quantile(amount, WINSOR)
    return np.clip(amount, low, high)

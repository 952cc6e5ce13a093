"""The served churn model: probability of no sign of life over any horizon."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import logit

from domain.errors import FeatureSetMismatch, InvalidInput
from models.churn_curve import CURVE, curve
from models.churn_pool import PooledSilence
from models.intervals import Belief
from models.probability import Factors, Prediction, ProbabilityModel

__all__ = ["CURVE", "ChurnModel", "curve"]

FILE = "churn.json"
POOL = "pooled"
POOL_DAYS = (7, 14, 30, 60, 90, 180, 365, 730)
"""Horizons at which the pooled model is asked; in between the curve of silence gives the shape."""
_TINY = 1e-9
_FAR_DEVIATION = 0.25  # of the log-odds, for each unit of log horizon beyond the fitted ones

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Term:
    """A model's log-odds at a horizon, times a weight; ``part`` is None for the pooled model."""

    part: int | None
    days: float
    weight: float = 1.0


@dataclass(frozen=True)
class _Node:
    """A horizon at which the log-odds are a sum of models'; ``width`` weighs the widths of their intervals."""

    days: float
    terms: tuple[_Term, ...]
    width: tuple[_Term, ...]


@dataclass(frozen=True)
class _Place:
    """Where a horizon lies between the nodes: which two of them count, how much, and what is added."""

    left: int
    right: int
    share: Floats  # of the right one, shape (n,)
    shift: Floats  # log-odds, shape (n,)


class ChurnModel:
    """Probability that a partner shows no sign of life within a horizon.

    Parameters
    ----------
    parts : mapping of int to ProbabilityModel
        A fitted model per horizon in days.
    feature_set : mapping
        Description of the features that they expect; kept as it is.
    pool : PooledSilence, optional
        Answers for horizons longer than those of all parts.

    Notes
    -----
    At a fitted horizon the part's own probability answers. Longer ones are answered by the pooled model at a few fixed
    horizons, to which is added, in proportion of the horizons, by how much the longest part differs from it: what
    that one knows of features that the pooled model does not see fades. At shorter ones the first part answers, moved
    by what the pooled model sees between the two horizons. All is made non-rising along horizons. In
    between, before the first and beyond the last of them, and where there is no pooled model, the partner's curve of
    silence under the buy-till-you-die models (columns ``quiet_<days>``) gives the shape. All steps are linear in the
    models' log-odds, so their contributions still add up.
    """

    def __init__(
        self,
        parts: Mapping[int, ProbabilityModel],
        feature_set: Mapping[str, Any],
        pool: PooledSilence | None = None,
    ) -> None:
        if not parts:
            raise InvalidInput("A churn model needs at least one horizon.")
        self.parts = dict(sorted(parts.items()))
        self.feature_set = dict(feature_set)
        self.pool = pool

    @property
    def horizons_days(self) -> tuple[int, ...]:
        """Fitted horizons, ascending."""
        return tuple(self.parts)

    def predict(self, X: pd.DataFrame, horizon_days: float) -> Prediction:
        """Return probabilities with 80 % intervals at any horizon, shape (n,).

        Raises
        ------
        FeatureSetMismatch
            If a column of the fit is missing.
        """
        return self.believe(X, horizon_days).prediction()

    def believe(self, X: pd.DataFrame, horizon_days: float) -> Belief:
        """Return what is thought of the true log-odds at any horizon; raises as `predict` does."""
        nodes = self._nodes(horizon_days)
        place = _place(X, horizon_days, [node.days for node in nodes])
        found = {key: self._believe(X, *key) for key in _keys(nodes)}
        source, falling = self._falling(nodes, _part(found, "z"))
        z = _between(falling, place) + place.shift
        # A probability taken over from another horizon brings its interval along.
        moved = {key: one.middle - one.z for key, one in found.items()}
        moved_there, deviation = (
            _between(np.take_along_axis(np.column_stack([_sum(node.width, own) for node in nodes]), source, 1), place)
            for own in (moved, _part(found, "deviation"))
        )
        beyond = _FAR_DEVIATION * max(np.log(horizon_days / max(nodes[-1].days, self.horizons_days[-1])), 0.0)
        return Belief(z, z + moved_there, np.hypot(deviation, beyond))

    def explain(self, X: pd.DataFrame, horizon_days: float) -> Factors:
        """Return contributions of each feature on the log-odds scale; with the base they add up to ``logit(p)``.

        Raises
        ------
        FeatureSetMismatch
            If a column of the fit is missing.
        """
        nodes = self._nodes(horizon_days)
        place = _place(X, horizon_days, [node.days for node in nodes])
        explained = {key: self._explain(X, *key) for key in _keys(nodes)}
        z = {key: factors.base + factors.contributions.to_numpy().sum(axis=1) for key, factors in explained.items()}
        source, _ = self._falling(nodes, z)
        names = list(dict.fromkeys(name for factors in explained.values() for name in factors.contributions.columns))
        moved = np.zeros((len(X), len(names)))
        for k, node in enumerate(nodes):
            weight = np.where(source[:, place.left] == k, 1 - place.share, 0.0)
            weight += np.where(source[:, place.right] == k, place.share, 0.0)
            for term in node.terms:
                parts = explained[term.part, term.days].contributions
                columns = [names.index(name) for name in parts.columns]
                moved[:, columns] += (weight * term.weight)[:, None] * parts.to_numpy()
        p = np.clip(self.predict(X, horizon_days).p, _TINY, 1 - _TINY)
        return Factors(logit(p) - moved.sum(axis=1), pd.DataFrame(moved, columns=names, index=X.index))

    def save(self, folder: Path) -> None:
        """Write ``churn.json``, one folder per horizon, and one of the pooled model."""
        folder.mkdir(parents=True, exist_ok=True)
        data = {"horizons_days": list(self.parts), "feature_set": self.feature_set, "pooled": self.pool is not None}
        (folder / FILE).write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        for horizon, part in self.parts.items():
            part.save(folder / f"days_{horizon}")
        if self.pool is not None:
            self.pool.save(folder / POOL)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote; predictions are the same."""
        data = json.loads((folder / FILE).read_text(encoding="utf-8"))
        parts = {days: ProbabilityModel.load(folder / f"days_{days}") for days in data["horizons_days"]}
        return cls(parts, data["feature_set"], PooledSilence.load(folder / POOL) if data["pooled"] else None)

    def part(self, name: str) -> ProbabilityModel:
        """Return the model of the horizon called `name` (days).

        Raises
        ------
        FeatureSetMismatch
            If that horizon was not fitted.
        """
        for horizon, part in self.parts.items():
            if str(horizon) == name:
                return part
        raise FeatureSetMismatch(f"The churn model has no horizon of {name} days, only {list(self.parts)}.", part=name)

    def _nodes(self, horizon_days: float) -> list[_Node]:
        """Return the horizons that are looked at to answer one.

        All up to the first that is not shorter; for one before all parts, those from just before it to the first part.
        """
        if horizon_days <= 0:
            raise InvalidInput(f"A horizon is a positive number of days, not {horizon_days}.", field="horizon_days")
        first, last = self.horizons_days[0], self.horizons_days[-1]
        pooled = () if self.pool is None else POOL_DAYS
        if horizon_days < first:
            before = [days for days in pooled if days < first]
            kept = before[max(int(np.searchsorted(before, horizon_days, side="right")) - 1, 0) :]
            return [self._node(days) for days in (*kept, first)]
        asked = [*self.parts, *(days for days in pooled if days > last)]
        return [self._node(days) for days in asked[: int(np.searchsorted(asked, horizon_days)) + 1]]

    def _node(self, days: int) -> _Node:
        if days in self.parts:
            own = (_Term(days, days),)
            return _Node(days, own, own)
        shorter = days < self.horizons_days[0]
        near = self.horizons_days[0 if shorter else -1]
        kept = 1.0 if shorter else near / days
        part, pool = _Term(near, near, kept), _Term(None, days)
        return _Node(days, (pool, part, _Term(None, near, -kept)), (part, _Term(None, days, 1 - kept)))

    def _falling(self, nodes: Sequence[_Node], z: Mapping[tuple[int | None, float], Floats]) -> tuple[Ints, Floats]:
        """Return log-odds at the nodes made non-rising, and which node each comes from; parts rule over the pool."""
        found = np.column_stack([_sum(node.terms, z) for node in nodes])
        return _lifted(found) if nodes[0].days < self.horizons_days[0] else _lowered(found)

    def _believe(self, X: pd.DataFrame, part: int | None, days: float) -> Belief:
        if part is not None:
            return self.parts[part].believe(X)
        assert self.pool is not None  # noqa: S101 - nodes name it only where there is one
        return self.pool.believe(X, days)

    def _explain(self, X: pd.DataFrame, part: int | None, days: float) -> Factors:
        if part is not None:
            return self.parts[part].explain(X)
        assert self.pool is not None  # noqa: S101 - nodes name it only where there is one
        return self.pool.explain(X, days)


def _keys(nodes: Sequence[_Node]) -> list[tuple[int | None, float]]:
    """Name each model and horizon once."""
    return list(dict.fromkeys((term.part, term.days) for node in nodes for term in node.terms))


def _part(beliefs: Mapping[tuple[int | None, float], Belief], name: str) -> dict[tuple[int | None, float], Floats]:
    return {key: getattr(one, name) for key, one in beliefs.items()}


def _between(values: Floats, place: "_Place") -> Floats:
    """Read values of shape (n, nodes) at a place."""
    return np.asarray((1 - place.share) * values[:, place.left] + place.share * values[:, place.right])


def _sum(terms: Sequence[_Term], values: Mapping[tuple[int | None, float], Floats]) -> Floats:
    return np.asarray(sum(term.weight * values[term.part, term.days] for term in terms))


def _place(X: pd.DataFrame, horizon_days: float, nodes: Sequence[float]) -> _Place:
    right = int(np.searchsorted(nodes, horizon_days))
    none = np.zeros(len(X))
    if right < len(nodes) and nodes[right] == horizon_days:
        return _Place(right, right, none, none)
    here = curve(X, horizon_days)
    if right == 0 or right == len(nodes):
        nearest = 0 if right == 0 else right - 1
        return _Place(nearest, nearest, none, here - curve(X, nodes[nearest]))
    before, after = curve(X, nodes[right - 1]), curve(X, nodes[right])
    gap, plain = before - after, np.log(horizon_days / nodes[right - 1]) / np.log(nodes[right] / nodes[right - 1])
    share = np.where(gap > _TINY, (before - here) / np.where(gap > _TINY, gap, 1.0), plain)
    return _Place(right - 1, right, np.clip(share, 0.0, 1.0), none)


def _lowered(z: Floats) -> tuple[Ints, Floats]:
    """Make log-odds of shape (n, horizons) non-rising by lowering; also which horizon each now comes from."""
    falling = np.minimum.accumulate(z, axis=1)
    source = np.maximum.accumulate(np.where(z <= falling, np.arange(z.shape[1]), 0), axis=1)
    return source.astype(np.int64), falling


def _lifted(z: Floats) -> tuple[Ints, Floats]:
    """Do the same by lifting the shorter horizons."""
    source, falling = _lowered(-z[:, ::-1])
    return z.shape[1] - 1 - source[:, ::-1], -falling[:, ::-1]

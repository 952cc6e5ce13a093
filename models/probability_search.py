"""What to fit: candidates compared on held-out rows, blended, and calibrated on the same held-out rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.calibration import LOGIT_LIMIT, Platt, fit_platt
from models.frame import Floats, Ints, Schema, Table
from models.linear import STIFFNESSES, stiffness_path
from models.prior import base_logit
from models.probability_offset import Offset
from models.probability_splits import Fold
from models.trees import Params, validate_trees

STEPS = 10
FEW = 15.0
TREES_COST = 1.3  # how much more complex than a linear model trees count


@dataclass(frozen=True)
class Plan:
    """Outcome of the search: what to fit on all rows, and how to calibrate it.

    Attributes
    ----------
    stiffness, params, rounds : float, dict, int
        Of the linear model and of the trees.
    linear_weight, trees_weight : float
        Weights on the log-odds scale; what is left to one belongs to the base rate.
    platt : Platt
        Calibration of the blend.
    losses : dict of str to float
        Validation log-loss by candidate.
    """

    stiffness: float
    params: Params
    rounds: int
    linear_weight: float
    trees_weight: float
    platt: Platt
    losses: dict[str, float]

    @property
    def choice(self) -> str:
        """Name of what came out: prior, linear, trees or blend."""
        if self.linear_weight and self.trees_weight:
            return "blend"
        return "linear" if self.linear_weight else "trees" if self.trees_weight else "prior"


@dataclass(frozen=True)
class Rows:
    """Training rows with outcome and weight; the column of log-odds known from elsewhere; columns hidden from trees."""

    schema: Schema
    table: Table
    y: Floats
    weight: Floats
    offset: tuple[int, int] | None = None
    hidden: tuple[int, ...] = ()

    def for_trees(self, table: Table) -> Table:
        """Give a table to fit trees on: columns hidden from them are empty, so that none splits there."""
        if not self.hidden:
            return table
        numbers = table.numbers.copy()
        numbers[:, list(self.hidden)] = np.nan
        return Table(numbers, table.codes)

    def level(self, train: Ints, deff: float) -> "Offset | float":
        """Learn from the rows at ``train`` what holds before any feature is looked at."""
        y, weight = self.y[train], self.weight[train]
        if self.offset is None:
            return base_logit(y, weight)
        return Offset.learn(*self.offset, self.table.take(train), y, weight / deff)


def search(rows: Rows, folds: Sequence[Fold], candidates: Sequence[Params], *, keep_shift: float, deff: float) -> Plan:
    """Compare prior, linear model, trees and their blends.

    Parameters
    ----------
    rows : Rows
        All training rows.
    folds : sequence of Fold
        At least one.
    candidates : sequence of dict
        Tree parameters to try; none leaves trees out.
    keep_shift : float
        See ``fit_platt``.
    deff : float
        Design effect of groups: so many rows carry the information of one.
    """
    held = np.concatenate([fold.valid for fold in folds])
    y, weight = rows.y[held], rows.weight[held]
    parts, starts = [_part(rows, fold) for fold in folds], [_starts(rows, fold, deff) for fold in folds]
    prior = np.concatenate([known for _, known in starts])
    offsets = None if rows.offset is None else starts
    stiffness, linear = _best_linear(rows.schema, parts, offsets, y, weight, deff)
    params, rounds, trees = _best_trees(rows, parts, offsets, candidates, y, weight)
    losses = {"prior": log_loss(prior, y, weight), "linear": log_loss(linear, y, weight)}
    if trees is None:
        grid = [(i / STEPS, 0.0) for i in range(STEPS + 1)]
        trees = prior
    else:
        losses["trees"] = log_loss(trees, y, weight)
        grid = [(i / STEPS, j / STEPS) for i in range(STEPS + 1) for j in range(STEPS + 1 - i)]
    grid.sort(key=lambda shares: (shares[0] + TREES_COST * shares[1], shares[1]))
    blends = np.array([_blend(prior, linear, trees, *shares) for shares in grid])
    best = simplest(blends, y, weight) if trees is prior else evenest(grid, blends, y, weight, deff)
    losses["blend"] = log_loss(blends[best], y, weight)
    platt = fit_platt(blends[best], y, weight / deff, keep_shift=keep_shift)
    return Plan(stiffness, params, rounds, *grid[best], platt, losses)


def simplest(candidates: Floats, y: Floats, weight: Floats, deff: float = 1.0) -> int:
    """Find the first candidate whose loss is as good as the best one's, within what chance allows.

    Parameters
    ----------
    candidates : ndarray of float64, shape (candidates, n)
        Log-odds, the simplest candidate first.
    y, weight : ndarray of float64, shape (n,)
        Outcomes and weights.
    deff : float, default=1
        So many rows carry the information of one.

    Notes
    -----
    A soft one-standard-error rule (Breiman et al. 1984): half a standard error of the difference with few rows of
    the rarer class, next to nothing with many. Picking the very best of many on few rows chases noise.
    """
    z = np.clip(candidates, -LOGIT_LIMIT, LOGIT_LIMIT)
    rows = (np.logaddexp(0.0, z) - y * z) * weight
    means = rows.mean(axis=1)
    best = int(np.argmin(means))
    error = (rows - rows[best]).std(axis=1) * np.sqrt(deff / len(y))
    rarer = min(float(y.sum()), float(len(y) - y.sum()))
    tolerance = min(0.5, FEW / max(rarer, 1.0))
    return int(np.argmax(means - means[best] <= tolerance * error))


def evenest(grid: Sequence[tuple[float, float]], blends: Floats, y: Floats, weight: Floats, deff: float) -> int:
    """Find the blend that leans least on either part and is as good as the best one, within what chance allows.

    Parameters
    ----------
    grid : sequence of (float, float)
        Weights of linear model and trees.
    blends : ndarray of float64, shape (len(grid), n)
        Log-odds.
    y, weight : ndarray of float64, shape (n,)
        Outcomes and weights.
    deff : float
        So many rows carry the information of one.

    Notes
    -----
    Validation rows of partners that were seen in training flatter trees, which recognise them; an average of unlike
    models errs less than either where the choice between them is a matter of chance (Smith & Wallis 2009).
    """
    z = np.clip(blends, -LOGIT_LIMIT, LOGIT_LIMIT)
    rows = (np.logaddexp(0.0, z) - y * z) * weight
    means = rows.mean(axis=1)
    best = int(np.argmin(means))
    error = (rows - rows[best]).std(axis=1) * np.sqrt(deff / len(y))
    good = np.flatnonzero(means - means[best] <= error)
    return min(good.tolist(), key=lambda k: (1 - sum(grid[k]), abs(grid[k][0] - grid[k][1])))


def log_loss(z: Floats, y: Floats, weight: Floats) -> float:
    """Weighted mean log-loss of log-odds."""
    clipped = np.clip(z, -LOGIT_LIMIT, LOGIT_LIMIT)
    return float(np.average(np.logaddexp(0.0, clipped) - y * clipped, weights=weight))


def _blend(prior: Floats, linear: Floats, trees: Floats, linear_weight: float, trees_weight: float) -> Floats:
    return (1 - linear_weight - trees_weight) * prior + linear_weight * linear + trees_weight * trees


Part = tuple[Table, Floats, Floats, Table, Floats, Floats]
Starts = Sequence[tuple[Floats, Floats]] | None


def _part(rows: Rows, fold: Fold) -> Part:
    train, valid = fold.train, fold.valid
    seen = (rows.table.take(train), rows.y[train], rows.weight[train])
    return (*seen, rows.table.take(valid), rows.y[valid], rows.weight[valid])


def _starts(rows: Rows, fold: Fold, deff: float) -> tuple[Floats, Floats]:
    level = rows.level(fold.train, deff)
    if isinstance(level, float):
        return np.full(len(fold.train), level), np.full(len(fold.valid), level)
    return level.logits(rows.table.take(fold.train)), level.logits(rows.table.take(fold.valid))


def _best_linear(
    schema: Schema, parts: Sequence[Part], starts: Starts, y: Floats, weight: Floats, deff: float
) -> tuple[float, Floats]:
    paths = []
    for k, (train, train_y, train_weight, valid, _, _) in enumerate(parts):
        known, held = (None, 0.0) if starts is None else starts[k]
        found = stiffness_path(schema, train, train_y, train_weight, valid, start=known, worth=1 / deff)
        paths.append(found + held)
    logits = np.concatenate(paths, axis=1)
    best = simplest(logits, y, weight, deff)
    return STIFFNESSES[best], logits[best]


def _best_trees(
    rows: Rows,
    parts: Sequence[Part],
    starts: Starts,
    candidates: Sequence[Params],
    y: Floats,
    weight: Floats,
) -> tuple[Params, int, Floats | None]:
    best: tuple[Params, int, Floats | None] = ({}, 0, None)
    least = np.inf
    known = 0.0 if starts is None else np.concatenate([held for _, held in starts])
    shown = [(rows.for_trees(part[0]), part[1], part[2], rows.for_trees(part[3]), part[4], part[5]) for part in parts]
    for params in candidates:
        rounds, scores = validate_trees(rows.schema, params, shown, starts)
        logits = np.concatenate(scores) + known
        loss = log_loss(logits, y, weight)
        if loss < least:
            least, best = loss, (params, rounds, logits)
    return best

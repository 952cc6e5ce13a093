"""Regularised logistic regression on mixed tables, with a posterior for its coefficients."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit

from models.frame import Floats, Ints, Schema, Table
from models.linear_design import Design
from models.linear_evidence import column_families, evidence_penalties

STIFFNESSES = (1.0, 4.0, 16.0, 64.0)
EVIDENCE_ROWS = 2_500
MAX_STEPS = 30
TOLERANCE = 1e-8


@dataclass(frozen=True)
class LinearModel:
    """Logistic regression with a ridge penalty.

    Attributes
    ----------
    design : Design
        Recipe of the design matrix.
    coefficients : ndarray of float64, shape (1 + columns,)
        The intercept first.
    draws : ndarray of float64, shape (draws, 1 + columns)
        Coefficients as they might as well have been.
    features : int
        Number of features of the schema.

    Notes
    -----
    A draw is ``b + H^-1 (sqrt(penalty) e + sum_g u_g s_g)`` with ``H`` the penalised Hessian, ``s_g`` the score of
    group g, ``e`` and ``u_g`` standard normal. With independent rows its covariance is ``H^-1``: the Bayesian posterior
    of a ridge regression, whose intervals cover on average over the rows, bias by shrinkage included (Nychka 1988).
    With groups the middle is the cluster-robust one (Liang & Zeger 1986).
    """

    design: Design
    coefficients: Floats
    draws: Floats
    features: int

    def logits(self, table: Table) -> Floats:
        """Log-odds, shape (n,)."""
        return self.logits_of(self.matrix(table))

    def member_logits(self, table: Table) -> Floats:
        """Log-odds of each draw, shape (draws, n)."""
        return self.member_logits_of(self.matrix(table))

    def contributions(self, table: Table) -> Floats:
        """Coefficient times distance from the mean, summed by feature, shape (n, features)."""
        return self.contributions_of(self.matrix(table))

    def matrix(self, table: Table) -> Floats:
        """Return what `logits_of` and the like take, for who asks several of them: shape (n, 1 + columns)."""
        return _with_ones(self.design.matrix(table))

    def logits_of(self, matrix: Floats) -> Floats:
        """Do as `logits`."""
        # einsum adds up in the same order whatever the number of rows; a BLAS product does not.
        return np.asarray(np.einsum("nk,k->n", matrix, self.coefficients))

    def member_logits_of(self, matrix: Floats) -> Floats:
        """Do as `member_logits`."""
        return np.asarray(np.einsum("mk,nk->mn", self.draws, matrix))

    def contributions_of(self, matrix: Floats) -> Floats:
        """Do as `contributions`."""
        return self.design.by_feature(matrix[:, 1:] * self.coefficients[1:], self.features)

    def to_json(self) -> dict[str, Any]:
        """Give a JSON-serialisable description."""
        return {
            "design": self.design.to_json(),
            "coefficients": self.coefficients.tolist(),
            "draws": self.draws.tolist(),
            "features": self.features,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what ``to_json`` gave."""
        coefficients = np.array(data["coefficients"], dtype=np.float64)
        draws = np.array(data["draws"], dtype=np.float64).reshape(-1, len(coefficients))
        return cls(Design.from_json(data["design"]), coefficients, draws, int(data["features"]))


def fit_linear(  # noqa: PLR0913
    schema: Schema,
    table: Table,
    y: Floats,
    weight: Floats,
    stiffness: float,
    *,
    start: Floats | None = None,
    worth: float = 1.0,
    group: Ints | None = None,
    draws: int = 0,
    seed: int = 0,
) -> LinearModel:
    """Fit one model.

    Parameters
    ----------
    schema, table : Schema, Table
        Training rows.
    y, weight : ndarray of float64, shape (n,)
        Outcomes 0 or 1 of both classes; weights of mean one.
    stiffness : float
        The penalties, relative to those at which the rows are most probable. Half a penalty times the squared
        coefficient is added to the log-loss summed over rows.
    start : ndarray of float64, shape (n,), optional
        Log-odds known from elsewhere: the model is what is to be added to them.
    worth : float, default=1
        What a row is worth of an independent one.
    group : ndarray of int64, optional
        Rows that belong together, for the draws.
    draws, seed : int
        How many alternative coefficient vectors, and their randomness.
    """
    design, weight = Design.learn(schema, table, squares=True), weight * worth
    matrix = _with_ones(design.matrix(table))
    known = np.zeros(len(y)) if start is None else start
    penalty = stiffness * _penalties(schema, design, matrix, y, weight, known, seed)
    coefficients = solve_logistic(matrix, y, weight, penalty, offset=known)
    p = expit(known + matrix @ coefficients)
    alternatives = _draws(matrix, weight * (y - p), weight * p * (1 - p), penalty, coefficients, group, draws, seed)
    return LinearModel(design, coefficients, alternatives, len(schema.names))


def stiffness_path(
    schema: Schema,
    train: Table,
    y: Floats,
    weight: Floats,
    valid: Table,
    *,
    start: Floats | None = None,
    worth: float = 1.0,
    seed: int = 0,
) -> Floats:
    """Log-odds of ``valid`` under each of ``STIFFNESSES`` (less what ``start`` says), shape (stiffnesses, n)."""
    design, weight = Design.learn(schema, train, squares=True), weight * worth
    matrix, other = _with_ones(design.matrix(train)), _with_ones(design.matrix(valid))
    known = np.zeros(len(y)) if start is None else start
    penalty = _penalties(schema, design, matrix, y, weight, known, seed)
    result = np.empty((len(STIFFNESSES), len(valid)))
    beta: Floats | None = None
    for i in range(len(STIFFNESSES) - 1, -1, -1):  # from stiff to loose, each starting where the last ended
        beta = solve_logistic(matrix, y, weight, STIFFNESSES[i] * penalty, beta, offset=known)
        result[i] = other @ beta
    return result


def _penalties(
    schema: Schema, design: Design, matrix: Floats, y: Floats, weight: Floats, known: Floats, seed: int
) -> Floats:
    """Penalties by evidence, shape (1 + columns,), from as many rows as it takes."""
    if len(y) > EVIDENCE_ROWS:
        rows = np.random.default_rng(seed).permutation(len(y))[:EVIDENCE_ROWS]
        matrix, y, weight, known = matrix[rows], y[rows], weight[rows], known[rows]

    return evidence_penalties(matrix, y, weight, column_families(schema, design), known)


def solve_logistic(
    matrix: Floats,
    y: Floats,
    weight: Floats,
    penalty: float | Floats,
    start: Floats | None = None,
    *,
    offset: Floats | None = None,
) -> Floats:
    """Minimise the penalised log-loss by Newton's method with step halving.

    The first column is the intercept and goes unpenalised. Begins at the coefficients ``start``; ``offset`` is added
    to the log-odds with the fixed coefficient one.
    """
    ridge = np.array(np.broadcast_to(penalty, matrix.shape[1]), dtype=np.float64)
    ridge[0] = 1e-6
    known = np.zeros(len(y)) if offset is None else offset
    beta = _start(matrix, y, weight, known) if start is None else start
    loss = _objective(known + matrix @ beta, beta, y, weight, ridge)
    for _ in range(MAX_STEPS):
        p = expit(known + matrix @ beta)
        gradient = matrix.T @ (weight * (p - y)) + ridge * beta
        step = cho_solve(_hessian(matrix, weight * p * (1 - p), ridge), gradient)
        if float(np.abs(step).max()) < TOLERANCE:
            break
        size = 1.0
        while size > 1e-4:
            tried = beta - size * step
            new = _objective(known + matrix @ tried, tried, y, weight, ridge)
            if new <= loss:
                break
            size /= 2
        else:
            break
        beta, gain, loss = tried, loss - new, new
        if gain < TOLERANCE:
            break
    return beta


def _with_ones(matrix: Floats) -> Floats:
    return np.column_stack([np.ones(len(matrix)), matrix])


def _start(matrix: Floats, y: Floats, weight: Floats, known: Floats) -> Floats:
    beta = np.zeros(matrix.shape[1])
    rate = (weight @ y + 0.5) / (weight.sum() + 1.0)
    beta[0] = np.log(rate / (1 - rate)) - float(np.average(known, weights=weight) if weight.any() else 0.0)
    return beta


def _objective(z: Floats, beta: Floats, y: Floats, weight: Floats, ridge: Floats) -> float:
    return float(weight @ (np.logaddexp(0.0, z) - y * z) + 0.5 * (ridge @ beta**2))


def _hessian(matrix: Floats, curvature: Floats, ridge: Floats) -> tuple[Floats, bool]:
    hessian = matrix.T @ (matrix * curvature[:, None])
    hessian[np.diag_indices_from(hessian)] += ridge
    factor: tuple[Floats, bool] = cho_factor(hessian)
    return factor


def _draws(
    matrix: Floats,
    residual: Floats,
    curvature: Floats,
    penalty: float | Floats,
    beta: Floats,
    group: Ints | None,
    draws: int,
    seed: int,
) -> Floats:
    if not draws:
        return np.empty((0, len(beta)))
    random = np.random.default_rng(seed)
    owner = np.arange(len(residual)) if group is None else group
    multiplier = random.standard_normal((draws, int(owner.max()) + 1))[:, owner]
    ridge = np.array(np.broadcast_to(penalty, len(beta)), dtype=np.float64)
    ridge[0] = 1e-6
    noise = (multiplier * residual) @ matrix + np.sqrt(ridge) * random.standard_normal((draws, len(beta)))
    return np.asarray(beta + cho_solve(_hessian(matrix, curvature, ridge), noise.T).T)

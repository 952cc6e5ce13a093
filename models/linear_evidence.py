"""Penalties of a logistic regression by the evidence of the rows: one for each family of columns, no held-out rows."""

import re

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit

from models.frame import Floats, Ints, Schema
from models.linear_design import Design

LEAST, MOST = 1.0, 1e5
FIRST = 50.0
STEPS = 14
FREE_STEPS = 2  # of Newton, before the penalties move
MOST_STEP = 2.0
CLOSE = 0.02
FAMILY = 6  # numbered or prefixed columns, from so many on, that are a family of their own
_STEM = re.compile(r"^(.*?)[_:]?\d+$")


def column_families(schema: Schema, design: Design) -> Ints:
    """Family of each column of a design: numbers, their squares, gaps, indicators, and long series of names.

    Returns
    -------
    ndarray of int64, shape (columns,)
    """
    stems = [_stem(name) for name in schema.names]
    counts = {stem: stems.count(stem) for stem in set(stems)}
    told = {column.feature for column in design.numeric if column.constant}
    kinds = []
    for feature, kind in zip(design.source, design.kinds, strict=True):
        stem = stems[int(feature)]
        own = kind == "number" or int(feature) in told
        kinds.append(stem if own and stem and counts[stem] >= FAMILY else f":{kind}")
    return np.asarray(np.unique(kinds, return_inverse=True)[1], dtype=np.int64)


def _stem(name: str) -> str:
    numbered = _STEM.match(name)
    if numbered:
        return numbered.group(1)
    return name.split(":", 1)[0] if ":" in name else ""


def evidence_penalties(matrix: Floats, y: Floats, weight: Floats, families: Ints, offset: Floats) -> Floats:
    """Find penalties at which the rows are most probable.

    Parameters
    ----------
    matrix : ndarray of float64, shape (n, 1 + columns)
        Ones first.
    y, weight : ndarray of float64, shape (n,)
        Outcomes, and what each row is worth of an independent one.
    families : ndarray of int64, shape (columns,)
        Columns that share a penalty.
    offset : ndarray of float64, shape (n,)
        Log-odds known from elsewhere.

    Returns
    -------
    ndarray of float64, shape (1 + columns,)
        The intercept's is next to nothing.

    Notes
    -----
    MacKay's (1992) fixed point on the Laplace approximation, a Newton step and a step of the penalties in turn: a
    penalty is the number of directions that the rows determine over the sum of their squared coefficients.
    """
    ridge = np.full(matrix.shape[1], FIRST)
    ridge[0] = 1e-6
    beta = np.zeros(len(ridge))
    for step in range(STEPS):
        p = expit(offset + matrix @ beta)
        hessian = matrix.T @ (matrix * (weight * p * (1 - p))[:, None])
        hessian[np.diag_indices_from(hessian)] += ridge
        covariance = cho_solve(cho_factor(hessian), np.eye(len(ridge)))
        beta = beta - np.clip(covariance @ (matrix.T @ (weight * (p - y)) + ridge * beta), -MOST_STEP, MOST_STEP)
        if step < FREE_STEPS:
            continue
        new = _better(ridge, beta, np.diag(covariance), families)
        moved = float(np.abs(np.log(new / ridge)).max())
        ridge = new
        if moved < CLOSE:
            break
    return ridge


def _better(ridge: Floats, beta: Floats, variance: Floats, families: Ints) -> Floats:
    new = ridge.copy()
    for family in range(int(families.max(initial=-1)) + 1):
        own = 1 + np.flatnonzero(families == family)
        determined = len(own) - float(ridge[own] @ variance[own])
        new[own] = np.clip((determined + 1e-3) / (float(beta[own] @ beta[own]) + 1e-6), LEAST, MOST)
    return new

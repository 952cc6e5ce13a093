"""Predictors of a log amount that the amount model weighs: segment means and a ridge regression."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from models.frame import Floats, Schema, Table
from models.linear_design import Design

LEVEL_ROWS = 10.0  # rows' worth of the overall mean that a level's mean is shrunk with


@dataclass(frozen=True)
class SegmentMeans:
    """Mean by level of one categorical feature, shrunk to the overall mean.

    Attributes
    ----------
    column : int
        Of the table's codes.
    means : ndarray of float64, shape (levels + 2,)
        By level, then rare ones, then missing and unseen.
    """

    column: int
    means: Floats

    def values(self, table: Table) -> Floats:
        """Mean of each row's level, shape (n,)."""
        return self.means[table.codes[:, self.column]]

    @classmethod
    def learn(cls, column: int, levels: int, table: Table, target: Floats) -> Self:
        """Learn the means of one column."""
        codes = table.codes[:, column] % (levels + 2)  # -1, missing, becomes the last
        sums = np.bincount(codes, weights=target, minlength=levels + 2)
        counts = np.bincount(codes, minlength=levels + 2)
        return cls(column, (sums + LEVEL_ROWS * target.mean()) / (counts + LEVEL_ROWS))

    def to_json(self) -> dict[str, Any]:
        """Give a JSON-serialisable description."""
        return {"column": self.column, "means": self.means.tolist()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what ``to_json`` gave."""
        return cls(int(data["column"]), np.array(data["means"], dtype=np.float64))


@dataclass(frozen=True)
class Ridge:
    """Least squares on the design of the linear models, with penalised coefficients.

    Attributes
    ----------
    design : Design
        Recipe of the design matrix.
    intercept : float
        Mean of the target.
    coefficients : ndarray of float64, shape (columns,)
        Of the centred design.
    """

    design: Design
    intercept: float
    coefficients: Floats

    def values(self, table: Table) -> Floats:
        """Predicted target, shape (n,)."""
        # einsum adds up in the same order whatever the number of rows; a BLAS product does not.
        return np.asarray(self.intercept + np.einsum("nk,k->n", self.design.matrix(table), self.coefficients))

    @classmethod
    def learn(cls, schema: Schema, penalty: float, table: Table, target: Floats) -> Self:
        """Fit with a given penalty on the squared coefficients."""
        design = Design.learn(schema, table)
        matrix, centre = design.matrix(table), float(target.mean())
        gram = matrix.T @ matrix
        gram[np.diag_indices_from(gram)] += penalty
        return cls(design, centre, cho_solve(cho_factor(gram), matrix.T @ (target - centre)))

    def to_json(self) -> dict[str, Any]:
        """Give a JSON-serialisable description."""
        return {
            "design": self.design.to_json(),
            "intercept": self.intercept,
            "coefficients": self.coefficients.tolist(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what ``to_json`` gave."""
        return cls(Design.from_json(data["design"]), float(data["intercept"]), np.array(data["coefficients"]))

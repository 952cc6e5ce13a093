"""Log-odds known from elsewhere, in a column: what every candidate starts from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from domain.errors import InvalidInput
from models.calibration import LOGIT_LIMIT, Platt, fit_platt
from models.frame import Floats, Schema, Table

LEVEL_SD = 1.5


@dataclass(frozen=True)
class Offset:
    """A column of log-odds, calibrated.

    Attributes
    ----------
    column : int
        Position among the numeric columns of the tables.
    feature : int
        Position among all features.
    fill : float
        What a missing value counts as: the training mean.
    platt : Platt
        Calibration of the column; with few outcomes it is hardly more than a shift of the level.

    Notes
    -----
    The linear model and the trees learn what is to be added, so that its coefficient is one unless the rows show
    otherwise; the column also is a feature like others, through which they may bend it.
    """

    column: int
    feature: int
    fill: float
    platt: Platt

    @classmethod
    def learn(cls, column: int, feature: int, table: Table, y: Floats, weight: Floats) -> Self:
        """Calibrate the column on training rows; ``weight`` counts what each row is worth of an independent one."""
        values = table.numbers[:, column]
        known = values[~np.isnan(values)]
        fill = float(np.clip(known, -LOGIT_LIMIT, LOGIT_LIMIT).mean()) if len(known) else 0.0
        bare = cls(column, feature, fill, Platt())
        return cls(column, feature, fill, fit_platt(bare.raw(table), y, weight, shift_sd=LEVEL_SD))

    def raw(self, table: Table) -> Floats:
        """Give the column's log-odds as they are, bounded, shape (n,)."""
        values = table.numbers[:, self.column]
        return np.clip(np.where(np.isnan(values), self.fill, values), -LOGIT_LIMIT, LOGIT_LIMIT)

    def logits(self, table: Table) -> Floats:
        """Give calibrated log-odds, shape (n,)."""
        return self.platt.apply(self.raw(table))

    def contributions(self, table: Table) -> Floats:
        """Give what the column adds to the level, shape (n,)."""
        return self.platt.slope * (self.raw(table) - self.platt.centre)

    def to_json(self) -> dict[str, Any]:
        """Give a JSON-serialisable description."""
        return {"column": self.column, "feature": self.feature, "fill": self.fill, "platt": self.platt.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what ``to_json`` gave."""
        return cls(data["column"], data["feature"], data["fill"], Platt.from_json(data["platt"]))


def offset_column(schema: Schema, name: str) -> tuple[int, int]:
    """Find the column called ``name``: its positions among the numeric columns and among all.

    Raises
    ------
    InvalidInput
        If there is none, or it holds text.
    """
    if name not in schema.names or name in schema.levels:
        raise InvalidInput(f"The offset {name!r} must be one of the numeric columns.", field="offset", value=name)
    feature = schema.names.index(name)
    return schema.numeric_positions.tolist().index(feature), feature

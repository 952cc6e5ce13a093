"""The baseline of fit: how often companies of the same segment had the outcome."""

from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import beta

from models.prior import BaseRate
from models.probability import Prediction

_STRENGTH = 20.0


class SegmentRates:
    """Rate of an event per segment, shrunk to the overall rate, which is shrunk to one in two by a single row.

    Examples
    --------
    >>> rates = SegmentRates().fit(["a"] * 100 + ["b"] * 100, [1.0] * 60 + [0.0] * 140)
    >>> rates.predict(["a", "b", "new"]).p.round(2)
    array([0.55, 0.05, 0.3 ])
    """

    def fit(self, segment: npt.ArrayLike, event: npt.ArrayLike) -> Self:
        """Count; no rows at all are allowed. ``None`` is a segment of its own."""
        happened = pd.Series(np.asarray(event, dtype=np.float64))
        grouped = happened.groupby(np.asarray(segment, dtype=object).astype(str))
        self._counts = grouped.agg(["sum", "count"])
        self.overall_ = BaseRate(float(happened.sum()), float((1 - happened).sum()))
        self._strength = min(_STRENGTH, len(happened) + 1.0)
        return self

    def predict(self, segment: npt.ArrayLike) -> Prediction:
        """Return the rate of each row's segment with its central 80 % interval."""
        own = self._counts.reindex(np.asarray(segment, dtype=object).astype(str)).fillna(0.0)
        yes = own["sum"].to_numpy() + self._strength * self.overall_.p
        no = own["count"].to_numpy() - own["sum"].to_numpy() + self._strength * (1 - self.overall_.p)
        p = yes / (yes + no)
        return Prediction(p, np.asarray(beta.ppf(0.1, yes, no)), np.asarray(beta.ppf(0.9, yes, no)))

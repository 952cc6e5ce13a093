"""The baseline of churn: how often partners that had been silent as long stayed silent."""

from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.stats import beta

from models.probability import Prediction

Floats = npt.NDArray[np.float64]

_EDGES = np.array([1, 2, 4, 7, 14, 21, 30, 45, 60, 90, 120, 180, 270, 365, 730], dtype=np.float64)
_PRIOR = 10.0
_TAIL = 0.1


class RecencyBands:
    """Rate of an event by bands of days since the last sign of life, shrunk to the overall rate.

    Notes
    -----
    A band's rate counts the overall one as ten rows, the overall one is that of a Jeffreys prior; intervals are the
    central 80 % of the Beta posterior. Silence of unknown length is a band of its own.

    Examples
    --------
    >>> bands = RecencyBands().fit(np.array([1.0] * 50 + [100.0] * 50), np.array([0.0] * 50 + [1.0] * 50))
    >>> bands.predict(np.array([1.0, 100.0, np.nan])).p.round(2)
    array([0.08, 0.92, 0.5 ])
    """

    def fit(self, days_since: npt.ArrayLike, event: npt.ArrayLike) -> Self:
        """Count; no rows at all are allowed.

        Parameters
        ----------
        days_since : array-like of float, shape (n,)
            NaN for unknown.
        event : array-like of float, shape (n,)
            0 or 1.
        """
        happened = np.asarray(event, dtype=np.float64)
        band = _band(days_since)
        overall = (happened.sum() + 0.5) / (len(happened) + 1.0)
        strength = min(_PRIOR, len(happened) + 1.0)
        yes = np.bincount(band, weights=happened, minlength=len(_EDGES) + 2)
        n = np.bincount(band, minlength=len(_EDGES) + 2)
        self._yes, self._no = yes + strength * overall, n - yes + strength * (1 - overall)
        self.n_rows_ = len(happened)
        return self

    def predict(self, days_since: npt.ArrayLike) -> Prediction:
        """Return the rate of each row's band with its interval."""
        band = _band(days_since)
        yes, no = self._yes[band], self._no[band]
        p = yes / (yes + no)
        return Prediction(p, beta.ppf(_TAIL, yes, no), beta.ppf(1 - _TAIL, yes, no))


def _band(days_since: npt.ArrayLike) -> npt.NDArray[np.intp]:
    value = np.asarray(days_since, dtype=np.float64)
    return np.where(np.isnan(value), len(_EDGES) + 1, np.searchsorted(_EDGES, value, side="right"))

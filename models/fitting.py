"""Where boosters are fitted: one after the other in this process, or wherever training sends them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

import lightgbm as lgb

from models.frame import Floats

_SHAPELESS = ("seed", "learning_rate", "num_leaves")
"""Parameters that do not shape the bins, which see no weights either."""
_ALL_SEEN = 200_000
"""Rows up to which LightGBM looks at all to find the bins; beyond, the seed draws those that it looks at."""


@dataclass(frozen=True, eq=False)
class BoosterRows:
    """Rows that several boosters are fitted on.

    Parameters
    ----------
    matrix : ndarray of float64, shape (n, features)
        Numbers, then codes of categories; NaN for missing.
    y : ndarray of float64, shape (n,)
        Outcomes.
    start : ndarray of float64, shape (n,), optional
        Log-odds known from elsewhere.
    categorical : int
        So many of the last columns are categories.
    """

    matrix: Floats
    y: Floats
    start: Floats | None
    categorical: int

    @property
    def names(self) -> list[str]:
        """Names of the columns in the model."""
        return [f"f{i}" for i in range(self.matrix.shape[1])]

    @property
    def categories(self) -> list[int]:
        """Positions of the categorical columns."""
        width = self.matrix.shape[1]
        return list(range(width - self.categorical, width))


@dataclass(frozen=True, eq=False)
class BoosterFit:
    """One booster to be fitted.

    Parameters
    ----------
    params : dict
        Of LightGBM.
    rounds : int
        Trees.
    weight : ndarray of float64, shape (n,)
        Of the rows.
    """

    params: dict[str, Any]
    rounds: int
    weight: Floats


class Fitter(Protocol):
    """Fits boosters, independent of each other, on the same rows."""

    def __call__(self, rows: BoosterRows, fits: Sequence[BoosterFit]) -> list[str]:
        """Return each booster in LightGBM's text form."""


def fit_booster(rows: BoosterRows, fit: BoosterFit) -> str:
    """Fit one booster here; return its text."""
    return str(lgb.train(fit.params, booster_dataset(rows, fit), fit.rounds).model_to_string())


def booster_dataset(rows: BoosterRows, fit: BoosterFit) -> Any:
    """Return rows as LightGBM takes them."""
    return lgb.Dataset(
        rows.matrix,
        label=rows.y,
        weight=fit.weight,
        init_score=rows.start,
        feature_name=rows.names,
        categorical_feature=rows.categories,
        params=fit.params,
        free_raw_data=False,
    )


def fit_here(rows: BoosterRows, fits: Sequence[BoosterFit]) -> list[str]:
    """Fit boosters in this process; rows are sorted into bins once for all fits that share what shapes the bins."""
    texts: list[str] = []
    data, shape = None, None
    for fit in fits:
        own = {name: value for name, value in fit.params.items() if name not in _SHAPELESS}
        if data is None or own != shape or len(rows.y) > _ALL_SEEN:
            data, shape = booster_dataset(rows, fit), own
        else:
            data.set_weight(fit.weight)
        texts.append(str(lgb.train(fit.params, data, fit.rounds).model_to_string()))
    return texts


_fitter: ContextVar[Fitter] = ContextVar("fitter", default=fit_here)


def fitted(rows: BoosterRows, fits: Sequence[BoosterFit]) -> list[Any]:
    """Return boosters, fitted wherever `fitting_by` says.

    They come through the text form, so that what is served after loading is this model to the last bit.
    """
    return [lgb.Booster(model_str=text) for text in _fitter.get()(rows, fits)]


@contextmanager
def fitting_by(fitter: Fitter) -> Iterator[None]:
    """Have boosters fitted by `fitter` until the end of the block, in this thread."""
    token = _fitter.set(fitter)
    try:
        yield
    finally:
        _fitter.reset(token)

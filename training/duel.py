"""Champion against candidate with the same knowledge (ADR-0005)."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from domain.errors import FeatureSetMismatch
from training.dataset import Dataset, Floats
from training.splits import Split, split_at

LEAST_ROWS = 50
_LEAST_OF_CLASS = 5

Predictor = Callable[[pd.DataFrame], Floats]
"""Gives p of a features frame."""

Recipe = Callable[[Dataset, Dataset], Floats]
"""Fits the candidate's recipe on the first data set, gives p of the rows of the second."""


def duel(
    dataset: Dataset,
    champion: Predictor,
    trained_at: np.datetime64,
    recipe: Recipe,
) -> tuple[Split, Floats, Floats] | None:
    """Fit the candidate's recipe on what the champion could know, and let both answer rows that came later.

    Parameters
    ----------
    dataset : Dataset
        Every row whose outcome is known.
    champion : callable
        The champion's answers.
    trained_at : datetime64[us]
        The champion's instant: outcomes known by then are the candidate's train rows, rows asked from then on the test.
    recipe : callable
        Of the candidate.

    Returns
    -------
    split, ours, theirs
        None where too few rows came since, or the champion knows other features: the two cannot be told apart.
    """
    split = split_at(dataset.as_of, dataset.known_at, trained_at)
    train, test = dataset.take(split.train), dataset.take(split.test)
    if len(test) < LEAST_ROWS or not _mixed(test) or not _mixed(train):
        return None
    try:
        theirs = np.asarray(champion(test.features), dtype=np.float64)
    except FeatureSetMismatch:  # an attribute came, went or leaked since
        return None
    return split, np.asarray(recipe(train, test), dtype=np.float64), theirs


def _mixed(dataset: Dataset) -> bool:
    return min(dataset.n_positive, len(dataset) - dataset.n_positive) >= _LEAST_OF_CLASS

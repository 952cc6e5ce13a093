"""How quality grows with the rows to learn from: the same test window, growing shares of the earlier rows."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from training.dataset import Dataset
from training.evaluation import Evaluation
from training.splits import Split

SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2)
"""Of the earlier rows; all of them are the comparison itself."""

_LEAST_ROWS = 20
_LEVELS = (2, 12)
_MOST_SEGMENTS = 6


def learning_curve(dataset: Dataset, split: Split, compare: Callable[[Split], Evaluation]) -> list[Evaluation]:
    """Compare all methods, fitted on growing shares of the train rows, on the test rows of a split.

    Parameters
    ----------
    dataset : Dataset
        Rows.
    split : Split
        Of the data set.
    compare : callable
        Fits and compares on a split of `dataset`.

    Returns
    -------
    list of Evaluation
        With ``share`` below 1. Groups are drawn whole, smaller shares are part of larger ones; shares with fewer than
        20 rows, or with one outcome only, are left out.
    """
    if not len(split.test):
        return []
    names, codes = np.unique(dataset.group[split.train], return_inverse=True)
    place = np.random.default_rng(7).permutation(len(names))[codes]
    found = []
    for share in SHARES:
        rows = split.train[place < share * len(names)]
        if len(rows) >= _LEAST_ROWS and 0 < dataset.label[rows].sum() < len(rows):
            found.append(replace(compare(replace(split, train=rows)), share=share, predictions=None))
    return found


def with_segments(evaluation: Evaluation, test: Dataset) -> Evaluation:
    """Add to an evaluation which segments its test rows belong to: words with few different values, at most six."""
    words = {}
    for name in test.features:
        column = test.features[name]
        if isinstance(column.dtype, pd.CategoricalDtype) and _LEVELS[0] <= column.nunique() <= _LEVELS[1]:
            words[str(name)] = column.astype(object).where(column.notna(), "(none)").astype(str)
    chosen = dict(sorted(words.items(), key=lambda item: item[0].startswith("attributes."))[:_MOST_SEGMENTS])
    return replace(evaluation, segments=pd.DataFrame(chosen, index=test.features.index))

"""Boosters of the same rows, fitted together and each by itself."""

import numpy as np
import pytest

from models.fitting import BoosterFit, BoosterRows, fit_booster, fit_here

PARAMS = {
    "objective": "binary",
    "num_leaves": 7,
    "min_data_in_leaf": 15,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "max_bin": 63,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}


@pytest.mark.parametrize("start", [False, True])
def test_boosters_fitted_together_are_those_fitted_alone_to_the_last_bit(start):
    draw = np.random.default_rng(5)
    n = 600
    dense, sparse = draw.normal(size=(n, 6)), (draw.random((n, 8)) < 0.05) * 1.0
    dense[draw.random(dense.shape) < 0.2] = np.nan
    rows = BoosterRows(
        np.column_stack([dense, sparse, draw.integers(0, 9, n)]),
        (np.nan_to_num(dense[:, 0]) > draw.normal(size=n)).astype(float),
        draw.normal(size=n) if start else None,
        1,
    )
    fits = [
        BoosterFit(PARAMS | {"seed": 7 + k, "learning_rate": rate, "min_data_in_leaf": leaf}, 12, weight)
        for k, (rate, leaf, weight) in enumerate(
            [
                (0.1, 15, np.ones(n)),
                (0.2, 15, draw.integers(0, 3, n).astype(float)),
                (0.2, 40, draw.random(n)),
                (0.2, 40, draw.integers(0, 2, n).astype(float)),
            ]
        )
    ]
    together = fit_here(rows, fits)
    assert together == [fit_booster(rows, fit) for fit in fits]
    assert len(set(together)) == len(fits)

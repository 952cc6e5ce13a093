"""Factors of two fits: how far they agree."""

import numpy as np
import pandas as pd
from worlds import world

from models.probability import ProbabilityModel
from models.stability import factor_agreement


def test_opposite_rows_and_equal_importance():
    one = pd.DataFrame({"a": [3.0, -3.0], "b": [1.0, -1.0], "c": [0.5, -0.5]})
    found = factor_agreement(one, -one)
    assert (found.features, found.rows) == (1.0, -1.0)


def test_nothing_to_compare_is_nan():
    empty = pd.DataFrame({"a": []}, dtype=float)
    found = factor_agreement(empty, empty)
    assert np.isnan([found.features, found.rows]).all()


def test_two_bootstrap_fits_of_a_clear_world_agree():
    X, y, _, as_of = world(1_500)
    parts = []
    for seed in (0, 1):
        rows = np.sort(np.random.default_rng(seed).integers(0, 1_500, 1_500))
        model = ProbabilityModel(members=0, threads=1).fit(X.iloc[rows], y[rows], as_of=as_of.iloc[rows])
        parts.append(model.explain(X.head(200)).contributions)
    found = factor_agreement(*parts)
    assert found.features > 0.7
    assert found.rows > 0.7

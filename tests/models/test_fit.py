"""Look-alikes: who is nearest, whatever the numbers are."""

import numpy as np
import pandas as pd
import pytest

from models.fit import LookAlikes


def companies(n: int = 60) -> pd.DataFrame:
    random = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "employees": np.exp(random.normal(3, 1.2, n)),
            "kind": pd.Categorical(random.choice(["msp", "agency", "isv"], n)),
            **{f"text_{k}": random.normal(0, 1 / k, n) for k in range(1, 13)},
        }
    )


def test_the_nearest_of_a_company_is_itself_also_after_loading(tmp_path):
    frame = companies()
    index = LookAlikes().fit(frame, np.arange(100, 160))
    index.save(tmp_path)
    for found in (index, LookAlikes.load(tmp_path)):
        assert [row[0] for row in found.nearest(frame, 3)] == list(range(100, 160))


def test_numbers_beyond_reason_stay_one_number_among_others():
    frame = companies()
    frame.loc[0, "employees"] = 1e300
    frame["balance"] = np.where(np.arange(60) % 2, -1e300, 1e200)
    found = LookAlikes().fit(frame, np.arange(60)).nearest(frame, 1)
    assert [row[0] for row in found] == list(range(60))


def test_sizes_are_compared_by_their_ratio():
    frame = pd.DataFrame({"employees": [10.0, 12.0, 40.0, 60.0, 90.0, 130.0, 2_000.0, 9_000.0]})
    near = LookAlikes().fit(frame, np.arange(8)).nearest(pd.DataFrame({"employees": [300.0]}), 2)
    assert near == [[5, 4]]


def test_a_long_text_does_not_drown_the_other_columns():
    frame = companies()
    index = LookAlikes().fit(frame, np.arange(60))
    assert (index._vectors(frame)[:, 1:13].var(axis=0).sum()) == pytest.approx(6, rel=0.1)

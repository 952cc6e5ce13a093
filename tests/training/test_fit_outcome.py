"""A user's own outcome: found, missing, of the wrong kind."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from domain.errors import InvalidInput, TrainingImpossible
from domain.settings import Settings
from store.history import History
from tests.features.programme import HashEncoder
from training.fit import fit_dataset
from training.task import TrainingContext

UNTIL = pd.Timestamp("2026-01-01")


def dataset(outcome: str):
    n = 60
    partners = pd.DataFrame(
        {
            "id": np.arange(1, n + 1),
            "external_id": [f"P{k}" for k in range(n)],
            "name": "A",
            "kind": ["msp", "isv"] * (n // 2),
            "recruited_at": UNTIL - pd.to_timedelta(np.arange(n) * 5 + 30, "D"),
            "attributes.business": [1e300 if k % 3 else 0.0 for k in range(n)],
            "attributes.note": pd.array(["good", "bad"] * (n // 2), dtype="str"),
        }
    )
    context = TrainingContext(
        Settings(fit_outcome=outcome, fit_horizon_days=90), HashEncoder(), datetime(2026, 1, 1, tzinfo=UTC)
    )
    return fit_dataset(History.of(np.datetime64(UNTIL, "us"), partners=partners), context)[1]


def test_a_numeric_attribute_is_productive_above_zero_and_no_feature():
    found = dataset("attributes.business")
    assert (len(found), found.n_positive) == (60, 40)
    assert not [name for name in found.features if "business" in name]


def test_an_unknown_outcome_names_the_fields_that_there_are():
    with pytest.raises(TrainingImpossible, match=r"no such field; partners have attributes.business, attributes.note"):
        dataset("attributes.revenue")
    with pytest.raises(TrainingImpossible, match="no such field"):
        dataset("goals.revenue")


def test_words_are_no_outcome():
    with pytest.raises(TrainingImpossible, match="holds words"):
        dataset("attributes.note")


def test_anything_else_is_refused():
    with pytest.raises(InvalidInput, match=r"attributes.NAME or goals.METRIC"):
        dataset("revenue")

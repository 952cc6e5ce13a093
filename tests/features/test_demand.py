"""Demand over supply where a company is."""

import numpy as np
import pandas as pd

from domain.settings import Settings
from intelligence.features.build import build, learn_feature_set
from store.history import History

UNTIL = np.datetime64("2026-01-01", "us")


def _frame(asked: str = "retail") -> pd.Series:
    partners = pd.DataFrame(
        {
            "id": [1, 2, 3, 4],
            "external_id": list("abcd"),
            "name": list("abcd"),
            "country": "PT",
            "industries": [("retail",), ("legal",), ("legal",), ()],
            "recruited_at": pd.to_datetime([None, "2025-01-01", "2025-02-01", None]),
        }
    )
    leads = pd.DataFrame(
        {
            "id": np.arange(40),
            "external_id": [f"L{i}" for i in range(40)],
            "country": "PT",
            "industry": [asked if i % 2 else "legal" for i in range(40)],
            "created_at": pd.Timestamp("2025-06-01"),
        }
    )
    history = History.of(UNTIL, partners=partners, leads=leads)
    subjects = pd.DataFrame({"partner_id": [1, 2, 3, 4], "as_of": UNTIL})
    return build(learn_feature_set("fit", history, Settings()), history, subjects, None)["demand_here"]


def test_demand_counts_leads_of_the_field_against_partners_recruited_in_it() -> None:
    found = _frame()
    usual = 41 / 3
    assert found[0] == np.log((20 + 3 * usual) / 3 / usual)  # nobody serves retail
    assert np.isclose(found[1], np.log((20 + 3 * usual) / (1 + 3) / usual))  # one peer; itself does not count
    assert np.isnan(found[3])


def test_demand_elsewhere_lowers_it() -> None:
    assert _frame("hotels")[0] < _frame()[0]

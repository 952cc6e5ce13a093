"""How long a recruited company has gone without a first win."""

import numpy as np
import pandas as pd

from domain.settings import Settings
from intelligence.features.build import build, learn_feature_set
from intelligence.features.partner_waiting import WAITING
from store.history import History

UNTIL = pd.Timestamp("2026-01-01")


def test_the_wait_begins_with_recruitment_and_ends_with_the_first_win() -> None:
    partners = pd.DataFrame(
        {
            "id": [1, 2, 3],
            "external_id": list("abc"),
            "name": list("abc"),
            "recruited_at": [UNTIL - pd.Timedelta(days=100), UNTIL - pd.Timedelta(days=50), pd.NaT],
        }
    )
    deals = pd.DataFrame(
        {
            "id": [1],
            "external_id": ["d"],
            "partner_id": [2],
            "registered_at": [UNTIL - pd.Timedelta(days=20)],
            "closed_at": [UNTIL - pd.Timedelta(days=10)],
            "outcome": ["won"],
        }
    )
    history = History.of(np.datetime64(UNTIL, "us"), partners=partners, deals=deals)
    learned = learn_feature_set("fit", history, Settings())
    when = [UNTIL, UNTIL, UNTIL, UNTIL - pd.Timedelta(days=15), UNTIL - pd.Timedelta(days=100)]
    found = build(learned, history, pd.DataFrame({"partner_id": [1, 2, 3, 2, 1], "as_of": when}), None)[WAITING]
    assert found.fillna(-1).tolist() == [100.0, -1, -1, 35.0, -1]
    own = learn_feature_set("fit", history, Settings(fit_outcome="goals.x"))
    assert WAITING not in own.columns

"""The log of decisions: first offers, rewards that are known, what came of it in the end."""

from typing import Any

import numpy as np
import pandas as pd

from intelligence.matching.log import decisions
from store.history import History
from tests.matching.worlds import partners

DAY = pd.Timestamp("2024-03-01")


def at(days: float) -> pd.Timestamp:
    return DAY + pd.Timedelta(days=days)


def leads(n: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": np.arange(1, n + 1),
            "external_id": [f"L{k}" for k in range(1, n + 1)],
            "created_at": [at(k) for k in range(n)],
        }
    )


def offers() -> pd.DataFrame:
    """L1: accepted, won. L2: declined, then accepted by another. L3: waits. L4: nobody. L5: withdrawn."""
    rows: list[tuple[Any, ...]] = [
        (1, 1, at(0.5), "accepted", at(1), 0.5),
        (2, 2, at(1), "declined", at(2), 0.2),
        (2, 3, at(2), "accepted", at(4), None),
        (3, 1, at(2), None, None, 7.0),
        (5, 1, at(5), "withdrawn", at(6), 0.1),
    ]
    names = ["lead_id", "partner_id", "offered_at", "response", "responded_at", "attributes.propensity"]
    return pd.DataFrame(rows, columns=names)


def deals() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "external_id": ["D1", "D2"],
            "partner_id": [1, 3],
            "lead_id": [1, 2],
            "registered_at": [at(3), at(5)],
            "closed_at": [at(40), at(200)],
            "outcome": ["won", "won"],
            "amount": [100.0, 50.0],
        }
    )


def log(until: str = "2026-01-01", since: Any = DAY, horizon_days: int = 90) -> pd.DataFrame:
    known = History.of(until, partners=partners(3), leads=leads(5), assignments=offers(), deals=deals())
    return decisions(known, since, at(100), horizon_days).set_index("lead")


def test_the_first_offer_counts() -> None:
    found = log()
    assert found["partner_id"].tolist() == [1, 2, 1, -1, 1]
    np.testing.assert_array_equal(found["propensity"], [0.5, 0.2, np.nan, np.nan, 0.1])
    np.testing.assert_array_equal(found["reward"], [1.0, 0.0, 0.0, np.nan, np.nan])
    assert found["response_hours"].tolist()[:2] == [12.0, 24.0]


def test_what_came_of_all_offers() -> None:
    found = log()
    assert found["hops"].tolist() == [1, 2, 1, 0, 1]
    assert found["open"].tolist() == [False, False, True, False, False]
    assert found["accepted_by"].tolist() == [1, 3, -1, -1, -1]
    np.testing.assert_array_equal(found["accepted_hours"], [24.0, 72.0, np.nan, np.nan, np.nan])
    assert found["winner_id"].tolist() == [1, 3, -1, -1, -1]
    np.testing.assert_array_equal(found["won_amount"], [100.0, 50.0, np.nan, np.nan, np.nan])


def test_outcomes_whose_time_has_not_come_are_not_losses() -> None:
    found = log(until="2024-04-20")
    assert found["reward"].isna().all()  # also where it is won or declined already: the quick ones are of one kind
    assert found["winner_id"].tolist() == [1, -1, -1, -1, -1]


def test_a_win_after_the_horizon_is_none() -> None:
    assert log(horizon_days=39)["reward"]["L1"] == 0.0
    assert log(horizon_days=40)["reward"]["L1"] == 1.0


def test_leads_of_the_span_only() -> None:
    assert log(since=at(1)).index.tolist() == ["L2", "L3", "L4", "L5"]


def test_a_registered_deal_accepts_where_nobody_answered() -> None:
    silent = offers().assign(response=None, responded_at=pd.NaT)
    known = History.of("2026-01-01", partners=partners(3), leads=leads(2), assignments=silent, deals=deals())
    found = decisions(known, DAY, at(100), 90)
    assert found["accepted_hours"].tolist() == [72.0, 96.0]
    assert not found["open"].iloc[0]


def test_an_empty_history_has_an_empty_log() -> None:
    assert decisions(History.of("2026-01-01"), DAY, at(1), 90).empty
    one = decisions(History.of("2026-01-01", leads=leads(1)), DAY, at(1), 90)
    assert (one["partner_id"].tolist(), one["hops"].tolist()) == ([-1], [0])

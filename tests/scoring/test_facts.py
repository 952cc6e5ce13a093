"""Dated facts: what is told of a partner, and that nothing later is."""

import numpy as np
import pandas as pd
import pytest

from intelligence.scoring.facts import COLUMNS, partner_facts
from store.history import History
from tests.features.programme import UNTIL, programme

AS_OF = np.datetime64("2024-06-01T12:00", "us")


def stamps(*days: str):
    return pd.to_datetime(list(days)).as_unit("us")


def history(**changed) -> History:
    frames = {
        "partners": pd.DataFrame({"id": [1, 2], "external_id": ["a", "b"], "name": ["A", "B"]}),
        "activities": pd.DataFrame(
            {
                "id": range(5),
                "partner_id": 1,
                "kind": ["login", "login", "call", "login", "login"],
                "occurred_at": stamps("2024-05-01", "2024-05-04", "2024-05-13", "2024-05-16", "2024-06-02"),
            }
        ),
        "deals": pd.DataFrame(
            {
                "id": [1, 2],
                "external_id": ["d1", "d2"],
                "partner_id": 1,
                "registered_at": stamps("2024-04-01", "2024-04-10"),
                "outcome": ["won", None],
                "closed_at": stamps("2024-05-20", "NaT"),
            }
        ),
        "agreements": pd.DataFrame(
            {
                "id": [1],
                "external_id": ["g"],
                "partner_id": [1],
                "valid_from": stamps("2023-06-21"),
                "valid_to": stamps("2024-06-20"),
            }
        ),
        "certifications": pd.DataFrame(
            {
                "id": [1, 2],
                "partner_id": 1,
                "course": ["x", "y"],
                "passed_on": stamps("2023-01-01", "2023-02-01"),
                "expires_on": stamps("2024-12-31", "2024-07-01"),
            }
        ),
        "assignments": pd.DataFrame(
            {
                "id": [1, 2],
                "lead_id": [1, 2],
                "partner_id": 1,
                "offered_at": stamps("2024-05-28", "2024-05-29"),
                "response": ["accepted", None],
                "responded_at": stamps("2024-05-30", "NaT"),
            }
        ),
    } | changed
    return History.of(pd.Timestamp("2024-07-01"), **frames)


def test_what_is_told_of_a_partner():
    first, second = partner_facts(history(), [1, 2], AS_OF).to_dict("records")
    assert first["last_sign_at"] == pd.Timestamp("2024-05-20")
    assert first["last_sign_kind"] == "deal won"
    # Active on 1 and 10 April, 1, 4, 13, 16 and 20 May.
    assert first["usual_gap_days"] == pytest.approx((4 + 9) / 2)
    assert first["agreement_ends_on"] == pd.Timestamp("2024-06-20")
    assert first["agreement_days_left"] == pytest.approx(19.5)
    assert first["certificate_expires_on"] == pd.Timestamp("2024-07-01")
    assert first["unanswered_leads"] == 1
    assert first["last_deal_at"] == pd.Timestamp("2024-04-10")
    assert first["last_won_at"] == pd.Timestamp("2024-05-20")
    assert pd.isna(second["last_sign_at"])
    assert pd.isna(second["last_sign_kind"])
    assert np.isnan(second["usual_gap_days"])
    assert pd.isna(second["agreement_ends_on"])


def test_nothing_later_is_told():
    earlier = partner_facts(history(), [1], np.datetime64("2024-05-15", "us")).iloc[0]
    assert earlier["last_sign_kind"] == "call"
    assert pd.isna(earlier["last_won_at"])
    assert earlier["unanswered_leads"] == 0
    whole = programme()
    known = whole.known_by((UNTIL - pd.Timedelta(days=100)).to_pydatetime())
    ids = whole.partners["id"].to_numpy()
    then = known.until
    pd.testing.assert_frame_equal(partner_facts(whole, ids, then), partner_facts(known, ids, then))


def test_an_empty_store_tells_nothing():
    facts = partner_facts(History.of(pd.Timestamp("2024-07-01")), [1], AS_OF)
    assert list(facts) == list(COLUMNS)
    assert facts.drop(columns="unanswered_leads").isna().all(axis=None)
    assert partner_facts(History.of(pd.Timestamp("2024-07-01")), [], AS_OF).empty


def test_signs_of_life_can_be_narrowed():
    facts = partner_facts(history(), [1], AS_OF, ("login",)).iloc[0]
    assert facts["last_sign_at"] == pd.Timestamp("2024-05-16")
    assert facts["last_sign_kind"] == "login"

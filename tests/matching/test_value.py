"""What a pair is worth: its parts, commissions as of an instant, the lift over the next best."""

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from domain.routing import Objective, Policies, RoutingPolicy
from intelligence.features.pair_leads import LeadSpec
from intelligence.features.pair_world import PairWorld
from intelligence.matching.service import match_leads
from intelligence.matching.value import CommissionRates, margin_of, with_value, worth
from store.history import History
from tests.matching.worlds import NOW, Context, frames, history, partners

DAY = 86_400_000_000


def agreements(**columns: Any) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    base = {
        "id": range(1, n + 1),
        "external_id": [f"A{k}" for k in range(n)],
        "partner_id": 1,
        "status": "active",
        "valid_from": pd.Timestamp("2024-01-01"),
    }
    return pd.DataFrame(base | columns)


def rate(known: History, day: str, **lead: Any) -> list[float]:
    world = PairWorld(known, LeadSpec(), 180)
    query = replace(world.ask(pd.DataFrame([{"company": "x"} | lead])).query(0))
    at = int(np.datetime64(day, "us").astype(np.int64))
    return CommissionRates(known, world.partner_ids).of(query, at).tolist()


def test_the_rate_is_that_of_the_narrower_then_the_later_agreement_in_force() -> None:
    rows = agreements(
        commission_rate=[0.1, 0.2, 0.3, 0.4, np.nan],
        territories=[(), (), ("DE",), ("FR",), ("DE",)],
        valid_from=pd.to_datetime(["2024-01-01", "2024-03-01", "2024-02-01", "2024-01-01", "2024-04-01"]),
    )
    known = History.of(NOW, partners=partners(2), agreements=rows)
    assert rate(known, "2023-12-31", country="DE") == [0.0, 0.0]
    assert rate(known, "2024-01-15", country="DE") == [0.1, 0.0]
    assert rate(known, "2024-02-15", country="DE") == [0.3, 0.0]
    assert rate(known, "2024-05-01", country="DE") == [0.3, 0.0]
    assert rate(known, "2024-05-01", country="FR") == [0.4, 0.0]
    assert rate(known, "2024-05-01", country="ES") == [0.2, 0.0]


def test_drafts_name_no_rate_and_ended_ones_until_their_last_day() -> None:
    rows = agreements(
        commission_rate=[0.1, 0.2],
        status=["ended", "draft"],
        valid_to=pd.to_datetime(["2024-06-30", "2024-12-31"]),
    )
    known = History.of(NOW, partners=partners(1), agreements=rows)
    assert rate(known, "2024-06-30T12:00") == [0.1]
    assert rate(known, "2024-07-01") == [0.0]


def test_a_rate_counts_from_the_day_it_was_changed() -> None:
    changes = pd.DataFrame(
        {
            "resource": "agreements",
            "external_id": "A0",
            "field": "commission_rate",
            "changed_at": pd.to_datetime(["2024-01-01", "2024-09-01"]),
            "value": ["0.1", "0.25"],
        }
    )
    known = History.of(NOW, partners=partners(1), agreements=agreements(commission_rate=[0.25]), changes=changes)
    assert rate(known, "2024-08-31") == [0.1]
    assert rate(known, "2024-09-02") == [0.25]


def test_nobody_has_a_rate_without_agreements_or_partners() -> None:
    assert rate(History.of(NOW, partners=partners(2)), "2024-05-01") == [0.0, 0.0]
    assert rate(History.of(NOW), "2024-05-01") == []


def test_the_margin_is_never_below_nothing() -> None:
    assert margin_of(0.2, np.array([0.0, 0.05, 0.5])).tolist() == [0.2, pytest.approx(0.15), 0.0]


def test_lift_is_over_the_best_other_candidate_of_the_lead() -> None:
    pairs = pd.DataFrame(
        {
            "question": [0, 0, 0, 1, 2, 2],
            "p_win": [0.5, 0.4, 0.4, 0.3, 0.2, 0.1],
            "p_accept": [0.8, 0.5, np.nan, 0.6, 0.4, 0.4],
            "expected_amount": [100.0, 200.0, 200.0, 50.0, np.nan, 50.0],
            "margin": 0.5,
        }
    )
    found = with_value(pairs)
    assert found["value"].tolist() == pytest.approx([25, 40, 40, 7.5, np.nan, 2.5], nan_ok=True)
    assert found["lift"].tolist() == pytest.approx([-15, 0, 0, 7.5, 0.1, -0.1])
    assert found["p_win_if_accepted"].tolist() == pytest.approx([0.625, 0.8, np.nan, 0.5, 0.5, 0.25], nan_ok=True)
    assert worth(found).tolist() == pytest.approx([25, 40, 40, 7.5, 0.2, 0.1])
    assert worth(found, Objective.P_WIN).tolist() == pairs["p_win"].tolist()
    assert with_value(pairs.iloc[:0])["lift"].empty


def match(by: str | None, policies: Policies | None = None, **more: Any) -> pd.DataFrame:
    context = cast(Any, Context(history(**more)))
    lead = {"country": "DE", "industry": "retail"}
    return match_leads(context, [lead], top=9, by=cast(Any, by), policies=policies).candidates


def test_rankings_show_the_parts_and_rank_by_what_is_asked_for() -> None:
    dear = agreements(commission_rate=[0.9, 0.1], partner_id=[1, 2], territories=[("DE",), ("DE",)])
    everyone = pd.concat([dear, *(agreements(commission_rate=[0.1], partner_id=[k], id=[k]) for k in range(3, 10))])
    found = match("value", agreements=everyone.assign(id=range(1, 10)))
    assert found["margin"].round(9).tolist().count(0.1) == 1
    np.testing.assert_allclose(found["value"], found["p_win"] * found["expected_amount"] * found["margin"])
    assert found["value"].is_monotonic_decreasing
    assert found["lift"][0] == pytest.approx(found["value"][0] - found["value"][1])
    assert found["lift"][1:].tolist() == pytest.approx((found["value"][1:] - found["value"][0]).tolist())
    assert found["p_accept"].isna().all()  # the baseline does not tell acceptance apart


def test_nobody_says_by_what_then_the_policy_of_the_programme_does() -> None:
    rates = agreements(commission_rate=[0.9] + [0.0] * 8, partner_id=range(1, 10))
    by_value = Policies(RoutingPolicy(objective=Objective.VALUE, margin=0.95))
    assert match(None, by_value, agreements=rates)["partner"].tolist() == (
        match("value", by_value, agreements=rates)["partner"].tolist()
    )
    assert match(None, agreements=rates)["partner"].tolist() == match("p_win", agreements=rates)["partner"].tolist()
    assert match("value", by_value, agreements=rates)["margin"].min() == pytest.approx(0.05)


def test_without_amounts_value_is_unknown_and_p_win_ranks() -> None:
    deals = frames()["deals"].assign(amount=np.nan)
    context = cast(Any, Context(history(deals=deals)))
    found = match_leads(context, [{"country": "DE", "industry": "retail"}], top=9, by="value").candidates
    assert found["value"].isna().all()
    assert found["p_win"].is_monotonic_decreasing
    assert found["lift"][0] == pytest.approx(found["p_win"][0] - found["p_win"][1])

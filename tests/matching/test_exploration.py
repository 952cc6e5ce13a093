"""Who is shown first: bounded, known to the last digit, and drawn again from its key."""

from functools import cache
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from domain.routing import Exploration, Objective, Policies, RoutingPolicy
from intelligence.features.pair_build import describe_partners
from intelligence.matching.decision import Decision
from intelligence.matching.exploration import draw, near_equals, propensities
from intelligence.matching.service import MatchResult, match_leads
from tests.matching.worlds import Context, frames, history

THOMPSON = RoutingPolicy(exploration=Exploration.THOMPSON, explored_share=1.0, explored_within=1.0)
LEADS = [{"external_id": name, "country": "DE", "industry": name} for name in ("retail", "health")]
EPSILON = RoutingPolicy(name="try", exploration=Exploration.EPSILON, explored_share=0.4, explored_within=0.5)

chances = st.lists(st.tuples(*[st.floats(0, 1)] * 3), min_size=1, max_size=12)
policies = st.builds(
    RoutingPolicy,
    exploration=st.sampled_from(Exploration),
    explored_share=st.floats(0, 1),
    explored_within=st.floats(0, 1),
)


def ranked(rows: list[tuple[float, float, float]]) -> tuple[np.ndarray, ...]:
    """Return worth, low, p and high, the best first."""
    low, p, high = np.sort(np.array(rows), axis=1).T
    order = np.argsort(-p, kind="stable")
    return p[order], low[order], p[order], high[order]


@given(chances, policies)
def test_exploration_costs_no_more_than_its_bounds(
    rows: list[tuple[float, float, float]], policy: RoutingPolicy
) -> None:
    worth, low, p, high = ranked(rows)
    found = propensities(worth, low, p, high, policy)
    assert found.shape == worth.shape
    assert found.sum() == pytest.approx(1.0)
    assert (found >= 0).all()
    loss = worth[0] - float(found @ worth)
    assert loss <= policy.explored_share * policy.explored_within * worth[0] + 1e-12
    assert found[0] >= 1 - policy.explored_share - 1e-12
    assert found[~near_equals(worth, policy)].sum() == 0


@given(chances)
def test_without_exploration_the_best_is_shown(rows: list[tuple[float, float, float]]) -> None:
    found = propensities(*ranked(rows), RoutingPolicy())
    assert found.tolist() == [1.0] + [0.0] * (len(rows) - 1)


def test_epsilon_tries_near_equals_alike() -> None:
    worth = np.array([0.5, 0.4, 0.26, 0.24])
    found = propensities(worth, worth, worth, worth, EPSILON)
    assert found == pytest.approx([0.6 + 0.4 / 3, 0.4 / 3, 0.4 / 3, 0.0])


def test_thompson_is_the_chance_of_being_the_best() -> None:
    rng = np.random.default_rng(4)
    p, amount = np.array([0.4, 0.3, 0.35, 0.1]), np.array([100.0, 130.0, 90.0, 200.0])
    half = np.array([0.3, 0.9, 0.2, 1.2])
    low, high = expit(logit(p) - half), expit(logit(p) + half)
    order = np.argsort(-p * amount)
    p, low, high, amount = p[order], low[order], high[order], amount[order]
    found = propensities(p * amount, low, p, high, THOMPSON)
    deviation = (logit(high) - logit(low)) / 2 / 1.2815515655446004
    drawn = expit(logit(p) + deviation * rng.standard_normal((200_000, 4))) * amount
    assert found == pytest.approx(np.bincount(drawn.argmax(axis=1), minlength=4) / 200_000, abs=0.005)


def test_thompson_tries_whom_less_is_known_of() -> None:
    worth = np.array([0.30, 0.28, 0.28])
    low, high = np.array([0.29, 0.27, 0.10]), np.array([0.31, 0.29, 0.55])
    found = propensities(worth, low, worth, high, THOMPSON)
    assert found[2] > 0.3
    assert found[1] < 0.05
    ends_unknown = propensities(worth, np.zeros(3), worth, np.ones(3), THOMPSON)
    assert ends_unknown[0] > ends_unknown[1] == pytest.approx(ends_unknown[2])


def test_equals_share_alike_whatever_is_known() -> None:
    for p in (0.0, 0.3, 1.0):
        same = np.full(3, p)
        assert propensities(same, same, same, same, THOMPSON) == pytest.approx(np.full(3, 1 / 3))


def test_what_is_worth_nothing_is_tried_alike() -> None:
    worth, p = np.array([-0.02, -0.05]), np.array([0.3, 0.2])
    assert propensities(worth, p, p, p, THOMPSON).tolist() == [1.0, 0.0]
    assert propensities(worth - 0.1, p / 2, p, p, THOMPSON) == pytest.approx([0.5, 0.5])


def test_what_is_hardly_ever_the_best_is_not_tried() -> None:
    worth = np.array([0.5, 0.1])
    assert propensities(worth, worth * 0.99, worth, worth * 1.01, THOMPSON).tolist() == [1.0, 0.0]


def test_draws_follow_the_propensities_and_the_key() -> None:
    wanted = np.array([0.6, 0.0, 0.3, 0.1])
    drawn = [draw(wanted, f"lead {number}") for number in range(20_000)]
    assert np.bincount(drawn, minlength=4) / 20_000 == pytest.approx(wanted, abs=0.015)
    assert drawn == [draw(wanted, f"lead {number}") for number in range(20_000)]
    assert draw(np.array([1.0]), "łódź \ud800") == 0


@cache
def context() -> Any:
    return cast(Any, Context(history()))


def decided(policy: RoutingPolicy, key: str | None, top: int = 9, **more: Any) -> MatchResult:
    return match_leads(context(), LEADS, top=top, details=True, policies=Policies(policy), key=key, **more)


ALWAYS = EPSILON.model_copy(update={"explored_share": 1.0, "explored_within": 1.0})


def test_a_match_shows_the_drawn_first_and_the_rest_in_order() -> None:
    plain, found = decided(RoutingPolicy(), None), decided(ALWAYS, "some key")
    for lead, decision in zip(("retail", "health"), found.decisions, strict=True):
        best_first, shown = (
            one.candidates.loc[one.candidates["lead"] == lead, "partner"].tolist() for one in (plain, found)
        )
        assert [option.partner for option in decision.options] == best_first
        drawn = best_first[decision.drawn]
        assert shown == [drawn, *(partner for partner in best_first if partner != drawn)]
        assert decision.explored == (drawn != best_first[0])
        assert [option.propensity for option in decision.options] == pytest.approx([1 / 9] * 9)
    assert [row["propensity"] for row in found.details] == pytest.approx([1 / 9] * 18)
    assert found.candidates["rank"].tolist() == list(range(1, 10)) * 2


def test_keys_leads_and_policies_draw_anew_and_the_same_again() -> None:
    def first(key: str, policy: RoutingPolicy = ALWAYS) -> list[str]:
        found = decided(policy, key).candidates
        return found.loc[found["rank"] == 1, "partner"].tolist()

    assert first("a") == first("a")
    assert len({tuple(first(f"key {number}")) for number in range(4)}) > 1
    renamed = ALWAYS.model_copy(update={"name": "another"})
    assert len({tuple(first("a", renamed.model_copy(update={"max_hops": hops}))) for hops in range(1, 5)}) > 1


def test_few_are_shown_of_more_that_may_be_drawn() -> None:
    found = decided(ALWAYS, "few", top=2)
    assert found.candidates["rank"].tolist() == [1, 2, 1, 2]
    for decision in found.decisions:
        assert len(decision.options) == 9
        assert len(decision.left_out) == 7
        assert decision.left_out[0].keys() == found.details[0]["features"].keys()
    drawn = [decision.options[decision.drawn].partner for decision in found.decisions]
    assert found.candidates.loc[found.candidates["rank"] == 1, "partner"].tolist() == drawn
    assert decided(RoutingPolicy(), "few", top=2).decisions[0].left_out == []


def test_nothing_is_drawn_without_a_key() -> None:
    found = decided(ALWAYS, None)
    assert not any(decision.explored for decision in found.decisions)
    assert [row["propensity"] for row in found.details] == [1.0, *[0.0] * 8] * 2
    assert match_leads(context(), ["L5"], policies=Policies(ALWAYS)).decisions == []


def test_a_decision_is_taken_again_from_what_is_kept() -> None:
    policy = RoutingPolicy(exploration=Exploration.THOMPSON, explored_share=0.7, explored_within=0.9)
    for decision in decided(policy, "again").decisions:
        kept = decision.as_json()
        read = Decision.from_json(kept)
        now = {one.partner: (one.p_win, one.low, one.high) for one in read.options}
        again = read.again(now)
        assert again.as_json() == kept
        assert [one.partner for one in again.order] == [one.partner for one in decision.order]
        moved = read.again(now | {read.options[0].partner: (0.9, 0.89, 0.91)})
        assert moved.as_json() != kept


def test_by_value_near_equals_are_worth_nearly_as_much() -> None:
    policy = ALWAYS.model_copy(update={"objective": Objective.VALUE, "explored_within": 0.1})
    for decision in decided(policy, "value", by=None).decisions:
        worth = np.array([option.worth for option in decision.options])
        shown = np.array([option.propensity for option in decision.options])
        assert (np.diff(worth) <= 0).all()
        assert ((shown > 0) == (worth >= 0.9 * worth[0])).all()


def test_no_feature_knows_the_propensity_of_an_offer() -> None:
    given = frames()["assignments"]
    logged = given.assign(**{"attributes.propensity": np.linspace(0.1, 0.9, len(given))})
    known = history(assignments=logged)
    found, plain = (match_leads(one, LEADS, top=9, details=True) for one in (cast(Any, Context(known)), context()))
    assert not [name for name in found.details[0]["features"] if "propensity" in name]
    pd.testing.assert_frame_equal(found.candidates, plain.candidates)
    assert not [name for names in describe_partners(known) for name in names if "propensity" in name]

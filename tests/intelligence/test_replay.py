"""Stored predictions are computed again, byte for byte, also after retraining."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.context import SYSTEM
from domain.errors import InvalidInput, NotFound
from domain.routing import Exploration, Policies, RoutingPolicy
from intelligence.context import open_intelligence
from intelligence.matching.service import match_leads
from intelligence.replay import Replay, Replayed, replay_match, replay_scores
from intelligence.scoring.churn import score_churn
from intelligence.scoring.fit import score_fit
from store.engine import create_store_engine
from store.unit_of_work import UnitOfWork
from tests.programmes import END, Programme


@pytest.fixture(scope="module")
def context(programme: Programme, tmp_path_factory: pytest.TempPathFactory):
    """Return a copy of the programme in which every trained model serves, whatever its gates said."""
    settings = programme.copy_to(tmp_path_factory.mktemp("replay") / "home")
    engine = create_store_engine(settings.store_url)
    context = open_intelligence(engine, settings)
    for name in ("match", "fit"):
        context.registry.promote(name, 1, reason="for this test")
    yield context
    engine.dispose()


def keep_match(context, version: str | None = None) -> str:
    """Store a match as the API does."""
    lead = context.history(END).leads.tail(1)
    result = match_leads(context, lead["external_id"].tolist(), END, 8, details=True)
    numbers = ["partner", "p_win", "low", "high", "expected_amount"]
    response = {"candidates": result.candidates[numbers].astype(object).to_dict("records")}
    label = version or str(result.candidates["model_version"].iloc[0])
    with UnitOfWork(context.engine, SYSTEM) as work:
        return work.match_runs.put(
            as_of=END,
            created_by="test",
            model_version=label,
            request={},
            response=response,
            features=[details["features"] for details in result.details],
        )


def test_a_match_is_computed_again(context):
    replay = replay_match(context, keep_match(context))
    assert replay.model_version == "match/1"
    assert replay.rows
    assert replay.same, [row for row in replay.rows if not row.same]
    assert "byte for byte" in replay.sentence


def keep_decision(context) -> str:
    """Store a decision that shows three of more near-equals, as the API does."""
    near = {"exploration": Exploration.THOMPSON, "explored_share": 1.0, "explored_within": 0.9}
    lead = context.history(END).leads.tail(1)["external_id"].tolist()
    policies = Policies(RoutingPolicy(**near))
    result = match_leads(context, lead, END, 3, details=True, policies=policies, key="kept")
    (decision,) = result.decisions
    numbers = ["partner", "p_win", "low", "high", "expected_amount"]
    rows = result.candidates[numbers].astype(object).to_dict("records")
    chances = [{"propensity": details["propensity"]} for details in result.details]
    with UnitOfWork(context.engine, SYSTEM) as work:
        return work.match_runs.put(
            as_of=END,
            created_by="test",
            model_version=str(result.candidates["model_version"].iloc[0]),
            request={},
            response={"candidates": [row | chance for row, chance in zip(rows, chances, strict=True)]},
            features=[*(details["features"] for details in result.details), *decision.left_out],
            decision=decision.as_json(),
        )


def test_who_was_shown_first_is_decided_again(context):
    match_id = keep_decision(context)
    replay = replay_match(context, match_id)
    assert replay.same, [row for row in replay.rows if not row.same]
    assert replay.order_same is True
    assert len(replay.rows) > 3  # those that might have been shown, too
    assert "the same order" in replay.sentence
    with UnitOfWork(context.engine, SYSTEM) as work:
        run = work.match_runs.get(match_id)
        kept = {name: getattr(run, name) for name in ("as_of", "created_by", "model_version", "request", "features")}
        other = run.decision | {"key": "another", "drawn": (run.decision["drawn"] + 1) % 2}
        forged = work.match_runs.put(**kept, response=run.response, decision=other)
    again = replay_match(context, forged)
    assert (again.order_same, again.same) == (False, False)
    assert "another order" in again.sentence


def test_scores_are_computed_again_whatever_was_stored_since(context):
    for name, horizon in (("churn", 90), ("fit", 365)):
        score = score_churn if name == "churn" else score_fit
        score(context, END, store=True)
        score(context, END + timedelta(days=3), store=True)
        replay = replay_scores(context, name, END, horizon)
        assert replay.rows
        assert replay.same, [row for row in replay.rows if not row.same]


def test_one_partner_alone_gives_the_same_numbers(context):
    score_churn(context, END, store=True)
    whole = replay_scores(context, "churn", END, 90)
    one = whole.rows[0]
    alone = replay_scores(context, "churn", END, 90, [one.subject])
    assert alone.rows == (one,)


def test_what_cannot_be_replayed_says_why(context):
    with pytest.raises(InvalidInput, match="baseline"):
        replay_match(context, keep_match(context, "baseline"))
    with pytest.raises(NotFound, match="churn score"):
        replay_scores(context, "churn", datetime(2020, 1, 1, tzinfo=UTC), 90)
    with pytest.raises(NotFound):
        replay_match(context, "nothing")


def test_a_difference_in_the_last_digit_is_told():
    replay = Replay("match 1", "match/1", END, ("p_win",), (Replayed("a", (0.1, None), (0.1, None)),))
    assert replay.same
    other = Replay("match 1", "match/1", END, ("p_win",), (Replayed("a", (0.1,), (0.1000000000000001,)),))
    assert not other.same
    assert "1 of them differ" in other.sentence

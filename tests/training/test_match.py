"""Training of the match model from each kind of history."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from domain.errors import TrainingImpossible
from domain.settings import Settings
from intelligence.features.pair_build import PairSpec
from intelligence.features.pair_events import Pairs
from intelligence.features.pair_world import PairWorld
from intelligence.matching.service import match_leads
from models.match import MatchModel
from models.staged import StagedModel
from store.history import History
from tests.matching.worlds import INDUSTRIES, NOW, Context, NoText, frames, history
from training.dataset import Dataset
from training.match import TASK
from training.match_baselines import base_rate
from training.match_pairs import find_examples, offer_examples
from training.match_selection import corrected
from training.tabular import train_binary
from training.task import TrainingContext, TrainingResult

DAY = 86_400_000_000


def train(known: History) -> TrainingResult:
    return TASK.train(known, TrainingContext(Settings(), cast(Any, NoText()), NOW))


def test_offers_with_outcomes_are_learned_and_served(tmp_path: Path) -> None:
    result = train(history(**frames(n_leads=900)))
    part = result.parts[0]
    assert result.settings["source"] == "offers"
    assert isinstance(cast(MatchModel, result.model).probability, StagedModel)  # acceptance, and a win once accepted
    model, best = part.evaluation.methods[0], part.evaluation.methods[1]
    assert model.metrics["auc"].value > best.metrics["auc"].value
    assert "names no propensity" in result.notes[1]
    assert "P(accept)" in result.notes[2]
    result.model.save(tmp_path)
    again = TASK.predict(tmp_path, part.part, part.golden.features)
    np.testing.assert_allclose(again, part.golden.p, atol=1e-12)
    known = history(**frames(n_leads=900))
    context = cast(Any, Context(known, MatchModel.load(tmp_path)))
    answer = match_leads(context, [{"country": "DE", "industry": "energy"}], top=3, details=True)
    assert {INDUSTRIES[int(name[1:]) % 3] for name in answer.candidates["partner"]} == {"energy"}
    z = answer.details[0]["base"] + sum(factor["contribution"] for factor in answer.details[0]["factors"])
    assert 1 / (1 + np.exp(-z)) == pytest.approx(answer.candidates["p_win"][0], abs=1e-6)


def test_won_and_lost_deals_are_learned() -> None:
    result = train(history(assignments=None))
    assert result.settings["source"] == "deals"
    assert result.parts[0].rows == 247  # all 255 but those registered in the last 180 days


def test_wins_alone_are_learned_with_everyone_else_as_negatives() -> None:
    won = frames()["deals"].query("outcome == 'won'")
    result = train(history(assignments=None, deals=won))
    part = result.parts[0]
    assert result.settings["source"] == "wins"
    assert part.positives == len(won)
    assert part.rows == 9 * len(won)
    model = part.evaluation.methods[0]
    assert {"recall@10", "mrr", "ndcg@10"} <= set(model.metrics)
    assert model.metrics["mrr"].value > part.evaluation.methods[-1].metrics["mrr"].value


def test_nothing_to_learn_from_is_said() -> None:
    with pytest.raises(TrainingImpossible, match="won deal"):
        train(history(assignments=None, deals=None))


def test_deals_of_one_instant_are_learned() -> None:
    deals = frames()["deals"].assign(registered_at=pd.Timestamp("2024-01-01"), closed_at=pd.Timestamp("2024-01-01"))
    result = train(history(assignments=None, deals=deals, leads=frames()["leads"]))
    assert "other groups" in result.parts[0].evaluation.how


def test_young_offers_are_left_out_whatever_became_of_them() -> None:
    offers = pd.DataFrame(
        {
            "partner": [0, 0, 0, 0],
            "lead": [0, 1, 2, 3],
            "offered": [0, 100 * DAY, 0, 0],
            "responded": [DAY, 101 * DAY, DAY, DAY],
            "response": ["accepted", "accepted", "declined", "withdrawn"],
            "won": [179 * DAY, 110 * DAY, 20 * DAY, 20 * DAY],
            "propensity": [0.5, np.nan, 0.2, np.nan],
        }
    )
    deals = pd.DataFrame({"partner": [0], "lead": [0], "outcome": ["won"], "closed": [179 * DAY], "amount": [7.0]})
    found = offer_examples(Pairs(offers, deals), 200 * DAY, 180)
    rows, answers = found.rows, found.answers
    assert answers is not None
    assert answers[["lead", "accepted", "known"]].to_numpy().tolist() == [
        [0, 1.0, DAY], [2, 0.0, DAY], [1, 1.0, 101 * DAY],
    ]  # fmt: skip
    assert rows[["lead", "won", "known"]].to_numpy().tolist() == [[0, 1.0, 180 * DAY], [2, 0.0, 180 * DAY]]
    assert rows["amount"].iloc[0] == 7.0
    no_deals = deals.iloc[:0].assign(registered=0)
    with pytest.raises(TrainingImpossible):
        find_examples(Pairs(offers.iloc[:0], no_deals), 200 * DAY, 180)


def answered(keen: bool, share: float = 0.5) -> dict[str, pd.DataFrame]:
    """The programme, with answers that depend on the partner, or on nothing."""
    known = frames(n_leads=900)
    rng, offers = np.random.default_rng(5), known["assignments"]
    eager = np.where(offers["partner_id"] % 3 == 1, 0.9, 0.2) if keen else np.full(len(offers), share)
    accepted = rng.uniform(size=len(offers)) < eager
    deals = known["deals"][accepted[known["deals"]["lead_id"] - 1]]
    return {**known, "assignments": offers.assign(response=np.where(accepted, "accepted", "declined")), "deals": deals}


def parts_of(known: History, result: TrainingResult) -> pd.DataFrame:
    context = cast(Any, Context(known, result.model))
    return match_leads(context, [{"country": "DE", "industry": "energy"}], top=9).candidates


def test_acceptance_is_told_apart_where_partners_differ_in_it() -> None:
    known = history(**answered(keen=True))
    result = train(known)
    assert result.notes[-1].startswith("P(accept), fitted on")
    found = parts_of(known, result)
    np.testing.assert_allclose(found["p_accept"] * found["p_win_if_accepted"], found["p_win"], rtol=0, atol=1e-12)
    assert (found["p_accept"] >= found["p_win"]).all()
    eager = found["partner"].isin(["P0", "P3", "P6"])
    assert found["p_accept"][eager].min() > found["p_accept"][~eager].max()


def test_acceptance_is_not_shown_without_answers() -> None:
    known = history(**{**frames(), "assignments": frames()["assignments"].assign(response=None)})
    result = train(known)
    assert result.settings["source"] == "offers"
    assert "P(accept)" in result.notes[-1]
    found = parts_of(known, result)
    assert found["p_accept"].isna().all()
    assert found["p_win_if_accepted"].isna().all()


def test_propensities_are_used_only_where_known_and_where_they_serve_better() -> None:
    rng, n = np.random.default_rng(3), 1200
    x, at = rng.normal(size=n), np.datetime64("2024-01-01", "us") + np.arange(n) * np.timedelta64(6, "h")
    won = (rng.uniform(size=n) < 1 / (1 + np.exp(-x))).astype(float)
    rows = Dataset(pd.DataFrame({"x": x}), won, at, at, np.arange(n), 0, extra=pd.DataFrame({"partner": np.zeros(n)}))
    context = TrainingContext(Settings(), cast(Any, NoText()), NOW)
    plain = train_binary(rows, {"base rate": base_rate, "rate": base_rate}, context).part.evaluation

    def said(propensity: Any) -> str:
        found = corrected(replace(rows, extra=rows.extra.assign(propensity=propensity)), plain, context)
        assert found.weighted == ("is corrected" in found.note)
        assert (found.dataset.weight is not None) == found.weighted
        return found.note

    assert "names no propensity" in corrected(rows, plain, context).note
    assert "names no propensity" in said(np.where(np.arange(n) % 3 == 0, 0.4, np.nan))
    assert "names no propensity" in said(2.0)
    assert "nothing to correct" in said(0.25)
    told = said(rng.uniform(0.01, 1.0, n))  # by lot: there is nothing to gain
    assert "effective sample" in told
    assert "not corrected: it does not serve better" in told
    flipped = replace(plain, predictions=plain.predictions.assign(model=1 - plain.predictions["model"]))
    plain = flipped  # a model that is wrong: whatever is fitted by weights is better
    assert "is corrected" in said(rng.uniform(0.01, 1.0, n))


def test_logged_propensities_reach_the_card() -> None:
    known = frames(n_leads=900)
    logged = {"attributes.propensity": np.random.default_rng(1).uniform(0.01, 1.0, 900)}
    result = train(history(**{**known, "assignments": known["assignments"].assign(**logged)}))
    assert result.notes[1].startswith("Propensities are known of")


class Spelled:
    """A text's vector is drawn by its letters: no meaning, but its own and always the same."""

    def encode(self, texts: Any) -> np.ndarray:
        drawn = [np.random.default_rng(list(text.encode())).normal(size=16) for text in texts]
        return np.array([vector / np.linalg.norm(vector) for vector in drawn], dtype=np.float32).reshape(-1, 16)


def test_what_texts_have_in_common_is_learned_once_and_served_as_it_was(tmp_path: Path) -> None:
    given = frames(n_leads=300)
    given["leads"] = given["leads"].assign(description=[f"needs {i}" for i in range(len(given["leads"]))])
    context = TrainingContext(Settings(), cast(Any, Spelled()), NOW)
    TASK.train(history(**given), context).model.save(tmp_path)
    spec = PairSpec.from_json(MatchModel.load(tmp_path).spec)
    assert spec.leads.space is not None
    later = given | {"leads": given["leads"].assign(description="all alike now")}
    world = PairWorld(history(**later), spec.leads, spec.horizon_days, cast(Any, Spelled()))
    assert world.spec.space == spec.leads.space

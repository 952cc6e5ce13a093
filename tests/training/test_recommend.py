import contextlib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy.special import logit

from domain.errors import ArtefactInvalid, FeatureSetMismatch, TrainingImpossible
from domain.settings import Settings
from intelligence.features.item_features import FEATURES
from intelligence.features.item_log import instant_micros
from intelligence.recommend.factors import SENTENCES, factor_lists
from intelligence.recommend.ranking import Wish, item_space, rank_items
from models.recommend import RecommendModel
from store.history import History
from tests.recommend.worlds import WordVectors, programme, programme_frames
from training.recommend import TASK, _notes
from training.task import TrainingContext, TrainingResult

UNTIL = datetime(2025, 8, 28, tzinfo=UTC)
PARTNERS = 32
SETTINGS = Settings(recommend_horizon_days=30)
TEXT = WordVectors()


def context(until: datetime = UNTIL) -> TrainingContext:
    return TrainingContext(SETTINGS, TEXT, until)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def trained() -> TrainingResult:
    return TASK.train(programme(partners=PARTNERS), context())


def test_the_known_taste_is_found(trained: TrainingResult) -> None:
    part = next(part for part in trained.parts if part.part == "asset")
    ndcg = {method.name: method.metrics["ndcg_10"].value for method in part.evaluation.methods}
    baselines = [value for name, value in ndcg.items() if name != "model"]
    assert len(baselines) >= 3
    assert ndcg["model"] > 1.15 * max(baselines)
    assert part.evaluation.losses.columns.tolist() == list(ndcg)
    assert (part.evaluation.losses["model"].mean()) == pytest.approx(1 - ndcg["model"])


def test_probabilities_are_judged_too(trained: TrainingResult) -> None:
    part = next(part for part in trained.parts if part.part == "engage")
    assert part.calibrated
    model = part.evaluation.methods[0].metrics
    assert model["ece"].value < 0.08


def test_factors_add_up_to_what_is_told(trained: TrainingResult) -> None:
    model = trained.model
    assert isinstance(model, RecommendModel)
    history = programme(partners=PARTNERS)
    space = item_space(history, SETTINGS, TEXT, model)
    ranking, _ = rank_items(space, model, np.arange(9), instant_micros("2025-04-20"), settings=SETTINGS, wish=Wish(4))
    found = model.explain(ranking.frame())
    told = factor_lists(found.base, found.contributions, ranking.frame(), ranking.p)
    sums = found.base + [sum(factor["contribution"] for factor in factors) for factors in told]
    assert np.allclose(sums, logit(ranking.p), atol=1e-6)
    assert len(told) == len(ranking)
    assert {factor["name"] for factor in told[0]} <= set(SENTENCES)
    raw = found.base + found.contributions.sum(axis=1).to_numpy()
    assert np.allclose(raw, logit(model.engage.predict(model.scored(ranking.frame())).p), atol=1e-6)


def test_saved_and_loaded_it_says_the_same(trained: TrainingResult, tmp_path: Path) -> None:
    trained.model.save(tmp_path)
    for part in trained.parts:
        assert np.array_equal(TASK.predict(tmp_path, part.part, part.golden.features), part.golden.p)
    loaded = RecommendModel.load(tmp_path)
    assert loaded.columns == FEATURES
    assert not list(tmp_path.rglob("*.pkl"))
    with pytest.raises(FeatureSetMismatch):
        TASK.predict(tmp_path, "asset", pd.DataFrame({"a": [1.0]}))
    (tmp_path / "recommend.json").unlink()
    with pytest.raises(ArtefactInvalid):
        RecommendModel.load(tmp_path)


def test_it_serves_what_it_learned(trained: TrainingResult) -> None:
    assert isinstance(trained.model, RecommendModel)
    history = programme(partners=PARTNERS)
    space = item_space(history, SETTINGS, TEXT, trained.model)
    as_of = instant_micros("2025-04-20")
    ranking, _ = rank_items(
        space, trained.model, np.arange(PARTNERS), as_of, settings=SETTINGS, wish=Wish(5, ("asset",))
    )
    first = ranking.rank == 1
    same = ranking.item[first] % 4 == ranking.partner[first] % 4
    assert same.mean() > 0.6  # a quarter by chance


def test_equal_seeds_give_equal_models(trained: TrainingResult) -> None:
    again = TASK.train(programme(partners=PARTNERS), context())
    for one, two in zip(trained.parts, again.parts, strict=True):
        assert np.array_equal(one.golden.p, two.golden.p)


def test_too_little_is_said_in_a_sentence() -> None:
    frames = programme_frames()
    activities = frames.pop("activities")
    with pytest.raises(TrainingImpossible, match="no activity names"):
        TASK.train(History.of(UNTIL, **frames), context())
    with pytest.raises(TrainingImpossible, match="too short"):
        TASK.train(History.of(UNTIL, activities=activities.head(1), **frames), context())


def test_kinds_that_no_activity_is_of_are_named(trained: TrainingResult) -> None:
    settings = SETTINGS.model_copy(update={"engagement_weights": {"veiw": 2.0, "claim": 1.0}})
    found = _notes(item_space(programme(), settings, TEXT, None), trained.model.ranker, 30.0, settings)  # type: ignore[attr-defined]
    assert [note for note in found if note.startswith("Warning")] == [
        "Warning: setting engagement_weights names 'veiw', a kind that no activity is of (perhaps 'view' is meant)."
    ]


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_weights_that_are_none_are_refused(weight: float) -> None:
    with pytest.raises(ValidationError, match="a weight is a number from 0 on"):
        Settings(engagement_weights={"view": weight})


@pytest.mark.parametrize("rows", [5, 40])
def test_a_young_programme_is_no_error(rows: int) -> None:
    frames = programme_frames(partners=6)
    frames["activities"] = frames["activities"].head(rows)
    until = frames["activities"]["occurred_at"].max() + pd.Timedelta(days=1)
    result = None
    with contextlib.suppress(TrainingImpossible):
        result = TASK.train(History.of(until, **frames), context(until.to_pydatetime().replace(tzinfo=UTC)))
    assert result is None or result.parts[-1].part == "engage"

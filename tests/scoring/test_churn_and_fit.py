"""The two answers over a real store: with a model, with the baseline, with nothing."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace

import pandas as pd
import pytest
from scipy.special import logit

from domain.settings import Settings
from intelligence.scoring import churn, fit
from models.churn import ChurnModel
from models.fit import FitModel
from store.engine import create_store_engine
from store.history import History
from store.migrate import upgrade
from store.schema import all_tables
from store.unit_of_work import UnitOfWork
from tests.features.programme import UNTIL, HashEncoder, frames, programme
from training import churn as churn_training
from training import fit as fit_training
from training.task import TrainingContext

NOW = UNTIL.to_pydatetime().replace(tzinfo=UTC)
SETTINGS = Settings(churn_horizons_days=(30, 90), fit_horizon_days=150, training_threads=1)


@dataclass
class Context:
    """The part of ``Intelligence`` that scoring uses, over a history at hand."""

    engine: object
    whole: History
    settings: Settings = SETTINGS
    text: object = field(default_factory=HashEncoder)
    models: dict = field(default_factory=dict)

    def instant(self, as_of=None):
        return as_of or NOW

    def history(self, as_of=None):
        return self.whole.known_by(self.instant(as_of))

    def load_model(self, name, as_of=None):  # noqa: ARG002
        return self.models.get(str(name))


@pytest.fixture
def engine(tmp_path):
    engine = create_store_engine(f"sqlite:///{tmp_path / 'store.db'}")
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    context = TrainingContext(SETTINGS, HashEncoder(), NOW)
    found = {}
    for name, task, served in (("churn", churn_training.TASK, ChurnModel), ("fit", fit_training.TASK, FitModel)):
        folder = tmp_path_factory.mktemp(name)
        result = task.train(programme(), context)
        result.model.save(folder)
        for part in result.parts:
            assert task.predict(folder, part.part, part.golden.features) == pytest.approx(part.golden.p, abs=1e-12)
        assert all(len(part.evaluation.methods) >= 3 for part in result.parts)
        found[name] = SimpleNamespace(model=served.load(folder), label=f"{name}/1")
    return found


def with_partners(engine, history):
    """Put the partners into the store, whose scores refer to them."""
    rows = [{"id": int(i), "external_id": e, "name": e} for i, e in history.partners[["id", "external_id"]].to_numpy()]
    moment = {"row_created_at": NOW, "row_updated_at": NOW}
    with engine.begin() as connection:
        connection.execute(all_tables().tables["partners"].insert(), [row | moment for row in rows])


@pytest.mark.parametrize(("score", "p"), [(churn.churn_scores, "p_inactive"), (fit.fit_scores, "p_productive")])
def test_factors_add_up_to_the_probability(engine, models, score, p):
    scored = score(Context(engine, programme(), models=models), NOW)
    assert len(scored.frame) >= 5
    for row in range(len(scored.frame)):
        total = scored.explanation.base[row] + sum(item["contribution"] for item in scored.explanation.factors(row))
        short = scored.explanation.base[row] + sum(i["contribution"] for i in scored.explanation.factors(row, limit=3))
        assert total == pytest.approx(logit(scored.frame[p][row]), abs=1e-6)
        assert short == pytest.approx(total, abs=1e-9)


def test_churn_has_the_promised_columns_and_leaves_out_ended_partners(engine, models):
    history = programme()
    frame = churn.score_churn(Context(engine, history, models=models), NOW, 60)
    assert tuple(frame.columns) == churn.COLUMNS
    assert not set(frame["partner"]) & {f"P{i}" for i in range(9, 61, 9)}
    assert frame["horizon_days"].eq(60).all()
    assert (frame["low"] <= frame["p_inactive"]).all()
    assert (frame["p_inactive"] <= frame["high"]).all()
    assert frame["revenue_at_risk"].is_monotonic_decreasing
    assert frame["reason_1"].str.len().gt(0).all()
    assert set(frame["model_version"]) == {"churn/1"}


def test_the_probability_of_silence_never_rises_with_the_horizon(engine, models):
    context = Context(engine, programme(), models=models)
    by_horizon = [
        churn.score_churn(context, NOW, days).set_index("partner")["p_inactive"].sort_index()
        for days in (1, 15, 30, 45, 90, 200, 1000)
    ]
    for shorter, longer in itertools.pairwise(by_horizon):
        assert (longer <= shorter + 1e-12).all()


def test_scores_are_kept_and_the_trend_compares_with_the_last(engine, models):
    history = programme()
    with_partners(engine, history)
    context = Context(engine, history, models=models)
    first = churn.score_churn(context, datetime(2025, 3, 1, tzinfo=UTC), store=True)
    assert set(first["trend"]) == {"new"}
    later = churn.score_churn(context, NOW, store=True)
    assert set(later["trend"]) <= {"new", "rising", "falling", "steady"}
    assert set(later["trend"]) != {"new"}
    with UnitOfWork(engine, read_only=True) as uow:
        kept = uow.scores.latest("churn", 90, until=NOW)
    assert len(kept) >= len(later)
    assert {"factors", "base", "partner", "reason_1"} <= set(next(iter(kept.values())).details)
    assert len(fit.score_fit(context, NOW, store=True)) > 0


def test_fit_scores_prospects_and_names_look_alikes(engine, models):
    history = programme()
    frame = fit.score_fit(Context(engine, history, models=models), NOW)
    assert tuple(frame.columns) == fit.COLUMNS
    ended = history.partners["status"] == "ended"
    prospects = history.partners.loc[history.partners["recruited_at"].isna() & ~ended, "external_id"]
    assert set(frame["partner"]) == set(prospects)
    assert frame["p_productive"].is_monotonic_decreasing
    assert frame["similar_1"].notna().all()
    assert not set(frame["similar_1"]) & set(prospects)


def test_a_company_that_is_not_in_the_store_gets_the_score_of_its_twin(engine, models):
    history = programme()
    context = Context(engine, history, models=models)
    twin = history.partners[history.partners["recruited_at"].isna()].iloc[0]
    company = {
        name: twin[name]
        for name in ("kind", "country", "region", "employees", "annual_revenue", "description", "website")
    }
    company |= {name: list(twin[name]) for name in ("industries", "languages", "territories")}
    company |= {"founded_on": twin["founded_on"], "account_manager": twin["account_manager"], "name": "New"}
    company |= {"attributes": {"score": twin["attributes.score"], "segment": twin["attributes.segment"]}}
    company["attributes"]["joined"] = twin["attributes.joined"]
    silent = History.of(
        UNTIL, **(frames() | {"activities": frames()["activities"].query(f"partner_id != {twin['id']}")})
    )
    context.whole = silent
    scored = fit.fit_company(context, company, NOW)
    assert scored.frame["partner"].tolist() == ["(company)"]
    expected = fit.score_fit(context, NOW).set_index("partner")["p_productive"][twin["external_id"]]
    if history.deals["partner_id"].ne(twin["id"]).all() and twin["program_id"] == -1:
        assert scored.frame["p_productive"][0] == pytest.approx(expected, abs=1e-9)
    assert 0 < scored.frame["p_productive"][0] < 1


def test_without_a_model_the_baseline_answers(engine):
    context = Context(engine, programme())
    for frame, p in ((churn.score_churn(context, NOW), "p_inactive"), (fit.score_fit(context, NOW), "p_productive")):
        assert set(frame["model_version"]) == {"baseline"}
        assert frame[p].between(0, 1, inclusive="neither").all()
        assert (frame["low"] <= frame[p]).all()
        assert frame["reason_1"].str.len().gt(0).all()


def test_an_empty_store_gives_empty_frames_with_all_columns(engine):
    context = Context(engine, History.of(UNTIL))
    assert tuple(churn.score_churn(context, NOW).columns) == churn.COLUMNS
    assert tuple(fit.score_fit(context, NOW, store=True).columns) == fit.COLUMNS
    assert 0 < fit.fit_company(context, {"name": "First", "country": "DE"}, NOW).frame["p_productive"][0] < 1


def test_one_partner_without_any_history_has_no_evidence(engine):
    one = pd.DataFrame({"external_id": ["only"], "name": ["Only"], "status": ["active"]})
    frame = churn.score_churn(Context(engine, History.of(UNTIL, partners=one)), NOW)
    assert frame["evidence"].tolist() == ["none"]
    assert frame["n"].tolist() == [0]
    assert 0.5 < frame["p_inactive"][0] < 0.95

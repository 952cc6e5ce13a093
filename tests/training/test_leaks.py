"""Leaking fields: named, left out, kept when trusted; honest ones are left alone."""

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from domain.settings import Settings
from intelligence.features.build import build, learn_feature_set
from intelligence.features.pair_leads import describe_leads, lead_table
from store.history import History
from training.leak_statistics import ground, power, single_aucs
from training.leaks import find_leaks, guarded, hide
from training.task import TrainingContext

DAY = np.timedelta64(1, "D")
START = np.datetime64("2024-01-01", "us")
UNTIL = np.datetime64("2025-07-01", "us")
SETTINGS = Settings(churn_horizons_days=(60,), fit_outcome="attributes.outcome", fit_horizon_days=30)


class NoText:
    """An encoder of nothing, for histories without texts."""

    def encode(self, texts: list[str]) -> np.ndarray:
        return np.zeros((len(texts), 4), dtype=np.float32)


def fit_history(extra: Mapping[str, object], n: int = 300) -> History:
    rng = np.random.default_rng(4)
    size = rng.normal(size=n)
    outcome = (rng.random(n) < 1 / (1 + np.exp(-1.2 * size))).astype(float)
    columns = {name: make(outcome, rng) if callable(make) else make for name, make in extra.items()}
    partners = pd.DataFrame(
        {
            "external_id": [f"p{k}" for k in range(n)],
            "recruited_at": START + np.arange(n) * DAY,
            "attributes.size": size,
            "attributes.outcome": outcome,
            **{f"attributes.{name}": values for name, values in columns.items()},
        }
    )
    return History.of(UNTIL, partners=partners)


def copied(outcome: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.where(rng.random(len(outcome)) < 0.05, 1 - outcome, outcome)


def filled_for_some(outcome: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    words = np.array(["noted"] * len(outcome), dtype=object)
    words[(outcome == 0) | (rng.random(len(outcome)) < 0.4)] = None
    return words


def overlapping(outcome: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=len(outcome)) + 2.3 * outcome


def test_copies_missingness_and_numbers_are_named_and_an_honest_attribute_is_not():
    history = fit_history({"copy": copied, "note": filled_for_some, "late score": overlapping})
    leaks = {leak.field: leak for leak in find_leaks("fit", history, SETTINGS)}
    assert sorted(leaks) == ["attributes.copy", "attributes.late score", "attributes.note"]
    assert all(leak.left_out for leak in leaks.values())
    assert leaks["attributes.copy"].auc == pytest.approx(0.95, abs=0.03)
    assert "partners: copy knows too much" in leaks["attributes.copy"].sentence


def test_an_attribute_filled_only_where_the_outcome_is_known_is_named():
    history = fit_history({"reviewed": lambda y, rng: rng.normal(size=len(y))})
    unknown = history.partners["id"] > 200
    partners = history.partners.assign(
        **{name: history.partners[name].where(~unknown) for name in ("attributes.outcome", "attributes.reviewed")}
    )
    (leak,) = find_leaks("fit", History.of(UNTIL, partners=partners), SETTINGS)
    assert (leak.field, leak.kind) == ("attributes.reviewed", "missingness")


def test_a_trusted_attribute_is_named_and_stays():
    history = fit_history({"copy": copied})
    settings = SETTINGS.model_copy(update={"trusted_attributes": ("partners.copy",)})
    context = TrainingContext(settings, NoText(), datetime(2025, 7, 1, tzinfo=UTC))
    guard = guarded("fit", history, context)
    assert [leak.left_out for leak in guard.leaks] == [False]
    assert "attributes.copy" in guard.history.partners


def test_leaking_and_protected_attributes_enter_no_feature():
    history = fit_history({"copy": copied, "gender": lambda y, rng: rng.choice(["f", "m"], len(y))})
    settings = SETTINGS.model_copy(update={"protected_attributes": ("Gender",)})
    context = TrainingContext(settings, NoText(), datetime(2025, 7, 1, tzinfo=UTC))
    guard = guarded("fit", history, context)
    feature_set = learn_feature_set("fit", guard.history, guard.context.settings)
    assert not [name for name in feature_set.columns if "copy" in name or "gender" in name.casefold()]
    # Also where the whole history is there, as in serving: the set decides.
    subjects = pd.DataFrame({"partner_id": [1], "as_of": [UNTIL]})
    assert "attributes.copy" not in build(feature_set, history, subjects, None)
    assert "attributes.copy" not in learn_feature_set("fit", history, guard.context.settings).columns


def churn_history(n: int = 250) -> tuple[History, np.ndarray]:
    """Partners with rates of their own; also who is silent in the last 60 days."""
    rng = np.random.default_rng(8)
    rate = rng.gamma(1.5, 1.0, n)
    counts = rng.poisson(rate * 18)
    partner = np.repeat(np.arange(1, n + 1), counts)
    at = START + (rng.random(len(partner)) * 540).astype(int) * DAY
    silent = ~np.isin(np.arange(1, n + 1), partner[at > UNTIL - 60 * DAY])
    activities = pd.DataFrame({"partner_id": partner, "occurred_at": at, "kind": "visit"})
    partners = pd.DataFrame({"external_id": [f"p{k}" for k in range(n)], "recruited_at": START})
    partners["attributes.state"] = np.where(silent, "dormant", "live")
    partners["attributes.size"] = rate + rng.normal(size=n)
    return History.of(UNTIL, partners=partners, activities=activities), silent


def test_a_state_set_after_the_silence_is_named_beside_events_and_size_is_not():
    history, silent = churn_history()
    assert 0.05 < silent.mean() < 0.6
    assert [leak.field for leak in find_leaks("churn", history, SETTINGS)] == ["attributes.state"]


def lead_history(n: int = 400) -> History:
    rng = np.random.default_rng(6)
    won = rng.random(n) < 0.3
    partner = rng.integers(1, 11, n)
    created = START + np.arange(n) * DAY
    leads = pd.DataFrame(
        {
            "external_id": [f"l{k}" for k in range(n)],
            "created_at": created,
            "industry": rng.choice(["retail", "health"], n),
            "attributes.urgency": rng.choice(["low", "high"], n),
            "attributes.closing note": np.where(won & (rng.random(n) < 0.8), "signed", None),
            "attributes.owner code": 1000.0 + 7 * partner,
        }
    )
    deals = pd.DataFrame(
        {
            "external_id": [f"d{k}" for k in range(n)],
            "partner_id": partner,
            "lead_id": np.arange(1, n + 1),
            "registered_at": created,
            "closed_at": created + 5 * DAY,
            "outcome": np.where(won, "won", "lost"),
        }
    )
    partners = pd.DataFrame({"external_id": [f"p{k}" for k in range(1, 11)], "recruited_at": START})
    return History.of(UNTIL + 400 * DAY, partners=partners, leads=leads, deals=deals)


def test_a_note_on_won_leads_is_named():
    assert [leak.field for leak in find_leaks("match", lead_history(), Settings())] == ["attributes.closing note"]


def test_a_code_of_the_winner_is_named_where_only_wins_are_known():
    history = lead_history()
    won = history.deals["outcome"] == "won"
    wins = History.of(history.until, partners=history.partners, leads=history.leads, deals=history.deals[won])
    fields = {leak.field: leak.kind for leak in find_leaks("match", wins, Settings())}
    assert fields["attributes.owner code"] == "names the winner"
    assert "attributes.urgency" not in fields


def test_hidden_fields_are_gone_from_leads_and_their_description():
    hidden = hide(lead_history(), {("leads", "attributes.closing note"), ("leads", "industry")})
    table = lead_table(hidden)
    spec = describe_leads(table)
    assert "attributes.closing note" not in table
    assert table["industry"].isna().all()
    assert {attribute.name for attribute in spec.attributes} == {"attributes.urgency", "attributes.owner code"}


def test_an_asset_that_counts_its_readers_to_come_is_named():
    rng = np.random.default_rng(2)
    n_items, n_partners = 120, 80
    reads = pd.DataFrame(
        {
            "partner_id": rng.integers(1, n_partners + 1, 4_000),
            "asset_id": rng.integers(1, n_items + 1, 4_000),
            "occurred_at": START + (rng.random(4_000) * 540).astype(int) * DAY,
            "kind": "read",
        }
    )
    half = reads["asset_id"] % 2 == 0  # these are read no more after a year
    reads = reads[~(half & (reads["occurred_at"] > START + 400 * DAY))]
    late = reads[reads["occurred_at"] > UNTIL - 90 * DAY].groupby("asset_id").size()
    assets = pd.DataFrame({"external_id": [f"a{k}" for k in range(n_items)], "title": "x", "published_at": START})
    assets["attributes.readers"] = late.reindex(np.arange(1, n_items + 1)).fillna(0).to_numpy(float)
    assets["attributes.pages"] = rng.integers(1, 60, n_items).astype(float)
    partners = pd.DataFrame({"external_id": [f"p{k}" for k in range(n_partners)], "recruited_at": START})
    history = History.of(UNTIL, partners=partners, assets=assets, activities=reads)
    fields = [leak.field for leak in find_leaks("recommend", history, Settings())]
    assert "attributes.pages" not in fields
    assert "attributes.readers" in fields


@pytest.mark.parametrize("name", ["fit", "churn", "match", "recommend"])
def test_an_empty_store_and_a_single_partner_have_no_leaks(name):
    assert find_leaks(name, History.of(UNTIL), Settings()) == ()
    alone = pd.DataFrame({"external_id": ["p"], "recruited_at": START, "attributes.x": ["y"]})
    assert find_leaks(name, History.of(UNTIL, partners=alone), Settings()) == ()


def test_power_of_noise_is_nothing():
    rng = np.random.default_rng(0)
    y = (rng.random(500) < 0.5).astype(float)
    known = ground(y, np.zeros((500, 0)), np.arange(500))
    noise = power(known, pd.Series(rng.normal(size=500)))
    assert noise.auc_low < 0.52
    assert noise.gain_low <= 0.0
    assert noise.pure == ""


def test_a_lead_field_edited_after_the_outcome_is_named():
    history = lead_history()
    leads = history.leads.assign(**{"attributes.rating": np.where(history.deals["outcome"] == "won", "hot", "cold")})
    rng = np.random.default_rng(3)
    noisy = np.where(rng.random(len(leads)) < 0.25, "hot", leads["attributes.rating"])
    leads["attributes.rating"] = np.where(rng.random(len(leads)) < 0.25, "cold", noisy)
    first = pd.DataFrame({"external_id": leads["external_id"], "changed_at": leads["created_at"], "value": "cold"})
    later = first.assign(changed_at=leads["created_at"] + 6 * DAY, value=leads["attributes.rating"])
    changes = pd.concat([first, later]).assign(resource="leads", field="rating")
    edited = History.of(history.until, partners=history.partners, leads=leads, deals=history.deals, changes=changes)
    kinds = {leak.field: leak.kind for leak in find_leaks("match", edited, Settings())}
    assert kinds["attributes.rating"] in ("changes after the outcome", "too good")


def test_features_alone_are_ranked_by_auc():
    rng = np.random.default_rng(0)
    y = (rng.random(400) < 0.5).astype(float)
    features = pd.DataFrame(
        {"noise": rng.normal(size=400), "against": -y, "word": pd.Categorical(np.where(y > 0, "a", "b"))}
    )
    found = single_aucs(features, y, np.arange(400))
    assert list(found)[-1] == "noise"
    assert found["against"] == found["word"] == 1.0


def test_a_reason_on_closed_deals_is_named_though_no_model_reads_it():
    history = lead_history()
    deals = history.deals.assign(**{"attributes.reason": np.where(history.deals["outcome"] == "won", "fit", "price")})
    told = History.of(history.until, partners=history.partners, leads=history.leads, deals=deals)
    assert ("deals", "attributes.reason") in {
        (leak.table, leak.field) for leak in find_leaks("match", told, Settings())
    }


def test_a_built_in_field_that_follows_the_outcome_is_left_out_of_training():
    history, silent = churn_history()
    partners = history.partners.assign(account_manager=np.where(silent, "Pool", "Ann"))
    moved = History.of(UNTIL, partners=partners.drop(columns="attributes.state"), activities=history.activities)
    context = TrainingContext(SETTINGS, NoText(), datetime(2025, 7, 1, tzinfo=UTC))
    guard = guarded("churn", moved, context)
    assert [leak.field for leak in guard.leaks] == ["account_manager"]
    assert guard.history.partners["account_manager"].isna().all()

"""A generated world: valid in the import format, the same by seed, and true to its own probabilities."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from demo.generator import generate
from demo.spec import WorldSpec, WorldSummary
from demo.truth import COLUMNS
from domain.resources import LEARNED, Column, ColumnType
from domain.settings import Settings
from store.transfer import import_folder

END = datetime(2026, 3, 10, tzinfo=UTC)
TINY = {"partners": 30, "prospects": 40, "leads": 200, "deals": 160, "activities": 3000, "assets": 30, "offers": 8}


class Made(NamedTuple):
    folder: Path
    truth: Path
    spec: WorldSpec
    summary: WorldSummary


def make(folder: Path, **options: Any) -> Made:
    spec = WorldSpec(**{"seed": 5, "end": END, **options})
    return Made(folder / "w", folder / "t", spec, generate(folder / "w", folder / "t", spec))


def read(made: Made, name: str) -> pd.DataFrame:
    if (made.folder / f"{name}.parquet").exists():
        return pd.read_parquet(made.folder / f"{name}.parquet")
    return pd.read_csv(made.folder / f"{name}.csv", dtype=str, keep_default_na=False, na_values=[""])


def truth_of(made: Made, name: str) -> pd.DataFrame:
    return pd.read_parquet(made.truth / f"{name}.parquet")


def instants(values: pd.Series) -> pd.Series:
    return pd.to_datetime(values, utc=True).dt.tz_localize(None).astype("datetime64[us]")


def auc(happened: Any, score: Any) -> float:
    y = np.asarray(happened, dtype=bool)
    rank = pd.Series(np.asarray(score, dtype=float)).rank().to_numpy()
    return float((rank[y].sum() - y.sum() * (y.sum() + 1) / 2) / (y.sum() * (~y).sum()))


def assert_calibrated(happened: Any, p: Any, *, slack: float = 0.0) -> None:
    y, p = np.asarray(happened, dtype=float), np.asarray(p, dtype=float)
    error = 4 * np.sqrt((p * (1 - p)).sum()) / len(p)
    assert abs(y.mean() - p.mean()) <= error + slack, (y.mean(), p.mean(), error)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Made:
    sizes = {"partners": 300, "prospects": 300, "leads": 8000, "deals": 7000, "activities": 100_000}
    return make(tmp_path_factory.mktemp("world"), **sizes)


@pytest.fixture(scope="module")
def signs(world: Made) -> pd.DataFrame:
    """Signs of life: activities, deals registered, deals won."""
    deals = read(world, "deals")
    won = deals[deals["outcome"] == "won"]
    parts = [
        read(world, "activities")[["partner", "occurred_at"]].set_axis(["partner", "at"], axis=1),
        deals[["partner"]].assign(at=instants(deals["registered_at"])),
        won[["partner"]].assign(at=instants(won["closed_at"])),
    ]
    return pd.concat(parts).sort_values("at")


# --- files ------------------------------------------------------------------------------------


def test_equal_specs_give_equal_bytes_and_other_seeds_do_not(tmp_path: Path) -> None:
    one, two = make(tmp_path / "1", **TINY), make(tmp_path / "2", **TINY)
    other = make(tmp_path / "3", **TINY | {"seed": 6})
    files = sorted(path.relative_to(tmp_path / "1") for path in (tmp_path / "1").rglob("*.*"))
    assert len(files) == len(LEARNED) + len(COLUMNS) + 1
    assert all((tmp_path / "1" / f).read_bytes() == (tmp_path / "2" / f).read_bytes() for f in files)
    assert one.summary == two.summary
    assert (one.folder / "leads.csv").read_bytes() != (other.folder / "leads.csv").read_bytes()


@pytest.mark.parametrize("name", LEARNED)
def test_every_file_holds_what_the_format_promises(world: Made, name: str) -> None:
    frame, resource = read(world, name), LEARNED[name]
    assert len(frame) == world.summary.rows[name] > 0
    assert not frame.duplicated([key for key in resource.key if key in frame]).any()
    for column in resource.columns:
        assert not column.required or frame[column.name].notna().all()
        if column.name in frame:
            _check_column(world, column, frame[column.name].dropna())


def _check_column(made: Made, column: Column, values: pd.Series) -> None:
    if column.type is ColumnType.LIST:
        values = values.str.split(";").explode()
    if column.target is not None:
        assert set(values) <= set(read(made, column.target)["external_id"])
    if column.words:
        assert set(values) <= set(column.words)
    if column.type in (ColumnType.AMOUNT, ColumnType.INTEGER):
        assert (values.astype(float) >= 0).all()
    past = column.type is ColumnType.INSTANT and column.name != "expires_at"
    if past and not pd.api.types.is_datetime64_dtype(values):
        assert (instants(values) <= pd.Timestamp(END).tz_localize(None)).all()


def test_the_store_takes_it_without_a_complaint(tmp_path: Path, sqlite_engine: Any) -> None:
    made = make(tmp_path, **TINY)
    report = import_folder(sqlite_engine, made.folder, settings=Settings(home=tmp_path / "home"))
    assert list(report.problems) == []


def test_facts_are_in_order(world: Made) -> None:
    offered = read(world, "assignments")
    answered = offered.dropna(subset="responded_at")
    assert (instants(answered["responded_at"]) > instants(answered["offered_at"])).all()
    assert answered["response"].notna().all()
    created = instants(read(world, "leads").set_index("external_id")["created_at"])
    assert (instants(offered["offered_at"]) >= created.loc[offered["lead"]].to_numpy()).all()
    deals = read(world, "deals")
    accepted = offered[offered["response"] == "accepted"][["lead", "partner"]]
    from_lead = deals.dropna(subset="lead")[["lead", "partner"]]
    assert sorted(map(tuple, accepted.to_numpy())) == sorted(map(tuple, from_lead.to_numpy()))
    closed = deals.dropna(subset="closed_at")
    days = (instants(closed["closed_at"]) - instants(closed["registered_at"])).dt.total_seconds() / 86_400
    assert days[closed["lead"].notna()].between(15, 171).all()
    assert (deals["outcome"].notna() == deals["closed_at"].notna()).all()


def test_the_last_change_of_a_field_is_what_the_partner_is(world: Made) -> None:
    partners, changes = read(world, "partners").set_index("external_id"), read(world, "changes")
    last = changes.sort_values("changed_at", kind="stable").groupby(["field", "external_id"])["value"].last()
    for name in ("status", "tier", "account_manager", "certified_staff"):
        values = last.loc[name]
        assert len(values) >= world.spec.partners
        assert (partners.loc[values.index, name] == values).all(), name


def test_some_leads_wait_for_a_partner_and_some_activities_come_late(world: Made) -> None:
    leads, offered = read(world, "leads"), read(world, "assignments")
    newest = leads[instants(leads["created_at"]) >= pd.Timestamp(END).tz_localize(None) - pd.Timedelta(days=5)]
    assert len(newest) > 20
    assert not set(newest["external_id"]) & set(offered["lead"])
    late = read(world, "activities").dropna(subset="recorded_at")
    assert 0.02 < len(late) / world.summary.rows["activities"] < 0.04
    assert (late["recorded_at"] > late["occurred_at"]).all()


def test_texts_are_few_and_short(world: Made) -> None:
    columns = {"leads": ["description"], "partners": ["description"], "deals": ["description"]}
    columns |= {"products": ["description"], "assets": ["title", "body"], "offers": ["title", "body"]}
    texts = {text for name, fields in columns.items() for f in fields for text in read(world, name)[f].dropna()}
    assert 500 < len(texts) <= 1500
    assert max(len(text.split()) for text in texts) <= 25


# --- truth ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COLUMNS)
def test_truth_has_the_columns_of_its_manifest_and_probabilities_are_such(world: Made, name: str) -> None:
    frame, manifest = truth_of(world, name), json.loads((world.truth / "manifest.json").read_text())
    assert list(frame.columns) == list(manifest["columns"][name])
    assert len(frame) == world.summary.truth_rows[name]
    for column in (c for c in frame if c.startswith("p_") or c == "propensity"):
        assert frame[column].dropna().between(0, 1).all()


def test_silence_comes_as_often_as_the_truth_says(world: Made, signs: pd.DataFrame) -> None:
    truth = truth_of(world, "churn").sort_values("as_of")
    coming = pd.merge_asof(
        truth, signs, left_on="as_of", right_on="at", by="partner", direction="forward", allow_exact_matches=False
    )
    for horizon in (30, 60, 90):
        known = coming[coming["as_of"] <= truth["as_of"].max() - pd.Timedelta(days=horizon)]
        silent = ~(known["at"] - known["as_of"] <= pd.Timedelta(days=horizon))
        p = known[f"p_inactive_{horizon}"]
        assert_calibrated(silent, p, slack=0.02)  # months of one partner are not independent
        assert 0.75 < auc(silent, p) < 0.97
    assert (truth["p_inactive_30"] >= truth["p_inactive_60"]).all()
    assert (truth["p_inactive_60"] >= truth["p_inactive_90"]).all()


def test_offers_are_accepted_and_won_as_often_as_the_truth_says(world: Made) -> None:
    truth = truth_of(world, "offers_made")
    done = truth[truth["offered_at"] < truth["offered_at"].max() - pd.Timedelta(days=180)]
    assert done["won"].notna().all()
    for happened, p in (("accepted", "p_accept"), ("won", "p_win")):
        assert_calibrated(done[happened], done[p], slack=0.005)
        assert 0.7 < auc(done[happened], done[p]) < 0.97
    high = done[done["p_win"] > done["p_win"].quantile(0.9)]
    assert_calibrated(high["won"], high["p_win"], slack=0.01)


def test_the_historical_policy_leaves_a_gap_to_the_best_partner(world: Made) -> None:
    pairs = truth_of(world, "match")
    routed = pairs[~pairs["open"] & pairs["eligible"]]
    assert routed["lead"].nunique() > 900
    assert (routed.groupby("lead")["propensity"].sum() < 1.000001).all()
    assert routed[routed["chosen"]].groupby("lead").size().max() == 1
    rates = world.summary.rates
    assert rates["oracle_p_win"] > 1.8 * rates["policy_p_win"] > 0.1


def test_the_log_names_the_probability_of_first_offers(world: Made) -> None:
    logged, truth = read(world, "assignments"), truth_of(world, "offers_made")
    assert (logged[["lead", "partner"]] == truth[["lead", "partner"]]).all(axis=None)
    assert (logged["propensity"].notna() == (truth["hop"] == 0)).all()
    first = logged["propensity"].notna()
    assert np.allclose(logged.loc[first, "propensity"].astype(float), truth.loc[first, "propensity"])
    assert (truth.loc[first, "propensity"] > 0).all()


def test_exploration_asks_every_allowed_partner_at_its_share(tmp_path: Path) -> None:
    sizes = TINY | {"leads": 1500, "partners": 60}
    plain, bold = make(tmp_path / "0", **sizes), make(tmp_path / "1", **sizes, explored_share=0.3)
    years = pd.Timestamp(END).tz_localize(None) - pd.Timedelta(days=365)
    before, after = (read(made, "assignments") for made in (plain, bold))
    old = instants(before["offered_at"]) < years
    pd.testing.assert_frame_equal(before[old], after[instants(after["offered_at"]) < years])
    pairs = truth_of(bold, "match")
    pairs = pairs[~pairs["open"] & pairs["eligible"]]
    pairs = pairs[pairs["as_of"] >= years + pd.Timedelta(days=10)]
    rare = pairs[pairs["propensity"].between(1e-9, 0.1)]
    assert_calibrated(rare["chosen"], rare["propensity"])
    possible = pairs[pairs["propensity"] > 0]
    n = possible.groupby("lead")["partner"].transform("size")
    assert (possible["propensity"] >= 0.3 / n - 1e-12).all()


def test_recruits_become_productive_as_often_as_the_truth_says(world: Made) -> None:
    partners, deals = read(world, "partners").set_index("external_id"), read(world, "deals")
    won = deals[deals["outcome"] == "won"]
    first = instants(won["closed_at"]).groupby(won["partner"]).min()
    truth = truth_of(world, "fit").set_index("partner")
    recruited = instants(partners["recruited_at"].dropna())
    recruited = recruited[recruited < pd.Timestamp(END).tz_localize(None) - pd.Timedelta(days=365)]
    productive = (first.reindex(recruited.index) - recruited) <= pd.Timedelta(days=365)
    p = truth.loc[recruited.index, "p_productive"]
    assert len(p) > 100
    assert_calibrated(productive, p)
    assert auc(productive, p) > 0.65
    assert (truth["p_still"].dropna() <= truth.loc[truth["p_still"].notna(), "p_productive"] + 1e-12).all()


@pytest.mark.parametrize("kind", ["asset", "offer"])
def test_content_is_picked_as_often_as_the_truth_says(world: Made, kind: str) -> None:
    truth = truth_of(world, "recommend")
    since = truth["as_of"].min()
    rows = truth[(truth["as_of"] == since) & (truth["kind"] == kind) & truth["available"] & ~truth["seen"]]
    events = read(world, "activities").dropna(subset=kind)
    events = events[(events["occurred_at"] > since) & (events["occurred_at"] <= since + pd.Timedelta(days=90))]
    engaged = pd.MultiIndex.from_frame(rows[["partner", "item"]]).isin(
        pd.MultiIndex.from_frame(events[["partner", kind]].drop_duplicates())
    )
    assert_calibrated(engaged, rows["p_engage"], slack=0.2 * rows["p_engage"].mean())
    assert auc(engaged, rows["p_engage"]) > 0.75


def test_a_world_without_text_signal_has_less_to_find(tmp_path: Path, world: Made) -> None:
    sizes = {"partners": 300, "prospects": 300, "leads": 8000, "deals": 7000, "activities": 100_000}
    mute = make(tmp_path, **sizes, text_signal=0.0)
    assert mute.summary.rates["oracle_p_win"] < world.summary.rates["oracle_p_win"] - 0.03

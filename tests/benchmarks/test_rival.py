"""The rival programme: reproducible, importable, and its truth agrees with what happens."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine

from benchmarks.rival.__main__ import generate
from benchmarks.rival.cast import RivalSpec
from domain.settings import Settings
from store.transfer import import_folder

END = datetime(2026, 11, 20, tzinfo=UTC)


def small(**changed: float) -> RivalSpec:
    sizes = {"partners": 250, "prospects": 60, "leads": 1_500, "activities": 25_000, "assets": 40, "offers": 6}
    return RivalSpec(end=END, seed=9, **(sizes | changed))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rival")
    generate(folder / "records", folder / "truth", small())
    return folder


def table(world: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(world / "truth" / f"{name}.parquet")


def test_the_same_seed_writes_the_same_files(world: Path, tmp_path: Path) -> None:
    generate(tmp_path / "records", tmp_path / "truth", small())
    for name in ("partners.csv", "leads.csv", "deals.csv", "assignments.csv"):
        assert (tmp_path / "records" / name).read_bytes() == (world / "records" / name).read_bytes()


def test_nothing_recorded_lies_beyond_the_end(world: Path) -> None:
    columns = {
        "activities": "occurred_at",
        "deals": "closed_at",
        "assignments": "responded_at",
        "assets": "published_at",
    }
    for name, column in columns.items():
        path = next((world / "records").glob(f"{name}.*"))
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
        assert pd.to_datetime(frame[column]).max() <= pd.Timestamp(END).tz_localize(None)


def test_true_probabilities_agree_with_what_happened(world: Path) -> None:
    pairs, offers = table(world, "match"), pd.read_csv(world / "records" / "assignments.csv")
    chosen = pairs[pairs["chosen"]]
    first = offers.drop_duplicates("lead").merge(chosen, on=["lead", "partner"])
    assert (first["response"] == "accepted").mean() == pytest.approx(chosen["p_accept"].mean(), abs=0.05)
    propensities = pairs[~pairs["open"]].groupby("lead")["propensity"].sum()
    np.testing.assert_allclose(propensities[propensities > 0], 1.0)
    known, later = table(world, "recommend"), table(world, "later")
    assert len(later) == pytest.approx(known["p_engage"].sum(), rel=0.15)


def test_silence_grows_with_the_horizon(world: Path) -> None:
    churn = table(world, "churn")
    p = churn[[f"p_inactive_{h}" for h in (14, 30, 60, 90, 180)]].to_numpy()
    assert (np.diff(p, axis=1) <= 1e-12).all()
    assert 0.02 < p[:, 3].mean() < 0.6


def test_imports_cleanly(world: Path, tmp_path: Path, sqlite_engine: Engine) -> None:
    rows = json.loads((world / "truth" / "manifest.json").read_text())["rows"]
    report = import_folder(sqlite_engine, world / "records", settings=Settings(home=tmp_path))
    assert {name: counts.inserted for name, counts in report.counts.items()} == rows

"""Pieces of any size give what the whole gives, to the bit, on both databases."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from domain.terms import ModelName
from intelligence.context import Intelligence, open_intelligence
from intelligence.engine import LocalEngine
from intelligence.scoring import pieces
from intelligence.scoring.churn import score_churn
from intelligence.scoring.fit import score_fit
from store.activity_rows import Spill, read_activities
from store.engine import create_store_engine, reading
from store.history import load_history
from store.schema import all_tables
from store.slices import load_slice
from tests.features.programme import UNTIL, frames
from tests.programmes import END, Programme

NOW = UNTIL.to_pydatetime().replace(tzinfo=UTC)


@pytest.fixture
def filled(engine):
    """A store with partners and activities, some of which were recorded late."""
    given = frames()
    moment = {"row_created_at": NOW, "row_updated_at": NOW}
    partners = [
        {"id": int(row.id), "external_id": row.external_id, "name": row.name_, "status": "active", **moment}
        for row in given["partners"].rename(columns={"name": "name_"}).itertuples()
    ]
    activities = [
        {
            "id": int(row.id),
            "partner_id": int(row.partner_id),
            "occurred_at": row.occurred_at.floor("us").to_pydatetime().replace(tzinfo=UTC),
            "recorded_at": None if row.id % 3 else row.recorded_at.floor("us").to_pydatetime().replace(tzinfo=UTC),
            "kind": row.kind,
            "quantity": None if row.id % 5 == 0 else row.quantity,
            "row_key": int(row.id).to_bytes(16, "big"),
        }
        for row in given["activities"].itertuples()
    ]
    tables = all_tables().tables
    with engine.begin() as connection:
        connection.execute(tables["partners"].insert(), partners)
        connection.execute(tables["activities"].insert(), activities)
    return engine


def test_a_slice_holds_the_same_activities_as_the_whole(filled):
    ids = np.array([3, 4, 17, 60])
    with filled.connect() as connection:
        whole = load_history(reading(connection), NOW).activities
        found = load_slice(connection, NOW, ids).activities
    wanted = whole[whole["partner_id"].isin(ids)].sort_values(["partner_id", "occurred_at", "id"], ignore_index=True)
    assert len(wanted) > 20
    for name in ("partner_id", "occurred_at", "recorded_at", "quantity", "amount"):
        pd.testing.assert_series_equal(found[name], wanted[name], check_exact=True)
    assert found["kind"].astype(str).tolist() == wanted["kind"].tolist()


def test_activities_laid_ready_are_those_read_alone(filled, tmp_path):
    groups = [np.array([1, 2, 3]), np.array([50]), np.arange(4, 9)]
    with filled.connect() as connection:
        snapshot, spill = reading(connection), Spill(tmp_path)
        spill.write(snapshot, NOW, groups)
        for number, ids in enumerate(groups):
            alone, ready = read_activities(snapshot, NOW, ids), spill.read(number)
            alone["kind"], ready["kind"] = alone["kind"].astype(str), ready["kind"].astype(str)
            pd.testing.assert_frame_equal(alone, ready, check_exact=True)


@pytest.fixture
def trained(programme: Programme, tmp_path: Path) -> Iterator[Intelligence]:
    """A programme of which churn and fit are served, whether they passed the gates or not."""
    settings = programme.copy_to(tmp_path / "home")
    store = create_store_engine(settings.store_url)
    context = open_intelligence(store, settings, clock=lambda: END)
    for name in (ModelName.CHURN, ModelName.FIT):
        newest = context.registry.versions(name)[0]
        context.registry.promote(name, newest.version, "so that it serves")
    yield context
    store.dispose()


@pytest.mark.parametrize("most", [9, 20_000])
@pytest.mark.parametrize("score", [score_churn, score_fit])
def test_scores_of_pieces_are_those_of_the_whole(
    trained: Intelligence, score: Callable[..., pd.DataFrame], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = score(trained, END)
    assert "baseline" not in set(whole["model_version"])
    monkeypatch.setattr(pieces, "MOST_PARTNERS", most)
    parts = score(trained, END, engine=LocalEngine())
    pd.testing.assert_frame_equal(parts, whole, check_exact=True)


def test_scores_of_pieces_are_kept_like_those_of_the_whole(trained: Intelligence) -> None:
    def kept(engine: Any, at: datetime) -> list[tuple[Any, ...]]:
        score_churn(trained, at, 90, store=True, engine=engine)
        columns = "partner_id, horizon_days, p, low, high, stake, model_version, details"
        with trained.engine.connect() as connection:
            rows = connection.exec_driver_sql(
                f"SELECT {columns} FROM scores WHERE model = 'churn' ORDER BY 1"  # noqa: S608
            )
            return [tuple(row) for row in rows]

    whole = kept(None, END)
    assert whole
    assert kept(LocalEngine(), END) == whole

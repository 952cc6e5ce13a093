from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine, insert

from domain.errors import InvalidInput, UnknownReference
from domain.settings import Settings
from intelligence.context import Intelligence, open_intelligence
from intelligence.recommend.service import COLUMNS, recommend
from store.recommendation_feedback import RecommendationFeedbackRepository
from store.tables import RESOURCE_TABLES

NOW = datetime(2025, 6, 1, tzinfo=UTC)


def at(day: int) -> datetime:
    return datetime(2025, 5, day, tzinfo=UTC)


@pytest.fixture
def context(sqlite_engine: Engine, tmp_path: Path) -> Intelligence:
    stamps = {"row_created_at": NOW, "row_updated_at": NOW}
    partners = [{"external_id": f"p{n}", "name": f"Ñandú {n}", "status": "active", **stamps} for n in range(4)]
    partners[3]["status"] = "ended"
    # A title that is the id says nothing, so that no text has to be encoded here.
    assets = [{"external_id": f"a{n}", "title": f"a{n}", **stamps} for n in range(6)]
    events = [(1, 1, 2), (1, 2, 5), (2, 1, 9), (2, 3, 20), (1, 4, 31)]
    activities = [
        {"partner_id": p, "asset_id": a, "kind": "view", "occurred_at": at(d), "row_key": bytes([p, a, d])}
        for p, a, d in events
    ]
    with sqlite_engine.begin() as connection:
        connection.execute(insert(RESOURCE_TABLES["partners"]), partners)
        connection.execute(insert(RESOURCE_TABLES["assets"]), assets)
        connection.execute(insert(RESOURCE_TABLES["activities"]), activities)
    return open_intelligence(sqlite_engine, Settings(home=tmp_path), clock=lambda: NOW)


def test_the_promised_columns_and_no_engaged_item(context: Intelligence) -> None:
    frame = recommend(context)
    assert tuple(frame.columns) == COLUMNS
    assert set(frame["partner"]) == {"p0", "p1", "p2"}
    assert frame.loc[frame["partner"] == "p0", "item"].tolist() == ["a2"]
    assert sorted(frame.loc[frame["partner"] == "p2", "item"]) == ["a0", "a1", "a2", "a3"]
    assert set(frame["model_version"]) == {"baseline"}
    assert frame["p_engage"].between(0, 1, inclusive="neither").all()
    assert frame["reason"].str.endswith(".").all()


def test_the_past_is_answered_as_it_was(context: Intelligence) -> None:
    frame = recommend(context, as_of=at(10))
    assert frame.loc[frame["partner"] == "p0", "item"].tolist() == []
    assert sorted(frame.loc[frame["partner"] == "p2", "item"]) == ["a0", "a1"]


def test_partners_in_the_order_asked(context: Intelligence) -> None:
    frame = recommend(context, "asset", ["p2", "p1"], top=1, detail=True)
    assert frame["partner"].tolist() == ["p2", "p1"]
    assert frame["evidence"].tolist() == ["none", "none"]
    assert frame["n"].tolist() == [0, 2]


def test_a_dismissed_item_is_left_out(context: Intelligence) -> None:
    with context.engine.begin() as connection:
        RecommendationFeedbackRepository(connection).add(3, "asset", "a2", "dismissed", at(30))
    assert sorted(recommend(context, partners=["p2"])["item"]) == ["a0", "a1", "a3"]
    assert len(recommend(context, partners=["p2"], as_of=at(29))) == 3


def test_what_cannot_be_answered_is_named(context: Intelligence) -> None:
    with pytest.raises(UnknownReference, match="nobody"):
        recommend(context, partners=["p1", "nobody"])
    with pytest.raises(InvalidInput, match="asset or offer"):
        recommend(context, "course")
    assert len(recommend(context, "offer")) == 0


def test_an_empty_store_gives_an_empty_answer(sqlite_engine: Engine, tmp_path: Path) -> None:
    frame = recommend(open_intelligence(sqlite_engine, Settings(home=tmp_path)))
    assert tuple(frame.columns) == COLUMNS
    assert isinstance(frame, pd.DataFrame)
    assert len(frame) == 0

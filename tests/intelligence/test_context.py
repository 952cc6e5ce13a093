"""The shared context: history read once per change of the store, models loaded once per version."""

import shutil
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine, insert, update

from domain.errors import ArtefactInvalid
from domain.settings import Settings
from intelligence import context as module
from intelligence.context import Intelligence, open_intelligence
from models.artefact import write_artefact
from models.probability import ProbabilityModel
from store.stamp import store_stamp
from store.tables import RESOURCE_TABLES
from store.unit_of_work import UnitOfWork

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
PARTNERS = RESOURCE_TABLES["partners"]


@pytest.fixture
def context(sqlite_engine: Engine, tmp_path: Path) -> Intelligence:
    return open_intelligence(sqlite_engine, Settings(home=tmp_path / "home"), clock=lambda: NOW)


def add_partner(engine: Engine, name: str) -> None:
    row = {"external_id": name, "name": name, "status": "active", "row_created_at": NOW, "row_updated_at": NOW}
    with engine.begin() as connection:
        connection.execute(insert(PARTNERS), [row])


def test_history_is_read_again_only_after_a_change(context: Intelligence) -> None:
    add_partner(context.engine, "a")
    first = context.history(NOW)
    assert context.history(NOW) is first
    add_partner(context.engine, "b")
    second = context.history(NOW)
    assert sorted(second.partners["external_id"]) == ["a", "b"]
    assert context.history(NOW) is second


def test_every_instant_has_its_own_history(context: Intelligence) -> None:
    past = NOW - timedelta(days=300)
    assert context.history(past).until == np.datetime64("2023-08-06T12:00", "us")
    assert context.history().until == np.datetime64("2024-06-01T12:00", "us")


def test_the_present_is_read_again_only_after_a_change(context: Intelligence) -> None:
    add_partner(context.engine, "a")
    first = context.history()
    context.clock = lambda: NOW + timedelta(hours=5)
    later = context.history()
    assert later.partners is first.partners
    assert later.until == np.datetime64("2024-06-01T17:00", "us")
    add_partner(context.engine, "b")
    assert len(context.history().partners) == 2


def test_what_comes_by_time_alone_is_seen_when_it_comes(engine: Engine, tmp_path: Path) -> None:
    """The first partner has ended in five hours, a lead comes in a day, an agreement is known from its date."""
    context = open_intelligence(engine, Settings(home=tmp_path), clock=lambda: NOW)
    with UnitOfWork(engine, clock=lambda: NOW) as work:
        work.repository("partners").create({"external_id": "a", "name": "A", "ended_at": NOW + timedelta(hours=5)})
        work.repository("leads").create({"external_id": "l", "created_at": NOW + timedelta(days=1)})
    first = context.history()
    context.clock = lambda: NOW + timedelta(hours=4)
    assert context.history().partners is first.partners
    context.clock = lambda: NOW + timedelta(hours=6)
    ended = context.history()
    assert (ended.partners["status"].tolist(), len(ended.leads)) == (["ended"], 0)
    context.clock = lambda: NOW + timedelta(days=2)
    assert context.history().leads["external_id"].tolist() == ["l"]


def test_another_process_that_writes_is_seen_at_once(engine: Engine, tmp_path: Path) -> None:
    contexts = [open_intelligence(engine, Settings(home=tmp_path), clock=lambda: NOW) for _ in range(2)]
    for count in range(1, 4):
        add_partner(engine, f"p{count}")
        assert [len(context.history().partners) for context in contexts] == [count, count]


def test_an_instant_before_the_kept_one_is_read_afresh(context: Intelligence) -> None:
    first = context.history()
    earlier = context.history(NOW - timedelta(seconds=20))
    assert earlier.partners is not first.partners


@pytest.mark.parametrize("change", ["insert", "update", "delete"])
def test_the_stamp_sees_every_change(engine: Engine, change: str) -> None:
    add_partner(engine, "a")
    with engine.connect() as connection:
        before = store_stamp(connection)
        assert store_stamp(connection) == before
    with engine.begin() as connection:
        if change == "insert":
            row = {"external_id": "b", "name": "b", "status": "active", "row_created_at": NOW, "row_updated_at": NOW}
            connection.execute(insert(PARTNERS), [row])
        elif change == "update":
            connection.execute(update(PARTNERS).values(name="new", row_updated_at=NOW + timedelta(seconds=1)))
        else:
            connection.execute(PARTNERS.delete())
    with engine.connect() as connection:
        assert store_stamp(connection) != before


class FittedModel(ProbabilityModel):
    """Counts how often it is loaded."""

    loads = 0

    @classmethod
    def load(cls, folder: Path) -> "FittedModel":
        cls.loads += 1
        return super().load(folder)


def register(context: Intelligence, scratch: Path, trained_as_of: datetime) -> None:
    folder = scratch / f"artefact-{trained_as_of:%d}"
    folder.mkdir()
    frame = pd.DataFrame({"a": np.arange(20.0)})
    as_of = np.datetime64("2024-01-01", "us") + np.arange(20) * np.timedelta64(1, "D")
    ProbabilityModel().fit(frame, np.arange(20) % 2, as_of=as_of).save(folder)
    manifest = write_artefact(
        folder,
        {
            "name": "churn",
            "trained_as_of": trained_as_of,
            "created_at": trained_as_of,
            "parts": [],
            "feature_set": "s",
            "fingerprint": "f",
            "columns": ["a"],
            "label_rule": "rule",
            "seed": 7,
        },
    )
    version = context.registry.register("churn", folder, manifest, {}, {})
    context.registry.promote("churn", context.registry.approve(version).version)


def test_models_are_loaded_once_and_follow_the_registry(
    context: Intelligence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_class_of", lambda _name: FittedModel)
    FittedModel.loads = 0
    assert context.load_model("churn") is None
    register(context, tmp_path, datetime(2024, 5, 1, tzinfo=UTC))
    found = [context.load_model("churn") for _ in range(3)]
    assert [one and one.label for one in found] == ["churn/1"] * 3
    assert FittedModel.loads == 1
    assert context.load_model("churn", datetime(2024, 4, 1, tzinfo=UTC)) is None
    register(context, tmp_path, datetime(2024, 5, 20, tzinfo=UTC))
    labels = [context.load_model("churn", datetime(2024, 5, day, tzinfo=UTC)) for day in (10, 25)]
    assert [one and one.label for one in labels] == ["churn/1", "churn/2"]
    context.registry.rollback("churn")
    answering = context.load_model("churn")
    assert answering is not None
    assert answering.label == "churn/1"
    next(answering.version.folder.glob("probability.json")).write_text("{}")
    with pytest.raises(ArtefactInvalid, match=r"probability\.json was altered"):
        context.load_model("churn")


def test_threads_share_one_reading(context: Intelligence) -> None:
    add_partner(context.engine, "a")
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(context.history(NOW))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len({id(history) for history in found}) == 1


def test_homes_may_be_empty_or_none_yet(sqlite_engine: Engine, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "not" / "there")
    fresh = open_intelligence(sqlite_engine, settings, clock=lambda: NOW)
    assert fresh.load_model("fit") is None
    assert len(fresh.history().partners) == 0
    shutil.rmtree(tmp_path / "not", ignore_errors=True)

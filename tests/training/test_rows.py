"""Feature rows built by workers: the numbers of this process, also where fields are hidden or partners erased."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from domain.errors import InvalidInput
from intelligence.context import Intelligence, open_intelligence
from intelligence.engine import LocalEngine
from intelligence.feature_rows import feature_matrix, rows_in_pieces
from intelligence.features.build import build, learn_feature_set
from intelligence.features.text import TextEncoder
from intelligence.place import Place
from store.engine import Engine, create_store_engine
from tests.programmes import END, Programme
from training import rows as training_rows
from training.leaks import hide
from training.rows import Workers, feature_rows, training_history
from training.service import train
from training.task import TrainingContext


class Backwards:
    """Does the pieces in the wrong order, on as many workers as it says."""

    workers = 3

    def map(self, work: Callable[[Any], Any], pieces: Iterable[Any]) -> Iterator[Any]:
        return reversed([work(piece) for piece in reversed(list(pieces))])


@pytest.fixture(scope="module")
def context(programme: Programme) -> Iterator[Intelligence]:
    engine = create_store_engine(programme.settings.store_url)
    yield open_intelligence(engine, programme.settings, lambda: END)
    engine.dispose()


def snapshots(context: Intelligence) -> pd.DataFrame:
    ids = context.history(END).partners["id"].to_numpy(np.int64)
    until = np.datetime64(END.replace(tzinfo=None), "us")
    instants = until - np.arange(4) * np.timedelta64(30, "D")
    subjects = pd.DataFrame({"partner_id": np.tile(ids, 4), "as_of": np.repeat(instants, len(ids))})
    return subjects.sample(frac=1.0, random_state=1)


@pytest.mark.parametrize("kind", ["churn", "fit"])
def test_pieces_are_rows_of_the_whole(context: Intelligence, kind: str) -> None:
    history, subjects = context.history(END), snapshots(context)
    feature_set = learn_feature_set(kind, history, context.settings, context.text)
    whole = build(feature_set, history, subjects, context.text)
    known = partial(training_history, END, frozenset())
    pieces = rows_in_pieces(Backwards(), Place.of(context), known, feature_set, subjects)
    assert_frame_equal(pieces, whole, rtol=0, atol=1e-9)


def test_hidden_fields_are_hidden_from_workers(context: Intelligence, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_rows, "LEAST_ROWS", 1)
    hidden = frozenset({("partners", "country"), ("partners", "employees")})
    history, subjects = hide(context.history(END), hidden), snapshots(context)
    feature_set = learn_feature_set("churn", history, context.settings, context.text)
    text = TextEncoder(context.engine, context.settings)
    here = TrainingContext(context.settings, text, END, hidden=hidden)
    there = replace(here, workers=Workers(Backwards(), Place.of(context)))
    found = feature_rows(feature_set, history, subjects, there)
    assert_frame_equal(found, feature_rows(feature_set, history, subjects, here), rtol=0, atol=1e-9)
    assert found["employees"].isna().all()


@pytest.mark.parametrize("kind", ["churn", "fit"])
def test_the_matrix_of_a_day(context: Intelligence, kind: str) -> None:
    whole = feature_matrix(context, kind, END)
    assert list(whole.columns[:2]) == ["partner", "as_of"]
    assert len(whole)
    assert whole["partner"].is_unique
    assert_frame_equal(feature_matrix(context, kind, END, Backwards()), whole, rtol=0, atol=1e-9)


def test_what_cannot_be_asked(context: Intelligence, sqlite_engine: Engine) -> None:
    with pytest.raises(InvalidInput, match="There are no features 'match'; there are churn, fit"):
        feature_matrix(context, "match")
    empty = open_intelligence(sqlite_engine, context.settings.model_copy(update={"home": context.settings.home / "no"}))
    assert len(feature_matrix(empty, "churn", END, LocalEngine())) == 0


def test_a_training_with_workers_learns_the_same(programme: Programme, tmp_path: Any, context: Intelligence) -> None:
    settings = programme.copy_to(tmp_path / "home")
    engine = create_store_engine(settings.store_url)
    own = open_intelligence(engine, settings, lambda: END)
    workers = Workers(Backwards(), Place.of(own))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training_rows, "LEAST_ROWS", 1)
        (report,) = train(engine, settings, ["churn"], END, workers=workers)
    version = own.registry.versions("churn")[0]
    before = context.registry.versions("churn")[0]
    assert report.label == version.label
    assert [one.rows for one in version.manifest.parts] == [one.rows for one in before.manifest.parts]
    assert version.manifest.fingerprint == before.manifest.fingerprint
    ours, theirs = (item.manifest.parts[0].methods[0].metrics for item in (version, before))
    assert {k: m.value for k, m in ours.items()} == pytest.approx({k: m.value for k, m in theirs.items()})
    engine.dispose()

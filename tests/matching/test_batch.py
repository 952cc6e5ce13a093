"""Many leads in pieces: the same answers as all at once, wherever the pieces are done."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from domain.errors import CannotAnswer
from intelligence.context import Intelligence, open_intelligence
from intelligence.engine import LocalEngine
from intelligence.matching import batch
from intelligence.matching.assign import assign_leads
from intelligence.matching.batch import match_in_pieces, worths_in_pieces
from intelligence.matching.service import match_leads, open_leads
from store.engine import Engine, create_store_engine
from tests.programmes import END, Programme


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


@pytest.mark.parametrize("engine", [LocalEngine(), Backwards()])
def test_pieces_answer_like_the_whole(context: Intelligence, engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MOST_LEADS", 7)
    leads = context.history(END).leads.sample(40, random_state=2)
    whole = match_leads(context, leads, END, 5)
    pieces = match_in_pieces(context, engine, leads, END, 5, excluded=True)
    assert_frame_equal(pieces.candidates, whole.candidates, rtol=0, atol=1e-9)
    assert_frame_equal(pieces.exclusions, whole.exclusions)
    assert list(pieces.candidates["lead"].unique()) == [
        lead for lead in leads["external_id"] if lead in set(whole.candidates["lead"])
    ]


def test_each_lead_as_of_its_own_instant(context: Intelligence, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MOST_LEADS", 7)
    history = context.history(None)
    leads = history.leads.sample(30, random_state=3).drop(columns=["lead_id"], errors="ignore")
    new = pd.DataFrame([{"external_id": "a new one", "created_at": None, "country": "BR"}])
    asked = pd.concat([leads, new], ignore_index=True)
    whole = match_leads(context, asked, "created_at", 4, "value")
    pieces = match_in_pieces(context, Backwards(), asked, "created_at", 4, "value")
    assert_frame_equal(pieces.candidates, whole.candidates, rtol=0, atol=1e-9)
    assert not len(pieces.exclusions)


def test_a_list_is_given_alike(context: Intelligence, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MOST_LEADS", 7)
    leads = open_leads(context, END)
    whole = assign_leads(context, leads, END, "p_win")

    def worths(*asked: Any) -> pd.DataFrame:
        return worths_in_pieces(context, Backwards(), leads, END, *asked)

    pieces = assign_leads(context, leads, END, "p_win", worths=worths)
    assert_frame_equal(pieces.candidates, whole.candidates, rtol=0, atol=1e-9)
    assert pieces.report.as_json() == whole.report.as_json()
    assert len(pieces.candidates)


def test_nothing_asked_nothing_answered(context: Intelligence) -> None:
    none = match_in_pieces(context, LocalEngine(), [], END, 3, excluded=True)
    assert list(none.candidates.columns) == list(match_leads(context, [], END).candidates.columns)
    assert (len(none.candidates), len(none.exclusions)) == (0, 0)


def test_an_empty_store_answers_with_nobody(sqlite_engine: Engine, programme: Programme) -> None:
    context = open_intelligence(sqlite_engine, programme.settings.model_copy(update={"home": programme.built}))
    found = match_in_pieces(context, LocalEngine(), [{"country": "BR"}, {"country": "PT"}], None, 3, excluded=True)
    assert (len(found.candidates), len(found.exclusions)) == (0, 0)


def test_pieces_do_not_mix_versions(context: Intelligence) -> None:
    (piece,) = batch._asked(context, LocalEngine(), context.history(END).leads.head(1), END)
    with pytest.raises(CannotAnswer, match="match/9 does not serve any more"):
        replace(piece, version="match/9").asked(context)

"""Matching leads: rankings, exclusions, instants, assignment."""

from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from domain.errors import InvalidInput, UnknownReference
from intelligence.matching.answers import COLUMNS
from intelligence.matching.assign import assign_leads
from intelligence.matching.service import match_leads, open_leads
from store.history import History
from tests.matching.worlds import INDUSTRIES, NOW, Context, frames, history, partners


def context(known: History, **more: Any) -> Any:
    return cast(Any, Context(known, **more))


def test_the_baseline_ranks_everyone_and_prefers_who_wins_such_leads() -> None:
    result = match_leads(context(history()), [{"country": "DE", "industry": "retail"}], top=9, details=True)
    found = result.candidates
    assert tuple(found.columns) == COLUMNS
    assert found["rank"].tolist() == list(range(1, 10))
    assert {INDUSTRIES[int(name[1:]) % 3] for name in found["partner"][:3]} == {"retail"}
    assert (found["model_version"] == "baseline").all()
    assert found["low"].le(found["p_win"]).all()
    assert found["high"].ge(found["p_win"]).all()
    assert found["reason_1"].str.contains("retail").any()
    for row, detail in zip(found.itertuples(), result.details, strict=True):
        z = detail["base"] + sum(factor["contribution"] for factor in detail["factors"])
        assert 1 / (1 + np.exp(-z)) == pytest.approx(row.p_win, abs=1e-9)
        assert all(factor["text"] for factor in detail["factors"])


def test_an_empty_history_still_answers() -> None:
    known = History.of(NOW, partners=partners(2))
    found = match_leads(context(known), [{"company": "Ünïcode 株式会社"}]).candidates
    assert found["evidence"].tolist() == ["none", "none"]
    assert found["n"].tolist() == [0, 0]
    assert match_leads(context(History.of(NOW)), [{}]).candidates.empty
    assert match_leads(context(known), []).candidates.empty


def test_wins_alone_are_enough_for_a_ranking() -> None:
    won = frames()["deals"].query("outcome == 'won'")
    known = history(deals=won, assignments=None)
    found = match_leads(context(known), [{"country": "DE", "industry": "health"}], top=9).candidates
    assert INDUSTRIES[int(found["partner"][0][1:]) % 3] == "health"
    assert found["p_win"].sum() == pytest.approx(1.0)


def test_exclusions_name_rule_and_sentence() -> None:
    known = history(partners=partners(9, ended_at=[pd.Timestamp("2025-01-01")] + [pd.NaT] * 8))
    result = match_leads(context(known), ["L5"])
    assert "P0" not in set(result.candidates["partner"])
    rows = result.exclusions.query("partner == 'P0'")[["lead", "code", "text"]].to_numpy().tolist()
    assert rows == [["L5", "not_active", "Is not an active partner"]]


def test_each_lead_as_of_its_own_instant_says_what_would_have_been_said_then() -> None:
    known = history()
    wanted = known.leads.iloc[[250, 120]]
    together = match_leads(context(known), wanted, as_of="created_at", top=3).candidates
    assert together["lead"].drop_duplicates().tolist() == wanted["external_id"].tolist()
    for name, instant in zip(wanted["external_id"], wanted["created_at"], strict=True):
        then = known.known_by(instant)
        alone = match_leads(context(then), [name], as_of=instant.tz_localize("UTC").to_pydatetime(), top=3).candidates
        mine = together[together["lead"] == name].reset_index(drop=True)
        columns = ["partner", "rank", "n"]
        assert mine[columns].to_numpy().tolist() == alone[columns].to_numpy().tolist()


def test_open_leads_have_neither_deal_nor_waiting_offer() -> None:
    given = frames()
    found = set(open_leads(context(history()))["external_id"])
    declined = given["assignments"].query("response == 'declined'")
    lately = declined[declined["responded_at"] >= pd.Timestamp(NOW).tz_localize(None) - pd.Timedelta(days=180)]
    assert found == {f"L{lead - 1}" for lead in lately["lead_id"]}
    assert 0 < len(found) < len(declined)


def test_leads_nobody_was_ever_offered_stay_open() -> None:
    found = open_leads(context(history(assignments=None, deals=None)))
    assert len(found) == 300


def test_assignment_keeps_to_capacity_and_is_best() -> None:
    free = frames()
    known = history(
        partners=partners(9, max_open_leads=2.0), assignments=None, deals=free["deals"].query("outcome == 'won'")
    )
    wanted = [{"external_id": f"N{k}", "country": "DE", "industry": "retail"} for k in range(20)]
    found = assign_leads(context(known), wanted).candidates
    assert len(found) == 18
    assert found["partner"].value_counts().max() == 2
    assert found["lead"].is_unique


@pytest.mark.parametrize(
    ("leads", "kwargs", "error"),
    [
        (["nobody"], {}, UnknownReference),
        ([{}], {"top": 0}, InvalidInput),
        ([{}], {"by": "luck"}, InvalidInput),
        ([{"created_at": "yesterday"}], {}, InvalidInput),
        (7, {}, InvalidInput),
    ],
)
def test_wrong_arguments_are_named(leads: Any, kwargs: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        match_leads(context(history()), leads, **kwargs)


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"product": "nope"}, UnknownReference, "There is no product 'nope'"),
        ({"program": "nope"}, UnknownReference, "There is no program 'nope'"),
        ({"country": "XX"}, InvalidInput, "'XX' is no country"),
    ],
)
def test_a_slip_in_a_single_lead_is_named(fields: dict[str, str], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        match_leads(context(history()), [fields])
    assert len(match_leads(context(history()), pd.DataFrame([fields]), top=1).candidates) == 1


def test_a_lead_without_an_instant_is_asked_about_now() -> None:
    asked = pd.DataFrame({"industry": ["retail", "retail"], "created_at": ["", "2025-06-01T00:00:00Z"]})
    found = match_leads(context(history()), asked, as_of="created_at", top=2).candidates
    now = match_leads(context(history()), asked.iloc[:1], top=2).candidates
    pd.testing.assert_frame_equal(found.query("lead == '1'").reset_index(drop=True), now)
    assert found.query("lead == '2'")["n"].max() < found.query("lead == '1'")["n"].max()


def test_the_baseline_expects_what_is_usually_won() -> None:
    known = history()
    amount = known.deals.loc[known.deals["outcome"] == "won", "amount"]
    found = match_leads(context(known), [{"industry": "retail"}], top=9).candidates
    assert found["expected_amount"].between(amount.min(), amount.max()).all()
    given = match_leads(context(known), [{"industry": "retail", "estimated_amount": 5.0}], top=1).candidates
    assert "estimated_amount" not in known.leads.dropna(axis=1).columns or given["expected_amount"].tolist() == [5.0]

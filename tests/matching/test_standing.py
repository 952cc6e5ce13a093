"""Where a partner stands and what would raise it, by a model whose answers are known by hand."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sqlalchemy import Engine

from domain.context import SYSTEM
from domain.errors import InvalidInput, NotFound
from domain.language import language_of, speaking
from domain.settings import Settings
from intelligence.context import Intelligence
from intelligence.features.pair_build import PairSpec
from intelligence.matching.counterfactual import LEVERS, Need, entry_of, gains
from intelligence.matching.own_words import OwnWords
from intelligence.matching.standing import LeadStanding, lead_standing
from intelligence.matching.standing_period import PartnerStanding, partner_standing
from models.affinity import AffinityParameters
from models.probability import Prediction
from store.standing import Run
from store.unit_of_work import UnitOfWork
from tests.conftest import NOW, FixedClock
from tests.matching.worlds import NoText

LEAD = {
    "external_id": "L",
    "created_at": NOW,
    "country": "BR",
    "industry": "retail",
    "product": "crm",
    "attributes": {"language": "pt"},
}
MINE = {"certified": 0.0, "language_match": 0.0, "industry_match": 1.0, "response_days": 5.0, "affinity": 0.0}
NUMBERS = ("p_win", "low", "high", "expected_amount")


class Toy:
    """A ranker that likes certificates and quick answers, directly and by the affinity, and dislikes languages."""

    spec = PairSpec(affinity=AffinityParameters(contrast=True, names=("certified",), weights=(0.5,))).as_json()

    def predict(self, features: pd.DataFrame) -> Prediction:
        f = features.astype(np.float64)
        z = -1.0 + f["certified"] - f["language_match"] - 0.1 * f["response_days"] + f["affinity"]
        p = expit(z.to_numpy())
        return Prediction(p, p, p)


def toy_chance(**changed: float) -> float:
    return float(Toy().predict(pd.DataFrame([{**MINE, **changed}])).p[0])


class ToyRegistry:
    """Knows version 1 of the toy."""

    def __init__(self, folder: Path) -> None:
        (folder / "golden").mkdir()
        pd.DataFrame([MINE]).to_parquet(folder / "golden" / "match.parquet")
        self._version = SimpleNamespace(folder=folder, label="match/1", manifest=SimpleNamespace(name="match"))

    def version(self, name: str, number: int) -> Any:
        if (name, number) != ("match", 1):
            raise NotFound("gone")
        return self._version


class ToyIntelligence(Intelligence):
    def load_version(self, version: Any) -> Any:
        return SimpleNamespace(version=version, model=Toy())


@pytest.fixture
def context(engine: Engine, clock: FixedClock, tmp_path: Path) -> Intelligence:
    registry = cast(Any, ToyRegistry(tmp_path))
    return ToyIntelligence(engine, Settings(home=tmp_path), registry, cast(Any, NoText()), clock)


@pytest.fixture
def work(engine: Engine, clock: FixedClock) -> Callable[[], UnitOfWork]:
    return lambda: UnitOfWork(engine, SYSTEM, clock)


@pytest.fixture
def lead(work: Callable[[], UnitOfWork]) -> dict[str, Any]:
    with work() as unit:
        unit.repository("products").create(
            {"external_id": "crm", "name": "CRM", "required_certifications": ["CRM course"]}
        )
        return cast(dict[str, Any], unit.repository("leads").create(LEAD))


def line(partner: str, rank: int, p: float, **more: Any) -> dict[str, Any]:
    factors = [
        {"name": "certified", "value": 0.0, "contribution": -0.5, "sentence": "English of the matcher"},
        {"name": "response_days", "value": 5.0, "contribution": -0.4, "sentence": "Answers offers within 5 days"},
        {"name": "rate.industry", "value": 0.1, "contribution": 0.3, "sentence": "Won 3 of 4 leads in retail"},
        {"name": "language_match", "value": 0.0, "contribution": 0.2, "sentence": "language match"},
        {"name": "co_customer", "value": 1.0, "contribution": 0.2, "sentence": "Shares customers with partners ..."},
        {"name": "lead.industry", "value": "retail", "contribution": 0.2, "sentence": "Lead's industry: retail"},
    ]
    numbers = {"p_win": p, "low": p / 2, "high": min(2 * p, 1.0), "expected_amount": None}
    return {"partner": partner, "rank": rank, **numbers, "factors": factors, **more}


def response(rivals: list[tuple[str, float]], excluded: Any = (), me: bool = True) -> dict[str, Any]:
    """A ranking of me and rivals by chance."""
    mine = [("me", toy_chance())] if me else []
    ranked = sorted([*mine, *rivals], key=lambda one: -one[1])
    lines = [line(name, k + 1, p) for k, (name, p) in enumerate(ranked)]
    return {"candidates": lines, "excluded": list(excluded)}


def features(answer: dict[str, Any]) -> list[dict[str, float]]:
    return [MINE if one["partner"] == "me" else {**MINE, "affinity": 0.5} for one in answer["candidates"]]


def keep(work: Callable[[], UnitOfWork], answer: dict[str, Any], lead_id: int | None = None, **more: Any) -> str:
    values = {"as_of": NOW, "created_by": "t", "model_version": "match/1", "request": {}, **more}
    with work() as unit:
        return unit.match_runs.put(**values, response=answer, features=features(answer), lead_id=lead_id)


def stand(context: Intelligence, match_id: str | None, lead: Any, *, to_partner: bool = True) -> LeadStanding:
    return lead_standing(context, match_id, "me", lead, hidden=lambda _name: False, to_partner=to_partner)


RIVALS = [("acme", 0.7777), ("bolt", 0.3131), ("corp", 0.0123)]


def test_what_would_have_raised_a_partner_is_told_in_words(
    context: Intelligence, work: Callable[[], UnitOfWork], lead: dict[str, Any]
) -> None:
    found = stand(context, keep(work, response(RIVALS), lead["id"]), lead)
    assert (found.rank, found.ranked, found.text) == (3, 4, "Place 3 of 4")
    assert [(one.change, one.what, one.rank, one.p_win) for one in found.improvements] == [
        ("certification", "crm", 2, None),
        ("response_time", "", 3, None),
    ]
    assert [one.text for one in found.improvements] == [
        "With the certifications for crm: place 2 of 4 instead of 3",
        "With answers within a day: a better chance at the same place",
    ]
    told = [(one.name, one.direction, one.text, one.contribution) for one in found.factors]
    assert told == [
        ("certified", "against", "Lacks certifications for crm", None),
        ("response_days", "against", "Answers offers within 5 days", None),
        ("rate.industry", "for", "Won 3 of 4 leads in retail", None),
    ]
    assert found.p_win is None


def test_the_staff_sees_the_numbers(
    context: Intelligence, work: Callable[[], UnitOfWork], lead: dict[str, Any]
) -> None:
    found = stand(context, keep(work, response(RIVALS), lead["id"]), lead, to_partner=False)
    assert found.p_win == pytest.approx(toy_chance())
    assert found.improvements[0].p_win == pytest.approx(toy_chance(certified=1.0, affinity=0.5))
    assert found.factors[0].contribution == -0.5


@pytest.mark.parametrize(
    ("code", "place", "change"),
    [
        ("pt", "Posição 3 de 4", "Com as certificações para crm: posição 2 de 4 em vez de 3"),
        ("es", "Puesto 3 de 4", "Con las certificaciones para crm: puesto 2 de 4 en lugar de 3"),
        ("pl", "Miejsce 3 z 4", "Z certyfikatami dla crm: miejsce 2 z 4 zamiast 3"),
    ],
)
def test_it_is_said_in_the_readers_language(
    context: Intelligence, work: Callable[[], UnitOfWork], lead: dict[str, Any], code: str, place: str, change: str
) -> None:
    with speaking(language_of(code)):
        found = stand(context, keep(work, response(RIVALS), lead["id"]), lead)
    assert (found.text, found.improvements[0].text) == (place, change)
    assert "Won 3 of 4" not in str(found)


def test_among_fewer_than_three_no_place_is_told(
    context: Intelligence, work: Callable[[], UnitOfWork], lead: dict[str, Any]
) -> None:
    match_id = keep(work, response(RIVALS[:1]), lead["id"])
    found = stand(context, match_id, lead)
    assert (found.rank, found.ranked) == (None, None)
    assert {one.rank for one in found.improvements} == {None}
    assert found.improvements[0].text == "With the certifications for crm: a better chance"
    assert stand(context, match_id, lead, to_partner=False).rank == 2


def renamed(answer: Any, names: dict[str, str]) -> Any:
    text = json.dumps(answer)
    for name, other in names.items():
        text = text.replace(f'"{name}"', json.dumps(other))
    return json.loads(text)


@pytest.mark.parametrize("to_partner", [True, False])
def test_nothing_changes_with_a_rivals_name_and_none_is_told(
    context: Intelligence, work: Callable[[], UnitOfWork], lead: dict[str, Any], *, to_partner: bool
) -> None:
    rules = [{"partner": "dune", "codes": ["tier"], "texts": ["These leads do not go to tier x"]}]
    answer = response(RIVALS, rules)
    other = renamed(answer, {"acme": "zzz", "bolt": "Übel & Co", "corp": "1", "dune": "me-too"})
    told = []
    for one in (answer, other):
        match_id = keep(work, one, lead["id"])
        found = asdict(stand(context, match_id, lead, to_partner=to_partner))
        found.pop("match_id")
        told.append(found)
    assert told[0] == told[1]
    for rival, p in RIVALS:
        assert rival not in str(told[0])
        assert str(p) not in str(told[0])


def test_a_place_is_by_worth_whoever_was_shown_first_to_be_tried(
    context: Intelligence, work: Callable[[], UnitOfWork], lead: dict[str, Any]
) -> None:
    answer = response(RIVALS)
    me = next(one for one in answer["candidates"] if one["partner"] == "me")
    drawn = [me, *(one for one in answer["candidates"] if one is not me)]
    answer["candidates"] = [{**one, "rank": k + 1} for k, one in enumerate(drawn)]
    worth = {"acme": 0.4, "bolt": 0.3131, "corp": 0.0123, "me": toy_chance(), "beyond": 0.001}
    options = [{"partner": name, "worth": one} for name, one in worth.items()]
    with work() as unit:
        match_id = unit.match_runs.put(
            as_of=NOW,
            created_by="t",
            model_version="match/1",
            request={},
            response=answer,
            features=[*features(answer), MINE],
            decision={"options": options},
            lead_id=lead["id"],
        )
    found = stand(context, match_id, lead)
    assert (found.rank, found.ranked) == (3, 4)
    assert found.improvements[0].rank == 1  # 0.5 is more than 0.78 less the price of acme's place


def test_of_a_lead_without_needs_nothing_is_asked(context: Intelligence, work: Callable[[], UnitOfWork]) -> None:
    with work() as unit:
        plain = unit.repository("leads").create({"external_id": "M", "created_at": NOW})
    found = stand(context, keep(work, response(RIVALS), plain["id"]), plain)
    assert [one.change for one in found.improvements] == ["response_time"]
    assert [one.name for one in found.factors] == ["response_days", "rate.industry"]


@pytest.mark.parametrize("version", ["baseline", "match/7"])
def test_a_version_that_cannot_be_asked_improves_nothing(
    context: Intelligence, work: Callable[[], UnitOfWork], lead: dict[str, Any], version: str
) -> None:
    found = stand(context, keep(work, response(RIVALS), lead["id"], model_version=version), lead)
    assert (found.rank, found.improvements) == (3, ())


def test_who_was_not_ranked_is_told_why(
    context: Intelligence, work: Callable[[], UnitOfWork], lead: dict[str, Any]
) -> None:
    assert stand(context, None, lead).text == "Offered without a ranking"
    assert stand(context, keep(work, response(RIVALS, me=False)), lead).text == "Not among the first 3"
    kept_out = {"partner": "me", "codes": ["conflict", "tier", "exclusive_to_other"], "texts": ["a", "b", "c"]}
    match_id = keep(work, response(RIVALS, [kept_out], me=False))
    to_me, to_staff = (stand(context, match_id, lead, to_partner=one) for one in (True, False))
    assert [one.code for one in to_me.refusals] == ["other", "tier"]
    assert [one.code for one in to_staff.refusals] == ["conflict", "tier", "exclusive_to_other"]
    assert "partner" not in to_me.refusals[0].text


def test_fields_that_the_partner_may_not_know_yet_are_not_told(lead: dict[str, Any]) -> None:
    words = OwnWords(language_of("en"), lead, lambda name: name in ("latitude", "region"))
    told = {name: words.tells(name) for name in ("nearness", "rate.place", "rate.attributes.contact_city", "load")}
    assert told == {"nearness": False, "rate.place": False, "rate.attributes.contact_city": False, "load": True}
    assert [words.tells(name) for name in ("partner", "partner.tier", "affinity_rank", "all_rate.industry")] == [
        False,
        True,
        False,
        False,
    ]


def stood(context: Intelligence, *, to_partner: bool = True, **more: Any) -> PartnerStanding:
    return partner_standing(context, "me", to_partner=to_partner, **more)


def test_a_period_is_counted_by_leads(
    context: Intelligence, work: Callable[[], UnitOfWork], lead: dict[str, Any], clock: FixedClock
) -> None:
    no_course = {"partner": "me", "codes": ["certification_missing"], "texts": ["x"]}
    both = {"partner": "me", "codes": ["conflict", "exclusive_to_other"], "texts": ["x", "y"]}
    keep(work, response(RIVALS), lead["id"])
    again = {"as_of": NOW + timedelta(hours=1)}
    keep(work, response([], [{**no_course, "codes": ["declined_before"]}], me=False), lead["id"], **again)
    inline = {"request": {"lead": {"industry": "retail", "product": "crm", "language": "pt"}}}
    keep(work, response(RIVALS[1:]), **inline)
    keep(work, response(RIVALS, [no_course], me=False), **inline)
    keep(work, response(RIVALS, [both], me=False))
    keep(work, response(RIVALS, me=False))
    keep(work, response(RIVALS[:1]))
    keep(work, response(RIVALS), as_of=NOW - timedelta(days=200))
    clock.advance(hours=2)
    found = stood(context)
    assert (found.considered, found.ranked, found.excluded) == (6, 3, 2)
    assert (found.first, found.median_rank) == (0, 2.5)  # places 3 and 2; among two no place is told
    rules = [(one.code, one.leads, one.alone, one.own) for one in found.exclusions]
    assert rules == [("certification_missing", 1, 1, True), ("other", 1, 1, False)]
    assert found.exclusions[0].advice.endswith("1 lead was closed to it for this reason alone")
    assert [(one.change, one.what, one.better, one.first_more, one.of) for one in found.chances] == [
        ("certification", "crm", 2, 1, 2),
        ("response_time", "", 2, 0, 2),
    ]
    assert found.chances[0].text == "With the certifications for crm: first for 1 more lead of 2"
    staff = stood(context, to_partner=False)
    assert staff.median_rank == 2.0
    assert [one.code for one in staff.exclusions] == ["certification_missing", "conflict", "exclusive_to_other"]
    assert stood(context, since=NOW - timedelta(days=300)).considered == 7
    assert not any(rival in str(asdict(one)) for rival, _ in RIVALS for one in (found, staff))


def test_a_period_without_matches_has_an_answer(context: Intelligence) -> None:
    found = stood(context)
    assert (found.considered, found.median_rank, found.exclusions, found.chances) == (0, None, (), ())
    with pytest.raises(InvalidInput, match="before it begins"):
        stood(context, since=NOW, until=datetime(2020, 1, 1, tzinfo=UTC))


def test_matches_of_long_ago_in_another_shape_are_passed_over(
    context: Intelligence, work: Callable[[], UnitOfWork], clock: FixedClock
) -> None:
    with work() as unit:
        for kept in ({}, {"candidates": []}, {"candidates": [line("me", 1, 0.2)], "excluded": []}):
            given = {"as_of": NOW, "created_by": "t", "model_version": "match/1", "request": {}, "features": []}
            unit.match_runs.put(**given, response=kept)
    clock.advance(hours=1)
    assert stood(context).considered == 3


@given(
    st.lists(st.floats(0.001, 0.999), min_size=0, max_size=8),
    st.fixed_dictionaries({name: st.floats(0, 30) for name in ("response_days", "open_leads", "load")}),
)
def test_a_change_never_makes_a_place_worse(chances: list[float], mine: dict[str, float]) -> None:
    values = {**MINE, **mine}
    p = float(Toy().predict(pd.DataFrame([values])).p[0])
    ranked = sorted([("me", p), *((f"r{k}", one) for k, one in enumerate(chances))], key=lambda one: -one[1])
    lines = [{"partner": name, "rank": k + 1, "p_win": one} for k, (name, one) in enumerate(ranked)]
    run = Run("x", NOW, None, "match/1", {}, {"candidates": lines}, [values] * len(lines))
    entry = entry_of(run, "me", Need("retail", "pt", "crm"))
    assert entry is not None
    with pytest.MonkeyPatch.context() as patch:
        module = "intelligence.matching.counterfactual"
        patch.setattr(f"{module}.stored_version", lambda *_: (SimpleNamespace(folder=None), Toy()))
        patch.setattr(f"{module}.stored_frame", lambda records, _folder: pd.DataFrame(records))
        found = gains(cast(Any, None), [entry])[0]
    assert all(gain.rank <= entry.rank and gain.p_win > p for gain in found)
    assert {gain.lever.name for gain in found} <= {lever.name for lever in LEVERS} - {"language", "industry"}

"""What a change is said to bring is what it brings: made in the store, the same match says the same."""

from collections.abc import Iterator
from typing import Any

import pytest

from domain.context import SYSTEM
from domain.routing import DEFAULT_POLICY
from intelligence.context import Intelligence, open_intelligence
from intelligence.matching.service import open_leads
from intelligence.matching.standing import lead_standing
from programme.routing_ranking import decide
from store.engine import create_store_engine
from store.unit_of_work import UnitOfWork
from tests.programmes import END, Programme


@pytest.fixture
def context(programme: Programme, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Intelligence]:
    """Return a copy of the programme in which the match model serves, whatever its gates said."""
    settings = programme.copy_to(tmp_path_factory.mktemp("standing") / "home")
    engine = create_store_engine(settings.store_url)
    context = open_intelligence(engine, settings, clock=lambda: END)
    context.registry.promote("match", 1, reason="for this test")
    yield context
    engine.dispose()


def work(context: Intelligence) -> UnitOfWork:
    return UnitOfWork(context.engine, SYSTEM, lambda: END)


def change(context: Intelligence, partner: str, kind: str, what: str, lead: dict[str, Any]) -> None:
    """Make a change in the store."""
    field, value = ("industries", what) if kind == "industry" else ("languages", lead["attributes"].get("language"))
    with work(context) as unit:
        repository = unit.repository("partners")
        repository.patch(partner, {field: [*repository.get(partner)[field], value]})


def test_a_change_that_is_made_brings_what_was_said(context: Intelligence) -> None:
    names = open_leads(context)["external_id"].tail(6).tolist()
    decisions = decide(context, dict.fromkeys(names, DEFAULT_POLICY))
    checked = set()
    for name, decision in decisions.items():
        with work(context) as unit:
            lead = unit.repository("leads").get(name)
            decision.keep(unit, lead["id"])
        for partner in decision.partners:
            found = lead_standing(
                context, decision.match_id, partner, lead, hidden=lambda _name: False, to_partner=False
            )
            told = next((one for one in found.improvements if one.change in ("industry", "language")), None)
            if told is None or told.change in checked:
                continue
            change(context, partner, told.change, told.what, lead)
            again = decide(context, {name: DEFAULT_POLICY})[name]
            line = next(one for one in again.response["candidates"] if one["partner"] == partner)
            assert (line["p_win"], line["rank"]) == (pytest.approx(told.p_win, abs=1e-4), told.rank)
            checked.add(told.change)
            break
    assert checked

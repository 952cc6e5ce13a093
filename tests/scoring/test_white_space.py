"""White space over small histories whose gaps are plain to see."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from intelligence.scoring.coverage import companies, demand_of, full_region
from intelligence.scoring.white_space import COLUMNS, company_standing, standings, white_space
from store.history import History

UNTIL = pd.Timestamp("2026-03-01")


def context(**frames) -> SimpleNamespace:
    history = History.of(np.datetime64(UNTIL, "us"), **{name: pd.DataFrame(rows) for name, rows in frames.items()})
    return SimpleNamespace(history=lambda _=None: history, instant=lambda as_of=None: as_of)


def partner(id_: int, status: str = "active", **more) -> dict:
    return {"id": id_, "external_id": f"P{id_}", "name": f"P{id_}", "status": status, **more}


def lead(id_: int, days_ago: int = 10, **more) -> dict:
    created = UNTIL - pd.Timedelta(days=days_ago)
    return {"id": id_, "external_id": f"L{id_}", "created_at": created, "company": "A", **more}


def programme() -> SimpleNamespace:
    """Four partners and twenty leads in PT, one partner and twenty leads in ES, ten leads and nobody in FR."""
    partners = [partner(k, country="PT", industries=("retail",)) for k in range(1, 5)]
    partners += [partner(5, country="ES", industries=("energy",)), partner(6, "ended", country="FR")]
    partners += [
        partner(7, "prospect", country="FR", industries=("retail",)),
        partner(8, "prospect", country="PT", territories=("ES", "FR")),
        partner(9, "applied", country="PT", industries=("Energy",)),
    ]
    leads = [lead(k, country="PT", industry="retail") for k in range(20)]
    leads += [lead(20 + k, country="ES", industry="energy") for k in range(20)]
    leads += [lead(40 + k, country="FR", industry="retail") for k in range(10)]
    leads += [lead(50 + k, 400, country="PL") for k in range(30)]
    offers = [{"id": k, "lead_id": k, "partner_id": 1, "offered_at": UNTIL - pd.Timedelta(days=9)} for k in range(40)]
    return context(partners=partners, leads=leads, assignments=offers)


def test_a_country_without_partners_is_the_first_gap_and_a_crowded_one_is_none():
    table = white_space(programme(), dimension="country").set_index("value")
    assert list(table.index) == ["ES", "FR", "PT"]
    assert table["demand"].to_dict() == {"FR": 10, "ES": 20, "PT": 20}
    assert table["partners"].to_dict() == {"FR": 0, "ES": 1, "PT": 4}
    assert table["gap"].to_dict() == {"FR": True, "ES": True, "PT": False}
    # Fifty leads for five partners: ten each.
    assert table["missing_partners"].to_dict() == {"FR": 1, "ES": 1, "PT": 0}
    assert table["unrouted"].to_dict() == {"FR": 10, "ES": 0, "PT": 0}
    assert table["prospects"].to_dict() == {"FR": 2, "ES": 1, "PT": 1}


def test_only_gaps_of_one_dimension():
    assert list(white_space(programme(), dimension="country", gaps_only=True)["value"]) == ["ES", "FR"]


def test_prospects_say_which_gaps_they_fill_and_how_far_they_reach():
    found = standings(programme(), ["P7", "P8", "P9", "nobody"])
    assert [[(gap.dimension, gap.value) for gap in one.gaps] for one in found] == [
        [("country", "FR")],
        [("country", "ES"), ("country", "FR")],
        [("industry", "energy")],
        [],
    ]
    # Ten leads in French retail, thirty in Spain and France, none in Portuguese energy.
    assert [one.reach for one in found] == [
        pytest.approx(0.5),
        pytest.approx(5 / 6, abs=1e-4),
        pytest.approx(1 / 6, abs=1e-4),
        None,
    ]


def test_a_company_outside_the_store_stands_like_the_same_one_inside():
    inside = standings(programme(), ["P8"])[0]
    outside = company_standing(programme(), {"country": "PT", "territories": ["ES", "FR"]})
    assert outside == inside


def test_agreements_and_certifications_decide_who_covers_a_product():
    day = UNTIL - pd.Timedelta(days=100)
    products = [
        {"id": 1, "external_id": "open", "name": "Open", "required_certifications": ()},
        {"id": 2, "external_id": "hard", "name": "Hard", "required_certifications": ("Course",)},
    ]
    terms = [
        {"id": 1, "external_id": "A1", "partner_id": 1, "status": "active", "valid_from": day, "territories": ("DE",)},
        {"id": 2, "external_id": "A2", "partner_id": 2, "status": "active", "valid_from": day, "products": ("open",)},
        {"id": 3, "external_id": "A3", "partner_id": 3, "status": "ended", "valid_from": day},
    ]
    passed = [{"id": 1, "partner_id": 1, "course": "Course", "passed_on": day}]
    scene = context(
        partners=[partner(k, country="AT") for k in (1, 2, 3)],
        products=products,
        agreements=terms,
        certifications=passed,
    )
    first, second, third = companies(scene.history(), np.array([1, 2, 3]), signed=True)
    assert (first.places, first.products) == (("DE",), None)
    assert (second.places, second.products) == (("AT",), ("open",))
    assert third.products == ()


def test_only_the_last_year_counts_and_lost_leads_are_told_from_open_ones():
    deals = [
        {"id": 1, "external_id": "D1", "partner_id": 1, "lead_id": 1, "registered_at": UNTIL, "outcome": "lost"},
        {"id": 2, "external_id": "D2", "partner_id": 1, "lead_id": 2, "registered_at": UNTIL},
        {"id": 3, "external_id": "D3", "partner_id": 1, "registered_at": UNTIL, "country": "IT", "outcome": "won"},
    ]
    leads = [lead(1, country="IT"), lead(2, country="IT"), lead(3, country="IT"), lead(4, 500, country="IT")]
    for deal in deals:
        deal["closed_at"] = UNTIL if "outcome" in deal else pd.NaT
    frame = demand_of(context(partners=[partner(1)], leads=leads, deals=deals).history(), 365).frame
    assert len(frame) == 4
    assert frame[["lost", "unrouted", "won"]].sum().to_dict() == {"lost": 1, "unrouted": 1, "won": 1}


def test_without_demand_size_says_how_far_a_prospect_reaches():
    scene = context(
        partners=[
            partner(1, "prospect", employees=10.0),
            partner(2, "prospect", employees=90.0),
            partner(3, "prospect"),
        ]
    )
    assert [one.reach for one in standings(scene, ["P1", "P2", "P3"])] == [0.25, 0.75, None]
    assert white_space(scene).empty
    assert tuple(white_space(scene).columns) == COLUMNS


def test_an_empty_store_has_no_white_space():
    scene = context()
    assert white_space(scene).empty
    assert standings(scene, ["P1"])[0].reach is None


def test_a_region_is_written_with_its_country():
    assert [full_region("DE", "BY"), full_region("DE", "DE-BY"), full_region(None, "BY"), full_region("DE", None)] == [
        "DE-BY",
        "DE-BY",
        None,
        None,
    ]

"""Routers without a model on hand-made leads, the routing table, and lists under capacity."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.explored import own_choice
from benchmarks.peers_match import Records
from benchmarks.peers_routing import (
    first_of,
    odoo_pairs,
    odoo_rule,
    offers_before,
    round_robin,
    tier_weights,
    tiers_at,
    win_rate,
)
from benchmarks.routing import claims, policy_table
from benchmarks.routing_capacity import Capacity, best_list

AT = pd.Timestamp("2026-03-01")
WEIGHTS = {"bronze": 1.0, "gold": 3.0}
PLACES = {  # country, latitude, longitude, tier
    "near": ("BR", -23.0, -46.5, "bronze"),
    "near too": ("BR", -24.0, -46.0, "gold"),
    "in reach": ("BR", -20.5, -46.6, "gold"),
    "wide": ("BR", -17.0, -50.0, "bronze"),
    "north": ("BR", -1.4, -48.5, "gold"),
    "abroad": ("AR", -27.0, -55.9, "gold"),
    "far abroad": ("AR", -34.6, -58.4, "gold"),
    "ungraded": ("BR", -23.5, -46.6, None),
}
SAO_PAULO = ("BR", -23.5, -46.6)


def write(folder: Path, name: str, rows: list[dict[str, object]]) -> None:
    pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    country, latitude, longitude = SAO_PAULO
    write(
        tmp_path,
        "leads",
        [
            {"external_id": name, "country": country, "latitude": latitude, "longitude": longitude}
            for name in ("L1", "L2", "L3")
        ],
    )
    write(
        tmp_path,
        "partners",
        [
            {"external_id": name, "country": place[0], "latitude": place[1], "longitude": place[2], "tier": place[3]}
            for name, place in PLACES.items()
        ],
    )
    offers = [
        ("L1", "near", "2026-01-01", "declined", "2026-01-02"),
        ("L1", "wide", "2026-01-03", "accepted", "2026-01-04"),
        ("L2", "wide", "2026-01-05", "declined", "2026-01-06"),
        ("L3", "near", "2026-02-20", "accepted", "2026-02-21"),
    ]
    names = ("lead", "partner", "offered_at", "response", "responded_at")
    write(tmp_path, "assignments", [dict(zip(names, row, strict=True)) for row in offers])
    deal = {"lead": "L1", "partner": "wide", "outcome": "won", "closed_at": "2026-02-01"}
    write(tmp_path, "deals", [deal])
    return tmp_path


def drawn(folder: Path, partners: list[str], lead: str = "L2", at: pd.Timestamp = AT) -> dict[str, float]:
    pairs = pd.DataFrame({"lead": lead, "partner": partners, "as_of": at})
    chance = odoo_rule(odoo_pairs(pairs, Records(folder, at), WEIGHTS, at))
    return {name: p for name, p in zip(partners, chance.round(6), strict=True) if p > 0}


def test_odoo_draws_by_grade_in_the_smallest_box_that_holds_anybody(folder: Path) -> None:
    everybody = list(PLACES)
    assert drawn(folder, everybody) == {"near": 0.25, "near too": 0.75}
    assert drawn(folder, ["in reach", "wide", "north"]) == {"in reach": 1.0}
    assert drawn(folder, ["ungraded", "wide", "north"], lead="L3") == {"wide": 1.0}


def test_odoo_falls_back_to_the_country_and_then_to_the_nearest_anywhere(folder: Path) -> None:
    assert drawn(folder, ["north", "abroad"]) == {"north": 1.0}
    assert drawn(folder, ["ungraded", "abroad", "far abroad"]) == {"abroad": 1.0}
    assert drawn(folder, ["ungraded"]) == {}


def test_odoo_does_not_ask_again_who_declined(folder: Path) -> None:
    assert drawn(folder, ["near", "near too"], lead="L1") == {"near too": 1.0}
    earlier = pd.Timestamp("2026-01-01 12:00")
    assert drawn(folder, ["near", "near too"], lead="L1", at=earlier) == {"near": 0.25, "near too": 0.75}


def test_odoo_rejects_a_lead_without_country(folder: Path) -> None:
    pairs = pd.DataFrame({"lead": "L2", "partner": ["near"], "as_of": AT})
    frame = odoo_pairs(pairs, Records(folder, AT), WEIGHTS, AT).assign(country=None)
    assert odoo_rule(frame).tolist() == [0.0]


def test_grades_are_those_of_the_instant(folder: Path) -> None:
    change = {"resource": "partners", "external_id": "near", "field": "tier", "changed_at": "2026-02-01"}
    write(folder, "changes", [change | {"value": "gold"}, change | {"changed_at": "2026-03-05", "value": "bronze"}])
    records = Records(folder, AT)
    assert tiers_at(records, AT)["near"] == "gold"
    assert tiers_at(records, AT + pd.Timedelta(days=9))["near"] == "bronze"
    assert tiers_at(records, AT)["near too"] == "gold"


def test_weights_follow_the_programmes_order_of_tiers() -> None:
    assert tier_weights(pd.DataFrame({"tiers": ["bronze;silver;gold", None]})) == {"bronze": 1, "silver": 2, "gold": 3}
    assert tier_weights(pd.DataFrame()) == {}


def test_round_robin_asks_whose_turn_was_longest_ago(folder: Path) -> None:
    days = pd.to_datetime(["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"])
    pairs = pd.DataFrame(
        [(f"N{k}", partner, day) for k, day in enumerate(days) for partner in ("near", "north", "wide")],
        columns=["lead", "partner", "as_of"],
    )
    pairs = pairs[~((pairs["lead"] == "N1") & (pairs["partner"] == "wide"))].sample(frac=1, random_state=1)
    chosen = pairs[round_robin(pairs, Records(folder, AT), AT) == 1.0].sort_values("lead")
    # north was never asked, wide in January, near in February; wide misses its turn for N1 and has it next
    assert chosen["partner"].tolist() == ["north", "near", "wide", "north"]


def test_a_rate_of_few_offers_is_near_the_mean_of_all(folder: Path) -> None:
    records = Records(folder, AT)
    pairs = pd.DataFrame({"partner": ["wide", "near", "north"], "as_of": AT})
    mean = records.offers["won"].mean()
    assert 0 < mean < 1
    wide, near, north = win_rate(pairs, records)
    assert wide == pytest.approx((1 + 10 * mean) / 12)
    assert near == pytest.approx(10 * mean / 11)
    assert north == pytest.approx(mean)
    assert first_of(pairs.assign(lead="L"), [wide, near, north]).tolist() == [1.0, 0.0, 0.0]


def test_offers_before_a_lead_count_whatever_came_of_them(folder: Path) -> None:
    pairs = pd.DataFrame({"partner": ["wide", "wide", "north"], "as_of": [AT, pd.Timestamp("2026-01-05"), AT]})
    assert offers_before(pairs, Records(folder, AT)).tolist() == [2, 1, 0]


def test_the_routers_own_choice_is_told_from_its_exploration() -> None:
    p_win = np.array([0.4, 0.2, 0.1])
    own = np.array([0.7, 0.2, 0.1])
    pairs = pd.DataFrame({"lead": "a", "p_win": p_win, "propensity": 0.9 * own + 0.1 / 3})
    choice, logged = own_choice(pairs, 0.1)
    assert choice["a"] == pytest.approx(own @ p_win)
    assert logged["a"] == pytest.approx(pairs["propensity"] @ p_win)


def test_the_table_shows_regret_and_the_claims_their_bars() -> None:
    leads = pd.Index(["a", "b"])
    ours = pd.Series([0.3, 0.4], leads)
    figures = {
        "historical policy": pd.Series([0.1, 0.3], leads),
        "**allywise** (match/1)": ours,
        "oracle": pd.Series([0.5, 0.5], leads),
    }
    rows = [row.strip("| ").split(" | ") for row in policy_table(figures, "leads")[2:]]
    assert [row[1:4] for row in rows] == [
        ["0.2000", "0.3000", "0.0%"],
        ["0.3500", "0.1500", "50.0%"],
        ["0.5000", "0.0000", "100.0%"],
    ]
    names = ["in all", "partners with fewer than 5 offers before"]
    held = pd.DataFrame({"error": [0.01, 0.03], "held": [80.0, 90.0], "spread": 2.0}, names)
    capacity = Capacity(ours, ours / 0.95)
    found = claims(9_000, {"**allywise** (match/1)": (0.70, 0.01)}, held, capacity)
    assert [row.split(" | ")[-1] for row in found[2:]] == ["yes |", "yes |", "yes |", "yes |", "no |", "no |"]
    assert claims(10_000, {"**allywise** (match/1)": (0.70, 0.01)}, held, capacity)[2].endswith("no |")


def test_the_best_list_keeps_to_the_rooms() -> None:
    table = pd.DataFrame({"p": [0.9, 0.8, 0.7], "q": [0.5, 0.1, np.nan]}, index=["a", "b", "c"])
    given = best_list(table, pd.Series({"p": 1.0, "q": 1.0}))
    assert given.to_dict() == {"a": 0.5, "b": 0.8}

"""Features of programmes that know wins alone."""

from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from domain.settings import Settings
from intelligence.features.pair_leads import describe_leads, lead_table
from intelligence.features.pair_wins import WinRecord
from intelligence.features.pair_world import PairWorld
from intelligence.matching.service import match_leads
from models.affinity import AffinityParameters
from store.history import History
from tests.matching.worlds import NOW, Context, NoText, partners
from training.match import TASK
from training.task import TrainingContext

DAY_US = 86_400_000_000
_PLACES = {"region": "N", "industry": "retail"}


def programme(rounds: list[tuple[str, str, str, int, int]], n_partners: int = 5) -> History:
    """Wins as (company, region, industry, partner, day)."""
    company, region, industry, partner, day = zip(*rounds, strict=True)
    at = pd.Timestamp("2024-01-01") + pd.to_timedelta(list(day), unit="D")
    ids = np.arange(1, len(rounds) + 1)
    leads = pd.DataFrame(
        {
            "id": ids,
            "external_id": [f"L{i}" for i in ids],
            "created_at": at,
            "company": list(company),
            "country": "DE",
            "region": list(region),
            "industry": list(industry),
        }
    )
    deals = pd.DataFrame(
        {
            "id": ids,
            "external_id": [f"D{i}" for i in ids],
            "partner_id": np.array(partner) + 1,
            "lead_id": ids,
            "registered_at": at,
            "closed_at": at,
            "outcome": "won",
            "amount": np.nan,
        }
    )
    return History.of(NOW, partners=partners(n_partners), leads=leads, deals=deals)


def asked(known: History, row: int, day: float) -> tuple[list[float], list[float], int]:
    """Lift of each partner, features of the customer and its stage, for the lead in a row of the table."""
    table = lead_table(known)
    world = PairWorld(known, describe_leads(table), 180, None, table)
    record = WinRecord(world, AffinityParameters(contrast=False))
    at = int(pd.Timestamp("2024-01-01").value // 1000 + day * DAY_US)
    lead = world.batch.query(row)
    return record.lift(lead, at).tolist(), record.features(lead, at, 1)[0].tolist(), record.stage(lead, at)


ROUNDS = [
    ("Acme", "N", "retail", 0, 1),
    ("Acme", "N", "retail", 1, 1),
    ("Birch", "S", "health", 1, 5),
    ("Acme", "N", "retail", 2, 9),
    ("Cedar", "N", "retail", 0, 12),
    ("Dune", "S", "retail", 3, 14),
    ("Elm", "N", "health", 4, 15),
]


def test_the_stage_counts_instants_strictly_before() -> None:
    known = programme(ROUNDS)
    assert [asked(known, 0, day)[2] for day in (1, 1.5, 9, 9.5)] == [0, 1, 1, 2]
    assert asked(known, 0, 9.5)[1] == pytest.approx([2.0, 0.5])


def test_who_wins_customers_that_were_won_before_is_lifted_there() -> None:
    known = programme(ROUNDS)
    lift, _, stage = asked(known, 0, 5)  # a customer won once; so far nobody has won one of those
    assert (lift, stage) == ([0.0] * 5, 1)
    lift, _, stage = asked(known, 4, 20)  # Cedar, won once: partner 2 came second before
    assert stage == 1
    assert int(np.argmax(lift)) == 2
    assert lift[0] < 0


def test_nobody_has_won_yet() -> None:
    lift, (times, days), stage = asked(programme(ROUNDS), 0, 0)
    assert (lift, times, stage) == ([0.0] * 5, 0.0, 0)
    assert np.isnan(days)


@pytest.mark.parametrize("n_wins", [1, 20])
def test_a_tiny_programme_learns_and_answers(n_wins: int) -> None:
    rng = np.random.default_rng(5)
    rounds = [
        (f"C{k // 2}", "NS"[k % 2], ("retail", "health")[k % 2], int(rng.integers(0, 2)) + 2 * (k % 2), 10 * k)
        for k in range(n_wins)
    ]
    known = programme(rounds)
    result = TASK.train(known, TrainingContext(Settings(), cast(Any, NoText()), NOW))
    assert result.settings["source"] == "wins"
    answer = match_leads(cast(Any, Context(known, result.model)), [{"country": "DE", **_PLACES}], top=5, details=True)
    p = answer.candidates["p_win"].to_numpy(np.float64)
    assert len(p) == 5
    assert ((p > 0) & (p < 1)).all()
    assert answer.candidates["partner"].iloc[0] in {"P0", "P1"} or n_wins == 1
